"""The letters that there are: for each kind its subject and the values that its templates are
filled with.

The templates are `templates/mail/<kind>.txt` and `.html`. Beside its own values each is given
`agency` (the agency's name as it is when the mail is sent) and `site` (the public address of the
installation).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from voyagent.kernel.errors import N_

KEPT_FOR = timedelta(days=7)  # a mail without a link of its own; nobody is served by older news
Value = str | int


@dataclass(frozen=True, slots=True)
class Kind:
    """One letter.

    `subject` is one for all, or a value's name and a subject for each choice that it has.

    `link_lives` names the value that says for how long its link is good, and how many seconds one
    of it has. A letter that is `for_customer` comes in the agency's name, its answers go to the
    value `reply_to`, and it may carry a document.
    """

    subject: str | tuple[str, dict[str, str]]
    values: dict[str, type[str | int]]
    choices: dict[str, frozenset[str]] | None = None
    link_lives: tuple[str, int] | None = None
    for_customer: bool = False

    def subject_for(self, values: dict[str, Value]) -> str:
        """The subject of a letter with these values, in English and not filled in."""
        if isinstance(self.subject, str):
            return self.subject
        name, subjects = self.subject
        return subjects[str(values[name])]

    def useful_for(self, values: dict[str, Value]) -> timedelta:
        """For how long the mail is of use: until its link is dead, a week at most."""
        if self.link_lives is None:
            return KEPT_FOR
        name, seconds = self.link_lives
        return min(KEPT_FOR, timedelta(seconds=int(values[name]) * seconds))


_TWO_FACTOR = {
    "on": N_("Two-factor sign-in is on now"),
    "off": N_("Two-factor sign-in is off now"),
    "replaced": N_("Your two-factor sign-in has another device now"),
}
KINDS: dict[str, Kind] = {
    "verify_email": Kind(
        N_("Confirm your e-mail address"), {"link": str, "hours": int}, link_lives=("hours", 3600)
    ),
    "reset_password": Kind(
        N_("Choose a new password"), {"link": str, "minutes": int}, link_lives=("minutes", 60)
    ),
    "invitation": Kind(
        N_("%(inviter)s invites you to %(agency)s"),
        {"link": str, "inviter": str, "role": str, "days": int},
        link_lives=("days", 86400),
    ),
    # To the old address; `address` is the new one, which the letter shows masked.
    "address_changed": Kind(N_("Your e-mail address was changed"), {"address": str}),
    "password_changed": Kind(N_("Your password was changed"), {}),
    "two_factor_changed": Kind(
        ("change", _TWO_FACTOR), {"change": str}, choices={"change": frozenset(_TWO_FACTOR)}
    ),
    "recovery_codes_changed": Kind(N_("You have new recovery codes"), {}),
    "api_key_created": Kind(
        N_("A new API key was made for your account"), {"name": str, "prefix": str}
    ),
    "session_reuse": Kind(N_("We ended one of your sessions"), {}),
    "removed_from_agency": Kind(N_("You are no longer with %(agency)s"), {}),
    "role_changed": Kind(N_("Your role at %(agency)s was changed"), {"role": str}),
    "invoice": Kind(
        N_("Invoice %(number)s from %(agency)s"),
        {"number": str, "sender": str, "reply_to": str},
        for_customer=True,
    ),
    "itinerary": Kind(
        N_("Your itinerary: %(title)s"),
        {"title": str, "sender": str, "reply_to": str},
        for_customer=True,
    ),
}
