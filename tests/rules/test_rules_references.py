"""References: a slip of a name that is written here is an error, anything else that is not written here a doubt."""

from __future__ import annotations

from esctl.errors import Source
from esctl.kinds import registry
from esctl.model import Address, Resource
from esctl.plan.references import check

KINDS = registry()


def template(*components: str) -> Resource:
    spec = {"index_patterns": ["x-*"], "composed_of": list(components)}
    return Resource(Address("index-template", "t"), spec, Source("a.yaml", 1))


def component(name: str) -> Resource:
    return Resource(Address("component-template", name), {"template": {}}, Source("b.yaml", 1))


def told(*resources: Resource, out_of_scope: tuple[Address, ...] = ()) -> list[tuple[str, str, str | None]]:
    return [(p.severity, p.rule, p.hint) for p in check(resources, KINDS, out_of_scope)]


def test_a_slip_is_an_error() -> None:
    for slip in ("shop-bsae", "shop_base", "shop-bas", "Shop-Base", "shop-basse"):
        assert told(template(slip), component("shop-base")) == [("error", "near-miss", 'did you mean "shop-base"?')]


def test_what_merely_resembles_is_a_doubt() -> None:
    for other in ("logs@custom", "shop-2", "base", "shop-base-eu"):
        written = told(template(other), component("metrics@custom"), component("shop-1"), component("shop-base"))
        assert written == [("warning", "missing-reference", None)], other


def test_what_is_out_of_scope_is_written() -> None:
    assert told(template("base"), out_of_scope=(Address("component-template", "base"),)) == []


def test_what_is_there_is_not_told() -> None:
    assert told(template("shop-base"), component("shop-base")) == []


def test_many_references_are_looked_up_in_time_that_grows_with_them() -> None:
    """A quadratic comparison of names takes minutes here."""
    many = [component(f"component-of-some-length-{n}") for n in range(2000)]
    found = told(template(*(f"elsewhere-of-some-length-{n}" for n in range(2000))), *many)
    assert len(found) == 2000
