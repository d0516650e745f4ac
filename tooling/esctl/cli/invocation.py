"""One run of one command: the options every command takes, and the rooms they open, each when first asked for."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from ..errors import EsctlError

if TYPE_CHECKING:
    from ..cluster import Cluster, Connection, Guard
    from ..images.identity import Embedding
    from ..images.model_file import KMeansModel
    from ..kinds.base import Context, Kind
    from ..model import Capabilities
    from ..project import Loaded, Settings
    from ..project.servers import ServerSettings
    from ..report.terminal import Style

UNLOCKED = {"dims": 2048, "name": "resnet50 (imagenet)", "identity": ""}
"""`${embedding.…}` before any image was embedded."""


@dataclass
class Invocation:
    """The common options of a command, and what they lead to."""

    project: Path = Path(".")
    env: str | None = None
    var: list[str] = field(default_factory=list)
    json: bool = False
    verbose: bool = False
    no_color: bool = False
    elasticsearch_url: str | None = None
    kibana_url: str | None = None
    cloud_id: str | None = None
    api_key: str | None = None
    username: str | None = None
    password: str | None = None
    ca_certs: str | None = None
    ca_fingerprint: str | None = None
    proxy: str | None = None
    environ: Mapping[str, str] | None = None
    images: Mapping[str, Path] = field(default_factory=dict)
    """Other places for what images leave behind (`folder`, `lock`, `models`): the demonstration keeps its own."""

    @cached_property
    def style(self) -> Style:
        from ..report.terminal import style_for

        return style_for(sys.stderr if self.json else sys.stdout, no_color=self.no_color)

    def say(self, *lines: str) -> None:
        """Tell a person; with `--json` on stderr, since stdout then carries one document."""
        print(*lines, sep="\n", file=sys.stderr if self.json else sys.stdout, flush=True)

    def warn(self, text: str) -> None:
        """One line on stderr."""
        print(f"warning: {text}", file=sys.stderr, flush=True)

    def answer(self, document: Any) -> None:
        """The one JSON document of `--json`."""
        import json

        print(json.dumps(document, ensure_ascii=False, indent=2), flush=True)

    @cached_property
    def settings(self) -> Settings:
        import dataclasses
        import os

        from ..project import load_settings

        overrides = {name: getattr(self, name) for name in CONNECTION if getattr(self, name)}
        settings = load_settings(
            self.project,
            environment=self.env,
            variables=self._variables(),
            environ=os.environ if self.environ is None else self.environ,
            overrides=overrides,
        )
        if self.images:
            settings = dataclasses.replace(settings, images=dataclasses.replace(settings.images, **self.images))
        return settings

    def _variables(self) -> dict[str, str]:
        pairs = [item.partition("=") for item in self.var]
        for name, equals, _ in pairs:
            if not equals or not name:
                raise EsctlError(f'--var "{name}" has no value', hint=f"write --var {name or 'name'}=value")
        return {name: value for name, _, value in pairs}

    @property
    def embedding(self) -> Embedding | None:
        """The model that the lock file names, if there is one."""
        from ..images.lock import read_lock

        return read_lock(self.settings.images.lock)

    @cached_property
    def kinds(self) -> Mapping[str, Kind]:
        from ..kinds import registry

        return registry()

    @cached_property
    def loaded(self) -> Loaded:
        """The project's resources, without a mistake that can be seen offline; warnings are told once."""
        from .checks import check_project

        loaded, problems = check_project(self)
        for problem in problems:
            if problem.severity == "warning" and self.verbose:
                self.warn(str(problem))
        return loaded

    @cached_property
    def values(self) -> dict[str, Any]:
        """What `${embedding.…}` stands for."""
        found = self.embedding
        if found:
            return {"embedding": {"dims": found.dims, "name": found.name, "identity": found.identity}}
        return {"embedding": self._fitted_embedding() or UNLOCKED}

    def _fitted_embedding(self) -> dict[str, Any] | None:
        """Without a lock, the embedding on whose vectors the k-means models were fitted, where they agree."""
        from ..images.model_file import read_model

        models = [read_model(path) for path in sorted(self.settings.images.models.glob("*.kmeans.json"))]
        known = {model.identity: model for model in models if model.embedding and model.identity}
        if len(known) != 1:
            return None
        ((identity, model),) = known.items()
        return {"dims": model.dims, "name": (model.embedding or {}).get("name", ""), "identity": identity}

    def model(self, pipeline: str) -> KMeansModel | None:
        """The k-means model fitted for a pipeline, if there is one."""
        from ..images.model_file import read_model

        path = self.model_path(pipeline)
        return read_model(path) if path.is_file() else None

    def model_path(self, pipeline: str) -> Path:
        """Where `images fit` keeps the model of a pipeline."""
        return self.settings.images.models / f"{pipeline}.kmeans.json"

    def context(self, capabilities: Capabilities) -> Context:
        from ..kinds.base import Context

        return Context(self.settings.name, capabilities, functools.cache(self.model), self.values["embedding"])

    @property
    def commit(self) -> str:
        """The commit of the project's files, for the ledger; "" outside Git."""
        from ..cluster import commit

        return commit(self.settings.root)

    @cached_property
    def connection(self) -> Connection:
        from ..cluster import Connection
        from ..cluster.connection import KibanaAccess, cloud_addresses

        search, kibana = self.settings.elasticsearch, self.settings.kibana
        urls = search.url, kibana.url or None
        if search.cloud_id:
            found = cloud_addresses(search.cloud_id)
            urls = found[0], urls[1] or found[1]
        return Connection(
            elasticsearch_url=urls[0],
            kibana_url=urls[1],
            **_access(search),
            kibana=KibanaAccess(**_access(kibana)),
        )

    def cluster(self, guard: Guard | None = None) -> Cluster:
        """Both servers behind a guard; a command that only looks leaves it out and cannot write."""
        from ..cluster import READ_ONLY, Cluster

        return Cluster(self.connection, guard=guard or READ_ONLY, on_request=self._tell if self.verbose else None)

    @staticmethod
    def _tell(request: str) -> None:
        # Line end and all in one: several threads tell.
        print(f"→ {request}\n", end="", file=sys.stderr, flush=True)


