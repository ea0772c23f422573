"""Operations for a file that a worker makes: its state and its content."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import Response

from voyagent.capabilities.ports import find_port
from voyagent.http.files import PDF, downloaded, right_to
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.serializers import Body
from voyagent.reports.api.blueprint import api
from voyagent.reports.errors import ReportFileNotFound
from voyagent.reports.queries import report_files
from voyagent.reports.schemas.report_files import ReportFileOut

ANY = "application/octet-stream"
"""Media type of the content, which may be a PDF or a workbook: its name says which."""


@api.get("/report-files/<file_id>", answer=ReportFileOut, missing=ReportFileNotFound)
def get_report_file(reader: RequestReader, file_id: UUID) -> Body[ReportFileOut]:
    """Return the state of a large file that the caller requested.

    If a PDF or workbook is large, the request for the file returns status 202 and the id of the
    file. The file is kept for 24 hours after it was made. Only the person who requested the file
    can read it.
    """
    return ReportFileOut.of(report_files.read_file(reader, right_to, file_id))


@api.get(
    "/report-files/<file_id>/content",
    answer=PDF,
    media_type=ANY,
    missing=ReportFileNotFound,
)
def get_report_file_content(reader: RequestReader, file_id: UUID) -> Response:
    """Return a large file that is done."""
    keyring = find_port(Keyring)
    file = report_files.read_content(reader, right_to, keyring, file_id)
    return downloaded(replace(file, media_type=ANY))
