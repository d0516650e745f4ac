"""`/api/security/role`: roles with Kibana's privileges, kept by Elasticsearch as application privileges.

Features are not checked: the sandbox knows none. Source of shapes and words: the security plugin of Kibana.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from .errors import KibanaError, bad_request, not_found

Body = dict[str, Any]
Elasticsearch = Callable[[str, str, Any], tuple[int, Any]]
"""Sends a request to the Elasticsearch beside: method, path, body → status, answer."""

APPLICATION = "kibana-.kibana"
BASE = ("all", "read")
_WITHIN = ("cluster", "indices", "remote_indices", "remote_cluster", "run_as")
_FEATURE = re.compile(r"feature_([a-zA-Z0-9_-]+)\.([a-zA-Z0-9_-]+)")


def put_role(elasticsearch: Elasticsearch, name: str, body: Any) -> None:
    """`PUT /api/security/role/{name}`: privileges of other applications stay as they are."""
    body = _checked(body)
    _, before = elasticsearch("GET", f"/_security/role/{quote(name, safe='')}", None)
    others = [one for one in before.get(name, {}).get("applications", ()) if one["application"] != APPLICATION]
    within = body.get("elasticsearch") or {}
    role = {
        **({"description": body["description"]} if body.get("description") else {}),
        **({"metadata": body["metadata"]} if "metadata" in body else {}),
        **{key: within[key] for key in ("remote_indices", "remote_cluster") if key in within},
        **{key: within.get(key, []) for key in ("cluster", "indices", "run_as")},
        "applications": [*(_application(entry) for entry in body.get("kibana", ())), *others],
    }
    status, answer = elasticsearch("PUT", f"/_security/role/{quote(name, safe='')}", role)
    if status >= 400:
        raise KibanaError(status, _reason(answer))


def get_role(elasticsearch: Elasticsearch, name: str) -> Body:
    status, found = elasticsearch("GET", f"/_security/role/{quote(name, safe='')}", None)
    if status == 404 or name not in found:
        raise not_found()
    return _shown(name, found[name])


def list_roles(elasticsearch: Elasticsearch) -> list[Body]:
    _, found = elasticsearch("GET", "/_security/role", None)
    return [_shown(name, found[name]) for name in sorted(found)]


def delete_role(elasticsearch: Elasticsearch, name: str) -> None:
    status, answer = elasticsearch("DELETE", f"/_security/role/{quote(name, safe='')}", None)
    if status == 404:
        raise not_found()
    if status >= 400:
        raise KibanaError(status, _reason(answer))


def _reason(answer: Any) -> str:
    error = answer.get("error") if isinstance(answer, dict) else answer
    if isinstance(error, dict):
        said = f"{error['type']}: {error['reason']}"
        return f"[{error['type']}\n\tRoot causes:\n\t\t{said}]: {error['reason']}"
    return str(error)


def _checked(body: Any) -> Body:
    if not isinstance(body, dict):
        raise bad_request("[request body]: expected a plain object value, but found [null] instead.")
    for key in body:
        if key not in ("elasticsearch", "kibana", "metadata", "description"):
            raise bad_request(f"[request body.{key}]: definition for this key is missing")
    within = body.get("elasticsearch") or {}
    for key in within:
        if key not in _WITHIN:
            raise bad_request(f"[request body.elasticsearch.{key}]: definition for this key is missing")
    for key in ("indices", "remote_indices"):
        for position, group in enumerate(within.get(key, ())):
            _group(group, f"[request body.elasticsearch.{key}.{position}")
    if "kibana" in body and not isinstance(body["kibana"], list):
        raise bad_request("[request body.kibana]: expected value of type [array] but got [Object]")
    taken: list[str] = []
    for position, entry in enumerate(body.get("kibana", ())):
        _entry(entry, f"[request body.kibana.{position}")
        spaces = entry.get("spaces") or ["*"]
        both = [space for space in spaces if space in taken]
        if both:
            raise bad_request(
                f"[request body.kibana]: more than one privilege is applied to the following spaces: [{','.join(both)}]"
            )
        taken += spaces
    return body


def _group(group: Body, place: str) -> None:
    for key in ("names", "privileges"):
        value = group.get(key)
        if not isinstance(value, list):
            found = "undefined" if value is None else type(value).__name__.replace("str", "string")
            raise bad_request(f"{place}.{key}]: expected value of type [array] but got [{found}]")
        if not value:
            raise bad_request(f"{place}.{key}]: array size is [0], but cannot be smaller than [1]")
    if not isinstance(group.get("query", ""), str):
        raise bad_request(f"{place}.query]: expected value of type [string] but got [Object]")


def _entry(entry: Body, place: str) -> None:
    for key in entry:
        if key not in ("spaces", "base", "feature"):
            raise bad_request(f"{place}.{key}]: definition for this key is missing")
    spaces = entry.get("spaces") or ["*"]
    for number, space in enumerate(spaces):
        if spaces != ["*"] and not re.fullmatch(r"[a-z0-9_-]+", space):
            raise bad_request(
                f"{place}.spaces]: types that failed validation:\n- {place[1:]}.spaces.0.{number}]: expected value to"
                f" equal [*]\n- {place[1:]}.spaces.1.{number}]: must be lower case, a-z, 0-9, '_', and '-' are allowed"
            )
    where = "global" if spaces == ["*"] else "space"
    for number, name in enumerate(entry.get("base") or ()):
        if name not in BASE:
            known = ",".join(BASE)
            raise bad_request(f'{place}.base.{number}]: unknown {where} privilege "{name}", must be one of [{known}]')
    names = [name for names in (entry.get("feature") or {}).values() for name in names]
    if not entry.get("base") and not names:
        raise bad_request(f"{place}]: either [base] or [feature] is expected, but none of them specified")
    if entry.get("base") and entry.get("feature"):
        raise bad_request(f"{place}]: definition of [feature] isn't allowed when non-empty [base] is defined.")


def _application(entry: Body) -> Body:
    spaces = entry.get("spaces") or ["*"]
    everywhere = spaces == ["*"]
    base = [name if everywhere else f"space_{name}" for name in entry.get("base") or ()]
    feature = [f"feature_{id}.{name}" for id, names in (entry.get("feature") or {}).items() for name in names]
    resources = spaces if everywhere else [f"space:{space}" for space in spaces]
    return {"application": APPLICATION, "privileges": [*base, *feature], "resources": resources}


def _shown(name: str, role: Body) -> Body:
    applications = role["applications"]
    about = {"description": role["description"]} if role.get("description") else {}
    return {
        "name": name,
        **about,
        "metadata": role["metadata"],
        "transient_metadata": role["transient_metadata"],
        "elasticsearch": {key: role[key] for key in _WITHIN if key in role},
        "kibana": [_read(one) for one in applications if one["application"] == APPLICATION],
        "_transform_error": [],
        "_unrecognized_applications": sorted(
            {one["application"] for one in applications if one["application"] not in (APPLICATION, "*")}
        ),
    }


def _read(application: Body) -> Body:
    everywhere = application["resources"] == ["*"]
    base, feature = [], dict[str, list[str]]()
    for privilege in application["privileges"]:
        if found := _FEATURE.fullmatch(privilege):
            feature.setdefault(found[1], []).append(found[2])
        else:
            base.append(privilege if everywhere else privilege.removeprefix("space_"))
    spaces = ["*"] if everywhere else [name.removeprefix("space:") for name in application["resources"]]
    return {"base": base, "feature": feature, "spaces": spaces}
