"""Processes that act through the services, each act in a transaction of its own."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Self

from flask import Flask

from tools.bench.figures import Timings
from voyagent.enquiries import service as enquiries
from voyagent.enquiries.models import Enquiry
from voyagent.factory import create_app
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db, transaction
from voyagent.kernel.ids import new_id

GATHER_S = 0.3
_here: list[Flask] = []


class Workers:
    """Pool of processes that have loaded the application and call its services."""

    def __init__(self, settings: Settings, count: int) -> None:
        self._pool = ProcessPoolExecutor(
            count,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_prepare,
            initargs=(settings,),
        )
        self._count = count

    def __enter__(self) -> Self:
        began = time.monotonic() + GATHER_S
        for ready in [
            self._pool.submit(_act, [], 0, began, began, audited=True) for _ in range(self._count)
        ]:
            ready.result()
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def act(self, *groups: tuple[Sequence[Actor], int, bool], seconds: float) -> list[Timings]:
        """Let one process for each group act for some seconds, all at the same time.

        A group is a list of actors, the number of threads, and whether the acts are audited. The
        threads of the process act for the actors in turn. The result has the times of each group.
        """
        begin = time.monotonic() + GATHER_S
        running = [
            self._pool.submit(_act, list(actors), threads, begin, begin + seconds, audited=audited)
            for actors, threads, audited in groups
        ]
        return [one.result() for one in running]


def act(app: Flask, actor: Actor, *, audited: bool = True) -> float:
    """Log an enquiry in a transaction of its own and return the seconds that it took.

    If `audited` is false, the enquiry's row is written, but no audit event.
    """
    began = time.perf_counter()
    with app.app_context(), transaction(actor.tenant_id):
        if audited:
            enquiries.create(
                actor,
                customer_name="Meera Nair",
                origin="BLR",
                destination="SIN",
                depart_date=date(2027, 3, 1),
                pax_count=2,
            )
        else:
            now = clock.now()
            trip = {
                "origin": "BLR",
                "destination": "SIN",
                "depart_date": date(2027, 3, 1),
                "pax_count": 2,
                "status": "new",
            }
            db.session.add(
                Enquiry(
                    id=new_id(),
                    created_by_user_id=actor.user_id,
                    customer_name="Meera Nair",
                    created_at=now,
                    updated_at=now,
                    **trip,
                ),
            )
    return time.perf_counter() - began


def _prepare(settings: Settings) -> None:
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - the program's log, for as long as this process lives
    _here[:] = [create_app(settings)]


def _act(
    actors: Sequence[Actor], threads: int, begin: float, end: float, *, audited: bool
) -> Timings:
    time.sleep(max(0.0, begin - time.monotonic()))
    if not threads:
        return Timings((), end - begin)
    worked_s = time.process_time()
    with ThreadPoolExecutor(threads) as running:
        parts = [
            running.submit(_repeat, actors, n, threads, end, audited=audited)
            for n in range(threads)
        ]
        took = tuple(took for part in parts for took in part.result())
    return Timings(took, end - begin, time.process_time() - worked_s)


def _repeat(
    actors: Sequence[Actor], first: int, step: int, end: float, *, audited: bool
) -> list[float]:
    took, n = [], first
    while time.monotonic() < end:
        took.append(act(_here[0], actors[n % len(actors)], audited=audited))
        n += step
    return took
