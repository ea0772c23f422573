"""Open amounts by age and party on any date: stored sums equal the documents."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.billing.papers import DUE, EVER, ISSUED, draft, issued, line, pay, plan, receive, untied
from tests.ledger.books import balances
from tests.people import Person
from voyagent.billing.ageing.queries import open_items
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.core.queries import open_list
from voyagent.billing.core.queries.open_documents import Kind
from voyagent.billing.core.service import pricing
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.service import issuing
from voyagent.billing.payments.service import payments as payment_service
from voyagent.kernel import clock
from voyagent.kernel.db import rows_changed
from voyagent.kernel.money import Money

FIRST = date(2024, 1, 20)
TODAY = date(2024, 9, 1)
MONDAY = date(2024, 8, 26)
days = st.integers(0, 100).map(lambda n: FIRST + timedelta(days=n))
papers = st.tuples(
    days,
    st.integers(0, 60),
    st.sampled_from(("Deepa", "Ravi", "deepa")),
    st.sampled_from(("INR", "AED")),
    st.integers(1, 10**6),
)
plans = st.lists(
    st.tuples(st.integers(1, 90), st.integers(1, 9)), max_size=3
)  # of each further instalment: days after the one before, and its weight
settlements = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 40), st.integers(1, 10**6)), max_size=4
)
spans = st.tuples(days, days).map(lambda pair: (min(pair), max(pair)))


def ages(
    person: Person,
    first: date,
    last: date,
    *,
    kind: Kind = "receivable",
    today: date = TODAY,
    as_of: date | None = None,
) -> dict[tuple[str, int], Any]:
    with person.reading() as reader:
        return {
            (row["currency"], row["age"]): (row["n"], row["open_minor"])
            for row in reader.read(
                open_items.ageing_statement(kind, first, last, today=today, as_of=as_of)
            )[0]
        }


@pytest.mark.parametrize(
    ("due", "age"),
    [
        (date(2026, 4, 15), 0),
        (date(2026, 3, 31), 0),
        (date(2026, 3, 30), 1),
        (date(2026, 3, 1), 1),
        (date(2026, 2, 28), 2),
        (date(2026, 1, 30), 2),
        (date(2026, 1, 29), 3),
        (date(2025, 12, 31), 3),
        (date(2025, 12, 30), 4),
    ],
)
def test_the_age_of_a_due_date(alice: Person, due: date, age: int) -> None:
    issued(alice, issue_date=date(2025, 12, 1), due_date=due)
    day = date(2026, 3, 31)
    assert ages(alice, *EVER, today=day) == {("INR", age): (1, 4_500_000)}
    assert ages(alice, *EVER, today=TODAY, as_of=day) == {("INR", age): (1, 4_500_000)}
    assert ages(alice, date(2025, 12, 1), date(2025, 12, 1), today=day) == {
        ("INR", age): (1, 4_500_000)
    }


def test_drafts_and_paid_documents_are_not_open(alice: Person) -> None:
    draft(alice)
    pay(alice, issued(alice), 4_500_000)
    assert ages(alice, *EVER) == {}


def test_bills_and_invoices_are_separate(alice: Person) -> None:
    issued(alice)
    receive(alice, line("1.00"))
    assert ages(alice, *EVER, kind="receivable") == {("INR", 3): (1, 4_500_000)}
    assert ages(alice, *EVER, kind="payable") == {("INR", 3): (1, 200)}
    with alice.reading() as reader:
        assert [
            row["reference"] for row in open_list.list_open(reader, "payable", *EVER, today=TODAY)
        ] == ["BSP-1"]


def test_a_document_paid_later_was_open_on_the_earlier_day(alice: Person) -> None:
    invoice_id = issued(alice)
    pay(alice, invoice_id, 500_000, date(2024, 6, 12))
    pay(alice, invoice_id, 4_000_000, date(2024, 6, 20))
    assert ages(alice, *EVER, as_of=ISSUED - timedelta(days=1)) == {}, "not issued yet"
    assert ages(alice, *EVER, as_of=ISSUED) == {("INR", 0): (1, 4_500_000)}
    assert ages(alice, *EVER, as_of=date(2024, 6, 12)) == {("INR", 0): (1, 4_000_000)}
    assert ages(alice, *EVER, as_of=date(2024, 6, 20)) == {}
    assert ages(alice, *EVER) == {}


def test_a_credited_amount_is_not_open(alice: Person) -> None:
    invoice_id, bill_id = issued(alice), receive(alice)
    with alice.acting():
        for table, document_id in (("invoices", invoice_id), ("bills", bill_id)):
            rows_changed(
                f"update {table} set credited_minor = 500_000 where id = :id", id=document_id
            )
    assert untied(alice) == []
    for kind in ("receivable", "payable"):
        assert ages(alice, *EVER, kind=kind) == {("INR", 3): (1, 4_000_000)}
        with alice.reading() as reader:
            assert [
                row["open_minor"] for row in open_list.list_open(reader, kind, *EVER, today=TODAY)
            ] == [4_000_000]
    with alice.acting():
        assert (
            invoice_queries.get_invoice(invoice_id).open_minor
            == bill_queries.get_bill(bill_id).open_minor
            == 4_000_000
        )
        rows_changed(
            "update invoices set credited_minor = total_minor, status = 'paid' where id = :id",
            id=invoice_id,
        )
    assert ages(alice, *EVER) == {}
    assert untied(alice) == []


def test_amounts_of_another_agency_are_not_visible(alice: Person, charlie: Person) -> None:
    issued(alice)
    for as_of in (None, TODAY):
        assert ages(charlie, *EVER, as_of=as_of) == {}
        with charlie.reading() as reader:
            assert (
                reader.read(open_items.top_parties_statement("receivable", *EVER, as_of=as_of))[0]
                == []
            )
            assert (
                open_items.parties_by_age(reader, "receivable", *EVER, today=TODAY, as_of=as_of)
                == []
            )
            assert open_list.list_open(reader, "receivable", *EVER, today=TODAY, as_of=as_of) == []
            assert open_list.party_open(reader, "receivable", "Deepa Krishnan", "INR") == 0
            assert (
                reader.read(
                    open_items.due_statement("receivable", today=TODAY, monday=MONDAY, weeks=8)
                )[0]
                == []
            )


def test_the_five_largest_parties_of_each_currency(alice: Person) -> None:
    for number, name in enumerate(("A", "B", "C", "D", "E", "F", "a"), start=1):
        issued(alice, line(f"{number}00.00", quantity=1), customer_name=name)
    issued(alice, line("5.00", currency="AED"), customer_name="A")
    for as_of in (None, TODAY):
        with alice.reading() as reader:
            top = reader.read(open_items.top_parties_statement("receivable", *EVER, as_of=as_of))[0]
        assert [
            (row["currency"], row["party_key"], row["n"], row["open_minor"]) for row in top
        ] == [
            ("AED", "a", 1, 1_000),
            ("INR", "a", 2, 80_000),
            ("INR", "f", 1, 60_000),
            ("INR", "e", 1, 50_000),
            ("INR", "d", 1, 40_000),
            ("INR", "c", 1, 30_000),
        ]


def test_the_open_amount_of_one_party(alice: Person) -> None:
    issued(alice)
    pay(alice, issued(alice), 500_000)
    issued(alice, line(currency="AED"))
    with alice.reading() as reader:
        assert open_list.party_open(reader, "receivable", "DEEPA krishnan", "INR") == 8_500_000
        assert open_list.party_open(reader, "receivable", "Ravi", "INR") == 0


def test_due_amounts_by_week(alice: Person) -> None:
    dues = {
        TODAY - timedelta(days=1): -1,
        TODAY: 0,
        MONDAY + timedelta(days=7): 1,
        MONDAY + timedelta(days=20): 2,
        MONDAY + timedelta(days=21): 3,
    }
    for n, due in enumerate(dues):
        issued(alice, line(f"{10**n}.00", quantity=1), due_date=due)
    issued(alice, line("7.00", quantity=1, currency="AED"), due_date=MONDAY + timedelta(days=400))
    with alice.reading() as reader:
        rows = reader.read(
            open_items.due_statement("receivable", today=TODAY, monday=MONDAY, weeks=3)
        )[0]
        assert (
            reader.read(open_items.due_statement("payable", today=TODAY, monday=MONDAY, weeks=3))[0]
            == []
        )
    assert [(row["currency"], row["week"], row["n"], row["open_minor"]) for row in rows] == [
        ("AED", 3, 1, 700),
        *(("INR", week, 1, 100 * 10**n) for n, week in enumerate(dues.values())),
    ]


def test_the_largest_parties_are_the_first_five_of_each_currency(alice: Person) -> None:
    for n in range(7):
        issued(
            alice,
            line(f"{100 * (n // 2 + 1)}.00", quantity=1),
            customer_name=f"Party {n}",
            issue_date=ISSUED + timedelta(days=n),
            due_date=DUE,
        )
    issued(alice, line("5.00", quantity=1, currency="AED"), customer_name="Party 0")
    found = {}
    for name, span in {
        "ever": EVER,
        "all": (ISSUED, ISSUED + timedelta(days=6)),
        "some": (ISSUED, ISSUED + timedelta(days=5)),
    }.items():
        for as_of in (None, TODAY):
            with alice.reading() as reader:
                rows = reader.read(
                    open_items.top_parties_statement("receivable", *span, as_of=as_of)
                )[0]
            found[name, as_of] = [
                (row["currency"], row["place"], row["party_name"], row["n"], row["open_minor"])
                for row in rows
            ]
    places = enumerate(((6, 400), (4, 300), (5, 300), (2, 200), (3, 200)), start=1)
    everybody = [
        ("AED", 1, "Party 0", 1, 500),
        *(("INR", place, f"Party {n}", 1, amount * 100) for place, (n, amount) in places),
    ]
    assert found["ever", None] == found["all", None] == found["ever", TODAY] == everybody
    assert [row[2] for row in found["some", None] if row[0] == "INR"] == [
        "Party 4",
        "Party 5",
        "Party 2",
        "Party 3",
        "Party 0",
    ]
    assert found["some", None] == found["some", TODAY]


def test_the_longest_due_are_equal_by_index_and_by_day(alice: Person) -> None:
    planned = issued(
        alice,
        instalments=plan((date(2024, 5, 1), "10000.00"), (date(2024, 8, 1), "35000.00")),
        issue_date=date(2024, 4, 1),
    )
    issued(alice, issue_date=date(2024, 4, 1), due_date=date(2024, 6, 1))
    pay(alice, planned, 1_000_000, date(2024, 5, 3))
    with alice.reading() as reader:
        now, then = (
            open_list.list_open(reader, "receivable", *EVER, today=TODAY, as_of=as_of)
            for as_of in (None, TODAY)
        )
    assert now == then
    assert [(row["due_date"], row["open_minor"]) for row in now] == [
        (date(2024, 6, 1), 4_500_000),
        (date(2024, 8, 1), 3_500_000),
    ]


def test_open_documents_by_party_and_one_by_one(alice: Person) -> None:
    old = issued(alice, issue_date=date(2024, 1, 5), due_date=date(2024, 1, 5))
    new = issued(alice, customer_name="Ravi")
    with alice.reading() as reader:
        parties = open_items.parties_by_age(reader, "receivable", *EVER, today=TODAY)
        everything = open_list.list_open(reader, "receivable", *EVER, today=TODAY)
        hers = open_list.list_open(reader, "receivable", *EVER, today=TODAY, party="deepa KRISHNAN")
    assert [(row["party_name"], row["age"], row["n"], row["open_minor"]) for row in parties] == [
        ("Deepa Krishnan", 4, 1, 4_500_000),
        ("Ravi", 3, 1, 4_500_000),
    ]
    assert [(row["id"], row["reference"], row["age"]) for row in everything] == [
        (old, "2023-24/000001", 4),
        (new, "2024-25/000001", 3),
    ]
    assert [row["id"] for row in hers] == [old]


@pytest.mark.parametrize(
    ("first", "last", "n"),
    [
        (date(2024, 1, 25), date(2024, 4, 5), 6),
        (date(2024, 1, 26), date(2024, 4, 4), 4),
        (date(2024, 2, 1), date(2024, 3, 31), 4),
        (date(2024, 2, 1), date(2024, 4, 5), 5),
        (date(2024, 1, 25), date(2024, 2, 29), 3),
        (date(2024, 2, 2), date(2024, 2, 28), 0),
        (date(2024, 2, 29), date(2024, 3, 1), 2),
        (date(2024, 4, 5), date(2024, 4, 5), 1),
    ],
)
def test_periods_of_whole_and_partial_months(
    alice: Person, first: date, last: date, n: int
) -> None:
    for day in (
        date(2024, 1, 25),
        date(2024, 2, 1),
        date(2024, 2, 29),
        date(2024, 3, 1),
        date(2024, 3, 31),
        date(2024, 4, 5),
    ):
        issued(alice, issue_date=day, due_date=TODAY)
    assert ages(alice, first, last) == ({("INR", 0): (n, n * 4_500_000)} if n else {})
    with alice.reading() as reader:
        assert [
            (row["n"], row["open_minor"])
            for row in reader.read(open_items.top_parties_statement("receivable", first, last))[0]
        ] == ([(n, n * 4_500_000)] if n else [])


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(papers, plans), min_size=1, max_size=7), settlements, spans, days)
def test_roll_ups_and_documents_agree_with_a_model(
    people: Any, documents: list[Any], paid: list[Any], span: tuple[date, date], then: date
) -> None:
    person = people.sign_up("Alice Owner", agency="Alice Travels")
    model = []
    for (day, terms, name, currency, minor), later_parts in documents:
        due = spread(minor, day + timedelta(days=terms), later_parts)
        dated: dict[str, Any] = (
            {"due_date": due[0][0]}
            if len(due) == 1
            else {"instalments": plan(*((at, f"{part / 100:.2f}") for at, part in due))}
        )
        id_ = issued(person, line_of(minor, currency), customer_name=name, issue_date=day, **dated)
        model.append(
            {
                "id": id_,
                "day": day,
                "due": due,
                "party": name.lower(),
                "currency": currency,
                "total": minor,
                "payments": [],
            }
        )
    for which, after, minor in paid:
        document = model[which % len(model)]
        amount = min(minor, document["total"] - sum(part for _, part in document["payments"]))
        if amount > 0:
            on = document["day"] + timedelta(days=after)
            pay(person, document["id"], amount, on, currency=document["currency"])
            document["payments"].append((on, amount))
    assert untied(person) == []
    for as_of in (None, then):
        found = ages(person, *span, as_of=as_of)
        with person.reading() as reader:
            top = reader.read(open_items.top_parties_statement("receivable", *span, as_of=as_of))[0]
            parties = open_items.parties_by_age(
                reader, "receivable", *span, today=TODAY, as_of=as_of
            )
        by_age, by_party = expected(model, span, as_of)
        assert found == by_age
        assert {(row["currency"], row["party_key"]): row["open_minor"] for row in top} == by_party
        sums: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
        for row in parties:
            sums[row["currency"], row["age"]][0] += row["n"]
            sums[row["currency"], row["age"]][1] += row["open_minor"]
        assert {key: tuple(value) for key, value in sums.items()} == by_age
    whole, _ = expected(model, EVER, None)
    for currency in ("INR", "AED"):
        assert sum(
            minor for (code, _), (_, minor) in whole.items() if code == currency
        ) == balances(person).get(("receivable", currency), 0)


def expected(
    model: list[dict[str, Any]], span: tuple[date, date], as_of: date | None
) -> tuple[dict[Any, Any], dict[Any, int]]:
    by_age: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
    by_party: dict[tuple[str, str], int] = defaultdict(int)
    for document in model:
        is_there = span[0] <= document["day"] <= span[1] and (
            as_of is None or document["day"] <= as_of
        )
        left = document["total"] - sum(
            part for on, part in document["payments"] if as_of is None or on <= as_of
        )
        if is_there and left > 0:
            by_party[document["currency"], document["party"]] += left
            settled = document["total"] - left
            for due, amount in document["due"]:
                still = amount - min(amount, settled)
                settled -= amount - still
                if still:
                    late = ((as_of or TODAY) - due).days
                    age = 0 if late <= 0 else min(4, (late - 1) // 30 + 1)
                    by_age[document["currency"], age][0] += 1
                    by_age[document["currency"], age][1] += still
    return {key: tuple(value) for key, value in by_age.items()}, dict(by_party)


def spread(minor: int, first: date, later_parts: list[tuple[int, int]]) -> list[tuple[date, int]]:
    """Split an amount over dates by weight, the rest on the first.

    An amount too small to split is due on the first alone.
    """
    weights = [weight for _days, weight in later_parts]
    parts = [minor * weight // (sum(weights) + 5) for weight in weights]
    if not parts or min(parts) == 0:
        return [(first, minor)]
    dues = [
        first + timedelta(days=sum(days for days, _weight in later_parts[: n + 1]))
        for n in range(len(later_parts))
    ]
    return [(first, minor - sum(parts)), *zip(dues, parts, strict=True)]


def line_of(minor: int, currency: str) -> pricing.LineItem:
    return line(f"{minor // 100}.{minor % 100:02d}", quantity=1, currency=currency)


def test_a_wrong_roll_up_is_found(alice: Person) -> None:
    issued(alice)
    with alice.acting():
        rows_changed(
            "update ageing_by_party set open_minor = open_minor - 5 where tenant_id = :tenant_id"
        )
    by_month = (
        "ageing_by_party kind=receivable currency=INR issue_month=2024-06-01"
        " party_key=deepa krishnan: open_minor stored 4499995, recomputed 4500000"
    )
    assert untied(alice) == [by_month], "the sum of all months is computed from the documents"
    with alice.acting():
        rows_changed("update party_open_balances set n = n + 1 where tenant_id = :tenant_id")
    assert untied(alice) == [
        by_month,
        "party_open_balances kind=receivable currency=INR party_key=deepa krishnan:"
        " n stored 2, recomputed 1",
    ]


def test_parallel_documents_of_one_customer_do_not_deadlock(alice: Person) -> None:
    from tests.chat.parallel import at_once  # noqa: PLC0415

    drafts = [
        draft(alice, customer_name=name, due_date=DUE + timedelta(days=n % 3))
        for n, name in enumerate(("Deepa", "Ravi") * 8)
    ]
    open_ones = [issued(alice, customer_name=name) for name in ("Ravi", "Deepa") * 4]
    acts = [
        lambda i=i: alice.does(lambda actor: issuing.issue_invoice(actor, i).number) for i in drafts
    ]
    acts += [
        lambda i=i: alice.does(
            lambda actor: (
                payment_service.record_receipt(
                    actor, i, Money(100, "INR"), clock.today()
                ).amount_minor
            )
        )
        for i in open_ones
    ]
    results = at_once(acts)
    assert not [result for result in results if isinstance(result, Exception)]
    assert untied(alice) == []
