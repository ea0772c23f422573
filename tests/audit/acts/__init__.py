"""All acts that must record an event, and exceptions with their reason."""

from tests.audit.acts import (
    account,
    banking,
    cheques,
    claims,
    coming_in,
    imports,
    money,
    operating,
    parties,
    privacy,
    rates,
    recognition,
    tax_rates,
    travel,
    vouchers,
    work,
)
from tests.audit.acts.registry import ACTS, Act, Left

# Operations, pages, tasks and commands that could change something and leave no event, and why.
NO_ACTS = {
    "audit.check": (
        "its result is stored as a check and logged; the request for it records the event"
    ),
    "POST /api/invoices/<invoice_id>/cancellations/preview": "it is rolled back",
    "POST /api/trips/<trip_id>/cancellations/preview": "it is rolled back",
    "audit.check_agencies": "the same, each night; it also signs, see `audit sign`",
    "audit.nightly": "the same, each night",
    "audit verify": "it only reads",
    "audit sign": "a signed head is kept outside the chain; each signing would need another one",
    "audit keys": "it only reads",
    "books check": "it only reads",
    "backup": "it only reads; the file has all agencies, and is the operator's",
    "restore": "the database is replaced whole; the chain of each agency is that of the backup",
    "release": "what the original may have sent is dropped as undelivered; the mail's row says so",
    "agency import": (
        "it needs another installation; the imported chain gets `agency.imported`, see"
        " tests/agencies/test_import.py"
    ),
    "check": "it only reads",
    "replay": "the same",
    "examples tune": "it only reads, and prints thresholds",
    "http.purge_idempotency_keys": (
        "kept answers are forgotten after a day; what they answered has its events"
    ),
    "mail.deliver": "what had the mail sent has its event; the mail's row says what became of it",
    "mail.see_to": "the same",
    "identity.mail_audit_statements": "the change of the setting that asks for it has its event",
    "chat.housekeeping": "a turn whose job was lost goes on; what it then does has its events",
    "trips.sweep_offers": "what a supplier once offered is nobody's act",
    "billing.keep_paper": "the document was issued, which has its event",
    "books link-parties": "no fact changes: rows of an earlier release get the id of their party",
    "reports.make_file": "the page that it repeats records the export (`data.exported`)",
    "reports.sweep": "expired copies of files",
    "trips.seal_anew": "the same numbers under the present secret",
    "privacy.delete_failed_jobs": "jobs that failed long ago, which belong to no agency",
    "privacy.mask": "numbers in the arguments of finished requests, whose decisions have events",
    "mask-conversations": "the same for texts of an earlier release",
    "privacy.seal": "the same values, encrypted with the present secret",
    "demo": "it acts by the rules, which leave their events",
    "migrate-up": "the schema is nobody's act",
    "upgrade": "the same",
    "status": "it only reads",
    "POST /operator/sign-in": "the operator belongs to no agency; the log has it",
    "POST /operator/sign-out": "the same",
    "worker": "it runs the tasks",
}

__all__ = [
    "ACTS",
    "NO_ACTS",
    "Act",
    "Left",
    "account",
    "banking",
    "cheques",
    "claims",
    "coming_in",
    "imports",
    "money",
    "operating",
    "parties",
    "privacy",
    "rates",
    "recognition",
    "tax_rates",
    "travel",
    "vouchers",
    "work",
]
