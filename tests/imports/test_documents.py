"""Imports of open invoices and bills against the opening balance account."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.billing.papers import issued
from tests.billing.test_api import code
from tests.imports.test_opening import DAY, GOOD as BALANCES, opened, sent as balances_sent
from tests.imports.test_parties import findings
from tests.parties.test_api import made
from tests.people import People, Person
from voyagent.ledger.service import months
from voyagent.reports.queries.checks import findings as unsound

HEAD = "party,reference,issue_date,due_date,currency,amount\n"
INVOICES = (
    HEAD + 'Deepa Krishnan,OLD-17,2026-02-10,2026-03-12,INR,"30,000.00"\nAl'
    " Noor,OLD-18,2026-03-01,,,15000\n"
)
RATED = (
    INVOICES.replace("amount\n", "amount,exchange_rate\n")
    .replace('"30,000.00"', '"30,000.00",')
    .replace("15000", "15000,")
)
BILLS = HEAD + "BSP India,B-4,2026-03-20,2026-04-05,INR,30000\n"


def sent(
    person: Person, kind: str, content: str, *, dry_run: bool = False, on: str | None = DAY
) -> Any:
    body = {"kind": kind, "content": content, "dry_run": dry_run} | (
        {"effective_on": on} if on else {}
    )
    return person.api.post("/imports", json=body)


def invoices(person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.api.get("/invoices").json["items"]
    return found


def test_open_invoices_keep_their_number_and_post_no_revenue(alice: Person) -> None:
    made(alice, name="AL NOOR", terms_days=15)
    assert findings(sent(alice, "open_invoices", INVOICES, dry_run=True)) == []
    assert invoices(alice) == []
    assert findings(sent(alice, "open_invoices", INVOICES)) == []
    imported = [
        (
            one["number"],
            one["party_reference"],
            one["status"],
            one["issue_date"],
            one["due_date"],
            one["open_amount"],
        )
        for one in invoices(alice)
    ]
    assert imported == [
        ("O/2025-26/000002", "OLD-18", "issued", "2026-03-01", "2026-03-16", "15000.00"),
        ("O/2025-26/000001", "OLD-17", "issued", "2026-02-10", "2026-03-12", "30000.00"),
    ]
    assert opened(alice) == {
        ("receivable", "INR"): 4_500_000,
        ("opening_balances", "INR"): -4_500_000,
    }


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("30000.50", []),
        ("30,000.50", []),
        ("1,00,000", []),
        ("30000,50", [(2, "amount")]),
        ("30.000,50", [(2, "amount")]),
        ("3,0", [(2, "amount")]),
        ("1.2 lakh", []),
        ("₹30,000/-", []),
        ("AED 300", [(2, "amount")]),
        ("1-2 lakh", [(2, "amount")]),
    ],
)
def test_a_misplaced_comma_in_an_amount_is_refused(
    alice: Person, amount: str, expected: list[tuple[int, str]]
) -> None:
    content = (
        "party;reference;issue_date;due_date;currency;amount\n"
        f"Deepa;OLD-17;2026-02-10;2026-03-12;INR;{amount}\n"
    )
    assert [
        one[:2] for one in findings(sent(alice, "open_invoices", content, dry_run=True))
    ] == expected


def test_imported_balances_and_documents_clear_the_suspense_account(
    alice: Person,
) -> None:
    balances_sent(alice, BALANCES)
    for kind, content in (("open_invoices", INVOICES), ("open_bills", BILLS)):
        assert findings(sent(alice, kind, content)) == []
    issued(alice)
    left = opened(alice)
    assert ("opening_balances", "INR") not in left
    assert left["payable", "INR"] == -3_000_000
    with alice.reading() as reader:
        assert list(unsound(reader)) == []
    assert {one["number"] for one in invoices(alice)} == {
        "O/2025-26/000001",
        "O/2025-26/000002",
        "2024-25/000001",
    }


def test_imported_documents_are_paid_and_voided_as_usual(alice: Person) -> None:
    sent(alice, "open_invoices", INVOICES)
    second, first = invoices(alice)
    paid = alice.api.post(f"/invoices/{first['id']}/receipts", json={"paid_on": "2026-04-02"})
    assert paid.status_code == 201, paid.text
    assert (
        alice.api.post(
            f"/invoices/{second['id']}/void",
            json={"reason": "Was paid before", "voided_on": "2026-04-02"},
        ).status_code
        == 200
    )
    assert opened(alice) == {("bank", "INR"): 3_000_000, ("opening_balances", "INR"): -3_000_000}
    with alice.reading() as reader:
        assert list(unsound(reader)) == []


@pytest.mark.parametrize("kind", ["open_invoices", "open_bills"])
def test_an_imported_document_keeps_its_booked_exchange_rate(alice: Person, kind: str) -> None:
    head = HEAD.replace("amount\n", "amount,exchange_rate\n")
    rows = (
        "Deepa Krishnan,OLD-20,2026-03-01,2026-03-12,USD,1000,83.25\nDeepa"
        " Krishnan,OLD-21,2026-03-01,2026-03-12,USD,70,\n"
    )
    assert findings(sent(alice, kind, head + rows)) == []
    path, name = (
        ("/invoices", "party_reference")
        if kind == "open_invoices"
        else ("/bills", "vendor_reference")
    )
    ids = {one[name]: one["id"] for one in alice.api.get(path).json["items"]}
    rated, bare = (alice.api.get(f"{path}/{ids[former]}").json for former in ("OLD-20", "OLD-21"))
    assert rated["exchange_rate"] == {
        "base": "USD",
        "quote": "INR",
        "rate": "83.25",
        "on": "2026-03-01",
        "source": "Opening balance",
    }
    assert bare["exchange_rate"] is None
    direction = "in" if kind == "open_invoices" else "out"
    body = {
        "direction": direction,
        "party_name": "Deepa Krishnan",
        "amount": "84000.00",
        "currency": "INR",
        "paid_on": "2026-04-02",
    }
    part = {"amount": "84000.00", "settled_currency": "USD"}
    refused = alice.api.post(
        "/payments",
        json=body
        | {"allocations": [part | {"document_id": bare["id"], "settled_amount": "70.00"}]},
    )
    assert code(refused) == (409, "booked_rate_missing")
    paid = alice.api.post(
        "/payments",
        json=body
        | {"allocations": [part | {"document_id": rated["id"], "settled_amount": "1000.00"}]},
    )
    assert paid.status_code == 201, paid.text
    assert paid.json["allocations"][0]["booked_amount"] == "83250.00"
    sign = 1 if direction == "in" else -1
    assert opened(alice)["exchange_differences", "INR"] == -sign * 75_000
    with alice.reading() as reader:
        assert list(unsound(reader)) == []


def test_open_bills_post_no_cost(alice: Person) -> None:
    assert findings(sent(alice, "open_bills", BILLS)) == []
    (bill,) = alice.api.get("/bills").json["items"]
    assert (bill["vendor_reference"], bill["status"], bill["due_date"], bill["open_amount"]) == (
        "B-4",
        "received",
        "2026-04-05",
        "30000.00",
    )
    assert opened(alice) == {("payable", "INR"): -3_000_000, ("opening_balances", "INR"): 3_000_000}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (",X,2026-03-01,,INR,1", ("party", "missing")),
        ("A,,2026-03-01,,INR,1", ("reference", "missing")),
        ("A,OLD-17,2026-03-01,,INR,1", ("reference", "twice_in_file")),
        ("A,X,1 March,,INR,1", ("issue_date", "date_parsing")),
        ("A,X,2026-04-01,,INR,1", ("issue_date", "document_after_day")),
        ("A,X,2024-05-10,,INR,1", ("issue_date", "period_locked")),
        ("A,X,2026-03-01,2026-02-01,INR,1", ("due_date", "invalid_date")),
        ("A,X,2026-03-01,,XXX,1", ("currency", "invalid_currency")),
        ("A,X,2026-03-01,,INR,0", ("amount", "total_out_of_range")),
        ("A,X,2026-03-01,,INR,1.001", ("amount", "invalid_amount")),
        ("A,X,2026-03-01,,INR,-5", ("amount", "string_pattern_mismatch")),
        ("A,X,2026-03-01,,USD,5,83.x", ("exchange_rate", "string_pattern_mismatch")),
        ("A,X,2026-03-01,,USD,5,0", ("exchange_rate", "invalid_rate")),
        ("A,X,2026-03-01,,INR,5,1", ("exchange_rate", "invalid_rate")),
    ],
)
def test_every_invalid_row_is_reported_and_nothing_imported(
    alice: Person, row: str, expected: tuple[str, str]
) -> None:
    alice.does(months.close_month, date(2024, 5, 1))
    good = INVOICES if row.count(",") < 6 else RATED
    content = good + row + "\n"
    assert findings(sent(alice, "open_invoices", content, dry_run=True)) == [(4, *expected)]
    assert code(sent(alice, "open_invoices", content)) == (422, "import_has_findings")
    assert invoices(alice) == []
    assert opened(alice) == {}


def test_all_invalid_cells_of_a_row_are_reported_together(alice: Person) -> None:
    cells = ("party", "due_date", "currency", "amount", "exchange_rate")
    for row, expected in (
        (
            ",X,2026-03-01,2026-02-01,XXX,a lot,83.x",
            dict(
                zip(
                    cells,
                    (
                        "missing",
                        "invalid_date",
                        "invalid_currency",
                        *["string_pattern_mismatch"] * 2,
                    ),
                    strict=True,
                )
            ),
        ),
        (
            ",X,2026-04-01,,inr,1.001,",
            {"party": "missing", "issue_date": "document_after_day", "amount": "invalid_amount"},
        ),
        (
            "A,,2026-03-01,2026-02-01,,0,",
            {"reference": "missing", "due_date": "invalid_date", "amount": "total_out_of_range"},
        ),
    ):
        found = findings(sent(alice, "open_bills", f"{RATED}{row}\n", dry_run=True))
        assert {line for line, *_ in found} == {4}
        assert {column: why for _, column, why in found} == expected


@pytest.mark.parametrize(("kind", "content"), [("open_invoices", INVOICES), ("open_bills", BILLS)])
def test_a_number_twice_in_a_file_is_not_reported_as_existing(
    alice: Person, kind: str, content: str
) -> None:
    lines = content.splitlines()
    twice = [*lines, lines[1]]
    (found,) = sent(alice, kind, "\n".join(twice), dry_run=True).json["findings"]
    assert found == {
        "line": len(twice),
        "column": "reference",
        "code": "twice_in_file",
        "sentence": "An earlier line of this file has the same value.",
    }
    assert findings(sent(alice, kind, content)) == []
    number = lines[1].split(",")[1]
    spelt = "\n".join([lines[0], lines[1].replace(number, number.lower()), lines[1]])
    assert [
        found
        for found in findings(sent(alice, kind, spelt, dry_run=True))
        if found[2] == "twice_in_file"
    ] == []
    sent(alice, kind, content)
    codes = {
        one["code"] for one in sent(alice, kind, "\n".join(twice), dry_run=True).json["findings"]
    }
    assert codes == {"former_number_taken" if kind == "open_invoices" else "vendor_reference_taken"}


WITH_YEAR = "Enter the date with its year, such as 31 Mar 2026 or 2026-03-31."


def test_a_cell_with_another_format_has_an_error_sentence(alice: Person) -> None:
    for row, words in (
        (
            "A,X,2026-03-01,,INR,-5",
            (
                "The format is not valid. Enter an amount as 1234.50, a currency as INR, a"
                " country as IN."
            ),
        ),
        ("A,X,24/1,,INR,5", WITH_YEAR),
        ("A,X,yesterday,,INR,5", WITH_YEAR),
        ("A,X,01/24/2026,,INR,5", WITH_YEAR),
    ):
        (found,) = sent(alice, "open_invoices", f"{INVOICES}{row}\n", dry_run=True).json["findings"]
        assert found["sentence"] == words


def test_imported_numbers_and_references_are_unique_and_use_no_new_number(
    alice: Person, charlie: Person
) -> None:
    for kind, content, expected in (
        ("open_invoices", INVOICES, "former_number_taken"),
        ("open_bills", BILLS, "vendor_reference_taken"),
    ):
        sent(alice, kind, content)
        again = content + "Somebody,NEW-1,2026-03-01,,INR,1\n"
        found = findings(sent(alice, kind, again, dry_run=True))
        assert {one[1:] for one in found} == {("reference", expected)}
        assert findings(sent(charlie, kind, content)) == []
    sent(alice, "open_invoices", HEAD + "Somebody,NEW-1,2026-03-01,,INR,1\n")
    assert invoices(alice)[0]["number"] == "O/2025-26/000003"


def test_the_date_is_required_and_the_role_must_allow_the_import(
    people: People, alice: Person
) -> None:
    for kind, content in (("open_invoices", INVOICES), ("open_bills", BILLS)):
        assert code(sent(alice, kind, content, on=None)) == (422, "day_needed")
        assert (
            sent(people.colleague(alice, "Vera Agent", role="agent"), kind, content).status_code
            == 403
        )
        assert (
            sent(
                people.colleague(alice, "Vera Lead", role="accounting_lead"),
                kind,
                content,
                dry_run=True,
            ).status_code
            == 200
        )
