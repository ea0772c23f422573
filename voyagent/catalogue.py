"""The list of all capabilities, collected from the packages."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from voyagent.billing.ageing import capabilities as ageing
from voyagent.billing.bills import capabilities as bills
from voyagent.billing.cancellations import capabilities as cancellations
from voyagent.billing.claims import capabilities as claims
from voyagent.billing.core import capabilities as books
from voyagent.billing.invoices import capabilities as invoices
from voyagent.billing.payments import capabilities as payments
from voyagent.billing.write_offs import capabilities as write_offs
from voyagent.capabilities.capability import Capability
from voyagent.enquiries import capabilities as enquiries
from voyagent.trips import capabilities as trips

PACKAGES = (
    *(enquiries, trips, ageing, payments, bills, books, invoices, write_offs),
    *(cancellations, claims),
)


def _capabilities_of(package: ModuleType) -> Iterator[Capability[Any]]:
    """Yield the `CAPABILITY` of each module that has one, in the order of names."""
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = import_module(found.name)
        if hasattr(module, "CAPABILITY"):
            yield module.CAPABILITY


CAPABILITIES: tuple[Capability[Any], ...] = tuple(
    capability for package in PACKAGES for capability in _capabilities_of(package)
)
