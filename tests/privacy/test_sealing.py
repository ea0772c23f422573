"""Bank details, PANs, tax numbers and passport numbers are encrypted.

Those of earlier releases are encrypted too.
"""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from tests.billing.papers import draft, issued
from tests.people import Person
from tests.trips.things import PASSPORT, a_passenger, a_trip, keyring
from voyagent.billing.core.service import kept_papers
from voyagent.billing.invoices.queries import documents as invoices
from voyagent.billing.invoices.service import tax_numbers
from voyagent.billing.paper.documents import kept
from voyagent.kernel import person_keys
from voyagent.kernel.config import Settings
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.keyring import Keyring, SealBroken
from voyagent.parties.queries import PartySearch, list_parties
from voyagent.parties.service import parties
from voyagent.settings import queries as settings_queries
from voyagent.settings.service import tenant_settings
from voyagent.trips.queries import trips
from voyagent.trips.service import passengers, passports

BANK = "Bank of the Coast\nA/c 0012 3456 7890, IFSC BMCX0000123"
PAN = "AAPFU0939F"
GSTIN = f"27{PAN}1ZV"
OTHER_PAN = "AAAPL1234C"


def stored(engine: sa.Engine, table: str, person: Person) -> str:
    """Return the rows of an agency in a table as one text, bytes in hexadecimal form."""
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text(f"select t::text from {table} t where tenant_id = :t"),
            {"t": person.actor.tenant_id},
        ).scalars()
        return "\n".join(rows)


def rotated(settings: Settings) -> tuple[Keyring, Keyring]:
    """Return a keyring with a new secret and the old one, and one without the old.

    The new secret is the current one of both.
    """
    secret = type(settings.auth_secret)
    new = {"auth_secret": secret("another-secret-" + "1" * 40)}
    old = {"auth_secrets_previous": secret(settings.auth_secret.get_secret_value())}
    return (
        Keyring(settings.model_copy(update=new | old)),
        Keyring(settings.model_copy(update=new)),
    )


def test_bank_details_are_encrypted_and_read_everywhere(
    alice: Person, owner_engine: sa.Engine
) -> None:
    assert (
        alice.api.patch("/tenant-settings", json={"bank_details": BANK}).json["bank_details"]
        == BANK
    )
    assert alice.api.get("/tenant-settings").json["bank_details"] == BANK
    assert "IFSC" in alice.tab.get("/settings").text
    with alice.acting():
        letter = settings_queries.read_letterhead(SessionReader(db.session))
    assert letter["bank_details"] == BANK
    assert "0012 3456" not in stored(owner_engine, "tenant_settings", alice)
    assert "0012 3456" not in stored(owner_engine, "audit_events", alice)
    (event,) = alice.api.get("/audit?kind=settings.changed").json["items"]
    assert event["payload"]["inputs"]["fields"] == [{"field": "bank_details"}]


def test_bank_details_of_an_earlier_release_are_read_and_then_encrypted(
    alice: Person, owner_engine: sa.Engine
) -> None:
    alice.api.get("/tenant-settings")
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update tenant_settings set bank_details = :b where tenant_id = :t"),
            {"b": BANK, "t": alice.actor.tenant_id},
        )
    assert alice.api.get("/tenant-settings").json["bank_details"] == BANK
    with alice.acting():
        assert tenant_settings.reseal(keyring(alice)) == 1
    with alice.acting():
        assert tenant_settings.reseal(keyring(alice)) == 0
    assert alice.api.get("/tenant-settings").json["bank_details"] == BANK
    assert "0012 3456" not in stored(owner_engine, "tenant_settings", alice)


