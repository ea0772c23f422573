"""Visas: requirements and applications."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from voyagent.drivers.suppliers.protocols.parts import Capability, Traveller
from voyagent.kernel.money import Money


class VisaKind(StrEnum):
    """Ways to obtain a visa; `unknown` means that the consulate must be asked."""

    NOT_NEEDED = "not_needed"
    ON_ARRIVAL = "on_arrival"
    ELECTRONIC = "electronic"
    STICKER = "sticker"
    UNKNOWN = "unknown"


class VisaStatus(StrEnum):
    """State of an application."""

    FILED = "filed"
    IN_PROCESS = "in_process"
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class DocumentNeeded:
    """An item of the checklist: `code` for programs, `label` for people."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class VisaRequirements:
    """Requirements of `destination` for a tourist of `nationality` (ISO 3166 alpha-2).

    `passport_months` is the required validity after arrival. `source` is shown with the rule.
    """

    supplier: str
    nationality: str
    destination: str
    kind: VisaKind
    documents: tuple[DocumentNeeded, ...]
    fee: Money | None
    processing_days: int
    validity_days: int
    stay_days: int
    passport_months: int
    source: str


@dataclass(frozen=True, slots=True)
class VisaApplication:
    """One person's application.

    `filed_on` is the day of filing, so that a repeat is the same application.
    """

    traveller: Traveller
    nationality: str
    destination: str
    arrives_on: date
    filed_on: date
    currency: str


@dataclass(frozen=True, slots=True)
class VisaFile:
    """An application at the portal; `decision_by` is the expected day of the decision."""

    supplier: str
    supplier_ref: str
    receipt: str
    nationality: str
    destination: str
    status: VisaStatus
    fee: Money | None
    filed_on: date
    decision_by: date


class VisaSupplier(Protocol):
    """A filer of visas."""

    @property
    def name(self) -> str:
        """The driver's name in files, errors and the audit."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Supported acts; all others raise CapabilityNotSupported."""

    def requirements(self, nationality: str, destination: str, currency: str) -> VisaRequirements:
        """Return the requirements; kind `unknown` without a rule."""

    def file(self, application: VisaApplication, reference: str) -> VisaFile:
        """File an application. Raises ValidationFailed if no visa is needed or filed beforehand."""

    def status(self, supplier_ref: str) -> VisaFile:
        """Return the application. Raises UnknownAtSupplier."""
