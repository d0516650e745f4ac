"""Seed data: documents by id, from YAML, NDJSON or CSV; others in the same index are never touched.

What is on the server is read back and hashed, rather than trusted by `_version` or `_seq_no`: those change with every
reindex and restore, and say nothing of a document that somebody put in place of ours. An unchanged set of 10,000
documents costs one `_mget` for the lists and two for the documents (`BATCH` ids in each), whose sources come along:
seed data is small, and a plan that says "clean" has then seen the content.

Which documents are ours is kept in a list of its own beside the ledger, one document for each set: `written`, and while
a write is under way also `begun`, so that a run that was cut off can be told from somebody else's edit.

A pipeline changes documents on their way in, and vectors are rounded: what is there is then not what was written. The
hash that is found right after the write (`stored`) is remembered as something that the server added; any other one is a
change by hand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..errors import EsctlError, Problem, did_you_mean
from ..model import Address, Body, Capabilities, Consequence, Live, Path, Request, Resource, Response, Sender
from . import seed_files
from .base import Context, Cost, Needs, Part, Reference

LISTS = "esctl-ledger"  # the ledger's own index: it is there before anything is written, and its bodies are not mapped
FORMS = ("documents", "ndjson", "csv")
KEYS = (*FORMS, "index", "pipeline", "id_field", "delimiter", "overwrite")
BATCH = 5_000  # ids in one `_mget`
_BULK = 1_000  # documents in one `_bulk`,
_BULK_BYTES = 5_000_000  # and bytes
_SHOWN = 5  # ids named in words


@dataclass(frozen=True)
class DocumentsKind:
    """`spec`: `index`, one of `documents`, `ndjson` and `csv`; `pipeline`, `id_field`, `delimiter`, `overwrite`.

    The id is a name of your choice, taken once per cluster.

    Rendered, it is `{"index", "pipeline", "documents": {_id: source}}`; normalised, sources are hashes.
    """

    name: str = "documents"
    stage: int = 59
    spaced: bool = False
    shared: bool = False
    about: str = (
        "Seed data: documents with an id, written in YAML, NDJSON or CSV. Documents that are taken out of the file are "
        "deleted with the next apply; others in the index are neither read nor touched."
    )
    api: str = "POST /_bulk"
    needs: Needs = Needs()
    secrets: tuple[str, ...] = ()

    def check(self, resource: Resource) -> Iterator[Problem]:
        spec = resource.spec
        for key in spec:
            if key not in KEYS:
                place = resource.at("spec", key)
                yield Problem(f'unknown key "{key}"', place, did_you_mean(key, KEYS), rule="unknown-key")
        for key in ("index", "pipeline", "id_field", "delimiter"):
            value = spec.get(key)
            if (key == "index" or key in spec) and (not isinstance(value, str) or not value):
                yield Problem(
                    f"{key} is a name" if value is not None else f"{key} is missing", resource.at("spec", key)
                )
        given = [form for form in FORMS if form in spec]
        if len(given) != 1:
            hint = "documents: [...], ndjson: {$file: …} or csv: {$file: …}"
            yield Problem("one of documents, ndjson and csv holds the documents", resource.at("spec"), hint)
            return
        if "delimiter" in spec and (given != ["csv"] or len(str(spec["delimiter"])) != 1):
            yield Problem("delimiter is one character, and for csv only", resource.at("spec", "delimiter"))
            return
        if given[0] != "documents" and not isinstance(spec[given[0]], str):
            yield Problem(f"{given[0]} is text", resource.at("spec", given[0]), "take it from a file: {$file: name}")
            return
        problems: list[Problem] = []

        def complain(message: str, number: int | None, hint: str | None) -> None:
            place = ("spec", given[0], number - 1) if given[0] == "documents" and number else ("spec", given[0])
            problems.append(Problem(message, resource.at(*place), hint))

        _read(spec, complain)
        yield from problems[:20]

    def render(self, resource: Resource, context: Context) -> Body:
        spec = resource.spec
        if resource.rendered:
            return dict(spec)
        body: Body = {"index": spec["index"], "documents": _read(spec, lambda message, number, hint: None)}
        for key in ("pipeline", "overwrite"):
            if spec.get(key):
                body[key] = spec[key]
        return body

    def references(self, resource: Resource) -> Iterator[Reference]:
        for key, kind in (("index", "index"), ("pipeline", "ingest-pipeline")):
            if isinstance(resource.spec.get(key), str):
                yield Reference(Address(kind, resource.spec[key]), ("spec", key))

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        places = {address: (LISTS, _list_id(address.id)) for address in addresses}
        lists = _many(sender, places.values(), capabilities)
        listed = {address: lists[place]["body"] for address, place in places.items() if place in lists}
        wanted = [(one["index"], id) for one in listed.values() for id in {**one["written"], **one.get("begun", {})}]
        sources = _many(sender, wanted, capabilities)
        found = {address: _seen(one, sources) for address, one in listed.items()}
        return {address: Live(address, body) for address, body in found.items() if body["documents"]}

    def sought(
        self, sender: Sender, bodies: Mapping[Address, Body], had: Callable[[Part], bool], capabilities: Capabilities
    ) -> dict[Address, Live]:
        """Documents of these ids that are there although no list names them: one `_mget` for all sets.

        Where others are there, `overwrite: true` is the answer already: they count as new.
        """
        asked = {
            address: [id for id in body["documents"] if not had(("document", body["index"], id))]
            for address, body in bodies.items()
        }
        pairs = ((bodies[address]["index"], id) for address, ids in asked.items() for id in ids)
        sources = _many(sender, dict.fromkeys(pairs), capabilities)
        found: dict[Address, Live] = {}
        for address, ids in asked.items():
            index, wanted = bodies[address]["index"], bodies[address]["documents"]
            there = {id: _digest(sources[index, id]) for id in ids if (index, id) in sources}
            equal = all(digest == _digest(wanted[id]) for id, digest in there.items())
            if there and (equal or not bodies[address].get("overwrite")):
                body: Body = {"index": index, "documents": there, "stored": {}}
                if bodies[address].get("pipeline"):
                    body["pipeline"] = bodies[address]["pipeline"]
                if equal and len(there) < len(wanted):
                    body["equal"] = True
                found[address] = Live(address, body)
        return found

    def taken(self, address: Address, body: Body) -> tuple[Request, ...]:
        """The list of what is written."""
        return (_list(address, _written(body)),)

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        """None: what is in an index and was not written from here is data, not seed data."""
        return {}

    def foreign(self, live: Live) -> str | None:
        return None

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        raise EsctlError(f"{live.address}: documents are not pulled, only written")

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        documents = {id: _digest(source) for id, source in (body.get("documents") or {}).items()}
        kept: Body = {"index": body.get("index"), "documents": documents}
        kept["stored"] = dict(body.get("stored") or {})
        if body.get("pipeline"):
            kept["pipeline"] = body["pipeline"]
        if body.get("unfinished"):
            kept["unfinished"] = dict(body["unfinished"])
        if body.get("equal"):
            kept["equal"] = True
        return kept

    def parts(self, address: Address, body: Body) -> Iterator[tuple[Part, Path]]:
        """The set, and each document; of a body as it is written, the form it comes in is read."""
        index = str(body.get("index"))
        yield ("documents", index, address.id), ("index",)
        if isinstance(body.get("documents"), dict):
            for id in body["documents"]:
                yield ("document", index, id), ("documents", id)
            return
        form = next((form for form in FORMS if form in body), None)
        if form is None or (form != "documents" and not isinstance(body.get(form), str)):
            return
        for place, id in enumerate(_read(body, lambda message, number, hint: None)):
            yield ("document", index, id), ("documents", place) if form == "documents" else (form,)

    def without(self, address: Address, body: Body, taken: Callable[[Part], bool]) -> Body | None:
        index = str(body.get("index"))
        left = {id: one for id, one in body["documents"].items() if not taken(("document", index, id))}
        stored = {id: one for id, one in (body.get("stored") or {}).items() if id in left}
        return {**body, "documents": left, "stored": stored} if left else None

    def ours(self, live: Body, wanted: Body, last: Body | None) -> bool:
        """A run that was cut off left some documents as before and some as they were to be: nobody else wrote there.

        Nor does anybody lose what is there already and equal, before the set was ever applied.
        """
        if live.get("equal"):
            return True
        begun = live.get("unfinished")
        if not begun:
            return False
        before = (last or {}).get("documents", {})
        return all(digest in (begun.get(id), before.get(id)) for id, digest in live["documents"].items())

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        """The list of what is begun, documents in bulks, the list of what is written.

        A document that is not known to be ours must be new (`create`), unless `overwrite` says otherwise.
        """
        wanted = self.normalise(body, context.capabilities)
        found = self.normalise(live.body, context.capabilities) if live else {"index": body["index"], "documents": {}}
        moved = found["index"] != wanted["index"] or found.get("pipeline") != wanted.get("pipeline")
        known = found["documents"] if found["index"] == wanted["index"] else {}
        # Which of those the server changed itself is not known here: they are sent again, too.
        damaged = found.get("stored", {})
        operations: list[list[Body]] = []
        for id, source in body["documents"].items():
            if moved or id in damaged or known.get(id) != wanted["documents"][id]:
                ours = id in known or context.had(("document", wanted["index"], id))
                action = "index" if ours or body.get("overwrite") else "create"
                operations.append([{action: {"_index": wanted["index"], "_id": id}}, source])
        gone = [id for id in found["documents"] if id not in known or id not in wanted["documents"]]
        operations += [[{"delete": {"_index": found["index"], "_id": id}}] for id in gone]
        written = _written(body)
        begun = {**written, "written": known, "begun": wanted["documents"]}
        bulks = [_bulk(lines, body.get("pipeline")) for lines in _batches(operations)]
        return (_list(address, begun), *bulks, _list(address, written))

    def withdraw(self, address: Address, last: Body, live: Live, context: Context) -> tuple[Request, ...]:
        found = self.normalise(live.body, context.capabilities)
        deletions = [[{"delete": {"_index": found["index"], "_id": id}}] for id in found["documents"]]
        return (*(_bulk(lines, None) for lines in _batches(deletions)), *self.delete(address, context))

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        """Only the list: `withdraw` also deletes what it names."""
        return (Request("elasticsearch", "DELETE", f"/{LISTS}/_doc/{quote(_list_id(address.id), safe='')}"),)

    def refusal(self, response: Response) -> str | None:
        """`_bulk` answers 200 where it refused documents."""
        if not isinstance(response.body, dict) or not response.body.get("errors"):
            return None
        failed = [item for one in response.body.get("items", ()) for item in one.values() if item.get("error")]
        if not failed:
            return "the server refused documents of the bulk, and does not say which"
        first, error = failed[0], failed[0]["error"]
        why = str(error.get("reason", error))
        if first.get("status") == 409:
            why = "a document of this id is there already, and none of these: `overwrite: true` takes it over"
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        return f'document "{first.get("_id")}"{more}: {why}'

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if after is None:
            count = _count(len((before or {}).get("documents", ())))
            return Cost(Consequence.INSTANT, f"{count} written from here: deleted")
        if before is not None and before.get("index") != after.get("index"):
            return Cost(Consequence.INSTANT, f"{_count(len(before['documents']))} move to {after['index']}")
        return Cost(Consequence.INSTANT)

    def in_words(self, before: Body, after: Body) -> list[str]:
        old, new = before.get("documents", {}), after.get("documents", {})
        edited = [id for id in before.get("stored", {}) if id in new and id in old]
        parts = (
            ("+", "new", [id for id in new if id not in old]),
            ("~", "changed", [id for id in new if id in old and (old[id] != new[id] or id in edited)]),
            ("-", "no longer written: deleted", [id for id in old if id not in new]),
        )
        words = []
        for sign, what, ids in parts:
            if ids:
                named = ", ".join(ids[:_SHOWN]) + (", …" if len(ids) > _SHOWN else "")
                words.append(f"{sign} {_count(len(ids))} {what} ({named})")
        if before.get("equal"):
            words.append(f"{_count(len(old))} there already and equal")
        if before.get("unfinished"):
            words.append("an earlier apply was cut off here: it is brought to its end")
        return words

    def verify(self, address: Address, body: Body, sender: Sender, capabilities: Capabilities) -> Iterator[str]:
        """That every document can be found by its id."""
        found = _many(sender, ((body["index"], id) for id in body["documents"]), capabilities)
        missing = [id for id in body["documents"] if (body["index"], id) not in found]
        if missing:
            yield f"{_count(len(missing))} not in {body['index']} ({', '.join(missing[:_SHOWN])})"


def _read(spec: Body, complain: seed_files.Complain) -> dict[str, Body]:
    id_field = spec.get("id_field")
    if "ndjson" in spec:
        return seed_files.from_ndjson(spec["ndjson"], id_field, complain)
    if "csv" in spec:
        return seed_files.from_csv(spec["csv"], spec.get("delimiter", ","), id_field, complain)
    return seed_files.from_list(spec.get("documents"), id_field, complain)


def _digest(source: Any) -> str:
    """Of the content, whatever the order of keys; a digest stays what it is, so that normalising twice is the same."""
    if isinstance(source, str):
        return source
    text = json.dumps(source, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _seen(listed: Body, sources: Mapping[tuple[str, str], Body]) -> Body:
    """A set as it is on the server: `stored` holds the hash where it is not the one that was written."""
    index, written, begun = listed["index"], listed["written"], listed.get("begun", {})
    documents: Body = {}
    stored: Body = {}
    for id in {**written, **begun}:
        if (index, id) not in sources:
            continue
        digest = _digest(sources[index, id])
        if digest == begun.get(id):
            documents[id] = digest
        elif id in written:
            documents[id] = written[id]
            if digest != written[id] and not (begun and listed.get("pipeline")):
                stored[id] = digest
    body: Body = {"index": index, "documents": documents, "stored": stored}
    if listed.get("pipeline"):
        body["pipeline"] = listed["pipeline"]
    if begun:
        body["unfinished"] = begun
    return body


def _many(sender: Sender, wanted: Iterable[tuple[str, str]], capabilities: Capabilities) -> dict[tuple[str, str], Body]:
    """The sources of those (index, id) that exist."""
    pairs = list(wanted)
    found: dict[tuple[str, str], Body] = {}
    for start in range(0, len(pairs), BATCH):
        batch = pairs[start : start + BATCH]
        docs = [{"_index": index, "_id": id} for index, id in batch]
        # Vectors are left out of sources by default from 9.2 on; older servers refuse the parameter.
        params = {"_source_exclude_vectors": "false"} if capabilities.version >= (9, 2) else {}
        answer = sender.send(Request("elasticsearch", "POST", "/_mget", params, {"docs": docs})).body
        for pair, one in zip(batch, answer["docs"], strict=True):
            if one.get("found"):
                found[pair] = one.get("_source") or {}
    return found


def _batches(operations: list[list[Body]]) -> Iterator[list[Body]]:
    lines: list[Body] = []
    count = size = 0
    for operation in operations:
        length = sum(len(json.dumps(line)) for line in operation)
        if count and (count >= _BULK or size + length > _BULK_BYTES):
            yield lines
            lines, count, size = [], 0, 0
        lines.extend(operation)
        count += 1
        size += length
    if lines:
        yield lines


def _bulk(lines: list[Body], pipeline: str | None) -> Request:
    params = {"refresh": "true", "filter_path": "errors,items.*._id,items.*.status,items.*.error"}
    if pipeline:
        params["pipeline"] = pipeline
    return Request("elasticsearch", "POST", "/_bulk", params, lines, "ndjson")


def _list_id(id: str) -> str:
    return f"documents:{id}"  # an address always has a slash: no resource's own document is called so


def _list(address: Address, body: Body) -> Request:
    path = f"/{LISTS}/_doc/{quote(_list_id(address.id), safe='')}"
    return Request("elasticsearch", "PUT", path, body={"body": body})


def _written(body: Body) -> Body:
    """The list of a set that is all there."""
    digests = {id: _digest(source) for id, source in body["documents"].items()}
    return {"index": body["index"], "pipeline": body.get("pipeline"), "written": digests}


def _count(number: int) -> str:
    return f"{number:,} document{'' if number == 1 else 's'}"


DOCUMENTS = DocumentsKind()
