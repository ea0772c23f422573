"""Errors of personal data."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound, Unavailable, Unprocessable


class RecordNotFound(NotFound):
    """The agency has no record of this kind and id."""

    code = "record_not_found"
    message = N_("We could not find that record.")


class NotAboutPerson(Unprocessable):
    """No text of the conversation names the person."""

    code = "conversation_not_about_person"
    message = N_("This conversation does not name the person, so it cannot be confirmed.")


class RecordNotAboutPerson(Unprocessable):
    """The record neither names the person nor belongs to the person."""

    code = "record_not_about_person"
    message = N_("This record does not name the person, so it cannot be confirmed.")


class InvalidRecordId(Unprocessable):
    """The record's id is not a UUID."""

    code = "invalid_record_id"
    message = N_("This is not a valid record ID.")


class PersonHasOpenRecords(Conflict):
    """The person has records that prevent an erasure.

    Such records are open documents, advances, conversations in which a turn of the assistant is
    running, and proposals that wait for approval or are being carried out.
    """

    code = "person_has_open_records"
    message = N_(
        "This person still has open documents, advances or unfinished acts. Settle, void or delete"
        " them first."
    )


class PersonErased(Conflict):
    """The person's data was erased, so nothing can be linked or changed."""

    code = "person_erased"
    message = N_("The data of this person was erased.")


class SearchesBusy(Unavailable):
    """The largest allowed number of searches for people is running."""

    code = "searches_busy"
    message = N_("Another search for a person is running. Try again in a moment.")


class SearchTimedOut(Unavailable):
    """A search took longer than allowed, or an earlier one of the agency did.

    The agency may try again after `retry_after_s` seconds.
    """

    code = "search_timed_out"
    message = N_("The search for this person took too long. Nothing was changed. Try again later.")

    def __init__(self, retry_after_s: int) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


class ReasonRequired(Unprocessable):
    """The erasure has no reason, or one of more than 500 characters."""

    code = "reason_required"
    message = N_("Enter a reason of at most 500 characters.")


class IdentityNotKept(NotFound):
    """The identity of this erased person is not kept, or its period is over."""

    code = "identity_not_kept"
    message = N_("The identity of this person is not kept any more.")


class PeriodTooShort(Unprocessable):
    """The retention period is shorter than the minimum of its kind."""

    code = "period_too_short"
    message = N_("This period is shorter than the minimum for its kind of data.")
