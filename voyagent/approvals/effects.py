"""What "granted" means, tool by tool: higher rooms register what runs, who may decide, and how the
page shows what will change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, TypeVar

from pydantic import BaseModel, ValidationError

from voyagent.approvals.models import Approval
from voyagent.identity.permissions import Role, roles_that_may
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.money import Money
from voyagent.kernel.outbound import OutboundCall


class MoneyShown(TypedDict):
    """An amount as the API writes it."""

    amount: str
    currency: str


class LineShown(TypedDict, total=False):
    """A journal line with the account's balance before and after; balances are debit minus credit,
    so a credit is negative.
    """

    code: str
    name: str
    party: str | None
    currency: str
    debit: str | None
    credit: str | None
    before: str
    after: str


class BalanceShown(TypedDict, total=False):
    """What somebody owes before and after, or another pair of amounts; `key` says whose in a word
    that no language changes, such as the customer's name.
    """

    key: str
    label: str
    before: MoneyShown
    after: MoneyShown
    note: str


class RowShown(TypedDict):
    """A line of the document."""

    text: str
    amount: str


class DocumentShown(TypedDict, total=False):
    """The document that will be made, in small; `date` is in words and `day` the same as
    YYYY-MM-DD, amounts of rows are in the currency of `total`.
    """

    title: str
    number: str
    date: str
    day: str
    party: str
    rows: list[RowShown]
    total: MoneyShown
    url: str


class CheckShown(TypedDict, total=False):
    """Something that was looked at: `ok` or worth a thought.

    One with a `code` counts: when its `ok` turns, what was shown is no longer true.
    """

    ok: bool
    text: str
    code: str


class FactShown(TypedDict):
    """A name and a value, both words; what depends on the hour or on today belongs to the checks."""

    label: str
    value: str


class LeavingShown(TypedDict):
    """What leaves the house for good: a ticket, a booking, a cancellation, a filing, a mail."""

    kind: Literal["ticket", "booking", "cancellation", "filing", "mail"]
    text: str


class StepShown(TypedDict, total=False):
    """A line of the itinerary: before is absent for one that is added, after for one that goes."""

    key: str
    before: str
    after: str


class Description(TypedDict, total=False):
    """What an effect will change, as the review page shows it; each part may be absent.

    `refusal` is the code of the rule that would refuse it as things stand, with its sentence as the
    `warning`. `locale` is the language of its words.
    """

    locale: str
    title: str
    undo: str
    warning: str
    refusal: str
    lines: list[LineShown]
    balances: list[BalanceShown]
    document: DocumentShown
    itinerary: list[StepShown]
    leaves: list[LeavingShown]
    facts: list[FactShown]
    checks: list[CheckShown]


class Standing(TypedDict):
    """An amount that is measured before and after: whose (`key`), what it is called, and a note for
    the page.
    """

    key: str
    label: str
    amount: MoneyShown
    note: str


class Measured(TypedDict, total=False):
    """How things stand: amounts, and the lines of the itinerary by a key that stays the same."""

    standings: list[Standing]
    itinerary: dict[str, str]


class InvalidArguments(Unprocessable):
    """The stored arguments do not fit the tool any more."""

    code = "invalid_arguments"
    message = N_("The request is not valid for this action, so nothing was done.")


Run = Callable[[Actor, dict[str, Any]], dict[str, Any] | OutboundCall[dict[str, Any]]]
Describe = Callable[[Actor, dict[str, Any]], Description]
Measure = Callable[[Actor, dict[str, Any]], Measured]
Arguments = TypeVar("Arguments", bound=BaseModel)
AmountOf = Callable[[Actor, dict[str, Any]], Money | None]
AmountsOf = Callable[[dict[str, Any]], list[Money]]
Settled = Callable[[Actor, Approval], None]


@dataclass(frozen=True, slots=True)
class Effect:
    """A tool that needs a person's grant.

    `run` gets the requester (channel assistant) and the stored arguments, inside the transaction
    that also marks the effect as done; it returns a small JSON object, and raises an expected
    failure where the arguments no longer hold. `permission` is the only one that the grant covers;
    the service asks for it (`Actor.require_authority`). `money` is a tool that moves money or
    tickets: four eyes. `reversible` is false where granting asks once more.

    Before anybody is asked, the effect is rehearsed as the requester: `run` is tried in a savepoint
    that is rolled back, the journal lines and mails of it are kept, and `measure` tells how things
    stand before it and after it. An `external` effect reaches an outside system, so its `run` is
    never tried; `rehearse` does in its place what it does to our own books and trips. Where it
    `asks`, `run` gives an outbound call: the outside system is asked with no transaction open, and what
    comes of it is written in the one that marks the effect as done. `describe` reads only, and adds
    the words, the document, facts and checks (and lines and balances where nothing can be
    rehearsed).

    `amount` is what granting is worth, for the limits of roles; where one act can move several
    currencies, `amounts` reads all of them out of the arguments, and each is held to the limit.
    `schema` reads arguments that a reviewer has edited; without it they cannot be edited.
    """

    tool_name: str
    approver_roles: frozenset[str]
    title: str
    money: bool
    reversible: bool
    run: Run
    permission: str
    describe: Describe | None = None
    external: bool = False
    asks: bool = False
    rehearse: Run | None = None
    measure: Measure | None = None
    amount: AmountOf | None = None
    amounts: AmountsOf | None = None
    schema: type[BaseModel] | None = None

    @property
    def rehearsed(self) -> Run | None:
        """What a rehearsal tries; None where nothing of it can be tried."""
        return self.rehearse or (None if self.external else self.run)


_effects: dict[str, Effect] = {}
_settled: list[Settled] = []


def register(effect: Effect) -> Effect:
    """Make a tool known.

    Raises ValueError for a role that people do not have, no role at all, `viewer`, a permission that
    no role holds, or a name that is taken.
    """
    strange = effect.approver_roles - {role.value for role in Role}
    if strange or not effect.approver_roles or Role.VIEWER in effect.approver_roles:
        raise ValueError(f"{effect.tool_name}: roles {sorted(effect.approver_roles)} cannot decide")
    if not roles_that_may(effect.permission):
        raise ValueError(f"{effect.tool_name}: nobody holds {effect.permission}")
    if _effects.setdefault(effect.tool_name, effect) is not effect:
        raise ValueError(f"{effect.tool_name} is registered already")
    return effect


def find(tool_name: str) -> Effect | None:
    """The effect of a tool, or None for one that is not (or no longer) known."""
    return _effects.get(tool_name)


def read_arguments(schema: type[Arguments], arguments: dict[str, Any]) -> Arguments:
    """Stored arguments by the schema of their tool. Raises InvalidArguments."""
    try:
        return schema.model_validate(arguments)
    except ValidationError:
        raise InvalidArguments from None


def on_settled(hook: Settled) -> Settled:
    """Be told of every decision once it has been carried out: a grant whose effect is done or has
    failed, or a rejection.

    `hook(actor, approval)` runs in that very transaction; `actor` is the requester (where she is
    gone, whoever decided), `approval` has `effect_status`, `effect_result`, `effect_error`,
    `reason`.
    """
    _settled.append(hook)
    return hook


def settled_hooks() -> tuple[Settled, ...]:
    """Who wants to be told."""
    return tuple(_settled)


__all__ = [
    "AmountOf",
    "AmountsOf",
    "Approval",
    "BalanceShown",
    "CheckShown",
    "Describe",
    "Description",
    "DocumentShown",
    "Effect",
    "FactShown",
    "InvalidArguments",
    "LeavingShown",
    "LineShown",
    "Measure",
    "Measured",
    "MoneyShown",
    "RowShown",
    "Run",
    "Settled",
    "Standing",
    "StepShown",
    "find",
    "on_settled",
    "read_arguments",
    "register",
    "settled_hooks",
]
