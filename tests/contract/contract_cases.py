"""Contract cases: requests as data, sent to any server, and answers made comparable.

    python tests/contract/contract_cases.py URL VERSION     records the answers of a real server in answers/VERSION.json

7.10 stands in for what the later servers lack here (scripts, processors, rank_feature): its cases are held to 9.5.

A case file holds cases; a case has steps, one text each: `METHOD /path` and the body in the lines below it; `{task}` in
a path is the task that an earlier answer named. Answers are recorded from real servers only: the sandbox has to give
the same.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
SCRIPTS = HERE.parents[1] / "scripts" / "painless"
_SCRIPT = re.compile(r'"<(\w+)>"')

# What differs from run to run, or says where in a body something stood.
_VOLATILE = frozenset(
    "took took_millis ingest_took terminated_early uuid index_uuid index.uuid creation_date index.creation_date"
    " created_date_millis modified_date_millis node pit_id _scroll_id id line col created _node task _type timestamp".split()
)
_PLACE = re.compile(r"\[\d+:\d+\]")
_SOURCE = re.compile(r"\n at \[Source: .*", re.DOTALL)
_UUID = re.compile(r"/[\w-]{22}\]")
_HASH = re.compile(r"@[0-9a-f]{5,8}\b")


@dataclass(frozen=True)
class Case:
    name: str
    steps: tuple[tuple[str, str, str], ...]
    versions: tuple[str, ...]


def cases() -> Iterator[Case]:
    for path in sorted((HERE / "cases").glob("*.yaml")):
        for one in yaml.safe_load(path.read_text()):
            steps = []
            for step in _flat(one["steps"]):
                head, _, body = step.partition("\n")
                method, target = head.split()
                body = _SCRIPT.sub(_script, body)
                steps.append((method, target, body.strip() + "\n" if body.strip() else ""))
            yield Case(f"{path.stem}: {one['name']}", tuple(steps), tuple(one.get("versions", ("9.5", "8.19"))))


def _script(match: re.Match[str]) -> str:
    """`"<name>"` is the text of that script of the project."""
    return json.dumps((SCRIPTS / f"{match[1]}.painless").read_text())


def _flat(steps: list[Any]) -> Iterator[str]:
    """`- *data` puts the steps of another case in: a list within the list. Only its first two, which make the data."""
    for step in steps:
        if isinstance(step, list):
            yield from step[:2]
        else:
            yield step


def run(case: Case, url: str, headers: dict[str, str] | None = None) -> list[Any]:
    """[{"status", "body"}] of each step; what the case makes is deleted before and after it."""
    _clean(url, headers)
    try:
        return list(_answers(case, url, headers))
    finally:
        _clean(url, headers)


def _answers(case: Case, url: str, headers: dict[str, str] | None) -> Iterator[dict[str, Any]]:
    task = ""
    for method, target, body in case.steps:
        answer = _send(url, method, target.replace("{task}", task), body, headers)
        named = answer["body"].get("task") if isinstance(answer["body"], dict) else None
        if isinstance(named, str):
            task = named
        answer["body"] = comparable(answer["body"])
        if task:
            node = task.partition(":")[0]
            answer = json.loads(json.dumps(answer).replace(task, "{task}").replace(node, "{node}"))
        yield answer


def _clean(url: str, headers: dict[str, str] | None) -> None:
    """Everything whose name starts with `case`."""
    found = _send(url, "GET", "/_cat/indices/case*?format=json&h=index&expand_wildcards=all", "", headers)["body"]
    for row in found if isinstance(found, list) else []:
        _send(url, "DELETE", f"/{row['index']}", "", headers)
    for path in ("/_index_template/case*", "/_component_template/case*", "/_ingest/pipeline/case*"):
        _send(url, "DELETE", path, "", headers)


def _send(url: str, method: str, target: str, body: str, headers: dict[str, str] | None) -> dict[str, Any]:
    request = urllib.request.Request(url + target, method=method, data=body.encode() if body else None)
    request.add_header("Content-Type", "application/x-ndjson" if "_bulk" in target else "application/json")
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            status, raw = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, raw = error.code, error.read()
    try:
        parsed = json.loads(raw) if raw else None
    except ValueError:
        parsed = raw.decode()
    return {"status": status, "body": parsed}


def comparable(value: Any) -> Any:
    """Without what is volatile; places in a body become `[line:column]`."""
    if isinstance(value, dict):
        # A simulated document shows a version since 8.0 only.
        hidden = _VOLATILE | {"_version"} if "_ingest" in value else _VOLATILE
        return {k: comparable(v) for k, v in value.items() if k not in hidden}
    if isinstance(value, list):
        return [comparable(v) for v in value]
    if isinstance(value, str):
        return _HASH.sub("@hash", _UUID.sub("/uuid]", _SOURCE.sub("", _PLACE.sub("[line:column]", value))))
    return value


def record(url: str, version: str, headers: dict[str, str] | None = None) -> None:
    answers = {case.name: run(case, url, headers) for case in cases() if version in case.versions}
    path = HERE / "answers" / f"{version}.json"
    path.write_text(json.dumps(answers, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    record(sys.argv[1], sys.argv[2])
