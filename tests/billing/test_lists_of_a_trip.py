"""Invoices and bills of one trip in API, pages and files.

An index finds them, also with other filters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import draft, issued, receive
from tests.enquiries.reading import Page
from tests.ledger.books import bind
from tests.people import Person
from tests.trips.things import a_trip
from voyagent.billing.bills.queries import BillSearch
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.queries.documents import by_day_statement
from voyagent.billing.invoices.queries.board import InvoiceSearch
from voyagent.kernel import clock
from voyagent.kernel.actor import Credential
from voyagent.kernel.database.statement_cache import compiled_for
from voyagent.kernel.ids import new_id

REFERENCES = iter(range(10_000))


def a_bill(person: Person, trip_id: UUID | None, name: str) -> UUID:
    return receive(
        person, vendor_name=name, vendor_reference=f"BSP-{next(REFERENCES)}", trip_id=trip_id
    )


MAKERS: dict[str, Callable[[Person, UUID | None, str], UUID]] = {
    "/invoices": lambda person, trip_id, name: issued(person, customer_name=name, trip_id=trip_id),
    "/bills": a_bill,
}


@pytest.fixture(params=sorted(MAKERS))
def path(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def dubai(alice: Person, charlie: Person, path: str) -> UUID:
    """Create a trip with two documents, beside documents of other trips.

    Others belong to no trip or to another agency.
    """
    trip_id = a_trip(alice)
    for of, name in (
        (trip_id, "Deepa Krishnan"),
        (a_trip(alice), "Deepa Krishnan"),
        (None, "Deepa Krishnan"),
        (trip_id, "Meera Nair"),
    ):
        MAKERS[path](alice, of, name)
    MAKERS[path](charlie, a_trip(charlie), "Deepa Krishnan")
    return trip_id


def listed(person: Person, path: str, **asked: Any) -> list[tuple[str, str]]:
    """Return customer and trip of the documents that the API lists, page by page."""
    found: list[tuple[str, str]] = []
    while True:
        answer = person.api.get(path, query_string=asked)
        assert answer.status_code == 200, answer.text
        found += [
            (item["customer_name" if path == "/invoices" else "vendor_name"], item["trip_id"])
            for item in answer.json["items"]
        ]
        if answer.json["next_cursor"] is None:
            return found
        asked["cursor"] = answer.json["next_cursor"]


def shown(person: Person, path: str, **asked: Any) -> Page:
    page = Page(person.tab.get(path, query_string=asked))
    assert page.status == 200
    return page


def test_the_api_filters_by_trip_together_with_other_filters(
    alice: Person, dubai: UUID, path: str
) -> None:
    deepa, meera = (("Deepa Krishnan", str(dubai)), ("Meera Nair", str(dubai)))
    for limit in (1, 50):
        assert listed(alice, path, trip_id=dubai, limit=limit) == [meera, deepa]
        assert listed(alice, path, trip_id=dubai, q="KRISHNAN", limit=limit) == [deepa]
        assert listed(alice, path, trip_id=dubai, q="a", limit=limit) == [meera, deepa]
    assert listed(alice, path, trip_id=dubai, q="nobody") == []
    assert listed(alice, path, trip_id=dubai, party="meera nair", status="open") == [meera]
    assert listed(alice, path, trip_id=dubai, status="draft") == []
    assert len(listed(alice, path, trip_id="")) == len(listed(alice, path)) == 4


def test_the_page_filters_by_trip_and_the_filter_can_be_removed(
    alice: Person, dubai: UUID, path: str
) -> None:
    assert sorted(shown(alice, path, trip=dubai).rows()) == ["Deepa Krishnan", "Meera Nair"]
    assert shown(alice, path, trip=dubai, q="krish").rows() == ["Deepa Krishnan"]
    assert shown(alice, path, trip=dubai, q="kr").rows() == ["Deepa Krishnan"]
    narrowed = shown(alice, path, trip=dubai, status="open")
    (chip,) = [
        link
        for link in narrowed.all(".//a[@class='v-chip v-chip-on']")
        if "Krishnan family, Dubai" in "".join(link.itertext())
    ]
    assert chip.attrib["href"] == f"{path}?status=open"
    assert narrowed.field("trip") == str(dubai), "a search within the list stays within the trip"
    assert {"status": ["draft"], "trip": [str(dubai)]} in [
        parse_qs(urlsplit(link).query) for link in narrowed.links()
    ], "the tabs keep it"
    assert len(shown(alice, path, trip="").rows()) == 4
    file = alice.tab.get(path, query_string={"trip": dubai, "format": "csv"}).text
    assert len(file.splitlines()) == 3


def test_the_page_of_a_trip_links_to_its_list(
    alice: Person, victor: Person, dubai: UUID, path: str
) -> None:
    for person in (alice, victor):
        assert f"{path}?trip={dubai}" in Page(person.tab.get(f"/trips/{dubai}")).links()


def test_an_unknown_trip_or_one_of_another_agency_has_no_documents(
    alice: Person, charlie: Person, dubai: UUID, path: str
) -> None:
    assert len(listed(alice, path)) == 4
    for unknown in (charlie.api.get(path).json["items"][0]["trip_id"], new_id()):
        assert listed(alice, path, trip_id=unknown) == []
        assert "No results" in (words := shown(alice, path, trip=unknown).words())
        assert ("Trip" in words, "Krishnan family" in words) == (True, False)
    assert listed(charlie, path, trip_id=dubai) == []
    assert "No results" in shown(charlie, path, trip=dubai).words()


def test_a_malformed_trip_id_is_refused_by_the_api_and_ignored_on_the_page(
    alice: Person, dubai: UUID, path: str
) -> None:
    for wrong in ("x", f"{dubai}0", "1"):
        answer = alice.api.get(f"{path}?trip_id={wrong}")
        assert (answer.status_code, answer.json["detail"][0]["loc"]) == (422, ["query", "trip_id"])
    page = Page(alice.tab.get(f"{path}?trip=x"))
    assert (page.status, len(page.rows())) == (422, 4)
    assert "Part of the address is not valid" in page.words()


CROWD = """
insert into trips (tenant_id, id, title, currency, created_by_user_id)
  select :t, md5(cast(:t as text) || n)::uuid, 'Dubai', 'INR', :u from generate_series(1, 400) n;
