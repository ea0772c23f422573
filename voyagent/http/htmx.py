"""Requests of htmx, and redirects that work with and without htmx."""

from __future__ import annotations

from flask import Response, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse


def is_htmx() -> bool:
    """Return True if htmx needs only a fragment of the page.

    For a boosted link or a restored history entry, htmx needs the whole page.
    """
    return (
        request.headers.get("HX-Request") == "true"
        and request.headers.get("HX-Boosted") != "true"
        and request.headers.get("HX-History-Restore-Request") != "true"
    )


def see_other(address: str) -> WerkzeugResponse:
    """Redirect after a form was processed.

    A browser gets status 303; htmx gets the header `HX-Redirect`.
    """
    if is_htmx():
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address, 303)
