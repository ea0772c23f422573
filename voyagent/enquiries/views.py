"""Pages of enquiries: list, detail, create, change, cancel, conversation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import make_response, render_template, request, url_for
from flask_babel import gettext as _

from voyagent.enquiries import service
from voyagent.enquiries.forms import ERROR_FIELDS, EditForm, EnquiryForm, ListQuery, StatusForm
from voyagent.enquiries.queries import enquiries
from voyagent.enquiries.queries.enquiries import EnquiryNotFound
from voyagent.http.guards import Guard
from voyagent.http.htmx import is_htmx, see_other
from voyagent.http.pages import PageBlueprint, menu_count, toast
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, RequestReader

pages = PageBlueprint("enquiries", __name__, guard=Guard.SIGNED_IN)
menu_count("enquiries_new")(enquiries.new_count)


@pages.page("/enquiries", permission="enquiry.read")
def index(reader: RequestReader) -> Any:
    """Show the list of enquiries; if htmx sent the request, return only a fragment."""
    query = ListQuery.read(request.args)
    board = enquiries.read_list_page(
        reader, query.search(_zone(reader, query)), query.part(), query.open
    )
    facts = {"asked": query, "board": board, "looked_max": enquiries.LOOKED_MAX}
    if not is_htmx():
        return render_template("enquiries/list.html", **facts), 422 if query.invalid else 200
    if request.headers.get("HX-Target") == "palette":
        return render_template("enquiries/_found.html", **facts)
    answer = make_response(render_template("enquiries/_list.html", swap_oob=True, **facts))
    answer.headers["HX-Push-Url"] = query.address(open=query.open)
    return answer


@pages.page("/enquiries/new", methods=("GET", "POST"), permission="enquiry.create", once=True)
def new(actor: Actor) -> Any:
    """Show and process the form of a new enquiry.

    If the user chooses so, the conversation about the enquiry is opened too.
    """
    form = EnquiryForm(
        actor.currency,
        data={"pax_count": "1", "customer_name": request.args.get("customer_name", "")[:255]},
    )
    enquiry = form.attempt(lambda body: service.create(actor, **body.fields()), **ERROR_FIELDS)
    if enquiry is None:
        return render_template("enquiries/new.html", form=form), form.status
    toast(_("Enquiry of %(name)s created.", name=enquiry.customer_name))
    if request.form.get("then") == "chat":
        return _to_conversation(actor, enquiry.id)
    return see_other(url_for("enquiries.detail", enquiry_id=enquiry.id))


@pages.page("/enquiries/<enquiry_id>", permission="enquiry.read", missing=EnquiryNotFound)
def detail(reader: Reader, enquiry_id: UUID) -> Any:
    """Show an enquiry with its next step, its details and its history."""
    enquiry, history = enquiries.get_with_history(reader, enquiry_id)
    return render_template("enquiries/detail.html", enquiry=enquiry, history=history)


@pages.page(
    "/enquiries/<enquiry_id>/edit",
    methods=("GET", "POST"),
    permission="enquiry.update",
    missing=EnquiryNotFound,
)
def edit(actor: Actor, enquiry_id: UUID) -> Any:
    """Show and process the form that changes an enquiry."""
    enquiry = enquiries.get_enquiry(enquiry_id)
    form = EditForm.of(enquiry, actor.currency)
    changed = form.attempt(
        lambda body: service.update(actor, enquiry_id, body.fields(), seen=form.opened_state),
        **ERROR_FIELDS,
    )
    if changed is None:
        template = "enquiries/_form.html" if is_htmx() else "enquiries/edit.html"
        return render_template(template, form=form, enquiry=enquiries.get_enquiry(enquiry_id)), (
            422 if form.is_submitted() else 200
        )
    toast(_("Saved."))
    return see_other(url_for("enquiries.detail", enquiry_id=enquiry_id))


@pages.page(
    "/enquiries/<enquiry_id>/status",
    methods=("POST",),
    permission="enquiry.update",
    missing=EnquiryNotFound,
)
def mark(actor: Actor, enquiry_id: UUID) -> Any:
    """Set the status of an enquiry, such as quoted or booked."""
    form = StatusForm()
    changed = form.attempt(
        lambda body: service.update(actor, enquiry_id, body.changes()),
        invalid_status_transition="",
        status_cannot_be_null="",
    )
    if changed is None:
        enquiries.get_enquiry(
            enquiry_id
        )  # an unknown enquiry answers 404, even if the form is invalid
        toast(_("This enquiry’s status does not allow this. Reload the page."), kind="error")
    return see_other(url_for("enquiries.detail", enquiry_id=enquiry_id))


@pages.page(
    "/enquiries/<enquiry_id>/cancel",
    methods=("GET", "POST"),
    permission="enquiry.cancel",
    missing=EnquiryNotFound,
)
def cancel(actor: Actor, enquiry_id: UUID) -> Any:
    """Ask for confirmation, then cancel an enquiry."""
    if request.method == "GET":
        template = "enquiries/_cancel.html" if is_htmx() else "enquiries/cancel.html"
        return render_template(template, enquiry=enquiries.get_enquiry(enquiry_id))
    enquiry = service.cancel(actor, enquiry_id)
    toast(_("Enquiry of %(name)s cancelled.", name=enquiry.customer_name))
    return see_other(url_for("enquiries.detail", enquiry_id=enquiry_id))


@pages.page(
    "/enquiries/<enquiry_id>/promote",
    methods=("POST",),
    permission="enquiry.promote",
    missing=EnquiryNotFound,
)
def promote(actor: Actor, enquiry_id: UUID) -> Any:
    """Open the conversation about an enquiry and go to it."""
    return _to_conversation(actor, enquiry_id)


def _to_conversation(actor: Actor, enquiry_id: UUID) -> Any:
    _enquiry, session_id = service.promote(actor, enquiry_id)
    return see_other(url_for("assistant.conversation", session_id=session_id))


def _zone(reader: RequestReader, query: ListQuery) -> str:
    """Return the agency's time zone, or UTC if no filter needs it."""
    if query.created_from or query.created_to:
        reader.authenticate()
    return reader.actor.timezone if reader.actor else "UTC"
