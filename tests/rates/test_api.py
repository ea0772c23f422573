"""The exchange rates API: list, enter and find."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.billing.test_api import code
from tests.people import Person
from tests.rates.entered import entered
from voyagent.kernel import clock

DAY = date(2026, 11, 18)
RATE = {"base": "USD", "quote": "INR", "rate": "84.205", "on": "2026-11-18", "source": "FBIL"}


def post(person: Person, **changes: Any) -> Any:
    return person.api.post("/exchange-rates", json=RATE | changes)


def find(person: Person, query: str = "currency=USD&on=2026-11-18") -> Any:
    return person.api.get(f"/exchange-rates/find?{query}")


def test_a_rate_is_entered_listed_and_found(alice: Person, charlie: Person) -> None:
    answer = post(alice)
    assert answer.status_code == 201, answer.text
    assert answer.json.items() >= (RATE | {"kind": "reference"}).items()
    assert answer.json["created_by"] == alice.actor.full_name
    listed = alice.api.get("/exchange-rates").json
    assert listed == {"items": [answer.json], "limit": 50, "next_cursor": None}
    assert find(alice).json == RATE | {"kind": "reference", "is_inverse": False}
    assert charlie.api.get("/exchange-rates").json["items"] == []
    assert find(charlie).status_code == 409


def test_a_rate_of_a_hundred_units_is_stored_for_one(alice: Person) -> None:
    answer = post(alice, base="JPY", rate="56.21", units=100)
    assert (answer.status_code, answer.json["rate"]) == (201, "0.5621")
    refused = post(alice, base="JPY", rate="56.2112345", units=100)
    assert code(refused) == (422, "rate_out_of_range")


def test_a_rate_in_the_other_direction_is_marked(alice: Person) -> None:
    post(alice, base="INR", quote="USD", rate="0.0119")
    assert find(alice).json["is_inverse"] is True


def test_a_missing_rate_names_currency_and_day(alice: Person) -> None:
    post(alice)
    answer = find(alice, "currency=USD&on=2026-11-26")
    assert code(answer) == (
        409,
        {"code": "rate_missing", "currency": "USD", "day": "2026-11-26"},
    )
    assert answer.json["message"] == (
        "There is no exchange rate for this day. Enter one under Exchange rates. The rate of USD on"
        " 26 Nov 2026 is needed."
    )
    assert find(alice, "currency=USD&on=2026-11-18&kind=card").status_code == 409
    assert code(find(alice, "currency=INR&on=2026-11-18")) == (422, "same_currency")


@pytest.mark.parametrize(
    ("changes", "detail", "sentence"),
    [
        ({"quote": "USD"}, "same_currency", "A rate needs two different currencies."),
        ({"quote": "AED"}, "rate_of_other_books", "must be the currency of your books"),
        ({"rate": "0"}, "rate_out_of_range", "Enter a rate above zero"),
        ({"on": "future"}, "rate_in_future", "The date is after today."),
    ],
)
def test_an_unusable_rate_is_refused_with_a_sentence(
    alice: Person, changes: dict[str, Any], detail: str, sentence: str
) -> None:
    if "on" in changes:
        tomorrow = clock.today(alice.actor.timezone) + timedelta(days=1)
        changes = {"on": tomorrow.isoformat()}
    answer = post(alice, **changes)
    assert code(answer) == (422, detail)
    assert sentence in answer.json["message"]


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({"base": "XYZ"}, "base"),
        ({"base": "usd"}, "base"),
        ({"rate": "1,000"}, "rate"),
        ({"rate": 84.2}, "rate"),
        ({"rate": "0.000000001"}, "rate"),
        ({"on": "2026-02-30"}, "on"),
        ({"source": " "}, "source"),
        ({"source": "x" * 65}, "source"),
        ({"kind": "spot"}, "kind"),
        ({"units": 10}, "units"),
        ({"units": "100"}, "units"),
        ({"rate_on": "2026-11-18"}, "rate_on"),
    ],
)
def test_input_that_breaks_the_schema_is_refused(
    alice: Person, changes: dict[str, Any], member: str
) -> None:
    answer = post(alice, **changes)
    assert answer.status_code == 422
    assert [item["loc"] for item in answer.json["detail"]] == [["body", member]]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "currency=USD",
        "on=2026-11-18",
        "currency=XYZ&on=2026-11-18",
        "currency=USD&on=soon",
        "currency=USD&on=2026-11-18&kind=spot",
    ],
)
def test_an_incomplete_question_is_refused(alice: Person, query: str) -> None:
    assert find(alice, query).status_code == 422


def test_a_viewer_reads_rates_and_enters_none(alice: Person, victor: Person) -> None:
    post(alice)
    assert find(victor).status_code == 200
    assert len(victor.api.get("/exchange-rates").json["items"]) == 1
    assert code(post(victor)) == (403, "forbidden_role")
    assert code(post(victor, rate="nonsense")) == (403, "forbidden_role")


def test_nobody_is_refused(alice: Person) -> None:
    client = alice.app.test_client()
    for path in ("/api/exchange-rates", "/api/exchange-rates/find?currency=USD&on=2026-11-18"):
        assert client.get(path).status_code == 401
    assert client.post("/api/exchange-rates", json=RATE).status_code == 401


def test_the_list_is_filtered_and_paged(alice: Person) -> None:
    for days, pair, kind in (
        (0, ("USD", "INR"), "reference"),
        (1, ("AED", "INR"), "reference"),
        (2, ("INR", "USD"), "bank_sell"),
    ):
        entered(alice, DAY - timedelta(days=days), "2", pair=pair, kind=kind)  # type: ignore[arg-type]

    def days_of(query: str) -> list[str]:
        items = alice.api.get(f"/exchange-rates?{query}").json["items"]
        return [item["on"][-2:] for item in items]

    assert days_of("") == ["18", "17", "16"]
    assert days_of("currency=USD") == ["18", "16"]
    assert days_of("currency=USD&kind=bank_sell") == ["16"]
    assert days_of("from=2026-11-17&to=2026-11-17") == ["17"]
    assert days_of("currency=&kind=&from=&to=") == ["18", "17", "16"]
    first = alice.api.get("/exchange-rates?limit=2").json
    assert days_of(f"limit=2&cursor={first['next_cursor']}") == ["16"]
    for wrong in ("currency=XYZ", "kind=spot", "from=2026-11-18&to=2026-11-17", "cursor=x"):
        assert alice.api.get(f"/exchange-rates?{wrong}").status_code == 422


def test_of_one_day_the_rate_that_counts_comes_first(alice: Person) -> None:
    entered(alice, DAY, "842.05")
    entered(alice, DAY, "84.205")
    items = alice.api.get("/exchange-rates").json["items"]
    assert [item["rate"] for item in items] == ["84.205", "842.05"]
