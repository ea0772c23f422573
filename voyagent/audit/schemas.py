"""Query parameters and response bodies of the audit API."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field

from voyagent.audit.queries.events import Search
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.fields import (
    DateFilter,
    Filter,
    Instant,
    Query,
    Text,
    ZoneFilter,
)
from voyagent.kernel.ids import parse_id
from voyagent.kernel.pages import PartQuery
from voyagent.kernel.serializers import AnswerOf, AsRead, PageOf

LIMIT_DEFAULT, LIMIT_MAX = 50, 200
KINDS_MAX = 50
Outcome = Literal["ok", "error"]


class InvalidActorId(Unprocessable):
    """The filter by person is not an id."""

    code = "invalid_actor_id"
    message = N_("This is not a valid user ID.")


def _split(value: Any) -> Any:
    """Split repeated and comma-separated values; drop empty parts."""
    if not isinstance(value, list):
        return value
    return [part.strip() for given in value for part in str(given).split(",") if part.strip()]


def _blank(value: Any) -> Any:
    return None if value == "" else value


Kind = Annotated[str, Text(128)]


class AuditFilter(Query):
    """Filters of the audit log; an event must match all of them.

    `from` and `to` are inclusive days. If `from` is after `to`, no event matches.
    """

    actor_id: Annotated[str | None, Filter(64)] = Field(
        default=None, description="Id of the user who acted."
    )
    kind: Annotated[list[Kind] | None, BeforeValidator(_split), Field(max_length=KINDS_MAX)] = (
        Field(
            default=None,
            description="Kinds of events, as repeated parameters or separated by commas.",
        )
    )
    first: DateFilter = Field(default=None, alias="from")
    last: DateFilter = Field(default=None, alias="to")
    status: Annotated[Outcome | None, BeforeValidator(_blank)] = Field(
        default=None, description="Outcome of the event: succeeded, or failed or refused."
    )
    tz: ZoneFilter = Field(
        default=None, description="IANA time zone of the days `from` and `to`; UTC if absent."
    )

    def search(self, zone: str = "UTC") -> Search:
        """Return the filters in the form that the queries accept.

        `zone` is the time zone if the request names none. Raises InvalidActorId.
        """
        actor_id = parse_id(self.actor_id) if self.actor_id is not None else None
        if self.actor_id is not None and actor_id is None:
            raise InvalidActorId
        return Search(
            actor_id=actor_id,
            kinds=tuple(dict.fromkeys(self.kind or ())),
            first=self.first,
            last=self.last,
            status=self.status,
            zone=self.tz or zone,
        )


class AuditListQuery(PartQuery, AuditFilter):
    """A page of the audit log, by offset or by cursor.

    With a cursor, every page is equally fast.
    """

    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT


class AuditEventResponse(AnswerOf[Row]):
    """One event: the person or program that acted, the act, its time and its result.

    `payload` has `inputs`, `outputs` and `entity_refs`. Other members of `payload` are present only
    if they have a value.
    """

    id: UUID
    tenant_id: UUID
    actor_kind: Literal["user", "agent", "system"]
    actor_id: UUID | None
    actor_email: str | None
    kind: str
    summary: str
    payload: dict[str, Any]
    status: Outcome
    created_at: Annotated[Instant, AsRead()]


class AuditListResponse(PageOf[AuditEventResponse]):
    """A page of events, newest first.

    `total` is the number of all events that match the filters.
    """


class AuditStatementResponse(AnswerOf[Row]):
    """The newest signed head of the audit log.

    `seq` and `head` are the number and the SHA-256 of the newest event when the head was signed.
    `kid` is the id of the key that signed the head. `document` is the statement as it was signed:
    canonical JSON with an Ed25519 signature.
    """

    number: int
    seq: int
    head: str
    kid: str
    signed_at: Instant
    document: str
