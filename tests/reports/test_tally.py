"""Export for Tally: vouchers balance and have the right type.

They use the ledgers of the file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from tests.billing.papers import issued, untied
from tests.ledger.books import post
from tests.ledger.test_base_amounts import make_ready
from tests.ledger.test_revaluations import book, revalue
from tests.people import Person
from tests.rates.entered import entered
from tests.reports.books import (
    DAYS,
    MAY,
    busy_may,
    days_ago,
    invoice,
    paid_in_other_money,
    taken_back,
    trade,
)
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.queries.documents import get_invoice
from voyagent.billing.invoices.service import issuing
from voyagent.billing.payments.service import payments as payment_service
from voyagent.kernel.money import Money
from voyagent.ledger.queries.trial_balance import trial_balance_rows
from voyagent.ledger.rules import CHART
from voyagent.ledger.service import entries, months
from voyagent.reports.exports.vouchers import GROUPS, OF_PURPOSE, OF_TYPE
from voyagent.reports.views import answers

EVER = f"from={months.FIRST_DAY}&to={months.LAST_DAY}"
ONE = Money(100, "INR")


@pytest.fixture
def command(app: Flask, alice: Person, tmp_path: Path) -> Callable[..., Result]:
    """Run the command for Alice's agency into `books.xml`."""

    def run(*options: str) -> Result:
        arguments = [
            "books",
            "export",
            "--agency",
            str(alice.actor.tenant_id),
            "--format",
            "tally",
            *options,
            str(tmp_path / "books.xml"),
        ]
        return app.test_cli_runner().invoke(args=arguments)

    return run


@pytest.fixture
def export(command: Callable[..., Result], tmp_path: Path) -> Callable[..., ET.Element]:
    """Return the parsed output of the command."""

    def run(*options: str) -> ET.Element:
        output = command(*options)
        assert (output.exit_code, output.output) == (0, "")
        return ET.fromstring((tmp_path / "books.xml").read_text(encoding="ascii"))  # noqa: S314 - written by ourselves a moment ago

    return run


def on_the_page(person: Person, query: str = EVER, **options: Any) -> ET.Element:
    answer = person.tab.get(f"/reports/day-book?{query}&format=tally", **options)
    assert (answer.status_code, answer.mimetype) == (200, "application/xml")
    return ET.fromstring(answer.data)  # noqa: S314 - as above


def vouchers(envelope: ET.Element) -> list[ET.Element]:
    return envelope.findall("BODY/IMPORTDATA/REQUESTDATA/TALLYMESSAGE/VOUCHER")


def masters(envelope: ET.Element, tag: str = "LEDGER") -> dict[str, str]:
    """Return the group of each ledger, or of each group, by name."""
    found = envelope.findall(f"BODY/IMPORTDATA/REQUESTDATA/TALLYMESSAGE/{tag}")
    assert all(one.get("NAME") == one.findtext("NAME") for one in found)
    assert all(one.get("ACTION") == "Create" for one in found)
    assert len({one.get("NAME", "").casefold() for one in found}) == len(found)
    return {one.findtext("NAME", ""): one.findtext("PARENT", "") for one in found}


def lines(voucher: ET.Element) -> list[tuple[str, str, str]]:
    """Return ledger, deemed-positive flag and amount of each line."""
    names = ("LEDGERNAME", "ISDEEMEDPOSITIVE", "AMOUNT")
    return [
        tuple(one.findtext(name, "") for name in names)
        for one in voucher.findall("ALLLEDGERENTRIES.LIST")
    ]  # type: ignore[misc]


def proved(envelope: ET.Element) -> ET.Element:
    """Check Tally's rules of vouchers and return the envelope."""
    known = masters(envelope)
    groups = masters(envelope, "GROUP")
    assert set(known.values()) | set(groups.values()) <= GROUPS | set(groups)
    assert not {name.casefold() for name in known} & {
        name.casefold() for name in GROUPS | set(groups)
    }
    for voucher in vouchers(envelope):
        assert sum(Decimal(amount) for _, _, amount in lines(voucher)) == 0
        assert all(
            (positive == "Yes") == (Decimal(amount) < 0) for _, positive, amount in lines(voucher)
        )
        assert {name for name, _, _ in lines(voucher)} <= set(known)
        assert voucher.findtext("PARTYLEDGERNAME", next(iter(known))) in known
        assert voucher.get("VCHTYPE") == voucher.findtext("VOUCHERTYPENAME")
    tags = [message[0].tag for message in envelope.iter("TALLYMESSAGE")]
    assert tags == sorted(tags, key=("GROUP", "LEDGER", "VOUCHER").index)
    return envelope


