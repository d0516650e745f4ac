"""What the Kibana kinds share: saved objects read by `_export`, written by `_import`, in a space.

Reading takes one `_export` of the addressed objects per space, whatever their number: it is neither deprecated (as
`_find` and `_bulk_get` are) nor heavy (as an export by type is). Kibana refuses it where an object is missing, but
names every such object, so that a second request for the rest is enough.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from ..dashboards import encode
from ..errors import EsctlError, ServerError
from ..model import Address, Body, Request, Response, Sender

EXPORT = "/api/saved_objects/_export"
IMPORT = "/api/saved_objects/_import"
MOST_OBJECTS, MOST_BYTES = 10_000, 26_214_400
"""What Kibana takes in one export or import, if not configured otherwise."""
ENVELOPE = ("type", "attributes", "references")
"""What a saved object says; all else (versions, dates, namespaces, who wrote it) is the server's."""


def in_space(space: str, path: str) -> str:
    """The path of an API in a space; `""` is the default space."""
    return f"/s/{space}{path}" if space and space != "default" else path


def export(sender: Sender, addresses: Collection[Address], types: tuple[str, ...]) -> dict[Address, list[Body]]:
    """The saved objects of `types` that stand behind each address, as Kibana exports them; absent ones are left out.

    One request per space, a second where some object is missing. Raises ServerError where an object may not be read.
    """
    return export_all(sender, addresses, types)[0]


def export_all(
    sender: Sender, addresses: Collection[Address], types: tuple[str, ...]
) -> tuple[dict[Address, list[Body]], dict[Address, str]]:
    """The same, and those that Kibana has but does not export, with their type: it has no such form of them."""
    found: dict[Address, list[Body]] = {}
    unexported: dict[Address, str] = {}
    for space in sorted({address.space for address in addresses}):
        here = {address.id: address for address in addresses if address.space == space}
        wanted = [{"type": type_, "id": id_} for type_ in types for id_ in sorted(here)]
        for start in range(0, len(wanted), MOST_OBJECTS):
            for saved in _exported(sender, space, wanted[start : start + MOST_OBJECTS]):
                if saved.get("id") in here:
                    found.setdefault(here[saved["id"]], []).append(saved)
                for one in saved.get("excludedObjects") or ():
                    if "id" not in saved and one.get("id") in here:
                        unexported[here[one["id"]]] = one["type"]
    return found, unexported


def _exported(sender: Sender, space: str, objects: list[dict[str, str]]) -> list[Body]:
    answer = _ask(sender, space, objects)
    if answer.status == 404:
        return []  # the space does not exist (yet)
    if answer.status == 400:
        missing = _missing(answer)
        objects = [one for one in objects if (one["type"], one["id"]) not in missing]
        if not objects:
            return []
        answer = _ask(sender, space, objects)
        if answer.status == 400:  # something vanished between the two requests, or cannot be exported at all
            raise ServerError(f"Kibana does not export: {_message(answer)}", status=400)
    return answer.body if isinstance(answer.body, list) else [answer.body] if answer.body else []


def _ask(sender: Sender, space: str, objects: list[dict[str, str]]) -> Response:
    body = {"objects": objects, "excludeExportDetails": False, "includeReferencesDeep": False}
    return sender.send(Request("kibana", "POST", in_space(space, EXPORT), body=body), accept=(400, 404))


def _missing(answer: Response) -> set[tuple[str, str]]:
    """The objects that an answer of 400 calls missing; raises ServerError for any other refusal."""
    attributes = answer.body.get("attributes") if isinstance(answer.body, dict) else None
    errors = (attributes or {}).get("objects") or []
    if not errors:
        raise ServerError(f"Kibana does not export: {_message(answer)}", status=answer.status)
    for one in errors:
        error = one.get("error") or {}
        if error.get("statusCode") != 404:
            name = f"{one.get('type')}/{one.get('id')}"
            raise ServerError(
                f"Kibana does not show {name}: {error.get('message')}", status=error.get("statusCode", 400)
            )
    return {(one["type"], one["id"]) for one in errors}


def _message(answer: Response) -> str:
    return str(answer.body.get("message")) if isinstance(answer.body, dict) else str(answer.body)


def of_types(sender: Sender, kind: str, types: tuple[str, ...]) -> dict[Address, list[Body]]:
    """Every saved object of `types`, in every space that the credentials may see, by the address it has as a `kind`.

    One request for the spaces and one `_export` for each: heavy, but asked only where everything is wanted (`pull`).
    Raises ServerError where Kibana refuses, for instance above its limit of 10,000 objects.
    """
    return all_of_types(sender, kind, types)[0]


def all_of_types(
    sender: Sender, kind: str, types: tuple[str, ...]
) -> tuple[dict[Address, list[Body]], dict[Address, str]]:
    """The same, and those that Kibana has but does not export, with their type."""
    spaces = sender.send(Request("kibana", "GET", "/api/spaces/space"), accept=(404,))
    names = [one["id"] for one in spaces.body] if spaces.status == 200 else ["default"]
    found: dict[Address, list[Body]] = {}
    unexported: dict[Address, str] = {}
    for space in sorted(names):
        body = {"type": list(types), "excludeExportDetails": False, "includeReferencesDeep": False}
        answer = sender.send(Request("kibana", "POST", in_space(space, EXPORT), body=body))
        objects = answer.body if isinstance(answer.body, list) else [answer.body] if answer.body else []
        for saved in objects:
            if saved.get("type") in types:
                found.setdefault(_address(kind, saved["id"], space), []).append(saved)
            for one in saved.get("excludedObjects") or ():
                if "id" not in saved and one.get("type") in types:
                    unexported[_address(kind, one["id"], space)] = one["type"]
    return found, unexported


