"""No regular expression takes the square of the length of a text, or more.

Python's `re` tries all ways to match and lets no other thread run. The test repeats pieces of text
that each expression contains, because an expression is slow where it can match a text in many ways.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import partial
from re import _constants as codes, _parser as parser
from typing import Any

import voyagent
from tests.cpu_time import cpu_seconds
from voyagent.kernel.text import places

SHORT, LONG = 800, 3_200
GROWTH_MAX = 8
"""A text four times as long takes four times as long, or sixteen times if it takes the square."""
NOISE_S = 0.01
PIECES_MAX = 30
HEADS, GAPS = ("", "1", "a "), ("", " ", "-", ", ")
READERS = ("voyagent.kernel.text.", "voyagent.capabilities.")
"""Their expressions read at most 4,000 characters of a message, where a square is little."""
READER_S = 0.05
NOT_SEARCHED = {
    "voyagent.http.forms._LIMIT": "reads sentences of Pydantic",
    "voyagent.kernel.database.sql_files._SIGNATURE": "reads files of this program",
    "voyagent.kernel.money._GROUPED": "matches a whole field",
    "voyagent.kernel.sheets._FORMULA": "matches the beginning of a cell",
    "voyagent.mail.service._ADDRESS": "matches a whole field",
    "voyagent.settings.forms._SUM": "matches a whole field",
}


def compiled(found: object, name: str, depth: int = 0) -> Iterator[tuple[str, re.Pattern[Any]]]:
    if isinstance(found, re.Pattern):
        yield name, found
    elif isinstance(found, list | tuple | frozenset | set) and depth < 3:
        for place, one in enumerate(found):
            yield from compiled(one, f"{name}[{place}]", depth + 1)
    elif isinstance(found, dict) and depth < 3:
        for key, one in list(found.items()):
            yield from compiled(one, f"{name}[{key!r}]", depth + 1)


def expressions() -> dict[str, re.Pattern[Any]]:
    """Return every compiled expression in a module of the program, by its name."""
    found: dict[str, re.Pattern[Any]] = {}
    for module in pkgutil.walk_packages(voyagent.__path__, "voyagent."):
        for name, value in list(vars(importlib.import_module(module.name)).items()):
            found |= dict(compiled(value, f"{module.name}.{name}"))
    for patterns in (places._ROUTES, places._DESTINATIONS, places._ORIGINS):  # noqa: SLF001 - they are compiled at their first use
        found |= {
            f"voyagent.kernel.text.places {one[:30]}": re.compile(one, re.IGNORECASE | re.MULTILINE)
            for one in patterns
        }
    by_pattern = {(one.pattern, one.flags): name for name, one in found.items()}
    return {name: found[name] for name in by_pattern.values()}


def pieces(tree: Any, found: set[str]) -> list[str]:
    """Return up to three texts that match; `found` takes the texts of all parts."""
    texts = [""]
    for code, argument in tree:
        texts = [before + one for before in texts for one in _piece(code, argument, found)][:3]
    found.update(texts)
    return texts


def _piece(code: Any, argument: Any, found: set[str]) -> list[str]:
    if code is codes.LITERAL:
        return [chr(argument)]
    if code is codes.IN:
        letters = [_letter(*one) for one in argument]
        found.update(letters)
        return ["a"] if argument[0][0] is codes.NEGATE else letters[:3]
    if code in {codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT}:
        least, _most, repeated = argument
        texts = [one * max(least, 1) for one in pieces(repeated, found)]
        return ["", *texts][:3] if least == 0 else texts
    if code is codes.SUBPATTERN:
        return pieces(argument[-1], found)
    if code is codes.ATOMIC_GROUP:
        return pieces(argument, found)
    if code is codes.BRANCH:
        return [one for branch in argument[1][:8] for one in pieces(branch, found)[:1]][:3]
    return [""] if code in {codes.AT, codes.ASSERT, codes.ASSERT_NOT, codes.GROUPREF} else ["a"]


def _letter(code: Any, argument: Any) -> str:
    if code is codes.LITERAL:
        return chr(argument)
    if code is codes.RANGE:
        return chr(argument[0])
    return {codes.CATEGORY_DIGIT: "1", codes.CATEGORY_SPACE: " "}.get(argument, "a")


def slow_text(name: str, expression: re.Pattern[Any]) -> str | None:
    """Return a piece whose repetition takes more than linear time, or None."""
    pattern, is_text = expression.pattern, isinstance(expression.pattern, str)
    source = pattern if is_text else pattern.decode("latin-1")
    found: set[str] = {"1", "a", " ", ",", "-", "\n"}
    pieces(parser.parse(source, expression.flags & ~re.DEBUG if is_text else 0), found)
    chosen = sorted((one for one in found if 0 < len(one) <= 40), key=len)[:PIECES_MAX]
    heads = HEADS[:1] if name.startswith(READERS) else HEADS
    repeated = ((head, one + gap) for one in chosen for gap in GAPS for head in heads)
    for head, piece in repeated:
        short, long = (f"{head}{(piece * size)[:size]}!" for size in (SHORT, LONG))
        if name.startswith(READERS):  # a message has at most two spaces in a row
            if cpu_seconds(partial(expression.search, re.sub(r"\s{3,}", "  ", short))) > READER_S:
                return head + piece
            continue
        texts = [one if is_text else one.encode("latin-1", "ignore") for one in (short, long)]
        methods = [expression.fullmatch]
        methods += [] if name in NOT_SEARCHED else [expression.search]
        for match in methods:
            first, second = (partial(match, text) for text in texts)
            longer = cpu_seconds(second)
            if longer > NOISE_S and longer > GROWTH_MAX * cpu_seconds(first):
                return head + piece
    return None


def test_no_expression_takes_more_than_linear_time() -> None:
    slow = {name: slow_text(name, one) for name, one in expressions().items()}
    assert {name: piece for name, piece in slow.items() if piece is not None} == {}


def test_slow_expressions_are_found() -> None:
    for pattern in (
        r"[+-]?(\d+\.?\d*|\.\d+)",
        r"([0-9][0-9,\s]*(?:\.[0-9]+)?)\s*([A-Z]{3})?",
    ):
        assert slow_text("voyagent.some.module", re.compile(pattern)) is not None, pattern
    cubic = r"\bref(?:\s*(?:no|ref|[:#-]))*\s*(?P<value>(?=[a-z/-]*\d)[a-z0-9/-]{3,})"
    assert slow_text("voyagent.kernel.text.some", re.compile(cubic)) is not None
