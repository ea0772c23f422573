"""Check the first words of docstrings.

    python -m tools.lint_docstrings

A docstring begins with a complete sentence, so not with one of WORDS.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("app.py", "gunicorn.conf.py", "wsgi.py", "voyagent", "tools", "tests")
WORDS = (
    *("What", "Whether", "How", "Where", "Who", "Whom", "Whose", "Whoever"),
    *("That", "The same"),
)
_OPENING = re.compile(rf"(?:{'|'.join(WORDS)})\b")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def main(root: Path = ROOT) -> int:
    """Print each fault and return the exit code."""
    faults = [
        f"{path.relative_to(root).as_posix()}:{line}: begins with {word!r}"
        for path in _sources(root)
        for line, word in openings(path.read_text())
    ]
    print("\n".join([*faults, f"{len(faults)} docstrings to rewrite."]))
    return 1 if faults else 0


def openings(source: str) -> list[tuple[int, str]]:
    """Return line and first word of each docstring that begins with one of WORDS."""
    return [
        (node.body[0].lineno, opening.group())
        for node in ast.walk(ast.parse(source))
        if isinstance(node, _DOCUMENTED)
        and (opening := _OPENING.match(ast.get_docstring(node) or ""))
    ]


def _sources(root: Path) -> Iterator[Path]:
    for name in SOURCES:
        place = root / name
        yield from sorted(place.rglob("*.py")) if place.is_dir() else [place]


if __name__ == "__main__":
    sys.exit(main())
