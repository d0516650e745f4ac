"""Contract cases: requests as data, sent to any server, and answers made comparable.

    python tests/contract/contract_cases.py URL VERSION [FILE...]   records a real server's answers in answers/VERSION.json

FILE is the name of a file of cases (`aliases`); without any, all are recorded. The server has to be a fresh one: data
streams stay, since the servers of the tests cannot delete them. USER:PASSWORD before the address is sent along.

7.10 stands in for what the later servers lack here (scripts, processors, rank_feature): its cases are held to 9.5.

A case file holds cases; a case has steps, one text each: `METHOD /path` and the body in the lines below it; `{task}` in
a path is the task that an earlier answer named. Answers are recorded from real servers only: the sandbox has to give
the same.
"""

from __future__ import annotations

import base64
import json
import re
import sys
import urllib.error
import urllib.parse
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
_DAY = re.compile(r"(\.ds-[\w-]+?)-\d{4}\.\d\d\.\d\d-(\d{6})")
_SIMULATED = re.compile(r"(simulate_(?:index_)?template)_[a-z0-9_-]{22}")
_WRITERS = re.compile(r"write index \[([\w,-]+)\]")  # named in the order of a hash
_OWN_ID = re.compile(r"[\w-]{20}")


@dataclass(frozen=True)
class Case:
    name: str
    steps: tuple[tuple[str, str, str], ...]
    versions: tuple[str, ...]

    @property
    def file(self) -> str:
        """The file of cases that it stands in."""
        return self.name.partition(":")[0]


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


_KINDS = ("_index_template", "_component_template", "_template", "_ingest/pipeline")


def _clean(url: str, headers: dict[str, str] | None) -> None:
    """Everything whose name starts with `case`."""
    found = _send(url, "GET", "/_cat/indices/case*?format=json&h=index&expand_wildcards=all", "", headers)["body"]
    for row in found if isinstance(found, list) else []:
        _send(url, "DELETE", f"/{row['index']}", "", headers)
    for path in (*(f"/{kind}/case*" for kind in _KINDS), "/_data_stream/ds-*", "/_index_template/ds-*"):
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
        shown = {_DAY.sub(r"\1-day-\2", k): comparable(v) for k, v in value.items() if k not in hidden}
        if isinstance(shown.get("_id"), str) and _OWN_ID.fullmatch(shown["_id"]):
            shown["_id"] = "{id}"
        return shown
    if isinstance(value, list):
        return [comparable(v) for v in value]
    if isinstance(value, str):
        value = _WRITERS.sub(lambda found: f"write index [{','.join(sorted(found[1].split(',')))}]", value)
        value = _SIMULATED.sub(r"\1_uuid", _DAY.sub(r"\1-day-\2", value))
        return _HASH.sub("@hash", _UUID.sub("/uuid]", _SOURCE.sub("", _PLACE.sub("[line:column]", value))))
    return value


def record(url: str, version: str, *files: str) -> None:
    """Ask a real server, and keep what it answers; the other answers stay as they are."""
    parts = urllib.parse.urlsplit(url)
    headers = {}
    if parts.username:
        url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        basic = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
        headers["Authorization"] = f"Basic {basic}"
    asked = [case for case in cases() if version in case.versions and (not files or case.file in files)]
    answers = {case.name: run(case, url, headers) for case in asked}
    path = HERE / "answers" / f"{version}.json"
    known = {case.name for case in cases()}
    kept = json.loads(path.read_text()) if path.exists() else {}
    answers = {name: steps for name, steps in kept.items() if name in known} | answers
    path.write_text(json.dumps(answers, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    record(*sys.argv[1:])
