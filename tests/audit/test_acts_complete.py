"""Every change is a listed act or an explained exception."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask
from flask.cli import AppGroup

from tests.audit.acts import ACTS, NO_ACTS
from tests.http.operations import CALLS
from voyagent.approvals.service import effects
from voyagent.capabilities import registry
from voyagent.kernel import jobs
from voyagent.routes import OPERATOR_PAGES, PAGES, docs

SOURCE = Path(__file__).resolve().parent.parent.parent / "voyagent"
OF_FLASK = {"db", "routes", "run", "shell"}
ELSEWHERE = {"agency.imported"}  # in another installation: tests/agencies/test_import.py
COVERED = {name for act in ACTS for name in act.covers}
# GET requests that record an event. All files of reports and lists are recorded by one function, so
# there is one of each kind.
OF_AUDIT = {"GET /api/audit/export.csv", "GET /audit/export.csv"}
EXPORTS = OF_AUDIT | {
    "GET /api/reports/day-book.csv",
    "GET /api/reports/trial-balance.xlsx",
    "GET /reports/trial-balance",
    "GET /reports/day-book",
    "GET /invoices",
    "GET /api/reports/itinerary",
    "GET /api/privacy/parties/<party_id>/export",
    "GET /api/privacy/parties/<party_id>/identity",
    "GET /parties/<party_id>/privacy/export.json",
    "GET /parties/<party_id>/privacy/export.pdf",
}


def operations() -> set[str]:
    return {call.name for call in CALLS if call.operation.method != "GET"}


def pages() -> set[str]:
    return {
        f"{method} {page.path}"
        for blueprint in (*PAGES, *OPERATOR_PAGES, docs)
        for page in blueprint.pages
        for method in page.methods
        if method != "GET"
    }


def tasks() -> set[str]:
    """Return the worker's tasks, without those registered by tests."""
    return {
        name
        for name, task in jobs._tasks.items()  # noqa: SLF001
        if task.run.__module__.startswith("voyagent.")
    }


def commands(app: Flask) -> Iterator[str]:
    for name, command in app.cli.commands.items():
        if isinstance(command, AppGroup) or hasattr(command, "commands"):
            yield from (
                (f"{name} {inner}" for inner in command.commands) if name not in OF_FLASK else ()
            )
        elif name not in OF_FLASK:
            yield name


def test_every_way_to_change_data_is_listed_or_explained(app: Flask) -> None:
    known = operations() | pages() | EXPORTS | tasks() | set(commands(app))
    assert COVERED | set(NO_ACTS) == known
    assert COVERED & set(NO_ACTS) == set()


def test_no_act_is_listed_twice() -> None:
    names = [act.name for act in ACTS]
    assert len(set(names)) == len(names)


def test_every_kind_of_event_is_left_by_a_listed_act() -> None:
    left = {left.kind for act in ACTS for left in act.leaves}
    tools = {tool.name for tool in registry.every()}
    bearing_their_names = {kind for kind in left if kind in tools or effects.find(kind)}
    assert left - bearing_their_names | ELSEWHERE == set(kinds_in_the_source())
    assert {tool.name for tool in registry.every() if tool.approval == "required"} <= left


# Kinds of events in the source code
# --------------------------------------------------------------------------------


def kinds_in_the_source() -> Iterator[str]:
    """Yield the kinds in calls of `audit.record`.

    A kind is a literal, a choice, an item of a table, a constant of the module, or an argument of a
    caller there.
    """
    found = 0
    for tree, path in _files_with(".record("):
        for call, function in _calls(tree):
            if _is_record(call, path):
                found += 1
                yield from _read(call.args[1], tree, function, path)
    assert found > 40, "the calls are not found any more"


def _is_record(call: ast.Call, path: Path) -> bool:
    name = call.func
    owner = "recording" if SOURCE / "audit" in path.parents else "audit"
    return (
        isinstance(name, ast.Attribute)
        and name.attr == "record"
        and isinstance(name.value, ast.Name)
        and name.value.id == owner
    )


def _files_with(words: str) -> Iterator[tuple[ast.Module, Path]]:
    """Yield the files that have these words; to parse all others would take seconds."""
    for path in sorted(SOURCE.rglob("*.py")):
        if words in (text := path.read_text()):
            yield ast.parse(text), path


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, ast.FunctionDef | None]]:
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for node in ast.walk(function):
            if isinstance(node, ast.Call):
                yield node, function


Place = tuple[ast.Module, ast.FunctionDef | None, Path]


def _calls_of(name: str, tree: ast.Module, path: Path) -> list[tuple[ast.Call, Place]]:
    """The calls of a function in its module, else in all others."""
    for trees in ([(tree, path)], _files_with(f"{name}(")):
        found = [
            (call, (one, around, file))
            for one, file in trees
            for call, around in _calls(one)
            if isinstance(call.func, ast.Name) and call.func.id == name
        ]
        if found:
            return found
    raise AssertionError(f"{path}: nobody calls {name}")


def _read(
    node: ast.expr, tree: ast.Module, function: ast.FunctionDef | None, path: Path
) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(kind)):
            yield kind
        case ast.IfExp(body=body, orelse=orelse):
            yield from _read(body, tree, function, path)
            yield from _read(orelse, tree, function, path)
        case ast.Subscript(value=ast.Name(id=table)):
            yield from _constant(path, table).values()
        case ast.Attribute(value=ast.Name(id="queries"), attr=name):
            yield getattr(_constant(path, "queries"), name)
        case ast.Attribute(attr="tool_name" | "name"):
            pass  # an effect, a tool: they bear their own names
        case ast.Name(id=name) if function is not None and name in (
            arguments := [argument.arg for argument in function.args.args]
        ):
            for call, place in _calls_of(function.name, tree, path):
                yield from _read(call.args[arguments.index(name)], *place)
        case ast.Name(id=name):
            yield _constant(path, name)
        case _:
            raise AssertionError(f"{path}: {ast.unparse(node)} names no kind that can be read here")


def _constant(path: Path, name: str) -> Any:
    module = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
    return getattr(importlib.import_module(module), name)
