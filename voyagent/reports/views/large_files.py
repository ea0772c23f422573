"""HTML pages: the state of a file that a worker makes, and its download."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, render_template, url_for

from voyagent.capabilities.ports import find_port
from voyagent.http.files import downloaded, right_to
from voyagent.http.htmx import is_htmx, see_other
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.keyring import Keyring
from voyagent.reports.errors import ReportFileNotFound
from voyagent.reports.queries import report_files
from voyagent.reports.views.blueprint import pages


@pages.page("/reports/files/<file_id>", missing=ReportFileNotFound)
def file(reader: RequestReader, file_id: UUID) -> Any:
    """Show the state of a file, and a link to it when it is ready."""
    found = report_files.read_file(reader, right_to, file_id)
    return render_template("reports/file.html", file=found)


@pages.page("/reports/files/<file_id>/state", missing=ReportFileNotFound)
def file_state(reader: RequestReader, file_id: UUID) -> Any:
    """Show only the state of a file, as a fragment that the page of the file polls.

    A request that is not from htmx is redirected to the page.
    """
    found = report_files.read_file(reader, right_to, file_id)
    if not is_htmx():
        return see_other(url_for(".file", file_id=file_id))
    return render_template("reports/_file.html", file=found)


@pages.page("/reports/files/<file_id>/content", missing=ReportFileNotFound)
def file_content(reader: RequestReader, file_id: UUID) -> Response:
    """Return a finished file."""
    keyring = find_port(Keyring)
    return downloaded(report_files.read_content(reader, right_to, keyring, file_id))
