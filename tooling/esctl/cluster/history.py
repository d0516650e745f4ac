"""The history: every run that wrote, and what it did to each resource, kept in an index of the cluster.

A run is one document, and each of its changes another: both stand there before the first write (`started`, `planned`),
so that a run that is killed leaves a true record. A change becomes `done` with the same request that tells the ledger.
Runs of a project are numbered from 1; a number is taken by creating its document, so no two runs share one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import quote

from ..errors import ServerError
from ..model import Address, Body, Request, Sender
from .ledger import prepare_index

INDEX = "esctl-history"
ABSENT = ("delete", "forget")
"""Actions after which the project no longer has the resource."""

_PAGE = 10_000  # the most that one search returns
_BATCH = 500  # documents with one request,
_BATCH_BYTES = 8_000_000  # and bytes
_READ_BATCH = 100  # bodies read with one request: some are a megabyte
_LONGEST_ID = 512
_CONFLICT = 409

_KEYWORDS = ("type", "project", "environment", "state", "who", "commit", "address", "kind", "id", "space", "action")
DEFINITION: Body = {
    "settings": {
        "index": {
            "hidden": True,
            "number_of_shards": 1,
            "auto_expand_replicas": "0-1",
            "default_pipeline": "_none",
            "final_pipeline": "_none",
        }
    },
    "mappings": {
        "dynamic": "strict",
        "_meta": {"managed_by": "esctl", "format": 1},
        "properties": {
            **{name: {"type": "keyword"} for name in _KEYWORDS},
            **{name: {"type": "long"} for name in ("run", "position", "changes", "done")},
            **{name: {"type": "date"} for name in ("started", "ended")},
            **{name: {"type": "object", "enabled": False} for name in ("told", "after", "before")},
        },
    },
}


@dataclass(frozen=True)
class Run:
    """One run. Times are ISO 8601 in UTC, by the server's clock; `environment` is "" for none.

    `started` is also what a run that was killed is left as. `done` of its `changes` were carried out.
    """

    command: str
    started: str
    number: int = 0
    state: Literal["started", "done", "failed"] = "started"
    ended: str = ""
    who: str = ""
    commit: str = ""
    environment: str = ""
    changes: int = 0
    done: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Step:
    """What a run did to one resource.

    `after` is the body that was sent (secrets as `{"$secret": reference}`), None where it was deleted; `before` is what
    was there, in the normalised form, secrets sealed. `differences` are `{"path", "before", "after"}`.
    """

    address: Address
    action: str
    cause: str = ""
    consequence: str = ""
    words: str = ""
    differences: tuple[Body, ...] = ()
    after: Body | None = None
    before: Body | None = None
    state: Literal["planned", "done", "failed", "skipped"] = "planned"
    reason: str = ""
    run: int = 0
    position: int = field(default=0, compare=False)


class History:
    """The runs of one project. Reading gives nothing where there is no history yet; every method raises ServerError."""

    def __init__(self, sender: Sender, project: str) -> None:
        self._sender = sender
        self._project = project

    # reading

    def runs(self, limit: int = _PAGE) -> list[Run]:
        """The newest runs, newest first."""
        hits = self._search([{"term": {"type": "run"}}], size=limit)
        return [_run(hit["_source"]) for hit in hits]

    def run(self, number: int) -> Run | None:
        """One run."""
        path = f"/{INDEX}/_doc/{quote(self._id(number), safe='')}"
        answer = self._sender.send(Request("elasticsearch", "GET", path), accept=(404,))
        return _run(answer.body["_source"]) if answer.status == 200 else None

    def steps(self, number: int) -> list[Step]:
        """What a run did, in its order, bodies included."""
        filters: list[Body] = [{"term": {"type": "change"}}, {"term": {"run": number}}]
        hits = list(self._all(filters, {"excludes": ["after", "before"]}))
        bodies = self._read([hit["_id"] for hit in hits])
        return [_step(bodies[hit["_id"]]) for hit in hits if hit["_id"] in bodies]

    def state(self, number: int) -> dict[Address, Step]:
        """What each resource was after that run: the last thing done to it. Those that were deleted are left out."""
        filters: list[Body] = [{"term": {"type": "change"}}, {"term": {"state": "done"}}]
        return self._latest([*filters, {"range": {"run": {"lte": number}}}])

    def latest(self, addresses: Collection[Address]) -> dict[Address, Step]:
        """The last that was done to each of these; those that were deleted, or are not known, are left out."""
        filters: list[Body] = [{"term": {"type": "change"}}, {"term": {"state": "done"}}]
        found: dict[Address, Step] = {}
        wanted = [str(address) for address in addresses]
        for start in range(0, len(wanted), _BATCH):
            found |= self._latest([*filters, {"terms": {"address": wanted[start : start + _BATCH]}}])
        return found

    def begun(self, addresses: Collection[Address]) -> set[Address]:
        """Those of which the last that is known is that a run was about to make them, or failed in the middle."""
        newest: dict[Address, Body] = {}
        wanted = sorted(str(address) for address in addresses)
        for start in range(0, len(wanted), _BATCH):
            filters: list[Body] = [{"term": {"type": "change"}}, {"terms": {"address": wanted[start : start + _BATCH]}}]
            for hit in self._all(filters, ["kind", "id", "space", "action", "state"]):
                source = hit["_source"]
                newest.setdefault(Address(source["kind"], source["id"], source.get("space", "")), source)
        return {a for a, s in newest.items() if s["action"] == "create" and s["state"] in ("planned", "failed")}

    def touched(self, after: int = 0) -> list[Step]:
        """Everything done since that run, newest first, without bodies and words."""
        filters: list[Body] = [{"term": {"type": "change"}}, {"range": {"run": {"gt": after}}}]
        fields = ["run", "position", "kind", "id", "space", "action", "state"]
        return [_step(hit["_source"]) for hit in self._all(filters, fields)]

    # writing

    def begin(self, run: Run, steps: Sequence[Step]) -> int:
        """Write down what is about to happen; returns the run's number."""
        newest = self.runs(1)
        number = newest[0].number + 1 if newest else 1
        if not newest:
            prepare_index(self._sender, INDEX, DEFINITION)
        while not self._taken(number, run):
            number += 1  # a run that ended within the last second is not in the search yet
        self._bulk(
            line
            for position, step in enumerate(steps)
            for line in (
                {"index": {"_id": self._id(number, step.address)}},
                self._change(replace(step, run=number, position=position)),
            )
        )
        return number

    def marks(self, number: int, addresses: Iterable[Address], state: str = "done") -> list[Body]:
        """Lines of `_bulk` that mark changes of a run; each names the index, so that they can go with others."""
        lines: list[Body] = []
        for address in addresses:
            lines += [{"update": {"_index": INDEX, "_id": self._id(number, address)}}, {"doc": {"state": state}}]
        return lines

    def add(self, number: int, steps: Sequence[Step], position: int) -> list[Body]:
        """Lines of `_bulk` that add to a run what was not planned: upkeep of the ledger."""
        lines: list[Body] = []
        for offset, step in enumerate(steps):
            document = self._change(replace(step, run=number, position=position + offset))
            lines += [{"index": {"_index": INDEX, "_id": self._id(number, step.address)}}, document]
        return lines

    def end(self, run: Run, outcomes: Sequence[Step] = (), marked: Collection[Address] = ()) -> None:
        """Write down how a run ended; `outcomes` are the changes that failed or were skipped, with the reason.

        Of those in `marked`, the state stays as it is: the request that was to mark them told the ledger, or did not.
        """
        if outcomes:
            self._bulk(
                line
                for step in outcomes
                for line in (
                    {"update": {"_id": self._id(run.number, step.address)}},
                    {"doc": {"told": self._told(step)} | ({} if step.address in marked else {"state": step.state})},
                )
            )
        path = f"/{INDEX}/_doc/{quote(self._id(run.number), safe='')}"
        self._sender.send(Request("elasticsearch", "PUT", path, {"refresh": "true"}, self._document(run)))

    def prune(self, keep_from: int) -> None:
        """Drop the runs before that number; of each resource, what was last done to it until then stays."""
        filters: list[Body] = [{"range": {"run": {"lt": keep_from}}}]
        fields = ["type", "state", "action", "address", "run"]
        seen: set[str] = set()
        drop: list[str] = []
        for hit in self._all(filters, fields):
            source = hit["_source"]
            kept = source["type"] == "change" and source["state"] == "done" and source["address"] not in seen
            if kept:
                seen.add(source["address"])
            if not kept or source["action"] in ABSENT:
                drop.append(hit["_id"])
        self._bulk({"delete": {"_id": one}} for one in drop)

    # the requests

    def _search(self, filters: Sequence[Body], **more: Any) -> list[Body]:
        body = {
            "query": {"bool": {"filter": [{"term": {"project": self._project}}, *filters]}},
            "sort": [{"run": "desc"}, {"position": "asc"}],
            "track_total_hits": False,
            **more,
        }
        answer = self._sender.send(Request("elasticsearch", "POST", f"/{INDEX}/_search", body=body), accept=(404,))
        hits: list[Body] = answer.body["hits"]["hits"] if answer.status == 200 else []
        return hits

    def _all(self, filters: Sequence[Body], source: Any) -> Iterator[Body]:
        more: Body = {"_source": source, "size": _PAGE}
        while True:
            hits = self._search(filters, **more)
            yield from hits
            if len(hits) < _PAGE:
                return
            more["search_after"] = hits[-1]["sort"]

    def _latest(self, filters: Sequence[Body]) -> dict[Address, Step]:
        newest: dict[Address, tuple[str, str]] = {}
        for hit in self._all(filters, ["kind", "id", "space", "action"]):
            source = hit["_source"]
            address = Address(source["kind"], source["id"], source.get("space", ""))
            newest.setdefault(address, (hit["_id"], source["action"]))
        there = {address: one for address, (one, action) in newest.items() if action not in ABSENT}
        bodies = self._read(there.values())
        return {address: _step(bodies[one]) for address, one in there.items() if one in bodies}

    def _read(self, ids: Iterable[str]) -> dict[str, Body]:
        wanted = list(ids)
        found: dict[str, Body] = {}
        for start in range(0, len(wanted), _READ_BATCH):
            body = {"ids": wanted[start : start + _READ_BATCH]}
            answer = self._sender.send(Request("elasticsearch", "POST", f"/{INDEX}/_mget", body=body), accept=(404,))
            documents = answer.body["docs"] if answer.status == 200 else []
            found |= {one["_id"]: one["_source"] for one in documents if one.get("found")}
        return found

    def _taken(self, number: int, run: Run) -> bool:
        name = quote(self._id(number), safe="")
        document = self._document(replace(run, number=number))
        create = Request("elasticsearch", "PUT", f"/{INDEX}/_create/{name}", body=document)
        if self._sender.send(create, accept=(_CONFLICT,)).status != _CONFLICT:
            return True
        # Where the answer to a first try was lost, the document that is in the way is our own.
        found = self._sender.send(Request("elasticsearch", "GET", f"/{INDEX}/_doc/{name}"), accept=(404,))
        return found.status == 200 and found.body["_source"] == document

    def _bulk(self, lines: Iterable[Body]) -> None:
        for batch in _batches(lines):
            answer = self._sender.send(Request("elasticsearch", "POST", f"/{INDEX}/_bulk", body=batch, form="ndjson"))
            for item in answer.body["items"] if answer.body["errors"] else ():
                result = next(iter(item.values()))
                if result["status"] >= 400 and result["status"] != 404:
                    error = result.get("error", {})
                    message = f"the history refused {result['_id']}: {error.get('type')}: {error.get('reason')}"
                    raise ServerError(message, status=result["status"], kind=str(error.get("type") or ""))

    # documents

    def _id(self, number: int, address: Address | None = None) -> str:
        text = f"{self._project}@{number}" + (f"/{address}" if address is not None else "")
        return text if len(text.encode()) <= _LONGEST_ID else "sha256:" + sha256(text.encode()).hexdigest()

    def _document(self, run: Run) -> Body:
        body: Body = {
            "type": "run",
            "project": self._project,
            "run": run.number,
            "position": -1,
            "environment": run.environment,
            "state": run.state,
            "started": run.started,
            "who": run.who,
            "commit": run.commit,
            "changes": run.changes,
            "done": run.done,
            "told": {"command": run.command, "reason": run.reason},
        }
        return body | ({"ended": run.ended} if run.ended else {})

    def _change(self, step: Step) -> Body:
        body: Body = {
            "type": "change",
            "project": self._project,
            "run": step.run,
            "position": step.position,
            "address": str(step.address),
            "kind": step.address.kind,
            "id": step.address.id,
            "space": step.address.space,
            "action": step.action,
            "state": step.state,
            "told": self._told(step),
        }
        bodies = {"after": step.after, "before": step.before}
        return body | {name: value for name, value in bodies.items() if value is not None}

    @staticmethod
    def _told(step: Step) -> Body:
        return {
            "cause": step.cause,
            "consequence": step.consequence,
            "words": step.words,
            "reason": step.reason,
            "differences": list(step.differences),
        }


