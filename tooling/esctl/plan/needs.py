"""What a kind needs of the servers, and whether they have it."""

from __future__ import annotations

from ..kinds.base import Kind
from ..kinds.wording import with_article
from ..model import Capabilities

_LICENCES = ("basic", "standard", "gold", "platinum", "enterprise", "trial")


def lacking(kind: Kind, capabilities: Capabilities) -> str | None:
    """Why these servers have no such thing, in one line; None where they have it."""
    needs = kind.needs
    a = with_article(kind.name)
    if capabilities.serverless and not needs.serverless:
        return f"{a} does not exist on Serverless"
    if not capabilities.serverless and capabilities.version[:2] < needs.since:
        since, has = (".".join(map(str, version)) for version in (needs.since, capabilities.version))
        return f"{a} needs Elasticsearch {since} or newer; this is {has}"
    # The sandbox sells nothing: what it implements, it allows.
    licensed = capabilities.serverless or capabilities.sandbox
    if not licensed and _rank(capabilities.licence) < _rank(needs.licence):
        return f"{a} needs the licence {needs.licence} or better; this cluster has {capabilities.licence}"
    if needs.security and getattr(capabilities, "security", True) is False:
        return f"{a} needs security, which is switched off on this cluster"
    return None


def _rank(licence: str) -> int:
    # A licence of another name is taken for the best: the server knows what it allows.
    return _LICENCES.index(licence) if licence in _LICENCES else len(_LICENCES)
