"""The files of golden tests: `tests/pipelines/<pipeline>/<case>.yaml`, read with their lines, expectations written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from ..errors import EsctlError, Problem, ProjectError, Source, did_you_mean, nearest

if TYPE_CHECKING:
    from ..model import Path

FOLDER = "tests/pipelines"
KEYS = ("docs", "expected", "dynamic_fields", "model")


@dataclass(frozen=True)
class Case:
    """One file. `documents` are as `_simulate` takes them; `expected` is None where it was not written yet."""

    file: str
    pipeline: str
    documents: tuple[dict[str, Any], ...]
    expected: tuple[Any, ...] | None
    dynamic: Mapping[str, str]
    model: str | None
    lines: Mapping[Path, int] = field(default_factory=dict, repr=False)

    def at(self, *path: str | int) -> Source:
        """Where it is written; the nearest place above where it is not."""
        for length in range(len(path), -1, -1):
            if line := self.lines.get(tuple(path[:length])):
                return Source(self.file, line)
        return Source(self.file)


def case_files(root: FilePath, given: Sequence[str] | None) -> list[FilePath]:
    """The cases' files: all of them, or those below the paths given (from here, or from the project's root)."""
    wanted = [_found(root, name) for name in given or ()] or [root / FOLDER]
    files = {path for place in wanted for path in ([place] if place.is_file() else sorted(place.rglob("*.y*ml")))}
    if not files:
        raise EsctlError(
            "there are no golden tests", hint=f"write {FOLDER}/<pipeline>/<case>.yaml; docs/testing.md shows how"
        )
    return sorted(files)


def _found(root: FilePath, name: str) -> FilePath:
    for path in (FilePath(name), root / name, root / FOLDER / name):
        if path.exists():
            return path.absolute()
    known = [path.name for path in (root / FOLDER).iterdir()] if (root / FOLDER).is_dir() else []
    raise EsctlError(f'there is no test "{name}"', hint=did_you_mean(FilePath(name).name, known))


def read_case(path: FilePath, root: FilePath) -> Case:
    """Read one file. Raises ProjectError with every mistake in it."""
    from ..project.settings import read_text
    from ..project.yaml import read_yaml

    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    documents = read_yaml(read_text(path, name), name)
    if len(documents) != 1 or not isinstance(documents[0].data, dict):
        raise ProjectError([Problem("a golden test is one mapping with docs and expected", Source(name, 1))])
    data, lines = documents[0].data, documents[0].lines
    problems = list(_mistakes(data, lines, name))
    if problems:
        raise ProjectError(problems)
    docs = data["docs"]
    if isinstance(docs, str):
        docs = _ndjson(path.parent / docs, Source(name, lines.get(("docs",), 1)))
    given = tuple(one if isinstance(one.get("_source"), dict) else {"_source": one} for one in docs)
    expected = data.get("expected")
    dynamic = {key: str(value) for key, value in (data.get("dynamic_fields") or {}).items()}
    return Case(
        name, path.parent.name, given, None if expected is None else tuple(expected), dynamic, data.get("model"), lines
    )


def _mistakes(data: dict[str, Any], lines: Mapping[Path, int], name: str) -> Iterator[Problem]:
    for key in data:
        if key not in KEYS:
            yield Problem(
                f'unknown key "{key}"',
                Source(name, lines[(key,)]),
                did_you_mean(key, KEYS) or f"known: {', '.join(KEYS)}",
            )
    docs = data.get("docs")
    meant = docs is None and any(nearest(str(key), ["docs"]) for key in data if key not in KEYS)  # told already
    if not meant and not isinstance(docs, str) and not (
        isinstance(docs, list) and docs and all(isinstance(one, dict) for one in docs)
    ):
        yield Problem(
            "docs must be a list of documents, or the name of an NDJSON file beside",
            Source(name, lines.get(("docs",), 1)),
        )
    for key, kind, words in (
        ("expected", list, "a list"),
        ("dynamic_fields", dict, "a mapping"),
        ("model", str, "a path"),
    ):
        if data.get(key) is not None and not isinstance(data[key], kind):
            yield Problem(f"{key} must be {words}", Source(name, lines[(key,)]))
    for key, pattern in (
        (data.get("dynamic_fields") or {}).items() if isinstance(data.get("dynamic_fields"), dict) else ()
    ):
        try:
            re.compile(str(pattern))
        except re.error as error:
            place = Source(name, lines[("dynamic_fields", key)])
            yield Problem(f"dynamic_fields: {key}: {error}", place, "it is a regular expression")


def _ndjson(path: FilePath, place: Source) -> list[dict[str, Any]]:
    if not path.is_file():
        raise ProjectError([Problem(f'docs: there is no file "{path.name}" beside it', place)])
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if not line.strip():
            continue
        try:
            document = json.loads(line)
        except ValueError as error:
            raise ProjectError([Problem(f"{path.name}:{number}: not JSON: {error}", place)]) from None
        if not isinstance(document, dict):
            raise ProjectError([Problem(f"{path.name}:{number}: not an object", place)])
        found.append(document)
    return found


def write_expectation(path: FilePath, expected: Sequence[Any], dynamic: Mapping[str, str]) -> None:
    """Put what came out into the case's file; all else in it stays."""
    from ..project.edit import edited
    from ..project.edits import Edit, Set
    from ..project.yaml import read_yaml

    text = path.read_bytes().decode("utf-8")
    (document,) = read_yaml(text, path.name)
    edits: list[Edit] = []
    if dynamic and dynamic != document.data.get("dynamic_fields"):
        edits.append(Set(("dynamic_fields",), dict(dynamic)))
    if json.dumps(document.data.get("expected"), sort_keys=True) != json.dumps(list(expected), sort_keys=True):
        edits.append(Set(("expected",), list(expected)))
    if edits:
        path.write_text(edited(text, 0, edits), encoding="utf-8", newline="")
