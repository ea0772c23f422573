"""Received cheques: held without a posting, deposited once, or given back."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.banking.test_banking import opened
from tests.billing.papers import DUE, ISSUED, issued, line, seen
from tests.billing.test_api import code
from tests.billing.test_forms import send
from tests.billing.test_payouts import findings
from tests.billing.test_taxes import posted
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import stored
from tests.people import People, Person
from tests.privacy.test_erasure import erase
from voyagent.billing.cheques import queries, service
from voyagent.billing.cheques.errors import ChequeNotDue, ChequeNotFound, ChequeNotHeld
from voyagent.billing.core.errors import DateInFuture, DateTooEarly, DocumentNotOpen, ReasonRequired
from voyagent.billing.core.models.cheques import ReceivedCheque
from voyagent.billing.invoices.service import issuing
from voyagent.billing.payments.errors import AnotherParty, DocumentTwice, ModeUnfit
from voyagent.kernel import clock
from voyagent.kernel.actor import ApprovalRequired, Forbidden
from voyagent.kernel.db import db
from voyagent.kernel.money import InvalidAmount, MixedCurrencies, Money
from voyagent.ledger.service import months
from voyagent.ledger.service.errors import PeriodLocked
from voyagent.privacy.service import erasure

DATED, LATER = DUE, DUE + timedelta(days=1)
ENTRIES = "select count(*) as n from journal_entries where tenant_id = :t"


def held(person: Person, minor: int = 10_000, *invoice_ids: UUID, **more: Any) -> UUID:
    """Record a cheque of Deepa Krishnan, dated 25 June 2024, and return its id."""
    fields = {"cheque_no": "000123", "cheque_on": DATED, "on": ISSUED} | more
    if "party_id" not in fields:
        fields.setdefault("party_name", "Deepa Krishnan")
    amount = Money(minor, fields.pop("currency", "INR"))
    return person.does(
        lambda actor: service.receive(actor, amount=amount, invoice_ids=invoice_ids, **fields).id
    )


def body_of(**more: Any) -> dict[str, Any]:
    """Return a cheque as the API takes it."""
    return {
        "party_name": "Deepa Krishnan",
        "amount": "100.00",
        "currency": "INR",
        "cheque_no": "000123",
        "cheque_on": DATED.isoformat(),
        "received_on": ISSUED.isoformat(),
    } | more


def deposit(person: Person, cheque_id: UUID, on: date | None = DATED, **more: Any) -> UUID:
    """Deposit a cheque and return the id of its payment."""
    found = person.does(lambda actor: service.deposit(actor, cheque_id, on=on, **more).payment_id)
    assert found is not None
    return found


def cheque_of(person: Person, cheque_id: UUID) -> dict[str, Any]:
    answer: dict[str, Any] = person.api.get(f"/received-cheques/{cheque_id}").json
    return answer


def listed(person: Person, **query: Any) -> list[str]:
    answer = person.api.get("/received-cheques", query_string=query)
    assert answer.status_code == 200, answer.text
    return [one["cheque_no"] for one in answer.json["items"]]


# Recording
# --------------------------------------------------------------------------------


def test_a_held_cheque_posts_nothing(alice: Person, owner_engine: sa.Engine) -> None:
    invoice_id = issued(alice, line("100.00", quantity=1))
    count = partial(stored, owner_engine, ENTRIES, t=alice.actor.tenant_id)
    before = count()
    cheque_id = held(alice, 10_000, invoice_id, drawee_bank=" Federal Bank ", note="For the visa")
    assert count() == before
    assert seen(alice, invoice_id)["paid_minor"] == 0
    found = cheque_of(alice, cheque_id)
    assert (found["status"], found["payment_id"]) == ("received", None)
    assert (found["drawee_bank"], found["note"]) == ("Federal Bank", "For the visa")
    assert found["invoice_ids"] == [str(invoice_id)]
    assert found["bank_account_id"] is not None, "the default of the currency"


def test_a_cheque_is_for_open_invoices_of_its_customer_and_currency(alice: Person) -> None:
    own = issued(alice, line("100.00", quantity=1))
    foreign = issued(alice, line("100.00", quantity=1, currency="USD"))
    others = issued(alice, line("100.00", quantity=1), customer_name="Ravi Menon")
    for invoice_ids, error in (
        ([others], AnotherParty),
        ([foreign], MixedCurrencies),
        ([own, own], DocumentTwice),
    ):
        with pytest.raises(error):
            held(alice, 10_000, *invoice_ids)
    deposit(alice, held(alice, 10_000, own))
    with pytest.raises(DocumentNotOpen):
        held(alice, 10_000, own)


def test_a_cheque_is_received_until_today_with_an_amount_and_for_a_bank(alice: Person) -> None:
    cash = opened(alice, "Till", kind="cash")
    with pytest.raises(ModeUnfit):
        held(alice, bank_account_id=cash)
    with pytest.raises(InvalidAmount):
        held(alice, 0)
    tomorrow = clock.today(alice.actor.timezone) + timedelta(days=1)
    with pytest.raises(DateInFuture):
        held(alice, on=tomorrow)
    assert held(alice, cheque_on=tomorrow)


# Deposit
# --------------------------------------------------------------------------------


def test_a_deposit_records_the_receipt_and_settles_the_invoices(alice: Person) -> None:
    later = issued(alice, line("70.00", quantity=1), due_date=LATER)
    first = issued(alice, line("50.00", quantity=1))
    cheque_id = held(alice, 10_000, later, first, drawee_bank="Federal Bank")
    payment_id = deposit(alice, cheque_id, LATER)
    assert [seen(alice, one)["paid_minor"] for one in (first, later)] == [5_000, 5_000]
    found = cheque_of(alice, cheque_id)
    assert (found["status"], found["deposited_on"]) == ("deposited", "2024-06-26")
    assert found["payment_id"] == str(payment_id)
    payment = alice.api.get(f"/payments/{payment_id}").json
    assert (payment["mode"], payment["instrument_no"]) == ("cheque", "000123")
    assert (payment["instrument_on"], payment["instrument_bank"]) == ("2024-06-25", "Federal Bank")
    assert payment["bank_account_id"] == found["bank_account_id"]
    assert findings(alice) == []


def test_a_deposit_leaves_out_invoices_that_were_paid_meanwhile(alice: Person) -> None:
    invoice_id = issued(alice, line("100.00", quantity=1))
    first, second = (held(alice, 8_000, invoice_id) for _ in range(2))
    deposit(alice, first)
    payment_id = deposit(alice, second)
    payment = alice.api.get(f"/payments/{payment_id}").json
    assert (payment["allocated_amount"], payment["unapplied_amount"]) == ("20.00", "60.00")
    third = deposit(alice, held(alice, 1_000))
    assert alice.api.get(f"/payments/{third}").json["unapplied_amount"] == "10.00"
    assert findings(alice) == []


def test_a_deposit_leaves_out_an_invoice_that_was_voided(alice: Person) -> None:
    invoice_id = issued(alice, line("100.00", quantity=1))
    cheque_id = held(alice, 10_000, invoice_id)
    alice.does(issuing.void_invoice, invoice_id, reason="Typed twice")
    payment_id = deposit(alice, cheque_id)
    assert alice.api.get(f"/payments/{payment_id}").json["unapplied_amount"] == "100.00"


def test_a_cheque_is_not_deposited_before_its_date_or_in_the_future(alice: Person) -> None:
    today = clock.today(alice.actor.timezone)
    cheque_id = held(alice)
    with pytest.raises(ChequeNotDue):
        deposit(alice, cheque_id, DATED - timedelta(days=1))
    with pytest.raises(DateTooEarly):
        deposit(alice, cheque_id, ISSUED - timedelta(days=1))
    with pytest.raises(DateInFuture):
        deposit(alice, cheque_id, today + timedelta(days=1))
    post_dated = held(alice, cheque_on=today + timedelta(days=1))
    with pytest.raises(ChequeNotDue):
        deposit(alice, post_dated, None)
    assert cheque_of(alice, cheque_id)["status"] == "received"


def test_a_cheque_is_not_deposited_in_a_closed_month(alice: Person) -> None:
    cheque_id = held(alice)
    alice.does(months.close_month, date(2024, 6, 1))
    with pytest.raises(PeriodLocked):
        deposit(alice, cheque_id)
    path = f"/payments/cheques/{cheque_id}/deposit"
    assert "is closed" in Page(send(alice, path, deposited_on="25 Jun 2024")).words(".//form")
    assert deposit(alice, cheque_id, date(2024, 7, 1))


def test_the_account_can_be_another_one_at_the_deposit(alice: Person) -> None:
    hdfc = opened(alice)
    payment_id = deposit(alice, held(alice), bank_account_id=hdfc)
    assert alice.api.get(f"/payments/{payment_id}").json["bank_account_id"] == str(hdfc)


def test_two_clerks_deposit_a_cheque_once(alice: Person) -> None:
    invoice_id = issued(alice, line("200.00", quantity=1))
    cheque_id = held(alice, 10_000, invoice_id)
    answers = at_once([partial(deposit, alice, cheque_id) for _ in range(2)])
    assert sum(isinstance(one, ChequeNotHeld) for one in answers) == 1
    assert len(alice.api.get("/payments").json["items"]) == 1
    assert seen(alice, invoice_id)["paid_minor"] == 10_000
    assert findings(alice) == []


def test_two_cheques_of_one_invoice_are_deposited_at_once(alice: Person) -> None:
    invoice_id = issued(alice, line("100.00", quantity=1))
    cheques = [held(alice, 8_000, invoice_id) for _ in range(2)]
    answers = at_once([partial(deposit, alice, one) for one in cheques])
    assert all(isinstance(one, UUID) for one in answers), answers
    assert seen(alice, invoice_id)["paid_minor"] == 10_000
    assert findings(alice) == []


def test_a_bounced_cheque_is_reversed_on_its_payment(alice: Person) -> None:
    invoice_id = issued(alice, line("100.00", quantity=1))
    cheque_id = held(alice, 10_000, invoice_id)
    payment_id = deposit(alice, cheque_id)
    bounce = {"reason": "No money", "reversed_on": "2024-06-26", "fee": "3.00"}
    assert alice.api.post(f"/payments/{payment_id}/bounce", json=bounce).status_code == 200
    found = cheque_of(alice, cheque_id)
    assert (found["status"], found["payment_reversed_on"]) == ("deposited", "2024-06-26")
    assert seen(alice, invoice_id)["paid_minor"] == 0
    assert "payment reversed" in alice.tab.get(f"/payments/cheques/{cheque_id}").text
    assert findings(alice) == []


# Return
# --------------------------------------------------------------------------------


def test_a_held_cheque_is_given_back_with_a_reason(alice: Person) -> None:
    cheque_id = held(alice)
    with pytest.raises(ReasonRequired):
        alice.does(service.give_back, cheque_id, reason=" ")
    with pytest.raises(DateTooEarly):
        alice.does(service.give_back, cheque_id, reason="Paid", on=ISSUED - timedelta(days=1))
    alice.does(service.give_back, cheque_id, reason="Paid in cash", on=LATER)
    found = cheque_of(alice, cheque_id)
    assert (found["status"], found["return_reason"]) == ("returned", "Paid in cash")
    for act in (partial(service.give_back, reason="Again"), service.deposit):
        with pytest.raises(ChequeNotHeld):
            alice.does(act, cheque_id)
    deposited = held(alice)
    deposit(alice, deposited)
    with pytest.raises(ChequeNotHeld):
        alice.does(service.give_back, deposited, reason="Too late")


def test_a_cheque_that_is_deposited_and_given_back_at_once_has_one_end(alice: Person) -> None:
    cheque_id = held(alice)
    back = partial(alice.does, partial(service.give_back, reason="Paid in cash"), cheque_id)
    answers = at_once([partial(deposit, alice, cheque_id), back])
    assert sum(isinstance(one, ChequeNotHeld) for one in answers) == 1


@pytest.mark.parametrize(
    "change",
    ["amount_minor = 1", "cheque_on = '2024-01-01'", "payment_id = null", "returned_on = now()"],
)
def test_the_database_refuses_changes_of_a_deposited_cheque(alice: Person, change: str) -> None:
    cheque_id = held(alice)
    deposit(alice, cheque_id)
    with alice.acting(), pytest.raises(sa.exc.DBAPIError):
        db.session.execute(
            sa.text(f"update received_cheques set {change} where id = :id"),
            {"id": cheque_id},
        )
    with alice.acting(), pytest.raises(sa.exc.DBAPIError):
        db.session.execute(sa.delete(ReceivedCheque).where(ReceivedCheque.id == cheque_id))


# Permissions
# --------------------------------------------------------------------------------


def test_an_agent_keeps_cheques_and_cannot_deposit_them(
    alice: Person, bob: Person, charlie: Person
) -> None:
    cheque_id = held(bob)
    with pytest.raises((ApprovalRequired, Forbidden)):
        deposit(bob, cheque_id)
    path = f"/received-cheques/{cheque_id}"
    assert bob.api.post(f"{path}/deposit", json={}).status_code == 403
    page = bob.tab.get(f"/payments/cheques/{cheque_id}").text
    assert "/return" in page
    assert "/deposit" not in page
    bob.does(service.give_back, cheque_id, reason="Paid in cash")
    assert deposit(bob.granted("payment.record"), held(bob)), "with an approval"
    other = held(alice)
    for act in (service.deposit, partial(service.give_back, reason="Mine")):
        with pytest.raises(ChequeNotFound):
            charlie.does(act, other)
    assert charlie.api.get(f"/received-cheques/{other}").status_code == 404
    assert listed(charlie) == []
    assert charlie.tab.get(f"/payments/cheques/{other}").status_code == 404


def test_a_viewer_sees_cheques_and_records_none(alice: Person, people: People) -> None:
    viewer = people.colleague(alice, "Vera Viewer", role="viewer")
    cheque_id = held(alice)
    assert listed(viewer) == ["000123"]
    for act in (service.deposit, partial(service.give_back, reason="Paid in cash")):
        with pytest.raises(Forbidden):
            viewer.does(act, cheque_id)
    with pytest.raises(Forbidden):
        held(viewer)
    page = viewer.tab.get(f"/payments/cheques/{cheque_id}").text
    assert "/return" not in page
    assert "/payments/cheques/new" not in viewer.tab.get("/payments/cheques").text


# Register, pages and API
# --------------------------------------------------------------------------------


def test_the_list_filters_by_status_date_customer_and_invoice(alice: Person) -> None:
    invoice_id = issued(alice, line("100.00", quantity=1))
    held(alice, 100, cheque_no="2", cheque_on=LATER)
    held(alice, 100, invoice_id, cheque_no="1")
    held(alice, 100, cheque_no="3", party_name="Ravi Menon", cheque_on=date(2030, 1, 1))
    deposit(alice, held(alice, 100, cheque_no="4"))
    assert listed(alice) == ["3", "2", "4", "1"]
    assert listed(alice, status="received") == ["1", "2", "3"]
    assert listed(alice, status="deposited") == ["4"]
    assert listed(alice, status="returned") == []
    assert listed(alice, **{"from": LATER.isoformat(), "to": "2029-12-31"}) == ["2"]
    assert listed(alice, invoice_id=invoice_id) == ["1"]
    ravi = alice.api.get("/received-cheques").json["items"][0]["party_id"]
    assert listed(alice, party_id=ravi) == ["3"]
    pages, query = [], {"status": "received", "limit": 2}
    answer = alice.api.get("/received-cheques", query_string=query).json
    pages.append([one["cheque_no"] for one in answer["items"]])
    pages.append(listed(alice, cursor=answer["next_cursor"], **query))
    assert pages == [["1", "2"], ["3"]]


def test_the_register_shows_what_is_due_and_the_total_of_each_currency(alice: Person) -> None:
    browser = alice.tab
    assert "No cheque to deposit today" in browser.get("/payments/cheques").text
    tomorrow = clock.today(alice.actor.timezone) + timedelta(days=1)
    held(alice, 10_000, cheque_no="111")
    held(alice, 2_500, cheque_no="222")
    held(alice, 5_000, cheque_no="333", cheque_on=tomorrow)
    held(alice, 900, cheque_no="444", currency="USD", cheque_on=tomorrow)
    deposit(alice, held(alice, 100, cheque_no="555"))
    due = Page(browser.get("/payments/cheques")).words(".//table[@id='cheques']")
    assert ("111" in due, "222" in due, "333" in due, "INR125.00" in due) == (
        True,
        True,
        False,
        True,
    )
    later = Page(browser.get("/payments/cheques?show=later")).words(".//table[@id='cheques']")
    assert ("111" in later, "INR50.00" in later, "USD9.00" in later) == (False, True, True)
    every = Page(browser.get("/payments/cheques?show=all")).words(".//table[@id='cheques']")
    assert all(number in every for number in ("111", "222", "333", "444", "555"))
    assert "INR175.00" in every
    assert browser.get("/payments/cheques?show=else").status_code == 422


def test_the_home_page_counts_the_cheques_to_deposit(alice: Person) -> None:
    issued(alice)
    assert "to deposit" not in alice.tab.get("/").text
    held(alice)
    held(alice, cheque_on=clock.today(alice.actor.timezone) + timedelta(days=1))
    assert "1 cheque to deposit" in Page(alice.tab.get("/")).words(".//*[@id='needs-you']")


def test_a_cheque_is_recorded_from_its_invoice_and_shown_there(alice: Person) -> None:
    invoice_id = issued(alice, line("100.00", quantity=1))
    other = issued(alice, line("50.00", quantity=1))
    browser, path = alice.tab, f"/payments/cheques/new?invoice_id={invoice_id}"
    assert path in browser.get(f"/invoices/{invoice_id}/receipt").text
    assert "/payments/cheques" in browser.get("/payments").text
    page = browser.get(path).text
    assert 'value="100.00"' in page
    assert (page.count('name="invoice_ids"'), page.count(" checked")) == (2, 1)
    given = body_of() | {"amount": "100", "cheque_on": "25 Jun 2030", "received_on": ""}
    answer = send(alice, "/payments/cheques/new", then="documents", **given)
    assert str(other) in answer.text
    answer = send(alice, "/payments/cheques/new", **given, invoice_ids=[str(invoice_id)])
    assert answer.status_code == 303, Page(answer).words(".//form")
    shown = Page(browser.get(answer.location)).words(".//main")
    assert "Nothing is posted" in shown
    assert "Not due yet" in shown
    held_there = Page(browser.get(f"/invoices/{invoice_id}")).words(".//*[@id='held-cheques']")
    assert "25 Jun 2030" in held_there
    assert "held-cheques" not in browser.get(f"/invoices/{other}").text
    assert browser.get(f"{answer.location}/deposit").status_code == 303, "not due"
    wrong = given | {"cheque_no": "", "amount": "x"}
    assert send(alice, "/payments/cheques/new", **wrong).status_code == 422


def test_the_page_previews_and_records_a_deposit(alice: Person) -> None:
    invoice_id = issued(alice, line("60.00", quantity=1))
    cheque_id = held(alice, 10_000, invoice_id)
    browser, path = alice.tab, f"/payments/cheques/{cheque_id}"
    given = {"deposited_on": "26 Jun 2024"}
    looked = posted(Page(send(alice, f"{path}/deposit", then="look", **given)))
    for words in ("1100", "INR 100.00", "INR 60.00", "INR 40.00"):
        assert words in str(looked)
    early = send(alice, f"{path}/deposit", deposited_on="24 Jun 2024")
    assert "This one is dated 25 Jun" in Page(early).words(".//form")
    assert send(alice, f"{path}/deposit", **given).status_code == 303
    shown = Page(browser.get(path)).words(".//*[@id='cheque']")
    assert "26 Jun 2024" in shown
    assert browser.get(f"{path}/deposit").status_code == 303
    assert browser.get(f"{path}/return").status_code == 303
    back = held(alice)
    assert browser.get(f"/payments/cheques/{back}/return").status_code == 200
    assert send(alice, f"/payments/cheques/{back}/return", reason="").status_code == 422
    answer = send(alice, f"/payments/cheques/{back}/return", reason="Paid in cash")
    assert answer.status_code == 303
    assert "Paid in cash" in browser.get(f"/payments/cheques/{back}").text


def test_the_api_names_each_refusal(alice: Person) -> None:
    answer = alice.api.post("/received-cheques", json=body_of())
    assert answer.status_code == 201, answer.text
    path = f"/received-cheques/{answer.json['id']}"
    early = {"deposited_on": "2024-06-24"}
    assert code(alice.api.post(f"{path}/deposit", json=early)) == (409, "cheque_not_due")
    assert alice.api.post(f"{path}/deposit", json={}).json["status"] == "deposited"
    assert code(alice.api.post(f"{path}/deposit", json={})) == (409, "cheque_not_held")
    given = {"reason": "Too late"}
    assert code(alice.api.post(f"{path}/return", json=given)) == (409, "cheque_not_held")
    blank = alice.api.post("/received-cheques", json=body_of(cheque_no=" "))
    assert blank.status_code == 422


# Privacy
# --------------------------------------------------------------------------------


def test_an_erasure_waits_for_held_cheques_and_replaces_their_texts(alice: Person) -> None:
    named = {"note": "For Deepa Krishnan", "drawee_bank": "Bank of Deepa Krishnan"}
    cheque_id = held(alice, **named)
    with alice.acting():
        party_id = queries.get_cheque(cheque_id).party_id
    (blocking,) = alice.does(erasure.plan, party_id).blocked_by
    assert (blocking["kind"], blocking["id"]) == ("cheque", str(cheque_id))
    page = alice.tab.get(f"/parties/{party_id}/privacy/erase").text
    assert f"/payments/cheques/{cheque_id}" in page
    alice.does(service.give_back, cheque_id, reason="Deepa Krishnan paid in cash")
    erase(alice, party_id)
    found = cheque_of(alice, cheque_id)
    texts = [found[name] for name in ("party_name", "note", "drawee_bank", "return_reason")]
    assert all("Person " in words and "Deepa" not in words for words in texts), texts
