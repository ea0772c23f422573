"""Sentences about who may approve a proposal."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext

from voyagent.http.template_filters import role_word


def approvers_in_words(
    roles: Sequence[str], *, is_above_own: bool = False, is_unknown: bool = False
) -> str:
    """Return a sentence about who may approve a proposal.

    `roles` are the roles that may approve. `is_above_own` is true if the amount is above the
    reader's own limit, and `is_unknown` if this is because the amount is unknown.
    """
    reason = (
        gettext("The amount isn’t known in advance, so this counts as above your approval limit.")
        if is_unknown
        else gettext("This is above your approval limit.")
    )
    own = [reason] if is_above_own else []
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
    """Return why a user may not approve a proposal of their own, and which roles may.

    `roles` are the roles that may approve.
    """
    if not roles:
        return str(
            gettext(
                "Everybody who could approve this request has changed it. Decline it, and request"
                " it again."
            )
        )
    named = gettext(" or ").join(role_word(role) for role in roles)
    return str(
        gettext(
            "You can’t approve what you requested or changed yourself. It can be approved by:"
            " %(roles)s.",
            roles=named,
        )
    )
