"""What a report is answered as: the page, or the file that its address asks for."""

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
    """The file where one is asked for and there is a report, else the page: 422 where something was
    wrong.
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
    """How much is read at once: a page, or for a file all that one may have."""
    return size if address.format is None else LINES_MAX
