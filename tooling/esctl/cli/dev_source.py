"""The project's dashboards as a source of the viewer: compiled anew after each save, rows from a server or made up."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EsctlError, Problem, ProjectError, ServerError
from ..preview.filters import TimeRange

if TYPE_CHECKING:
    from ..cluster import Cluster
    from ..model import Body, Resource
    from ..preview import Dashboard, Question
    from ..project import Loaded
    from .invocation import Invocation
    from .preview_rows import Embedded, Live

SAMPLE = "Sample data, made up from the mapping: the sandbox has no such index"
_SPAN = TimeRange("now-7d", "now")
_NO_INDEX = "index_not_found_exception"


@dataclass(frozen=True)
class Reading:
    """What one look at the files gave. `changed` are dashboards to draw anew; `listed`: the list is another."""

    problems: tuple[Problem, ...]
    changed: tuple[str, ...]
    listed: bool

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")


@dataclass
class DevSource:
    """Dashboards of the project as last valid. Nothing of this writes to a server: `cluster` only reads.

    With `made_up`, an index that the server does not have is answered from rows made up from the mapping.
    """

    invocation: Invocation
    cluster: Cluster
    made_up: bool
    _dashboards: Mapping[str, Dashboard] = field(default_factory=dict)
    _rows: Live | None = None
    _samples: _Samples | None = None
    _sampled: set[str] = field(default_factory=set)

    def reload(self) -> Reading:
        """Read and check the project as it is on disk now."""
        from .checks import examine

        fresh = replace(self.invocation)
        try:
            loaded, found = examine(fresh)
        except ProjectError as error:  # of the settings
            return Reading(error.problems, (), False)
        fresh.loaded = loaded
        problems = list(found)
        before = self._dashboards
        self._dashboards = self._compiled(fresh, loaded, problems)
        changed = tuple(key for key, one in self._dashboards.items() if before.get(key) != one)
        names = {key: (one.title, one.description) for key, one in self._dashboards.items()}
        listed = names != {key: (one.title, one.description) for key, one in before.items()}
        return Reading(tuple(problems), changed, listed)

    def _compiled(self, fresh: Invocation, loaded: Loaded, problems: list[Problem]) -> dict[str, Dashboard]:
        """Each dashboard that is right; one that is not stays as it was."""
        from .preview_rows import Live

        rows = Live(fresh, self.cluster)
        if self.made_up:
            self._samples = self._samples or _Samples()
            self._samples.invocation = fresh
        self._rows = rows
        broken = {problem.source.path for problem in problems if problem.severity == "error" and problem.source}
        found = {}
        for resource in loaded.resources:
            if resource.address.kind != "dashboard":
                continue
            key = _key(resource)
            if resource.source.path in broken and _wrong(resource, fresh):
                found.update({key: self._dashboards[key]} if key in self._dashboards else {})
                continue
            try:
                one = rows.dashboard(resource)
                # Kibana's own 15 minutes hold little of what is made up.
                span = one.time_range or (_SPAN if self.made_up else None)
                found[key] = replace(one, id=key, time_range=span)
            except EsctlError as error:
                if key in self._dashboards:
                    found[key] = self._dashboards[key]
                if resource.source.path not in broken:
                    problems += [one if one.source else replace(one, source=resource.source) for one in error.problems]
            except (KeyError, TypeError, ValueError, AttributeError) as fault:
                # What it refers to may be wrong as well, and in no form that can be compiled: that is told already.
                if key in self._dashboards:
                    found[key] = self._dashboards[key]
                if not broken:
                    problems.append(Problem(f"cannot be drawn: {type(fault).__name__}: {fault}", resource.source))
        for problem in loaded.problems:  # a file that cannot be read takes its dashboards with it: keep what was there
            for key, kept in self._dashboards.items():
                if problem.severity == "error":
                    found.setdefault(key, kept)
        return found

    def information(self) -> Body:
        from ..model import Request

        body: Body = self.cluster.send(Request("elasticsearch", "GET", "/")).body
        return body

    def dashboards(self) -> list[Body]:
        return [
            {"id": key, "title": one.title, "description": one.description, "updated_at": None}
            for key, one in self._dashboards.items()
        ]

    def read(self, dashboard_id: str) -> Dashboard:
        if dashboard_id not in self._dashboards:
            raise ServerError(f'the project has no dashboard "{dashboard_id}"', status=404)
        return self._dashboards[dashboard_id]

    def answer(self, question: Question, dashboard: Dashboard) -> Body:
        assert self._rows is not None  # `reload` comes first
        samples = self._samples
        try:
            found = self._rows.answer(question, dashboard)
        except ServerError as error:
            if samples is None or question.kind != "search" or error.kind not in (_NO_INDEX, "") or error.status != 404:
                raise
        else:
            if samples is None or question.kind != "search" or (found.get("_shards") or {}).get("total") != 0:
                self._sampled.discard(question.index)
                return found
        self._sampled.add(question.index)
        return samples.answer(question, dashboard)

    def note(self, question: Question) -> str:
        return SAMPLE if question.index in self._sampled else ""

    def close(self) -> None:
        if self._samples:
            self._samples.close()


class _Samples:
    """Made-up rows of each dashboard, in an embedded node; made anew when what they must hold is another."""

    def __init__(self) -> None:
        self.invocation: Invocation | None = None
        self._lock = threading.Lock()
        self._made: dict[str, tuple[str, Embedded, tempfile.TemporaryDirectory[str]]] = {}

    def answer(self, question: Question, dashboard: Dashboard) -> Body:
        with self._lock:
            return self._embedded(dashboard).answer(question, dashboard)

    def close(self) -> None:
        with self._lock:
            for key in list(self._made):
                self._drop(key)

    def _embedded(self, dashboard: Dashboard) -> Embedded:
        from .preview_rows import Embedded

        assert self.invocation is not None
        folder = tempfile.TemporaryDirectory(prefix="esctl-dev-")
        fresh = Embedded(self.invocation, Path(folder.name), {})
        wanted = fresh.wanted(dashboard)
        known = self._made.get(dashboard.id)
        if known and known[0] == wanted:
            folder.cleanup()
            return known[1]
        self._drop(dashboard.id)
        self._made[dashboard.id] = (wanted, fresh, folder)
        return fresh

    def _drop(self, key: str) -> None:
        known = self._made.pop(key, None)
        if known:
            known[1].close()
            known[2].cleanup()


def _wrong(resource: Resource, fresh: Invocation) -> bool:
    return any(problem.severity == "error" for problem in fresh.kinds[resource.address.kind].check(resource))


def _key(resource: Resource) -> str:
    address = resource.address
    return f"{address.space}/{address.id}" if address.space else address.id
