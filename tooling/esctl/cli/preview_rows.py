"""Where a preview's rows come from: the servers, files, or documents made up; the last two in an embedded node."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..errors import EsctlError, ServerError, did_you_mean
from ..model import Address, Body, Request

if TYPE_CHECKING:
    from ..cluster import Cluster
    from ..kinds.rules.written import Written
    from ..model import Resource
    from ..preview import Ask, Dashboard, Question
    from .invocation import Invocation

SAMPLES = 600
_FORM = (9, 5, 0)
"""Which Kibana's form pictures are made from: any one will do, and the newest holds most."""


@contextmanager
def rows_of(invocation: Invocation, data: Sequence[str], sample: bool) -> Iterator[Rows]:
    """Rows from where the options say."""
    if data and sample:
        raise EsctlError("--data and --sample: only one of them")
    if data or sample:
        with tempfile.TemporaryDirectory(prefix="esctl-preview-") as folder:
            rows = Embedded(invocation, Path(folder), _files(data))
            try:
                yield rows
            finally:
                rows.close()
    else:
        with invocation.cluster() as cluster:
            yield Live(invocation, cluster)


class Rows:
    """Dashboards of the project as Kibana would hand them out, and answers to what they ask."""

    def __init__(self, invocation: Invocation) -> None:
        self._resources = {r.address: r for r in invocation.loaded.resources}

    def answer(self, question: Question, dashboard: Dashboard) -> Body:
        """What is said to one question of that dashboard."""
        return self.ask(dashboard)((question,))[0]

    def dashboard(self, resource: Resource) -> Dashboard:
        """A dashboard, or a visualization as the only panel of one. Raises EsctlError for what cannot be resolved."""
        from ..dashboards import to_saved_objects
        from ..preview import read_dashboard
        from ..secret import replaced

        space, spec = resource.address.space, replaced(resource.spec, lambda secret: secret.reference)
        if resource.address.kind == "dashboard":
            first = to_saved_objects(spec, id=resource.address.id, version=_FORM)[0]
        else:
            first = _alone(_visualization(resource))
        return read_dashboard(self._with_references(first, space), first["id"])

    def _with_references(self, first: Body, space: str) -> list[Body]:
        """The object and all that it refers to: the project's own first, then what the servers have."""
        found = {(first["type"], first["id"]): first}
        pending = [first]
        while pending:
            wanted = {
                (r["type"], r["id"])
                for stored in pending
                for r in stored.get("references") or ()
                if r["type"] not in ("tag", "dashboard")
            } - set(found)
            pending = []
            missing = []
            for type_, id_ in sorted(wanted):
                own = self._own(type_, id_, space)
                if own:
                    found[type_, id_] = own
                    pending.append(own)
                else:
                    missing.append((type_, id_))
            for stored in self._elsewhere(missing, space) if missing else ():
                if (stored["type"], stored["id"]) not in found:
                    found[stored["type"], stored["id"]] = stored
                    pending.append(stored)
        return list(found.values())

    def _own(self, type_: str, id_: str, space: str) -> Body | None:
        kind = {"index-pattern": "data-view", "lens": "visualization"}.get(type_, type_)
        resource = self._resources.get(Address(kind, id_, space))
        if resource is None:
            return None
        if kind == "data-view":
            return _data_view(resource)
        stored = _visualization(resource) if kind == "visualization" else None
        return stored if stored and stored["type"] == type_ else None

    def _elsewhere(self, wanted: list[tuple[str, str]], space: str) -> Iterable[Body]:
        """What is not of this project."""
        return ()

    def ask(self, dashboard: Dashboard) -> Ask:
        raise NotImplementedError


class Live(Rows):
    """Rows of the configured servers; each search is sent by itself, panels side by side."""

    def __init__(self, invocation: Invocation, cluster: Cluster) -> None:
        super().__init__(invocation)
        self._cluster = cluster

    def _elsewhere(self, wanted: list[tuple[str, str]], space: str) -> Iterable[Body]:
        from ..kinds.saved_objects import EXPORT, in_space

        for type_, id_ in wanted:
            body = {
                "objects": [{"type": type_, "id": id_}],
                "excludeExportDetails": True,
                "includeReferencesDeep": True,
            }
            answer = self._cluster.send(
                Request("kibana", "POST", in_space(space, EXPORT), body=body), accept=(400, 404)
            )
            if answer.status == 200:
                yield from answer.body if isinstance(answer.body, list) else [answer.body]

    def ask(self, dashboard: Dashboard) -> Ask:
        from ..preview import side_by_side

        return side_by_side(self._answer)

    def _answer(self, question: Question) -> Body:
        if question.kind == "esql":
            return _as_body(self._cluster.send(Request("elasticsearch", "POST", "/_query", body=question.body)).body)
        path = f"/{quote(question.index, safe=',*-')}/_search"
        answer = _as_body(self._cluster.send(Request("elasticsearch", "POST", path, body=question.body)).body)
        failures = (answer.get("_shards") or {}).get("failures")
        if failures:
            reason = failures[0].get("reason") or {}
            raise ServerError(f"{question.index}: {reason.get('reason') or reason.get('type') or 'a shard failed'}")
        return answer


