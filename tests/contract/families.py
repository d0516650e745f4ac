"""Which family of Elasticsearch's API a request belongs to, and what the recorded answers witness of each.

    python tests/contract/families.py      writes docs/conformance.md

One conformance case of a family is one request of it whose answer was recorded from a real server and is compared; the
same request counts once. It is an error case where that answer is a refusal, whole or in part.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from contract_cases import HERE, Case, cases

PAGE = HERE.parents[1] / "docs" / "conformance.md"
ENOUGH = 10
"""How many cases a family has at least; at least half of them are errors."""

FAMILIES: tuple[tuple[str, str], ...] = (
    ("data streams, by writing", r"\S+ /[^ ]*\bds-"),
    ("rollover", r"POST /[^/]+/_rollover"),
    ("aliases", r"\S+ (/[^/ ]+)?/_alias(es)?\b"),
    ("legacy templates", r"\S+ /_template\b"),
    ("simulated templates", r"POST /_index_template/_simulate"),
    ("index templates", r"\S+ /_index_template\b"),
    ("component templates", r"\S+ /_component_template\b"),
    ("simulated pipelines", r"POST /_ingest/pipeline(/[^/]+)?/_simulate"),
    ("pipelines", r"\S+ /_ingest/pipeline\b"),
    ("stored scripts and search templates", r"\S+ (/_scripts|/_render/template|(/[^/]+)?/_search/template)"),
    ("reindex, by query, tasks", r"\S+ (/_reindex|/_tasks|/[^/]+/_(update|delete)_by_query)"),
    ("clones, blocks, open and close", r"\S+ /[^/]+/_(clone|block|open|close)\b"),
    ("cluster settings", r"\S+ /_cluster/settings"),
    ("cluster health", r"\S+ /_cluster/health"),
    ("snapshot repositories", r"\S+ /_snapshot"),
    ("users", r"\S+ /_security/user\b"),
    ("roles", r"\S+ /_security/role/"),
    ("role mappings", r"\S+ /_security/role_mapping"),
    ("API keys", r"\S+ /_security/(_query/)?api_key"),
    ("application privileges", r"\S+ /_security/privilege"),
    ("points in time and scrolls", r"\S+ (/[^/]+/_pit|/_pit|/_search/scroll|/[^/]+/_search\?(.*&)?scroll=)"),
    ("counts", r"\S+ (/[^/]+)?/_count"),
    ("many documents (_mget)", r"\S+ (/[^/]+)?/_mget"),
    ("bulk", r"\S+ (/[^/]+)?/_bulk"),
    ("documents", r"\S+ /[^/]+/_(doc|create|update|source)\b"),
    ("aggregations", r"\S+ (/[^/]+)?/_search\b[^\n]*\n.*\"agg(s|regations)\""),
    ("search", r"\S+ (/[^/]+)?/_search\b"),
    ("mappings", r"\S+ /[^/]+/_mapping"),
    ("index settings", r"\S+ /[^/]+/_settings"),
    ("indices", r"(PUT|GET|HEAD|DELETE) /[^_/][^/]*$"),
)
"""In this order: the first whose pattern fits `METHOD /path\\nbody`."""

UNWITNESSED: tuple[tuple[str, str], ...] = (
    (
        "`_data_stream`, its lifecycles and options",
        "the module is not published; streams are witnessed by writing to them",
    ),
    ("ILM, SLM", "x-pack plugins that are not published as jars"),
    ("snapshots themselves", "only repositories are asked for"),
    ("enrich, transforms, watches, CCR, Logstash pipelines", "x-pack plugins that are not published as jars"),
    ("machine learning, inference, ES|QL, SQL", "x-pack plugins that are not published as jars"),
    ("synonyms, query rules, connectors", "x-pack plugins that are not published as jars"),
    ("Kibana", "there is no server of it here: its witnesses are published files and schemas"),
)
"""What no server of the tests has, and why: the sandbox follows Elastic's sources and specification there."""


def family(method: str, target: str, body: str) -> str | None:
    """The family of a request, or None (what only helps: a refresh, a cat)."""
    text = f"{method} {target}\n{body}"
    for name, pattern in FAMILIES:
        if re.match(pattern, text, re.DOTALL) or (
            name == "indices" and re.match(pattern, f"{method} {target.split('?')[0]}")
        ):
            return name
    return None


def exchanges() -> Iterator[tuple[Case, str, tuple[str, str, str], Any]]:
    """Every recorded (case, version, request, answer)."""
    answers = {path.stem: json.loads(path.read_text()) for path in sorted((HERE / "answers").glob("*.json"))}
    for case in cases():
        for version in case.versions:
            for step, answer in zip(case.steps, answers[version].get(case.name, ()), strict=False):
                yield case, version, step, answer


def refused(answer: Any) -> bool:
    """Whether an answer is an error, whole or in part."""
    if answer["status"] >= 400:
        return True

    def holds_error(value: Any) -> bool:
        if isinstance(value, dict):
            return bool(value.get("error")) or any(holds_error(part) for part in value.values())
        return isinstance(value, list) and any(holds_error(part) for part in value)

    return holds_error(answer["body"])


def counts() -> dict[str, tuple[int, int, list[str]]]:
    """Family → requests, those of them that are refused, the versions that told."""
    found: dict[str, dict[tuple[str, str, str], bool]] = {name: {} for name, _ in FAMILIES}
    versions: dict[str, set[str]] = {name: set() for name, _ in FAMILIES}
    for _, version, step, answer in exchanges():
        name = family(*step)
        if name is not None:
            found[name][step] = found[name].get(step, False) or refused(answer)
            versions[name].add(version)
    return {name: (len(one), sum(one.values()), sorted(versions[name])) for name, one in found.items()}


def page() -> str:
    """`docs/conformance.md`."""
    lines = [
        "# What the sandbox is held to",
        "",
        "Generated by `tests/contract/families.py`. A case is a request whose answer was recorded from a real server",
        "(9.5.3, 8.19.21; 7.10.2 for what the two lack in the form they are published) and that the sandbox has to answer",
        "the same, status and body; the same request counts once. Errors are those that the real server refuses: at least",
        "half of every family.",
        "",
        "| family | cases | of them errors | recorded from |",
        "|---|---|---|---|",
    ]
    lines += [f"| {name} | {n} | {bad} | {', '.join(v)} |" for name, (n, bad, v) in sorted(counts().items())]
    lines += ["", "No server here can witness these:", "", "| family | why |", "|---|---|"]
    lines += [f"| {name} | {why} |" for name, why in UNWITNESSED]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
