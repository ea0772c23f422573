"""Optional input fields that several capabilities of enquiries share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from voyagent.capabilities.capability import Slot
from voyagent.enquiries.schemas import BudgetAmount
from voyagent.kernel.fields import Text

CustomerEmail = Annotated[
    Annotated[str, Text(255)] | None,
    Slot("email"),
    Field(description="The customer's e-mail address."),
]
CustomerPhone = Annotated[
    Annotated[str, Text(64)] | None,
    Slot("phone"),
    Field(description="Phone number with country code, such as +91 98470 12345."),
]
Origin = Annotated[
    Annotated[str, Text(128)] | None,
    Slot("origin"),
    Field(description="City or IATA code of the departure."),
]
Destination = Annotated[
    Annotated[str, Text(128)] | None,
    Slot("destination"),
    Field(description="City, country or IATA code of the destination."),
]
PartyBudget = Annotated[
    BudgetAmount | None,
    Slot("budget"),
    Field(description="Budget of the whole party, not per person."),
]
BudgetCurrency = Annotated[
    Annotated[str, Text(64)] | None,
    Slot("currency"),
    Field(description="ISO 4217 code of the budget, such as INR."),
]
