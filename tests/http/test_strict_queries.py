"""Query strings, which have known parameters only.

Whole numbers are in plain digits and ranges in order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

from tests.billing.papers import draft
from tests.http.operations import CALLS, WITH_QUERY, Call
from tests.people import People, Person
from voyagent.http.contract import OPERATIONS
from voyagent.http.intake import IGNORED

CONTRACT = json.loads((Path(__file__).parent.parent / "architecture/contract.json").read_text())
NOT_PLAIN = ["1e2", " 5", "5 ", "+5", "5.0", "\u0665", "1_000", "0x5", "\uff15", "5\t", "--5"]
EMPTY_IF_INVERTED = {"GET /api/audit", "GET /api/audit/export.csv"}
"""Operations that answer 200 and nothing, because existing programs rely on it."""


OTHERS = {"account": "1200", "party": "Nobody", "kind": "customer"}
RANGE = "The last day must not be before the first day"
CODES = ("from must be on or before to", "invalid_depart_range", "invalid_created_range")
PAGES = ("invoices", "bills", "payments", "credit-notes", "journal", "audit")


def named(calls: list[Call]) -> Any:
    return pytest.mark.parametrize("call", calls, ids=lambda call: call.name)


def parameters(call: Call) -> Iterator[tuple[str, Any]]:
    """Yield the query parameters of an operation: their names and fields."""
    assert call.operation.query is not None
    yield from call.query_fields.items()


def sent(app: Flask, person: Person, call: Call, query: str, **headers: str) -> Any:
    bearer = {} if call.is_public else {"Authorization": f"Bearer {person.access_token}"}
    answer = app.test_client().open(
        f"{call.address()}?{query}",
        method=call.operation.method,
        headers=bearer | headers,
        **({"json": call.body()} if call.operation.body else {}),
    )
    answer.close()  # a stream is not read
    return answer


def items(answer: Any) -> list[tuple[str, list[object]]]:
    """Return type and place of each item of a 422 response.

    Another response has none.
    """
    detail = answer.json["detail"] if answer.status_code == 422 else []
    return [(item["type"], item["loc"]) for item in detail] if isinstance(detail, list) else []


def test_the_list_of_lenient_operations_is_the_contract() -> None:
    assert {re.sub(r"<(\w+)>", r"{\1}", name) for name in OPERATIONS} == set(CONTRACT)
    served = {call.name for call in CALLS if call.operation.is_of_contract}
    assert {
        re.sub(r"<(?:\w+:)?", "<", name).replace(" /api/", " /") for name in served
    } == OPERATIONS


@pytest.fixture(scope="module")
def reader(app: Flask) -> Person:
    return People(app).sign_up("Rita Reader", agency="Rita Travels")


def caller(reader: Person, call: Call) -> Person:
    """Return who calls: someone new for each operation that could change something."""
    if call.operation.method == "GET":
        return reader
    return People(reader.app).sign_up("Alice Owner", agency="Alice Travels")


@named(CALLS)
def test_an_unknown_parameter_is_refused_or_named(app: Flask, reader: Person, call: Call) -> None:
    alice = caller(reader, call) if call.operation.is_of_contract else reader
    unknown = "frm%0D%0A=1&custmer=2&custmer=3&%E0%A4%A4=4"
    answer = sent(app, alice, call, unknown)
    places = [["query", "frm\r\n"], ["query", "custmer"], ["query", "त"]]
    wanted = [("unknown_parameter", place) for place in places]
    if not call.operation.is_of_contract:
        assert [item for item in items(answer) if item[0] == "unknown_parameter"] == wanted
        assert IGNORED not in answer.headers
        return
    assert answer.headers[IGNORED] == "frm%0D%0A, custmer, %E0%A4%A4"
    assert "unknown_parameter" not in answer.text
    strict = sent(app, alice, call, unknown, Prefer="respond-async, handling=strict")
    assert [item for item in items(strict) if item[0] == "unknown_parameter"] == wanted
    assert IGNORED not in strict.headers
    without = sent(app, alice, call, "", Prefer="handling=lenient")
    assert IGNORED not in without.headers


@pytest.mark.parametrize(
    "prefer",
    ["handling=strict", 'wait=5; x, Handling="strict"', "a=b,handling = strict"],
)
def test_the_preference_may_stand_among_others(app: Flask, alice: Person, prefer: str) -> None:
    answer = alice.api.get("/enquiries?nonsense=1", headers={"Prefer": prefer})
    assert items(answer) == [("unknown_parameter", ["query", "nonsense"])]
    lenient = alice.api.get("/enquiries?nonsense=1", headers={"Prefer": "handling=strictly"})
    assert (lenient.status_code, lenient.headers[IGNORED]) == (200, "nonsense")


def test_the_credential_is_checked_before_the_parameters(app: Flask, bob: Person) -> None:
    assert app.test_client().get("/api/invoices?x=1").status_code == 401
    assert bob.api.get("/audit?x=1").status_code == 403


@named(WITH_QUERY)
def test_whole_numbers_have_plain_digits_only(app: Flask, reader: Person, call: Call) -> None:
    alice = caller(reader, call)
    for turn, (name, field) in enumerate(parameters(call), WITH_QUERY.index(call)):
        if "int" not in re.findall(r"\w+", str(field.annotation)):
            continue
        for text in NOT_PLAIN[turn % 4 :: 4]:
            answer = sent(app, alice, call, f"{name}={quote(text)}")
            assert ("int_parsing", ["query", name]) in items(answer), (name, text, answer.text)
        assert "int_parsing" not in str(items(sent(app, alice, call, f"{name}=1")))


@named(WITH_QUERY)
def test_a_range_that_ends_before_it_begins_is_refused(
    app: Flask, reader: Person, call: Call
) -> None:
    alice = caller(reader, call)
    names = [name for name, _ in parameters(call)]
    for last in names:
        first = re.sub(r"(^|_)to$", r"\1from", last)
        if first == last or first not in names:
            continue
        of_party = {"party", "kind"} <= set(names)
        others = "&".join(
            f"{name}={OTHERS[name]}"
            for name in names
            if name in OTHERS and (of_party or name != "kind")
        )
        answer = sent(app, alice, call, f"{first}=2026-05-02&{last}=2026-05-01&{others}")
        if call.name in EMPTY_IF_INVERTED:
            assert answer.status_code == 200
            continue
        assert answer.status_code == 422
        assert answer.json["detail"] in (
            [{"type": "invalid_range", "loc": ["query", last], "msg": RANGE}],
            *CODES,
        ), answer.text
        same = sent(app, alice, call, f"{first}=2026-05-01&{last}=2026-05-01&{others}")
        assert same.status_code in (200, 404), same.text


@pytest.mark.parametrize(
    "address",
    [
        *(f"/{page}?from=2026-05-02&to=2026-05-01" for page in PAGES),
        "/invoices?due_from=2026-05-02&due_to=2026-05-01",
        "/bills?due_from=2026-05-02&due_to=2026-05-01",
    ],
)
def test_a_page_says_that_the_range_is_inverted(alice: Person, address: str) -> None:
    draft(alice)
    answer = alice.browser.get(address)
    assert answer.status_code == 422
    assert "before the start date" in answer.text or "after the end date" in answer.text
    file = alice.browser.get(f"{address}&format=csv")
    assert file.status_code == 422
    hindi = alice.browser.get(address, headers={"Accept-Language": "hi"})
    assert hindi.status_code == 422


def test_a_page_ignores_digits_of_other_scripts_in_the_place(alice: Person) -> None:
    five = quote("\u0665")
    assert alice.browser.get(f"/trips?offset={five}").status_code == 200
    answer = alice.browser.get(f"/enquiries?offset={five}")
    assert answer.status_code == 422
