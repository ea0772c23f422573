"""Taxes on invoices: per line, at issue, in credits, and TCS on packages."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import draft, issue, issued, line, untied
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.paper_text import text_of
from tests.people import Person, csrf_token
from voyagent.billing.core import errors
from voyagent.billing.core.queries import taxes as tax_queries
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.service import drafts as invoice_drafts, issuing
from voyagent.kernel.db import rows_changed
from voyagent.kernel.money import Money
from voyagent.reports.queries import checks
from voyagent.taxes.rules import calculation, numbers, tables

HERE, ELSEWHERE = "27AACCN6194P1ZP", "32"
ON = {"issue_date": date(2026, 6, 10), "due_date": date(2026, 6, 25)}


@pytest.fixture
def agency(alice: Person) -> Person:
    """Alice's agency, in Maharashtra."""
    assert alice.api.patch("/tenant-settings", json={"tax_number": HERE}).status_code == 200
    return alice


def taxed(
    price: str, tax: str | None = "service_fee", *, quantity: int = 1, **more: Any
) -> LineItem:
    return LineItem(
        description="Visa fee", quantity=quantity, unit_price=price, currency="INR", tax=tax, **more
    )


def charged(person: Person, invoice_id: UUID) -> list[tuple[int, str, str, int, int]]:
    with person.acting():
        return [
            (tax.line_no, tax.component, f"{tax.percent:f}", tax.taxable_minor, tax.amount_minor)
            for tax in tax_queries.get_taxes(invoice_queries.get_invoice(invoice_id))
        ]


def amounts(person: Person, invoice_id: UUID) -> tuple[int, int]:
    with person.acting():
        invoice = invoice_queries.get_invoice(invoice_id)
        return invoice.total_minor, invoice.tax_minor


def findings(person: Person) -> list[checks.Finding]:
    with person.reading() as reader:
        return list(checks.findings(reader))


# Tax of a line
# --------------------------------------------------------------------------------


def test_within_the_state_two_taxes_are_added_each_rounded_separately(agency: Person) -> None:
    invoice_id = issued(agency, taxed("100.05"), place_of_supply="27", **ON)
    assert charged(agency, invoice_id) == [
        (1, "cgst", "9.000", 10_005, 900),
        (1, "sgst", "9.000", 10_005, 900),
    ]
    assert amounts(agency, invoice_id) == (11_805, 1_800)
    assert balances(agency) == {
        ("receivable", "INR"): 11_805,
        ("revenue_services", "INR"): -10_005,
        ("output_cgst", "INR"): -900,
        ("output_sgst", "INR"): -900,
    }
    assert (untied(agency), findings(agency)) == ([], [])


def test_into_another_state_one_tax_is_added(agency: Person) -> None:
    invoice_id = issued(
        agency, taxed("100.05", sold_as="fee"), line(), place_of_supply=ELSEWHERE, **ON
    )
    assert charged(agency, invoice_id) == [(1, "igst", "18.000", 10_005, 1_801)]
    assert balances(agency) == {
        ("receivable", "INR"): 4_511_806,
        ("revenue_fees", "INR"): -10_005,
        ("revenue_services", "INR"): -4_500_000,
        ("output_igst", "INR"): -1_801,
    }


def test_agent_sales_are_no_revenue_and_tickets_are_taxed_on_a_share_of_the_fare(
    agency: Person,
) -> None:
    ticket = taxed("4200", "air_domestic", basic_fare="3000", sold_as="agent")
    invoice_id = issued(agency, ticket, place_of_supply=ELSEWHERE, **ON)
    assert charged(agency, invoice_id) == [(1, "igst", "18.000", 15_000, 2_700)]
    assert balances(agency) == {
        ("receivable", "INR"): 422_700,
        ("held_for_suppliers", "INR"): -420_000,
        ("output_igst", "INR"): -2_700,
    }


def test_a_tax_number_gives_state_and_pan_of_the_buyer(agency: Person) -> None:
    invoice_id = draft(agency, taxed("100"), customer_tax_number=" 27aaccn6194p1zp", **ON)
    with agency.acting():
        invoice = invoice_queries.get_invoice(invoice_id)
        assert (invoice.place_of_supply, invoice.customer_tax_number, invoice.customer_pan) == (
            "27",
            HERE,
            "AACCN6194P",
        )


