"""Queries of the files that workers make; each person reads their own only."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.tenancy import owned
from voyagent.mail.service import Attached
from voyagent.reports.errors import ReportFileNotFound
from voyagent.reports.models import ReportFile

SEAL = "report_file"
_FILES = ReportFile.__table__.c
_FACTS = (_FILES.id, _FILES.status, _FILES.name, _FILES.media_type)
_TIMES = (_FILES.created_at, _FILES.expires_at)


def read_file(reader: Reader, person_id: UUID, file_id: UUID) -> Row:
    """Return state, name and times of a person's file. Raises ReportFileNotFound."""
    statement = select(*_FACTS, *_TIMES, _FILES.address)
    return _first(reader, statement, person_id, file_id)


def read_content(reader: Reader, keyring: Keyring, person_id: UUID, file_id: UUID) -> Attached:
    """Return a person's finished file. Raises ReportFileNotFound."""
    statement = select(*_FACTS, _FILES.content).where(_FILES.status == "done")
    found = _first(reader, statement, person_id, file_id)
    content = keyring.open(SEAL, bytes(found["content"]), bound_to=str(file_id))
    return Attached(found["name"], found["media_type"], content)


def _first(reader: Reader, statement: Select[Any], person_id: UUID, file_id: UUID) -> Row:
    (rows,) = reader.read(
        statement.where(
            owned(ReportFile),
            _FILES.id == file_id,
            _FILES.user_id == person_id,
            _FILES.expires_at > clock.now(),
        )
    )
    return first_row(rows, ReportFileNotFound)
