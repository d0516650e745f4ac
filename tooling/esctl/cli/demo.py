"""`esctl demo`: the whole job on the embedded sandbox, from a folder of images to a dashboard."""

from __future__ import annotations

import dataclasses
import hashlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .invocation import FILES, Invocation, command

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
    port: Annotated[int, typer.Option(help="Elasticsearch's port; the next free one where it is taken.")] = 9200,
    kibana_port: Annotated[int, typer.Option(help="Kibana's port; the next free one where it is taken.")] = 5601,
) -> int:
    """Embed images, cluster them, load them into the sandbox and show the dashboard."""
    from ..sandbox.server import Sandbox
    from .images import run_embed
    from .sandbox import told, viewer_mount

    started = time.monotonic()
    home = HOME.absolute()
    # Only ever the sandbox started here, whatever ESCTL_* or the options say.
    folder = images.absolute() if images is not None else bundled(home)
    places = {"lock": home / "embedding.lock.json", "models": home, "folder": home / "vectors" / slug(folder)}
    own = dataclasses.replace(invocation, project=example(invocation), environ={}, images=places)
    report = run_embed(own, folder, model=model)

    data = home / f"sandbox-{report.embedding.identity}"
    sandbox = Sandbox(data, port=port, kibana_port=kibana_port, access_log=home / "access.log", mount=viewer_mount())
    with told(), sandbox:
        own = dataclasses.replace(own, elasticsearch_url=sandbox.elasticsearch_url, kibana_url=sandbox.kibana_url)
        evaluation = _whole_job(own)
        _tell(own, sandbox.elasticsearch_url, sandbox.kibana_url, report.embedding.name, evaluation, home, started)
        if not once and sys.stdout.isatty() and sys.stdin.isatty():
            _wait(invocation)
    return 0


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
    return f"{folder.name}-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"


def _whole_job(own: Invocation) -> Evaluation:
    from ..cluster import WRITING
    from .images import one_job, read_table, run_evaluate, run_fit, run_load

    table = read_table(own, None)
    job = one_job(own, None)
    model, _ = run_fit(own, job, table)
    with own.cluster(WRITING) as cluster:
        _apply(own, cluster)
        run_load(own, cluster, table, model, job.index, None, sync=True)
        return run_evaluate(own, cluster, table, model, job.index, "image_clusters")


def _apply(own: Invocation, cluster: Cluster) -> None:
    """Apply the example to the sandbox. Nothing in there is anybody's but the demonstration's, so all is allowed."""
    from ..apply import run
    from ..errors import EsctlError
    from ..report.plan import plan_lines
    from .change import make_plan, progress

    made = make_plan(own, cluster, overwrite=["*"], adopt=["*"], prune=True)
    own.say(*plan_lines(made, own.style))
    done = run(made, cluster, own.kinds, allow=("irreversible",), on_event=progress(own))
    if done.failed:
        raise EsctlError(f"{done.failed[0].change.address}: {done.failed[0].reason}")


def _tell(
    own: Invocation,
    elasticsearch: str,
    kibana: str,
    embedding: str,
    evaluation: Evaluation,
    home: Path,
    started: float,
) -> None:
    from ..report.terminal import table

    dashboard = f"{kibana}/app/dashboards#/view/{DASHBOARD}"
    if own.json:
        own.answer(
            {
                "dashboard": dashboard,
                "elasticsearch": elasticsearch,
                "kibana": kibana,
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
        ("vectors by", embedding),
        ("data", str(home)),
    ]
    own.say("", *table(rows, indent="  "), f"  done in {time.monotonic() - started:.1f} s", "")


def _wait(invocation: Invocation) -> None:
    invocation.say("The dashboard stays open until Ctrl-C.")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        invocation.say("")
