"""The results of calls, as their capabilities declare them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, render_template

from tests.capabilities.probes import READS, made
from voyagent import catalogue
from voyagent.assistant.views.transcript import result_of
from voyagent.capabilities.capability import Capability
from voyagent.capabilities.outputs import Link, ShownResult, shown_result
from voyagent.capabilities.results import Column, Result, ResultLink

ID = "0190a1b2-0000-7000-8000-000000000001"
PRICE = {"amount": "285721.00", "currency": "INR"}


def shown(app: Flask, output: dict[str, Any], *results: Result, **card: Any) -> ShownResult | None:
    capability = made(READS)
    capability = replace(capability, card=replace(capability.card, results=results, **card))
    with app.test_request_context():
        return shown_result(capability, output)


def test_a_table_has_a_cell_for_each_column_of_each_record(app: Flask) -> None:
    table = Result(
        title="Fares",
        rows="fares",
        columns=(
            Column(label="Flights", value=lambda fare: fare["flight"], code="class"),
            Column(label="Price", value="price", kind="money"),
            Column(label="Leaves", value="leaves", kind="moment"),
            Column(label="Dates", value="days", kind="dates"),
            Column(label="Bank", value="amount", kind="money"),
        ),
    )
    fare = {
        "flight": "EK 501",
        "class": "Y",
        "price": PRICE,
        "leaves": "2026-12-10T09:40",
        "days": ["2026-12-10", None],
        "amount": "12.00",
        "currency": "AED",
    }
    found = shown(app, {"fares": [fare]}, table)
    assert found is not None
    ((flight, *others),) = found.rows
    assert (flight.label, flight.code, flight.text, flight.href) == ("Flights", "Y", "EK 501", None)
    assert [cell.text for cell in others] == [
        '<span class="v-num"><span class="v-cur">INR</span>2,85,721.00</span>',
        "10 Dec 2026 09:40",
        "10 Dec 2026",
        '<span class="v-num"><span class="v-cur">AED</span>12.00</span>',
    ]


def test_a_value_leads_to_the_page_of_its_record_or_to_a_search(app: Flask) -> None:
    table = Result(
        rows="found",
        columns=(
            Column(value="name", page="enquiry_id"),
            Column(value="name", page="trip_id"),
            Column(value="name", search="/invoices"),
        ),
    )
    found = shown(app, {"found": [{"id": ID, "name": "Al Noor & Co"}], "trip_id": ID}, table)
    assert found is not None
    assert [cell.href for cell in found.rows[0]] == [
        f"/enquiries/{ID}",
        f"/trips/{ID}",
        "/invoices?q=Al+Noor+%26+Co",
    ]


def test_the_first_result_that_fits_is_shown(app: Flask) -> None:
    several = Result(rows="enquiries", columns=(Column(value="name"),))
    one = Result(
        record="enquiry",
        columns=(Column(label="Customer", value="name"), Column(label="Phone", value="phone")),
        link=ResultLink(label="Open", page="enquiry_id"),
    )
    linked = Result(link=ResultLink(label="Open", page="trip_id"))
    ways = (several, one, linked)
    found = shown(app, {"enquiry": {"id": ID, "name": "Deepa"}}, *ways)
    assert found == ShownResult(
        facts=[("Customer", "Deepa"), ("Phone", "")], link=Link("Open", f"/enquiries/{ID}")
    )
    link = Link("Open", f"/trips/{ID}")
    assert shown(app, {"trip_id": ID}, *ways) == ShownResult(facts=[], link=link)
    assert shown(app, {"enquiries": []}, *ways) is None
    assert shown(app, {"detail": "Not supported.", "trip_id": ID}, *ways) == ShownResult(
        text="Not supported."
    )


def test_a_list_without_a_declared_result_shows_its_rows(app: Flask) -> None:
    card = {"rows": "noted", "row": lambda one: one["text"]}
    assert shown(app, {"noted": [{"text": "Rain"}]}, **card) == ShownResult(items=["Rain"])
    assert shown(app, {"noted": []}, **card) is None


def test_a_tool_of_an_older_release_shows_its_text(app: Flask) -> None:
    with app.test_request_context():
        assert shown_result(None, {"question": "Which one?"}) == ShownResult(text="Which one?")
        assert shown_result(None, {"rows": []}) is None


def test_the_page_escapes_what_a_result_says(app: Flask) -> None:
    output = {"enquiries": [{"id": ID, "customer_name": "<b>Deepa</b>", "pax_count": 2}]}
    block = {"tool_name": "find_enquiries", "tool_call_id": "c1", "output": output}
    with app.test_request_context():
        page = render_template("assistant/_result.html", block=block, result_of=result_of)
    assert f'<a href="/enquiries/{ID}">&lt;b&gt;Deepa&lt;/b&gt;</a>' in page


@pytest.mark.parametrize("capability", catalogue.CAPABILITIES, ids=lambda one: one.name)
def test_every_capability_declares_a_result_with_pages_that_exist(
    app: Flask, capability: Capability[Any]
) -> None:
    card = capability.card
    assert card.results or card.row or "detail" in capability.output
    rules = [rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    columns = [column for result in card.results for column in result.columns]
    links = [result.link for result in card.results if result.link is not None]
    for page in filter(None, [one.page for one in (*columns, *links)]):
        assert any(rule.endswith(f"/<{page}>") for rule in rules), page
    for path in filter(None, [*(one.search for one in columns), *(one.path for one in links)]):
        assert path in rules, path
