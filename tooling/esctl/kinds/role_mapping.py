"""Role mappings: which roles people get who come from outside (LDAP, SAML, OIDC, …), by rules over what they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import Problem
from ..model import Address, Body, Capabilities, Consequence, Path, Request, Resource, Sender
from . import privileges
from .base import Cost, Needs, Reference
from .normalise import drop_if, get
from .rest import mapped
from .role import reserved
from .role_descriptor import as_set
from .schema import Finding
from .secured import SecuredKind
from .wording import in_words, meant

RULES = ("any", "all", "field", "except")


def one_form(body: Body, capabilities: Capabilities) -> Body:
    """Row 15: a list of one value comes back as the value; a template as JSON text, with its format."""
    if "roles" in body:
        body["roles"] = as_set(body["roles"])
    templates = body.get("role_templates")
    if isinstance(templates, dict):
        templates = [templates]
    if isinstance(templates, list):
        body["role_templates"] = [_template(item) if isinstance(item, dict) else item for item in templates]
    if isinstance(body.get("rules"), dict):
        body["rules"] = _rule(body["rules"])
    return body


def _template(item: Body) -> Body:
    item = {key: value for key, value in item.items() if not (key == "format" and value == "string")}
    if isinstance(item.get("template"), str):
        try:
            read = json.loads(item["template"])
        except ValueError:
            read = None
        if isinstance(read, dict):
            item["template"] = read
    return item


def _rule(rule: Any) -> Any:
    if not isinstance(rule, dict):
        return rule
    found = {}
    for key, value in rule.items():
        if key in ("any", "all") and isinstance(value, list):
            value = [_rule(item) for item in value]
        elif key == "except":
            value = _rule(value)
        elif key == "field" and isinstance(value, dict):
            value = {name: _only(values) for name, values in value.items()}
        found[key] = value
    return found


def _only(values: Any) -> Any:
    return values[0] if isinstance(values, list) and len(values) == 1 else values


def rule_mistakes(rule: Any, path: Path, *, within: str = "rules") -> Iterator[Finding]:
    """What Elasticsearch refuses in a rule."""
    if not isinstance(rule, dict):
        yield Finding(path, f"{within} must be a mapping of any, all, field or except, not {in_words(rule)}")
        return
    if len(rule) != 1:
        message = f"{within} has {len(rule) or 'no'} rules" + (f" ({', '.join(map(str, rule))})" if rule else "")
        yield Finding(path, message, "one goes there; any or all hold several")
        return
    key, value = next(iter(rule.items()))
    place = (*path, key)
    if key not in RULES:
        yield Finding(place, f'there is no rule "{key}"', meant(str(key), RULES)[1] or f"known: {', '.join(RULES)}")
    elif key == "except":
        if within != "all":
            yield Finding(place, "except stands in a list of all, beside what it takes away from")
        yield from rule_mistakes(value, place, within="except")
    elif key == "field":
        if not isinstance(value, dict) or len(value) != 1:
            yield Finding(place, "field names one field and its value or values", "for example field: {groups: admins}")
    elif not isinstance(value, list):
        yield Finding(place, f"{key} must be a list, not {in_words(value)}", 'start each rule with "-"')
    else:
        for position, item in enumerate(value):
            yield from rule_mistakes(item, (*place, position), within=key)


@dataclass(frozen=True)
class RoleMappingKind(SecuredKind):
    """Written whole."""

    def check(self, resource: Resource) -> Iterator[Problem]:
        spec = resource.spec
        if wrong := privileges.bad_name("role mapping", resource.address.id):
            yield Problem(wrong, resource.at("id"), rule="bad-name")
        yield from super().check(resource)
        if "rules" not in spec:
            message, hint = 'a role mapping needs "rules"', "for example rules: {field: {groups: admins}}"
            yield Problem(message, resource.at("spec"), hint, rule="missing-key")
        else:
            for path, message, near, severity, rule in rule_mistakes(spec["rules"], ("rules",)):
                yield Problem(message, resource.at("spec", *path), near, severity, rule)
        if "enabled" not in spec:
            yield Problem(
                'a role mapping needs "enabled"', resource.at("spec"), "write enabled: true", rule="missing-key"
            )
        given = [key for key in ("roles", "role_templates") if spec.get(key)]
        if not given:
            yield Problem('a role mapping needs "roles" or "role_templates"', resource.at("spec"), rule="missing-key")
        elif len(given) == 2:
            yield Problem("a role mapping has roles or role_templates, not both", resource.at("spec", "role_templates"))

    def references(self, resource: Resource) -> Iterator[Reference]:
        return roles_of(resource)

    def verify(self, address: Address, body: Body, sender: Sender, capabilities: Capabilities) -> Iterator[str]:
        return missing_roles(body, sender)


def roles_of(resource: Resource) -> Iterator[Reference]:
    """The roles that are given. Soft: a role may come from a file of the server's, which no API shows."""
    roles = resource.spec.get("roles")
    for position, name in enumerate(roles if isinstance(roles, list) else ()):
        if isinstance(name, str):
            yield Reference(Address("role", name), ("spec", "roles", position), soft=True)


def missing_roles(body: Body, sender: Sender) -> Iterator[str]:
    """Roles that are given and that the server does not list."""
    there = sender.send(Request("elasticsearch", "GET", "/_security/role")).body
    for name in body.get("roles") or ():
        if name not in there:
            yield f'the role "{name}" is not there (unless a file of the server defines it)'


def _system(name: str, body: Body) -> str | None:
    read_only = name.endswith("(read only)") or get(body, ("metadata", "_read_only")) is True
    return "made from the server's settings" if read_only else reserved(name, body)


ROLE_MAPPING = RoleMappingKind(
    name="role-mapping",
    stage=17,
    path="/_security/role_mapping/{id}",
    listing="/_security/role_mapping",
    items=mapped,
    about="Gives roles to those who sign in through LDAP, Active Directory, SAML, OIDC, JWT or PKI, by rules.",
    api="PUT /_security/role_mapping/{name}",
    rules=(one_form, drop_if(("roles",), []), drop_if(("role_templates",), []), drop_if(("metadata",), {})),
    meta=("metadata",),
    needs=Needs(serverless=False, security=True),
    system=_system,
    deletion=Cost(Consequence.INSTANT, "those whom it matches lose its roles at their next request"),
)
