"""Services given and not billed or not invoiced, and their accrued cost."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from tests.billing.papers import issue
from tests.billing.test_expected_bills import booked
from tests.billing.test_from_trips import drafted
from tests.people import Person
from tests.trips.things import CREEK, a_trip
from voyagent.billing.bills import service as bills

NOVEMBER = date(2024, 11, 1)
STAY = CREEK.model_copy(update={"check_in": date(2024, 11, 27), "check_out": date(2024, 11, 30)})


def missing(person: Person, month: str = "2024-11") -> dict[str, Any]:
    answer = person.api.get(f"/months/{month}/open-services")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_services_given_without_bill_or_invoice_are_listed_at_closing(
    alice: Person, bob: Person, charlie: Person
) -> None:
    trip_id = a_trip(alice)
    line_id = booked(alice, trip_id, STAY, price="180.00")
    booked(alice, trip_id)  # in 2026
    (unbilled,), (uninvoiced,) = (missing(alice)[name] for name in ("unbilled", "uninvoiced"))
    for one in (unbilled, uninvoiced):
        assert (one["trip_line_id"], one["given_on"]) == (str(line_id), "2024-11-30")
        assert (one["service"], one["supplier"]) == (STAY.name, "Marsa Hotels")
    assert (unbilled["open_amount"], uninvoiced["price"]) == ("150.00", "180.00")
    assert [len(rows) for rows in missing(alice, "2024-10").values() if isinstance(rows, list)] == [
        0,
        0,
    ]
    assert missing(charlie)["unbilled"] == missing(charlie)["uninvoiced"] == []
    closing = alice.browser.get("/months/2024-11/close").text
    assert "1 service was given whose bill has not come." in closing
    assert "1 service was given that is not invoiced." in closing
    page = alice.browser.get("/months/2024-11/accruals").text
    assert page.count(STAY.name) == 2
    assert bob.browser.get("/months/2024-11/accruals").status_code == 403
    draft_id, _left_out = drafted(alice, trip_id, line_ids=[line_id], customer_name="Deepa")
    assert missing(alice)["uninvoiced"], "a draft is no invoice"
    issue(alice, draft_id)
    body = {
        "expected_bill_ids": [unbilled["expected_bill_id"]],
        "vendor_reference": "M-1",
        "issue_date": "2024-12-09",
    }
    bill_id = alice.api.post("/bills/from-expected", json=body).json["id"]
    alice.does(bills.receive_draft, UUID(bill_id))
    assert missing(alice)["unbilled"] == missing(alice)["uninvoiced"] == []
    assert "was given" not in alice.browser.get("/months/2024-11/close").text
    assert alice.api.post("/months/2024-11/close").status_code == 200
