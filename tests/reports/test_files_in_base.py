"""Files of the books in the base currency, for beancount and for Tally."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import Result

from tests.ledger.books import DAY, inr, post, sale
from tests.ledger.test_base_amounts import usd
from tests.ledger.test_establishing import established
from tests.people import Person
from tests.rates.entered import entered
from tests.reports.test_beancount import BALANCE, complaints
from tests.reports.test_in_base import RATES, dealer
from tests.reports.test_tally import lines, masters, on_the_page, vouchers
from voyagent.kernel.money import Money
from voyagent.ledger.queries import accounts
from voyagent.ledger.queries.trial_balance import in_base, trial_balance_rows
from voyagent.ledger.service import entries, months
from voyagent.reports.exports.beancount import account_names

__all__ = ["dealer"]
Export = Callable[..., Result]
_WORTH = re.compile(r"(-?)\$ ([\d.]+) @ ₹ ([\d.]+)/\$ = (-?)₹ ([\d.]+)")


@pytest.fixture
def export(alice: Person, tmp_path: Path) -> Export:
    """Run the export command of an agency."""

    def run(form: str, *options: str) -> Result:
        arguments = ["books", "export", "--agency", str(alice.actor.tenant_id), "--format", form]
        return alice.app.test_cli_runner().invoke(
            args=[*arguments, *options, str(tmp_path / "books")]
        )

    return run


def closing(person: Person) -> dict[str, Money]:
    """Return our trial balance in base by account code."""
    with person.reading() as reader:
        rows = in_base(trial_balance_rows(reader, months.LAST_DAY))
    return {
        row["code"]: Money(row["debit_minor"] - row["credit_minor"], row["currency"])
        for row in rows
    }


def test_beancount_confirms_the_trial_balance_in_base(
    dealer: Person, export: Export, tmp_path: Path
) -> None:
    entered(dealer, DAY, "0.011876", pair=("INR", "USD"))
    post(dealer, sale(usd(5_000)))
    output = export("beancount", "--base")
    assert (output.exit_code, output.output) == (0, "")
    assert complaints(tmp_path / "books") == ""
    text = (tmp_path / "books").read_text()
    with dealer.reading() as reader:
        names = account_names(accounts.read_chart(reader))
    asserted = {
        name: Money.parse(amount, currency) for name, amount, currency in BALANCE.findall(text)
    }
    assert asserted == {names[code]: amount for code, amount in closing(dealer).items()}
    assert {amount.currency for amount in asserted.values()} == {"INR"}
    assert (
        "  Assets:1200-Trade-receivables  8420.50 INR\n"
        "    amount: 100.00 USD\n"
        "    rate: 84.205 INR\n"
        "    rate_on: 2026-03-10\n"
        '    rate_source: "Bank"\n'
    ) in text
    assert "    rate: 0.011876 USD\n" in text
    assert "  Expenses:5920-Exchange-differences  18.00 INR\n" in text
    assert "  Assets:1160" not in text


def test_the_file_by_currency_leaves_differences_out(
    dealer: Person, export: Export, tmp_path: Path
) -> None:
    assert export("beancount").exit_code == 0
    assert complaints(tmp_path / "books") == ""
    text = (tmp_path / "books").read_text()
    assert "  Assets:1160-Currency-exchange  -100.00 USD\n" in text
    assert "Expenses:5920-Exchange-differences  " not in text


def test_the_file_in_base_needs_base_amounts(alice: Person, export: Export, tmp_path: Path) -> None:
    post(alice)
    refused = export("beancount", "--base")
    assert (refused.exit_code, refused.output) == (
        1,
        "Error: The base amounts of this agency are not established.\n",
    )
    assert not (tmp_path / "books").exists()
    assert "--base applies to beancount only" in export("tally", "--base").output


def test_tally_has_the_foreign_amount_and_its_rate(
    dealer: Person, export: Export, tmp_path: Path
) -> None:
    assert export("tally").exit_code == 0
    envelope = ET.fromstring((tmp_path / "books").read_text(encoding="ascii"))  # noqa: S314 - our own
    proved_in_base(dealer, envelope)
    sales = [one for one in vouchers(envelope) if one.get("VCHTYPE") == "Sales"]
    assert lines(sales[1]) == [
        ("Deepa Krishnan", "Yes", "-$ 100.00 @ ₹ 84.205/$ = -₹ 8420.50"),
        ("Sales of travel services", "No", "$ 100.00 @ ₹ 84.205/$ = ₹ 8420.50"),
    ]
    (receipt,) = [one for one in vouchers(envelope) if one.get("VCHTYPE") == "Receipt"]
    assert lines(receipt) == [
        ("Bank, current account", "Yes", "-$ 60.00 @ ₹ 84.205/$ = -₹ 5052.30"),
        ("Deepa Krishnan", "No", "$ 60.00 @ ₹ 84.505/$ = ₹ 5070.30"),
        ("Exchange differences", "Yes", "-18.00"),
    ]
    currency = envelope.find("BODY/IMPORTDATA/REQUESTDATA/TALLYMESSAGE/CURRENCY")
    assert currency is not None
    assert [currency.findtext(one) for one in ("NAME", "ISOCURRENCYCODE", "DECIMALPLACES")] == [
        "$",
        "USD",
        "2",
    ]
    assert "Currency exchange" not in masters(envelope)
    page = on_the_page(dealer, "from=2026-03-01&to=2026-03-31")
    assert [lines(one) for one in vouchers(page)] == [lines(one) for one in vouchers(envelope)]
    alone = on_the_page(dealer, "from=2026-03-01&to=2026-03-31&currency=USD")
    assert ("Bank, current account", "Yes", "-60.00") in lines(vouchers(alone)[-1])


def test_a_worthless_amount_keeps_its_side(alice: Person, export: Export, tmp_path: Path) -> None:
    established(alice)
    tiny = [entries.debit("bank", Money(50, "IDR")), entries.credit("capital", Money(50, "IDR"))]
    entered(alice, DAY, "0.0053", pair=("IDR", "INR"))
    post(alice, tiny)
    post(alice, [entries.debit("bank", inr(5)), entries.credit("capital", inr(5))])
    assert RATES
    assert export("tally").exit_code == 0
    envelope = ET.fromstring((tmp_path / "books").read_text(encoding="ascii"))  # noqa: S314 - our own
    assert [positive for _name, positive, _amount in lines(vouchers(envelope)[0])] == ["Yes", "No"]


def proved_in_base(person: Person, envelope: ET.Element) -> None:
    """Check that each voucher balances, and sums against our trial balance."""
    known, groups = masters(envelope), masters(envelope, "GROUP")
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for voucher in vouchers(envelope):
        worth = {}
        for number, (name, positive, amount) in enumerate(lines(voucher)):
            found = _WORTH.fullmatch(amount)
            worth[number] = Decimal(f"{found[4]}{found[5]}" if found else amount)
            if found:
                assert found[1] == found[4]
                product = Decimal(found[2]) * Decimal(found[3])
                assert abs(product - Decimal(found[5])) < Decimal("0.02")
            assert (positive == "Yes") == (worth[number] < 0)
            sums[known[name] if known[name] in groups else name] -= worth[number]
        assert sum(worth.values()) == 0
    with person.reading() as reader:
        names = {row["code"]: row["name"] for row in accounts.read_chart(reader)}
    assert sums == {names[code]: amount.decimal for code, amount in closing(person).items()}
