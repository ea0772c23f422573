"""A capability that requires approval, as approvals know it."""

from __future__ import annotations

import pytest

from tests.capabilities.probes import PROPOSES, Note, made
from voyagent.approvals.service.effects import Description, InvalidArguments, Measured
from voyagent.capabilities.approval import effect_of
from voyagent.capabilities.capability import Policy
from voyagent.kernel.actor import system_actor
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money

ACTOR = system_actor(new_id())


def test_each_function_receives_the_parsed_arguments() -> None:
    effect = effect_of(
        made(
            PROPOSES,
            run=lambda call, inputs: {"by": call.actor, "noted": inputs.text},
            preview=lambda _call, inputs: Description(title=inputs.text),
            measure=lambda _call, _wanted: Measured(balances=[]),
            amounts=lambda inputs: [Money(inputs.copies, "AED"), Money(1, "INR")],
        )
    )
    stored = {"text": "Called", "copies": 2}
    assert effect.run(ACTOR, stored) == {"by": ACTOR, "noted": "Called"}
    assert effect.describe is not None
    assert effect.describe(ACTOR, stored) == {"title": "Called"}
    assert effect.measure is not None
    assert effect.measure(ACTOR, stored) == {"balances": []}
    assert effect.amount is not None
    assert effect.amount(ACTOR, stored) == Money(200, "INR")
    assert effect.amounts is not None
    assert effect.amounts(stored) == [Money(2, "AED"), Money(1, "INR")]
    with pytest.raises(InvalidArguments):
        effect.run(ACTOR, {"text": 1})


def test_the_policy_decides_about_four_eyes() -> None:
    plain = effect_of(made(PROPOSES))
    assert (plain.tool_name, plain.title, plain.approver_roles) == (
        "probe_note",
        "Note",
        frozenset({"agency_admin"}),
    )
    assert (plain.money, plain.reversible, plain.external, plain.asks) == (
        False,
        True,
        False,
        False,
    )
    assert (plain.describe, plain.measure, plain.dry_run, plain.amounts) == (None,) * 4
    assert plain.schema is Note
    strict = effect_of(
        made(
            PROPOSES,
            four_eyes=True,
            undoable=False,
            editable=False,
            external=True,
            dry_run=lambda _call, inputs: {"tried": inputs.text},
        )
    )
    assert (strict.money, strict.reversible, strict.external, strict.asks) == (
        True,
        False,
        True,
        True,
    )
    assert strict.schema is None
    assert strict.run_dry is not None
    assert strict.run_dry(ACTOR, {"text": "Called"}) == {"tried": "Called"}


def test_an_act_without_an_amount_has_no_value() -> None:
    effect = effect_of(made(PROPOSES, policy=lambda _call, _wanted: Policy()))
    assert effect.amount is not None
    assert effect.amount(ACTOR, {"text": "Called"}) is None
