"""The one table of permissions by role; anything absent is denied.

From the API contract: `viewer` only reads; invitations and the audit belong to administrators. A
person who resolves a proposal also needs a role that the tool names.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """The five roles of the API."""

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
OWN = frozenset({"account.update"})
"""The own account: name, address, password, second factor, sessions; viewers too."""
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
        "invoice.draft",
        "invoice.issue",
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
"""Work of every role but `viewer`.

For some of these acts a service also asks for authority (`Actor.require_authority`): a grant, or
the direct right `<area>.<act>_direct`. Without a direct right only a grant allows the act.
"""
DIRECT = frozenset(
    {
        "bill.credit",
        "bill.credit_direct",
        "bill.receive_direct",
        "bill.void",
        "bill.void_direct",
        "invoice.credit",
        "invoice.credit_direct",
        "invoice.issue_direct",
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
"""Rights to post to the books, or to reverse it, without a proposal.

For the roles that could approve one.
"""
ADMINISTER = frozenset(
    {
        "api_key.revoke_any",
        "audit.read",
        "invite.create",
        "invite.read",
        "invite.revoke",
        "ledger.open",
        "ledger.reopen",
        "settings.update",
        "team.manage",
    }
)
KEEP_BOOKS = frozenset({"bill.schedule", "import.run", "ledger.chart", "ledger.close"})
"""Rights to keep the books beyond posting, for administrators and the accounting lead."""

ROLE_PERMISSIONS: dict[str, frozenset[str]] = {
    Role.AGENCY_ADMIN: READ | OWN | WRITE | DIRECT | KEEP_BOOKS | ADMINISTER,
    Role.TICKETING_LEAD: READ | OWN | WRITE,
    Role.ACCOUNTING_LEAD: READ | OWN | WRITE | DIRECT | KEEP_BOOKS,
    Role.AGENT: READ | OWN | WRITE,
    Role.VIEWER: READ | OWN,
}

_EVERYTHING = ROLE_PERMISSIONS[Role.AGENCY_ADMIN]


def _area(*packages: str) -> frozenset[str]:
    """Return all permissions of some packages, and the right to read the agency."""
    return frozenset(
        {"agency.read"}
        | {permission for permission in _EVERYTHING if permission.split(".")[0] in packages}
    )


# A scope that lets a key talk with the assistant would let it do by words whatever its maker may,
# so only `assistant` and `full` hold `chat.write`.
SCOPE_PERMISSIONS: dict[str, frozenset[str]] = {
    "full": _EVERYTHING,
    "read": frozenset(permission for permission in _EVERYTHING if permission.endswith(".read")),
    "enquiries": _area("enquiry") | {"chat.open"},  # promoting one opens a conversation
    "assistant": (
        _area("chat") | {"approval.read"}
    ),  # what it proposes can be seen, and is decided by somebody else
    "trips": (
        _area("trip", "itinerary")
        | {
            "chat.open",
            "tool.propose",
        }
    ),  # giving booked rooms back is asked for in a conversation of its own
    "approvals": _area("approval"),
    # A write-off is asked for in a conversation of its own.
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
"""Permissions of an API key by scope, never more than its maker's present role."""
SCOPES = tuple(SCOPE_PERMISSIONS)

MONEY_ROLES = frozenset({Role.AGENCY_ADMIN, Role.ACCOUNTING_LEAD})
"""Roles that may approve acts that move money (API contract)."""
TICKET_ROLES = frozenset({Role.AGENCY_ADMIN, Role.TICKETING_LEAD})
"""Roles that may approve tickets and hotel bookings."""


def roles_that_may(permission: str) -> frozenset[str]:
    """Return every role that holds a permission."""
    return frozenset(role for role, held in ROLE_PERMISSIONS.items() if permission in held)


def is_within_reach(scope: str, role: str) -> bool:
    """True if a key of this scope allows anything beyond reading the agency, given the role."""
    return bool(SCOPE_PERMISSIONS[scope] & ROLE_PERMISSIONS[role] - {"agency.read"})
