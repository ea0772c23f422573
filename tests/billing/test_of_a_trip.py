"""Invoices and bills of a trip: valid trips, until when they can change, defaults."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import carry_out, draft, draft_bill, issued, receive
from tests.billing.test_api import DRAWN, code
from tests.billing.test_bills_api import DRAWN as ENTERED
from tests.billing.test_effects import WANTED
from tests.billing.test_forms import LINES, TYPED, send
from tests.enquiries.reading import Page
from tests.ledger.books import bind, stored
from tests.people import Person
from tests.trips.things import a_trip
from voyagent.billing.core.views import documents
from voyagent.enquiries import service as enquiries
from voyagent.kernel.ids import new_id

BODIES = {"/invoices": DRAWN, "/bills": ENTERED}


@pytest.fixture(params=sorted(BODIES))
def path(request: pytest.FixtureRequest) -> str:
    found = request.param
    assert isinstance(found, str)
    return found


def test_a_draft_belongs_to_a_trip_and_can_move_to_another_or_none(
    alice: Person, path: str
) -> None:
    first, second = (str(a_trip(alice)) for _time in range(2))
    drawn = alice.api.post(path, json=BODIES[path] | {"trip_id": first})
    assert (drawn.status_code, drawn.json["trip_id"]) == (201, first), drawn.text
    mine = f"{path}/{drawn.json['id']}"
    for change, expected in (
        ({"notes": "Paid by card"}, first),
        ({"trip_id": second}, second),
        ({"trip_id": None}, None),
    ):
        assert alice.api.patch(mine, json=change).json["trip_id"] == expected
        assert alice.api.get(mine).json["trip_id"] == expected
        assert alice.api.get(path).json["items"][0]["trip_id"] == expected
    assert (
        alice.api.post(
            path,
            json=BODIES[path] | {"vendor_reference": "BSP-2"} if path == "/bills" else BODIES[path],
        ).json["trip_id"]
        is None
    )


def test_a_change_of_the_trip_is_audited(alice: Person, path: str, owner_engine: sa.Engine) -> None:
    trip_id = str(a_trip(alice))
    drawn = alice.api.post(path, json=BODIES[path]).json
    alice.api.patch(f"{path}/{drawn['id']}", json={"trip_id": trip_id})
    alice.api.patch(f"{path}/{drawn['id']}", json={"trip_id": trip_id})
    rows = stored(
        owner_engine,
        "select kind, entity_refs, inputs from audit_events where kind like '%.revised' and"
        " tenant_id = :t",
        t=alice.actor.tenant_id,
    )
    assert [(row["entity_refs"]["trip_id"], row["inputs"]) for row in rows] == [
        (trip_id, {"fields": [{"field": "trip_id"}]})
    ]


def test_an_unknown_or_foreign_trip_is_not_found(alice: Person, charlie: Person, path: str) -> None:
    mine = alice.api.post(path, json=BODIES[path]).json
    for unknown in (a_trip(charlie), new_id()):
        assert code(alice.api.post(path, json=BODIES[path] | {"trip_id": str(unknown)})) == (
            404,
            "trip_not_found",
        )
        assert code(alice.api.patch(f"{path}/{mine['id']}", json={"trip_id": str(unknown)})) == (
            404,
            "trip_not_found",
        )
    assert alice.api.post(path, json=BODIES[path] | {"trip_id": "x"}).status_code == 422
    assert alice.api.get(f"{path}/{mine['id']}").json["trip_id"] is None


def test_a_viewer_sees_the_trip_and_cannot_set_it(alice: Person, victor: Person, path: str) -> None:
    trip_id = str(a_trip(alice))
    drawn = alice.api.post(path, json=BODIES[path] | {"trip_id": trip_id}).json
    assert victor.api.get(f"{path}/{drawn['id']}").json["trip_id"] == trip_id
    assert victor.api.patch(f"{path}/{drawn['id']}", json={"trip_id": None}).status_code == 403


@pytest.mark.parametrize("engine", ["app_engine", "owner_engine"])
def test_a_posted_document_keeps_its_trip(
    alice: Person, charlie: Person, request: pytest.FixtureRequest, engine: str
) -> None:
    raw: sa.Engine = request.getfixturevalue(engine)
    trip_id, other, theirs = a_trip(alice), a_trip(alice), a_trip(charlie)

    def move(table: str, document: UUID, to: UUID | None) -> None:
        with raw.begin() as connection:
            bind(connection, alice)
            connection.execute(
                sa.text(f"update {table} set trip_id = :trip where id = :id"),
                {"id": document, "trip": to},
            )

    bills = receive(alice, trip_id=trip_id), draft_bill(alice, vendor_reference="BSP-2")
    for table, posted, begun in (
        ("invoices", issued(alice, trip_id=trip_id), draft(alice)),
        ("bills", *bills),
    ):
        for trip in (other, None):
            with pytest.raises(sa.exc.DBAPIError, match=r"posted .* cannot be changed"):
                move(table, posted, trip)
        with pytest.raises(sa.exc.IntegrityError, match=f"fk_{table}_trip"):
            move(table, begun, theirs)
        move(table, begun, other)


def test_an_invoice_that_the_assistant_creates_for_a_trip_belongs_to_it(alice: Person) -> None:
    trip_id = a_trip(alice)
    drawn: dict[str, Any] = alice.does(
        carry_out("draft_invoice"), WANTED | {"trip_id": str(trip_id)}
    )
    assert alice.api.get(f"/invoices/{drawn['invoice_id']}").json["trip_id"] == str(trip_id)


# The pages
# --------------------------------------------------------------------------------


FORMS = {
    "/invoices": TYPED | {"customer_name": "Deepa Krishnan"},
    "/bills": TYPED | {"vendor_name": "BSP India", "vendor_reference": "BSP-1"},
}


def offered(page: Page) -> list[tuple[str | None, bool]]:
    """Return the options of the trip field, with the selected one."""
    return [
        (option.get("value"), option.get("selected") is not None)
        for option in page.all(".//select[@name='trip_id']/option")
    ]


def test_a_form_begins_with_the_trip_in_its_url(alice: Person, charlie: Person, path: str) -> None:
    assert offered(Page(alice.tab.get(f"{path}/new"))) == [], (
        "an agency without trips is asked nothing"
    )
    older, newer = a_trip(alice), a_trip(alice)
    assert offered(Page(alice.tab.get(f"{path}/new"))) == [
        ("", False),
        (str(newer), False),
        (str(older), False),
    ]
    assert offered(Page(alice.tab.get(f"{path}/new?trip={older}"))) == [
        ("", False),
        (str(newer), False),
        (str(older), True),
    ]
    for unknown in (a_trip(charlie), new_id()):
        assert alice.tab.get(f"{path}/new?trip={unknown}").status_code == 404
    mine = send(alice, f"{path}/new", **FORMS[path], **LINES, trip_id=str(older)).headers[
        "Location"
    ]
    assert alice.api.get(mine).json["trip_id"] == str(older)
    assert f"/trips/{older}" in Page(alice.tab.get(mine)).links()
    assert offered(Page(alice.tab.get(f"{mine}/edit")))[2] == (str(older), True)
    assert (
        send(alice, f"{mine}/edit", **FORMS[path], **LINES, trip_id=str(newer)).status_code == 303
    )
    assert alice.api.get(mine).json["trip_id"] == str(newer)
    assert send(alice, f"{mine}/edit", **FORMS[path], **LINES, trip_id="").status_code == 303
    assert alice.api.get(mine).json["trip_id"] is None


def test_an_older_selected_trip_is_still_offered(
    alice: Person, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = a_trip(alice), a_trip(alice)
    monkeypatch.setattr(documents, "TRIPS_OFFERED", 1)
    assert offered(Page(alice.tab.get(f"{path}/new?trip={older}"))) == [
        ("", False),
        (str(newer), False),
        (str(older), True),
    ]


def test_a_form_refuses_an_unknown_trip(alice: Person, charlie: Person, path: str) -> None:
    a_trip(alice)
    for wrong in (str(a_trip(charlie)), "x"):
        answer = send(alice, f"{path}/new", **FORMS[path], **LINES, trip_id=wrong)
        assert answer.status_code == 422
        assert "We could not find that trip." in answer.text


def test_an_invoice_of_a_trip_begins_with_the_customer_of_its_enquiry(alice: Person) -> None:
    asked = alice.does(lambda actor: enquiries.create(actor, customer_name="Deepa Krishnan").id)
    trip_id = a_trip(alice, enquiry_id=asked)
    page = Page(alice.tab.get(f"/invoices/new?trip={trip_id}"))
    assert page.all(".//input[@name='customer_name']")[0].get("value") == "Deepa Krishnan"
    assert page.all(".//input[@name='enquiry_id']")[0].get("value") == str(asked)


def test_the_page_of_a_trip_links_to_both_forms_for_people_who_may_create(
    alice: Person, victor: Person
) -> None:
    trip_id = a_trip(alice)
    ways = {f"/invoices/new?trip={trip_id}", f"/bills/new?trip={trip_id}"}
    assert ways <= set(Page(alice.tab.get(f"/trips/{trip_id}")).links())
    assert not ways & set(Page(victor.tab.get(f"/trips/{trip_id}")).links())
