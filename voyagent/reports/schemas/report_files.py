"""Schema of a file that a worker makes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.serializers import AnswerOf, OmitNone


class ReportFileOut(AnswerOf[Row]):
    """State of a large file; poll it until `status` is `done` or `failed`.

    `address` is the path and query of the requested report. The file is deleted after `expires_at`.
    """

    id: UUID
    status: Literal["waiting", "running", "done", "failed"]
    address: str
    created_at: datetime
    expires_at: datetime
    name: Annotated[str | None, OmitNone()] = None


class ReportFileAccepted(AnswerOf[Row]):
    """Response to the request for a file that a worker makes.

    `address` is the path of the operation that returns the state of the file.
    """

    id: UUID
    status: Literal["waiting"]
    address: str
