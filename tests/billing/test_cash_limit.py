"""Cash of the amount that the law forbids is refused unless a reason confirms it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.audit_rows import EVENTS
from tests.billing.papers import DUE, advance, issued, line
from tests.billing.test_effects import run_dry
from tests.billing.test_exchange import booked, exchanged
from tests.billing.test_forms import send
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.people import People, Person
from tests.trips.things import a_trip
from voyagent.billing.core.service.charges import Charge
from voyagent.billing.payments.errors import CashLimit
from voyagent.billing.payments.service import allocations, reversals
from voyagent.billing.payments.service.deducting import Tds
from voyagent.billing.payments.service.settling import Part
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.money import Money
from voyagent.settings.service import tenant_settings as settings
from voyagent.taxes.rules import tables

LAKH = 10_000_000
"""One lakh rupees in paise."""
LIMIT, HALF = 2 * LAKH, LAKH
WHY = "The bank was closed, adviser informed"


def cash(person: Person, minor: int, *parts: Part, on: date = DUE, **given: Any) -> UUID:
    return advance(person, minor, on, *parts, **{"account": "cash"} | given)


def invoice(person: Person, rupees: str = "500000.00", trip_id: UUID | None = None) -> UUID:
    return issued(person, line(rupees, quantity=1), trip_id=trip_id)


def test_the_limit_is_a_dated_row() -> None:
    assert tables.cash_limit_on("IN", date(2017, 4, 1)) == Decimal(200_000)
    assert tables.cash_limit_on("IN", date(2017, 3, 31)) is None
    assert tables.cash_limit_on("AE", DUE) is None


def test_a_receipt_reaches_the_limit(alice: Person) -> None:
    with pytest.raises(CashLimit) as refused:
        cash(alice, LIMIT)
    assert refused.value.further is not None
    assert refused.value.further[1] == {"amount": "INR 2,00,000.00", "limit": "INR 2,00,000.00"}
    cash(alice, LIMIT - 1)


def test_tax_that_the_customer_deducted_is_no_cash(alice: Person) -> None:
    tds = Tds(Money(HALF, "INR"), "194H")
    cash(alice, LIMIT - 2, tds=tds, charge=Charge(reason=WHY))
    cash(alice, 1, tds=tds, charge=Charge(reason=WHY))
    with pytest.raises(CashLimit):
        cash(alice, 1)


def test_receipts_of_a_customer_on_a_day_reach_it_together(alice: Person, charlie: Person) -> None:
    cash(alice, HALF + HALF // 2)
    with pytest.raises(CashLimit):
        cash(alice, HALF // 2, party_name="DEEPA krishnan")
    cash(alice, HALF // 2 - 1)
    cash(alice, HALF, on=DUE + timedelta(days=1))
    cash(alice, HALF, party_name="Anil Kurup")
    cash(charlie, HALF)


def test_only_cash_from_customers_in_rupees_counts(alice: Person) -> None:
    cash(alice, LIMIT, account="bank")
    cash(alice, LIMIT, direction="out")
    cash(alice, LIMIT, currency="AED")
    cash(alice, LIMIT - 1)


def test_a_reversed_receipt_does_not_count(alice: Person) -> None:
    alice.does(reversals.reverse_payment, cash(alice, LIMIT - 1), reason="Mistake", on=DUE)
    cash(alice, LIMIT - 1)


def test_an_agency_of_another_country_has_no_limit(alice: Person) -> None:
    alice.does(settings.update, {"tax_number": "100000000000003"})
    cash(alice, LIMIT)


def test_receipts_for_an_invoice_reach_it_on_several_days(alice: Person) -> None:
    invoice_id = invoice(alice)
    cash(alice, HALF, Part(invoice_id, Money(HALF, "INR")))
    with pytest.raises(CashLimit):
        cash(alice, HALF, Part(invoice_id, Money(HALF, "INR")), on=DUE + timedelta(days=1))
    cash(alice, HALF, Part(invoice(alice), Money(HALF, "INR")), on=DUE + timedelta(days=1))


def test_receipts_for_a_trip_reach_it_over_its_invoices(alice: Person) -> None:
    trip_id = a_trip(alice)
    first, second = invoice(alice, trip_id=trip_id), invoice(alice, trip_id=trip_id)
    cash(alice, HALF, Part(first, Money(HALF, "INR")))
    with pytest.raises(CashLimit):
        cash(alice, HALF, Part(second, Money(HALF, "INR")), on=DUE + timedelta(days=1))
    with pytest.raises(CashLimit):
        cash(
            alice,
            LIMIT - 2,
            Part(first, Money(LAKH, "INR")),
            Part(second, Money(LAKH - 2, "INR")),
            on=DUE + timedelta(days=1),
        )


def test_an_advance_reaches_it_when_it_is_allocated(alice: Person) -> None:
    invoice_id = invoice(alice)
    one, other = cash(alice, HALF), cash(alice, HALF, on=DUE + timedelta(days=1))
    part = [Part(invoice_id, Money(HALF, "INR"))]
    alice.does(allocations.allocate, one, parts=part)
    with pytest.raises(CashLimit):
        alice.does(allocations.allocate, other, parts=part)
    alice.does(allocations.allocate, other, parts=part, over_cash_limit_reason=WHY)
    assert reasons(alice) == [WHY]


def test_the_reason_is_kept_if_the_cash_settles_another_currency(alice: Person) -> None:
    part = exchanged(booked(alice, "5000.00", "80"), HALF, 125_000)
    first, second = (cash(alice, HALF, on=DUE + timedelta(days=one)) for one in (0, 1))
    alice.does(allocations.allocate, first, parts=[part])
    alice.does(allocations.allocate, second, parts=[part], over_cash_limit_reason=WHY)
    assert reasons(alice) == [WHY]
    assert over_limit(alice) == ["payment.allocated"]


def test_a_reason_and_the_permission_confirm_it(alice: Person, people: People) -> None:
    with pytest.raises(CashLimit):
        cash(alice, LIMIT, over_cash_limit_reason=" ")
    agent = people.colleague(alice, "Asha Agent", role="agent").granted("payment.record")
    with pytest.raises(Forbidden):
        cash(agent, LIMIT, over_cash_limit_reason=WHY)
    cash(alice, LIMIT, over_cash_limit_reason=f" {WHY} ")
    cash(alice, 1, on=DUE + timedelta(days=1), over_cash_limit_reason="needless")
    assert reasons(alice) == [WHY]
    assert over_limit(alice) == ["payment.received"]


def test_two_at_the_same_moment_do_not_pass_together(alice: Person) -> None:
    def one() -> UUID:
        return cash(alice, HALF)

    answers = at_once([one, one, one])
    assert sum(isinstance(answer, UUID) for answer in answers) == 1
    assert sum(isinstance(answer, CashLimit) for answer in answers) == 2


def test_two_for_a_trip_do_not_pass_together(alice: Person) -> None:
    trip_id = a_trip(alice)

    def paying(invoice_id: UUID, on: date) -> Callable[[], UUID]:
        return lambda: cash(alice, HALF, Part(invoice_id, Money(HALF, "INR")), on=on)

    # In two financial years the receipts have two number series.
    days = (date(2025, 3, 31), date(2025, 4, 1))
    answers = at_once([paying(invoice(alice, trip_id=trip_id), on) for on in days])
    assert sorted(type(answer).__name__ for answer in answers) == ["CashLimit", "UUID"]


def test_programs_confirm_in_the_body(alice: Person) -> None:
    path = f"/invoices/{invoice(alice)}/receipts"
    body = {"amount": "200000.00", "account": "cash", "paid_on": DUE.isoformat()}
    refused = alice.api.post(path, json=body)
    assert (refused.status_code, refused.json["detail"]) == (409, "cash_limit")  # type: ignore[index]
    assert "From this customer on this day: INR 2,00,000.00." in refused.json["message"]  # type: ignore[index]
    answer = alice.api.post(path, json=body | {"over_cash_limit_reason": WHY})
    assert answer.status_code == 201
    payment = {"party_name": "Anil", "currency": "INR"} | body
    assert alice.api.post("/payments", json=payment).json["detail"] == "cash_limit"  # type: ignore[index]
    confirmed = alice.api.post("/payments", json=payment | {"over_cash_limit_reason": WHY})
    assert confirmed.status_code == 201


def test_pages_ask_at_the_field(alice: Person) -> None:
    typed = {"amount": "2,00,000", "account": "cash", "paid_on": "25 Jun 2024"}
    for path, given in (
        (f"/invoices/{invoice(alice)}/receipt", typed),
        (
            "/payments/new",
            typed | {"direction": "in", "party_name": "Anil Kurup", "currency": "INR"},
        ),
    ):
        assert "over_cash_limit_reason" not in alice.tab.get(path).text
        refused = send(alice, path, **given)
        assert refused.status_code == 422
        said = Page(refused).words(".//*[@id='over_cash_limit_reason-err']")
        assert "The limit is INR 2,00,000.00." in said
        assert send(alice, path, **given, over_cash_limit_reason=WHY).status_code == 303


def test_an_approver_sees_the_refusal(alice: Person) -> None:
    given = {
        "invoice_id": str(invoice(alice)),
        "amount": "200000.00",
        "currency": "INR",
        "paid_on": DUE.isoformat(),
        "account": "cash",
    }
    assert run_dry(alice, "record_receipt", given)["refusal"] == "cash_limit"
    confirmed = run_dry(alice, "record_receipt", given | {"over_cash_limit_reason": WHY})
    assert "refusal" not in confirmed


def reasons(person: Person) -> list[str]:
    """Return the reasons in the audit log."""
    found = f"select inputs->>'over_cash_limit_reason' from {EVENTS}"
    with person.acting():
        return [one for one in db.session.scalars(sa.text(found)).all() if one]


def over_limit(person: Person) -> list[str]:
    """Return the kinds of the events that say that the limit was exceeded."""
    found = f"select kind from {EVENTS} where outputs->>'is_over_cash_limit' = 'true'"
    with person.acting():
        return list(db.session.scalars(sa.text(found)))
