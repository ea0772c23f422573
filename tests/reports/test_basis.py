"""Ageing by document date, in every format and equal to the account."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import line, plan, receive
from tests.enquiries.reading import Page
from tests.people import Person
from tests.reports.books import days_ago, invoice, pay, today
from voyagent.billing.invoices.service import drafts as invoice_drafts, issuing

EVER = f"from=2020-01-01&to={today() + timedelta(days=400)}"


@pytest.fixture
def owing(alice: Person) -> Person:
    """Four open invoices of different ages; one of them is of today."""
    invoice(alice, "Deepa", "100.00", issued=days_ago(70), due=days_ago(10))
    invoice(alice, "Deepa", "40.00", issued=days_ago(95), due=today() + timedelta(days=5))
    invoice(alice, "Meera", "7.00", issued=days_ago(31), due=days_ago(31))
    invoice(alice, "Meera", "3.00", issued=today(), due=today())
    return alice


def buckets(report: dict[str, Any]) -> list[tuple[str, int, str]]:
    return [
        (one["bucket"], one["count"], one["amount"]["amount"]) for one in report["aging_buckets"]
    ]


def asked(who: Person, query: str, kind: str = "receivables") -> dict[str, Any]:
    answer = who.api.get(f"/reports/{kind}?{EVER}&{query}")
    assert answer.status_code == 200, answer.json
    report: dict[str, Any] = answer.json
    return report


@pytest.mark.parametrize("query", ["", "basis=", "basis=due_date"])
def test_the_default_basis_is_the_due_date(owing: Person, query: str) -> None:
    report = asked(owing, query)
    assert (report["basis"], report["not_due"]["amount"]) == ("due_date", "43.00")
    assert buckets(report) == [
        ("0-30", 3, "143.00"),
        ("31-60", 1, "7.00"),
        ("61-90", 0, "0.00"),
        ("90+", 0, "0.00"),
    ]


def test_ages_by_document_date_are_higher_and_not_due_is_unchanged(
    owing: Person,
) -> None:
    report = asked(owing, "basis=document_date")
    assert (
        report["basis"],
        report["total_outstanding"]["amount"],
        report["not_due"]["amount"],
    ) == (
        "document_date",
        "150.00",
        "43.00",
    )
    assert buckets(report) == [
        ("0-30", 1, "3.00"),
        ("31-60", 1, "7.00"),
        ("61-90", 1, "100.00"),
        ("90+", 1, "40.00"),
    ]


def test_ageing_is_reported_as_of_an_earlier_day(owing: Person) -> None:
    then = f"basis=document_date&as_of={days_ago(5)}"
    assert buckets(asked(owing, then)) == [
        ("0-30", 1, "7.00"),
        ("31-60", 0, "0.00"),
        ("61-90", 2, "140.00"),
        ("90+", 0, "0.00"),
    ]
    (first,) = (
        row["id"]
        for row in owing.api.get("/invoices?party=deepa").json["items"]
        if row["total_amount"] == "100.00"
    )
    pay(owing, UUID(first), "100.00", on=today())
    assert buckets(asked(owing, "basis=document_date"))[2] == ("61-90", 0, "0.00")
    assert buckets(asked(owing, then))[2] == ("61-90", 2, "140.00")


def test_a_document_with_instalments_ages_once_from_its_own_date(alice: Person) -> None:
    with alice.acting() as actor:
        parts = plan((days_ago(20), "30.00"), (today() + timedelta(days=9), "70.00"))
        drawn = invoice_drafts.draft_invoice(
            actor,
            customer_name="Deepa",
            issue_date=days_ago(65),
            instalments=parts,
            line_items=[line("100.00", quantity=1)],
        )
        issuing.issue_invoice(actor, drawn.id)
    report = asked(alice, "basis=document_date")
    assert (buckets(report)[2], report["not_due"]["amount"]) == (("61-90", 1, "100.00"), "70.00")


def test_payables_age_from_the_date_of_the_bill(alice: Person) -> None:
    receive(alice, line("500.00", quantity=1), issue_date=days_ago(45), due_date=days_ago(2))
    assert buckets(asked(alice, "", "payables"))[0] == ("0-30", 1, "500.00")
    assert buckets(asked(alice, "basis=document_date", "payables"))[1] == ("31-60", 1, "500.00")


@pytest.mark.parametrize("basis", ["cash", "zzz", "DUE_DATE"])
def test_an_unknown_basis_is_refused(owing: Person, basis: str) -> None:
    answer = owing.api.get(f"/reports/receivables?{EVER}&basis={basis}")
    assert (answer.status_code, answer.json["detail"][0]["loc"]) == (422, ["query", "basis"])
    page = Page(owing.tab.get(f"/reports/receivables?basis={basis}"))
    assert "ageing basis" in page.words(".//main")
    assert page.all(".//section[@class='v-ageblock']") == []


def test_the_page_keeps_the_chosen_basis(owing: Person) -> None:
    page = Page(owing.tab.get("/reports/receivables?basis=document_date&party=*"))
    assert page.words(".//thead/tr/th[2]") == "Same day"
    assert [" ".join("".join(cell.itertext()).split()) for cell in page.all(".//tfoot/tr/td")] == [
        "3.00",
        "–",
        "7.00",
        "100.00",
        "40.00",
        "150.00",
    ]
    assert "the ageing total matches account 1200" in page.words(".//*[@id='proof']")
    assert "by date of the document" in page.words(".//body")
    assert page.field("basis") == "document_date"
    inside = [
        link for link in page.links() if "/reports/receivables" in link and "currency=INR" in link
    ]
    assert inside, (
        "a figure leads to the documents on this page, since the list of invoices knows due days"
        " alone"
    )
    assert all("basis=document_date" in link for link in inside)


@pytest.mark.parametrize(
    "place",
    [
        "/reports/receivables?format=csv&basis=document_date",
        f"/api/reports/receivables.csv?{EVER}&basis=document_date",
    ],
)
def test_files_use_the_chosen_basis(owing: Person, place: str) -> None:
    client = owing.api if place.startswith("/api") else owing.tab
    answer = client.get(place.removeprefix("/api"))
    assert answer.status_code == 200
    (total,) = (row for row in csv.DictReader(io.StringIO(answer.text)) if row["row"] == "total")
    assert [
        total[name]
        for name in ("days_0", "days_1_to_30", "days_31_to_60", "days_61_to_90", "days_over_90")
    ] == ["3.00", "0.00", "7.00", "100.00", "40.00"]


def test_the_pdf_is_available(owing: Person) -> None:
    answer = owing.tab.get("/reports/receivables?format=pdf&basis=document_date")
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")


def test_before_the_first_document_nothing_is_open(owing: Person) -> None:
    assert (
        asked(owing, f"basis=document_date&as_of={date(2019, 1, 1)}")["total_outstanding"]["amount"]
        == "0.00"
    )
