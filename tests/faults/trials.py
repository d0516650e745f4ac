"""One trial: a command while one request goes wrong, then the same command again, then a look at what is there.

What is there is read past esctl, and compared with what the same commands leave where nothing goes wrong.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import io
import json
import multiprocessing
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import killable
import requests
from faulty_proxy import KILLS, Fault, FaultyProxy

from esctl import cli
from esctl.cluster import client, lease
from esctl.cluster.retries import Retries
from esctl.sandbox.server import Sandbox

FILES = Path(__file__).with_name("project")
EXAMPLES = Path(__file__).parents[2] / "docs/kinds"


MIXED = (FILES / "all.yaml").read_text(encoding="utf-8")


def one_of_every_kind() -> str:
    """The project's file, and the examples of those kinds that it lacks."""
    documents = MIXED.split("---\n")
    known = {_named(document) for document in documents}
    for example in sorted(EXAMPLES.glob("*.yaml")):
        if example.stem not in {kind for kind, _ in known}:
            for document in example.read_text(encoding="utf-8").split("---\n"):
                if _named(document) not in known:  # examples have what they need in common
                    known.add(_named(document))
                    documents.append(document)
    return "---\n".join(documents)


def _named(document: str) -> tuple[str, str]:
    """Kind and id of a document."""
    kind, id = (re.search(rf"^{key}: *(\S+)", document, re.MULTILINE) for key in ("kind", "id"))
    return (kind[1] if kind else "", id[1] if id else "")


ALL = one_of_every_kind()
SECRETS = {name: f"hush-{name.lower()}-4711" for name in re.findall(r"secret\.env\.(\w+)", ALL)}
KILLED = -9
IMPATIENT = 0.5
"""s that a request may take while requests are delayed."""

_TYPES = ("dashboard", "visualization", "lens", "index-pattern", "tag", "links", "map", "search")
LISTS = {
    "cluster-settings": ("elasticsearch", "/_cluster/settings?flat_settings=true"),
    "scripts": ("elasticsearch", "/_cluster/state/metadata?filter_path=metadata.stored_scripts"),
    "repositories": ("elasticsearch", "/_snapshot"),
    "slm": ("elasticsearch", "/_slm/policy"),
    "ilm": ("elasticsearch", "/_ilm/policy"),
    "component-templates": ("elasticsearch", "/_component_template/f-*"),
    "index-templates": ("elasticsearch", "/_index_template/f-*"),
    "data-streams": ("elasticsearch", "/_data_stream"),
    "indices": ("elasticsearch", "/f-*,-.*"),
    "documents": ("elasticsearch", "/f-shops/_search?size=100&sort=name"),
    "enrich": ("elasticsearch", "/_enrich/policy"),
    "pipelines": ("elasticsearch", "/_ingest/pipeline/f-*"),
    "logstash": ("elasticsearch", "/_logstash/pipeline"),
    "transforms": ("elasticsearch", "/_transform"),
    "auto-follow": ("elasticsearch", "/_ccr/auto_follow"),
    "followers": ("elasticsearch", "/_all/_ccr/info"),
    "watches": ("elasticsearch", "/_watcher/_query/watches"),
    "privileges": ("elasticsearch", "/_security/privilege/fshop"),
    "roles": ("elasticsearch", "/_security/role"),
    "role-mappings": ("elasticsearch", "/_security/role_mapping"),
    "users": ("elasticsearch", "/_security/user"),
    "keys": ("elasticsearch", "/_security/_query/api_key"),
    "data-views": ("kibana", "/api/data_views"),
    "objects": ("kibana", f"/api/saved_objects/_find?per_page=1000&{'&'.join(f'type={one}' for one in _TYPES)}"),
    "spaces": ("kibana", "/api/spaces/space"),
    "connectors": ("kibana", "/api/actions/connectors"),
    "rules": ("kibana", "/api/alerting/rules/_find"),
    "objectives": ("kibana", "/api/observability/slos"),
    "windows": ("kibana", "/api/maintenance_window/_find"),
    "settings": ("kibana", "/api/kibana/settings"),
    "jobs": ("elasticsearch", "/_ml/anomaly_detectors"),
    "datafeeds": ("elasticsearch", "/_ml/datafeeds"),
    "analytics": ("elasticsearch", "/_ml/data_frame/analytics"),
    "filters": ("elasticsearch", "/_ml/filters"),
    "calendars": ("elasticsearch", "/_ml/calendars"),
    "ledger": ("elasticsearch", "/esctl-ledger/_search?size=1000&sort=address"),
}
"""Everything that the trials' projects write, in lists."""

_QUERIES = {"keys": {"size": 100, "query": {"term": {"invalidated": False}}}}
_PASSING = frozenset(
    "modified_date modified_date_millis created_date created_date_millis modified create_time creation_date uuid version "
    "created_at updated_at last_modified in_sync_with took _seq_no _primary_term next_execution next_execution_millis "
    "_version created updated creation id index_uuid _shards max_score _score when digest provided_name history_uuid "
    "kept moving generation index_name last_checked last_execution_date max_agent_version profile_uid status _id salt key".split()
)


