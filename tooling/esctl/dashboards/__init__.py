"""Kibana "as code" ↔ saved objects: checked, converted, opened for comparison, and told in words. Pure; no I/O."""

from __future__ import annotations

from .api import beyond_api, beyond_code
from .check import check_dashboard, check_visualization
from .convert import compiled, dashboard_object, lacking, to_saved_objects, visualization_object
from .describe import dashboard_in_words, visualization_in_words
from .from_saved import NotAsCode, as_code_of
from .mistake_words import Mistake
from .normal import normal_form
from .saved_object import decode, encode
from .words import describe_panel, differences_in_words

__all__ = [
    "Mistake",
    "NotAsCode",
    "as_code_of",
    "beyond_api",
    "beyond_code",
    "check_dashboard",
    "check_visualization",
    "compiled",
    "dashboard_in_words",
    "dashboard_object",
    "decode",
    "describe_panel",
    "differences_in_words",
    "encode",
    "lacking",
    "normal_form",
    "to_saved_objects",
    "visualization_in_words",
    "visualization_object",
]
