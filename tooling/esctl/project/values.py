"""Values: `${var.name}`, `${env.NAME}`, `${secret.env.NAME}`, `${secret.file.path}` and what else the caller offers.

They are substituted after parsing, so a value keeps its type, file and line: a scalar that is one reference becomes the
value itself (`dims: ${embedding.dims}` is a number), inside longer text it becomes text. `$${` writes `${`.

Only `${first.rest}` with a known `first` counts. Text of other languages stays as it is (`${x}`, `${doc['a']}`), but a
near miss of a known first word (`${vars.x}`) is a mistake. Keys are never substituted.
"""

from __future__ import annotations

import copy
import difflib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

from ..errors import EsctlError, did_you_mean, nearest
from ..model import Path
from ..secret import Secret

_REFERENCE = re.compile(
    r"\$\$\{"  # an escaped ${
    r"|\$\{\s*([A-Za-z_][\w-]*)\.([^\s{}$'\"()]+)\s*\}"  # a reference
    r"|\$\{\s*([A-Za-z_][\w-]*)\s*\."  # the beginning of one that does not end
)

Complain = Callable[[Path, str, str | None], None]
"""Told of each mistake: where in the document, what is wrong, what was probably meant."""


class Undefined(Exception):
    """A reference to something that is not there; `hint` names what was probably meant."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Values:
    """What references may name. `namespaces` maps a first word to nested mappings; `root` is where secret files lie."""

    namespaces: Mapping[str, Mapping[str, Any]]
    environ: Mapping[str, str]
    root: FilePath

    @property
    def first_words(self) -> list[str]:
        return [*self.namespaces, "env", "secret"]

    def beside(self, namespaces: Mapping[str, Mapping[str, Any]]) -> Values:
        """These values and more."""
        return replace(self, namespaces={**self.namespaces, **namespaces})

    def look_up(self, first: str, rest: str) -> Any:
        """The value of `${first.rest}`; raises Undefined."""
        if first == "env":
            return self._environ(rest)
        if first == "secret":
            kind, _, name = rest.partition(".")
            if kind == "env" and name:
                return Secret(self._environ(name), reference=f"${{secret.{rest}}}")
            if kind == "file" and name:
                return self._secret_file(name)
            raise Undefined(f"${{secret.{rest}}} is not a secret", "write ${secret.env.NAME} or ${secret.file.path}")
        found: Any = self.namespaces[first]
        done = first
        for name in rest.split("."):
            if not isinstance(found, Mapping) or name not in found:
                known = found if isinstance(found, Mapping) else ()
                hint = did_you_mean(name, known)
                if not hint and first == "var":
                    hint = "declare it under variables in esctl.yaml"
                if not hint and first == "each" and not found:
                    hint = "a document with for_each has it"
                raise Undefined(f"${{{first}.{rest}}}: {done} has no {name}", hint)
            found = found[name]
            done += f".{name}"
        if found is None:
            how = f"set it with --var {rest}=…" if first == "var" else None
            raise Undefined(f"${{{first}.{rest}}} has no value", how)
        return copy.deepcopy(found) if isinstance(found, dict | list) else found

    def _environ(self, name: str) -> str:
        if name not in self.environ:
            raise Undefined(f"the environment variable {name} is not set", did_you_mean(name, self.environ))
        return self.environ[name]

    def _secret_file(self, name: str) -> Secret:
        try:
            text = (self.root / name).read_text(encoding="utf-8-sig").rstrip("\r\n")
            return Secret(text, reference=f"${{secret.file.{name}}}")
        except UnicodeDecodeError:
            raise Undefined(f"the secret file {name} is not UTF-8 text") from None
        except OSError as error:
            raise Undefined(f"the secret file {name} cannot be read: {error.strerror or error}") from None


def secret_for(reference: str, environ: Mapping[str, str], root: FilePath) -> Secret:
    """The secret of a reference as files keep it (`Bearer ${secret.env.TOKEN}`); one that is absent tells when it is
    needed. Raises EsctlError where it refers to no secret."""
    problems: list[str] = []
    values = Values({}, environ, root)
    found = substitute(reference, values, (), lambda path, message, hint: problems.append(message))
    if problems or not isinstance(found, Secret):
        raise EsctlError(problems[0] if problems else f'"{reference}" refers to no secret')
    return found


def substitute(data: Any, values: Values, at: Path, complain: Complain) -> Any:
    """`data` with every reference replaced; each mistake is told to `complain` and leaves None.

    `at` is where `data` stands in its document. Text around a secret makes a Secret of the whole.
    """
    if isinstance(data, str):
        return _text(data, values, at, complain) if "${" in data else data
    if isinstance(data, dict):
        for key in data:
            if "${" in key and (found := _REFERENCE.search(key)) and found[1] in values.first_words:
                message = f'values are not substituted in keys: "{key}"'
                complain((*at, key), message, "a *.yaml.j2 template can write keys")
        return {key: substitute(value, values, (*at, key), complain) for key, value in data.items()}
    if isinstance(data, list):
        return [substitute(value, values, (*at, index), complain) for index, value in enumerate(data)]
    if isinstance(data, float) and not math.isfinite(data):
        complain(at, "infinite and .nan have no form in JSON", None)
        return None
    return data


def _text(text: str, values: Values, at: Path, complain: Complain) -> Any:
    whole = _REFERENCE.fullmatch(text)
    if whole and whole[1]:
        return _value(whole, values, at, complain)
    written: list[str | Secret] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        written += [text[end : match.start()], _part(match, values, at, complain)]
        end = match.end()
    written.append(text[end:])
    secrets = [part for part in written if isinstance(part, Secret)]
    if not secrets:
        return "".join(map(str, written))
    if absent := next((secret for secret in secrets if secret.absent), None):
        return absent
    whole_text = "".join(part.reveal() if isinstance(part, Secret) else part for part in written)
    reference = "".join(part.reference if isinstance(part, Secret) else part for part in written)
    return Secret(whole_text, reference=reference)


def _part(match: re.Match[str], values: Values, at: Path, complain: Complain) -> str | Secret:
    """What stands for one reference inside longer text."""
    if match[0] == "$${":
        return "${"
    if match[3]:
        if match[3] in values.first_words:
            hint = "write ${name.name}, without spaces; $${ writes ${ as it is"
            complain(at, f"{match[0]}… is not a whole reference", hint)
        return match[0]
    value = _value(match, values, at, complain)
    if isinstance(value, Secret):
        return value
    if isinstance(value, dict | list):
        what = "a mapping" if isinstance(value, dict) else "a list"
        complain(at, f"{match[0]} is {what} and cannot stand inside text", "let it be the whole value")
        return ""
    return _as_text(value)


def _value(match: re.Match[str], values: Values, at: Path, complain: Complain) -> Any:
    first, rest = match[1], match[2]
    if first not in values.first_words:
        near = nearest(first, values.first_words)
        if near and _close(first, near):
            hint = f'did you mean "{near}"? ($${{ writes ${{ as it is)'
            complain(at, f'{match[0]}: there are no "{first}" values', hint)
        return match[0]
    try:
        return values.look_up(first, rest)
    except Undefined as error:
        if first == "secret" and rest.partition(".")[0] in ("env", "file"):
            reference = f"${{secret.{rest}}}"
            return Secret("", reference=reference, absent=f"{'.'.join(map(str, at))}: {error}", hint=error.hint)
        complain(at, str(error), error.hint)
        return None


def _close(word: str, known: str) -> bool:
    """A slip of one or two letters; short words of other languages (`${event.x}`, `${value.x}`) are not."""
    return difflib.SequenceMatcher(None, word.lower(), known).ratio() >= 0.66


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
