"""Consistency checks of an agency's books, for the command `flask books check`.

Each check yields a Finding for every violation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text

from voyagent.billing.ageing.queries import (
    advances as advances_queries,
    checks as queries_checks,
    open_items,
)
from voyagent.billing.core.queries import recognitions
from voyagent.billing.core.queries.of_trips import of_trips
from voyagent.billing.core.rules import CONTROL
from voyagent.billing.core.service.numbering import INVOICE_SERIES
from voyagent.billing.credit_notes.service import CREDIT_SERIES
from voyagent.billing.payments.service.payments import (
    OPENING_ADVANCES,
    REFUND_LETTER,
    REFUND_SERIES,
    SERIES,
)
from voyagent.enquiries.queries.counts import untied_counts_statement
from voyagent.kernel.database.read_pool import Reader, Row, SessionReader
from voyagent.kernel.db import db, snapshot
from voyagent.kernel.money import Money
from voyagent.ledger.queries import checks
from voyagent.ledger.queries.balances import control_balances_statement
from voyagent.ledger.queries.trip_earnings import (
    earning_differences_statement,
    unattributed_earnings_statement,
)
from voyagent.ledger.queries.yearly import yearly_balances_statement
from voyagent.ledger.rules import PROFIT_AND_LOSS
from voyagent.reports.queries import margins, statements
from voyagent.reports.queries.periods import (
    BalanceDay,
    Days,
    Period,
    settings_statement,
    year_began,
    year_month,
)
from voyagent.reports.queries.receivables import EVER, SIDE

LAST_DAY = BalanceDay(EVER[1], EVER[1])
"""A day after all postings, so that all of them belong to earlier financial years."""
CHECKS = (
    *(
        "trial_balance",
        "entries",
        "months",
        "days",
        "profit_and_loss",
        "turns",
        "balance_sheet",
        "control",
        "advances",
        "ageing",
    ),
    *(
        "paid",
        "credited",
        "written_off",
        "used",
        "exchanged",
        "deferred",
        "numbers",
        "enquiries",
        "trips",
    ),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A failed check; `difference` is None if no amount is involved."""

    check: str
    where: str
    difference: Money | None = None

    def __str__(self) -> str:
        """Return the finding as one line of text."""
        amount = (
            f"{self.difference.currency} {self.difference.wire}: "
            if self.difference is not None
            else ""
        )
        return f"{self.check}: {amount}{self.where}"


def run(tenant_id: UUID) -> list[Finding]:
    """Run every check on an agency's books in one snapshot and return the findings.

    Like `db.snapshot`, the call rolls back uncommitted work of the session.
    """
    with snapshot(tenant_id) as connection:
        connection.execute(text("set local statement_timeout = 0"))
        return list(findings(SessionReader(db.session)))


