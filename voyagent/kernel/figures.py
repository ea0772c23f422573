"""Figures of the whole installation, for metrics and the operator's page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import text

from voyagent.kernel.db import db
from voyagent.kernel.queues import PLACES

_FIGURES = text(
    "select figure, number from app.figures()"
    " union all select figure, number from app.server_figures(:stalled_s)"
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of the database by name; a name may have a label, as in `name:label`."""

    numbers: dict[str, int]

    def number(self, name: str) -> int:
        """Return a figure, 0 if there is none."""
        return self.numbers.get(name, 0)

    @property
    def workers(self) -> int:
        """Return the number of workers whose heartbeat is recent.

        The figure `workers` counts a worker once for each member of PLACES.
        """
        return math.ceil(self.number("workers") / len(PLACES))

    def labelled(self, name: str) -> dict[tuple[str, ...], int]:
        """Return the figures `name:label` by label; each key is a tuple of one label."""
        return {
            (figure.partition(":")[2],): number
            for figure, number in self.numbers.items()
            if figure.startswith(f"{name}:")
        }

    def states(self, kind: str, *states: str) -> dict[tuple[str, ...], int]:
        """Return the figure `kind_state` of each state; each key is a tuple of one state."""
        return {(state,): self.number(f"{kind}_{state}") for state in states}

    def time(self, name: str) -> datetime | None:
        """Return a figure in seconds since 1970 as a time, None if there is none."""
        seconds = self.numbers.get(name)
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def read_figures(stalled_s: float) -> Figures:
    """Return the present figures of the installation.

    A worker is alive if its last heartbeat is younger than `stalled_s` seconds.
    """
    rows = db.session.execute(_FIGURES, {"stalled_s": stalled_s})
    return Figures({row.figure: row.number for row in rows})
