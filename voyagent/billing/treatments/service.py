"""Services of tax treatments: confirm their rates, and check that they are.

The rates come from the tables of `taxes`, which every agency shares. They are not legal advice, so
an agency can require that one of its people compares each treatment with the law before its first
use (the setting `confirm_treatments`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert

from voyagent.audit.service import recording as audit
from voyagent.billing.core.errors import TaxNumberMissing
from voyagent.billing.core.models.invoices import InvoiceLine
from voyagent.billing.core.models.tax_confirmations import TaxConfirmation
from voyagent.billing.core.queries.tax_confirmations import Standing, read_standings
from voyagent.billing.core.service import taxing
from voyagent.billing.treatments import queries
from voyagent.billing.treatments.errors import (
    TaxRatesChanged,
    TreatmentConfirmed,
    TreatmentUnconfirmed,
)
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.tenancy import current_tenant
from voyagent.settings.queries import get_settings
from voyagent.taxes.rules import tables
from voyagent.taxes.rules.tables import UnknownTreatment

_TABLE = cast("Table", TaxConfirmation.__table__)


def confirm(actor: Actor, treatment: str, *, rates_hash: str, compared_with: str) -> Standing:
    """Confirm that the rates of a tax treatment are those of the law.

    `rates_hash` is that of the rates which the person has compared. `compared_with` names the text
    of the law, in at most 200 characters.

    Raises Forbidden, NotFresh, TaxNumberMissing, UnknownTreatment, TaxRatesChanged,
    TreatmentConfirmed.
    """
    actor.require_step_up("invoice.confirm_treatment")
    home = taxing.home()
    if home is None:
        raise TaxNumberMissing
    if treatment not in tables.treatments(home.country):
        raise UnknownTreatment
    if rates_hash != tables.rates_hash(home.country, treatment):
        raise TaxRatesChanged
    values = {
        "country": home.country,
        "treatment": treatment,
        "rates_hash": rates_hash,
        "compared_with": compared_with,
    }
    added = insert(_TABLE).values(
        tenant_id=current_tenant(db.session),
        id=new_id(),
        rates=tables.rates_as_texts(home.country, treatment),
        confirmed_by_user_id=actor.user_id,
        confirmed_at=clock.now(),
        **values,
    )
    added_id = db.session.scalar(added.on_conflict_do_nothing().returning(_TABLE.c.id))
    if added_id is None:
        raise TreatmentConfirmed
    audit.record(
        actor,
        "tax_treatment.confirmed",
        entity_refs={"tax_confirmation_id": added_id},
        inputs=values,
    )
    (standing,) = read_standings(SessionReader(db.session), home.country, [treatment])
    return standing


def check_confirmed(lines: Iterable[InvoiceLine]) -> None:
    """Check that the tax treatments of an invoice are confirmed, if they must be.

    Raises TreatmentUnconfirmed.
    """
    home = taxing.home()
    if home is None or not get_settings().confirm_treatments:
        return
    reader = SessionReader(db.session)
    if pending := queries.unconfirmed(reader, home.country, (line.tax for line in lines)):
        raise TreatmentUnconfirmed(pending)
