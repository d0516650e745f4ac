"""The servers: clients behind a guard, ledger, lease, doctor. Importing this loads no HTTP library."""

from .client import Cluster
from .connection import Connection, KibanaAccess
from .doctor import Check, diagnose
from .guard import Guard, GuardError
from .identity import Holder, commit, holder, who
from .lease import Lease
from .ledger import Ledger
from .own import OWN_INDICES
from .routes import READ_ONLY, WRITING

__all__ = [
    "OWN_INDICES",
    "READ_ONLY",
    "WRITING",
    "Check",
    "Cluster",
    "Connection",
    "Guard",
    "GuardError",
    "Holder",
    "KibanaAccess",
    "Lease",
    "Ledger",
    "commit",
    "diagnose",
    "holder",
    "who",
]
