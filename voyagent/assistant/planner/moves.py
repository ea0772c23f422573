"""What a planner sees and what it may answer: a conversation in, one move out; moves are kept as
JSON, so that a turn can be taken over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Literal, Protocol

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Say:
    """Words for the person."""

    text: str
    kind: Literal["say"] = "say"


@dataclass(frozen=True, slots=True)
class Ask:
    """A question back: what is known so far for a tool, and the one thing that is missing next.

    The next message may be the answer.

    `again` is how often the words that came were neither an answer nor a request, and `first` how
    it was asked at first where they were not.
    """

    text: str
    tool: str
    known: JsonObject
    missing: str
    kind: Literal["ask"] = "ask"
    again: int = 0
    first: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool with its arguments; `words` are said before it.

    Whether a person must grant it is the tool's matter, not the planner's.

    `replaces` is the request that waits and whose place the one that this asks for takes.
    """

    tool: str
    arguments: JsonObject
    words: str = ""
    kind: Literal["call"] = "call"
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing more to do in this turn."""

    kind: Literal["done"] = "done"


@dataclass(frozen=True, slots=True)
class Answer:
    """A model has answered: `raw` as `ModelAnswer.raw` gives it, its text told already in `pieces`
    of so many characters; its calls are the moves to come.
    """

    raw: JsonObject
    pieces: list[int]
    took_s: float
    kind: Literal["answer"] = "answer"


@dataclass(frozen=True, slots=True)
class Fail:
    """The turn cannot go on: a sentence for the person, the cause for the log.

    What a model took for an answer that never came is in `usage` and `tries`.

    `is_missing` where the vendor does not have the model, `is_spent` where the agency's tokens are
    used up: the built-in planner can go on in its place.
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


Move = Say | Ask | Call | Done | Answer | Fail
_KINDS: dict[str, type[Move]] = {
    "say": Say,
    "ask": Ask,
    "call": Call,
    "done": Done,
    "answer": Answer,
    "fail": Fail,
}
Tell = Callable[[str], None]


def silently(_text: str) -> None:
    """Nobody listens to words that come before their move."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: its output, a refusal with the rule's own code and sentence, or a
    proposal that waits for a person.
    """

    output: JsonObject = field(default_factory=dict)
    error: str | None = None
    message: str = ""
    approval_id: str | None = None


@dataclass(frozen=True, slots=True)
class Played:
    """A move that was made, with what came of it."""

    move: Move
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class EnquiryInView:
    """The enquiry that the conversation was opened from; days as the API writes them, nothing where
    the customer has not said it.
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
    """How many of each kind, as the customer's own words say it."""
    beside: str = ""
    """The customer whose conversation and trip it is, where the talk has logged another's enquiry
    since.
    """


@dataclass(frozen=True, slots=True)
class DraftInView:
    """The newest draft invoice that this conversation made; `waits` where a request to issue it
    waits for a decision.
    """

    invoice_id: str
    customer_name: str
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What is known beside the words: the agency's day and currency, and what the conversation is
    about.
    """

    today: date
    currency: str = "INR"
    enquiry: EnquiryInView | None = None
    draft: DraftInView | None = None
    question: Ask | None = None
    offers: JsonObject = field(default_factory=dict)
    """What the newest searches of the conversation showed: `fares` and `rates` in their order, what
    was searched for, `newest` of the two. As `visa` the newest that was looked up: its
    `destination`, and what the person `said` of it.
    """
    trip: JsonObject = field(default_factory=dict)
    """The trip of the conversation: `id`, `passengers` by name and nationality, the flights that
    are `held`, each booking once; nothing where it has none.
    """
    timezone: str = "UTC"
    listed: JsonObject = field(default_factory=dict)
    """The list that the newest answer told, as its `tool` and `arguments`, and how many of it were
    `told`; nothing where all of it was.
    """
    waiting: list[JsonObject] = field(default_factory=list)
    """The requests of the conversation that wait for a decision: `id`, `tool`, `arguments`,
    `summary`, oldest first.

    `is_aside` where something else was answered since.
    """
    last: JsonObject = field(default_factory=dict)
    """The tool that the newest answer used last, with its `arguments`, the `ids` of what it listed
    and the `drafts` among it, and the number of the booking that it `held`; nothing where it used
    none.
    """
    rejected: JsonObject = field(default_factory=dict)
    """The newest request of the conversation that was rejected: its `summary`, who did it as `by`,
    and the `reason` given, empty where none was; nothing where none is.
    """
    names: JsonObject = field(default_factory=dict)
    """What is known of the names that the words are about, by the name in small letters:
    `is_known`, and those that come `near`.
    """


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's decision about a proposal, and what the effect came to."""

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
    """One turn so far: what was said (or decided), around it the context, and the moves already
    made.
    """

    message: str
    context: Context
    played: tuple[Played, ...] = ()
    decision: Decision | None = None


class Planner(Protocol):
    """A mind: the next move of a turn. It sees, it never acts."""

    def next_move(self, conversation: Conversation, tell: Tell) -> Move:
        """What to do next.

        Words that come before the move is complete are told at once, to be followed by an Answer or
        a Fail that counts them.
        """
        ...


def context_from(document: JsonObject) -> Context:
    """A context as it was kept."""
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
        last=document.get("last", {}),
    )


def decision_from(document: JsonObject | None) -> Decision | None:
    """A decision as it was kept."""
    return Decision(**{**document, "outcome": Outcome(**document["outcome"])}) if document else None


def kept(value: Context | Decision | Move | Outcome) -> JsonObject:
    """A value as JSON, to be read again by whoever takes the turn over."""
    document = asdict(value)
    if isinstance(value, Context):
        document["today"] = value.today.isoformat()
    return document


def move_from(document: JsonObject) -> Move:
    """A move as it was kept. Raises KeyError for a kind that is none."""
    kind = _KINDS[document["kind"]]
    return kind(**{name: value for name, value in document.items() if name != "kind"})
