"""Register of personal data: tables, links to people, effects of an erasure.

The overview, the export, the preview of an erasure and the documentation are made from this
register. A test fails on a table that is neither in HOLDINGS nor in WITHOUT.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from voyagent.kernel.errors import N_

Erasure = Literal["removed", "pseudonym", "stays"]
BOOKS = "books"
"""Retention of the books: they are never deleted by the program."""
ACCOUNT = "account"
"""Retention of people with an account: as long as the account exists."""
SHORT = "short"
"""Retention by another job: expired offers, tokens and repeated requests, within days."""


@dataclass(frozen=True, slots=True)
class Mention:
    """Free texts of a table that may name a person in a record of somebody else.

    Such a record, for example another customer's invoice, can be linked to the person. `kind` is
    the kind of the record, and `record` the column with its id. `texts` are the columns in which an
    erasure replaces the names and contact details of the person, and `shown` are further columns
    for an export. `title` is the SQL expression of the record's title, `at` the column with its
    time, and `offered` the SQL condition for rows that are offered as candidates. If `posted` is
    true, only the database function `app.replace_words` can change the rows. If `is_whole` is true,
    a row that names the person is about nobody else, so an export shows all its texts.
    """

    kind: str
    texts: tuple[str, ...]
    record: str = "id"
    shown: tuple[str, ...] = ()
    title: str = ""
    at: str = "created_at"
    offered: str = "true"
    posted: bool = True
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Holding:
    """Personal data in one table.

    `linked` is the SQL condition for the rows that belong to a person; `t` is the alias of the
    table. If `linked` is empty, no row can be assigned to a customer. The condition may use the
    keys of `Links.parameters` (`queries/person.py`) as parameters, such as `:key`, the `party_key`
    of the party, and the ids `:enquiries`. It may also use `:patterns`, the regular expressions
    that find the person in a text (`rules/spellings.py`). `erasure` is the effect of an erasure on
    the rows, and `why` the reason for the data that stays. With `removed`, the rows or their
    personal columns are deleted. With `pseudonym`, a made-up name takes the place of the name, also
    inside texts, the address is emptied, and the rest stays. With `stays`, nothing changes.
    """

    table: str
    label: str
    columns: tuple[str, ...]
    linked: str
    erasure: Erasure
    retention: str
    why: str = ""
    of_customer: bool = True
    mention: Mention | None = None


_OF_INVOICE = "t.invoice_id in (select id from invoices where party_key = :key)"
_OF_BILL = "t.bill_id in (select id from bills where party_key = :key)"
EntryTexts = Literal["document", "lines", "service", "offered", "reversal", "nobody"]
ENTRY_TEXTS: dict[str, EntryTexts] = {
    **dict.fromkeys(
        (
            *("invoice", "bill", "credit_note", "supplier_credit", "write_off"),
            *("payment", "bounce", "refund", "receipt_voucher", "voucher_use"),
        ),
        "document",
    ),
    **dict.fromkeys(("allocation", "claim_receipt"), "lines"),
    "accrual": "service",
    **dict.fromkeys(("journal", "assistant", "payout"), "offered"),
    "journal_entry": "reversal",
    **dict.fromkeys(("revaluation", "base_amounts"), "nobody"),
}
"""Find journal entries that may name a person in one of these ways, by type of source.

- `document`: by the document of the party (`sql/entries_of_party.sql`).
- `lines`: by the party, which all lines of the entry have.
- `service`: by the trip and the supplier of an expected bill (`mentions.linked`). The entry names
  the service or the trip, so it is also offered as a candidate.
