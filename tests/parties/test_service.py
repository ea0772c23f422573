"""The rules of parties."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.billing.papers import issued, receive
from tests.people import People, Person
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id
from voyagent.parties import queries
from voyagent.parties.models import Party
from voyagent.parties.service import parties as service

GSTIN = "27AAPFU0939F1ZV"


def created(person: Person, name: str = "Deepa Krishnan", **values: Any) -> SimpleNamespace:
    return person.does(
        lambda actor: _read(service.create(actor, **{"name": name, "is_customer": True} | values))
    )


def changed(
    person: Person, party_id: Any, *, seen: datetime | None = None, **values: Any
) -> SimpleNamespace:
    return person.does(lambda actor: _read(service.update(actor, party_id, values, seen=seen)))


def _read(party: Party) -> SimpleNamespace:
    return SimpleNamespace(**queries.row_of(party))


def test_spaces_are_normalized_and_blank_values_are_null(alice: Person) -> None:
    party = created(alice, "  Deepa \t Krishnan ", phone=" ", notes="  Two\nlines ")
    assert (party.name, party.phone, party.notes, party.is_archived) == (
        "Deepa Krishnan",
        None,
        "Two\nlines",
        False,
    )


@pytest.mark.parametrize("name", ["", "  ", "x" * 256])
def test_a_name_is_required(alice: Person, name: str) -> None:
    with pytest.raises(service.PartyNameRequired):
        created(alice, name)


def test_a_rename_may_make_a_namesake_and_end_it(alice: Person) -> None:
    first, other = created(alice), created(alice, "Air India")
    changed(alice, other.id, name="DEEPA krishnan")
    with alice.acting():
        assert [one.id for one in queries.find_named("deepa Krishnan")] == [first.id, other.id]
    changed(alice, first.id, name="Deepa Menon")
    with alice.acting() as actor:
        assert service.party_of(actor, "customer", name="Deepa Krishnan").id == other.id
    changed(alice, other.id, name="Deepa K.")
    with alice.acting():
        assert queries.get_party(other.id).party_key == "deepa k."


def test_a_party_is_a_customer_a_supplier_or_both(alice: Person) -> None:
    with pytest.raises(service.PartyKindRequired):
        created(alice, is_customer=False)
    party = created(alice)
    assert changed(alice, party.id, is_supplier=True).is_supplier
    with pytest.raises(service.PartyKindRequired):
        changed(alice, party.id, is_customer=False, is_supplier=False)


@pytest.mark.parametrize(("days", "is_fine"), [(0, True), (365, True), (-1, False), (366, False)])
def test_terms_are_from_0_to_365_days(alice: Person, days: int, is_fine: bool) -> None:
    if is_fine:
        assert created(alice, terms_days=days).terms_days == days
        return
    with pytest.raises(service.InvalidTerms):
        created(alice, terms_days=days)


def test_too_long_texts_are_refused(alice: Person) -> None:
    for name, length in service.LENGTHS.items():
        if name != "name":
            with pytest.raises(service.PartyTextTooLong):
                created(alice, **{name: "x" * (length + 1)})


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"country": "XQ"}, service.UnknownCountry),
        ({"country": "ZZ"}, service.UnknownCountry),
        ({"country": "IN", "state": "99"}, service.UnknownState),
        ({"country": "AE", "state": "32"}, service.UnknownState),
        ({"state": "32"}, service.UnknownState),
        ({"country": "IN", "tax_number": "27AAPFU0939F1ZW"}, service.InvalidTaxNumber),
        ({"country": "IN", "state": "32", "tax_number": GSTIN}, service.StateIsNotOfNumber),
    ],
)
def test_country_state_and_tax_number_must_agree(
    alice: Person, values: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        created(alice, **values)


def test_the_state_is_taken_from_a_gstin(
    alice: Person,
) -> None:
    party = created(alice, country="IN", tax_number="27 aapfu0939f1zv")
    assert (party.tax_number, party.state) == (GSTIN, "27")
    abroad = created(alice, "Emirates", country="AE", tax_number="100-200 300")
    assert (abroad.tax_number, abroad.state) == ("100-200 300", None)
    moved = changed(alice, party.id, country="AE", tax_number=None)
    assert (moved.country, moved.state, moved.tax_number) == ("AE", None, None)


@pytest.mark.parametrize("in_books", ["an invoice", "a bill"])
def test_only_the_case_of_a_name_in_the_books_can_change(alice: Person, in_books: str) -> None:
    name = "Deepa Krishnan" if in_books == "an invoice" else "BSP India"
    party = created(alice, name, is_supplier=True)
    assert changed(alice, party.id, name="Somebody").name == "Somebody"
    changed(alice, party.id, name=name)
    _document = issued(alice) if in_books == "an invoice" else receive(alice)
    with pytest.raises(service.PartyInBooks):
        changed(alice, party.id, name="Somebody")
    assert changed(alice, party.id, name=name.upper()).name == name.upper()


def test_a_name_in_another_agencys_books_can_be_changed(alice: Person, charlie: Person) -> None:
    issued(charlie)
    assert changed(alice, created(alice).id, name="Somebody").name == "Somebody"


def test_an_update_without_changes_records_no_event(alice: Person) -> None:
    party = created(alice, terms_days=15)
    again = changed(alice, party.id, terms_days=15, name=" Deepa  Krishnan")
    assert again.updated_at == party.updated_at
    changed(alice, party.id, is_archived=True)
    with alice.reading() as reader:
        assert queries.list_parties(reader, queries.PartySearch()).items == []
        assert [
            row["name"]
            for row in queries.list_parties(reader, queries.PartySearch(is_archived=True)).items
        ] == ["Deepa Krishnan"]


def test_a_change_of_an_outdated_version_is_refused(alice: Person) -> None:
    party = created(alice)
    with pytest.raises(service.PartyChanged):
        changed(alice, party.id, phone="1", seen=party.updated_at - timedelta(seconds=1))
    assert changed(alice, party.id, phone="1", seen=party.updated_at).phone == "1"


def test_viewers_and_other_agencies_cannot_create_or_change(
    people: People, alice: Person, charlie: Person
) -> None:
    viewer = people.colleague(alice, "Vera Viewer", role="viewer")
    party = created(alice)
    with pytest.raises(Forbidden):
        created(viewer)
    with pytest.raises(Forbidden):
        changed(viewer, party.id, phone="1")
    for person, party_id in ((charlie, party.id), (alice, new_id())):
        with pytest.raises(queries.PartyNotFound):
            changed(person, party_id, phone="1")
