"""Credit notes by line: numbers, postings, dates."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import DUE, EVER, ISSUED, draft, issued, line, pay, receive, seen, untied
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import balances, bind
from tests.people import People, Person
from voyagent.billing.ageing.queries import open_items
from voyagent.billing.core import errors
from voyagent.billing.core.queries import credits as credit_queries, documents as document_queries
from voyagent.billing.core.service.credits import creditable
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.credit_notes import (
    queries as credit_note_queries,
    service as credit_note_service,
)
from voyagent.billing.invoices import errors as invoice_errors
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.service import issuing
from voyagent.billing.payments import errors as payment_errors
from voyagent.billing.payments.service import payments as payment_service
from voyagent.kernel import clock
from voyagent.kernel.db import rows_changed
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import InvalidAmount, MixedCurrencies, Money
from voyagent.ledger.service import months
from voyagent.ledger.service.errors import PeriodLocked
from voyagent.reports.queries import checks

WHY = "Not travelled"
FEE = ("500.00", "Fee")


def two_lines(person: Person) -> UUID:
    """An invoice over 45,000 and 500 rupees."""
    return issued(person, line(), line(FEE[0], quantity=1, description=FEE[1]))


def credit(
    person: Person, invoice_id: UUID, *, on: date = DUE, reason: str = WHY, **minor: int
) -> str:
    """Issue a credit note.

    `line_1=100` credits one rupee of line 1. Without a line, all is credited.
    """
    amounts = {int(name[5:]): Money(value, "INR") for name, value in minor.items()} or None
    with person.acting() as actor:
        return credit_note_service.issue_credit_note(
            actor, invoice_id, reason=reason, on=on, amounts=amounts
        ).number


def open_then(person: Person, as_of: date | None) -> list[int]:
    with person.reading() as reader:
        return [
            row["open_minor"]
            for row in reader.read(
                open_items.ageing_statement("receivable", *EVER, today=DUE, as_of=as_of)
            )[0]
        ]


def findings(person: Person) -> list[checks.Finding]:
    with person.reading() as reader:
        return list(checks.findings(reader))


# The rule
# --------------------------------------------------------------------------------


def test_a_part_of_a_line_is_credited(alice: Person) -> None:
    invoice_id = two_lines(alice)
    assert credit(alice, invoice_id, line_1=1_000_000, line_2=50_000) == "C/2024-25/000001"
    assert seen(alice, invoice_id)["status"] == "issued"
    assert balances(alice) == {
        ("receivable", "INR"): 3_500_000,
        ("revenue_services", "INR"): -3_500_000,
    }
    assert balances(alice, DUE - timedelta(days=1))["receivable", "INR"] == 4_550_000
    with alice.reading() as reader:
        document = invoice_queries.read_document(reader, invoice_id)
        note = credit_note_queries.read_credit_note(reader, document.credit_notes[0]["id"])
    assert (
        document.invoice["credited_minor"],
        document_queries.open_minor_of(document.invoice),
    ) == (
        1_050_000,
        3_500_000,
    )
    assert [(row["line_no"], row["description"], row["amount_minor"]) for row in note.lines] == [
        (1, "Dubai visa", 1_000_000),
        (2, "Fee", 50_000),
    ]
    assert [(row["code"], row["debit_minor"], row["credit_minor"]) for row in note.journal] == [
        ("4300", 1_050_000, 0),
        ("1200", 0, 1_050_000),
    ]
    assert (untied(alice), findings(alice)) == ([], [])


def test_without_amounts_everything_not_yet_credited_is_credited(alice: Person) -> None:
    invoice_id = two_lines(alice)
    credit(alice, invoice_id, line_1=1_000_000)
    credit(alice, invoice_id)
    assert (seen(alice, invoice_id)["status"], seen(alice, invoice_id)["paid_minor"]) == ("paid", 0)
    assert balances(alice)["receivable", "INR"] == 0
    with alice.acting():
        assert credit_queries.credited_by_line(invoice_queries.get_invoice(invoice_id)) == {
            1: 4_500_000,
            2: 50_000,
        }
        assert creditable(invoice_queries.get_invoice(invoice_id)) == {}
    assert (untied(alice), findings(alice)) == ([], [])


def test_a_report_of_a_day_counts_credits_up_to_that_day(alice: Person) -> None:
    invoice_id = two_lines(alice)
    credit(alice, invoice_id, on=date(2024, 6, 12), line_1=1_000_000)
    pay(alice, invoice_id, 50_000, date(2024, 6, 14))
    credit(alice, invoice_id, on=date(2024, 6, 20), line_1=3_500_000)
    days = (
        date(2024, 6, 11),
        date(2024, 6, 12),
        date(2024, 6, 13),
        date(2024, 6, 14),
        date(2024, 6, 20),
        None,
    )
    assert [open_then(alice, day) for day in days] == [
        [4_550_000],
        [3_550_000],
        [3_550_000],
        [3_500_000],
        [],
        [],
    ]
    assert seen(alice, invoice_id)["status"] == "paid"
    for day in days:
        assert sum(open_then(alice, day)) == balances(alice, day or DUE)["receivable", "INR"], (
            "what is open is the control account on any day"
        )


def test_numbers_have_no_gap_in_a_series_and_year_of_their_own(alice: Person) -> None:
    first, second = issued(alice), issued(alice)
    assert credit(alice, first, line_1=1) == "C/2024-25/000001"
    with pytest.raises(errors.CreditExceedsLine):
        credit(alice, first, line_1=4_500_000)
    assert credit(alice, second, line_1=1) == "C/2024-25/000002"
    assert credit(alice, second, on=date(2025, 4, 1), line_1=1) == "C/2025-26/000001"
    assert seen(alice, issued(alice))["number"] == "2024-25/000003"


def test_a_credit_settles_what_is_not_paid(alice: Person) -> None:
    invoice_id = issued(alice)
    pay(alice, invoice_id, 4_000_000)
    credit(alice, invoice_id, line_1=400_000)
    assert seen(alice, invoice_id)["status"] == "partially_paid"
    credit(alice, invoice_id, line_1=100_000)
    assert seen(alice, invoice_id)["status"] == "paid"


def test_a_credited_amount_can_be_neither_paid_nor_voided(alice: Person) -> None:
    invoice_id = issued(alice)
    credit(alice, invoice_id, line_1=4_000_000)
    with pytest.raises(payment_errors.PaymentExceedsOpen):
        pay(alice, invoice_id, 500_001)
    with pytest.raises(errors.DocumentNotVoidable):
        alice.does(issuing.void_invoice, invoice_id, reason=WHY)
    pay(alice, invoice_id, 500_000)
    assert seen(alice, invoice_id)["status"] == "paid"


def test_drafts_and_void_invoices_cannot_be_credited(alice: Person) -> None:
    void = issued(alice)
    alice.does(issuing.void_invoice, void, reason=WHY)
    for invoice_id in (draft(alice), void):
        with pytest.raises(errors.DocumentNotOpen):
            credit(alice, invoice_id, line_1=1)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"reason": " "}, errors.ReasonRequired),
        ({"reason": "x" * 501}, errors.TextTooLong),
        ({"on": ISSUED - timedelta(days=1)}, errors.InvalidDate),
        ({"on": clock.today() + timedelta(days=2)}, errors.InvalidDate),
        ({"amounts": {}}, errors.NoLines),
        ({"amounts": {3: Money(1, "INR")}}, errors.LineNotOnInvoice),
        ({"amounts": {1: Money(0, "INR")}}, InvalidAmount),
        ({"amounts": {1: Money(1, "AED")}}, MixedCurrencies),
        ({"amounts": {1: Money(4_500_001, "INR")}}, errors.CreditExceedsLine),
    ],
)
def test_an_invalid_credit_is_refused_and_stores_nothing(
    alice: Person, given: dict[str, Any], error: type[Exception]
) -> None:
    invoice_id = two_lines(alice)
    with pytest.raises(error):
        alice.does(
            credit_note_service.issue_credit_note, invoice_id, **{"reason": WHY, "on": DUE} | given
        )
    assert balances(alice)["receivable", "INR"] == 4_550_000
    with alice.reading() as reader:
        assert (
            credit_note_queries.list_credit_notes(reader, credit_queries.CreditSearch()).items == []
        )


def test_the_date_defaults_to_today(alice: Person) -> None:
    note = alice.does(
        lambda actor: (
            credit_note_service.issue_credit_note(actor, issued(alice), reason=WHY).issue_date
        )
    )
    assert note == clock.today(alice.actor.timezone)


def test_a_closed_month_refuses_a_credit_note(alice: Person) -> None:
    invoice_id = issued(alice)
    alice.does(months.close_month, ISSUED.replace(day=1))
    with pytest.raises(PeriodLocked):
        credit(alice, invoice_id)
    assert credit(alice, invoice_id, on=date(2024, 7, 1)) == "C/2024-25/000001", (
        "the number went back"
    )


def test_other_agencies_and_agents_cannot_credit(
    people: People, alice: Person, charlie: Person
) -> None:
    invoice_id = issued(alice)
    with pytest.raises(invoice_errors.InvoiceNotFound):
        credit(charlie, invoice_id)
    with pytest.raises(Forbidden):
        credit(people.colleague(alice, "Rita Role", role="agent"), invoice_id)


def test_parallel_credits_never_exceed_the_line(alice: Person) -> None:
    invoice_id = issued(alice)
    results = at_once([lambda: credit(alice, invoice_id, line_1=1_000_000)] * 6)
    assert sum(isinstance(result, errors.CreditExceedsLine) for result in results) == 2
    assert sorted(result for result in results if isinstance(result, str)) == [
        f"C/2024-25/00000{n}" for n in (1, 2, 3, 4)
    ]
    assert (untied(alice), findings(alice)) == ([], [])


def test_a_receipt_and_a_credit_of_the_whole_at_once_leave_nothing_open(alice: Person) -> None:
    """The credit settles the invoice first, or is a credit of the customer."""
    invoice_id = issued(alice)
    results = at_once(
        [lambda: credit(alice, invoice_id), lambda: pay(alice, invoice_id, 4_500_000)]
    )
    is_credited_first = any(isinstance(result, Exception) for result in results)
    assert balances(alice).get(("customer_credits", "INR"), 0) == (
        0 if is_credited_first else -4_500_000
    )
    assert balances(alice)["receivable", "INR"] == 0
    assert (untied(alice), findings(alice)) == ([], [])


# The database
# --------------------------------------------------------------------------------


def test_the_application_cannot_change_a_credit_note(alice: Person, app_engine: sa.Engine) -> None:
    credit(alice, issued(alice))
    for change in (
        "update credit_notes set total_minor = 1",
        "delete from credit_notes",
        "update credit_note_lines set amount_minor = 1",
    ):
        with (
            pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
            app_engine.begin() as connection,
        ):
            bind(connection, alice)
            connection.execute(sa.text(change))


def test_the_database_refuses_to_credit_a_line_twice_or_an_unknown_line(
    alice: Person, app_engine: sa.Engine
) -> None:
    credit(alice, two_lines(alice), line_1=1)
    row = (
        "insert into credit_note_lines select tenant_id, id, {line}, 'More', {minor} from"
        " credit_notes"
    )
    for number, minor in ((2, 50_001), (3, 1)):
        with (
            pytest.raises(sa.exc.IntegrityError, match="credits exceed the amount"),
            app_engine.begin() as connection,
        ):
            bind(connection, alice)
            connection.execute(sa.text(row.format(line=number, minor=minor)))


def test_a_credit_note_without_its_invoice_is_found_by_the_check(
    alice: Person, owner_engine: sa.Engine
) -> None:
    invoice_id = issued(alice)
    credit(alice, invoice_id, line_1=100)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update invoices set credited_minor = 99 where id = :id"), {"id": invoice_id}
        )
    assert [
        (found.check, found.difference) for found in findings(alice) if found.check == "credited"
    ] == [("credited", Money(-1, "INR"))]


def test_a_missing_number_is_found_by_the_check(alice: Person) -> None:
    credit(alice, issued(alice), line_1=100)
    with alice.acting():
        rows_changed("update number_series set last_number = 2 where series = 'credit_note'")
    assert [str(found) for found in findings(alice)] == [
        "numbers: the credit notes of 2024-25 carry 1 numbers from 1 to 1, given out were 2"
    ]


# Pages, API and commands
# --------------------------------------------------------------------------------


def test_an_invoice_is_credited_and_the_credit_note_read_over_the_api(alice: Person) -> None:
    invoice_id = two_lines(alice)
    body = {
        "invoice_id": str(invoice_id),
        "reason": WHY,
        "issue_date": "2024-06-25",
        "lines": [{"line_no": 2, "amount": "500"}],
    }
    made = alice.api.post("/credit-notes", json=body)
    assert made.status_code == 201, made.text
    content = made.json
    assert (
        content["number"],
        content["invoice_number"],
        content["total_amount"],
        content["issue_date"],
    ) == (
        "C/2024-25/000001",
        "2024-25/000001",
        "500.00",
        "2024-06-25",
    )
    assert content["lines"] == [
        {
            "line_no": 2,
            "description": "Fee",
            "amount": "500.00",
            "taxable_amount": "0.00",
            "taxes": [],
            "commission": "0.00",
            "tax_amount": "0.00",
        }
    ]
    assert alice.api.get(f"/credit-notes/{content['id']}").json == content
    invoice = alice.api.get(f"/invoices/{invoice_id}").json
    assert (invoice["status"], invoice["credited_amount"], invoice["open_amount"]) == (
        "issued",
        "500.00",
        "45000.00",
    )
    assert [(note["credit_note_id"], note["amount"]) for note in invoice["credit_notes"]] == [
        (content["id"], "500.00")
    ]
    whole = alice.api.post("/credit-notes", json={"invoice_id": str(invoice_id), "reason": WHY})
    assert (whole.status_code, whole.json["total_amount"]) == (201, "45000.00")
    assert alice.api.get(f"/invoices/{invoice_id}").json["status"] == "paid"


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"lines": [{"line_no": 1, "amount": "45000.01"}]}, (409, "credit_exceeds_line")),
        ({"lines": [{"line_no": 3, "amount": "1"}]}, (422, "line_not_on_invoice")),
        (
            {"lines": [{"line_no": 1, "amount": "1"}, {"line_no": 1, "amount": "1"}]},
            (422, "line_already_named"),
        ),
        ({"lines": [{"line_no": 1, "amount": "0.001"}]}, (422, "invalid_amount")),
        ({"issue_date": "2024-06-09"}, (400, "invalid_date")),
        ({"invoice_id": str(new_id())}, (404, "invoice_not_found")),
    ],
)
def test_an_invalid_credit_is_refused_by_the_api(
    alice: Person, changes: dict[str, Any], refusal: tuple[int, str]
) -> None:
    invoice_id = issued(alice)
    pay(alice, invoice_id, 100_000)
    body = {"invoice_id": str(invoice_id), "reason": WHY} | changes
    answer = alice.api.post("/credit-notes", json=body)
    assert (answer.status_code, answer.json["detail"]) == refusal


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("agency_admin", True),
        ("accounting_lead", True),
        ("ticketing_lead", False),
        ("agent", False),
        ("viewer", False),
    ],
)
def test_crediting_is_for_roles_that_could_approve_a_posting(
    people: People, alice: Person, charlie: Person, role: str, may: bool
) -> None:
    person = people.colleague(alice, "Rita Role", role=role)
    invoice_id = issued(alice)
    body = {"invoice_id": str(invoice_id), "reason": WHY}
    assert charlie.api.post("/credit-notes", json=body).status_code == 404
    assert person.tab.get(f"/invoices/{invoice_id}/credit").status_code == (200 if may else 403)
    answer = person.api.post("/credit-notes", json=body)
    assert answer.status_code == (201 if may else 403)
    if may:
        assert charlie.api.get(f"/credit-notes/{answer.json['id']}").status_code == 404
        assert charlie.tab.get(f"/credit-notes/{answer.json['id']}").status_code == 404


def test_the_list_has_cursors_and_filters(alice: Person, charlie: Person) -> None:
    credit(charlie, issued(charlie))
    first, second = issued(alice), issued(alice, customer_name="Ravi Menon")
    made = [
        credit(alice, first, on=ISSUED + timedelta(days=day), line_1=1) for day in (0, 1, 1)
    ] + [credit(alice, second, line_1=1)]
    found: list[str] = []
    cursor = ""
    while cursor is not None:
        page = alice.api.get(f"/credit-notes?limit=1&cursor={cursor}").json
        found += [item["number"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert found == list(reversed(made))
    for query, numbers in (
        (f"invoice_id={first}", made[2::-1]),
        ("party=ravi+menon", made[3:]),
        ("from=2024-06-11&to=2024-06-11", made[2:0:-1]),
    ):
        assert [
            item["number"] for item in alice.api.get(f"/credit-notes?{query}").json["items"]
        ] == numbers, query


def test_the_form_previews_the_postings(alice: Person) -> None:
    invoice_id, browser = two_lines(alice), alice.tab
    page = Page(browser.get(f"/invoices/{invoice_id}/credit"))
    amounts = ".//input[@name='amount']"
    assert [str(box.get("value")) for box in page.all(amounts)] == ["45,000.00", "500.00"]
    assert "INR45,500.00" in page.words(".//section[@id='postings']")
    token = page.all(".//form[@id='credit-form']//input[@name='csrf_token']")[0].get("value")
    typed = {
        "csrf_token": token,
        "reason": WHY,
        "issue_date": "25 Jun 2024",
        "amount": ["1,000", ""],
    }
    looked = Page(browser.post(f"/invoices/{invoice_id}/credit", data=typed | {"then": "look"}))
    assert looked.status == 200
    assert "Journal lines" in looked.words(".//section[@id='postings']")
    assert "INR1,000.00" in looked.words(".//section[@id='postings']")
    assert balances(alice)["receivable", "INR"] == 4_550_000, "nothing is posted by looking"
    done = browser.post(f"/invoices/{invoice_id}/credit", data=typed)
    assert done.status_code == 303
    sheet = Page(browser.get(done.headers["Location"]))
    for words in (
        "Credit note",
        "C/2024-25/000001",
        "2024-25/000001",
        "Deepa Krishnan",
        "25 Jun 2024",
        WHY,
        "₹1,000.00",
    ):
        assert words in sheet.words(".//article"), words
    invoice = Page(browser.get(f"/invoices/{invoice_id}"))
    assert "Credit note C/2024-25/000001" in invoice.words(".//article")
    assert "₹44,500.00" in invoice.words(".//article")
    assert done.headers["Location"] in invoice.links()


def test_for_a_partly_paid_invoice_only_the_open_amount_is_proposed(alice: Person) -> None:
    assert (
        alice.api.patch("/tenant-settings", json={"tax_number": "27AACCN6194P1ZP"}).status_code
        == 200
    )
    taxed = LineItem(
        description="Fee", quantity=1, unit_price="1000.05", currency="INR", tax="service_fee"
    )
    invoice_id = issued(alice, line("500", quantity=1), taxed, place_of_supply="27")
    whole = Page(alice.tab.get(f"/invoices/{invoice_id}/credit"))
    assert [box.get("value") for box in whole.all(".//input[@name='amount']")] == [
        "500.00",
        "1,000.05",
    ]
    assert not whole.all(".//*[@id='proposed']")
    pay(alice, invoice_id, 80_000)
    browser = alice.tab
    page = Page(browser.get(f"/invoices/{invoice_id}/credit"))
    proposed = [str(box.get("value")) for box in page.all(".//input[@name='amount']")]
    assert (proposed[0], page.all(".//*[@id='proposed']") != []) == ("500.00", True)
    token = page.all(".//form[@id='credit-form']//input[@name='csrf_token']")[0].get("value")
    done = browser.post(
        f"/invoices/{invoice_id}/credit",
        data={"csrf_token": token, "reason": WHY, "issue_date": "", "amount": proposed},
    )
    assert done.status_code == 303, "what is proposed is taken as it is"
    with alice.acting():
        assert 0 <= invoice_queries.get_invoice(invoice_id).open_minor <= 2, (
            "and leaves no more open than a rounding"
        )


def test_for_a_partly_paid_bill_only_the_open_amount_is_proposed(alice: Person) -> None:
    bill_id = receive(alice, line("500", quantity=1), line("300", quantity=1))
    alice.does(lambda actor: payment_service.pay_bill(actor, bill_id, Money(60_000, "INR"), DUE).id)
    page = Page(alice.tab.get(f"/bills/{bill_id}/credit"))
    assert [box.get("value") for box in page.all(".//input[@name='amount']")] == ["200.00", ""]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"amount": ["45,000.01", ""]}, "more than the amount not yet credited"),
        ({"amount": ["a lot", ""]}, "Enter an amount such as"),
        ({"amount": ["", ""]}, "Enter an amount for at least one line."),
        ({"reason": ""}, "This field is required"),
        ({"issue_date": "9 Jun 2024"}, "This date is too early"),
    ],
)
def test_a_refused_form_keeps_what_was_entered(
    alice: Person, typed: dict[str, Any], words: str
) -> None:
    invoice_id, browser = two_lines(alice), alice.tab
    token = (
        Page(browser.get(f"/invoices/{invoice_id}/credit"))
        .all(".//form[@id='credit-form']//input[@name='csrf_token']")[0]
        .get("value")
    )
    values = {
        "csrf_token": token,
        "reason": WHY,
        "issue_date": "25 Jun 2024",
        "amount": ["1", "2"],
    } | typed
    page = Page(browser.post(f"/invoices/{invoice_id}/credit", data=values))
    assert page.status == 422
    assert words in page.words(".//form[@id='credit-form']")
    assert [str(box.get("value")) for box in page.all(".//input[@name='amount']")] == values[
        "amount"
    ]


def test_a_fully_credited_invoice_says_so(alice: Person) -> None:
    invoice_id = issued(alice)
    credit(alice, invoice_id)
    page = Page(alice.tab.get(f"/invoices/{invoice_id}"))
    assert "Credited in full" in page.words(".//article")
    assert f"/invoices/{invoice_id}/credit" not in page.links()
    assert alice.tab.get(f"/invoices/{invoice_id}/credit").status_code == 303
    assert Page(alice.tab.get("/invoices")).words(".//tbody/tr[1]/td[2]") == "Credited"
