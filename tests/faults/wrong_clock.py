"""The program on a computer with a wrong clock.

Run it with `gunicorn tests.faults.wrong_clock:app`.

The file that the variable WRONG_CLOCK names has the seconds by which the clock is ahead. The clock
is set again as soon as the file changes. A clock that cannot be set, such as the monotonic one, is
right.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from threading import Thread

import time_machine

FILE = Path(os.environ["WRONG_CLOCK"])
LOOK_EVERY_S = 0.05


def _ahead_s() -> float:
    return float(FILE.read_text())


def _set_again(clock: time_machine.Traveller, ahead_s: float) -> None:
    while True:
        time.sleep(LOOK_EVERY_S)
        wanted_s = _ahead_s()
        if wanted_s != ahead_s:
            clock.shift(wanted_s - ahead_s)
            ahead_s = wanted_s


_at_start_s = _ahead_s()
_right_s = time.time() - time.monotonic()
_clock = time_machine.travel(time.time() + _at_start_s, tick=True).start()
_clock.shift(_right_s + time.monotonic() + _at_start_s - time.time())  # the start takes time
Thread(target=_set_again, args=(_clock, _at_start_s), daemon=True).start()

from wsgi import app  # noqa: E402 - the program begins with the wrong clock

__all__ = ["app"]
