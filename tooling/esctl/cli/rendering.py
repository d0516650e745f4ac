"""`render` and `render --diff`: what files become on the wire, and what a change does to each resource."""

from __future__ import annotations

import dataclasses
import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import EsctlError
from .invocation import FILES, Invocation, command

if TYPE_CHECKING:
    from ..model import Address, Body, Change


def register(app: typer.Typer) -> None:
    command(app, "render", takes=FILES)(render)


def render(
    invocation: Invocation,
    addresses: Annotated[list[str] | None, typer.Argument(help="Addresses or globs; all by default.")] = None,
    target: Annotated[str, typer.Option(help="Version of Elasticsearch and Kibana to render for.")] = "9.5",
    diff: Annotated[bool, typer.Option("--diff", help="Show what has changed since a commit, resource by it.")] = False,
    since: Annotated[str, typer.Option(metavar="REVISION", help="With --diff: the commit to compare with.")] = "HEAD",
) -> int:
    """Show what each resource becomes on the wire."""
    version = _version(target)
    if diff:
        return _differences(invocation, addresses, version, since)
    if since != "HEAD":
        raise EsctlError("--since says what --diff compares with", hint="add --diff")
    bodies, waiting = _rendered(invocation, addresses, version)
    if invocation.json:
        invocation.answer({str(address): body for address, body in bodies.items()})
    else:
        import yaml

        for address, body in bodies.items():
            print(f"--- # {address}")
            print(yaml.dump(body, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=120), end="")
    for line in waiting:
        invocation.warn(line)
    return 6 if waiting else 0


def _rendered(
    invocation: Invocation, addresses: list[str] | None, version: tuple[int, int, int]
) -> tuple[dict[Address, Body], list[str]]:
    """The bodies, with the references of secrets; and why others cannot be told yet."""
    from ..model import Capabilities, Waiting
    from ..plan import Choices
    from ..secret import replaced
    from .selection import selection

    globs = selection(addresses, invocation) if addresses else ()
    context = invocation.context(Capabilities(version=version, kibana_version=version))
    bodies: dict[Address, Body] = {}
    waiting = []
    for resource in invocation.loaded.resources:
        if globs and not Choices.match(resource.address, globs):
            continue
        body = invocation.kinds[resource.address.kind].render(resource, context)
        if isinstance(body, Waiting):
            waiting.append(f"{resource.address}: {body.reason}: run `{body.command}`")
        else:
            bodies[resource.address] = replaced(body, lambda secret: secret.reference)
    return bodies, waiting


def _differences(invocation: Invocation, addresses: list[str] | None, version: tuple[int, int, int], since: str) -> int:
    """What each resource was at the commit, and what it is: in the words of a plan."""
    from ..model import Action
    from ..plan import Choices
    from ..report.plan import change_lines
    from .selection import selection

    after, waiting = _rendered(invocation, None, version)
    with _at(invocation, since) as then:
        before, _ = _rendered(then, None, version)
    known = {**before, **after}
    globs = selection(addresses, invocation, also=known)
    both = [address for address in known if not globs or Choices.match(address, globs)]
    changes = [_change(invocation, address, before.get(address), after.get(address), version) for address in both]
    changes = [change for change in changes if change.action is not Action.NONE]
    if invocation.json:
        told = [
            {
                "address": str(change.address),
                "action": str(change.action),
                "words": change.words,
                "diff": [{"path": one.dotted, "before": one.before, "after": one.after} for one in change.differences],
            }
            for change in changes
        ]
        invocation.answer({"since": since, "changes": told})
    else:
        for change in changes:
            for line in change_lines(change, invocation.style):
                print(line)
        same = len(both) - len(changes)
        print(invocation.style(f"Since {since}: {len(changes)} changed, {same} as before.", "bold"))
    for line in waiting:
        invocation.warn(line)
    return 6 if waiting else 0


def _change(
    invocation: Invocation, address: Address, before: Body | None, after: Body | None, version: tuple[int, int, int]
) -> Change:
    from ..kinds.base import Wordy, can
    from ..kinds.differences import differences
    from ..model import Action, Capabilities, Cause, Change

    kind, capabilities = invocation.kinds[address.kind], Capabilities(version=version, kibana_version=version)
    if before is None or after is None:
        return Change(address, Action.CREATE if before is None else Action.DELETE, Cause.PENDING)
    then, now = kind.normalise(before, capabilities), kind.normalise(after, capabilities)
    found = differences(then, now)
    words = "\n".join(kind.in_words(then, now)) if found and can(kind, Wordy) else ""
    return Change(
        address, Action.UPDATE if found else Action.NONE, Cause.PENDING, words=words, differences=tuple(found)
    )


@contextmanager
def _at(invocation: Invocation, revision: str) -> Iterator[Invocation]:
    """The same command on the project as it was at a commit; what images left behind is today's."""
    from ..errors import ProjectError

    images = invocation.settings.images
    places = {"folder": images.folder, "lock": images.lock, "models": images.models}
    with tempfile.TemporaryDirectory(prefix="esctl-render-") as folder:
        _checked_out(invocation.settings.root, revision, Path(folder))
        fields = {field.name: getattr(invocation, field.name) for field in dataclasses.fields(invocation)}
        try:
            then = Invocation(**{**fields, "project": Path(folder), "images": places})
            _ = then.loaded
        except ProjectError as error:
            first = error.problems[0]
            raise EsctlError(
                f"the project at {revision} has mistakes: {first}", hint="name another with --since"
            ) from None
        yield then


def _checked_out(root: Path, revision: str, folder: Path) -> None:
    """The files below `root` at a commit, written into `folder`. Raises EsctlError where Git cannot give them."""
    asked = ["git", "-C", str(root), "archive", "--format=tar", revision]
    if revision.startswith("-"):
        raise EsctlError(f'"{revision}" is no commit')
    try:
        done = subprocess.run(asked, capture_output=True, stdin=subprocess.DEVNULL, check=False, timeout=60)
    except OSError as error:
        raise EsctlError(f"git cannot be run: {error.strerror or error}") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise EsctlError(f"git has no {revision} of this project: {said[-1] if said else 'it said nothing'}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")


def _dumper() -> type[Any]:
    """A YAML writer that keeps the lines of a script apart."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def text(dumper: Any, value: str) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return Dumper


def _version(text: str) -> tuple[int, int, int]:
    parts = text.split(".")
    if not 2 <= len(parts) <= 3 or not all(part.isdigit() for part in parts):
        raise EsctlError(f'--target "{text}" is not a version', hint="write for example 9.5 or 8.19")
    numbers = [int(part) for part in parts] + [0]
    return numbers[0], numbers[1], numbers[2]
