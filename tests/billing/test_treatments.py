"""Confirmation of tax rates by a person, before their first use."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import draft, issue, issued
from tests.billing.test_api import code
from tests.billing.test_forms import send
from tests.billing.test_taxes import HERE, ON, taxed
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.people import Person, csrf_token
from voyagent.billing.core.errors import TaxNumberMissing
from voyagent.billing.treatments import service
from voyagent.billing.treatments.errors import (
    TaxRatesChanged,
    TreatmentConfirmed,
    TreatmentUnconfirmed,
)
from voyagent.kernel.actor import NotFresh
from voyagent.kernel.errors import Forbidden
from voyagent.taxes.rules import tables
from voyagent.taxes.rules.tables import UnknownTreatment

PATH = "/settings/tax-rates"
TEXT = "Notification 11/2017, entry 23(iii)"
PLACE = {"place_of_supply": "27", **ON}
NAMES = "Nobody has compared these tax rates with the law: Service fee."


@pytest.fixture
def agency(alice: Person) -> Person:
    """Alice's agency, in Maharashtra, which requires confirmed rates."""
    changes = {"tax_number": HERE, "confirm_treatments": True}
    assert alice.api.patch("/tenant-settings", json=changes).status_code == 200
    return alice


def required(person: Person, *, is_required: bool) -> None:
    changes = {"confirm_treatments": is_required}
    assert person.api.patch("/tenant-settings", json=changes).status_code == 200


def confirm(person: Person, treatment: str = "service_fee", **given: Any) -> None:
    values = {"rates_hash": tables.rates_hash("IN", treatment), "compared_with": TEXT} | given
    person.does(service.confirm, treatment, **values)


def states(person: Person) -> dict[str, str]:
    items = person.api.get("/tax-treatments").json["items"]
    return {one["treatment"]: one["state"] for one in items}


def a_draft(person: Person, *treatments: str) -> UUID:
    lines = (taxed("100", one) for one in treatments or ["service_fee"])
    return draft(person, *lines, **PLACE)


# The rule
# --------------------------------------------------------------------------------


def test_a_treatment_is_refused_until_somebody_has_confirmed_it(agency: Person) -> None:
    invoice_id = a_draft(agency, "service_fee", "exempt")
    refused = agency.api.post(f"/invoices/{invoice_id}/issue")
    assert code(refused) == (409, "treatment_unconfirmed")
    assert refused.json["treatments"] == ["service_fee", "exempt"]
    assert "Not confirmed: Service fee, Exempt or nil rated." in refused.json["message"]
    confirm(agency)
    with pytest.raises(TreatmentUnconfirmed):
        issue(agency, invoice_id)
    confirm(agency, "exempt")
    assert issue(agency, invoice_id) == "2026-27/000001"


def test_a_line_without_a_treatment_needs_no_confirmation(agency: Person) -> None:
    assert issue(agency, draft(agency, taxed("100", None), **PLACE))


def test_an_agency_that_does_not_require_it_issues_and_is_told(agency: Person) -> None:
    required(agency, is_required=False)
    invoice_id = a_draft(agency)
    for path in (f"/invoices/{invoice_id}", f"/invoices/{invoice_id}/issue"):
        assert NAMES in Page(agency.tab.get(path)).words(".//*[@id='unconfirmed']")
    assert issue(agency, invoice_id)


def test_what_was_used_before_stays_usable_but_a_draft_is_no_use(agency: Person) -> None:
    required(agency, is_required=False)
    issued(agency, taxed("100"), **PLACE)
    a_draft(agency, "tour_with_credit")
    required(agency, is_required=True)
    assert states(agency)["service_fee"] == "in_use"
    assert states(agency)["tour_with_credit"] == "unconfirmed"
    assert issue(agency, a_draft(agency))
    with pytest.raises(TreatmentUnconfirmed):
        issue(agency, a_draft(agency, "tour_with_credit"))


