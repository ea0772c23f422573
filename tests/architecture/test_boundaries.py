"""Public functions of services, queries, capabilities and schemas without Any."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import VOYAGENT, sources

KINDS = {"service", "queries", "capabilities", "schemas"}
OF_ANY = {
    "Select",  # the columns of a statement; a Reader returns its rows as Row
    "CompoundSelect",
    "ScalarSelect",
    "ColumnElement",
    "KeyedColumnElement",
    "Capability",  # of any input: registries and callers treat all of them alike
}
"""Generic types whose parameter may be Any, because it is not known before the program runs."""
ALIASES = {
    "JsonObject",  # a stored or received object, read by names that its writer has documented
    "Row",  # a row of a statement, read by the columns that the statement names
}
"""Names of types with Any that public functions may use."""


def module_name(path: Path) -> str:
    parts = ("voyagent", *path.relative_to(VOYAGENT).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


def aliases_of(module: ast.Module) -> set[str]:
    """Return the names that a module gives to types with Any."""
    found = set()
    for node in module.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Subscript() as value) | (
                ast.AnnAssign(target=ast.Name(id=name), value=ast.Subscript() as value)
            ):
                if has_any(value, found):
                    found.add(name)
    return found


def imported_from(module: ast.Module) -> Iterator[tuple[str, str]]:
    for node in module.body:
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", name.name) for name in node.names)


def has_any(node: ast.AST, names: set[str]) -> bool:
    """Return True if a type has Any or one of the names.

    OF_ANY lists exceptions.
    """
    match node:
        case ast.Name(id=name):
            return name == "Any" or name in names
        case ast.Subscript(value=ast.Name(id=generic), slice=ast.Name()) if generic in OF_ANY:
            return False
    return any(has_any(child, names) for child in ast.iter_child_nodes(node))


def public_functions(body: list[ast.stmt]) -> Iterator[ast.FunctionDef]:
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node.body)
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def annotations(function: ast.FunctionDef) -> Iterator[ast.expr]:
    parts = function.args
    for one in (*parts.posonlyargs, *parts.args, *parts.kwonlyargs, parts.vararg, parts.kwarg):
        if one is not None and one.annotation is not None:
            yield one.annotation
    if function.returns is not None:
        yield function.returns


def test_no_public_function_takes_or_returns_any() -> None:
    trees = {VOYAGENT / place: tree for place, tree in sources().items()}
    aliases = {module_name(path): aliases_of(tree) for path, tree in trees.items()}
    found = []
    for path, tree in trees.items():
        if not KINDS & set(path.relative_to(VOYAGENT).with_suffix("").parts):
            continue
        imported = {name for of, name in imported_from(tree) if name in aliases.get(of, ())}
        names = (aliases[module_name(path)] | imported) - ALIASES
        found += [
            f"{path.relative_to(VOYAGENT)}:{function.lineno} {function.name}: {ast.unparse(one)}"
            for function in public_functions(tree.body)
            for one in annotations(function)
            if has_any(one, names)
        ]
    assert found == []
