"""Responses of the report pages: HTML or a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import render_template

from voyagent.http.files import exported, filed
from voyagent.kernel.sheets import LINES_MAX, Sheet
from voyagent.reports.forms import Address


def answered(
    template: str,
    sheet: Callable[[], Sheet] | None,
    *,
    address: Address,
    wrong: list[str],
    **facts: Any,
) -> Any:
    """Return the HTML page of a report, or a file if the query parameters ask for one.

    `address` has the query parameters. `sheet` makes the file; if it is None, the result is always
    the page. `facts` are variables of the template. `wrong` has error sentences for
    the page; with an error, the status is 422.
    """
    if address.format is not None and sheet is not None:
        return exported(
            filed(
                sheet(),
                "xlsx" if address.format == "xlsx" else "csv",
                bom=address.format == "csv-bom",
            )
        )
    return render_template(template, address=address, wrong=wrong, **facts), 422 if wrong else 200


def page_size(address: Address, size: int) -> int:
    """Return the number of lines to read: `size` for a page, the maximum for a file.

    `address` has the query parameters, which say whether a file is requested.
    """
    return size if address.format is None else LINES_MAX