insert into invoices (tenant_id, id, status, issue_date, due_date, currency, total_minor,
  party_name, trip_id)
  select :t, gen_random_uuid(), 'draft', date '2026-01-01' + n % 300, date '2026-12-31', 'INR', 100,
  'Customer ' || n % 50, case when n % 2 = 0 then
  md5(cast(:t as text) || (1 + n % 400))::uuid end from generate_series(1, 8000) n;
insert into bills (tenant_id, id, status, vendor_reference, issue_date, due_date, currency,
  total_minor, party_name, trip_id)
  select :t, gen_random_uuid(), 'draft', 'C-' || n, date '2026-01-01' + n % 300, date '2026-12-31',
  'INR', 100, 'Supplier ' || n % 50, case when n % 2 = 0 then
  md5(cast(:t as text) || (1 + n % 400))::uuid end from generate_series(1, 8000) n;
analyze invoices;
analyze bills
"""


def test_documents_of_a_trip_are_found_by_an_index(alice: Person, owner_engine: sa.Engine) -> None:
    someone = alice.actor
    credential = Credential(
        someone.tenant_id, someone.user_id, someone.session_id or someone.tenant_id
    )
    searches = ((Invoice, InvoiceSearch, "ix_invoices_trip"), (Bill, BillSearch, "ix_bills_trip"))
    with owner_engine.connect() as connection, connection.begin() as never_kept:
        bind(connection, alice)
        for statement in CROWD.split(";"):
            connection.execute(
                sa.text(statement),
                {"t": someone.tenant_id, "u": someone.user_id} if ":t" in statement else {},
            )
        connection.execute(sa.text("set local role voyagent_app"))
        for model, search, index in searches:
            sql, values = compiled_for(
                by_day_statement(
                    model, ("id", "issue_date"), search(clock.today(), trip_id=new_id()), None
                ).limit(51),
                credential.tenant_id,
            )
            cursor = connection.connection.cursor()
            cursor.execute("explain " + sql, values)
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert index in plan, plan
        never_kept.rollback()


def test_a_draft_of_a_trip_is_listed(alice: Person) -> None:
    trip_id = a_trip(alice)
    draft(alice, trip_id=trip_id)
    assert listed(alice, "/invoices", trip_id=trip_id) == [("Deepa Krishnan", str(trip_id))]
