"""The page on which dashboards are looked at: `viewer_app` is an ASGI app, to be mounted at `/app`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .bundle import vega_bundle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp

__all__ = ["vega_bundle", "viewer_app"]


def viewer_app(
    elasticsearch_url: str, kibana_url: str, *, headers: Mapping[str, str] | None = None, banner: str | None = None
) -> ASGIApp:
    """The viewer of one Elasticsearch and one Kibana, to which it talks over HTTP only.

    `headers` go with every request to them (authorization); `banner` stands on every page (by default `SANDBOX` where
    Elasticsearch says that it is one). Nothing is sent until a page is opened.
    """
    from .app import build

    return build(elasticsearch_url, kibana_url, headers=headers or {}, banner=banner)
