"""The words that a person has for what the audit writes in the words of the wire: things, fields, reasons."""

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


def field(name: str) -> str:
    """A field as a person calls it, else its own name."""
    return str(_FIELDS.get(name, name))


def said(name: str, value: str) -> str:
    """A value of an event; words of the wire as a person says them, what somebody has written as it is."""
    if name == "role":
        return role_word(value)
    if name == "format":
        return value.upper()
    return str(_REASONS.get(value, value)) if name == "reason" else value
