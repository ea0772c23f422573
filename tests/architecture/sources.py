"""Syntax trees of the program's files, parsed once for all tests of a process."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

VOYAGENT = Path(__file__).resolve().parents[2] / "voyagent"


@cache
def sources() -> dict[str, ast.Module]:
    """Return the tree of each file by its path in the folder `voyagent`."""
    return {
        path.relative_to(VOYAGENT).as_posix(): ast.parse(path.read_text())
        for path in sorted(VOYAGENT.rglob("*.py"))
    }
