"""Credits entered by mistake are reversed once, with a reason, in an open month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tests.billing.papers import DUE, issued, line, plan, receive
from tests.billing.test_allocations import LAST, LATER, open_on, sound
from tests.billing.test_api import code
from tests.billing.test_forms import send
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.paper_text import text_of
from tests.people import People, Person
from voyagent.billing.bills import queries as bill_queries, service as bill_service
from voyagent.billing.core import errors
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.queries.open_documents import Kind
from voyagent.billing.core.service import posting
from voyagent.billing.credit_notes import (
    errors as credit_note_errors,
    queries as credit_note_queries,
    service as credit_note_service,
)
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.service import issuing
from voyagent.billing.payments.service import payments as payment_service
from voyagent.billing.supplier_credits import (
    errors as supplier_credit_errors,
    queries as supplier_credit_queries,
    service as supplier_credit_service,
)
from voyagent.kernel import clock
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.money import Money
from voyagent.ledger.service import entries, months
from voyagent.ledger.service.errors import PeriodLocked
from voyagent.settings.service import tenant_settings as settings

WHY = "Wrong invoice"
BEFORE = LAST - timedelta(days=1)


@dataclass(frozen=True)
class Side:
    """One kind of credit: to a customer, or from a supplier."""

    is_ours: bool

    @property
    def kind(self) -> Kind:
        return "receivable" if self.is_ours else "payable"

    @property
    def path(self) -> str:
        return "credit-notes" if self.is_ours else "supplier-credits"

    @property
    def reversed(self) -> type[Exception]:
        return errors.CreditNoteReversed if self.is_ours else errors.SupplierCreditReversed

    @property
    def opened(self) -> str:
        return "issued" if self.is_ours else "received"

    def document(self, person: Person, *lines: Any, **given: Any) -> UUID:
        """An open document over 45,000.00, or over lines."""
        return (issued if self.is_ours else receive)(person, *lines, **given)

    def credit(
        self,
        person: Person,
        document_id: UUID,
        minor: int | None = 1_000_000,
        on: date = LATER,
        number: str = "C-1",
    ) -> UUID:
        """A credit on its first line, or on all of it."""
        given: Any = {
            "reason": "Late",
            "on": on,
            "amounts": {1: Money(minor, "INR")} if minor else None,
        }
        if self.is_ours:
            return person.does(
                lambda actor: credit_note_service.issue_credit_note(actor, document_id, **given).id
            )
        return person.does(
            lambda actor: (
                supplier_credit_service.credit_bill(
                    actor, document_id, vendor_reference=number, **given
                ).id
            )
        )

    def reverse(
        self, person: Person, credit_id: UUID, on: date | None = LAST, reason: str = WHY
    ) -> None:
        act = (
            credit_note_service.reverse_credit_note
            if self.is_ours
            else supplier_credit_service.reverse_supplier_credit
        )
        person.does(lambda actor: act(actor, credit_id, reason=reason, on=on).id)

    def pay(self, person: Person, document_id: UUID, minor: int, on: date = LATER) -> None:
        act = payment_service.record_receipt if self.is_ours else payment_service.pay_bill
        person.does(lambda actor: act(actor, document_id, Money(minor, "INR"), on).id)

    def void(self, person: Person, document_id: UUID, on: date) -> None:
        act = issuing.void_invoice if self.is_ours else bill_service.void_bill
        person.does(lambda actor: act(actor, document_id, reason=WHY, on=on).id)

    def seen(self, person: Person, document_id: UUID) -> Invoice | Bill:
        with person.acting():
            found: Any = (
                invoice_queries.get_invoice(document_id)
                if self.is_ours
                else bill_queries.get_bill(document_id)
            )
            db.session.refresh(found)
            db.session.expunge(found)
            return found  # type: ignore[no-any-return]


@pytest.fixture(params=[True, False], ids=["ours", "of a supplier"])
def side(request: pytest.FixtureRequest) -> Side:
    return Side(request.param)


# Effects
# --------------------------------------------------------------------------------


def test_a_reversed_credit_reopens_its_document_from_that_day_on(alice: Person, side: Side) -> None:
    document_id = side.document(alice)
    credit_id = side.credit(alice, document_id)
    side.reverse(alice, credit_id)
    found = side.seen(alice, document_id)
    assert (found.status, found.credited_minor, found.open_minor) == (side.opened, 0, 4_500_000)
    opens = [
        list(open_on(alice, day, side.kind).values())
        for day in (LATER - timedelta(days=1), LATER, BEFORE, LAST)
    ]
    assert opens == [[4_500_000], [3_500_000], [3_500_000], [4_500_000]]
    sign = 1 if side.is_ours else -1
    assert balances(alice)[side.kind, "INR"] == sign * 4_500_000
    assert balances(alice, BEFORE)[side.kind, "INR"] == sign * 3_500_000
    assert sound(alice)


def test_a_document_settled_by_the_credit_is_partly_paid_or_open_again(
    alice: Person, side: Side
) -> None:
    part, whole = (
        side.document(alice),
        side.document(alice, **({} if side.is_ours else {"vendor_reference": "B-2"})),
    )
    side.pay(alice, part, 3_500_000)
    credits_ = [
        side.credit(alice, part, number="C-1"),
        side.credit(alice, whole, None, number="C-2"),
    ]
    assert [side.seen(alice, one).status for one in (part, whole)] == ["paid", "paid"]
    for one in credits_:
        side.reverse(alice, one)
    statuses = [side.seen(alice, one).status for one in (part, whole)]
    assert statuses == (["partially_paid", "issued"] if side.is_ours else ["received", "received"])
    assert sorted(open_on(alice, LAST, side.kind).values()) == [1_000_000, 4_500_000]
    assert open_on(alice, BEFORE, side.kind) == {}
    side.pay(alice, part, 1_000_000, on=LAST)
    assert side.seen(alice, part).status == "paid"
    assert sound(alice)


def test_a_scheduled_bill_is_scheduled_again(alice: Person) -> None:
    side, bill_id = Side(is_ours=False), receive(alice)
    alice.does(
        lambda actor: (
            bill_service.schedule_bill(actor, bill_id, pay_on=clock.today(actor.timezone)).id
        )
    )
    credit_id = side.credit(alice, bill_id, None)
    side.reverse(alice, credit_id)
    assert side.seen(alice, bill_id).status == "scheduled"


def test_the_due_date_of_instalments_moves_back(alice: Person, side: Side) -> None:
    in_two = plan((DUE, "100.00"), (DUE + timedelta(days=30), "400.00"))
    document_id = side.document(alice, line("500", quantity=1), instalments=in_two)
    credit_id = side.credit(alice, document_id, 10_000)
    assert side.seen(alice, document_id).due_date == DUE + timedelta(days=30)
    side.reverse(alice, credit_id)
    assert side.seen(alice, document_id).due_date == DUE
    assert sound(alice)


def test_lines_and_taxes_can_be_credited_again_completely(alice: Person, side: Side) -> None:
    alice.does(lambda actor: settings.update(actor, {"tax_number": "27AACCN6194P1ZP"}).address)
    taxed: Any = (
        {"tax": "service_fee"}
        if side.is_ours
        else {"input_taxes": {"cgst": "0.09", "sgst": "0.09"}, "input_credit": True}
    )
    where = {"place_of_supply": "27"} if side.is_ours else {}
    document_id = side.document(alice, line("1.01", quantity=1) | taxed, **where)
    total = side.seen(alice, document_id).total_minor
    assert total == 119
    valid, taken, third = (
        side.credit(alice, document_id, minor, number=f"C-{minor}") for minor in (33, 28, 17)
    )
    side.reverse(alice, taken)
    side.reverse(alice, third)
    side.credit(alice, document_id, None, on=LAST, number="C-4")
    found = side.seen(alice, document_id)
    assert (found.status, found.credited_minor) == ("paid", total)
    side.reverse(alice, valid)
    assert sound(alice)
    names = (
        "revenue_fees",
        "revenue_services",
        "cost_of_services",
        "output_cgst",
        "output_sgst",
        "input_cgst",
        "input_sgst",
    )
    left = {
        name: minor
        for (name, _currency), minor in balances(alice).items()
        if name in names and minor
    }
    still = side.seen(alice, document_id).open_minor
    assert abs(sum(left.values())) == still > 0, (
        "what is open again is revenue (or cost) and tax again"
    )


def test_commission_returned_by_mistake_is_earned_and_returned_again(
    alice: Person,
) -> None:
    side, tickets = (
        Side(is_ours=True),
        line("1.00", quantity=1) | {"sold_as": "agent", "commission": "0.05"},
    )
    invoice_id = issued(alice, tickets)
    notes = [side.credit(alice, invoice_id, minor) for minor in (10, 10, 10)]
    side.reverse(alice, notes[1])
    side.credit(alice, invoice_id, 1, on=LAST)
    side.credit(alice, invoice_id, None, on=LAST)
    held = balances(alice)
    names = ("receivable", "held_for_suppliers", "revenue_commission")
    assert [held[name, "INR"] for name in names] == [0, 0, 0]
    for note_id in (notes[0], notes[2]):
        side.reverse(alice, note_id)
    held = balances(alice)
    assert (
        held["receivable", "INR"],
        held["held_for_suppliers", "INR"] + held["revenue_commission", "INR"],
    ) == (20, -20)
    assert held["revenue_commission", "INR"] == -2, (
        "1 and 1 were recalled of the 5: half a paisa is rounded up, and the next one with it"
    )
    assert sound(alice)


def test_a_document_can_be_voided_after_its_credit_is_reversed_and_not_before(
    alice: Person, side: Side
) -> None:
    document_id = side.document(alice)
    credit_id = side.credit(alice, document_id)
    with pytest.raises(errors.DocumentNotVoidable):
        side.void(alice, document_id, LAST)
    side.reverse(alice, credit_id)
    with pytest.raises(errors.InvalidDate):
        side.void(alice, document_id, BEFORE)
    side.void(alice, document_id, LAST)
    with pytest.raises(side.reversed):
        side.reverse(alice, credit_id)
    assert side.seen(alice, document_id).status == "void"
    assert list(open_on(alice, BEFORE, side.kind).values()) == [3_500_000]
    assert sound(alice)


def test_nothing_settles_the_document_before_the_day_of_the_reversal(
    alice: Person, side: Side
) -> None:
    document_id = side.document(alice)
    credit_id = side.credit(alice, document_id, None)
    side.reverse(alice, credit_id)
    with pytest.raises(errors.InvalidDate):
        side.pay(alice, document_id, 4_500_000, on=BEFORE)
    with pytest.raises(errors.InvalidDate):
        side.credit(alice, document_id, None, on=BEFORE, number="C-2")
    side.pay(alice, document_id, 4_500_000, on=LAST)
    assert sound(alice)


def test_our_numbers_stay_used_and_a_suppliers_number_can_be_entered_again(alice: Person) -> None:
    ours, theirs = Side(is_ours=True), Side(is_ours=False)
    invoice_id, bill_id = issued(alice), receive(alice)
    ours.reverse(alice, ours.credit(alice, invoice_id))
    with alice.acting():
        assert (
            credit_note_queries.get_credit_note(ours.credit(alice, invoice_id, on=LAST)).number
            == "C/2024-25/000002"
        )
    theirs.reverse(alice, theirs.credit(alice, bill_id))
    again = theirs.credit(alice, bill_id, on=LAST)
    with pytest.raises(supplier_credit_errors.SupplierCreditTaken):
        theirs.credit(alice, bill_id, 1, on=LAST)
    theirs.reverse(alice, again)
    assert sound(alice)


def test_the_date_defaults_to_today_or_the_later_date_of_the_credit(
    alice: Person, side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Earlier releases posted documents that are dated in the future.
    monkeypatch.setattr(posting, "check_not_future", lambda *_: None)
    today = clock.today(alice.actor.timezone)
    credit_id = side.credit(alice, side.document(alice))
    side.reverse(alice, credit_id, on=None)
    ahead = today + timedelta(days=3)
    planned = side.document(
        alice,
        issue_date=ahead,
        due_date=ahead,
        **({} if side.is_ours else {"vendor_reference": "B-2"}),
    )
    side.reverse(alice, side.credit(alice, planned, on=ahead, number="C-2"), on=None)
    table = "credit_notes" if side.is_ours else "supplier_credits"
    with alice.acting():
        days = db.session.scalars(
            sa.text(f"select reversed_on from {table} order by reversed_on")
        ).all()
    assert list(days) == [today, ahead]


# Refusals
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"on": LATER - timedelta(days=1)}, errors.InvalidDate),
        ({"on": clock.today() + timedelta(days=2)}, errors.InvalidDate),
        ({"reason": " "}, errors.ReasonRequired),
        ({"reason": "x" * 501}, errors.TextTooLong),
    ],
)
def test_an_invalid_reversal_changes_nothing(
    alice: Person, side: Side, given: dict[str, Any], error: type[Exception]
) -> None:
    document_id = side.document(alice)
    credit_id = side.credit(alice, document_id)
    with pytest.raises(error):
        side.reverse(alice, credit_id, **given)
    assert side.seen(alice, document_id).credited_minor == 1_000_000


def test_a_closed_month_refuses_a_reversal(alice: Person, side: Side) -> None:
    credit_id = side.credit(alice, side.document(alice))
    for month in (6, 7):
        alice.does(months.close_month, date(2024, month, 1))
    with pytest.raises(PeriodLocked):
        side.reverse(alice, credit_id)
    side.reverse(alice, credit_id, on=date(2024, 8, 1))
    assert sound(alice)


def test_viewers_and_other_agencies_cannot_reverse(
    alice: Person, victor: Person, charlie: Person, side: Side
) -> None:
    credit_id = side.credit(alice, side.document(alice))
    with pytest.raises(Forbidden):
        side.reverse(victor, credit_id)
    with pytest.raises(
        (credit_note_errors.CreditNoteNotFound, supplier_credit_errors.SupplierCreditNotFound)
    ):
        side.reverse(charlie, credit_id)


def test_of_parallel_reversals_only_one_succeeds(alice: Person, side: Side) -> None:
    document_id = side.document(alice)
    credit_id = side.credit(alice, document_id)
    results = at_once([lambda: side.reverse(alice, credit_id)] * 4)
    assert sorted(type(result).__name__ for result in results) == sorted(
        ["NoneType"] + [side.reversed.__name__] * 3
    )
    assert side.seen(alice, document_id).credited_minor == 0
    assert sound(alice)


def test_the_database_refuses_an_incomplete_reversal(
    alice: Person, owner_engine: sa.Engine, side: Side
) -> None:
    table, credit_id = side.path.replace("-", "_"), side.credit(alice, side.document(alice))
    whole = (
        "update {} set reversed_on = :day, reversal_reason = 'x', reversal_entry_id = :entry where"
        " id = :id"
    )
    with (
        pytest.raises(IntegrityError, match="the reversal must be the entry"),
        alice.acting(),
    ):
        db.session.execute(
            sa.text(f"update {table} set reversed_on = :day where id = :id"),
            {"id": credit_id, "day": LAST},
        )
    with (
        pytest.raises(IntegrityError, match="credits sum to 0, but the document has 1000000"),
        alice.acting() as actor,
    ):
        credit: Any = (
            credit_note_queries.get_credit_note(credit_id)
            if side.is_ours
            else supplier_credit_queries.get_supplier_credit(credit_id)
        )
        entry_id = entries.reverse(actor, credit.entry_id, reason=WHY, entry_date=LAST).entry_id
        db.session.execute(
            sa.text(whole.format(table)), {"id": credit_id, "day": LAST, "entry": entry_id}
        )
        db.session.commit()
    side.reverse(alice, credit_id)
    with (
        pytest.raises(IntegrityError, match="cannot be changed, only reversed"),
        owner_engine.begin() as connection,
    ):
        connection.execute(
            sa.text(f"update {table} set reversal_reason = 'Other' where id = :id"),
            {"id": credit_id},
        )


# Pages, API and commands
# --------------------------------------------------------------------------------


def test_the_api_shows_the_reversal(alice: Person, side: Side) -> None:
    document_id = side.document(alice)
    path = f"/{side.path}/{side.credit(alice, document_id)}"
    api = alice.api
    answer = api.post(
        f"{path}/reverse", json={"reason": f" {WHY} ", "reversed_on": LAST.isoformat()}
    )
    assert answer.status_code == 200, answer.text
    body: Any = answer.json
    assert [body[name] for name in ("total_amount", "reversed_on", "reversal_reason")] == [
        "10000.00",
        LAST.isoformat(),
        WHY,
    ]
    assert body["reversal_entry_id"] is not None
    assert api.get(path).json == body
    listed: Any = api.get(f"/{side.path}").json
    assert [one["reversed_on"] for one in listed["items"]] == [LAST.isoformat()]
    document: Any = api.get(f"/{'invoices' if side.is_ours else 'bills'}/{document_id}").json
    (row,) = document["credit_notes" if side.is_ours else "credits"]
    assert (document["credited_amount"], row["reversed_on"], row["reversal_reason"]) == (
        "0.00",
        LAST.isoformat(),
        WHY,
    )
    assert code(api.post(f"{path}/reverse", json={"reason": WHY}))[0] == 409
    assert api.post(f"{path}/reverse", json={}).status_code == 422


def test_one_idempotency_key_makes_one_reversal(alice: Person, side: Side) -> None:
    path = f"/{side.path}/{side.credit(alice, side.document(alice))}/reverse"
    answers = at_once(
        [lambda: alice.api.post(path, json={"reason": WHY}, headers={"Idempotency-Key": "once"})]
        * 3
    )
    assert [answer.status_code for answer in answers] == [200] * 3


@pytest.mark.parametrize(
    ("role", "status"),
    [("accounting_lead", 200), ("ticketing_lead", 403), ("agent", 403), ("viewer", 403)],
)
def test_reversing_needs_the_permission_to_credit(
    people: People, alice: Person, side: Side, role: str, status: int
) -> None:
    person, path = (
        people.colleague(alice, "Rita Role", role=role),
        f"/{side.path}/{side.credit(alice, side.document(alice))}",
    )
    assert (f"{path}/reverse" in Page(person.tab.get(path)).links()) is (status == 200)
    assert person.api.post(f"{path}/reverse", json={"reason": WHY}).status_code == status


def test_a_reversal_is_limited_by_the_role(people: People, alice: Person, side: Side) -> None:
    lead, path = (
        people.colleague(alice, "Leila Lead", role="accounting_lead"),
        f"/{side.path}/{side.credit(alice, side.document(alice))}/reverse",
    )
    limits = {"approval_limits": {"accounting_lead": {"amount": "999.99", "currency": "INR"}}}
    assert alice.api.patch("/tenant-settings", json=limits).status_code == 200
    assert code(lead.api.post(path, json={"reason": WHY})) == (403, "amount_above_limit")


def test_other_agencies_and_anonymous_callers_are_refused(
    alice: Person, charlie: Person, side: Side
) -> None:
    path = f"/{side.path}/{side.credit(alice, side.document(alice))}/reverse"
    assert charlie.api.post(path, json={"reason": WHY}).status_code == 404
    assert alice.app.test_client().post(f"/api{path}", json={"reason": WHY}).status_code == 401


def test_the_page_reverses_a_credit_after_confirmation(alice: Person, side: Side) -> None:
    document_id = side.document(alice)
    path = f"/{side.path}/{side.credit(alice, document_id)}"
    browser = alice.tab
    assert f"{path}/reverse" in Page(browser.get(path)).links()
    words = Page(browser.get(f"{path}/reverse")).words(".//section[@id='postings']")
    assert "10,000.00" in words
    assert ("1200" if side.is_ours else "2100") in words
    assert side.seen(alice, document_id).credited_minor == 1_000_000, "looking changes nothing"
    early = Page(send(alice, f"{path}/reverse", reason=WHY, reversed_on="24 Jun 2024"))
    assert (early.status, "This date is too early" in early.error_at("reversed_on")) == (
        422,
        True,
    )
    assert send(alice, f"{path}/reverse", reason=WHY, reversed_on="20 Jul 2024").status_code == 303
    page = Page(browser.get(path))
    assert "Reversed" in page.words(".//article")
    assert WHY in page.words(".//*[@id='reversal']")
    assert f"{path}/reverse" not in page.links()
    listed = Page(browser.get("/credit-notes" if side.is_ours else "/credit-notes?kind=supplier"))
    assert "Reversed" in listed.words(".//tbody")
    of = Page(browser.get(f"/{'invoices' if side.is_ours else 'bills'}/{document_id}"))
    assert "Credit note" not in of.words(".//*[@id='sums']")
    assert WHY in of.words(".//aside[@id='about']")
    assert send(alice, f"{path}/reverse", reason=WHY).status_code == 303, "the way back to the note"


@pytest.mark.parametrize(("query", "stamp"), [("", "Reversed"), ("?locale=hi", None)])
def test_the_pdf_of_the_credit_shows_the_reversal_and_that_of_the_document_does_not(
    alice: Person, side: Side, query: str, stamp: str | None
) -> None:
    document_id = side.document(alice)
    side.pay(alice, document_id, 100)
    note_id = side.credit(alice, document_id)
    browser, path = alice.tab, f"/{side.path}/{note_id}/{side.path[:-1]}.pdf{query}"
    before = text_of(browser.get(path).data)
    side.reverse(alice, note_id)
    after = text_of(browser.get(path).data)
    assert after != before
    assert "Reversed" not in before
    assert stamp is None or stamp in after
    of = (
        f"/invoices/{document_id}/invoice.pdf" if side.is_ours else f"/bills/{document_id}/bill.pdf"
    )
    assert "10,000.00" not in text_of(browser.get(of).data)
