"""Stored sums (roll-ups): their declaration, their check and their rebuild.

When a source row changes, triggers add the difference to the row of the roll-up with its key. A
`RollUp` says once how the sums are computed from the source rows. The check and the rebuild both
read this declaration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Integer,
    Select,
    Table,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert

from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.tenancy import TENANT, owned


@dataclass(frozen=True, eq=False)
class RollUp:
    """Declaration of a table with sums that triggers maintain.

    The key is the primary key without the agency, in the order in which the triggers write rows.
    The other columns with numbers are the sums. A sum in a nullable column is null if it is not
    known. It is not known if one of its source rows has null. A column that is neither key nor sum,
    such as the name of a party, is written when a row is inserted, and is not updated.
    """

    check: str
    """Name of the check of `flask books check` that reports its differences."""
    model: Any
    """Class of the table."""
    sources: tuple[Select[Any], ...]
    """Selects of the rows that are summed. Each has a column for every column of the table."""
    only: tuple[ColumnElement[bool], ...] = ()
    """Conditions that restrict the rows of the table; `sources` must be restricted alike."""

    @cached_property
    def table(self) -> Table:
        """The table of the stored sums."""
        return cast("Table", self.model.__table__)

    @cached_property
    def key(self) -> tuple[str, ...]:
        """The columns of the key, without the agency."""
        return tuple(column.name for column in self.table.primary_key if column.name != TENANT)

    @cached_property
    def sums(self) -> tuple[str, ...]:
        """The columns with sums."""
        others = (column for column in self.table.c if not column.primary_key)
        return tuple(column.name for column in others if isinstance(column.type, Integer))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The columns that are neither part of the key nor sums."""
        known = {TENANT, *self.key, *self.sums}
        return tuple(column.name for column in self.table.c if column.name not in known)

    @cached_property
    def differences_statement(self) -> Select[Any]:
        """Select the keys at which a stored sum differs from the sum of the source rows.

        A row that is missing counts as zeros, and null as equal if there are no source rows. The
        selected rows are in the order of the key. They have the columns of the key, the texts, and
        for each sum the columns `stored_<sum>` and `recomputed_<sum>`.
        """
        stored = self._part(self.table.c, "stored").where(owned(self.table), *self.only)
        summed = [self._part(one.subquery().c, "recomputed") for one in self.sources]
        both = union_all(stored, *summed).subquery("both").c
        names = [f"{side}_{name}" for side in ("stored", "recomputed") for name in self.sums]
        sums: dict[str, ColumnElement[Any]] = {name: func.sum(both[name]) for name in names}
        for name in self._nullable:
            stored_null, source_null = (
                func.bool_or(both[f"{side}_{name}"].is_(None)) for side in ("stored", "recomputed")
            )
            is_unknown = source_null | (stored_null & ~func.bool_or(both.is_source))
            for side, unknown in (("stored", stored_null), ("recomputed", is_unknown)):
                known = sums[f"{side}_{name}"]
                sums[f"{side}_{name}"] = case((unknown, null()), else_=known)
        key = [both[name] for name in self.key]
        return (
            select(
                *key,
                *(func.max(both[name]).label(name) for name in self.texts),
                *(one.cast(BigInteger).label(name) for name, one in sums.items()),
            )
            .group_by(*key)
            .having(
                or_(
                    *(
                        sums[f"stored_{name}"].is_distinct_from(sums[f"recomputed_{name}"])
                        for name in self.sums
                    )
                )
            )
            .order_by(*key)
        )

    def rebuild_statement(self) -> Select[Any]:
        """Select the differences, and add each of them to its stored row.

        The rows are those of `differences_statement`. The statement adds to the sums, as the
        triggers do, and writes in the order of the key. Therefore amounts that a posting adds at
        the same time are not lost. A sum that was null stays null if the row changes at the same
        time, because what was added to null is lost.
        """
        found = self.differences_statement.cte("found")
        order = [found.c[name] for name in self.key]
        names = (*self.key, *self.texts, *self.sums)
        rows = select(
            bindparam(TENANT, type_=self.table.c[TENANT].type),
            *(found.c[name] for name in (*self.key, *self.texts)),
            *(
                found.c[f"recomputed_{name}"] - func.coalesce(found.c[f"stored_{name}"], 0)
                for name in self.sums
            ),
        ).order_by(*order)
        added = insert(self.table).from_select([TENANT, *names], rows)
        written = added.on_conflict_do_update(
            index_elements=list(self.table.primary_key),
            set_={name: self._corrected(name, added.excluded) for name in self.sums},
        )
        return select(found).order_by(*order).add_cte(written.cte("written"))

    @cached_property
    def _nullable(self) -> tuple[str, ...]:
        return tuple(name for name in self.sums if self.table.c[name].nullable)

    def _corrected(self, name: str, correction: Any) -> ColumnElement[Any]:
        """Return the new value of a stored sum.

        The subquery reads the row as it was when the statement began.
        """
        added: ColumnElement[Any] = self.table.c[name] + correction[name]
        if name not in self._nullable:
            return added
        before = self.table.alias("before")
        names = [column.name for column in self.table.primary_key]
        # With columns of `correction`, the subquery would have `excluded` in its FROM clause.
        is_same = [before.c[one] == literal_column(f"excluded.{one}") for one in names]
        unknown = (
            select(literal_column("before.xmin"))
            .where(*is_same, before.c[name].is_(None))
            .scalar_subquery()
        )
        is_unchanged = literal_column(f"{self.table.name}.xmin") == unknown
        return case((is_unchanged, correction[name]), else_=added)

    def _part(self, columns: Any, side: str) -> Select[Any]:
        return select(
            literal(side == "recomputed", Boolean).label("is_source"),
            *(columns[name] for name in (*self.key, *self.texts)),
            *(
                (columns[name] if one == side else literal(0, BigInteger)).label(f"{one}_{name}")
                for one in ("stored", "recomputed")
                for name in self.sums
            ),
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """A row of a roll-up that differs from the sums of its source rows."""

    roll_up: RollUp
    key: Mapping[str, Any]
    sums: Mapping[str, tuple[int | None, int | None]]
    """The stored and the recomputed sum, by column, of the sums that differ; None if not known."""

    @property
    def place(self) -> str:
        """Name of the table and the key, such as `table column=value`."""
        key = " ".join(f"{name}={value}" for name, value in self.key.items())
        return f"{self.roll_up.table.name} {key}"

    def sentence(self, name: str) -> str:
        """Return a text with the stored and the recomputed value of the sum `name`."""
        stored, recomputed = self.sums[name]
        return f"{name} stored {stored}, recomputed {recomputed}"

    def __str__(self) -> str:
        """Return the difference as one line of text."""
        return f"{self.place}: {'; '.join(map(self.sentence, self.sums))}"


def differences(reader: Reader, roll_ups: Iterable[RollUp]) -> list[Difference]:
    """Return the rows of the roll-ups that differ from the sums of their source rows."""
    listed = list(roll_ups)
    found = reader.read(*(one.differences_statement for one in listed))
    return [
        difference
        for one, rows in zip(listed, found, strict=True)
        for difference in differences_of(one, rows)
    ]


def differences_of(roll_up: RollUp, rows: Iterable[Row]) -> list[Difference]:
    """Return the differences in the rows that a statement of the roll-up returned."""
    return [
        Difference(
            roll_up,
            {name: row[name] for name in roll_up.key},
            {
                name: (row[f"stored_{name}"], row[f"recomputed_{name}"])
                for name in roll_up.sums
                if row[f"stored_{name}"] != row[f"recomputed_{name}"]
            },
        )
        for row in rows
    ]
