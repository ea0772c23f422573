"""Words for the methods of recognition."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext as _l

from voyagent.billing.core.queries.policies import MethodInPeriod
from voyagent.http.template_filters import long_day

APPLIES_TO = {
    "principal": _l("Own sales and their cost"),
    "agent": _l("Commission on sales as agent"),
}
METHOD_WORDS = {
    "at_start": _l("on the first day of the service"),
    "at_completion": _l("on the last day of the service"),
    "by_day": _l("by day over the service"),
    "at_booking": _l("when the invoice is issued"),
    "at_service": _l("on the last day of the service"),
}


def policy_words(one: MethodInPeriod) -> str:
    """Return the sentence about a method, with the day of its change."""
    words = {"sales": APPLIES_TO[one.applies_to], "method": METHOD_WORDS[one.method]}
    if one.valid_from is None:
        return str(gettext("%(sales)s: recognised %(method)s.", **words))
    day = long_day(one.valid_from, weekday=False, year=True)
    return str(
        gettext("%(sales)s, on documents from %(day)s on: recognised %(method)s.", day=day, **words)
    )
