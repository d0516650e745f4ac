"""The documented searches of `scripts/queries/`, made ready to send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import EsctlError, did_you_mean
from .painless import folder, source

if TYPE_CHECKING:
    from .model_file import KMeansModel

SCRIPT, MODEL = "painless/", "model."


def names() -> list[str]:
    """What can be asked for."""
    return sorted(path.stem for path in (folder().parent / "queries").glob("*.yaml"))


def query(name: str, model: KMeansModel) -> dict[str, Any]:
    """The body of a `_search` on the images: `painless/x` becomes that source, `model.centroids` the model's.

    Raises EsctlError for a name that is not one of `names()`.
    """
    import yaml

    if name not in names():
        raise EsctlError(f'there is no query "{name}"', hint=did_you_mean(name, names()) or ", ".join(names()))
    text = (folder().parent / "queries" / f"{name}.yaml").read_text(encoding="utf-8")
    body: dict[str, Any] = _resolved(yaml.safe_load(text), {"centroids": list(model.centroids_base64)})
    return body


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