- `offered`: as a candidate. No document of the person leads to it, and people write its text.
- `reversal`: with the entry that it reverses.
- `nobody`: not at all, because it names a currency and a month only.
"""
_FREE = ", ".join(f"'{one}'" for one, how in ENTRY_TEXTS.items() if how in ("service", "offered"))
_WRITTEN = f"select id from journal_entries where source_type in ({_FREE})"  # noqa: S608 - fixed
"""Entries offered as candidates. The texts of other entries are also in their documents."""
_REVERSALS = f"select id from journal_entries where reverses_id in ({_WRITTEN})"  # noqa: S608 - own
_TAX = N_("Numbers, amounts and dates stay, because tax law requires the document.")
_LEDGER = N_("Amounts and dates stay, because the books must be kept.")
_STAFF = N_("It belongs to a colleague, not to a customer.")

HOLDINGS: tuple[Holding, ...] = (
    Holding(
        "parties",
        N_("Customers and suppliers"),
        (
            *("name", "email", "phone", "address", "country", "state", "tax_number"),
            *("tax_number_sealed", "pan_sealed", "external_id", "terms_days", "credit_limit_minor"),
            *("credit_limit_currency", "is_on_hold", "notes", "created_at"),
        ),
        "t.id = :party_id",
        "removed",
        BOOKS,
        mention=Mention("party", ("notes", "address"), title="t.name", posted=False),
    ),
    Holding(
        "party_addresses",
        N_("Further addresses"),
        ("kind", "lines", "city", "postcode", "country", "state", "is_default", "created_at"),
        "t.party_id = :party_id",
        "removed",
        BOOKS,
        mention=Mention("party", ("lines", "city"), "party_id", posted=False),
    ),
    Holding(
        "party_tax_numbers",
        N_("Further tax numbers"),
        ("number_sealed", "country", "state", "is_default", "created_at"),
        "t.party_id = :party_id",
        "removed",
        BOOKS,
    ),
    Holding(
        "party_contacts",
        N_("Contacts"),
        ("name", "role", "email", "phone", "is_default", "created_at"),
        "t.party_id = :party_id",
        "removed",
        BOOKS,
        mention=Mention(
            "party", ("name", "role", "email", "phone"), "party_id", posted=False, is_whole=True
        ),
    ),
    Holding(
        "party_merges",
        N_("Merged records"),
        ("from_id", "into_id", "reason", "merged_at", "undone_at"),
        ":party_id in (t.from_id, t.into_id)",
        "pseudonym",
        BOOKS,
        N_("The merge and its day stay without the name."),
    ),
    Holding(
        "enquiries",
        N_("Enquiries"),
        (
            *("customer_name", "customer_email", "customer_phone", "origin", "destination"),
            *("depart_date", "return_date", "pax_count", "status", "notes", "created_at"),
        ),
        "t.id = any(:enquiries)",
        "removed",
        "enquiries",
        N_("Route, dates and status stay without a name."),
    ),
    Holding(
        "trips",
        N_("Trips"),
        ("title", "notes", "sent_to", "created_at"),
        "t.id = any(:trips)",
        "pseudonym",
        BOOKS,
        N_("Services and amounts stay, because the margin of the trip depends on them."),
    ),
    Holding(
        "trip_passengers",
        N_("Passengers"),
        (
            *("full_name", "kind", "date_of_birth", "nationality", "passport_sealed"),
            *("passport_last4", "passport_expiry", "created_at"),
        ),
        "t.id = any(:passengers)",
        "removed",
        "passengers",
    ),
    Holding(
        "trip_lines",
        N_("Services of trips"),
        ("kind", "status", "starts_on", "ends_on", "details", "supplier", "supplier_ref"),
        "(t.trip_id = any(:trips) or t.trip_id = any(:joined)"
        " and concat_ws(' ', t.details, t.supplier, t.supplier_ref)"
        " ~* any(cast(:patterns as text[])))",
        "pseudonym",
        BOOKS,
        N_("Services and amounts stay, because the margin of the trip depends on them."),
    ),
    Holding(
        "chat_sessions",
        N_("Conversations"),
        ("title", "created_at", "message_count"),
        "t.id = any(:conversations)",
        "removed",
        "conversations",
    ),
    Holding(
        "chat_messages",
        N_("Messages"),
        ("role", "blocks", "created_at"),
        "t.session_id = any(:conversations)",
        "removed",
        "conversations",
    ),
    Holding(
        "chat_turns",
        N_("Requests to the assistant"),
        ("message", "created_at"),
        "t.session_id = any(:conversations)",
        "removed",
        "conversations",
    ),
    Holding(
        "chat_events",
        N_("Steps shown by the assistant"),
        ("kind", "data", "created_at"),
        "t.session_id = any(:conversations)",
        "removed",
        "turn_events",
    ),
    Holding(
        "chat_turn_steps",
        N_("Intermediate results of the assistant"),
        ("kind", "outcome", "finished_at"),
        "t.turn_id in (select id from chat_turns where session_id = any(:conversations))",
        "removed",
        "turn_steps",
    ),
    Holding(
        "approvals",
        N_("Approval requests"),
        ("tool_name", "summary", "payload", "preview", "status", "reason", "requested_at"),
        "t.session_id = any(:conversations)",
        "removed",
        "conversations",
    ),
    Holding(
        "invoices",
        N_("Invoices"),
        (
            *("number", "status", "issue_date", "due_date", "currency", "total_minor"),
            *("party_name", "party_reference", "notes", "place_of_supply", "customer_tax_number"),
            *("customer_tax_number_sealed", "customer_pan", "customer_pan_sealed", "sent_to"),
            *("void_reason", "party_address"),
        ),
        "t.party_key = :key",
        "pseudonym",
        BOOKS,
        _TAX,
        mention=Mention(
            "invoice",
            ("party_reference", "notes", "sent_to", "void_reason"),
            shown=("number", "issue_date"),
            title="concat_ws(', ', t.number, t.party_name)",
        ),
    ),
    Holding(
        "invoice_lines",
        N_("Lines of invoices"),
        (
            *("description", "quantity", "unit", "amount_minor", "service_date", "service_to"),
            "place_of_supply",
        ),
        _OF_INVOICE,
        "pseudonym",
        BOOKS,
        _TAX,
        mention=Mention("invoice", ("description",), "invoice_id", ("service_date",)),
    ),
    Holding(
        "bills",
        N_("Bills"),
        (
            *("vendor_reference", "status", "issue_date", "due_date", "currency", "total_minor"),
            *("party_name", "party_reference", "notes", "void_reason"),
        ),
        "t.party_key = :key",
        "pseudonym",
        BOOKS,
        _TAX,
        mention=Mention(
            "bill",
            ("vendor_reference", "party_reference", "notes", "void_reason"),
            shown=("issue_date",),
            title="concat_ws(', ', t.vendor_reference, t.party_name)",
        ),
    ),
    Holding(
        "bill_lines",
        N_("Lines of bills"),
        ("description", "quantity", "unit", "amount_minor", "service_date", "service_to"),
        _OF_BILL,
        "pseudonym",
        BOOKS,
        _TAX,
        mention=Mention("bill", ("description",), "bill_id", ("service_date",)),
    ),
    Holding(
        "payments",
        N_("Payments"),
        (
            *("number", "direction", "paid_on", "currency", "amount_minor", "party_name"),
            *("mode", "instrument_no", "instrument_on", "instrument_bank"),
            *("tds_minor", "tds_section", "tds_certificate", "charge_minor"),
            *("reference", "reversal_reason"),
        ),
        "t.party_key = :key",
        "pseudonym",
        BOOKS,
        _LEDGER,
        mention=Mention(
            "payment",
            (
                *("reference", "reversal_reason"),
                *("instrument_no", "instrument_bank", "tds_certificate"),
            ),
            shown=("number", "paid_on"),
            title="concat_ws(', ', t.number, t.party_name)",
        ),
    ),
    Holding(
        "received_cheques",
        N_("Received cheques"),
        (
            *("cheque_no", "cheque_on", "drawee_bank", "currency", "amount_minor", "received_on"),
            *("note", "returned_on", "return_reason"),
        ),
        "t.party_id = :party_id",
        "pseudonym",
        BOOKS,
        _LEDGER,
        mention=Mention(
            "party",
            ("cheque_no", "drawee_bank", "note", "return_reason"),
            "party_id",
            ("cheque_on",),
            posted=False,
        ),
    ),
    Holding(
        "refunds",
        N_("Refunds"),
        (
            *("number", "refunded_on", "amount_minor", "mode", "instrument_no", "instrument_on"),
            *("instrument_bank", "reference", "reversal_reason"),
        ),
        "t.payment_id in (select id from payments where party_key = :key)",
        "pseudonym",
        BOOKS,
        _LEDGER,
        mention=Mention(
            "payment",
            ("reference", "reversal_reason", "instrument_no", "instrument_bank"),
            "payment_id",
            ("number", "refunded_on"),
        ),
    ),
    Holding(
        "credit_notes",
        N_("Credit notes"),
        (
            *("number", "issue_date", "currency", "total_minor", "party_name", "reason"),
            "reversal_reason",
        ),
        "t.party_key = :key",
        "pseudonym",
        BOOKS,
        _TAX,
        mention=Mention(
            "credit_note",
            ("reason", "reversal_reason"),
            shown=("number", "issue_date"),
            title="concat_ws(', ', t.number, t.party_name)",
        ),
    ),
    Holding(
        "credit_note_lines",
        N_("Lines of credit notes"),
        ("description", "amount_minor"),
        "t.credit_note_id in (select id from credit_notes where party_key = :key)",
        "pseudonym",
        BOOKS,
        _TAX,
        mention=Mention("credit_note", ("description",), "credit_note_id"),
    ),
    Holding(
        "kept_papers",
        N_("Invoices and credit notes as PDF"),
        ("kind", "document_id", "kept_at"),
        "t.document_id in (select id from invoices where party_key = :key"
        " union all select id from credit_notes where party_key = :key)",
        "removed",
        BOOKS,
        N_("The next print makes a new file without the name."),
    ),
    Holding(
        "cancellations",
        N_("Cancellations"),
        ("number", "cancelled_on", "reason"),
        "t.id in (select cancellation_id from cancellation_lines l left join invoices i"
        " on i.tenant_id = l.tenant_id and i.id = l.invoice_id left join bills b"
        " on b.tenant_id = l.tenant_id and b.id = l.bill_id"
        " where :key in (i.party_key, b.party_key))",
        "pseudonym",
        BOOKS,
        _LEDGER,
        mention=Mention("cancellation", ("reason",), shown=("number",), title="t.number"),
    ),
    Holding(
        "supplier_credits",
        N_("Supplier credits"),
        (
            *("vendor_reference", "issue_date", "currency", "total_minor", "party_name"),
            *("reason", "reversal_reason"),
        ),
        "t.party_key = :key",
        "pseudonym",
        BOOKS,
        _TAX,
        mention=Mention(
            "supplier_credit",
            ("vendor_reference", "reason", "reversal_reason"),
            shown=("issue_date",),
            title="concat_ws(', ', t.vendor_reference, t.party_name)",
        ),
    ),
    Holding(
        "supplier_credit_lines",
        N_("Lines of supplier credits"),
        ("description", "amount_minor"),
        "t.supplier_credit_id in (select id from supplier_credits where party_key = :key)",
        "pseudonym",
        BOOKS,
        _TAX,
        mention=Mention("supplier_credit", ("description",), "supplier_credit_id"),
    ),
    Holding(
        "write_offs",
        N_("Write-offs"),
        ("effective_on", "amount_minor", "reason"),
        _OF_INVOICE,
        "pseudonym",
        BOOKS,
        _LEDGER,
        mention=Mention("invoice", ("reason",), "invoice_id", ("effective_on",)),
    ),
    Holding(
        "journal_entries",
        N_("Journal entries"),
        ("entry_date", "narration"),
        "t.id in (select id from app.entries_of_party(:key))",
        "pseudonym",
        BOOKS,
        _LEDGER,
        mention=Mention(
            "journal_entry",
            ("narration",),
            shown=("entry_date",),
            title="t.narration",
            at="recorded_at",
            offered=f"t.id in ({_WRITTEN} union {_REVERSALS})",
        ),
    ),
    Holding(
        "postings",
        N_("Journal lines"),
        ("effective_date", "currency", "debit_minor", "credit_minor", "party_name", "memo"),
        "t.party_key = :key",
        "pseudonym",
        BOOKS,
        _LEDGER,
        mention=Mention(
            "journal_entry",
            ("memo",),
            "entry_id",
            ("effective_date",),
            offered=f"t.entry_id in ({_WRITTEN} union {_REVERSALS})",
        ),
    ),
    Holding(
        "ageing_by_party",
        N_("Open amounts by age"),
        ("kind", "currency", "issue_month", "party_name", "open_minor"),
        "t.party_key = :key",
        "removed",
        BOOKS,
    ),
    Holding(
        "party_open_balances",
        N_("Open amounts"),
        ("kind", "currency", "party_name", "open_minor"),
        "t.party_key = :key",
        "removed",
        BOOKS,
    ),
    Holding(
        "advances_by_party",
        N_("Advances"),
        ("direction", "currency", "party_name", "unapplied_minor"),
        "t.party_key = :key",
        "removed",
        BOOKS,
    ),
    Holding(
        "audit_private",
        N_("Personal text in the audit log"),
        ("seq", "parts"),
        "t.seq = any(:events)",
        "removed",
        "audit_text",
        N_("The events stay without this text, because the log must be complete."),
    ),
    Holding(
        "person_links",
        N_("Confirmed links"),
        ("kind", "record_id", "confirmed_at"),
        "t.party_id = :party_id",
        "stays",
        BOOKS,
        N_("They contain ids only."),
    ),
    Holding(
        "erasures",
        N_("Erasures"),
        ("reason", "erased_at", "identity_until"),
        "t.party_id = :party_id",
        "stays",
        "tax_identity",
        N_("The agency must be able to prove the erasure."),
    ),
    Holding(
        "person_keys",
        N_("Keys"),
        (),
        "t.id = any(:passengers)",
        "removed",
        "passports",
    ),
    Holding(
        "mails",
        N_("Waiting mails"),
        ("sealed",),
        "",
        "removed",
        "mails",
        N_("A mail is encrypted and wiped when it is sent, within seven days."),
    ),
    Holding(
        "idempotency_keys",
        N_("Answers to repeated requests"),
        ("body",),
        "",
        "removed",
        SHORT,
        N_("An answer is encrypted. It is deleted after a day, and whenever a person is erased."),
    ),
    Holding(
        "report_files",
        N_("Large report files"),
        ("name", "content"),
        "",
        "removed",
        SHORT,
        N_("A file is encrypted. It is deleted after a day, and whenever a person is erased."),
    ),
    Holding(
        "supplier_offers",
        N_("Offers of suppliers"),
        ("payload",),
        "",
        "removed",
        SHORT,
        of_customer=False,
    ),
    Holding(
        "audit_events",
        N_("Audit log"),
        ("actor_email", "inputs", "outputs", "error"),
        "",
        "stays",
        BOOKS,
        _STAFF,
        of_customer=False,
    ),
    *(
        Holding(table, label, columns, "", "stays", retention, _STAFF, of_customer=False)
        for table, label, columns, retention in (
            ("users", N_("Colleagues"), ("display_name", "email", "role"), ACCOUNT),
            ("auth_sessions", N_("Sign-ins"), ("user_agent", "ip"), "sessions"),
            ("invites", N_("Invitations"), ("email", "role"), "credentials"),
            ("one_time_tokens", N_("Links sent by mail"), ("email",), "credentials"),
            ("api_keys", N_("API keys"), ("name",), "credentials"),
            (
                "tenant_settings",
                N_("Settings"),
                ("address", "tax_number", "audit_mail_addresses"),
                ACCOUNT,
            ),
            ("tenant_logos", N_("Logo"), (), ACCOUNT),
            (
                "bank_accounts",
                N_("Bank accounts"),
                ("name", "bank_name", "number_last4", "number_sealed", "ifsc", "swift"),
                ACCOUNT,
            ),
        )
    ),
)
BY_TABLE = {one.table: one for one in HOLDINGS}
MENTIONS = tuple((one, one.mention) for one in HOLDINGS if one.mention is not None)
RECORDS = {mention.kind: (one, mention) for one, mention in MENTIONS if mention.title}
"""Kinds of records of others that can be linked to a person, each with its table."""
WITHOUT: frozenset[str] = frozenset(
    {
        "party_roots",
        "recognition_policies",
        "tax_confirmations",
        *("accounts", "advances_by_day", "ageing_by_due", "allocations", "approval_counts"),
        *(
            "audit_checks",
            "agency_deletions",
            "accruals",
            "audit_heads",
            "audit_statements",
            "bill_taxes",
            "budget_reservations",
            "closed_months",
            "exchange_rates",
            "expected_bill_matches",
            "expected_bills",
        ),
        *("credit_note_taxes", "daily_balances", "enquiries_by_hour", "enquiry_counts", "imports"),
        *("cancellation_lines", "cheque_invoices", "gateway_payouts"),
        *("heartbeat", "installation", "invoice_counts", "invoice_taxes", "last_runs"),
        *("missing_models", "model_daily_usage"),
        *("monthly_balances", "number_series", "rate_limit_hits", "recovery_codes"),
        *(
            "refresh_tokens",
            "receipt_vouchers",
            "refund_parts",
            "revaluations",
            "revoked_tokens",
            "supplier_claim_receipts",
            "supplier_claims",
            "supplier_credit_taxes",
            "supplier_responses",
        ),
        *("tenants", "trip_earnings", "turn_costs", "voucher_uses"),
    }
)
"""Tables without personal data: figures, ids, hashes and names of firms."""
