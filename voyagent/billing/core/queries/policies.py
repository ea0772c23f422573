"""Queries of the policies by which an agency recognises revenue and cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import distinct_on

from voyagent.billing.core.models.bills import ExpectedBillMatch
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.models.policies import RecognitionPolicy
from voyagent.billing.core.rules import FIRST_METHODS
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row, SessionReader
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.db import db
from voyagent.kernel.tenancy import owned
from voyagent.trips.queries import expected_bills

_POLICIES = RecognitionPolicy.__table__.c
_MATCHES, _SOLD = ExpectedBillMatch.__table__.c, InvoiceLine.__table__.c
_INVOICES = Invoice.__table__.c
_NEWEST = (_POLICIES.valid_from.desc(), _POLICIES.created_at.desc(), _POLICIES.id.desc())


@dataclass(frozen=True, slots=True)
class Methods:
    """Methods of recognising revenue and cost, for the documents of one day."""

    principal: str
    agent: str

    def of_sale(self, sold_as: str, service_date: date | None) -> str | None:
        """Return the method for an invoice line, or None if it can never be deferred.

        A line without a service date and an agency's fee are never deferred.
        """
        if service_date is None or sold_as == "fee":
            return None
        return self.agent if sold_as == "agent" else self.principal


def methods_on(day: date) -> Methods:
    """Return the methods for documents of a day."""
    return methods_of(SessionReader(db.session).read(methods_statement(day))[0])


def methods_of(rows: list[Row]) -> Methods:
    """Return the methods from the rows of `methods_statement`."""
    return Methods(**(FIRST_METHODS | {row["applies_to"]: row["method"] for row in rows}))


def cost_methods(reader: Reader, bill_id: UUID, issue_date: date) -> Callable[[int], str]:
    """Return a function that tells the method of a line of a draft bill.

    Its argument is the line number. The cost of a booked service has the method of its revenue, if
    that is posted as principal. Any other cost has the method of the agency's policy on the issue
    date.
    """
    policies, sold = reader.read(methods_statement(issue_date), _sold_statement(bill_id))
    of_policy = methods_of(policies).principal
    of_revenue = {row["line_no"]: row["recognition"] for row in sold}
    return lambda line_no: of_revenue.get(line_no, of_policy)


def _sold_statement(bill_id: UUID) -> Select[Any]:
    """Select the methods of posted sales of the services to which a bill is matched.

    Rows: line_no (of the bill), recognition; the last issued invoice of a service comes last.
    """
    return (
        select(_MATCHES.line_no, _SOLD.recognition)
        .join_from(
            ExpectedBillMatch.__table__,
            InvoiceLine.__table__,
            _SOLD.trip_line_id == expected_bills.service_of(_MATCHES.expected_bill_id),
        )
        .join(Invoice.__table__, _INVOICES.id == _SOLD.invoice_id)
        .where(
            owned(ExpectedBillMatch),
            owned(InvoiceLine),
            owned(Invoice),
            _MATCHES.bill_id == bill_id,
            _SOLD.recognition.is_not(None),
            _SOLD.sold_as == "principal",
            _INVOICES.status.not_in(("draft", "void")),
        )
        .order_by(_INVOICES.issued_at)
    )


@cached_statement
def methods_statement(day: date) -> Select[Any]:
    """Select the policies for documents of a day: applies_to, method."""
    return (
        select(_POLICIES.applies_to, _POLICIES.method)
        .where(owned(RecognitionPolicy), _POLICIES.valid_from <= day)
        .ext(distinct_on(_POLICIES.applies_to))
        .order_by(_POLICIES.applies_to, *_NEWEST)
    )


@dataclass(frozen=True, slots=True)
class MethodInPeriod:
    """A method for documents issued in a period.

    `valid_from` is None for the method at the start of the period, or else the day of the change.
    """

    applies_to: str
    method: str
    valid_from: date | None


def policies_in(rows: Sequence[Row], first: date, last: date) -> list[MethodInPeriod]:
    """Return the methods for documents of a period, with the days of their changes.

    `rows` are those of `policies_statement`.
    """
    found: list[MethodInPeriod] = []
    for applies_to, method in FIRST_METHODS.items():
        present = method
        changes: dict[date, str] = {}
        for row in reversed([one for one in rows if one["applies_to"] == applies_to]):
            if row["valid_from"] <= first:
                present = row["method"]
            elif row["valid_from"] <= last:
                changes[row["valid_from"]] = row["method"]
        found += [
            MethodInPeriod(applies_to, present, None),
            *(MethodInPeriod(applies_to, new, day) for day, new in changes.items()),
        ]
    return found


def list_policies(reader: Reader) -> list[Row]:
    """Return all policies, as `policies_statement` selects them."""
    return reader.read(policies_statement())[0]


@cached_statement
def policies_statement() -> Select[Any]:
    """Select all policies, the last one first, with the name of who set each.

    Rows: id, valid_from, applies_to, method, reason, created_at, created_by.
    """
    return (
        select(
            *(_POLICIES[name] for name in ("id", "valid_from", "applies_to", "method", "reason")),
            _POLICIES.created_at,
            name_of(_POLICIES.created_by_user_id).label("created_by"),
        )
        .where(owned(RecognitionPolicy))
        .order_by(*_NEWEST)
    )