@dataclass(frozen=True)
class Scenario:
    """A command under fire. `before` makes what it meets, `again` is what a person types after a failure."""

    name: str
    words: tuple[str, ...]
    before: Callable[[Place], None]
    again: tuple[tuple[str, ...], ...] = ()
    """The commands that follow, each tried after the one before refused; none: the same command."""
    empty: bool = True
    """Whether a plan of the files is empty at the end."""
    documents: int = 2
    """In f-shops, at the end; -1: there is no such index."""
    files: tuple[str, ...] = ()
    """Globs of what is in the project's folder at the end: keys handed over, archives."""

    told: tuple[str, str] | None = None
    """A command at the end, and what it must print."""


@dataclass(frozen=True)
class Result:
    """How one trial went; `wrong` is empty where all that has to hold holds."""

    scenario: str
    fault: Fault
    request: str
    first: str
    then: str
    wrong: tuple[str, ...] = ()
    said: str = ""


@dataclass
class Place:
    """A project in a folder, and the two servers as they are reached."""

    root: Path
    urls: list[str]
    direct: list[str]
    said: list[str] = field(default_factory=list)

    def configure(self, *, impatient: bool = False) -> None:
        patience = f"elasticsearch: {{timeout: {IMPATIENT}}}\nkibana: {{timeout: {IMPATIENT}}}\n" if impatient else ""
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "esctl.yaml").write_text(f"name: faults\nresources: [mappings]\n{patience}", encoding="utf-8")

    def write(self, text: str) -> None:
        path = self.root / "mappings/all.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def esctl(self, *words: str, direct: bool = False) -> int:
        """The exit code; what was printed is kept."""
        urls = self.direct if direct else self.urls
        out, err = io.StringIO(), io.StringIO()
        options = ["--project", str(self.root), "--elasticsearch-url", urls[0], "--kibana-url", urls[1]]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), contextlib.chdir(self.root):
            code = cli.run([*words, *options])
        self.said.append(f"$ esctl {' '.join(words)}\n{out.getvalue()}{err.getvalue()}[{code}]")
        return code

    def done(self, *words: str) -> None:
        """A step of the preparation: goes to the servers directly."""
        if code := self.esctl(*words, direct=True):
            raise AssertionError(f"{code}: {self.said[-1]}")

    def there(self) -> dict[str, Any]:
        """What the servers hold, without what passes: dates, versions, ids that they made up."""
        found = {}
        for name, (service, path) in LISTS.items():
            url = self.direct[service == "kibana"] + path
            if name in ("documents", "ledger"):
                requests.post(self.direct[0] + path.partition("/_search")[0] + "/_refresh", timeout=60)
            answer = requests.request("POST" if name in _QUERIES else "GET", url, json=_QUERIES.get(name), timeout=60)
            found[name] = _lasting(answer.json()) if answer.status_code == 200 else answer.status_code
        ledger = found["ledger"]
        if isinstance(ledger, dict):
            hits = [hit["_source"] for hit in ledger["hits"]["hits"]]
            found["ledger"] = [hit["address"] for hit in hits if "address" in hit]
            found["lease"] = sum("lease" in hit for hit in hits)
        return found


