"""Lines sold as principal with a later service date.

They are deferred income until then, also after credits and voids.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import DUE, ISSUED, draft, issued, line, untied
from tests.billing.test_taxes import FORM, HERE, findings, posted
from tests.enquiries.reading import Page
from tests.ledger.books import balances, stored
from tests.people import Person, csrf_token
from voyagent.approvals.service import effects
from voyagent.approvals.service.dry_run import dry_run
from voyagent.approvals.service.time_limits import TimeLimit
from voyagent.billing.core.service import earning
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.service import issuing as service_issuing
from voyagent.kernel.money import Money
from voyagent.ledger.rules import OPENING
from voyagent.ledger.service import chart, direct, months
from voyagent.ledger.service.errors import EntryOfDocument, PeriodLocked

STAY, FLIGHT = date(2024, 8, 1), date(2024, 9, 15)
EVE = date(2024, 7, 31)
SALES, DEFERRED, OWED = (
    ("revenue_services", "INR"),
    ("deferred_income", "INR"),
    ("receivable", "INR"),
)


def given(on: date | None, price: str = "100.00", **more: Any) -> LineItem:
    item: LineItem = line(price, quantity=1) | {"service_date": on, **more}  # type: ignore[assignment]
    return item


def stood(person: Person, day: date) -> tuple[int, int]:
    """Return deferred income and revenue at the end of a date, credit less debit."""
    there = balances(person, day)
    return -there.get(DEFERRED, 0), -there.get(SALES, 0)


def credit(person: Person, invoice_id: UUID, day: date, **minor: int) -> UUID:
    amounts = {int(name[5:]): Money(value, "INR") for name, value in minor.items()} or None
    with person.acting() as actor:
        return credit_note_service.issue_credit_note(
            actor, invoice_id, reason="Not travelled", on=day, amounts=amounts
        ).id


def sound(person: Person) -> bool:
    return (untied(person), findings(person)) == ([], [])


# Issuing
# --------------------------------------------------------------------------------


def test_revenue_of_a_later_service_is_deferred_until_its_day(alice: Person) -> None:
    issued(
        alice,
        given(STAY),
        given(STAY, "50.00"),
        given(FLIGHT, "25.00"),
        given(None, "7.00"),
        given(ISSUED, "3.00"),
    )
    assert balances(alice, ISSUED) == {OWED: 18_500, DEFERRED: -17_500, SALES: -1_000}
    assert [stood(alice, day) for day in (EVE, STAY, date(2024, 9, 14), FLIGHT)] == [
        (17_500, 1_000),
        (2_500, 16_000),
        (2_500, 16_000),
        (0, 18_500),
    ]
    assert sound(alice)


@pytest.mark.parametrize("sold_as", ["fee", "agent"])
def test_only_sales_as_principal_are_deferred(alice: Person, sold_as: str) -> None:
    issued(alice, given(STAY, sold_as=sold_as))
    assert DEFERRED not in balances(alice)
    assert len(balances(alice)) == 2


def test_deferral_depends_on_the_book_date_of_the_invoice(alice: Person) -> None:
    issued(alice, given(STAY), issue_date=STAY, due_date=STAY)
    assert balances(alice) == {OWED: 10_000, SALES: -10_000}


def test_profit_and_loss_of_each_month_has_its_own_revenue(alice: Person) -> None:
    issued(alice, given(STAY), given(None, "7.00"))
    june = alice.api.get("/reports/profit-and-loss?from=2024-06-01&to=2024-06-30&compare=none").text
    august = alice.api.get(
        "/reports/profit-and-loss?from=2024-08-01&to=2024-08-31&compare=none"
    ).text
    assert ('"7.00"' in june, '"100.00"' in june, '"100.00"' in august) == (True, False, True)
    sheet = alice.api.get("/reports/balance-sheet?as_of=2024-07-31").text
    assert ('"2400"' in sheet, '"100.00"' in sheet) == (True, True)


def test_an_imported_invoice_is_never_deferred(alice: Person) -> None:
    with alice.acting() as actor:
        chart.opening_account(actor)
    invoice_id = draft(alice, given(STAY), party_reference="OLD-1")
    with alice.acting() as actor:
        invoice_queries.get_invoice(invoice_id).is_opening = True
        service_issuing.issue_invoice(actor, invoice_id)
    assert balances(alice) == {OWED: 10_000, (OPENING, "INR"): -10_000}
    credit(alice, invoice_id, DUE)
    assert SALES in balances(alice)
    assert DEFERRED not in balances(alice)


# Crediting
# --------------------------------------------------------------------------------


def test_a_credit_before_the_service_reduces_deferred_income_and_its_recognition(
    alice: Person,
) -> None:
    invoice_id = issued(alice, given(STAY), given(None, "50.00"))
    credit(alice, invoice_id, DUE, line_1=4_000, line_2=1_000)
    assert [stood(alice, day) for day in (date(2024, 6, 24), DUE, EVE, STAY)] == [
        (10_000, 5_000),
        (6_000, 4_000),
        (6_000, 4_000),
        (0, 10_000),
    ]
    credit(alice, invoice_id, EVE)
    assert [stood(alice, day) for day in (EVE, STAY)] == [(0, 0), (0, 0)]
    assert sound(alice)


@pytest.mark.parametrize("day", [STAY, FLIGHT])
def test_a_credit_from_the_day_of_service_on_reduces_revenue(alice: Person, day: date) -> None:
    note_id = credit(alice, issued(alice, given(STAY)), day, line_1=4_000)
    assert (stood(alice, EVE), stood(alice, day)) == ((10_000, 0), (0, 6_000))
    assert alice.api.get(f"/credit-notes/{note_id}").json["recognitions"] == []
    assert sound(alice)


def test_a_credit_on_revenue_recognised_at_issue_reduces_revenue(
    alice: Person, owner_engine: Any
) -> None:
    """An invoice of a release without deferral has no entry on the service date."""
    with pytest.MonkeyPatch.context() as before:
        before.setattr(earning, "deferred", lambda *_: {})
        invoice_id = issued(alice, given(STAY))
    credit(alice, invoice_id, DUE, line_1=4_000)
    assert balances(alice) == {OWED: 6_000, SALES: -6_000}
    rows = stored(
        owner_engine, "select purpose from journal_entries where source_id = :i", i=invoice_id
    )
    assert [row["purpose"] for row in rows] == ["issue"]


# Void
# --------------------------------------------------------------------------------


def test_a_void_before_the_service_leaves_nothing_on_any_day(alice: Person) -> None:
    invoice_id = issued(alice, given(STAY), given(FLIGHT))
    alice.does(service_issuing.void_invoice, invoice_id, reason="Twice", on=DUE)
    assert [stood(alice, day) for day in (DUE, EVE, STAY, FLIGHT)] == [(0, 0)] * 4
    assert set(balances(alice).values()) == {0}
    assert sound(alice)


def test_a_void_between_two_days_of_service_reverses_each_on_its_own_day(alice: Person) -> None:
    invoice_id = issued(alice, given(STAY), given(FLIGHT, "30.00"))
    alice.does(service_issuing.void_invoice, invoice_id, reason="Twice", on=date(2024, 8, 10))
    assert [stood(alice, day) for day in (STAY, date(2024, 8, 9), date(2024, 8, 10), FLIGHT)] == [
        (3_000, 10_000),
        (3_000, 10_000),
        (0, 0),
        (0, 0),
    ]
    recognitions = alice.api.get(f"/invoices/{invoice_id}").json["recognitions"]
    reversals = [
        alice.api.get(f"/journal-entries/{one['reversal_journal_entry_id']}").json
        for one in recognitions
    ]
    assert [entry["entry_date"] for entry in reversals] == ["2024-08-10", "2024-09-15"]
    assert [entry["reverses_id"] for entry in reversals] == [
        one["journal_entry_id"] for one in recognitions
    ]
    assert sound(alice)


def test_a_void_in_a_closed_month_is_refused_and_changes_nothing(alice: Person) -> None:
    invoice_id = issued(alice, given(STAY))
    alice.does(months.close_month, date(2024, 6, 1))
    with pytest.raises(PeriodLocked):
        alice.does(service_issuing.void_invoice, invoice_id, reason="Twice", on=DUE)
    assert (stood(alice, EVE), stood(alice, STAY)) == ((10_000, 0), (0, 10_000))
    alice.does(service_issuing.void_invoice, invoice_id, reason="Twice", on=date(2024, 7, 1))
    assert set(balances(alice).values()) == {0}


# Reversal of a credit note
# --------------------------------------------------------------------------------


MID, BACK = date(2024, 7, 20), date(2024, 8, 10)


def test_a_credit_reversed_before_the_service_is_deferred_again(
    alice: Person,
) -> None:
    invoice_id = issued(alice, given(STAY), given(None, "50.00"))
    note_id = credit(alice, invoice_id, DUE, line_1=4_000, line_2=1_000)
    alice.does(credit_note_service.reverse_credit_note, note_id, reason="Travelled", on=MID)
    assert [stood(alice, day) for day in (date(2024, 7, 19), MID, EVE, STAY)] == [
        (6_000, 4_000),
        (10_000, 5_000),
        (10_000, 5_000),
        (0, 15_000),
    ]
    assert sound(alice)
    credit(alice, invoice_id, MID)
    assert [stood(alice, day) for day in (MID, STAY)] == [(0, 0), (0, 0)]
    assert sound(alice)


@pytest.mark.parametrize("credited_on", [DUE, date(2024, 8, 5)], ids=["before its day", "after it"])
def test_a_credit_reversed_after_the_service_is_revenue_on_the_day_of_reversal(
    alice: Person, credited_on: date
) -> None:
    invoice_id = issued(alice, given(STAY), given(FLIGHT, "30.00"))
    note_id = credit(alice, invoice_id, credited_on, line_1=4_000, line_2=1_000)
    alice.does(credit_note_service.reverse_credit_note, note_id, reason="Travelled", on=BACK)
    assert [stood(alice, day) for day in (date(2024, 8, 9), BACK, FLIGHT)] == [
        (2_000, 6_000),
        (3_000, 10_000),
        (0, 13_000),
    ]
    recognitions = alice.api.get(f"/credit-notes/{note_id}").json["recognitions"]
    reversals = [
        alice.api.get(f"/journal-entries/{one['reversal_journal_entry_id']}").json
        for one in recognitions
    ]
    booked = {"2024-08-01": "2024-08-10", "2024-09-15": "2024-09-15"}
    assert [(entry["entry_date"], entry["reverses_id"]) for entry in reversals] == [
        (booked[one["recognised_on"]], one["journal_entry_id"])
        for one in recognitions
        if one["amount"]
    ]
    assert len(recognitions) == (2 if credited_on == DUE else 1)
    assert sound(alice)
    alice.does(service_issuing.void_invoice, invoice_id, reason="Twice", on=BACK)
    assert set(balances(alice).values()) == {0}
    assert sound(alice)


# Pages, API and commands
# --------------------------------------------------------------------------------


def test_a_recognition_links_to_its_invoice_and_is_reversed_only_with_it(
    alice: Person,
) -> None:
    invoice_id = issued(alice, given(STAY))
    recognitions = alice.api.get(f"/invoices/{invoice_id}").json["recognitions"]
    assert [
        (one["recognised_on"], one["amount"], one["reversal_journal_entry_id"])
        for one in recognitions
    ] == [("2024-08-01", "100.00", None)]
    entry = alice.api.get(f"/journal-entries/{recognitions[0]['journal_entry_id']}").json
    assert (entry["source_type"], entry["source_id"], entry["purpose"]) == (
        "invoice",
        str(invoice_id),
        "recognition 2024-08-01",
    )
    assert [(one["code"], one["debit_amount"], one["credit_amount"]) for one in entry["lines"]] == [
        ("2400", "100.00", None),
        ("4300", None, "100.00"),
    ]
    page = Page(alice.tab.get(f"/journal/{recognitions[0]['journal_entry_id']}"))
    assert page.all(f".//a[@href='/invoices/{invoice_id}']")
    with pytest.raises(EntryOfDocument):
        alice.does(
            direct.reverse_direct, UUID(recognitions[0]["journal_entry_id"]), reason="A mistake"
        )


def test_a_credit_note_shows_the_recognition_that_it_cancels(alice: Person) -> None:
    note_id = credit(alice, issued(alice, given(STAY)), DUE, line_1=4_000)
    recognitions = alice.api.get(f"/credit-notes/{note_id}").json["recognitions"]
    assert [(one["recognised_on"], one["amount"]) for one in recognitions] == [
        ("2024-08-01", "40.00")
    ]
    books = Page(alice.tab.get(f"/credit-notes/{note_id}")).words(".//section[@id='books']")
    assert "And on 1 Aug 2024" in books
    assert "4300 Sales of travel services40.00" in books


def rows(page: Page) -> list[str]:
    return [
        " ".join(" ".join(row.itertext()).split())
        for row in page.all(".//section[@id='postings']//table[@data-recognition]/tbody/tr")
    ]


def test_each_preview_shows_all_postings(alice: Person) -> None:
    assert alice.api.patch("/tenant-settings", json={"tax_number": HERE}).status_code == 200
    browser = alice.tab
    sent = FORM | {
        "tax": ["", ""],
        "sold_as": ["principal", "fee"],
        "service_date": ["1 Aug 2026", "1 Aug 2026"],
        "csrf_token": csrf_token(browser),
    }
    later = ["2400 Deferred income INR 4,200.00", "4300 Sales of travel services INR 4,200.00"]
    now = [
        "1200 Trade receivables INR 4,700.00",
        "4200 Service fees INR 500.00",
        "2400 Deferred income INR 4,200.00",
    ]
    looked = Page(browser.post("/invoices/new", data=sent | {"then": "look"}))
    assert (posted(looked), rows(looked)) == ([*now, *later], later)
    made = browser.post("/invoices/new", data=sent)
    assert made.status_code == 303
    path = made.location
    issuing = Page(browser.get(f"{path}/issue"))
    assert (posted(issuing), rows(issuing)) == ([*now, *later], later)
    assert "And on 1 Aug 2026" in issuing.words(".//section[@id='postings']")
    assert DEFERRED not in balances(alice), "a look posts nothing"
    with alice.acting() as actor:
        service_issuing.issue_invoice(actor, UUID(path.rsplit("/", 1)[1]))
    books = Page(browser.get(path)).words(".//section[@id='books']")
    assert "And on 1 Aug 2026" in books
    assert "4300 Sales of travel services4,200.00" in books
    note = {
        "reason": "Late",
        "issue_date": "31 Jul 2026",
        "amount": ["4,200", ""],
        "then": "look",
        "csrf_token": sent["csrf_token"],
    }
    crediting = Page(browser.post(f"{path}/credit", data=note))
    assert rows(crediting) == [
        "4300 Sales of travel services INR 4,200.00",
        "2400 Deferred income INR 4,200.00",
    ]
    assert (
        rows(Page(browser.post(f"{path}/credit", data=note | {"issue_date": "1 Aug 2026"}))) == []
    )
    voiding = Page(browser.get(f"{path}/void"))
    assert rows(voiding) == [
        "2400 Deferred income INR 4,200.00",
        "4300 Sales of travel services INR 4,200.00",
    ]


def test_the_preview_of_a_reversed_credit_shows_postings_on_days_of_service(alice: Person) -> None:
    note_id = credit(alice, issued(alice, given(STAY)), DUE, line_1=4_000)
    browser, path = alice.tab, f"/credit-notes/{note_id}"
    sent = {"reversed_on": "20 Jul 2024", "csrf_token": csrf_token(browser)}
    for day, then in (("20 Jul 2024", "And on 1 Aug 2024"), ("10 Aug 2024", "And on 10 Aug 2024")):
        page = Page(browser.post(f"{path}/reverse", data=sent | {"reversed_on": day, "reason": ""}))
        assert page.status == 422
        assert then in page.words(".//section[@id='postings']")
        cells = [
            " ".join(" ".join(cell.itertext()).split())
            for cell in page.all(".//table[@data-recognition]/tbody/tr/td")
        ]
        assert cells == [
            "4300 Sales of travel services",
            "",
            "INR 40.00",
            "2400 Deferred income",
            "INR 40.00",
            "",
        ]
    assert browser.post(f"{path}/reverse", data=sent | {"reason": "Travelled"}).status_code == 303
    assert "Reversed" in Page(browser.get(path)).words(".//section[@id='books']")
    assert stood(alice, STAY) == (0, 10_000)
    assert sound(alice)


def test_the_reviewer_of_an_invoice_sees_when_it_becomes_revenue(alice: Person) -> None:
    invoice_id = draft(alice, given(STAY))
    effect = effects.find("issue_invoice")
    assert effect is not None
    shown = alice.does(
        lambda actor: dry_run(effect, actor, {"invoice_id": str(invoice_id)}, TimeLimit())
    )
    assert shown is not None
    assert shown["facts"] == [{"label": "Revenue on 1 Aug 2024", "value": "INR 100.00"}]
    assert [(one["code"], one["debit"], one["credit"]) for one in shown["lines"]] == [
        ("1200", "100.00", None),
        ("2400", None, "100.00"),
        ("2400", "100.00", None),
        ("4300", None, "100.00"),
    ]
    assert DEFERRED not in balances(alice)


def test_tally_has_a_recognition_as_a_journal_without_the_invoices_number(
    alice: Person,
) -> None:
    issued(alice, given(STAY))
    answer = alice.tab.get("/reports/day-book?from=2024-06-01&to=2024-08-31&format=tally")
    vouchers = [
        (
            voucher.findtext("DATE"),
            voucher.findtext("VOUCHERTYPENAME"),
            voucher.findtext("VOUCHERNUMBER"),
            voucher.findtext("REFERENCE"),
        )
        for voucher in ET.fromstring(answer.data).iter("VOUCHER")  # noqa: S314 - written by ourselves
    ]
    assert vouchers == [
        ("20240610", "Sales", "2024-25/000001", "2024-25/000001"),
        ("20240801", "Journal", None, "2024-25/000001"),
    ]
