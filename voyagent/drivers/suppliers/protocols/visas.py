"""Protocol of visa suppliers: requirements, filing, status."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from voyagent.drivers.suppliers.protocols.parts import Capability, Traveller
from voyagent.kernel.money import Money


class VisaKind(StrEnum):
    """Ways to obtain a visa; for `unknown` the consulate must be asked."""

    NOT_NEEDED = "not_needed"
    ON_ARRIVAL = "on_arrival"
    ELECTRONIC = "electronic"
    STICKER = "sticker"
    UNKNOWN = "unknown"


class VisaStatus(StrEnum):
    """State of a visa application."""

    FILED = "filed"
    IN_PROCESS = "in_process"
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class DocumentNeeded:
    """A required document: `code` is for programs, `label` for people."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class VisaRequirements:
    """Requirements of a country for the visas of tourists of one nationality.

    `destination` and `nationality` are ISO 3166 alpha-2 codes of countries. `passport_months` is
    the number of months for which the passport must be valid after arrival. `source` says where the
    requirements come from and is shown together with them.
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
    """A visa application of one person.

    `filed_on` is the day of filing. `filed_on` is stored, so that a repeated call sends an equal
    application.
    """

    traveller: Traveller
    nationality: str
    destination: str
    arrives_on: date
    filed_on: date
    currency: str


@dataclass(frozen=True, slots=True)
class VisaFile:
    """A filed visa application; `decision_by` is the expected day of the decision."""

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
    """Protocol of visa suppliers."""

    @property
    def name(self) -> str:
        """Return the driver's name in applications, errors and the audit log."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Return the supported calls; all others raise CapabilityNotSupported."""

    def requirements(self, nationality: str, destination: str, currency: str) -> VisaRequirements:
        """Return the visa requirements; their kind is `unknown` if there is no rule."""

    def file(self, application: VisaApplication, reference: str) -> VisaFile:
        """File an application.

        Raises ValidationFailed if no visa is needed, or if the visa cannot be applied for before
        the journey.
        """

    def status(self, supplier_ref: str) -> VisaFile:
        """Return a filed application in its current state. Raises UnknownAtSupplier."""