def test_changed_rates_must_be_confirmed_again(
    agency: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm(agency)
    issue(agency, a_draft(agency))
    rates = tables.rates_as_texts("IN", "service_fee")
    changed = [rates[0] | {"percent": "10"}, *rates[1:]]
    monkeypatch.setattr(tables, "rates_as_texts", lambda *_: changed)
    monkeypatch.setattr(tables, "rates_hash", lambda *_: "0" * 64)
    assert states(agency)["service_fee"] == "changed"
    with pytest.raises(TreatmentUnconfirmed):
        issue(agency, a_draft(agency))
    page = Page(agency.tab.get(f"{PATH}/confirm?treatment=service_fee"))
    rows = [page.words(f".//tbody/tr[{number}]/th") for number in range(1, 5)]
    assert rows == ["CGST new", "SGST", "IGST", "CGST no longer"]
    confirm(agency)
    assert issue(agency, a_draft(agency))


def test_an_invoice_keeps_whether_its_rates_were_confirmed(agency: Person) -> None:
    required(agency, is_required=False)
    before = issued(agency, taxed("100"), **PLACE)
    confirm(agency)
    after = issued(agency, taxed("100"), taxed("50", "tour_with_credit"), **PLACE)

    def confirmed(invoice_id: UUID) -> list[list[bool]]:
        lines = agency.api.get(f"/invoices/{invoice_id}").json["line_items"]
        return [[tax["confirmed"] for tax in line["taxes"]] for line in lines]

    assert confirmed(before) == [[False, False]]
    assert confirmed(after) == [[True, True], [False, False]]


# Confirming
# --------------------------------------------------------------------------------


def test_a_confirmation_names_the_person_the_text_and_the_rates(
    agency: Person, charlie: Person
) -> None:
    found = {one["treatment"]: one for one in agency.api.get("/tax-treatments").json["items"]}
    seen = found["room_up_to_7500"]
    assert (seen["state"], seen["confirmed_by"], seen["compared_with"]) == (
        "unconfirmed",
        None,
        None,
    )
    assert seen["rates"][0] == {
        "component": "cgst",
        "supply": "same_state",
        "percent": "6",
        "share": "100",
        "unit_above": None,
        "unit_up_to": "7500",
        "valid_from": "2017-07-01",
        "valid_to": "2025-09-21",
        "source": "CGST rate schedule for services; heading 9963",
    }
    assert seen["rates"][3]["valid_to"] is None
    body = {
        "treatment": "room_up_to_7500",
        "rates_hash": seen["rates_hash"],
        "compared_with": f" {TEXT} ",
    }
    answer = agency.api.post("/tax-treatments/confirm", json=body)
    assert answer.status_code == 201, answer.text
    assert (answer.json["state"], answer.json["confirmed_by"], answer.json["compared_with"]) == (
        "confirmed",
        agency.actor.full_name,
        TEXT,
    )
    assert code(agency.api.post("/tax-treatments/confirm", json=body)) == (
        409,
        "treatment_confirmed",
    )
    assert charlie.api.get("/tax-treatments").json["items"] == []


def test_refused_confirmations(agency: Person, bob: Person, charlie: Person) -> None:
    with pytest.raises(TaxRatesChanged):
        confirm(agency, rates_hash="0" * 64)
    with pytest.raises(UnknownTreatment):
        confirm(agency, "standard", rates_hash="0" * 64)
    with pytest.raises(TaxNumberMissing):
        confirm(charlie)
    with pytest.raises(Forbidden):
        confirm(bob)
    with pytest.raises(NotFresh):
        confirm(replace(agency, actor=replace(agency.actor, fresh=False)))
    body = {"treatment": "service_fee", "rates_hash": "x", "compared_with": ""}
    assert agency.api.post("/tax-treatments/confirm", json=body).status_code == 422
    assert set(states(agency).values()) == {"unconfirmed"}


def test_of_two_confirmations_at_once_one_counts(agency: Person) -> None:
    done = at_once([lambda: confirm(agency), lambda: confirm(agency)])
    assert sorted(str(type(one).__name__) for one in done) == ["NoneType", "TreatmentConfirmed"]
    with pytest.raises(TreatmentConfirmed):
        confirm(agency)


def test_a_confirmation_is_neither_changed_nor_deleted(agency: Person, app_engine: Any) -> None:
    confirm(agency)
    for statement in (
        "update tax_confirmations set compared_with = 'x'",
        "delete from tax_confirmations",
    ):
        with app_engine.begin() as connection, pytest.raises(sa.exc.ProgrammingError) as refused:
            connection.execute(sa.text(statement))
        assert "permission denied" in str(refused.value)


# Pages
# --------------------------------------------------------------------------------


def test_the_pages_show_the_rates_and_confirm_them(agency: Person) -> None:
    invoice_id = a_draft(agency)
    page = Page(agency.tab.get(f"/invoices/{invoice_id}/issue"))
    assert f"{NAMES} The invoice can’t be issued before" in page.words()
    assert PATH in page.links()
    browser = agency.tab
    refused = browser.post(
        f"/invoices/{invoice_id}/issue",
        data={"csrf_token": csrf_token(browser)},
        follow_redirects=True,
    )
    assert refused.request.path == f"/invoices/{invoice_id}/issue"
    assert "must first compare these tax rates with the law" in Page(refused).words()

    rates = Page(agency.tab.get(PATH))
    row = rates.words(".//tr[@id='treatment-air_domestic']")
    assert "CGST 9 % + SGST 9 %, or IGST 18 % of 5 % of the basic fare Not confirmed" in row
    rooms = rates.words(".//tr[@id='treatment-room']")
    assert "up to 7500: CGST 2.5 % + SGST 2.5 %, or IGST 5 %; above 7500: CGST 9 %" in rooms
    by_unit = Page(agency.tab.get(f"{PATH}/confirm?treatment=room")).words(".//table")
    assert "above 999.99, up to 2499.99" in by_unit
    path = f"{PATH}/confirm?treatment=service_fee"
    assert path in rates.links()
    form = Page(agency.tab.get(path))
    values = {"treatment": "service_fee", "rates_hash": form.field("rates_hash")}
    empty = send(agency, path, **values, compared_with=" ")
    assert empty.status_code == 422
    assert "Name the text with which" in Page(empty).error_at("compared_with")
    stale = send(agency, path, **values | {"rates_hash": "0" * 64}, compared_with=TEXT)
    assert stale.status_code == 422
    assert "These rates have changed since" in Page(stale).words()
    assert Page(stale).field("rates_hash") == values["rates_hash"]
    done = send(agency, path, **values, compared_with=TEXT)
    assert (done.status_code, done.location) == (303, PATH)
    row = Page(agency.tab.get(PATH)).words(".//tr[@id='treatment-service_fee']")
    assert f"Confirmed{agency.actor.full_name}" in row
    assert TEXT in row
    assert Page(agency.tab.get(path)).all(".//form[@id='confirm-form']") == []
    assert issue(agency, invoice_id)


def test_others_see_the_rates_but_no_form(agency: Person, bob: Person, charlie: Person) -> None:
    page = Page(bob.tab.get(PATH))
    assert "Service fee" in page.words()
    assert not [link for link in page.links() if "confirm" in link]
    assert bob.tab.get(f"{PATH}/confirm?treatment=service_fee").status_code == 403
    assert "The agency’s tax number decides" in Page(charlie.tab.get(PATH)).words()
    unknown = agency.tab.get(f"{PATH}/confirm?treatment=standard")
    assert (unknown.status_code, unknown.location) == (303, PATH)
