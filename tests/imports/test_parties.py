"""Imports of customers and suppliers: dry run, errors, and a single import."""

from __future__ import annotations

from typing import Any

import pytest

from tests.billing.test_api import code
from tests.chat.parallel import at_once
from tests.people import People, Person
from voyagent.imports.service import files

HEAD = "name,is_customer,is_supplier,country,tax_number,terms_days,phone\n"
GOOD = HEAD + 'Deepa Krishnan,yes,no,IN,27AAPFU0939F1ZV,15,+91 94470 31822\n"Air, India",,yes,,,,\n'


def sent(person: Person, content: str, *, dry_run: bool = False, **more: Any) -> Any:
    return person.api.post(
        "/imports", json={"kind": "parties", "content": content, "dry_run": dry_run}, **more
    )


def names(person: Person) -> list[str]:
    return [item["name"] for item in person.api.get("/parties").json["items"]]


def events(person: Person, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.api.get(f"/audit?kind={kind}").json["items"]
    return found


def findings(answer: Any) -> list[tuple[int, str | None, str]]:
    assert answer.status_code == 200, answer.text
    return [(one["line"], one["column"], one["code"]) for one in answer.json["findings"]]


def test_a_dry_run_writes_nothing_and_a_run_imports_all_rows(alice: Person) -> None:
    looked = sent(alice, GOOD, dry_run=True).json
    assert looked == {
        "id": None,
        "kind": "parties",
        "rows": 2,
        "findings": [],
        "is_repeat": False,
        "imported_at": None,
    }
    assert names(alice) == []
    assert events(alice, "party.created") == events(alice, "import.done") == []
    taken = sent(alice, GOOD).json
    assert (taken["rows"], taken["findings"], taken["is_repeat"], taken["id"] is None) == (
        2,
        [],
        False,
        False,
    )
    assert names(alice) == ["Air, India", "Deepa Krishnan"]
    deepa = alice.api.get("/parties?kind=customer").json["items"][0]
    assert (deepa["state"], deepa["terms_days"], deepa["phone"], deepa["is_supplier"]) == (
        "27",
        15,
        "+91 94470 31822",
        False,
    )
    assert len(events(alice, "party.created")) == 2
    assert len(events(alice, "import.done")) == 1


@pytest.mark.parametrize("separator", [";", "\t"])
def test_cells_may_be_separated_by_semicolons_or_tabs(alice: Person, separator: str) -> None:
    rows = [
        ["name", "is_customer", "terms_days"],
        ["Krishnan, Deepa", "yes", "15"],
        ['"Air; India"' if separator == ";" else "Air; India", "yes", ""],
    ]
    content = "".join(separator.join(row) + "\n" for row in rows)
    assert findings(sent(alice, content)) == []
    assert names(alice) == ["Air; India", "Krishnan, Deepa"]


def test_the_default_is_a_dry_run(alice: Person) -> None:
    alice.api.post("/imports", json={"kind": "parties", "content": GOOD})
    assert names(alice) == []


def test_every_invalid_row_is_reported_and_nothing_imported(
    alice: Person,
) -> None:
    alice.api.post("/parties", json={"name": "Known", "is_customer": True})
    rows = (
        *(
            "Deepa Krishnan,yes,,,,,",
            "KNOWN,yes,,,,,",
            "deepa krishnan,,yes,,,,",
            '"Two\nlines",,,,,,',
            ",yes,,,,,",
            "A,maybe,,,,,",
            "B,yes,,QX,,,",
        ),
        *(
            "C,yes,,IN,27AAPFU0939F1ZW,,",
            "D,yes,,,,366,",
            "E,yes,,india,,,",
            "F,yes",
            ",,,,,,",
            "G,yes,,,,,",
            "H,,,,,,",
        ),
    )
    content = HEAD + "\n".join(rows)
    expected = [
        (3, "name", "party_name_taken"),
        (4, "name", "twice_in_file"),
        (5, "name", "string_control_character"),
        (7, "name", "missing"),
        (8, "is_customer", "bool_parsing"),
        (9, "country", "country_unknown"),
        (10, "tax_number", "tax_number_invalid"),
        (11, "terms_days", "less_than_equal"),
        (12, "country", "string_pattern_mismatch"),
        (13, None, "cells_do_not_fit"),
        (16, "is_customer", "party_kind_required"),
    ]
    looked = sent(alice, content, dry_run=True)
    assert findings(looked) == expected
    assert all(one["sentence"] for one in looked.json["findings"])
    assert code(sent(alice, content)) == (422, "import_has_findings")
    assert names(alice) == ["Known"]
    assert events(alice, "import.done") == []


@pytest.mark.parametrize("first", "=+-@")
def test_a_cell_that_looks_like_a_formula_is_plain_text(alice: Person, first: str) -> None:
    sent(alice, f"name,is_customer\n{first}SUM(A1:A9),yes\n")
    assert names(alice) == [f"{first}SUM(A1:A9)"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("name,colour\nA,red\n", [(1, "colour", "column_unknown")]),
        ("\n\nname,colour\nA,red\n", [(3, "colour", "column_unknown")]),
        ("is_customer\nyes\n", [(1, "name", "column_missing")]),
        ("name,NAME,is_customer\nA,B,yes\n", [(1, "name", "column_twice")]),
        ('name,is_customer\n"A,yes\n', [(2, None, "quotes_do_not_fit")]),
        ('name,is_customer\nA,yes\n"B"C,yes\n', [(3, None, "quotes_do_not_fit")]),
    ],
)
def test_errors_of_header_and_quotes_are_reported(
    alice: Person, content: str, expected: Any
) -> None:
    assert findings(sent(alice, content, dry_run=True)) == expected
    assert code(sent(alice, content)) == (422, "import_has_findings")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("name,is_customer\n\n\n", "file_empty"),
        ("name,is_customer\n" + "A,yes\n" * 1001, "file_too_large"),
        ("name,is_customer\n" + "A" * 200_000, "file_too_large"),
    ],
)
def test_a_file_that_is_empty_or_too_large_is_refused(
    alice: Person, content: str, expected: str
) -> None:
    for dry_run in (True, False):
        assert code(sent(alice, content, dry_run=dry_run)) == (422, expected)


