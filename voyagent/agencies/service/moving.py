"""Transactions that may insert and delete all rows of one agency.

The role `voyagent_mover` has these rights for the agency of the transaction. The guards of the
books and the triggers of stored sums do not apply to it (`when (current_user <> …)`). Only the
owner of the schema may use the role, and nobody can sign in with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from psycopg.errors import InsufficientPrivilege
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from voyagent.agencies.errors import CannotMove
from voyagent.kernel.db import db, transaction
from voyagent.kernel.db_connections import APP_ROLE

MOVER = "voyagent_mover"
_SET_ROLE = text("select set_config('role', :role, true)")


@contextmanager
def moving(tenant_id: UUID) -> Iterator[None]:
    """Run a block in one transaction of an agency, as the role that may move it.

    Raises CannotMove.
    """
    db.session.remove()
    with transaction(tenant_id):
        be_mover()
        yield
    db.session.remove()


def be_mover() -> None:
    """Use the role that may move an agency, until the transaction ends.

    Raises CannotMove.
    """
    try:
        db.session.execute(_SET_ROLE, {"role": MOVER})
    except ProgrammingError as error:
        if isinstance(error.orig, InsufficientPrivilege):
            raise CannotMove from None
        raise


def be_program() -> None:
    """Use the role of the program again, until the transaction ends."""
    db.session.execute(_SET_ROLE, {"role": APP_ROLE})
