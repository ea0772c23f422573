"""An inconsistent capability cannot be declared."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field

from tests.capabilities.probes import PROPOSES, READS, WRITES, Note, made
from voyagent.capabilities.capability import Invocation, Slot
from voyagent.capabilities.describe import form_fields, tool_schema
from voyagent.capabilities.ports import find_port, use_ports
from voyagent.kernel.actor import Actor, system_actor
from voyagent.kernel.fields import Closed
from voyagent.kernel.ids import new_id


class Bare(Closed):
    described: str = Field(description="Described.")
    text: str


class Dated(Closed):
    note: Note = Field(description="A note in a note.")


@pytest.mark.parametrize(
    ("shape", "changes", "expected"),
    [
        (PROPOSES, {"approvers": frozenset()}, "nobody may grant it"),
        (WRITES, {"approvers": frozenset({"agency_admin"})}, "approval is not required"),
        (WRITES, {"needs_approval": lambda _call, _wanted: True}, "no act with review"),
        (WRITES, {"undoable": False}, "cannot be undone"),
        (READS, {"undoable": False}, "cannot be undone"),
        (WRITES, {"policy": None}, "no policy facts"),
        (PROPOSES, {"external": True}, "nothing to dry-run"),
        (READS, {"book_date": "day"}, "no field day"),
        (READS, {"input": Dated, "book_date": "note.day"}, "no field note.day"),
        (READS, {"lookups": {"whom": lambda _call, _text: ()}}, "lookups without a field: whom"),
        (
            READS,
            {"choices": {"note.x": lambda _call, _text: ()}},
            "choices without a field: note.x",
        ),
        (READS, {"input": Bare}, "fields without a description: text"),
    ],
)
def test_contradictory_declarations_are_refused(
    shape: dict[str, Any], changes: dict[str, Any], expected: str
) -> None:
    made(shape)
    with pytest.raises(ValueError, match=f"probe_note: .*{expected}"):
        made(shape, **changes)


def test_a_nested_field_may_be_the_book_date() -> None:
    assert made(READS, input=Dated, book_date="note.text").book_date == "note.text"


def test_slots_come_from_the_metadata_of_the_fields() -> None:
    assert made(READS).slots == {"text": Slot("message", "What should it say?")}


def test_fields_for_records_come_before_other_fields() -> None:
    class Paid(Closed):
        amount: str = Field(description="How much.")
        invoice: str = Field(description="Which one.")
        note: str = Field(default="", description="More.")

    known = made(READS, input=Paid, lookups={"invoice": lambda _call, _text: ()})
    assert known.required_fields == ("invoice", "amount")


def test_programs_get_a_schema_and_forms_get_controls() -> None:
    schema = tool_schema(made(PROPOSES, undoable=False))
    assert schema["name"] == "probe_note"
    assert schema["description"] == "Note something. Example: “note that Deepa called”."
    assert schema["input_schema"]["properties"]["text"]["description"] == "The note."
    assert schema["annotations"] == {"readOnlyHint": False, "destructiveHint": True}
    text, copies = form_fields(made(READS), {"copies": 3})
    assert (text.name, text.label, text.help, text.reader, text.required, text.value) == (
        "text",
        "Text",
        "The note.",
        "message",
        True,
        None,
    )
    assert (copies.reader, copies.required, copies.value) == ("text", False, 3)


def test_a_port_is_found_by_its_class_and_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voyagent.capabilities.ports._finder", [])
    call = Invocation(system_actor(new_id()))
    use_ports({Actor: call.actor, int: "three"}.__getitem__)
    assert call.port(Actor) is call.actor
    with pytest.raises(TypeError, match="of another class"):
        find_port(int)
    with pytest.raises(LookupError):
        find_port(str)
