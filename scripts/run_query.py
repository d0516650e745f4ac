"""Runs one of the documented searches of `scripts/queries/` on `image_data`, or prints it for Kibana's Dev Tools.

    python scripts/run_query.py NAME [MODEL] [--print]

NAME is one of them, or a file written as they are: `davies_bouldin`, `scripts/queries/davies_bouldin.yaml`. MODEL is
the file with the centroids (`image_pipeline.kmeans.json`).
"""

import json
from pathlib import Path

import connect

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
    connect.run(main, __doc__, {"--print": {"send": False}})
