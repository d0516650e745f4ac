"""The indices that esctl keeps for itself."""

from __future__ import annotations

from . import history, ledger

OWN_INDICES = (ledger.INDEX, history.INDEX)
"""No list of a person's indices shows them; whoever applies needs privileges on them."""
