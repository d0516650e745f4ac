"""Loads `image_vectors.csv` into the index `image_data`, whose pipeline assigns each vector to its cluster.

    python scripts/load_vectors.py [VECTORS] [MODEL] [--sync]

What is unchanged since the last time is not sent again; --sync deletes the images that are not in VECTORS any more.
`esctl images load` does the same with a progress bar.
"""

import sys
from pathlib import Path

import connect

from esctl.images.load import load
from esctl.images.model_file import read_model
from esctl.images.store import read_vectors


def main(vectors: str = "image_vectors.csv", model: str | None = None, *, sync: bool = False) -> None:
    table = read_vectors(Path(vectors))
    with connect.cluster() as cluster:
        report = load(cluster, table, read_model(connect.model_path(vectors, model)), index="image_data", sync=sync)

    for warning in report.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    for file_name, reason in report.failed:
        print(f"failed: {file_name}: {reason}", file=sys.stderr)
    print(f"{report.sent} images sent, {report.unchanged} unchanged, {len(report.failed)} failed")
    if report.deleted:
        print(f"{report.deleted} deleted, which {vectors} does not have")
    if report.failed:
        sys.exit(1)


if __name__ == "__main__":
    connect.run(main, __doc__, {"--sync": {"sync": True}})
