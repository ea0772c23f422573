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
    """A column of a table of records, or one labelled value of a single record.

    `value` is a key of the record, or a function that returns the value from the record. The form
    of the value depends on `kind`. For `money` the value is an object with `amount` and `currency`,
    a list of such objects, or a decimal text in the currency of the record's key `currency`. For
    `dates` the value is a list of the first and the last day, either of which may be None. For
    `moment` the value is a supplier's local time.

    `code` is the key of a code that is shown before the value. `note(record, output)` returns a
    warning that is shown below the value.

    If `page` or `search` is set, the value is a link. `page` is the name of the id in the URL of a
    record's page, such as `enquiry_id`. The id is the member of this name in the output, else the
    member of this name in the record, else the record's `id`. `search` is the path of a list, such
    as `/invoices`; the link opens this list with the value as the search text.
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

    The link leads to `path`. If `path` is empty, `page` is the name of a record's id, such as
    `trip_id`, and the link leads to the page of this record.
    """

    label: str
    page: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One way to show an output: a table, a list, labelled values, or only a link.

    `rows` is the key under which the output has a list of records. If `columns` is given, the
    records are shown as a table with the title `title`. Otherwise the records are texts and are
    shown as a list.

    If `rows` is empty, the columns show values of the output. If `record` is also given, it is the
    key under which the output has an object, and the columns show values of this object.

    A result is not shown if the output lacks the records or the object.
    """

    title: str = ""
    rows: str = ""
    record: str = ""
    columns: tuple[Column, ...] = ()
    link: ResultLink | None = None
