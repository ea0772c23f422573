"""Growth of the tables: what adds rows to each table, and until when they stay.

Operators read these rules in docs/operations.md. A test fails on a table without a rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class End(StrEnum):
    """The rule that limits the number of rows of a table."""

    NEVER = "never"
    """The rows stay as long as the books, and their number grows with the business."""
    PARENT = "parent"
    """A row is deleted with the row of another table, by a foreign key."""
    PERIOD = "period"
    """A row is deleted after a retention period (`rules/retention.py`)."""
    TASK = "task"
    """A periodic task deletes the rows."""
    NUMBER = "number"
    """The number of rows has a limit that does not grow with time."""


@dataclass(frozen=True, slots=True)
class Growth:
    """The rule of one or more tables.

    `added` says for what a row is added, and `until` what becomes of it, as the operations page
    prints them. `by` depends on `end`: for PARENT, the table with whose rows the rows are deleted;
    for PERIOD, the kind of retention period; for TASK, the name of the task. Otherwise `by` is
    empty.
    """

    tables: tuple[str, ...]
    added: str
    end: End
    until: str
    by: str = ""


_BOOKS = "stays with the books"
_DELETED = "is deleted with"

GROWTH: tuple[Growth, ...] = (
    Growth(
        ("postings", "journal_entries", "allocations"),
        "each entry, its lines, and each settled document",
        End.NEVER,
        _BOOKS,
    ),
    Growth(
        (
            *("invoices", "bills", "payments", "refunds", "credit_notes", "supplier_credits"),
            *("write_offs", "gateway_payouts", "cancellations", "refund_parts", "number_series"),
            *("supplier_claims", "supplier_claim_receipts", "receipt_vouchers", "voucher_uses"),
            *("received_cheques", "cheque_invoices", "closed_months", "imports"),
        ),
        "each document, payout, claim, cheque, voucher, series of numbers, closed month and"
        " imported file",
        End.NEVER,
        f"{_BOOKS}; a draft that is deleted goes",
    ),
    Growth(
        ("kept_papers",),
        "each invoice, credit note and voucher that was issued or printed",
        End.NEVER,
        f"{_BOOKS}; an erasure deletes the file of a document that names the person",
    ),
    Growth(
        ("invoice_lines",),
        "each line of an invoice",
        End.PARENT,
        f"{_DELETED} the draft in `invoices`",
        "invoices",
    ),
    Growth(
        ("invoice_taxes",),
        "each tax of a line",
        End.PARENT,
        f"{_DELETED} the line in `invoice_lines`",
        "invoice_lines",
    ),
    Growth(
        ("bill_lines",),
        "each line of a bill",
        End.PARENT,
        f"{_DELETED} the draft in `bills`",
        "bills",
    ),
    Growth(
        ("expected_bill_matches",),
        "each line of a bill that was expected",
        End.PARENT,
        f"{_DELETED} the draft in `bills`",
        "bills",
    ),
    Growth(
        ("bill_taxes",),
        "each tax of a line",
        End.PARENT,
        f"{_DELETED} the line in `bill_lines`",
        "bill_lines",
    ),
    Growth(
        (
            *("credit_note_lines", "credit_note_taxes", "supplier_credit_lines"),
            *("supplier_credit_taxes", "cancellation_lines"),
        ),
        "each line and tax of a credit, and each line of a cancellation",
        End.NEVER,
        _BOOKS,
    ),
    Growth(
        (
            *("daily_balances", "monthly_balances", "trip_earnings", "ageing_by_due"),
            *("ageing_by_party", "party_open_balances", "advances_by_day", "advances_by_party"),
        ),
        "each stored sum, such as an account's day",
        End.NEVER,
        _BOOKS,
    ),
    Growth(
        (
            *("accounts", "bank_accounts", "parties", "person_links", "erasures"),
            *("party_merges", "party_roots", "exchange_rates", "revaluations", "accruals"),
        ),
        "each account, bank account, customer, supplier, their merges, confirmed link, erasure,"
        " exchange rate, revaluation and accrual",
        End.NEVER,
        _BOOKS,
    ),
    Growth(
        ("recognition_policies",),
        "each change of when revenue and cost are recognised",
        End.NEVER,
        _BOOKS,
    ),
    Growth(
        ("tax_confirmations",),
        "each confirmation of the rates of a tax treatment",
        End.NEVER,
        _BOOKS,
    ),
    Growth(
        ("party_addresses", "party_contacts", "party_tax_numbers"),
        "each further address, contact and tax number of a customer or supplier",
        End.PARENT,
        "stays with its row in `parties`, until somebody removes it",
        "parties",
    ),
    Growth(
        ("trips", "enquiries", "enquiries_by_hour"),
        "each trip and enquiry, and each hour with an enquiry, by status",
        End.NEVER,
        "stays; names go after the periods `passengers` and `enquiries`",
    ),
    Growth(
        ("trip_lines", "trip_passengers", "expected_bills"),
        "each service and passenger of a trip, and each bill expected for a service",
        End.PARENT,
        "stays with its row in `trips`",
        "trips",
    ),
    Growth(
        ("person_keys",),
        "each passenger with a passport, and each erased customer with documents",
        End.PERIOD,
        "is deleted after the period `passports`, of a customer `tax_identity`",
        "passports",
    ),
    Growth(
        ("enquiry_counts", "invoice_counts", "approval_counts"),
        "each status",
        End.NUMBER,
        "at most ten for each agency",
    ),
    Growth(
        ("tenants", "users"),
        "each agency and person",
        End.NEVER,
        "stays, because records name it; a removed person loses access",
    ),
    Growth(
        ("agency_deletions",),
        "each deleted agency",
        End.NEVER,
        "stays, because it proves the deletion",
    ),
    Growth(
        ("tenant_settings", "tenant_logos", "audit_heads"),
        "each agency",
        End.NUMBER,
        "one for each agency",
    ),
    Growth(
        ("auth_sessions",),
        "each sign-in",
        End.PERIOD,
        "is deleted after its end and the period `sessions`",
        "sessions",
    ),
    Growth(
        ("refresh_tokens",),
        "each refresh by a program",
        End.PARENT,
        f"{_DELETED} its row in `auth_sessions`",
        "auth_sessions",
    ),
    Growth(
        ("invites", "one_time_tokens", "revoked_tokens", "api_keys"),
        "each invitation, mailed link, signed-out token and API key",
        End.PERIOD,
        "is deleted after its end and the period `credentials`; a key in use stays",
        "credentials",
    ),
    Growth(
        ("recovery_codes",),
        "each recovery code",
        End.NUMBER,
        "ten for each person; new ones replace the old",
    ),
    Growth(
        ("chat_sessions",),
        "each conversation",
        End.PERIOD,
        "is deleted without a message for the period `conversations`",
        "conversations",
    ),
    Growth(
        ("chat_messages", "chat_turns", "approvals"),
        "each message, answer of the assistant, and request for approval",
        End.PARENT,
        f"{_DELETED} its conversation in `chat_sessions`",
        "chat_sessions",
    ),
    Growth(
        ("chat_events",),
        "each piece of an answer that is sent to a client",
        End.PERIOD,
        "is deleted after the end of the answer and the period `turn_events`; the last event of"
        " each answer stays with the conversation",
        "turn_events",
    ),
    Growth(
        ("chat_turn_steps",),
        "each step of an answer",
        End.PERIOD,
        "is deleted after the period `turn_steps`",
        "turn_steps",
    ),
    Growth(
        ("turn_costs",),
        "each request to a language model",
        End.PERIOD,
        "is deleted after the period `turn_costs`",
        "turn_costs",
    ),
    Growth(
        ("model_daily_usage",),
        "each day with a request to a language model",
        End.NEVER,
        "stays, one for each agency and day",
    ),
    Growth(
        ("rate_limit_hits", "budget_reservations", "missing_models"),
        "each message of the last hour, running request to a model, and model that was not there",
        End.NUMBER,
        "at most the messages of an hour; the next message or request deletes older ones",
    ),
    Growth(
        ("mails",),
        "each mail",
        End.PERIOD,
        "loses its contents when it is sent or given up, within seven days, and is deleted after"
        " the period `mails`",
        "mails",
    ),
    Growth(
        ("supplier_offers", "supplier_responses"),
        "each search at a supplier",
        End.TASK,
        "`trips.sweep_offers` deletes it an hour after it expires, the offer of a booked hotel"
        " after the stay",
        "trips.sweep_offers",
    ),
    Growth(
        ("report_files",),
        "each large file",
        End.TASK,
        "`reports.sweep` deletes it after a day",
        "reports.sweep",
    ),
    Growth(
        ("idempotency_keys",),
        "each request with an `Idempotency-Key`",
        End.TASK,
        "`http.purge_idempotency_keys` deletes it after a day",
        "http.purge_idempotency_keys",
    ),
    Growth(
        ("audit_events",),
        "each act",
        End.NEVER,
        "stays, because the chain must be complete",
    ),
    Growth(
        ("audit_private",),
        "each act with personal text",
        End.PERIOD,
        "is deleted after the period `audit_text`",
        "audit_text",
    ),
    Growth(
        ("audit_statements",),
        "each night",
        End.NEVER,
        "stays, because it proves the events before it",
    ),
    Growth(
        ("audit_checks",),
        "each check of an audit log",
        End.NUMBER,
        "the newest 100 of each agency",
    ),
    Growth(
        ("procrastinate_jobs",),
        "each job",
        End.TASK,
        "is deleted when it succeeds; `privacy.delete_failed_jobs` deletes a failed one after"
        " `VOYAGENT_FAILED_JOBS_DAYS`",
        "privacy.delete_failed_jobs",
    ),
    Growth(
        ("procrastinate_events",),
        "each change of a job",
        End.PARENT,
        f"{_DELETED} its row in `procrastinate_jobs`",
        "procrastinate_jobs",
    ),
    Growth(
        ("procrastinate_workers", "procrastinate_periodic_defers"),
        "each running worker and periodic task",
        End.NUMBER,
        "one for each; a worker that ended is removed by the others",
    ),
    Growth(
        ("installation", "alembic_version", "sql_files", "heartbeat", "last_runs"),
        "the installation, each file of database functions, and each kind of check",
        End.NUMBER,
        "as many as the release has",
    ),
)
"""The rules; each table of the database belongs to exactly one."""