def test_a_draft_may_lack_the_state_and_an_issued_invoice_may_not(agency: Person) -> None:
    invoice_id = draft(agency, taxed("100"), **ON)
    assert (charged(agency, invoice_id), amounts(agency, invoice_id)) == ([], (10_000, 0))
    with pytest.raises(calculation.PlaceOfSupplyMissing):
        issue(agency, invoice_id)
    assert (balances(agency), amounts(agency, invoice_id)) == ({}, (10_000, 0))
    with agency.acting() as actor:
        invoice_drafts.revise_draft(actor, invoice_id, {"place_of_supply": ELSEWHERE})
    assert amounts(agency, invoice_id) == (11_800, 1_800)
    assert issue(agency, invoice_id) == "2026-27/000001", "what was refused took no number"


def create_customer(person: Person, name: str, **more: Any) -> None:
    answer = person.api.post("/parties", json={"name": name, "is_customer": True, **more})
    assert answer.status_code == 201, answer.text


def buyer_of(person: Person, invoice_id: UUID) -> tuple[str | None, str | None, str | None]:
    with person.acting():
        invoice = invoice_queries.get_invoice(invoice_id)
        return invoice.place_of_supply, invoice.customer_tax_number, invoice.customer_pan


def test_the_stored_state_of_a_customer_is_the_place_of_supply(agency: Person) -> None:
    create_customer(agency, "Asha Traders", country="IN", state="32")
    create_customer(agency, "Bina Exports", country="IN", tax_number=HERE)
    create_customer(agency, "Gulf Crest", country="AE")
    by_state, by_number, abroad = (
        draft(agency, taxed("100"), customer_name=name, **ON)
        for name in ("asha traders", "Bina Exports", "Gulf Crest")
    )
    assert [buyer_of(agency, one) for one in (by_state, by_number, abroad)] == [
        ("32", None, None),
        ("27", HERE, HERE[2:12]),
        (None, None, None),
    ]
    assert [component for _line, component, *_ in charged(agency, by_state)] == ["igst"]
    draft_id = draft(agency, taxed("100"), customer_name="Asha Traders", place_of_supply="27", **ON)
    assert buyer_of(agency, draft_id) == ("27", None, None), (
        "the given state takes precedence over the recorded one"
    )


def test_a_change_of_customer_changes_the_place_of_supply(agency: Person) -> None:
    create_customer(agency, "Asha Traders", country="IN", state="32")
    create_customer(agency, "Bina Exports", country="IN", state="27")
    invoice_id = draft(agency, taxed("100"), customer_name="Asha Traders", **ON)
    for changes, buyer in (
        ({"customer_name": "Bina Exports"}, "27"),
        (
            {"customer_name": "Bina Export"},
            "27",
        ),  # of whom nothing is noted: a name that was mended
        ({"customer_name": "Asha Traders", "place_of_supply": "29"}, "29"),
        ({"place_of_supply": None}, "32"),
    ):
        with agency.acting() as actor:
            invoice_drafts.revise_draft(actor, invoice_id, changes)
        assert buyer_of(agency, invoice_id) == (buyer, None, None)


def test_issuing_a_draft_without_its_state_redirects_to_the_form(agency: Person) -> None:
    invoice_id = draft(agency, taxed("100"), **ON)
    browser = agency.tab
    for answer in (
        browser.get(f"/invoices/{invoice_id}/issue"),
        browser.post(f"/invoices/{invoice_id}/issue", data={"csrf_token": csrf_token(browser)}),
    ):
        assert (answer.status_code, answer.location) == (303, f"/invoices/{invoice_id}/edit")
    assert "Enter the customer’s state" in browser.get(f"/invoices/{invoice_id}/edit").text


def test_the_rate_is_that_of_the_day_of_supply(agency: Person) -> None:
    seat = {"tax": "flight_other_cabin", "place_of_supply": ELSEWHERE}
    for issued_on, service_date, minor in (
        (date(2025, 9, 21), None, 1_200),
        (date(2025, 9, 21), date(2025, 9, 30), 1_800),
        (date(2025, 9, 22), None, 1_800),
    ):
        lines = [taxed("100", "flight_other_cabin", service_date=service_date)]
        invoice_id = draft(
            agency,
            *lines,
            issue_date=issued_on,
            due_date=issued_on,
            place_of_supply=seat["place_of_supply"],
        )
        assert amounts(agency, invoice_id) == (10_000 + minor, minor)


