"""Downloads of documents, such as invoices, for pages and the JSON API."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_babel import force_locale

from voyagent.http.api import ApiBlueprint
from voyagent.http.files import (
    DOCUMENTED,
    SCHEMAS,
    File,
    Format,
    InvoiceCopyQuery,
    IssuedCopyQuery,
    PdfQuery,
    PricedPdfQuery,
    PriceQuery,
    export_slots,
    filed,
    shown,
)
from voyagent.http.pages import LOCALES, PageBlueprint
from voyagent.kernel.database.copy_export import ExportsBusy
from voyagent.kernel.database.read_pool import RequestReader, Row
from voyagent.kernel.errors import NotFound
from voyagent.kernel.fields import Query, wire_instant
from voyagent.kernel.sheets import Sheet

_DESCRIPTIONS: dict[Format, str] = {
    "pdf": "Return {0} as PDF.",
    "csv": "Return {0} as CSV: {1}.\n\n{2}",
    "xlsx": "Return {0} as an XLSX workbook.\n\n{2}",
}
_ROWS = (
    "The first column has the kind of the row. Values have the names that they have in the JSON"
    " response."
)
_ETAG = "\n\nThe `ETag` is the SHA-256 of the file, in hexadecimal digits."
_KEPT = (
    "\n\nThe file is kept as it was issued, in the agency's language at that time, and each request"
    " returns that file; `locale` has no effect on it. A draft, a document that was voided or"
    " reversed, and a balance of the former accounting program are typeset at each request."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A kind of document that can be downloaded as PDF, CSV and workbook.

    `name` is part of the file's URL, and `title` names the document in the API documentation.
    `path` is the path of the record in the API, and `page_path` is the path of its page.
    `parameter` is the name of the id in both paths. `read` returns the data of a record or raises
    `missing`. `sheet` makes the table for CSV and workbook, and `typeset` makes the PDF. If
    `may_hide_prices` is true, `sheet` and `typeset` also receive `prices`, which is False for a
    file without prices. `copies` has the kinds of copies of a document whose PDF is kept as it was
    issued; then `typeset` also receives `copy_kind`, which is one of them or None. `contents`
    describes the table in the API documentation.

    `Exports.making_file` limits how many files are made at once. If `limits_itself` is true,
    `typeset` itself calls it. Otherwise the caller of `typeset` does.
    """

    name: str
    title: str
    path: str
    page_path: str
    parameter: str
    permission: str
    missing: type[NotFound]
    read: Callable[[RequestReader, UUID], Any]
    sheet: Callable[..., Sheet]
    typeset: Callable[..., File]
    may_hide_prices: bool = False
    copies: type[InvoiceCopyQuery | IssuedCopyQuery] | None = None
    limits_itself: bool = False
    contents: str = "fields, lines with taxes, payments and credits, and totals"

    @property
    def endpoint(self) -> str:
        """Return `name` with underscores, for the names of the generated handlers."""
        return self.name.replace("-", "_")

    def description(self, form: Format) -> str:
        """Return the API documentation of the file in one format."""
        more = "\n\nIf `prices` is false, prices are left out." if self.may_hide_prices else ""
        if form == "pdf":
            more += _KEPT * (self.copies is not None) + _ETAG
        return _DESCRIPTIONS[form].format(self.title, self.contents, _ROWS) + more

    def query(self, form: Format) -> type[Query] | None:
        """Return the query parameters of the file in one format; None if there are none."""
        if form == "pdf":
            return PricedPdfQuery if self.may_hide_prices else self.copies or PdfQuery
        return PriceQuery if self.may_hide_prices else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """Options of a requested file.

    Options that a format does not support are ignored.
    """

    form: Format
    locale: str | None = None
    prices: bool = True
    copy_kind: str | None = None
    bom: bool = False


def prices_wanted() -> bool:
    """Return False if the page was requested with `?prices=no`, else True."""
    return request.args.get("prices") != "no"


def add_api_routes(api: ApiBlueprint, document: Document) -> None:
    """Add an API operation for each file format of the document."""
    for form in SCHEMAS:
        declare = api.get(
            f"{document.path}/{document.name}.{form}",
            answer=SCHEMAS[form],
            media_type=DOCUMENTED[form],
            permission=document.permission,
            missing=document.missing,
            errors=() if form == "csv" else (ExportsBusy,),
        )
        declare(_operation(document, form))


