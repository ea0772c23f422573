"""Records of one customer or supplier are merged, and a merge is undone exactly."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.billing.papers import ISSUED, advance, draft, issue, issued, line
from tests.billing.test_api import code
from tests.billing.test_forms import send
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.parties.test_api import made, names
from tests.parties.test_namesakes import AMIT, entries, faults, numbers
from tests.people import Person
from tests.privacy.test_erasing_meanwhile import erase
from tests.privacy.test_mentions import offered
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.rates import Quote
from voyagent.parties import queries
from voyagent.parties.service import merges
from voyagent.parties.service.parties import PartyAmbiguous, party_of
from voyagent.settings.service import tenant_settings as settings

WHY = "Entered twice"
OF_ANOTHER = "29AAACI1195H1ZI"
YEAR = "from=2024-01-01&to=2024-12-31"


def party(person: Person, name: str, **values: Any) -> UUID:
    return UUID(made(person, name=name, **values)["id"])


def billed(person: Person, party_id: UUID, amount: str) -> UUID:
    return issued(person, line(amount, quantity=1), customer_name=None, party_id=party_id)


def merged(person: Person, from_id: UUID, into_id: UUID) -> UUID:
    return person.does(lambda actor: merges.merge(actor, from_id, into_id, reason=WHY).id)


def undone(person: Person, merge_id: UUID) -> None:
    person.does(lambda actor: merges.unmerge(actor, merge_id).id)


def roots(person: Person, *party_ids: UUID) -> list[UUID]:
    with person.acting():
        return [queries.root_of(one) for one in party_ids]


def top(person: Person) -> list[tuple[str, str]]:
    report = person.api.get(f"/reports/receivables?{YEAR}").json
    return [(one["name"], one["amount"]["amount"]) for one in report["top_debtors"]]


def lines(person: Person) -> list[tuple[str, str, str]]:
    page = Page(person.tab.get("/reports/receivables?as_of=2024-12-31"))
    assert page.status == 200
    return page


@pytest.fixture
def two(alice: Person) -> tuple[UUID, UUID]:
    """Two records with 5,000 and 7,000 due, the second one with an advance of 1,000."""
    pair = party(alice, "Amit Shah"), party(alice, "A. Shah & Sons")
    for one, amount in zip(pair, ("5000", "7000"), strict=True):
        billed(alice, one, amount)
    advance(alice, 100_000, ISSUED, party_name=None, party_id=pair[1])
    return pair


def seen(person: Person, *party_ids: UUID) -> dict[str, Any]:
    """Return what lists, statements, ageing and the page show of parties."""
    return {
        "top": top(person),
        "statements": [entries(person, party_id=one) for one in party_ids],
        "invoices": [numbers(person, f"/invoices?party_id={one}") for one in party_ids],
        "payments": [numbers(person, f"/payments?party_id={one}", "amount") for one in party_ids],
        "pages": [
            Page(person.tab.get(f"/parties/{one}")).words(".//dl[@id='balances']")
            for one in party_ids
        ],
        "csv": person.tab.get("/reports/receivables?as_of=2024-12-31&format=csv").text,
    }


def test_merged_records_are_added_up_and_undoing_is_exact(
    app: Flask, alice: Person, two: tuple[UUID, UUID]
) -> None:
    before = seen(alice, *two)
    assert before["top"] == [("A. Shah & Sons", "7000.00"), ("Amit Shah", "5000.00")]
    merge_id = merged(alice, two[1], two[0])
    both = seen(alice, *two)
    assert both["top"] == [("Amit Shah", "12000.00")]
    assert both["statements"] == [["-1000.00", "5000.00", "7000.00"]] * 2
    assert both["invoices"] == [["5000.00", "7000.00"]] * 2
    assert both["payments"] == [["1000.00"]] * 2
    assert both["pages"] == ["AdvanceINR1,000.00Amount dueINR12,000.00"] * 2
    assert faults(app, alice) == []
    undone(alice, merge_id)
    assert seen(alice, *two) == before


def test_the_page_of_receivables_has_one_row_for_merged_records(
    alice: Person, two: tuple[UUID, UUID]
) -> None:
    billed(alice, party(alice, "Zeenat"), "8000")
    merged(alice, two[1], two[0])
    for query in ("", "&party=*", "&party=Amit+Shah", "&from=2024-06-01&to=2024-06-30"):
        page = Page(alice.tab.get(f"/reports/receivables?as_of=2024-12-31{query}"))
        text = " ".join(page.words(".//main").split())
        assert "A. Shah & Sons" not in text, query
        assert "12,000.00" in text, query
        assert "20,000.00" in text, query


def test_the_largest_parties_are_found_after_merging(alice: Person) -> None:
    """Five single parties are larger than each part, and smaller than the whole."""
    for number in range(5):
        billed(alice, party(alice, f"P{number}"), f"{100 + number}")
    small = [party(alice, f"Part {number}") for number in range(3)]
    for one in small:
        billed(alice, one, "50")
    merged(alice, small[1], small[0])
    merged(alice, small[2], small[1])
    assert top(alice) == [
        ("Part 0", "150.00"),
        *((f"P{number}", f"{100 + number}.00") for number in (4, 3, 2, 1)),
    ]


def test_chains_of_merges_are_undone_in_any_order(alice: Person) -> None:
    a, b, c, d = (party(alice, name) for name in "ABCD")
    first, second, third = merged(alice, a, b), merged(alice, d, b), merged(alice, b, c)
    assert roots(alice, a, b, c, d) == [c, c, c, c]
    undone(alice, first)
    assert roots(alice, a, b, c, d) == [a, c, c, c]
    undone(alice, third)
    assert roots(alice, a, b, c, d) == [a, b, c, b]
    undone(alice, second)
    assert roots(alice, a, b, c, d) == [a, b, c, d]
    with alice.acting() as actor, pytest.raises(merges.MergeNotFound):
        merges.unmerge(actor, second)


def test_each_rule_of_merging_has_its_error(
    alice: Person, bob: Person, charlie: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, c = (party(alice, name) for name in "ABC")
    theirs = party(charlie, "A")
    merged(alice, a, b)

    def refused(from_id: UUID, into_id: UUID, reason: str = WHY, who: Person = alice) -> Any:
        body = {"into_id": str(into_id), "reason": reason}
        return code(who.api.post(f"/parties/{from_id}/merges", json=body))

    assert refused(a, c) == (409, "party_already_merged")
    assert refused(b, a) == (409, "merge_cycle")
    assert refused(b, b) == (409, "merge_cycle")
    assert refused(b, theirs) == refused(theirs, b) == (404, "party_not_found")
    assert refused(b, c, who=bob) == (403, "forbidden_role")
    assert refused(b, c, reason=" ")[0] == 422
    with alice.acting() as actor, pytest.raises(merges.MergeReasonRequired):
        merges.merge(actor, b, c, reason=" ")
    monkeypatch.setattr(merges, "MEMBERS_MAX", 2)
    assert refused(c, a) == (409, "merge_too_large")


def test_only_an_administrator_merges_different_pans(alice: Person, people: Any) -> None:
    accountant = people.colleague(alice, "Anand", role="accounting_lead")
    a = party(alice, "A", pan="AAPFU0939F")
    b = party(alice, "B", country="IN", tax_number="27AAPFU0939F1ZV")
    c = party(alice, "C", pan="AAACI1195H")
    merged(accountant, a, b)
    with pytest.raises(merges.PansDiffer):
        merged(accountant, c, a)
    merged(alice, c, a)
    (event,) = [
        one
        for one in alice.api.get("/audit").json["items"]
        if one["kind"] == "party.merged" and one["payload"]["inputs"]["has_different_pans"]
    ]
    assert event["payload"]["entity_refs"]["party_id"] == str(c)


@pytest.mark.parametrize("edited", [0, 1, 2])
@pytest.mark.parametrize(
    ("path", "method", "change"),
    [
        ("", "patch", {"pan": "AAACI1195H"}),
        ("", "patch", {"country": "IN", "tax_number": OF_ANOTHER}),
        ("/tax-numbers", "post", {"country": "IN", "number": OF_ANOTHER}),
    ],
)
def test_an_edit_gives_merged_records_no_second_pan(
    alice: Person, edited: int, path: str, method: str, change: dict[str, str]
) -> None:
    three = [party(alice, name) for name in ("Root", "Merged", "Merged before")]
    merge_ids = [merged(alice, three[2], three[1]), merged(alice, three[1], three[0])]
    other = f"/parties/{three[(edited + 1) % 3]}"
    assert alice.api.patch(other, json={"pan": "AAPFU0939F"}).status_code == 200
    edit = getattr(alice.api, method)
    refused = edit(f"/parties/{three[edited]}{path}", json=change)
    assert code(refused) == (409, "pan_is_not_of_merged")
    same = {"pan": "AAPFU0939F"} if not path else {"country": "IN", "number": "27AAPFU0939F1ZV"}
    assert edit(f"/parties/{three[edited]}{path}", json=same).status_code in {200, 201}
    cleared = {"pan": None, "tax_number": None}
    assert alice.api.patch(f"/parties/{three[edited]}", json=cleared).status_code == 200
    for one in alice.api.get(f"/parties/{three[edited]}/tax-numbers").json["items"]:
        alice.api.delete(f"/parties/{three[edited]}/tax-numbers/{one['id']}")
    for merge_id in merge_ids:
        undone(alice, merge_id)
    assert edit(f"/parties/{three[edited]}{path}", json=change).status_code in {200, 201}


def test_a_changed_further_number_gives_merged_records_no_second_pan(alice: Person) -> None:
    root, other = party(alice, "Root", pan="AAPFU0939F"), party(alice, "Other")
    path = f"/parties/{other}/tax-numbers"
    made_id = alice.api.post(path, json={"country": "AE", "number": "TRN 1"}).json["id"]
    merged(alice, other, root)
    body = {"country": "IN", "number": OF_ANOTHER}
    assert code(alice.api.patch(f"{path}/{made_id}", json=body)) == (409, "pan_is_not_of_merged")


def test_records_merged_over_their_pans_keep_them(alice: Person) -> None:
    root, other = party(alice, "Root", pan="AAPFU0939F"), party(alice, "Other", pan="AAACI1195H")
    merged(alice, other, root)
    body = {"country": "IN", "number": "27AAPFU0939F1ZV"}
    assert alice.api.post(f"/parties/{root}/tax-numbers", json=body).status_code == 201
    third = alice.api.patch(f"/parties/{other}", json={"pan": "AABCU9603R"})
    assert code(third) == (409, "pan_is_not_of_merged")
    assert alice.api.patch(f"/parties/{other}", json={"phone": "98200 11111"}).status_code == 200


def test_completing_a_merged_record_gives_no_second_pan(alice: Person) -> None:
    root = party(alice, "Root", pan="AAPFU0939F")
    draft(alice, customer_name="Amit Shah")
    with alice.acting():
        (made_id,) = [one.id for one in queries.find_named("Amit Shah")]
    merged(alice, made_id, root)
    body = {"name": "Amit Shah", "is_customer": True, "pan": "AAACI1195H"}
    assert code(alice.api.post("/parties", json=body)) == (409, "pan_is_not_of_merged")


def test_edits_and_a_merge_at_once_leave_one_pan(alice: Person) -> None:
    for _round in range(3):
        a, b, c = (party(alice, name) for name in "ABC")
        merged(alice, b, a)
        acts = [
            lambda one=one, pan=pan: alice.api.patch(f"/parties/{one}", json={"pan": pan})
            for one, pan in ((a, "AAPFU0939F"), (b, "AAACI1195H"))
        ]
        at_once([*acts, lambda c=c, a=a: merged(alice, c, a)])
        with alice.acting():
            assert len(queries.pans_of([a, b, c])) == 1


@pytest.mark.parametrize("held", [0, 1, 2])
def test_a_hold_of_one_merged_record_stops_all_until_the_merge_is_undone(
    alice: Person, held: int
) -> None:
    three = [party(alice, name) for name in ("Root", "Merged", "Merged before")]
    alice.api.patch(f"/parties/{three[held]}", json={"is_on_hold": True})
    merge_ids = [merged(alice, three[2], three[1]), merged(alice, three[1], three[0])]
    drafts = [draft(alice, customer_name=None, party_id=one) for one in three]
    for one in drafts:
        assert code(alice.api.post(f"/invoices/{one}/issue")) == (409, "party_on_hold")
    for merge_id in merge_ids:
        undone(alice, merge_id)
    free = [number for number in range(3) if number != held]
    assert [bool(issue(alice, drafts[number])) for number in free] == [True, True]
    assert code(alice.api.post(f"/invoices/{drafts[held]}/issue"))[0] == 409


@pytest.mark.parametrize(
    ("limits", "refused"),
    [
        (("1000", None), True),
        ((None, "1000"), True),
        (("1000", "5000"), True),
        (("5000", "1000"), True),
        (("5000", "1500"), False),
    ],
)
def test_the_lowest_limit_of_merged_records_counts(
    alice: Person, limits: tuple[str | None, str | None], refused: bool
) -> None:
    root, other = (
        party(alice, name, credit_limit=limit)
        for name, limit in zip(("Root", "Other"), limits, strict=True)
    )
    merged(alice, other, root)
    for one in (root, other):
        drafted = draft(alice, line("1001", quantity=1), customer_name=None, party_id=one)
        answer = alice.api.post(f"/invoices/{drafted}/issue")
        if refused:
            assert code(answer) == (409, "credit_limit_exceeded")
            assert "INR 1.00 above the credit limit of INR 1,000.00" in answer.json["message"]
            continue
        assert answer.status_code == (200 if one == root else 409)


def test_limits_of_merged_records_in_two_currencies_both_count(alice: Person) -> None:
    root = party(alice, "Root", credit_limit="1000000")
    alice.does(lambda actor: settings.update(actor, {"default_currency": "USD"}).default_currency)
    other = party(alice, "Other", credit_limit="100")
    merged(alice, other, root)
    dollars = line("101", quantity=1, currency="USD")
    quote = Quote("USD", "INR", Decimal(84), ISSUED, "me")
    drafted = draft(alice, dollars, customer_name=None, party_id=root, exchange_rate=quote)
    answer = alice.api.post(f"/invoices/{drafted}/issue")
    assert code(answer) == (409, "credit_limit_exceeded")
    assert "credit limit of USD 100.00" in answer.json["message"]


def test_invoices_of_merged_records_at_once_keep_the_limit_of_one_of_them(alice: Person) -> None:
    root, limited, other = (
        party(alice, "R"),
        party(alice, "L", credit_limit="1000"),
        party(alice, "O"),
    )
    merged(alice, limited, root)
    merged(alice, other, root)
    # In two financial years, so that the lock of the number does not put them in order.
    drafts = [
        draft(
            alice,
            line("600", quantity=1),
            customer_name=None,
            party_id=one,
            issue_date=day,
            due_date=day,
        )
        for one, day in ((root, date(2023, 6, 10)), (other, ISSUED)) * 2
    ]
    answers = at_once([lambda one=one: alice.api.post(f"/invoices/{one}/issue") for one in drafts])
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


def test_the_page_of_the_root_shows_the_terms_of_merged_records(alice: Person) -> None:
    root = party(alice, "Root")
    merged(alice, party(alice, "Held", is_on_hold=True, credit_limit="1000"), root)
    merged(alice, party(alice, "Free"), root)
    shown = Page(alice.tab.get(f"/parties/{root}")).words(".//ul[@id='merges']")
    assert "Held: On hold, Credit limit INR1,000.00" in " ".join(shown.split())
    assert "Free: " not in shown


def test_the_credit_limit_of_the_root_counts_all(alice: Person, two: tuple[UUID, UUID]) -> None:
    alice.api.patch(f"/parties/{two[0]}", json={"credit_limit": "11500"})
    merge_id = merged(alice, two[1], two[0])
    invoice_id = draft(alice, line("600", quantity=1), customer_name=None, party_id=two[1])
    answer = alice.api.post(f"/invoices/{invoice_id}/issue")
    assert code(answer) == (409, "credit_limit_exceeded")
    assert "INR 100.00 above" in answer.json["message"]
    undone(alice, merge_id)
    issue(alice, invoice_id)


def test_a_merge_and_invoices_at_once_keep_the_limit(alice: Person) -> None:
    """Whatever comes first, the sum of the group is never above the limit by accident."""
    root, other = (
        party(alice, "Root", credit_limit="1000"),
        party(alice, "Other", credit_limit="600"),
    )
    drafts = [
        draft(alice, line("600", quantity=1), customer_name=None, party_id=one)
        for one in (root, other, root, other)
    ]
    results = at_once(
        [lambda: merged(alice, other, root), *(lambda one=one: issue(alice, one) for one in drafts)]
    )
    assert isinstance(results[0], UUID), results
    assert roots(alice, other) == [root]
    issued_now = numbers(alice, f"/invoices?party_id={root}&status=open")
    assert len(issued_now) <= 2, "one of each before the merge at most"
    last = draft(alice, line("600", quantity=1), customer_name=None, party_id=other)
    assert code(alice.api.post(f"/invoices/{last}/issue")) == (409, "credit_limit_exceeded")


def test_merges_at_once_make_no_cycle(alice: Person) -> None:
    a, b, c = (party(alice, name) for name in "ABC")
    pairs = [(a, b), (b, c), (c, a)]
    results = at_once([lambda pair=pair: merged(alice, *pair) for pair in pairs])
    refused = [one for one in results if not isinstance(one, UUID)]
    assert refused
    assert all(isinstance(one, merges.MergeCycle | merges.AlreadyMerged) for one in refused)
    assert set(roots(alice, *set(roots(alice, a, b, c)))) == set(roots(alice, a, b, c))


def test_a_name_of_merged_records_is_not_ambiguous(alice: Person) -> None:
    first, second = party(alice, AMIT), party(alice, AMIT)
    with alice.acting() as actor, pytest.raises(PartyAmbiguous):
        party_of(actor, "customer", name=AMIT)
    merged(alice, first, second)
    with alice.acting() as actor:
        assert party_of(actor, "customer", name=AMIT).id == second


def test_of_namesakes_that_are_merged_forms_offer_one(alice: Person) -> None:
    first, second, third = party(alice, AMIT), party(alice, AMIT), party(alice, AMIT)
    merged(alice, first, third)
    with alice.acting():
        assert {one.id for one in queries.find_named(AMIT)} == {second, third}
    # A draft of the merged record keeps it.
    drafted = draft(alice, customer_name=AMIT, party_id=first)
    page = Page(alice.tab.get(f"/invoices/{drafted}/edit"))
    assert page.field("party_id") == str(first)


def test_the_list_shows_merged_records_under_their_root(alice: Person) -> None:
    root = party(alice, "Amit Shah", phone="98200 11111")
    merge_id = merged(
        alice,
        party(alice, "A. Shah & Sons", phone="98200 22222", is_supplier=True, external_id="S-1"),
        root,
    )
    party(alice, "Zeenat")
    assert names(alice) == ["Amit Shah", "Zeenat"]
    for query in ("?q=22222", "?q=sons", "?kind=supplier", "?q=sons&kind=supplier", "?q=11111"):
        assert names(alice, query) == ["Amit Shah"], query
    # Each filter must be true of one record, and an external id is that of one record.
    assert names(alice, "?q=11111&kind=supplier") == []
    assert names(alice, "?external_id=S-1") == ["A. Shah & Sons"]
    shown = Page(alice.tab.get("/parties?q=sons"))
    assert shown.rows() == ["Amit Shah"]
    assert "Merged: A. Shah & Sons" in shown.words(".//table[@id='parties']")
    with alice.acting():
        assert queries.known_names("customer") == ["Amit Shah", "Zeenat"]
        assert queries.known_names("supplier") == []
    undone(alice, merge_id)
    assert names(alice) == ["A. Shah & Sons", "Amit Shah", "Zeenat"]
    assert names(alice, "?q=sons") == ["A. Shah & Sons"]


def test_the_page_shows_what_is_added_up_before_it_merges(
    alice: Person, bob: Person, two: tuple[UUID, UUID]
) -> None:
    path = f"/parties/{two[1]}/merge"
    assert path in Page(alice.tab.get(f"/parties/{two[1]}")).links()
    found = Page(alice.tab.get(f"{path}?q=amit"))
    assert f"{path}?into_id={two[0]}" in found.links()
    shown = Page(alice.tab.get(f"{path}?into_id={two[0]}"))
    balances = " ".join(shown.words(".//table[@id='balances']").split())
    assert "A. Shah & Sons" in balances
    assert "5,000.00" in balances
    page = Page(send(alice, path, into_id=str(two[0]), reason=""))
    assert page.status == 422
    assert send(alice, path, into_id=str(two[0]), reason=WHY).status_code == 303
    detail = Page(alice.tab.get(f"/parties/{two[0]}"))
    assert "A. Shah & Sons is merged into this record" in detail.words(".//ul[@id='merges']")
    answer = alice.api.get(f"/parties/{two[1]}/merges").json
    assert (answer["root_id"], len(answer["items"])) == (str(two[0]), 1)
    again = Page(send(alice, path, into_id=str(two[0]), reason=WHY))
    assert again.status == 422
    undo = f"/parties/merges/{answer['items'][0]['id']}/undo"
    assert send(bob, undo).status_code == 403
    assert send(alice, undo).status_code == 303
    assert alice.api.get(f"/parties/{two[1]}/merges").json["items"] == []
    assert bob.tab.get(path).status_code == 403


def test_an_erasure_takes_the_name_out_of_the_reason(alice: Person) -> None:
    first, second = party(alice, "Deepa Krishnan"), party(alice, "Zeenat")
    alice.does(
        lambda actor: merges.merge(actor, first, second, reason="Deepa Krishnan is Zeenat").id
    )
    pseudonym = erase(alice, first)
    (merge,) = alice.api.get(f"/parties/{second}/merges").json["items"]
    assert "Deepa" not in merge["reason"]
    assert pseudonym in merge["reason"]


def test_only_roles_that_set_limits_merge(bob: Person, alice: Person) -> None:
    a, b = party(alice, "A"), party(alice, "B")
    with pytest.raises(Forbidden):
        merged(bob, a, b)


def test_the_other_records_of_a_person_are_offered_for_an_erasure(alice: Person) -> None:
    one, two, three = (UUID(made(alice, name=f"Amit {which}")["id"]) for which in ("A", "B", "C"))
    for merged in (one, three):
        alice.does(merges.merge, merged, two, reason="Entered twice")
    assert offered(alice, one) == {("party", two, "merged"), ("party", three, "merged")}