def test_a_pan_of_an_earlier_release_is_found_and_then_encrypted(
    alice: Person, owner_engine: sa.Engine
) -> None:
    invoice_id = draft(alice, customer_pan=PAN)
    assert alice.api.get(f"/invoices/{invoice_id}").json["customer_pan"] == PAN
    assert PAN not in stored(owner_engine, "invoices", alice)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text(
                "update invoices set customer_pan = :p, customer_pan_sealed = null,"
                " customer_pan_digest = null where id = :i"
            ),
            {"p": PAN, "i": invoice_id},
        )
    assert alice.api.get(f"/invoices/{invoice_id}").json["customer_pan"] == PAN
    with alice.acting():
        assert tax_numbers.reseal(keyring(alice)) == 1
    with alice.acting():
        assert tax_numbers.reseal(keyring(alice)) == 0
    assert alice.api.get(f"/invoices/{invoice_id}").json["customer_pan"] == PAN
    assert PAN not in stored(owner_engine, "invoices", alice)


def test_the_pan_of_an_issued_invoice_is_neither_added_nor_removed(
    alice: Person, owner_engine: sa.Engine
) -> None:
    with_pan = issued(alice, customer_pan=PAN)
    without = issued(alice)
    for invoice_id, pan in ((with_pan, None), (without, PAN)):
        with pytest.raises(sa.exc.IntegrityError), alice.acting():
            invoices.get_invoice(invoice_id).customer_pan = pan
            db.session.flush()


# Tax numbers
# --------------------------------------------------------------------------------


def a_business(person: Person, **more: str) -> str:
    """Return the id of a new customer with a GSTIN."""
    given = {"name": "Uma Traders", "is_customer": True, "country": "IN", "tax_number": GSTIN}
    values = given | more
    answer = person.api.post("/parties", json=values)
    assert (answer.status_code, answer.json["tax_number"]) == (201, values["tax_number"])
    return str(answer.json["id"])


def found(person: Person, text: str) -> list[str]:
    answer = person.api.get("/parties", query_string={"q": text})
    return [item["name"] for item in answer.json["items"]]


def test_the_tax_number_of_a_party_is_encrypted_and_shown_everywhere(
    alice: Person, owner_engine: sa.Engine
) -> None:
    party_id = a_business(alice)
    assert alice.api.get(f"/parties/{party_id}").json["tax_number"] == GSTIN
    assert alice.api.get("/parties").json["items"][0]["tax_number"] == GSTIN
    for path in ("/parties", f"/parties/{party_id}", f"/parties/{party_id}/edit"):
        assert GSTIN in alice.tab.get(path).text
    for table in ("parties", "audit_events", "audit_private"):
        assert PAN not in stored(owner_engine, table, alice).upper()
    alice.api.patch(f"/parties/{party_id}", json={"phone": "12345"})
    assert alice.api.get(f"/parties/{party_id}").json["tax_number"] == GSTIN
    alice.api.patch(f"/parties/{party_id}", json={"tax_number": None})
    assert (found(alice, GSTIN), found(alice, "Uma")) == ([], ["Uma Traders"])


def test_the_pan_of_a_party_is_encrypted(alice: Person, owner_engine: sa.Engine) -> None:
    party_id = a_business(alice, country=None, tax_number=None, pan=OTHER_PAN.lower())
    for path in (f"/parties/{party_id}", f"/parties/{party_id}/edit"):
        assert OTHER_PAN in alice.tab.get(path).text
    for table in ("parties", "audit_events", "audit_private"):
        assert OTHER_PAN not in stored(owner_engine, table, alice).upper()


def test_a_party_is_found_by_its_whole_tax_number_or_pan(alice: Person, charlie: Person) -> None:
    a_business(alice)
    a_business(alice, name="Emirates Trading", country="AE", tax_number="100-200 300")
    for text in (
        GSTIN,
        GSTIN.lower(),
        f" {GSTIN[:2]} {GSTIN[2:12]} {GSTIN[12:]}",
        PAN,
        PAN.lower(),
    ):
        assert found(alice, text) == ["Uma Traders"], text
    assert found(alice, "100-200300") == ["Emirates Trading"]
    assert found(alice, PAN[:5]) == found(alice, "27") == []
    assert found(charlie, GSTIN) == []


