"""Queries of the large files that workers make.

A person can read only files that the person requested. The permission for the report is checked
again: the role may have changed since the request, and another API key of the person may have fewer
scopes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import RequestReader, Row, first_row
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.tenancy import owned
from voyagent.mail.service import Attached
from voyagent.reports.errors import ReportFileNotFound
from voyagent.reports.models import SEAL, ReportFile

RightTo = Callable[[str], str]
"""Function that returns the permission that a requested address needs."""
_FILES = ReportFile.__table__.c
_FACTS = (_FILES.id, _FILES.status, _FILES.name, _FILES.media_type, _FILES.address)
_TIMES = (_FILES.created_at, _FILES.expires_at)


def read_file(reader: RequestReader, right_to: RightTo, file_id: UUID) -> Row:
    """Return the caller's file without its content.

    The row has id, status, name, media_type, address (the path and query of the report), created_at
    and expires_at. `right_to` takes such an address and returns the permission that a request for
    the report needs. Raises ReportFileNotFound, Forbidden, ScopeTooSmall.
    """
    return _first(reader, right_to, select(*_FACTS, *_TIMES), file_id)


def read_content(
    reader: RequestReader, right_to: RightTo, keyring: Keyring, file_id: UUID
) -> Attached:
    """Return the caller's finished file with its content.

    `right_to` takes the path and query of a report and returns the permission that a request for
    the report needs. Raises ReportFileNotFound, Forbidden, ScopeTooSmall.
    """
    statement = select(*_FACTS, _FILES.content).where(_FILES.status == "done")
    found = _first(reader, right_to, statement, file_id)
    content = keyring.open(SEAL, bytes(found["content"]), bound_to=str(file_id))
    return Attached(found["name"], found["media_type"], content)


def _first(reader: RequestReader, right_to: RightTo, statement: Select[Any], file_id: UUID) -> Row:
    (rows,) = reader.read(
        statement.where(
            owned(ReportFile),
            _FILES.id == file_id,
            _FILES.user_id == reader.person_id,
            _FILES.expires_at > clock.now(),
        )
    )
    found = first_row(rows, ReportFileNotFound)
    reader.authenticate().require(right_to(found["address"]))
    return found
