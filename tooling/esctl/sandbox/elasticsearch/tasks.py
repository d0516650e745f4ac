"""Tasks that outlive their request: run beside it, listed, waited for, cancelled; their results are kept on disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from .dates import now_ms
from .errors import ElasticsearchError
from .mapping import Body
from .node import Node

RESULTS = "task"  # the kind of named bodies that holds them


@dataclass
class Task:
    """One that runs. `rate` is how many documents a second it may write, -1 for as many as it can."""

    id: str
    node_id: str
    action: str
    description: str
    rate: float
    started: int = field(default_factory=now_ms)
    clock: float = field(default_factory=time.monotonic)
    cancelled: bool = False
    status: Callable[[], Body] = dict

    def body(self, *, detailed: bool = True) -> Body:
        """As Elasticsearch shows it; status and description only where asked."""
        shown = {
            "node": self.node_id,
            "id": int(self.id.rpartition(":")[2]),
            "type": "transport",
            "action": self.action,
        }
        if detailed:
            shown |= {"status": self.status(), "description": self.description}
        return shown | {
            "start_time_in_millis": self.started,
            "running_time_in_nanos": int((time.monotonic() - self.clock) * 1e9),
            "cancellable": True,
            "cancelled": self.cancelled,
            "headers": {},
        }


class Tasks:
    """Those of one node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.running: dict[str, Task] = {}
        self.changed = threading.Condition(node.lock)
        """Notified when a task ends, is cancelled or gets another rate; waiting on it lets go of the node's lock."""
        known = [int(id.rpartition(":")[2]) for id in node.collection(RESULTS)]
        self._next = max(known, default=0) + 1

    def new(self, action: str, description: str, rate: float) -> Task:
        task = Task(f"{self._node.node_id}:{self._next}", self._node.node_id, action, description, rate)
        self._next += 1
        self.running[task.id] = task
        return task

    def start(self, task: Task, work: Callable[[Task], Body]) -> None:
        """Run `work` in a thread; its answer, or the error it raises, is kept. Ends with the process, unfinished."""

        def run() -> None:
            with self._node.lock:
                try:
                    kept: Body = {"response": work(task)}
                except ElasticsearchError as error:
                    kept = {"error": error.item()}
                self._node.put(RESULTS, task.id, {"completed": True, "task": task.body(), **kept})
                self.end(task)

        threading.Thread(target=run, name=f"sandbox-task-{task.id}", daemon=True).start()

    def end(self, task: Task) -> None:
        self.running.pop(task.id, None)
        self.changed.notify_all()

    def named(self, actions: list[str]) -> list[Task]:
        return [t for t in self.running.values() if not actions or any(fnmatchcase(t.action, a) for a in actions)]


def listed(node: Node, tasks: list[Task], *, detailed: bool) -> dict[str, Any]:
    """`{"nodes": {…}}` of some tasks; no node where there are none."""
    if not tasks:
        return {"nodes": {}}
    shown = {task.id: task.body(detailed=detailed) for task in tasks}
    about = {"name": "sandbox", "transport_address": "127.0.0.1:9300", "host": "127.0.0.1", "ip": "127.0.0.1:9300"}
    return {"nodes": {node.node_id: {**about, "roles": ["data", "ingest", "master"], "tasks": shown}}}


def node_failure(place: str, type: str, reason: str, **extra: Any) -> Body:
    """What is answered, with 200, of a task that cannot be reached."""
    cause = {"type": type, "reason": reason, **extra}
    failed = {"type": "failed_node_exception", "reason": f"Failed node [{place}]", "node_id": place}
    return {"node_failures": [{**failed, "caused_by": cause}], "nodes": {}}
