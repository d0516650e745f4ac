"""`lnsTagcloud`: words as large as their numbers."""

from __future__ import annotations

from collections.abc import Mapping

from ..colours import CategoryColours
from ..formats import key_text, number_text
from ..lens import Lens
from ..rows import Table
from .model import Chart


def tag_cloud_chart(lens: Lens, tables: Mapping[str, Table]) -> Chart:
    """Model: `{tags: [{text, value, size, colour, filters}], caption}`; `size` in pixels, by the value's root."""
    state = lens.visualization
    table = tables.get(str(state.get("layerId"))) or next(iter(tables.values()))
    tag, value = (table.layer.columns[str(state.get(name))] for name in ("tagAccessor", "valueAccessor"))
    rows = [r for r in table.rows if isinstance(r.get(value.id), int | float)]
    if not rows:
        return Chart("empty")
    colours = CategoryColours(state.get("colorMapping"))
    smallest, largest = float(state.get("minFontSize") or 18), float(state.get("maxFontSize") or 72)
    roots = [max(float(r[value.id]), 0.0) ** 0.5 for r in rows]
    low, high = min(roots), max(roots)
    tags = [
        {
            "text": key_text(row[tag.id], tag),
            "value": number_text(row[value.id], value),
            "size": largest if high == low else smallest + (largest - smallest) * (root - low) / (high - low),
            "colour": colours.of(row[tag.id]),
            "filters": table.filters(row),
        }
        for row, root in zip(rows, roots, strict=True)
    ]
    caption = f"{tag.label} – {value.label}" if state.get("showLabel", True) else ""
    summary = ", ".join(f"{t['text']} {t['value']}" for t in tags)
    return Chart("tags", {"tags": tags, "caption": caption}, summary=summary, notes=table.notes)
