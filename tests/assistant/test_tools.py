"""A tool call in a turn: permissions, rollback after an error, a strict schema."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.assistant.conftest import Talk, kinds, of_kind
from tests.capabilities.probes import READS
from tests.people import Person
from voyagent.approvals.service import effects
from voyagent.assistant.rules.moves import Call, Conversation, Done, Move, SendText
from voyagent.assistant.service import loop, messages
from voyagent.capabilities import registry
from voyagent.capabilities.capability import Capability, Invocation
from voyagent.enquiries import service as enquiries_service
from voyagent.enquiries.queries import enquiries
from voyagent.identity.rules.permissions import ROLE_PERMISSIONS
from voyagent.kernel.errors import Conflict
from voyagent.kernel.fields import Closed


class NothingIn(Closed):
    """No arguments."""


class RunDiffers(Conflict):
    """Raised by a rule of a test after its work."""

    code = "changed_its_mind"
    message = "On second thoughts, no."


def _write_and_refuse(call: Invocation, _wanted: NothingIn) -> dict[str, Any]:
    enquiries_service.create(call.actor, customer_name="Half Done")
    raise RunDiffers


def _break(_call: Invocation, _wanted: NothingIn) -> dict[str, Any]:
    raise ZeroDivisionError


def probe(**facts: Any) -> Capability[Any]:
    return Capability(**{**READS, **facts})


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three capabilities that exist only in tests."""
    made = (
        probe(
            name="probe_refuses",
            input=NothingIn,
            permission="enquiry.create",
            run=_write_and_refuse,
        ),
        probe(
            name="probe_private",
            input=NothingIn,
            permission="audit.read",
            run=lambda _call, _wanted: {"secret": True},
        ),
        probe(name="probe_breaks", input=NothingIn, permission="enquiry.read", run=_break),
    )
    for one in made:
        monkeypatch.setitem(registry._installed, one.name, one)  # noqa: SLF001 - taken away again after the test


class Calling:
    """A planner that calls one tool."""

    def __init__(self, tool: str, **arguments: Any) -> None:
        self._call = Call(tool, arguments)

    def next_move(self, conversation: Conversation, _send_text: SendText) -> Move:
        return Done() if conversation.played else self._call


def use(
    talk: Talk, app: Flask, person: Person, tool: str, **arguments: Any
) -> list[dict[str, Any]]:
    session_id = talk.begin(person)
    with person.acting() as actor:
        turn_id = messages.send(actor, session_id, message="go").turn_id
    assert turn_id is not None
    with app.app_context():
        loop.run(person.actor.tenant_id, turn_id, Calling(tool, **arguments))
    return talk.events(person, session_id)


def test_a_tool_needs_the_persons_permission(
    talk: Talk, app: Flask, alice: Person, bob: Person, probes: None
) -> None:
    assert of_kind(use(talk, app, alice, "probe_private"), "tool_result")[0]["tool_output"] == {
        "secret": True
    }
    assert (
        of_kind(use(talk, app, bob, "probe_private"), "tool_result")[0]["tool_output"]["error"]
        == "forbidden_role"
    )


def test_a_tool_that_is_refused_after_its_work_leaves_nothing(
    talk: Talk, app: Flask, alice: Person, probes: None
) -> None:
    events = use(talk, app, alice, "probe_refuses")
    assert kinds(events) == ["tool_use", "tool_result", "final"]
    assert of_kind(events, "tool_result")[0]["tool_output"] == {
        "error": "changed_its_mind",
        "message": "On second thoughts, no.",
    }
    with alice.reading() as reader:
        assert enquiries.find_by_text(reader, "Half Done") == []


def test_an_error_in_a_tool_ends_the_turn_with_an_error(
    talk: Talk, app: Flask, alice: Person, probes: None
) -> None:
    assert kinds(use(talk, app, alice, "probe_breaks")) == ["tool_use", "error", "final"]


def test_an_unknown_tool_is_refused(talk: Talk, app: Flask, alice: Person) -> None:
    events = use(talk, app, alice, "void_invoice", number="Q7X2LM")
    assert of_kind(events, "tool_result")[0]["tool_output"]["error"] == "capability_unknown"


def test_a_planner_cannot_approve_or_issue(talk: Talk, app: Flask, alice: Person) -> None:
    for tool in ("approve", "resolve", "grant", "approvals.resolve"):
        events = use(talk, app, alice, tool, approval_id="ap-x", granted=True)
        assert of_kind(events, "tool_result")[0]["tool_output"]["error"] == "capability_unknown"


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("trial_balance", {"as_of": "2026-03-31", "drop": "x"}),
        ("trial_balance", {"as_of": "31 March"}),
        ("find_enquiries", {"status": "lost"}),
        ("summarise_enquiry", {}),
        ("list_receivables", {"more_than": "-5", "currency": "INR"}),
        (
            "draft_invoice",
            {
                "customer_name": "Deepa",
                "issue_date": "2026-11-24",
                "due_date": "2026-11-24",
                "line_items": [],
            },
        ),
        ("create_enquiry", {"customer_name": "Deepa", "pax_count": "two"}),
    ],
)
def test_invalid_arguments_run_no_tool(
    talk: Talk, app: Flask, alice: Person, tool: str, arguments: dict[str, Any]
) -> None:
    events = use(talk, app, alice, tool, **arguments)
    assert kinds(events) == ["tool_use", "tool_result", "final"]
    assert of_kind(events, "tool_result")[0]["tool_output"]["error"] == "invalid_arguments"


def test_a_city_is_found_by_the_code_of_its_airport(talk: Talk, app: Flask, alice: Person) -> None:
    with alice.acting() as actor:
        for name, place in (
            ("Asha", "Dubai"),
            ("Biju", "DXB"),
            ("Celine", "Dubai (DXB)"),
            ("Dinesh", "DOH"),
        ):
            enquiries_service.create(actor, customer_name=name, destination=place)
    for destination in ("Dubai", "dxb"):
        output = of_kind(
            use(talk, app, alice, "find_enquiries", destination=destination), "tool_result"
        )[0]["tool_output"]
        assert output["total"] == 3
        assert [row["customer_name"] for row in output["enquiries"]] == ["Celine", "Biju", "Asha"]


def test_every_tool_has_a_permission_of_some_role_and_every_approved_one_an_effect() -> None:
    held = frozenset().union(*ROLE_PERMISSIONS.values())
    names = {tool.name for tool in registry.every()}
    assert {
        "find_enquiries",
        "create_enquiry",
        "summarise_enquiry",
        "list_receivables",
        "list_ledger_accounts",
        "read_account_balance",
    } <= names
    money = {
        "draft_invoice",
        "issue_invoice",
        "create_invoice",
        "record_receipt",
        "receive_bill",
        "pay_bill",
        "post_journal_entry",
        "write_off_invoice",
        "cancel_sale",
        "record_supplier_refund",
    }
    leaves = {"issue_ticket", "book_hotel", "cancel_hotel_booking", "file_visa", "send_itinerary"}
    assert {tool.name for tool in registry.every() if tool.approval == "required"} == money | leaves
    assert all(tool.permission in held for tool in registry.every())
    assert all(effects.find(name) for name in money | leaves)
