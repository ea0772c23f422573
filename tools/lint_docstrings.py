"""Check the first words of docstrings and comments.

    python -m tools.lint_docstrings

A docstring begins with a complete sentence, and so does a comment on lines of its own, unless it is
a heading. None of them begins with one of WORDS.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
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
    print("\n".join([*faults, f"{len(faults)} docstrings and comments to rewrite."]))
    return 1 if faults else 0


def openings(source: str) -> list[tuple[int, str]]:
    """Return line and first word of each text that begins with one of WORDS.

    The texts are docstrings and comments.
    """
    return sorted(
        (line, opening.group())
        for line, text in (*_docstrings(source), *_comments(source))
        if (opening := _OPENING.match(text))
    )


def _docstrings(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, _DOCUMENTED) and (text := ast.get_docstring(node)):
            yield node.body[0].lineno, text


def _comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of the first line of each comment that has lines of its own."""
    before = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        line = token.start[0]
        if token.type == tokenize.COMMENT and token.line.lstrip().startswith("#"):
            if line != before + 1:
                yield line, token.string.lstrip("# ")
            before = line


def _sources(root: Path) -> Iterator[Path]:
    for name in SOURCES:
        place = root / name
        yield from sorted(place.rglob("*.py")) if place.is_dir() else [place]


if __name__ == "__main__":
    sys.exit(main())
