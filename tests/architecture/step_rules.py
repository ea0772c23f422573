"""Rules for the statements of migrations, beside which the release before runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

ONE_ROW = {"alembic_version", "installation"}
_HIDDEN = re.compile(r"'(?:[^']|'')*'|(\$\w*\$).*?\1|--[^\n]*|/\*.*?\*/", re.DOTALL)
_TABLE = r"(?:if exists )?(?:only )?(?P<table>[\w.]+)"
_MADE = re.compile(r"create (?:temporary |unlogged )?table (?:if not exists )?([\w.]+)")
_INDEX = re.compile(r"create (?:unique )?index (?P<how>concurrently )?.*?\bon (?:only )?([\w.]+)")
_ALTER = re.compile(rf"alter table {_TABLE} (?P<actions>.*)")
_CHANGE = re.compile(rf"(?:update|delete from|truncate(?: table)?) {_TABLE}")
_CONSTRAINT = re.compile(r"add (?:constraint|check|foreign key|unique|primary key|exclude)\b")
_COLUMN = re.compile(r"add (?:column )?(?:if not exists )?(?P<name>\w+) (?P<rest>.*)")
_LOCKS = re.compile(
    r"(?:alter table|(?:create|alter|drop) policy .*? on"
    rf"|(?:create|drop) (?:or replace |constraint )?trigger .*? on) {_TABLE}"
)
_LOCKS_ALL = re.compile(r"(?:drop|lock) table (?:if exists )?(?P<tables>.*)")
_HARMLESS = re.compile(r"select |set |update installation ")
# A default that is one value for all rows is stored once; any other one writes every row.
_WRITES_ROWS = re.compile(r"default (?!now\(\))[\w.]+\(|\bgenerated\b|\w*serial\b")

INDEX = "an index is created by recipes.create_index"
DROPPED_INDEX = "an index is dropped by recipes.drop_index"
VALID = "a constraint is added `not valid`, and checked by recipes.validate"
VALIDATED = "a constraint is checked by recipes.validate, in no transaction with other steps"
NOT_NULL = "a new column is null, or has a default that is one value for all rows"
ROWS = "rows are changed in batches after the migration"
MIXED = "a step of recipes.py is in a migration without other steps, so it can be run again"
ONE_TABLE = "a transaction locks one table; recipes.change has a transaction for each"
HIDDEN = "a block hides its statements"
CONTRACT = "only a contract step, which declares `contracts`, may"


@dataclass(frozen=True, slots=True)
class Executed:
    """SQL that a migration executed; `is_alone` if outside a transaction."""

    sql: str
    is_alone: bool = False


def faults(executed: Sequence[Executed], *, is_contract: bool = False) -> list[str]:
    """Return the rules that a migration breaks, each with the statement."""
    pairs = [(one, statement) for one in executed for statement in statements(one.sql)]
    made = {name for _one, statement in pairs for name in _MADE.findall(statement)}
    mixed = (
        f"{MIXED}: {statement}"
        for one, statement in pairs
        if not (one.is_alone or _HARMLESS.match(statement))
    )
    together = [statement for one, statement in pairs if not one.is_alone]
    transactions = [together, *(statements(one.sql) for one in executed if one.is_alone)]
    return [
        *(
            f"{ONE_TABLE}: {', '.join(sorted(tables))}"
            for each in transactions
            if len(tables := locked(each) - made) > 1
        ),
        *(mixed if any(one.is_alone for one, _statement in pairs) else ()),
        *(
            f"{fault}: {statement}"
            for one, statement in pairs
            for fault in _faults(statement, made, is_alone=one.is_alone)
            if not (is_contract and fault.startswith(CONTRACT))
        ),
    ]


def statements(sql: str) -> list[str]:
    """Split SQL into statements, without comments and the content of strings."""
    plain = _HIDDEN.sub(lambda match: " " if match[0][0] in "-/" else "''", sql)
    found = (" ".join(one.lower().replace('"', "").split()) for one in plain.split(";"))
    return [one for one in found if one]


def locked(of_transaction: Iterable[str]) -> set[str]:
    """Return the tables that statements lock against writes, or against everybody.

    The table to which a new foreign key refers is left out: one statement locks both.
    """
    found = set[str]()
    for statement in of_transaction:
        if (one := _LOCKS.match(statement)) and " validate constraint " not in statement:
            found.add(one["table"])
        elif several := _LOCKS_ALL.match(statement):
            found.update(name.split()[0] for name in several["tables"].split(","))
    return found


def _faults(statement: str, made: set[str], *, is_alone: bool) -> Iterator[str]:
    if statement.startswith("do "):
        yield HIDDEN
    if (index := _INDEX.match(statement)) and not index["how"] and index[2] not in made:
        yield INDEX
    if re.match(r"drop index (?!concurrently)", statement):
        yield DROPPED_INDEX
    if re.match(r"drop (?!index|policy|trigger)|alter (?!table).* rename ", statement):
        yield f"{CONTRACT} drop or rename"
    if (change := _CHANGE.match(statement)) and change["table"] not in made | ONE_ROW:
        yield ROWS
    if (alter := _ALTER.match(statement)) and alter["table"] not in made:
        for action in _split(alter["actions"]):
            yield from _faults_of_action(action, is_alone=is_alone)


def _faults_of_action(action: str, *, is_alone: bool) -> Iterator[str]:
    if _CONSTRAINT.match(action):
        if not (action.endswith("not valid") or " using index " in action):
            yield VALID
    elif column := _COLUMN.match(action):
        rest = column["rest"]
        if re.search(r"\b(references|unique|primary key|check)\b", rest):
            yield VALID
        if ("not null" in rest and "default" not in rest) or _WRITES_ROWS.search(rest):
            yield NOT_NULL
    elif action.startswith("validate constraint") and not is_alone:
        yield VALIDATED
    elif re.match(r"drop (?!constraint)", action):
        yield f"{CONTRACT} drop a column"
    elif re.match(r"rename |set schema", action):
        yield f"{CONTRACT} rename"
    elif re.match(r"alter .*(set not null|drop default|\btype )", action):
        yield f"{CONTRACT} change a column so that earlier code may not write it"


def _split(actions: str) -> list[str]:
    """Split the actions of `alter table` at the commas outside brackets."""
    found, depth, begin = [], 0, 0
    for place, sign in enumerate(actions):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            found.append(actions[begin:place].strip())
            begin = place + 1
    return [*found, actions[begin:].strip()]
