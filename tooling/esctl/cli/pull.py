"""`pull`: what the servers have, written into the project as tidy YAML. Nothing is sent but reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .invocation import Invocation, command

if TYPE_CHECKING:
    from ..cluster import Cluster
    from ..model import Address, Live, Remembered
    from ..project.write import Place, Text

GROUPS = ("file", "kind", "one")
ASKED_FOR = frozenset({"alias", "api-key"})
"""Kinds that are pulled only when they are named, or with --all-kinds: an index's own document holds its aliases, and
an API key's secret is told once, when it is made."""

What = Annotated[list[str] | None, typer.Argument(help="Kinds, addresses or globs; by default every kind.")]


def register(app: typer.Typer) -> None:
    command(app, "pull")(pull)


def pull(
    invocation: Invocation,
    what: What = None,
    into: Annotated[
        str | None, typer.Option("--into", metavar="DIR", help="Folder of the project to write to.")
    ] = None,
    group: Annotated[
        str, typer.Option("--group", help="One YAML file for each: file (resource), kind, or one.")
    ] = "file",
    all_kinds: Annotated[
        bool, typer.Option("--all-kinds", help="Also kinds that are else pulled by name only.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write again what the project has already.")] = False,
) -> int:
    """Write what the servers have into the project's files.

    System things, defaults and what the servers add are left out. What is written validates, and a plan only adopts it.
    """
    from ..apply.collect import collect
    from ..apply.pulled import regrouped
    from ..cluster import Ledger
    from ..errors import EsctlError

    if group not in GROUPS:
        raise EsctlError(f'--group "{group}" is unknown', hint=f"it takes {', '.join(GROUPS)}")
    folder_of = _folders(invocation, into)
    names = _kinds(what, all_kinds, invocation)
    here = {resource.address: resource for resource in invocation.loaded.resources}
    here_too = set(invocation.loaded.out_of_scope)
    with invocation.cluster() as cluster:
        found = collect(cluster, invocation.kinds, names)
        for name, why in found.unread.items():
            if what and _named(name, what):
                raise EsctlError(why)
        remembered = Ledger(cluster, invocation.settings.name).read()
        live = regrouped(cluster, found.live, remembered, names, invocation.kinds)
        wanted = {a: one for a, one in sorted(live.items()) if _wanted(a, what)}
        left = {a: why for a, why in found.foreign.items() if _wanted(a, what)}
        if what and not wanted and not left:
            raise EsctlError(f"the servers have nothing that {' or '.join(what)} names")
        known = [a for a in wanted if a in here_too or (a in here and not (force and _alone(here[a], invocation)))]
        fresh = {a: one for a, one in wanted.items() if a not in known}
        texts, places, failed = _texts(fresh, remembered, folder_of, group, force, invocation, cluster)
    left |= failed
    files = _files(texts, places)
    _write(files, invocation.settings.root)
    doubts = _doubts(invocation, set(files)) if files else []
    secrets = sorted({name for text in texts.values() for name in _secrets(text.yaml)})
    if invocation.json:
        invocation.answer(
            {
                "written": [{"address": str(a), "file": places[a].file} for a in texts],
                "in_project": [str(a) for a in known],
                "left_out": [{"address": str(a), "reason": why} for a, why in sorted(left.items())],
                "secrets": secrets,
                "unread": dict(found.unread),
            }
        )
    _tell(invocation, texts, places, files, known, found.foreign, failed, secrets, force)
    for name, why in found.unread.items():
        invocation.warn(f"{name}: not pulled: {why}")
    for doubt in doubts:
        invocation.warn(doubt)
    return 1 if failed or found.unread or doubts else 0


