"""The page of one's own account: name, address, password."""

from __future__ import annotations

from flask import render_template

from voyagent.identity.views.blueprint import account_pages
from voyagent.kernel.actor import Actor


@account_pages.page("/account", permission="account.read")
def profile(actor: Actor) -> str:  # noqa: ARG001 - the layout shows who
    """Who one is here."""
    return render_template("account/profile.html")
