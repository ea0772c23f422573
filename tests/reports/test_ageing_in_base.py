"""Receivables and payables by age in the base currency, and their proof."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from tests.audit.conftest import untied
from tests.billing.papers import ISSUED, advance, issued, line, plan, receive, write_off
from tests.billing.test_carrying import quote, sold, usd as dollars
from tests.enquiries.reading import Page
from tests.ledger.test_base_amounts import make_ready
from tests.ledger.test_revaluations import DECEMBER, LAST, bill, revalue
from tests.people import Person
from tests.rates.entered import entered
from tests.reports.books import today
from tests.reports.test_views import rows, shown, words
from voyagent.billing.core.queries.open_list import Basis
from voyagent.billing.core.queries.roll_ups import AGEING
from voyagent.kernel.database.roll_ups import differences
from voyagent.reports.queries import home, receivables
from voyagent.reports.queries.receivables import EVERYBODY, OpenFilters, OpenInBase
from voyagent.reports.service.rebuilding import fill_base_sums, rebuild

JUNE = date(2024, 6, 1)
END = date(2024, 6, 30)


@pytest.fixture
def ready(alice: Person, owner_engine: sa.Engine) -> Person:
    """Alice, whose agency has established its base amounts in rupees."""
    make_ready(owner_engine, alice)
    return alice


def in_base(
    person: Person,
    day: date,
    kind: receivables.Kind = "receivable",
    basis: Basis = "due_date",
) -> OpenInBase | None:
    with person.reading() as reader:
        return receivables.read_in_base(reader, kind, day, basis)


def test_carried_amounts_and_the_revaluation_equal_the_control_account(ready: Person) -> None:
    """Vector V7: the bill of V4 is open at the end of November."""
    bill(ready)
    receive(ready, line("1000.00", quantity=1), vendor_name="Cab", vendor_reference="C-1")
    entered(ready, LAST, "84.75")
    revalue(ready)
    page = shown(ready.tab, f"/reports/payables?as_of={LAST}")
    base = page[page.index('id="in-base"') : page.index('id="in-INR"')]
    found = rows(base)
    assert found[0][-2:] == ["Amount due", "In its currency"]
    assert found[1:] == [
        ["Indian Rupee INR", "–", "–", "–", "–", "1,000.00", "1,000.00", "INR 1,000.00"],
        ["US Dollar USD", "2,65,230.00", "–", "–", "–", "–", "2,65,230.00", "USD 3,150.00"],
        ["Revaluation, USD", "1,732.50", ""],
        ["Total INR", "2,65,230.00", "–", "–", "–", "1,000.00", "2,67,962.50", ""],
    ]
    assert "equals account 2100, INR 2,67,962.50" in words(base)
    documents = rows(shown(ready.tab, f"/reports/payables?as_of={LAST}&party=Gulf+Hotels"))
    assert "3,150.00 INR 2,65,230.00" in [cell for row in documents for cell in row]
    then = in_base(ready, DECEMBER, "payable")
    assert then is not None
    assert (then.total.wire, then.is_proved) == ("266230.00", True)
    assert [one.revaluation.wire for one in then.lines] == ["0.00", "0.00"]


def test_the_open_part_of_an_invoice_carries_its_share(ready: Person) -> None:
    """Vector V8: USD 60 of an invoice of USD 100 at 84.20 came at 84.50."""
    invoice_id = sold(ready, "100.00", "84.20")
    entered(ready, date(2024, 6, 20), "84.50")
    advance(ready, 6_000, date(2024, 6, 20), dollars(invoice_id, 6_000), currency="USD")
    entered(ready, END, "84.75")
    revalue(ready, JUNE)
    base = in_base(ready, END)
    assert base is not None
    (_rupees, of_usd) = base.lines
    assert (of_usd.total.wire, of_usd.revaluation.wire, base.control.wire) == (
        "3368.00",
        "22.00",
        "3390.00",
    )
    assert base.is_proved


def test_the_json_and_the_files_have_the_same_amounts(
    ready: Person, typeset_input: dict[str, Any]
) -> None:
    sold(ready, "100.00", "84.20")
    entered(ready, END, "84.75")
    revalue(ready, JUNE)
    path = f"/reports/receivables?from=2024-01-01&to=2024-12-31&as_of={END}"
    read = ready.api.get(path).json["base"]
    of_usd = read["by_currency"][1]
    assert of_usd == {
        "currency": "USD",
        "amount": "100.00",
        "ages": {
            "not_due": "0.00",
            "days_1_to_30": "8420.00",
            "days_31_to_60": "0.00",
            "days_61_to_90": "0.00",
            "days_over_90": "0.00",
        },
        "carried": "8420.00",
        "revaluation": "55.00",
        "unknown": 0,
    }
    assert [read[name] for name in ("base_currency", "total", "control_code", "is_proved")] == [
        "INR",
        "8475.00",
        "1200",
        True,
    ]
    sheet = ready.tab.get(f"/reports/receivables?as_of={END}&format=csv").text
    assert [row.split(",")[:9] for row in sheet.splitlines() if row.startswith("books")] == [
        ["books", "INR", '"Carried', ' INR"', "0.00", "0.00", "0.00", "0.00", "0.00"],
        ["books", "INR", '"Carried', ' USD"', "0.00", "8420.00", "0.00", "0.00", "0.00"],
        ["books", "INR", '"Revaluation', ' USD"', "", "", "", "", ""],
        ["books", "INR", "Total", "0.00", "8420.00", "0.00", "0.00", "0.00", "8475.00"],
        ["books", "INR", "Account 1200", "", "", "", "", "", "8475.00"],
    ]
    by_api = ready.api.get(path.replace("?", ".csv?")).text
    assert by_api == sheet.removeprefix("\ufeff")
    assert len(ready.api.get(path.replace("?", ".xlsx?")).data) > 1_000
    answer = ready.tab.get(f"/reports/receivables?as_of={END}&format=pdf")
    assert answer.status_code == 200
    first, *_others = typeset_input["tables"]
    assert first["title"] == "All currencies, in Indian Rupee (INR)"
    assert first["totals"][0][-2:] == ["8,475.00", ""]


def test_filters_and_books_in_one_currency_have_no_total_in_base(ready: Person) -> None:
    path = f"/reports/receivables?as_of={END}"
    sold(ready, "100.00", None, currency="INR")
    assert 'id="in-base"' not in shown(ready.tab, path)
    assert in_base(ready, END) is None
    sold(ready, "100.00", "84.20")
    assert 'id="in-base"' in shown(ready.tab, path)
    for narrower in ("currency=USD", "from=2024-06-01"):
        assert 'id="in-base"' not in shown(ready.tab, f"{path}&{narrower}")


def test_books_without_base_amounts_have_no_total(alice: Person) -> None:
    sold(alice, "100.00", "84.20")
    assert in_base(alice, END) is None
    assert "base" not in alice.api.get("/reports/receivables?from=2024-01-01&to=2024-12-31").json


def test_a_document_without_a_base_amount_is_named(ready: Person, owner_engine: sa.Engine) -> None:
    sold(ready, "100.00", "84.20")
    with untied(owner_engine) as connection:
        for change in (
            "update invoices set base_minor = null where tenant_id = :t",
            "update ageing_by_due set open_base_minor = null where tenant_id = :t",
        ):
            connection.execute(sa.text(change), {"t": ready.actor.tenant_id})
    page = words(shown(ready.tab, f"/reports/receivables?as_of={END}"))
    assert "1 document has no amount in INR and is left out." in page
    base = in_base(ready, END)
    assert base is not None
    assert (base.unknown, base.is_proved) == (1, False)


def days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=15)


def test_carried_amounts_are_proved_on_every_day(ready: Person) -> None:
    trade(ready, random.Random(1))  # noqa: S311 - a test's
    with ready.reading() as reader:
        assert list(differences(reader, AGEING)) == []
    for day in days(ISSUED, ISSUED + timedelta(days=60)):
        for basis in ("due_date", "document_date"):
            base = in_base(ready, day, basis=basis)  # type: ignore[arg-type]
            assert base is None or base.is_proved, (day, base)
        with ready.reading() as reader:
            filters = OpenFilters(day, party=EVERYBODY)
            report = receivables.read_open(reader, "receivable", filters, "INR")
        assert report.base == in_base(ready, day)
        if report.base is None:
            continue
        for block in report.blocks:
            carried: Counter[int] = Counter()
            for party in block.parties:
                for one in party.documents:
                    carried[one.age] += one.base.amount_minor if one.base else 0
            (line,) = [one for one in report.base.lines if one.currency == block.currency]
            ages = {age: amount.amount_minor for age, amount in enumerate(line.ages)}
            assert +carried == {age: minor for age, minor in ages.items() if minor}


def trade(person: Person, luck: random.Random) -> None:
    """Invoices in dollars, some with instalments, each partly paid and written off."""
    for step in range(0, 61, 6):
        entered(person, ISSUED + timedelta(days=step), f"{84 + luck.random():.4f}")
    for parts in (None, 3, 3):
        on = ISSUED + timedelta(days=luck.randint(0, 20))
        price = luck.randint(10_000, 99_999)
        amounts = [price // 3, price // 3, price - 2 * (price // 3)]
        given: dict[str, Any] = {"issue_date": on, "due_date": on + timedelta(days=20)}
        if parts:
            dues = [on + timedelta(days=20 * place) for place in (1, 2, 3)]
            wanted = zip(dues, amounts, strict=True)
            given = {
                "issue_date": on,
                "instalments": plan(*((due, f"{Decimal(cents) / 100}") for due, cents in wanted)),
            }
        invoice_id = sold(person, f"{Decimal(price) / 100}", "84.205", **given)
        paid = luck.randint(1, price - 1)
        later = on + timedelta(days=luck.randint(1, 30))
        advance(person, paid, later, dollars(invoice_id, paid), currency="USD")
        left = luck.randint(0, price - paid)
        if left:
            write_off(person, invoice_id, left, on=later + timedelta(days=3), currency="USD")


def test_the_home_page_adds_amounts_due_of_all_currencies(
    ready: Person, owner_engine: sa.Engine
) -> None:
    on = today() - timedelta(days=20)
    dues = [(on + timedelta(days=20 * place), "33.33") for place in (1, 2)]
    plans = plan(*dues, (on + timedelta(days=60), "33.34"))
    given: dict[str, Any] = {"issue_date": on, "exchange_rate": quote("84.205")}
    item = line("100.00", quantity=1, currency="USD")
    issued(ready, item, **given, instalments=plans)
    receive(ready, item, issue_date=on, due_date=on, exchange_rate=quote("84.205"))
    sold(ready, "1000.00", None, currency="INR", issue_date=on, due_date=on)
    found = now(ready)
    assert (list(found.due), list(found.owed), found.is_due_in_base) == (["INR"], ["INR"], True)
    assert (found.due["INR"].overdue.wire, found.due["INR"].total.wire) == ("1000.00", "9420.50")
    assert found.due["INR"].weeks[0].wire == "2806.55"
    assert found.owed["INR"].overdue.wire == "8420.50"
    page = Page(ready.tab.get("/"))
    chart = page.words(".//section[@id='money-due']")
    assert "All currencies, in Indian Rupee INR" in chart
    assert "US Dollar" not in chart
    forget(owner_engine, ready)
    assert in_total(ready) == (["INR", "USD"], False)
    with ready.acting():
        assert [fill_base_sums(), fill_base_sums()] == [4, 0]
    assert (now(ready).due, now(ready).owed) == (found.due, found.owed)


def now(person: Person) -> home.Now:
    with person.reading() as reader:
        return home.read_now(reader, person.actor)


def in_total(person: Person) -> tuple[list[str], bool]:
    """Return the currencies due, and whether they are added in the base currency."""
    found = now(person)
    return list(found.due), found.is_due_in_base


def forget(engine: sa.Engine, person: Person) -> None:
    """Leave the sums as they are after the upgrade, before they are filled."""
    with untied(engine) as connection:
        connection.execute(
            sa.text("update ageing_by_due set open_base_minor = null where tenant_id = :t"),
            {"t": person.actor.tenant_id},
        )


def wrong(person: Person) -> list[dict[str, Any]]:
    """Return the stored and recomputed sums that differ."""
    with person.reading() as reader:
        return [dict(one.sums) for one in differences(reader, AGEING)]


def rebuilt(person: Person) -> list[dict[str, Any]]:
    with person.acting():
        return [dict(one.sums) for one in rebuild(person.actor, AGEING[0])]


def test_a_sum_is_not_known_until_it_is_filled(ready: Person, owner_engine: sa.Engine) -> None:
    invoice_id = sold(ready, "100.00", "84.20")
    later = sold(ready, "40.00", "84.20", due_date=DECEMBER)
    sold(ready, "1000.00", None, currency="INR")
    forget(owner_engine, ready)
    assert in_total(ready) == (["INR", "USD"], False)
    sold(ready, "50.00", "84.20")  # with the due date of the first
    sold(ready, "60.00", "84.20", due_date=DECEMBER + timedelta(days=1))
    assert in_total(ready) == (["INR", "USD"], False)
    entered(ready, LAST, "84.20")
    advance(ready, 2_500, LAST, dollars(invoice_id, 2_500), currency="USD")
    assert in_total(ready) == (["INR", "USD"], False)
    advance(ready, 4_000, LAST, dollars(later, 4_000), currency="USD")
    first = {"open_base_minor": (None, 1_052_500)}
    assert wrong(ready) == [first]
    assert rebuilt(ready) == [first]
    assert (wrong(ready), rebuilt(ready)) == ([], [])
    assert in_total(ready) == (["INR"], True)
    assert now(ready).due["INR"].total.wire == "16577.00"
    sold(ready, "10.00", "84.20", due_date=DECEMBER)  # where all is settled
    assert now(ready).due["INR"].total.wire == "17419.00"
    assert wrong(ready) == []


@pytest.mark.parametrize("is_first", [True, False])
def test_a_document_without_a_base_amount_makes_the_sum_unknown(
    alice: Person, owner_engine: sa.Engine, is_first: bool
) -> None:
    if is_first:
        old = sold(alice, "100.00", "84.20", due_date=DECEMBER)
    make_ready(owner_engine, alice)
    sold(alice, "50.00", "84.20", due_date=DECEMBER)
    if not is_first:
        with owner_engine.begin() as connection:
            change = "update tenant_settings set base_currency = null, base_state = 'asked'"
            t = {"t": alice.actor.tenant_id}
            connection.execute(sa.text(f"{change} where tenant_id = :t"), t)
        old = sold(alice, "100.00", "84.20", due_date=DECEMBER)
        make_ready(owner_engine, alice)
    sold(alice, "60.00", "84.20", due_date=DECEMBER + timedelta(days=1))
    assert (wrong(alice), in_total(alice)) == ([], (["INR", "USD"], False))
    assert rebuilt(alice) == []
    write_off(alice, old, 10_000, on=LAST, currency="USD")
    assert in_total(alice) == (["INR", "USD"], False)
    assert rebuilt(alice) == [{"open_base_minor": (None, 421_000)}]
    assert in_total(alice) == (["INR"], True)