@functools.cache
def prepared(scenario: Scenario) -> Path:
    """A folder with the data of a sandbox and a project in which everything of `before` is done; made once."""
    folder = Path(tempfile.mkdtemp(prefix="esctl-faults-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with Sandbox(folder / "sandbox") as sandbox, mock.patch.dict(os.environ, SECRETS):
        urls = [sandbox.elasticsearch_url, sandbox.kibana_url]
        place = Place(folder / "project", urls, urls)
        place.configure()
        scenario.before(place)
    return folder


@contextlib.contextmanager
def opened(scenario: Scenario) -> Iterator[tuple[Place, FaultyProxy]]:
    """A copy of what is prepared, with a sandbox of its own, behind a proxy without a fault as yet."""
    folder = Path(tempfile.mkdtemp(prefix="esctl-faults-"))
    shutil.copytree(prepared(scenario), folder, dirs_exist_ok=True)
    hurried = functools.partial(Retries, first=0.001, sleep=lambda seconds: None)
    with contextlib.ExitStack() as ending:
        ending.callback(shutil.rmtree, folder, ignore_errors=True)
        sandbox = ending.enter_context(Sandbox(folder / "sandbox"))
        proxy = ending.enter_context(FaultyProxy([sandbox.elasticsearch_url, sandbox.kibana_url]))
        try:
            with mock.patch.dict(os.environ, SECRETS), mock.patch.object(client, "Retries", hurried):
                yield Place(folder / "project", proxy.urls, [sandbox.elasticsearch_url, sandbox.kibana_url]), proxy
        finally:
            # Servers take 0.2 s to end: nobody has to wait for that.
            threading.Thread(target=ending.pop_all().close).start()


@functools.cache
def undisturbed(scenario: Scenario) -> tuple[int, Mapping[str, Any]]:
    """How many requests the command sends where nothing goes wrong, and what is there then."""
    with opened(scenario) as (place, proxy):
        proxy.reset(None)
        assert place.esctl(*scenario.words) == 0, place.said[-1]
        return len(proxy.lines), place.there()


def tried(scenario: Scenario, fault: Fault) -> Result:
    """One trial."""
    _, expected = undisturbed(scenario)
    with opened(scenario) as (place, proxy):
        place.said.clear()
        place.configure(impatient=fault.what == "delayed")
        proxy.reset(fault)
        codes = [_killed(scenario, place, proxy) if fault.what in KILLS else place.esctl(*scenario.words)]
        request = proxy.broken[0] if proxy.broken else ""
        place.configure()
        proxy.reset(None)
        wrong = [] if request or fault.at > 1 else ["no request was hit"]
        then = "" if codes[0] == 0 else _again(scenario, place, proxy, codes)
        if then.endswith("failed"):
            wrong.append("the next run failed")
        found = place.there()
        if (fault.lasting or codes[0] == KILLED) and codes[-1] == 0 and "waited" not in then:
            found["lease"] = 0  # nothing was left to do, so none was taken: it ends by itself
        wrong += [
            f"{name}: {_unlike(expected[name], found.get(name))}"
            for name in expected
            if found.get(name) != expected[name]
        ]
        wrong += [f"{file} is missing" for file in scenario.files if not list(place.root.glob(file))]
        if scenario.told:
            place.esctl(*scenario.told[0].split(), direct=True)  # 5: it only asks
            if scenario.told[1] not in place.said[-1]:
                wrong.append(f"not told: {scenario.told[1]}")
        if scenario.empty and (code := place.esctl("plan", direct=True)):
            wrong.append(f"the plan is not empty: {code}")
        if scenario.documents >= 0 and _count(found["documents"]) != scenario.documents:
            wrong.append(f"{_count(found['documents'])} documents")
        said = "\n".join(place.said)
        for bad in ("Traceback", "fault of esctl", *SECRETS.values()):
            if bad in said:
                wrong.append(f"printed: {bad}")
        for code, text in zip(codes, place.said, strict=False):
            if code not in (0, 1, 5, KILLED):
                wrong.append(f"exit code {code}")
            if code and code != KILLED and not any(line.startswith(("error:", "✗")) for line in text.splitlines()):
                wrong.append("failed without a word")
        return Result(scenario.name, fault, request, _word(codes[0]), then, tuple(wrong), said)


def _again(scenario: Scenario, place: Place, proxy: FaultyProxy, codes: list[int]) -> str:
    """Until it is done: the next command, and where the lease was left behind, once more when it ran out."""
    words = ""
    for command in scenario.again or (scenario.words,):
        codes.append(place.esctl(*command))
        if codes[-1] == 5 and "told what its secret was" in place.said[-1]:
            words += "decided about the key, "
            if (place.root / "secrets/f-key").exists():
                command = (*command, "--adopt", "api-key/f-key")
            else:
                requests.delete(place.direct[0] + "/_security/api_key", json={"name": "f-key"}, timeout=30)
            codes.append(place.esctl(*command))
        if codes[-1] == 5 and "is writing to this cluster" in place.said[-1]:
            words += "waited, "
            proxy.clock += 1000 * (lease.TIME_TO_LIVE + 1)
            codes.append(place.esctl(*command))
        if codes[-1] != 5:
            return words + _word(codes[-1])
        words += "refused, "
    return words + "failed"


def _killed(scenario: Scenario, place: Place, proxy: FaultyProxy) -> int:
    """The command in a process of its own, which the proxy kills."""
    context = multiprocessing.get_context("forkserver")  # which has imported what every one of them needs
    context.set_forkserver_preload(killable.imported())
    printed = place.root.parent / "printed"
    options = ["--project", str(place.root), "--elasticsearch-url", place.urls[0], "--kibana-url", place.urls[1]]
    process = context.Process(target=killable.run, args=([*scenario.words, *options], place.root, SECRETS, printed))
    proxy.kill = process.kill
    process.start()
    process.join(120)
    place.said.append(f"$ esctl {' '.join(scenario.words)}\n{printed.read_text()}[{process.exitcode}]")
    return process.exitcode if process.exitcode is not None else 1


def _word(code: int) -> str:
    return {0: "completed", 5: "refused", KILLED: "killed"}.get(code, "failed")


def _count(found: Any) -> int:
    return len(found["hits"]["hits"]) if isinstance(found, dict) else 0


def _lasting(body: Any) -> Any:
    if isinstance(body, dict):
        return {key: _lasting(value) for key, value in sorted(body.items()) if key not in _PASSING}
    return [_lasting(item) for item in body] if isinstance(body, list) else body


def _unlike(expected: Any, found: Any) -> str:
    """Where two states differ first."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in [*expected, *found]:
            if expected.get(key) != found.get(key):
                return f"{key}.{_unlike(expected.get(key), found.get(key))}"
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for left, right in zip(expected, found, strict=True):
            if left != right:
                return _unlike(left, right)
    return f"expected {json.dumps(expected)[:150]}, found {json.dumps(found)[:150]}"
