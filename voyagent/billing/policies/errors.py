"""Errors of the policies of recognition."""

from __future__ import annotations

from voyagent.billing.core.errors import InvalidDate
from voyagent.kernel.errors import N_, Conflict, Unprocessable


class RecognitionMethodUnknown(Unprocessable):
    """The method is not one for these sales."""

    code = "recognition_method_unknown"
    message = N_("Choose a method that these sales can have.")


class RecognitionUnchanged(Conflict):
    """The method already applies on the day on which the change would begin."""

    code = "recognition_unchanged"
    message = N_("This method is already in force on that day.")


class PolicyInPast(InvalidDate):
    """A policy would change documents of days before today."""

    message = N_("A change can’t begin before today: earlier documents keep their method.")