def _address(kind: str, id: str, space: str) -> Address:
    return Address(kind, id, "" if space == "default" else space)


def foreign(saved: Body) -> str | None:
    """Why a person's project should not hold a saved object: an integration installed it."""
    if saved.get("managed") is True:
        return "managed by Elastic"
    if any(
        one.get("type") == "tag" and str(one.get("id", "")).startswith("fleet-") for one in saved.get("references", ())
    ):
        return "managed by Fleet"
    return None


def importing(space: str, objects: Iterable[Body]) -> Request:
    """The request that writes decoded saved objects whole, replacing those of the same id."""
    body = [encode(saved) for saved in objects]
    return Request("kibana", "POST", in_space(space, IMPORT), {"overwrite": "true"}, body, "file")


def imports(space: str, objects: Iterable[Body]) -> tuple[Request, ...]:
    """As few such requests as Kibana's limits allow: what is referred to comes before what refers to it.

    Raises EsctlError where one object alone is larger than Kibana takes.
    """
    parts: list[list[Body]] = [[]]
    size = 0
    for saved in _referenced_first(list(objects)):
        length = len(json.dumps(encode(saved), separators=(",", ":")).encode()) + 1
        name = f"{saved['type']}/{saved['id']}"
        if length > MOST_BYTES:
            raise EsctlError(f"{name} has {length} bytes; Kibana imports at most {MOST_BYTES}")
        if parts[-1] and (len(parts[-1]) == MOST_OBJECTS or size + length > MOST_BYTES):
            parts.append([])
            size = 0
        parts[-1].append(saved)
        size += length
    return tuple(importing(space, part) for part in parts if part)


def _referenced_first(objects: list[Body]) -> list[Body]:
    by_key = {(one["type"], one["id"]): one for one in objects}
    ordered: dict[tuple[str, str], Body] = {}
    waiting = [(key, False) for key in reversed(by_key)]
    entered: set[tuple[str, str]] = set()
    while waiting:
        key, done = waiting.pop()
        if done:
            ordered.setdefault(key, by_key[key])
        elif key not in entered:
            entered.add(key)
            waiting.append((key, True))
            targets = [(one["type"], one["id"]) for one in by_key[key].get("references") or ()]
            waiting += [(target, False) for target in targets if target in by_key and target not in entered]
    return list(ordered.values())


def refusal(response: Response) -> str | None:
    """Why an import or deletion that was answered with 200 did not happen; None where it did."""
    body = response.body
    if not isinstance(body, dict):
        return None
    if body.get("warnings") and "data" in body:
        return f"Kibana did not keep all of it: {'; '.join(map(warning, body['warnings']))}"
    if body.get("success") is False or body.get("errors"):
        return "; ".join(_import_errors(body.get("errors") or [])) or "Kibana imported nothing and says no reason"
    for result in body.get("successResults") or []:
        if result.get("destinationId", result["id"]) != result["id"]:
            name = f"{result['type']}/{result['id']}"
            return f"{name} is taken in another space; Kibana made a copy under the id {result['destinationId']}"
    statuses = body.get("statuses")
    if isinstance(statuses, list):
        failed = [one["error"] for one in statuses if not one.get("success") and one.get("error")]
        real = [error.get("message", "") for error in failed if error.get("statusCode") != 404]
        return "; ".join(real) or None
    return None


def warning(one: Body) -> str:
    """What the APIs of code say that they leave out: the panel or the property, and why."""
    if one.get("type") == "dropped_panel":
        title = (one.get("panel_config") or {}).get("title")
        said = f' "{title}"' if title else ""
        return f"a panel{said} of type {one.get('panel_type')}: {one.get('message')}"
    if one.get("type") == "dropped_property":
        return f'"{one.get("key")}": {one.get("message")}'
    return str(one.get("message") or one)


def _import_errors(errors: list[Body]) -> Iterator[str]:
    for one in errors:
        name, error = f"{one.get('type')}/{one.get('id')}", one.get("error") or {}
        kind = error.get("type")
        if kind == "missing_references":
            to = ", ".join(f"{part['type']}/{part['id']}" for part in error.get("references", ()))
            yield f"{name} refers to {to}, which Kibana does not have"
        elif kind == "unsupported_type":
            yield f"this Kibana has no saved objects of type {one.get('type')}"
        elif kind in ("conflict", "ambiguous_conflict"):
            yield f"{name} conflicts with another object: {error.get('destinationId') or error.get('destinations')}"
        else:
            yield f"{name}: {error.get('message') or kind}"


def by_name(references: Iterable[Body] | None) -> Callable[[str], str | None]:
    """Gives the id that a reference of this name leads to."""
    return {str(one.get("name")): str(one["id"]) for one in references or () if "id" in one}.get


def _in_order(reference: Body) -> list[str]:
    return [str(reference.get(key, "")) for key in ("name", "type", "id")]


def envelope(saved: Body) -> Body:
    """Type, attributes and references, these in one order."""
    body: Body = {key: saved[key] for key in ENVELOPE if key in saved}
    if saved.get("managed") is True:
        body["managed"] = True
    mode = (saved.get("accessControl") or {}).get("accessMode", "default")
    if mode != "default":
        body["accessControl"] = {"accessMode": mode}
    body["references"] = sorted(saved.get("references") or [], key=_in_order)
    return body


def version_of(saved: Body) -> dict[str, Any]:
    """What tells one state of a saved object from the next; and, where it is not a person's, why (`foreign`)."""
    why = foreign(saved)
    return {key: saved[key] for key in ("version", "updated_at") if key in saved} | ({"foreign": why} if why else {})