def test_a_revised_draft_is_recalculated_and_an_unchanged_one_records_no_event(
    agency: Person,
) -> None:
    invoice_id = draft(agency, taxed("100"), place_of_supply="27", **ON)
    with agency.acting() as actor:
        invoice_drafts.revise_draft(
            actor, invoice_id, {"line_items": [taxed("200"), taxed("50", None)]}
        )
    assert amounts(agency, invoice_id) == (28_600, 3_600)
    with agency.acting() as actor:
        invoice_drafts.revise_draft(actor, invoice_id, {"place_of_supply": ELSEWHERE})
    assert [tax[1] for tax in charged(agency, invoice_id)] == ["igst"]
    with agency.acting() as actor:
        before = invoice_queries.get_invoice(invoice_id).updated_at
        assert (
            invoice_drafts.revise_draft(
                actor, invoice_id, {"line_items": [taxed("200"), taxed("50", None)]}
            ).updated_at
            == before
        )
    with agency.acting() as actor:
        invoice_drafts.revise_draft(actor, invoice_id, {"customer_tax_number": HERE})
    with agency.acting():
        assert invoice_queries.get_invoice(invoice_id).place_of_supply == "27", (
            "the number says the state"
        )


@pytest.mark.parametrize(
    ("items", "given", "refusal"),
    [
        ([taxed("100", "magic")], {}, tables.UnknownTreatment),
        ([taxed("100", "air_domestic")], {}, errors.BasicFareRequired),
        ([taxed("100", "air_domestic", basic_fare="100.01")], {}, errors.BasicFareOutOfRange),
        ([taxed("100", "air_domestic", basic_fare="-1")], {}, errors.BasicFareOutOfRange),
        ([taxed("100")], {"place_of_supply": "99"}, tables.UnknownState),
        ([taxed("100")], {"customer_tax_number": "27AACCN6194P1ZQ"}, numbers.InvalidTaxNumber),
        ([taxed("100")], {"customer_pan": "AACCN6194"}, numbers.InvalidTaxNumber),
        (
            [taxed("100")],
            {"customer_tax_number": HERE, "customer_pan": "AAPFU0939F"},
            numbers.InvalidTaxNumber,
        ),
        ([taxed("100", collection="magic")], {}, tables.UnknownTreatment),
        (
            [
                LineItem(
                    description="Fee", quantity=1, unit_price="1", currency="USD", tax="service_fee"
                )
            ],
            {},
            errors.TaxInAnotherCurrency,
        ),
        (
            [taxed("100")],
            {"issue_date": date(2017, 6, 1), "due_date": date(2017, 6, 1)},
            tables.NoRateThen,
        ),
    ],
)
def test_an_untaxable_line_is_refused_and_nothing_is_stored(
    agency: Person, items: list[LineItem], given: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        draft(agency, *items, **{"place_of_supply": "27", **ON, **given})
    with agency.reading() as reader:
        assert invoice_queries.list_drafts(reader) == []


def test_an_agency_without_a_tax_number_charges_no_tax(alice: Person) -> None:
    with pytest.raises(errors.TaxNumberMissing):
        draft(alice, taxed("100"), place_of_supply="27", **ON)
    assert alice.api.patch("/tenant-settings", json={"tax_number": "PR 7"}).status_code == 200
    with pytest.raises(errors.TaxNumberMissing):
        draft(alice, taxed("100"), place_of_supply="27", **ON)


def test_another_country_has_other_treatments(alice: Person) -> None:
    assert (
        alice.api.patch("/tenant-settings", json={"tax_number": "100234567890003"}).status_code
        == 200
    )
    item = LineItem(
        description="Desert safari", quantity=1, unit_price="200", currency="AED", tax="standard"
    )
    invoice_id = issued(alice, item, **ON)
    assert charged(alice, invoice_id) == [(1, "vat", "5.000", 20_000, 1_000)]
    assert balances(alice)["output_vat", "AED"] == -1_000


# Tax collected at source
# --------------------------------------------------------------------------------


def package(price: str) -> LineItem:
    return taxed(price, "tour_without_credit", collection="overseas_package")


def test_tax_collected_at_source_depends_on_the_buyers_year_and_is_no_revenue(
    agency: Person,
) -> None:
    then = {
        "issue_date": date(2025, 5, 1),
        "due_date": date(2025, 5, 1),
        "place_of_supply": ELSEWHERE,
    }
    first = issued(agency, package("900000"), customer_pan="AAPFU0939F", **then)
    assert charged(agency, first) == [
        (1, "igst", "5.000", 90_000_000, 4_500_000),
        (1, "tcs", "5.000", 94_500_000, 4_725_000),
    ]
    second = issued(
        agency, package("100000"), customer_name="Somebody Else", customer_pan="aapfu0939f", **then
    )
    assert charged(agency, second)[1] == (
        1,
        "tcs",
        "20.000",
        10_500_000,
        1_275_000,
    ), "55,000 at five per cent, and 50,000 above ten lakh at twenty"
    stranger = issued(agency, package("100000"), customer_name="Meera Nair", **then)
    assert charged(agency, stranger)[1] == (
        1,
        "tcs",
        "10.000",
        10_500_000,
        1_050_000,
    ), "without a PAN it is more, and nobody else's year counts"
    earlier = issued(
        agency,
        package("100000"),
        customer_pan="AAPFU0939F",
        **then | {"issue_date": date(2025, 4, 1), "due_date": date(2025, 4, 1)},
    )
    assert charged(agency, earlier)[1][2] == "20.000"
    assert balances(agency)["tcs_payable", "INR"] == -(
        4_725_000 + 1_275_000 + 1_050_000 + 2_100_000
    )
    assert findings(agency) == []


def test_two_parallel_issues_count_each_other(agency: Person) -> None:
    then = {
        "issue_date": date(2025, 5, 1),
        "due_date": date(2025, 5, 1),
        "place_of_supply": ELSEWHERE,
        "customer_pan": "AAPFU0939F",
    }
    drafts = [
        draft(agency, taxed("1000000", None, collection="overseas_package"), **then)
        for _ in range(2)
    ]
    at_once([partial(issue, agency, one) for one in drafts])
    assert sorted(charged(agency, one)[0][4] for one in drafts) == [5_000_000, 20_000_000]


# Tax of credits
# --------------------------------------------------------------------------------


def credit(person: Person, invoice_id: UUID, **minor: int) -> None:
    wanted = {int(name[5:]): Money(value, "INR") for name, value in minor.items()} or None
    with person.acting() as actor:
        credit_note_service.issue_credit_note(
            actor, invoice_id, reason="Not travelled", on=date(2026, 6, 25), amounts=wanted
        )


def test_partial_credits_return_exactly_the_whole_tax(agency: Person) -> None:
    invoice_id = issued(agency, taxed("100.05"), place_of_supply="27", **ON)
    for part in (3_335, 3_335):
        credit(agency, invoice_id, line_1=part)
    assert balances(agency)["output_cgst", "INR"] == -300
    credit(agency, invoice_id)
    assert set(balances(agency).values()) == {0}
    with agency.acting():
        invoice = invoice_queries.get_invoice(invoice_id)
        assert (invoice.status, invoice.credited_minor, invoice.total_minor) == (
            "paid",
            11_805,
            11_805,
        )
    assert (untied(agency), findings(agency)) == ([], [])


def test_tax_collected_at_source_stays_payable_after_a_credit(agency: Person) -> None:
    invoice_id = issued(
        agency, package("1000"), place_of_supply=ELSEWHERE, customer_pan="AAPFU0939F", **ON
    )
    credit(agency, invoice_id)
    assert balances(agency) == {
        ("receivable", "INR"): 2_100,
        ("revenue_services", "INR"): 0,
        ("output_igst", "INR"): 0,
        ("tcs_payable", "INR"): -2_100,
    }


def test_voiding_an_invoice_reverses_all_taxes(agency: Person) -> None:
    invoice_id = issued(
        agency, package("1000"), place_of_supply=ELSEWHERE, customer_pan="AAPFU0939F", **ON
    )
    with agency.acting() as actor:
        issuing.void_invoice(actor, invoice_id, reason="Twice", on=date(2026, 6, 25))
    assert set(balances(agency).values()) == {0}
    again = issued(
        agency, package("1000"), place_of_supply=ELSEWHERE, customer_pan="AAPFU0939F", **ON
    )
    assert charged(agency, again)[1][2] == "2.000"


# Guards of the database
# --------------------------------------------------------------------------------


def test_an_invoice_whose_taxes_do_not_add_up_is_not_issued(agency: Person) -> None:
    invoice_id = draft(agency, taxed("100"), place_of_supply="27", **ON)
    with agency.acting(), pytest.raises(sa.exc.IntegrityError, match="do not add up"):
        rows_changed(
            "update invoices set tax_minor = tax_minor - 1, total_minor = total_minor - 1, status ="
            " 'issued' where id = :id",
            id=invoice_id,
        )


def test_the_tax_of_an_issued_invoice_cannot_change(agency: Person) -> None:
    invoice_id = issued(agency, taxed("100"), place_of_supply="27", **ON)
    for statement in (
        "update invoice_taxes set amount_minor = 1 where invoice_id = :id",
        "delete from invoice_taxes where invoice_id = :id",
    ):
        with agency.acting(), pytest.raises(sa.exc.DBAPIError, match="cannot be changed"):
            rows_changed(statement, id=invoice_id)


# Pages, API and commands
# --------------------------------------------------------------------------------

BODY = {
    "customer_name": "Deepa Krishnan",
    "issue_date": "2026-06-10",
    "currency": "INR",
    "place_of_supply": "32",
    "line_items": [
        {
            "description": "Visa fee",
            "quantity": 1,
            "unit_price": "100.05",
            "tax": "service_fee",
            "sold_as": "fee",
        }
    ],
}


def test_the_api_returns_the_taxes_of_an_invoice(agency: Person) -> None:
    made = agency.api.post("/invoices", json=BODY)
    assert made.status_code == 201, made.text
    body = made.json
    assert (
        body["total_amount"],
        body["tax_amount"],
        body["place_of_supply"],
        body["customer_tax_number"],
    ) == ("118.06", "18.01", "32", None)
    assert body["line_items"][0]["taxes"] == [
        {
            "component": "igst",
            "percent": "18",
            "taxable_amount": "100.05",
            "amount": "18.01",
            "confirmed": False,
        },
    ]
    assert agency.api.get("/invoices").json["items"][0]["tax_amount"] == "18.01"
    assert agency.api.post(f"/invoices/{body['id']}/issue").json["total_amount"] == "118.06"
    note = agency.api.post(
        "/credit-notes",
        json={
            "invoice_id": body["id"],
            "reason": "Not travelled",
            "lines": [{"line_no": 1, "amount": "50"}],
        },
    )
    assert (
        note.json["total_amount"],
        note.json["tax_amount"],
        note.json["lines"][0]["tax_amount"],
    ) == ("59.00", "9.00", "9.00")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"place_of_supply": "99"}, (400, "place_of_supply_unknown")),
        ({"customer_tax_number": "27AACCN6194P1ZQ"}, (400, "tax_number_invalid")),
        (
            {"line_items": [BODY["line_items"][0] | {"tax": "magic"}]},
            (400, "tax_treatment_unknown"),
        ),  # type: ignore[index,operator]
        (
            {"line_items": [BODY["line_items"][0] | {"tax": "air_domestic"}]},
            (422, "basic_fare_required"),
        ),  # type: ignore[index,operator]
        ({"currency": "USD"}, (409, "tax_currency")),
    ],
)
def test_an_untaxable_line_has_an_error_code(
    agency: Person, changes: dict[str, Any], refusal: tuple[int, str]
) -> None:
    answer = agency.api.post("/invoices", json=BODY | changes)
    assert (answer.status_code, answer.json["detail"]) == refusal


