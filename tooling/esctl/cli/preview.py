"""`preview`: dashboards and visualizations as pictures; rows from a server, a file, or made up from the mapping."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..errors import EsctlError
from .invocation import Invocation, command

if TYPE_CHECKING:
    from ..model import Resource
    from ..preview import Drawn, Options
    from .preview_rows import Rows

DRAWABLE = ("dashboard", "visualization")


def register(app: typer.Typer) -> None:
    command(app, "preview")(preview)


def preview(
    invocation: Invocation,
    addresses: Annotated[
        list[str] | None, typer.Argument(help="Dashboards and visualizations, or globs; all by default.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A .png, .svg or .html file; for several, a folder.")
    ] = None,
    format: Annotated[
        Literal["png", "svg", "html"] | None, typer.Option(help="Of what is written into a folder; png by default.")
    ] = None,
    theme: Annotated[Literal["light", "dark"], typer.Option(help="Colours.")] = "light",
    width: Annotated[int, typer.Option(min=320, max=8000, help="Pixels; visualizations: 800.")] = 1440,
    height: Annotated[int, typer.Option(min=120, max=8000, help="Pixels, of a visualization.")] = 450,
    scale: Annotated[
        float, typer.Option(min=0.1, max=4.0, help="Pixels of a .png for each pixel of the layout.")
    ] = 1.0,
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[INDEX=]FILE", help="Rows from a .ndjson, .json, .csv or .parquet file; no server is asked."
        ),
    ] = None,
    sample: Annotated[bool, typer.Option("--sample", help="Rows made up from the mapping, marked as such.")] = False,
    start: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Start of the time range: now-7d.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="TIME", help="End of the time range: now.")] = None,
    expand: Annotated[bool, typer.Option("--expand", help="Open the sections that are stored closed.")] = False,
) -> int:
    """Draw every panel of a dashboard into a file, as Kibana lays it out.

    The pictures are of what is written in the project. Exit code 1 where a panel's data cannot be had: that panel then
    says so in red, and every other one is drawn. A panel of a type that is not drawn shows its definition.
    """
    from ..preview import Options, warm_up
    from .preview_rows import rows_of

    resources = _chosen(invocation, addresses)
    places = _places(resources, out, format)
    warm_up()
    mark = "Sample data, made up from the mapping" if sample else ""
    options = Options(width=width, theme=theme, mark=mark, expand=expand)
    span = (start, end) if start or end else None
    told = []
    with rows_of(invocation, data or [], sample) as rows:
        for resource, path in zip(resources, places, strict=True):
            panels = _draw(resource, rows, path, options, (width if width != 1440 else 800, height), scale, span)
            told.append({"address": str(resource.address), "file": path.as_posix(), **_told(panels)})
            _say(invocation, str(resource.address), path, panels)
    if invocation.json:
        invocation.answer({"pictures": told})
    return 1 if any(picture["problems"] for picture in told) else 0


def _chosen(invocation: Invocation, addresses: list[str] | None) -> list[Resource]:
    from ..plan import Choices
    from .selection import selection

    globs = selection(addresses, invocation)
    found = [
        resource
        for resource in invocation.loaded.resources
        if resource.address.kind in DRAWABLE and (not globs or Choices.match(resource.address, globs))
    ]
    if found:
        return found
    if not globs:
        raise EsctlError("this project has no dashboard and no visualization")
    raise EsctlError(f'"{globs[0]}" is neither a dashboard nor a visualization: there is nothing to draw')


def _places(resources: list[Resource], out: Path | None, format: str | None) -> list[Path]:
    """The file of each picture; makes the folder."""
    ending = out.suffix.lstrip(".") if out else ""
    if out and ending in ("png", "svg", "html") and not out.is_dir():
        if len(resources) > 1:
            hint = "give a folder"
            raise EsctlError(f"{len(resources)} pictures do not go into one file, {out}", hint=hint)
        if format and format != ending:
            raise EsctlError(f"--out {out} says {ending}, --format says {format}")
        if not out.parent.is_dir():
            raise EsctlError(f"the folder {out.parent} does not exist")
        return [out]
    if out and ending and not out.is_dir():
        raise EsctlError(f'"{out.name}": pictures are .png, .svg or .html', hint="or give a folder")
    folder = out or Path(".")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EsctlError(f"the folder {folder} cannot be made: {error.strerror}") from None
    return [folder / f"{_name(resource)}.{format or 'png'}" for resource in resources]


def _name(resource: Resource) -> str:
    address = resource.address
    space = f"{address.space}-" if address.space else ""
    kind = "" if address.kind == "dashboard" else f"{address.kind}-"
    return space + kind + "".join(c if c.isalnum() or c in "-_." else "_" for c in address.id)


def _draw(
    resource: Resource,
    rows: Rows,
    path: Path,
    options: Options,
    size: tuple[int, int],
    scale: float,
    span: tuple[str | None, str | None] | None,
) -> list[Drawn]:
    from dataclasses import replace

    from ..preview import TimeRange, dashboard_picture, drawn_panels, panel_picture

    dashboard = rows.dashboard(resource)
    if span:
        now = dashboard.time_range or TimeRange("now-7d", "now")
        dashboard = replace(dashboard, time_range=TimeRange(span[0] or now.start, span[1] or now.end))
    ask = rows.ask(dashboard)
    panels = drawn_panels(dashboard, ask, expand=options.expand)
    kind = path.suffix.lstrip(".")
    if resource.address.kind == "dashboard":
        content = dashboard_picture(dashboard, panels, kind, options, scale=scale)  # type: ignore[arg-type]
    else:
        content = panel_picture(panels[0], kind, size, options, scale=scale)  # type: ignore[arg-type]
    try:
        path.write_bytes(content)
    except OSError as error:
        raise EsctlError(f"{path} cannot be written: {error.strerror}") from None
    return panels


def _told(panels: list[Drawn]) -> dict[str, object]:
    def name(drawn: Drawn) -> str:
        return drawn.panel.title or drawn.panel.id

    return {
        "panels": len(panels),
        "problems": [{"panel": name(d), "problem": d.problem} for d in panels if d.problem],
        "undrawn": [
            {"panel": name(d), "reason": d.chart.model["reason"]}
            for d in panels
            if d.chart and d.chart.kind == "undrawn"
        ],
        "notes": [{"panel": name(d), "note": n} for d in panels if d.chart for n in d.chart.notes],
    }


def _say(invocation: Invocation, address: str, path: Path, panels: list[Drawn]) -> None:
    import sys

    told = _told(panels)
    n = len(panels)
    invocation.say(f"{path}: {address}, {n} panel{'' if n == 1 else 's'}")
    problems, undrawn, notes = told["problems"], told["undrawn"], told["notes"]
    for problem in problems:  # type: ignore[attr-defined]
        line = f'{address}: panel "{problem["panel"]}": {problem["problem"]}'
        print(f"{invocation.style('error', 'red')}: {line}", file=sys.stderr)
    for one in undrawn:  # type: ignore[attr-defined]
        invocation.warn(f'{address}: panel "{one["panel"]}": {one["reason"]}')
    for one in notes:  # type: ignore[attr-defined]
        invocation.warn(f'{address}: panel "{one["panel"]}": {one["note"]}')
