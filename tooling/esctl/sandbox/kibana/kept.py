"""What the APIs of rules, SLOs and maintenance windows do alike: pages of what is kept, switching, deletion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from starlette.responses import Response

from .bodies import Body
from .call import Call, Handler
from .errors import bad_request
from .store import SavedObject, Store

Existing = Callable[[Store, str, str], SavedObject]
"""The object of this id in a space; raises KibanaError where there is none."""


def page_of(
    call: Call,
    type_: str,
    shown: Callable[[SavedObject], Body],
    *,
    noun: str,
    listed: str,
    most: int,
    refusal: str,
    size: str = "per_page",
    default: int = 10,
    also: tuple[str, ...] = (),
) -> Body:
    """The page that the query asks for; the objects stand under `listed`. Raises KibanaError with `refusal` where a
    page is to hold more than `most`, and for keys that are neither the page's nor in `also`."""
    for key in call.query:
        if key not in ("page", size, *also):
            raise bad_request(f"the sandbox does not search {noun} by [{key}]")
    page, length = (int(call.query.get(key, [str(usual)])[0]) for key, usual in (("page", 1), (size, default)))
    if length > most:
        raise bad_request(refusal)
    found = [shown(one) for one in call.store.of_types([type_], call.space)]
    return {"page": page, size: length, "total": len(found), listed: found[(page - 1) * length : page * length]}


def put_with(call: Call, existing: Existing, **attributes: object) -> SavedObject:
    """The object of the path with these attributes changed, as it is kept then."""
    with call.store.writing():
        there = existing(call.store, call.id, call.space)
        return call.store.put(replace(there, attributes={**there.attributes, **attributes}))


def enabling(enabled: bool, existing: Existing) -> Handler:
    def handler(call: Call) -> Response:
        put_with(call, existing, enabled=enabled)
        return Response(status_code=204)

    return handler


def deleting(type_: str, existing: Existing) -> Handler:
    def handler(call: Call) -> Response:
        with call.store.writing():
            existing(call.store, call.id, call.space)
            call.store.delete(type_, call.id)
        return Response(status_code=204)

    return handler
