"""Imports of opening balances: one entry, with a suspense amount for documents."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from tests.billing.test_api import code
from tests.billing.test_carrying import worth
from tests.chat.parallel import at_once
from tests.imports.test_parties import findings
from tests.ledger.books import balances
from tests.ledger.test_base_amounts import make_ready
from tests.ledger.test_establishing import failed
from tests.people import People, Person
from tests.rates.entered import entered
from voyagent.ledger.service import chart, months
from voyagent.reports.queries import checks

DAY = "2026-03-31"
GOOD = """account,currency,debit,credit
1100,INR,"1,50,000.00",
Cash in hand,,5000.50,0
1200,INR,45000,
2100,,,"30,000"
3000,INR,,"1,70,000.50"
bank,AED,100,
3000,aed,,100
"""


def sent(
    person: Person, content: str, *, dry_run: bool = False, on: str | None = DAY, **more: Any
) -> Any:
    body = {"kind": "opening_balances", "content": content, "dry_run": dry_run} | (
        {"effective_on": on} if on else {}
    )
    return person.api.post("/imports", json=body, **more)


def opened(person: Person) -> dict[tuple[str, str], int]:
    return {key: minor for key, minor in balances(person).items() if minor}


def test_a_trial_balance_becomes_one_entry_with_a_suspense_amount(
    alice: Person,
) -> None:
    assert findings(sent(alice, GOOD, dry_run=True)) == []
    assert opened(alice) == {}
    taken = sent(alice, GOOD)
    assert (taken.status_code, taken.json["rows"], taken.json["findings"]) == (200, 7, [])
    assert opened(alice) == {
        ("bank", "INR"): 15_000_000,
        ("cash", "INR"): 500_050,
        ("capital", "INR"): -17_000_050,
        ("opening_balances", "INR"): 1_500_000,
        ("bank", "AED"): 10_000,
        ("capital", "AED"): -10_000,
    }
    entries = alice.api.get("/journal-entries").json["items"]
    assert [(entry["entry_date"], entry["narration"]) for entry in entries] == [
        (DAY, "Opening balances")
    ]
    accounts = alice.api.get("/accounts").json
    assert "Opening balances" in str(accounts)


def test_the_same_file_of_the_same_date_is_imported_once(alice: Person) -> None:
    answers = at_once([lambda: sent(alice, GOOD) for _twin in range(4)])
    assert sorted(answer.json["is_repeat"] for answer in answers) == [False, True, True, True]
    assert opened(alice)["cash", "INR"] == 500_050


def test_one_of_several_parallel_files_is_imported(alice: Person) -> None:
    files = [f"account,debit,credit\n1100,{amount},\n3000,,{amount}\n" for amount in range(10, 16)]
    answers = at_once([lambda content=content: sent(alice, content) for content in files])  # type: ignore[misc]
    assert sorted(answer.status_code for answer in answers) == [200, *[422] * 5]
    assert {code(answer) for answer in answers if answer.status_code == 422} == {
        (422, "import_has_findings")
    }
    (taken,) = [
        content for content, answer in zip(files, answers, strict=True) if answer.status_code == 200
    ]
    assert opened(alice)["bank", "INR"] == int(taken.split("1100,")[1].split(",")[0]) * 100


def test_imported_balances_are_not_imported_twice(
    alice: Person,
) -> None:
    sent(alice, GOOD)
    head, *rows = GOOD.strip().splitlines()
    turned, more = (
        "\n".join([head, *lines]) + "\n"
        for lines in (reversed(rows), [*rows, "1510,INR,7,", "3900,INR,,7"])
    )
    for content, on in ((GOOD, "2026-04-01"), (turned, DAY), (more, DAY)):
        errors = findings(sent(alice, content, dry_run=True, on=on))
        assert {found[1:] for found in errors} == {("account", "opened_already")}
        assert len(errors) == 5, (
            "each account that stands already, and none of those that only documents will bring"
        )
        assert code(sent(alice, content, on=on)) == (422, "import_has_findings")
    assert opened(alice)["cash", "INR"] == 500_050


def test_a_reversed_opening_can_be_imported_again(alice: Person) -> None:
    sent(alice, GOOD)
    (entry,) = alice.api.get("/journal-entries").json["items"]
    alice.api.post(f"/journal-entries/{entry['id']}/reverse", json={"reason": "The wrong day"})
    assert sent(alice, GOOD, on="2026-04-01").json["findings"] == []
    assert opened(alice)["cash", "INR"] == 500_050


def test_an_import_uses_only_accounts_of_its_agency(alice: Person, charlie: Person) -> None:
    sent(alice, GOOD)
    assert opened(charlie) == {}
    second = "account,debit,credit\n1510,100,\n3900,,100\n"
    assert sent(alice, second).json["findings"] == []
    assert opened(alice)["opening_balances", "INR"] == 1_500_000


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("9999,INR,1,", ("account", "account_not_found")),
        ("advances,INR,1,", ("account", "account_ambiguous")),
        (",INR,1,", ("account", "account_not_found")),
        ("1100,XXX,1,", ("currency", "invalid_currency")),
        ("1100,INR,1.001,", ("debit", "invalid_amount")),
        ("1100,INR,-1,", ("debit", "invalid_amount")),
        ("1100,INR,one,", ("debit", "invalid_amount")),
        ("1100,INR,1,1", ("debit", "one_side_needed")),
        ("1100,INR,,", ("debit", "one_side_needed")),
        ("1510,INR,1,", ("account", "account_inactive")),
    ],
)
def test_every_invalid_row_is_reported_and_nothing_posted(
    alice: Person, row: str, expected: tuple[str, str]
) -> None:
    accounts = alice.api.get("/accounts").json["items"]
    alice.does(
        chart.change_account,
        next(a["id"] for a in accounts if a["code"] == "1510"),
        {"is_archived": True},
    )
    content = f"account,currency,debit,credit\n3000,INR,,1\n{row}\n"
    assert findings(sent(alice, content, dry_run=True)) == [(3, *expected)]
    assert code(sent(alice, content)) == (422, "import_has_findings")
    assert opened(alice) == {}


@pytest.mark.parametrize(
    ("content", "on", "expected"),
    [
        ("account,debit,credit\n1100,100,\n3000,,99.99\n", DAY, "file_unbalanced"),
        ("account,currency,debit,credit\n1100,INR,100,\n3000,AED,,100\n", DAY, "file_unbalanced"),
        ("account,debit,credit\n1200,100,\n2100,,100\n", DAY, "journal_entry_too_short"),
        ("account,debit,credit\n1100,100,\n3000,,100\n", "2024-05-10", "period_locked"),
    ],
)
def test_errors_of_the_whole_file_are_reported_at_the_header(
    alice: Person, content: str, on: str, expected: str
) -> None:
    alice.does(months.close_month, date(2024, 5, 1))
    assert findings(sent(alice, content, dry_run=True, on=on)) == [(1, None, expected)]
    assert code(sent(alice, content, on=on)) == (422, "import_has_findings")
    assert opened(alice) == {}


def test_the_date_is_required(alice: Person) -> None:
    for dry_run in (True, False):
        assert code(sent(alice, GOOD, dry_run=dry_run, on=None)) == (422, "day_needed")


def test_only_some_roles_import_opening_balances(people: People, alice: Person) -> None:
    agent = people.colleague(alice, "Vera Agent", role="agent")
    assert sent(agent, GOOD).status_code == 403
    lead = people.colleague(alice, "Vera Lead", role="accounting_lead")
    assert sent(lead, GOOD).status_code == 200


def test_opening_balances_have_base_amounts(alice: Person, owner_engine: sa.Engine) -> None:
    """V16; the account of opening balances comes to zero in base."""
    entered(alice, date.fromisoformat(DAY), "23", pair=("AED", "INR"))
    lines = ["1100,AED,100,,", "1100,USD,2000,,168000", "3000,,,170300,"]
    for one in (lines, lines[::-1]):
        content = "\n".join(["account,currency,debit,credit,base_amount", *one])
        assert findings(sent(alice, content, dry_run=True)) == [], "in any order"
    make_ready(owner_engine, alice)
    file = (
        "account,currency,debit,credit,base_amount,exchange_rate\n"
        '1100,USD,2000,,"1,68,000",\n1200,USD,500,,,83.50\n3000,,,{equity},,\n'
    )
    assert findings(sent(alice, file.format(equity="209000"), dry_run=True)) == [
        (1, None, "file_unbalanced_in_base")
    ]
    both = file.format(equity="209750").replace(",,83.50", ",41750,83.50")
    assert findings(sent(alice, both, dry_run=True)) == [
        (3, "exchange_rate", "base_amount_and_rate")
    ]
    neither = file.format(equity="209750").replace("83.50", "")
    assert findings(sent(alice, neither, dry_run=True)) == [(3, "exchange_rate", "rate_missing")]
    assert sent(alice, file.format(equity="209750")).status_code == 200
    assert failed(alice).keys() == {"opening_zero"}
    with alice.reading() as reader:
        assert not checks.damages(checks.findings(reader)), "a backup can be restored"
    rows = "party,reference,issue_date,currency,amount,exchange_rate,base_amount\n"
    invoice = "Deepa Krishnan,A-1,2026-03-01,USD,500,{}\n"
    body = {"kind": "open_invoices", "effective_on": DAY, "dry_run": False}
    for cells, found in ((",", "rate_missing"), ("83.50,41750", "base_amount_and_rate")):
        answer = alice.api.post(
            "/imports", json=body | {"content": rows + invoice.format(cells), "dry_run": True}
        )
        assert findings(answer) == [(2, "exchange_rate", found)]
    rupees = "Deepa Krishnan,A-0,2026-03-01,INR,500,,{}\n"
    for base, refused in (("500", []), ("501", [(2, "base_amount", "base_amount_inexact")])):
        answer = alice.api.post(
            "/imports", json=body | {"content": rows + rupees.format(base), "dry_run": True}
        )
        assert findings(answer) == refused
    answer = alice.api.post("/imports", json=body | {"content": rows + invoice.format(",41750")})
    assert findings(answer) == []
    assert {key: minor for key, minor in worth(owner_engine, alice).items() if minor} == {
        "bank": 16_800_000,
        "receivable": 4_175_000,
        "capital": -20_975_000,
    }
    assert failed(alice) == {}
    advance = (
        "party,reference,paid_on,currency,amount,base_amount\n"
        f"Deepa Krishnan,P-1,{DAY},USD,100,8350\n"
    )
    kind = {"kind": "customer_advances", "content": advance}
    answer = alice.api.post("/imports", json=body | kind)
    assert findings(answer) == []
    assert worth(owner_engine, alice)["customer_advances"] == -835_000
