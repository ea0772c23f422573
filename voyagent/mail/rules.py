"""Kinds of mail: the subject and the template values of each.

Templates are `templates/mail/<kind>.txt` and `.html`. Every template also receives `agency` (the
agency's name at the time of sending) and `site` (the public URL of the installation).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from voyagent.kernel.errors import N_

USEFUL_FOR = timedelta(days=7)  # longest period for which a mail is worth sending
Value = str | int


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of mail: its subject, template values and period of validity.

    `subject` is a text, or a pair: the name of a template value, and the subject for each possible
    value. A subject contains no text that a person wrote, because anybody can sign up and choose a
    name that reads like a message of the installation. Only a mail to a customer may have such text
    in its subject, because this mail names the agency as its sender.

    `choices` maps the name of a template value to the values that it may have.

    `link_lives` is set if the mail has a link that expires. It is a pair: the name of the template
    value with the lifetime of the link, and the unit of this value in seconds, such as 3600 for
    hours.

    If `for_customer` is true, the mail is sent in the agency's name, and replies go to the address
    in the value `reply_to`. A mail may have an attachment if `for_customer` or `attaches` is true.

    If `is_notice` is true, the mail tells a person about an act. Strangers can cause such mails, so
    their number per recipient is limited, and `Outbox.send` leaves out further ones.
    """

    subject: str | tuple[str, dict[str, str]]
    values: dict[str, type[str | int]]
    choices: dict[str, frozenset[str]] | None = None
    link_lives: tuple[str, int] | None = None
    for_customer: bool = False
    attaches: bool = False
    is_notice: bool = False

    def subject_for(self, values: dict[str, Value]) -> str:
        """Return the English subject, without translation and with its placeholders."""
        if isinstance(self.subject, str):
            return self.subject
        name, subjects = self.subject
        return subjects[str(values[name])]

    def useful_for(self, values: dict[str, Value]) -> timedelta:
        """Return the period after which the mail is not sent any more.

        The period is a week, or the lifetime of the mail's link if this lifetime is shorter.
        """
        if self.link_lives is None:
            return USEFUL_FOR
        name, seconds = self.link_lives
        return min(USEFUL_FOR, timedelta(seconds=int(values[name]) * seconds))


_LIVES_ON: dict[str, type[str | int]] = {"api_keys": int, "invitations": int}
"""Number of the recipient's credentials that remain valid after the act, by kind."""
_TWO_FACTOR = {
    "on": N_("Two-factor sign-in was switched on"),
    "off": N_("Two-factor sign-in was switched off"),
    "replaced": N_("Your authenticator was replaced"),
}
_ACCESS = {
    "suspended": N_("Your access in Voyagent is suspended"),
    "restored": N_("You have access in Voyagent again"),
}
KINDS: dict[str, Kind] = {
    "verify_email": Kind(
        N_("Confirm your e-mail address"), {"link": str, "hours": int}, link_lives=("hours", 3600)
    ),
    "reset_password": Kind(
        N_("Choose a new password"), {"link": str, "minutes": int}, link_lives=("minutes", 60)
    ),
    "invitation": Kind(
        N_("Invitation to a team in Voyagent"),
        {"link": str, "inviter": str, "role": str, "days": int},
        link_lives=("days", 86400),
    ),
    # Sent to the old address; `address` is the new one, masked.
    "address_changed": Kind(
        N_("Your e-mail address was changed"), {"address": str, **_LIVES_ON}, is_notice=True
    ),
    # `others` and `suspended` are numbers of other people of the agency: those who have access, and
    # those whom a reset of the password has suspended.
    "password_changed": Kind(
        N_("Your password was changed"),
        {"others": int, "suspended": int, "second_factor_off": bool, **_LIVES_ON},
        is_notice=True,
    ),
    "two_factor_changed": Kind(
        ("change", _TWO_FACTOR),
        {"change": str, **_LIVES_ON},
        choices={"change": frozenset(_TWO_FACTOR)},
        is_notice=True,
    ),
    "recovery_codes_changed": Kind(N_("New recovery codes were created"), {}, is_notice=True),
    "api_key_created": Kind(
        N_("An API key was created for your account"),
        {"name": str, "prefix": str},
        is_notice=True,
    ),
    "session_reuse": Kind(N_("We ended one of your sessions"), {}, is_notice=True),
    "removed_from_agency": Kind(N_("Your access in Voyagent has ended"), {}, is_notice=True),
    "access_changed": Kind(
        ("access", _ACCESS),
        {"access": str},
        choices={"access": frozenset(_ACCESS)},
        is_notice=True,
    ),
    "role_changed": Kind(
        N_("Your role in Voyagent was changed"), {"role": str, **_LIVES_ON}, is_notice=True
    ),
    # `head` is the hash of event `seq`; the statement itself is attached.
    "audit_statement": Kind(
        N_("Signed audit statement"),
        {"seq": str, "head": str, "kid": str},
        attaches=True,
    ),
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
