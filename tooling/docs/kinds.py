"""Write docs/kinds/*.md from the kinds and their examples: `python tooling/docs/kinds.py`.

Each example is made on a sandbox within this process: the requests on a page were sent, the costs asked of the kind.
"""

from __future__ import annotations

import inspect
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

sys.path.insert(0, str(Path(__file__).absolute().parent))

from in_process import InProcess

from esctl.errors import EsctlError, Source
from esctl.kinds import NAMES, registry
from esctl.kinds.base import Collecting, Context, Cost, Kind, Moving, Producing, Replaceable, Verifiable
from esctl.kinds.normalise import copy
from esctl.kinds.rules import RULES
from esctl.model import Address, Body, Capabilities, Consequence, Live, Request, Resource
from esctl.project import load_resources, load_settings
from esctl.secret import MARK

ROOT = Path(__file__).absolute().parents[2]
FOLDER = ROOT / "docs" / "kinds"
HERE = Path(__file__).absolute().parent
CHANGES: dict[str, dict[str, Body]] = yaml.safe_load((HERE / "changes.yaml").read_text(encoding="utf-8"))
REFERENCES: dict[str, Body] = yaml.safe_load((HERE / "references.yaml").read_text(encoding="utf-8"))
CAPABILITIES = Capabilities(sandbox=True)
CONTEXT = Context(project="docs", capabilities=CAPABILITIES)
SEVERAL = {"esctl.kinds.rest", "esctl.kinds.saved_objects"}  # modules whose docstring is not about one kind
SECRETS = re.compile(r"\$\{secret\.env\.(\w+)\}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LICENCES = {
    "basic": "any (basic)",
    "gold": "Gold or better",
    "platinum": "Platinum or better",
    "enterprise": "Enterprise",
}


@dataclass(frozen=True)
class Seen:
    """What was seen of a kind when its example was made."""

    example: str
    resource: Resource
    rendered: Body
    live: Live | None
    read: tuple[str, ...]
    made: tuple[str, ...]
    deleted: tuple[str, ...]


def pages() -> Iterator[tuple[Path, str]]:
    """Every page: where it belongs, and its text."""
    yield FOLDER / "README.md", _table()
    for name in NAMES:
        yield FOLDER / f"{name}.md", _page(name)


def _table() -> str:
    lines = [
        "# Kinds",
        "",
        "Every kind of resource. Its page has the API whose body its `spec` is, an example, the requests, what changes",
        "cost, and what the servers must have.",
        "",
        "| kind | what it is | compared | licence | Serverless |",
        "|---|---|---|---|---|",
    ]
    for name, kind in registry().items():
        about = re.split(r"(?<=\.)\s", kind.about.replace("|", "\\|"), maxsplit=1)[0].rstrip(".")
        lines.append(
            f"| [`{name}`]({name}.md) | {about} | {'as written' if kind.shared else 'whole'}"
            f" | {kind.needs.licence} | {'yes' if kind.needs.serverless else 'no'} |"
        )
    lines += [
        "",
        "*Whole*: what is on the server and not in the file is drift, but for defaults that the server added itself.",
        "*As written*: others may add to it; only what the file says is compared.",
        "",
        "Made from the kinds by `python tooling/docs/kinds.py`.",
    ]
    return "\n".join(lines) + "\n"


def _page(name: str) -> str:
    kind = registry()[name]
    seen = _seen(kind)
    parts = [f"# {name}", kind.about, _facts(kind), f"## Example\n\n```yaml\n{seen.example.rstrip()}\n```"]
    parts += [f"## How it works\n\n{notes}" for notes in [_notes(kind)] if notes]
    parts += [_requests(seen), _costs(kind, seen)]
    parts += [f"## Refers to\n\n{_references(kind)}"]
    parts += [_pulled(kind, seen)]
    parts += [f"## Rules\n\n{_rules(name)}"]
    parts += ["Made from the kind by `python tooling/docs/kinds.py`. [All kinds](README.md)"]
    return "\n\n".join(parts) + "\n"


