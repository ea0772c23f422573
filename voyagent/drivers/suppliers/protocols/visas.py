"""Visas: what a country asks of a nationality, and an application on its way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from voyagent.drivers.suppliers.protocols.parts import Capability, Traveller
from voyagent.kernel.money import Money


class VisaKind(StrEnum):
    """How one gets it. `unknown`: this supplier has no rule, so somebody must ask the consulate."""

    NOT_NEEDED = "not_needed"
    ON_ARRIVAL = "on_arrival"
    ELECTRONIC = "electronic"
    STICKER = "sticker"
    UNKNOWN = "unknown"


class VisaStatus(StrEnum):
    """Where an application stands."""

    FILED = "filed"
    IN_PROCESS = "in_process"
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class DocumentNeeded:
    """One thing on the checklist: a `code` for programs and a `label` for people."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class VisaRequirements:
    """What `destination` asks of `nationality` (ISO 3166 alpha-2), for a visit of a tourist.

    `passport_months`: how long the passport must be good after arrival. `source` says where the
    rule is from, and is shown with it.
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

    `filed_on` is the day on which the agency files it, so that a repeat is the same application.
    """

    traveller: Traveller
    nationality: str
    destination: str
    arrives_on: date
    filed_on: date
    currency: str


@dataclass(frozen=True, slots=True)
class VisaFile:
    """An application as the portal has it; `decision_by` is the day on which an answer is expected."""

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
    """Whoever files visas."""

    @property
    def name(self) -> str:
        """The driver, as files, errors and the audit name it."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do; everything else raises CapabilityNotSupported."""

    def requirements(self, nationality: str, destination: str, currency: str) -> VisaRequirements:
        """What is asked; kind `unknown` where the supplier has no rule."""

    def file(self, application: VisaApplication, reference: str) -> VisaFile:
        """File it. Raises ValidationFailed where no visa is needed or filed beforehand."""

    def status(self, supplier_ref: str) -> VisaFile:
        """The application as it stands. Raises UnknownAtSupplier."""
