"""Whole passport numbers are returned at a few known places, each with an event."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

import pytest

from tests.http.operations import CALLS, Call, made_by, makers_of
from tests.http.test_every_page import READ, PageMethod, knock
from tests.people import Person
from tests.privacy.people import PASSPORT, Subject, a_subject
from voyagent.drivers.paper import Paper
from voyagent.trips.queries import trips

WHOLE = {
    "GET /api/reports/itinerary": "passport.opened",
    "GET /api/privacy/parties/<party_id>/export": "privacy.exported",
    "GET /parties/<party_id>/privacy/export.json": "privacy.exported",
    "GET /parties/<party_id>/privacy/export.pdf": "privacy.exported",
}
"""The operations and pages that return whole numbers, and the event of each."""
STREAM = "GET /api/chat/sessions/<session_id>/events"
READS: list[Call | PageMethod] = [
    *(
        call
        for call in CALLS
        if call.operation.method == "GET" and not call.is_public and call.name != STREAM
    ),
    *READ,
]


@pytest.fixture(autouse=True)
def plain_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make PDFs whose text can be searched: the input of the typesetter."""

    def plain(_paper: Paper, name: str, data: dict[str, Any]) -> bytes:
        return f"{name} {data}".encode()

    monkeypatch.setattr(Paper, "pdf", plain)


def a_traveller(person: Person) -> Subject:
    """Create a customer with records of every kind, and a trip of the conversation."""
    one = a_subject(person)
    with person.acting():
        trips.get_trip(one.trip_id).session_id = one.session_id
    return one


class Reading:
    """A person who reads; the sign-in and other records are made once."""

    def __init__(self, person: Person) -> None:
        self.api, self.tab = person.api, person.tab
        self._person = person
        self._made: dict[tuple[object, ...], dict[str, object]] = {}

    def ids(self, what: Call | PageMethod, known: dict[str, Any]) -> dict[str, object]:
        """Return ids for a path: those of the subject, and others that are made."""
        makers = {name: make for name, make in makers_of(what).items() if not known.get(name)}
        kind = tuple(makers.items())
        if kind not in self._made:
            self._made[kind] = made_by(makers, self._person)
        return {name: known.get(name) or self._made[kind][name] for name in what.parameters}


def read(by: Reading, what: Call | PageMethod, one: Subject) -> bytes:
    """Return what a person reads of the subject's records."""
    address = what.address(**by.ids(what, vars(one)))
    if isinstance(what, Call):
        query = what.report_query(party="Deepa Krishnan")
        if "session_id" in what.query_fields:
            query["session_id"] = str(one.session_id)
        answer = by.api.get(address.removeprefix("/api"), query_string=query)
    else:
        answer = knock(by.tab, what, address)
    content = answer.get_data()
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(BytesIO(content)) as parts:  # a workbook
        return b"".join(map(parts.read, parts.namelist()))


def test_only_known_pages_and_operations_return_a_whole_passport_number(alice: Person) -> None:
    one, by = a_traveller(alice), Reading(alice)
    found = {what.name for what in READS if PASSPORT.encode() in read(by, what, one)}
    assert found == set(WHOLE)


@pytest.mark.parametrize("name", WHOLE)
def test_each_reading_of_a_whole_passport_number_is_an_event(alice: Person, name: str) -> None:
    one = a_traveller(alice)
    (what,) = [each for each in READS if each.name == name]
    read(Reading(alice), what, one)
    events = alice.api.get(f"/audit?kind={WHOLE[name]}").json["items"]
    assert len(events) >= 1
    assert PASSPORT not in str(events)


@pytest.mark.parametrize("name", ["show_trip", "read_itinerary"])
def test_no_act_of_the_assistant_returns_a_whole_passport_number(alice: Person, name: str) -> None:
    one = a_traveller(alice)
    answer = alice.api.post(f"/capabilities/{name}", json={"trip_id": str(one.trip_id)})
    assert answer.status_code == 200
    assert PASSPORT not in answer.text
