"""Every fault at every request of an apply, and at some of every other command: `make test-long`.

Writes the figures into docs/long-tests.md.

python tests/faults/long.py [--scenario NAME…] [--fault NAME…] [--every N] [--workers N] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from faulty_proxy import FAULTS, KILLS, Fault
from scenarios import APPLY, SCENARIOS
from trials import Result, Scenario, tried, undisturbed

LASTING = "502 from there on"
"""Every request fails from one on: as if the connection to the servers were gone for good."""
PAGE = Path(__file__).parents[2] / "docs/long-tests.md"
BEGIN, END = "<!-- faults -->", "<!-- /faults -->"

OTHERS = 5
BATCH = 150
"""Trials of one process."""

Task = tuple[str, Fault]


def tasks(scenario: Scenario, words: Sequence[str], every: int = 1) -> Iterator[Task]:
    """One for each fault at each position, or at one of `every`: at another one with each fault."""
    count, _ = undisturbed(scenario)
    for number, word in enumerate(words):
        for at in range(1 + number % every, count + 1, every):
            yield scenario.name, Fault("502" if word == LASTING else word, at, lasting=word == LASTING)


def done(task: Task) -> Result:
    name, fault = task
    return tried(next(scenario for scenario in SCENARIOS if scenario.name == name), fault)


def tried_in(todo: Sequence[Task], workers: int) -> Iterator[Result]:
    """In processes that end after some trials: the sandboxes of hundreds would fill the memory."""
    context = multiprocessing.get_context("spawn")
    for start in range(0, len(todo), BATCH * workers):
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            try:
                batch = [pool.submit(done, task) for task in todo[start : start + BATCH * workers]]
                for finished in as_completed(batch):
                    yield finished.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


def recorded(path: Path) -> Iterator[Result]:
    """The trials of a run that was cut off."""
    for line in path.read_text(encoding="utf-8").splitlines():
        kept = json.loads(line)
        yield Result(**{**kept, "fault": Fault(**kept["fault"]), "wrong": tuple(kept["wrong"])})


def named(fault: Fault) -> str:
    return LASTING if fault.lasting else fault.what


def table(results: Iterable[Result]) -> list[str]:
    """Figures, one line for each scenario and fault."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for result in results:
        count = counts.setdefault((result.scenario, named(result.fault)), Counter())
        count["positions"] += 1
        count["first" if result.first == "completed" else "again" if result.then == "completed" else "later"] += 1
        count["wrong"] += bool(result.wrong)
    lines = [
        "| command | fault | positions | completed in the first go | by one more run | after a clear refusal | wrong |",
        "|---|---|---|---|---|---|---|",
    ]
    for (scenario, fault), count in sorted(counts.items()):
        figures = " | ".join(str(count[key]) for key in ("positions", "first", "again", "later", "wrong"))
        lines.append(f"| {scenario} | {fault} | {figures} |")
    return lines


def written(page: Path, lines: Sequence[str], begin: str = BEGIN, end: str = END) -> None:
    """Replace what stands between the two marks of the page."""
    text = page.read_text(encoding="utf-8")
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    page.write_text("\n".join((head + begin, *lines, end + tail)), encoding="utf-8")


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--scenario", action="append", choices=[scenario.name for scenario in SCENARIOS])
    asked.add_argument("--fault", action="append", choices=[*FAULTS, LASTING, *KILLS])
    asked.add_argument(
        "--every", type=int, help=f"positions; 1 of an apply and {OTHERS} of what else there is, if not said"
    )
    asked.add_argument("--minutes", type=float, default=24 * 60, help="stop after so long; positions are drawn by lot")
    asked.add_argument("--workers", type=int, default=2)
    asked.add_argument("--out", type=Path, help="one JSON line for each trial; those that stand there are done")
    asked.add_argument("--page", type=Path, help="the page to write the figures into")
    options = asked.parse_args()
    began = time.monotonic()
    wanted = [one for one in SCENARIOS if not options.scenario or one.name in options.scenario]
    words = {one.name: options.fault or [*FAULTS, LASTING, *(KILLS if one is APPLY else ())] for one in wanted}
    every = {one.name: options.every or (1 if one is APPLY else OTHERS) for one in wanted}
    todo = [task for one in wanted for task in tasks(one, words[one.name], every[one.name])]
    random.Random(len(todo)).shuffle(todo)
    results = list(recorded(options.out)) if options.out and options.out.exists() else []
    known = {(result.scenario, result.fault) for result in results}
    todo = [task for task in todo if task not in known]
    total = len(results) + len(todo)
    record = options.out.open("a", encoding="utf-8", buffering=1) if options.out else None
    for result in tried_in(todo, options.workers):
        results.append(result)
        if record:
            record.write(json.dumps({**vars(result), "fault": vars(result.fault)}) + "\n")
        if result.wrong:
            place = f"{result.scenario}, {named(result.fault)} at {result.fault.at} ({result.request})"
            print(f"{place}: {'; '.join(result.wrong)}", flush=True)
        if time.monotonic() - began > 60 * options.minutes:
            break
    lines = table(results)
    minutes = (time.monotonic() - began) / 60
    tried = f"{len(results):,} trials" if len(results) == total else f"{len(results):,} of {total:,} trials, by lot,"
    lines += ["", f"{tried} on {time.strftime('%d %B %Y')}, in {minutes:.0f} minutes."]
    print("\n".join(lines))
    if options.page:
        written(options.page, lines)
    return 1 if any(result.wrong for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
