"""Definition of a capability."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, NamedTuple, TypeVar, get_args
from uuid import UUID

from pydantic import BaseModel

from voyagent.approvals.service.effects import Description, Measured
from voyagent.capabilities.ports import Port, find_port
from voyagent.capabilities.results import Result
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money
from voyagent.kernel.outbound import OutboundCall

Input = TypeVar("Input", bound=BaseModel)
Area = Literal["accounting", "ticketing_visa", "hotels_holidays", "everywhere"]
Approval = Literal["never", "review", "required"]


Reader = Literal[
    "account",
    "amount",
    "amount_above",
    "amount_from",
    "booking",
    "budget",
    "cabin",
    "cash_or_bank",
    "city",
    "country",
    "currency",
    "date",
    "date_or_today",
    "days_overdue",
    "destination",
    "destination_airport",
    "document",
    "email",
    "enquiry",
    "fare",
    "flag",
    "invoice",
    "language",
    "lines",
    "message",
    "namesake",
    "nationality",
    "open_bill",
    "open_invoice",
    "origin",
    "origin_airport",
    "party",
    "passenger",
    "payment_reference",
    "people",
    "people_by_age",
    "phone",
    "rate",
    "reason",
    "status",
    "supplier",
    "time",
    "transfer_destination",
    "transfer_origin",
    "traveller_kind",
    "trip",
]
"""Kinds of value that can be read from a text."""


class Slot(NamedTuple):
    """The way in which a field is filled from a text.

    `reader` is the kind of value to read, such as `date`. `question` is the assistant's question if
    the field is required and empty.
    """

    reader: Reader
    question: str = ""


class ProgramOnly:
    """Marks a field that programs can set and forms do not show."""


class Choice(NamedTuple):
    """A record that a text can mean, such as the bill in “pay bill 77”.

    `label` is shown to the user. `number` is the document number, and `amount` the open amount.
    `fills` has the names of the input fields that accept the record's id, such as `bill_id`; it is
    empty if the choice is offered for one field only. If `is_near` is true, the text does not name
    the record exactly, and the user must choose the record.
    """

    id: str
    label: str
    number: str = ""
    amount: Money | None = None
    fills: tuple[str, ...] = ()
    is_near: bool = False


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of a capability: the user, and the conversation if there is one.

    If a user regenerates or edits a message, the present turn replaces earlier turns. `earlier` has
    the capability's results in the replaced turns, so that an act need not be repeated. `turn_id`
    and `call_id` identify a call by the assistant.
    """

    actor: Actor
    session_id: UUID | None = None
    earlier: tuple[JsonObject, ...] = ()
    turn_id: str | None = None
    call_id: str = ""

    @property
    def reader(self) -> SessionReader:
        """Return a reader of the database in the current transaction."""
        return SessionReader(db.session)

    def port(self, kind: type[Port]) -> Port:
        """Return the application's object of a class, such as `Suppliers` or `Keyring`.

        Raises LookupError if the application has no such object for capabilities.
        """
        return find_port(kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Amounts of a call, by which the amount limits of roles decide.

    The first of `amounts` is shown in the summary of a proposal and compared with the limits.
    Without amounts the amount is unknown, and the call is above every limit. An act that never
    moves money has the function `no_money` as its policy.
    """

    amounts: tuple[Money, ...] = ()


def no_money(_call: Invocation, _wanted: BaseModel) -> Policy:
    """Policy of an act that never moves money; it is within every limit."""
    return Policy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Presentation of a call: icon, sentence, short note and the assistant's answer.

    `sentence(input, output)` returns the text of the card; both arguments are JSON, and the output
    is empty before the call. `answer(input, output)` returns the assistant's answer after a call
    that was not refused; without it, `capabilities.cards` makes the answer.

    If the output has a list of records, `rows` is the key of this list, and `row` returns one of
    the records as text. `records` returns the records that the answer shows, as choices. `fills`
    has the names of the input fields, of any capability, that accept the id of such a record.
    `results` are ways to show the output in a conversation. The first way that fits the output is
    used. `next_steps` maps the code of a refusal to a sentence that is added to the refusal's
    message.
    """

    icon: str
    sentence: Callable[[JsonObject, JsonObject], str]
    note: Callable[[JsonObject], str] = lambda _output: ""
    answer: Callable[[JsonObject, JsonObject], str] | None = None
    rows: str = ""
    row: Callable[[JsonObject], str] | None = None
    records: Callable[[JsonObject], Sequence[Choice]] | None = None
    results: tuple[Result, ...] = ()
    fills: tuple[str, ...] = ()
    next_steps: Mapping[str, str] = field(default_factory=dict)


Lookup = Callable[[Invocation, str], Sequence[Choice]]
"""Function that returns the records that a sentence can mean, the most likely first."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Capability(Generic[Input]):
    """An act or query that a user or a program can request.

    `summary` is the description for language models and commands. `area` is the group in the list
    of actions. `examples` maps a language to example sentences. `permission` is needed to run or
    propose the capability. `output` has the keys of the result. `audit` is the sentence that the
    audit log shows.

    `approval` is `never`, `review` (the assistant asks the user to confirm the fields) or
    `required` (an approved proposal is needed, unless the user's role may act directly).
    `approvers` are the roles that may approve the proposal. `further_permissions` are those of
    other acts that are part of this one; the requester needs them, and an approval grants them too.
    `needs_approval`, if given, decides for a call whether a proposal is needed. `notices` returns
    sentences that the card shows before the user confirms a call.

    If `external` is true, `run` returns an outbound call, and a preview runs `dry_run` instead.
    `policy` returns the amounts that are compared with the limits of roles. `preview` describes
    the act, and `measure` reads amounts before and after it (`Effect` in `approvals`).
    `amounts` returns all amounts of an act that moves money in several currencies. If `editable` is
    true, the fields of a proposal can be changed before the decision. `book_date` is the dotted
    path of the field with the book date, or with the id of the draft document that has the book
    date.

    `lookups` maps a field to the function that finds the records a text can mean. `choices` maps
    the dotted path of any other field to the function that lists the records a form offers.
    `follow_ups` names acts that are offered after this one.
    """

    name: str
    title: str
    summary: str
    area: Area
    input: type[Input]
    output: frozenset[str]
    permission: str
    approval: Approval
    run: Callable[[Invocation, Input], JsonObject | OutboundCall[JsonObject]]
    card: Card
    examples: Mapping[str, tuple[str, ...]]
    audit: str
    approvers: frozenset[str] = frozenset()
    further_permissions: frozenset[str] = frozenset()
    undoable: bool = True
    four_eyes: bool = False
    editable: bool = True
    external: bool = False
    policy: Callable[[Invocation, Input], Policy] | None = None
    amounts: Callable[[Input], Iterable[Money]] | None = None
    preview: Callable[[Invocation, Input], Description] | None = None
    measure: Callable[[Invocation, Input], Measured] | None = None
    needs_approval: Callable[[Invocation, Input], bool] | None = None
    notices: Callable[[Invocation, Input], list[str]] | None = None
    dry_run: Callable[[Invocation, Input], JsonObject] | None = None
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    choices: Mapping[str, Lookup] = field(default_factory=dict)
    book_date: str = ""
    follow_ups: tuple[str, ...] = ()
    slots: Mapping[str, Slot] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        fields = self.input.model_fields
        slots = {
            name: slot
            for name, info in fields.items()
            for slot in info.metadata
            if isinstance(slot, Slot)
        }
        object.__setattr__(self, "slots", slots)
        wrong = self._contradiction()
        if wrong:
            raise ValueError(f"{self.name}: {wrong}")

    @property
    def writes(self) -> bool:
        """True if the capability changes stored records."""
        return self.approval != "never"

    @property
    def may_propose(self) -> bool:
        """True if all calls, or some of them, are proposals that wait for approval."""
        return self.approval == "required" or self.needs_approval is not None

    @property
    def required_fields(self) -> tuple[str, ...]:
        """Names of the fields without a default, the fields with a lookup first."""
        names = [name for name, info in self.input.model_fields.items() if info.is_required()]
        return tuple(sorted(names, key=lambda name: name not in self.lookups))

    def _contradiction(self) -> str:
        bare = [name for name, info in self.input.model_fields.items() if not info.description]
        unknown = sorted(set(self.lookups) - set(self.input.model_fields))
        rules = {
            "approval is required and nobody may grant it": (
                self.approval == "required" and not self.approvers
            ),
            "approvers are named and approval is not required": (
                not self.may_propose and bool(self.approvers)
            ),
            "it may need approval and is no act with review and approvers": (
                self.needs_approval is not None
                and (self.approval != "review" or not self.approvers)
            ),
            "it cannot be undone, so approval is required": (
                not self.undoable and self.approval != "required"
            ),
            "it writes and states no policy facts": self.writes and self.policy is None,
            "it asks an outside system and has nothing to dry-run": (
                self.approval == "required" and self.external and self.dry_run is None
            ),
            "rows and row belong together": bool(self.card.rows) != (self.card.row is not None),
            f"no key {self.card.rows}": bool(self.card.rows) and self.card.rows not in self.output,
            f"no field {self.book_date}": not _has_path(self.input, self.book_date),
            f"choices without a field: {', '.join(self.choices)}": not all(
                _has_path(self.input, path) for path in self.choices
            ),
            f"lookups without a field: {', '.join(unknown)}": bool(unknown),
            f"fields without a description: {', '.join(bare)}": bool(bare),
        }
        return "; ".join(rule for rule, broken in rules.items() if broken)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _has_path(model: type[BaseModel], path: str) -> bool:
    if not path:
        return True
    name, _, below = path.partition(".")
    if name not in model.model_fields:
        return False
    nested = _models(model.model_fields[name].annotation)
    return not below or any(_has_path(one, below) for one in nested)
