"""Retention periods of kinds of data, and what happens to the data at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voyagent.kernel.errors import N_

DAYS_MAX = 36_500


@dataclass(frozen=True, slots=True)
class Retention:
    """The retention period of a kind of data.

    `default` and `least`, the shortest period that an agency can choose, are in days. `act` is a
    sentence about what happens to the data at the end of the period.
    """

    default: int
    least: int
    label: str
    act: str


KINDS: dict[str, Retention] = {
    "enquiries": Retention(
        1095,
        30,
        N_("Enquiries that did not become an invoice"),
        N_("Name, contact data, route and notes are removed."),
    ),
    "conversations": Retention(
        730, 30, N_("Conversations without a message"), N_("They are deleted with their requests.")
    ),
    "turn_events": Retention(
        7,
        1,
        N_("Events of the assistant, after the end of its answer"),
        N_("They are deleted. The messages stay."),
    ),
    "turn_steps": Retention(
        90, 7, N_("Intermediate results of the assistant"), N_("They are deleted.")
    ),
    "turn_costs": Retention(
        730, 90, N_("Costs of language models by answer"), N_("They are deleted.")
    ),
    "passports": Retention(
        180,
        1,
        N_("Passports and dates of birth, after the end of the trip"),
        N_("Number, date of birth and nationality are removed and the key is destroyed."),
    ),
    "passengers": Retention(
        1095,
        30,
        N_("Passengers, after the end of the trip"),
        N_("Their names and ticket numbers are removed from the trip."),
    ),
    "mails": Retention(90, 7, N_("Records of sent mails"), N_("They are deleted.")),
    "sessions": Retention(90, 30, N_("Ended sign-ins of colleagues"), N_("They are deleted.")),
    "credentials": Retention(
        30,
        7,
        N_("Expired invitations, mailed links and API keys"),
        N_("They are deleted."),
    ),
    "audit_text": Retention(
        3650,
        2922,
        N_("Personal text in the audit log"),
        N_("It is removed. The events and their chain stay."),
    ),
    "tax_identity": Retention(
        2922,
        2557,
        N_("Identity of erased customers with documents"),
        N_("Its key is destroyed."),
    ),
}
"""Retention periods by kind of data.

Tax records are kept for 72 months after the annual return (CGST Act section 36), here 2,557 days.
Books are kept for eight financial years (Companies Act section 128), here 2,922 days.
"""


def days_of(kind: str, chosen: Mapping[str, Any]) -> int:
    """Return the period of a kind in days.

    The period is the number of days in `chosen`, or the default if `chosen` has none. The period is
    never less than the minimum.
    """
    rule = KINDS[kind]
    return max(rule.least, int(chosen.get(kind) or rule.default))
