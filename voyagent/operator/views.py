"""Pages of the operator: state of the installation, failed jobs and agencies."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext, ngettext

from voyagent.http import operator_session
from voyagent.http.client import client_address
from voyagent.http.extensions import installed
from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.pages import PageBlueprint, toast
from voyagent.identity.forms.request import identity
from voyagent.kernel.config import Settings
from voyagent.kernel.ids import parse_id
from voyagent.kernel.queues import FIRST, MORE, REPORTS
from voyagent.operator import queries, service
from voyagent.operator.forms import OperatorSignInForm
from voyagent.operator.rules import attention

ID_DIGITS_MAX = 18
"""Maximum number of digits of a job's id; a longer one may be too large for the database."""
pages = PageBlueprint("operator", __name__, guard=Guard.OPERATOR)


@pages.page("/operator/sign-in", methods=("GET", "POST"), guard=Guard.PUBLIC)
def sign_in() -> Any:
    """Ask for the operator's token, and open a session."""
    form = OperatorSignInForm()
    done = form.attempt(
        lambda given: service.sign_in(
            identity().limiter,
            given.token,
            is_token=operator_session.is_token,
            address=client_address(),
        ),
        wrong_token="token",  # noqa: S106 - a code and its field
    )
    if done is None:
        return render_template("operator/sign_in.html", form=form), form.status
    operator_session.begin_session()
    return see_other(url_for(".index"))


@pages.page("/operator/sign-out", methods=("POST",))
def sign_out() -> Any:
    """End the sessions of all operators."""
    operator_session.end_sessions()
    return see_other(url_for(".sign_in"))


@pages.page("/operator")
def index() -> Any:
    """Show what needs attention, queues, mails, processes, backup and checks."""
    now = queries.read_overview(installed(Settings, "settings"))
    return render_template(
        "operator/index.html",
        now=now,
        findings=[gettext(found.sentence, **found.values) for found in attention(now)],
        mails=queries.read_mails(),
        queues=(FIRST, MORE, REPORTS),
    )


@pages.page("/operator/jobs")
def jobs() -> Any:
    """Show the failed jobs, the newest first."""
    before = request.args.get("before", "")
    is_id = before.isdecimal() and len(before) <= ID_DIGITS_MAX
    shown = queries.read_failed_jobs(int(before) if is_id else None)
    agencies = queries.names_of({job.agency for job in shown.items if job.agency})
    return render_template("operator/jobs.html", shown=shown, agencies=agencies)


@pages.page("/operator/jobs/<int:job_id>/retry", methods=("POST",))
def retry_job(job_id: int) -> Any:
    """Run a failed job again."""
    if service.retry_job(job_id):
        toast(gettext("The job runs again."))
    else:
        toast(gettext("This job is no longer among the failed ones."), kind="error")
    return see_other(url_for(".jobs"))


@pages.page("/operator/jobs/<int:job_id>/discard", methods=("GET", "POST"))
def discard_job(job_id: int) -> Any:
    """Ask for confirmation, and delete a failed job."""
    if request.method == "GET":
        return render_template("operator/discard.html", job=queries.get_failed_job(job_id))
    if service.discard_job(job_id):
        toast(gettext("The job was discarded."))
    else:
        toast(gettext("This job is no longer among the failed ones."), kind="error")
    return see_other(url_for(".jobs"))


@pages.page("/operator/agencies")
def agencies() -> Any:
    """Show the agencies with their size."""
    before, after = (parse_id(request.args.get(name)) for name in ("before", "after"))
    return render_template(
        "operator/agencies.html", shown=queries.read_agencies(before=before, after=after)
    )


@pages.page("/operator/agencies/<tenant_id>")
def agency(tenant_id: UUID) -> Any:
    """Show the size of an agency, and its mails that were not sent."""
    found = queries.read_agency(tenant_id)
    waiting, given_up = queries.read_mails_of(found)
    return render_template("operator/agency.html", agency=found, waiting=waiting, given_up=given_up)


@pages.page("/operator/agencies/<tenant_id>/mails", methods=("POST",))
def try_mails(tenant_id: UUID) -> Any:
    """Send the mails of an agency that wait for another attempt."""
    number = service.try_mails(tenant_id)
    toast(
        ngettext("%(num)d mail is sent again.", "%(num)d mails are sent again.", number)
        if number
        else gettext("No mail waits for another attempt.")
    )
    return see_other(url_for(".agency", tenant_id=tenant_id))
