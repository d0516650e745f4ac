"""Questions to Elasticsearch as data: what draws a panel says what it must know, and whoever has a server answers.

A function that needs answers is a generator: it yields a tuple of questions, gets a tuple of answers, and returns what
it made. `answered` runs one; tests answer by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, TypeVar

from ..model import Body

Made = TypeVar("Made")


@dataclass(frozen=True)
class Question:
    """`search`: `POST /{index}/_search`; `esql`: `POST /_query`, `index` being empty."""

    kind: Literal["search", "esql"]
    index: str
    body: Body


Asking = Generator[tuple[Question, ...], tuple[Body, ...], Made]
Ask = Callable[[Sequence[Question]], Sequence[Body]]
"""Answers in the order of the questions. Raises EsctlError for one that cannot be answered."""


def answered(asking: Asking[Made], ask: Ask) -> Made:
    """Run to the end; errors of `ask` come out as they are."""
    try:
        questions = next(asking)
        while True:
            questions = asking.send(tuple(ask(questions)))
    except StopIteration as ended:
        made: Made = ended.value
        return made


def side_by_side(answer: Callable[[Question], Body]) -> Ask:
    """What answers one question as what answers several, at the same time."""

    def ask(questions: Sequence[Question]) -> Sequence[Body]:
        if len(questions) < 2:
            return [answer(question) for question in questions]
        with ThreadPoolExecutor(max_workers=len(questions)) as pool:
            return list(pool.map(answer, questions))

    return ask