def findings(reader: Reader) -> Iterator[Finding]:
    """Yield the findings of all checks, in the order of `CHECKS`."""
    lettered = (*SERIES.values(), OPENING_ADVANCES, (REFUND_SERIES, REFUND_LETTER))
    plain = (INVOICE_SERIES, CREDIT_SERIES)
    (
        sides,
        entries,
        unpaid,
        uncredited,
        unwritten,
        misused,
        unexchanged,
        undeferred,
        miscounted,
        *series,
    ) = reader.read(
        checks.unbalanced_currencies_statement(),
        checks.unbalanced_entries_statement(),
        queries_checks.unallocated_statement(),
        queries_checks.uncredited_statement(),
        queries_checks.unwritten_statement(),
        queries_checks.misused_statement(),
        queries_checks.unexchanged_statement(),
        recognitions.undeferred_statement(),
        untied_counts_statement(),
        *map(queries_checks.series_statement, plain),
        *(queries_checks.lettered_statement(*one) for one in lettered),
    )
    yield from (
        Finding("trial_balance", "debits and credits differ", _difference(row)) for row in sides
    )
    yield from (
        Finding("entries", f"entry {row['entry_id']} does not balance", _difference(row))
        for row in entries
    )
    yield from map(_of_balance, checks.balance_differences(reader))
    yield from statements_of(reader)
    yield from control(reader)
    yield from advances(reader)
    yield from map(_of_ageing, open_items.untied_ageing(reader))
    yield from map(_of_advances, advances_queries.untied_advances(reader))
    yield from (
        Finding(
            "paid",
            f"{row['kind']} {row['reference']}: paid and its allocations differ",
            _difference(row),
        )
        for row in unpaid
    )
    yield from (
        Finding(
            "credited",
            f"{row['kind']} {row['reference']}: credited and its credit notes differ",
            _difference(row),
        )
        for row in uncredited
    )
    yield from (
        Finding(
            "written_off",
            f"{row['kind']} {row['reference']}: written off and its write-offs differ",
            _difference(row),
        )
        for row in unwritten
    )
    yield from (
        Finding(
            "used",
            f"payment {row['number']}: what of it is used and its rows differ",
            _difference(row),
        )
        for row in misused
    )
    yield from map(_of_exchange, unexchanged)
    yield from (
        Finding(
            "deferred",
            f"{row['source_type']} {row['source_id']}: what is deferred never becomes revenue",
            _difference(row),
        )
        for row in undeferred
    )
    for name, rows in zip((*plain, *(name for name, _letter in lettered)), series, strict=True):
        yield from (_of_series(name.replace("_", " "), row) for row in rows)
    yield from (
        Finding(
            "enquiries",
            f"the count by {row['which']} differs at {row['key']}, by {row['n']}, booked"
            f" {row['booked']}",
        )
        for row in miscounted
    )
    yield from trips(reader)


def control(reader: Reader) -> Iterator[Finding]:
    """Yield a finding for each control account that differs from its open documents.

    In each currency, the balance of the account must equal the sum of the open documents.
    """
    *outstanding, accounts = reader.read(
        *map(queries_checks.outstanding_statement, SIDE), control_balances_statement(*SIDE)
    )
    books = {
        (row["purpose"], row["currency"]): row["balance_minor"] * SIDE[row["purpose"]]
        for row in accounts
    }
    documents = {
        (row["kind"], row["currency"]): row["open_minor"] for rows in outstanding for row in rows
    }
    for kind, currency in sorted(books.keys() | documents.keys()):
        difference = Money(
            documents.get((kind, currency), 0) - books.get((kind, currency), 0), currency
        )
        if difference:
            yield Finding(
                "control", f"open {kind} documents and their control account differ", difference
            )


def statements_of(reader: Reader) -> Iterator[Finding]:
    """Yield findings about the profit and loss and the balance sheet of all postings.

    There is a finding if the two amounts of one of these pairs differ:
      - the profit or loss, and the sum of the postings to revenue and expense accounts
      - the amount that a financial year transfers at its end, and the sum of the year's postings
        to revenue and expense accounts
      - the assets, and the sum of liabilities and equity
    """
    month = year_month(reader.read(settings_statement())[0])
    period = Period(*EVER, year_began(EVER[0], month))
    earned, before = statements.read_profit_and_loss(reader, period, "none")
    lines, ended = reader.read(
        checks.yearly_results_statement(month, *PROFIT_AND_LOSS),
        yearly_balances_statement(period.year_began, period.last_year_began, PROFIT_AND_LOSS),
    )
    posted, untied = Counter[str](), Counter[tuple[date, str]]()
    for row in lines:
        posted[row["currency"]] += row["result_minor"]
        untied[row["year_began"], row["currency"]] += row["result_minor"]
    for row in ended:
        untied[row["year_began"], row["currency"]] += row["balance_minor"]
    for block in statements.profit_and_loss(earned, period, before, None).blocks:
        difference = block.result - Money(posted[block.currency], block.currency)
        if difference:
            yield Finding(
                "profit_and_loss",
                "the result and the lines of revenue and expenses differ",
                difference,
            )
    for (year, currency), minor in sorted(untied.items()):
        if minor and year < period.last_year_began:
            yield Finding(
                "turns",
                f"what the financial year from {year} carries and its lines of revenue and expenses"
                " differ",
                Money(minor, currency),
            )
    for position in statements.balance_sheet(
        statements.read_balance_sheet(reader, LAST_DAY), LAST_DAY, None, None
    ).blocks:
        if not position.in_balance:
            yield Finding(
                "balance_sheet", "assets differ from liabilities and equity", position.difference
            )


