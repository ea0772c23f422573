"""The invoice on paper: what the typesetter is given, and the document that a customer keeps."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from flask import current_app
from flask_babel import force_locale, get_locale, gettext as _

from voyagent.billing import queries, service
from voyagent.billing.models import Invoice
from voyagent.billing.queries import InvoiceDocument
from voyagent.drivers.paper import Paper
from voyagent.http.presentation import amount, long_day, symbol_money
from voyagent.identity.service import Identity
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.kernel.reading import Reader, Row, SessionReader
from voyagent.kernel.spelling import in_words
from voyagent.mail.service import Attached, Outbox
from voyagent.settings import queries as settings
from voyagent.trips.service import Post


def document_of(reader: Reader, document: InvoiceDocument, agency: str) -> Attached:
    """An invoice as PDF in the language that is set, with what the agency has its documents say."""
    typesetter = current_app.extensions["voyagent.paper"]
    assert isinstance(typesetter, Paper)
    told = _on_paper(document, settings.read(reader) or {}, agency)
    return Attached(_file_name(document.invoice), "application/pdf", typesetter.pdf("invoice.typ", told))


def mail_invoice(actor: Actor, invoice_id: UUID, *, to: str, locale: str) -> Invoice:
    """Set the paper in a language and send it. Raises InvoiceNotFound and whatever `service.send_invoice` raises."""
    actor.require("invoice.send")
    service.check_sendable(queries.get_invoice(invoice_id))
    identity: Identity = current_app.extensions["voyagent.identity"]
    outbox: Outbox = current_app.extensions["voyagent.outbox"]
    reader = SessionReader(db.session)
    with force_locale(locale):
        paper = document_of(reader, queries.read_document(reader, invoice_id), actor.tenant_name)
    return service.send_invoice(Post(outbox, identity.limiter), actor, invoice_id, paper, to=to, locale=locale)


def _on_paper(document: InvoiceDocument, letterhead: Row, agency: str) -> dict[str, Any]:
    """The invoice as the typesetter takes it: texts in the reader's language, amounts as a customer reads them."""
    invoice = document.invoice
    currency = invoice["currency"]
    locale = get_locale()
    language = locale.language if locale else "en"
    total, is_open = Money(invoice["total_minor"], currency), Money(queries.open_minor_of(invoice), currency)
    title = _("Draft invoice") if invoice["status"] == "draft" else _("Invoice")
    number = invoice["number"] or _("numbered when it is issued")
    return {
        "lang": language,
        "title": title,
        "number": number,
        "stamp": _("Void") if invoice["status"] == "void" else "",
        "agency": agency,
        "address": letterhead.get("address") or "",
        "tax_number": _("Tax number %(number)s", number=letterhead["tax_number"]) if letterhead.get("tax_number") else "",
        "party": invoice["party_name"],
        "facts": _facts(invoice),
        "lines": [_line(line, currency) for line in document.lines],
        "total": symbol_money(total),
        "total_in_words": in_words(total, language),
        "settled": _settled(document, currency),
        "due": _due(invoice, is_open),
        "bank": (letterhead.get("bank_details") or "") if invoice["status"] != "void" else "",
        "notes": invoice["notes"] or "",
        "footer": f"{title} {number} · {agency}",
        "words": {
            "billed_to": _("Billed to"),
            "description": _("Description"),
            "quantity": _("Qty"),
            "rate": _("Rate"),
            "amount": _("Amount"),
            "total": _("Total"),
            "bank": _("Please pay to"),
            "notes": _("Please note"),
        },
    }


def _facts(invoice: Row) -> list[dict[str, str]]:
    known = [
        (_("Issued"), long_day(invoice["issue_date"], weekday=False, year=True)),
        (_("Due"), long_day(invoice["due_date"], weekday=False, year=True)),
        (_("Your reference"), invoice["party_reference"] or ""),
    ]
    return [{"label": label, "value": value} for label, value in known if value]


def _line(line: Row, currency: str) -> dict[str, str]:
    price, worth = Money(line["unit_price_minor"], currency), Money(line["amount_minor"], currency)
    return {"description": line["description"], "quantity": str(line["quantity"]), "rate": amount(price), "amount": amount(worth)}


def _settled(document: InvoiceDocument, currency: str) -> list[dict[str, str]]:
    """What was paid and what was credited, below the total."""
    received = [
        {"label": _("Received %(day)s", day=long_day(paid["paid_on"], weekday=False, year=True)), "amount": amount(-Money(paid["amount_minor"], currency))}
        for paid in document.payments
    ]
    credited = Money(document.invoice["credited_minor"], currency)
    return [*received, *([{"label": _("Credited"), "amount": amount(-credited)}] if credited else [])]


def _due(invoice: Row, still_open: Money) -> dict[str, str] | None:
    """What is left to pay and until when; None where there is nothing to say beside the total."""
    if invoice["status"] == "paid":
        return {"label": _("Paid in full"), "amount": symbol_money(still_open)}
    if invoice["status"] not in ("issued", "partially_paid"):
        return None
    until = long_day(invoice["due_date"], weekday=False, year=True)
    return {"label": _("To pay by %(day)s", day=until), "amount": symbol_money(still_open)}


def _file_name(invoice: Row) -> str:
    """`invoice-INV-2026-27-0001.pdf`: letters, figures and hyphens, as every system takes them."""
    named = re.sub(r"[^A-Za-z0-9]+", "-", invoice["number"] or "draft").strip("-")
    return f"invoice-{named}.pdf"