def test_at_most_a_hundred_findings_are_returned(alice: Person) -> None:
    assert len(findings(sent(alice, "name\n" + "A\n" * 150, dry_run=True))) == 100


def test_the_same_file_is_imported_once_with_any_line_endings(
    alice: Person, charlie: Person
) -> None:
    first = sent(alice, GOOD).json
    for content in (GOOD, "\ufeff" + GOOD.replace("\n", "\r\n"), GOOD.rstrip("\n")):
        for dry_run in (False, True):
            assert sent(alice, content, dry_run=dry_run).json == first | {"is_repeat": True}
    assert sent(charlie, GOOD).json["is_repeat"] is False
    assert code(sent(alice, GOOD + "Zeenat,yes,,,,,\n")) == (
        422,
        "import_has_findings",
    ), "another file, with names that are known now"


def test_parallel_imports_of_a_file_import_it_once(alice: Person) -> None:
    answers = at_once([lambda: sent(alice, GOOD) for _twin in range(6)])
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json["is_repeat"] for answer in answers) == [False, *[True] * 5]
    assert len({answer.json["id"] for answer in answers}) == 1
    assert len(events(alice, "party.created")) == 2


def test_an_idempotency_key_imports_a_file_once(alice: Person) -> None:
    first, again = (sent(alice, GOOD, headers={"Idempotency-Key": "k"}) for _time in range(2))
    assert first.json == again.json
    assert first.json["is_repeat"] is False


def test_only_some_roles_import(people: People, alice: Person) -> None:
    for role, may in (
        ("agent", False),
        ("ticketing_lead", False),
        ("viewer", False),
        ("accounting_lead", True),
    ):
        person = people.colleague(alice, "Vera Somebody", role=role)
        for dry_run in (True, False):
            assert sent(person, GOOD, dry_run=dry_run).status_code == (200 if may else 403)
    nobody = type(alice.api)(alice.app.test_client(), None)
    assert nobody.post("/imports", json={}).status_code == 401


def test_an_unknown_kind_is_refused(alice: Person) -> None:
    with pytest.raises(files.UnknownImport):
        alice.does(files.dry_run, "letters", GOOD)
    assert alice.api.post("/imports", json={"kind": "letters", "content": GOOD}).status_code == 422


def test_the_ids_and_credit_terms_of_customers_are_imported(alice: Person) -> None:
    head = "name,is_customer,external_id,pan,credit_limit,is_on_hold\n"
    rows = "Deepa Krishnan,yes,C-1047,AAPFU0939F,500000,no\nZeenat,yes,C-1048,AAPFU09,,yes\n"
    assert findings(sent(alice, head + rows, dry_run=True)) == [(3, "pan", "pan_invalid")]
    wrong = "Deepa Krishnan,yes,C-1,,1.001,no\nZeenat,yes,C-1,,,no\nAsha,yes,C-1,,,no\n"
    assert findings(sent(alice, head + wrong, dry_run=True)) == [
        (2, "credit_limit", "invalid_amount"),
        (4, "external_id", "external_id_taken"),
    ]
    assert sent(alice, head + rows.partition("Zeenat")[0]).json["rows"] == 1
    (party,) = alice.api.get("/parties?external_id=C-1047").json["items"]
    assert (party["pan"], party["credit_limit"], party["is_on_hold"]) == (
        "AAPFU0939F",
        "500000.00",
        False,
    )
