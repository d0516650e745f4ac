"""What a kind is: the small protocol that plan and apply rely on, and the optional abilities beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeGuard, TypeVar, runtime_checkable

from ..errors import Problem
from ..model import (
    Address,
    Body,
    Capabilities,
    Consequence,
    Live,
    Path,
    Produced,
    Reindex,
    Request,
    Resource,
    Response,
    Sender,
    Waiting,
)

if TYPE_CHECKING:
    from ..images.kmeans import KMeansModel

OWNER = "esctl"
"""Key below `_meta` that says which project owns a resource: `{"esctl": {"project": name}}`."""

Part = tuple[str, ...]
"""What somebody can own of an object, as a path of names: `kinds.parts` says which there are."""


@dataclass(frozen=True)
class Context:
    """What rendering may know beside the resource itself.

    `model` gives the k-means model that was fitted for a pipeline's id, or None. `places` are the indices that really
    stand behind the names of those whose documents moved: some APIs refuse an alias. `had` says whether a part of an
    object was this project's when it was last applied, whichever of its resources had it.
    """

    project: str = ""
    capabilities: Capabilities = Capabilities()
    model: Callable[[str], KMeansModel | None] = lambda pipeline: None
    embedding: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    had: Callable[[Part], bool] = lambda part: False


@dataclass(frozen=True)
class Reference:
    """`target` must exist for the resource to work; `path` is where it was written.

    A `soft` reference (an index pattern, say) only orders the plan; its absence is never an error. A `loose` one may be
    missing when the resource is made, and does not order it: two dashboards may lead to each other.
    """

    target: Address
    path: Path = ("spec",)
    soft: bool = False
    loose: bool = False


@dataclass(frozen=True)
class Needs:
    """What a kind asks of the servers: their first version, the licence, whether it exists on Serverless."""

    since: tuple[int, int] = (8, 0)
    licence: Literal["basic", "gold", "platinum", "enterprise"] = "basic"
    serverless: bool = True
    security: bool = False
    """It exists only where security is switched on."""


@dataclass(frozen=True)
class Cost:
    """What a change costs, and the words for it. `in_place`: irreversible, yet nothing is made anew for it."""

    consequence: Consequence
    words: str = ""
    in_place: bool = False


class Kind(Protocol):
    """How one kind of resource is checked, rendered, read, compared and written.

    `stage` orders kinds that do not refer to each other (low first; deletion goes the other way).
    `shared` kinds stand on ground that others write too: only what was written is compared.
    `about` says in one to three sentences what it is, for people; `api` whose body `spec` is.
    `secrets` are the places in `spec` where `${secret.…}` may stand, as dotted globs: elsewhere a server would show it.
    """

    @property
    def name(self) -> str: ...
    @property
    def stage(self) -> int: ...
    @property
    def spaced(self) -> bool: ...
    @property
    def shared(self) -> bool: ...
    @property
    def about(self) -> str: ...
    @property
    def api(self) -> str: ...
    @property
    def needs(self) -> Needs: ...
    @property
    def secrets(self) -> tuple[str, ...]: ...

    def check(self, resource: Resource) -> Iterable[Problem]:
        """Mistakes that can be seen without a server."""
        ...

    def render(self, resource: Resource, context: Context) -> Body | Waiting:
        """The body that the server takes, or what has to be made first."""
        ...

    def references(self, resource: Resource) -> Iterable[Reference]:
        """What this resource points to."""
        ...

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        """The live state of those of `addresses` that exist; the number of requests does not grow with them."""
        ...

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        """One form for what was written and what was read; idempotent; the owner's mark is taken out."""
        ...

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        """The requests that bring the server from `live` (None: absent) to `body` (as rendered).

        A secret of `body` that the server is known to hold stands in `live.body`, at the same path, as that Secret: a
        kind may leave it out then.
        """
        ...

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        """The requests that remove it."""
        ...

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        """What going from one normalised body to another costs (None: absent)."""
        ...


@runtime_checkable
class Wordy(Protocol):
    """A kind that can say a change in its field's own words."""

    def in_words(self, before: Body, after: Body) -> Sequence[str]: ...


@runtime_checkable
class Routed(Protocol):
    """A kind that can be written in more than one way."""

    def route(self, body: Body, live: Body | None, capabilities: Capabilities) -> str:
        """Which way, and why, in words: `body` as rendered, `live` as read. Nothing where there is one way only."""
        ...


@runtime_checkable
class Judging(Protocol):
    """A kind whose server answers 200 to a refusal: the reason, or None where the write went through."""

    def refusal(self, response: Response) -> str | None: ...


@runtime_checkable
class Following(Protocol):
    """A kind whose server goes on after its answer: a look at it for each step, until it has ended."""

    def follow(self, address: Address, response: Response, sender: Sender) -> Iterator[None]:
        """Yields between two looks; raises EsctlError where it failed."""
        ...


@runtime_checkable
class Releasing(Protocol):
    """A kind on shared ground: the requests that take back what was written last time and no longer is."""

    def release(
        self, address: Address, last: Body, body: Body, live: Live, context: Context
    ) -> tuple[Request, ...]: ...


@runtime_checkable
class Withdrawing(Protocol):
    """A kind whose deletion takes back what was written last (`last`), which its address alone does not tell."""

    def withdraw(self, address: Address, last: Body, live: Live, context: Context) -> tuple[Request, ...]: ...


