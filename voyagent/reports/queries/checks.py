"""Consistency checks of an agency's books, for the command `flask books check`.

Each check yields a Finding for every violation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, text

from voyagent.banking import queries as banking
from voyagent.billing.accruals import queries as accruals
from voyagent.billing.ageing.queries import checks as queries_checks
from voyagent.billing.claims.service import CLAIM_SERIES
from voyagent.billing.core.queries import kept_papers, recognitions
from voyagent.billing.core.queries.of_trips import of_trips
from voyagent.billing.core.rules import ACCRUED, ADVANCE_TAX, ADVANCES_ACCOUNTS, CLAIMS
from voyagent.billing.core.service.advance_taxes import REFUND_VOUCHER_SERIES
from voyagent.billing.core.service.numbering import (
    BILL_OF_SUPPLY_SERIES,
    DEBIT_NOTE_SERIES,
    INVOICE_SERIES,
)
from voyagent.billing.credit_notes.service import CREDIT_SERIES, CUSTOMER_CREDITS
from voyagent.billing.payments.service.payments import (
    OPENING_ADVANCES,
    REFUND_LETTER,
    REFUND_SERIES,
    SERIES,
)
from voyagent.billing.payouts import queries as payouts
from voyagent.billing.vouchers.service import RECEIPT_VOUCHER_SERIES
from voyagent.kernel.database.read_pool import Reader, Row, SessionReader
from voyagent.kernel.database.roll_ups import differences
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.db import db, snapshot
from voyagent.kernel.money import Money
from voyagent.ledger import rules as ledger_rules
from voyagent.ledger.queries import base_amounts, checks, revaluations
from voyagent.ledger.queries.balances import control_balances_statement
from voyagent.ledger.queries.sources import posted_by_statement
from voyagent.ledger.queries.trip_earnings import unattributed_earnings_statement
from voyagent.ledger.queries.yearly import yearly_balances_statement
from voyagent.ledger.rules import OPENING, PROFIT_AND_LOSS, year_began
from voyagent.parties import queries as parties
from voyagent.rates.queries import read_base_currency
from voyagent.reports.queries import margins, statements
from voyagent.reports.queries.periods import (
    BalanceDay,
    Days,
    Period,
    settings_statement,
    year_month,
)
from voyagent.reports.queries.receivables import EVER, SIDE
from voyagent.reports.queries.roll_ups import ROLL_UPS
from voyagent.trips.queries import expected_bills

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
        "papers",
        "enquiries",
        "trips",
        "invoices",
        "approvals",
        "parties",
        "base_sums",
        "base_entries",
        "exchange_zero",
        "opening_zero",
        "revalued",
        "carried",
        "gateway",
        "claims",
        "vouchers",
        "accrued",
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


UNFINISHED = frozenset({"opening_zero"})
"""Checks that unfinished work fails too, such as an import of only some opening balances."""


def run(tenant_id: UUID) -> list[Finding]:
    """Run every check on an agency's books in one snapshot and return the findings.

    Like `db.snapshot`, the call rolls back uncommitted work of the session.
    """
    with snapshot(tenant_id) as connection:
        connection.execute(text("set local statement_timeout = 0"))
        return list(findings(SessionReader(db.session)))


def damages(found: Iterable[Finding]) -> list[Finding]:
    """Return the findings that unfinished work does not explain."""
    return [one for one in found if one.check not in UNFINISHED]


def findings(reader: Reader) -> Iterator[Finding]:
    """Yield the findings of all checks."""
    lettered = (
        *SERIES.values(),
        OPENING_ADVANCES,
        CUSTOMER_CREDITS,
        (REFUND_SERIES, REFUND_LETTER),
    )
    plain = (
        *(INVOICE_SERIES, BILL_OF_SUPPLY_SERIES[0], DEBIT_NOTE_SERIES[0], CREDIT_SERIES),
        *(CLAIM_SERIES, RECEIPT_VOUCHER_SERIES[0], REFUND_VOUCHER_SERIES[0]),
    )
    (
        sides,
        entries,
        unpaid,
        uncredited,
        unwritten,
        misused,
        unexchanged,
        undeferred,
        unrecognised,
        *series,
    ) = reader.read(
        checks.unbalanced_currencies_statement(),
        checks.unbalanced_entries_statement(),
        queries_checks.unallocated_statement(),
        queries_checks.uncredited_statement(),
        queries_checks.unwritten_statement(),
        queries_checks.misused_statement(),
        queries_checks.unexchanged_statement(),
        recognitions.unrecognised_statement(recognitions.DEFERRED),
        recognitions.unrecognised_statement(recognitions.PREPAID),
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
    yield from sums(reader)
    yield from statements_of(reader)
    yield from base(reader)
    yield from control(reader)
    yield from advances(reader)
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
    yield from (
        Finding(
            "deferred",
            f"{row['source_type']} {row['source_id']}: what is prepaid never becomes cost",
            _difference(row),
        )
        for row in unrecognised
    )
    for name, rows in zip((*plain, *(name for name, _letter in lettered)), series, strict=True):
        yield from (_of_series(name.replace("_", " "), row) for row in rows)
    yield from gateways(reader)
    yield from claims(reader)
    yield from advance_taxes(reader)
    yield from accrued(reader)
    yield from trips(reader)
    yield from named_parties(reader)
    yield from (
        Finding("papers", f"{row['kind']} {row['document_id']}: the kept PDF is not the issued one")
        for row in kept_papers.wrong_papers(reader)
    )


def sums(reader: Reader) -> Iterator[Finding]:
    """Yield a finding for each stored sum that differs from the sum of its rows."""
    books = read_base_currency(reader)
    for row in differences(reader, ROLL_UPS):
        for name, (stored, recomputed) in row.sums.items():
            yield Finding(
                row.roll_up.check,
                f"{row.place}: {row.sentence(name)}",
                (
                    Money(
                        stored - recomputed,
                        books if "base_" in name else row.key["currency"],
                    )
                    if name.endswith("_minor") and stored is not None and recomputed is not None
                    else None
                ),
            )


def base(reader: Reader) -> Iterator[Finding]:
    """Yield findings about amounts in the base currency.

    The base amounts of an entry must balance if all its lines have one. Further rules apply if the
    base amounts of the agency are established. Every line must have a base amount. The base amounts
    on the accounts of currency exchange and of opening balances must add up to zero. Revaluations
    must match their rates and entries. The base balances of the control accounts must equal the
    base amounts of their open documents and advances.
    """
    (entries,) = reader.read(base_amounts.unbalanced_in_base_statement())
    yield from (
        Finding("base_sums", f"entry {row['entry_id']} does not balance in base", _difference(row))
        for row in entries
    )
    if not base_amounts.is_established(reader):
        return
    unbased, exchange, opening = reader.read(
        base_amounts.unbased_statement(),
        base_amounts.balance_in_base_statement(),
        base_amounts.balance_in_base_statement(OPENING),
    )
    yield from (
        Finding("base_entries", f"{row['lines']} postings have no base amount") for row in unbased
    )
    yield from (
        Finding(
            "exchange_zero",
            "the account of exchange is not zero in the base currency",
            _difference(row),
        )
        for row in exchange
    )
    yield from (
        Finding(
            "opening_zero",
            "the account of opening balances is not zero in the base currency",
            _difference(row),
        )
        for row in opening
    )
    yield from revalued(reader)
    yield from carried(reader)


def revalued(reader: Reader) -> Iterator[Finding]:
    """Yield a finding for each revaluation that its rate or its entries contradict.

    The base amount after the revaluation must be the balance at the closing rate. The entry must
    post the difference between the base amounts before and after, on the last day of the month. For
    an account of documents, and for no other account, a reversal must take this difference back on
    the next day.
    """
    (rows,) = reader.read(revaluations.posted_statement())
    for row in rows:
        base, due = row["base_currency"], row["difference_minor"]
        quote = revaluations.quote_of(row)
        after = (
            quote.convert(Money(row["balance_minor"], row["currency"])) if quote else Money(0, base)
        )
        taken_back = -due if ledger_rules.revalued(row) == "reversed" else 0
        where = (
            f"account {row['code']}, {row['currency']}, {row['month']:%Y-%m}, run {row['run_no']}"
        )
        for sentence, minor in (
            (
                "the base amount is not that of the rate",
                row["base_after_minor"] - after.amount_minor,
            ),
            ("the entry posts another difference", row["posted_minor"] - due),
            ("the reversal posts another difference", row["reversed_minor"] - taken_back),
        ):
            if minor:
                yield Finding("revalued", f"{where}: {sentence}", Money(minor, base))


def carried(reader: Reader) -> Iterator[Finding]:
    """Yield a finding for each control account with a wrong base amount.

    In each foreign currency, it must be the sum of the open base amounts of documents, advances or
    claims.
    """
    open_bases, accounts = reader.read(
        queries_checks.carried_statement(), control_balances_statement(*parties.SIGNS)
    )
    posted = {
        (row["purpose"], row["currency"]): row["base_balance_minor"] * parties.SIGNS[row["purpose"]]
        for row in accounts
    }
    books = read_base_currency(reader)
    for row in open_bases:
        place = (row["purpose"], row["currency"])
        if difference := Money(row["base_minor"] - posted.get(place, 0), books):
            yield Finding(
                "carried",
                f"open base amounts in {place[1]} and the account {place[0]} differ",
                difference,
            )


def gateways(reader: Reader) -> Iterator[Finding]:
    """Yield findings about payouts of payment gateways.

    A payout must be the sum of its payments less its refunds. What payments, refunds and payouts
    have left in the account of a gateway must be the payments and refunds without a payout.
    """
    unequal, accounts = reader.read(payouts.unequal_statement(), banking.gateways_statement())
    yield from (
        Finding(
            "gateway",
            f"payout of {row['paid_on']}: its amount and its payments differ",
            _difference(row),
        )
        for row in unequal
    )
    if not accounts:
        return
    waiting, posted = reader.read(
        payouts.waiting_sums_statement(),
        posted_by_statement(
            tuple(row["account_id"] for row in accounts), ("payment", "refund", "payout")
        ),
    )
    not_paid_out = {row["bank_account_id"]: row["minor"] for row in waiting}
    left = {row["account_id"]: row["minor"] for row in posted}
    for row in accounts:
        minor = left.get(row["account_id"], 0) - not_paid_out.get(row["id"], 0)
        if minor:
            yield Finding(
                "gateway",
                f"the account of {row['name']} and its payments without a payout differ",
                Money(minor, row["currency"]),
            )


def accrued(reader: Reader) -> Iterator[Finding]:
    """Yield findings about accrued trip costs.

    The amount accrued for an expected bill must be the sum of its accruals. In each currency, the
    sum over all expected bills must be the balance of the account of accrued trip costs. Both rules
    apply to the base amounts too.
    """
    expected, rows, accounts = reader.read(
        expected_bills.accrued_statement(),
        accruals.sums_statement(),
        control_balances_statement(ACCRUED),
    )
    books = read_base_currency(reader)
    sums = {row["expected_bill_id"]: (row["minor"], row["base_minor"]) for row in rows}
    open_sums: dict[str, tuple[int, int]] = {}
    for row in expected:
        currency, minors = row["currency"], (row["accrued_minor"], row["accrued_base_minor"])
        before = open_sums.get(currency, (0, 0))
        open_sums[currency] = before[0] + minors[0], before[1] + minors[1]
        yield from _of_accruals(
            f"expected bill {row['id']}: it and its accruals differ",
            (currency, books),
            minors,
            sums.pop(row["id"], (0, 0)),
        )
    for expected_bill_id, minors in sums.items():
        if any(minors):
            yield Finding("accrued", f"expected bill {expected_bill_id}: its accruals are not 0")
    posted = {
        row["currency"]: (-row["balance_minor"], -row["base_balance_minor"]) for row in accounts
    }
    for currency in sorted(open_sums.keys() | posted.keys()):
        yield from _of_accruals(
            f"open accruals in {currency} and their account differ",
            (currency, books),
            open_sums.get(currency, (0, 0)),
            posted.get(currency, (0, 0)),
        )


def _of_accruals(
    where: str, currencies: tuple[str, str], first: tuple[int, int], second: tuple[int, int]
) -> Iterator[Finding]:
    """Yield a finding if two amounts differ, or else if their base amounts do."""
    for currency, one, other in zip(currencies, first, second, strict=True):
        if one != other:
            yield Finding("accrued", where, Money(one - other, currency))
            return


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
    earned, policies, before = statements.read_profit_and_loss(reader, period, "none")
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
    for block in statements.profit_and_loss(earned, policies, period, before, None).blocks:
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
    signs = {purpose: parties.SIGNS[purpose] for purpose in ADVANCES_ACCOUNTS}
    unapplied, accounts = reader.read(
        queries_checks.advances_statement(), control_balances_statement(*signs)
    )
    books = {
        (row["purpose"], row["currency"]): row["balance_minor"] * signs[row["purpose"]]
        for row in accounts
    }
    paid = {(row["purpose"], row["currency"]): row["unapplied_minor"] for row in unapplied}
    for purpose, currency in sorted(books.keys() | paid.keys()):
        difference = Money(
            paid.get((purpose, currency), 0) - books.get((purpose, currency), 0), currency
        )
        if difference:
            yield Finding(
                "advances", f"unapplied payments and the account {purpose} differ", difference
            )


def claims(reader: Reader) -> Iterator[Finding]:
    """Yield a finding for each currency with a wrong balance of the account of claims.

    The balance of the account must be what suppliers owe for claims.
    """
    sentence = "open claims on suppliers and their account differ"
    yield from _of_account(reader, "claims", CLAIMS, queries_checks.claims_statement(), sentence)


def advance_taxes(reader: Reader) -> Iterator[Finding]:
    """Yield a finding for each currency with a wrong balance of the tax on advances.

    The balance of the account must be the tax of receipt vouchers that is not released.
    """
    sentence = "the tax of receipt vouchers and the account of tax on advances differ"
    statement = queries_checks.advance_taxes_statement()
    yield from _of_account(reader, "vouchers", ADVANCE_TAX, statement, sentence)


def _of_account(
    reader: Reader, check: str, purpose: str, statement: Select[Any], sentence: str
) -> Iterator[Finding]:
    """Yield a finding for each currency with another account balance than open amount.

    `purpose` identifies the account. Rows of `statement`: currency, open_minor (debit less credit).
    """
    owed, accounts = reader.read(statement, control_balances_statement(purpose))
    open_minor = {row["currency"]: row["open_minor"] for row in owed}
    books = {row["currency"]: row["balance_minor"] for row in accounts}
    for currency in sorted(open_minor.keys() | books.keys()):
        minor = open_minor.get(currency, 0) - books.get(currency, 0)
        if minor:
            yield Finding(check, sentence, Money(minor, currency))


def named_parties(reader: Reader) -> Iterator[Finding]:
    """Yield a finding for each table with rows whose party id is missing or wrong."""
    found = reader.read(*map(parties.untied_statement, parties.WITH_PARTY))
    for table, ((row,)) in zip(parties.WITH_PARTY, found, strict=True):
        if row["untied"]:
            yield Finding("parties", f"{row['untied']} {table} have no id of their party")
        if row["differing"]:
            yield Finding("parties", f"{row['differing']} {table} have the id of another party")


def trips(reader: Reader) -> Iterator[Finding]:
    """Yield findings about the revenue and cost that belong to no trip.

    They are computed in two ways, and each difference is a finding: as the sum of the journal lines
    without a trip, and as the trial balance less the stored amounts of all trips.
    """
    (beside,) = reader.read(_unattributed_statement())
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


@cached_statement
def _unattributed_statement() -> Select[Any]:
    return unattributed_earnings_statement(of_trips())


def _difference(row: Row) -> Money:
    return Money(row["difference_minor"], row["currency"])


def _of_exchange(row: Row) -> Finding:
    differs = {
        "lines": "what it exchanges and the account of exchange differ",
        "rate": "what it exchanges was booked at a rate that its document lacks",
    }
    return Finding(
        "exchanged", f"payment {row['number']}: {differs[row['which']]}", _difference(row)
    )


def _of_series(series: str, row: Row) -> Finding:
    documents = "bills of supply" if series == "bill of supply" else f"{series}s"
    where = (
        f"the {documents} of {row['financial_year']} carry {row['n']} numbers from {row['lowest']}"
        f" to {row['highest']}, given out were {row['last_number']}"
    )
    return Finding("numbers", where)
