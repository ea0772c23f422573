"""The ways in which a model fails to answer, each with a sentence for the person; what the log may
know stands beside it.
"""

from __future__ import annotations

from typing import ClassVar

from voyagent.drivers.models.usage import Usage
from voyagent.kernel.errors import N_


class ModelError(Exception):
    """No answer came.

    `message` says why in a few words, without a word of the conversation, a key or what the vendor
    wrote.

    `vendor_ref` is the vendor's id of the request, `told` whether text had reached the person
    already, `tries` how many requests were sent and `usage` what they cost as far as anybody knows.
    `sentence` is what the person reads, to be translated.
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
    """The vendor's limit of requests is reached (429); `retry_after_s` is what it asks to wait,
    where it says so.
    """

    sentence = N_("The model is overloaded. Try again in a minute.")


class ModelUnavailable(ModelError):
    """The server could not be reached, failed (5xx), or broke off."""

    sentence = N_("The model can’t be reached. Finished steps are kept. Try again in a moment.")


class ModelTimeout(ModelError):
    """The time for the answer is over."""

    sentence = N_("The model took too long. Finished steps are kept. Please ask again.")


class ModelRefused(ModelError):
    """The server does not take the request: the key, the model's name, or what was sent (4xx).

    Trying again changes nothing.
    """

    sentence = N_(
        "The model rejected this installation’s credentials. The operator can find the reason in"
        " the log."
    )


class ModelMissing(ModelRefused):
    """The vendor does not know the model, or does not have it any more (404 `not_found`)."""

    sentence = N_(
        "The model your agency uses is no longer available, so the built-in planner answers. An"
        " administrator can choose another model."
    )


class ModelNonsense(ModelError):
    """An answer came that cannot be read or acted upon: broken frames, arguments that are no JSON
    object or too long, an unknown way to end.
    """

    sentence = N_(
        "The model’s answer could not be read, so nothing was done. Rephrase your request and try"
        " again."
    )
