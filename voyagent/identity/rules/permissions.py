"""Table of the permissions of each role.

A permission that is not listed is denied. To decide a proposal, a user also needs one of the roles
that may approve the proposed act (`Capability.approvers`).
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """The five roles of users."""

    AGENCY_ADMIN = "agency_admin"
    TICKETING_LEAD = "ticketing_lead"
    ACCOUNTING_LEAD = "accounting_lead"
    AGENT = "agent"
    VIEWER = "viewer"


READ = frozenset(
    {
        "account.read",
        "agency.read",
        "api_key.read",
        "approval.read",
        "billing.read",
        "chat.read",
        "enquiry.read",
        "itinerary.read",
        "ledger.read",
        "party.read",
        "report.read",
        "settings.read",
        "team.read",
        "trip.read",
    }
)
OWN = frozenset({"account.change_address", "account.change_factor", "account.update"})
"""Permissions on the user's own account, which viewers have as well.

The account consists of name, e-mail address, password, second factor and sessions.
"""
WRITE = frozenset(
    {
        "api_key.create",
        "api_key.revoke",
        "approval.resolve",
        "bill.draft",
        "bill.receive",
        "chat.open",
        "chat.write",
        "enquiry.cancel",
        "enquiry.create",
        "enquiry.promote",
        "enquiry.update",
        "invoice.credit",
        "invoice.draft",
        "invoice.issue",
        "invoice.issue_over_limit",
        "invoice.send",
        "invoice.write_off",
        "ledger.post",
        "ledger.reverse",
        "party.create",
        "party.update",
        "payment.record",
        "tool.propose",
        "trip.book_hotel",
        "trip.cancel_hotel",
        "trip.file_visa",
        "trip.issue_ticket",
        "trip.open",
        "trip.see_passports",
        "trip.send",
        "trip.send_direct",
        "trip.update",
    }
)
"""Permissions of every role except `viewer`.

Some services also check an authority (`Actor.require_authority`): an approved request, or the
direct right `<area>.<act>_direct`. A role without the direct right needs an approval for the act.
`invoice.issue_over_limit` confirms an invoice that the credit limit of its customer would stop.
"""
DIRECT = frozenset(
    {
        "bill.credit",
        "bill.credit_direct",
        "bill.receive_direct",
        "bill.void",
        "bill.void_direct",
        "invoice.credit_direct",
        "invoice.issue_direct",
        "invoice.issue_over_limit_direct",
        "invoice.reverse_write_off",
        "invoice.reverse_write_off_direct",
        "invoice.void",
        "invoice.void_direct",
        "ledger.post_direct",
        "ledger.reverse_direct",
        "payment.record_direct",
        "payment.reverse",
        "payment.reverse_direct",
    }
)
"""Permissions to post to the books, or to reverse an entry, without an approval.

The roles that may approve such an act have these permissions.
"""
ADMINISTER = frozenset(
    {
        "party.merge_over_pan",
        "api_key.revoke_any",
        "audit.read",
        "invite.create",
        "invite.read",
        "invite.revoke",
        "ledger.close_unrevalued",
        "ledger.establish_base",
        "ledger.open",
        "ledger.reopen",
        "privacy.erase",
        "privacy.export",
        "privacy.manage",
        "privacy.read",
        "privacy.set_retention",
        "settings.bank_details",
        "settings.policy",
        "settings.tax_number",
        "settings.update",
        "team.change_role",
        "team.manage",
        "team.remove",
    }
)
KEEP_BOOKS = frozenset(
    {
        "bill.schedule",
        "import.run",
        "invoice.confirm_treatment",
        "ledger.chart",
        "ledger.close",
        "ledger.enter_rate",
        "party.merge",
        "party.set_credit",
        "payment.over_cash_limit",
    }
)
"""Permissions for other bookkeeping, held by administrators and the accounting lead."""

ROLE_PERMISSIONS: dict[str, frozenset[str]] = {
    Role.AGENCY_ADMIN: READ | OWN | WRITE | DIRECT | KEEP_BOOKS | ADMINISTER,
    Role.TICKETING_LEAD: READ | OWN | WRITE,
    Role.ACCOUNTING_LEAD: READ | OWN | WRITE | DIRECT | KEEP_BOOKS,
    Role.AGENT: READ | OWN | WRITE,
    Role.VIEWER: READ | OWN,
}

STEP_UP: dict[str, frozenset[str]] = {
    "account.change_address": frozenset(),
    "account.change_factor": frozenset(),
    "api_key.create": frozenset(),
    "invite.create": frozenset({"team"}),
    "invoice.confirm_treatment": frozenset(),
    "ledger.establish_base": frozenset(),
    "privacy.erase": frozenset(),
    "privacy.set_retention": frozenset(),
    "settings.bank_details": frozenset({"settings"}),
    "settings.policy": frozenset({"settings"}),
    "settings.tax_number": frozenset({"settings"}),
    "team.change_role": frozenset({"team"}),
    "team.remove": frozenset({"team"}),
}
"""Permissions that need step-up, with the API key scopes that name them.