def test_issuing_without_a_state_has_its_own_error_code(agency: Person) -> None:
    made = agency.api.post("/invoices", json=BODY | {"place_of_supply": None}).json
    answer = agency.api.post(f"/invoices/{made['id']}/issue")
    assert (answer.status_code, answer.json["detail"]) == (409, "place_of_supply_required")


FORM = {
    "customer_name": "Deepa Krishnan",
    "issue_date": "2026-06-10",
    "due_date": "2026-06-25",
    "currency": "INR",
    "place_of_supply": "32",
    "description": ["Air ticket", "Service fee"],
    "quantity": ["1", ""],
    "unit_price": ["4,200", "500"],
    "tax": ["air_domestic", "service_fee"],
    "basic_fare": ["3,000", ""],
    "sold_as": ["agent", "fee"],
}


def send(person: Person, **changes: Any) -> Any:
    browser = person.tab
    return browser.post("/invoices/new", data=FORM | changes | {"csrf_token": csrf_token(browser)})


def posted(page: Page) -> list[str]:
    return [
        " ".join(" ".join(row.itertext()).split())
        for row in page.all(".//section[@id='postings']//tbody/tr")
    ]


def test_the_form_previews_the_tax_and_keeps_its_input(
    agency: Person,
) -> None:
    looked = Page(send(agency, then="look"))
    assert posted(looked) == [
        "1200 Trade receivables INR 4,817.00",
        "2160 Held for suppliers, as their agent INR 4,200.00",
        "4200 Service fees INR 500.00",
        "2312 Output IGST INR 117.00",
    ]
    assert [
        option.get("value") for option in looked.all(".//select[@name='tax']/option[@selected]")
    ] == ["air_domestic", "service_fee"]
    waiting = Page(send(agency, then="look", place_of_supply=""))
    assert posted(waiting)[0] == "1200 Trade receivables INR 4,700.00"
    assert "Tax is added once the place of supply is known." in waiting.words(
        ".//section[@id='postings']"
    )
    made = send(agency, collection="y")
    assert made.status_code == 303
    draft_page = Page(agency.tab.get(made.location))
    assert "IGST 18 %" in draft_page.words(".//table[@id='sums']")
    assert "TCS" in draft_page.words(".//table[@id='sums']")
    assert "Kerala (32)" in draft_page.words(".//*[@id='sheet']")
    edit = Page(agency.tab.get(f"{made.location}/edit"))
    assert edit.all(".//input[@name='collection'][@checked]")
    assert posted(edit)[-1].startswith("2330 TCS payable")