class Embedded(Rows):
    """Rows of files, or made up, in a node of this process: the same searches as against a server."""

    def __init__(self, invocation: Invocation, folder: Path, files: Mapping[str, Path]) -> None:
        super().__init__(invocation)
        self._folder = folder
        self._files = dict(files)
        self._filled: set[str] = set()

    @cached_property
    def _node(self) -> Any:
        from ..sandbox.elasticsearch.app import elasticsearch_app

        return elasticsearch_app(self._folder)

    @cached_property
    def _written(self) -> Written:
        from ..kinds.rules.written import Written

        return Written(list(self._resources.values()))

    def close(self) -> None:
        if "_node" in self.__dict__:
            self._node.close()

    def ask(self, dashboard: Dashboard) -> Ask:
        from ..preview import wishes

        wanted = wishes(dashboard)
        patterns = list(wanted.fields)
        by_pattern = self._files_for(patterns, dashboard)
        for pattern in patterns:
            if pattern in self._filled:
                continue
            self._filled.add(pattern)
            if not self._files:
                self._fill(pattern, self._made_up(pattern, dashboard), self._mapping(pattern, wanted.fields[pattern]))
            elif pattern in by_pattern:
                self._fill(pattern, read_rows(by_pattern[pattern]), self._mapping(pattern, {}))
        return lambda questions: [self._answer(question) for question in questions]

    def wanted(self, dashboard: Dashboard) -> str:
        """What made-up rows of this dashboard must hold: the same text, the same rows."""
        from ..preview import wishes

        found = wishes(dashboard)
        mappings = {pattern: self._mapping(pattern, fields) for pattern, fields in found.fields.items()}
        return repr((mappings, found.values, found.bounds, dashboard.time_range))

    def _files_for(self, patterns: list[str], dashboard: Dashboard) -> dict[str, Path]:
        """Which file holds the rows of which index pattern; a file without a name goes to the only one."""
        titles = {view.id: view.title for view in dashboard.data_views.values()}
        found: dict[str, Path] = {}
        for name, path in self._files.items():
            if name:
                if name not in patterns and titles.get(name) not in patterns:
                    known = [*patterns, *(i for i, t in titles.items() if t in patterns)]
                    hint = did_you_mean(name, known) or f"known are {', '.join(patterns)}"
                    raise EsctlError(
                        f'--data "{name}={path}": dashboard "{dashboard.title}" reads no "{name}"', hint=hint
                    )
                found[name if name in patterns else titles[name]] = path
            elif len(patterns) == 1:
                found[patterns[0]] = path
            else:
                hint = f"write for example --data {patterns[0] if patterns else 'index'}={path}"
                raise EsctlError(f"--data {path}: the dashboard reads {len(patterns)} indices", hint=hint)
        return found

    def _mapping(self, pattern: str, used: Mapping[str, str]) -> Body:
        """The project's own mapping, and what charts use beyond it."""
        fields = self._written.fields(pattern)
        properties: Body = {}
        leaves = {name: leaf.definition for name, leaf in fields.leaves.items()} if fields else {}
        for name, definition in leaves.items():
            if name.rpartition(".")[0] not in leaves and isinstance(definition, dict):
                properties[name] = definition
        for name, kind in used.items():
            if name not in leaves and not name.startswith("_"):
                properties.setdefault(name.removesuffix(".keyword"), _guessed(name, kind))
        return properties

    def _made_up(self, pattern: str, dashboard: Dashboard) -> Iterator[Body]:
        from ..preview import documents, wishes

        wanted = wishes(dashboard)
        fields = self._mapping(pattern, wanted.fields[pattern])
        return documents(fields, wanted, SAMPLES, dashboard.time_range, seed=pattern)

    def _fill(self, pattern: str, rows: Iterable[Body], properties: Body) -> None:
        index = pattern.split(",")[0].replace("*", "sample").lstrip("-_+") or "sample"
        settings = {"index.mapping.total_fields.limit": 20000}
        body = {"settings": settings, "mappings": {"properties": _nested(properties)}}
        self._call("PUT", f"/{quote(index, safe='')}", body)
        lines = []
        for row in rows:
            lines += ['{"create":{}}', json.dumps(row, ensure_ascii=False, default=str)]
        if lines:
            answer = self._call("POST", f"/{quote(index, safe='')}/_bulk", ("\n".join(lines) + "\n").encode())
            failed = [item["create"]["error"] for item in answer["items"] if "error" in item["create"]]
            self._call("POST", f"/{quote(index, safe='')}/_refresh", None)
            if failed:
                raise EsctlError(f"{index}: {len(failed)} rows were refused: {failed[0].get('reason')}")

    def _answer(self, question: Question) -> Body:
        if question.kind == "esql":
            hint = "preview it with the servers' own data"
            raise EsctlError("the embedded node has no ES|QL", hint=hint)
        return _as_body(self._call("POST", f"/{quote(question.index, safe=',*-')}/_search", question.body))

    def _call(self, method: str, path: str, body: Any) -> Any:
        status, answer = self._node.call(method, path, body)
        if status >= 400:
            error = answer.get("error") if isinstance(answer, dict) else answer
            reason = error.get("reason") if isinstance(error, dict) else error
            raise ServerError(f"{reason}", status=status)
        return answer


