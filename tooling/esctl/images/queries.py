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

    `name` is one of `names()`, or the path of a YAML file written like them. Raises EsctlError.
    """
    from ..project.yaml import read_yaml

    path = Path(name) if name.endswith(".yaml") else _folder() / f"{name}.yaml"
    if not path.is_file():
        raise EsctlError(f'there is no query "{name}"', hint=did_you_mean(path.stem, names()) or ", ".join(names()))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = "not UTF-8" if isinstance(error, ValueError) else error.strerror
        raise EsctlError(f"{path}: cannot be read: {why}") from None
    documents = read_yaml(text, str(path))
    body = documents[0].data if len(documents) == 1 else None
    if not isinstance(body, dict):
        raise EsctlError(f"{path}: not the body of one search")
    resolved: dict[str, Any] = _resolved(body, {"centroids": list(model.centroids_base64)}, path)
    return resolved


def _folder() -> Path:
    from ..project.example import example_root

    return example_root() / "scripts" / "queries"


def _resolved(value: Any, model: dict[str, Any], path: Path) -> Any:
    if isinstance(value, dict):
        return {key: _resolved(item, model, path) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, model, path) for item in value]
    if isinstance(value, str) and value.startswith(SCRIPT):
        return source(value.removeprefix(SCRIPT))
    if isinstance(value, str) and value.startswith(MODEL):
        if (name := value.removeprefix(MODEL)) not in model:
            raise EsctlError(f'{path}: the k-means model has no "{name}"', hint=did_you_mean(name, model))
        return model[name]
    return value
