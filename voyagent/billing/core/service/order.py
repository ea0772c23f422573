"""Order of issue dates in a number series.

Numbers are consecutive (Rules 46 and 53 of the CGST Rules), and an auditor expects their dates to
follow them. A document dated before one that has a lower number needs a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from voyagent.billing.core.errors import DocumentOutOfOrder
from voyagent.billing.core.models.credits import CreditNote
from voyagent.billing.core.models.invoices import Invoice, is_numbered_as
from voyagent.billing.core.service import pricing
from voyagent.billing.core.service.numbering import days_of_year
from voyagent.kernel.db import db


@dataclass(frozen=True, slots=True)
class Issued:
    """Number and issue date of an issued document."""

    number: str
    day: date


def last_after(series: type[Invoice | CreditNote], day: date, *, letter: str = "") -> Issued | None:
    """Return the document with the latest issue date after a day.

    Only the financial year of `day` counts. The result is None if it has no such document. Drafts
    have no number, and imported invoices have numbers of another series. `letter` is that of the
    series of an invoice, as in `numbering.series_of`.
    """
    _first, last = days_of_year(day)
    rows = (
        select(series.number, series.issue_date)
        .where(series.issue_date > day, series.issue_date <= last, series.number.is_not(None))
        .order_by(series.issue_date.desc(), series.id.desc())
        .limit(1)
    )
    if series is Invoice:
        rows = rows.where(Invoice.is_opening.is_(False), is_numbered_as(Invoice.number, letter))
    found = db.session.execute(rows).one_or_none()
    return None if found is None else Issued(found.number, found.issue_date)


def check_order(
    series: type[Invoice | CreditNote], day: date, reason: str | None, *, letter: str = ""
) -> str | None:
    """Check that a document may be issued on a day.

    The caller must have taken the number: it then holds the lock of the series, and sees all
    documents that have lower numbers. If the document is out of order, `reason` confirms it and is
    returned without surplus spaces. If it is in order, None is returned. `letter` is that of the
    series of an invoice.

    Raises DocumentOutOfOrder if a document of the series has a later date in the same financial
    year and `reason` is blank, and TextTooLong if `reason` has more than 500 characters.
    """
    later = last_after(series, day, letter=letter)
    if later is None:
        return None
    return pricing.confirmed(DocumentOutOfOrder(later.number, later.day), reason)
