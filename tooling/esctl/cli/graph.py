"""`graph`: what refers to what."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from .invocation import FILES, Invocation, command

if TYPE_CHECKING:
    from ..report.graph import Graph


class Format(StrEnum):
    TREE = "tree"
    DOT = "dot"
    MERMAID = "mermaid"
    JSON = "json"


def register(app: typer.Typer) -> None:
    command(app, "graph", takes=FILES)(graph)


def graph(
    invocation: Invocation,
    addresses: Annotated[list[str] | None, typer.Argument(help="Addresses or globs; all by default.")] = None,
    format: Annotated[Format, typer.Option(help="How to draw it.")] = Format.TREE,
) -> None:
    """Draw which resource refers to which."""
    from ..report.graph import as_json, dot, mermaid, tree

    drawn = _graph(invocation, addresses)
    if invocation.json or format is Format.JSON:
        invocation.answer(as_json(drawn))
    elif format is Format.DOT:
        print(dot(drawn))
    elif format is Format.MERMAID:
        print(mermaid(drawn))
    else:
        invocation.say(*tree(drawn))


def _graph(invocation: Invocation, addresses: list[str] | None) -> Graph:
    """What the selected resources refer to, and on; roots are those that nothing refers to, or the selected."""
    from ..model import Address
    from ..plan import Choices
    from ..report.graph import Edge, Graph, Standing, below
    from .selection import selection

    globs = selection(addresses, invocation)
    loaded = invocation.loaded
    nodes: dict[Address, Standing] = {resource.address: "written" for resource in loaded.resources}
    nodes |= {address: "out of scope" for address in loaded.out_of_scope}
    edges: dict[tuple[Address, Address], Edge] = {}
    for resource in loaded.resources:
        references = list(invocation.kinds[resource.address.kind].references(resource))
        found = [Edge(resource.address, reference.target, reference.soft) for reference in references]
        found += [Edge(resource.address, target) for target in resource.depends_on]
        space = Address("space", resource.address.space)
        found += [Edge(resource.address, space)] if space in nodes else []
        for edge in found:
            before = edges.get((edge.source, edge.target))
            if edge.source != edge.target and (before is None or before.soft):
                edges[edge.source, edge.target] = edge
    ordered = list(edges.values())
    for edge in ordered:
        nodes.setdefault(edge.target, "elsewhere")
    if globs:
        roots = [node for node in nodes if nodes[node] == "written" and Choices.match(node, globs)]
        kept = below(ordered, roots)
        nodes = {node: standing for node, standing in nodes.items() if node in kept}
        ordered = [edge for edge in ordered if edge.source in kept]
        reached = below(ordered, [edge.target for edge in ordered if edge.source in set(roots)])
        roots = [node for node in roots if node not in reached] or roots
    else:
        targets = {edge.target for edge in ordered}
        roots = [node for node in nodes if node not in targets and nodes[node] != "elsewhere"]
    return Graph(nodes, ordered, roots)
