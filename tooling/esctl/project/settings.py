"""Settings: what `esctl.yaml`, its environments, the process's environment and the command line say together."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from ..errors import Problem, ProjectError, Source, did_you_mean
from ..model import Path
from ..secret import Secret
from .servers import OUTSIDE, TYPES, Layer, ServerSettings, login_of, outside_layer, server_settings
from .values import Values, substitute
from .yaml import Document, plain_scalar, read_yaml

FILE = "esctl.yaml"
_TOP = ("name", "resources", "templates", "elasticsearch", "kibana", "variables", "images", "history", "environments")
_PER_ENVIRONMENT = ("elasticsearch", "kibana", "variables", "images")
_KEPT_RUNS = 100
_IMAGES = {"folder": ".esctl/images", "lock": "embedding.lock.json", "models": "mappings"}
_WORDS: dict[type, str] = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list"}
_WORDS |= {dict: "a mapping", Secret: "a secret", type(None): "empty"}


@dataclass(frozen=True)
class ImageSettings:
    """Absolute paths: the folder of vectors, the lock that says which model made them, the folder of k-means models."""

    folder: FilePath
    lock: FilePath
    models: FilePath


@dataclass(frozen=True)
class Settings:
    """A project, in one environment. `resources` are folders (or files) below `root`, `templates` is one.

    `kept_runs` is how many runs stay in the history.
    """

    root: FilePath
    name: str
    environment: str | None
    resources: tuple[str, ...]
    templates: str
    variables: dict[str, Any]
    elasticsearch: ServerSettings
    kibana: ServerSettings
    images: ImageSettings
    environments: tuple[str, ...] = ()
    kept_runs: int = _KEPT_RUNS
    environ: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)


def load_settings(
    root: FilePath,
    *,
    environment: str | None = None,
    variables: Mapping[str, str] = {},
    environ: Mapping[str, str] = os.environ,
    overrides: Mapping[str, str] = {},
) -> Settings:
    """Read `esctl.yaml` below `root`.

    `variables` come from `--var name=value` and are read like YAML scalars (`3` is a number); each must be declared in
    the file. `overrides` may hold elasticsearch_url, kibana_url, api_key, username, password, ca_certs.
    Raises ProjectError with every mistake.
    """
    root = root.absolute()
    document = _read(root)
    return _Settings(root, document, environment, environ).all(variables, overrides)


def read_text(path: FilePath, name: str) -> str:
    """A UTF-8 file's text, without its byte order mark; raises ProjectError, which calls the file `name`."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ProjectError([Problem("not UTF-8 text", Source(name, line), "save the file as UTF-8")]) from None
    except OSError as error:
        raise ProjectError([Problem(f"cannot be read: {error.strerror or error}", Source(name))]) from None


def _read(root: FilePath) -> Document:
    path = root / FILE
    if not path.is_file():
        where = "here" if root == FilePath.cwd() else f"in {root}"
        hint = "run `esctl init` to make a project, or name one with --project"
        raise ProjectError([Problem(f"there is no {FILE} {where}", hint=hint)])
    documents = read_yaml(read_text(path, FILE), FILE)
    if len(documents) != 1:
        said = "is empty" if not documents else "holds more than one document"
        raise ProjectError([Problem(said, Source(FILE), "it needs at least a name" if not documents else None)])
    if not isinstance(documents[0].data, dict):
        message = f"must be a mapping, not {in_words(documents[0].data)}"
        raise ProjectError([Problem(message, Source(FILE, documents[0].line))])
    return documents[0]


def in_words(value: Any) -> str:
    """What a value is, for a person: "a list", "text", …"""
    return _WORDS.get(type(value), type(value).__name__)


