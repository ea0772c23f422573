"""Checks of the books: each finds its inconsistency, and the command reports it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from tests.audit.conftest import untied
from tests.billing import test_exchange as exchanged
from tests.billing.papers import DUE, advance, issued, line
from tests.billing.test_claims import claimed, inr, paid_bill, received
from tests.billing.test_expected_bills import booked
from tests.billing.test_payouts import paid_out
from tests.billing.test_taxes import HERE
from tests.billing.test_vouchers import PAID_ON, vouchered
from tests.enquiries.acts import logged
from tests.ledger.books import post
from tests.people import People, Person
from tests.reports.books import MAY, trade
from tests.trips.things import DESERT, a_trip
from voyagent.audit.queries import chain
from voyagent.billing.accruals import service as accruals
from voyagent.billing.paper.documents import kept
from voyagent.billing.payments.service import reversals as payment_reversals
from voyagent.billing.payments.service.settling import Part
from voyagent.kernel.database.read_pool import Row, SessionReader
from voyagent.kernel.database.statement_cache import Statement
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.ledger.service import entries
from voyagent.reports.queries import checks

INVOICE = "(select id from invoices where tenant_id = :t and status = 'partially_paid')"
# Statements that bypass the rules, and the checks that report them. They run as a superuser, so no
# trigger fires.
BROKEN = {
    "a line": (
        (
            "update postings set debit_minor = debit_minor + 1, base_debit_minor = base_debit_minor"
            " + 1 where tenant_id = :t and party_name = 'By hand' and debit_minor > 0"
        ),
        {"entries": 1, "base_sums": 1, "months": -1, "days": -1},
    ),
    "a month": (
        (
            "update monthly_balances b set debit_minor = debit_minor + 1 from accounts a where"
            " b.tenant_id = :t and b.currency = 'INR' and a.tenant_id = :t and a.id = b.account_id"
            " and a.purpose = 'capital'"
        ),
        {"trial_balance": 1, "months": 1, "balance_sheet": 1},
    ),
    "a day": (
        (
            "update daily_balances b set debit_minor = debit_minor + 1 from accounts a where"
            " b.tenant_id = :t and b.currency = 'INR' and a.tenant_id = :t and a.id = b.account_id"
            " and a.purpose = 'capital'"
        ),
        {"days": 1},
    ),
    "a month of revenue": (
        (
            "update monthly_balances b set debit_minor = debit_minor + 1 from accounts a where"
            " b.tenant_id = :t and b.currency = 'INR' and b.month = '2026-01-01' and a.tenant_id ="
            " :t and a.id = b.account_id and a.purpose = 'revenue_fees'"
        ),
        {
            "trial_balance": 1,
            "months": 1,
            "profit_and_loss": -1,
            "turns": 1,
            "balance_sheet": 1,
            "trips": 1,
        },
    ),
    "a line of revenue": (
        (
            "update postings p set credit_minor = credit_minor + 1, base_credit_minor ="
            " base_credit_minor + 1 from accounts a where"
            " p.tenant_id = :t and p.credit_minor > 0 and p.effective_date = '2026-01-05' and"
            " a.tenant_id = :t and a.id = p.account_id and a.purpose = 'revenue_fees'"
        ),
        {
            "entries": 1,
            "base_sums": 1,
            "months": 1,
            "days": 1,
            "profit_and_loss": -1,
            "turns": 1,
            "trips": 1,
        },
    ),
    "what a trip earned": (
        "update trip_earnings set revenue_minor = revenue_minor + 1 where tenant_id = :t",
        {"trips": 1},
    ),
    "what a trip cost": (
        "update trip_earnings set cost_minor = cost_minor + 1 where tenant_id = :t",
        {"trips": 1},
    ),
    "the day of what a trip earned": (
        "update trip_earnings set day = day + 1 where tenant_id = :t",
        {"trips": 100_000},
    ),
    "a trip that earned nothing": (
        (
            "insert into trip_earnings select tenant_id, day, gen_random_uuid(), currency, 1, 0"
            " from trip_earnings where tenant_id = :t"
        ),
        {"trips": 1},
    ),
    "the control account": (
        "update accounts set purpose = null where tenant_id = :t and purpose = 'receivable'",
        {"control": None},
    ),
    "an invoice's total": (
        (
            "update invoices set total_minor = total_minor + 1 where tenant_id = :t and id ="
            f" {INVOICE}"
        ),
        {"ageing": -1},
    ),
    "the ageing": (
        (
            "update ageing_by_due set open_minor = open_minor + 1 where tenant_id = :t and kind ="
            " 'payable' and currency = 'INR' and n > 0"
        ),
        {"control": 1, "ageing": 1},
    ),
    "what was paid": (
        f"update invoices set paid_minor = paid_minor + 1 where tenant_id = :t and id = {INVOICE}",
        {"paid": 1, "ageing": 1},
    ),
    "what was written off": (
        (
            "update invoices set credited_minor = credited_minor + 1, written_off_minor = 1 where"
            f" tenant_id = :t and id = {INVOICE}"
        ),
        {"written_off": 1, "ageing": 1},
    ),
    "what was credited": (
        (
            "update invoices set credited_minor = credited_minor + 1 where tenant_id = :t and id ="
            f" {INVOICE}"
        ),
        {"credited": 1, "ageing": 1},
    ),
    "an allocation": (
        f"delete from allocations where tenant_id = :t and invoice_id = {INVOICE}",
        {"paid": 40000, "used": 40000},
    ),
    "an advance": (
        (
            "update payments set refunded_minor = refunded_minor + 5 where tenant_id = :t and"
            " allocated_minor = 0 and currency = 'INR' and reversed_on is null and id not in"
            " (select payment_id from receipt_vouchers)"
        ),
        {"advances": -5, "used": 5},
    ),
    "what was booked": (
        (
            "update allocations set booked_minor = booked_minor + 1 where tenant_id = :t and"
            " settled_minor is not null"
        ),
        {"exchanged": 1},
    ),
    "the rate of a document": (
        (
            "update bills set rate_base = null, rate_quote = null, rate = null, rate_on = null,"
            " rate_source = null where tenant_id = :t and rate is not null"
        ),
        {"exchanged": 1_660_000},
    ),
    "a line of the account of exchange": (
        (
            "update postings p set account_id = o.id from accounts a, accounts o, allocations l"
            " where p.tenant_id = :t and a.tenant_id = :t and o.tenant_id = :t and a.purpose ="
            " 'currency_exchange' and o.purpose = 'cash' and p.account_id = a.id and p.currency ="
            " 'INR' and l.tenant_id = :t and l.entry_id = p.entry_id and p.credit_minor = 8300000"
        ),
        {"exchanged": 8_300_000, "months": None, "days": None},
    ),
    "what is deferred": (
        (
            "update postings p set account_id = d.id from accounts d, accounts r, invoices i where"
            " p.tenant_id = :t and d.tenant_id = :t and r.tenant_id = :t and d.purpose ="
            " 'deferred_income' and r.type = 'revenue' and p.account_id = r.id and i.id ="
            f" {INVOICE} and p.entry_id = i.entry_id"
        ),
        {
            "deferred": None,
            "months": None,
            "days": None,
            "profit_and_loss": None,
            "turns": None,
            "trips": None,
        },
    ),
    "a number": (
        f"update invoices set number = '2026-27/000009' where tenant_id = :t and id = {INVOICE}",
        {"numbers": None},
    ),
    "an enquiry": (
        (
            "update enquiries set status = 'cancelled' where tenant_id = :t and customer_name ="
            " 'Counted'"
        ),
        {"enquiries": None},
    ),
    "a number of invoices": (
        "update invoice_counts set n = n + 1 where tenant_id = :t and status = 'paid'",
        {"invoices": None},
    ),
    "a number of proposals": (
        "insert into approval_counts (tenant_id, status, n) values (:t, 'pending', 1)",
        {"approvals": None},
    ),
    "an invoice without its party": (
        f"update invoices set party_id = null where tenant_id = :t and id = {INVOICE}",
        {"parties": None},
    ),
    "lines of another party": (
        (
            "update postings set party_id = (select id from parties p where p.tenant_id = :t and"
            " p.party_key <> postings.party_key limit 1) where tenant_id = :t and party_key is not"
            " null"
        ),
        {"parties": None},
    ),
    "a kept file": (
        "update kept_papers set sha256 = sha256('other') where tenant_id = :t",
        {"papers": None},
    ),
    "a payout": (
        "update gateway_payouts set gross_minor = gross_minor + 1 where tenant_id = :t",
        {"gateway": 1},
    ),
    "a payment that is paid out": (
        "update payments set payout_id = null where tenant_id = :t and payout_id is not null",
        {"gateway": 5_000_000},
    ),
    "a claim on a supplier": (
        "update supplier_claims set received_minor = received_minor - 1 where tenant_id = :t",
        {"claims": 1},
    ),
    "a receipt voucher": (
        "update receipt_vouchers set igst_minor = igst_minor + 1 where tenant_id = :t",
        {"vouchers": 1},
    ),
    "an accrual": (
        "update accruals set amount_minor = amount_minor + 100 where tenant_id = :t",
        {"accrued": -100},
    ),
    "the counter": (
        "update number_series set last_number = last_number + 1 where tenant_id = :t",
        {"numbers": None},
    ),
}


@pytest.fixture
def command(app: Flask) -> Callable[..., Result]:
    """Run the command, optionally for one agency."""

    def run(*arguments: object) -> Result:
        return app.test_cli_runner().invoke(args=["books", "check", *map(str, arguments)])

    return run


@pytest.fixture(scope="module")
def trader(app: Flask) -> Person:
    """Somebody whose agency has traded; each test leaves her books as they were."""
    trader = People(app).sign_up("Alice Owner", agency="Alice Travels")
    trade(trader)
    trip_id = a_trip(trader)
    invoice_id = issued(
        trader, line("1000.00", quantity=1), issue_date=MAY, due_date=MAY, trip_id=trip_id
    )
    with trader.acting():
        kept.keep("invoice", invoice_id)
    exchange(trader)
    paid_out(trader)
    received(trader, claimed(trader, paid_bill(trader, vendor_reference="Paid")), inr(40_000))
    booked(trader, trip_id, DESERT.model_copy(update={"on": MAY}), cost="1000.00")
    trader.does(accruals.accrue, MAY.replace(day=1))
    logged(trader, "Counted")
    assert trader.api.patch("/tenant-settings", json={"tax_number": HERE}).status_code == 200
    vouchered(trader, advance(trader, 5_000_000, PAID_ON, party_name="Anil Kurup"))
    return trader


def exchange(person: Person) -> None:
    """Documents in dollars settled with rupees, in either direction.

    Some are settled in parts, one settlement is taken back. One document in rupees is settled with
    dollars, and one exchange is posted by hand.
    """
    parts = [Part(exchanged.booked(person), Money(8_400_000, "INR"), Money(100_000, "USD"))]
    advance(person, 8_400_000, DUE, *parts)
    bill_id = exchanged.bought(person)
    for minor, settled in ((1_700_000, 20_000), (2_500_000, 30_000)):
        payment_id = advance(
            person,
            minor,
            DUE,
            Part(bill_id, Money(minor, "INR"), Money(settled, "USD")),
            direction="out",
        )
    person.does(
        payment_reversals.reverse_payment, payment_id, reason="A mistake", on=exchanged.LATER
    )
    advance(
        person,
        54_000,
        DUE,
        Part(issued(person), Money(54_000, "USD"), Money(4_500_000, "INR")),
        currency="USD",
    )
    post(
        person,
        lines=[
            entries.debit("currency_exchange", Money(700, "USD")),
            entries.credit("bank", Money(700, "USD")),
        ],
    )


@contextmanager
def broken(owner_engine: sa.Engine, person: Person, statement: str) -> Iterator[None]:
    """Change rows of one table of an agency, and put all its rows back at the end."""
    agency = person.actor.tenant_id
    (table,) = re.findall(r"\A(?:update|insert into|delete from) (\w+)", statement)
    with untied(owner_engine) as connection:
        kept_rows = rows_of(connection, table, agency)
        assert connection.execute(sa.text(statement), {"t": agency}).rowcount > 0
    try:
        yield
    finally:
        with untied(owner_engine) as connection:
            columns = connection.scalar(
                sa.text(
                    "select string_agg(attname, ', ') from pg_attribute where attrelid ="
                    " cast(:table as regclass) and attnum > 0 and not attisdropped and"
                    " attgenerated = ''"
                ),
                {"table": table},
            )
            connection.execute(sa.text(f"delete from {table} where tenant_id = :t"), {"t": agency})
            connection.execute(
                sa.text(
                    f"insert into {table} ({columns}) select {columns} from"
                    f" unnest(cast(:rows as {table}[]))"
                ),
                {"rows": kept_rows},
            )
            assert rows_of(connection, table, agency) == kept_rows


def rows_of(connection: sa.Connection, table: str, agency: UUID) -> str:
    """Return the rows of an agency as the text of an array."""
    statement = (
        f"select coalesce(array_agg(r order by r::text), '{{}}')::text from {table} r"
        " where tenant_id = :t"
    )
    return str(connection.scalar(sa.text(statement), {"t": agency}))


def found(app: Flask, person: Person) -> list[checks.Finding]:
    with app.app_context():
        return checks.run(person.actor.tenant_id)


def test_correct_books_have_no_finding(
    app: Flask, trader: Person, command: Callable[..., Result]
) -> None:
    assert found(app, trader) == []
    output = command("--agency", trader.actor.tenant_id)
    assert (output.exit_code, output.output) == (0, f"{trader.actor.tenant_id}: OK, 33 checks\n")


def test_an_agency_without_entries_has_no_finding(app: Flask, alice: Person) -> None:
    assert found(app, alice) == []


@pytest.mark.parametrize("what", BROKEN)
def test_each_inconsistency_is_found(
    app: Flask, trader: Person, owner_engine: sa.Engine, what: str
) -> None:
    statement, expected = BROKEN[what]
    with broken(owner_engine, trader, statement):
        findings = found(app, trader)
    assert {finding.check for finding in findings} == set(expected), findings
    for finding in findings:
        if expected[finding.check] is not None:
            assert finding.difference is not None
            assert abs(finding.difference.amount_minor) == abs(expected[finding.check] or 0)
            assert finding.difference.currency == "INR"


@pytest.mark.parametrize("what", ["a line of revenue", "a number"])
def test_the_command_prints_each_finding(
    app: Flask, trader: Person, owner_engine: sa.Engine, command: Callable[..., Result], what: str
) -> None:
    with broken(owner_engine, trader, BROKEN[what][0]):
        findings = found(app, trader)
        output = command("--agency", trader.actor.tenant_id)
    assert findings
    assert (output.exit_code, sorted(output.output.splitlines())) == (
        1,
        sorted(f"{trader.actor.tenant_id}: {finding}" for finding in findings),
    )


def test_the_test_cases_cover_every_check() -> None:
    tested = {check for _, expected in BROKEN.values() for check in expected}
    # in tests/ledger/test_establishing.py and test_revaluations.py, tests/billing/test_carrying.py,
    # and tests/imports/test_opening.py
    established = {"base_entries", "exchange_zero", "opening_zero", "revalued", "carried"}
    assert tested | established == set(checks.CHECKS)


def test_each_agency_is_checked_and_one_error_fails_the_command(
    trader: Person,
    charlie: Person,
    owner_engine: sa.Engine,
    command: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine, every = {trader.actor.tenant_id, charlie.actor.tenant_id}, chain.every_agency
    monkeypatch.setattr(
        chain, "every_agency", lambda: [agency for agency in every() if agency in mine]
    )  # not the thousands that other tests have left
    post(
        charlie,
        lines=[
            entries.debit("receivable", Money(12_345, "AED")),
            entries.credit("revenue_fees", Money(12_345, "AED")),
        ],
    )
    output = command()
    lines = output.output.splitlines()
    assert output.exit_code == 1
    assert f"{trader.actor.tenant_id}: OK, 33 checks" in lines
    assert (
        f"{charlie.actor.tenant_id}: control: AED -123.45: open receivable documents and their"
        " control account differ" in lines
    )
    with owner_engine.connect() as connection:
        noted = sa.text("select findings from last_runs where name = 'books'")
        assert connection.scalar(noted) == len(lines) - 1
        command("--agency", trader.actor.tenant_id)
        assert connection.scalar(noted) == len(lines) - 1, "of all agencies only"
    with untied(
        owner_engine
    ) as connection:  # other tests of this database look at all agencies as well
        for table in ("monthly_balances", "daily_balances", "postings", "journal_entries"):
            connection.execute(
                sa.text(f"delete from {table} where tenant_id = :t"), {"t": charlie.actor.tenant_id}
            )


def test_each_statement_is_built_once(alice: Person) -> None:
    """Building them took three quarters of the time of a check of few rows."""
    runs: list[list[Statement]] = []

    class Recorder(SessionReader):
        def read(self, *statements: Statement) -> list[list[Row]]:
            runs[-1].extend(statements)
            return super().read(*statements)

    for _ in range(2):
        runs.append([])
        with alice.acting():
            assert list(checks.findings(Recorder(db.session))) == []
    first, second = runs
    assert len(first) == len(second)
    assert [one for one, again in zip(first, second, strict=True) if one is not again] == []


def test_an_unknown_agency_is_refused(command: Callable[..., Result]) -> None:
    output = command("--agency", "00000000-0000-7000-8000-000000000000")
    assert (output.exit_code, "there is no agency" in output.output) == (1, True)
