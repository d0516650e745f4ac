"""A stage for appliers that take turns: every request of each waits until the script says that it is its turn.

Time is the script's, too: it passes while requests are under way, at most 59 s for one of them (esctl gives up after 60).
A request can be lost before or after the server did it, and an applier can be killed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from esctl.errors import ServerError
from esctl.model import Capabilities, Request, Response

START = 1_700_000_000.0
LONGEST = 59.0


class Killed(BaseException):
    """The process is gone."""


@dataclass
class _Ticket:
    request: Request
    issued: float
    done: threading.Event = field(default_factory=threading.Event)
    answer: Response | BaseException | None = None


class Actor:
    """One applier's cluster: what `esctl.apply` needs of one."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage, self.name, self.sent, self.dead, self.longest = stage, name, 0, False, 60.0
        self.capabilities = Capabilities()
        self.lease_run = ""

    def send(self, request: Request, *, accept: Iterable[int] = ()) -> Response:
        if self.dead:
            raise Killed
        self.sent += 1
        answer = self.stage.ask(self, request)
        if isinstance(answer, BaseException):
            raise answer
        if answer.status >= 400 and answer.status not in tuple(accept):
            raise ServerError(f"{request}: {answer.body}", status=answer.status)
        return answer


class Stage:
    """`play` runs functions of an actor side by side; `serve` answers a request (the servers)."""

    def __init__(self, serve: Callable[[Request, float], Response]) -> None:
        self.serve = serve
        self.now = START
        self.wrote: list[tuple[str, Request]] = []
        self.trespasses: list[str] = []
        self._changed = threading.Condition()
        self._waiting: dict[Actor, list[_Ticket]] = {}
        self._running: set[Actor] = set()

    def monotonic(self) -> float:
        return self.now

    def actor(self, name: str) -> Actor:
        return Actor(self, name)

    def ask(self, actor: Actor, request: Request) -> Response | BaseException:
        if actor not in self._running:  # alone on the stage
            return self._do(actor, request)
        ticket = _Ticket(request, self.now)
        with self._changed:
            self._waiting.setdefault(actor, []).append(ticket)
            self._changed.notify_all()
        ticket.done.wait()
        assert ticket.answer is not None
        return ticket.answer

    def play(
        self, parts: dict[Actor, Callable[[], object]], script: Iterable[tuple[int, float, str]]
    ) -> dict[Actor, Any]:
        """What each part returned or raised. A step of the script: whose turn, how many seconds pass, which fault."""
        results: dict[Actor, Any] = {}

        def perform(actor: Actor, part: Callable[[], object]) -> None:
            try:
                results[actor] = part()
            except BaseException as error:
                results[actor] = error
            with self._changed:
                self._running.discard(actor)
                self._changed.notify_all()

        self._running = set(parts)
        threads = [threading.Thread(target=perform, args=item, daemon=True) for item in parts.items()]
        for thread in threads:
            thread.start()
        steps: Iterator[tuple[int, float, str]] = iter(script)
        turn = 0
        while self._settled():
            turn, seconds, fault = next(steps, (turn + 1, 0.5, ""))
            actors = sorted((actor for actor in self._waiting if self._waiting[actor]), key=lambda actor: actor.name)
            actor = actors[turn % len(actors)]
            oldest = min(ticket.issued for tickets in self._waiting.values() for ticket in tickets)
            self.now = min(self.now + seconds, oldest + LONGEST)
            ticket = self._waiting[actor].pop(0)
            ticket.answer = self._fate(actor, ticket.request, fault)
            ticket.done.set()
        for thread in threads:
            thread.join(10)
        return results

    def _settled(self) -> bool:
        """Wait until every part waits for its turn; False where all have ended."""
        with self._changed:
            while any(not self._waiting.get(actor) for actor in self._running):
                self._changed.wait(10)
            return bool(self._running)

    def _fate(self, actor: Actor, request: Request, fault: str) -> Response | BaseException:
        if actor.dead:
            return Killed()
        if fault == "kill":
            actor.dead = True
            return Killed()
        if fault == "lost before":
            return ServerError("the connection broke")
        if fault == "busy":
            return ServerError("busy", status=503)
        answer = self._do(actor, request)
        if fault == "kill after":
            actor.dead = True
            return Killed()
        return ServerError("the connection broke") if fault == "lost after" else answer

    def _do(self, actor: Actor, request: Request) -> Response:
        if request.path.startswith("/_nodes/"):
            return Response(200, {"nodes": {"n": {"timestamp": int(self.now * 1000)}}})
        if request.path.startswith("/_ilm") and request.method in ("PUT", "DELETE"):
            self._watch(actor, request)
        if request.path.endswith("/lease") and request.method == "PUT":
            actor.lease_run = request.body["lease"]["run"]
        return self.serve(request, self.now)

    def _watch(self, actor: Actor, request: Request) -> None:
        """Nobody writes without the lease."""
        self.wrote.append((actor.name, request))
        answer = self.serve(Request("elasticsearch", "GET", "/esctl-ledger/_doc/lease"), self.now)
        lease = answer.body["_source"]["lease"] if answer.status == 200 else {}
        if lease.get("run") != actor.lease_run or lease["expires"] <= self.now * 1000:
            self.trespasses.append(f"{actor.name}: {request} at {self.now - START}, under {lease}")


