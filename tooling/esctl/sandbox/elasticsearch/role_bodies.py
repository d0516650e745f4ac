"""Role descriptors as Elasticsearch parses, checks and prints them: of roles, and of API keys.

The words are those of 8.19.21, which refuses the same bodies (tests/contract).
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from .errors import ElasticsearchError, illegal
from .mapping import Body
from .versions import Version

WORKFLOWS = ("search_application_query",)
_CATEGORIES = ("application", "profile", "role")
_VERBS = {"application": "manage", "profile": "write", "role": "manage"}
_GRAPH = re.compile(r"[!-~]*")
_PREFIX = re.compile(r"[a-z][A-Za-z0-9]*")
_ACTION = re.compile(r"(cluster|indices|internal):")


@cache
def names() -> dict[str, Any]:
    """What Elasticsearch has by name: privileges, reserved roles and users."""
    loaded: dict[str, Any] = json.loads((Path(__file__).parent / "security_names.json").read_text(encoding="utf-8"))
    return loaded


def privilege_names(what: str, version: Version) -> list[str]:
    more = names()["added_in_9"].get(what, []) if version.major >= 9 else []
    return [*names()[what], *more]


def token(value: Any) -> str:
    """What Jackson calls the beginning of a value."""
    if isinstance(value, bool):
        return "VALUE_BOOLEAN"
    known = {dict: "START_OBJECT", list: "START_ARRAY", str: "VALUE_STRING", type(None): "VALUE_NULL"}
    return known.get(type(value), "VALUE_NUMBER")


def parse_failure(reason: str, **more: Any) -> ElasticsearchError:
    return ElasticsearchError("parse_exception", reason, **more)


def failed(*reasons: str, type: str = "action_request_validation_exception") -> ElasticsearchError:
    listed = "".join(f"{number}: {reason};" for number, reason in enumerate(reasons, 1))
    return ElasticsearchError(type, f"Validation Failed: {listed}")


def parse_role(name: str, body: Any, *, restriction: bool = False) -> Body:
    """A role descriptor in the order and form in which it is printed, but for what only printing adds."""
    if not isinstance(body, dict):
        raise parse_failure(f"failed to parse role [{name}]. expected an object but found [{token(body)}] instead")
    role: Body = {"cluster": [], "indices": [], "applications": [], "run_as": [], "metadata": {}}
    for key, value in body.items():
        if key in ("cluster", "run_as"):
            role[key] = _texts(name, key, value)
        elif key in ("index", "indices"):
            role["indices"] = [_group(name, item, key) for item in _groups(name, key, value, "indices")]
        elif key == "remote_indices":
            groups = _groups(name, key, value, "remote indices")
            role[key] = [_group(name, item, key, remote=True) for item in groups]
        elif key == "remote_cluster":
            role[key] = [_remote_cluster(name, item) for item in _groups(name, key, value, "remote_cluster")]
        elif key in ("application", "applications"):
            role["applications"] = [_application(name, item) for item in _groups(name, key, value, "application")]
        elif key == "global":
            role[key] = _global(value)
        elif key in ("metadata", "transient_metadata"):
            if not isinstance(value, dict):
                raise parse_failure(f"expected field [{key}] to be of type object, but found [{token(value)}] instead")
            if key == "metadata":
                role[key] = value
        elif key == "description":
            role[key] = str(value)
        elif key == "restriction" and restriction:
            role[key] = {"workflows": list((value or {}).get("workflows", []))}
        elif key != "type":
            raise parse_failure(f"failed to parse role [{name}]. unexpected field [{key}]")
    return role


def printed(role: Body) -> Body:
    """A stored role as reading shows it."""
    first = {"cluster": role["cluster"]}
    if role.get("global"):
        first["global"] = {category: role["global"].get(category, {}) for category in _CATEGORIES}
    shown = {key: role[key] for key in ("indices", "applications", "run_as", "metadata")}
    last = {
        key: role[key] for key in ("remote_indices", "remote_cluster", "restriction", "description") if role.get(key)
    }
    return {**first, **shown, "transient_metadata": {"enabled": True}, **last}


def role_mistakes(role: Body, version: Version) -> list[str]:
    """What Elasticsearch's RoleDescriptorRequestValidator says, in its order."""
    found = []
    for privilege in role["cluster"]:
        known = privilege_names("cluster", version)
        if privilege.lower() not in known and not _ACTION.match(privilege):
            found.append(
                f"unknown cluster privilege [{privilege.lower()}]. a privilege must be either one of the predefined"
                f" cluster privilege names [{','.join(known)}] or a pattern over one of the available cluster actions"
            )
    for group in (*role["indices"], *role.get("remote_indices", ())):
        found += _unknown_index_privilege(group["privileges"], version)
    for application in role["applications"]:
        found += application_mistakes(application["application"], wildcard=True)
        for privilege in application["privileges"]:
            if not _GRAPH.fullmatch(privilege):
                found.append(
                    "Application privilege names and actions must match the pattern ^\\p{Graph}*$"
                    f" (found '{privilege}')"
                )
    if any(key.startswith("_") for key in role["metadata"]):
        found.append("role descriptor metadata keys may not start with [_]")
    for workflow in role.get("restriction", {}).get("workflows", ()):
        if workflow not in WORKFLOWS:
            found.append(
                f"Unknown workflow [{workflow}]. A workflow must be one of the predefined workflow names"
                f" [{','.join(WORKFLOWS)}]."
            )
    if len(role.get("description", "")) > 1000:
        found.append("Role description must be less than 1000 characters.")
    return found


