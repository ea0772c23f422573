"""Reading write-offs: one, those of an invoice as its page shows them, and whether one was taken
back.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, select

from voyagent.billing.core.models.write_offs import WriteOff
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, NotFound
from voyagent.kernel.tenancy import owned

_WRITE_OFFS = WriteOff.__table__.c
WRITE_OFF = "write_off_invoice"
"""The tool that asks for one, and the effect of its grant."""


class WriteOffNotFound(NotFound):
    """No such write-off of this invoice."""

    code = "write_off_not_found"
    message = N_("We could not find that write-off.")


def get_write_off(invoice_id: UUID, write_off_id: UUID) -> WriteOff:
    """A write-off of an invoice. Raises WriteOffNotFound."""
    found = db.session.scalar(
        select(WriteOff).where(WriteOff.id == write_off_id, WriteOff.invoice_id == invoice_id)
    )
    if found is None:
        raise WriteOffNotFound
    return found


def invoice_of_write_off(reader: Reader, write_off_id: UUID) -> UUID:
    """The id of the invoice that a write-off, or what takes one back, is of.

    Raises WriteOffNotFound.
    """
    found = reader.read(
        select(_WRITE_OFFS.invoice_id).where(owned(WriteOff), _WRITE_OFFS.id == write_off_id)
    )[0]
    if not found:
        raise WriteOffNotFound
    invoice_id: UUID = found[0]["invoice_id"]
    return invoice_id


def is_written_back(write_off_id: UUID) -> bool:
    """Whether another write-off counts against this one."""
    return (
        db.session.scalar(select(WriteOff.id).where(WriteOff.reverses_id == write_off_id))
        is not None
    )


def write_offs_statement(invoice_id: UUID) -> Select[Any]:
    """All of an invoice, the oldest first: id, amount_minor, effective_on, reason, entry_id,
    reverses_id, created_by; `is_over`: taken back, or taking back.
    """
    counter = WriteOff.__table__.alias("counter")
    taken_back = (
        select(counter.c.id).where(owned(counter), counter.c.reverses_id == _WRITE_OFFS.id).exists()
    )
    return (
        select(
            *(
                _WRITE_OFFS[name]
                for name in (
                    "id",
                    "amount_minor",
                    "effective_on",
                    "reason",
                    "entry_id",
                    "reverses_id",
                )
            ),
            name_of(_WRITE_OFFS.created_by_user_id).label("created_by"),
            case((_WRITE_OFFS.reverses_id.is_not(None), True), else_=taken_back).label("is_over"),
        )
        .where(owned(WriteOff), _WRITE_OFFS.invoice_id == invoice_id)
        .order_by(_WRITE_OFFS.created_at, _WRITE_OFFS.id)
    )


__all__ = [
    "WRITE_OFF",
    "WriteOffNotFound",
    "get_write_off",
    "invoice_of_write_off",
    "is_written_back",
    "write_offs_statement",
]
