"""Acts on tax rates."""

from __future__ import annotations

from tests.audit.acts.account import in_the_browser
from tests.audit.acts.registry import Doing, Left, act
from tests.audit.acts.stage import Stage
from voyagent.settings.service import tenant_settings
from voyagent.taxes.rules import tables

CONFIRMATION = {
    "treatment": "service_fee",
    "rates_hash": tables.rates_hash("IN", "service_fee"),
    "compared_with": "Notification 11/2017",
}
CONFIRMED = Left(
    "tax_treatment.confirmed", ("tax_confirmation_id",), says=CONFIRMATION | {"country": "IN"}
)


def _in_india(stage: Stage) -> None:
    stage.alice.does(tenant_settings.update, {"tax_number": "27AACCN6194P1ZP"})


@act("POST /api/tax-treatments/confirm", leaves=CONFIRMED, answers=201)
def confirm_rates_over_the_api(stage: Stage) -> Doing:
    api = stage.alice.api
    _in_india(stage)
    return lambda: api.post("/tax-treatments/confirm", json=CONFIRMATION)


@act("POST /settings/tax-rates/confirm", leaves=in_the_browser(CONFIRMED), answers=303)
def confirm_rates_on_the_page(stage: Stage) -> Doing:
    browser = stage.alice.browser
    _in_india(stage)
    path = "/settings/tax-rates/confirm?treatment=service_fee"
    return lambda: stage.submit(browser, path, **CONFIRMATION)
