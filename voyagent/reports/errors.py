"""Errors of report files and of reports in the base currency."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound, Unavailable


class BaseNotYet(Conflict):
    """The report is in the base currency, and the base amounts are not established."""

    code = "base_not_established"
    message = N_("The base amounts of this agency are not established.")


class ReportFileNotFound(NotFound):
    """The person has no such file, or it has expired."""

    code = "report_file_not_found"
    message = N_("There is no such file. Files are kept for 24 hours, for the person who asked.")


class ReportFilesBusy(Unavailable):
    """The person already waits for the maximum number of files."""

    code = "report_files_busy"
    message = N_("Your earlier files are still being made. Try again when one is ready.")
