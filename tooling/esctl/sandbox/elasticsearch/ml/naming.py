"""Ids of jobs, datafeeds, filters, calendars and analyses: valid ones, and which a pattern means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

from ..errors import ElasticsearchError, illegal
from ..http import Request

_ID = re.compile(r"[a-z0-9](?:[a-z0-9_\-.]*[a-z0-9])?")
LONGEST = 64

Missing = Callable[[str], ElasticsearchError]


def check_id(id: str, name: str) -> None:
    if not _ID.fullmatch(id) or id == "_all":
        raise illegal(
            f"Invalid {name}; '{id}' can contain lowercase alphanumeric (a-z and 0-9), hyphens or underscores; must"
            " start and end with alphanumeric"
        )
    if len(id) > LONGEST:
        raise illegal(f"Invalid {name}; '{id}' cannot contain more than {LONGEST} characters.")


def same_id(body: dict[str, object], id: str, name: str) -> None:
    written = body.get(name, id)
    if written != id:
        raise illegal(
            f"Inconsistent {name}; '{written}' specified in the body differs from '{id}' specified as a URL argument"
        )


def chosen(ids: Iterable[str], request: Request, value: str, missing: Missing) -> list[str]:
    """The ids that the path's names and patterns mean, sorted; a pattern may match nothing unless told otherwise."""
    known = sorted(ids)
    wanted = request.names(value) or ["*"]
    found: set[str] = set()
    for name in wanted:
        pattern = "*" if name == "_all" else name
        hits = {id for id in known if fnmatchcase(id, pattern)}
        if not hits and ("*" not in pattern or not request.flag("allow_no_match", True)):
            raise missing(name)
        found |= hits
    return sorted(found)


def _absent(reason: str) -> ElasticsearchError:
    return ElasticsearchError("resource_not_found_exception", reason, status=404)


def no_job(id: str) -> ElasticsearchError:
    return _absent(f"No known job with id '{id}'")


def no_datafeed(id: str) -> ElasticsearchError:
    return _absent(f"No datafeed with id [{id}] exists")


def no_filter(id: str) -> ElasticsearchError:
    return _absent(f"No filter with id [{id}] exists")


def no_calendar(id: str) -> ElasticsearchError:
    return _absent(f"No calendar with id [{id}]")


def no_analytics(id: str) -> ElasticsearchError:
    return _absent(f"No known data frame analytics with id [{id}]")


def conflict(reason: str) -> ElasticsearchError:
    return ElasticsearchError("status_exception", reason, status=409)


def bad_request(reason: str) -> ElasticsearchError:
    return ElasticsearchError("status_exception", reason)
