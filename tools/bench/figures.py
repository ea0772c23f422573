"""Figures and targets: percentiles, the table and the exit code."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_NAME, _VALUE, _TARGET = 74, 16, 12


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured number with its targets `at_most` and `at_least`.

    A figure without a target is only reported.
    """

    name: str
    value: float
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def has_target(self) -> bool:
        """True if the figure has a target."""
        return self.at_most is not None or self.at_least is not None

    @property
    def is_met(self) -> bool:
        """True if the figure meets its targets; NaN meets none."""
        return (self.at_most is None or self.value <= self.at_most) and (
            self.at_least is None or self.value >= self.at_least
        )

    def row(self) -> str:
        """Return the figure as a line of the table."""
        verdict = "" if not self.has_target else "ok" if self.is_met else "NOT"
        return (
            f"  {self.name:<{_NAME}}{_plain(self.value) + ' ' + self.unit:>{_VALUE}} "
            f" {self._target():>{_TARGET}}  {verdict}".rstrip()
        )

    def _target(self) -> str:
        parts = [
            f"≥ {_plain(self.at_least)}" if self.at_least is not None else "",
            f"≤ {_plain(self.at_most)}" if self.at_most is not None else "",
        ]
        return " ".join(filter(None, parts))


@dataclass(frozen=True, slots=True)
class Timings:
    """Durations of many calls, with wall time and, where measured, CPU time."""

    seconds: tuple[float, ...]
    elapsed_s: float
    work_s: float = 0.0

    @property
    def rate(self) -> float:
        """Return calls per second."""
        return len(self.seconds) / self.elapsed_s

    @property
    def work_ms(self) -> float:
        """Return the CPU time of one call in milliseconds.

        Unlike wall time, CPU time depends little on other programs on the machine.
        """
        return self.work_s / len(self.seconds) * 1000

    def ms(self, share: float) -> float:
        """Return the time in milliseconds within which a share of the calls ended.

        `share` is above 0 and at most 1: 0.99 gives the 99th percentile.
        """
        return percentile(self.seconds, share) * 1000


def joined(parts: Sequence[Timings], elapsed_s: float, *, work_s: float | None = None) -> Timings:
    """Return the calls of all parts as one Timings with the wall time `elapsed_s`.

    `work_s` is the CPU time of all parts together. If it is None, the CPU times of the parts are
    added.
    """
    seconds = tuple(took for part in parts for took in part.seconds)
    return Timings(
        seconds, elapsed_s, sum(part.work_s for part in parts) if work_s is None else work_s
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile of the values by the nearest rank.

    The result is the smallest value such that at least the fraction `share` of all values is not
    larger. `share` is above 0 and at most 1. Raises ValueError if it is not, or if there are no
    values.
    """
    if not values or not 0 < share <= 1:
        raise ValueError("a percentile needs values and a share above 0, at most 1")
    return sorted(values)[math.ceil(share * len(values)) - 1]


def missed(figures: Iterable[Figure]) -> list[Figure]:
    """Return the figures that miss their target."""
    return [figure for figure in figures if not figure.is_met]


def exit_code(figures: Sequence[Figure]) -> int:
    """Return 0 if there are targets and all are met, else 1."""
    return 0 if any(figure.has_target for figure in figures) and not missed(figures) else 1


def _plain(value: float) -> str:
    """Format a number with at most two decimals, and none from 100 upwards."""
    if not math.isfinite(value) or value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
