"""Lists of customer and supplier credits, by party and date."""

from __future__ import annotations

from datetime import date, timedelta

from tests.billing.papers import ISSUED, issued, receive
from tests.enquiries.reading import Page
from tests.people import People, Person
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.kernel.money import Money

WHY = "Not travelled"


def see(person: Person, query: str = "") -> Page:
    return Page(person.tab.get(f"/credit-notes{query}"))


def rows(page: Page) -> list[list[str]]:
    """Return the links of each row: the party and the document."""
    return [
        [link.text for link in row.findall(".//a")]
        for row in page.all(".//table[@id='credit-notes']/tbody/tr")
    ]


def credit(person: Person, customer: str, on: date = ISSUED) -> None:
    invoice_id = issued(person, customer_name=customer)
    person.does(
        lambda actor: (
            credit_note_service.issue_credit_note(
                actor, invoice_id, reason=WHY, on=on, amounts={1: Money(100, "INR")}
            ).id
        )
    )


def credited(person: Person, supplier: str, reference: str, on: date = ISSUED) -> None:
    bill_id = receive(person, vendor_name=supplier, vendor_reference=f"B-{reference}")
    given = {
        "vendor_reference": reference,
        "reason": WHY,
        "on": on,
        "amounts": {1: Money(100, "INR")},
    }
    person.does(lambda actor: supplier_credit_service.credit_bill(actor, bill_id, **given).id)


def test_each_kind_of_credit_has_its_tab(alice: Person) -> None:
    credit(alice, "Deepa Krishnan")
    credited(alice, "Air India", "C-1")
    page = see(alice)
    assert rows(page) == [["Deepa Krishnan", "2024-25/000001"]]
    assert "C/2024-25/000001" in page.words(".//main")
    page = see(alice, "?kind=supplier")
    assert rows(page) == [["Air India", "B-C-1"]]
    links = page.links()
    assert [
        any(link.startswith(start) for link in links) for start in ("/supplier-credits/", "/bills/")
    ] == [True, True]
    assert "C-1" in page.words(".//main")


def test_party_and_days_filter_both_tabs(alice: Person) -> None:
    credit(alice, "Deepa Krishnan")
    credit(alice, "Meera Nair", ISSUED + timedelta(days=1))
    credited(alice, "Air India", "C-1")
    credited(alice, "IndiGo", "C-2", ISSUED + timedelta(days=1))
    assert [row[0] for row in rows(see(alice))] == ["Meera Nair", "Deepa Krishnan"]
    assert [row[0] for row in rows(see(alice, "?party=deepa+krishnan"))] == ["Deepa Krishnan"]
    assert [row[0] for row in rows(see(alice, "?from=11+jun+2024&to=11/6/2024"))] == ["Meera Nair"]
    assert [row[0] for row in rows(see(alice, "?kind=supplier&party=indigo"))] == ["IndiGo"]
    assert [row[0] for row in rows(see(alice, "?kind=supplier&to=10+jun+2024"))] == ["Air India"]
    assert "No credit note matches these filters." in see(
        alice, "?kind=supplier&party=Deepa"
    ).words(".//main")


def test_the_list_continues_after_fifty_credits(alice: Person) -> None:
    invoice_id = issued(alice)
    for _number in range(51):
        alice.does(
            lambda actor: (
                credit_note_service.issue_credit_note(
                    actor, invoice_id, reason=WHY, on=ISSUED, amounts={1: Money(1, "INR")}
                ).id
            )
        )
    page = see(alice)
    assert len(rows(page)) == 50
    (older,) = [link.get("href") for link in page.all(".//a[@rel='next']")]
    assert len(rows(Page(alice.tab.get(older)))) == 1


def test_invalid_parameters_are_ignored_and_reported(alice: Person) -> None:
    credit(alice, "Deepa Krishnan")
    for query, expected in (
        ("?kind=nonsense&from=x", "(from, Kind)"),
        ("?cursor=x", "(page marker)"),
    ):
        page = see(alice, query)
        assert (page.status, len(rows(page))) == (422, 1)
        assert expected in page.words(".//main")


def test_an_empty_list_explains_itself_and_another_agency_sees_none(
    people: People, alice: Person, charlie: Person
) -> None:
    credit(alice, "Deepa Krishnan")
    credited(alice, "Air India", "C-1")
    viewer = people.colleague(alice, "Vera Viewer", role="viewer")
    for query in ("", "?kind=supplier"):
        assert "No credit notes yet" in see(charlie, query).words(".//main")
        assert len(rows(see(viewer, query))) == 1
