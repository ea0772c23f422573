"""Registry of the acts that need approval; each package registers its own acts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypedDict, TypeVar

from pydantic import BaseModel, ValidationError

from voyagent.approvals.models import Approval
from voyagent.identity.rules.permissions import Role, roles_that_may
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.json_values import JsonMapping, JsonObject
from voyagent.kernel.money import Money
from voyagent.kernel.outbound import OutboundCall


class MoneyShown(TypedDict):
    """An amount in the format of the API."""

    amount: str
    currency: str


class LineShown(TypedDict, total=False):
    """A journal line of a preview, with the account's balance before and after.

    Balances are debit less credit, so a credit balance is negative. A line that is only a
    difference in the base currency has its amount in `base_debit` or `base_credit`.
    """

    code: str
    name: str
    party: str | None
    currency: str
    debit: str | None
    credit: str | None
    base_currency: str
    base_debit: str | None
    base_credit: str | None
    before: str
    after: str


class BalanceShown(TypedDict, total=False):
    """An amount before and after the act, such as a customer's balance.

    `key` identifies the amount independently of the language.
    """

    key: str
    label: str
    before: MoneyShown
    after: MoneyShown
    note: str


class RowShown(TypedDict):
    """A row of the document in a preview."""

    text: str
    amount: str


class DocumentShown(TypedDict, total=False):
    """The document in a preview, in short form.

    `date` is formatted text and `day` is YYYY-MM-DD; rows are in the currency of `total`. `version`
    differs after each change of a draft, also of fields that are not shown.
    """

    title: str
    number: str
    date: str
    day: str
    party: str
    rows: list[RowShown]
    total: MoneyShown
    url: str
    version: str


class CheckShown(TypedDict, total=False):
    """A check in a preview; the check is a warning if `ok` is false.

    If `ok` changes in a check that has a `code`, the preview is outdated.
    """

    ok: bool
    text: str
    code: str


class FactShown(TypedDict):
    """A label and a text in a preview.

    If the text changes, the preview is outdated. Show a text that depends on the present day as a
    CheckShown.
    """

    label: str
    value: str


class LeavingShown(TypedDict):
    """An irreversible external result, such as a ticket or a booking."""

    kind: Literal["ticket", "booking", "cancellation", "filing", "mail"]
    text: str


class StepShown(TypedDict, total=False):
    """A line of an itinerary in a preview.

    If `before` is absent, the act adds the line. If `after` is absent, the act removes it.
    """

    key: str
    before: str
    after: str


class Description(TypedDict, total=False):
    """The preview of a proposal; each part may be absent.

    If a rule would refuse the act now, `refusal` is the rule's code and `warning` is the rule's
    message. `papers` are the documents that the act issues: what each prints beside its lines and
    amounts, by the names of arguments, such as `notes`.
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
    papers: list[JsonObject]
    facts: list[FactShown]
    checks: list[CheckShown]


class MeasuredBalance(TypedDict):
    """An amount that is measured before and after a dry run: `key`, label and a note."""

    key: str
    label: str
    amount: MoneyShown
    note: str


class Measured(TypedDict, total=False):
    """Amounts and itinerary lines to compare before and after a dry run.

    `itinerary` has the text of each itinerary line by a key that does not change.
    """

    balances: list[MeasuredBalance]
    itinerary: dict[str, str]


class InvalidArguments(Unprocessable):
    """The stored arguments do not match the present schema of the act."""

    code = "invalid_arguments"
    message = N_("The request is not valid for this action, so nothing was done.")


Run = Callable[[Actor, JsonObject], JsonObject | OutboundCall[JsonObject]]
Describe = Callable[[Actor, JsonObject], Description]
Measure = Callable[[Actor, JsonObject], Measured]
Arguments = TypeVar("Arguments", bound=BaseModel)
AmountOf = Callable[[Actor, JsonObject], Money | None]
AmountsOf = Callable[[JsonObject], list[Money]]
Settled = Callable[[Actor, Approval], None]


@dataclass(frozen=True, slots=True)
class Effect:
    """An act that needs approval.

    `tool_name` is the name of the act. `run` is called with the requester and the stored arguments,
    and returns a small JSON object. An approval grants only `permission`, and the permissions
    `further` of other acts that are part of this one. If `money` is true, the four-eyes rule
    applies. If `reversible` is false, the approver must confirm the decision.

    If `external` is true, `run` calls an outside system. A dry run calls `dry_run` if it is given.
    Otherwise it calls `run`, but never that of an external act. If `asks` is true, `run` returns an
    outbound call. `measure` is called before and after the act, and reads the amounts and itinerary
    lines to compare. `describe` only reads; it adds texts, document, facts and checks to the
    preview.

    `amount` returns the amount that is compared with the approval limits of roles, or None if it is
    not known in advance. An act that never moves money has no `amount`. `amounts` returns several
    such amounts, one for each currency. `schema` validates edited arguments;
    without a schema the arguments cannot be edited.
    """

    tool_name: str
    approver_roles: frozenset[str]
    title: str
    money: bool
    reversible: bool
    run: Run
    permission: str
    further: frozenset[str] = frozenset()
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
        """Function that a dry run calls.

        It is None for an act that calls an outside system and has no `dry_run`.
        """
        return self.dry_run or (None if self.external else self.run)


_effects: dict[str, Effect] = {}
_settled: list[Settled] = []


def register(effect: Effect) -> Effect:
    """Register an act that needs approval, and return it.

    Raises ValueError if `approver_roles` is empty or has `viewer` or an unknown role, if no role
    has `permission`, or if another act has the same `tool_name`.
    """
    unknown = effect.approver_roles - {role.value for role in Role}
    if unknown or not effect.approver_roles or Role.VIEWER in effect.approver_roles:
        raise ValueError(f"{effect.tool_name}: roles {sorted(effect.approver_roles)} cannot decide")
    if not roles_that_may(effect.permission):
        raise ValueError(f"{effect.tool_name}: no role has the permission {effect.permission}")
    if _effects.setdefault(effect.tool_name, effect) is not effect:
        raise ValueError(f"{effect.tool_name} is registered already")
    return effect


def find(tool_name: str) -> Effect | None:
    """Return the act that is registered under a name, or None."""
    return _effects.get(tool_name)


def read_arguments(schema: type[Arguments], arguments: JsonMapping) -> Arguments:
    """Return stored arguments parsed with `schema`. Raises InvalidArguments."""
    try:
        return schema.model_validate(arguments)
    except ValidationError:
        raise InvalidArguments from None


def on_settled(hook: Settled) -> Settled:
    """Register a function that is called when a proposal is finished.

    A proposal is finished when it is declined, or when its approved act is done or has failed.
    `hook(actor, approval)` runs in the transaction that finishes the proposal. `actor` is the
    requester, or the user who decided if the requester was removed.
    """
    _settled.append(hook)
    return hook


def settled_hooks() -> tuple[Settled, ...]:
    """Return the functions registered with `on_settled`."""
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