def _as_body(answer: Any) -> Body:
    if not isinstance(answer, dict):
        raise ServerError("Elasticsearch answered something that is not JSON")
    return answer


def _guessed(name: str, kind: str) -> Body:
    if name.endswith(".keyword"):
        return {"type": "text", "fields": {"keyword": {"type": "keyword"}}}
    return {"type": kind or "keyword"}


def _nested(properties: Mapping[str, Body]) -> Body:
    """Fields by full name → properties within properties."""
    top: Body = {}
    for name, definition in properties.items():
        *above, last = name.split(".")
        place = top
        for part in above:
            place = place.setdefault(part, {}).setdefault("properties", {})
        place[last] = {**definition, **place.get(last, {})}
    return top


def _data_view(resource: Resource) -> Body:
    """The `index-pattern` object of a data view of the project."""
    spec = resource.spec
    attributes = {
        "title": spec.get("title"),
        "name": spec.get("name"),
        "timeFieldName": spec.get("timeFieldName"),
        "fieldFormatMap": spec.get("fieldFormats") or {},
        "runtimeFieldMap": spec.get("runtimeFieldMap") or {},
    }
    return {"type": "index-pattern", "id": resource.address.id, "attributes": attributes, "references": []}


def _visualization(resource: Resource) -> Body:
    from ..dashboards import visualization_object

    return visualization_object(resource.spec, id=resource.address.id)


def _alone(stored: Body) -> Body:
    """A dashboard around one object of the library."""
    panel = {
        "type": stored["type"],
        "panelIndex": "only",
        "gridData": {"x": 0, "y": 0, "w": 48, "h": 20, "i": "only"},
        "embeddableConfig": {"attributes": stored["attributes"]},
        "panelRefName": "panel_only",
    }
    own = {"type": stored["type"], "id": stored["id"], "name": "only:panel_only"}
    attributes = {"title": stored["attributes"]["title"], "panelsJSON": [panel], "optionsJSON": {}}
    return {"type": "dashboard", "id": stored["id"], "attributes": attributes, "references": [own]}


def _files(data: Sequence[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for text in data:
        name, equals, path = text.rpartition("=")
        if name in found:
            raise EsctlError(f"--data {text}: {'the index' if name else 'a file without an index'} is given twice")
        found[name] = Path(path)
    return found


def read_rows(path: Path) -> Iterator[Body]:
    """The rows of a file, by its ending. Raises EsctlError with the line of a mistake."""
    readers: dict[str, Callable[[Path], Iterator[Body]]] = {
        ".ndjson": _ndjson, ".jsonl": _ndjson, ".json": _json, ".csv": _csv, ".parquet": _parquet,
    }  # fmt: skip
    if path.suffix not in readers:
        raise EsctlError(f"{path}: rows are read from {', '.join(readers)}")
    if not path.is_file():
        raise EsctlError(f"{path} does not exist")
    return readers[path.suffix](path)


def _ndjson(path: Path) -> Iterator[Body]:
    """Documents, or the lines of a bulk request, whose actions are passed over."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise EsctlError(f"{path}:{number}: not JSON: {error}") from None
            if not isinstance(row, dict):
                raise EsctlError(f"{path}:{number}: not an object")
            if len(row) == 1 and next(iter(row)) in ("index", "create") and isinstance(next(iter(row.values())), dict):
                continue
            yield row


def _json(path: Path) -> Iterator[Body]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise EsctlError(f"{path}: not JSON: {error}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise EsctlError(f"{path}: not a list of objects")
    yield from rows


def _csv(path: Path) -> Iterator[Body]:
    import csv

    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {name: _typed(value) for name, value in row.items() if name and value not in (None, "")}


def _typed(text: str) -> Any:
    """Numbers and truth values of a cell; all else stays text."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if str(number) == text or kind is float and text.lower() not in ("nan", "inf", "-inf") else text
    return text


def _parquet(path: Path) -> Iterator[Body]:
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise EsctlError(f"{path}: not Parquet: {error}") from None
    for row in table.to_pylist():
        yield {n: v.isoformat() if hasattr(v, "isoformat") else v for n, v in row.items() if v is not None}
