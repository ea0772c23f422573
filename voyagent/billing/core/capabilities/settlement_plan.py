"""Code shared by the capabilities of the billing and settlement plan (BSP)."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict


class NoSettlementPlan(Conflict):
    """No connected system can read the statements of a billing and settlement plan."""

    code = "capability_not_supported"
    message = N_("No BSP connection is set up, so its statements can’t be read.")
