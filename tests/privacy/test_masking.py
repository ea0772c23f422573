"""Passport numbers are masked in free texts before they are stored.

The texts are those of the API and of forms.
"""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import TypeAdapter

from tests.people import Person, csrf
from voyagent.kernel.fields import Exact, Lines, Text, Trimmed

SAID, STORED = "Passport no. Z 1234567\nपासपोर्ट Z7654321", "Passport no. ••••4567\nपासपोर्ट ••••4321"
ONE, MASKED = "passport Z1234567", "passport ••••4567"


@pytest.mark.parametrize("kind", [Text(17), Lines(17), Trimmed(17)])
def test_each_type_of_free_text_masks_and_keeps_its_length(kind: object) -> None:
    adapter = TypeAdapter(Annotated[str, kind])
    assert adapter.validate_python(ONE) == MASKED
    assert len(adapter.validate_python("passport Z123456")) == len("passport Z123456")
    assert adapter.json_schema()["maxLength"] == 17


def test_an_exact_text_such_as_a_password_stays() -> None:
    assert TypeAdapter(Annotated[str, Exact(99)]).validate_python(ONE) == ONE


def test_notes_of_customers_enquiries_and_trips_are_masked(alice: Person) -> None:
    for path, body in (
        ("/parties", {"name": "Deepa Krishnan", "is_customer": True}),
        ("/enquiries", {"customer_name": "Deepa Krishnan"}),
        ("/trips", {"title": "Dubai"}),
    ):
        answer = alice.api.post(path, json=body | {"notes": SAID})
        assert (answer.status_code, answer.json["notes"]) == (201, STORED), path


def test_notes_of_a_form_are_masked(alice: Person) -> None:
    browser = alice.tab
    fields = {"name": "Deepa Krishnan", "is_customer": "1", "notes": ONE}
    sent = browser.post("/parties/new", data=fields | {"csrf_token": csrf(browser, "/parties/new")})
    assert sent.status_code == 303
    (party,) = alice.api.get("/parties").json["items"]
    assert party["notes"] == MASKED
