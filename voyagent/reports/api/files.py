"""Operations that return reports as CSV, XLSX and PDF."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response

from voyagent.drivers.paper.tables import TooManyRows
from voyagent.http.files import DOCUMENTED, SCHEMAS, Format
from voyagent.kernel.database.copy_export import ExportsBusy
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.sheets import TooManyLines
from voyagent.ledger.errors import AccountNotFound
from voyagent.parties.queries import PartyNotFound
from voyagent.reports.api.blueprint import api
from voyagent.reports.api.report_files import REPORTS, query_of, report_file
from voyagent.reports.queries.periods import PeriodInverted
from voyagent.reports.schemas.report_files import ReportFileAccepted

_DESCRIPTIONS: dict[Format, str] = {
    "csv": "Return {} as CSV.\n\nThe first column has the kind of the row: line or total.",
    "xlsx": (
        "Return {} as an XLSX workbook with at most 20,000 entries or lines.\n\nWith more than"
        " 2,000 rows the status is 202: a worker makes the file (see"
        " `GET /report-files/{{file_id}}`)."
    ),
    "pdf": (
        "Return {} as PDF with at most 10,000 rows.\n\nWith more than 2,000 rows the status is"
        " 202: a worker makes the file (see `GET /report-files/{{file_id}}`)."
    ),
}


def _operation(report: str, form: Format) -> Callable[..., Response]:
    def handler(reader: RequestReader, query: Any) -> Response:
        return report_file(report, form, reader, query)

    handler.__name__ = f"get_{report.replace('-', '_')}_{form}"
    handler.__doc__ = _DESCRIPTIONS[form].format(f"the report `{report}`")
    handler.__annotations__["query"] = query_of(report, form)
    return handler


def _errors(report: str, form: Format) -> tuple[type[VoyagentError], ...]:
    of_form = {
        "csv": (ExportsBusy,) if REPORTS[report].stream else (TooManyLines,),
        "xlsx": (TooManyLines, ExportsBusy),
        "pdf": (TooManyLines, TooManyRows, ExportsBusy),
    }
    return (
        PeriodInverted,
        *((PartyNotFound,) if report == "party-statement" else ()),
        *((AccountNotFound,) if report == "general-ledger" else ()),
        *of_form[form],
    )


for name in REPORTS:
    for each in SCHEMAS:
        api.get(
            f"/reports/{name}.{each}",
            answer=SCHEMAS[each],
            media_type=DOCUMENTED[each],
            permission="report.read",
            also={} if each == "csv" else {202: ReportFileAccepted},
            errors=_errors(name, each),
        )(_operation(name, each))
