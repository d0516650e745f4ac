"""The two servers behind the page: the few requests that the viewer sends, all of them reading."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter

from ..errors import ServerError
from ..model import Body
from ..preview import Dashboard, Question, read_dashboard

_TIMEOUT = 30.0
_CONNECTIONS = 32
_AS_CODE = {"dashboard": "/api/dashboards", "lens": "/api/visualizations"}
"""Where Kibana shows as code what it does not export."""
_DRAWN = ("lens", "visualization", "index-pattern", "search")


class Servers:
    """Elasticsearch and Kibana over HTTP; methods may be called from many threads."""

    def __init__(self, elasticsearch_url: str, kibana_url: str, headers: Mapping[str, str]) -> None:
        self.elasticsearch_url = elasticsearch_url.rstrip("/")
        self.kibana_url = kibana_url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment has no business between this page and its servers
        self._session.headers.update(headers)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=_CONNECTIONS))

    def information(self) -> Body:
        """`GET /` of Elasticsearch."""
        found: Body = self._json("GET", f"{self.elasticsearch_url}/")
        return found

    def dashboards(self) -> list[Body]:
        """Every dashboard's id, title, description and time of its last change."""
        found: list[Body] = []
        while True:
            params = {
                "type": "dashboard",
                "per_page": 1000,
                "page": len(found) // 1000 + 1,
                "fields": ["title", "description"],
            }
            answer = self._json("GET", f"{self.kibana_url}/api/saved_objects/_find", params=params)
            found += answer.get("saved_objects") or []
            if not answer.get("saved_objects") or len(found) >= answer.get("total", 0):
                break
        return [
            {
                "id": o["id"],
                "title": (o.get("attributes") or {}).get("title") or o["id"],
                "description": (o.get("attributes") or {}).get("description") or "",
                "updated_at": o.get("updated_at"),
            }
            for o in found
        ]

    def read(self, dashboard_id: str) -> Dashboard:
        """A dashboard as Kibana has it now; raises ServerError (404: no such dashboard)."""
        return read_dashboard(self.export(dashboard_id), dashboard_id)

    def answer(self, question: Question, dashboard: Dashboard) -> Body:
        """What Elasticsearch says to one question."""
        if question.kind == "esql":
            return self.esql(question.body)
        return self.search(question.index, question.body)

    def note(self, question: Question) -> str:
        """Nothing: these are the servers' own rows."""
        return ""

    def export(self, dashboard_id: str) -> list[Body]:
        """The dashboard with all that it refers to, as saved objects; raises ServerError (404: no such dashboard)."""
        wanted = [{"type": "dashboard", "id": dashboard_id}]
        response = self._export(wanted)
        if response.status_code == 400:
            message = _message(response)
            if "not found" in response.text.lower() or "fetching objects" in message:
                raise ServerError(f'dashboard "{dashboard_id}" does not exist', status=404)
            raise ServerError(message, status=400)
        return self._with_code(response, set())

    def _export(self, wanted: list[dict[str, str]]) -> requests.Response:
        body = {"objects": wanted, "includeReferencesDeep": True}
        return self._send("POST", f"{self.kibana_url}/api/saved_objects/_export", body, accept=(400,))

    def _with_code(self, response: requests.Response, seen: set[tuple[str, str]]) -> list[Body]:
        """What was exported; and what Kibana has as code only, compiled, with what that refers to."""
        from ..dashboards import compiled

        lines = [json.loads(line) for line in response.text.splitlines() if line.strip()]
        found = [line for line in lines if "exportedCount" not in line]
        seen |= {(one["type"], one["id"]) for one in found}
        for line in lines:
            for one in line.get("excludedObjects") or () if "exportedCount" in line else ():
                if (one["type"], one["id"]) in seen or one["type"] not in _AS_CODE:
                    continue
                path = f"{_AS_CODE[one['type']]}/{quote(one['id'], safe='')}"
                shown = self._json("GET", f"{self.kibana_url}{path}")
                made = compiled(one["type"], one["id"], shown["data"])
                found.append(made)
                seen.add((one["type"], one["id"]))
                for reference in made["references"]:
                    key = (reference["type"], reference["id"])
                    if key not in seen and key[0] in _DRAWN:
                        answer = self._export([{"type": key[0], "id": key[1]}])
                        found += self._with_code(answer, seen) if answer.status_code == 200 else []
        return found

    def search(self, index: str, body: Body) -> Body:
        """One `_search`; an answer of which shards failed is an error too."""
        answer: Body = self._json("POST", f"{self.elasticsearch_url}/{quote(index, safe=',*')}/_search", body)
        failures = (answer.get("_shards") or {}).get("failures")
        if failures:
            reason = failures[0].get("reason") or {}
            raise ServerError(f"{index}: {reason.get('reason') or reason.get('type') or 'a shard failed'}", status=502)
        return answer

    def esql(self, body: Body) -> Body:
        """One `_query`."""
        answer: Body = self._json("POST", f"{self.elasticsearch_url}/_query", body)
        return answer

    def _json(self, method: str, url: str, body: Any = None, *, params: Mapping[str, Any] | None = None) -> Any:
        response = self._send(method, url, body, params=params)
        try:
            return response.json()
        except ValueError:
            raise ServerError(f"{url} answered something that is not JSON", status=502) from None

    def _send(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        params: Mapping[str, Any] | None = None,
        accept: tuple[int, ...] = (),
    ) -> requests.Response:
        headers = {"kbn-xsrf": "true"} if url.startswith(self.kibana_url) else {}
        try:
            response = self._session.request(method, url, json=body, params=params, headers=headers, timeout=_TIMEOUT)
        except requests.Timeout:
            raise ServerError(f"{_root(url)} did not answer within {_TIMEOUT:.0f} s") from None
        except requests.RequestException:
            raise ServerError(f"{_root(url)} cannot be reached") from None
        if response.status_code >= 400 and response.status_code not in accept:
            raise ServerError(_message(response), status=response.status_code)
        return response


def _root(url: str) -> str:
    return "/".join(url.split("/")[:3])


def _message(response: requests.Response) -> str:
    """One line from Elasticsearch's or Kibana's error."""
    try:
        body = response.json()
    except ValueError:
        return f"{_root(response.url)} answered {response.status_code}"
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        cause = (error.get("failed_shards") or [{}])[0].get("reason") or (error.get("root_cause") or [{}])[0]
        reason = (
            (cause.get("caused_by") or {}).get("reason")
            or cause.get("reason")
            or error.get("reason")
            or error.get("type")
        )
        return f"{reason}"
    return str((body.get("message") if isinstance(body, dict) else "") or error or f"answered {response.status_code}")
