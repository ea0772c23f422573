"""Input tax above the highest rate of the day needs a reason."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.audit_rows import EVENTS
from tests.billing.papers import ISSUED, bill_seen, draft_bill, line
from tests.billing.test_effects import run_dry
from tests.billing.test_forms import send
from tests.enquiries.reading import Page
from tests.people import Person
from voyagent.billing.bills import service as bill_service
from voyagent.billing.core.errors import InputTaxAboveRate, TextTooLong
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden, NotFound
from voyagent.settings.service import tenant_settings as settings
from voyagent.taxes.rules import tables

WHY = "The hotel was billed at the former rate"


@pytest.fixture(autouse=True)
def _in_maharashtra(alice: Person) -> None:
    alice.does(settings.update, {"tax_number": "27AACCN6194P1ZP"})


def a_draft(person: Person, igst: str, *, claimed: bool = True, **given: Any) -> UUID:
    """Create a draft bill of 1,000.00 with a printed tax."""
    item: Any = line("1000.00", quantity=1) | {
        "bought_as": "cost",
        "input_taxes": {"igst": igst},
        "input_credit": claimed,
    }
    return draft_bill(person, item, **given)


def receive(person: Person, bill_id: UUID, reason: str | None = None) -> None:
    person.does(bill_service.receive_draft, bill_id, input_tax_reason=reason)


def test_the_highest_rate_is_that_of_the_day() -> None:
    assert tables.highest_percent_on("IN", ISSUED) == Decimal(18)
    assert tables.highest_percent_on("AE", ISSUED) == Decimal(5)
    assert tables.highest_percent_on("IN", date(2017, 6, 30)) is None
    assert tables.highest_percent_on("QA", ISSUED) is None


def test_one_rupee_above_the_highest_rate_is_tolerated(alice: Person) -> None:
    receive(alice, a_draft(alice, "181.00", vendor_reference="B-1"))
    with pytest.raises(InputTaxAboveRate) as refused:
        receive(alice, a_draft(alice, "181.01", vendor_reference="B-2"))
    assert refused.value.further is not None
    assert refused.value.further[1] == {
        "line": "1",
        "printed": "INR 181.01",
        "highest": "INR 180.00",
    }


def test_the_components_of_a_line_count_together(alice: Person) -> None:
    item: Any = line("1000.00", quantity=1) | {
        "bought_as": "cost",
        "input_taxes": {"cgst": "91.00", "sgst": "91.00"},
        "input_credit": True,
    }
    bill_id = draft_bill(alice, line("5000.00", quantity=1), item)
    with pytest.raises(InputTaxAboveRate) as refused:
        receive(alice, bill_id)
    assert refused.value.further is not None
    assert refused.value.further[1]["line"] == "2"


def test_a_tax_that_is_part_of_the_cost_is_not_checked(alice: Person) -> None:
    receive(alice, a_draft(alice, "900.00", claimed=False))


def test_a_reason_confirms_it_and_is_kept_in_the_audit(
    alice: Person, victor: Person, charlie: Person
) -> None:
    bill_id = a_draft(alice, "280.00")
    with pytest.raises(InputTaxAboveRate):
        receive(alice, bill_id, " ")
    with pytest.raises(TextTooLong):
        receive(alice, bill_id, "x" * 501)
    with pytest.raises(Forbidden):
        receive(victor, bill_id, WHY)
    with pytest.raises(NotFound):
        receive(charlie, bill_id, WHY)
    receive(alice, bill_id, f" {WHY} ")
    receive(alice, a_draft(alice, "180.00", vendor_reference="B-2"), "needless")
    reasons = f"select inputs->>'input_tax_reason' from {EVENTS}"
    with alice.acting():
        assert [one for one in db.session.scalars(sa.text(reasons)).all() if one] == [WHY]


def test_programs_confirm_in_the_body(alice: Person) -> None:
    path = f"/bills/{a_draft(alice, '280.00')}/receive"
    refused = alice.api.post(path)
    assert (refused.status_code, refused.json["detail"]) == (409, "input_tax_above_rate")  # type: ignore[index]
    said = "Line 1 has a tax of INR 280.00; at the highest rate it is INR 180.00."
    assert said in refused.json["message"]  # type: ignore[index]
    assert alice.api.post(path, json={"input_tax_reason": WHY}).status_code == 200


def test_the_page_asks_at_the_field(alice: Person) -> None:
    usual = a_draft(alice, "180.00", vendor_reference="B-2")
    assert "input_tax_reason" not in alice.tab.get(f"/bills/{usual}/receive").text
    bill_id = a_draft(alice, "280.00")
    path = f"/bills/{bill_id}/receive"
    hint = Page(alice.tab.get(path)).words(".//*[@id='input_tax_reason-hint']")
    assert "at the highest rate it is INR 180.00" in hint
    refused = send(alice, path)
    assert refused.status_code == 409
    assert Page(refused).words(".//*[@id='input_tax_reason-err']")
    assert send(alice, path, input_tax_reason=WHY).status_code == 303
    assert bill_seen(alice, bill_id)["status"] == "received"


def test_an_approver_sees_the_refusal(alice: Person) -> None:
    given: dict[str, Any] = {
        "vendor_name": "BSP India",
        "vendor_reference": "B-9",
        "issue_date": ISSUED.isoformat(),
        "due_date": ISSUED.isoformat(),
        "line_items": [
            {
                "description": "Hotel",
                "quantity": 1,
                "unit_price": "1000.00",
                "currency": "INR",
                "taxes": [{"component": "igst", "amount": "280.00"}],
                "input_credit": True,
            }
        ],
    }
    assert run_dry(alice, "receive_bill", given)["refusal"] == "input_tax_above_rate"
    assert "refusal" not in run_dry(alice, "receive_bill", given | {"input_tax_reason": WHY})