DETAILS = {"details": "y", "service_date": ["3 Jul 2026", ""], "collect": ["", "yes"]}


def test_each_line_shows_its_day_of_service_and_its_tcs(
    agency: Person,
) -> None:
    usual = Page(agency.tab.get("/invoices/new"))
    assert not usual.all(".//input[@name='details'][@checked]"), "the usual case is not crowded"
    path = send(agency, **DETAILS).location
    made = agency.api.get(f"/invoices/{path.rsplit('/')[-1]}").json["line_items"]
    assert [(one["service_date"], one["collection"]) for one in made] == [
        ("2026-07-03", None),
        (None, "overseas_package"),
    ]
    items = Page(agency.tab.get(path)).words(".//table[@id='items']")
    assert "Air ticketSAC 998551Service on 3 July 2026" in items
    assert items.count("TCS is collected on this") == 1
    assert "Service on 3 July 2026" in text_of(agency.tab.get(f"{path}/invoice.pdf").data)
    edit = Page(agency.tab.get(f"{path}/edit"))
    assert edit.all(".//input[@name='details'][@checked]"), "what is filled is open"
    assert not edit.all(".//input[@name='collection'][@checked]")
    assert [one.get("value") for one in edit.all(".//input[@name='service_date']")][:2] == [
        "3 Jul 2026",
        "",
    ]
    assert [one.get("value") for one in edit.all(".//select[@name='collect']/option[@selected]")][
        :2
    ] == ["", "yes"]


