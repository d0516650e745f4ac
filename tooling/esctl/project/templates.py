"""Templates: `*.yaml.j2` files and `when` expressions, by Jinja2, sandboxed, with undefined names as errors.

A template sees `var`, `env` and whatever else the caller offers (`embedding`), and may import or include what lies in
the templates folder. Filters of ours: `tojson` and `toyaml`, whose text reads back as the same data by `read_yaml`.
A function of ours: `fail`, with which a template refuses what it cannot render.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, NoReturn

import yaml
from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2 import Undefined as JinjaUndefined
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import missing

from ..errors import Problem, ProjectError, Source, did_you_mean
from .yaml import plain_scalar

_MARK = "\ue000{}\ue001"  # private-use characters: in a rendered text they can only be ours
_MARKS = re.compile("\ue000([0-9]+)\ue001")
_KEEPS_TEXT = re.compile(r"{%[-+]?\s*(macro|call|filter|block|extends|set\s[^=]*?%})|[\ue000\ue001]")
_LEADING = re.compile("(\ue000[0-9]+\ue001)*")


@dataclass(frozen=True)
class Rendered:
    """A rendered template. `lines` has the template's line for each line of `text`; None where that is not certain."""

    text: str
    lines: tuple[int, ...] | None


class Templates:
    """The project's Jinja2 environment. `names` is what templates and expressions see."""

    def __init__(self, root: FilePath, folder: str, names: Mapping[str, Any]) -> None:
        self.root = root
        self.folder = root / folder
        self.names = dict(names)
        self.plain = self._environment()
        self.marking = self._environment(_Marks)

    def _environment(self, *extensions: type[Extension]) -> SandboxedEnvironment:
        environment = SandboxedEnvironment(
            loader=FileSystemLoader(self.folder, encoding="utf-8-sig"),
            undefined=_undefined(list(self.names)),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,
            extensions=extensions,
        )
        environment.filters["tojson"] = to_json
        environment.filters["toyaml"] = to_yaml
        environment.globals["fail"] = fail
        return environment

    def render(self, source: str, name: str) -> Rendered:
        """Render the template file `name` (relative to the project); raises ProjectError at the template's own line.

        For the lines, it is rendered with marks in its text. A file that keeps rendered text for later use (in a macro,
        or a block) may show the marks to a filter: it is rendered without them too. Where the marked text, less its
        marks, is not that text, the lines are given up rather than guessed.
        """
        if _KEEPS_TEXT.search(source):
            text = self._render(self.plain, source, name)
            try:
                marked = self._render(self.marking, source, name)
            except ProjectError:
                return Rendered(text, None)
            if _MARKS.sub("", marked) != text:
                return Rendered(text, None)
        else:
            marked = self._render(self.marking, source, name)
            text = _MARKS.sub("", marked)
        lines, last = [], 1
        for line in marked.split("\n"):
            leading = _MARKS.findall(_LEADING.match(line)[0])  # type: ignore[index]
            lines.append(int(leading[-1]) if leading else last)
            last = int((_MARKS.findall(line) or [last])[-1])
        return Rendered(text, tuple(lines))

    def _render(self, environment: SandboxedEnvironment, source: str, name: str) -> str:
        filename = str(self.root / name)
        try:
            code = environment.compile(source, name, filename)
            template = Template.from_code(environment, code, environment.make_globals(None))
            return template.render(self.names)
        except TemplateSyntaxError as error:
            where = Source(self._relative(error.filename or filename), error.lineno)
            unknown = re.match(r"No (filter|test) named '(\w+)'", str(error.message))
            known = environment.filters if unknown and unknown[1] == "filter" else environment.tests
            hint = did_you_mean(unknown[2], known) if unknown else None
            raise ProjectError([Problem(f"template: {str(error.message).rstrip('.')}", where, hint)]) from None
        except Exception as error:  # whatever the template's own expressions raise
            where = self._place(error, filename)
            raise ProjectError([_problem(error, where, self.folder)]) from None

    def holds(self, expression: str, names: Mapping[str, Any]) -> bool:
        """Whether a `when` expression is true, `names` beside the project's; raises ValueError, saying what is wrong,
        where it has no such answer."""
        try:
            result = self.plain.compile_expression(expression, undefined_to_none=False)(**self.names, **names)
            if isinstance(result, JinjaUndefined):
                str(result)  # raises, naming what is undefined
        except TemplateSyntaxError as error:
            raise ValueError(f'"{expression}" is not an expression: {error.message}') from None
        except Exception as error:
            problem = _problem(error, None, self.folder)
            raise ValueError(f'"{expression}": {problem.message.removeprefix("template: ")}') from None
        if not isinstance(result, bool):
            raise ValueError(f'"{expression}" gives {json.dumps(result, default=str)}, which is neither true nor false')
        return result

    def _relative(self, filename: str) -> str:
        path = FilePath(filename)
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else filename

    def _place(self, error: BaseException, filename: str) -> Source:
        """The deepest template line of the traceback, which Jinja2 rewrites to name the templates' own files."""
        place = Source(self._relative(filename))
        trace = error.__traceback__
        while trace:
            at = trace.tb_frame.f_code.co_filename
            if at == filename or FilePath(at).is_relative_to(self.folder):
                place = Source(self._relative(at), trace.tb_lineno)
            trace = trace.tb_next
        return place


