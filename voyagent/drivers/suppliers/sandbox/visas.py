"""Visas of the sandbox, whose applications are decided after some days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from voyagent.drivers.suppliers.errors import ValidationFailed
from voyagent.drivers.suppliers.payloads import as_payload, from_payload
from voyagent.drivers.suppliers.protocols.parts import Capability
from voyagent.drivers.suppliers.protocols.visas import (
    VisaApplication,
    VisaFile,
    VisaKind,
    VisaRequirements,
    VisaStatus,
)
from voyagent.drivers.suppliers.sandbox.currencies import quoted
from voyagent.drivers.suppliers.sandbox.faults import Fault, Faults, fault_of
from voyagent.drivers.suppliers.sandbox.marks import Marks
from voyagent.drivers.suppliers.sandbox.visarules import SOURCE, Rule, rule
from voyagent.kernel import clock
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money

_FILED_BEFOREHAND = {VisaKind.ELECTRONIC, VisaKind.STICKER}
_KIND = "visa"
_SATURDAY = 5


class SandboxVisas:
    """VisaSupplier of the sandbox; `faults` lists its failures."""

    capabilities = frozenset({Capability.VISA_PORTAL})

    def __init__(self, name: str, marks: Marks, faults: Faults) -> None:
        self.name = name
        self._marks = marks
        self._faults = faults

    def requirements(self, nationality: str, destination: str, currency: str) -> VisaRequirements:
        """Return the requirements of the rule in the table."""
        self._faults.at({destination})
        found = rule(nationality, destination)
        return VisaRequirements(
            supplier=self.name,
            nationality=nationality,
            destination=destination,
            kind=found.kind,
            documents=found.documents,
            fee=self._fee(found, currency),
            processing_days=found.processing_days,
            validity_days=found.validity_days,
            stay_days=found.stay_days,
            passport_months=found.passport_months,
            source=SOURCE,
        )

    def file(self, application: VisaApplication, reference: str) -> VisaFile:
        """File an application; it is decided after the processing days of the visa rule.

        Weekends do not count as processing days.
        """
        self._faults.at({application.destination})
        found = rule(application.nationality, application.destination)
        if found.kind not in _FILED_BEFOREHAND:
            raise ValidationFailed(self.name, "destination", f"nothing to file: {found.kind}")
        fault = fault_of([application.traveller])
        if fault is Fault.TIMEOUT:
            self._faults.stall()
        filed = VisaFile(
            supplier=self.name,
            supplier_ref="",
            receipt=f"SBX{self._marks.locator('visa', reference)}",
            nationality=application.nationality,
            destination=application.destination,
            status=VisaStatus.FILED,
            fee=self._fee(found, application.currency),
            filed_on=application.filed_on,
            decision_by=_working_days_after(application.filed_on, found.processing_days),
        )
        values: JsonObject = {"file": as_payload(filed), "refused": fault is Fault.NO_VISA}
        return replace(filed, supplier_ref=self._marks.token(_KIND, values))

    def status(self, supplier_ref: str) -> VisaFile:
        """Return the application with its status today.

        The status is `filed` on the day of filing, and then `in_process`. From the day
        `decision_by` on, the status is `granted` or `refused`.
        """
        values = self._marks.read(_KIND, supplier_ref)
        filed, today = from_payload(VisaFile, values["file"]), clock.today()
        status = VisaStatus.FILED if today <= filed.filed_on else VisaStatus.IN_PROCESS
        if today >= filed.decision_by:
            status = VisaStatus.REFUSED if values["refused"] else VisaStatus.GRANTED
        return replace(filed, supplier_ref=supplier_ref, status=status)

    def _fee(self, found: Rule, currency: str) -> Money | None:
        return quoted(self.name, found.fee_usd, currency) if found.fee_usd else None


def _working_days_after(day: date, days: int) -> date:
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < _SATURDAY
    return day
