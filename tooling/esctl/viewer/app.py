"""The routes of the viewer: one page, its files, and a small JSON interface between the two."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ..errors import EsctlError, ServerError
from ..preview import Dashboard, Grid, Panel, Question, vega_config
from .bundle import bundle_name, vega_bundle
from .controls import control_json, control_offer, controls_of
from .feed import Feed
from .panels import panel_json, scope_of
from .sources import Source

STATIC = Path(str(files("esctl.viewer") / "static"))
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob: http: https:; frame-ancestors 'self'; base-uri 'none'"
)  # Vega compiles its expressions with `Function`; pictures of a gallery may come from a file server.


class Viewer:
    """What the page needs between two requests: the source, and dashboards as last read."""

    def __init__(self, source: Source, banner: str | None, feed: Feed | None) -> None:
        self.source = source
        self._banner = banner
        self._feed = feed
        self._dashboards: dict[str, Dashboard] = {}

    def site(self) -> dict[str, Any]:
        """Banner, version and look; the page works without Elasticsearch, and says so."""
        banner, version, problem = self._banner, "", ""
        try:
            found = self.source.information()
            version = str((found.get("version") or {}).get("number") or "")
            if banner is None and found.get("sandbox"):
                banner = "SANDBOX"
        except EsctlError as error:
            problem = str(error)
        themes = {"light": vega_config("light"), "dark": vega_config("dark")}
        return {
            "vega": f"viewer/{bundle_name()}",
            "banner": banner,
            "version": version,
            "problem": problem,
            "themes": themes,
            "changes": self._feed is not None,
        }

    def dashboards(self) -> dict[str, Any]:
        return {"dashboards": sorted(self.source.dashboards(), key=lambda d: str(d["title"]).lower())}

    def read(self, dashboard_id: str) -> Dashboard:
        """Read a dashboard anew."""
        dashboard = self.source.read(dashboard_id)
        self._dashboards[dashboard_id] = dashboard
        return dashboard

    def panel(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        dashboard = self._known(wanted)
        panel = next((p for p in dashboard.panels if p.id == wanted.get("panel")), None)
        if panel is None:
            raise EsctlError(f'the dashboard has no panel "{wanted.get("panel")}"')
        notes: list[str] = []

        def answer(question: Question) -> Any:
            found = self.source.answer(question, dashboard)
            notes.append(self.source.note(question))
            return found

        drawn = panel_json(panel, dashboard, scope_of(wanted, dashboard), answer)
        said = [note for note in dict.fromkeys(notes) if note]
        return {**drawn, "notes": [*said, *drawn.get("notes", ())]} if said else drawn

    def control(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        dashboard = self._known(wanted)
        control = next((c for c in controls_of(dashboard) if c.id == wanted.get("control")), None)
        if control is None:
            raise EsctlError(f'the dashboard has no control "{wanted.get("control")}"')
        scope = scope_of(wanted, dashboard, but=control.id)
        return control_offer(control, dashboard, scope, lambda question: self.source.answer(question, dashboard))

    def _known(self, wanted: Mapping[str, Any]) -> Dashboard:
        dashboard_id = str(wanted.get("dashboard") or "")
        return self._dashboards.get(dashboard_id) or self.read(dashboard_id)


def build(source: Source, *, banner: str | None, feed: Feed | None = None) -> Starlette:
    """The ASGI app; see `viewer_app` and `viewer_of`."""
    viewer = Viewer(source, banner, feed)

    def read(work: Callable[[], Any]) -> JSONResponse:
        return JSONResponse(work(), headers={"Cache-Control": "no-store"})

    def site(request: Request) -> Response:
        return read(viewer.site)

    def dashboards(request: Request) -> Response:
        return read(viewer.dashboards)

    def dashboard(request: Request) -> Response:
        return read(lambda: dashboard_json(viewer.read(request.path_params["id"])))

    async def panel(request: Request) -> Response:
        wanted = await _wanted(request)
        return await run_in_threadpool(read, lambda: viewer.panel(wanted))

    async def control(request: Request) -> Response:
        wanted = await _wanted(request)
        return await run_in_threadpool(read, lambda: viewer.control(wanted))

    async def changes(request: Request) -> Response:
        if feed is None:
            raise HTTPException(404, "nothing is watched here")
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(feed.events(), media_type="text/event-stream", headers=headers)

    def vega(request: Request) -> Response:
        return FileResponse(
            vega_bundle(),
            media_type="text/javascript",
            headers={"Cache-Control": "public, max-age=31536000, immutable"},
        )

    def page(request: Request) -> Response:
        return FileResponse(
            STATIC / "index.html", headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"}
        )

    def home(request: Request) -> Response:
        return RedirectResponse(request.url_for("page"))

    routes = [
        Route("/", home),
        Route("/dashboards", page, name="page"),
        Route("/viewer/api/site", site),
        Route("/viewer/api/dashboards", dashboards),
        Route("/viewer/api/dashboard/{id:path}", dashboard),
        Route("/viewer/api/changes", changes),
        Route("/viewer/api/panel", panel, methods=["POST"]),
        Route("/viewer/api/control", control, methods=["POST"]),
        Route(f"/viewer/{bundle_name()}", vega),
        Mount("/viewer/static", StaticFiles(directory=STATIC)),
    ]
    problems: Any = {EsctlError: _problem, ServerError: _problem, HTTPException: _http_problem}
    return Starlette(
        routes=routes,
        middleware=[Middleware(GZipMiddleware, minimum_size=2000, compresslevel=1)],
        exception_handlers=problems,
    )


def dashboard_json(dashboard: Dashboard) -> dict[str, Any]:
    """What the page needs to lay a dashboard out; panels are asked for one by one."""
    panels = [
        {
            "id": p.id,
            "kind": p.kind,
            "title": p.title,
            "description": p.description,
            "hide_title": p.hide_title,
            "grid": {"x": p.grid.x, "y": p.grid.y, "w": p.grid.w, "h": p.grid.h},
            "section": p.section,
            "digest": _digest(p, dashboard),
        }
        for p in dashboard.panels
    ]
    pinned = {control.id for control in dashboard.controls}
    controls = [control_json(control, pinned=control.id in pinned) for control in controls_of(dashboard)]
    time = dashboard.time_range
    return {
        "id": dashboard.id,
        "title": dashboard.title,
        "description": dashboard.description,
        "panels": panels,
        "sections": [{"id": s.id, "title": s.title, "y": s.y, "collapsed": s.collapsed} for s in dashboard.sections],
        "controls": controls,
        "filters": list(dashboard.filters),
        "query": dashboard.query,
        "time_range": {"from": time.start, "to": time.end} if time else None,
        "timed": _is_timed(dashboard),
        "margins": bool(dashboard.options.get("useMargins", True)),
        "hide_titles": bool(dashboard.options.get("hidePanelTitles", False)),
        "data_views": {v.id: v.title for v in dashboard.data_views.values()},
    }


def _digest(panel: Panel, dashboard: Dashboard) -> str:
    """What a panel is drawn from, but for its place: a page that gets it again need not draw it again."""
    grid = replace(panel, grid=Grid(0, 0, 0, 0))
    views = sorted(dashboard.data_views.items())
    return hashlib.blake2b(repr((grid, views)).encode(), digest_size=8).hexdigest()


def _is_timed(dashboard: Dashboard) -> bool:
    """Whether a time range would change anything: a data view has a time field, or a Vega spec asks for the range."""
    specs = (str(p.definition.get("spec")) for p in dashboard.panels if p.kind == "vega")
    return any(v.time_field for v in dashboard.data_views.values()) or any("%time" in spec for spec in specs)


async def _wanted(request: Request) -> Mapping[str, Any]:
    """The body of a POST. Only JSON from a page of our own: another site's form cannot send that type."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise HTTPException(415, "send application/json")
    try:
        wanted = json.loads(await request.body())
    except ValueError:
        raise HTTPException(400, "the body is not JSON") from None
    if not isinstance(wanted, dict):
        raise HTTPException(400, "the body is not an object")
    return wanted


def _problem(request: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, ServerError) else 400
    return JSONResponse({"error": str(error)}, status_code=404 if status == 404 else 400 if status == 400 else 502)


def _http_problem(request: Request, error: Exception) -> Response:
    found = error if isinstance(error, HTTPException) else HTTPException(500)
    return JSONResponse({"error": found.detail}, status_code=found.status_code)
