"""JSON API of the list of enquiries: filters, pages, dates and cost."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.enquiries.reading import watched
from tests.enquiries.wire import detail, listed, logged
from tests.people import Person


def test_a_page_lists_enquiries_newest_first_with_page_data(alice: Person) -> None:
    for number in range(3):
        logged(alice, customer_name=f"Customer {number}")
    page = alice.api.get("/enquiries?limit=2&offset=1").json
    assert [item["customer_name"] for item in page["items"]] == ["Customer 1", "Customer 0"]
    assert (page["total"], page["limit"], page["offset"], page["next_cursor"]) == (3, 2, 1, None)


def test_a_cursor_continues_after_the_page(alice: Person) -> None:
    for number in range(5):
        logged(alice, customer_name=f"Customer {number}", status="quoted" if number % 2 else "new")
    seen, cursor = [], ""
    while cursor is not None:
        page = alice.api.get(f"/enquiries?limit=2&cursor={cursor}").json
        seen += [item["customer_name"] for item in page["items"]]
        assert page["total"] == 5
        cursor = page["next_cursor"]
    assert seen == [f"Customer {number}" for number in range(4, -1, -1)]
    assert detail(alice.api.get("/enquiries?cursor=forged")) == (422, "invalid_cursor")


@pytest.mark.parametrize("query", ["", "&status=new", "&q=deepa", "&depart_from=2000-01-01"])
def test_a_page_past_the_end_is_empty_with_the_correct_total(alice: Person, query: str) -> None:
    for _number in range(2):
        logged(alice, depart_date="2027-01-01")
    for offset in (2, 3, 2147483647):
        page = alice.api.get(f"/enquiries?offset={offset}{query}").json
        assert (page["items"], page["total"], page["offset"], page["next_cursor"]) == (
            [],
            2,
            offset,
            None,
        )


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=x", "limit"),
        ("offset=-1", "offset"),
        ("offset=2147483648", "offset"),
        ("status=open", "status"),
        ("q=" + "x" * 256, "q"),
        ("customer_email=" + "x" * 256, "customer_email"),
        ("origin=" + "x" * 129, "origin"),
        ("destination=" + "x" * 129, "destination"),
        ("depart_from=2027-13-01", "depart_from"),
        ("depart_to=1899-01-01", "depart_to"),
        ("created_from=yesterday", "created_from"),
        ("created_to=2201-01-01", "created_to"),
        ("tz=Mars/Olympus", "tz"),
        ("status=new&status=booked", "status"),
        ("q=a%00b", "q"),
    ],
)
def test_an_invalid_filter_is_422_at_its_name(alice: Person, query: str, field: str) -> None:
    status, found = detail(alice.api.get(f"/enquiries?{query}"))
    assert status == 422
    assert found[0][1] == ["query", field]


def test_ranges_that_end_before_they_begin_have_error_codes(alice: Person) -> None:
    assert detail(alice.api.get("/enquiries?depart_from=2027-01-02&depart_to=2027-01-01")) == (
        422,
        "invalid_depart_range",
    )
    assert detail(alice.api.get("/enquiries?created_from=2027-01-02&created_to=2027-01-01")) == (
        422,
        "invalid_created_range",
    )


def test_every_filter_is_applied_unless_empty(alice: Person) -> None:
    logged(
        alice,
        customer_name="Wanted",
        customer_email="W@x.example",
        customer_phone="+91 98",
        origin="Kochi",
        destination="Dubai",
        depart_date="2027-02-06",
        status="quoted",
    )
    logged(alice, customer_name="Other", notes="wanted in the notes only", depart_date="2027-03-06")
    for query in (
        *(
            "status=quoted",
            "q=WANT",
            "q=x.EXA",
            "q=1+98",
            "q=koch",
            "q=ubai",
            "customer_email=w@X",
            "origin=OCH",
            "destination=dub",
        ),
        *(
            "depart_to=2027-02-06",
            "depart_from=2027-02-06&depart_to=2027-02-06",
            "status=quoted&q=wanted&origin=k&destination=d&customer_email=x&depart_from=2027-01-01",
        ),
    ):
        assert listed(alice, f"?{query}") == ["Wanted"], query
    empty = "&".join(
        f"{name}="
        for name in (
            "status",
            "q",
            "customer_email",
            "origin",
            "destination",
            "depart_from",
            "depart_to",
            "created_from",
            "created_to",
            "tz",
            "cursor",
        )
    )
    assert len(listed(alice, f"?{empty}")) == 2
    assert len(listed(alice, "?status=all&unknown=1")) == 2
    assert listed(alice, "?q=%25") == []
    assert listed(alice, "?q=wanted&status=booked") == []


def test_days_of_receipt_are_in_the_requested_time_zone(
    alice: Person, owner_engine: sa.Engine
) -> None:
    made = logged(alice)
    instants = {
        "first": "2026-03-01T00:00:00Z",
        "last": "2026-03-01T23:59:59.999999Z",
        "after": "2026-03-02T00:00:00Z",
    }
    ids = {
        name: made["id"] if name == "first" else logged(alice, customer_name=name)["id"]
        for name in instants
    }
    with owner_engine.begin() as connection:
        for name, instant in instants.items():
            connection.execute(
                sa.text(
                    "update enquiries set created_at = :at, customer_name = :name where id = :id"
                ),
                {"at": instant, "name": name, "id": ids[name]},
            )
    assert listed(alice, "?created_from=2026-03-01&created_to=2026-03-01") == ["last", "first"]
    assert listed(alice, "?created_from=2026-03-02&created_to=2026-03-02&tz=Asia/Kolkata") == [
        "after",
        "last",
    ]
    assert listed(alice, "?created_to=2026-02-28&tz=America/New_York") == ["first"]


def test_the_list_takes_one_round_trip_with_two_statements(
    app: Flask, alice: Person, statements: list[str]
) -> None:
    made = logged(alice, depart_date="2027-01-01")
    queries = (
        "",
        "?status=new",
        "?q=deepa&status=new",
        "?depart_from=2027-01-01&origin=x",
        "?offset=1000",
        "?depart_to=2027-01-01",
    )
    statements.clear()
    with watched(app) as trips:
        for query in queries:
            listed(alice, query)
        alice.api.get(f"/enquiries/{made['id']}")
    assert trips == [2] * (len(queries) + 1)
    assert statements == []
