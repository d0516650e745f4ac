"""A project and a server for tests of `pull`: filled by an apply, pulled into a project that is empty."""

from __future__ import annotations

import contextlib
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from esctl import cli
from esctl.cli.invocation import Invocation

SECRETS = re.compile(r"\$\{secret\.env\.(\w+)\}")


@dataclass
class Project:
    """A project in a folder, and the servers it talks to."""

    root: Path
    elasticsearch_url: str
    kibana_url: str = ""
    name: str = "shop"
    environ: dict[str, str] | None = None
    login: tuple[str, str] = ("", "")

    def __post_init__(self) -> None:
        (self.root / "mappings").mkdir(parents=True, exist_ok=True)
        (self.root / "esctl.yaml").write_text(f"name: {self.name}\nresources: [mappings]\n", encoding="utf-8")

    def write(self, text: str, name: str = "all.yaml") -> None:
        (self.root / "mappings" / name).write_text(text, encoding="utf-8")

    def files(self) -> dict[str, str]:
        found = sorted((self.root / "mappings").rglob("*"))
        return {p.relative_to(self.root).as_posix(): p.read_text(encoding="utf-8") for p in found if p.is_file()}

    def invocation(self) -> Invocation:
        return Invocation(project=self.root, environ=self.environ or {}, **self._connection())

    def _connection(self) -> dict[str, Any]:
        given: dict[str, Any] = {"elasticsearch_url": self.elasticsearch_url}
        if self.kibana_url:
            given["kibana_url"] = self.kibana_url
        if self.login[0]:
            given |= {"username": self.login[0], "password": self.login[1]}
        return given

    def esctl(self, *words: str, files_only: bool = False) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        options = ["--project", str(self.root)]
        for key, value in {} if files_only else self._connection().items():
            options += [f"--{key.replace('_', '-')}", value]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.run([*words, *options])
        return code, out.getvalue(), err.getvalue()

    def json(self, *words: str, files_only: bool = False) -> tuple[int, Any]:
        code, out, err = self.esctl(*words, "--json", files_only=files_only)
        assert out, err
        return code, json.loads(out)

    def send(self, method: str, path: str, body: Any = None, service: str = "elasticsearch", **params: str) -> Any:
        import requests

        url = (self.elasticsearch_url if service == "elasticsearch" else self.kibana_url) + path
        auth = self.login if self.login[0] else None
        headers = {"kbn-xsrf": "true"} if service == "kibana" else {}
        answer = requests.request(method, url, json=body, params=params, auth=auth, headers=headers, timeout=30)
        assert answer.status_code < 300 or answer.status_code == 404, answer.text
        return answer.json()
