"""Requests of htmx, and redirects that work with and without htmx."""

from __future__ import annotations

from flask import Response, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse


def is_htmx() -> bool:
    """Return True if htmx needs only a fragment of the page.

    Boosted links and restored history need the whole page.
    """
    return (
        request.headers.get("HX-Request") == "true"
        and request.headers.get("HX-Boosted") != "true"
        and request.headers.get("HX-History-Restore-Request") != "true"
    )


def see_other(address: str) -> WerkzeugResponse:
    """Redirect after a successful form.

    A browser gets status 303, htmx the header `HX-Redirect`.
    """
    if is_htmx():
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address, 303)