def _texts(
    live: Mapping[Address, Live],
    remembered: Mapping[Address, Remembered],
    folder_of: Mapping[bool, str],
    group: str,
    force: bool,
    invocation: Invocation,
    cluster: Cluster,
) -> tuple[dict[Address, Text], dict[Address, Place], dict[Address, str]]:
    """The YAML of each that passes the rehearsal, its place, and why the others do not."""
    from ..apply.pulled import specs_of
    from ..apply.survey import claimed
    from ..cluster import Ledger
    from ..plan import Survey
    from ..project.write import Entry, Place, document, places
    from .rehearsal import rehearse

    ledger = Ledger(cluster, invocation.settings.name)
    claims = claimed(ledger, invocation.kinds, {address.kind for address in live})
    specs, failed = specs_of(
        live, remembered, invocation.loaded.resources, claims, invocation.kinds, cluster.capabilities
    )
    _owned_once(specs, [resource.address for resource in invocation.loaded.resources])
    root = invocation.settings.root
    found = places({a: folder_of[invocation.kinds[a.kind].spaced] for a in specs}, group, root)
    for resource in invocation.loaded.resources if force else ():
        if resource.address in found:
            file = resource.source.path
            folder, _, name = file.rpartition("/")
            found[resource.address] = Place(file, folder, name.rsplit(".", 1)[0])
    texts = {address: document(Entry(address, spec), found[address]) for address, spec in specs.items()}
    others = ledger.others(texts.keys() - remembered.keys())
    survey = Survey(live, {a: r for a, r in remembered.items() if a in texts}, others, parts=claims)
    resources, refused = rehearse(texts, survey, invocation.context(cluster.capabilities), invocation)
    return {a: text for a, text in texts.items() if a in resources}, found, failed | refused


def _owned_once(specs: Mapping[Address, Any], known: Iterable[Address]) -> None:
    """An alias that has a document of its own stands in no index's document."""
    aliases = {address.id for address in (*specs, *known) if address.kind == "alias"}
    for address, spec in specs.items():
        if address.kind == "index" and aliases & (spec.get("aliases") or {}).keys():
            spec["aliases"] = {name: options for name, options in spec["aliases"].items() if name not in aliases}
            if not spec["aliases"]:
                del spec["aliases"]


def _kinds(what: Collection[str] | None, all_kinds: bool, invocation: Invocation) -> list[str]:
    """The kinds to ask for. Raises EsctlError for a word that names none."""
    from ..errors import EsctlError, did_you_mean

    known = list(invocation.kinds)
    if not what:
        return [name for name in known if all_kinds or name not in ASKED_FOR]
    names: dict[str, None] = {}
    for word in what:
        kind = _kind_of(word)
        hits = [name for name in known if fnmatchcase(name, kind)]
        if not hits:
            raise EsctlError(f'there is no kind "{kind}"', hint=did_you_mean(kind, known))
        names.update(dict.fromkeys(hits))
    return list(names)


def _kind_of(word: str) -> str:
    """`index` of `index`, `index/logs-*` and `space:index/x`."""
    return word.partition("/")[0].rpartition(":")[2]


def _named(kind: str, what: Iterable[str]) -> bool:
    return any(_kind_of(word) == kind for word in what)


def _wanted(address: Address, what: Collection[str] | None) -> bool:
    words = what or ("*",)
    return any(fnmatchcase(str(address) if "/" in word else address.kind, word) for word in words)


def _folders(invocation: Invocation, into: str | None) -> dict[bool, str]:
    """The folder for what lives in Elasticsearch (False) and in Kibana (True)."""
    from ..errors import EsctlError

    settings = invocation.settings
    named = [name.rstrip("/") for name in settings.resources if not (settings.root / name).is_file()]
    if into is None:
        if not named:
            raise EsctlError("esctl.yaml names no folder of resources", hint="say where with --into DIR")
        kibana = "kibana" if "kibana" in named else named[0]
        rest = "mappings" if "mappings" in named else next((name for name in named if name != "kibana"), named[0])
        return {False: rest, True: kibana}
    target = (Path.cwd() / into) if Path(into).is_absolute() else settings.root / into
    below = target.resolve()
    root = settings.root.resolve()
    if not below.is_relative_to(root):
        raise EsctlError(f"--into {into} is not below the project")
    if not any(below.is_relative_to((root / name).resolve()) for name in named):
        raise EsctlError(
            f"--into {into}: no file would be read there", hint=f"add it to resources in esctl.yaml, or use {named[0]}"
        )
    folder = below.relative_to(root).as_posix()
    return dict.fromkeys((False, True), "" if folder == "." else folder)


