"""Runs one of the documented searches of `scripts/queries/` on `image_data`, or prints it for Kibana's Dev Tools.

    python scripts/run_query.py NAME [MODEL] [--print]
"""

import json
import sys
from pathlib import Path

import connect

from esctl.errors import EsctlError
from esctl.images.model_file import read_model
from esctl.images.queries import query
from esctl.model import Request


def main(name: str, model: str = "image_pipeline.kmeans.json", *, send: bool = True) -> None:
    body = query(name, read_model(Path(model)))
    if not send:
        print("GET image_data/_search\n" + json.dumps(body, indent=2, ensure_ascii=False))
        return
    with connect.cluster() as cluster:
        answer = cluster.send(Request("elasticsearch", "POST", "/image_data/_search", body=body)).body
    shown = answer.get("aggregations") or [hit["_source"] for hit in answer["hits"]["hits"]]
    print(json.dumps(shown, indent=2))


if __name__ == "__main__":
    names = [word for word in sys.argv[1:] if word != "--print"]
    if not 1 <= len(names) <= 2:
        sys.exit("usage: python scripts/run_query.py NAME [MODEL] [--print]")
    try:
        main(*names, send="--print" not in sys.argv)
    except EsctlError as error:
        sys.exit(str(error))
