"""All blueprints of the site: pages, JSON API, OpenAPI document and API reference."""

from __future__ import annotations

from hashlib import sha256

from flask import (
    Flask,
    Response,
    current_app,
    jsonify,
    make_response,
    render_template,
    request,
)

from voyagent.approvals import tasks as approvals_tasks
from voyagent.approvals.api import api as approvals_api
from voyagent.approvals.views import pages as approvals_pages
from voyagent.assistant import tasks as assistant_tasks
from voyagent.assistant.api.conversations import api as chat_api
from voyagent.assistant.views import panels
from voyagent.assistant.views.conversations import pages as assistant_pages
from voyagent.audit import tasks as audit_tasks
from voyagent.audit.api import api as audit_api
from voyagent.audit.views.trail import pages as audit_pages
from voyagent.banking.api import api as banking_api
from voyagent.banking.views import pages as banking_pages
from voyagent.billing.accruals import views as accrual_views
from voyagent.billing.accruals.api import api as accruals_api
from voyagent.billing.bills import views as bill_views
from voyagent.billing.cancellations import views as cancellation_views
from voyagent.billing.cancellations.api import api as cancellations_api
from voyagent.billing.cheques import views as cheque_views
from voyagent.billing.cheques.api import api as cheques_api
from voyagent.billing.claims import views as claim_views
from voyagent.billing.claims.api import api as claims_api
from voyagent.billing.core.views.blueprint import pages as billing_pages
from voyagent.billing.credit_notes import views as credit_note_views
from voyagent.billing.invoices import views as invoice_views
from voyagent.billing.paper import tasks as billing_tasks
from voyagent.billing.paper.api import APIS as BILLING_APIS
from voyagent.billing.paper.views import pages as invoice_paper_pages
from voyagent.billing.payments.views import (
    issuing as issuing_views,
    payments as payment_views,
    receipts as receipt_views,
    refunds as refund_views,
)
from voyagent.billing.payouts import views as payout_views
from voyagent.billing.payouts.api import api as payouts_api
from voyagent.billing.policies import views as policy_views
from voyagent.billing.supplier_credits import views as supplier_credit_views
from voyagent.billing.treatments import views as treatment_views
from voyagent.billing.vouchers import views as voucher_views
from voyagent.billing.write_offs import views as write_off_views
from voyagent.capabilities.api import api as capabilities_api
from voyagent.capabilities.views import pages as capabilities_pages
from voyagent.chat import tasks as chat_tasks
from voyagent.enquiries.api import api as enquiries_api
from voyagent.enquiries.views import pages as enquiries_pages
from voyagent.http import after, contract, idempotency
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.http.headers import REDOC_CSP
from voyagent.http.metrics import metrics_api, metrics_root
from voyagent.http.openapi import document
from voyagent.http.pages import PageBlueprint, csrf
from voyagent.http.system import system_api, system_root
from voyagent.identity import tasks as identity_tasks
from voyagent.identity.api import (
    account as account_api,
    gate as gate_api,
    keys as keys_api,
    members as members_api,
    sessions as sessions_api,
    team as team_api,
    two_factor as two_factor_api,
)
from voyagent.identity.views import account_pages, pages as identity_pages
from voyagent.imports.api import api as imports_api
from voyagent.imports.views import pages as imports_pages
from voyagent.kernel.config import Settings
from voyagent.ledger.api import api as ledger_api
from voyagent.ledger.views.base_amounts import pages as base_amounts_pages
from voyagent.ledger.views.chart import pages as chart_pages
from voyagent.ledger.views.journal import pages as journal_pages
from voyagent.ledger.views.months import pages as ledger_pages
from voyagent.ledger.views.revaluations import pages as revaluations_pages
from voyagent.mail import tasks as mail_tasks
from voyagent.operator.views import pages as operator_pages
from voyagent.parties.api import api as parties_api
from voyagent.parties.views import pages as parties_pages
from voyagent.privacy import tasks as privacy_tasks
from voyagent.privacy.api import api as privacy_api
from voyagent.privacy.views import pages as privacy_pages
from voyagent.rates.api import api as rates_api
from voyagent.rates.views import pages as rates_pages
from voyagent.reports import tasks as reports_tasks
from voyagent.reports.api import api as reports_api
from voyagent.reports.views import (
    home as home_pages,
    month_checks as reports_months,
    pages as reports_pages,
)
from voyagent.settings.api import api as settings_api
from voyagent.settings.views import pages as settings_pages
from voyagent.trips import tasks as trips_tasks
from voyagent.trips.api import api as trips_api
from voyagent.trips.views import pages as trips_pages

