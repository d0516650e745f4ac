"""The servers: clients behind a guard, ledger, lease, doctor. Importing this loads no HTTP library."""

from .client import Cluster
from .connection import Connection
from .guard import Guard, GuardError
from .routes import READ_ONLY, WRITING

__all__ = ["READ_ONLY", "WRITING", "Cluster", "Connection", "Guard", "GuardError"]
