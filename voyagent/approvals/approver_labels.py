"""Who may grant a request, as a page says it."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext

from voyagent.http.template_filters import role_word


def deciders_in_words(roles: Sequence[str], *, is_above_own: bool = False) -> str:
    """Who may grant a request; where no role's limit reaches so far, how that is changed.

    `is_above_own` where the reader's own does not.
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


def others_in_words(roles: Sequence[str]) -> str:
    """Why somebody cannot grant her own request, and which roles of her colleagues can:
    `service.who_else_may_grant`.
    """
    named = gettext(" or ").join(role_word(role) for role in roles)
    return str(
        gettext(
            "You can’t approve your own request. It can be approved by: %(roles)s.", roles=named
        )
    )
