"""The query parameters of the audit page."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from pydantic import BeforeValidator, Field, ValidationError
from werkzeug.datastructures import MultiDict

from voyagent.audit import words
from voyagent.audit.schemas import AuditFilter, InvalidActorId
from voyagent.http.forms import read_date
from voyagent.http.list_pages import PLACE, PlacedQuery

_SEQ_MAX = 2**63 - 1
_DAYS = ("from", "to")
_PLACE = (*PLACE, "open")
_LABELS = {
    "actor_id": _l("who"),
    "kind": _l("event"),
    "status": _l("result"),
    "open": _l("open event"),
}


class ListQuery(PlacedQuery, AuditFilter):
    """Query parameters of the audit page: filters, page position and the open event.

    `open` is the sequence number of the event whose details are shown.
    """

    ordered_by = "started_at"
    words_of = _LABELS

    open: Annotated[
        Annotated[int, Field(ge=1, le=_SEQ_MAX)] | None,
        BeforeValidator(lambda value: value or None),
    ] = None
    wrong_days: Annotated[dict[str, str], Field(exclude=True)] = Field(default_factory=dict)

    @classmethod
    def read(cls, given: MultiDict[str, str]) -> ListQuery:
        """Parse the query parameters.

        Invalid parameters are ignored.
        """
        names = {field.alias or name for name, field in cls.model_fields.items()} - {
            "invalid",
            "wrong_days",
            "tz",
        }
        values: dict[str, Any] = {
            name: given.getlist(name) if name == "kind" else given[name]
            for name in names
            if name in given
        }
        for name in _DAYS:
            found = (
                read_date(values[name].strip(), "past") if values.get(name, "").strip() else None
            )
            values[name] = found.isoformat() if found else values.get(name, "")
        try:
            query = cls.model_validate(values)
        except ValidationError as error:
            invalid = {str(item["loc"][0]) for item in error.errors(include_url=False)}
            typed = {name: given[name].strip() for name in _DAYS if name in invalid}
            rest = {name: value for name, value in values.items() if name not in invalid}
            query = cls.model_validate(
                rest | {"invalid": (*sorted(invalid - typed.keys()),), "wrong_days": typed}
            )
        return _sensible(query)

    def typed(self, name: str) -> date | str | None:
        """Return the day of the parameter `from` or `to`, or None if it is absent.

        If the parameter is not a valid day, its text is returned.
        """
        return self.wrong_days.get(name) or (self.first if name == "from" else self.last)

    @property
    def day_errors(self) -> dict[str, str]:
        """Return the error messages of invalid days by field name."""
        wrong = {
            name: str(_l("Enter a date such as 24 Nov 2026 or 24/11.")) for name in self.wrong_days
        }
        if self.first and self.last and self.last < self.first:
            wrong["to"] = str(_l("The end date is before the start date."))
        return wrong

    @property
    def kind_words(self) -> str:
        """Return the labels of the event kinds in the filter, as one text."""
        return ", ".join(words.kind(kind) for kind in self.kind or ())

    @property
    def is_narrowed(self) -> bool:
        """Return True if any filter is set."""
        return any((self.actor_id, self.kind, self.first, self.last, self.status))

    def address(self, **changes: Any) -> str:
        """Return the page's URL with some query parameters changed.

        After a change of a filter, the URL leads to the first page.
        """
        return url_for("audit.index", **self._with(changes))

    def export_address(self) -> str:
        """Return the URL of the CSV export with the current filters."""
        return url_for("audit.export_csv", **self._with(dict.fromkeys(_PLACE)))

    def hidden(self, *without: str) -> list[tuple[str, str]]:
        """Return the filters as hidden fields for the form of another filter.

        Each field is a pair of name and value. `without` are the names of the filters that this
        form changes.
        """
        values = self._with(dict.fromkeys((*_PLACE, *without)))
        return [
            (name, str(part))
            for name, value in values.items()
            for part in (value if isinstance(value, list) else [value])
        ]

    def _with(self, changes: dict[str, Any]) -> dict[str, Any]:
        values = self.model_dump(
            mode="json", by_alias=True, exclude_defaults=True, exclude_none=True
        )
        if set(changes) - {"open"}:
            values = {name: value for name, value in values.items() if name not in _PLACE}
        return {
            name: value for name, value in (values | changes).items() if value not in (None, "", [])
        }


def _sensible(query: ListQuery) -> ListQuery:
    """Return the query without its filter by person if the value is not an id."""
    wrong: tuple[str, ...] = ()
    try:
        query.search()
    except InvalidActorId:
        wrong = ("actor_id",)
    return query.without(*wrong)
