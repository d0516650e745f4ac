"""What the scripts of this folder share: how they are called, the project, its Elasticsearch, where the centroids are.

Elasticsearch is where `esctl.yaml` says, or ESCTL_ELASTICSEARCH_URL and its companions.
"""

import inspect
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from esctl.cluster import WRITING, Cluster, Connection
from esctl.errors import EsctlError
from esctl.project import Settings, load_settings

HERE = Path(__file__).parents[1]

SCRIPTS = {
    "esctl images embed DIR": "embed_images.py FOLDER",
    "esctl images fit": "create_index.py",
    "esctl apply": "create_index.py",
    "esctl images load": "load_vectors.py",
}
"""The script that does what a command of esctl does: a message names the one that was being followed."""


def run(main: Callable[..., None], usage: str, options: Mapping[str, Mapping[str, Any]] = {}) -> None:
    """Call `main` with the words typed, and with what each option stands for; a mistake is one line."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    typed = [word for word in sys.argv[1:] if word.startswith("-")]
    if "--help" in typed or "-h" in typed:
        main, words, typed = lambda: print(usage.strip()), [], []
    try:
        named = {name: value for option in typed for name, value in options[option].items()}
        inspect.signature(main).bind(*words, **named)
    except (KeyError, TypeError):
        sys.exit("usage: " + next(line.strip() for line in usage.splitlines() if "python " in line))
    try:
        main(*words, **named)
        sys.stdout.flush()
    except EsctlError as error:
        sys.exit(in_scripts(str(error)))
    except BrokenPipeError:  # whoever read along has gone (`| head`); nothing may be written when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def in_scripts(message: str) -> str:
    """The message, naming scripts instead of commands."""
    for command, script in SCRIPTS.items():
        message = message.replace(command, f"python {Path(sys.argv[0]).with_name(script)}")
    return message


def model_path(vectors: str, model: str | None) -> Path:
    """The model file: the one given, else `image_pipeline.kmeans.json` beside the vectors."""
    return Path(model) if model else Path(vectors).with_name("image_pipeline.kmeans.json")


def settings() -> Settings:
    return load_settings(HERE)


def cluster() -> Cluster:
    server = settings().elasticsearch
    return Cluster(
        Connection(
            server.url,
            username=server.username,
            password=server.password.reveal() if server.password else None,
            api_key=server.api_key.reveal() if server.api_key else None,
            bearer=server.bearer.reveal() if server.bearer else None,
            ca_certs=server.ca_certs,
            verify=server.verify,
        ),
        guard=WRITING,
    )
