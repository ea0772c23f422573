"""Errors of report files."""

from __future__ import annotations

from voyagent.kernel.errors import N_, NotFound, Unavailable


class ReportFileNotFound(NotFound):
    """The person has no such file, or it has expired."""

    code = "report_file_not_found"
    message = N_("There is no such file. Files are kept for 24 hours, for the person who asked.")


class ReportFilesBusy(Unavailable):
    """The person already waits for the maximum number of files."""

    code = "report_files_busy"
    message = N_("Your earlier files are still being made. Try again when one is ready.")
