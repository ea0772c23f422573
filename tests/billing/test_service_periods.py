"""The first and last day of the service of a document line."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.billing.papers import draft, line
from tests.billing.test_bills_views import TYPED
from tests.billing.test_forms import LINES, send
from tests.enquiries.reading import Page
from tests.people import Person
from tests.trips.things import CREEK, RIDE, YAS
from voyagent.billing.core.errors import ServiceDatesInverted
from voyagent.trips.rules.details import service_days

FIRST, LAST = date(2024, 8, 1), date(2024, 8, 7)


def lasting(first: date | None, last: date | None, price: str = "100.00", **more: Any) -> Any:
    return line(price, quantity=1) | {"service_date": first, "service_to": last} | more


@pytest.mark.parametrize(("first", "last"), [(LAST, FIRST), (None, LAST)])
def test_a_service_does_not_end_before_it_begins(
    alice: Person, first: date | None, last: date
) -> None:
    with pytest.raises(ServiceDatesInverted):
        draft(alice, lasting(first, last))
    assert draft(alice, lasting(LAST, LAST))


def test_the_api_takes_and_gives_the_days_of_a_service(alice: Person) -> None:
    item = {"description": "Tour", "quantity": 1, "unit_price": "100.00"}
    dated = {"service_from": "2024-08-01", "service_to": "2024-08-07"}
    body: dict[str, Any] = {"issue_date": "2024-06-10", "currency": "INR"}
    for path, names in (
        ("/bills", {"vendor_name": "BSP India", "vendor_reference": "B-1"}),
        ("/invoices", {"customer_name": "Deepa Krishnan"}),
    ):
        made = alice.api.post(path, json=body | names | {"line_items": [item | dated]})
        assert made.status_code == 201, made.text
        kept = alice.api.patch(f"{path}/{made.json['id']}", json={"notes": "Kept"}).json
        (found,) = kept["line_items"]
        assert (found["service_date"], found["service_to"]) == ("2024-08-01", "2024-08-07")
        wrong = [item | dated | {"service_to": "2024-07-31"}]
        refused = alice.api.patch(f"{path}/{made.json['id']}", json={"line_items": wrong})
        assert (refused.status_code, refused.json["detail"]) == (422, "service_dates_inverted")


def test_the_form_of_a_bill_has_the_last_day(alice: Person) -> None:
    typed = TYPED | LINES | {"details": "y", "service_date": ["1 Aug 2024", "", ""]}
    typed |= {"service_to": ["7 Aug 2024", "", ""]}
    path = send(alice, "/bills/new", **typed).headers["Location"]
    edit = Page(alice.tab.get(f"{path}/edit"))
    assert edit.all(".//input[@name='service_to']")[0].get("value") == "7 Aug 2024"
    page = Page(alice.tab.get(path))
    assert "Service from 1 August 2024 to 7 August 2024" in page.words(".//*[@id='items']")
    typed |= {"vendor_reference": "B-2", "service_to": ["31 Jul 2024", "", ""]}
    refused = Page(send(alice, "/bills/new", **typed))
    assert refused.status == 422
    assert "A service can’t end before its first day." in refused.words(".//*[@id='line_items']")


def test_a_stay_lasts_until_its_last_night() -> None:
    assert service_days([CREEK]) == (date(2026, 12, 19), date(2026, 12, 22))
    assert service_days([YAS, CREEK, RIDE]) == (date(2026, 12, 19), date(2026, 12, 24))
    assert service_days([RIDE]) == (date(2026, 12, 23), None)
    assert service_days([]) == (None, None)
