"""`esctl demo`: the whole job on the embedded sandbox, from a folder of images to a dashboard."""

from __future__ import annotations

import dataclasses
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import EsctlError
from .invocation import FILES, Invocation, command
from .sandbox import KibanaPort, Port, told, viewer_mount

if TYPE_CHECKING:
    from ..cluster import Cluster
    from ..images.evaluation import Evaluation

HOME = Path(".esctl/demo")
DASHBOARD = "image-recognition"


def register(app: typer.Typer) -> None:
    command(app, "demo", takes=(*FILES, "verbose"))(demo)


def demo(
    invocation: Invocation,
    images: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Your own folder of images; bundled photographs by default.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="End when all is done, do not wait for Ctrl-C.")] = False,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Embedding model, where not the one used before.")
    ] = None,
    port: Port = 9200,
    kibana_port: KibanaPort = 5601,
) -> int:
    """Do the whole job on the embedded sandbox.

    Embeds images, clusters them, applies the example project, loads the vectors, judges the clusters and shows the
    dashboard.
    """
    from ..sandbox.server import Sandbox
    from .image_steps import run_embed

    started = time.monotonic()
    home = HOME.absolute()
    with alone(home):
        # One folder has one name, however it was typed; `realpath` bears links that lead in a circle.
        folder = Path(os.path.realpath(images)) if images is not None else bundled(home)
        places = {"lock": home / "embedding.lock.json", "models": home, "folder": home / "vectors" / slug(folder)}
        # Only ever the sandbox started here, whatever ESCTL_* or the options say.
        own = dataclasses.replace(invocation, project=example(invocation), environ={}, images=places)
        report = run_embed(own, folder, model=model)

        data, log = home / f"sandbox-{report.embedding.identity}", home / "access.log"
        sandbox = Sandbox(data, port=port, kibana_port=kibana_port, access_log=log, mount=viewer_mount())
        with told(), sandbox, pictures(own, folder) as own:
            own = dataclasses.replace(own, elasticsearch_url=sandbox.elasticsearch_url, kibana_url=sandbox.kibana_url)
            evaluation = _whole_job(own, folder)
            _tell(own, report.embedding.name, evaluation, home, started)
            if not once and sys.stdout.isatty() and sys.stdin.isatty():
                _wait(own)
            elif not once:
                own.say("Nobody is at a terminal, so the sandbox ends here; in a terminal it stays until Ctrl-C.")
    return 0


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Keep the folder for this process; raises EsctlError that names the demonstration which runs there."""
    from ..sandbox.folder import SandboxError, lock

    file = home / "sandbox.lock"
    try:
        held = lock(home)
    except SandboxError as error:
        if not os.access(file, os.R_OK | os.W_OK):
            raise EsctlError(str(error)) from None
        pid = file.read_text(encoding="utf-8").strip()
        who = f" (pid {pid})" if pid else ""
        raise EsctlError(
            f"another demonstration{who} runs here", hint="end it, or start this one in another folder"
        ) from None
    with held:
        yield


@contextmanager
def pictures(own: Invocation, folder: Path) -> Iterator[Invocation]:
    """Where the gallery shows files (`gallery` is http), serve them, unless told that they are served elsewhere."""
    variables = own.settings.variables
    given = any(item.startswith("image_url=") for item in own.var)
    if variables.get("gallery") != "http" or "image_url" not in variables or given:
        yield own
        return
    from ..images.serve import ImageServer

    # From the same port on each time: another address would be another dashboard, and be written.
    with ImageServer(folder) as server:
        yield dataclasses.replace(own, var=[*own.var, f"image_url={server.url}"])


def example(invocation: Invocation) -> Path:
    """The project that is shown: the one named, else the package's own."""
    from ..project import example_root

    return invocation.project if invocation.project != Path(".") else example_root()


def bundled(home: Path) -> Path:
    """The photographs that come with the packages, as a folder."""
    from ..images.bundled import bundled_images

    return bundled_images(home / "images")


def slug(folder: Path) -> str:
    """A folder name for what belongs to `folder`: readable, and distinct for folders of one name."""
    import hashlib

    return f"{folder.name}-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"


def _whole_job(own: Invocation, folder: Path) -> Evaluation:
    from ..cluster import WRITING
    from ..images.kmeans import TooFewDistinct
    from .image_steps import one_job, read_table, run_evaluate, run_fit, run_load

    table = read_table(own, None)
    job = one_job(own, None)
    try:
        model, _ = run_fit(own, job, table)
    except TooFewDistinct as error:
        raise EsctlError(
            f"{folder}: the demonstration makes {error.k} clusters (k of its pipeline) and needs at least as many "
            f"different images; this folder has {error.distinct}"
        ) from None
    with own.cluster(WRITING) as cluster:
        _apply(own, cluster)
        run_load(own, cluster, table, model, job.index, None, sync=True)
        return run_evaluate(own, cluster, table, model, job.index, "image_clusters")


def _apply(own: Invocation, cluster: Cluster) -> None:
    """Apply the example to the sandbox. Nothing in there is anybody's but the demonstration's, so all is allowed."""
    from ..apply import run
    from ..report.plan import plan_lines
    from .change import make_plan, progress

    made = make_plan(own, cluster, overwrite=["*"], adopt=["*"], prune=True)
    own.say(*plan_lines(made, own.style))
    done = run(made, cluster, own.kinds, allow=("irreversible",), on_event=progress(own))
    if done.failed:
        raise EsctlError(f"{done.failed[0].change.address}: {done.failed[0].reason}")


def _tell(own: Invocation, embedding: str, evaluation: Evaluation, home: Path, started: float) -> None:
    from ..report.terminal import table

    elasticsearch, kibana = own.elasticsearch_url, own.kibana_url
    dashboard = f"{kibana}/app/dashboards#/view/{DASHBOARD}"
    variables = own.settings.variables
    files = variables.get("image_url") if variables.get("gallery") == "http" else None
    if own.json:
        own.answer(
            {
                "dashboard": dashboard,
                "elasticsearch": elasticsearch,
                "kibana": kibana,
                "image_url": files,
                "embedding": embedding,
                "evaluation": evaluation.to_dict(),
                "seconds": round(time.monotonic() - started, 2),
            }
        )
    rows = [
        ("dashboard", own.style(dashboard, "bold", "cyan")),
        ("Elasticsearch", f"{elasticsearch}  (sandbox)"),
        ("images", f"{elasticsearch}/image_data/_search"),
        ("clusters", f"{elasticsearch}/image_clusters/_search"),
        *([("image files", str(files))] if files else []),
        ("vectors by", embedding),
        ("data", str(home)),
    ]
    own.say("", *table(rows, indent="  "), f"  done in {time.monotonic() - started:.1f} s", "")


def _wait(invocation: Invocation) -> None:
    from ..images.serve import stoppable

    with stoppable() as wait:
        invocation.say("The dashboard stays open until Ctrl-C.")
        wait()
    invocation.say("")
