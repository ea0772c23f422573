"""Personal text of events is outside the chain.

It is shown, verified and can be erased.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.people import Person
from voyagent.audit.rules.verifier import Verdict
from voyagent.audit.service import checks, recording


@pytest.fixture
def walk(app: Flask) -> Callable[[Person], Verdict]:
    """Verify a person's chain."""

    def run(person: Person) -> Verdict:
        with app.app_context():
            return checks.walk(person.actor.tenant_id)

    return run


def noted(person: Person, **given: Any) -> dict[str, Any]:
    """Record an event with personal text and return it as the API shows it."""
    with person.acting() as actor:
        recording.record(actor, "probe.noted", **given)
    event: dict[str, Any] = person.api.get("/audit?kind=probe.noted").json["items"][0]
    return event


def run_sql(engine: sa.Engine, person: Person, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text(statement), {"t": person.actor.tenant_id})


GIVEN = {
    "inputs": {"tool_name": "probe"},
    "private": {"summary": "Invoice for Deepa Krishnan"},
    "outputs": {"amount": "10.00"},
    "private_outputs": {"to": "deepa@example.com"},
}


def test_personal_text_is_shown_with_the_event_but_not_stored_in_the_chain(
    alice: Person, owner_engine: sa.Engine, walk: Callable[[Person], Verdict]
) -> None:
    payload = noted(alice, **GIVEN)["payload"]
    assert payload["inputs"] == {"tool_name": "probe", "summary": "Invoice for Deepa Krishnan"}
    assert payload["outputs"] == {"amount": "10.00", "to": "deepa@example.com"}
    with owner_engine.connect() as connection:
        chain = connection.scalar(
            sa.text("select string_agg(e::text, '') from audit_events e where tenant_id = :t"),
            {"t": alice.actor.tenant_id},
        )
    assert "Krishnan" not in chain
    assert "deepa@" not in chain
    assert "Krishnan" in alice.api.get("/audit/export.csv").text
    assert "Deepa Krishnan" in alice.browser.get("/audit").text
    assert walk(alice).ok


def test_erased_text_leaves_the_chain_whole_and_is_marked(
    alice: Person, owner_engine: sa.Engine, walk: Callable[[Person], Verdict]
) -> None:
    noted(alice, **GIVEN)
    run_sql(owner_engine, alice, "delete from audit_private where tenant_id = :t")
    payload = alice.api.get("/audit?kind=probe.noted").json["items"][0]["payload"]
    assert payload["inputs"] == {"tool_name": "probe", "erased": True}
    assert payload["outputs"] == {"amount": "10.00"}
    assert walk(alice).ok


@pytest.mark.parametrize(
    "change",
    [
        "parts = jsonb_set(parts, '{inputs,summary}', '\"Another\"')",
        "salt = substr(sha256(''), 1, 16)",
    ],
)
def test_changed_text_is_found(
    alice: Person, owner_engine: sa.Engine, walk: Callable[[Person], Verdict], change: str
) -> None:
    noted(alice, **GIVEN)
    run_sql(owner_engine, alice, f"update audit_private set {change} where tenant_id = :t")
    verdict = walk(alice)
    assert (verdict.ok, "personal text of event" in verdict.reason) == (False, True)


def test_equal_texts_have_different_hashes(alice: Person, owner_engine: sa.Engine) -> None:
    for _ in range(2):
        noted(alice, private={"summary": "Deepa"})
    with owner_engine.connect() as connection:
        hashes = connection.scalars(
            sa.text(
                "select inputs->>'private' from audit_events where tenant_id = :t and kind ="
                " 'probe.noted'"
            ),
            {"t": alice.actor.tenant_id},
        ).all()
    assert len({*hashes}) == 2


def test_an_event_without_personal_text_has_no_private_part(
    alice: Person, owner_engine: sa.Engine
) -> None:
    assert noted(alice, inputs={"a": 1}, private={"reason": None})["payload"]["inputs"] == {"a": 1}
    with owner_engine.connect() as connection:
        assert not connection.scalar(
            sa.text("select count(*) from audit_private where tenant_id = :t"),
            {"t": alice.actor.tenant_id},
        )


def test_personal_text_is_not_changed_by_the_program_or_seen_by_another_agency(
    alice: Person, charlie: Person, app_engine: sa.Engine
) -> None:
    noted(alice, **GIVEN)
    with pytest.raises(sa.exc.ProgrammingError), app_engine.begin() as connection:
        connection.execute(sa.text("update audit_private set parts = '{}'"))
    with app_engine.begin() as connection:
        bound = sa.text("select set_config('app.tenant', :t, true)")
        connection.execute(bound, {"t": str(charlie.actor.tenant_id)})
        assert connection.scalar(sa.text("select count(*) from audit_private")) == 0
