"""Export for beancount: its checker passes, balances match, no text ends its line."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from tests.ledger.books import post
from tests.ledger.test_base_amounts import make_ready
from tests.ledger.test_revaluations import book, revalue
from tests.people import Person
from tests.rates.entered import entered
from tests.reports.books import paid_in_other_money, taken_back, trade
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.ledger.queries import accounts
from voyagent.ledger.queries.trial_balance import trial_balance_rows
from voyagent.ledger.service import entries as ledger_entries, months
from voyagent.reports.exports import beancount
from voyagent.reports.exports.beancount import account_names
from voyagent.reports.queries import day_book

CHECKER = Path(sys.executable).with_name("bean-check")
BALANCE = re.compile(r"\S+ balance (\S+)  (-?[0-9.]+) ~ 0 ([A-Z]{3})")


@pytest.fixture
def export(app: Flask, alice: Person, tmp_path: Path) -> Callable[..., Path]:
    """Run the export command for an agency and return the file."""

    def run(of: Person = alice) -> Path:
        file = tmp_path / f"{of.actor.tenant_id}.beancount"
        output = command(app, of, file)
        assert (output.exit_code, output.output) == (0, "")
        return file

    return run


def command(app: Flask, of: Person, file: Path) -> Result:
    return app.test_cli_runner().invoke(
        args=[
            "books",
            "export",
            "--agency",
            str(of.actor.tenant_id),
            "--format",
            "beancount",
            str(file),
        ]
    )


def complaints(file: Path) -> str:
    """Return the errors of beancount's own checker, run as a process."""
    result = subprocess.run(
        [CHECKER, "--no-cache", file], capture_output=True, text=True, check=False
    )
    assert (result.returncode == 0) == (result.stderr == ""), result
    return result.stderr


def test_beancount_accepts_the_export_and_confirms_the_trial_balance(
    alice: Person, export: Callable[..., Path]
) -> None:
    trade(alice)
    post(
        alice,
        lines=[
            ledger_entries.debit("cash", Money(1_000, "JPY")),
            ledger_entries.credit("capital", Money(1_000, "JPY")),
        ],
    )
    post(
        alice,
        lines=[
            ledger_entries.debit("cash", Money(1_234, "KWD")),
            ledger_entries.credit("capital", Money(1_234, "KWD")),
        ],
    )
    file = export()
    assert complaints(file) == ""
    assert held_to_our_trial_balance(alice, file) == {"INR", "AED", "JPY", "KWD"}


def test_settlements_between_currencies_balance_in_each_currency(
    alice: Person, export: Callable[..., Path]
) -> None:
    paid_in_other_money(alice)
    file = export()
    assert complaints(file) == ""
    balances = {
        (name.split(":")[1][:4], currency): amount
        for name, amount, currency in BALANCE.findall(file.read_text())
    }
    assert (balances["1160", "INR"], balances["1160", "USD"], balances["5920", "INR"]) == (
        "-83000.00",
        "1000.00",
        "-1000.00",
    )


def test_lines_that_only_have_a_base_amount_are_left_out(
    alice: Person, owner_engine: sa.Engine, export: Callable[..., Path]
) -> None:
    make_ready(owner_engine, alice)
    book(alice, date(2024, 11, 5), "84", {"supplier_deposits": 100, "capital": -100})
    entered(alice, date(2024, 11, 30), "85")
    revalue(alice)
    file = export()
    assert complaints(file) == ""
    assert "Revaluation" not in file.read_text()


def test_a_reversed_entry_and_its_reversal_add_up_to_zero(
    alice: Person, export: Callable[..., Path]
) -> None:
    taken_back(alice)
    paid_in_other_money(alice)
    file = export()
    assert complaints(file) == ""
    assert held_to_our_trial_balance(alice, file) == {"INR", "USD"}
    assert (
        len(
            re.findall(
                r'^2024-06-26 \* .*"Reversal of (?:refund|credit note|supplier credit note) ',
                file.read_text(),
                re.MULTILINE,
            )
        )
        == 3
    )


def held_to_our_trial_balance(person: Person, file: Path) -> set[str]:
    """Check that each account is asserted at our trial balance; return the currencies."""
    with person.reading() as reader:
        names = account_names(accounts.read_chart(reader))
        rows = trial_balance_rows(reader, months.LAST_DAY)
    ours = {
        (names[row["code"]], row["currency"]): Money(
            row["debit_minor"] - row["credit_minor"], row["currency"]
        )
        for row in rows
    }
    asserted = {
        (name, currency): Money.parse(amount, currency)
        for name, amount, currency in BALANCE.findall(file.read_text())
    }
    assert asserted == ours
    return {currency for _, currency in ours}


@pytest.mark.parametrize(
    "written",
    [r"(  Income:4200-\S+  -?\d+\.\d)(\d) ", r"(balance Assets:1200-\S+  -?\d+\.\d)(\d) "],
)
def test_the_smallest_difference_is_found_by_beancount(
    alice: Person, export: Callable[..., Path], written: str
) -> None:
    trade(alice)
    post(
        alice,
        lines=[
            ledger_entries.debit("cash", Money(999, "INR")),
            ledger_entries.credit("revenue_fees", Money(999, "INR")),
        ],
    )
    file = export()
    text = file.read_text()
    spoilt = re.sub(written, lambda found: f"{found[1]}{(int(found[2]) + 1) % 10} ", text, count=1)
    assert spoilt != text
    file.write_text(spoilt)
    assert complaints(file)