def _alone(resource: Any, invocation: Invocation) -> bool:
    """Whether the project's file holds this resource and nothing else, so that it can be written anew."""
    path = resource.source.path
    others = [r for r in invocation.loaded.resources if r.source.path == path]
    return len(others) == 1 and not path.endswith(".j2") and (invocation.settings.root / path).is_file()


def _files(texts: Mapping[Address, Text], places: Mapping[Address, Place]) -> dict[str, str]:
    files: dict[str, str] = {}
    for address, text in texts.items():
        name = places[address].file
        files[name] = f"{files[name]}---\n{text.yaml}" if name in files else text.yaml
        files |= text.files
    return files


def _write(files: Mapping[str, str], root: Path) -> None:
    from ..errors import EsctlError

    try:
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise EsctlError(f"{error.filename}: cannot be written: {error.strerror}") from None


def _doubts(invocation: Invocation, files: Collection[str]) -> list[str]:
    """What `validate` still calls a mistake in the files just written.

    What a rule objects to is there on a server: the line gets the comment that allows it.
    """
    from ..project.edit import allowing
    from .checks import examine

    def mistakes() -> list[Any]:
        anew = Invocation(**{field.name: getattr(invocation, field.name) for field in dataclasses.fields(invocation)})
        _, problems = examine(anew)
        return [p for p in problems if p.severity == "error" and p.source and p.source.path in files]

    rules: dict[tuple[str, int], set[str]] = {}
    for problem in mistakes():
        if problem.rule:
            rules.setdefault((problem.source.path, problem.source.line), set()).add(problem.rule)
    for (name, line), names in rules.items():
        path = invocation.settings.root / name
        text = path.read_text(encoding="utf-8")
        path.write_text(allowing(text, line, sorted(names)), encoding="utf-8", newline="")
    return [str(problem) for problem in (mistakes() if rules else [])]


def _secrets(text: str) -> list[str]:
    import re

    return re.findall(r"\$\{secret\.env\.([A-Za-z_]\w*)\}", text)


def _tell(
    invocation: Invocation,
    texts: Mapping[Address, Text],
    places: Mapping[Address, Place],
    files: Mapping[str, str],
    known: Collection[Address],
    foreign: Mapping[Address, str],
    failed: Mapping[Address, str],
    secrets: Collection[str],
    force: bool,
) -> None:
    say, style = invocation.say, invocation.style
    for address in texts:
        say(f"{style('+', 'green')} {address}  {style(places[address].file, 'dim')}")
    for address in known:
        say(f"{style('=', 'dim')} {address}  {'stands among others in its file' if force else 'is in the project'}")
    for address, why in sorted(failed.items()):
        say(f"{style('!', 'yellow')} {address}  left out: {why}")
    if invocation.verbose:
        for address, why in sorted(foreign.items()):
            say(f"{style('-', 'dim')} {address}  left out: {why}")
    counted: dict[str, int] = {}
    for why in foreign.values():
        counted[why] = counted.get(why, 0) + 1
    parts = [f"{len(texts)} written into {len(files)} file{'' if len(files) == 1 else 's'}"]
    parts += [f"{len(known)} in the project already"] if known else []
    parts += [f"{len(failed)} left out"] if failed else []
    say(", ".join(parts) + ".")
    if counted:
        reasons = ", ".join(f"{n} {why}" for why, n in sorted(counted.items(), key=lambda item: -item[1]))
        say(f"Not a project's: {reasons}." + ("" if invocation.verbose else " -v names them."))
    if secrets:
        say("No server tells secrets; these are asked for when one has to be sent: " + ", ".join(secrets))
    if texts:
        say("Next: esctl validate, then esctl adopt --all")
