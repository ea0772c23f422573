"""Instalments in API, pages and PDF."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import draft, issued, line, pay, plan, receive
from tests.people import Person, csrf_token
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import ReadPool
from voyagent.settings.service import tenant_settings as settings

ON_BOOKING, BEFORE_DEPARTURE = date(2024, 6, 10), date(2024, 7, 20)
PLAN = plan((ON_BOOKING, "13500.00"), (BEFORE_DEPARTURE, "31500.00"))
WIRE = [
    {"due_date": "2024-06-10", "amount": "13500.00"},
    {"due_date": "2024-07-20", "amount": "31500.00"},
]
LINE = {"description": "Dubai visa", "quantity": 2, "unit_price": "22500.00"}
BODIES: dict[str, dict[str, Any]] = {
    "/invoices": {
        "customer_name": "Deepa Krishnan",
        "issue_date": "2024-06-10",
        "currency": "INR",
        "line_items": [LINE],
    },
    "/bills": {
        "vendor_name": "BSP India",
        "vendor_reference": "B-1",
        "issue_date": "2024-06-10",
        "currency": "INR",
        "line_items": [LINE],
    },
}


def instalments_of(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["due_date"], one["amount"], one["open_amount"]) for one in document["instalments"]]


@pytest.mark.parametrize("path", BODIES)
def test_the_api_accepts_and_returns_instalments(alice: Person, path: str) -> None:
    plain = alice.api.post(path, json=BODIES[path])
    assert (plain.status_code, plain.json["instalments"]) == (201, [])
    here = f"{path}/{plain.json['id']}"
    planned = alice.api.patch(here, json={"instalments": WIRE})
    assert (planned.status_code, planned.json["due_date"]) == (200, "2024-06-10")
    assert instalments_of(planned.json) == [
        ("2024-06-10", "13500.00", "0.00"),
        ("2024-07-20", "31500.00", "0.00"),
    ], "nothing is open of a draft"
    assert instalments_of(
        alice.api.patch(here, json={"notes": "Thank you"}).json
    ) == instalments_of(planned.json), "what is absent stays"
    assert alice.api.patch(here, json={"instalments": None}).json["instalments"] == []
    assert alice.api.patch(here, json={"instalments": WIRE}).json["instalments"]
    assert alice.api.patch(here, json={"instalments": []}).json["instalments"] == []
    assert alice.api.delete(here).status_code == 204
    drawn = alice.api.post(path, json=BODIES[path] | {"instalments": WIRE})
    assert drawn.status_code == 201, drawn.text
    here = f"{path}/{drawn.json['id']}"
    posted = alice.api.post(f"{here}/{'issue' if path == '/invoices' else 'receive'}").json
    assert instalments_of(posted) == [
        ("2024-06-10", "13500.00", "13500.00"),
        ("2024-07-20", "31500.00", "31500.00"),
    ]
    if path == "/invoices":
        paid = alice.api.post(
            f"{here}/receipts", json={"amount": "14000.00", "paid_on": "2024-06-12"}
        ).json
        assert instalments_of(paid) == [
            ("2024-06-10", "13500.00", "0.00"),
            ("2024-07-20", "31500.00", "31000.00"),
        ]
        assert paid["due_date"] == "2024-07-20"
    assert alice.api.patch(here, json={"instalments": None}).status_code == 409, (
        "what was posted keeps its plan"
    )


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    ("instalments", "code"),
    [
        (WIRE[:1], "invalid_instalments"),
        ([WIRE[0], WIRE[1] | {"amount": "0"}], "invalid_instalments"),
        ([WIRE[0], WIRE[1] | {"amount": "31500.01"}], "instalments_do_not_add_up"),
        (WIRE[::-1], "invalid_instalment_dates"),
        ([WIRE[0] | {"due_date": "2024-06-09"}, WIRE[1]], "invalid_instalment_dates"),
        ([WIRE[0], WIRE[0]], "invalid_instalment_dates"),
        ([WIRE[0], WIRE[1] | {"amount": "31500.001"}], "invalid_instalment_amount"),
    ],
)
def test_invalid_instalments_have_their_own_error_codes(
    alice: Person, path: str, instalments: Any, code: str
) -> None:
    answer = alice.api.post(path, json=BODIES[path] | {"instalments": instalments})
    assert (answer.status_code, answer.json["detail"]) == (422, code)
    drawn = alice.api.post(path, json=BODIES[path]).json
    answer = alice.api.patch(f"{path}/{drawn['id']}", json={"instalments": instalments})
    assert answer.json["detail"] == code


@pytest.mark.parametrize(
    "instalments",
    ["30 %", [{"due_date": "2024-06-10"}], [WIRE[0] | {"paid": True}, WIRE[1]], [WIRE[0]] * 37],
)
def test_malformed_instalments_are_refused_by_the_schema(alice: Person, instalments: Any) -> None:
    assert (
        alice.api.post(
            "/invoices", json=BODIES["/invoices"] | {"instalments": instalments}
        ).status_code
        == 422
    )


def test_a_document_shows_each_instalment_with_open_amount_and_status(alice: Person) -> None:
    browser, today = alice.tab, clock.today(alice.actor.timezone)
    dues = (today - timedelta(days=40), today - timedelta(days=3), today, today + timedelta(days=9))
    parts = plan(*((due, "100.00") for due in dues))
    for document_id, path in (
        (
            issued(alice, line("400.00", quantity=1), issue_date=dues[0], instalments=parts),
            "/invoices",
        ),
        (
            receive(alice, line("400.00", quantity=1), issue_date=dues[0], instalments=parts),
            "/bills",
        ),
    ):
        if path == "/invoices":
            pay(alice, document_id, 13_000, dues[0])
        page = browser.get(f"{path}/{document_id}").text
        table = " ".join(part_of(page, "instalments").split())
        states = (
            ["Settled", "3 days overdue", "Not due", "Not due"]
            if path == "/invoices"
            else ["40 days overdue", "3 days overdue", "Not due", "Not due"]
        )
        assert re.findall(r"Partly settled|Settled|\d+ days overdue|Not due", table) == states
        assert (">70.00<" in table) == (path == "/invoices")
    planned = draft(alice, line("400.00", quantity=1), issue_date=dues[0], instalments=parts)
    assert "overdue" not in part_of(browser.get(f"/invoices/{planned}").text, "instalments"), (
        "a draft is owed by nobody"
    )
    assert 'id="instalments"' not in browser.get(f"/invoices/{issued(alice)}").text


def test_receivables_list_instalments_under_their_customer(alice: Person) -> None:
    issued(alice, instalments=PLAN)
    page = alice.tab.get(
        "/reports/receivables", query_string={"as_of": "2024-08-01", "party": "Deepa Krishnan"}
    ).text
    assert "instalment 1, due 10 Jun" in page
    assert "instalment 2, due 20 Jul" in page
    table = alice.tab.get(
        "/reports/receivables", query_string={"as_of": "2024-08-01", "format": "csv"}
    ).text
    assert table.splitlines()[1].startswith(
        "line,INR,Deepa Krishnan,0.00,31500.00,13500.00,0.00,0.00,45000.00"
    ), "each in its own column"


def test_lists_and_documents_need_no_further_statements(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, costs, selects = alice.tab, [], []
    run = ReadPool.run
    monkeypatch.setattr(
        ReadPool,
        "run",
        lambda lane, credential, asked: (selects.append(len(asked)), run(lane, credential, asked))[
            1
        ],
    )
    for given in ({}, {"instalments": PLAN}):
        invoice_id = issued(alice, **given)
        for path in (
            "/invoices",
            f"/invoices/{invoice_id}",
            "/reports/receivables?party=Deepa+Krishnan",
            "/",
        ):
            selects.clear()
            assert browser.get(path).status_code == 200
            costs.append(sum(selects))
    assert costs[:4] == costs[4:]
    assert all(costs)


def part_of(page: str, element_id: str) -> str:
    """Return the text of a section of a page."""
    begin = page.index(f'id="{element_id}"')
    return page[begin : page.index("</section>", begin)]


# The form
# --------------------------------------------------------------------------------


def typed(path: str, *rows: tuple[str, str], **given: Any) -> dict[str, Any]:
    """Return the form of a document for 45,000 rupees with rows of a plan."""
    party = (
        {"customer_name": "Deepa Krishnan"}
        if path == "/invoices"
        else {"vendor_name": "BSP India", "vendor_reference": "B-9"}
    )
    lines = {
        "description": ["Dubai visa"],
        "quantity": ["2"],
        "unit_price": ["22,500.00"],
        "issue_date": "10 Jun 2024",
        "due_date": "25 Jun 2024",
        "currency": "INR",
    }
    return (
        party
        | lines
        | {
            "instalment_due": [row[0] for row in rows],
            "instalment_amount": [row[1] for row in rows],
        }
        | given
    )


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    ("rows", "stored"),
    [
        ([("10 Jun 2024", "13,500.00"), ("20/07/2024", "31500"), ("", "")], [1_350_000, 3_150_000]),
        ([("10 Jun 2024", "30 %"), ("20 Jul 2024", "")], [1_350_000, 3_150_000]),
        (
            [
                ("10 Jun 2024", "33.3333%"),
                ("20 Jul 2024", "33.3333%"),
                ("21 Jul 2024", "33.3334 %"),
            ],
            [1_499_999, 1_499_998, 1_500_003],
        ),
        ([("10 Jun 2024", ""), ("20 Jul 2024", "5000")], [4_000_000, 500_000]),
        ([("", ""), ("", "")], None),
    ],
)
def test_instalments_are_typed_as_amounts_shares_and_a_rest(
    alice: Person, path: str, rows: list[tuple[str, str]], stored: list[int] | None
) -> None:
    browser = alice.tab
    saved = browser.post(f"{path}/new", data=typed(path, *rows, csrf_token=csrf_token(browser)))
    assert saved.status_code == 303, saved.text
    document_id = UUID(saved.headers["Location"].rsplit("/", 1)[1])
    with alice.acting():
        document = (invoice_queries.get_invoice if path == "/invoices" else bill_queries.get_bill)(
            document_id
        )
        assert (document.instalment_minors, document.due_date) == (
            stored,
            date(2024, 6, 10) if stored else date(2024, 6, 25),
        )
    if stored:
        page = browser.get(f"{path}/{document_id}/edit").text
        assert 'id="instalments" open' in page
        assert 'value="10 Jun 2024"' in page.split('id="instalments"')[1]
        same = browser.post(
            f"{path}/{document_id}/edit",
            data=typed(path, *rows, csrf_token=csrf_token(browser)),
        )
        assert same.status_code == 303
        gone = browser.post(
            f"{path}/{document_id}/edit",
            data=typed(path, ("", ""), csrf_token=csrf_token(browser)),
        )
        assert gone.status_code == 303
        with alice.acting():
            document = (
                invoice_queries.get_invoice if path == "/invoices" else bill_queries.get_bill
            )(document_id)
            assert (document.instalment_minors, document.due_date) == (None, date(2024, 6, 25))


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([("10 Jun 2024", "13,500.00"), ("20 Jul 2024", "31,000.00")], "do not add up"),
        ([("20 Jul 2024", "13,500.00"), ("10 Jun 2024", "31,500.00")], "after the one before"),
        ([("10 Jun 2024", "45,000.00")], "2 to 36"),
        ([("10 Jun 2024", "some"), ("20 Jul 2024", "")], "a share such as 30 %"),
        ([("10 Jun 2024", ""), ("20 Jul 2024", "")], "a share such as 30 %"),
        ([("10 Jun 2024", "0.001"), ("20 Jul 2024", "44999.999")], "more decimals than"),
        ([("someday", "13,500.00"), ("20 Jul 2024", "31,500.00")], "date"),
    ],
)
def test_invalid_typed_instalments_are_shown_again_with_an_error(
    alice: Person, path: str, rows: list[tuple[str, str]], sentence: str
) -> None:
    browser = alice.tab
    back = browser.post(f"{path}/new", data=typed(path, *rows, csrf_token=csrf_token(browser)))
    assert back.status_code == 422
    section = back.text.split('<details class="mt-4" id="instalments" open')[1].split("</details>")[
        0
    ]
    assert sentence in section
    assert all(f'value="{text}"' in section for row in rows for text in row if text), (
        "what was typed stays"
    )


def test_the_form_shows_the_sum_of_instalments_before_submission(alice: Person) -> None:
    browser = alice.tab

    def sums(*rows: tuple[str, str], **given: Any) -> str:
        page = browser.post(
            "/invoices/new",
            data=typed("/invoices", *rows, then="look", csrf_token=csrf_token(browser), **given),
        )
        assert page.status_code == 200
        return " ".join(
            re.sub(
                r"<[^>]+>",
                "",
                page.text.split('id="plan-sums"')[1].split(">", 1)[1].split("</p>")[0],
            ).split()
        )

    assert sums() == ""
    assert (
        sums(("10 Jun 2024", "30%"), ("20 Jul 2024", ""))
        == "13,500.00 + 31,500.00 = INR45,000.00. Adds up to the total."
    )
    assert (
        sums(("10 Jun 2024", "30%"), ("20 Jul 2024", "1"))
        == "13,500.00 + 1.00 = INR13,501.00. INR31,499.00 less than the total."
    )
    assert sums(("10 Jun 2024", "45000"), ("20 Jul 2024", "1")).endswith(
        "INR1.00 more than the total."
    )
    assert sums(("10 Jun 2024", "some"), ("20 Jul 2024", "1")) == "? + 1.00"
    assert (
        sums(("10 Jun 2024", "30%"), ("20 Jul 2024", ""), unit_price=["many"])
        == "? + ? The total is not known yet."
    )


def test_a_share_is_a_share_of_the_total_with_tax(alice: Person) -> None:
    with alice.acting() as actor:
        settings.update(actor, {"tax_number": "27AACCN6194P1ZP"})
    browser = alice.tab
    taxed = {
        "tax": ["service_fee"],
        "basic_fare": [""],
        "sold_as": ["fee"],
        "place_of_supply": "27",
    }
    rows = [("10 Jun 2024", "50 %"), ("20 Jul 2024", "")]
    saved = browser.post(
        "/invoices/new",
        data=typed("/invoices", *rows, csrf_token=csrf_token(browser), **taxed),
    )
    assert saved.status_code == 303, saved.text
    with alice.acting():
        invoice = invoice_queries.get_invoice(UUID(saved.headers["Location"].rsplit("/", 1)[1]))
        assert (invoice.total_minor, invoice.instalment_minors) == (
            5_310_000,
            [2_655_000, 2_655_000],
        )
