"""Errors of calls to models."""

from __future__ import annotations

from typing import ClassVar

from voyagent.drivers.models.usage import Usage
from voyagent.kernel.errors import N_


class ModelError(Exception):
    """The model gave no answer.

    `message` is the reason, for the log. `message` contains no part of the conversation and no API
    key, and of the vendor's text only short names such as `rate_limit_error`. `vendor_ref` is the
    vendor's id of the request. `has_sent_text` is true if a part of the answer was already shown to
    the user. `tries` is the number of HTTP requests. `usage` counts the tokens of these requests,
    as far as they are known. `sentence` is shown to the user and can be translated.
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
        self.has_sent_text = False
        self.tries = 1
        self.usage = Usage()


class ModelBusy(ModelError):
    """The vendor's rate limit is reached (429).

    `retry_after_s` is the waiting time that the vendor demands, or None if the vendor named none.
    """

    sentence = N_("The model is overloaded. Try again in a minute.")


class ModelUnavailable(ModelError):
    """The server could not be reached, failed (5xx), or ended the response early."""

    sentence = N_("The model can’t be reached. Finished steps are kept. Try again in a moment.")


class ModelTimeout(ModelError):
    """The deadline of the answer has passed."""

    sentence = N_("The model took too long. Finished steps are kept. Please ask again.")


class ModelRefused(ModelError):
    """The server refuses the request (4xx) and would refuse it again.

    The cause is the API key, the model or the contents of the request.
    """

    sentence = N_(
        "The model rejected this installation’s credentials. The operator can find the reason in"
        " the log."
    )


class ModelMissing(ModelRefused):
    """The vendor does not know the model or has withdrawn it (404 `not_found`)."""

    sentence = N_(
        "The model your agency uses is no longer available, so the built-in planner answers. An"
        " administrator can choose another model."
    )


class ModelNonsense(ModelError):
    """The answer is invalid."""

    sentence = N_(
        "The model’s answer could not be read, so nothing was done. Rephrase your request and try"
        " again."
    )
