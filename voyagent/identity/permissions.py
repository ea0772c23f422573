"""The one permission table: what each role may do. What is not here is denied.

From the API contract: `viewer` reads only; invitations and the audit are the administrator's; whoever resolves a proposal needs a role that the tool names, and
that is checked beside this table.
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
        "agency.read",
        "approval.read",
        "billing.read",
        "chat.read",
        "enquiry.read",
        "ledger.read",
        "report.read",
        "settings.read",
        "team.read",
    }
)
WRITE = frozenset(
    {
        "approval.resolve",
        "bill.receive",
        "chat.write",
        "enquiry.cancel",
        "enquiry.create",
        "enquiry.promote",
        "enquiry.update",
        "invoice.draft",
        "invoice.issue",
        "ledger.post",
        "ledger.reverse",
        "payment.record",
        "tool.propose",
    }
)
ADMINISTER = frozenset({"audit.read", "invite.create", "invite.read", "invite.revoke", "ledger.open", "settings.update", "team.manage"})

ROLE_PERMISSIONS: dict[str, frozenset[str]] = {
    Role.AGENCY_ADMIN: READ | WRITE | ADMINISTER,
    Role.TICKETING_LEAD: READ | WRITE,
    Role.ACCOUNTING_LEAD: READ | WRITE,
    Role.AGENT: READ | WRITE,
    Role.VIEWER: READ,
}

MONEY_ROLES = frozenset({Role.AGENCY_ADMIN, Role.ACCOUNTING_LEAD})
"""Who may grant what moves money; the tools' approver roles of the API contract."""
TICKET_ROLES = frozenset({Role.AGENCY_ADMIN, Role.TICKETING_LEAD})
"""Who may grant tickets and hotel bookings."""


def roles_that_may(permission: str) -> frozenset[str]:
    """Every role that holds a permission."""
    return frozenset(role for role, held in ROLE_PERMISSIONS.items() if permission in held)