PAGES: tuple[PageBlueprint, ...] = (
    home_pages,
    identity_pages,
    account_pages,
    enquiries_pages,
    assistant_pages,
    approvals_pages,
    capabilities_pages,
    trips_pages,
    parties_pages,
    privacy_pages,
    imports_pages,
    billing_pages,
    invoice_paper_pages,
    journal_pages,
    chart_pages,
    banking_pages,
    rates_pages,
    ledger_pages,
    revaluations_pages,
    base_amounts_pages,
    reports_pages,
    settings_pages,
    audit_pages,
)
APIS: tuple[ApiBlueprint, ...] = (
    gate_api,
    account_api,
    two_factor_api,
    sessions_api,
    keys_api,
    team_api,
    members_api,
    chat_api,
    approvals_api,
    capabilities_api,
    enquiries_api,
    trips_api,
    parties_api,
    rates_api,
    banking_api,
    privacy_api,
    imports_api,
    *BILLING_APIS,
    payouts_api,
    cheques_api,
    claims_api,
    accruals_api,
    cancellations_api,
    ledger_api,
    reports_api,
    settings_api,
    audit_api,
    system_api,
    system_root,
    metrics_api,
    metrics_root,
)
BILLING_VIEWS = (
    invoice_views,
    bill_views,
    credit_note_views,
    supplier_credit_views,
    write_off_views,
    payment_views,
    issuing_views,
    receipt_views,
    treatment_views,
    policy_views,
    payout_views,
    cheque_views,
    claim_views,
    accrual_views,
    refund_views,
    cancellation_views,
    voucher_views,
)  # imported here so that `billing_pages` has the pages of all documents
PANELS = (panels,)  # imported here so that the settings page shows them
MONTH_CHECKS = (reports_months,)  # imported here so that the page for closing a month runs them
TASKS = (
    approvals_tasks,
    assistant_tasks,
    audit_tasks,
    billing_tasks,
    chat_tasks,
    identity_tasks,
    mail_tasks,
    privacy_tasks,
    reports_tasks,
    trips_tasks,
)  # imported so that the worker can run them
OPERATOR_PAGES = (operator_pages,)
"""Pages that exist only if the installation has an operator's token."""
docs = PageBlueprint("docs", __name__, guard=Guard.PUBLIC)


def register(app: Flask) -> None:
    """Register all blueprints with the application."""
    settings: Settings = app.extensions["voyagent.settings"]
    has_operator = bool(settings.operator_token.get_secret_value())
    for page in (*PAGES, docs, *(OPERATOR_PAGES if has_operator else ())):
        app.register_blueprint(page)
    for api in APIS:
        csrf.exempt(api)
        app.register_blueprint(api)


def openapi() -> dict[str, object]:
    """Return the OpenAPI document of the running application."""
    built: dict[str, object] | None = current_app.extensions.get("voyagent.openapi")
    if built is None:
        built = current_app.extensions["voyagent.openapi"] = document(
            APIS,
            version=current_app.extensions["voyagent.settings"].version,
            description=(
                "The back office of a travel agency: enquiries, the assistant, approvals,"
                f" accounting and reports.\n\n{idempotency.DESCRIPTION}\n\n{after.DESCRIPTION}"
                f"\n\n{contract.DESCRIPTION}"
            ),
        )
    return built


@docs.page("/api/openapi.json")
def openapi_json() -> Response:
    """Return the OpenAPI 3.1 document as JSON, or 304 if the `ETag` matches."""
    written = current_app.extensions.get("voyagent.openapi_json")
    if written is None:
        content = jsonify(openapi()).get_data()
        written = content, sha256(content).hexdigest()[:32]
        current_app.extensions["voyagent.openapi_json"] = written
    content, digest = written
    response = Response(content, mimetype="application/json")
    response.headers["Cache-Control"] = "public, no-cache"
    response.set_etag(digest)
    response.make_conditional(request)
    return response


@docs.page("/api/docs")
def reading() -> Response:
    """Show the API reference, rendered by Redoc from the OpenAPI document."""
    page = make_response(render_template("docs/api.html", spec=openapi()))
    page.headers["Content-Security-Policy"] = REDOC_CSP
    return page
