"""Documents as files: one table of them and of what they come as, from which both doors are made."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_babel import force_locale

from voyagent.http.api import ApiBlueprint
from voyagent.http.files import DOCUMENTED, SCHEMAS, File, Format, PaperQuery, filed, shown
from voyagent.http.pages import LOCALES, PageBlueprint
from voyagent.kernel.errors import NotFound
from voyagent.kernel.reading import LaneReader, Row
from voyagent.kernel.sheets import Sheet

_SAYS: dict[Format, str] = {
    "pdf": "{} as PDF.",
    "csv": "{} as CSV: its facts, its lines with their taxes, what settles it, what it comes to.\n\n{}",
    "xlsx": "{} as a workbook (XLSX).\n\n{}",
}
_ROWS = "The first column says what a row is. Facts and amounts are those of the JSON, under the same names."


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document that comes as files.

    `name` as in the address of its files, `words` as a sentence about it begins, `place` where it stands behind each door, `parameter` its id there. `read`
    raises `missing`; `typeset` takes what was read and the agency's name.
    """

    name: str
    words: str
    place: str
    page_place: str
    parameter: str
    permission: str
    missing: type[NotFound]
    read: Callable[[LaneReader, UUID], Any]
    sheet: Callable[[Any], Sheet]
    typeset: Callable[[LaneReader, Any, str], File]

    @property
    def endpoint(self) -> str:
        """Its name as that of a function."""
        return self.name.replace("-", "_")

    def says(self, form: Format) -> str:
        """The sentences about its file of one kind."""
        return _SAYS[form].format(self.words, _ROWS)


def put_behind_api(api: ApiBlueprint, document: Document) -> None:
    """Each of its files as an operation."""
    for form in SCHEMAS:
        known: dict[str, Any] = {"answer": SCHEMAS[form], "media_type": DOCUMENTED[form], "permission": document.permission, "missing": document.missing}
        api.get(f"{document.place}/{document.name}.{form}", **known)(_operation(document, form))


def put_behind_pages(pages: PageBlueprint, document: Document) -> None:
    """The same for people: a PDF in the language of `?locale=`, CSV as spreadsheets know it."""
    for form in SCHEMAS:
        address = f"{document.page_place}/{document.name}.{form}"
        pages.page(address, permission=document.permission, missing=document.missing)(_page(document, form))


def _operation(document: Document, form: Format) -> Callable[..., Response]:
    def handler(reader: LaneReader, query: PaperQuery | None = None, **ids: UUID) -> Response:
        return _answered(document, form, reader, ids[document.parameter], query.locale if query else None, bom=False)

    return _named(handler, f"get_{document.endpoint}_{form}", document, form, {"query": PaperQuery} if form == "pdf" else {})


def _page(document: Document, form: Format) -> Callable[..., Response]:
    def view(reader: LaneReader, **ids: UUID) -> Response:
        wanted = request.args.get("locale")
        return _answered(document, form, reader, ids[document.parameter], wanted if wanted in LOCALES else None, bom=True)

    return _named(view, f"{document.endpoint}_{form}", document, form, {})


def _named(handler: Callable[..., Response], name: str, document: Document, form: Format, more: Mapping[str, Any]) -> Callable[..., Response]:
    """The function under a name, with the parameters by which both doors know what it wants."""
    wanted = {"reader": LaneReader, document.parameter: UUID, **more}
    handler.__name__, handler.__doc__ = name, document.says(form)
    parameters = [inspect.Parameter(each, inspect.Parameter.KEYWORD_ONLY, annotation=kind) for each, kind in wanted.items()]
    handler.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return handler


def _answered(document: Document, form: Format, reader: LaneReader, document_id: UUID, locale: str | None, *, bom: bool) -> Response:
    """The file; a PDF is set in a language, the agency's where none is named. Raises what reading it raises where it is not there."""
    found, actor = document.read(reader, document_id), reader.prove()
    if form != "pdf":
        return filed(document.sheet(found), form, bom=bom)
    with force_locale(locale or actor.locale):
        return shown(document.typeset(reader, found, actor.tenant_name))


def facts_of(told: Row) -> Iterator[tuple[str, str | None, date | None]]:
    """What a document says of itself on the wire that is no amount and no list: name, text, day. A rate is a text with the day of its quotation."""
    for name, value in told.items():
        if isinstance(value, date):
            yield name, None, value
        elif name == "exchange_rate" and value:
            yield name, f"1 {value['base']} = {value['rate']} {value['quote']}", value["on"]
        elif isinstance(value, str | UUID) and not is_amount(name):
            yield name, str(value), None


def is_amount(name: str) -> bool:
    """Whether a member of the wire with this name is an amount."""
    return name.endswith("amount") or name in {"round_off", "unit_price", "basic_fare", "commission"}
