"""The ways in which an act may fail, by kind; each room names its own below these, and
`http.errors` gives a kind its status.
"""

from __future__ import annotations

from typing import ClassVar


def N_(  # noqa: N802
    sentence: str,
) -> str:
    """Mark a sentence for the catalogue; the door translates it for the person who reads it."""
    return sentence


class VoyagentError(Exception):
    """An expected failure: `code` is for programs, `message` for people, and neither repeats what
    was sent.

    `keeps_work`: what was written before the failure is committed all the same (a revoked family, a
    counted failure); the rule is that raising rolls back. `answer_at`: an instant of `perf_counter`
    before which the refusal is not answered, so that its time does not tell what its words do not.
    """

    code: ClassVar[str] = "error"
    message: ClassVar[str] = N_("That did not work.")
    keeps_work: ClassVar[bool] = False
    answer_at: float | None = None

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or self.code)
        self.detail = detail or self.code


class Invalid(VoyagentError):
    """A value that the schema allows and a rule does not."""

    code = "invalid"


class StructuredInvalid(Invalid):
    """A rule's refusal whose `detail` is an object, such as a weak password's `{"error": …, "code":
    …}`.
    """

    def __init__(self, body: dict[str, str]) -> None:
        super().__init__(body.get("code"))
        self.body = body


class Unprocessable(VoyagentError):
    """Input that cannot be read; `field` names the place."""

    code = "unprocessable"
    field: str | None = None


class Unauthorized(VoyagentError):
    """Nobody, or nobody any more."""

    code = "unauthorized"
    message = N_("Please sign in again.")


class Forbidden(VoyagentError):
    """A person who may not."""

    code = "forbidden_role"
    message = N_("Your role does not allow this. An administrator of your agency can change it.")


class NotFound(VoyagentError):
    """Not there, or another agency's, which is the same to the caller."""

    code = "not_found"
    message = N_("We could not find that. It may have been removed.")


class Conflict(VoyagentError):
    """The state of the thing does not allow the act."""

    code = "conflict"


class PreconditionFailed(VoyagentError):
    """The caller has said which state she acts upon, and another one stands now."""

    code = "precondition_failed"
    message = N_("This has changed since you opened it. Load it again and repeat what you did.")


class TooManyRequests(VoyagentError):
    """More than a caller may ask for now; `retry_after_s` says when to come back, and the door adds
    it to the words.
    """

    code = "too_many_requests"
    message = N_("That was too often.")
    retry_after_s = 60

    def __init__(self, detail: str | None = None, *, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        if retry_after_s is not None:
            self.retry_after_s = retry_after_s


class Unavailable(VoyagentError):
    """Something that we depend on is away; nothing was changed."""

    code = "unavailable"
    message = N_(
        "The service is not reachable just now. Nothing was changed; please try again in a moment."
    )
    retry_after_s: int | None = 5
