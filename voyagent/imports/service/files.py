"""Check files and import them; a file is imported only once."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Protocol
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import text as sql

from voyagent.audit.service import recording as audit
from voyagent.imports import queries
from voyagent.imports.models import Import
from voyagent.imports.rules import csv_tables
from voyagent.imports.rules.csv_tables import (
    OF_SHAPE,
    FileEmpty,
    FileTooLarge,
    FileUnreadable,
    Finding,
    Table,
)
from voyagent.imports.service import advances, documents, opening, parties, rates
from voyagent.imports.service.opening import DayNeeded
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.reauthentication import authenticate_again, long_work
from voyagent.kernel.db import db, pause
from voyagent.kernel.errors import N_, Forbidden, Unavailable, Unprocessable, VoyagentError
from voyagent.kernel.fields import composed
from voyagent.kernel.ids import new_id
from voyagent.kernel.limits.long_work import importing, polling

WAIT_S, POLL_INTERVAL_S = 15.0, 0.25
# The checks for an earlier import of the file and for opening balances see only committed rows, so
# that two imports at the same time would both pass them.
_LOCK = sql(
    "select pg_try_advisory_xact_lock(hashtextextended('imports of ' ||"
    " current_setting('app.tenant'), 0))"
)


class ImportsBusy(Unavailable):
    """Another file of the agency is being checked or imported."""

    code = "imports_busy"
    message = N_("Another file is being imported. Nothing was changed. Try again in a moment.")


class UnknownImport(Unprocessable):
    """The kind of file is unknown."""

    code = "import_unknown"
    message = N_("Files of this kind can’t be imported.")


class ImportHasFindings(Unprocessable):
    """The file has errors, so nothing was imported; a dry run lists them."""

    code = "import_has_findings"
    message = N_("The file has problems, so nothing was imported. Preview it to see each problem.")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file, such as open invoices.

    `columns` are the allowed columns, and `needed` the required ones. `taker` creates the importer
    of a file. `places` gives the column at which each error is shown, by error code. `had_once` are
    the columns whose values identify a row.
    """

    columns: tuple[str, ...]
    needed: tuple[str, ...]
    taker: Callable[[Actor, date | None], Taker]
    places: dict[str, str]
    had_once: tuple[str, ...] = ()

    def key(self, cells: dict[str, str]) -> tuple[str, ...]:
        """Return the values of a row that must not occur in another row.

        Names are compared without case.
        """
        values = {
            column: composed(" ".join(cells.get(column, "").split())) for column in self.had_once
        }
        return tuple(
            value.casefold() if column == "name" else value for column, value in values.items()
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of checking or importing a file.

    `import_id` is None if the file has never been imported. `is_repeat` is true if the file had
    been imported before.
    """

    kind: str
    row_count: int
    findings: tuple[Finding, ...] = ()
    import_id: UUID | None = None
    imported_at: datetime | None = None
    is_repeat: bool = False


class Taker(Protocol):
    """Importer of one file.

    `take` is called for each row and raises an error if it refuses the row. `finish` is called
    after the last row and raises an error if it refuses the file.
    """

    def take(self, cells: dict[str, str]) -> None:
        """Import one row, given as non-empty cells by column name."""

    def finish(self) -> None:
        """Complete the import after the last row."""


class _Over(Exception):
    """Raised at the end of a dry run, so that its savepoint is rolled back."""


TAKEN = (
    "former_number_taken",
    "former_payment_taken",
    "vendor_reference_taken",
    "party_name_taken",
)
"""Error codes that mean that the record of a row exists already.

An earlier row of the file has the same record, or the record was stored before.
"""
KINDS = {
    "parties": Kind(
        parties.COLUMNS, parties.NEEDED, parties.Taker, parties.ERROR_FIELDS, ("name",)
    ),
    "opening_balances": Kind(opening.COLUMNS, opening.NEEDED, opening.Taker, opening.ERROR_FIELDS),
    "open_invoices": Kind(
        documents.COLUMNS,
        documents.NEEDED,
        documents.invoices,
        documents.ERROR_FIELDS,
        ("reference",),
    ),
    "open_bills": Kind(
        documents.COLUMNS, documents.NEEDED, documents.bills, documents.ERROR_FIELDS, ("reference",)
    ),
    "customer_advances": Kind(
        advances.COLUMNS,
        advances.NEEDED,
        advances.of_customers,
        advances.ERROR_FIELDS,
        ("reference",),
    ),
    "supplier_advances": Kind(
        advances.COLUMNS,
        advances.NEEDED,
        advances.of_suppliers,
        advances.ERROR_FIELDS,
        ("reference",),
    ),
    "exchange_rates": Kind(rates.COLUMNS, rates.NEEDED, rates.Taker, rates.ERROR_FIELDS),
}


def dry_run(actor: Actor, kind: str, text: str, on: date | None = None) -> Outcome:
    """Check a file: import its rows one after another, then roll everything back.

    `on` is the date of the balances, open documents or advances in the file. At most 100 errors are
    returned. A file that was imported before is not checked again; the result then describes the
    earlier import. Raises Forbidden, UnknownImport, DayNeeded, FileUnreadable, FileTooLarge,
    FileEmpty, ImportsBusy.
    """
    actor.require("import.run")
    plain, table = _read(kind, text)
    with _alone(actor, len(table.records)):
        return _dry_run(actor, kind, plain, table, on)


def run(actor: Actor, kind: str, text: str, on: date | None = None) -> Outcome:
    """Import a file completely or not at all.

    If the agency has imported the file before, nothing is imported, and the result describes the
    earlier import. Two files are the same if their text and their date `on` are equal; line ends
    and the byte order mark are ignored. Raises ImportHasFindings, and the errors of `dry_run`.
    """
    actor.require("import.run")
    plain, table = _read(kind, text)
    with _alone(actor, len(table.records)):
        return _run(actor, kind, plain, table, on)


def _dry_run(actor: Actor, kind: str, plain: str, table: Table, on: date | None) -> Outcome:
    if (known := queries.find_import(kind, _digest(plain, on))) is not None:
        return _outcome_of(known, is_repeat=True)
    outcome = Outcome(kind, len(table.records))
    try:
        with audit.savepoint():
            outcome = replace(
                outcome, findings=_try(KINDS[kind], KINDS[kind].taker(actor, on), table)
            )
            raise _Over  # noqa: TRY301 - raising is how the savepoint is rolled back
    except _Over:
        return outcome


def _run(actor: Actor, kind: str, plain: str, table: Table, on: date | None) -> Outcome:
    digest = _digest(plain, on)
    if (known := queries.find_import(kind, digest)) is not None:
        return _outcome_of(known, is_repeat=True)
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
    with audit.savepoint():
        db.session.add(taken)
        if _try(KINDS[kind], taker, table):
            raise ImportHasFindings
    audit.record(
        actor,
        "import.done",
        entity_refs={"import_id": taken.id},
        outputs={"kind": kind, "rows": taken.row_count},
    )
    return _outcome_of(taken)


@contextmanager
def _alone(actor: Actor, rows: int) -> Iterator[None]:
    """Run the block while no other import of the agency runs.

    The number of imports in this process is limited too. `rows` is the number of rows of the file.
    While the request waits, it holds no database connection. Otherwise an agency with many files
    would use up its share of the connections. After the wait, the actor is authenticated again.

    Raises ImportsBusy after WAIT_S seconds, Unauthorized, Forbidden.
    """
    until = time.monotonic() + WAIT_S
    place = partial(importing, actor.tenant_id, ImportsBusy, rows=rows)
    with long_work(actor, place, ImportsBusy, WAIT_S):
        if not db.session.scalar(_LOCK):
            with polling(actor.tenant_id, ImportsBusy):
                _lock_before(until)
        # The caller may have been removed, or have another role, since the wait began.
        authenticate_again(actor).require("import.run")
        yield


def _lock_before(until: float) -> None:
    while True:
        if time.monotonic() >= until:
            raise ImportsBusy
        pause()
        time.sleep(POLL_INTERVAL_S)
        if db.session.scalar(_LOCK):
            return


def _read(kind: str, text: str) -> tuple[str, Table]:
    if kind not in KINDS:
        raise UnknownImport
    plain = csv_tables.normal(text)
    return plain, csv_tables.read(plain, KINDS[kind].columns, KINDS[kind].needed)


def _try(kind: Kind, taker: Taker, table: Table) -> tuple[Finding, ...]:
    """Try to import each row; return up to 100 errors, ordered by line."""
    found = list(table.findings)
    shapeless = {finding.line for finding in found}
    had: set[tuple[str, ...]] = set()
    for record in table.records:
        if len(found) >= csv_tables.FINDINGS_MAX:
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
    return tuple(sorted(found, key=lambda finding: finding.line)[: csv_tables.FINDINGS_MAX])


def _twice(finding: Finding) -> Finding:
    """Return the error with the message that an earlier line has the same value."""
    return replace(
        finding,
        code="twice_in_file",
        sentence=N_("An earlier line of this file has the same value."),
    )


def _refused(kind: Kind, line: int, act: Callable[[], None]) -> list[Finding]:
    """Import a row by calling `act` in a savepoint; return the errors as findings.

    `line` is the line number of the row in the file.
    """
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


def _outcome_of(taken: Import, *, is_repeat: bool = False) -> Outcome:
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
    "ImportsBusy",
    "Outcome",
    "UnknownImport",
    "dry_run",
    "run",
]
