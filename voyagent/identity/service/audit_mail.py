"""Mail signed statements of an agency's audit log to the configured addresses.

A statement contains the hash of the newest audit event and a signature.
"""

from __future__ import annotations

from voyagent.audit.service import statements
from voyagent.identity.queries import people
from voyagent.identity.service.trust import is_provisional
from voyagent.identity.service.values import Identity
from voyagent.mail.service import Attached
from voyagent.settings import queries as settings_queries


def mail_statement(identity: Identity) -> int:
    """Mail the newest audit statement of the current agency, if not yet mailed.

    Returns the number of mails. A provisional agency mails nothing, because its settings may name
    e-mail addresses of strangers.
    """
    settings = settings_queries.get_settings()
    wanted = settings_queries.audit_addresses(settings)
    if settings.audit_mail_administrators:
        wanted += people.administrators_to_mail()
    if not wanted or is_provisional():
        return 0
    statement = statements.take_for_mail()
    if statement is None:
        return 0
    attached = Attached(
        f"voyagent-audit-statement-{statement.number}.json",
        "application/json",
        f"{statement.document}\n".encode(),
    )
    addresses = dict.fromkeys(wanted)
    for address in addresses:
        identity.outbox.send(
            to=address,
            kind="audit_statement",
            locale=settings.locale,
            attached=attached,
            seq=str(statement.seq),
            head=statement.head.hex(),
            kid=statement.kid,
        )
    return len(addresses)