class FakeServers:
    """The documents and lifecycles of a cluster, in memory; searches see what was refreshed, or is a second old."""

    def __init__(self) -> None:
        self.indices: dict[str, dict[str, tuple[dict[str, Any], int]]] = {}
        self.visible: dict[str, tuple[float, dict[str, tuple[dict[str, Any], int]]]] = {}
        self.policies: dict[str, Any] = {}
        self.sequence = 0

    def __call__(self, request: Request, now: float) -> Response:
        parts = [unquote(part) for part in request.path.strip("/").split("/")]
        if parts[0] == "_ilm":
            return self._policy(request, parts)
        name, *rest = parts
        if name in self.indices:
            self._refresh(name, now, force=False)
        if not rest:
            return self._index(name, request, now)
        if name not in self.indices:
            return Response(404, {"error": "index_not_found_exception"})
        if rest == ["_bulk"]:
            return self._bulk(name, request)
        if rest == ["_mget"]:
            return Response(200, {"docs": [self._get(name, one) for one in request.body["ids"]]})
        if rest == ["_search"]:
            return self._search(name, request.body)
        return self._document(name, rest[-1], request, now, create=rest[0] == "_create")

    def _policy(self, request: Request, parts: list[str]) -> Response:
        if request.method == "GET":
            return Response(200, {name: {"version": 1, "policy": body} for name, body in self.policies.items()})
        if request.method == "PUT":
            self.policies[parts[-1]] = request.body["policy"]
            return Response(200, {"acknowledged": True})
        return Response(200 if self.policies.pop(parts[-1], None) else 404, {})

    def _index(self, name: str, request: Request, now: float) -> Response:
        if request.method == "HEAD":
            return Response(200 if name in self.indices else 404, None)
        if name in self.indices:
            return Response(400, {"error": {"type": "resource_already_exists_exception"}})
        self.indices[name] = {}
        self.visible[name] = (now, {})
        return Response(200, {})

    def _refresh(self, name: str, now: float, *, force: bool) -> None:
        if force or now - self.visible[name][0] >= 1:
            self.visible[name] = (now, dict(self.indices[name]))

    def _document(self, name: str, id: str, request: Request, now: float, *, create: bool) -> Response:
        if request.method == "GET":
            found = self._get(name, id)
            return Response(200 if found["found"] else 404, found)
        conditions = {key: int(value) for key, value in request.params.items() if key.startswith("if_seq")}
        action = "delete" if request.method == "DELETE" else "create" if create else "index"
        result = self._write(name, action, id, conditions, request.body)
        if request.params.get("refresh") == "true":
            self._refresh(name, now, force=True)
        return Response(result["status"], result)

    def _bulk(self, name: str, request: Request) -> Response:
        lines, items = list(request.body), []
        while lines:
            ((action, meta),) = lines.pop(0).items()
            body = lines.pop(0) if action != "delete" else None
            result = self._write(meta.get("_index", name), action, meta["_id"], meta, body)
            items.append({action: result})
        return Response(200, {"errors": any(next(iter(i.values()))["status"] >= 400 for i in items), "items": items})

    def _write(self, name: str, action: str, id: str, conditions: dict[str, Any], body: Any) -> dict[str, Any]:
        documents = self.indices[name]
        current = documents.get(id)
        wanted = conditions.get("if_seq_no")
        if (action == "create" and current) or (wanted is not None and (current is None or current[1] != wanted)):
            return {"_id": id, "status": 409, "error": {"type": "version_conflict_engine_exception"}}
        if current is None and action in ("delete", "update"):
            return {"_id": id, "status": 404}
        self.sequence += 1
        if action == "delete":
            del documents[id]
        else:
            source = {**current[0], **body["doc"]} if action == "update" and current else body
            documents[id] = (source, self.sequence)
        return {"_id": id, "status": 200, "_seq_no": self.sequence, "_primary_term": 1}

    def _get(self, name: str, id: str) -> dict[str, Any]:
        found = self.indices[name].get(id)
        if found is None:
            return {"_id": id, "found": False}
        return {"_id": id, "found": True, "_source": found[0], "_seq_no": found[1], "_primary_term": 1}

    def _search(self, name: str, body: dict[str, Any]) -> Response:
        hits = [
            {"_id": id, "_source": source, "_seq_no": number, "_primary_term": 1}
            for id, (source, number) in self.visible[name][1].items()
            if all(self._matches(source, one) for one in body["query"]["bool"]["filter"])
        ]
        for key in reversed(body["sort"]):
            ((field_, order),) = key.items()
            hits.sort(key=lambda hit: hit["_source"][field_], reverse=order == "desc")
        return Response(200, {"hits": {"hits": hits[: body["size"]]}})

    @staticmethod
    def _matches(source: dict[str, Any], query: dict[str, Any]) -> bool:
        ((kind, inside),) = query.items()
        ((name, wanted),) = inside.items()
        value = source.get(name)
        if kind == "term":
            return bool(value == wanted)
        if kind == "terms":
            return value in wanted
        tests = {"lt": lambda a, b: a < b, "lte": lambda a, b: a <= b, "gt": lambda a, b: a > b}
        return value is not None and all(tests[how](value, limit) for how, limit in wanted.items())
