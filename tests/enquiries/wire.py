"""Shared parts of the API tests of enquiries."""

from __future__ import annotations

import re
from typing import Any

from tests.people import Person

INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z")
FIELDS = {
    *(
        "id",
        "tenant_id",
        "created_by_user_id",
        "customer_name",
        "customer_email",
        "customer_phone",
        "origin",
        "destination",
        "depart_date",
    ),
    *(
        "return_date",
        "pax_count",
        "budget_amount",
        "budget_currency",
        "status",
        "status_source",
        "notes",
        "session_id",
        "created_at",
        "updated_at",
    ),
}
WHOLE = {
    "customer_name": "  Deepa Krishnan ",
    "customer_email": "anything at all",
    "customer_phone": "+91 94470 31822",
    "origin": "COK",
    "destination": "DXB",
    "depart_date": "2027-02-06",
    "return_date": "2027-02-06",
    "pax_count": 4,
    "budget_amount": "1234.567",
    "budget_currency": "KWD",
    "status": "quoted",
    "notes": "Two\nlines",
}


def logged(person: Person, **body: Any) -> dict[str, Any]:
    answer = person.api.post("/enquiries", json={"customer_name": "Deepa Krishnan"} | body)
    assert answer.status_code == 201, answer.text
    return answer.json


def detail(answer: Any) -> tuple[int, Any]:
    body = answer.json["detail"]
    return answer.status_code, (
        body if isinstance(body, str) else [(item["type"], item["loc"]) for item in body]
    )


def listed(person: Person, query: str = "") -> list[str]:
    answer = person.api.get(f"/enquiries{query}")
    assert answer.status_code == 200, answer.text
    return [item["customer_name"] for item in answer.json["items"]]
