"""`esctl images …`: from a folder of images to clustered documents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .invocation import FILES, Invocation, command

Vectors = Annotated[
    Path | None, typer.Option("--vectors", metavar="FILE", help="CSV or Parquet; the project's own by default.")
]
PipelineName = Annotated[
    str | None, typer.Option("--pipeline", metavar="ID", help="Which pipeline, where a project has several.")
]
Index = Annotated[
    str | None, typer.Option("--index", metavar="NAME", help="The index whose default pipeline it is, by default.")
]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Embed, cluster, load and judge images.")
    app.add_typer(group, name="images")
    command(group, "embed", takes=FILES)(embed)
    command(group, "fit", takes=FILES)(fit)
    command(group, "load")(load)
    command(group, "evaluate")(evaluate)
    command(group, "serve", takes=("json",))(serve)


def embed(
    invocation: Invocation,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of images, with all below it.")],
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where image_vectors.csv goes.")] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="resnet50, resnet50:FILE, resnet50:random:SEED or efficientnet-lite0."),
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Images in one step of the network.")] = 32,
) -> int:
    """Turn every image of a folder into a vector: image_vectors.csv, and Parquet beside it."""
    from .image_steps import run_embed

    report = run_embed(invocation, directory, out, model, batch_size)
    if invocation.json:
        invocation.answer(
            {
                "images": report.images,
                "errors": [{"file_name": name, "reason": reason} for name, reason in report.errors],
                "embedding": report.embedding.to_dict(),
                "reused": report.reused,
                "csv": str(report.csv),
                "parquet": str(report.parquet),
                "seconds": round(report.seconds, 2),
            }
        )
    return 0


def fit(invocation: Invocation, vectors: Vectors = None, pipeline: PipelineName = None) -> int:
    """Learn the centroids of each k-means processor; skipped where vectors and parameters are unchanged."""
    from .image_steps import jobs, read_table, run_fit

    table = read_table(invocation, vectors)
    fitted = [(job, *run_fit(invocation, job, table)) for job in jobs(invocation, pipeline)]
    if invocation.json:
        invocation.answer(
            [
                {"pipeline": job.pipeline, "model": str(job.path), "hash": model.hash, "k": model.k, "fitted": made}
                | {"inertia": model.inertia, "iterations": model.iterations, "images": model.images}
                for job, model, made in fitted
            ]
        )
    return 0


def load(
    invocation: Invocation,
    vectors: Vectors = None,
    pipeline: Annotated[
        str | None, typer.Option("--pipeline", metavar="ID", help="Pipeline; _none clusters here, not on the server.")
    ] = None,
    index: Index = None,
    sync: Annotated[bool, typer.Option("--sync", help="Delete documents of images that vanished.")] = False,
) -> int:
    """Load the vectors through the pipeline; what is unchanged is not sent."""
    from ..cluster import WRITING
    from .image_steps import fitted_model, one_job, read_table, run_load

    job = one_job(invocation, None if pipeline == "_none" else pipeline)
    table = read_table(invocation, vectors)
    model = fitted_model(job)
    with invocation.cluster(WRITING) as cluster:
        report = run_load(invocation, cluster, table, model, index or job.index, pipeline, sync)
    if invocation.json:
        invocation.answer(
            {
                "sent": report.sent,
                "unchanged": report.unchanged,
                "deleted": report.deleted,
                "failed": [{"file_name": name, "reason": reason} for name, reason in report.failed],
                "warnings": list(report.warnings),
                "seconds": round(report.seconds, 2),
            }
        )
    return 1 if report.failed else 0


def evaluate(
    invocation: Invocation,
    vectors: Vectors = None,
    pipeline: PipelineName = None,
    index: Index = None,
    clusters_index: Annotated[str, typer.Option(metavar="NAME", help="Where the figures go.")] = "image_clusters",
) -> int:
    """Judge the clusters: silhouettes, Davies-Bouldin, sizes; the figures go to an index of their own."""
    from ..cluster import WRITING
    from .image_steps import fitted_model, one_job, read_table, run_evaluate

    job = one_job(invocation, pipeline)
    table = read_table(invocation, vectors)
    model = fitted_model(job)
    with invocation.cluster(WRITING) as cluster:
        evaluation = run_evaluate(invocation, cluster, table, model, index or job.index, clusters_index)
    if invocation.json:
        invocation.answer(evaluation.to_dict())
    return 0


def serve(
    invocation: Invocation,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of images, with all below it.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="The next free one where it is taken; 0: any.")] = 8000,
    host: Annotated[str, typer.Option(metavar="HOST", help="Address to listen on.")] = "127.0.0.1",
) -> int:
    """Serve the images of a folder over HTTP, for a gallery that shows the files; Ctrl-C or SIGTERM ends it."""
    import json
    import os

    from ..images.find import find_images
    from ..images.serve import ImageServer, stoppable

    images = find_images(directory)
    with ImageServer(directory, host=host, port=port) as server, stoppable() as wait:
        if port not in (0, server.port):
            invocation.warn(f"port {port} is taken: serving on {server.port}")
        if tiffs := sum(image.path.suffix.lower() in (".tif", ".tiff") for image in images):
            invocation.warn(f"{tiffs} of {len(images)} images are TIFF, which most browsers do not show")
        if invocation.json:
            told = {"url": server.url, "folder": str(directory), "images": len(images), "pid": os.getpid()}
            print(json.dumps({**told, "variables": {"gallery": "http", "image_url": server.url}}), flush=True)
        else:
            invocation.say(
                f"serving {len(images)} images of {directory}: {server.url}  pid {os.getpid()}",
                f"show them on the dashboard: esctl apply --var gallery=http --var image_url={server.url}",
                "a real Kibana also needs vis_type_vega.enableExternalUrls: true in its kibana.yml",
            )
        wait()
    return 0