A person must have entered the password just now, and a code if two-factor is on. This means that an
access token must be fresh, and that a browser must have confirmed within `guards.CONFIRMED_FOR_S`.
An API key needs one of the scopes; the scope `full` includes the permission but does not name it.
If no scope is given, no API key may use the permission. `settings.policy` is the permission for
four eyes, approval limits, the recipients of signed audit heads and the policies of recognition.
Source: ASVS 7.5.1, 7.5.3.
"""
KEY_SCOPES: dict[str, frozenset[str]] = {"team.manage": frozenset({"team"})}
"""Permissions for which an API key needs a scope that names them, without step-up.

A person needs no step-up for them. `invite.revoke` is not in this table, because the API contract
lets a `full` key use every contract operation that needs no fresh token.
"""
NAMING_SCOPES: frozenset[str] = frozenset().union(*STEP_UP.values())
"""Scopes that name a permission with step-up; a key can have them beside `full`."""

_EVERYTHING = ROLE_PERMISSIONS[Role.AGENCY_ADMIN]


def _area(*packages: str) -> frozenset[str]:
    """Return all permissions of some packages, and the permission to read the agency."""
    return frozenset(
        {"agency.read"}
        | {permission for permission in _EVERYTHING if permission.split(".")[0] in packages}
    )


# With `chat.write` a key could do through the assistant everything that its creator may do, so only
# the scopes `assistant` and `full` include it.
SCOPE_PERMISSIONS: dict[str, frozenset[str]] = {
    "full": _EVERYTHING,
    "read": frozenset(permission for permission in _EVERYTHING if permission.endswith(".read")),
    "enquiries": _area("enquiry") | {"chat.open"},  # promoting an enquiry opens a conversation
    "assistant": (
        _area("chat") | {"approval.read"}
    ),  # the key sees its own proposals; another person decides them
    "trips": (
        _area("trip", "itinerary")
        | {
            "chat.open",
            "tool.propose",
        }
    ),  # a request to return booked rooms opens a conversation
    "approvals": _area("approval"),
    # A request for a write-off opens a conversation.
    "books": (
        _area(
            "billing",
            "bill",
            "import",
            "invoice",
            "itinerary",
            "ledger",
            "party",
            "payment",
            "report",
        )
        | {"chat.open", "tool.propose"}
    ),
    "reports": _area("report", "itinerary"),
    "audit": _area("audit"),
    "team": _area("team", "invite"),
    "settings": _area("settings"),
}
"""Permissions of an API key by scope; its creator's present role limits them further."""
SCOPES = tuple(SCOPE_PERMISSIONS)

MONEY_ROLES = frozenset({Role.AGENCY_ADMIN, Role.ACCOUNTING_LEAD})
"""Roles that may approve acts that move money."""
TICKET_ROLES = frozenset({Role.AGENCY_ADMIN, Role.TICKETING_LEAD})
"""Roles that may approve tickets and hotel bookings."""


def roles_that_may(permission: str) -> frozenset[str]:
    """Return the roles that have a permission."""
    return frozenset(role for role, held in ROLE_PERMISSIONS.items() if permission in held)


def is_within_reach(scope: str, role: str) -> bool:
    """Return True if a scope and a role have at least one permission in common.

    Reading the agency's own data (`agency.read`) does not count.
    """
    return bool(SCOPE_PERMISSIONS[scope] & ROLE_PERMISSIONS[role] - {"agency.read"})
