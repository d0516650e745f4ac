"""What a processor is: the properties it takes, checked as PUT checks them, and the action it becomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ElasticsearchError
from ..mapping import Body
from .document import ABSENT, IngestDocument, check_template, illegal, java_class

if TYPE_CHECKING:
    from ..ingest import Runner

Action = Callable[[IngestDocument, "Runner"], "bool | None"]
"""False drops the document."""

FIELD = ("target_field", "ignore_missing")

_TYPES: dict[str, tuple[type, str]] = {
    **dict.fromkeys(
        "target_field separator pattern append_separator message name policy_name field_split value_split prefix"
        " trim_key trim_value order path quote date_rounding index_name_prefix index_name_format timezone locale"
        " output_format ecs_compatibility copy_from media_type method salt destination conflict_strategy".split(),
        (str, "a string"),
    ),
    **dict.fromkeys(
        "ignore_missing override ignore_empty_value allow_duplicates add_to_root preserve_trailing trim strip_brackets"
        " trace_match ignore_missing_pipeline keep_original remove_if_successful".split(),
        (bool, "a boolean"),
    ),
    **dict.fromkeys(
        "formats patterns date_formats include_keys exclude_keys processors fields".split(), (list, "a list")
    ),
    **dict.fromkeys("pattern_definitions processor params".split(), (dict, "a map")),
}
"""Property → the type it has wherever it stands; the others say themselves what they take."""

_TEMPLATES = frozenset("field target_field value message name copy_from timezone index_name_prefix".split())


@dataclass(frozen=True)
class Processor:
    """`make(body, extra)` checks the body and gives the action; `extra` goes into the errors of a PUT."""

    make: Callable[[Body, Body], Action]
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    def check(self, type: str, body: Body, extra: Body) -> None:
        """Raises parse_exception for a property that is missing, of another type, or unknown."""
        for name in self.required:
            if name not in body:
                raise refused(name, "required property is missing", extra)
            self._check_type(name, body[name], extra)
        for name in self.optional:
            if name in body:
                self._check_type(name, body[name], extra)
        unknown = [k for k in body if k not in (*self.required, *self.optional)]
        if unknown:
            raise ElasticsearchError(
                "parse_exception",
                f"processor [{type}] doesn't support one or more provided configuration parameters"
                f" [{', '.join(unknown)}]",
                **extra,
            )
        for name in _TEMPLATES & body.keys():
            check_template(body[name], extra)

    def _check_type(self, name: str, value: Any, extra: Body) -> None:
        kind, words = _TYPES.get(name, (object, ""))
        if name == "field" and not isinstance(value, (str, list)):
            kind, words = str, "a string"
        if value is None and name in self.required:
            raise refused(name, "required property is missing", extra)
        if value is not None and not isinstance(value, kind):
            raise refused(name, f"property isn't {words}, but of type [{java_class(value)}]", extra)


def refused(name: str, reason: str, extra: Body) -> ElasticsearchError:
    """What is wrong with one property of a processor."""
    return ElasticsearchError("parse_exception", f"[{name}] {reason}", property_name=name, **extra)


def unsupported(what: str, extra: Body) -> ElasticsearchError:
    return ElasticsearchError("parse_exception", f"the esctl sandbox does not implement {what}", **extra)


def value_of(document: IngestDocument, body: Body) -> Any:
    """The value of `field`, or ABSENT where it is missing or null and may be."""
    path = body["field"]
    found = document.found(path)
    if found is None:
        if body.get("ignore_missing"):
            return ABSENT
        document.get(path)
        raise illegal(f"field [{path}] is null, cannot process it.")
    return found


def text_of(document: IngestDocument, body: Body, lack: str = "cannot process it.") -> str | None:
    """The text of `field`, or None where it is missing or null and may be."""
    path = document.render(body["field"])
    value = document.get_as(path, str, body.get("ignore_missing", False))
    if value is None and not body.get("ignore_missing"):
        raise illegal(f"field [{path}] is null, {lack}")
    return value


def text_action(body: Body, change: Callable[[str], Any]) -> Action:
    """Change the text of `field`, or each text of its list, into `target_field`."""

    def act(document: IngestDocument, runner: Runner) -> None:
        value = value_of(document, body)
        if value is ABSENT:
            return
        path = body["field"]
        done: Any
        if isinstance(value, list):
            done = []
            for item in value:
                if not isinstance(item, str):
                    raise illegal(
                        f"value [{item}] of type [{java_class(item)}] in list field [{path}] cannot be cast to"
                        " [java.lang.String]"
                    )
                done.append(change(item))
        elif isinstance(value, str):
            done = change(value)
        else:
            raise illegal(f"field [{path}] of type [{java_class(value)}] cannot be cast to [java.lang.String]")
        document.set(str(body.get("target_field", path)), done)

    return act
