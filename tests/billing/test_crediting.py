"""Proposed credits of lines with rounded taxes.

They are at most the open amount, to the last unit.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings, strategies as st

from tests.billing.papers import DUE, receive
from tests.enquiries.reading import Page
from tests.people import Person
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.core.models.bills import BillLine, BillTax
from voyagent.billing.core.service import crediting
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.payments.service import payments as payment_service
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.kernel.money import Money

LINES = st.lists(
    st.tuples(
        st.integers(1, 10**7), st.sampled_from([(), (900, 900), (250, 250), (1_800,), (9, 90)])
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None)
@given(charged=LINES, paid=st.integers(1, 10**4), before=st.integers(0, 10**4))
def test_no_line_could_be_credited_by_one_unit_more(
    charged: list[tuple[int, tuple[int, ...]]], paid: int, before: int
) -> None:
    lines = [
        BillLine(line_no=number, amount_minor=minor)
        for number, (minor, _rates) in enumerate(charged, start=1)
    ]
    taxes = [
        BillTax(line_no=number, component=f"{part}", amount_minor=(minor * rate + 5_000) // 10_000)
        for number, (minor, rates) in enumerate(charged, start=1)
        for part, rate in enumerate(rates)
    ]
    credited = {1: before * (lines[0].amount_minor - 1) // 10**4}

    def taxes_of(
        minors: Mapping[int, int], so_far: Mapping[int, int], taken: Mapping[tuple[int, str], int]
    ) -> list[crediting.CreditedTax]:
        return crediting.taxes_on(minors, lines, taxes, so_far, taken, "INR")

    taken = {(tax.line_no, tax.component): tax.amount_minor for tax in taxes_of(credited, {}, {})}

    def total_of(minors: Mapping[int, int]) -> int:
        return sum(minors.values()) + sum(
            tax.amount_minor for tax in taxes_of(minors, credited, taken)
        )

    left = crediting.left_of(lines, credited)
    open_minor = total_of(left) * (10**4 - paid) // 10**4
    found = crediting.within(
        left, crediting.by_line(taxes_of(left, credited, taken)), open_minor, total_of
    )
    assert total_of(found) <= open_minor
    for number, minor in left.items():
        taken_of_it = found.get(number, 0)
        assert taken_of_it <= minor
        if taken_of_it < minor:
            assert total_of(found | {number: taken_of_it + 1}) > open_minor, number


@pytest.mark.parametrize(
    ("lines", "paid", "proposed"),
    [
        (
            [("100.05", "9.00")],
            6_805,
            ["42.38"],
            # 42.38 with 3.81 of either tax is 50.00; in proportion it would be 42.37 and a paisa
            # short
        ),
        (
            [("100.05", "9.00"), ("20.00", "1.80")],
            6_801,
            ["42.41", "0.01"],
        ),  # 42.42 would bear 3.82 of either tax and come to 50.06
    ],
)
def test_the_proposed_credit_of_a_taxed_bill_settles_it_exactly(
    alice: Person, lines: list[tuple[str, str]], paid: int, proposed: list[str]
) -> None:
    assert (
        alice.api.patch("/tenant-settings", json={"tax_number": "27AACCN6194P1ZP"}).status_code
        == 200
    )
    items = [
        LineItem(
            description="Rooms",
            quantity=1,
            unit_price=price,
            currency="INR",
            input_taxes={"cgst": tax, "sgst": tax},
            input_credit=True,
        )
        for price, tax in lines
    ]
    total = sum(round(100 * (float(price) + 2 * float(tax))) for price, tax in lines)
    bill_id = receive(alice, *items)
    alice.does(
        lambda actor: (
            payment_service.pay_bill(actor, bill_id, Money(total - 11_805 + paid, "INR"), DUE).id
        )
    )
    page = Page(alice.tab.get(f"/bills/{bill_id}/credit"))
    assert [box.get("value") for box in page.all(".//input[@name='amount']")] == proposed
    amounts = {
        number: Money.parse(amount, "INR") for number, amount in enumerate(proposed, start=1)
    }
    alice.does(
        lambda actor: (
            supplier_credit_service.credit_bill(
                actor,
                bill_id,
                vendor_reference="C-1",
                reason="Not travelled",
                on=DUE,
                amounts=amounts,
            ).id
        )
    )
    with alice.acting():
        assert bill_queries.get_bill(bill_id).status == "paid"
