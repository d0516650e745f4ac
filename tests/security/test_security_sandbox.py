"""The sandbox's security as a state machine: what is made, changed, found and gone, in 9.5 and in 8.19 form."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from esctl.sandbox.server import Sandbox

pytestmark = pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
Answer = tuple[int, Any]


@pytest.fixture
def ask(fresh_sandbox: Sandbox) -> Callable[..., Answer]:
    def send(method: str, path: str, body: Any = None, *, kibana: bool = False, auth: Any = None) -> Answer:
        url = (fresh_sandbox.kibana_url if kibana else fresh_sandbox.elasticsearch_url) + path
        headers = {"kbn-xsrf": "true"} if kibana else {}
        if isinstance(auth, str):
            headers["Authorization"] = auth
            auth = None
        answer = requests.request(method, url, json=body, headers=headers, auth=auth, timeout=10)
        return answer.status_code, answer.json() if answer.content else None

    return send


def test_a_role(ask: Callable[..., Answer]) -> None:
    body = {"cluster": ["monitor"], "indices": [{"names": "a", "privileges": ["read"]}]}
    assert ask("PUT", "/_security/role/r", body) == (200, {"role": {"created": True}})
    assert ask(
        "PUT", "/_security/role/r", {**body, "global": {"application": {"manage": {"applications": ["a"]}}}}
    ) == (
        200,
        {"role": {"created": False}},
    )
    assert ask("GET", "/_security/role/r")[1]["r"] == {
        "cluster": ["monitor"],
        "global": {"application": {"manage": {"applications": ["a"]}}, "profile": {}, "role": {}},
        "indices": [{"names": ["a"], "privileges": ["read"], "allow_restricted_indices": False}],
        "applications": [],
        "run_as": [],
        "metadata": {},
        "transient_metadata": {"enabled": True},
    }
    assert ask("DELETE", "/_security/role/r") == (200, {"found": True})
    assert ask("DELETE", "/_security/role/r") == (404, {"found": False})


def test_a_privilege_of_9(ask: Callable[..., Answer], sandbox_version: str) -> None:
    status, _ = ask("PUT", "/_security/role/r", {"indices": [{"names": ["v"], "privileges": ["create_view"]}]})
    assert status == (200 if sandbox_version == "9.5" else 400)


def test_a_user_and_a_password(ask: Callable[..., Answer]) -> None:
    refused = ask("PUT", "/_security/user/u", {"roles": []})
    assert refused[0] == 400
    assert refused[1]["error"]["reason"] == (
        "Validation Failed: 1: password must be specified unless you are updating an existing user;"
    )
    assert ask("PUT", "/_security/user/u", {"roles": [], "password": "secret-1"}) == (200, {"created": True})
    assert ask("PUT", "/_security/user/u", {"roles": ["r"], "email": "u@example.com"}) == (200, {"created": False})
    shown = ask("GET", "/_security/user/u")[1]["u"]
    assert shown == {
        "username": "u",
        "roles": ["r"],
        "full_name": None,
        "email": "u@example.com",
        "metadata": {},
        "enabled": True,
    }
    assert ask("GET", "/_security/_authenticate", auth=("u", "secret-1"))[1]["roles"] == ["r"]
    assert ask("GET", "/_security/_authenticate", auth=("u", "secret-2"))[0] == 401
    assert ask("PUT", "/_security/user/u", {"roles": ["r"], "enabled": False}) == (200, {"created": False})
    assert ask("GET", "/_security/_authenticate", auth=("u", "secret-1"))[0] == 401
    assert ask("GET", "/_security/_authenticate")[0] == 401
    assert ask("POST", "/_security/user/_has_privileges", {"cluster": ["all"]})[0] == 400


def test_a_role_mapping_reads_back_as_the_server_prints_it(ask: Callable[..., Answer]) -> None:
    body = {
        "enabled": True,
        "role_templates": [{"template": {"source": "{{username}}"}}],
        "rules": {"all": [{"field": {"groups": ["a"]}}, {"except": {"field": {"username": ["b", "c"]}}}]},
    }
    assert ask("PUT", "/_security/role_mapping/m", body) == (200, {"role_mapping": {"created": True}})
    assert ask("GET", "/_security/role_mapping/m")[1]["m"] == {
        "enabled": True,
        "role_templates": [{"template": '{"source":"{{username}}"}', "format": "string"}],
        "rules": {"all": [{"field": {"groups": "a"}}, {"except": {"field": {"username": ["b", "c"]}}}]},
        "metadata": {},
    }
    assert ask("DELETE", "/_security/role_mapping/m") == (200, {"found": True})


def test_an_api_key(ask: Callable[..., Answer]) -> None:
    status, made = ask("POST", "/_security/api_key", {"name": "k", "expiration": "1d"})
    assert status == 200 and set(made) == {"id", "name", "api_key", "encoded", "expiration"}
    auth = f"ApiKey {made['encoded']}"
    assert ask("GET", "/_security/_authenticate", auth=auth)[1]["api_key"]["id"] == made["id"]
    (shown,) = ask("GET", "/_security/api_key?name=k")[1]["api_keys"]
    assert made["api_key"] not in repr(shown)
    assert shown["expiration"] - shown["creation"] == 86_400_000
    change = {"role_descriptors": {"a": {"cluster": ["monitor"]}}}
    assert ask("PUT", f"/_security/api_key/{made['id']}", change) == (200, {"updated": True})
    assert ask("PUT", f"/_security/api_key/{made['id']}", change) == (200, {"updated": False})
    ended = {"invalidated_api_keys": [made["id"]], "previously_invalidated_api_keys": [], "error_count": 0}
    assert ask("DELETE", "/_security/api_key", {"ids": [made["id"]]}) == (200, ended)
    assert ask("GET", "/_security/_authenticate", auth=auth)[0] == 401
    assert ask("PUT", f"/_security/api_key/{made['id']}", change)[0] == 400
    assert ask("GET", "/_security/api_key?active_only=true&name=k")[1] == {"api_keys": []}


def test_application_privileges(ask: Callable[..., Answer]) -> None:
    body = {"shop": {"read": {"actions": ["data:read/*"]}}}
    assert ask("PUT", "/_security/privilege", body) == (200, {"shop": {"read": {"created": True}}})
    assert ask("PUT", "/_security/privilege", body) == (200, {"shop": {"read": {"created": False}}})
    kept = {"application": "shop", "name": "read", "actions": ["data:read/*"], "metadata": {}}
    assert ask("GET", "/_security/privilege/shop/read") == (200, {"shop": {"read": kept}})
    assert ask("DELETE", "/_security/privilege/shop/read") == (200, {"shop": {"read": {"found": True}}})
    assert ask("GET", "/_security/privilege")[1] == {}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"nope": 1}, "[request body.nope]: definition for this key is missing"),
        ({"elasticsearch": {"global": {}}}, "[request body.elasticsearch.global]: definition for this key is missing"),
        (
            {"kibana": [{"base": ["writer"]}]},
            '[request body.kibana.0.base.0]: unknown global privilege "writer", must be one of [all,read]',
        ),
        (
            {"kibana": [{"spaces": ["a"]}]},
            "[request body.kibana.0]: either [base] or [feature] is expected, but none of them specified",
        ),
        (
            {"kibana": [{"base": ["all"], "feature": {"ml": ["read"]}}]},
            "[request body.kibana.0]: definition of [feature] isn't allowed when non-empty [base] is defined.",
        ),
        (
            {"kibana": [{"base": ["all"], "spaces": ["a", "b"]}, {"base": ["read"], "spaces": ["b"]}]},
            "[request body.kibana]: more than one privilege is applied to the following spaces: [b]",
        ),
        (
            {"elasticsearch": {"indices": [{"names": ["a"], "privileges": ["read"], "query": {"match_all": {}}}]}},
            "[request body.elasticsearch.indices.0.query]: expected value of type [string] but got [Object]",
        ),
    ],
)
def test_kibana_refuses_a_role(ask: Callable[..., Answer], body: dict[str, Any], said: str) -> None:
    status, answer = ask("PUT", "/api/security/role/r", body, kibana=True)
    assert (status, answer["message"]) == (400, said)


def test_kibana_passes_on_what_elasticsearch_says(ask: Callable[..., Answer]) -> None:
    status, answer = ask("PUT", "/api/security/role/superuser", {"elasticsearch": {}, "kibana": []}, kibana=True)
    assert status == 400 and "Role [superuser] is reserved and may not be used." in answer["message"]


def test_kibana_keeps_privileges_of_other_applications(ask: Callable[..., Answer]) -> None:
    shop = {"application": "shop", "privileges": ["read"], "resources": ["*"]}
    ask("PUT", "/_security/role/r", {"applications": [shop]})
    body = {"elasticsearch": {}, "kibana": [{"base": ["read"], "spaces": ["default"]}]}
    assert ask("PUT", "/api/security/role/r", body, kibana=True) == (204, None)
    role = ask("GET", "/api/security/role/r", kibana=True)[1]
    assert role["kibana"] == [{"base": ["read"], "feature": {}, "spaces": ["default"]}]
    assert role["_unrecognized_applications"] == ["shop"]
    assert shop in ask("GET", "/_security/role/r")[1]["r"]["applications"]


WATCH = {"trigger": {"schedule": {"interval": "10m"}}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "could not parse watch [w]. missing required field [trigger]"),
        ({**WATCH, "nope": 1}, "could not parse watch [w]. unexpected field [nope]"),
        ({"trigger": {"clock": {}}}, "could not parse trigger [clock] for [w]. unknown trigger type [clock]"),
        ({"trigger": {"schedule": {"never": 1}}}, "could not parse schedule for [w]. unknown schedule type [never]"),
        ({**WATCH, "input": {"mail": {}}}, "could not parse input for watch [w]. unknown input type [mail]"),
        (
            {**WATCH, "condition": {"maybe": {}}},
            "could not parse condition for watch [w]. unknown condition type [maybe]",
        ),
        ({**WATCH, "actions": {"a": {"sing": {}}}}, "could not parse action [w/a]. unknown action type [sing]"),
        ({**WATCH, "actions": {"a": {}}}, "could not parse watch action [w/a]. missing action type"),
        (
            {**WATCH, "actions": {"a": {"logging": {}}}},
            "failed to parse [logging] action [w/a]. missing required [text] field",
        ),
        (
            {**WATCH, "actions": {"a": {"webhook": {"port": 80}}}},
            "could not parse http request template. missing required [host] string field",
        ),
    ],
)
def test_watcher_refuses(ask: Callable[..., Answer], body: dict[str, Any], said: str) -> None:
    status, answer = ask("PUT", "/_watcher/watch/w", body)
    assert (status, answer["error"]["type"], answer["error"]["reason"]) == (400, "parse_exception", said)


def test_a_watch_and_its_password(ask: Callable[..., Answer]) -> None:
    request = {"host": "h", "port": 80, "auth": {"basic": {"username": "u", "password": "pass"}}}
    watch = {**WATCH, "input": {"http": {"request": request}}}
    status, made = ask("PUT", "/_watcher/watch/w", watch)
    assert (status, made["created"], made["_version"]) == (201, True, 1)
    shown = ask("GET", "/_watcher/watch/w")[1]["watch"]
    assert shown["input"]["http"]["request"]["auth"]["basic"]["password"] == "::es_redacted::"
    assert ask("PUT", "/_watcher/watch/w", shown)[0] == 400
    place = f"if_seq_no={made['_seq_no']}&if_primary_term={made['_primary_term']}"
    assert ask("PUT", "/_watcher/watch/w?if_seq_no=99&if_primary_term=1", shown)[0] == 409
    assert ask("PUT", f"/_watcher/watch/w?{place}", shown)[1]["created"] is False
    assert ask("PUT", "/_watcher/watch/w/_deactivate")[1]["status"]["state"]["active"] is False
    assert ask("PUT", "/_watcher/watch/gone/_deactivate")[0] == 404
    listed = ask("POST", "/_watcher/_query/watches", {"size": 1})[1]
    assert (listed["count"], listed["watches"][0]["_id"]) == (1, "w")
    assert ask("DELETE", "/_watcher/watch/w")[1]["found"] is True
    assert ask("GET", "/_watcher/watch/w") == (404, {"found": False, "_id": "w"})