def kinds(envelope: ET.Element) -> dict[str, str]:
    """Return the type of each voucher by its narration."""
    return {
        voucher.findtext("NARRATION", ""): voucher.get("VCHTYPE", "")
        for voucher in vouchers(envelope)
    }


def test_every_kind_of_entry_is_exported_as_its_voucher_type(
    alice: Person, export: Callable[..., ET.Element]
) -> None:
    trade(alice)
    sold = invoice(alice, "Meera Nair", "500", due=days_ago(2))
    alice.does(credit_note_service.issue_credit_note, sold, reason="Seat changed", on=days_ago(1))
    with alice.acting() as actor:
        paid = payment_service.record_payment(
            actor, direction="in", party_name="Meera Nair", amount=ONE, on=days_ago(3)
        )
        payment_service.refund_payment(actor, paid.id, on=days_ago(1))
    voided = invoice(alice, "Nobody", "70", due=days_ago(1))
    alice.does(issuing.void_invoice, voided, reason="Twice")
    assert set(kinds(proved(export())).values()) == {
        "Sales",
        "Credit Note",
        "Purchase",
        "Receipt",
        "Payment",
    }
    by_narration = kinds(export())
    assert (
        by_narration[next(text for text in by_narration if text.startswith("Refund "))] == "Payment"
    )
    assert (
        by_narration[next(text for text in by_narration if text.endswith("Nobody: Twice"))]
        == "Credit Note"
    )


@pytest.mark.parametrize(
    ("debit", "credit", "kind", "reversed_kind"),
    [
        ("receivable", "revenue_fees", "Sales", "Credit Note"),
        ("revenue_fees", "customer_credits", "Credit Note", "Sales"),
        ("supplier_claims", "cost_of_services", "Debit Note", "Purchase"),
        ("cost_of_services", "payable", "Purchase", "Debit Note"),
        ("bank", "receivable", "Receipt", "Payment"),
        ("gateway_clearing", "customer_advances", "Receipt", "Payment"),
        ("payable", "cash", "Payment", "Receipt"),
        ("bank_charges", "bank", "Payment", "Receipt"),
        ("bank", "cash", "Contra", "Contra"),
        ("customer_advances", "receivable", "Journal", "Journal"),
        ("customer_credits", "receivable", "Journal", "Journal"),
        ("payable", "receivable", "Journal", "Journal"),
        ("currency_exchange", "receivable", "Journal", "Journal"),
        ("round_off", "revenue_fees", "Journal", "Journal"),
    ],
)
def test_the_type_of_a_voucher_depends_on_accounts_and_sides(
    alice: Person,
    export: Callable[..., ET.Element],
    debit: str,
    credit: str,
    kind: str,
    reversed_kind: str,
) -> None:
    posted = post(
        alice,
        lines=[
            entries.debit(debit, ONE, party_name="A"),
            entries.credit(credit, ONE, party_name="A"),
        ],
    )
    alice.does(entries.reverse, posted.entry_id, reason="Undone", entry_date=date(2026, 3, 11))
    assert kinds(proved(export())) == {"A sale": kind, "Undone": reversed_kind}


def test_a_mixed_entry_with_money_on_both_sides_is_a_journal_voucher(
    alice: Person, export: Callable[..., ET.Element]
) -> None:
    post(
        alice,
        lines=[
            entries.debit("bank", Money(200, "INR")),
            entries.credit("cash", ONE),
            entries.credit("capital", ONE),
        ],
    )
    assert kinds(proved(export())) == {"A sale": "Journal"}


def test_an_entry_whose_customer_lines_cancel_out_is_a_journal_voucher(
    alice: Person, export: Callable[..., ET.Element]
) -> None:
    both = [
        entries.debit("receivable", ONE, party_name="A"),
        entries.credit("receivable", ONE, party_name="B"),
    ]
    post(alice, lines=[*both, entries.debit("round_off", ONE), entries.credit("capital", ONE)])
    assert kinds(proved(export())) == {"A sale": "Journal"}