class _Settings:
    """One reading of the file; mistakes are gathered in `problems`."""

    def __init__(self, root: FilePath, document: Document, environment: str | None, environ: Mapping[str, str]) -> None:
        self.root, self.document, self.environment, self.environ = root, document, environment, environ
        self.data: dict[str, Any] = document.data
        self.problems: list[Problem] = []
        self.values = Values({}, environ, root)

    def all(self, variables: Mapping[str, str], overrides: Mapping[str, str]) -> Settings:
        self.unknown_keys(self.data, _TOP, ())
        for key, kind in (("name", str), ("templates", str), ("environments", dict)):
            self.typed(self.data, key, (kind,), ())
        if not self.data.get("name"):
            self.problem((), 'the project has no "name"', "write for example name: my-project")
        for key in ("name", "templates"):
            if "${" in str(self.data.get(key)):
                self.problem((key,), f"{key} is written out, values are not substituted in it")
        chosen = self.chosen_environment()
        merged = {name: self.merged(name, chosen) for name in ("variables", "images")}
        final = self.variables(merged["variables"], variables)
        outside = {key: self.environ.get(f"ESCTL_{key.upper()}", "") for key in OUTSIDE}
        elasticsearch = self.server("elasticsearch", chosen, outside, overrides, None)
        kibana = self.server("kibana", chosen, outside, overrides, elasticsearch)
        images = {key: self.root / default for key, default in _IMAGES.items()}
        for key, (raw, at) in merged["images"].items():
            value = self.final(raw, at)
            if value and self.typed({key: value}, key, (str,), at[:-1]):
                images[key] = self.root / value
        resources = self.resources()
        kept_runs = self.kept_runs()
        if self.problems:
            told = sorted(set(self.problems), key=lambda problem: (problem.source or Source(FILE), problem.message))
            raise ProjectError(told)
        return Settings(
            root=self.root,
            name=self.data["name"],
            environment=self.environment,
            resources=resources,
            templates=self.data.get("templates") or "templates",
            variables=final,
            elasticsearch=elasticsearch,
            kibana=kibana,
            images=ImageSettings(**images),
            environments=tuple(self.data.get("environments") or ()),
            kept_runs=kept_runs,
            environ=self.environ,
        )

    def problem(self, at: Path | None, message: str, hint: str | None = None) -> None:
        if at is None:
            self.problems.append(Problem(message, None, hint))
            return
        lines = self.document.lines
        line = next((lines[at[:n]] for n in range(len(at), -1, -1) if at[:n] in lines), 0)
        self.problems.append(Problem(message, Source(FILE, line), hint))

    def unknown_keys(self, data: Mapping[str, Any], known: Collection[str], at: Path) -> None:
        for key in data:
            if key not in known:
                place = f" in {'.'.join(map(str, at))}" if at else ""
                hint = did_you_mean(key, known) or f"known: {', '.join(known)}"
                self.problem((*at, key), f'unknown key "{key}"{place}', hint)

    def typed(self, data: Mapping[str, Any], key: str, kinds: tuple[type, ...], at: Path) -> bool:
        """Whether `key` has one of the types; a wrong one is told. Empty passes."""
        value = data.get(key)
        if value is None or (isinstance(value, kinds) and not (isinstance(value, bool) and bool not in kinds)):
            return True
        dotted = ".".join(map(str, (*at, key)))
        hint = f'write {key}: "{value}"' if str in kinds and isinstance(value, int | float) else None
        self.problem((*at, key), f"{dotted} must be {in_words(kinds[0]())}, not {in_words(value)}", hint)
        return False

    def chosen_environment(self) -> list[tuple[Path, dict[str, Any]]]:
        """The layers to read: the file's top, and the environment asked for. Every environment's keys are checked."""
        layers: list[tuple[Path, dict[str, Any]]] = [((), self.data)]
        environments = self.data.get("environments")
        environments = environments if isinstance(environments, dict) else {}
        for name in environments:
            at = ("environments", name)
            if self.typed(environments, name, (dict,), at[:1]) and environments[name]:
                self.unknown_keys(environments[name], _PER_ENVIRONMENT, at)
                if name == self.environment:
                    layers.append((at, environments[name]))
                else:
                    for section in _PER_ENVIRONMENT:
                        self.section(section, at, environments[name])
        if self.environment is not None and self.environment not in environments:
            known = f"known: {', '.join(environments)}" if environments else f"{FILE} declares no environments"
            message = f'there is no environment "{self.environment}"'
            self.problem(("environments",), message, did_you_mean(self.environment, environments) or known)
        return layers

    def section(self, name: str, above: Path, layer: dict[str, Any]) -> dict[str, tuple[Any, Path]]:
        """One section of one layer: key → (value as written, where); what is wrong is told and left out."""
        data = layer.get(name)
        if data is None or not self.typed(layer, name, (dict,), above):
            return {}
        at = (*above, name)
        if name == "variables":
            return {key: (value, (*at, key)) for key, value in data.items()}
        kinds = TYPES if name in ("elasticsearch", "kibana") else {key: (str,) for key in _IMAGES}
        self.unknown_keys(data, kinds, at)
        found = {}
        for key, value in data.items():
            referenced = isinstance(value, str) and "${" in value  # its type shows after substitution
            if value is not None and key in kinds and (referenced or self.typed(data, key, kinds[key], at)):
                found[key] = (value, (*at, key))
        return found

    def merged(self, name: str, layers: list[tuple[Path, dict[str, Any]]]) -> dict[str, tuple[Any, Path]]:
        merged: dict[str, tuple[Any, Path]] = {}
        for above, layer in layers:
            merged |= self.section(name, above, layer)
        return merged

    def server(
        self,
        name: str,
        layers: list[tuple[Path, dict[str, Any]]],
        outside: Mapping[str, str],
        overrides: Mapping[str, str],
        fallback: ServerSettings | None,
    ) -> ServerSettings:
        written: list[Layer] = [self.section(name, above, layer) for above, layer in layers]
        if fallback and not login_of(written):  # Kibana asks Elasticsearch who may come in
            written = [*login_of([self.section("elasticsearch", *layer) for layer in layers]), *written]
        given = [outside_layer(name, outside), outside_layer(name, overrides)]
        return server_settings(name, [*written, *given], self, fallback)

    def final(self, raw: Any, at: Path) -> Any:
        return substitute(raw, self.values, at, self.problem)

    def variables(self, declared: dict[str, tuple[Any, Path]], given: Mapping[str, str]) -> dict[str, Any]:
        """The declared variables; one may refer to those above it."""
        final: dict[str, Any] = {}
        self.values = Values({"var": final}, self.environ, self.root)
        for name, (raw, at) in declared.items():
            final[name] = plain_scalar(given[name]) if name in given else self.final(raw, at)
        for name in given:
            if name not in declared:
                hint = did_you_mean(name, declared) or f"declare it under variables in {FILE}"
                self.problems.append(Problem(f'--var {name}: there is no variable "{name}"', hint=hint))
        return final

    def kept_runs(self) -> int:
        history = self.data.get("history")
        if history is None or not self.typed(self.data, "history", (dict,), ()):
            return _KEPT_RUNS
        self.unknown_keys(history, ("keep",), ("history",))
        if history.get("keep") is None or not self.typed(history, "keep", (int,), ("history",)):
            return _KEPT_RUNS
        keep = int(history["keep"])
        if keep < 1:
            self.problem(("history", "keep"), f"history.keep must be 1 or more, not {keep}")
        return keep

    def resources(self) -> tuple[str, ...]:
        written = self.data.get("resources")
        if written is None:
            return tuple(name for name in ("mappings", "kibana") if (self.root / name).is_dir())
        if not isinstance(written, list):
            message = f"resources must be a list, not {in_words(written)}"
            self.problem(("resources",), message, "write [mappings, kibana]")
            return ()
        for index, name in enumerate(written):
            at = ("resources", index)
            if not isinstance(name, str) or not name:
                self.problem(at, f"resources holds {in_words(name)}, not the name of a folder")
            elif not (self.root / name).exists():
                # Git keeps no empty folder: one that is not there (yet) holds nothing, unless its name is a slip.
                folders = [child.name for child in self.root.iterdir() if child.is_dir()]
                if near := did_you_mean(name, folders):
                    self.problem(at, f'there is no folder "{name}"', near)
            elif not (self.root / name).resolve().is_relative_to(self.root.resolve()):
                self.problem(at, f'"{name}" is not below the project')
        return tuple(str(name) for name in written)
