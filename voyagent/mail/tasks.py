"""Jobs of mail: send what is due without a transaction; check the outbox every ten seconds."""

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


@task(service.DELIVER_TASK, own_transactions=True)
def deliver(tenant_id: str, mail_id: str) -> None:
    """Claim a mail, send it without holding a database connection, record the result."""
    outbox: Outbox = current_app.extensions["voyagent.outbox"]
    if outbox.driver is None:
        return  # it waits until the installation has a mail server
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
    """Return the reason of a failure and whether it is final.

    Only the error's class name is returned: its text may hold a link or an address.
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
    except Exception as error:  # noqa: BLE001 - a template that cannot be filled must not show what it was filled with
        return type(error).__name__, isinstance(error, SealBroken)
    return None, False


@task("mail.see_to", own_transactions=True, every="* * * * * */10")
def see_to(timestamp: int) -> None:  # noqa: ARG001 - the worker hands the tick in
    """Queue due mail, give up outdated mail, delete old records."""
    in_agencies(queries.agencies_with_mail, service.see_to_mail)