def test_a_tax_number_of_an_earlier_release_is_read_found_and_then_encrypted(
    alice: Person, owner_engine: sa.Engine
) -> None:
    party_id = a_business(alice)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text(
                "update parties set tax_number = :n, tax_number_sealed = null,"
                " tax_number_digests = null where id = :i"
            ),
            {"n": GSTIN, "i": party_id},
        )
    assert alice.api.get(f"/parties/{party_id}").json["tax_number"] == GSTIN
    assert found(alice, GSTIN) == ["Uma Traders"]
    with alice.acting():
        assert parties.reseal(keyring(alice)) == 1
    with alice.acting():
        assert parties.reseal(keyring(alice)) == 0
    assert found(alice, GSTIN) == ["Uma Traders"]
    assert PAN not in stored(owner_engine, "parties", alice).upper()


def test_a_new_secret_finds_and_encrypts_tax_numbers_again(
    alice: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_business(alice)
    a_business(alice, name="Varsha Traders", country=None, tax_number=None, pan=OTHER_PAN)
    invoice_id = draft(alice, customer_tax_number=GSTIN)
    both, alone = rotated(settings)
    monkeypatch.setattr("voyagent.kernel.keyring._current", [lambda: both])
    assert found(alice, GSTIN) == ["Uma Traders"], "with the earlier secret"
    assert found(alice, OTHER_PAN) == ["Varsha Traders"]
    with alice.acting():
        assert (parties.reseal(both), tax_numbers.reseal(both)) == (2, 1)
    with alice.acting():
        assert (parties.reseal(both), tax_numbers.reseal(both)) == (0, 0)
    monkeypatch.setattr("voyagent.kernel.keyring._current", [lambda: alone])
    with alice.acting():
        (row,) = list_parties(SessionReader(db.session), PartySearch(PAN)).items
        assert (row["name"], row["tax_number"]) == ("Uma Traders", GSTIN)
        (row,) = list_parties(SessionReader(db.session), PartySearch(OTHER_PAN)).items
        assert (row["name"], row["pan"]) == ("Varsha Traders", OTHER_PAN)
        assert invoices.get_invoice(invoice_id).customer_tax_number == GSTIN


def test_rows_are_encrypted_again_in_batches(
    alice: Person, charlie: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Uma Traders", "Varsha Traders", "Wadia Traders"):
        a_business(alice, name=name)
    a_business(charlie)
    both, _alone = rotated(settings)
    monkeypatch.setattr("voyagent.kernel.keyring._current", [lambda: both])
    monkeypatch.setattr("voyagent.kernel.resealing.ROWS_MAX", 2)
    done = []
    for _ in range(3):
        with alice.acting():
            done.append(parties.reseal(both))
    assert done == [2, 1, 0], "and none of another agency"


def test_the_tax_number_of_an_invoice_is_encrypted_also_after_its_issue(
    alice: Person, owner_engine: sa.Engine
) -> None:
    invoice_id = issued(alice, customer_tax_number=GSTIN)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text(
                "update invoices set customer_tax_number = :n, customer_tax_number_sealed = null"
                " where id = :i"
            ),
            {"n": GSTIN, "i": invoice_id},
        )
    assert alice.api.get(f"/invoices/{invoice_id}").json["customer_tax_number"] == GSTIN
    with alice.acting():
        assert tax_numbers.reseal(keyring(alice)) == 1
    with alice.acting():
        assert tax_numbers.reseal(keyring(alice)) == 0
    assert alice.api.get(f"/invoices/{invoice_id}").json["customer_tax_number"] == GSTIN
    assert GSTIN in alice.tab.get(f"/invoices/{invoice_id}").text
    for table in ("invoices", "audit_events", "audit_private"):
        assert PAN not in stored(owner_engine, table, alice).upper()


def test_the_tax_number_of_an_issued_invoice_is_neither_added_nor_removed(alice: Person) -> None:
    with_number = issued(alice, customer_tax_number=GSTIN)
    without = issued(alice)
    for invoice_id, number in ((with_number, None), (without, GSTIN)):
        with pytest.raises(sa.exc.IntegrityError), alice.acting():
            invoices.get_invoice(invoice_id).customer_tax_number = number
            db.session.flush()


def test_a_new_secret_encrypts_only_the_keys_of_people_again(
    alice: Person, settings: Settings
) -> None:
    person_id = a_passenger(alice, a_trip(alice), passport_number=PASSPORT)
    both, alone = rotated(settings)
    with alice.acting():
        before = person_keys.key_of(person_id)
        assert passengers.reseal(both) == 1
        assert person_keys.key_of(person_id) != before
        (sealed,) = db.session.execute(
            sa.text("select passport_sealed from trip_passengers where id = :i"), {"i": person_id}
        ).one()
        assert passports.opened(alone, person_id, bytes(sealed)) == PASSPORT


def test_a_new_secret_encrypts_kept_pdfs_again(
    alice: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice_id = issued(alice)
    path = f"/invoices/{invoice_id}/invoice.pdf"
    before = alice.api.get(path).data
    both, alone = rotated(settings)
    monkeypatch.setattr("voyagent.kernel.keyring._current", [lambda: both])
    with alice.acting():
        assert kept_papers.reseal(both) == 1
    with alice.acting():
        assert kept_papers.reseal(both) == 0
    monkeypatch.setattr("voyagent.kernel.keyring._current", [lambda: alone])
    with alice.acting():
        assert kept.keep("invoice", invoice_id) == before


def test_a_passport_number_of_an_earlier_release_gets_a_key_of_its_own(alice: Person) -> None:
    trip_id = a_trip(alice)
    person_id = a_passenger(alice, trip_id, passport_number=PASSPORT)
    with alice.acting():
        person_keys.destroy([person_id])
        one = trips.get_passenger(trip_id, person_id)
        one.passport_sealed = keyring(alice).seal(
            passports.PURPOSE, PASSPORT.encode(), bound_to=f"trip_passengers:{person_id}"
        )
    with alice.acting():
        one = trips.get_passenger(trip_id, person_id)
        assert passports.opened(keyring(alice), person_id, one.passport_sealed) == PASSPORT
        assert passengers.reseal(keyring(alice)) == 1
        assert passports.opened(keyring(alice), person_id, one.passport_sealed) == PASSPORT
        assert person_keys.key_of(person_id) is not None


def test_without_the_key_a_passport_number_cannot_be_read(alice: Person) -> None:
    trip_id = a_trip(alice)
    one, other = (a_passenger(alice, trip_id, passport_number=PASSPORT) for _ in range(2))
    with alice.acting():
        sealed = trips.get_passenger(trip_id, one).passport_sealed
        with pytest.raises(SealBroken):
            passports.opened(keyring(alice), other, sealed)
        assert person_keys.destroy([one]) == 1
        assert person_keys.destroy([one]) == 0
        assert passports.opened(keyring(alice), one, sealed) is None
        assert passports.opened(
            keyring(alice), other, trips.get_passenger(trip_id, other).passport_sealed
        )


def test_a_removed_passengers_key_is_destroyed(alice: Person) -> None:
    trip_id = a_trip(alice)
    person_id = a_passenger(
        alice, trip_id, passport_number=PASSPORT, date_of_birth=date(1986, 1, 3)
    )
    alice.does(passengers.remove_passenger, trip_id, person_id)
    with alice.acting():
        assert person_keys.key_of(person_id) is None


def test_keys_of_people_are_not_seen_by_another_agency(alice: Person, charlie: Person) -> None:
    person_id = a_passenger(alice, a_trip(alice), passport_number=PASSPORT)
    with charlie.acting():
        assert person_keys.key_of(person_id) is None
        assert person_keys.destroy([person_id]) == 0
