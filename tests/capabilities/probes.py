"""A capability that no agency has, for the tests of the contract."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from voyagent.capabilities.capability import Capability, Card, Invocation, Policy, Slot
from voyagent.enquiries import service
from voyagent.kernel.fields import Closed
from voyagent.kernel.money import Money


class Note(Closed):
    """A note on a customer."""

    text: Annotated[str, Slot("message", "What should it say?")] = Field(description="The note.")
    copies: int = Field(default=1, description="How many.")


def write(call: Invocation, wanted: Note) -> dict[str, Any]:
    """Create an enquiry, so that a test can see that it ran."""
    enquiry = service.create(call.actor, customer_name=wanted.text)
    return {"noted": True, "enquiry_id": str(enquiry.id)}


def worth(_call: Invocation, wanted: Note) -> Policy:
    return Policy(amounts=(Money(wanted.copies * 100, "INR"),))


READS: dict[str, Any] = {
    "name": "probe_note",
    "title": "Note",
    "summary": "Note something.",
    "area": "everywhere",
    "input": Note,
    "output": frozenset({"noted", "enquiry_id"}),
    "permission": "enquiry.read",
    "approval": "never",
    "run": lambda _call, inputs: {"noted": inputs.text},
    "card": Card(icon="pencil", sentence=lambda given, _output: f"Note {given.get('text')}"),
    "examples": {"en": ("note that Deepa called",)},
    "audit": "Assistant: note something",
}
WRITES: dict[str, Any] = READS | {
    "permission": "enquiry.create",
    "approval": "review",
    "run": write,
    "policy": worth,
}
PROPOSES: dict[str, Any] = WRITES | {
    "approval": "required",
    "approvers": frozenset({"agency_admin"}),
}


def made(shape: dict[str, Any], **changes: Any) -> Capability[Any]:
    return Capability(**shape | changes)
