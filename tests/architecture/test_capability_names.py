"""The name of a capability is a string only in its own file.

Other files import the capability. Names in `follow_ups`, and names of service functions in
`__all__`, are allowed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath

from tests.architecture.sources import VOYAGENT, sources
from voyagent import catalogue

TEMPLATES = VOYAGENT.parent / "templates"
COMPARED = re.compile(r"""[!=]=\s*["'](\w+)["']|\bin\s*[(\[]([^)\]]*)[)\]]""")
"""Strings with which a template compares a value, by `==`, `!=` or `in`."""
NAMES = frozenset(one.name for one in catalogue.CAPABILITIES)
ALLOWED: dict[str, set[str]] = {
    "billing/invoices/queries/documents.py": {"write_off_invoice"},
    "reports/queries/checks.py": {"trial_balance"},
    "reports/schemas/margins.py": {"trial_balance"},
    "trips/service/flights.py": {"issue_ticket"},
    "trips/service/lines.py": {"cancel_hotel_booking", "issue_ticket"},
}
"""Services that withdraw proposals by name, and words with another meaning. Only shrinks."""


def test_no_other_file_names_a_capability() -> None:
    strays = {
        place: sorted(found)
        for place, names in _found().items()
        if (found := (names & NAMES) - ALLOWED.get(place, set()))
    }
    assert strays == {}


def test_no_template_compares_with_the_name_of_a_capability() -> None:
    strays = {
        path.relative_to(TEMPLATES).as_posix(): sorted(found)
        for path in sorted(TEMPLATES.rglob("*.*"))
        if (found := set(_compared(path.read_text())) & NAMES)
    }
    assert strays == {}


def test_a_name_in_a_comparison_of_a_template_is_found() -> None:
    text = '{% if row.tool_name == "pay_bill" or row.tool_name in ("find_bills", \'x\') %}'
    assert set(_compared(text)) == {"pay_bill", "find_bills", "x"}


def test_each_exception_is_still_needed() -> None:
    found = _found()
    idle = {place: names - found.get(place, set()) for place, names in ALLOWED.items()}
    assert {place: names for place, names in idle.items() if names} == {}


def test_a_name_in_a_string_is_found() -> None:
    tree = ast.parse('a("pay_bill")\nb(follow_ups=("find_bills",))\n__all__ = ["issue_ticket"]')
    assert set(_strings(tree)) == {"pay_bill"}


@cache
def _found() -> dict[str, set[str]]:
    found = {}
    for place, tree in sources().items():
        path = PurePosixPath(place)
        own = {path.stem} if path.parent.name == "capabilities" else set()
        found[place] = set(_strings(tree)) - own
    return found


def _compared(text: str) -> Iterator[str]:
    for one, several in COMPARED.findall(text):
        yield from [one] if one else re.findall(r"""["'](\w+)["']""", several)


def _strings(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        is_list_of_names = (isinstance(node, ast.keyword) and node.arg == "follow_ups") or (
            isinstance(node, ast.Assign)
            and any(isinstance(one, ast.Name) and one.id == "__all__" for one in node.targets)
        )
        if is_list_of_names:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        yield from _strings(node)
