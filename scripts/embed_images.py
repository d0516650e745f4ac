"""Turns a folder of images into `image_vectors.csv`: one row per image, `file_name` and `vector`.

    python scripts/embed_images.py FOLDER [OUT] [MODEL]

OUT is the folder to write to (`.`), MODEL a name such as `resnet50:imagenet` or `efficientnet-lite0`. Without one, the
model of the lock file in OUT is used; the first time, ResNet50 where its weights can be had, else EfficientNet-Lite0.
`esctl images embed` does the same with a progress bar.
"""

import sys
from pathlib import Path

import connect

from esctl.images.embed import embed


def main(folder: str, out: str = ".", model: str | None = None) -> None:
    def progress(done: int, total: int) -> None:
        print(f"{done} of {total} images", file=sys.stderr)

    report = embed(Path(folder), Path(out), lock=Path(out, "embedding.lock.json"), model=model, progress=progress)

    for file_name, reason in report.errors:
        print(f"left out {file_name}: {reason}", file=sys.stderr)
    dims = report.embedding.dims
    print(f"{report.csv}: {report.images} images, {dims} numbers each, by {report.embedding.name}")


if __name__ == "__main__":
    connect.run(main, __doc__)