class _Marks(Extension):
    """Puts a mark with its line number at the start of every line of text of a file that is rendered by itself."""

    def filter_stream(self, stream: TokenStream) -> TokenStream | Iterator[Token]:
        if stream.filename is None or FilePath(stream.filename).is_relative_to(self._folder()):
            return stream
        return self._marked(stream)

    def _folder(self) -> str:
        loader = self.environment.loader
        assert isinstance(loader, FileSystemLoader)
        return loader.searchpath[0]

    def _marked(self, stream: TokenStream) -> Iterator[Token]:
        for token in stream:
            if token.type == "data":
                pieces = token.value.split("\n")
                text = "\n".join(_MARK.format(token.lineno + n) + piece for n, piece in enumerate(pieces))
                yield Token(token.lineno, token.type, text)
            else:
                yield token


def _undefined(names: list[str]) -> type[StrictUndefined]:
    class Undefined(StrictUndefined):
        # `range(nothing)` asks for this one, which Jinja2 leaves out.
        __index__ = StrictUndefined.__int__

        @property
        def _undefined_message(self) -> str:
            name, within = self._undefined_name, self._undefined_obj
            if self._undefined_hint:
                return self._undefined_hint
            if within is missing:
                message, known = f'"{name}" is undefined', names
            elif isinstance(within, Mapping):
                message, known = f'"{name}" is undefined', [str(key) for key in within]
            else:
                return super()._undefined_message
            near = did_you_mean(str(name), known)
            return f"{message}; {near}" if near else message

    return Undefined


def _problem(error: Exception, where: Source | None, folder: FilePath) -> Problem:
    if isinstance(error, TemplateNotFound):
        asked = str(error.name or error)
        known = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
        hint = did_you_mean(asked, known) or f"templates are looked for in {folder.name}/"
        return Problem(f'template: there is no template "{asked}"', where, hint)
    if isinstance(error, SecurityError):
        return Problem(f"template: not allowed here: {str(error).rstrip('.')}", where)
    if isinstance(error, RecursionError):
        return Problem("template: calls itself without end", where)
    if isinstance(error, UnicodeDecodeError):
        return Problem("template: what it includes is not UTF-8 text", where)
    said = error.message if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
    return Problem(f"template: {str(said).rstrip('.')}", where)


def fail(message: str) -> NoReturn:
    """`{{ fail("…") }}` ends rendering: the template's line and `message` become the problem."""
    raise TemplateRuntimeError(message)


def to_json(value: Any) -> str:
    """JSON on one line that is YAML too: libyaml takes no surrogate escapes and no unprintable characters."""

    def refuse(value: Any) -> Any:
        if isinstance(value, JinjaUndefined):
            return str(value)  # raises, naming what is undefined
        raise TypeError(f"{type(value).__name__} has no form in JSON")

    text = json.dumps(value, ensure_ascii=False, default=refuse, allow_nan=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def to_yaml(value: Any) -> str:
    """Block YAML, without the last newline; pass it through `indent` where it stands deeper."""
    value = json.loads(to_json(value))  # plain data, or the error that `to_json` raises
    if not isinstance(value, dict | list):
        return to_json(value)
    return yaml.dump(value, Dumper=_dumper(), allow_unicode=True, sort_keys=False, width=10_000).rstrip("\n")


@functools.cache
def _dumper() -> type[yaml.CSafeDumper]:
    """PyYAML's dumper knows YAML 1.1: text that YAML 1.2 takes for a number (`1e-5`, `0o17`) needs quotes too."""

    class Dumper(yaml.CSafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: yaml.CSafeDumper, value: str) -> yaml.ScalarNode:
        quoted = not isinstance(plain_scalar(value), str) or _UNPRINTABLE.search(value) or "\n" in value
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"' if quoted else None)

    def number(dumper: yaml.CSafeDumper, value: float) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:float", json.dumps(value))

    Dumper.add_representer(str, text)
    Dumper.add_representer(float, number)
    return Dumper
