"""Words for the methods of recognition."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext, lazy_gettext as _l

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


def policy_words(applies_to: str, method: str, valid_from: date | None) -> str:
    """Return the sentence about a method.

    Without `valid_from` it is valid from the beginning.
    """
    words = {"sales": APPLIES_TO[applies_to], "method": METHOD_WORDS[method]}
    if valid_from is None:
        return str(gettext("%(sales)s: recognised %(method)s.", **words))
    day = long_day(valid_from, weekday=False, year=True)
    return str(gettext("%(sales)s issued from %(day)s: recognised %(method)s.", day=day, **words))
