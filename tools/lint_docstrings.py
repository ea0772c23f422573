"""Check the first words of docstrings.

    python -m tools.lint_docstrings            report
    python -m tools.lint_docstrings --update   also remove rewritten files from the list

A docstring begins with a complete sentence, so not with one of WORDS. TO_REWRITE lists the files
that are not rewritten yet. The list only shrinks: a file that is clean or gone must leave it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TO_REWRITE = "tools/docstrings_to_rewrite.txt"
SOURCES = ("app.py", "gunicorn.conf.py", "wsgi.py", "voyagent", "tools", "tests")
WORDS = (
    *("What", "Whether", "How", "Where", "Who", "Whom", "Whose", "Whoever"),
    *("That", "The same"),
)
_OPENING = re.compile(rf"(?:{'|'.join(WORDS)})\b")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def main(root: Path = ROOT, *, update: bool = False) -> int:
    """Print each fault and return the exit code."""
    listed = (root / TO_REWRITE).read_text().split()
    found = {
        path.relative_to(root).as_posix(): places
        for path in _sources(root)
        if (places := openings(path.read_text()))
    }
    if update:
        listed = [name for name in listed if name in found]
        (root / TO_REWRITE).write_text("".join(f"{name}\n" for name in listed))
    faults = [
        f"{name}:{line}: begins with {word!r}"
        for name, places in found.items()
        if name not in listed
        for line, word in places
    ]
    faults += [f"{TO_REWRITE}: remove {name}" for name in listed if name not in found]
    print("\n".join([*faults, f"{len(listed)} files to rewrite, {len(faults)} problems."]))
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
    sys.exit(main(update="--update" in sys.argv[1:]))
