"""The ledger: what was last applied, kept in the cluster itself, one document per resource.

The document's id is the resource's address, without the project: so two projects cannot own one resource. Bodies stand
under `enabled: false`: such an object is kept in `_source` as it came and never looked into, so that any key (dots,
blanks, empty), any mixture of types and any size come back as they were, and people can still read it in Discover.
(`flattened` refuses long values; mapped fields of two kinds would clash.)

Writes compare `_seq_no` and `_primary_term`; a new document must be new (`create`). They are not refreshed one by one,
which would cost more than the write: the lease's release refreshes the index's only shard, and with it all that was
written under the lease. After a crash, a search sees the last writes within the second that Elasticsearch takes itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from ..errors import Refused, ServerError
from ..model import Address, Body, Remembered, Request, Sender
from .identity import who

INDEX = "esctl-ledger"
_PAGE = 10_000  # the most that one search returns (index.max_result_window)
_BATCH = 500  # documents with one request,
_BATCH_BYTES = 8_000_000  # and bytes: pipelines with centroids are up to a megabyte each
_LONGEST_ID = 512  # bytes, of a document's _id
_CONFLICT = 409
_SERVERLESS = re.compile(r"Settings \[([^\]]*)\] are not available when running in serverless mode")
_SALT = "salt"  # the document that holds it; an address always has a slash
_KEYWORDS = ("address", "kind", "id", "space", "project", "digest", "who", "commit")

DEFINITION: Body = {
    "settings": {
        "index": {
            "hidden": True,
            "number_of_shards": 1,  # a refresh of one document's shard must show all others too
            "auto_expand_replicas": "0-1",
            # A template for "*" must not send the ledger through somebody's pipeline.
            "default_pipeline": "_none",
            "final_pipeline": "_none",
        }
    },
    "mappings": {
        "dynamic": "strict",
        "_meta": {"managed_by": "esctl", "format": 1},
        "properties": {
            **{name: {"type": "keyword"} for name in _KEYWORDS},
            "when": {"type": "date"},
            "protect": {"type": "boolean"},
            "body": {"type": "object", "enabled": False},
            "defaults": {"type": "object", "enabled": False},
            "lease": {"type": "object", "enabled": False},
        },
    },
}


class Ledger:
    """What `project` applied. Every method raises ServerError; a write that lost a race raises Refused."""

    def __init__(self, sender: Sender, project: str, *, commit: str = "") -> None:
        self._sender = sender
        self._project = project
        self._commit = commit
        self._versions: dict[Address, Mapping[str, Any]] = {}
        self._prepared = False

    def read(self) -> dict[Address, Remembered]:
        """All that the project owns, in one search (one more per 10,000 resources); {} where there is no ledger yet."""
        found = {one.address: one for one in self._search()}
        self._versions = {address: one.version for address, one in found.items()}
        return found

    def others(self, addresses: Iterable[Address]) -> dict[Address, str]:
        """Which of the addresses belong to another project, and to which; one request, none for no addresses."""
        owners = self._owners(addresses)
        return {address: owner for address, owner in owners.items() if owner != self._project}

    def claims(self) -> dict[Address, str]:
        """What other projects own, and which; one search per 10,000 resources."""
        others = {"must_not": {"term": {"project": self._project}}, "filter": {"exists": {"field": "project"}}}
        hits = self._hits(others, {"_source": ["address", "project"]})
        return {Address.parse(hit["_source"]["address"]): str(hit["_source"]["project"]) for hit in hits}

    def bodies_of_others(
        self, kinds: Collection[str], keys: Collection[str]
    ) -> Iterator[tuple[Address, dict[str, Any], str]]:
        """What other projects own of these kinds: (address, body, project), of bodies only what stands under `keys`.

        One search per 10,000 resources.
        """
        query = {"must_not": {"term": {"project": self._project}}, "filter": {"terms": {"kind": sorted(kinds)}}}
        fields = ["kind", "id", "space", "project", *(f"body.{key}" for key in sorted(keys))]
        for hit in self._hits(query, {"_source": fields}):
            source = hit["_source"]
            address = Address(source["kind"], source["id"], source.get("space", ""))
            yield address, source.get("body") or {}, str(source["project"])

    def versions(self, addresses: Iterable[Address]) -> dict[Address, dict[str, Any]]:
        """`seq_no` and `primary_term` of the documents as they are now, whosever they are; one request."""
        ids = {document_id(address): address for address in addresses}
        request = Request(
            "elasticsearch", "POST", f"/{INDEX}/_mget", {"_source_includes": "project"}, {"ids": list(ids)}
        )
        answer = self._sender.send(request, accept=(404,))
        found = [one for one in answer.body["docs"] if one.get("found")] if answer.status == 200 else []
        return {ids[one["_id"]]: {"seq_no": one["_seq_no"], "primary_term": one["_primary_term"]} for one in found}

    def remember(self, remembered: Remembered) -> Remembered:
        """Write one document; returns it as written, with its new version: `remember_all` of one."""
        return self.remember_all((remembered,))[0]

    def remember_all(self, many: Sequence[Remembered], *, beside: Sequence[Body] = ()) -> list[Remembered]:
        """Write documents, many with a request; returns them as written, with their new versions.

        Each replaces the version given, else the one this ledger last read or wrote; where there is neither, it must be
        new. What is empty of `digest`, `who`, `when`, `commit` and `project` is filled in. `beside` are lines of
        `_bulk` that go along with the last request, each operation with an `_index` of its own; what becomes of them is
        not looked at. Raises Refused where a document changed since, or belongs to another project; the others of its
        request are written all the same.
        """
        self.prepare()
        done = []
        batches = list(_batches([self._completed(one) for one in many]))
        for number, batch in enumerate(batches, 1):
            lines: list[Body] = []
            for one, document in batch:
                version = one.version or self._versions.get(one.address, {})
                operation = {"_id": document_id(one.address)} | compared(version, "if_")
                lines += [{"index" if version else "create": operation}, document]
            results = self._bulk(lines, len(batch), beside if number == len(batches) else ())
            for (one, document), result in zip(batch, results, strict=True):
                if result["status"] == _CONFLICT:
                    result = self._written(one.address, document)
                version = {"seq_no": result["_seq_no"], "primary_term": result["_primary_term"]}
                self._versions[one.address] = version
                done.append(replace(one, version=version))
        return done

    def forget(self, address: Address, version: Mapping[str, Any] | None = None) -> None:
        """`forget_all` of one."""
        self.forget_all({address: version})

    def forget_all(self, versions: Mapping[Address, Mapping[str, Any] | None], *, beside: Sequence[Body] = ()) -> None:
        """Delete documents, each if it still is the version given (else the one last read); one that is gone is no
        error. `beside` is as for `remember_all`. Raises Refused where one changed since; the others are deleted."""
        addresses = list(versions)
        for start in range(0, len(addresses), _BATCH):
            batch = addresses[start : start + _BATCH]
            lines: list[Body] = []
            for address in batch:
                version = versions[address] or self._versions.get(address, {})
                lines.append({"delete": {"_id": document_id(address)} | compared(version, "if_")})
            results = self._bulk(lines, len(batch), beside if start + _BATCH >= len(addresses) else ())
            lost = [a for a, result in zip(batch, results, strict=True) if result["status"] == _CONFLICT]
            # With a version to compare, Elasticsearch answers 409 also for a document that is gone.
            for address in self._owners(lost):
                raise self._lost(address)
            for address in batch:
                self._versions.pop(address, None)

    def salt(self) -> bytes | None:
        """What secrets are sealed with where no key is given; None before the first secret was written."""
        answer = self._sender.send(Request("elasticsearch", "GET", f"/{INDEX}/_doc/{_SALT}"), accept=(404,))
        return bytes.fromhex(answer.body["_source"]["body"]["salt"]) if answer.status == 200 else None

    def keep_salt(self, proposed: bytes) -> bytes:
        """Keep a salt, unless there is one; returns the one that is kept. Inside a lease."""
        self.prepare()
        request = Request("elasticsearch", "PUT", f"/{INDEX}/_create/{_SALT}", body={"body": {"salt": proposed.hex()}})
        if self._sender.send(request, accept=(_CONFLICT,)).status != _CONFLICT:
            return proposed
        return self.salt() or proposed

    def _bulk(self, lines: list[Body], operations: int, beside: Sequence[Body]) -> list[Body]:
        """The results of the `operations` of `lines`; those of `beside` are left out."""
        request = Request("elasticsearch", "POST", f"/{INDEX}/_bulk", body=[*lines, *beside], form="ndjson")
        results = [next(iter(item.values())) for item in self._sender.send(request).body["items"][:operations]]
        for result in results:
            if result["status"] >= 400 and result["status"] not in (404, _CONFLICT):
                error = result.get("error", {})
                message = f"the ledger refused {result['_id']}: {error.get('type')}: {error.get('reason')}"
                raise ServerError(message, status=result["status"], kind=str(error.get("type") or ""))
        return results

    def prepare(self) -> None:
        """Make the index if it is not there; asked once."""
        if not self._prepared:
            prepare_index(self._sender)
            self._prepared = True

    def _search(self) -> Iterator[Remembered]:
        ours = {"filter": [{"term": {"project": self._project}}]}
        return map(_remembered, self._hits(ours, {"seq_no_primary_term": True}))

    def _hits(self, query: Body, more: Body) -> Iterator[Body]:
        """All hits of a `bool` query, page by page."""
        body: Body = {"size": _PAGE, "query": {"bool": query}, "sort": [{"address": "asc"}], "track_total_hits": False}
        while True:
            request = Request("elasticsearch", "POST", f"/{INDEX}/_search", body=body | more)
            answer = self._sender.send(request, accept=(404,))
            hits = answer.body["hits"]["hits"] if answer.status == 200 else []
            yield from hits
            if len(hits) < _PAGE:
                return
            body = body | {"search_after": hits[-1]["sort"]}

    def _completed(self, one: Remembered) -> Remembered:
        return replace(
            one,
            digest=one.digest or digest(one.body),
            who=one.who or who(),
            when=one.when or datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            commit=one.commit or self._commit,
            project=one.project or self._project,
        )

    def _owners(self, addresses: Iterable[Address]) -> dict[Address, str]:
        """Project of each document as it is now (a read by id is never stale)."""
        ids = {document_id(address): address for address in addresses}
        if not ids:
            return {}
        path, params = f"/{INDEX}/_mget", {"_source_includes": "project"}
        answer = self._sender.send(Request("elasticsearch", "POST", path, params, {"ids": list(ids)}), accept=(404,))
        documents = answer.body["docs"] if answer.status == 200 else []
        return {ids[one["_id"]]: str(one["_source"]["project"]) for one in documents if one.get("found")}

    def _written(self, address: Address, document: Body) -> Body:
        """The document as it is now, where it is our own: the answer to a first try was lost. Raises Refused."""
        path = f"/{INDEX}/_doc/{quote(document_id(address), safe='')}"
        answer = self._sender.send(Request("elasticsearch", "GET", path), accept=(404,))
        if answer.status != 200 or answer.body["_source"] != document:
            raise self._lost(address)
        found: Body = answer.body
        return found

    def _lost(self, address: Address) -> Refused:
        owner = self._owners([address]).get(address, self._project)
        if owner != self._project:
            return Refused(f'{address} belongs to the project "{owner}"', hint="take it out of one of the two projects")
        return Refused(f"{address} was applied by somebody else in the meantime", hint="run plan again")


def prepare_index(sender: Sender, index: str = INDEX, definition: Body = DEFINITION) -> None:
    """Make an index of esctl's own if it is not there. Two that do so at once are both right."""
    if sender.send(Request("elasticsearch", "HEAD", f"/{index}"), accept=(404,)).status != 404:
        return
    answer = sender.send(Request("elasticsearch", "PUT", f"/{index}", body=definition), accept=(400,))
    refused = _SERVERLESS.search(json.dumps(answer.body)) if answer.status == 400 else None
    if refused:
        names = {name.strip().removeprefix("index.") for name in refused[1].split(",")}
        settings = {name: value for name, value in definition["settings"]["index"].items() if name not in names}
        definition = {**definition, "settings": {"index": settings}}
        answer = sender.send(Request("elasticsearch", "PUT", f"/{index}", body=definition), accept=(400,))
    if answer.status == 400 and "resource_already_exists_exception" not in json.dumps(answer.body):
        raise ServerError(f"esctl's index {index} cannot be made: {json.dumps(answer.body)[:300]}", status=400)