@runtime_checkable
class Insisting(Protocol):
    """A kind on shared ground whose normal form leaves out defaults that were written in so many words."""

    def insisted(self, body: Body, rendered: Body, live: Body) -> Body:
        """`body` (normalised) with those defaults back in of which `live` (normalised) shows another value."""
        ...


@runtime_checkable
class Claiming(Protocol):
    """A kind that can tell that what differs on the server is nobody else's: never set, or left by a run cut off."""

    def ours(self, live: Body, wanted: Body, last: Body | None) -> bool:
        """Whether `live` (normalised) may become `wanted` without anybody's loss; `last` is what was applied last."""
        ...


@runtime_checkable
class Refusing(Protocol):
    """A kind whose server refuses some changes as things stand: why, with the way out; None where it takes it."""

    def refuses(self, address: Address, body: Body, live: Live, context: Context) -> str | None: ...


@runtime_checkable
class Replaceable(Protocol):
    """A kind that can be deleted and made anew where a change cannot be made in place."""

    def replace(self, address: Address, body: Body, live: Live, context: Context) -> tuple[Request, ...]: ...


@runtime_checkable
class Moving(Protocol):
    """A kind whose contents move into a new one where a change cannot be made in place: `apply.reindex` does it."""

    def move(self, address: Address, body: Body, live: Live, context: Context) -> Reindex | Cost:
        """How what `live` holds comes to be as `body`, or what it costs where that cannot be done.

        `live` is of another address where the resource was renamed.
        """
        ...

    def unfinished(self, live: Live) -> Reindex | None:
        """A move that an earlier run began and did not end: where nothing moves any more, it has to be undone."""
        ...

    def kept(self, live: Live) -> bool:
        """Whether it is only what is left of something that moved: nothing but `cleanup` deletes it."""
        ...

    def remove(self, address: Address, live: Live, context: Context) -> tuple[Request, ...]:
        """The requests that delete it where it is: behind an alias, once it has moved."""
        ...


@runtime_checkable
class Placing(Protocol):
    """A kind whose requests name indices themselves, which may have moved since the requests were made."""

    def placed(self, request: Request, places: Mapping[str, str]) -> Request:
        """The request with the names that indices have now, `places`, for those that they had."""
        ...


@runtime_checkable
class Collecting(Protocol):
    """A kind that can be pulled, adopted as a whole, and held in a snapshot."""

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        """All there is of it, system things included; the number of requests does not grow with them."""
        ...

    def foreign(self, live: Live) -> str | None:
        """Why a person's project should not hold it (`a system index`, `managed by Fleet`), or None."""
        ...

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        """The `spec` that a person would write for it: without the server's additions, defaults and owner's mark.

        A secret that the server does not show is `{"$secret": "${secret.env.NAME}"}` with a name made from the address.
        """
        ...


@runtime_checkable
class Producing(Protocol):
    """A kind whose server tells something once, when it is made."""

    def produced(self, address: Address, body: Body, response: Response) -> Produced | None: ...

    def spent(self, text: str, live: Live | None, sender: Sender) -> bool:
        """Whether `text` is such a thing, of no use any more: the server no longer takes it, or it is that of `live`,
        which goes."""
        ...


@runtime_checkable
class Seeking(Protocol):
    """A kind of which only what is written tells where to look: of what was never applied, `read` finds nothing."""

    def sought(
        self, sender: Sender, bodies: Mapping[Address, Body], had: Callable[[Part], bool], capabilities: Capabilities
    ) -> dict[Address, Live]:
        """What is there of these (as rendered) and was not this project's before (`had`)."""
        ...

    def taken(self, address: Address, body: Body) -> tuple[Request, ...]:
        """The requests beside the ledger's that an adoption takes; they write to nothing but the ledger's index."""
        ...


@runtime_checkable
class Losing(Protocol):
    """A kind that can tell how much goes for good where it is deleted or made anew."""

    def loses(self, live: Live) -> str:
        """In words that follow a colon: `results of 90 days`."""
        ...


@runtime_checkable
class Verifiable(Protocol):
    """A kind whose resources can be tried out after an apply, with requests that only read."""

    def verify(self, address: Address, body: Body, sender: Sender, capabilities: Capabilities) -> Iterable[str]:
        """What does not work, one line each; nothing where all is well. `body` is the rendered body."""
        ...


@runtime_checkable
class Sharing(Protocol):
    """A kind whose resources own parts of something, of which other resources (of any kind) may own parts, too."""

    def parts(self, address: Address, body: Body) -> Iterable[tuple[Part, Path]]:
        """Each part that a body owns, as written, rendered or normalised, and where in the body that stands."""
        ...

    def without(self, address: Address, body: Body, taken: Callable[[Part], bool]) -> Body | None:
        """`body`, as read or normalised, less the parts that are `taken`; None where nothing is left of it."""
        ...


Ability = TypeVar("Ability")


def can(kind: Kind, ability: type[Ability]) -> TypeGuard[Ability]:
    """Whether a kind has one of the optional abilities; `isinstance` would look at its methods one by one each time."""
    return _can(type(kind), ability)  # type: ignore[arg-type]


@cache
def _can(kind: type, ability: type) -> bool:
    return issubclass(kind, ability)


def owner_mark(project: str) -> Body:
    """The mark below `_meta`."""
    return {OWNER: {"project": project}}


def owner_of(body: Body, path: Path) -> str | None:
    """The project that the mark at `path` (to `_meta`) names, or None."""
    value: Any = body
    for key in (*path, OWNER, "project"):
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    return str(value)
