"""Index and component templates over HTTP, and what an index of a name would get."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from .analysis_settings import check_analysis, check_analyzers
from .data_streams import check_template_use, composed, with_timestamp
from .dates import now_ms
from .errors import ElasticsearchError, illegal
from .http import Request, Response, Route, route
from .mapping import Body, parse_mapping
from .node import Node, new_uuid
from .settings import check_new, nest
from .templates import check_inner, check_template, compose, matching, overlapping


def _dated(node: Node, before: Body | None, body: Body) -> Body:
    """With the dates that 9.x keeps; an identical PUT leaves them."""
    dates = ("created_date_millis", "modified_date_millis")
    plain = {k: v for k, v in body.items() if k not in dates}
    if before and {k: v for k, v in before.items() if k not in dates} == plain:
        return before
    now = now_ms()
    return {
        **plain,
        "created_date_millis": before["created_date_millis"] if before else now,
        "modified_date_millis": now,
    }


def shown(node: Node, body: Body, flat: bool = False) -> Body:
    """A stored template as read: settings nested, dates only where the version has them."""
    body = {k: v for k, v in body.items() if node.version.template_dates or not k.endswith("_date_millis")}
    if body.get("template", {}).get("settings") and not flat:
        body = {**body, "template": {**body["template"], "settings": nest(body["template"]["settings"])}}
    return body


def _found(names: dict[str, Any], pattern: str | None, missing: str) -> list[str]:
    wanted = pattern.split(",") if pattern else ["*"]
    hits = [n for n in sorted(names) if any(fnmatchcase(n, w) for w in wanted)]
    if not hits and not all("*" in w for w in wanted):
        raise ElasticsearchError(
            "resource_not_found_exception", f"{missing} matching [{pattern}] not found", status=404
        )
    return hits


def get_templates(node: Node, request: Request) -> Response:
    names = _found(node.templates, request.values.get("name"), "index template")
    flat = request.flag("flat_settings")
    found = [{"name": n, "index_template": shown(node, node.templates[n], flat)} for n in names]
    return Response({"index_templates": found}, _status(request, names))


def put_template(node: Node, request: Request) -> Response:
    name = request.values["name"]
    body = request.json(required=True)
    _check_name(name)
    if request.flag("create") and name in node.templates:
        raise illegal(f"index template [{name}] already exists")
    kept = check_template(node, name, body)
    node.put("index_template", name, _dated(node, node.templates.get(name), kept))
    return Response({"acknowledged": True})


def _check_name(name: str) -> None:
    if name != name.lower():
        raise illegal(f"Invalid index template name [{name}], must be lowercase")


def delete_template(node: Node, request: Request) -> Response:
    return _delete(node, "index_template", request.values["name"])


def _delete(node: Node, kind: str, pattern: str) -> Response:
    known = node.collection(kind)
    hits = []
    for name in pattern.split(","):
        matched = [n for n in known if fnmatchcase(n, name)]
        if not matched and "*" not in name:
            if kind == "component_template":
                raise ElasticsearchError("resource_not_found_exception", name, status=404)
            reason = f"index_template [{name}] missing"
            raise ElasticsearchError("index_template_missing_exception", reason, status=404)
        hits += matched
    if kind == "component_template":
        used = sorted(t for t, b in node.templates.items() if any(c in hits for c in b.get("composed_of", [])))
        if used:
            held = sorted({c for t in used for c in node.templates[t]["composed_of"] if c in hits})
            raise illegal(
                f"component templates [{', '.join(held)}] cannot be removed as they are still in use by index templates"
                f" [{', '.join(used)}]"
            )
    for name in hits:
        if kind == "index_template":
            check_template_use(node, name, None)
    for name in hits:
        node.remove(kind, name)
    return Response({"acknowledged": True})


def get_components(node: Node, request: Request) -> Response:
    names = _found(node.components, request.values.get("name"), "component template")
    flat = request.flag("flat_settings")
    found = [{"name": n, "component_template": shown(node, node.components[n], flat)} for n in names]
    return Response({"component_templates": found}, _status(request, names))


def _status(request: Request, found: list[str]) -> int:
    """A pattern that nothing matches is answered with an empty list and 404."""
    return 404 if "name" in request.values and not found else 200


def put_component(node: Node, request: Request) -> Response:
    name = request.values["name"]
    body = request.json(required=True)
    for key in body:
        if key not in ("template", "version", "_meta", "deprecated", "created_date_millis", "modified_date_millis"):
            raise ElasticsearchError("x_content_parse_exception", f"[1:1] [component_template] unknown field [{key}]")
    if "template" not in body:
        raise illegal("Required [template]")
    if request.flag("create") and name in node.components:
        raise illegal(f"component template [{name}] already exists")
    kept = {**body, "template": check_inner(node, body["template"], "component_template")}
    check_new(kept["template"].get("settings", {}), node.version)
    check_analysis(kept["template"].get("settings", {}))
    mapping = parse_mapping(kept["template"].get("mappings", {}), node.version)
    check_analyzers(mapping, kept["template"].get("settings", {}))
    # A component that would break a template that uses it is refused.
    before = node.components.get(name)
    node.components[name] = kept
    try:
        for other, template in node.templates.items():
            if name in template.get("composed_of", []):
                try:
                    compose(node, template)
                except ElasticsearchError as error:
                    reason = (
                        f"updating component template [{name}] results in invalid composable template [{other}] after"
                        " templates are merged"
                    )
                    raise illegal(reason, cause=error) from None
    finally:
        if before is None:
            del node.components[name]
        else:
            node.components[name] = before
    node.put("component_template", name, _dated(node, before, kept))
    return Response({"acknowledged": True})


def delete_component(node: Node, request: Request) -> Response:
    return _delete(node, "component_template", request.values["name"])


def simulate_index(node: Node, request: Request) -> Response:
    """What a new index of this name would get."""
    name = request.values["name"]
    if request.body.strip():
        own = _unnamed("index_template")
        kept = check_template(node, own, request.json())
        before, node.templates = node.templates, {**node.templates, own: kept}
        try:
            return _simulated(node, own, kept, name)
        finally:
            node.templates = before
    found = matching(node, name)
    if found is None:
        return Response({})
    return _simulated(node, found[0], found[1], name)


def _unnamed(what: str = "template") -> str:
    """The name that Elasticsearch gives a template that is only simulated."""
    return f"simulate_{what}_{new_uuid().lower()}"


def simulate(node: Node, request: Request) -> Response:
    name = request.values.get("name", "")
    if request.body:
        name = name or _unnamed()
        return _simulated(node, name, check_template(node, name, request.json()), None)
    if name not in node.templates:
        raise illegal(f"unable to simulate template [{name}] that does not exist")
    return _simulated(node, name, node.templates[name], None)


def _simulated(node: Node, name: str, template: Body, index: str | None) -> Response:
    settings, mapping, aliases = compose(node, template)
    if "data_stream" in template:
        mapping = with_timestamp(node, mapping)
    tier = "data_hot" if "data_stream" in template else "data_content"
    settings = {"index.routing.allocation.include._tier_preference": tier, **settings}
    patterns = overlapping(node, name, template, every=True)
    result: Body = {"settings": nest(settings), "aliases": aliases}
    if mapping:
        result["mappings"] = mapping
    for part in ("lifecycle", "data_stream_options") if "data_stream" in template else ():
        found = composed(node, template, part)
        if found is not None:
            result[part] = found
    return Response(
        {"template": result, "overlapping": [{"name": n, "index_patterns": p} for n, p in patterns.items()]}
    )


_PARAMS = "create cause master_timeout timeout local flat_settings include_defaults"

ROUTES: list[Route] = [
    route("GET", "/_index_template", get_templates, _PARAMS),
    route("POST", "/_index_template/_simulate_index/{name}", simulate_index, _PARAMS),
    route("POST", "/_index_template/_simulate", simulate, _PARAMS),
    route("POST", "/_index_template/_simulate/{name}", simulate, _PARAMS),
    route("GET", "/_index_template/{name}", get_templates, _PARAMS),
    route("PUT POST", "/_index_template/{name}", put_template, _PARAMS),
    route("DELETE", "/_index_template/{name}", delete_template, _PARAMS),
    route("GET", "/_component_template", get_components, _PARAMS),
    route("GET", "/_component_template/{name}", get_components, _PARAMS),
    route("PUT POST", "/_component_template/{name}", put_component, _PARAMS),
    route("DELETE", "/_component_template/{name}", delete_component, _PARAMS),
]
