"""The steps that `images …` and `demo` share: each does its part and tells a person about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EsctlError, Source

if TYPE_CHECKING:
    from ..images.embed import EmbedReport
    from ..images.evaluation import Evaluation
    from ..images.load import LoadReport
    from ..images.model_file import KMeansModel
    from ..images.processor import KMeansParameters
    from ..images.store import VectorTable
    from ..model import Resource
    from .invocation import Invocation


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