def _facts(kind: Kind) -> str:
    needs, meta = kind.needs, getattr(kind, "meta", None)
    rows = [
        ("`spec`", f"the body of {_coded(kind.api)}"),
        ("compared", "as written: others may add to it" if kind.shared else "whole: what is not written is drift"),
        ("owner", f"its `{'.'.join(meta)}` and the ledger" if meta else "the ledger"),
        ("Elasticsearch", f"{max(needs.since, (8, 19))[0]}.{max(needs.since, (8, 19))[1]} or newer"),
        ("licence", LICENCES[needs.licence]),
        ("Serverless", "yes" if needs.serverless else "does not exist there"),
    ]
    if needs.security:
        rows.append(("security", "has to be switched on"))
    if kind.spaced:
        rows.append(("`space`", "a Kibana space; `default` where none is written"))
    if kind.secrets:
        rows.append(("secrets", "`${secret.…}` may stand at " + ", ".join(f"`{place}`" for place in kind.secrets)))
    if isinstance(kind, Producing):
        rows.append(
            ("shown once", "what the server tells when it is made goes where the file says, or to the terminal")
        )
    if isinstance(kind, Verifiable):
        rows.append(("`esctl verify`", "tries it out"))
    return "| | |\n|---|---|\n" + "\n".join(f"| {key} | {value} |" for key, value in rows)


def _coded(api: str) -> str:
    """The method and path of an API in letters for code."""
    return re.sub(r"(?<!`)\b((?:PUT|POST) /[^\s,;(]+)", r"`\1`", api)


def _notes(kind: Kind) -> str:
    module = inspect.getmodule(type(kind))
    of_module = inspect.getdoc(module) if module and module.__name__ not in SEVERAL else ""
    of_class = type(kind).__doc__ or ""
    own = "" if of_class.startswith((type(kind).__name__ + "(", "A kind written whole")) else inspect.cleandoc(of_class)
    return "\n\n".join(part for part in (of_module, own) if part)


def _seen(kind: Kind) -> Seen:
    """Make the kind's example on a sandbox, what it depends on first, and look."""
    example = (FOLDER / f"{kind.name}.yaml").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        resources = _ordered(_loaded(example, root))
        mine = [resource for resource in resources if resource.address.kind == kind.name]
        sender = InProcess(root)
        made: tuple[str, ...] = ()
        for resource in resources:
            its = registry()[resource.address.kind]
            rendered = its.render(resource, CONTEXT)
            assert isinstance(rendered, dict), f"{resource.address} waits for something"
            requests = its.write(resource.address, rendered, None, CONTEXT)
            for request in requests:
                sender.send(request)
            if resource is mine[0]:
                made = _shown(requests, resource.address)
        sender.sent.clear()
        addresses = [resource.address for resource in mine]
        live = kind.read(sender, addresses, CAPABILITIES)
        read = _shown(sender.sent, addresses[0], ",".join(quote(a.id, safe="") for a in addresses))
        first = live.get(addresses[0])
        rendered = kind.render(mine[0], CONTEXT)
        assert isinstance(rendered, dict) and first is not None, f"{addresses[0]} was not found again"
        deleted = _shown(_deletion(kind, addresses[0], rendered, first), addresses[0])
        sender.close()
        return Seen(example, mine[0], rendered, first, read, made, deleted)


def _deletion(kind: Kind, address: Address, rendered: Body, live: Live) -> Sequence[Request]:
    withdraw = getattr(kind, "withdraw", None)
    if withdraw is not None:
        found: Sequence[Request] = withdraw(address, kind.normalise(rendered, CAPABILITIES), live, CONTEXT)
        return found
    return kind.delete(address, CONTEXT)


