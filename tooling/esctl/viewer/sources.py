"""Where the page's dashboards and rows come from: two servers, or whoever has something to show."""

from __future__ import annotations

from typing import Any, Protocol

from ..model import Body
from ..preview import Dashboard, Question


class Source(Protocol):
    """Methods may be called from many threads, and raise EsctlError with the one line that the page shows."""

    def information(self) -> Body:
        """`GET /` of Elasticsearch."""

    def dashboards(self) -> list[Body]:
        """`{id, title, description, updated_at}` of every dashboard."""

    def read(self, dashboard_id: str) -> Dashboard:
        """One dashboard, anew; raises ServerError (404: no such dashboard)."""

    def answer(self, question: Question, dashboard: Dashboard) -> Any:
        """What Elasticsearch says to one question of that dashboard."""

    def note(self, question: Question) -> str:
        """What a reader has to know of that answer's rows; "" where they are simply the servers'."""
