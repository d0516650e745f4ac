"""Move an index's documents into a new one, so that none is missing or doubled wherever it is interrupted.

Mark the source → make the target → block writes → `_reindex`, followed as a task → counts compared → swap all names in
one request. A plain index is cloned first and becomes an alias in that same request. Every step can be done twice, and
what was reached stands in the `_meta` of both indices (see `kinds.moving`): a second run goes on, or takes it back.
Writers get 403 `cluster_block_exception` while documents are copied; the old index keeps its block, so that nobody
writes to it by its own name without noticing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from urllib.parse import quote

from ..errors import EsctlError, Refused, ServerError
from ..kinds.base import OWNER
from ..kinds.moving import BLOCK, mark
from ..kinds.normalise import as_text, copy, flat_settings
from ..model import Body, Change, Reindex, Request, Response, Sender
from .events import Event
from .made import already_there

PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)  # s between two looks at the task; the last one goes on
_RESTARTS = 3  # of a task that its node lost
_TOLD = 3  # failures that are shown
_PIPELINES = ("index.default_pipeline", "index.final_pipeline")
_REFUSALS = {*range(400, 501)} - {408, 429}  # Elasticsearch answers 500 to some plain refusals, too


class Holding(Protocol):
    """The lease: `check` raises Refused where it is lost."""

    def check(self) -> None: ...


class _Failed(EsctlError):
    """The documents cannot be moved; what was begun is taken back."""


def carry_out(
    change: Change,
    sender: Sender,
    lease: Holding,
    on_event: Callable[[Event], None] = lambda event: None,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> Mapping[str, str]:
    """Do what `change.reindex` says: move the documents, or take back what an earlier run left half done.

    Returns the index that now stands where another did, by each of the names that it had.

    Raises EsctlError with the documents that could not be moved (then everything is as it was), Refused where something
    is in the way, ServerError where the servers failed: then a second run goes on.
    """
    if change.reindex is None:
        return {}
    move = _Move(change, change.reindex, sender, lease, on_event, pause)
    if change.reindex.undo:
        move.undo()
        return {}
    try:
        if change.reindex.plain and change.reindex.documents == 0:
            return move.make_anew()
        return move.run()
    except (_Failed, ServerError) as error:
        refused = not isinstance(error, ServerError) or error.status in _REFUSALS
        if not refused:
            hint = "run apply again: it goes on where this one stopped; until then writes may be blocked"
            raise EsctlError(str(error), hint=hint) from error
        move.undo()
        raise EsctlError(f"{error}; nothing was moved, {change.reindex.source} is as it was") from error


@dataclass
class _Move:
    """One move under way."""

    change: Change
    reindex: Reindex
    sender: Sender
    lease: Holding
    on_event: Callable[[Event], None]
    pause: Callable[[float], None]

    def run(self) -> Mapping[str, str]:
        """From wherever an earlier run stopped to the end."""
        names = self.reindex
        found = self.indices(names.source, names.target, names.kept)
        source = self.source_of(found)
        target, clone = found.get(names.target), found.get(names.kept) if names.plain else None
        self.refuse_taken(source, target, clone)
        goes_on = target is not None and self.moved == _without(mark(target)["moved"], "complete") and _blocked(source)
        if target is not None and not goes_on:
            self.discard(target)
        if clone is not None and not goes_on:
            self.delete(names.kept)
        moving = mark(source).get("moving") or {}
        if moving.get("to") != names.target or moving.get("digest") != self.moved["digest"] or not goes_on:
            self.note(names.source, source, moving={"to": names.target, "digest": self.moved["digest"]})
            moving = {}
        if target is None or not goes_on:
            self.create()
        self.write("PUT", f"{_path(names.source)}/_block/write")
        # A copy is made of what a search finds: what was written last has to be visible to it.
        self.write("POST", f"{_path(names.source)}/_refresh")
        if target is None or not goes_on or not mark(target)["moved"].get("complete"):
            self.copy(source, moving.get("task"))
        self.swap(source, cloned=clone is not None and goes_on)
        return dict.fromkeys((names.alias, names.source), names.target)

    def make_anew(self) -> Mapping[str, str]:
        """An empty index: deleted and made again, where it still is empty once nobody can write."""
        name = self.reindex.source
        found = self.indices(name, self.reindex.target)
        if self.reindex.target in found:  # an earlier run had documents to move
            return self.run()
        source = self.source_of(found)
        self.note(name, source, moving={"to": self.reindex.target, "digest": self.moved["digest"]})
        self.write("PUT", f"{_path(name)}/_block/write")
        if count := self.count(name):
            self.undo()
            raise Refused(
                f"{name} holds {_documents(count)} by now; it was empty when the plan was made", hint="plan again"
            )
        body = copy(self.reindex.body)
        del body["mappings"]["_meta"][OWNER]["moved"]
        self.delete(name)
        self.write("PUT", _path(name), body)
        return {}

    @property
    def moved(self) -> Body:
        """The mark that the target bears."""
        return dict(self.reindex.body["mappings"]["_meta"][OWNER]["moved"])

    def source_of(self, found: Mapping[str, Body]) -> Body:
        names = self.reindex
        source = found.get(names.source)
        behind = names.plain or names.renamed or names.alias in (source or {}).get("aliases", {})
        if source is None or not behind:
            raise Refused(f"{names.alias} is no longer {names.source}", hint="plan again")
        return source

    def refuse_taken(self, source: Body, target: Body | None, clone: Body | None) -> None:
        """Names that are taken by something else than an earlier try of this move.

        Where a plain index is still there, nobody ever wrote to a target: with the swap it would have gone.
        """
        names = self.reindex
        ours = (mark(source).get("moving") or {}).get("to") == names.target
        hint = "rename it or delete it; `esctl cleanup` shows what earlier moves left"
        for name, body, kin in (
            (names.target, target, target and (mark(target).get("moved") or {}).get("from") == names.kept),
            (names.kept, clone, clone and (mark(clone).get("moving") or {}).get("to") == names.target),
        ):
            if body is not None and not (ours and kin):
                raise Refused(f"{name} is there already, and not from an earlier try of this move", hint=hint)
        if target is not None and mark(target)["moved"].get("complete") and not names.plain:
            if self.moved != _without(mark(target)["moved"], "complete") or not _blocked(source):
                raise Refused(
                    f"{names.target} was completed by an earlier run, and {names.source} may have been written since",
                    hint=f"delete {names.target}, then plan again",
                )

    def create(self) -> None:
        """The target: without aliases, through which its documents would be seen twice, and without pipelines,
        through which they went before.
        """
        body = copy(self.reindex.body)
        body.pop("aliases", None)
        body["settings"] = {**flat_settings(body.get("settings")), **dict.fromkeys(_PIPELINES, "_none")}
        try:
            self.write("PUT", _path(self.reindex.target), body)
        except ServerError as error:
            # Where the answer to a first try was lost, what is there already bears the mark of this move.
            found = self.indices(self.reindex.target).get(self.reindex.target) if already_there(error) else None
            if found is None or mark(found).get("moved") != self.moved:
                raise

    def copy(self, source: Body, task: str | None) -> None:
        """All documents, then what the target had to do without."""
        names = self.reindex
        made = self.indices(names.target)[names.target]
        if made.get("aliases"):  # a template gave them
            self.aliases([{"remove": {"index": names.target, "alias": alias}} for alias in made["aliases"]])
        conflicts = self.follow(source, task)
        before, after = self.count(names.source), self.count(names.target)
        if before != after:
            also = f", with {conflicts:,} version conflicts" if conflicts else ""
            raise _Failed(f"{names.source} holds {_documents(before)} and {names.target} {_documents(after)}{also}")
        settings = flat_settings(names.body.get("settings"))
        last = {name: settings.get(name) for name in _PIPELINES}
        self.write("PUT", f"{_path(names.target)}/_settings", last)
        self.note(names.target, made, moved={**self.moved, "complete": True})

    def follow(self, source: Body, task: str | None) -> int:
        """Until the task has ended; how many documents were there already."""
        names = self.reindex
        task = task or next(iter(self.running()), None)
        for _ in range(_RESTARTS):
            if task is None:
                task = self.start()
                moving = {"to": names.target, "digest": self.moved["digest"], "task": task}
                self.note(names.source, source, moving=moving)
            ended = self.wait(task)
            if ended is not None:
                return ended
            task = None  # its node is gone, and what it knew with it: what is there already stays
        raise EsctlError(f"the task that copies {names.source} was lost {_RESTARTS} times")

    def start(self) -> str:
        params = {"wait_for_completion": "false", "slices": "auto"}
        if self.reindex.throttle:
            params["requests_per_second"] = f"{self.reindex.throttle:g}"
        body = {
            "conflicts": "proceed",
            "source": {"index": self.reindex.source},
            "dest": {"index": self.reindex.target, "op_type": "create"},
        }
        return str(self.write("POST", "/_reindex", body, params).body["task"])

    def wait(self, task: str) -> int | None:
        """The number of version conflicts when it has ended, None where nobody knows the task any more."""
        looks = 0
        while True:
            answer = self.read("GET", f"/_tasks/{quote(task, safe=':')}", accept=(404,))
            if answer.status == 404:
                return None
            status = answer.body.get("task", {}).get("status", {})
            total, done = _progress(status)
            if total:
                self.on_event(Event(self.change, "running", f"documents into {self.reindex.target}", done, total))
            if answer.body.get("completed"):
                return _result(answer.body)
            self.lease.check()
            self.pause(PAUSES[min(looks, len(PAUSES) - 1)])
            looks += 1

    def swap(self, source: Body, *, cloned: bool) -> None:
        """Every name from the old index to the new one, in one request."""
        names = self.reindex
        self.still_blocked()
        if names.plain:
            if not cloned:
                self.write("POST", f"{_path(names.source)}/_clone/{quote(names.kept, safe='')}", {})
            params = {"wait_for_status": "yellow", "timeout": "30s"}
            self.read("GET", f"/_cluster/health{_path(names.kept)}", params=params)
            if self.count(names.kept) != self.count(names.source):
                raise _Failed(f"the clone {names.kept} does not hold what {names.source} does")
        now = self.still_blocked()
        self.aliases(self.swapped(now.get("aliases") or {}))
        last = self.indices(names.kept)[names.kept]
        self.note(names.kept, last, moving=None, kept={"alias": self.moved["alias"], "by": names.target})

    def still_blocked(self) -> Body:
        """The source as it is now; raises _Failed where somebody may have written to it."""
        name = self.reindex.source
        now = self.indices(name)[name]
        if not _blocked(now):
            raise _Failed(f"the write block of {name} was lifted while its documents were copied")
        return now

    def swapped(self, held: Mapping[str, Body]) -> list[Body]:
        """The actions: what the old index holds now, and what is written, with filters, routing and write index."""
        names = self.reindex
        wanted: dict[str, Body] = {**held, **(names.body.get("aliases") or {})}
        for alias in self.withdrawn(held):
            wanted.pop(alias, None)
        if names.renamed:
            wanted.pop(names.alias, None)
        elif names.plain:
            wanted[names.alias] = {}
        if names.plain:
            actions: list[Body] = [{"remove_index": {"index": names.source}}]
        else:
            actions = [{"remove": {"index": names.source, "alias": a, "must_exist": True}} for a in held]
        return actions + [{"add": {"index": names.target, "alias": a, **options}} for a, options in wanted.items()]

    def withdrawn(self, held: Mapping[str, Body]) -> list[str]:
        """Aliases that were written last time and no longer are."""
        last = self.change.remembered.body.get("aliases") or {} if self.change.remembered else {}
        return [a for a in held if a in last and a not in ((self.change.desired or {}).get("aliases") or {})]

    def undo(self) -> None:
        """The source as it was; the target deleted, unless it was complete: then it stays, marked, for `cleanup`."""
        names = self.reindex
        found = self.indices(names.source, names.target, names.kept)
        source, target, clone = (found.get(name) for name in (names.source, names.target, names.kept))
        if source is None or (mark(source).get("moving") or {}).get("to") != names.target:
            return  # it never began, or it is done
        moved = (mark(target).get("moved") or {}) if target is not None else {}
        if target is not None and moved.get("from") == names.kept and names.alias not in (target.get("aliases") or {}):
            if moved.get("complete") and not names.plain:
                self.note(names.target, target, moved={**moved, "abandoned": True})
            else:
                self.discard(target)
        if names.plain and clone is not None and (mark(clone).get("moving") or {}).get("to") == names.target:
            self.delete(names.kept)
        self.write("PUT", f"{_path(names.source)}/_settings", {BLOCK: None})
        self.note(names.source, source, moving=None)

    def discard(self, target: Body) -> None:
        """Delete the target, after whatever still writes to it was ended."""
        for task in self.running():
            self.write("POST", f"/_tasks/{quote(task, safe=':')}/_cancel")
        looks = 0
        while self.running():
            self.pause(PAUSES[min(looks, len(PAUSES) - 1)])
            looks += 1
        self.delete(self.reindex.target)

    def running(self) -> list[str]:
        """The tasks that copy into the target."""
        params = {"actions": "*reindex", "detailed": "true"}
        nodes = self.read("GET", "/_tasks", params=params).body.get("nodes") or {}
        return [
            name
            for node in nodes.values()
            for name, task in node.get("tasks", {}).items()
            if f"to [{self.reindex.target}]" in str(task.get("description")) and "parent_task_id" not in task
        ]

    def note(self, name: str, body: Body, **marks: Body | None) -> None:
        """Write marks below `_meta.esctl`; None takes one out. `body` is the index as read."""
        meta = copy((body.get("mappings") or {}).get("_meta") or {})
        own = {**meta.get(OWNER, {}), **marks}
        own.setdefault("project", self.reindex.body.get("mappings", {}).get("_meta", {}).get(OWNER, {}).get("project"))
        meta[OWNER] = {key: value for key, value in own.items() if value is not None}
        self.write("PUT", f"{_path(name)}/_mapping", {"_meta": meta})

    def aliases(self, actions: Sequence[Body]) -> None:
        if actions:
            answer = self.write("POST", "/_aliases", {"actions": list(actions)}).body
            if answer.get("errors"):
                raise EsctlError("the aliases were swapped in part: some of them were gone", hint="plan again")

    def indices(self, *names: str) -> dict[str, Body]:
        path = "/" + ",".join(quote(name, safe="") for name in dict.fromkeys(names))
        params = {"ignore_unavailable": "true", "allow_no_indices": "true", "expand_wildcards": "none"}
        return dict(self.read("GET", path, params=params).body)

    def count(self, name: str) -> int:
        self.write("POST", f"{_path(name)}/_refresh")
        return int(self.read("GET", f"{_path(name)}/_count").body["count"])

    def delete(self, name: str) -> None:
        self.write("DELETE", _path(name), accept=(404,))

    def read(
        self, method: Literal["GET"], path: str, *, params: Mapping[str, str] = {}, accept: Sequence[int] = ()
    ) -> Response:
        return self.sender.send(Request("elasticsearch", method, path, params), accept=accept)

    def write(
        self,
        method: Literal["PUT", "POST", "DELETE"],
        path: str,
        body: Body | None = None,
        params: Mapping[str, str] = {},
        accept: Sequence[int] = (),
    ) -> Response:
        self.lease.check()
        return self.sender.send(Request("elasticsearch", method, path, params, body), accept=accept)


def _result(answer: Body) -> int:
    """How many version conflicts a task that has ended had; raises _Failed where it did not do its work."""
    if error := answer.get("error"):
        raise _Failed(f"the documents could not be copied: {_reason(error)}")
    response = answer.get("response") or {}
    if cancelled := response.get("canceled"):
        raise _Failed(f"the task that copies the documents was cancelled: {cancelled}")
    if failures := response.get("failures") or ():
        told = [_failure(failure) for failure in failures[:_TOLD]]
        more = f" and {len(failures) - _TOLD:,} more" if len(failures) > _TOLD else ""
        raise _Failed(f"documents could not be copied: {'; '.join(told)}{more}")
    return int(response.get("version_conflicts", 0))


def _failure(failure: Body) -> str:
    cause = failure.get("cause") or failure.get("reason") or {}
    return f"{failure['id']}: {_reason(cause)}" if "id" in failure else _reason(cause)


def _reason(cause: Any) -> str:
    if not isinstance(cause, dict):
        return str(cause)
    below = cause.get("caused_by")
    return f"{cause.get('reason')}" + (f" ({_reason(below)})" if isinstance(below, dict) else "")


def _progress(status: Body) -> tuple[int, int]:
    """(all, done) of a task's status."""
    done = sum(int(status.get(name, 0)) for name in ("created", "updated", "deleted", "noops", "version_conflicts"))
    return int(status.get("total", 0)), done


def _without(body: Body, key: str) -> Body:
    return {name: value for name, value in body.items() if name != key}


def _blocked(body: Body) -> bool:
    return as_text(flat_settings(body.get("settings")).get(BLOCK)) == "true"


def _path(name: str) -> str:
    return "/" + quote(name, safe="")


def _documents(count: int) -> str:
    return f"{count:,} document" + ("" if count == 1 else "s")
