"""The whole site on one screen: every blueprint, pages first, then the JSON API and what is made of it."""

from __future__ import annotations

from flask import Flask, Response, current_app, jsonify, render_template

from voyagent.enquiries.api import api as enquiries_api
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.http.openapi import document
from voyagent.http.pages import PageBlueprint, csrf
from voyagent.settings.api import api as settings_api

PAGES: tuple[PageBlueprint, ...] = ()
APIS: tuple[ApiBlueprint, ...] = (enquiries_api, settings_api)
docs = PageBlueprint("docs", __name__, guard=Guard.PUBLIC)


def register(app: Flask) -> None:
    """Put every blueprint on the application."""
    for page in (*PAGES, docs):
        app.register_blueprint(page)
    for api in APIS:
        csrf.exempt(api)
        app.register_blueprint(api)


def openapi() -> dict[str, object]:
    """The OpenAPI document of the running program."""
    return document(
        APIS,
        version=current_app.extensions["voyagent.settings"].version,
        description="The back office of a travel agency: enquiries, the assistant, approvals, the books and their reports.",
    )


@docs.page("/api/openapi.json")
def openapi_json() -> Response:
    """The OpenAPI 3.1 document."""
    return jsonify(openapi())


@docs.page("/api/docs")
def reading() -> str:
    """The same as a page to read."""
    return render_template("docs/api.html", spec=openapi())