def test_all_members_of_a_voucher_are_exported(
    alice: Person, export: Callable[..., ET.Element]
) -> None:
    sold = invoice(alice, "Deepa Krishnan", "1000.50", due=MAY)
    envelope = proved(export())
    assert envelope.findtext("HEADER/TALLYREQUEST") == "Import Data"
    assert envelope.findtext("BODY/IMPORTDATA/REQUESTDESC/REPORTNAME") == "All Masters"
    (voucher,) = vouchers(envelope)
    assert (
        voucher.get("REMOTEID")
        == voucher.findtext("GUID")
        == str(alice.does(lambda _: get_invoice(sold).entry_id))
    )
    members = {
        one.tag: one.text for one in voucher if one.tag not in {"ALLLEDGERENTRIES.LIST", "GUID"}
    }
    assert members == {
        "DATE": "20260504",
        "EFFECTIVEDATE": "20260504",
        "NARRATION": "Invoice 2026-27/000001, Deepa Krishnan",
        "VOUCHERTYPENAME": "Sales",
        "VOUCHERNUMBER": "2026-27/000001",
        "REFERENCE": "2026-27/000001",
        "PARTYLEDGERNAME": "Deepa Krishnan",
        "PERSISTEDVIEW": "Accounting Voucher View",
        "ISINVOICE": "No",
    }
    assert lines(voucher) == [
        ("Deepa Krishnan", "Yes", "-1000.50"),
        ("Sales of travel services", "No", "1000.50"),
    ]
    assert masters(envelope) == {
        "Deepa Krishnan": "Trade receivables",
        "Sales of travel services": "Sales Accounts",
    }
    assert masters(envelope, "GROUP") == {"Trade receivables": "Sundry Debtors"}


def test_taxes_are_separate_lines(alice: Person, export: Callable[..., ET.Element]) -> None:
    assert (
        alice.api.patch("/tenant-settings", json={"tax_number": "27AACCN6194P1ZP"}).status_code
        == 200
    )
    fee = LineItem(
        description="Visa fee", quantity=1, unit_price="100.05", currency="INR", tax="service_fee"
    )
    sold = issued(
        alice, fee, place_of_supply="27", issue_date=date(2026, 6, 10), due_date=date(2026, 6, 25)
    )
    alice.does(
        credit_note_service.issue_credit_note, sold, reason="Not needed", on=date(2026, 6, 11)
    )
    envelope = proved(export())
    taxes = [("Output CGST", "No", "9.00"), ("Output SGST", "No", "9.00")]
    sale, back = vouchers(envelope)
    assert (sale.get("VCHTYPE"), back.get("VCHTYPE")) == ("Sales", "Credit Note")
    assert set(lines(sale)) == {
        ("Deepa Krishnan", "Yes", "-118.05"),
        ("Sales of travel services", "No", "100.05"),
        *taxes,
    }
    assert ("Deepa Krishnan", "No", "118.05") in lines(back)
    assert masters(envelope)["Output CGST"] == "Duties & Taxes"


def test_all_taxes_are_in_the_tax_group() -> None:
    collected = {
        one.purpose
        for one in CHART
        if re.match(r"(input|output)_|t[cd]s_payable", one.purpose or "")
    }
    assert {OF_PURPOSE[purpose] for purpose in collected if purpose} == {"Duties & Taxes"}
    assert set(OF_PURPOSE) <= {one.purpose for one in CHART}
    assert set(OF_PURPOSE.values()) | set(OF_TYPE.values()) <= GROUPS


def test_the_sum_of_the_vouchers_equals_the_trial_balance(
    alice: Person, export: Callable[..., ET.Element]
) -> None:
    trade(alice)
    added_up(alice, export, "INR", "AED")


def test_reversals_and_foreign_payments_are_exported_and_balance(
    alice: Person, export: Callable[..., ET.Element]
) -> None:
    taken_back(alice)
    paid_in_other_money(alice)
    assert untied(alice) == []
    found = kinds(proved(export()))
    undone = [
        (text.partition(" of ")[2].partition("C-1" if "C-1" in text else "/")[0], kind)
        for text, kind in found.items()
        if text.startswith("Reversal")
    ]
    assert undone == [
        ("refund F", "Receipt"),
        ("credit note C", "Sales"),
        ("supplier credit note ", "Purchase"),
    ]
    assert [
        kind
        for text, kind in found.items()
        if text.startswith(("Refund", "Credit", "Supplier credit"))
    ] == ["Payment", "Credit Note", "Debit Note"]
    assert next(kind for text, kind in found.items() if text.startswith("Exchanged")) == "Journal"
    (exchanged,) = [
        lines(voucher)
        for voucher in vouchers(export("--currency", "USD"))
        if voucher.get("VCHTYPE") == "Journal"
    ]
    assert exchanged == [
        ("Currency exchange", "Yes", "-1000.00"),
        ("Deepa Krishnan", "No", "1000.00"),
    ]
    added_up(alice, export, "INR", "USD")