def add_page_routes(pages: PageBlueprint, document: Document) -> None:
    """Add a page route for each file format of the document.

    `?locale=` sets the language of the PDF. CSV files have a byte order mark, which spreadsheet
    programs need to recognise UTF-8.
    """
    for form in SCHEMAS:
        address = f"{document.page_path}/{document.name}.{form}"
        pages.page(address, permission=document.permission, missing=document.missing)(
            _page(document, form)
        )


def _operation(document: Document, form: Format) -> Callable[..., Response]:
    known = document.query(form)

    def handler(reader: RequestReader, query: Query | None = None, **ids: UUID) -> Response:
        return _answered(
            document,
            reader,
            ids[document.parameter],
            _Wanted(form=form, **(query.model_dump() if query else {})),
        )

    return _named(
        handler,
        f"get_{document.endpoint}_{form}",
        document,
        form,
        {"query": known} if known else {},
    )


def _page(document: Document, form: Format) -> Callable[..., Response]:
    def view(reader: RequestReader, **ids: UUID) -> Response:
        locale = request.args.get("locale")
        wanted = _Wanted(
            form=form,
            locale=locale if locale in LOCALES else None,
            prices=prices_wanted(),
            copy_kind=request.args.get("copy"),
            bom=True,
        )
        return _answered(document, reader, ids[document.parameter], wanted)

    return _named(view, f"{document.endpoint}_{form}", document, form, {})


def _named(
    handler: Callable[..., Response],
    name: str,
    document: Document,
    form: Format,
    more: Mapping[str, Any],
) -> Callable[..., Response]:
    """Set the name, the parameters and the documentation of a generated handler."""
    wanted = {"reader": RequestReader, document.parameter: UUID, **more}
    handler.__name__, handler.__doc__ = name, document.description(form)
    parameters = [
        inspect.Parameter(each, inspect.Parameter.KEYWORD_ONLY, annotation=kind)
        for each, kind in wanted.items()
    ]
    handler.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return handler


def _answered(
    document: Document, reader: RequestReader, document_id: UUID, wanted: _Wanted
) -> Response:
    """Return the requested file of a document.

    Without `locale`, a PDF is in the agency's language. Its ETag is its SHA-256.

    Raises ExportsBusy, LargeFile, and the errors of `Document.read`.
    """
    found, actor = document.read(reader, document_id), reader.authenticate()
    chosen: dict[str, Any] = {"prices": wanted.prices} if document.may_hide_prices else {}
    if wanted.form != "pdf":
        return filed(document.sheet(found, **chosen), wanted.form, bom=wanted.bom)
    if document.copies is not None:
        chosen["copy_kind"] = wanted.copy_kind
    place = nullcontext() if document.limits_itself else export_slots().making_file(actor.tenant_id)
    with force_locale(wanted.locale or actor.locale), place:
        file = document.typeset(reader, found, actor.tenant_name, **chosen)
    answer = shown(file)
    answer.set_etag(hashlib.sha256(file.content).hexdigest())
    return answer


def facts_of(members: Row) -> Iterator[tuple[str, str | None, date | None]]:
    """Yield (name, text, date) for each text, id, time and date of a record.

    For a date, the text is None. For the other types, the date is None. The field `exchange_rate`
    has both: its date is that of the quotation. Amounts are left out, and so are fields of other
    types.
    """
    for name, value in members.items():
        if isinstance(value, datetime):
            yield name, wire_instant(value), None
        elif isinstance(value, date):
            yield name, None, value
        elif name == "exchange_rate" and value:
            yield name, f"1 {value['base']} = {value['rate']} {value['quote']}", value["on"]
        elif isinstance(value, str | UUID) and not is_amount(name):
            yield name, str(value), None


def is_amount(name: str) -> bool:
    """Return True if a field with this name is an amount, such as `paid_amount`."""
    return name.endswith("amount") or name in {
        "round_off",
        "unit_price",
        "discount",
        "basic_fare",
        "commission",
    }
