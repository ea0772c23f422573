"""What both doors answer with where a document of billing is asked for on paper."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from flask import Response
from flask_babel import force_locale

from voyagent.billing import paper, queries
from voyagent.http.files import shown
from voyagent.kernel.reading import LaneReader

Kind = Literal["invoice", "credit_note", "payment", "bill", "supplier_credit"]

_PAPERS: dict[Kind, tuple[Any, Any]] = {
    "invoice": (queries.read_document, paper.document_of),
    "credit_note": (queries.read_credit_note, paper.credit_note_of),
    "payment": (queries.read_payment, paper.payment_of),
    "bill": (queries.read_bill, paper.bill_of),
    "supplier_credit": (queries.read_supplier_credit, paper.supplier_credit_of),
}


def on_paper(reader: LaneReader, kind: Kind, document_id: UUID, locale: str | None) -> Response:
    """The document as PDF in a language, the agency's where none is named. Raises what reading it raises where it is not there."""
    read, typeset = _PAPERS[kind]
    found, actor = read(reader, document_id), reader.prove()
    with force_locale(locale or actor.locale):
        return shown(typeset(reader, found, actor.tenant_name))
