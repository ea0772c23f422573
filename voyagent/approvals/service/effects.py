"""Effects of approved proposals, registered by higher packages.

An effect states what runs, who may decide, and how the page shows the consequences.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, TypeVar

from pydantic import BaseModel, ValidationError

from voyagent.approvals.models import Approval
from voyagent.identity.rules.permissions import Role, roles_that_may
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.money import Money
from voyagent.kernel.outbound import OutboundCall


class MoneyShown(TypedDict):
    """An amount as the API writes it."""

    amount: str
    currency: str


class LineShown(TypedDict, total=False):
    """A journal line with the account's balance before and after.

    Balances are debit minus credit, so a credit balance is negative.
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
    """An amount before and after, such as a customer's balance.

    `key` identifies it independently of language, for example by the customer's name.
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
    """The document in brief.

    `date` is in words and `day` is YYYY-MM-DD; rows are in the currency of `total`.
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
    """A check: `ok`, or worth a thought.

    With a `code` it belongs to the preview: if its `ok` changes, the preview is stale.
    """

    ok: bool
    text: str
    code: str


class FactShown(TypedDict):
    """A label and a value as text; anything that depends on today belongs to the checks."""

    label: str
    value: str


class LeavingShown(TypedDict):
    """An irreversible result outside: a ticket, booking, cancellation, filing or mail."""

    kind: Literal["ticket", "booking", "cancellation", "filing", "mail"]
    text: str


class StepShown(TypedDict, total=False):
    """A line of the itinerary: without `before` it is added, without `after` removed."""

    key: str
    before: str
    after: str


class Description(TypedDict, total=False):
    """The consequences for the review page; each part may be absent.

    `refusal` is the code of the rule that would refuse the act now, its sentence is the `warning`.
    `locale` is the language of the texts.
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


class MeasuredBalance(TypedDict):
    """An amount measured before and after: its `key`, label, and a note."""

    key: str
    label: str
    amount: MoneyShown
    note: str


class Measured(TypedDict, total=False):
    """Measured amounts, and lines of the itinerary by a stable key."""

    balances: list[MeasuredBalance]
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
    """A tool that needs approval.

    `run` receives the requester (channel assistant) and the stored arguments, in the transaction
    that marks the effect as done. It returns a small JSON object, or raises an expected failure.
    `permission` is the only one that the grant covers; the service requires it
    (`Actor.require_authority`). `money` requires four eyes. `reversible` is false if approving asks
    for confirmation.

    Before anybody decides, the effect runs dry as the requester: `run` is tried in a savepoint
    that is rolled back, its journal lines and mails are recorded, and `measure` reads amounts
    before and after. An `external` effect calls an outside system, so its `run` is never tried;
    `dry_run` does in its place what it changes in our own records. With `asks`, `run` returns an
    outbound call. `describe` reads only, and adds the texts, the document, facts and checks.

    `amount` is the value for the limits of roles; if an act moves several currencies, `amounts`
    returns all of them, and each is compared with the limit. `schema` validates edited arguments;
    without it they cannot be edited.
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
    dry_run: Run | None = None
    measure: Measure | None = None
    amount: AmountOf | None = None
    amounts: AmountsOf | None = None
    schema: type[BaseModel] | None = None

    @property
    def run_dry(self) -> Run | None:
        """The function that a dry run tries, or None."""
        return self.dry_run or (None if self.external else self.run)


_effects: dict[str, Effect] = {}
_settled: list[Settled] = []


def register(effect: Effect) -> Effect:
    """Register an effect.

    Raises ValueError for an unknown role, no role, `viewer`, an unknown permission, or a name that
    is taken.
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
    """Return the effect of a tool, or None."""
    return _effects.get(tool_name)


def read_arguments(schema: type[Arguments], arguments: dict[str, Any]) -> Arguments:
    """Read stored arguments by the tool's schema. Raises InvalidArguments."""
    try:
        return schema.model_validate(arguments)
    except ValidationError:
        raise InvalidArguments from None


def on_settled(hook: Settled) -> Settled:
    """Register a listener for decisions that are carried out.

    It is called when an approved effect is done or has failed, or a proposal is declined.
    `hook(actor, approval)` runs in the same transaction; `actor` is the requester (or the decider,
    if the requester is gone); `approval` has `effect_status`, `effect_result`, `effect_error`,
    `reason`.
    """
    _settled.append(hook)
    return hook


def settled_hooks() -> tuple[Settled, ...]:
    """Return the registered listeners."""
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
    "MeasuredBalance",
    "MoneyShown",
    "RowShown",
    "Run",
    "Settled",
    "StepShown",
    "find",
    "on_settled",
    "read_arguments",
    "register",
    "settled_hooks",
]
