"""The checks of the database at the start of a web process, and as a command."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from threading import Thread

import click
import psycopg
import structlog
from flask import Flask, current_app

from voyagent.http.commands import with_database
from voyagent.kernel.config import Settings
from voyagent.kernel.database import clock_follower
from voyagent.kernel.database.start_checks import (
    EXIT_CODE,
    StartRefused,
    check_start,
    require_start,
)
from voyagent.kernel.db import db

RETRY_S = 1.0
HEAPS_MAX, _M_ARENA_MAX = 2, -8
"""Most heaps of a web process, and the number of this option of glibc's `mallopt` (malloc.h)."""
log = structlog.get_logger(__name__)


def check_web_process(app: Flask) -> None:
    """Check the database and end the process with EXIT_CODE if a check fails.

    If the database is unreachable, the process continues, and the checks are made as soon as the
    database responds.
    """
    settings: Settings = app.extensions["voyagent.settings"]
    if settings.db_url is None:
        return
    try:
        require_start(settings)
    except StartRefused as error:
        _refuse(error)
        sys.exit(EXIT_CODE)
    except psycopg.OperationalError as error:
        log.warning("start.not_checked", error=type(error).__name__)
        Thread(target=_check_later, args=(settings,), name="start-checks", daemon=True).start()


def limit_heaps() -> None:
    """Limit the heaps from which this process allocates memory to HEAPS_MAX.

    By default glibc makes eight heaps for each processor core and gives little of their freed
    memory back. Thirty clients that read lists of 20 MB slowly took 950 MiB, now 450 MiB. Python
    threads rarely allocate at the same time, so they do not wait for each other. Other C libraries
    have no such limit.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_M_ARENA_MAX, HEAPS_MAX)


def follow_clock(app: Flask) -> None:
    """Set the clock of this process by the clock of the database, from now on.

    Without a configured database, nothing is done.
    """
    if app.extensions["voyagent.settings"].db_url is None:
        return
    with app.app_context():
        clock_follower.follow(db.engine)


@click.command("check")
@with_database
def check() -> None:
    """Check the database, as every start of the program does, and print the results.

    The exit code is 4 if the start would be refused, and 0 if there are only warnings.
    """
    results = check_start(current_app.extensions["voyagent.settings"])
    for result in results:
        state = "ok" if not result.sentence else "REFUSED" if result.refuses else "warning"
        click.echo(f"{state:<8}{result.name}{result.sentence and f': {result.sentence}'}")
    if any(result.refuses for result in results):
        sys.exit(EXIT_CODE)


def _check_later(settings: Settings) -> None:
    while True:
        time.sleep(RETRY_S)
        try:
            require_start(settings)
        except StartRefused as error:
            _refuse(error)
            os._exit(EXIT_CODE)  # sys.exit would end this thread only
        except psycopg.OperationalError:
            continue
        return


def _refuse(error: StartRefused) -> None:
    sys.stderr.write(f"Voyagent did not start: {error}\n")
    sys.stderr.flush()
