"""What dashboards and visualizations share: charts inside, compared as decoded saved objects, told in panels' words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..dashboards import as_code_of, differences_in_words, normal_form
from ..model import Body, Capabilities, Consequence, Live, Resource, Response
from . import saved_objects
from .base import Cost, Reference
from .chart_references import chart_references


class Charted:
    """The part of `Kind`, `Wordy` and `Judging` that is the same for both."""

    def references(self, resource: Resource) -> Iterator[Reference]:
        yield from chart_references(resource.spec, resource.address.space)

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        return normal_form(saved_objects.envelope(body))

    def foreign(self, live: Live) -> str | None:
        return saved_objects.foreign(live.body)

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        """As code; raises EsctlError, saying why, for what has no exact form as code yet."""
        return as_code_of(live.body)

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        return Cost(Consequence.INSTANT)

    def in_words(self, before: Body, after: Body) -> Sequence[str]:
        return differences_in_words(before, after)

    def refusal(self, response: Response) -> str | None:
        return saved_objects.refusal(response)
