"""Every operation: without credential, with the wrong role, of another agency.

A new operation is covered by being registered.
"""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.http.operations import (
    ANYBODYS,
    BODIES,
    CALLS,
    GUARDED,
    MAKERS,
    WITH_BODY,
    WITH_IDS,
    Call,
)
from tests.http.owned import Owner
from tests.people import ApiClient, People, Person
from voyagent.identity.rules.permissions import OWN, ROLE_PERMISSIONS

ROLES = list(ROLE_PERMISSIONS)
BY_CAPABILITY = {"POST /api/capabilities/<name>"}
"""The capability decides who may: `tests/capabilities/test_api.py` tries each in every role."""


def named(calls: list[Call]) -> Any:
    return pytest.mark.parametrize("call", calls, ids=lambda call: call.name)


def send(client: ApiClient, call: Call, address: str, **options: Any) -> Any:
    answer = getattr(client, call.operation.method.lower())(address.removeprefix("/api"), **options)
    answer.close()  # a stream is not read
    return answer


def stripped(answer: Any) -> Any:
    return {name: value for name, value in answer.json.items() if name != "request_id"}


def test_every_operation_can_be_called_by_these_tests() -> None:
    """A new operation adds its path ids and body to `operations.py`."""
    assert {name for call in CALLS for name in call.parameters} <= set(MAKERS)
    assert {call.operation.body.__name__ for call in WITH_BODY} <= set(BODIES)
    assert len(CALLS) > 20


@named(GUARDED)
def test_authentication_is_checked_before_schema_and_resource(app: Flask, call: Call) -> None:
    for token in (None, "nonsense"):
        answer = send(
            ApiClient(app.test_client(), token),
            call,
            call.address(),
            **({"json": {"nonsense": [1]}} if call.operation.body else {}),
        )
        assert (answer.status_code, answer.json["detail"]) == (401, "unauthorized")


@pytest.fixture(scope="module")
def signed_out(app: Flask) -> Person:
    person = People(app).sign_up("Sara Gone", agency="Sara Travels")
    person.api.post("/auth/sign-out")
    return person


@named(GUARDED)
def test_an_anonymous_caller_is_refused(signed_out: Person, call: Call) -> None:
    answer = send(
        signed_out.api, call, call.address(), **({"json": {}} if call.operation.body else {})
    )
    assert (answer.status_code, answer.json["detail"]) == (401, "unauthorized")


@pytest.fixture(scope="module")
def viewer(app: Flask) -> Person:
    people = People(app)
    return people.colleague(
        people.sign_up("Vera Owner", agency="Vera Travels"), "Vic", role="viewer"
    )


@named(
    [
        call
        for call in GUARDED
        if call.operation.method != "GET"
        and call.operation.permission not in OWN
        and call.name not in BY_CAPABILITY
    ]
)
def test_a_viewer_changes_nothing_but_the_own_account(viewer: Person, call: Call) -> None:
    answer = send(
        viewer.api,
        call,
        call.address(),
        **({"json": {"nonsense": [1]}} if call.operation.body else {}),
    )
    assert (answer.status_code, answer.json["detail"]) == (403, "forbidden_role")


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_exactly_the_permissions_of_the_table(
    people: People, alice: Person, role: str
) -> None:
    person = people.colleague(alice, "Rita Role", role=role)
    for call in sorted(
        GUARDED, key=lambda call: call.name == "DELETE /api/auth/sessions"
    ):  # it ends the caller's own session, so it comes last
        answer = send(
            person.api,
            call,
            call.address(),
            **({"json": {"nonsense": [1]}} if call.operation.body else {}),
        )
        may = call.operation.right in ROLE_PERMISSIONS[role]
        assert (answer.status_code == 403) == (not may), (call.name, answer.status_code)


@pytest.fixture(scope="module")
def stranger(app: Flask) -> Person:
    """An administrator of an agency without records."""
    return People(app).sign_up("Charlie Stranger", agency="Charlie Tours")


@named([call for call in WITH_IDS if not ANYBODYS.intersection(call.parameters)])
def test_another_agencys_record_is_404_like_an_unknown_one(
    owned: Owner, stranger: Person, call: Call
) -> None:
    """`test_conformance.py` finds the own record of each operation."""
    theirs = owned(call).ids
    options = {"json": call.body()} if call.operation.body else {}
    foreign = send(stranger.api, call, call.address(**theirs), **options)
    unknown = send(stranger.api, call, call.address(), **options)
    malformed = send(
        stranger.api, call, call.address(**dict.fromkeys(call.parameters, "nonsense")), **options
    )
    assert foreign.status_code == unknown.status_code == malformed.status_code == 404
    assert stripped(foreign) == stripped(unknown) == stripped(malformed)


@pytest.fixture(scope="module")
def session_id(stranger: Person) -> str:
    return str(MAKERS["session_id"](stranger))


@named(
    [
        call
        for call in CALLS
        if call.operation.method == "GET"
        and not call.parameters
        and not call.path.endswith(
            ("redis", "lookup", "logo", "audit/statement", "exchange-rates/find")
        )
    ]
)
def test_every_list_and_report_works_for_a_new_agency(
    app: Flask, stranger: Person, session_id: str, call: Call
) -> None:
    answer = app.test_client().get(
        call.path,
        query_string=call.report_query(session_id=session_id),
        headers={"Authorization": f"Bearer {stranger.access_token}"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == call.operation.media_type.partition(";")[0]
