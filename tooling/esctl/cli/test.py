"""`test`: golden tests of the project's ingest pipelines, on an embedded sandbox or any cluster."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .invocation import Invocation, command

if TYPE_CHECKING:
    from ..apply.golden import Mismatch
    from ..cluster import Cluster, Connection
    from ..kinds.base import Context
    from ..model import Body
    from .cases import Case

PIPELINE = "ingest-pipeline"


def register(app: typer.Typer) -> None:
    command(app, "test")(test)


def test(
    invocation: Invocation,
    paths: Annotated[list[str] | None, typer.Argument(help="Files or folders; tests/pipelines by default.")] = None,
    on: Annotated[
        str, typer.Option("--on", metavar="WHERE", help="sandbox (embedded), project (its cluster), or a URL.")
    ] = "sandbox",
    generate: Annotated[bool, typer.Option("--generate", help="Write what comes out as what is expected.")] = False,
) -> int:
    """Run the golden tests of the project's ingest pipelines.

    Documents go through the pipelines as the project writes them now, not as they are deployed. Exit code 1 where
    something else comes out than is expected.
    """
    from ..errors import EsctlError
    from .cases import case_files, read_case

    root = invocation.settings.root
    files = case_files(root, paths)
    outcomes: list[dict[str, Any]] = []
    with _server(invocation, on) as (cluster, own):
        for path in files:
            start = time.perf_counter()
            try:
                case = read_case(path, root)
                problems = _played(case, path, invocation, cluster, own, generate)
                name = case.file
            except EsctlError as error:
                problems = [str(problem) for problem in error.problems]
                name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
            _tell(invocation, name, problems, generate)
            seconds = round(time.perf_counter() - start, 3)
            outcomes.append({"file": name, "passed": not problems, "problems": problems, "seconds": seconds})
    failed = sum(not one["passed"] for one in outcomes)
    if invocation.json:
        invocation.answer({"cases": outcomes, "passed": len(outcomes) - failed, "failed": failed})
    done = "written" if generate else "passed"
    invocation.say(f"{len(outcomes) - failed} {done}" + (f", {failed} failed" if failed else ""))
    return 1 if failed else 0


def _played(case: Case, path: Path, invocation: Invocation, cluster: Cluster, own: bool, generate: bool) -> list[str]:
    """What is wrong, one line each, with file and line."""
    from ..apply.golden import mismatches, simulate, store, stripped, unlike, volatile
    from ..errors import EsctlError
    from .cases import write_expectation

    bodies = _rendered(case, path, invocation, cluster)
    main = bodies.pop(case.pipeline)
    if own:
        store(cluster, bodies)
    else:
        kind = invocation.kinds[PIPELINE]
        for name in unlike(cluster, bodies, kind, cluster.capabilities):
            words = f'it calls the pipeline "{name}", which this cluster does not have as the project writes it'
            raise EsctlError(words, hint="apply that one first, or test on the sandbox", source=case.at())
    found = simulate(cluster, main, case.documents)
    if generate:
        time.sleep(0.005)  # so that the time of the second run is another
        dynamic = {**volatile(found, simulate(cluster, main, case.documents)), **case.dynamic}
        write_expectation(path, stripped(found, dynamic), dynamic)
        return []
    if case.expected is None:
        return [f"{case.at('docs')}: nothing is expected yet: `esctl test --generate` writes what comes out"]
    return [_words(case, one) for one in mismatches(case.expected, found, case.dynamic)]


def _words(case: Case, one: Mismatch) -> str:
    dotted = ".".join(map(str, one.path))
    place = case.at("expected", one.document, *one.path)
    return f"{place}: document {one.document + 1}: {dotted + ': ' if dotted else ''}{one.words}"


def _rendered(case: Case, path: Path, invocation: Invocation, cluster: Cluster) -> dict[str, Body]:
    """The case's pipeline and all that it calls, as the project would write them."""
    from ..apply.golden import called
    from ..errors import EsctlError, did_you_mean
    from ..model import Waiting

    kind = invocation.kinds[PIPELINE]
    written = {r.address.id: r for r in invocation.loaded.resources if r.address.kind == PIPELINE}
    context = _context(case, path, invocation, cluster)
    found: dict[str, Body] = {}
    left = [case.pipeline]
    while left:
        name = left.pop()
        if name in found:
            continue
        if name not in written:
            if name != case.pipeline:
                continue  # somebody else's: the server has it, or says that it has not
            hint = did_you_mean(name, written) or "the folder of a test is called as its pipeline"
            raise EsctlError(f'the project writes no pipeline "{name}"', hint=hint, source=case.at())
        body = kind.render(written[name], context)
        if isinstance(body, Waiting):
            hint = f"run `{body.command}`, or give the test a model of its own (`model: <file>`)"
            raise EsctlError(f'the pipeline "{name}": {body.reason}', hint=hint, source=case.at())
        found[name] = body
        left.extend(called(body))
    return found


