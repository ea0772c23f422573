"""Errors of received cheques."""

from __future__ import annotations

from datetime import date

from voyagent.kernel.errors import N_, Conflict, NotFound


class ChequeNotFound(NotFound):
    """The agency has no received cheque with this id."""

    code = "cheque_not_found"
    message = N_("We could not find that cheque.")


class ChequeNotHeld(Conflict):
    """The cheque is already deposited or given back, which is final."""

    code = "cheque_not_held"
    message = N_("This cheque is already deposited or given back.")


class ChequeNotDue(Conflict):
    """The day of the deposit is before the date on the cheque, `day`."""

    code = "cheque_not_due"
    message = N_("A cheque can’t be deposited before its date.")

    def __init__(self, day: date) -> None:
        super().__init__()
        self.further = (N_("This one is dated %(day)s."), {"day": day})
