"""Service that sends an invoice by mail."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.invoices.errors import InvoiceNotSendable
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.identity.service.trust import require_verified_agency
from voyagent.kernel import clock, limits
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.mail.service import Attached, masked
from voyagent.trips.service.sending import Post


def send_invoice(
    post: Post,
    actor: Actor,
    invoice_id: UUID,
    make: Callable[[], Attached],
    *,
    to: str,
    locale: str,
) -> Invoice:
    """Mail an issued invoice to the address `to`, and return the invoice.

    `make` returns the PDF; it is called only if nothing else forbids the mail. `locale` is the
    language of the mail. `post` has the installation's outbox and rate limiter. Replies go to the
    actor.

    Raises Forbidden, AgencyNotVerified, InvoiceNotFound, InvoiceNotSendable, TooManyRequests, and
    the errors of `make`.
    """
    actor.require("invoice.send")
    require_verified_agency()
    check_sendable(invoice_queries.get_invoice(invoice_id))
    post.limiter.admit(limits.DOCUMENT_MAIL, account=to, agency=actor.tenant_id)
    document = make()
    invoice = invoice_queries.get_invoice(invoice_id, lock=True)
    check_sendable(invoice)
    post.outbox.send(
        to=to,
        kind="invoice",
        locale=locale,
        attached=document,
        number=invoice.number or "",
        sender=actor.full_name,
        reply_to=actor.email,
    )
    invoice.sent_at, invoice.sent_to = clock.now(), to
    db.session.flush()
    audit.record(
        actor,
        "invoice.sent",
        entity_refs={"invoice_id": invoice.id},
        inputs={"locale": locale},
        private={"to": masked(to)},
    )
    return invoice


def check_sendable(invoice: Invoice) -> None:
    """Check that an invoice is neither a draft nor void. Raises InvoiceNotSendable."""
    if invoice.status in ("draft", "void"):
        raise InvoiceNotSendable