def _loaded(example: str, root: Path) -> list[Resource]:
    (root / "mappings").mkdir()
    (root / "esctl.yaml").write_text("name: docs\nresources: [mappings]\n", encoding="utf-8")
    (root / "mappings" / "example.yaml").write_text(example, encoding="utf-8")
    environ = {name: f"secret-{name.lower()}" for name in SECRETS.findall(example)}
    return list(load_resources(load_settings(root, environ=environ), values={}, kinds=NAMES).resources)


def _ordered(resources: list[Resource]) -> list[Resource]:
    """What is referred to first; else by the kinds' stages."""
    kinds, left, ordered = registry(), sorted(resources, key=lambda r: registry()[r.address.kind].stage), []
    while left:
        waiting = {resource.address for resource in left}
        ready = next(
            resource
            for resource in left
            if not ({ref.target for ref in kinds[resource.address.kind].references(resource)} | {*resource.depends_on})
            & (waiting - {resource.address})
        )
        ordered.append(ready)
        left.remove(ready)
    return ordered


def _shown(requests: Sequence[Request], address: Address, several: str = "") -> tuple[str, ...]:
    """Requests with `{id}` for the resource's name, each once."""
    name = quote(address.id, safe="")
    told = []
    for request in requests:
        path = request.path.replace(several, "{ids}") if several != name and several else request.path
        path = re.sub(rf"(?<=[/=]){re.escape(name)}(?=[/?]|$)", "{id}", path)
        path = UUID.sub("{id}", path)  # chosen by the server: another one each time
        query = "&".join(f"{key}={value}" for key, value in request.params.items() if key != "filter_path")
        service = "Kibana: " if request.service == "kibana" else ""
        told.append(f"{service}`{request.method} {path}{'?' + query if query else ''}`")
    return tuple(dict.fromkeys(told))


def _requests(seen: Seen) -> str:
    rows = (("read", seen.read), ("made", seen.made), ("deleted", seen.deleted))
    body = "\n".join(f"| {what} | {'<br>'.join(told).replace('|', chr(92) + '|')} |" for what, told in rows if told)
    return f"## Requests\n\nAs the example was read, made and deleted:\n\n| | |\n|---|---|\n{body}"


def _costs(kind: Kind, seen: Seen) -> str:
    before = kind.normalise(seen.rendered, CAPABILITIES)
    rows = []
    for words, edits in (CHANGES.get(kind.name) or {}).items():
        spec = copy(seen.resource.spec)
        for dotted, value in edits.items():
            _edit(spec, re.split(r"(?<!\\)\.", dotted), value)
        changed = Resource(seen.resource.address, spec, seen.resource.source)
        rendered = kind.render(changed, CONTEXT)
        assert isinstance(rendered, dict)
        after = kind.normalise(rendered, CAPABILITIES)
        assert after != before, f"{kind.name}: {words} changes nothing"
        cost = kind.cost(before, after, CAPABILITIES)
        rows.append((words, _how(kind, seen, rendered, cost), cost))
    rows.append(("it is deleted", "", kind.cost(before, None, CAPABILITIES)))
    shown = [
        f"| {what} | {how} | {cost.consequence} | {cost.words.replace(chr(10), '<br>')} |" for what, how, cost in rows
    ]
    more = "\n\nWhat cannot change in place moves: [moving documents](../moving-documents.md)."
    return (
        "## What changes, and what that costs\n\n| change | how | consequence | |\n|---|---|---|---|\n"
        + "\n".join(shown)
        + (more if isinstance(kind, Moving) else "")
    )


def _how(kind: Kind, seen: Seen, rendered: Body, cost: Cost) -> str:
    """Whether a change is made in place, as the requests for it show."""
    if cost.consequence is Consequence.REINDEX:
        return "documents move"
    if cost.consequence is Consequence.IRREVERSIBLE and not cost.in_place and isinstance(kind, Replaceable):
        return "made anew"
    requests = kind.write(seen.resource.address, rendered, seen.live, CONTEXT)
    assert seen.live is not None
    gone = {request.path for request in _deletion(kind, seen.resource.address, seen.rendered, seen.live)}
    anew = any(request.method == "DELETE" and request.path in gone for request in requests)
    return "made anew" if anew else "in place"


