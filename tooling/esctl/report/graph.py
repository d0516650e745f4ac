"""What refers to what, as a tree on a terminal, as Graphviz, Mermaid and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..model import Address

Standing = Literal["written", "elsewhere", "out of scope"]


@dataclass(frozen=True, order=True)
class Edge:
    """`source` needs `target`; `soft` where it only comes after it, if it is there."""

    source: Address
    target: Address
    soft: bool = False


@dataclass(frozen=True)
class Graph:
    """Resources with where they stand, and what refers to what; `roots` are those to begin with."""

    nodes: Mapping[Address, Standing]
    edges: Sequence[Edge]
    roots: Sequence[Address]


def below(edges: Iterable[Edge], starts: Iterable[Address]) -> set[Address]:
    """Everything that `starts` refer to, themselves included."""
    targets: dict[Address, list[Address]] = {}
    for edge in edges:
        targets.setdefault(edge.source, []).append(edge.target)
    found: set[Address] = set()
    waiting = list(starts)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += targets.get(node, ())
    return found


def tree(graph: Graph) -> list[str]:
    """One tree for each root; what was drawn once with what is below it is named only."""
    targets: dict[Address, list[Edge]] = {}
    for edge in graph.edges:
        targets.setdefault(edge.source, []).append(edge)
    lines: list[str] = []
    drawn: set[Address] = set()

    def draw(node: Address, lead: str, branch: str, soft: bool) -> None:
        standing = graph.nodes.get(node, "elsewhere")
        again = node in drawn and bool(targets.get(node))
        notes = [] if standing == "written" else [f"written {standing}" if standing == "elsewhere" else standing]
        notes += (["where it is there"] if soft and standing == "elsewhere" else []) + (["see above"] if again else [])
        lines.append(f"{lead}{branch}{node}" + (f"  ({'; '.join(notes)})" if notes else ""))
        if again:
            return
        drawn.add(node)
        below = targets.get(node, [])
        under = lead + ("" if not branch else "   " if branch.startswith("└") else "│  ")
        for position, edge in enumerate(below):
            draw(edge.target, under, "└─ " if position == len(below) - 1 else "├─ ", edge.soft)

    for root in graph.roots:
        draw(root, "", "", False)
    return lines


def dot(graph: Graph) -> str:
    """Graphviz."""
    lines = ["digraph esctl {", "  rankdir=LR;", "  node [shape=box];"]
    for node, standing in graph.nodes.items():
        style = "" if standing == "written" else " [style=dashed]"
        lines.append(f"  {_quoted(node)}{style};")
    for edge in graph.edges:
        style = " [style=dashed]" if edge.soft else ""
        lines.append(f"  {_quoted(edge.source)} -> {_quoted(edge.target)}{style};")
    return "\n".join([*lines, "}"])


def mermaid(graph: Graph) -> str:
    """Mermaid's flowchart, as Git hosts draw it in Markdown."""
    names = {node: f"n{number}" for number, node in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    for node, name in names.items():
        label = str(node).replace('"', "#quot;")
        lines.append(f'  {name}["{label}"]' + ("" if graph.nodes[node] == "written" else ":::elsewhere"))
    for edge in graph.edges:
        lines.append(f"  {names[edge.source]} {'-.->' if edge.soft else '-->'} {names[edge.target]}")
    return "\n".join([*lines, "  classDef elsewhere stroke-dasharray: 4"])


def as_json(graph: Graph) -> dict[str, Any]:
    """Nodes and edges as data."""
    return {
        "nodes": [{"address": str(node), "standing": standing} for node, standing in graph.nodes.items()],
        "edges": [{"from": str(e.source), "to": str(e.target), "soft": e.soft} for e in graph.edges],
    }


def _quoted(node: Address) -> str:
    return json.dumps(str(node), ensure_ascii=False)
