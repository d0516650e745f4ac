"""Golden tests of ingest pipelines: documents through `_simulate`, and what comes out against what is expected."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..kinds.differences import differences
from ..kinds.ingest_pipeline import processors
from ..model import Address, Body, Path, Request, Sender

DROPPED: Body = {"_dropped": True}
"""What stands for a document that a pipeline dropped."""
META = ("_index", "_id", "_routing")
_TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")


@dataclass(frozen=True)
class Mismatch:
    """One place where a result is not as expected: the document's number (from 0), the path in it, and the words."""

    document: int
    path: Path
    words: str


def simulate(sender: Sender, pipeline: Body, documents: Sequence[Body]) -> list[Body]:
    """What becomes of each document (`{_source, _index?, _id?}`): its fields, or `_dropped`, or `_error`.

    Where the pipeline changed `_index`, `_id` or `_routing`, the result is `{_index: …, _source: …}`. Raises
    ServerError where the server refuses the pipeline itself.
    """
    request = Request(
        "elasticsearch", "POST", "/_ingest/pipeline/_simulate", body={"pipeline": pipeline, "docs": list(documents)}
    )
    answer = sender.send(request).body
    return [_result(given, found) for given, found in zip(documents, answer["docs"], strict=True)]


def _result(given: Body, found: Any) -> Body:
    if found is None:
        return dict(DROPPED)
    if "error" in found:
        error = found["error"]
        return {"_error": {key: error[key] for key in ("type", "reason") if key in error}}
    document = found["doc"]
    changed = {k: document[k] for k in META if k in document and document[k] != given.get(k, _UNSAID.get(k))}
    source: Body = document["_source"]
    return {**changed, "_source": source} if changed else source


_UNSAID = {"_index": "_index", "_id": "_id"}
"""What `_simulate` calls an index and an id that were not given."""


def called(pipeline: Body) -> Iterator[str]:
    """The names of the pipelines that it calls."""
    for _, kind, options in processors(pipeline):
        name = options.get("name")
        if kind == "pipeline" and isinstance(name, str) and "{{" not in name:
            yield name


def store(sender: Sender, pipelines: Mapping[str, Body]) -> None:
    """Put pipelines on a server that is the tests' own, so that others can call them."""
    for name, body in pipelines.items():
        sender.send(Request("elasticsearch", "PUT", f"/_ingest/pipeline/{quote(name, safe='')}", body=body))


def unlike(sender: Sender, wanted: Mapping[str, Body], kind: Any, capabilities: Any) -> Iterator[str]:
    """Those of the called pipelines that a server does not have as the project writes them."""
    addresses = {name: Address(kind.name, name) for name in wanted}
    live = kind.read(sender, set(addresses.values()), capabilities) if addresses else {}
    for name, body in wanted.items():
        found = live.get(addresses[name])
        if found is None or differences(kind.normalise(found.body, capabilities), kind.normalise(body, capabilities)):
            yield name


def mismatches(expected: Sequence[Any], found: Sequence[Body], dynamic: Mapping[str, str]) -> list[Mismatch]:
    """Every place where a result is not as expected.

    `dynamic`: dotted path → pattern of a value that is never the same. Numbers with a fraction count as equal where
    they differ by less than a millionth: servers compute in float32.
    """
    told = []
    if len(expected) != len(found):
        told.append(Mismatch(min(len(expected), len(found)), (), f"{len(expected)} expected, {len(found)} came out"))
    for number, (want, have) in enumerate(zip(expected, found, strict=False)):
        have, wrong = _without(have, dynamic)
        want, _ = _without(want, {path: "" for path in dynamic})
        told += [Mismatch(number, path, words) for path, words in wrong]
        for one in differences(want, have):
            if not _close(one.before, one.after):
                told.append(Mismatch(number, one.path, _words(one.before, one.after)))
    return told


def _close(expected: Any, found: Any) -> bool:
    return isinstance(expected, float) and isinstance(found, float) and math.isclose(expected, found, rel_tol=1e-6)


def _words(expected: Any, found: Any) -> str:
    import json

    def shown(value: Any) -> str:
        text = json.dumps(value, ensure_ascii=False)
        return text if len(text) <= 200 else f"{text[:180]}… ({len(text)} characters)"

    if expected is None:
        return f"not expected: {shown(found)}"
    return (
        f"expected {shown(expected)}, missing" if found is None else f"expected {shown(expected)}, found {shown(found)}"
    )


def _without(document: Any, dynamic: Mapping[str, str]) -> tuple[Any, list[tuple[Path, str]]]:
    """The document without its volatile values, and those of them that do not fit their pattern."""
    import copy

    document, wrong = copy.deepcopy(document), []
    for dotted, pattern in dynamic.items():
        for holder, key, path in list(_places(document, dotted.split("."), ())):
            value = holder.pop(key)
            if not re.search(pattern, str(value)):
                wrong.append((path, f"{value!r} does not fit {pattern}"))
            _drop_empty(document, path[:-1])
    return document, wrong


def _drop_empty(document: Any, path: Path) -> None:
    """Take out the objects along `path` that hold nothing any more."""
    for length in range(len(path), 0, -1):
        holder = document
        for key in path[: length - 1]:
            holder = holder[key]
        if holder[path[length - 1]] != {} or isinstance(holder, list) or path[length - 1] == "_source":
            return
        del holder[path[length - 1]]


def _places(value: Any, names: Sequence[str], path: Path) -> Iterator[tuple[dict[str, Any], str, Path]]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _places(item, names, (*path, number))
    elif isinstance(value, dict):
        for length in range(len(names), 0, -1):  # a field's name may hold dots itself
            key = ".".join(names[:length])
            if key in value and length == len(names):
                yield value, key, (*path, key)
                return
            if key in value:
                yield from _places(value[key], names[length:], (*path, key))
                return
        if "_source" in value:
            yield from _places(value["_source"], names, (*path, "_source"))


def volatile(first: Sequence[Body], second: Sequence[Body]) -> dict[str, str]:
    """What differs between two runs over the same documents: dotted path → a pattern for it."""
    found: dict[str, str] = {}
    for one, other in zip(first, second, strict=True):
        for difference in differences(one, other):
            names = [str(key) for key in difference.path if not isinstance(key, int) and key != "_source"]
            time = isinstance(difference.after, str) and _TIMES.fullmatch(difference.after)
            found[".".join(names)] = f"^{_TIMES.pattern}$" if time else "."
    return found


def stripped(documents: Sequence[Body], dynamic: Mapping[str, str]) -> list[Body]:
    """The documents without their volatile values: what an expectation holds."""
    return [_without(document, {path: "" for path in dynamic})[0] for document in documents]
