"""`esctl images …`: from a folder of images to clustered documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import EsctlError, Source
from .invocation import FILES, Invocation, command

if TYPE_CHECKING:
    from ..images.embed import EmbedReport
    from ..images.evaluation import Evaluation
    from ..images.load import LoadReport
    from ..images.model_file import KMeansModel
    from ..images.processor import KMeansParameters
    from ..images.store import VectorTable
    from ..model import Resource

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


def run_embed(
    invocation: Invocation, directory: Path, out: Path | None = None, model: str | None = None, batch_size: int = 32
) -> EmbedReport:
    """Embed and tell a person about it."""
    from ..images.embed import embed as run
    from ..report.progress import Bar

    locked = invocation.embedding
    with Bar("embedding") as bar:
        report = run(
            directory,
            out or invocation.settings.images.folder,
            lock=invocation.settings.images.lock,
            model=model,
            batch_size=batch_size,
            progress=bar.show,
            notice=invocation.say,
        )
    if locked and locked.identity != report.embedding.identity:
        invocation.say(f"the lock named {locked.name}, now {report.embedding.name}: next, run `esctl images fit`")
    for name, reason in report.errors:
        invocation.warn(f"{directory / name}: {reason}")
    what = f"{report.images} images, {report.embedding.dims} numbers each, by {report.embedding.name}"
    how = "nothing changed" if not report.written else f"{report.reused} reused, {report.seconds:.1f} s"
    broken = f", {len(report.errors)} could not be read" if report.errors else ""
    invocation.say(f"{what} ({how}{broken}): {report.csv}")
    return report


def fit(invocation: Invocation, vectors: Vectors = None, pipeline: PipelineName = None) -> int:
    """Learn the centroids of each k-means processor; skipped where vectors and parameters are unchanged."""
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


@dataclass(frozen=True)
class Job:
    """One k-means processor of the project: its pipeline, parameters, model file, and the index it serves.

    `source` is where its k stands.
    """

    pipeline: str
    parameters: KMeansParameters
    path: Path
    index: str
    source: Source


def jobs(invocation: Invocation, pipeline: str | None = None) -> list[Job]:
    """Every k-means processor of the project, or that of one pipeline; raises EsctlError where there is none."""
    from ..errors import did_you_mean

    found = list(_jobs(invocation))
    if not found:
        raise EsctlError("no pipeline of this project has a k-means processor", hint="write one under `processors:`")
    if pipeline is None:
        return found
    chosen = [job for job in found if job.pipeline == pipeline]
    if not chosen:
        hint = did_you_mean(pipeline, [job.pipeline for job in found])
        raise EsctlError(f'no pipeline "{pipeline}" with a k-means processor', hint=hint)
    return chosen


def one_job(invocation: Invocation, pipeline: str | None) -> Job:
    """The only k-means processor, or the named one."""
    found = jobs(invocation, pipeline)
    if len(found) > 1:
        names = ", ".join(job.pipeline for job in found)
        raise EsctlError(f"this project has several k-means processors ({names})", hint="name one with --pipeline")
    return found[0]


def _jobs(invocation: Invocation) -> Iterator[Job]:
    from ..images.processor import parse_processor
    from ..kinds.ingest_pipeline import K_MEANS, processors

    resources = invocation.loaded.resources
    for resource in resources:
        if resource.address.kind != "ingest-pipeline":
            continue
        for path, kind, options in processors(resource.spec):
            if kind == K_MEANS:
                name = resource.address.id
                index, source = _index_of(name, resources), resource.at("spec", *path, "k")
                yield Job(name, parse_processor(options), invocation.model_path(name), index, source)


def _index_of(pipeline: str, resources: tuple[Resource, ...]) -> str:
    """The index of the project whose default pipeline it is."""
    from ..kinds.normalise import flat_settings

    for resource in resources:
        if resource.address.kind == "index":
            if flat_settings(resource.spec.get("settings")).get("index.default_pipeline") == pipeline:
                return resource.address.id
    return "image_data"


def read_table(invocation: Invocation, given: Path | None) -> VectorTable:
    """The vectors to work on: the file given, else the project's own."""
    from ..images.store import read_vectors

    folder = invocation.settings.images.folder
    path = given or folder / "image_vectors.parquet"
    if given is None and not path.is_file():
        path = folder / "image_vectors.csv"
    if not path.is_file():
        raise EsctlError(f"{path} does not exist", hint="run: esctl images embed DIR")
    return read_vectors(path)


def fitted_model(job: Job) -> KMeansModel:
    """The model of a job; raises EsctlError where it has not been fitted."""
    from ..images.model_file import read_model

    if not job.path.is_file():
        raise EsctlError(f"pipeline {job.pipeline} has no k-means model yet", hint="run: esctl images fit")
    return read_model(job.path)


def run_fit(invocation: Invocation, job: Job, table: VectorTable) -> tuple[KMeansModel, bool]:
    """Fit where needed and tell a person about it; TooFewDistinct names the line of the pipeline."""
    from ..images.kmeans import TooFewDistinct, fit_if_needed

    try:
        model, made = fit_if_needed(table, job.parameters, job.path)
    except TooFewDistinct as error:
        raise TooFewDistinct(error.k, error.images, error.distinct, job.source) from None
    how = f"{model.iterations} iterations, inertia {model.inertia:.4g}" if made else "unchanged"
    invocation.say(f"k-means for {job.pipeline}: k = {model.k} over {model.images} images ({how}): {job.path}")
    return model, made


def run_load(
    invocation: Invocation,
    cluster: object,
    table: VectorTable,
    model: KMeansModel,
    index: str,
    pipeline: str | None,
    sync: bool,
) -> LoadReport:
    """Load and tell a person about it."""
    from ..images.load import load as run
    from ..report.progress import Bar

    with Bar("loading") as bar:
        report = run(cluster, table, model, index=index, pipeline=pipeline, sync=sync, progress=bar.show)  # type: ignore[arg-type]
    for warning in report.warnings:
        invocation.warn(warning)
    for name, reason in report.failed[:20]:
        invocation.warn(f"{name}: {reason}")
    if len(report.failed) > 20:
        invocation.warn(f"and {len(report.failed) - 20} more failed")
    counts = {
        "sent": report.sent,
        "unchanged": report.unchanged,
        "deleted": report.deleted,
        "failed": len(report.failed),
    }
    told = ", ".join(f"{n} {word}" for word, n in counts.items() if n or word == "sent")
    invocation.say(f"loaded into {index}: {told} ({report.seconds:.1f} s)")
    return report


def run_evaluate(
    invocation: Invocation, cluster: object, table: VectorTable, model: KMeansModel, index: str, clusters_index: str
) -> Evaluation:
    """Evaluate and tell a person about it."""
    from ..images.evaluate import evaluate as run
    from ..report.clusters import evaluation_lines

    evaluation = run(cluster, index=index, clusters_index=clusters_index, model=model, table=table)  # type: ignore[arg-type]
    for warning in evaluation.warnings:
        invocation.warn(warning)
    invocation.say(*evaluation_lines(evaluation.to_dict(), invocation.style))
    return evaluation
