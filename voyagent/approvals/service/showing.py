"""Preview of a proposal, translated for its reader."""

from __future__ import annotations

import json
from typing import cast

from flask_babel import force_locale, get_locale
from pydantic import ValidationError

from voyagent.approvals.models import Approval
from voyagent.approvals.service import effects
from voyagent.approvals.service.effects import BalanceShown, Description, Measured, MeasuredBalance
from voyagent.approvals.service.preconditions import person_of
from voyagent.audit.service import recording as audit
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.json_values import JsonObject


def arguments_of(approval: Approval) -> JsonObject:
    """Return the arguments of a proposal in the order of the act's schema.

    Arguments that the schema refuses or changes are returned in the stored order.
    """
    effect = effects.find(approval.tool_name)
    stored = dict(approval.payload)
    if effect is None or effect.schema is None:
        return stored
    try:
        ordered = effect.schema.model_validate_json(json.dumps(stored)).model_dump(
            mode="json", exclude_none=True
        )
    except ValidationError:
        return stored
    return ordered if ordered == stored else stored


def preview(actor: Actor, approval: Approval) -> Description:
    """Return the preview of a proposal in the reader's language.

    If no preview is stored, the `describe` function of the act makes one.
    """
    if approval.preview is not None:
        return _translated(approval, cast("Description", approval.preview))
    effect = effects.find(approval.tool_name)
    if effect is None or effect.describe is None:
        return {}
    try:
        with audit.savepoint():
            return effect.describe(actor, dict(approval.payload))
    except VoyagentError as failure:
        return {"warning": failure.message}


def _translated(approval: Approval, stored: Description) -> Description:
    """Return the stored preview with its texts in the reader's language.

    Amounts are not replaced, because an approval compares them.
    """
    locale, effect, requester = (
        stored.get("locale"),
        effects.find(approval.tool_name),
        person_of(approval.requested_by_user_id),
    )
    if (
        locale is None
        or locale == str(get_locale())
        or effect is None
        or effect.describe is None
        or requester is None
        or "refusal" in stored
    ):
        return stored
    try:
        with audit.savepoint(), force_locale(locale):
            then = effect.describe(requester, dict(approval.payload))
        with audit.savepoint():
            now = effect.describe(requester, dict(approval.payload))
            measured = (
                effect.measure(requester, dict(approval.payload))
                if effect.measure is not None
                else Measured()
            )
    except VoyagentError:
        return stored  # a change of the consequences is reported when somebody approves
    description = Description(**stored)
    for part in ("title", "undo", "facts", "document"):
        if part in now and then.get(part) == stored.get(part):
            description[part] = now[part]
    if _outcomes(then) == _outcomes(stored):
        description["checks"] = now.get("checks", [])
    leaves = then.get("leaves", [])
    if leaves and stored.get("leaves", [])[: len(leaves)] == leaves:
        description["leaves"] = [*now.get("leaves", []), *stored["leaves"][len(leaves) :]]
    words = {balance["key"]: balance for balance in measured.get("balances", [])}
    if "balances" in stored:
        description["balances"] = [
            one | _shown_balance(words[one["key"]]) if one.get("key") in words else one
            for one in stored["balances"]
        ]
    return description


def _outcomes(shown: Description) -> list[tuple[str | None, bool]]:
    return [(check.get("code"), check["ok"]) for check in shown.get("checks", [])]


def _shown_balance(balance: MeasuredBalance) -> BalanceShown:
    return BalanceShown(label=balance["label"], note=balance["note"])
