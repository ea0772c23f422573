"""Enquiries as the capabilities return them."""

from __future__ import annotations

from datetime import date

from voyagent.capabilities.capability import JsonObject
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import wire_instant

SHOWN_MAX = 20


def brief(row: Row) -> JsonObject:
    """Return an enquiry as a row of a list."""
    amount = row["budget_hundredths"]
    return {
        "id": str(row["id"]),
        "customer_name": row["customer_name"],
        "origin": row["origin"],
        "destination": row["destination"],
        "depart_date": _day(row["depart_date"]),
        "return_date": _day(row["return_date"]),
        "pax_count": row["pax_count"],
        "budget": (
            None
            if amount is None
            else {
                "amount": f"{amount // 100}.{amount % 100:02d}",
                "currency": row["budget_currency"],
            }
        ),
        "status": row["status"],
    }


def full(row: Row) -> JsonObject:
    """Return an enquiry with contact, notes and time of entry."""
    return brief(row) | {
        "customer_email": row["customer_email"],
        "customer_phone": row["customer_phone"],
        "notes": row["notes"],
        "created_at": wire_instant(row["created_at"]),
    }


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None
