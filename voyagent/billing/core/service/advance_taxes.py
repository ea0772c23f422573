"""Tax on advances, which is released as the advance is used.

The tax is due when the money is received (section 13(2) of the CGST Act), and the invoice has tax
of its own. So a receipt voucher posts the tax to output tax and to the account of tax on advances.
When an invoice or a refund uses a part of the advance, its share of both postings is taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from voyagent.billing.core.models.payments import Payment, Refund
from voyagent.billing.core.models.vouchers import COMPONENTS, VoucherUse
from voyagent.billing.core.queries import vouchers as queries
from voyagent.billing.core.rules import ADVANCE_TAX, share_of
from voyagent.billing.core.service import kept_papers, numbering
from voyagent.billing.core.service.taxing import OUTPUT
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.ledger.service import entries

REFUND_VOUCHER_SERIES = ("refund_voucher", "W")
"""Name and prefix of the number series of refund vouchers (Rule 51 of the CGST Rules)."""
USE = "voucher_use"
"""Type of the source of the entry that releases tax on an advance."""


def tax_sides(taxes: Mapping[str, int], currency: str) -> list[tuple[str, int, Money]]:
    """Return the journal lines of the tax on an advance.

    `taxes` are amounts in minor units by component; negative ones release the tax. A journal line
    is a tuple: key of the account, 1 for debit or -1 for credit, and amount.
    """
    total = sum(taxes.values())
    sign = 1 if total > 0 else -1
    due = [
        (OUTPUT[name], -sign, Money(abs(minor), currency)) for name, minor in taxes.items() if minor
    ]
    tax = (ADVANCE_TAX, sign, Money(abs(total), currency))
    return [tax, *due] if sign > 0 else [*due, tax]


def follow(
    actor: Actor,
    payment: Payment,
    day: date,
    refund: Refund | None = None,
    *,
    permission: str = "payment.record",
) -> None:
    """Release the tax on an advance as far as the advance is used.

    It is called after the used amount of a locked payment has changed, and posts on the day of that
    change, or on the day of the receipt voucher if that is later. Nothing happens without a receipt
    voucher. If a use was taken back, its tax is due again. The part of the advance that is not
    taxed counts as used first. The released amount of each component is its share, rounded half up,
    of all that is used, less the amount released before. A `refund` that uses a taxed part gets a
    refund voucher. `permission` is that of the act.

    Raises Forbidden, ApprovalRequired, and the errors of `entries.post`.
    """
    actor.require_authority(permission)
    if payment.direction != "in" or payment.nature != "service":
        return
    voucher = queries.find_voucher_of(payment.id)
    if voucher is None:
        return
    before = queries.used_of(voucher.id)
    used_minor = min(max(voucher.amount_minor - payment.unapplied_minor, 0), voucher.amount_minor)
    amount_minor = used_minor - before.amount_minor
    on = max(day, voucher.issued_on)
    share = {
        name: share_of(getattr(voucher, f"{name}_minor"), used_minor, voucher.amount_minor)
        for name in COMPONENTS
    }
    taxes = {name: minor - before.taxes[name] for name, minor in share.items()}
    if not any(taxes.values()):
        return
    is_refunded = refund is not None and amount_minor > 0
    series, letter = REFUND_VOUCHER_SERIES
    use = VoucherUse(
        id=new_id(),
        voucher_id=voucher.id,
        refund_id=refund.id if refund else None,
        number=numbering.take_number(series, on, letter=letter) if is_refunded else None,
        amount_minor=amount_minor,
        used_on=on,
        created_by_user_id=actor.user_id,
        **{f"{name}_minor": minor for name, minor in taxes.items()},
    )
    use.entry_id = entries.post(
        actor,
        source_type=USE,
        source_id=use.id,
        purpose="release",
        narration=(
            f"Tax on advance {'released' if amount_minor > 0 else 'due again'}, {voucher.number},"
            f" {payment.party_name}"
        ),
        lines=entries.lines_of(
            tax_sides({name: -minor for name, minor in taxes.items()}, payment.currency),
            memo=use.number or voucher.number,
        ),
        entry_date=on,
    ).entry_id
    db.session.add(use)
    db.session.flush()
    if use.number:
        kept_papers.keep_later("refund_voucher", use.id)
