"""Inference endpoints: a model of Elasticsearch's own or of a service, under a name that fields and pipelines use.

`task_type` stands in the spec beside Elastic's body; it is part of the path. What a service adds by itself (rate
limits, dimensions it found out, chunking) is its own: only what is written is compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ..errors import Problem, did_you_mean
from ..model import Address, Body, Capabilities, Consequence, Live, Request, Resource
from ..secret import MARK, Secret
from .base import Context, Cost, Needs
from .differences import differences, same
from .normalise import copy, drop, drop_if
from .rest import RestKind

SECRETS = (
    "service_settings.api_key",
    "service_settings.access_key",
    "service_settings.secret_key",
    "service_settings.client_secret",
    "service_settings.entra_id",
    "service_settings.service_account_json",
    "service_settings.secret_parameters.*",
)
"""What the services of the API keep to themselves: no read shows it (OpenAPI, `…ServiceSettings`)."""

TASKS = ("text_embedding", "sparse_embedding", "rerank", "completion", "chat_completion", "embedding")

PARTS = ("service_settings", "task_settings", "chunking_settings")

_IN_CLUSTER = ("elasticsearch", "elser")
_IN_PLACE = (*SECRETS, "task_settings.*")
_IN_PLACE_SINCE: dict[str, tuple[int, int]] = {
    # elastic/elasticsearch: pull requests 147143 and its siblings (rate limits), 149723 (chunking), issue 137129.
    "service_settings.adaptive_allocations*": (9, 1),
    "service_settings.rate_limit*": (9, 5),
    "service_settings.max_input_tokens": (9, 5),
    "chunking_settings*": (9, 5),
}

_KEYS: dict[str, tuple[str, ...]] = {
    "elasticsearch": (),
    "elastic": (),
    "custom": (),
    "amazonbedrock": ("access_key", "secret_key"),
    "amazon_sagemaker": ("access_key", "secret_key"),
    "googlevertexai": ("service_account_json",),
}
"""What a service wants to know; of all others it is `api_key`."""


def _service(body: Body, capabilities: Capabilities) -> Body:
    """`elser` is kept as `elasticsearch` (elastic/elasticsearch pull request 114457 shows both)."""
    if body.get("service") == "elser":
        body["service"] = "elasticsearch"
    return body


@dataclass(frozen=True)
class InferenceEndpointKind(RestKind):
    """`_update` takes secrets, task settings and numbers of allocations; for anything else it is made anew."""

    def check(self, resource: Resource) -> Iterator[Problem]:
        yield from super().check(resource)
        task = resource.spec.get("task_type")
        if task is None:
            hint = f"one of {', '.join(TASKS)}"
            yield Problem('an inference endpoint needs "task_type"', resource.at("spec"), hint, rule="missing-key")
        elif task not in TASKS:
            hint = did_you_mean(str(task), TASKS) or f"one of {', '.join(TASKS)}"
            place = resource.at("spec", "task_type")
            yield Problem(f'there is no task type "{task}"', place, hint, rule="unknown-value")
        if resource.address.id.startswith("."):
            message = "an id that begins with a dot is Elasticsearch's own: it makes those endpoints itself"
            yield Problem(message, resource.at("id"), "choose another id", rule="reserved-name")
        for dotted in _texts(resource.spec):
            if any(fnmatchcase(dotted, glob) for glob in SECRETS):
                place, key = resource.at("spec", *dotted.split(".")), dotted.rpartition(".")[2]
                hint = f"write {key}: ${{secret.env.NAME}}"
                yield Problem(f"a {key} in plain text would end up wherever this file does", place, hint)

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        """With a reference for each key that the service wants, which no read shows."""
        body = self.normalise(live.body, capabilities)
        settings = body.setdefault("service_settings", {})
        for key in _KEYS.get(str(body.get("service")), ("api_key",)):
            name = re.sub(r"\W+", "_", f"{live.address.id}_{key}").strip("_").upper()
            settings[key] = {MARK: f"${{secret.env.{name}}}"}
        return body

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        path = self._path_of(address, body)
        if live is None:
            sent = {key: value for key, value in body.items() if key != "task_type"}
            return (Request("elasticsearch", "PUT", path, body=sent),)
        update = {}
        for part in PARTS:
            old, new = live.body.get(part) or {}, body.get(part) or {}
            changed = {key: copy(value) for key, value in new.items() if not same(old.get(key), value)}
            if changed:
                # Chunking is replaced as a whole, the others are merged.
                update[part] = copy(new) if part == "chunking_settings" else changed
        return (Request("elasticsearch", "PUT", f"{path}/_update", body=update),) if update else ()

    def replace(self, address: Address, body: Body, live: Live, context: Context) -> tuple[Request, ...]:
        """Deleted under the task it has, made under the one it shall have."""
        delete = Request("elasticsearch", "DELETE", self._path_of(address, live.body))
        return (delete, *self.write(address, body, None, context))

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if after is None:
            return self.deletion
        if before is None:
            return Cost(Consequence.INSTANT)
        service, changed = str(after.get("service")), list(differences(before, after))
        fixed = [d.dotted for d in changed if d.after is None or not _in_place(d.dotted, service, capabilities)]
        if fixed:
            return Cost(
                Consequence.IRREVERSIBLE,
                f"{' and '.join(fixed)} cannot change in place: it is deleted and made anew, which Elasticsearch"
                " refuses while a pipeline or a semantic_text field uses it",
            )
        secret = any(fnmatchcase(d.dotted, glob) for d in changed for glob in SECRETS)
        return Cost(Consequence.INSTANT, "the new key counts from the next call on" if secret else "")

    def _path_of(self, address: Address, body: Body) -> str:
        return self._path(address).replace("/_inference/", f"/_inference/{body.get('task_type', '')}/", 1)


def _in_place(dotted: str, service: str, capabilities: Capabilities) -> bool:
    if any(fnmatchcase(dotted, glob) for glob in _IN_PLACE) or dotted == "task_settings":
        return True
    if dotted == "service_settings.num_allocations":
        return service in _IN_CLUSTER
    newest = capabilities.serverless
    return any(
        fnmatchcase(dotted, glob) and (newest or capabilities.version[:2] >= since)
        for glob, since in _IN_PLACE_SINCE.items()
    )


def _texts(value: Any, dotted: str = "") -> Iterator[str]:
    """Where text stands, dotted."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _texts(part, f"{dotted}.{key}" if dotted else str(key))
    elif isinstance(value, str) and not isinstance(value, Secret):
        yield dotted


INFERENCE_ENDPOINT = InferenceEndpointKind(
    name="inference-endpoint",
    stage=8,
    path="/_inference/{id}",
    listing="/_inference/_all",
    items=lambda answer: ((item["inference_id"], item) for item in (answer or {}).get("endpoints", ())),
    about="A model under a name, for semantic_text fields, pipelines and searches: of the cluster itself or of a"
    " service such as OpenAI or Cohere. `task_type` says what it does.",
    api="PUT /_inference/{task_type}/{inference_id}, with `task_type` beside its body",
    rules=(
        drop(("inference_id",)),
        _service,
        drop_if(("task_settings",), {}, None),
        drop_if(("chunking_settings",), {}, None),
    ),
    needs=Needs(since=(8, 11), licence="enterprise"),
    secrets=SECRETS,
    shared=True,
    deletion=Cost(
        Consequence.INSTANT, "Elasticsearch refuses it while a pipeline or a semantic_text field uses the endpoint"
    ),
)