def _context(case: Case, path: Path, invocation: Invocation, cluster: Cluster) -> Context:
    from ..errors import EsctlError

    context = invocation.context(cluster.capabilities)
    if case.model is None:
        return context
    from ..images.model_file import read_model

    file = path.parent / case.model
    if not file.is_file():
        raise EsctlError(f'there is no model "{case.model}" beside the test', source=case.at("model"))
    model = read_model(file)
    # A model of the test's own was fitted on vectors of the test's own.
    return dataclasses.replace(context, model=lambda pipeline: model, embedding={})


@contextmanager
def _server(invocation: Invocation, on: str) -> Iterator[tuple[Cluster, bool]]:
    """Where the documents go through; and whether it is ours alone, so that pipelines may be stored there."""
    from ..cluster import READ_ONLY, WRITING, Cluster, Connection
    from ..errors import EsctlError

    if on == "sandbox":
        import tempfile

        from ..sandbox.server import Sandbox

        with tempfile.TemporaryDirectory(prefix="esctl-test-") as folder, Sandbox(Path(folder)) as sandbox:
            connection = Connection(elasticsearch_url=sandbox.elasticsearch_url, kibana_url=sandbox.kibana_url)
            with Cluster(connection, guard=WRITING) as cluster:
                yield cluster, True
        return
    if on != "project" and "://" not in on:
        raise EsctlError(f'--on "{on}" is unknown', hint="it takes sandbox, project or a URL")
    connection = invocation.connection if on == "project" else _elsewhere(invocation, on)
    with Cluster(connection, guard=READ_ONLY) as cluster:
        yield cluster, False


def _elsewhere(invocation: Invocation, url: str) -> Connection:
    """To another address than the project's, only with credentials (and certificates) that were typed for it."""
    from ..cluster import Connection

    ours = invocation.connection
    there = Connection(
        url,
        api_key=invocation.api_key,
        username=invocation.username,
        password=invocation.password,
        ca_certs=invocation.ca_certs,
        ca_fingerprint=invocation.ca_fingerprint,
        proxy=invocation.proxy or ours.proxy,
        timeout=ours.timeout,
    )
    if there.place("elasticsearch") == ours.place("elasticsearch"):
        return dataclasses.replace(ours, elasticsearch_url=url, kibana_url=None)
    if ours.authorization("elasticsearch") and not there.authorization("elasticsearch"):
        where = there.place("elasticsearch")
        invocation.say(f"{where} is not the project's address: it gets none of its credentials (--api-key gives one)")
    return there


def _tell(invocation: Invocation, name: str, problems: Sequence[str], generate: bool) -> None:
    style = invocation.style
    if problems:
        invocation.say(f"{style('✗', 'red')} {name}")
        invocation.say(*(f"    {problem}" for problem in problems))
    else:
        invocation.say(f"{style('✓', 'green')} {name}" + ("  written" if generate else ""))
