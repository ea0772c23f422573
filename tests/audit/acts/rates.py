"""Acts on exchange rates."""

from __future__ import annotations

from tests.audit.acts.account import in_the_browser
from tests.audit.acts.registry import Doing, Left, act
from tests.audit.acts.stage import Stage

RATE = {
    "base": "USD",
    "quote": "INR",
    "kind": "reference",
    "rate": "84.205",
    "on": "2026-11-18",
    "source": "FBIL",
}
ENTERED = Left("exchange_rate.entered", ("exchange_rate_id",), says=RATE)


@act("POST /api/exchange-rates", leaves=ENTERED, answers=201)
def enter_a_rate_over_the_api(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/exchange-rates", json=RATE)


@act("POST /exchange-rates/new", leaves=in_the_browser(ENTERED), answers=303)
def enter_a_rate_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/exchange-rates/new", **RATE, units="1")
