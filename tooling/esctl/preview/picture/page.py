"""A dashboard as one HTML file without scripts: charts as SVG, tables as tables, markdown as text one can select."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..charts import Chart
from ..dashboard import Dashboard
from ..markdown import markdown_html
from ..pills import pill_text
from .control import chosen_text
from .dashboard import Box, Options, laid_out
from .look import LOOKS, Look
from .panel import TITLE, Drawn, draw_chart
from .svg import element
from .table import sorted_rows
from .text import FONT

_CSS = """
*{box-sizing:border-box}
body{margin:0;background:%(page)s;color:%(ink)s;font:14px/1.45 %(font)s}
main{position:relative;width:%(width)dpx;margin:0 auto}
header{padding:12px 16px 0}
h1{font-size:20px;margin:0}
header p{margin:2px 0 6px;color:%(quiet)s}
header .when{float:right;color:%(quiet)s;margin-top:6px}
.mark{background:#fec514;color:#1d2a3e;text-align:center;font-weight:600;font-size:12px;letter-spacing:.06em;
 padding:2px}
.pills span,.controls span{display:inline-block;margin:0 6px 6px 0;padding:2px 8px;border-radius:4px;font-size:12px;
background:%(accent_soft)s;color:%(accent)s}
.controls span{background:%(surface)s;color:%(quiet)s;border:1px solid %(strong)s}
.controls b{color:%(ink)s}
.place{position:relative}
section.panel{position:absolute;background:%(surface)s;border:1px solid %(line)s;border-radius:6px;overflow:hidden}
section.panel.bare{border-color:transparent}
section.panel h2{font-size:13px;line-height:20px;margin:0;padding:6px 12px 4px;height:30px;
white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.body{overflow:auto}
.body svg{display:block}
h2.section{position:absolute;font-size:15px;margin:0;border-bottom:1px solid %(line)s;line-height:34px}
.note{position:absolute;right:8px;top:6px;font-size:11px;color:%(warning)s;background:%(warning_soft)s;
 border-radius:4px;padding:1px 7px}
table{border-collapse:collapse;width:100%%;font-size:13px}
th{position:sticky;top:0;background:%(surface)s;text-align:left;white-space:nowrap;
box-shadow:0 1px 0 %(strong)s}
td,th{padding:4px 10px;border-bottom:1px solid %(line)s}
td{max-width:340px;overflow:hidden;text-overflow:ellipsis;
white-space:nowrap}
.right{text-align:right}
.center{text-align:center}
.badge{padding:0 8px;border-radius:10px}
tfoot td{font-weight:600;position:sticky;bottom:0;background:%(surface)s}
.md{padding:4px 16px 12px}
.md h1{font-size:20px}
.md h2{font-size:17px;padding:0;height:auto}
.md h3{font-size:15px}
.md code{background:%(hover)s;border-radius:3px;padding:0 4px}
.md pre{background:%(hover)s;padding:8px 10px;overflow:auto;border-radius:4px}
.md blockquote{margin:0 0 8px;padding-left:12px;border-left:3px solid %(line)s;color:%(quiet)s}
.md table{width:auto}
.md p{margin:0 0 8px}
a{color:%(accent)s}
""".strip()


def dashboard_page(dashboard: Dashboard, panels: Sequence[Drawn], options: Options) -> str:
    """The whole file."""
    look = LOOKS[options.theme]
    places, headings, height = laid_out(dashboard, float(options.width), 8.0, expand=options.expand)
    parts = [_header(dashboard, options)]
    inner = []
    for text, folded, place in headings:
        inner.append(f'<h2 class="section" style="{_style(place)}">{"▸" if folded else "▾"} {escape(text)}</h2>')
    hide = bool(dashboard.options.get("hidePanelTitles"))
    bare = " bare" if dashboard.options.get("hidePanelBorders") else ""
    for drawn in panels:
        spot = places.get(drawn.panel.id)
        if spot:
            inner.append(_panel(drawn, spot, look, hide=hide, bare=bare))
    parts.append(f'<div class="place" style="height:{height:g}px">{"".join(inner)}</div>')
    return _file(dashboard.title, "".join(parts), look, options.width)


def panel_page(drawn: Drawn, width: int, height: int, options: Options) -> str:
    """One panel alone."""
    look = LOOKS[options.theme]
    mark = f'<div class="mark">{escape(options.mark)}</div>' if options.mark else ""
    panel = _panel(drawn, Box(0, 0, width, height), look, hide=False, bare="")
    return _file(drawn.panel.title, f'{mark}<div class="place" style="height:{height}px">{panel}</div>', look, width)


def _file(title: str, content: str, look: Look, width: int) -> str:
    colours = {name: getattr(look, name) for name in look.__dataclass_fields__}
    css = _CSS % {**colours, "font": FONT, "width": width}
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{css}</style>'
    top = f'<!doctype html>\n<html lang="en" style="color-scheme:{look.theme}">'
    return f"{top}<head>{head}</head><body><main>{content}</main></body></html>\n"


def _header(dashboard: Dashboard, options: Options) -> str:
    mark = f'<div class="mark">{escape(options.mark)}</div>' if options.mark else ""
    span = dashboard.time_range
    when = f'<span class="when">{escape(span.start)} → {escape(span.end)}</span>' if span else ""
    about = f"<p>{escape(dashboard.description)}</p>" if dashboard.description else ""
    query = dashboard.query.get("query") if dashboard.query else ""
    words = ([query] if isinstance(query, str) and query else []) + [pill_text(f) for f in dashboard.filters]
    pills = "".join(f"<span>{escape(w)}</span>" for w in words)
    controls = "".join(f"<span><b>{escape(c.title)}</b> {escape(chosen_text(c))}</span>" for c in dashboard.controls)
    rows = (f'<div class="pills">{pills}</div>' if pills else "") + (
        f'<div class="controls">{controls}</div>' if controls else ""
    )
    return f"{mark}<header>{when}<h1>{escape(dashboard.title)}</h1>{about}{rows}</header>"


def _style(place: Box) -> str:
    return f"left:{place.x:.1f}px;top:{place.y:.1f}px;width:{place.w:.1f}px;height:{place.h:.1f}px"


def _panel(drawn: Drawn, place: Box, look: Look, *, hide: bool, bare: str) -> str:
    panel, chart = drawn.panel, drawn.chart
    titled = bool(panel.title) and not panel.hide_title and not hide
    title = f"<h2>{escape(panel.title)}</h2>" if titled else ""
    notes = drawn.notes + (chart.notes if chart else ())
    note = f'<span class="note">{"<br>".join(escape(n) for n in notes)}</span>' if notes else ""
    w, h = place.w - 2, place.h - 2 - (TITLE if titled else 0)
    if chart and not drawn.problem and chart.kind == "table":
        inner = _table(chart)
    elif chart and not drawn.problem and chart.kind == "markdown":
        inner = f'<div class="md">{markdown_html(chart.model["content"])}</div>'
    else:
        picture = draw_chart(drawn, w, h, look)
        label = escape(drawn.problem or (chart.summary if chart else "")) or None
        namespaces = {"xmlns": "http://www.w3.org/2000/svg"}
        inner = element("svg", picture, **namespaces, width=w, height=h, font_family=FONT, role="img", aria_label=label)
        inner = inner.replace("<svg ", '<svg xmlns:xlink="http://www.w3.org/1999/xlink" ', 1)
    label = escape(panel.title or panel.kind)
    return (
        f'<section class="panel{bare}" aria-label="{label}" style="{_style(place)}">{title}{note}'
        f'<div class="body" style="height:{h:.1f}px">{inner}</div></section>'
    )


def _table(chart: Chart) -> str:
    columns = chart.model["columns"]
    head = "".join(f'<th scope="col" class="{c["alignment"]}">{escape(c["label"])}</th>' for c in columns)
    rows = []
    for row in sorted_rows(chart.model):
        cells = []
        for cell, column in zip(row, columns, strict=True):
            look = "".join(
                f"{name}:{cell[key]};"
                for name, key in (("background", "background"), ("color", "colour"))
                if cell.get(key)
            )
            text = escape(str(cell["text"]))
            if column["badge"] and look:
                text, look = f'<span class="badge" style="{look}">{text}</span>', ""
            style = f' style="{look}"' if look else ""
            cells.append(f'<td class="{column["alignment"]}"{style}>{text}</td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    foot = ""
    if any(c["summary"] for c in columns):
        cells_ = "".join(f'<td class="{c["alignment"]}">{escape(c["summary"])}</td>' for c in columns)
        foot = f"<tfoot><tr>{cells_}</tr></tfoot>"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>{foot}</table>"