def _access(server: ServerSettings) -> dict[str, Any]:
    """Everything but the address, secrets revealed."""
    secrets = {"password": server.password, "api_key": server.api_key, "bearer": server.bearer}
    plain = {
        "username": server.username,
        "ca_certs": server.ca_certs,
        "ca_fingerprint": server.ca_fingerprint,
        "client_cert": server.client_cert,
        "client_key": server.client_key,
        "proxy": server.proxy,
        "verify": server.verify,
        "timeout": server.timeout,
    }
    return {**plain, **{name: secret.reveal() if secret else None for name, secret in secrets.items()}}


FILES = ("project", "env", "var", "json", "no_color")
"""The common options of a command that talks to no server."""

CONNECTION = (
    "elasticsearch_url",
    "kibana_url",
    "cloud_id",
    "api_key",
    "username",
    "password",
    "ca_certs",
    "ca_fingerprint",
    "proxy",
)

_OPTIONS: dict[str, tuple[Any, Any]] = {
    "project": (Annotated[Path, typer.Option("--project", help="Folder of the project.", metavar="DIR")], Path(".")),
    "env": (Annotated[str | None, typer.Option("--env", help="Environment of esctl.yaml.", metavar="NAME")], None),
    "var": (Annotated[list[str], typer.Option("--var", help="Set a variable.", metavar="NAME=VALUE")], []),
    "json": (Annotated[bool, typer.Option("--json", help="One JSON document on stdout, all else on stderr.")], False),
    "verbose": (Annotated[bool, typer.Option("--verbose", "-v", help="Tell more: every request, on stderr.")], False),
    "no_color": (Annotated[bool, typer.Option("--no-color", help="No colours.")], False),
    "elasticsearch_url": (Annotated[str | None, typer.Option(metavar="URL", help="Elasticsearch's address.")], None),
    "kibana_url": (Annotated[str | None, typer.Option(metavar="URL", help="Kibana's address.")], None),
    "cloud_id": (Annotated[str | None, typer.Option(metavar="ID", help="Elastic Cloud's id of both.")], None),
    "api_key": (Annotated[str | None, typer.Option(metavar="KEY", help="API key.")], None),
    "username": (Annotated[str | None, typer.Option(metavar="NAME", help="User.")], None),
    "password": (Annotated[str | None, typer.Option(metavar="TEXT", help="Password.")], None),
    "ca_certs": (Annotated[str | None, typer.Option(metavar="FILE", help="Certificate authority (PEM).")], None),
    "ca_fingerprint": (Annotated[str | None, typer.Option(metavar="HEX", help="SHA-256 of the CA instead.")], None),
    "proxy": (Annotated[str | None, typer.Option(metavar="URL", help="Proxy to go through.")], None),
}


def command(
    app: typer.Typer, name: str, *, takes: Collection[str] | None = None
) -> Callable[[Callable[..., int | None]], Callable[..., int | None]]:
    """Register `function(invocation, …)` as a command that takes the common options too: all, or those named."""
    shared = {key: option for key, option in _OPTIONS.items() if takes is None or key in takes}

    def register(function: Callable[..., int | None]) -> Callable[..., int | None]:
        @functools.wraps(function)
        def wrapper(**given: Any) -> int | None:
            invocation = Invocation(**{key: given.pop(key) for key in shared})
            return function(invocation, **given)

        own = list(inspect.signature(function).parameters.values())[1:]
        hints = get_type_hints(function, include_extras=True)
        keyword = inspect.Parameter.KEYWORD_ONLY
        parameters = [item.replace(kind=keyword, annotation=hints[item.name]) for item in own]
        parameters += [
            inspect.Parameter(key, keyword, default=default, annotation=kind) for key, (kind, default) in shared.items()
        ]
        wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        wrapper.__annotations__ = {item.name: item.annotation for item in parameters}
        app.command(name)(wrapper)
        return function

    return register
