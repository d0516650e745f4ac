"""`esctl dev`: the project's dashboards in the browser, checked and drawn anew after each save."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import EsctlError
from .invocation import Invocation, command

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from ..cluster import Cluster
    from ..viewer import Feed
    from .dev_source import DevSource, Reading

SANDBOX = "esctl dev: dashboards as they are in the project's files, rows of the sandbox"
LIVE = "esctl dev: dashboards as they are in the project's files, rows of"


def register(app: typer.Typer) -> None:
    command(app, "dev")(dev)


def dev(
    invocation: Invocation,
    live: Annotated[
        bool, typer.Option("--live", help="Rows of the configured servers, which are only read; no sandbox.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The page's port; the next free one where it is taken.")
    ] = 5601,
    elasticsearch_port: Annotated[int, typer.Option(min=0, max=65535, help="The sandbox's Elasticsearch.")] = 9200,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the sandbox keeps its data; .esctl/sandbox of the project."),
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> int:
    """Show the dashboards while they are written: each save is checked and drawn anew in the browser.

    A page lists what is wrong with file and line, and shows the project's dashboards as compiled from its files. No
    dashboard is written to any Kibana, neither to a real one nor to the sandbox; that is what apply is for.

    By default a sandbox starts, whose rows are drawn; an index that it does not have is drawn from rows made up from
    the mapping, marked as such. With --live the rows are the configured servers'. Ctrl-C ends it.
    """
    from ..images.serve import stoppable
    from ..viewer import Feed, vega_bundle
    from .dev_source import DevSource

    if live and (data or elasticsearch_port != 9200):
        raise EsctlError(f"{'--data' if data else '--elasticsearch-port'} is the sandbox's: --live starts none")
    _ = invocation.settings  # what is wrong with esctl.yaml is told before anything starts
    feed = Feed()
    with ExitStack() as stack:
        vega_bundle()
        serving = _live(invocation) if live else _sandbox(invocation, port, elasticsearch_port, data)
        app, cluster, url = stack.enter_context(serving)
        source = DevSource(invocation, cluster, made_up=not live)
        stack.callback(source.close)
        reading = source.reload()
        _told(feed, reading)
        app(source, feed)
        if live:
            url = stack.enter_context(_serving(app.made, port))
        # Before the server that streams to pages: it would wait for them.
        stack.callback(feed.close)
        wait = stack.enter_context(stoppable())
        _ready(invocation, f"{url}/app/dashboards", port, reading)
        stop = threading.Event()
        watcher = threading.Thread(target=_watch, args=(invocation, source, feed, stop), name="watch", daemon=True)
        watcher.start()
        if open_browser:
            import webbrowser

            webbrowser.open(f"{url}/app/dashboards")
        wait()
        stop.set()
        watcher.join()
    return 0


class _Later:
    """The viewer's app, made once there is something to show: a sandbox wants what it mounts before it has started."""

    def __init__(self, banner: str) -> None:
        self.banner = banner
        self.made: ASGIApp = self._not_yet

    def __call__(self, source: DevSource, feed: Feed) -> None:
        from ..viewer import viewer_of

        self.made = viewer_of(source, feed=feed, banner=self.banner)

    async def asgi(self, scope: Any, receive: Any, send: Any) -> None:
        await self.made(scope, receive, send)

    @staticmethod
    async def _not_yet(scope: Any, receive: Any, send: Any) -> None:
        from starlette.responses import PlainTextResponse

        await PlainTextResponse("esctl dev is starting", status_code=503)(scope, receive, send)


Started = tuple[_Later, "Cluster", str]
"""What makes the page, where its rows come from, and its address (with --live not yet known)."""


@contextmanager
def _sandbox(invocation: Invocation, port: int, elasticsearch_port: int, data: Path | None) -> Iterator[Started]:
    from ..cluster import READ_ONLY, Cluster, Connection
    from ..sandbox.server import Sandbox
    from .sandbox import told

    later = _Later(SANDBOX)
    folder = data or invocation.settings.root / ".esctl/sandbox"
    sandbox = Sandbox(folder, port=elasticsearch_port, kibana_port=port, mount=lambda *_: later.asgi)
    with told(), sandbox:
        # Only ever the sandbox started here, whatever ESCTL_* or the options say.
        connection = Connection(sandbox.elasticsearch_url, sandbox.kibana_url)
        with Cluster(connection, guard=READ_ONLY) as cluster:
            yield later, cluster, sandbox.kibana_url


