"""HTML pages: blueprints with a default guard, and the data that every page shows."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, current_app, flash, g, request
from flask_babel import Babel, gettext
from flask_wtf import CSRFProtect
from sqlalchemy import Select, literal, select

from voyagent.http import operator_session, step_up
from voyagent.http.files import made_later
from voyagent.http.guards import (
    Guard,
    answer_of,
    auth_adapter,
    authenticate,
    browser_credential,
    present_actor,
    request_reader,
)
from voyagent.http.htmx import see_other
from voyagent.http.idempotency import REPLAYED, form_once
from voyagent.kernel import tenancy
from voyagent.kernel.actor import Actor, direct_right
from voyagent.kernel.database.read_pool import RequestReader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.errors import NotFound, VoyagentError
from voyagent.kernel.ids import parse_id
from voyagent.kernel.sheets import LargeFile

LOCALES = ("en", "hi")
GOING_ON = ("line", "look", "documents", "fill")
csrf = CSRFProtect()
View = Callable[..., Any]
_counts: dict[str, Callable[[], Any]] = {}


@dataclass(frozen=True, slots=True)
class Page:
    """A declared page: its path, methods, guard, permission and endpoint."""

    path: str
    methods: tuple[str, ...]
    guard: Guard
    permission: str
    endpoint: str
    direct: bool = False

    @property
    def right(self) -> str:
        """Return the permission that the caller needs."""
        return direct_right(self.permission) if self.direct else self.permission


class PageBlueprint(Blueprint):
    """Blueprint of HTML pages with a default guard; POST requests need a CSRF token."""

    def __init__(self, name: str, import_name: str, *, guard: Guard) -> None:
        super().__init__(name, import_name)
        self.guard = guard
        self.pages: list[Page] = []

    def page(  # noqa: PLR0913 - each keyword is an option of the page
        self,
        path: str,
        *,
        methods: tuple[str, ...] = ("GET",),
        permission: str = "agency.read",
        direct: bool = False,
        missing: type[NotFound] = NotFound,
        guard: Guard | None = None,
        body_max: int | None = None,
        once: bool = False,
    ) -> Callable[[View], View]:
        """Decorate a view to register it as a page.

        The parameters of the view decide what the view receives: `actor` or `reader`, and the ids
        of the path. A malformed id raises `missing`.

        Set `direct` if the form acts without approval: a role then needs the direct right. `guard`
        overrides the guard of the blueprint. `body_max` is the maximum body size in bytes. With
        `once`, a form with a key (`forms.SentOnce`) is processed only once.
        """
        keeper = guard or self.guard

        def register(view: View) -> View:
            parameters = inspect.signature(view, eval_str=True).parameters
            ids = [name for name, parameter in parameters.items() if parameter.annotation is UUID]

            @functools.wraps(view)
            def guarded(**given: Any) -> Any:
                reader = _admit(keeper, permission, parameters, given, direct=direct)
                try:
                    for name in ids:
                        given[name] = parse_id(given[name])
                        if given[name] is None:
                            raise missing
                    answer = (
                        _once(view, given)
                        if once and is_sent()
                        else answer_of(reader, functools.partial(view, **given))
                    )
                except LargeFile:
                    return made_later()
                except VoyagentError:
                    if reader is not None:
                        reader.authenticate()
                    raise
                if reader is not None:
                    reader.authenticate()
                return answer

            guarded.guard = keeper  # type: ignore[attr-defined]
            guarded.body_max = body_max  # type: ignore[attr-defined]
            guarded.right = (  # type: ignore[attr-defined]
                direct_right(permission) if direct else permission
            )
            endpoint = view.__name__.strip("_")
            name = f"{self.name}.{endpoint}"
            self.pages.append(Page(path, methods, keeper, permission, name, direct))
            self.add_url_rule(path, endpoint=endpoint, view_func=guarded, methods=list(methods))
            return view

        return register


def is_sent() -> bool:
    """Return True if a form was submitted to be processed.

    A request for a preview or for another row in the form does not count.
    """
    return request.method == "POST" and request.form.get("then") not in GOING_ON


def _once(view: View, given: dict[str, Any]) -> Any:
    actor = present_actor()
    assert actor is not None
    answer = form_once(actor, lambda: current_app.make_response(view(**given)))
    if REPLAYED not in answer.headers:
        return answer
    toast(
        gettext(
            "This form was already sent. This is the record it created. Nothing is recorded twice."
        )
    )
    return see_other(answer.headers.get("Location") or answer.headers["HX-Redirect"])


def _admit(
    guard: Guard,
    permission: str,
    parameters: Mapping[str, inspect.Parameter],
    given: dict[str, Any],
    *,
    direct: bool,
) -> RequestReader | None:
    if guard is Guard.OPERATOR:
        operator_session.require_session()
    if guard in (Guard.PUBLIC, Guard.OPERATOR):
        tenancy.mark_public(db.session())
        return None
    credential = browser_credential()
    if "reader" in parameters:
        given["reader"] = reader = request_reader(credential, permission, with_shell=True)
        return reader
    actor = authenticate(credential)
    (actor.require_authority if direct else actor.require)(permission)
    if step_up.is_answer():
        actor = g.actor = step_up.confirmed(actor)
    if "actor" in parameters:
        given["actor"] = actor
    return None


class PageContext:
    """Data for templates: the actor, the locale and the counts of the menu."""

    @property
    def actor(self) -> Actor | None:
        """Return the signed-in person, or None."""
        return present_actor()

    @property
    def timezone(self) -> str:
        """Return the name of the agency's time zone; UTC if nobody is signed in."""
        return self.actor.timezone if self.actor else "UTC"

    @property
    def locale(self) -> str:
        """Return the locale of the signed-in person's agency, else the browser's."""
        if self.actor:
            return self.actor.locale
        return request.accept_languages.best_match(LOCALES) or "en" if request else "en"

    @property
    def request_id(self) -> str | None:
        """Return the id of the request, which the log contains too."""
        return g.get("request_id")

    @functools.cached_property
    def counts(self) -> dict[str, Any]:
        """Return the counts that the menu shows, by name."""
        reader = g.get("reader")
        if reader is not None and reader.extra_row:
            return dict(reader.extra_row)
        if self.actor is None:
            return {}
        rows = SessionReader(db.session).read(shell())[0]
        return rows[0] if rows else {}


