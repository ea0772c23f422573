"""Sentences about who may approve a request."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext

from voyagent.http.template_filters import role_word


def approvers_in_words(roles: Sequence[str], *, is_above_own: bool = False) -> str:
    """Return who may approve a request; if no role's limit suffices, how to change that.

    `is_above_own` is true if the reader's own limit is too low.
    """
    own = [gettext("This is above your approval limit.")] if is_above_own else []
    if roles:
        return " ".join(
            (
                *own,
                gettext(
                    "Can be approved by: %(roles)s.",
                    roles=", ".join(role_word(role) for role in roles),
                ),
            )
        )
    return " ".join(
        (
            *own,
            gettext(
                "This is above the approval limit of every role. An administrator can raise a"
                " limit in Settings."
            ),
        )
    )


def other_approvers_in_words(roles: Sequence[str]) -> str:
    """Return why a person cannot approve the own request, and which roles can."""
    named = gettext(" or ").join(role_word(role) for role in roles)
    return str(
        gettext(
            "You can’t approve your own request. It can be approved by: %(roles)s.", roles=named
        )
    )
