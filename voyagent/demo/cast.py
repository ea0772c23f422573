"""Who works at the demo agency: five roles, so that approvals find a second person."""

from __future__ import annotations

from typing import NamedTuple

from voyagent.identity.demo import DEMO_EMAIL
from voyagent.identity.permissions import Role

AGENCY = "Malabar Gulf Travels"
TIMEZONE = "Asia/Kolkata"
CURRENCY = "INR"
DOMAIN = DEMO_EMAIL.partition("@")[2]
OWNER = "Aisha Rahman"


class Colleague(NamedTuple):
    """A person beside the administrator; all have the demo's password."""

    name: str
    email: str
    role: Role


COLLEAGUES = (
    Colleague("Neha Kulkarni", f"neha@{DOMAIN}", Role.AGENT),
    Colleague("Joseph Varghese", f"joseph@{DOMAIN}", Role.AGENT),
    Colleague("Ravi Menon", f"ravi@{DOMAIN}", Role.ACCOUNTING_LEAD),
    Colleague("Fatima Al Suwaidi", f"fatima@{DOMAIN}", Role.TICKETING_LEAD),
    Colleague("Lekha Warrier", f"lekha@{DOMAIN}", Role.VIEWER),
)
