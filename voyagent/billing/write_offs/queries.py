"""Queries of the write-offs of an invoice."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from voyagent.billing.core.models.write_offs import WriteOff
from voyagent.billing.write_offs.errors import WriteOffNotFound
from voyagent.kernel.database.read_pool import Reader, first_row
from voyagent.kernel.db import db, load_one
from voyagent.kernel.tenancy import owned

_WRITE_OFFS = WriteOff.__table__.c


def get_write_off(invoice_id: UUID, write_off_id: UUID) -> WriteOff:
    """Return a write-off of an invoice. Raises WriteOffNotFound."""
    return load_one(
        select(WriteOff).where(WriteOff.id == write_off_id, WriteOff.invoice_id == invoice_id),
        WriteOffNotFound,
    )


def invoice_of_write_off(reader: Reader, write_off_id: UUID) -> UUID:
    """Return the id of the invoice that a write-off or its reversal belongs to.

    Raises WriteOffNotFound.
    """
    found = reader.read(
        select(_WRITE_OFFS.invoice_id).where(owned(WriteOff), _WRITE_OFFS.id == write_off_id)
    )[0]
    invoice_id: UUID = first_row(found, WriteOffNotFound)["invoice_id"]
    return invoice_id


def is_written_back(write_off_id: UUID) -> bool:
    """Return True if the write-off was reversed."""
    return (
        db.session.scalar(select(WriteOff.id).where(WriteOff.reverses_id == write_off_id))
        is not None
    )
