"""Protocol of a planner: a conversation in, one move out.

Moves are stored as JSON, so that another worker can take a turn over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any, Literal, Protocol

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Say:
    """Text for the person; `drops` is the id of a draft that is given up."""

    text: str
    kind: Literal["say"] = "say"
    drops: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question of an older release about one missing field of a tool.

    It is read from stored turns and made no more: a card asks now.
    """

    text: str
    tool: str
    known: JsonObject
    missing: str
    kind: Literal["ask"] = "ask"
    again: int = 0
    first: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """The fields of a capability, for the person to check and confirm; nothing is done yet.

    `text` is the question for the first of `missing`, or asks the person to check and save.
    `words` are the words that each field was read from, `choices` the records that a field can
    mean. `offered` are the names of up to three capabilities that the message can mean. `draft_id`
    is the id of the first card of the same draft; empty for a new one.
    """

    text: str
    capability: str
    fields: JsonObject
    missing: list[str] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[JsonObject]] = field(default_factory=dict)
    offered: list[str] = field(default_factory=list)
    draft_id: str = ""
    kind: Literal["card"] = "card"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a capability; `words` are sent before it.

    The capability decides if a person must approve it. `replaces` is read from turns of older
    releases.
    """

    tool: str
    arguments: JsonObject
    words: str = ""
    kind: Literal["call"] = "call"
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """End of the turn."""

    kind: Literal["done"] = "done"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of a model, as `ModelAnswer.raw`.

    Its text was sent already, in `pieces` of so many characters. Its calls are the next moves.
    """

    raw: JsonObject
    pieces: list[int]
    took_s: float
    kind: Literal["answer"] = "answer"


@dataclass(frozen=True, slots=True)
class Fail:
    """A failure of the turn: a sentence for the person, the cause for the log.

    `usage` and `tries` are the cost of an answer that did not arrive. `is_missing`: the vendor does
    not offer the model. `is_spent`: the agency's tokens are used up. In both cases the built-in
    planner can continue.
    """

    text: str
    cause: str
    model: str = ""
    usage: JsonObject = field(default_factory=dict)
    tries: int = 0
    pieces: list[int] = field(default_factory=list)
    took_s: float = 0.0
    is_missing: bool = False
    is_spent: bool = False
    kind: Literal["fail"] = "fail"


Move = Say | Ask | Card | Call | Done | Answer | Fail
_KINDS: dict[str, type[Move]] = {
    "say": Say,
    "ask": Ask,
    "card": Card,
    "call": Call,
    "done": Done,
    "answer": Answer,
    "fail": Fail,
}
Tell = Callable[[str], None]


def silently(_text: str) -> None:
    """Discard text that precedes its move."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a call: its output, a refusal, or a pending proposal."""

    output: JsonObject = field(default_factory=dict)
    error: str | None = None
    message: str = ""
    approval_id: str | None = None


@dataclass(frozen=True, slots=True)
class Played:
    """A move that was made, with its outcome."""

    move: Move
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class EnquiryInView:
    """The enquiry of the conversation."""

    id: str
    customer_name: str
    destination: str = ""
    origin: str = ""
    depart_date: str = ""
    return_date: str = ""
    pax_count: int = 0


@dataclass(frozen=True, slots=True)
class DraftInView:
    """The newest draft invoice of the conversation; `waits` if its issue is requested."""

    invoice_id: str
    customer_name: str
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """Facts beside the message: the agency's day and currency, the subject of the conversation."""

    today: date
    currency: str = "INR"
    enquiry: EnquiryInView | None = None
    draft: DraftInView | None = None
    timezone: str = "UTC"
    trip: JsonObject = field(default_factory=dict)
    """The trip: its `id`, its `charges` as lines of an invoice, the ids of `held` flights."""
    usable: list[str] = field(default_factory=list)
    """Names of the capabilities that the person may use."""
    reading: JsonObject = field(default_factory=dict)
    """The engine's reading of the message; empty without one, and in turns of older releases."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's decision about a proposal, and the result of its effect."""

    approval_id: str
    tool: str
    granted: bool
    arguments: JsonObject
    outcome: Outcome
    reason: str = ""
    summary: str = ""
    tool_call_id: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One turn so far: message or decision, context, and the moves already made."""

    message: str
    context: Context
    played: tuple[Played, ...] = ()
    decision: Decision | None = None


class Planner(Protocol):
    """Protocol: chooses the next move of a turn and changes nothing."""

    def next_move(self, conversation: Conversation, tell: Tell) -> Move:
        """Return the next move.

        Text that precedes the complete move goes to `tell`. An Answer or a Fail then follows, whose
        `pieces` count it.
        """
        ...


def context_from(document: JsonObject) -> Context:
    """Read a stored context; what only older releases stored is left out."""
    enquiry, draft = document["enquiry"], document["draft"]
    return Context(
        today=date.fromisoformat(document["today"]),
        currency=document["currency"],
        enquiry=_enquiry_from(enquiry) if enquiry else None,
        draft=DraftInView(**draft) if draft else None,
        timezone=document.get("timezone", "UTC"),
        trip=document.get("trip", {}),
        usable=document.get("usable", []),
        reading=document.get("reading", {}),
    )


def _enquiry_from(document: JsonObject) -> EnquiryInView:
    names = {one.name for one in fields(EnquiryInView)}
    return EnquiryInView(**{name: value for name, value in document.items() if name in names})


def decision_from(document: JsonObject | None) -> Decision | None:
    """Read a stored decision."""
    return Decision(**{**document, "outcome": Outcome(**document["outcome"])}) if document else None


def kept(value: Context | Decision | Move | Outcome) -> JsonObject:
    """Return a value as JSON, for the worker that takes the turn over."""
    document = asdict(value)
    if isinstance(value, Context):
        document["today"] = value.today.isoformat()
    return document


def move_from(document: JsonObject) -> Move:
    """Read a stored move. Raises KeyError for an unknown kind."""
    kind = _KINDS[document["kind"]]
    return kind(**{name: value for name, value in document.items() if name != "kind"})