def application_mistakes(name: str, *, wildcard: bool = False) -> list[str]:
    """Whether an application may be called that (ApplicationPrivilege.validateApplicationName)."""
    if wildcard and name == "*":
        return []
    if not wildcard and "*" in name:
        return [f"Application names may not contain '*' (found '{name}')"]
    if re.search(r"\s", name):
        return [f"Application names may not contain whitespace (found '{name}')"]
    prefix = re.split("[_-]", name, maxsplit=1)[0].removesuffix("*")
    if not _PREFIX.fullmatch(prefix):
        return [f"An application name prefix must match the pattern ^[a-z][A-Za-z0-9]*$ (found '{prefix}')"]
    if len(prefix) < 3 and "*" not in name:
        return [f"An application name prefix must be at least 3 characters long (found '{prefix}')"]
    return []


def _unknown_index_privilege(privileges: list[str], version: Version) -> list[str]:
    known = privilege_names("index", version)
    for privilege in privileges:
        if privilege.lower() not in known and not _ACTION.match(privilege):
            listed = ",".join(f"{name}=[{name}]" for name in known)
            return [
                f"unknown index privilege [{privilege.lower()}]. a privilege must be either one of the predefined fixed"
                f" indices privileges [{listed}] or a pattern over one of the available index actions"
            ]
    return []


def _texts(role: str, key: str, value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list):
        cause = parse_failure(
            f"could not parse [{key}] field. expected a string array but found [{token(value)}] value instead"
        )
        raise parse_failure(f"failed to parse role [{role}]", cause=cause, root=[cause.head()])
    for item in value:
        if not isinstance(item, str):
            cause = parse_failure(
                f"could not parse [{key}] field. expected a string array but one of the value in the array is"
                f" [{token(item)}]"
            )
            raise parse_failure(f"failed to parse role [{role}]", cause=cause, root=[cause.head()])
    return list(value)


