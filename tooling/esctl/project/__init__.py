"""Files → resources: settings, environments, templates, values, lines."""

from ..secret import Secret
from .document import KEYS
from .example import example_root, scaffold
from .load import Loaded, load_resources
from .servers import ServerSettings
from .settings import ImageSettings, Settings, load_settings
from .values import secret_for
from .yaml import Document, read_yaml

__all__ = [
    "KEYS",
    "Document",
    "ImageSettings",
    "Loaded",
    "Secret",
    "ServerSettings",
    "Settings",
    "example_root",
    "load_resources",
    "load_settings",
    "read_yaml",
    "scaffold",
    "secret_for",
]
