"""How a page talks with htmx: is this a fragment's request, and where should the browser go."""

from __future__ import annotations

from flask import Response, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse


def is_htmx() -> bool:
    """Whether a fragment will do: an htmx request that is neither boosted nor a history restore."""
    return (
        request.headers.get("HX-Request") == "true"
        and request.headers.get("HX-Boosted") != "true"
        and request.headers.get("HX-History-Restore-Request") != "true"
    )


def see_other(address: str) -> WerkzeugResponse:
    """After success: 303 for a browser, `HX-Redirect` for htmx, so that a reload repeats nothing."""
    if is_htmx():
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address, 303)
