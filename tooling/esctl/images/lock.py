"""The lock file: which embedding this project uses, so that later runs use the same, online or not."""

from __future__ import annotations

import json
from pathlib import Path

from ..errors import EsctlError
from .files import replacing
from .identity import Embedding

REMEDY = 'delete it, or choose again with "--model"'


def read_lock(path: Path) -> Embedding | None:
    """The locked embedding, or None where nothing was embedded yet; raises EsctlError."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise EsctlError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise EsctlError(f"{path}: not JSON: {error}", hint=REMEDY) from None
    if not isinstance(data, dict):
        raise EsctlError(f"{path}: not a JSON object", hint=REMEDY)
    return Embedding.from_dict(data, where=str(path))


def write_lock(path: Path, embedding: Embedding) -> None:
    """Write the lock where it is new or says something else."""
    text = json.dumps(embedding.to_dict(), indent=2) + "\n"
    if path.is_file() and path.read_text("utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as new:
        new.write_text(text, "utf-8")