def install(app: Flask) -> None:
    """Install CSRF protection, translations and the variable `page` of templates."""
    csrf.init_app(app)
    # Babel would look up a name in another time zone database, which may be older and lack it.
    Babel(
        app,
        locale_selector=lambda: _page().locale,
        timezone_selector=lambda: ZoneInfo(_page().timezone),
        default_translation_directories=app.config["TRANSLATIONS"],
    )
    app.before_request(_begin)
    app.context_processor(lambda: {"page": _page()})


def menu_count(name: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Decorate a function that returns a scalar select, to register a menu count."""

    def register(make: Callable[[], Any]) -> Callable[[], Any]:
        _counts[name] = make
        return make

    return register


page_fact = menu_count
"""Register data that every page shows outside the menu, such as the agency's logo."""


def shell() -> Select[Any]:
    """Return one select with all registered counts of the menu."""
    return (
        select(*(make().label(name) for name, make in sorted(_counts.items())))
        if _counts
        else select(literal(0).label("nothing"))
    )


def toast(sentence: str, *, kind: str = "done") -> None:
    """Show a short message on the next page or in this fragment.

    `kind` is `done` or `error`.
    """
    flash(sentence, kind)


def translated(sentence: str) -> str:
    """Return the translation of a sentence that was marked with `N_`."""
    return gettext(sentence)


def _begin() -> None:
    """Load language and time zone before a view formats anything."""
    _page()


def _page() -> PageContext:
    if "page" not in g:
        g.page = PageContext()
    return g.page


__all__ = [
    "LOCALES",
    "PageBlueprint",
    "PageContext",
    "auth_adapter",
    "csrf",
    "install",
    "menu_count",
    "page_fact",
    "shell",
    "toast",
    "translated",
]