def _groups(role: str, key: str, value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise parse_failure(
            f"failed to parse {what} privileges for role [{role}]. expected field [{key}] value to be an array,"
            f" but found [{token(value)}] instead"
        )
    return value


def _group(role: str, item: Any, field: str, *, remote: bool = False) -> Body:
    failing = f"failed to parse indices privileges for role [{role}]."
    if not isinstance(item, dict):
        raise parse_failure(
            f"{failing} expected field [{field}] value to be an array of objects, but found an array element of type"
            f" [{token(item)}]"
        )
    found: Body = {}
    for key, value in item.items():
        if key == "names":
            if value == []:
                raise parse_failure(f"{failing} [names] cannot be an empty array")
            found[key] = [value] if isinstance(value, str) else _texts(role, key, value)
        elif key == "privileges":
            found[key] = _texts(role, key, value)
        elif key == "allow_restricted_indices":
            if not isinstance(value, bool):
                raise parse_failure(
                    f"{failing} expected field [{key}] value to be a boolean, but found [{token(value)}] instead"
                )
            found[key] = value
        elif key == "query":
            if value not in (None, ""):
                found[key] = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        elif key == "field_security":
            found[key] = _fields(role, value, failing)
        elif key == "clusters" and remote:
            found[key] = _texts(role, key, value)
        elif key != "transient_metadata":
            raise parse_failure(f"{failing} unexpected field [{key}]")
    for key in ("names", "privileges"):
        if key not in found:
            raise parse_failure(f"{failing} missing required [{key}] field")
    if not found["privileges"]:
        raise illegal("indices privileges must define at least one privilege")
    if remote and "clusters" not in found:
        raise parse_failure(
            f"failed to parse remote indices privileges for role [{role}]. missing required [clusters] field"
        )
    order = ("names", "privileges", "field_security", "query")
    body = {key: found[key] for key in order if key in found}
    body["allow_restricted_indices"] = found.get("allow_restricted_indices", False)
    return {**body, "clusters": found["clusters"]} if remote else body


def _fields(role: str, value: Any, failing: str) -> Body:
    if not isinstance(value, dict):
        raise parse_failure(f'{failing} expected START_OBJECT but got {token(value)} in "field_security".')
    if not value:
        raise parse_failure(f'{failing} "field_security" must not be empty.')
    for key in value:
        if key not in ("grant", "except"):
            raise parse_failure(f'{failing} "field_security" only accepts options grant and except, but got: {key}')
    fields = {key: _texts(role, key, value[key]) for key in ("grant", "except") if key in value}
    if "except" in fields and "grant" not in fields:
        raise parse_failure(f"{failing} field_security requires grant if except is given")
    beyond = [name for name in fields.get("except", ()) if not any(_covers(one, name) for one in fields["grant"])]
    if beyond:
        said = (
            "Exceptions for field permissions must be a subset of the granted fields but"
            f" {','.join(fields['except'])} is not a subset of {','.join(fields['grant'])}"
        )
        cause = ElasticsearchError("security_exception", said)
        raise parse_failure(f"{failing[:-1]} - {said}", cause=cause, root=[cause.head()])
    return fields


def _covers(pattern: str, name: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) is not None


def _remote_cluster(role: str, item: Any) -> Body:
    failing = f"failed to parse remote_cluster for role [{role}]."
    clusters, privileges = (_texts(role, key, item.get(key)) for key in ("clusters", "privileges"))
    if privileges and not clusters:
        raise parse_failure(f"{failing} [clusters] must be defined when [privileges] are defined ")
    if clusters and not privileges:
        raise parse_failure(f"{failing} [privileges] must be defined when [clusters] are defined ")
    for privilege in privileges:
        known = names()["remote_cluster"]
        if privilege not in known:
            raise parse_failure(
                f"{failing} [{', '.join(known)}] are the only values allowed for [privileges] within [remote_cluster]."
                f" Found [{privilege}]"
            )
    return {"privileges": privileges, "clusters": clusters}


def _application(role: str, item: Any) -> Body:
    failing = f"failed to parse application privileges for role [{role}]."
    if not isinstance(item, dict):
        raise parse_failure(
            f"{failing} expected field [applications] value to be an array of objects, but found an array element of"
            f" type [{token(item)}]"
        )
    for key in item:
        if key not in ("application", "privileges", "resources"):
            raise ElasticsearchError("x_content_parse_exception", f"[1:1] [application] unknown field [{key}]")
    for key in ("resources", "privileges"):
        if key not in item:
            raise parse_failure(f"{failing} missing required [{key}] field")
    if "application" not in item:
        raise illegal("application privileges must have an application name")
    lists = {key: [item[key]] if isinstance(item[key], str) else item[key] for key in ("privileges", "resources")}
    return {"application": item["application"], **lists}


def _global(value: Any) -> Body:
    def bad(expected: str, found: str) -> ElasticsearchError:
        reason = f"[1:1] failed to parse privilege. expected {expected} but found [{found}] instead"
        return ElasticsearchError("x_content_parse_exception", reason)

    if not isinstance(value, dict):
        raise bad("[START_OBJECT]", token(value))
    for category, privileges in value.items():
        if category not in _CATEGORIES:
            raise bad(f"one of [{','.join(_CATEGORIES)}]", category)
        if not isinstance(privileges, dict):
            raise bad("[START_OBJECT]", token(privileges))
        for verb, what in privileges.items():
            if verb != _VERBS[category]:
                raise bad(f"field name [{_VERBS[category]}]", verb)
            if not isinstance(what, dict):
                raise bad("[START_OBJECT]", token(what))
            if not what:
                raise bad("[FIELD_NAME]", "END_OBJECT")
    return {category: privileges for category, privileges in value.items() if privileges}
