"""The export of everything that is held about a person, as PDF."""

from __future__ import annotations

import json
from typing import Any

from flask_babel import gettext as _

from voyagent.drivers.paper.tables import Group, Printed, Table
from voyagent.http.template_filters import moment
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row
from voyagent.privacy.rules.register import BY_TABLE

TEXT_MAX = 600
"""Longest text of a value in the PDF; the JSON export has it whole."""


def person_paper(exported: Row, actor: Actor, letterhead: Row) -> bytes:
    """Return an export as PDF: one table for each kind of data. Raises TooManyRows."""
    tables = [
        Table(
            _(BY_TABLE[name].label),
            [_("Record"), _("Field"), _("Value")],
            [
                Group(
                    "",
                    [cells for number, row in enumerate(rows, 1) for cells in _cells(number, row)],
                )
            ],
            [],
            note="",
            texts=3,
            stretch=2,
        )
        for name, rows in exported["held"].items()
    ]
    lines = [exported["name"], _("As of %(moment)s", moment=moment(exported["made_at"]))]
    if exported["left_out"]:
        lines.append(_("Messages of conversations that are about other people are left out."))
    words = "\n".join(lines)
    return Printed(_("Personal data"), tables).pdf(words, actor, letterhead)


def _cells(number: int, row: Row) -> list[list[str]]:
    return [[str(number), name, _text(value)] for name, value in row.items()]


def _text(value: Any) -> str:
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return written if len(written) <= TEXT_MAX else written[: TEXT_MAX - 1] + "…"
