"""Index settings: flattened to `index.…` keys with text values, checked, nested again for an answer."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from .dates import duration_ms
from .errors import ElasticsearchError, illegal, unsupported
from .versions import Version

Flat = dict[str, Any]
"""`{"index.number_of_shards": "1"}`; lists stay lists; None takes a setting away."""

_SET_BY_SERVER = frozenset({"index.uuid", "index.creation_date", "index.provided_name"})
"""Known to the server, unknown to a request."""

_FREE = ("index.routing.allocation.include.", "index.routing.allocation.exclude.", "index.routing.allocation.require.")


_ANALYSIS = "index.analysis."
_TIMES = (".refresh_interval", ".idle.after", ".delayed_timeout", ".sync_interval", ".gc_deletes", ".retention.age")


@cache
def _known() -> dict[str, str]:
    """Setting → what an update may do: dynamic, closed, final, private, internal."""
    table = json.loads(files(__package__).joinpath("index_settings.json").read_text())
    return {
        f"index.{name}": rule
        for rule, names in table.items()
        if isinstance(names, list) and rule != "only_9"
        for name in names
    }


@cache
def _only_nine() -> frozenset[str]:
    table = json.loads(files(__package__).joinpath("index_settings.json").read_text())
    return frozenset(f"index.{name}" for name in table["only_9"])


def flatten(body: Any, prefix: str = "") -> Flat:
    """Nested, dotted or mixed settings, with or without `index.`, as flat keys."""
    flat: Flat = {}
    for key, value in (body or {}).items():
        path = prefix + key
        if isinstance(value, dict):
            flat |= flatten(value, path + ".")
        else:
            flat[path] = _text(value)
    if prefix:
        return flat
    return {k if k.startswith("index.") else f"index.{k}": v for k, v in flat.items()}


def _text(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return [_text(v) for v in value]
    return str(value)


def nest(flat: Flat) -> dict[str, Any]:
    """`{"index.a.b": "1"}` → `{"index": {"a": {"b": "1"}}}`; a key that is both value and prefix stays dotted."""
    nested: dict[str, Any] = {}
    for key in sorted(flat):
        node, parts = nested, key.split(".")
        for i, part in enumerate(parts[:-1]):
            child = node.setdefault(part, {})
            if not isinstance(child, dict):
                node[".".join(parts[i:])] = flat[key]
                break
            node = child
        else:
            node[parts[-1]] = flat[key]
    return nested


def _check_known(key: str, version: Version) -> None:
    if key.startswith("index.similarity."):
        raise unsupported(f"the index setting [{key}] (custom similarity)")
    if key.startswith((*_FREE, _ANALYSIS)):
        return
    if key not in _known() or (version.major < 9 and key in _only_nine()):
        raise _unknown(key)


def _unknown(key: str) -> ElasticsearchError:
    near = _near(key) if key not in _SET_BY_SERVER else None
    return illegal(
        f"unknown setting [{key}] "
        + (
            f"did you mean [{near}]?"
            if near
            else (
                "please check that any required plugins are installed, or check the breaking changes documentation"
                " for removed settings"
            )
        )
    )


def _near(key: str) -> str | None:
    import difflib

    found = difflib.get_close_matches(key, list(_known()), n=1, cutoff=0.85)
    return found[0] if found else None


def check_new(flat: Flat, version: Version) -> None:
    """Settings of an index or a template; raises ElasticsearchError."""
    for key, value in flat.items():
        _check_known(key, version)
        if key in _SET_BY_SERVER:
            raise _unknown(key)
        if _known().get(key) == "private":
            raise ElasticsearchError(
                "validation_exception",
                f"Validation Failed: 1: private index setting [{key}] can not be set explicitly;",
            )
        check_value(key, value)
    shards, routing = (int(flat.get(f"index.number_of_{kind}shards") or 0) for kind in ("", "routing_"))
    if shards and routing % shards:
        raise illegal(f"the number of source shards [{shards}] must be a factor of [{routing}]")


def check_value(key: str, value: Any) -> None:
    if value is None:
        return
    if key in ("index.number_of_shards", "index.number_of_replicas", "index.max_result_window"):
        low = 0 if key.endswith("replicas") else 1
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise illegal(
                f"Failed to parse value [{value}] for setting [{key}]",
                cause={"type": "number_format_exception", "reason": f'For input string: "{value}"'},
            ) from None
        if number < low:
            raise illegal(f"Failed to parse value [{value}] for setting [{key}] must be >= {low}")
        if key == "index.number_of_shards" and number > 1024:
            raise illegal(f"Failed to parse value [{value}] for setting [{key}] must be <= 1024")
    elif key in (
        "index.hidden",
        "index.blocks.write",
        "index.blocks.read",
        "index.blocks.read_only",
        "index.blocks.metadata",
        "index.blocks.read_only_allow_delete",
    ):
        if value not in ("true", "false"):
            raise illegal(f"Failed to parse value [{value}] as only [true] or [false] are allowed.")
    elif key.endswith(_TIMES) and value not in ("-1", "0"):
        duration_ms(value, key)


def updated(
    current: Flat, changes: Flat, version: Version, *, index: str, uuid: str, closed: bool, reopen: bool, keep: bool
) -> Flat:
    """What PUT _settings makes of the settings; raises ElasticsearchError and then applies nothing."""
    for key, value in changes.items():
        if key.endswith(".*") and value is None:
            continue
        _check_known(key, version)
        if key in _SET_BY_SERVER:
            raise _unknown(key)
        rule = _known().get(key, "dynamic")
        if rule in ("private", "internal"):
            raise illegal(
                f"can not update {rule} setting [{key}]; this setting is managed "
                + ("by Elasticsearch" if rule == "private" else "via a dedicated API")
            )
        check_value(key, value)
    place = f"[[{index}/{uuid}]]"
    final = [k for k in changes if _known().get(k) == "final"]
    static = [k for k in changes if _known().get(k) == "closed" or k.startswith(_ANALYSIS)]
    locked = sorted(final if closed or reopen else [*final, *static])
    if locked:
        listed = "[" + ", ".join(locked) + "]"
        if closed or reopen:
            raise illegal(f"final {index} setting [{locked[0]}], not updateable")
        if version.major < 9:
            raise illegal(
                f"Can't update non dynamic settings [{listed}] for open indices {place} unless the `reopen` query"
                " parameter is set to true. Alternatively, close the indices, apply the settings changes, and reopen"
                " the indices"
            )
        why = (
            f"The setting(s) [[{', '.join(sorted(final))}]] cannot be modified on an index once it is created. You will"
            " need to create a new index with the desired setting(s) and reindex your data. See"
            " https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-reindex"
            if final
            else (
                "You can either resubmit the update with `?reopen=true`, or create a new index with the desired"
                " setting(s) and reindex your data. See"
                " https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-reindex"
            )
        )
        raise illegal(f"Can't update non dynamic setting(s) [{listed}] for open indices {place}. {why}")
    result = dict(current)
    for key, value in changes.items():
        if key.endswith(".*"):
            result = {k: v for k, v in result.items() if not k.startswith(key[:-1])}
        elif value is None:
            result.pop(key, None)
            if key == "index.number_of_replicas":
                result[key] = "1"
        elif not (keep and key in current):
            result[key] = value
    return result
