"""The words that a person has for what the audit writes in the words of the wire: kinds of events, things, fields, reasons."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from voyagent.http.presentation import role_word

THINGS = {
    "enquiry_id": _l("Enquiry"),
    "session_id": _l("Conversation"),
    "approval_id": _l("Request"),
    "invoice_id": _l("Invoice"),
    "bill_id": _l("Bill"),
    "payment_id": _l("Payment"),
    "journal_entry_id": _l("Journal entry"),
    "user_id": _l("Person"),
    "invite_id": _l("Invitation"),
    "auth_session_id": _l("Sign-in"),
    "api_key_id": _l("API key"),
    "settings_id": _l("Settings"),
    "check_id": _l("Check of the chain"),
    "tenant_id": _l("Agency"),
}
"""What an event may name. Whatever else stands in its references is for programs."""

_FIELDS = {
    "customer_name": _l("Customer"),
    "customer_email": _l("E-mail"),
    "customer_phone": _l("Phone"),
    "origin": _l("From"),
    "destination": _l("To"),
    "depart_date": _l("Departs"),
    "return_date": _l("Returns"),
    "pax_count": _l("People"),
    "budget_amount": _l("Budget"),
    "budget_currency": _l("Currency"),
    "status": _l("Status"),
    "notes": _l("Notes"),
    "locale": _l("Language"),
    "timezone": _l("Time zone"),
    "default_currency": _l("Currency"),
    "model": _l("Model"),
    "model_override": _l("Model"),
    "system_prompt_suffix": _l("House rules for the assistant"),
    "rate_limit_per_minute": _l("Turns a minute"),
    "rate_limit_per_hour": _l("Turns an hour"),
    "daily_token_budget": _l("Tokens a day"),
    "four_eyes": _l("The person who asked cannot be the one who grants"),
    "financial_year_start_month": _l("The financial year begins in"),
    "full_name": _l("Name"),
    "email": _l("E-mail address"),
    "password": _l("Password"),
    "role_changed": _l("Role"),  # an event of one change has no field; the end of its kind stands there
}
_REASONS = {
    "confirmed": _l("confirmed already"),
    "email_changed": _l("address changed"),
    "ended_by_administrator": _l("ended by an administrator"),
    "malformed": _l("not readable"),
    "no_longer_good": _l("no longer good"),
    "password_changed": _l("password changed"),
    "password_reset": _l("password reset"),
    "removed": _l("removed from the agency"),
    "secret_gone": _l("secret no longer readable"),
    "signed_out": _l("signed out"),
    "two_factor_changed": _l("two-factor changed"),
    "unknown": _l("not known"),
    "unknown_address": _l("address not known"),
    "unknown_token": _l("link not known"),
    "used": _l("used already"),
    "wrong": _l("wrong"),
}


_KINDS = {
    "agency.resumed": _l("Agency resumed"),
    "agency.signed_up": _l("Agency created"),
    "agency.suspended": _l("Agency suspended"),
    "api_key.created": _l("API key made"),
    "api_key.revoked": _l("API key revoked"),
    "approval.granted": _l("Request granted"),
    "approval.rejected": _l("Request rejected"),
    "audit.check_asked": _l("Check of the chain asked for"),
    "audit.exported": _l("Audit downloaded"),
    "auth.email_verified": _l("Address confirmed"),
    "auth.password_changed": _l("Password changed"),
    "auth.password_reset": _l("Password reset"),
    "auth.reauthenticated": _l("Password confirmed again"),
    "auth.reauthentication_failed": _l("Password not confirmed"),
    "auth.recovery_code_used": _l("Recovery code used"),
    "auth.recovery_codes_made": _l("Recovery codes made"),
    "auth.refresh_reuse": _l("Used token shown again"),
    "auth.reset_requested": _l("Password reset asked for"),
    "auth.sign_in_failed": _l("Sign-in failed"),
    "auth.signed_in": _l("Signed in"),
    "auth.signed_out": _l("Signed out"),
    "auth.totp_asked": _l("Code asked for"),
    "auth.totp_disabled": _l("Two-factor switched off"),
    "auth.totp_enabled": _l("Two-factor switched on"),
    "auth.totp_failed": _l("Wrong code"),
    "auth.totp_replaced": _l("Authenticator replaced"),
    "auth.totp_setup_dropped": _l("Two-factor set-up dropped"),
    "auth.totp_setup_started": _l("Two-factor set-up begun"),
    "auth.verification_sent": _l("Link to confirm the address sent"),
    "bill.received": _l("Bill entered"),
    "chat.continued": _l("Conversation continued"),
    "chat.created": _l("Conversation opened"),
    "chat.deleted": _l("Conversation deleted"),
    "chat.message_sent": _l("Message sent"),
    "chat.renamed": _l("Conversation renamed"),
    "chat.restored": _l("Conversation restored"),
    "chat.stop_asked": _l("Assistant stopped"),
    "chat.wiped": _l("Conversation wiped"),
    "enquiry.cancelled": _l("Enquiry cancelled"),
    "enquiry.created": _l("Enquiry logged"),
    "enquiry.promoted": _l("Enquiry taken to the assistant"),
    "enquiry.updated": _l("Enquiry changed"),
    "invite.accepted": _l("Invitation accepted"),
    "invite.created": _l("Invitation sent"),
    "invite.revoked": _l("Invitation taken back"),
    "invoice.drafted": _l("Invoice drafted"),
    "invoice.issued": _l("Invoice issued"),
    "journal.posted": _l("Journal entry posted"),
    "journal.reversed": _l("Journal entry reversed"),
    "ledger.opened": _l("Books opened"),
    "payment.made": _l("Payment made"),
    "payment.received": _l("Payment received"),
    "person.removed": _l("Person removed"),
    "person.role_changed": _l("Role changed"),
    "profile.changed": _l("Profile changed"),
    "proposal.expired": _l("Request expired"),
    "proposal.made": _l("Request made"),
    "session.ended": _l("Sign-ins ended"),
    "settings.changed": _l("Settings changed"),
    "create_enquiry": _l("Assistant: log an enquiry"),
    "draft_invoice": _l("Assistant: draft an invoice"),
    "issue_invoice": _l("Assistant: issue an invoice"),
    "find_enquiries": _l("Assistant: find enquiries"),
    "find_invoices": _l("Assistant: find invoices"),
    "list_ledger_accounts": _l("Assistant: list the accounts"),
    "list_receivables": _l("Assistant: list the receivables"),
    "read_account_balance": _l("Assistant: read a balance"),
    "summarise_enquiry": _l("Assistant: sum an enquiry up"),
    "trial_balance": _l("Assistant: read the trial balance"),
    "chat.message_edited": _l("Message edited"),
    "chat.regenerated": _l("Answered again"),
    "proposal.edited": _l("Request edited"),
    "proposal.superseded": _l("Request replaced by a fresh one"),
    "proposal.withdrawn": _l("Request withdrawn"),
    "trip.flight_held": _l("Flight held"),
    "trip.hotel_booked": _l("Hotel booked"),
    "trip.hotel_cancelled": _l("Hotel cancelled"),
    "trip.itinerary_sent": _l("Itinerary sent to the customer"),
    "trip.line_added": _l("Line of a trip added"),
    "trip.line_cancelled": _l("Line of a trip cancelled"),
    "trip.line_removed": _l("Line of a trip removed"),
    "trip.line_updated": _l("Line of a trip changed"),
    "trip.opened": _l("Trip begun"),
    "trip.passenger_added": _l("Passenger added"),
    "trip.passenger_removed": _l("Passenger removed"),
    "trip.passenger_updated": _l("Passenger changed"),
    "trip.ticketed": _l("Ticket issued"),
    "trip.updated": _l("Trip changed"),
    "trip.visa_filed": _l("Visa application filed"),
    "add_passenger": _l("Assistant: add a passenger"),
    "add_transfer": _l("Assistant: add a transfer"),
    "book_hotel": _l("Assistant: book a hotel"),
    "cancel_hotel_booking": _l("Assistant: cancel a hotel"),
    "check_hotel_rate": _l("Assistant: check a hotel's rate"),
    "create_invoice": _l("Assistant: create an invoice"),
    "clarify": _l("Assistant: ask back"),
    "fetch_bsp_statement": _l("Assistant: fetch a BSP statement"),
    "file_visa": _l("Assistant: file a visa application"),
    "find_bills": _l("Assistant: find bills"),
    "handoff": _l("Assistant: hand over to a desk"),
    "hold_flight": _l("Assistant: hold a flight"),
    "issue_ticket": _l("Assistant: issue a ticket"),
    "list_payables": _l("Assistant: list the payables"),
    "pay_bill": _l("Assistant: pay a bill"),
    "post_journal_entry": _l("Assistant: post a journal entry"),
    "read_hotel_booking": _l("Assistant: read a hotel booking"),
    "read_itinerary": _l("Assistant: read the itinerary"),
    "read_pnr": _l("Assistant: read a booking"),
    "receive_bill": _l("Assistant: enter a bill"),
    "reconcile_bsp": _l("Assistant: reconcile with BSP"),
    "record_receipt": _l("Assistant: record a receipt"),
    "remove_passenger": _l("Assistant: remove a passenger"),
    "search_flights": _l("Assistant: search flights"),
    "search_hotels": _l("Assistant: search hotels"),
    "send_itinerary": _l("Assistant: send the itinerary to the customer"),
    "show_trip": _l("Assistant: show the trip"),
    "update_enquiry": _l("Assistant: change an enquiry"),
    "visa_requirements": _l("Assistant: look up what a visa needs"),
}
"""What happened, by the kind of an event. A tool of the assistant bears its own name: as the kind, and as `tool_name` of a request."""


def kind(name: str) -> str:
    """A kind of event as a person says it, else its own name."""
    return str(_KINDS.get(name, name))


def field(name: str) -> str:
    """A field as a person calls it, else its own name."""
    return str(_FIELDS.get(name, name))


def said(name: str, value: str) -> str:
    """A value of an event; words of the wire as a person says them, what somebody has written as it is."""
    if name == "role":
        return role_word(value)
    if name == "tool_name":
        return kind(value)
    if name == "format":
        return value.upper()
    return str(_REASONS.get(value, value)) if name == "reason" else value
