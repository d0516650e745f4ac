"""Write docs/rules.md from the rules: `python tooling/docs/rules.py`."""

from __future__ import annotations

from pathlib import Path

from esctl.kinds.rules import RULES
from esctl.report.rules import page

PAGE = Path(__file__).absolute().parents[2] / "docs" / "rules.md"

if __name__ == "__main__":
    PAGE.write_text(page(RULES), encoding="utf-8")
    print(PAGE.name)