def _batches(lines: Iterable[Body]) -> Iterator[list[Body]]:
    """Operations with their documents, as many as one request may hold."""
    batch: list[Body] = []
    size = operations = 0
    pending: list[Body] = []
    for line in lines:
        pending.append(line)
        if len(pending) == 1 and "delete" not in line:
            continue  # its document follows
        weight = sum(len(json.dumps(part)) for part in pending)
        if batch and (operations == _BATCH or size + weight > _BATCH_BYTES):
            yield batch
            batch, size, operations = [], 0, 0
        batch += pending
        size, operations, pending = size + weight, operations + 1, []
    if batch:
        yield batch


def _run(source: Mapping[str, Any]) -> Run:
    told = source.get("told") or {}
    return Run(
        command=told.get("command", ""),
        started=source["started"],
        number=source["run"],
        state=source["state"],
        ended=source.get("ended", ""),
        who=source.get("who", ""),
        commit=source.get("commit", ""),
        environment=source.get("environment", ""),
        changes=source.get("changes", 0),
        done=source.get("done", 0),
        reason=told.get("reason", ""),
    )


def _step(source: Mapping[str, Any]) -> Step:
    told = source.get("told") or {}
    return Step(
        Address(source["kind"], source["id"], source.get("space", "")),
        source["action"],
        told.get("cause", ""),
        told.get("consequence", ""),
        told.get("words", ""),
        tuple(told.get("differences", ())),
        source.get("after"),
        source.get("before"),
        source["state"],
        told.get("reason", ""),
        source["run"],
        source.get("position", 0),
    )
