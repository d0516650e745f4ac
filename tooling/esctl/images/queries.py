"""The documented searches of `scripts/queries/`, made ready to send."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EsctlError, did_you_mean
from .painless import source

if TYPE_CHECKING:
    from .model_file import KMeansModel

SCRIPT, MODEL = "painless/", "model."


def names() -> list[str]:
    """What can be asked for."""
    return sorted(path.stem for path in _folder().glob("*.yaml"))


def query(name: str, model: KMeansModel) -> dict[str, Any]:
    """The body of a `_search` on the images: `painless/x` becomes that source, `model.centroids` the model's.

    Raises EsctlError for a name that is not one of `names()`.
    """
    from ..project.yaml import read_yaml

    if name not in names():
        raise EsctlError(f'there is no query "{name}"', hint=did_you_mean(name, names()) or ", ".join(names()))
    path = _folder() / f"{name}.yaml"
    [document] = read_yaml(path.read_text(encoding="utf-8"), path.name)
    body: dict[str, Any] = _resolved(document.data, {"centroids": list(model.centroids_base64)})
    return body


def _folder() -> Path:
    from ..project.example import example_root

    return example_root() / "scripts" / "queries"


def _resolved(value: Any, model: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _resolved(item, model) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, model) for item in value]
    if isinstance(value, str) and value.startswith(SCRIPT):
        return source(value.removeprefix(SCRIPT))
    if isinstance(value, str) and value.startswith(MODEL):
        return model[value.removeprefix(MODEL)]
    return value
