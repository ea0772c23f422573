"""The link of a draft card opens the form with everything that the card shows."""

from __future__ import annotations

from flask import Flask

from tests.enquiries.reading import Page
from tests.people import Person
from voyagent.assistant.views.transcript import draft_card

LINE = {"description": "Visa", "quantity": 2, "unit_price": "6500.00", "currency": "INR"}


def test_the_form_has_the_fields_of_the_card(app: Flask, alice: Person) -> None:
    block = {
        "type": "card",
        "capability": "receive_bill",
        "fields": {"vendor_name": "BSP & Sons", "due_date": "2027-01-20", "line_items": [LINE]},
        "missing": ["vendor_reference"],
        "words": {},
        "choices": {},
        "offered": [],
    }
    with app.test_request_context():
        card = draft_card(block)
    assert card is not None
    page = Page(alice.tab.get(card.edit_url))
    values = {one.attrib["name"]: one.attrib.get("value") for one in page.all(".//input[@name]")}
    assert values["vendor_name"] == "BSP & Sons"
    assert values["due_date"] == "20 Jan 2027"
    assert values["line_items-0-description"] == "Visa"
    assert values["line_items-0-quantity"] == "2"
