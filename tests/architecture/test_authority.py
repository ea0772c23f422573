"""Every service that posts or commits the agency outside requires authority.

The test parses the services and follows their calls, so it covers new services too.
"""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.architecture.sources import VOYAGENT, sources

POSTS = {
    f"voyagent.ledger.service.entries.{name}" for name in ("post", "post_difference", "reverse")
}
LEAVES = {
    "suppliers.flights.issue",
    "suppliers.hotels.book",
    "suppliers.hotels.cancel",
    "suppliers.visas.file",
    "post.outbox.send",
}
"""Supplier calls of a trip that need approval; a hold costs nothing and needs none."""
ENDS = {"billing": POSTS, "ledger": {"voyagent.ledger.service.entries._write"}, "trips": LEAVES}
"""For each package the calls that need authority."""
WITHOUT: set[str] = set()
"""Services that do not ask for authority yet; it only shrinks."""
GRANTING = {"approvals/service/execution.py", "approvals/service/dry_run.py"}
"""The only files that attach a grant."""

Place = tuple[str, str]
"""A function: its module, its name."""


@cache
def modules(package: str) -> dict[str, ast.Module]:
    """Return the services of a package and its subpackages by module name."""
    paths = [
        path
        for pattern in ("**/service.py", "**/service/*.py")
        for path in sorted((VOYAGENT / package).glob(pattern))
    ]
    return {
        ".".join(path.relative_to(VOYAGENT.parent).with_suffix("").parts): sources()[
            path.relative_to(VOYAGENT).as_posix()
        ]
        for path in paths
    }


@cache
def functions(package: str) -> dict[Place, ast.FunctionDef]:
    return {
        (module, node.name): node
        for module, tree in modules(package).items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }


def imported(package: str, module: str) -> dict[str, Place]:
    """Return what a service imports from other services.

    A whole module is (module, "").
    """
    found: dict[str, Place] = {}
    for node in ast.walk(modules(package)[module]):
        if isinstance(node, ast.ImportFrom):
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                is_module = whole in modules(package)
                place = (whole, "") if is_module else (node.module or "", name.name)
                found[name.asname or name.name] = place
    return found


def calls(node: ast.AST) -> set[str]:
    return {ast.unparse(one.func) for one in ast.walk(node) if isinstance(one, ast.Call)}


@cache
def full_names(tree: ast.Module) -> dict[str, str]:
    """Return the full names of imports of a file, by their names in the file."""
    return {
        name.asname or name.name: f"{node.module}.{name.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }


def targets(tree: ast.Module, node: ast.AST) -> set[str]:
    """Return the calls of a node in a file, imported functions by their full names."""
    names = full_names(tree)
    parts = [call.partition(".") for call in calls(node)]
    return {names.get(base, base) + dot + rest for base, dot, rest in parts}


@cache
def followed(package: str) -> dict[Place, set[Place]]:
    """Return the functions of the package that each of its functions calls."""
    known = functions(package)
    found: dict[Place, set[Place]] = {}
    for (module, name), node in known.items():
        names = imported(package, module)
        called = set()
        for call in calls(node):
            base, _, last = call.rpartition(".")
            place = names.get(base, ("", ""))[0] if base else module
            called.add(names.get(call, (place, last)))
        found[module, name] = called & set(known)
    return found


def reaching(package: str) -> set[Place]:
    """Return the functions that call one that needs authority, even indirectly."""
    called = followed(package)
    found = {
        place
        for place, node in functions(package).items()
        if (
            calls(node)
            | targets(modules(package)[place[0]], node)
            | {".".join(one) for one in called[place]}
        )
        & ENDS[package]
    }
    while more := {place for place in called if called[place] & found} - found:
        found |= more
    return found


def asks(node: ast.FunctionDef) -> bool:
    """Return True if the first statement of a function requires authority."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return calls(body[0]) & {"actor.require_authority", "_require_authority"} != set()


def public(places: set[Place]) -> set[Place]:
    return {place for place in places if not place[1].startswith("_")}


@pytest.mark.parametrize("package", list(ENDS))
def test_every_service_that_posts_or_calls_outside_requires_authority_first(package: str) -> None:
    known = functions(package)
    missing = {
        f"{package}.{name}"
        for module, name in public(reaching(package))
        if not asks(known[module, name])
    }
    assert missing == {name for name in WITHOUT if name.startswith(f"{package}.")}


def test_calls_are_followed_through_modules() -> None:
    names = {package: {name for _module, name in public(reaching(package))} for package in ENDS}
    assert {"record_receipt", "create_invoice", "import_open_bill", "take_back"} <= names["billing"]
    assert not {"draft_invoice", "schedule_bill", "payment_sides"} & names["billing"]
    assert names["ledger"] == {
        *("post", "reverse", "post_direct", "post_requested", "reverse_direct"),
        *("post_difference", "revalue", "establish_base"),
    }
    assert names["trips"] == {
        "issue_ticket",
        "book_hotel",
        "cancel_hotel_booking",
        "file_visa",
        "send_itinerary",
    }


def test_only_services_post() -> None:
    posting = {path for path, tree in sources().items() if targets(tree, tree) & POSTS}
    service = r"(billing/\w+|ledger)/service\b"
    assert {path for path in posting if not re.match(service, path)} == set()


def test_grants_are_attached_only_where_approved_acts_run() -> None:
    granting = {
        path
        for path, tree in sources().items()
        if any(call == "Grant" or call.endswith(".granted") for call in calls(tree))
    }
    assert granting == GRANTING
