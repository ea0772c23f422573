"""Failures of models, each with a sentence for people and facts for the log."""

from __future__ import annotations

from typing import ClassVar

from voyagent.drivers.models.usage import Usage
from voyagent.kernel.errors import N_


class ModelError(Exception):
    """No answer came.

    `message` is the reason without conversation, key or vendor's text. `vendor_ref` is the vendor's
    id of the request, `told` is true if text had reached the person, `tries` is the number of
    requests and `usage` their cost as far as known. `sentence` is for the person, translatable.
    """

    sentence: ClassVar[str] = N_(
        "The model did not answer. Finished steps are kept. Please ask again."
    )

    def __init__(
        self,
        message: str,
        *,
        driver: str,
        vendor_ref: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.driver = driver
        self.vendor_ref = vendor_ref
        self.retry_after_s = retry_after_s
        self.told = False
        self.tries = 1
        self.usage = Usage()


class ModelBusy(ModelError):
    """The vendor's rate limit is reached (429); `retry_after_s` if it is given."""

    sentence = N_("The model is overloaded. Try again in a minute.")


class ModelUnavailable(ModelError):
    """The server could not be reached, failed (5xx), or broke off."""

    sentence = N_("The model can’t be reached. Finished steps are kept. Try again in a moment.")


class ModelTimeout(ModelError):
    """The time for the answer is over."""

    sentence = N_("The model took too long. Finished steps are kept. Please ask again.")


class ModelRefused(ModelError):
    """The server refuses the request (4xx): key, model or contents.

    A retry changes nothing.
    """

    sentence = N_(
        "The model rejected this installation’s credentials. The operator can find the reason in"
        " the log."
    )


class ModelMissing(ModelRefused):
    """The vendor does not know the model, or has withdrawn it (404 `not_found`)."""

    sentence = N_(
        "The model your agency uses is no longer available, so the built-in planner answers. An"
        " administrator can choose another model."
    )


class ModelNonsense(ModelError):
    """The answer cannot be read or used.

    Broken frames, invalid or too long arguments, an unknown reason to stop.
    """

    sentence = N_(
        "The model’s answer could not be read, so nothing was done. Rephrase your request and try"
        " again."
    )
