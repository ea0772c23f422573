"""Unknown names on documents: similar names, and the warning for the reviewer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.billing.papers import describe, draft, issued, receive
from tests.people import Person
from voyagent.billing.core.queries import names
from voyagent.billing.core.queries.names import Namesakes, Side, near_of
from voyagent.enquiries import service as enquiries
from voyagent.parties.service import parties

KNOWN = [
    "Deepa Krishnan",
    "Harbinder Singh Gill",
    "Zachariah Kurian",
    "Sunil Kumar",
    "Ravi Menon",
    "Deepa Nair",
]
DRAFT: dict[str, Any] = {
    "customer_name": "Deepa Krishnen",
    "issue_date": "2024-06-10",
    "due_date": "2024-06-25",
    "line_items": [
        {"description": "Dubai visa", "quantity": 1, "unit_price": "45000", "currency": "INR"}
    ],
}


def namesakes(person: Person, name: str, side: Side = "customer") -> Namesakes:
    with person.reading() as reader:
        return names.read_namesakes(reader, name, side)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Deepa Krishnen", ("Deepa Krishnan",)),
        ("depa krishnan", ("Deepa Krishnan",)),
        ("Krishnan Deepa", ("Deepa Krishnan",)),
        ("Mrs. Deepa Krishnan", ("Deepa Krishnan",)),
        ("Harbinder", ("Harbinder Singh Gill",)),
        ("Harbindar Gill", ("Harbinder Singh Gill",)),
        ("Zachary Kurian", ("Zachariah Kurian",)),
        ("Deepa", ("Deepa Nair", "Deepa Krishnan")),
        ("Anil Kumar", ()),
        ("Rani Menon", ()),
        ("Deepa Krishnan Travels", ()),
        ("Dr", ()),
        ("", ()),
    ],
)
def test_misspelled_and_partial_names_are_similar_and_others_are_not(
    name: str, near: tuple[str, ...]
) -> None:
    assert near_of(name, KNOWN) == near


def test_a_name_is_known_from_parties_enquiries_and_documents_ignoring_case(
    alice: Person,
) -> None:
    assert namesakes(alice, "Deepa Krishnan") == Namesakes(is_known=False)
    alice.does(lambda actor: parties.create(actor, name="Deepa Krishnan", is_customer=True).id)
    alice.does(lambda actor: enquiries.create(actor, customer_name="Harbinder Singh Gill").id)
    issued(alice, customer_name="Zachariah Kurian")
    draft(alice, customer_name="Meera Nair")
    receive(alice, vendor_name="Emirates Holidays")
    for name in (
        "deepa krishnan",
        "HARBINDER  Singh Gill",
        "Zachariah Kurian",
        "meera nair",
        "Emirates holidays",
    ):
        assert namesakes(alice, name) == Namesakes(is_known=True), name
    assert namesakes(alice, "Deepa Krishnen") == Namesakes(is_known=False, near=("Deepa Krishnan",))
    assert namesakes(alice, "Harbinder").near == ("Harbinder Singh Gill",)
    assert namesakes(alice, "Zachary Kurian").near == ("Zachariah Kurian",)


def test_customers_are_not_confused_with_suppliers(alice: Person) -> None:
    issued(alice, customer_name="Zachariah Kurian")
    receive(alice, vendor_name="Emirates Holidays")
    assert namesakes(alice, "Zachary Kurian", "supplier").near == ()
    assert namesakes(alice, "Emirates", "supplier").near == ("Emirates Holidays",)
    assert namesakes(alice, "Emirates", "customer").near == ()


def test_names_of_another_agency_are_neither_known_nor_similar(
    alice: Person, charlie: Person
) -> None:
    issued(alice, customer_name="Zachariah Kurian")
    assert namesakes(charlie, "Zachariah Kurian") == Namesakes(is_known=False)
    assert namesakes(charlie, "Zachary Kurian") == Namesakes(is_known=False)


def test_pattern_characters_are_literal(alice: Person) -> None:
    issued(alice, customer_name="Zachariah Kurian")
    assert namesakes(alice, "%%% ___ \\\\\\") == Namesakes(is_known=False)
    assert namesakes(alice, "%") == Namesakes(is_known=False)


def test_the_reviewer_of_an_invoice_sees_similar_names(alice: Person) -> None:
    issued(alice)
    shown = alice.does(describe("draft_invoice"), DRAFT)
    assert [check["text"] for check in shown["checks"] if not check["ok"]] == [
        "New customer. Similar names: Deepa Krishnan"
    ]
    for name in ("Deepa Krishnan", "Arun Pillai"):
        shown = alice.does(describe("draft_invoice"), DRAFT | {"customer_name": name})
        assert not any("of that name" in check["text"] for check in shown["checks"])


def test_the_reviewer_of_a_bill_sees_similar_names(alice: Person) -> None:
    receive(alice, vendor_name="Emirates Holidays")
    wanted = {name: value for name, value in DRAFT.items() if name != "customer_name"} | {
        "vendor_reference": "EK-7",
        "vendor_name": "Emirates Holiday",
    }
    shown = alice.does(describe("receive_bill"), wanted)
    assert [check["text"] for check in shown["checks"]] == [
        "New supplier. Similar names: Emirates Holidays"
    ]
    assert (
        alice.does(describe("receive_bill"), wanted | {"vendor_name": "Emirates Holidays"})[
            "checks"
        ]
        == []
    )
