"""People of the demo agency in five roles."""

from __future__ import annotations

from typing import NamedTuple

from voyagent.identity.rules.demo import DEMO_EMAIL
from voyagent.identity.rules.permissions import Role
from voyagent.settings.service.tenant_settings import SettingsChanges

AGENCY = "Malabar Gulf Travels"
TIMEZONE = "Asia/Kolkata"
CURRENCY = "INR"
DOMAIN = DEMO_EMAIL.partition("@")[2]
OWNER = "Aisha Rahman"
LETTERHEAD = SettingsChanges(
    address="Marine Drive 12, 2nd floor\nKochi 682011, Kerala",
    tax_number="32AAACM1234A1ZH",
    bank_details="Bank of the Malabar Coast, Kochi\nA/c 0012 3456 7890, IFSC BMCX0000123",
)
"""Letterhead of the demo agency, with invented numbers."""


class Colleague(NamedTuple):
    """A person of the demo agency who is not its administrator.

    All people of the demo agency have the same password.
    """

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