def added_up(person: Person, export: Callable[..., ET.Element], *currencies: str) -> None:
    """Check that the vouchers of each currency sum to the trial balance by account."""
    for currency in currencies:
        envelope = proved(export("--currency", currency))
        known, groups = masters(envelope), masters(envelope, "GROUP")
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for voucher in vouchers(envelope):
            for name, _, amount in lines(voucher):
                sums[known[name] if known[name] in groups else name] -= Decimal(amount)
        with person.reading() as reader:
            rows = trial_balance_rows(reader, months.LAST_DAY)
        ours = {
            row["name"]: Money(row["debit_minor"] - row["credit_minor"], currency).decimal
            for row in rows
            if row["currency"] == currency
        }
        assert sums == ours
        assert len(ours) > 2


def test_names_of_masters_are_unique_and_never_change(
    alice: Person, export: Callable[..., ET.Element]
) -> None:
    post(
        alice,
        lines=[
            entries.debit("payable", ONE, party_name="Galaxy"),
            entries.credit("receivable", ONE, party_name="sundry debtors"),
        ],
    )
    first = masters(proved(export()))
    assert first == {"Galaxy": "Trade payables", "sundry debtors (1200)": "Trade receivables"}
    more = [
        entries.credit(control, ONE, party_name="GALAXY")
        for control in ("receivable", "customer_advances")
    ]
    more += [
        entries.debit("payable", ONE, party_name="galaxy"),
        entries.debit("receivable", ONE),
        entries.debit("capital", ONE, party_name="Capital"),
    ]
    post(
        alice,
        lines=[*more, entries.credit("receivable", ONE, party_name="Capital")],
        entry_date=date(2026, 1, 1),
    )
    then = masters(proved(export()))
    assert then == first | {
        "Capital": "Trade receivables",
        "Capital (3000)": "Capital Account",
        "Trade receivables (1200)": "Trade receivables",
        "GALAXY (1200)": "Trade receivables",
        "GALAXY (2200)": "Advances from customers",
    }


def test_a_period_selects_vouchers_and_their_masters(
    alice: Person, export: Callable[..., ET.Element]
) -> None:
    for day in (9, 10, 11):
        lines_of_day = [
            entries.debit("receivable", ONE, party_name=f"Party {day}"),
            entries.credit("revenue_fees", ONE),
        ]
        post(alice, lines=lines_of_day, narration=f"Day {day}", entry_date=date(2026, 3, day))
    envelope = proved(export("--from", "2026-03-10", "--to", "2026-03-10"))
    assert list(kinds(envelope)) == ["Day 10"]
    assert masters(envelope) == {"Party 10": "Trade receivables", "Service fees": "Sales Accounts"}
    assert list(kinds(export("--from", "2026-03-10"))) == ["Day 10", "Day 11"]
    assert list(kinds(on_the_page(alice, "from=2026-03-09&to=2026-03-10"))) == ["Day 9", "Day 10"]


def test_each_currency_is_exported_separately(
    alice: Person, export: Callable[..., ET.Element]
) -> None:
    dirhams = [entries.debit("bank", Money(1, "AED")), entries.credit("capital", Money(1, "AED"))]
    yen = [entries.debit("cash", Money(5, "JPY")), entries.credit("capital", Money(5, "JPY"))]
    post(
        alice,
        lines=[entries.debit("cash", ONE), entries.credit("capital", ONE), *dirhams],
        narration="Two",
    )
    post(alice, lines=yen, narration="Yen")
    assert [lines(one) for one in vouchers(proved(export()))] == [
        [("Cash in hand", "Yes", "-1.00"), ("Capital", "No", "1.00")]
    ]
    assert [lines(one) for one in vouchers(proved(export("--currency", "AED")))] == [
        [("Bank, current account", "Yes", "-0.01"), ("Capital", "No", "0.01")]
    ]
    assert [lines(one)[0][2] for one in vouchers(proved(export("--currency", "JPY")))] == ["-5"]
    page = alice.tab.get(f"/reports/day-book?{EVER}").text
    assert all(
        f"currency={currency}&amp;format=tally" in page
        or f"format=tally&amp;currency={currency}" in page
        for currency in ("INR", "AED", "JPY")
    )
    assert masters(proved(on_the_page(alice, f"{EVER}&currency=AED"))) == {
        "Bank, current account": "Bank Accounts",
        "Capital": "Capital Account",
    }


