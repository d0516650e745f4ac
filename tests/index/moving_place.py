"""A project of indices on a sandbox, for tests of moves: applied, killed at a request, written to meanwhile."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from esctl.apply import run
from esctl.cli.change import make_plan
from esctl.cli.invocation import Invocation
from esctl.cluster import WRITING, Cluster
from esctl.model import Plan, Request, Response

if TYPE_CHECKING:
    from esctl.sandbox.server import Sandbox

ALLOWED = ("replace", "alias")


class Killed(BaseException):
    """The process is gone: nothing catches it, and nothing is sent any more."""


class Place:
    """A project in `root` against one sandbox."""

    def __init__(self, root: Path, sandbox: Sandbox, name: str = "moving") -> None:
        self.root, self.sandbox, self.name = root, sandbox, name
        (root / "mappings").mkdir(parents=True, exist_ok=True)
        (root / "esctl.yaml").write_text(f"name: {name}\nresources: [mappings]\n", encoding="utf-8")

    def write(self, text: str) -> None:
        (self.root / "mappings" / "index.yaml").write_text(text, encoding="utf-8")

    def invocation(self) -> Invocation:
        url = self.sandbox.elasticsearch_url
        return Invocation(project=self.root, environ={}, elasticsearch_url=url, kibana_url=self.sandbox.kibana_url)

    def plan(self) -> Plan:
        invocation = self.invocation()
        with invocation.cluster() as cluster:
            return make_plan(invocation, cluster)

    def apply(
        self,
        *,
        allow: tuple[str, ...] = ALLOWED,
        during: Callable[[Cluster], None] = lambda cluster: None,
        on_event: Callable[[Any], None] = lambda event: None,
        change: Callable[[Plan], Plan] = lambda plan: plan,
        overwrite: list[str] | None = None,
    ) -> Any:
        """`during` may put something between the plan and the requests that carry it out."""
        invocation = self.invocation()
        with invocation.cluster(WRITING) as cluster:
            plan = change(make_plan(invocation, cluster, overwrite=overwrite))
            during(cluster)
            return run(plan, cluster, invocation.kinds, allow=allow, on_event=on_event)

    def killed(self, at: int) -> int | None:
        """Apply, and die before the answer to request number `at` is read.

        The number of requests where it did not come to that.
        """
        sent = 0

        def dying(cluster: Cluster) -> None:
            send = cluster.send

            def sending(request: Request, *, accept: Any = ()) -> Response:
                nonlocal sent
                sent += 1
                if sent > at:  # nothing is tidied up either
                    raise Killed
                response = send(request, accept=accept)
                if sent == at:
                    raise Killed
                return response

            cluster.send = sending  # type: ignore[method-assign]

        try:
            self.apply(during=dying)
        except Killed:
            self.send("DELETE", "/esctl-ledger/_doc/lease", accept=(404,))  # it would expire
            return None
        return sent

    def send(self, method: str, path: str, body: Any = None, *, accept: tuple[int, ...] = ()) -> Any:
        """Plain HTTP, past esctl."""
        status, answer = ask(self.sandbox.elasticsearch_url, method, path, body)
        assert status < 400 or status in accept, answer
        return answer

    def documents(self, name: str) -> dict[str, Any]:
        """Every document by its id; fails where an id comes twice."""
        self.send("POST", f"/{name}/_refresh")
        hits = self.send("POST", f"/{name}/_search", {"size": 10000})["hits"]["hits"]
        assert len({hit["_id"] for hit in hits}) == len(hits), "a document is there twice"
        return {hit["_id"]: hit["_source"] for hit in hits}

    def fill(self, name: str, documents: dict[str, Any]) -> None:
        for id, source in documents.items():
            self.send("PUT", f"/{name}/_doc/{id}", source)


def ask(url: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Status and parsed answer of one request."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url + path, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")