def _batches(many: Sequence[Remembered]) -> Iterator[list[tuple[Remembered, Body]]]:
    """With their documents, as many together as one request may hold."""
    batch: list[tuple[Remembered, Body]] = []
    size = 0
    for one in many:
        document = _document(one)
        weight = len(json.dumps(document))
        if batch and (len(batch) == _BATCH or size + weight > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((one, document))
        size += weight
    if batch:
        yield batch


def document_id(address: Address) -> str:
    """The address; where that is longer than an `_id` may be, its SHA-256."""
    text = str(address)
    if len(text.encode()) <= _LONGEST_ID:
        return text
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def digest(body: Body) -> str:
    """SHA-256 of a body, independent of the order of its keys (hex)."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _document(one: Remembered) -> Body:
    return {
        "address": str(one.address),
        "kind": one.address.kind,
        "id": one.address.id,
        "space": one.address.space,
        "project": one.project,
        "digest": one.digest,
        "who": one.who,
        "when": one.when,
        "commit": one.commit,
        "body": one.body,
        "defaults": one.defaults,
    } | ({"protect": True} if one.protect else {})


def _remembered(hit: Mapping[str, Any]) -> Remembered:
    source = hit["_source"]
    return Remembered(
        address=Address(source["kind"], source["id"], source.get("space", "")),
        body=source["body"],
        defaults=source.get("defaults", {}),
        digest=source.get("digest", ""),
        who=source.get("who", ""),
        when=source.get("when", ""),
        commit=source.get("commit", ""),
        project=source.get("project", ""),
        protect=bool(source.get("protect")),
        version={"seq_no": hit["_seq_no"], "primary_term": hit["_primary_term"]},
    )


def compared(version: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """`seq_no` and `primary_term` as the conditions of a write; {} where there is nothing to compare."""
    return {prefix + name: version[name] for name in ("seq_no", "primary_term")} if version else {}
