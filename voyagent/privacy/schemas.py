"""Request and response bodies of the privacy API."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import Closed, Instant, Trimmed
from voyagent.kernel.serializers import AnswerOf
from voyagent.privacy.rules.retention import DAYS_MAX

OwnKind = Literal["enquiry", "passenger", "trip", "conversation"]
OtherKind = Literal[
    "party",
    "invoice",
    "bill",
    "payment",
    "credit_note",
    "supplier_credit",
    "cancellation",
    "journal_entry",
    "audit_event",
]
RecordKind = OwnKind | OtherKind


class LinkRequest(Closed):
    """A record that is about the person: its kind and id."""

    kind: RecordKind
    record_id: UUID


class EraseRequest(Closed):
    """Reason for the erasure; it is kept with the erasure."""

    reason: Annotated[str, Trimmed(500)]


class HeldOut(AnswerOf[Row]):
    """The data in one table that is held about a person.

    `rows` is the number of rows. `erasure` is the effect of an erasure on the rows: `removed`,
    `pseudonym` (names are replaced) or `stays`. `why` is the reason for the data that stays.
    `retention` is a kind of retention period, or `books` (kept as long as the books), `account` (as
    long as the account exists) or `short` (some days).
    """

    table: str
    rows: int
    erasure: Literal["removed", "pseudonym", "stays"]
    retention: str
    why: str | None


class CandidateOut(AnswerOf[Row]):
    """A record that may be about the same person, and the reason for offering it.

    With the reason `name`, `email` or `phone`, the record has the person's name, e-mail address or
    phone number. With the reason `trip`, the record is a passenger of a trip that is linked to the
    person. With the reason `invoice`, an invoice of the person refers to the enquiry or
    conversation of somebody else. With the reason `merged`, the record is a party that was merged
    with the person's. With the reason `mentioned`, a text of the record names the person. A party
    with the reason `mentioned` is somebody else, whose notes name the person. A
    party with the reason `email` or `phone` may be the same person under another name; do not link
    it.
    """

    kind: RecordKind
    record_id: UUID
    title: str | None
    at: Instant
    reason: Literal["name", "email", "phone", "trip", "invoice", "merged", "mentioned"]


class BlockingOut(AnswerOf[Row]):
    """An open record that prevents an erasure."""

    kind: str
    id: str
    number: str
    status: str


class UnreplacedOut(AnswerOf[Row]):
    """A record that would still name the person after an erasure."""

    kind: RecordKind
    record_id: UUID
    title: str | None


class PersonOut(AnswerOf[Row]):
    """The data held about a person, and the effect of an erasure.

    `unreplaced` are confirmed records and records of the person that name the person in a way that
    an erasure does not find, such as a nickname. Edit their texts before the erasure. If the person
    has too many names to search for all, `unreplaced` also has the enquiries and passengers with
    the other names. After an erasure, the identity of the person is kept for tax authorities until
    `identity_until`; null if it is not kept. `erased_at` is null if the person was not erased.
    """

    party_id: UUID
    name: str
    held: list[HeldOut]
    candidates: list[CandidateOut]
    blocked_by: list[BlockingOut]
    unreplaced: list[UnreplacedOut]
    identity_until: date | None
    erased_at: Instant | None


class ErasureOut(AnswerOf[Row]):
    """An erasure: pseudonym, reason, time, and the number of changed rows by table."""

    id: UUID
    party_id: UUID
    pseudonym: str
    reason: str
    erased_at: Instant
    counts: dict[str, Any]
    identity_until: date | None


class ErasureListOut(AnswerOf[Row]):
    """The newest 200 erasures."""

    items: list[ErasureOut]


class PersonExportOut(AnswerOf[Row]):
    """Everything that is held about a person: the rows of each table in `held`.

    Rows of the person's conversations and of the audit log that are not about the person are left
    out. `left_out` has the number of these rows by table.
    """

    party_id: UUID
    name: str
    made_at: Instant
    held: dict[str, Any]
    left_out: dict[str, int]


class IdentityOut(AnswerOf[Row]):
    """The identity of an erased person, kept for tax authorities."""

    name: str
    address: str | None
    country: str | None
    state: str | None
    tax_number: str | None
    pan: str | None


Days = Annotated[int | None, Field(ge=1, le=DAYS_MAX)]


class RetentionPatch(Closed):
    """Retention periods in days.

    A member that is absent stays unchanged; null restores the default. A period below the legal
    minimum is refused.
    """

    enquiries: Days = None
    conversations: Days = None
    turn_events: Days = None
    turn_steps: Days = None
    turn_costs: Days = None
    passports: Days = None
    passengers: Days = None
    mails: Days = None
    sessions: Days = None
    credentials: Days = None
    audit_text: Days = None
    tax_identity: Days = None


class RetentionRuleOut(AnswerOf[Row]):
    """The retention period of a kind of data: in days, with its default and minimum."""

    kind: str
    days: int
    default: int
    minimum: int


class RetentionOut(AnswerOf[Row]):
    """All retention periods."""

    items: list[RetentionRuleOut]
