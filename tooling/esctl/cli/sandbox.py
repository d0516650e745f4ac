"""`esctl sandbox up`: the embedded Elasticsearch and Kibana, with the viewer on Kibana's port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..errors import EsctlError
from .invocation import Invocation, command

if TYPE_CHECKING:
    from collections.abc import Callable

Port = Annotated[int, typer.Option(min=0, max=65535, help="Elasticsearch's port; the next free one where it is taken.")]
KibanaPort = Annotated[int, typer.Option(min=0, max=65535, help="Kibana's port; the next free one where it is taken.")]
BANNER = "Sandbox: an embedded stand-in for Elasticsearch and Kibana, for development and demonstrations"


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The embedded Elasticsearch and Kibana.")
    app.add_typer(group, name="sandbox")
    command(group, "up", takes=("project", "json"))(up)


def up(
    invocation: Invocation,
    port: Port = 9200,
    kibana_port: KibanaPort = 5601,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where it keeps its data; .esctl/sandbox of the project.")
    ] = None,
    version: Annotated[Literal["9.5", "8.19"], typer.Option(help="The version to behave like.")] = "9.5",
    access_log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write one line per request to this file.")
    ] = None,
) -> int:
    """Start the sandbox in the foreground; Ctrl-C or SIGTERM ends it."""
    import json

    from ..sandbox.server import serve

    def ready(urls: dict[str, str], pid: int) -> None:
        if invocation.json:
            print(json.dumps({**urls, "pid": pid}), flush=True)
        else:
            print(
                f"sandbox ready: Elasticsearch {urls['elasticsearch']}  Kibana {urls['kibana']}  pid {pid}", flush=True
            )
        asked = {"elasticsearch": port, "kibana": kibana_port}
        if any(number and not urls[name].endswith(f":{number}") for name, number in asked.items()):
            invocation.warn(
                "a port was taken, so these are others; to use them in a shell: "
                f"export ESCTL_ELASTICSEARCH_URL={urls['elasticsearch']} ESCTL_KIBANA_URL={urls['kibana']}"
            )

    with told():
        serve(
            data or invocation.project / ".esctl/sandbox",
            port=port,
            kibana_port=kibana_port,
            version=version,
            access_log=access_log,
            mount=viewer_mount(),
            on_ready=ready,
        )
    return 0


@contextmanager
def told() -> Iterator[None]:
    """What keeps the sandbox from starting, as an error of ours: it imports no other room."""
    from ..sandbox.server import SandboxError

    try:
        yield
    except SandboxError as error:
        raise EsctlError(str(error)) from None


def viewer_mount() -> Callable[[str, str], Any]:
    """What the sandbox mounts at /app on Kibana's port, given the two addresses."""

    def mount(elasticsearch: str, kibana: str) -> Any:
        from ..viewer import viewer_app

        return viewer_app(elasticsearch, kibana, banner=BANNER)

    return mount
