"""Form of a payout, and the query parameters of the list of payouts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import HiddenField, SelectChoice, SelectField, SelectMultipleField, StringField

from voyagent.billing.core.forms.charges import (
    CHARGE_ERROR_FIELDS,
    CHARGE_SENTENCES,
    ChargeForm,
)
from voyagent.billing.payouts.schemas import PayoutIn, PayoutQuery
from voyagent.http.account_names import account_name
from voyagent.http.forms import DateText, SentOnce
from voyagent.http.list_queries import LABELS, Listing
from voyagent.http.template_filters import today
from voyagent.kernel.database.read_pool import Row

ERROR_FIELDS = {
    **dict.fromkeys(
        ("payment_not_in_gateway", "payment_paid_out", "nothing_paid_out", "amount_above_limit"),
        "payment_ids",
    ),
    **dict.fromkeys(("bank_account_not_found", "bank_account_closed"), "bank_account_id"),
    "payout_accounts_unfit": "bank_account_id",
    "payout_charge_too_high": "fee",
    **CHARGE_ERROR_FIELDS,
    **dict.fromkeys(("invalid_date", "date_in_future", "period_locked"), "paid_on"),
    **dict.fromkeys(("account_not_found", "account_inactive"), "bank_account_id"),
}
"""The form field at which each error of the service is shown, by error code."""


class PayoutForm(SentOnce, ChargeForm[PayoutIn]):
    """Form of a payout: the payments, what the gateway keeps, and the bank account."""

    schema: ClassVar[type[BaseModel]] = PayoutIn
    sentences: ClassVar[dict[str, Any]] = {
        **CHARGE_SENTENCES,
        "reference.string_pattern_mismatch": _l(
            "Enter at most 64 letters and digits without spaces."
        ),
        "uuid_parsing": _l("Choose one from the list."),
    }

    gateway_id = HiddenField()
    payment_ids = SelectMultipleField(_l("Payments"), choices=[], validate_choice=False)
    refund_ids = SelectMultipleField(_l("Refunds"), choices=[], validate_choice=False)
    bank_account_id = SelectField(_l("Paid into"), validate_choice=False)
    paid_on = DateText(_l("Paid on"), kind="book")
    reference = StringField(_l("Reference"))

    @classmethod
    def begun(cls, gateway: Row, waiting: Sequence[Row], banks: Sequence[Row]) -> PayoutForm:
        """Return the form of a payout of all that waits in a gateway.

        The default account is chosen. `banks` are the bank accounts in the currency of the
        gateway, at least one.
        """
        chosen: dict[str, list[str]] = {"payment": [], "refund": []}
        for row in waiting:
            chosen[row["kind"]].append(str(row["id"]))
        default = next((row for row in banks if row["is_default"]), banks[0])
        form = cls(
            data={
                "gateway_id": str(gateway["id"]),
                "payment_ids": chosen["payment"],
                "refund_ids": chosen["refund"],
                "bank_account_id": str(default["id"]),
                "paid_on": today(),
            }
        )
        form.bank_account_id.choices = [
            SelectChoice(str(row["id"]), account_name(row["name"])) for row in banks
        ]
        form.keep_known_taxes()
        return form


class PayoutList(PayoutQuery, Listing):
    """Query parameters of the page of payouts."""

    endpoint = "billing.payouts"
    parameters = ()
    words = LABELS