@contextmanager
def _live(invocation: Invocation) -> Iterator[Started]:
    later = _Later(f"{LIVE} {invocation.connection.elasticsearch_url}")
    with invocation.cluster() as cluster:
        yield later, cluster, ""


@contextmanager
def _serving(app: ASGIApp, port: int) -> Iterator[str]:
    """The app on a port of its own; gives its address."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.responses import RedirectResponse
    from starlette.routing import Mount, Route

    from ..images.serve import listen

    home = Route("/", lambda _: RedirectResponse("/app/dashboards", status_code=302))
    config = uvicorn.Config(
        Starlette(routes=[home, Mount("/app", app)]),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=2,
        server_header=False,
    )
    listening = listen("127.0.0.1", port)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="page", daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def _watch(invocation: Invocation, source: DevSource, feed: Feed, stop: threading.Event) -> None:
    """Until told to stop: look at the files, and after a change read the project anew."""
    from .watching import EVERY, changed, settled, state_of

    places = _places(invocation)
    seen = state_of(places)
    pause = EVERY
    while not stop.wait(pause):
        began = time.monotonic()
        now = state_of(places)
        pause = max(EVERY, 9 * (time.monotonic() - began))
        if now == seen:
            continue
        now, before = settled(places, now), seen
        seen = now
        reading = source.reload()
        _told(feed, reading)
        names = [_short(path, invocation) for path in changed(before, now)]
        _say(invocation, f"{', '.join(names[:3])}{' …' if len(names) > 3 else ''}: {_words(reading)}", reading)
        places = _places(invocation) or places


def _places(invocation: Invocation) -> list[Path]:
    """What the project is read from; empty where its settings cannot be read just now."""
    from dataclasses import replace

    from ..project.settings import FILE

    try:
        settings = replace(invocation).settings
    except EsctlError:
        return []
    inside = [settings.root / name for name in (*settings.resources, settings.templates)]
    return [settings.root / FILE, *inside, settings.images.lock, settings.images.models]


def _short(path: str, invocation: Invocation) -> str:
    found = Path(path)
    root = invocation.settings.root
    return found.relative_to(root).as_posix() if found.is_relative_to(root) else path


def _told(feed: Feed, reading: Reading) -> None:
    problems = [problem.as_json() for problem in reading.problems]
    feed.tell(changed=list(reading.changed), listed=reading.listed, problems=problems)


def _words(reading: Reading) -> str:
    """`2 dashboards drawn anew, 1 error, 3 warnings`."""
    errors = len(reading.errors)
    counts = ((errors, "error"), (len(reading.problems) - errors, "warning"))
    n = len(reading.changed)
    drawn = f"{n} dashboard{'' if n == 1 else 's'} drawn anew" if n else "nothing to draw anew"
    return ", ".join([drawn, *(f"{n} {word}{'' if n == 1 else 's'}" for n, word in counts if n)])


def _ready(invocation: Invocation, url: str, port: int, reading: Reading) -> None:
    import json
    import os

    n = len(reading.changed)
    if invocation.json:
        print(json.dumps({"url": url, "pid": os.getpid()}), flush=True)
    else:
        shown = f"{n} dashboard{'' if n == 1 else 's'}"
        _say(invocation, f"{shown}: {invocation.style(url, 'bold', 'cyan')}  (Ctrl-C ends)", reading)
    if port and f":{port}/" not in url:
        invocation.warn(f"port {port} is taken, so it is another")


def _say(invocation: Invocation, line: str, reading: Reading) -> None:
    invocation.say(line)
    for problem in reading.errors:
        print(f"{invocation.style('error', 'red')}: {problem}", file=sys.stderr, flush=True)
