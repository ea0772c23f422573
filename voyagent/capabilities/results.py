"""Declaration of how a page shows the result of a capability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from voyagent.kernel.json_values import JsonObject

Kind = Literal["text", "code", "account", "number", "money", "date", "dates", "moment", "status"]


def _no_note(_record: JsonObject, _output: JsonObject) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table of records, or a fact of a single record.

    `value` is a key of the record, or a function of it that also accepts records of older releases.
    An amount is an object with `amount` and `currency`, a list of those, or a text beside the key
    `currency` of the record. `dates` is a list of the first and the last day, either of which may
    be None. A moment is a supplier's local time. `code` is the key of a code that is shown before
    the value. `note` returns a warning that is shown below the value, from the record and the
    output.

    The value is a link if `page` or `search` is set. `page` is the name of the id in the URL of the
    record's page, such as `enquiry_id`; the id is that member of the output or of the record, else
    the member `id` of the record. `search` is the path of a list that is searched for the value.
    """

    value: str | Callable[[JsonObject], Any]
    label: str = ""
    kind: Kind = "text"
    code: str = ""
    page: str = ""
    search: str = ""
    note: Callable[[JsonObject, JsonObject], str] = _no_note


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLink:
    """A link below a result.

    It leads to `path`, or to the page of the record whose id is `page`.
    """

    label: str
    page: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One way to show an output: a table, a list, facts, or only a link.

    `rows` is the key of the records of a table with the title `title`; without `columns` its
    members are texts of a list. Without `rows` the columns are facts of the output, or of its
    member `record`. A result whose rows, record or linked page are missing is not shown.
    """

    title: str = ""
    rows: str = ""
    record: str = ""
    columns: tuple[Column, ...] = ()
    link: ResultLink | None = None
