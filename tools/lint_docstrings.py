"""Check the first words of docstrings and comments, and first lines of docstrings.

    python -m tools.lint_docstrings

A docstring should begin with a complete sentence, and so should a comment on lines of its own. Only
this is checked: neither may begin with one of WORDS, which mostly begin incomplete sentences. The
first line of a docstring has at most LENGTH_MAX characters, so that it says one thing.
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
LENGTH_MAX = 80
_OPENING = re.compile(rf"(?:{'|'.join(WORDS)})\b")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def main(root: Path = ROOT) -> int:
    """Print each fault; return 1 if there is one, else 0."""
    faults = [
        f"{path.relative_to(root).as_posix()}:{line}: {fault}"
        for path in _sources(root)
        for line, fault in _faults(path.read_text())
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


def long_first_lines(source: str) -> list[tuple[int, int]]:
    """Return line and length of each docstring's first line that is too long."""
    return sorted(
        (line, length)
        for line, text in _docstrings(source)
        if (length := len(text.partition("\n")[0])) > LENGTH_MAX
    )


def _faults(source: str) -> list[tuple[int, str]]:
    return sorted(
        [(line, f"begins with {word!r}") for line, word in openings(source)]
        + [
            (line, f"first line of {length} characters, at most {LENGTH_MAX}")
            for line, length in long_first_lines(source)
        ]
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
