"""Protocol of a planner: a conversation in, one move out.

Moves are stored as JSON, so that another worker can take a turn over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
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
    """A question about one missing field of a tool.

    `known` are the fields that are known. `again` counts the replies that were no answer; `first`
    is the first wording of a repeated question.
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

    The capability decides if a person must approve it. `replaces` is the id of the pending request
    that this one replaces.
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
    """The enquiry of the conversation.

    Dates have the API's format; they are empty if the customer has not stated them.
    """

    id: str
    customer_name: str
    destination: str = ""
    origin: str = ""
    depart_date: str = ""
    return_date: str = ""
    pax_count: int = 0
    customer_email: str = ""
    party: JsonObject = field(default_factory=dict)
    """Number of people of each kind, as the customer wrote it."""
    beside: str = ""
    """Customer of the conversation, if another customer's enquiry was logged in it since."""


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
    question: Ask | None = None
    offers: JsonObject = field(default_factory=dict)
    """Results of the newest searches: `fares`, `rates`, their inputs, `newest` of the two.

    `visa` is the newest visa lookup: its `destination` and the words of the question.
    """
    trip: JsonObject = field(default_factory=dict)
    """The trip: `id`, `passengers`, and held flights as `held`, each booking once."""
    timezone: str = "UTC"
    listed: JsonObject = field(default_factory=dict)
    """The list shown last if a part is left: `tool`, `arguments`, and the number `told`."""
    waiting: list[JsonObject] = field(default_factory=list)
    """Pending requests, oldest first: `id`, `tool`, `arguments`, `summary`.

    `is_aside` if another message was answered since.
    """
    last: JsonObject = field(default_factory=dict)
    """The tool used last: its `arguments`, the `ids` and `drafts` listed, the booking `held`."""
    rejected: JsonObject = field(default_factory=dict)
    """The newest declined request: its `summary`, `reason`, and who declined it as `by`."""
    reading: JsonObject = field(default_factory=dict)
    """The engine's reading of the message; empty in turns of older releases."""
    names: JsonObject = field(default_factory=dict)
    """Names of the message, in small letters, with `is_known` and similar names as `near`."""


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
    """Read a stored context."""
    enquiry, draft, question = document["enquiry"], document["draft"], document["question"]
    return Context(
        today=date.fromisoformat(document["today"]),
        currency=document["currency"],
        enquiry=EnquiryInView(**enquiry) if enquiry else None,
        draft=DraftInView(**draft) if draft else None,
        question=Ask(**question) if question else None,
        offers=document.get("offers", {}),
        trip=document.get("trip", {}),
        timezone=document.get("timezone", "UTC"),
        listed=document.get("listed", {}),
        waiting=document.get("waiting", []),
        rejected=document.get("rejected", {}),
        names=document.get("names", {}),
        reading=document.get("reading", {}),
        last=document.get("last", {}),
    )


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
