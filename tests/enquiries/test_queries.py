"""Queries of enquiries: counters, search, filters, pages and waiting time."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from tests.enquiries.acts import changed, counts, logged, names
from tests.people import Person
from voyagent.enquiries import service
from voyagent.enquiries.queries import enquiries
from voyagent.enquiries.queries.enquiries import EnquiryNotFound, Search
from voyagent.kernel import clock
from voyagent.kernel.pages import Cursor, Part


def test_counters_follow_every_insert_change_and_delete(
    alice: Person, charlie: Person, owner_engine: sa.Engine
) -> None:
    first, second = logged(alice), logged(alice, status="quoted")
    logged(charlie)
    assert counts(alice) == {"new": 1, "quoted": 1}
    changed(alice, first, status="booked")
    changed(alice, second, notes="no move")
    alice.does(service.cancel, second)
    assert counts(alice) == {"booked": 1, "cancelled": 1}
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update enquiries set status = 'new' where tenant_id = :t"),
            {"t": alice.actor.tenant_id},
        )
    assert counts(alice) == {"new": 2}
    with owner_engine.begin() as connection:
        connection.execute(sa.text("delete from enquiries where id = :id"), {"id": first})
    assert counts(alice) == {"new": 1}
    assert counts(charlie) == {"new": 1}


def test_five_fields_are_searched_case_insensitively_but_not_notes(
    alice: Person, charlie: Person
) -> None:
    logged(
        alice,
        "Zeta",
        customer_email="MAIL@x.example",
        customer_phone="+91 98140",
        origin="Kozhikode",
        destination="Jeddah",
        notes="hidden word",
    )
    logged(charlie, "Zeta")
    for text in ("zETa", "mail@X", "1 981", "KOZHI", "edda"):
        assert names(alice, text=text) == ["Zeta"], text
    assert names(alice, text="hidden") == []
    assert names(alice, text="zetamail") == []  # a match does not run from one field into the next
    with alice.reading() as reader:
        assert [
            found["customer_name"] for found in enquiries.find_by_text(reader, " jeddah ", 5)
        ] == ["Zeta"]


@pytest.mark.parametrize("text", ["50%", "a_b", "c\\d", "%", "_", "\\"])
def test_percent_underscore_and_backslash_are_literal(alice: Person, text: str) -> None:
    logged(alice, "Plain words")
    logged(alice, "50% off a_b c\\d")
    assert names(alice, text=text) == ["50% off a_b c\\d"]


def test_each_text_filter_searches_its_own_field(alice: Person) -> None:
    logged(alice, "Dubai", customer_email="dubai@x.example", origin="Kochi", destination="Oslo")
    logged(alice, "Other", origin="Dubai", destination="Kochi")
    assert names(alice, origin="dubai") == ["Other"]
    assert names(alice, destination="kochi") == ["Other"]
    assert names(alice, customer_email="DUBAI") == ["Dubai"]
    assert names(alice, text="dubai", destination="oslo") == ["Dubai"]
    assert names(alice, origin="ko") == ["Dubai"]


def test_all_filters_are_combined(alice: Person) -> None:
    today = clock.today()
    logged(alice, "Wanted", status="quoted", depart_date=date(2027, 2, 6))
    logged(alice, "Wanted too late", status="quoted", depart_date=date(2027, 2, 7))
    logged(alice, "Wanted but new", depart_date=date(2027, 2, 6))
    for text in (None, "wanted"):
        assert names(
            alice,
            text=text,
            status="quoted",
            depart_from=date(2027, 2, 6),
            depart_to=date(2027, 2, 6),
        ) == ["Wanted"]
        assert len(names(alice, text=text, created_from=today, created_to=today)) == 3
        assert names(alice, text=text, created_from=today + timedelta(days=1)) == []
        assert names(alice, text=text, created_to=today - timedelta(days=1)) == []


def test_ranges_that_end_before_they_begin_are_refused() -> None:
    with pytest.raises(enquiries.InvalidDepartRange):
        Search(
            depart_from=date(2027, 1, 2),
            depart_to=date(2027, 1, 1),
            created_from=date(2027, 1, 2),
            created_to=date(2027, 1, 1),
        ).check()
    with pytest.raises(enquiries.InvalidCreatedRange):
        Search(created_from=date(2027, 1, 2), created_to=date(2027, 1, 1)).check()
    Search(created_from=date(2027, 1, 1), created_to=date(2027, 1, 1)).check()


@pytest.mark.parametrize(
    "search",
    [
        Search(),
        Search(status="new"),
        Search(text="customer"),
        Search(text="cu"),
        Search(depart_from=date(2020, 1, 1)),
    ],
)
def test_pages_with_equal_times_have_no_gap_or_overlap(
    alice: Person, owner_engine: sa.Engine, search: Search
) -> None:
    made = [
        logged(alice, f"Customer {number}", depart_date=date(2027, 1, 1)) for number in range(5)
    ]
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update enquiries set created_at = '2026-01-01' where tenant_id = :t"),
            {"t": alice.actor.tenant_id},
        )
    wanted = sorted(made, reverse=True)
    with alice.reading() as reader:
        by_offset = [
            enquiries.list_enquiries(reader, search, Part(limit=2, offset=offset))
            for offset in (0, 2, 4)
        ]
        assert [found["id"] for page in by_offset for found in page.items] == wanted
        cursor, by_cursor = None, []
        for _step in range(3):
            page = enquiries.list_enquiries(reader, search, Part(limit=2, cursor=cursor))
            by_cursor += [found["id"] for found in page.items]
            cursor = Cursor.decode(page.next_cursor) if page.next_cursor else None
        assert by_cursor == wanted
        mark = Cursor(by_offset[2].items[0]["created_at"], by_offset[2].items[0]["id"])
        before = enquiries.list_enquiries(reader, search, Part(limit=2, cursor=mark, backward=True))
        assert [found["id"] for found in before.items] == wanted[2:4]
        past = enquiries.list_enquiries(reader, search, Part(limit=2, offset=99))
    assert {page.total for page in (*by_offset, before, past)} == {5}
    assert past.items == []


def test_the_longest_waiting_enquiry_comes_first(alice: Person) -> None:
    first, _booked, second = (
        logged(alice, "First"),
        logged(alice, "Booked", status="booked"),
        logged(alice, "Second"),
    )
    with alice.reading() as reader:
        assert [found["id"] for found in reader.read(enquiries.unanswered_statement())[0]] == [
            first,
            second,
        ]
        assert [found["id"] for found in reader.read(enquiries.unanswered_statement(1))[0]] == [
            first
        ]
        assert reader.read(sa.select(enquiries.new_count().label("n"))) == [[{"n": 2}]]


def test_an_unknown_enquiry_is_not_found(alice: Person) -> None:
    with alice.reading() as reader, pytest.raises(EnquiryNotFound):
        enquiries.get_row(reader, uuid4())
