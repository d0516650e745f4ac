"""The page on which dashboards are looked at: `viewer_app` is an ASGI app, to be mounted at `/app`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .bundle import vega_bundle
from .feed import Feed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp

    from .sources import Source

__all__ = ["Feed", "vega_bundle", "viewer_app", "viewer_of"]


def viewer_app(
    elasticsearch_url: str, kibana_url: str, *, headers: Mapping[str, str] | None = None, banner: str | None = None
) -> ASGIApp:
    """The viewer of one Elasticsearch and one Kibana, to which it talks over HTTP only.

    `headers` go with every request to them (authorization); `banner` stands on every page (by default `SANDBOX` where
    Elasticsearch says that it is one). Nothing is sent until a page is opened.
    """
    from .app import build
    from .servers import Servers

    return build(Servers(elasticsearch_url, kibana_url, headers or {}), banner=banner)


def viewer_of(source: Source, *, feed: Feed, banner: str | None = None) -> ASGIApp:
    """The viewer of what `source` has; each event of `feed` draws open pages anew."""
    from .app import build

    return build(source, banner=banner, feed=feed)
