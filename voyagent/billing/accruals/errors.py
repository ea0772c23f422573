"""Errors of accrued trip costs."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict


class AccrualMatched(Conflict):
    """Nothing is accrued for the expected bill, for example because it was billed."""

    code = "accrual_matched"
    message = N_("Nothing is accrued any more: the bill was entered, or the cost was released.")