def advances(reader: Reader) -> Iterator[Finding]:
    """Yield a finding for each advances account that differs from its payments.

    In each currency, the balance of the account must equal the sum of the unused parts of payments.
    """
    signs = {CONTROL[direction][1]: sign for direction, sign in (("in", -1), ("out", 1))}
    unapplied, accounts = reader.read(
        queries_checks.advances_statement(), control_balances_statement(*signs)
    )
    books = {
        (row["purpose"], row["currency"]): row["balance_minor"] * signs[row["purpose"]]
        for row in accounts
    }
    paid = {
        (CONTROL[row["direction"]][1], row["currency"]): row["unapplied_minor"] for row in unapplied
    }
    for purpose, currency in sorted(books.keys() | paid.keys()):
        difference = Money(
            paid.get((purpose, currency), 0) - books.get((purpose, currency), 0), currency
        )
        if difference:
            yield Finding(
                "advances", f"unapplied payments and the account {purpose} differ", difference
            )


def trips(reader: Reader) -> Iterator[Finding]:
    """Yield findings about the stored revenue and cost of trips.

    Each stored row is compared with the journal lines of the trip's documents. The revenue and cost
    in the trial balance, less the stored amounts of all trips, are compared with the journal lines
    without a trip.
    """
    untied, beside = reader.read(
        earning_differences_statement(of_trips()), unattributed_earnings_statement(of_trips())
    )
    for row in untied:
        for name, minor in (("revenue", row["revenue_minor"]), ("direct cost", row["cost_minor"])):
            if minor:
                where = (
                    f"the {name} of {row['day']:%Y-%m-%d} and the lines of the documents of trip"
                    f" {row['thing_id']} differ"
                )
                yield Finding("trips", where, Money(minor, row["currency"]))
    lines, reckoned = (
        margins.summed(beside),
        {tie.currency: tie.without_trip for tie in margins.read_ties(reader, Days(*EVER))},
    )
    for currency in sorted(lines.keys() | reckoned.keys()):
        stored, left = (
            sides.get(currency, margins.nothing(currency)) for sides in (lines, reckoned)
        )
        for name, difference in (
            ("revenue", stored.price - left.price),
            ("direct cost", stored.cost - left.cost),
        ):
            if difference:
                yield Finding(
                    "trips",
                    f"the {name} of lines without a trip and what trips leave of the trial balance"
                    " differ",
                    difference,
                )


def _difference(row: Row) -> Money:
    return Money(row["difference_minor"], row["currency"])


def _of_balance(row: Row) -> Finding:
    difference = Money(row["debit_minor"] or row["credit_minor"], row["currency"])
    check, since = (
        ("months", f"{row['since']:%Y-%m}")
        if row["which"] == "month"
        else ("days", f"{row['since']:%Y-%m-%d}")
    )
    return Finding(
        check,
        f"the balance of {since} and the lines of account {row['account_id']} differ",
        difference,
    )


def _of_ageing(row: Row) -> Finding:
    month = f" in {row['issue_month']:%Y-%m}" if row["issue_month"] else ""
    where = (
        f"the roll-up of {row['kind']} documents by {row['which']} differs{month} at {row['key']},"
        f" by {row['n']} documents"
    )
    return Finding("ageing", where, Money(row["open_minor"], row["currency"]))


def _of_advances(row: Row) -> Finding:
    where = (
        f"the roll-up of payments {row['direction']} by {row['which']} differs at {row['key']}, by"
        f" {row['n']} payments"
    )
    return Finding("advances", where, Money(row["unapplied_minor"], row["currency"]))


def _of_exchange(row: Row) -> Finding:
    differs = {
        "lines": "what it exchanges and the account of exchange differ",
        "rate": "what it exchanges was booked at a rate that its document lacks",
    }
    return Finding(
        "exchanged", f"payment {row['number']}: {differs[row['which']]}", _difference(row)
    )


def _of_series(series: str, row: Row) -> Finding:
    where = (
        f"the {series}s of {row['financial_year']} carry {row['n']} numbers from {row['lowest']} to"
        f" {row['highest']}, given out were {row['last_number']}"
    )
    return Finding("numbers", where)