def test_an_entry_is_exported_as_transaction_with_its_source(
    alice: Person, export: Callable[..., Path]
) -> None:
    source = new_id()
    lines = [
        ledger_entries.debit("receivable", Money(10_050, "INR"), party_name="Deepa", memo="Seat 4"),
        ledger_entries.credit("revenue_services", Money(10_050, "INR")),
    ]
    first = post(alice, lines=lines, source_id=source)
    undone = alice.does(
        ledger_entries.reverse, first.entry_id, reason="Twice", entry_date=date(2026, 3, 12)
    )
    text = export().read_text()
    assert (
        f'\n2026-03-10 * "Deepa" "A sale"\n  entry: "{first.entry_id}"\n  source: "test"\n '
        f' source_id: "{source}"\n  purpose: "sale"\n  Assets:1200-Trade-receivables  100.50 INR\n '
        '   party: "Deepa"\n    memo: "Seat 4"\n  Income:4300-Sales-of-travel-services  -100.50'
        " INR\n" in text
    )
    assert f'  entry: "{undone.entry_id}"\n' in text
    assert f'  reverses: "{first.entry_id}"\n' in text
    assert text.endswith("2026-03-13 balance Income:4300-Sales-of-travel-services  0.00 ~ 0 INR\n")


def test_an_entry_of_two_parties_has_no_payee(alice: Person, export: Callable[..., Path]) -> None:
    lines = [
        ledger_entries.debit("receivable", Money(1, "INR"), party_name="One"),
        ledger_entries.credit("receivable", Money(1, "INR"), party_name="Two"),
    ]
    post(alice, lines=lines)
    assert '\n2026-03-10 * "A sale"\n' in export().read_text()


def test_extreme_texts_dates_and_amounts_are_exported(
    alice: Person, export: Callable[..., Path]
) -> None:
    evil = 'She said "no"\n2026-01-01 open Assets:Evil\r\n\\" ; # ^ | \x01 \N{LINE SEPARATOR} यात्रा'
    twice = Money(2 * ledger_entries.AMOUNT_MAX_MINOR, "INR")
    for day in (months.FIRST_DAY, months.LAST_DAY):
        most = Money(ledger_entries.AMOUNT_MAX_MINOR, "INR")
        lines = [
            ledger_entries.debit("receivable", most, party_name='A "B" \\', memo=evil),
            ledger_entries.credit("revenue_fees", most),
        ]
        lines += [
            ledger_entries.debit("cash", Money(1, "KWD")),
            ledger_entries.credit("capital", Money(1, "KWD")),
        ]
        post(alice, lines=lines, narration=evil, entry_date=day)
    file = export()
    assert complaints(file) == ""
    assert "\n2026-01-01 open" not in file.read_text()
    assert (
        f"\n2201-01-01 balance Assets:1200-Trade-receivables  {twice.decimal:f} ~ 0 INR\n"
        in file.read_text()
    )


def test_names_of_accounts_are_valid_and_unique() -> None:
    named = [
        ("1", "A B"),
        ("1-A", "B"),
        ("1.A", "B"),
        ("a.b-", "Café & Bar"),
        ("A.b-", "Café & Bar"),
        ("9", "यात्रा"),
    ]
    names = account_names([{"code": code, "name": name, "type": "asset"} for code, name in named])
    assert names == {
        "1": "Assets:1-A-B",
        "1-A": "Assets:1-A-B-2",
        "1.A": "Assets:1-A-B-3",
        "a.b-": "Assets:A-b--Cafe-Bar",
        "A.b-": "Assets:A-b--Cafe-Bar-2",
        "9": "Assets:9",
    }


def test_books_without_entries_are_exported_as_accounts(
    alice: Person, export: Callable[..., Path]
) -> None:
    file = export()
    text = file.read_text()
    assert complaints(file) == ""
    assert (
        '\n1900-01-01 open Assets:1590-Accumulated-depreciation\n  code: "1590"\n  name:'
        ' "Accumulated depreciation"\n' in text
    )
    assert (" * " in text, " balance " in text) == (False, False)


def test_an_export_contains_only_the_books_of_its_agency(
    alice: Person, charlie: Person, export: Callable[..., Path]
) -> None:
    post(alice, narration="Of Alice")
    post(charlie, narration="Of Charlie")
    assert ("Of Alice" in export().read_text(), "Of Charlie" in export().read_text()) == (
        True,
        False,
    )


def test_every_entry_is_exported_once_for_any_batch_size(
    alice: Person, export: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [post(alice, entry_date=date(2026, 3, day)).entry_id for day in (3, 1, 2, 2, 2)]
    whole = export().read_text()
    for size in (1, 2, 5):
        monkeypatch.setattr(day_book, "_ENTRIES_AT_A_TIME", size)
        assert export().read_text() == whole
    assert sorted(re.findall(r'  entry: "(\S+)"', whole)) == sorted(map(str, entries))


def test_an_incomplete_file_has_a_temporary_name(
    app: Flask, alice: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = command(app, alice, tmp_path / "nowhere" / "books")
    assert (refused.exit_code, "cannot be written" in refused.output) == (1, True)

    def breaks(*_: object) -> list[str]:
        raise RuntimeError

    monkeypatch.setattr(beancount, "every_entry", breaks)
    (tmp_path / "books").write_text("of yesterday")
    assert command(app, alice, tmp_path / "books").exit_code == 1
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [
        ("books", "of yesterday")
    ]


def test_the_export_of_an_unknown_agency_is_refused(app: Flask, tmp_path: Path) -> None:
    result = app.test_cli_runner().invoke(
        args=[
            "books",
            "export",
            "--agency",
            str(new_id()),
            "--format",
            "beancount",
            str(tmp_path / "books"),
        ]
    )
    assert (result.exit_code, "there is no agency" in result.output) == (1, True)
    assert list(tmp_path.iterdir()) == []
