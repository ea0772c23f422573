"""Refusals of the operator's page."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, Invalid, NotFound


class WrongToken(Invalid):
    """The text is not the operator's token."""

    code = "wrong_token"
    message = N_("This is not the token of this installation.")


class JobNotFound(NotFound):
    """There is no such job that has failed: it was deleted, or runs again."""

    code = "job_not_found"
    message = N_("This job is no longer among the failed ones.")


class AgencyIsSuspended(Conflict):
    """The agency is suspended, so no mail of it is sent and no job of it is run again."""

    code = "agency_is_suspended"
    message = N_("This agency is suspended. Resume it first.")
