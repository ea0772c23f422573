"""What "granted" means, tool by tool: higher rooms register what runs, who may decide, and how the page shows what will change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypedDict

from voyagent.approvals.models import Approval
from voyagent.identity.permissions import Role
from voyagent.kernel.actor import Actor


class MoneyShown(TypedDict):
    """An amount as the API writes it."""

    amount: str
    currency: str


class LineShown(TypedDict, total=False):
    """A journal line with the account's balance before and after; balances are debit minus credit, so a credit is negative."""

    code: str
    name: str
    currency: str
    debit: str | None
    credit: str | None
    before: str
    after: str


class BalanceShown(TypedDict, total=False):
    """What somebody owes before and after, or another pair of amounts."""

    label: str
    before: MoneyShown
    after: MoneyShown
    note: str


class RowShown(TypedDict):
    """A line of the document."""

    text: str
    amount: str


class DocumentShown(TypedDict, total=False):
    """The document that will be made, in small; `date` is in words, amounts of rows are in the currency of `total`."""

    title: str
    number: str
    date: str
    party: str
    rows: list[RowShown]
    total: MoneyShown
    url: str


class CheckShown(TypedDict):
    """Something that was looked at: `ok` or worth a thought."""

    ok: bool
    text: str


class FactShown(TypedDict):
    """A name and a value, both words."""

    label: str
    value: str


class Description(TypedDict, total=False):
    """What an effect will change, as the review page shows it; each part may be absent."""

    title: str
    undo: str
    warning: str
    lines: list[LineShown]
    balances: list[BalanceShown]
    document: DocumentShown
    facts: list[FactShown]
    checks: list[CheckShown]


Run = Callable[[Actor, dict[str, Any]], dict[str, Any]]
Describe = Callable[[Actor, dict[str, Any]], Description]
Settled = Callable[[Actor, Approval], None]


@dataclass(frozen=True, slots=True)
class Effect:
    """A tool that needs a person's grant.

    `run` gets the requester (channel assistant) and the stored arguments, inside the transaction that also marks the effect as done; it returns a small JSON
    object, and raises an expected failure where the arguments no longer hold. `money` is a tool that moves money or tickets: four eyes. `reversible` is false
    where granting asks once more. `describe` reads only, and is called for whoever looks at the request.
    """

    tool_name: str
    approver_roles: frozenset[str]
    title: str
    money: bool
    reversible: bool
    run: Run
    describe: Describe | None = None


_effects: dict[str, Effect] = {}
_settled: list[Settled] = []


def register(effect: Effect) -> Effect:
    """Make a tool known. Raises ValueError for a role that people do not have, no role at all, `viewer`, or a name that is taken."""
    strange = effect.approver_roles - {role.value for role in Role}
    if strange or not effect.approver_roles or Role.VIEWER in effect.approver_roles:
        raise ValueError(f"{effect.tool_name}: roles {sorted(effect.approver_roles)} cannot decide")
    if _effects.setdefault(effect.tool_name, effect) is not effect:
        raise ValueError(f"{effect.tool_name} is registered already")
    return effect


def find(tool_name: str) -> Effect | None:
    """The effect of a tool, or None for one that is not (or no longer) known."""
    return _effects.get(tool_name)


def on_settled(hook: Settled) -> Settled:
    """Be told of every decision once it has been carried out: a grant whose effect is done or has failed, or a rejection.

    `hook(actor, approval)` runs in that very transaction; `actor` is the requester (where she is gone, whoever decided), `approval` has `effect_status`,
    `effect_result`, `effect_error`, `reason`.
    """
    _settled.append(hook)
    return hook


def settled_hooks() -> tuple[Settled, ...]:
    """Who wants to be told."""
    return tuple(_settled)


__all__ = [
    "Approval",
    "BalanceShown",
    "CheckShown",
    "Describe",
    "Description",
    "DocumentShown",
    "Effect",
    "FactShown",
    "LineShown",
    "MoneyShown",
    "RowShown",
    "Run",
    "Settled",
    "find",
    "on_settled",
    "register",
    "settled_hooks",
]
