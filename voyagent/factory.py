"""Creates the Flask application and its parts from the settings."""

from __future__ import annotations

from functools import partial
from threading import Event
from typing import Any

from flask import Flask, current_app
from flask_migrate import Migrate

from voyagent import catalogue, cli, routes
from voyagent.assistant.api.event_stream import seats
from voyagent.audit.exports.trail import note_export
from voyagent.audit.queries import events as audit_queries
from voyagent.audit.service import recording as audit
from voyagent.audit.service.statements import Anchors
from voyagent.billing.core.service.earlier import DOCUMENTS
from voyagent.capabilities import registry
from voyagent.capabilities.ports import use_ports
from voyagent.drivers.mail import open_mail
from voyagent.drivers.paper import Paper
from voyagent.drivers.suppliers import Suppliers, open_suppliers
from voyagent.http import (
    account_names,
    after,
    compression,
    errors,
    guards,
    headers,
    intake,
    metrics,
    pages,
    system,
    template_filters,
)
from voyagent.http.app import VoyagentFlask
from voyagent.http.client import client_address
from voyagent.identity.queries import people
from voyagent.identity.rules.passwords import Passwords
from voyagent.identity.rules.permissions import (
    KEY_SCOPES,
    ROLE_PERMISSIONS,
    SCOPE_PERMISSIONS,
    STEP_UP,
)
from voyagent.identity.rules.tokens import AccessTokens
from voyagent.identity.service.bearers import Bearers
from voyagent.identity.service.confirming import confirm_in_browser
from voyagent.identity.service.own_sessions import note_seen, why_ended
from voyagent.identity.service.values import Identity
from voyagent.kernel import logs, otlp
from voyagent.kernel.actor import define_roles
from voyagent.kernel.config import Settings
from voyagent.kernel.database.copy_export import Exports
from voyagent.kernel.database.read_pool import ReadPool
from voyagent.kernel.database.session_pool import engine_config
from voyagent.kernel.db import db
from voyagent.kernel.error_hook import load_hook
from voyagent.kernel.events import NotifyListener
from voyagent.kernel.keyring import Keyring, use_keyring
from voyagent.kernel.limits import Limiter
from voyagent.kernel.metrics import meters
from voyagent.kernel.program_files import FILES
from voyagent.ledger.rules import CHART, FORMER_NAMES
from voyagent.ledger.service.translation import use_documents
from voyagent.mail.service import Outbox
from voyagent.reports.service.files import make_later

PORTS: dict[type[Any], str] = {
    Keyring: "voyagent.keyring",
    Outbox: "voyagent.outbox",
    Suppliers: "voyagent.suppliers",
}
"""Extension names of the parts that capabilities may use, by class."""


def create_app(settings: Settings) -> Flask:
    """Return the Flask application for the given settings.

    The application opens no connection before the first request, so it can be created before a
    fork.

    Raises ConfigurationError if a part that the settings name cannot be loaded.
    """
    otlp.check()
    hook = load_hook(settings.error_hook) if settings.error_hook else None
    logs.configure(as_json=settings.log_json, report=None if hook is None else hook.report)
    keyring = Keyring(settings)
    app = VoyagentFlask(
        "voyagent", root_path=str(FILES), template_folder="templates", static_folder="static"
    )
    app.config.update(
        engine_config(settings),
        SECRET_KEY=keyring.secrets[0],
        SECRET_KEY_FALLBACKS=keyring.secrets[1:],
        TRANSLATIONS=str(FILES / "translations"),
        WTF_CSRF_TIME_LIMIT=None,
        TESTING=settings.env == "test",
        PROVIDE_AUTOMATIC_OPTIONS=False,
    )
    app.url_map.merge_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["voyagent.settings"] = settings
    app.extensions["voyagent.keyring"] = keyring
    app.extensions["voyagent.paper"] = Paper(FILES / "templates" / "paper")
    app.extensions["voyagent.suppliers"] = open_suppliers(settings, keyring)
    app.extensions["voyagent.listener"] = NotifyListener(settings)
    app.extensions["voyagent.draining"] = Event()
    db.init_app(app)
    Migrate(app, db, directory=str(FILES / "migrations"))
    audit.install()
    audit_queries.use_directory(audit_queries.Directory(people.name_of, people.people_statement))
    use_documents(DOCUMENTS)
    app.extensions["voyagent.anchors"] = Anchors.of(settings)
    app.extensions["voyagent.exports"] = Exports(settings)
    define_roles(ROLE_PERMISSIONS, SCOPE_PERMISSIONS, STEP_UP | KEY_SCOPES)
    app.extensions["voyagent.create_app"] = create_app
    limiter = Limiter(settings, keyring)
    outbox = Outbox(settings, keyring, open_mail(settings), limiter)
    app.extensions["voyagent.outbox"] = outbox
    identity = Identity(
        settings,
        Passwords(settings),
        AccessTokens(settings, keyring),
        keyring,
        limiter,
        outbox,
    )
    app.extensions["voyagent.identity"] = identity
    compression.install(app)
    headers.install(app, settings)
    lane = ReadPool(settings)
    sampler = metrics.install(app, settings)
    sampler.add(lane.sample)
    sampler.add(limiter.sample)
    sampler.add(lambda: meters().streams.set(seats(app).taken))
    intake.install(app)
    system.install(app, settings)
    guards.install(
        app,
        settings,
        guards.AuthAdapter(
            authenticate=Bearers(identity.tokens, identity.limiter, client_address).authenticate,
            shell=pages.shell,
            lane=lane,
            note_seen=note_seen,
            note_export=note_export,
            why_ended=why_ended,
            confirm=partial(confirm_in_browser, identity, client_address),
            asks_code=people.asks_code,
            make_later=make_later,
        ),
    )
    after.install(app, settings)
    pages.install(app)
    template_filters.install(app)
    account_names.register_names(app, (*(account.name for account in CHART), *FORMER_NAMES))
    errors.install(app)
    registry.install(catalogue.CAPABILITIES)
    use_ports(lambda kind: current_app.extensions[PORTS[kind]])
    use_keyring(lambda: current_app.extensions["voyagent.keyring"])
    routes.register(app)
    cli.register(app, settings)
    return app