def test_a_voucher_has_no_line_without_an_amount(alice: Person, owner_engine: sa.Engine) -> None:
    make_ready(owner_engine, alice)
    book(alice, date(2024, 11, 5), "84", {"supplier_deposits": 100, "capital": -100})
    entered(alice, date(2024, 11, 30), "85")
    revalue(alice)
    (voucher,) = vouchers(on_the_page(alice, f"{EVER}&currency=USD"))
    assert [amount for _ledger, _side, amount in lines(voucher)] == ["-1.00", "1.00"]


def test_special_characters_in_texts_are_escaped(
    alice: Person, export: Callable[..., ET.Element]
) -> None:
    evil = '<VOUCHER> & ]]> "quoted" \x01\ufffe\nयात्रा ✈'
    post(
        alice,
        lines=[
            entries.debit("receivable", ONE, party_name="A & <B>\tC"),
            entries.credit("revenue_fees", ONE),
        ],
        narration=evil,
    )
    (voucher,) = vouchers(proved(export()))
    assert voucher.findtext("NARRATION") == evil.replace("\x01", "\ufffd").replace(
        "\ufffe", "\ufffd"
    )
    assert voucher.findtext("PARTYLEDGERNAME") == "A & <B> C"


def test_extreme_dates_and_amounts_are_exported(
    alice: Person, export: Callable[..., ET.Element]
) -> None:
    most = Money(entries.AMOUNT_MAX_MINOR, "INR")
    for day in (months.FIRST_DAY, months.LAST_DAY):
        post(
            alice,
            lines=[entries.debit("cash", most), entries.credit("capital", most)],
            entry_date=day,
        )
    found = vouchers(proved(export()))
    assert [voucher.findtext("DATE") for voucher in found] == ["19000101", "22001231"]
    assert lines(found[0])[0][2] == f"-{most.wire}"


def test_books_without_an_entry_have_no_voucher_and_no_master(
    alice: Person, export: Callable[..., ET.Element]
) -> None:
    assert list(export().iter("TALLYMESSAGE")) == []


def test_invalid_parameters_are_refused(
    command: Callable[..., Result], app: Flask, alice: Person, tmp_path: Path
) -> None:
    for options in (
        ("--from", "2026-02-02", "--to", "2026-02-01"),
        ("--currency", "XXQ"),
        ("--from", "soon"),
    ):
        assert command(*options).exit_code == 2, options
    arguments = [
        "books",
        "export",
        "--agency",
        str(alice.actor.tenant_id),
        "--format",
        "beancount",
        "--from",
        "2026-01-01",
        str(tmp_path / "books"),
    ]
    assert app.test_cli_runner().invoke(args=arguments).exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_the_page_returns_files_only_to_readers_of_reports(
    alice: Person, victor: Person, charlie: Person, export: Callable[..., ET.Element]
) -> None:
    busy_may(alice)
    whole = export("--from", "2026-05-01", "--to", "2026-05-31")
    for person in (alice, victor):
        assert ET.tostring(on_the_page(person, DAYS)) == ET.tostring(whole)
    assert vouchers(on_the_page(charlie, DAYS)) == []
    answer = alice.tab.get(f"/reports/day-book?{DAYS}&format=tally")
    assert (
        answer.headers["Content-Disposition"]
        == 'attachment; filename="voyagent-tally-INR-2026-05-31.xml"'
    )
    assert alice.app.test_client().get(f"/reports/day-book?{DAYS}&format=tally").status_code == 303


def test_only_journal_entries_become_vouchers(alice: Person) -> None:
    refused = alice.tab.get(f"/reports/trip-margins?{DAYS}&format=tally")
    assert (refused.status_code, "Not valid: format." in refused.text) == (422, True)


def test_a_file_of_the_page_is_complete_or_refused(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy_may(alice)
    monkeypatch.setattr(answers, "LINES_MAX", 3)
    answer = alice.tab.get(f"/reports/day-book?{DAYS}&format=tally")
    assert (answer.status_code, "at most 20,000" in answer.text) == (422, True)