def _edit(spec: Any, path: list[str], value: Any) -> None:
    *above, last = (key.replace("\\.", ".") for key in path)
    for key in above:
        spec = spec.setdefault(key, {})
    if value is None:
        spec.pop(last, None)
    else:
        spec[last] = value


def _references(kind: Kind) -> str:
    """The kinds that it points to, with where it names them, as it says of its spec in references.yaml."""
    found: dict[tuple[str, bool], list[str]] = {}
    resource = Resource(Address(kind.name, "it"), REFERENCES.get(kind.name) or {}, Source("references.yaml"))
    for reference in kind.references(resource):
        where = ".".join("*" if isinstance(key, int) else str(key) for key in reference.path[1:]) or "its id"
        places = found.setdefault((reference.target.kind, reference.soft), [])
        places.extend([f"`{where}`"] if where != "its id" and f"`{where}`" not in places else [where] * (not places))
    if not found:
        return "Nothing that esctl follows; `depends_on` says what else comes first."
    told = [
        f"- `{name}`: {'comes first where the project writes it' if soft else 'must be there'} ({', '.join(places)})"
        for (name, soft), places in sorted(found.items())
    ]
    return "\n".join(told)


def _pulled(kind: Kind, seen: Seen) -> str:
    if not isinstance(kind, Collecting) or seen.live is None:
        return "## Pull\n\nIt cannot be pulled."
    reasons = list(dict.fromkeys(reason for probe in _probes(kind, seen.live) if (reason := _foreign(kind, probe))))
    told = [f"It leaves out: {'; '.join(reasons)}."] if reasons else []
    if kind.spaced and not reasons:
        told = ["It leaves out what Elastic or Fleet installed."]
    try:
        written = kind.written(seen.live, CAPABILITIES)
    except EsctlError as error:
        return f"## Pull\n\n{str(error).removeprefix(f'{seen.live.address}: ').capitalize()}."
    if not kind.spaced and (gone := [key for key in seen.live.body if key not in written]):
        told.append(f"Of the example's body it leaves out {', '.join(f'`{key}`' for key in gone)}.")
    if marks := [f"`{mark}`" for mark in _marks(written)]:
        told.append(f"A secret is written as a reference: {', '.join(marks)}.")
    return "## Pull\n\n" + (" ".join(told) or "It writes whatever is there.")


def _probes(kind: Kind, live: Live) -> Iterator[Live]:
    yield Live(Address(kind.name, f".{live.address.id}", live.address.space), live.body, live.version)
    meta = getattr(kind, "meta", None)
    if kind.spaced:
        yield Live(live.address, {**live.body, "managed": True}, live.version)
    for mark in ({"managed": True}, {"managed": True, "managed_by": "Fleet"}, {"_reserved": True}):
        body = copy(live.body)
        if meta is not None:
            _edit(body, [str(key) for key in meta], mark)
            yield Live(live.address, body, live.version)


def _foreign(kind: Any, live: Live) -> str | None:
    reason: str | None = kind.foreign(live)
    return reason


def _marks(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if MARK in value:
            yield str(value[MARK])
        else:
            for part in value.values():
                yield from _marks(part)
    elif isinstance(value, list):
        for part in value:
            yield from _marks(part)


def _rules(name: str) -> str:
    rules = [rule for rule in RULES.values() if name in rule.kinds]
    lines = [f"- [`{rule.id}`](../rules.md#{rule.id}): {rule.reason}" for rule in rules]
    return (
        "\n".join([*lines, "", "And those of [every kind](../rules.md)."])
        if lines
        else "Those of [every kind](../rules.md)."
    )


if __name__ == "__main__":
    for path, text in pages():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT).as_posix())
