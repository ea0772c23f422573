"""All routes are listed in `routes.txt` with method, guard and permission.

A new route or a changed permission changes a line of that file.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from flask import Flask

from voyagent.http.guards import Guard
from voyagent.http.pages import PageBlueprint
from voyagent.identity.rules.permissions import ROLE_PERMISSIONS
from voyagent.routes import APIS, OPERATOR_PAGES, PAGES, docs

PINNED = Path(__file__).with_name("routes.txt")
ROOT = Path(__file__).resolve().parents[2]


def served() -> list[str]:
    """Return every route as a line of `routes.txt`."""
    lines = []
    for blueprint in (*PAGES, *OPERATOR_PAGES, docs):
        for page in blueprint.pages:
            right = page.right if page.guard is Guard.SIGNED_IN else "-"
            lines += [f"{method} {page.path} {page.guard} {right}" for method in page.methods]
    for api in APIS:
        for operation in api.operations:
            right = operation.right if operation.guard is not Guard.PUBLIC else "-"
            lines.append(
                f"{operation.method} {api.url_prefix or ''}{operation.path} {operation.guard}"
                f" {right}"
            )
    return sorted(lines, key=lambda line: (line.split()[1], line))


def test_the_routes_equal_the_stored_list() -> None:
    pinned = PINNED.read_text().splitlines()
    missing, new = sorted(set(pinned) - set(served())), sorted(set(served()) - set(pinned))
    assert not missing, f"gone from the site, still in {PINNED.name}: {missing}"
    assert not new, f"on the site, not yet in {PINNED.name}: {new}"
    assert pinned == served(), f"{PINNED.name} is sorted by path"


def test_every_permission_of_a_route_belongs_to_some_role() -> None:
    held = frozenset().union(*ROLE_PERMISSIONS.values())
    for line in served():
        permission = line.split()[3]
        assert permission == "-" or permission in held, line


def test_a_get_request_changes_nothing() -> None:
    """No GET operation of the API requires a permission to write."""
    readers = ROLE_PERMISSIONS["viewer"]
    # An export of personal data changes nothing but leaves an event.
    administers = {"audit.read", "invite.read", "privacy.read", "privacy.export"}
    for line in served():
        method, path, _, permission = line.split()
        if method == "GET" and path.startswith("/api/") and permission != "-":
            assert permission in readers | administers, line


def test_only_listed_routes_are_served(app: Flask) -> None:
    pinned = {tuple(line.split()[:2]) for line in PINNED.read_text().splitlines()}
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD"}:
            assert rule.endpoint == "static" or (method, rule.rule) in pinned, rule


@pytest.mark.parametrize(
    "blueprint", [*PAGES, *OPERATOR_PAGES, docs, *APIS], ids=lambda blueprint: blueprint.name
)
def test_every_blueprint_has_a_guard(blueprint: PageBlueprint) -> None:
    assert isinstance(blueprint.guard, Guard)


def test_a_handler_only_parses_calls_and_renders() -> None:
    """It has no `try` and no SQL statement."""
    for api in APIS:
        for operation in api.operations:
            source = inspect.getsource(operation.handler)
            body = source.partition('"""')[2].rpartition('"""')[2]
            name = f"{operation.method} {operation.path}"
            assert not re.search(r"^\s*(try:|except )", body, re.MULTILINE), name
            assert not re.search(r"db\.session\.(execute|scalars?|add|query|delete)\b", body), name


def test_no_module_has_a_meaningless_name() -> None:
    nameless = {"utils", "helpers", "common", "misc", "manager", "base"}
    for path in sorted((ROOT / "voyagent").rglob("*.py")):
        assert not nameless & {
            path.stem,
            *path.relative_to(ROOT).parent.parts,
        } or path.as_posix().endswith("drivers/base.py"), path
