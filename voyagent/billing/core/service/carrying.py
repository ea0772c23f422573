"""Base amounts that documents and advances pass on to payments, credits and uses.

A document in a foreign currency keeps the base amount at which it was posted. A payment or credit
that settles a part of the open amount takes the same proportion of the base amount that is not
settled yet. So all parts add up to the whole. The unused amount of an advance and its base amount
are divided in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.claims import SupplierClaim
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.payments import Payment
from voyagent.billing.core.rules import share_of
from voyagent.kernel.money import Money
from voyagent.ledger.service.entries import Line


def carried_by_document(document: Invoice | Bill, minor: int) -> int | None:
    """Return the base amount of a part of the open amount of a document.

    It is the same proportion of the base amount that is not settled yet. `minor` is in the
    document's currency, the result in minor units of the base currency. The result is None if the
    document has no base amount.
    """
    if document.base_minor is None:
        return None
    rest = document.base_minor - document.base_settled_minor
    return share_of(rest, minor, document.open_minor) if minor else 0


def booked_in_base(document: Invoice | Bill, minor: int) -> int | None:
    """Return what a part of the total of a document was worth when it was posted.

    `minor` is in the document's currency, the result in the base currency. It is None if the
    document has no base amount.
    """
    if document.base_minor is None:
        return None
    return share_of(document.base_minor, minor, document.total_minor)


def carried_by_payment(payment: Payment, minor: int) -> int | None:
    """Return the base amount of a part of the unused amount of a payment.

    It is the same proportion of the base amount that is not used yet. `minor` is in the payment's
    currency, the result in minor units of the base currency. The result is None if the payment has
    no base amount.
    """
    if payment.base_minor is None:
        return None
    return share_of(payment.base_minor - payment.base_used_minor, minor, payment.unapplied_minor)


def carried_by_claim(claim: SupplierClaim, minor: int) -> int | None:
    """Return the base amount of a part of the open amount of a claim.

    It is the same proportion of the base amount that is not settled yet. `minor` is in the claim's
    currency, the result in minor units of the base currency. The result is None if the claim has no
    base amount.
    """
    if claim.base_minor is None:
        return None
    return share_of(claim.base_minor - claim.base_settled_minor, minor, claim.open_minor)


def shares(base_minor: int, total_minor: int, parts: Sequence[tuple[int, bool]]) -> list[int]:
    """Return the base amount of each part that settles or uses a document or payment.

    `base_minor` and `total_minor` are the whole amounts. Each of `parts`, oldest first, has its
    amount in minor units, and True if it was taken back later or takes another part back. Such a
    part has its proportion of the whole, with its own sign, and leaves the remainder unchanged. Any
    other part has its proportion of the remainder.
    """
    rest_minor, open_minor, found = base_minor, total_minor, []
    for minor, is_taken_back in parts:
        if is_taken_back or not minor:
            share = share_of(base_minor, abs(minor), total_minor)
            found.append(share if minor > 0 else -share)
            continue
        found.append(share_of(rest_minor, minor, open_minor))
        rest_minor, open_minor = rest_minor - found[-1], open_minor - minor
    return found


def money_or_none(minor: int | None, currency: str) -> Money | None:
    """Return an amount in minor units as money; None stays None."""
    return None if minor is None else Money(minor, currency)


def carry(lines: Sequence[Line], bases: Mapping[UUID | str, Money | None]) -> list[Line]:
    """Return the lines of an entry with base amounts in proportion to some of them.

    `bases` has the base amount of the first line on each of its accounts; these lines are on one
    side. All lines are in the same currency and balance, so they balance in the base currency too.
    If a base amount is not known, the lines are unchanged.
    """
    known = {
        next(at for at, one in enumerate(lines) if one.account == account): base
        for account, base in bases.items()
        if base is not None
    }
    if len(known) < len(bases):
        return list(lines)
    done, minors = list(lines), [one.signed_minor for one in lines]
    whole = sum(minor for minor in minors if minor > 0)
    base = sum(list(known.values())[1:], next(iter(known.values())))
    share = abs(sum(minors[at] for at in known))
    side = Money(share_of(base.amount_minor, whole, share), base.currency)
    for at, amount in known.items():
        done[at] = replace(lines[at], base=amount)
    for sign in (1, -1):
        rest = side - base if minors[next(iter(known))] * sign > 0 else side
        places = [at for at, minor in enumerate(minors) if minor * sign > 0 and at not in known]
        parts = rest.split([abs(minors[at]) for at in places]) if places else []
        for at, part in zip(places, parts, strict=True):
            done[at] = replace(lines[at], base=part)
    return done
