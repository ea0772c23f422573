"""Protocol of planners, and the moves that a planner can return.

A move is the next step of a turn, such as a text, a card or a call of a capability.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Literal, Protocol

from voyagent.kernel.json_values import JsonObject


@dataclass(frozen=True, slots=True)
class Say:
    """Text for the user; `drops` is the id of a draft act that is given up, or empty."""

    text: str
    kind: Literal["say"] = "say"
    drops: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question about one missing field of a tool, asked by an older release.

    New turns use Card instead.
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
    """The fields of a capability, for the user to check and confirm.

    `words` has the words from which a field was read, by field. `choices` has, for each ambiguous
    field, the records that its words can mean. `offered` has the names of up to three capabilities
    that the message can mean. Each correction of an act shows a new card: `draft_id` is the id of
    the first card of the act, or empty in the first card. `unread` has kind and words of the parts
    of the message that no field takes. `assumed` has the names of fields whose value no message
    states.
    """

    text: str
    capability: str
    fields: JsonObject
    missing: list[str] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[JsonObject]] = field(default_factory=dict)
    offered: list[str] = field(default_factory=list)
    draft_id: str = ""
    unread: list[dict[str, str]] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    kind: Literal["card"] = "card"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a capability; the text `words` is sent before the call.

    `replaces` is empty. It is kept so that stored turns of older releases can be read.
    """

    tool: str
    arguments: JsonObject
    words: str = ""
    kind: Literal["call"] = "call"
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """The end of the turn."""

    kind: Literal["done"] = "done"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of a model; its content is `ModelAnswer.raw`.

    `pieces` are the lengths, in characters, of the pieces in which the text was sent. `took_s` is
    the duration in seconds.
    """

    raw: JsonObject
    pieces: list[int]
    took_s: float
    kind: Literal["answer"] = "answer"


@dataclass(frozen=True, slots=True)
class Fail:
    """A failure of the turn: a sentence for the user, and the cause for the log.

    If a model failed, `usage` and `tries` are the tokens and the number of its requests.
    `is_missing` means that the vendor does not offer the model, and `is_spent` that the agency's
    tokens are used up.
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
SendText = Callable[[str], None]


def discard_text(_text: str) -> None:
    """Ignore the text; use as `send_text` if no text is to be sent early."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of a call: an output, a refusal, or a pending proposal."""

    output: JsonObject = field(default_factory=dict)
    error: str | None = None
    message: str = ""
    approval_id: str | None = None


@dataclass(frozen=True, slots=True)
class Played:
    """A move that was made, with its result."""

    move: Move
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class EnquiryInView:
    """The enquiry of the conversation, as the planner sees it."""

    id: str
    customer_name: str
    destination: str = ""
    origin: str = ""
    depart_date: str = ""
    return_date: str = ""
    pax_count: int = 0


@dataclass(frozen=True, slots=True)
class DraftInView:
    """The newest draft invoice of the conversation.

    `waits` is true if a proposal to issue the invoice is pending.
    """

    invoice_id: str
    customer_name: str
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """Data besides the message, such as day, currency, enquiry and trip."""

    today: date
    currency: str = "INR"
    enquiry: EnquiryInView | None = None
    draft: DraftInView | None = None
    timezone: str = "UTC"
    trip: JsonObject = field(default_factory=dict)
    """The trip: its `id`, its `charges` as invoice lines, and the ids of its `held` flights."""
    usable: list[str] = field(default_factory=list)
    """Names of the capabilities that the user may use."""
    reading: JsonObject = field(default_factory=dict)
    """The interpretation of the message; empty without a message and in turns of older releases."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A user's decision on a proposal, and the result of the act."""

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
    """Protocol of planners, which choose the next move of a turn.

    A planner changes no records.
    """

    def next_move(self, conversation: Conversation, send_text: SendText) -> Move:
        """Return the next move.

        Text that is available before the move is complete is passed to `send_text` in pieces. If
        text was passed, the move is an Answer or a Fail with the lengths of the pieces in
        characters.
        """
        ...


def context_from(document: JsonObject) -> Context:
    """Return a stored context; fields that only older releases stored are left out."""
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
    """Return a stored decision, or None."""
    return Decision(**{**document, "outcome": Outcome(**document["outcome"])}) if document else None


def stored_form(value: Context | Decision | Move | Outcome) -> JsonObject:
    """Return a value as JSON, for a worker that takes the turn over."""
    document = asdict(value)
    if isinstance(value, Context):
        document["today"] = value.today.isoformat()
    return document


def move_from(document: JsonObject) -> Move:
    """Return a stored move. Raises KeyError for an unknown kind."""
    kind = _KINDS[document["kind"]]
    return kind(**{name: value for name, value in document.items() if name != "kind"})
