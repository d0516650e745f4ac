"""Files → resources: find the YAML files, render the templates among them, and read each document."""

from __future__ import annotations

import functools
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from ..errors import Problem, ProjectError, Source, did_you_mean
from ..model import Address, Resource
from ..secret import Secret
from .document import Rules, read_document
from .settings import FILE, Settings, read_text
from .values import Values
from .yaml import read_yaml

if TYPE_CHECKING:
    from .templates import Templates

_ENDINGS = (".yaml", ".yml", ".yaml.j2", ".yml.j2")


@dataclass(frozen=True)
class Loaded:
    """The project's resources in the order of files and lines.

    `out_of_scope` are those whose `when` is false: not wanted here, but never orphans. `problems` are the mistakes of a
    load that goes on in spite of them; `files` are those that were read.
    """

    resources: tuple[Resource, ...]
    warnings: tuple[Problem, ...] = ()
    out_of_scope: tuple[Address, ...] = ()
    problems: tuple[Problem, ...] = ()
    files: tuple[FilePath, ...] = ()


def load_resources(
    settings: Settings,
    *,
    values: Mapping[str, Mapping[str, Any]],
    kinds: Collection[str],
    go_on: bool = False,
) -> Loaded:
    """Read every document of the project's resource folders.

    `values` are namespaces beside `var`, `env` and `secret`: `{"embedding": {"dims": 2048}}` makes `${embedding.dims}`.
    `kinds` are the kinds that exist. Raises ProjectError with every mistake of every file; with `go_on` they come back
    beside what could be read.
    """
    loading = _Loading(settings, values, kinds)
    files = resource_files(settings)
    for path in files:
        loading.file(path)
    loading.check_dependencies()
    if loading.problems:
        loading.problems.sort(key=lambda problem: (problem.source or Source(""), problem.message))
        if not go_on:
            raise ProjectError(loading.problems)
    resources = tuple(loading.resources.values())
    warnings = []
    if not resources and not loading.out_of_scope and not loading.problems:
        folders = ", ".join(settings.resources) or "mappings, kibana"
        warnings.append(Problem(f"no resources in {folders}", Source(FILE), "*.yaml files there are read", "warning"))
    out_of_scope = tuple(address for address in loading.out_of_scope if address not in loading.resources)
    return Loaded(resources, tuple(warnings), out_of_scope, tuple(loading.problems), tuple(files))


def resource_files(settings: Settings) -> list[FilePath]:
    """The project's resource files, sorted. Names that start with `.` or `_` are passed over; loops of links end."""
    root = settings.root.resolve()
    templates = str((settings.root / settings.templates).resolve())
    found: dict[str, FilePath] = {}
    for name in settings.resources:
        path = settings.root / name
        real = str(path.resolve())
        for file, behind in [(str(path), real)] if path.is_file() else _walk(str(path), real, templates, frozenset()):
            if file.lower().endswith(_ENDINGS) and behind != f"{root}{os.sep}{FILE}":
                found.setdefault(behind, FilePath(file))
    return sorted(found.values(), key=lambda file: file.parts)


def _walk(folder: str, real: str, templates: str, above: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Each file below `folder`, as it is called and as it really is; only links are asked where they lead."""
    if real in above or real == templates or not os.path.isdir(real):
        return
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.startswith((".", "_")):
            continue
        behind = os.path.realpath(entry.path) if entry.is_symlink() else os.path.join(real, entry.name)
        if entry.is_dir():
            yield from _walk(entry.path, behind, templates, above | {real})
        elif entry.is_file():
            yield entry.path, behind


class _Loading:
    """One load; mistakes are gathered in `problems`."""

    def __init__(self, settings: Settings, values: Mapping[str, Mapping[str, Any]], kinds: Collection[str]) -> None:
        self.settings = settings
        self.names = {"var": settings.variables, **values}
        self.problems: list[Problem] = []
        self.resources: dict[Address, Resource] = {}
        self.out_of_scope: list[Address] = []
        self.rules = Rules(
            root=settings.root,
            kinds=kinds,
            values=Values({**self.names, "each": {}}, settings.environ, settings.root),
            holds=lambda expression, names: self.templates.holds(expression, names),
        )

    @functools.cached_property
    def templates(self) -> Templates:
        from .templates import Templates

        shown = {name: value for name, value in self.settings.variables.items() if not isinstance(value, Secret)}
        names = {**self.names, "var": shown, "env": dict(self.settings.environ)}
        return Templates(self.settings.root, self.settings.templates, names)

    def file(self, path: FilePath) -> None:
        name = path.relative_to(self.settings.root).as_posix()
        try:
            text = read_text(path, name)
            lines = None
            if name.lower().endswith(".j2"):
                rendered = self.templates.render(text, name)
                text, lines = rendered.text, rendered.lines
                name = name if lines else f"rendered {name}"
            documents = read_yaml(text, name, lines)
        except ProjectError as error:
            self.problems += error.problems
            return
        for document in documents:
            read = read_document(document, name, self.rules)
            self.problems += read.problems
            self.out_of_scope += read.out_of_scope
            for resource in read.resources:
                self.add(resource)

    def add(self, resource: Resource) -> None:
        first = self.resources.setdefault(resource.address, resource)
        if first is not resource:
            message = f"{resource.address} is written twice (first in {first.at('id')})"
            self.problems.append(Problem(message, resource.at("id")))

    def check_dependencies(self) -> None:
        known = {*self.resources, *self.out_of_scope}
        for resource in self.resources.values():
            for index, address in enumerate(resource.depends_on):
                where = resource.at("depends_on", index)
                if address == resource.address:
                    self.problems.append(Problem(f"{address} depends on itself", where))
                elif address not in known and not self.problems:  # a file with mistakes may hold it
                    hint = did_you_mean(str(address), map(str, known))
                    self.problems.append(Problem(f"depends_on: there is no {address} in the project", where, hint))
