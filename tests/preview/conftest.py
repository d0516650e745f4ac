"""The hand-written dashboard and the fake servers of tests/viewer serve these tests too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "viewer"))