def test_a_line_can_be_excluded_from_tcs(agency: Person) -> None:
    path = send(agency, collection="y", **(DETAILS | {"collect": ["", "no"]})).location
    made = agency.api.get(f"/invoices/{path.rsplit('/')[-1]}").json["line_items"]
    assert [one["collection"] for one in made] == ["overseas_package", None]


def test_a_refused_form_keeps_the_dates_of_its_lines_and_marks_the_invalid_one(
    agency: Person,
) -> None:
    page = Page(send(agency, **(DETAILS | {"service_date": ["3 Jul 2026", "soon"]})))
    assert page.status == 422
    assert page.error_at("line_items")
    assert [one.get("value") for one in page.all(".//input[@name='service_date']")][:2] == [
        "3 Jul 2026",
        "soon",
    ]
    assert ["is-invalid" in one.get("class") for one in page.all(".//input[@name='service_date']")][
        :2
    ] == [False, True]
    assert [one.get("value") for one in page.all(".//select[@name='collect']/option[@selected]")][
        :2
    ] == ["", "yes"]


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        (
            {"customer_tax_number": "27AACCN6194P1ZQ"},
            "customer_tax_number",
            "This tax number is not valid.",
        ),
        ({"basic_fare": ["", ""]}, "line_items", "Enter the basic fare"),
        ({"basic_fare": ["4,201", ""]}, "line_items", "The basic fare can’t be more"),
    ],
)
def test_an_untaxable_line_is_reported_at_its_field(
    agency: Person, changes: dict[str, Any], field: str, sentence: str
) -> None:
    page = Page(send(agency, **changes))
    assert page.status == 422
    assert sentence in page.error_at(field)
    assert page.field("customer_name") == "Deepa Krishnan"


def test_an_agency_without_a_tax_number_sees_no_tax(alice: Person) -> None:
    page = Page(alice.tab.get("/invoices/new"))
    assert not page.all(".//select[@name='tax']")
    assert not page.all(".//*[@name='place_of_supply']")
    assert not page.all(".//*[@name='collect']")
    assert page.all(".//input[@name='service_date']"), "a service has its day everywhere"
