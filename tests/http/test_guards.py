"""Each blueprint names its guard, and guards are not mixed.

Public routes are listed.
"""

from __future__ import annotations

import pytest
from flask import Flask

from tests.http.conftest import Variant
from tests.people import Person
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.http.pages import PageBlueprint
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader
from voyagent.kernel.fields import Answer
from voyagent.routes import APIS, OPERATOR_PAGES, PAGES, docs

# Operations without authentication. Each new one is added here with the reason.
OPEN_OPERATIONS = {
    "POST /api/auth/sign-up",
    "POST /api/auth/sign-in",
    "POST /api/auth/refresh",
    "POST /api/auth/sign-out",
    "POST /api/auth/accept-invite",
    "GET /api/auth/invites/lookup",
    # The credential is in the body: a password and a code, or a mailed token.
    "POST /api/auth/sign-in-totp",
    "POST /api/auth/request-password-reset",
    "POST /api/auth/reset-password",
    "POST /api/auth/verify-email",
    # They check a token of their own, or the address of the caller.
    "GET /internal/metrics",
    "GET /api/internal/metrics",
    *(
        f"GET {place}/{probe}"
        for place in ("", "/api")
        for probe in ("health", "health/db", "health/redis", "ready", "schemas/money")
    ),
}
OPEN_PAGES = {
    "/sign-in",
    "/sign-in/code",
    "/sign-in/demo",
    "/sign-up",
    "/accept-invite",
    "/forgot-password",
    "/reset-password",
    "/verify-email",
    "/verify-email/again",
    "/api/openapi.json",
    "/api/docs",
    "/operator/sign-in",
}


def test_public_operations_are_exactly_the_listed_ones() -> None:
    public = {
        f"{o.method} {api.url_prefix or ''}{o.path}"
        for api in APIS
        for o in api.operations
        if o.guard is Guard.PUBLIC
    }
    assert public == OPEN_OPERATIONS
    assert {api.guard for api in APIS} == {Guard.PUBLIC, Guard.BEARER}


def test_public_pages_are_exactly_the_listed_ones() -> None:
    public = {
        page.path
        for blueprint in (*PAGES, *OPERATOR_PAGES, docs)
        for page in blueprint.pages
        if page.guard is Guard.PUBLIC
    }
    assert public == OPEN_PAGES
    assert {blueprint.guard for blueprint in PAGES} == {Guard.PUBLIC, Guard.SIGNED_IN}
    assert {blueprint.guard for blueprint in OPERATOR_PAGES} == {Guard.OPERATOR}


def test_every_route_belongs_to_a_guarded_blueprint_or_is_a_file(app: Flask) -> None:
    known = {page.endpoint for blueprint in (*PAGES, docs) for page in blueprint.pages}
    known |= {f"{api.name}.{o.handler.__name__.strip('_')}" for api in APIS for o in api.operations}
    assert {rule.endpoint for rule in app.url_map.iter_rules()} - known == {"static"}


def test_every_page_redirects_anonymous_visitors_to_sign_in(app: Flask) -> None:
    client = app.test_client()
    for blueprint in PAGES:
        for page in blueprint.pages:
            if page.guard is Guard.PUBLIC or "GET" not in page.methods:
                continue
            path = page.path.replace("<", "").replace(">", "")
            answer = client.get(path)
            assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (
                303,
                "/sign-in",
            ), path


def test_every_form_is_refused_without_csrf_token(app: Flask, alice: Person) -> None:
    browser = alice.browser
    for blueprint in PAGES:
        for page in blueprint.pages:
            if "POST" in page.methods:
                path = page.path.replace("<", "").replace(">", "")
                assert browser.post(path, data={}).status_code == 400, path


def test_no_page_accepts_a_bearer_token(app: Flask, alice: Person) -> None:
    answer = app.test_client().get(
        "/team", headers={"Authorization": f"Bearer {alice.access_token}"}
    )
    assert answer.status_code == 303


class Sentence(Answer):
    """Response of the test's operation."""

    word: str


@pytest.fixture
def careless(variant: Variant) -> Flask:
    """Handlers that request a reader and do not read."""
    api = ApiBlueprint("careless", __name__, tag="Test", guard=Guard.BEARER)
    pages = PageBlueprint("careless_pages", __name__, guard=Guard.SIGNED_IN)

    @api.get("/careless", answer=Sentence, permission="audit.read")
    def careless_list(reader: Reader) -> dict[str, str]:
        return {"word": "shown to whom?"}

    @api.get("/unnamed", answer=Sentence)
    def unnamed() -> dict[str, str]:
        return {"word": "for members"}

    @pages.page("/careless", permission="audit.read")
    def careless_page(reader: Reader) -> str:
        return "shown to whom?"

    @pages.page("/unnamed")
    def unnamed_page(actor: Actor) -> str:
        return actor.full_name

    app = variant()
    app.register_blueprint(api)
    app.register_blueprint(pages)
    return app


def test_a_handler_without_reads_still_checks_caller_and_role(
    careless: Flask, alice: Person, victor: Person
) -> None:
    client = careless.test_client()
    assert client.get("/api/careless").status_code == 401
    assert (
        client.get(
            "/api/careless", headers={"Authorization": f"Bearer {victor.access_token}"}
        ).status_code
        == 403
    )
    assert client.get(
        "/api/careless", headers={"Authorization": f"Bearer {alice.access_token}"}
    ).json == {"word": "shown to whom?"}
    assert client.get("/careless").status_code == 303
    alice.api.post("/auth/sign-out")
    assert (
        client.get(
            "/api/careless", headers={"Authorization": f"Bearer {alice.access_token}"}
        ).status_code
        == 401
    )


def test_an_operation_without_a_permission_requires_sign_in(
    careless: Flask, victor: Person
) -> None:
    client = careless.test_client()
    assert client.get("/api/unnamed").status_code == 401
    assert (
        client.get(
            "/api/unnamed", headers={"Authorization": f"Bearer {victor.access_token}"}
        ).status_code
        == 200
    )
