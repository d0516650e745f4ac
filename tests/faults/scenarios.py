"""What is done while requests go wrong: apply, a plan's file, prune, a reindex, a rollback, destroy."""

from __future__ import annotations

from trials import ALL, MIXED, Place, Scenario

INDEX = """\
kind: index
id: f-shops
spec:
  aliases: {f-all: {}}
  mappings: {dynamic: false, properties: {name: {type: keyword}, seats: {type: integer}}}
"""
DOCUMENTS = """\
---
kind: documents
id: f-shops
spec:
  index: f-shops
  documents:
    - {_id: berlin, name: Shop Berlin, seats: 24}
    - {_id: paris, name: Shop Paris, seats: 12}
"""
KEPT = (
    "cluster-settings/",
    "kibana-settings/",
    "ilm-policy/",
    "component-template/",
    "index/",
    "documents/",
    "role/",
    "data-view/",
)
PRUNE = ("apply", "--prune", "--yes", "--allow", "irreversible")
MOVE = ("apply", "--yes", "--allow", "replace", "--allow", "alias")


def nothing(place: Place) -> None:
    place.write(MIXED)


def every_kind(place: Place) -> None:
    place.write(ALL)


def planned(place: Place) -> None:
    place.write(ALL)
    if place.esctl("plan", "--out", "plan.json", direct=True) != 2:
        raise AssertionError(place.said[-1])


def orphaned(place: Place) -> None:
    """Everything was applied, and much of it is no longer written."""
    place.write(ALL)
    place.done("apply", "--yes")
    left = [document for document in ALL.split("---\n") if any(f"{kind}" in _address(document) for kind in KEPT)]
    place.write("---\n".join(left))


def moving(place: Place) -> None:
    """An index with documents, of which a field is to have another type."""
    place.write(INDEX + DOCUMENTS)
    place.done("apply", "--yes")
    place.write(INDEX.replace("integer", "long") + DOCUMENTS)


def changed(place: Place) -> None:
    """Two runs, of which the second made, changed and deleted something."""
    place.write(ALL)
    place.done("apply", "--yes")
    text = ALL.replace("min_age: 30d", "min_age: 60d").replace("An order knows its shop", "An order")
    text = text.replace("title: Shops}", "title: Stores}").replace("_score * params.n", "_score + params.n")
    place.write("---\n".join(d for d in text.split("---\n") if "f-board" not in d and "f-search" not in d))
    place.done("apply", "--prune", "--yes")


def applied(place: Place) -> None:
    place.write(ALL)
    place.done("apply", "--yes")


def _address(document: str) -> str:
    lines = [line for line in document.splitlines() if not line.startswith("#")]
    return lines[0].removeprefix("kind: ") + "/"


KEY = "secrets/f-key"
APPLY = Scenario("apply", ("apply", "--yes"), nothing, files=(KEY,))
EVERY_KIND = Scenario("apply of every kind", ("apply", "--yes"), every_kind, files=(KEY,))
SCENARIOS = (
    APPLY,
    EVERY_KIND,
    Scenario(
        "apply of a plan's file",
        ("apply", "plan.json", "--yes"),
        planned,
        again=(("apply", "plan.json", "--yes"), ("apply", "--yes")),
        files=(KEY,),
    ),
    Scenario("prune with an archive", PRUNE, orphaned, files=(".esctl/archive/*",)),
    Scenario("reindex", MOVE, moving, told=("cleanup", "f-shops-v1")),
    Scenario("rollback", ("rollback", "1", "--yes"), changed, empty=False),
    Scenario("destroy", ("destroy", "--yes", "--allow", "irreversible"), applied, empty=False, documents=-1),
)
