"""Background jobs of mail: send one mail, and check the outbox every ten seconds.

No database transaction is open while a mail is sent.
"""

from __future__ import annotations

from uuid import UUID

from flask import current_app

from voyagent.drivers.mail.driver import MailDriver, MailNotSent, MailRefused
from voyagent.kernel.db import db, transaction
from voyagent.kernel.housekeeping import in_agencies
from voyagent.kernel.jobs import task
from voyagent.kernel.keyring import SealBroken
from voyagent.mail import documents, queries, service
from voyagent.mail.service import Outbox, QueuedMail


@task(service.DELIVER_TASK, own_transactions=True, is_outward=True)
def deliver(tenant_id: str, mail_id: str) -> None:
    """Claim a mail, send it and record the result."""
    outbox: Outbox = current_app.extensions["voyagent.outbox"]
    if outbox.driver is None:
        return  # the mail waits until a mail server is configured
    with transaction(UUID(tenant_id)):
        mail = service.take(UUID(mail_id))
    db.session.remove()
    if mail is None:
        return
    reason, is_final = _attempt(outbox, outbox.driver, mail)
    with transaction(UUID(tenant_id)):
        if reason is None:
            service.note_sent(mail)
        else:
            service.note_failure(mail, reason, is_final=is_final)
    db.session.remove()


def _attempt(outbox: Outbox, driver: MailDriver, mail: QueuedMail) -> tuple[str | None, bool]:
    """Try to send a mail; return the reason of a failure, and whether it is final.

    The reason is None if the mail was sent. The reason never contains the text of an error, because
    that text may contain a link or an address.
    """
    try:
        message = documents.write(
            mail,
            outbox.unseal(mail),
            settings=outbox.settings,
            templates=current_app.jinja_env,
        )
        driver.send(message)
    except MailNotSent as error:
        return error.reason, isinstance(error, MailRefused)
    except Exception as error:  # noqa: BLE001 - an error of a template must not show its values
        return type(error).__name__, isinstance(error, SealBroken)
    return None, False


@task("mail.see_to", own_transactions=True, every="* * * * * */10", is_outward=True)
def see_to(timestamp: int) -> None:  # noqa: ARG001 - the worker passes the time
    """Queue the due mails of every agency, and give up mails that are too old."""
    in_agencies(queries.agencies_with_mail, service.see_to_mail)
