"""Base class for the query parameters of a list with a cursor."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Any, ClassVar, Self

from flask import url_for
from flask_babel import gettext, lazy_gettext as _l
from pydantic import Field, ValidationError

from voyagent.http.forms import read_date
from voyagent.kernel.fields import Query

LABELS: dict[str, Any] = {
    "q": _l("Search"),
    "party": _l("Customer or supplier"),
    "from": _l("from"),
    "to": _l("until"),
    "cursor": _l("page marker"),
}


def invalid_names(error: ValidationError) -> dict[str, tuple[str, ...]]:
    """Return the names of invalid query parameters, under two keys.

    `invalid` has the names of all invalid parameters. `inverted` has the names of end dates that
    are before their start date, for example `to` if it is before `from`.
    """
    found = [(str(item["loc"][0]), item["type"]) for item in error.errors(include_url=False)]
    return {
        "invalid": (*sorted({name for name, _ in found}),),
        "inverted": (*(name for name, kind in found if kind == "invalid_range"),),
    }


def labels_of(
    names: Iterable[str], inverted: Collection[str], words: Mapping[str, Any]
) -> list[str]:
    """Return the labels of invalid parameters.

    `words` has the label of each parameter. For an end date in `inverted`, the label adds that the
    date is before the start date.
    """
    return [
        gettext("%(name)s: before the start date", name=words.get(name, name))
        if name in inverted
        else str(words.get(name, name))
        for name in names
    ]


class Listing(Query):
    """Query parameters of a list.

    A value that cannot be read is ignored, and the name of its parameter is added to `invalid`.
    """

    endpoint: ClassVar[str]
    parameters: ClassVar[tuple[str, ...]] = ("party", "from", "to")
    days: ClassVar[tuple[str, ...]] = ("from", "to")
    narrowing: ClassVar[tuple[str, ...]] = ("q", "party", "from", "to")
    words: ClassVar[dict[str, Any]] = LABELS
    invalid: Annotated[tuple[str, ...], Field(exclude=True)] = ()
    inverted: Annotated[tuple[str, ...], Field(exclude=True)] = ()
    """Names of the invalid last days that are before their first day."""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Self:
        """Parse the query parameters of a URL; dates may have any format of the forms."""
        values: dict[str, Any] = {
            name: given[name] for name in (*cls.parameters, "cursor") if given.get(name, "").strip()
        }
        for name in cls.days:
            if name in values and (found := read_date(values[name].strip(), "due")):
                values[name] = found.isoformat()
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            wrong = invalid_names(error)
            return cls.model_validate(
                {name: value for name, value in values.items() if name not in wrong["invalid"]}
                | wrong
            )

    def invalid_labels(self, *others: str) -> list[str]:
        """Return the labels of the parameters that could not be read.

        `others` are names of further invalid parameters.
        """
        return labels_of((*self.invalid, *others), self.inverted, self.words)

    @property
    def is_narrowed(self) -> bool:
        """Return True if a filter is set; the selected tab does not count."""
        filters = self.model_dump(by_alias=True, exclude_none=True)
        return any(filters.get(name) for name in self.narrowing)

    def address(self, **changes: Any) -> str:
        """Return the URL of the list with changed parameters.

        The URL leads to the first page, unless `cursor` is given.
        """
        filters = self.model_dump(by_alias=True, exclude_none=True)
        values = {name: filters[name] for name in self.parameters if filters.get(name)} | changes
        return url_for(
            self.endpoint,
            **{name: value for name, value in values.items() if value not in (None, "")},
        )

    def tabs_of(
        self, name: str, here: str | None, words: Iterable[tuple[str | None, Any]]
    ) -> list[dict[str, Any]]:
        """Return one tab for each value of the filter `name`.

        `here` is the value of the selected tab. `words` has pairs of value and label; the value
        None means that the filter is not set. Each tab has `label`, `href` and `here` (true if it
        is selected).
        """
        return [
            {"label": word, "href": self.address(**{name: key}), "here": here == key}
            for key, word in words
        ]
