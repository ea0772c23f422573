"""The booked exchange rate of a document: entered as quoted, fixed once posted."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tests.billing.papers import describe
from tests.enquiries.reading import Page
from tests.people import Person, csrf_token
from voyagent.drivers.paper import Paper
from voyagent.reports.queries import checks

RATE = {"base": "USD", "quote": "INR", "rate": "83.00", "on": "2024-06-09", "source": "State Bank"}
RETURNED = RATE | {"rate": "83"}
LINE = {"description": "Desert safari", "quantity": 1, "unit_price": "1000.00"}
BODIES: dict[str, dict[str, Any]] = {
    "/invoices": {
        "customer_name": "Deepa Krishnan",
        "issue_date": "2024-06-10",
        "currency": "USD",
        "line_items": [LINE],
    },
    "/bills": {
        "vendor_name": "Gulf Tours",
        "vendor_reference": "B-1",
        "issue_date": "2024-06-10",
        "currency": "USD",
        "line_items": [LINE],
    },
}
PARTY = {"/invoices": "customer_name", "/bills": "vendor_name"}


@pytest.mark.parametrize("path", BODIES)
def test_a_rate_is_sent_and_returned_as_quoted(alice: Person, path: str) -> None:
    plain = alice.api.post(path, json=BODIES[path])
    assert (plain.status_code, plain.json["exchange_rate"]) == (201, None)
    here = f"{path}/{plain.json['id']}"
    assert alice.api.patch(here, json={"exchange_rate": RATE}).json["exchange_rate"] == RETURNED
    assert alice.api.patch(here, json={"notes": "Thank you"}).json["exchange_rate"] == RETURNED, (
        "what is absent stays"
    )
    assert alice.api.patch(here, json={"exchange_rate": None}).json["exchange_rate"] is None
    turned = {
        "base": "INR",
        "quote": "USD",
        "rate": "0.01204819",
        "on": "2024-06-09",
        "source": "State Bank",
    }
    assert alice.api.patch(here, json={"exchange_rate": turned}).json["exchange_rate"] == turned, (
        "the other way of quoting is a rate of its own"
    )
    assert alice.api.patch(here, json={"currency": "AED"}).json["exchange_rate"] is None, (
        "a rate of another currency goes with it"
    )
    assert alice.api.delete(here).status_code == 204
    drawn = alice.api.post(path, json=BODIES[path] | {"exchange_rate": RATE}).json
    here = f"{path}/{drawn['id']}"
    posted = alice.api.post(f"{here}/{'issue' if path == '/invoices' else 'receive'}").json
    assert (drawn["exchange_rate"], posted["exchange_rate"]) == (RETURNED, RETURNED)
    assert alice.api.patch(here, json={"exchange_rate": None}).status_code == 409, (
        "what was posted keeps its rate"
    )


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"rate": "0"}, 400, "invalid_rate"),
        ({"quote": "USD"}, 400, "invalid_rate"),
        ({"quote": "AED"}, 400, "rate_of_other_money"),
        ({"base": "EUR"}, 400, "rate_of_other_money"),
        ({"source": " "}, 422, None),
        ({"source": "x" * 65}, 422, None),
        ({"rate": "83.123456789"}, 422, None),
        ({"rate": "-83"}, 422, None),
        ({"rate": 83.0}, 422, None),
        ({"on": None}, 422, None),
        ({"buffer": "5"}, 422, None),
    ],
)
def test_a_rate_that_does_not_fit_the_document_is_refused(
    alice: Person, path: str, changed: Any, status: int, code: str | None
) -> None:
    answer = alice.api.post(path, json=BODIES[path] | {"exchange_rate": RATE | changed})
    assert answer.status_code == status, answer.text
    assert code is None or answer.json["detail"] == code
    here = f"{path}/{alice.api.post(path, json=BODIES[path]).json['id']}"
    answer = alice.api.patch(here, json={"exchange_rate": RATE | changed})
    assert answer.status_code == status
    assert code is None or answer.json["detail"] == code


@pytest.mark.parametrize(
    ("act", "party"),
    [
        ("draft_invoice", {"customer_name": "Deepa Krishnan"}),
        ("receive_bill", {"vendor_name": "Gulf Tours", "vendor_reference": "B-1"}),
    ],
)
def test_a_preview_shows_the_rate(alice: Person, act: str, party: dict[str, str]) -> None:
    asked = party | {
        "issue_date": "2024-06-10",
        "due_date": "2024-06-25",
        "line_items": [LINE | {"currency": "USD"}],
    }

    def shown(**given: Any) -> list[str]:
        with alice.acting() as actor:
            facts = describe(act)(actor, asked | given)["facts"]
        return [one["value"] for one in facts if one["label"] == "Exchange rate"]

    assert shown() == []
    assert shown(exchange_rate=RATE) == ["1 USD = 83 INR, State Bank, 9 Jun 2024"]


@pytest.mark.parametrize("path", BODIES)
def test_a_document_in_the_currency_of_the_books_has_no_rate(alice: Person, path: str) -> None:
    answer = alice.api.post(path, json=BODIES[path] | {"currency": "INR", "exchange_rate": RATE})
    assert (answer.status_code, answer.json["detail"]) == (400, "rate_of_other_money")


@pytest.mark.parametrize("table", ["invoices", "bills"])
def test_the_database_protects_the_rate_of_a_posted_document(
    alice: Person, owner_engine: sa.Engine, table: str
) -> None:
    drawn = alice.api.post(f"/{table}", json=BODIES[f"/{table}"] | {"exchange_rate": RATE}).json
    alice.api.post(f"/{table}/{drawn['id']}/{'issue' if table == 'invoices' else 'receive'}")
    for change in (
        "rate = 84",
        "rate_base = null, rate_quote = null, rate = null, rate_on = null, rate_source = null",
        "rate_source = 'Me'",
    ):
        with (
            owner_engine.begin() as connection,
            pytest.raises(sa.exc.DBAPIError, match="cannot be changed"),
        ):
            connection.execute(
                sa.text(f"update {table} set {change} where id = :id"), {"id": drawn["id"]}
            )
    half = alice.api.post(
        f"/{table}",
        json=(
            BODIES[f"/{table}"] | {"vendor_reference": "B-2"}
            if table == "bills"
            else BODIES["/invoices"]
        ),
    ).json
    with (
        owner_engine.begin() as connection,
        pytest.raises(sa.exc.IntegrityError, match=f"ck_{table}_rate"),
    ):
        connection.execute(
            sa.text(f"update {table} set rate = 84 where id = :id"), {"id": half["id"]}
        )


@pytest.mark.parametrize("path", BODIES)
def test_the_form_has_a_rate_only_for_a_foreign_document(alice: Person, path: str) -> None:
    browser = alice.tab
    new = f"{path}/new"
    assert 'name="rate"' not in browser.get(new).text
    typed = {
        "csrf_token": csrf_token(browser),
        PARTY[path]: "Gulf Tours",
        "vendor_reference": "B-1",
        "issue_date": "2024-06-10",
        "currency": "USD",
        "description": "Desert safari",
        "quantity": "1",
        "unit_price": "1,000",
    }
    looked = browser.post(new, data=typed | {"then": "look"}).text
    assert 'name="rate"' in looked
    assert "1 USD in INR" in looked
    assert "1 INR in USD" in looked
    wrong = browser.post(
        new, data=typed | {"rate": "83", "rate_base": "USD", "rate_on": "", "rate_source": ""}
    )
    assert wrong.status_code == 422
    assert "Enter the source of this rate." in wrong.text
    wrong = browser.post(
        new,
        data=typed | {"rate": "eighty", "rate_base": "USD", "rate_on": "", "rate_source": "Bank"},
    )
    assert "Enter a rate such as 83.25" in wrong.text
    wrong = browser.post(
        new, data=typed | {"rate": "0", "rate_base": "USD", "rate_on": "", "rate_source": "Bank"}
    )
    assert "This exchange rate is not valid" in wrong.text
    saved = browser.post(
        new,
        data=typed
        | {
            "rate": "83.00",
            "rate_base": "USD",
            "rate_on": "",
            "rate_source": "State Bank",
        },
    )
    assert saved.status_code == 303, saved.text
    stored = alice.api.get(saved.location).json
    assert stored["exchange_rate"] == RETURNED | {"on": "2024-06-10"}
    page = browser.get(saved.location).text
    assert "1 USD = 83 INR, State Bank, 10 Jun 2024" in page
    edited = browser.get(f"{saved.location}/edit").text
    assert 'value="83"' in edited
    again = typed | {
        "csrf_token": csrf_token(browser),
        "rate": "0.012",
        "rate_base": "INR",
        "rate_on": "9 Jun 2024",
        "rate_source": "State Bank",
    }
    assert browser.post(f"{saved.location}/edit", data=again).status_code == 303
    assert alice.api.get(saved.location).json["exchange_rate"] == {
        "base": "INR",
        "quote": "USD",
        "rate": "0.012",
        "on": "2024-06-09",
        "source": "State Bank",
    }
    assert browser.post(f"{saved.location}/edit", data=again | {"rate": ""}).status_code == 303
    assert alice.api.get(saved.location).json["exchange_rate"] is None


def test_a_viewer_sets_no_rate_and_another_agency_sees_none(
    alice: Person, victor: Person, charlie: Person
) -> None:
    drawn = alice.api.post("/invoices", json=BODIES["/invoices"] | {"exchange_rate": RATE}).json
    assert (
        victor.api.patch(f"/invoices/{drawn['id']}", json={"exchange_rate": None}).status_code
        == 403
    )
    assert (
        charlie.api.patch(f"/invoices/{drawn['id']}", json={"exchange_rate": None}).status_code
        == 404
    )
    assert alice.api.get(f"/invoices/{drawn['id']}").json["exchange_rate"] == RETURNED


def test_the_audit_log_records_a_changed_rate_once(alice: Person, owner_engine: sa.Engine) -> None:
    drawn = alice.api.post("/invoices", json=BODIES["/invoices"]).json
    alice.api.patch(f"/invoices/{drawn['id']}", json={"exchange_rate": RATE})
    alice.api.patch(f"/invoices/{drawn['id']}", json={"exchange_rate": RATE})
    with owner_engine.connect() as connection:
        statement = sa.text(
            "select inputs->'fields' from audit_events where kind = 'invoice.revised' and tenant_id"
            " = :t"
        )
        fields = connection.scalars(statement, {"t": alice.actor.tenant_id}).all()
    assert fields == [[{"field": "exchange_rate"}]]


@pytest.mark.parametrize("path", BODIES)
def test_page_and_pdf_show_the_booked_rate(
    alice: Person, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    typeset_input: dict[str, Any] = {}
    monkeypatch.setattr(
        Paper, "pdf", lambda _self, _name, data: typeset_input.update(data) or b"%PDF"
    )
    paper = "invoice.pdf" if path == "/invoices" else "bill.pdf"
    paths = []
    for given in ({"currency": "USD", "exchange_rate": RATE}, {"currency": "INR"}):
        reference = {"vendor_reference": given["currency"]} if path == "/bills" else {}
        paths.append(
            f"{path}/{alice.api.post(path, json=BODIES[path] | reference | given).json['id']}"
        )
    rated, own = paths
    assert (
        Page(alice.tab.get(rated)).words(".//article//*[@id='rate']")
        == "1 USD = 83 INR, of 9 Jun 2024"
    )
    assert Page(alice.tab.get(own)).all(".//*[@id='rate']") == []
    assert alice.tab.get(f"{rated}/{paper}").status_code == 200
    assert typeset_input["rate"] == "1 USD = 83 INR, of 9 June 2024"
    assert alice.tab.get(f"{own}/{paper}").status_code == 200
    assert typeset_input["rate"] == ""


@pytest.mark.parametrize("path", BODIES)
def test_without_a_rate_the_page_says_so_and_the_books_are_complete(
    alice: Person, victor: Person, path: str
) -> None:
    here = f"{path}/{alice.api.post(path, json=BODIES[path]).json['id']}"
    page = Page(alice.tab.get(here))
    assert "No exchange rate is set" in page.words(".//*[@id='booked']")
    assert page.links().count(f"{here}/edit") == 2, (
        "the way to the form, beside the one that is always there"
    )
    assert Page(victor.tab.get(here)).links().count(f"{here}/edit") == 0
    step = "issue" if path == "/invoices" else "receive"
    assert f"{here}/edit" in Page(alice.tab.get(f"{here}/{step}")).links()
    assert alice.api.post(f"{here}/{step}").status_code == 200
    words = Page(alice.tab.get(here)).words(".//*[@id='booked']")
    assert "Posted without an exchange rate" in words
    assert "a payment in INR can’t settle this document" in words
    with alice.reading() as reader:
        assert list(checks.findings(reader)) == []
    balances = alice.api.get("/reports/trial-balance?as_of=2024-12-31").json["by_currency"]
    assert [(one["currency"], one["in_balance"], one["total_debit"]) for one in balances] == [
        ("USD", True, "1000.00")
    ]
