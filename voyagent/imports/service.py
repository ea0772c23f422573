"""The rules of imports: a file is tried out row by row and nothing of that stays; it is taken only
where nothing is wrong, whole and once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError

from voyagent.audit import service as audit
from voyagent.imports import advances, documents, opening, parties, queries, tables
from voyagent.imports.models import Import
from voyagent.imports.opening import DayNeeded
from voyagent.imports.tables import (
    OF_SHAPE,
    FileEmpty,
    FileTooLarge,
    FileUnreadable,
    Finding,
    Table,
)
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, Forbidden, Unprocessable, VoyagentError
from voyagent.kernel.fields import composed
from voyagent.kernel.ids import new_id


class UnknownImport(Unprocessable):
    """A kind of file that is not taken."""

    code = "import_unknown"
    message = N_("Files of that kind are not taken.")


class ImportHasFindings(Unprocessable):
    """A file in which something is wrong: nothing of it was taken. A dry run names each place."""

    code = "import_has_findings"
    message = N_(
        "Something is wrong in this file, so nothing of it was taken. Look at it first: that names"
        " each place."
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: its columns, those that it must have, what its rows do, where a refusal is
    told, and by which columns a row is had once.
    """

    columns: tuple[str, ...]
    needed: tuple[str, ...]
    taker: Callable[[Actor, date | None], Taker]
    places: dict[str, str]
    had_once: tuple[str, ...] = ()

    def key(self, cells: dict[str, str]) -> tuple[str, ...]:
        """By what a row is known again; a name is one in capitals and small letters, a number is
        not.
        """
        told = {
            column: composed(" ".join(cells.get(column, "").split())) for column in self.had_once
        }
        return tuple(
            value.casefold() if column == "name" else value for column, value in told.items()
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file: how many rows it has, what is wrong, and the import that took it: None
    while none did. `is_repeat`: it was taken before.
    """

    kind: str
    row_count: int
    findings: tuple[Finding, ...] = ()
    import_id: UUID | None = None
    imported_at: datetime | None = None
    is_repeat: bool = False


class Taker(Protocol):
    """What takes the rows of one file: each by itself, and then what they come to together.

    Both raise what a row or the file is refused for.
    """

    def take(self, cells: dict[str, str]) -> None:
        """Take one row."""

    def finish(self) -> None:
        """Do what takes all rows."""


class _Over(Exception):
    """Raised when a dry run has seen all there is, so that its savepoint is rolled back."""


TAKEN = (
    "former_number_taken",
    "former_payment_taken",
    "vendor_reference_taken",
    "party_name_taken",
)
"""What a row is refused for where its like is there already: from before, or from an earlier line
of the same file.
"""
KINDS = {
    "parties": Kind(parties.COLUMNS, parties.NEEDED, parties.Taker, parties.PLACES, ("name",)),
    "opening_balances": Kind(opening.COLUMNS, opening.NEEDED, opening.Taker, opening.PLACES),
    "open_invoices": Kind(
        documents.COLUMNS, documents.NEEDED, documents.invoices, documents.PLACES, ("reference",)
    ),
    "open_bills": Kind(
        documents.COLUMNS, documents.NEEDED, documents.bills, documents.PLACES, ("reference",)
    ),
    "customer_advances": Kind(
        advances.COLUMNS, advances.NEEDED, advances.of_customers, advances.PLACES, ("reference",)
    ),
    "supplier_advances": Kind(
        advances.COLUMNS, advances.NEEDED, advances.of_suppliers, advances.PLACES, ("reference",)
    ),
}


def look(actor: Actor, kind: str, text: str, on: date | None = None) -> Outcome:
    """What taking a file would come to: each row is tried by the same rules as by hand, in the
    order of the file, and nothing of it stays.

    `on` is the day as of which a file of opening balances speaks. At most 100 findings are told.
    Raises Forbidden, UnknownImport, DayNeeded; FileUnreadable, FileTooLarge, FileEmpty.
    """
    actor.require("import.run")
    plain, table = _read(kind, text)
    if (known := queries.find_import(kind, _digest(plain, on))) is not None:
        return _told(known, is_repeat=True)
    outcome = Outcome(kind, len(table.records))
    try:
        with audit.savepoint():
            outcome = replace(
                outcome, findings=_try(KINDS[kind], KINDS[kind].taker(actor, on), table)
            )
            raise _Over  # noqa: TRY301 - raising is how the savepoint is rolled back
    except _Over:
        return outcome


def run(actor: Actor, kind: str, text: str, on: date | None = None) -> Outcome:
    """Take a file, whole or not at all.

    The same file again, a parallel one too, takes nothing and gets the import that stands.

    Files are the same where their text and their day are, but for line ends and the mark of UTF-8.
    Raises ImportHasFindings, and what `look` raises.
    """
    actor.require("import.run")
    plain, table = _read(kind, text)
    digest = _digest(plain, on)
    if (known := queries.find_import(kind, digest)) is not None:
        return _told(known, is_repeat=True)
    taker = KINDS[kind].taker(actor, on)
    taken = Import(
        id=new_id(),
        kind=kind,
        digest=digest,
        row_count=max(len(table.records), 1),
        effective_on=on,
        created_by_user_id=actor.user_id,
        created_at=clock.now(),
    )
    try:
        with audit.savepoint():
            db.session.add(taken)
            db.session.flush()  # whoever takes the same file at the same moment waits here
            if _try(KINDS[kind], taker, table):
                raise ImportHasFindings
    except IntegrityError as error:
        known = queries.find_import(kind, digest)
        if "uq_imports_digest" not in str(error.orig) or known is None:
            raise
        return _told(known, is_repeat=True)
    audit.record(
        actor,
        "import.done",
        entity_refs={"import_id": taken.id},
        outputs={"kind": kind, "rows": taken.row_count},
    )
    return _told(taken)


def _read(kind: str, text: str) -> tuple[str, Table]:
    if kind not in KINDS:
        raise UnknownImport
    plain = tables.normal(text)
    return plain, tables.read(plain, KINDS[kind].columns, KINDS[kind].needed)


def _try(kind: Kind, taker: Taker, table: Table) -> tuple[Finding, ...]:
    """Take each row; what is wrong with the table and its rows, by line, the first hundred."""
    found = list(table.findings)
    shapeless = {finding.line for finding in found}
    had: set[tuple[str, ...]] = set()
    for record in table.records:
        if len(found) >= tables.FINDINGS_MAX:
            break
        if record.line in shapeless:
            continue
        refused = _refused(kind, record.line, lambda cells=record.cells: taker.take(cells))  # type: ignore[misc]
        key = kind.key(record.cells)
        found += [_twice(one) if one.code in TAKEN and key in had else one for one in refused]
        if not refused:
            had.add(key)
    if not found:
        found += _refused(kind, 1, taker.finish)
    return tuple(sorted(found, key=lambda finding: finding.line)[: tables.FINDINGS_MAX])


def _twice(finding: Finding) -> Finding:
    """The same of a row whose like is in the file itself: nothing of it was there before."""
    return replace(
        finding,
        code="twice_in_file",
        sentence=N_("An earlier line of this file has the same already."),
    )


def _refused(kind: Kind, line: int, act: Callable[[], None]) -> list[Finding]:
    """Do something of a file in a savepoint of its own; what it was refused for, told at a line."""
    try:
        with audit.savepoint():
            act()
    except Forbidden:
        raise
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        return [
            Finding(
                line,
                str(item["loc"][0]) if item["loc"] else None,
                str(item["type"]),
                OF_SHAPE.get(str(item["type"]), str(item["msg"])),
            )
            for item in found
        ]
    except VoyagentError as error:
        return [Finding(line, kind.places.get(error.code), error.code, error.message)]
    return []


def _digest(plain: str, on: date | None) -> str:
    return hashlib.sha256(
        (plain if on is None else f"{on.isoformat()}\n{plain}").encode()
    ).hexdigest()


def _told(taken: Import, *, is_repeat: bool = False) -> Outcome:
    return Outcome(
        taken.kind,
        taken.row_count,
        import_id=taken.id,
        imported_at=taken.created_at,
        is_repeat=is_repeat,
    )


__all__ = [
    "KINDS",
    "DayNeeded",
    "FileEmpty",
    "FileTooLarge",
    "FileUnreadable",
    "Finding",
    "ImportHasFindings",
    "Outcome",
    "UnknownImport",
    "look",
    "run",
]
