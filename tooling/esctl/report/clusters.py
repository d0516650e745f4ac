"""Clusters and how good they are, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .terminal import Style, table


def evaluation_lines(evaluation: Mapping[str, Any], style: Style) -> Iterator[str]:
    """A line for the run, a table of the clusters. `evaluation` is `Evaluation.to_dict()`."""
    figures = {
        "silhouette (simplified)": evaluation["silhouette_simplified"],
        "silhouette (exact)": evaluation["silhouette_exact"],
        "Davies–Bouldin (centroids)": evaluation["davies_bouldin_centroids"],
        "Davies–Bouldin (exact)": evaluation["davies_bouldin_exact"],
        "inertia": evaluation["inertia"],
        "purity": evaluation["purity"],
    }
    yield style(f"{evaluation['images']} images in {evaluation['k']} clusters", "bold")
    yield from table([(name, number(value)) for name, value in figures.items() if value is not None], indent="  ")
    rows = [("cluster", "images", "silhouette", "scatter", "nearest", "top label")]
    for cluster in evaluation["clusters"]:
        rows.append(
            (
                str(cluster["cluster"]),
                f"{cluster['size']} ({cluster['share']:.0%})",
                number(cluster["silhouette_simplified"]),
                number(cluster["scatter"]),
                f"{cluster['nearest_cluster']} ({number(cluster['nearest_distance'])})",
                cluster["top_label"] or "–",
            )
        )
    yield from table(rows, indent="  ")


def number(value: float | None) -> str:
    """Three places behind the point; – where there is none."""
    return "–" if value is None else f"{value:.3f}" if abs(value) < 1000 else f"{value:,.1f}"
