"""The worker of tests."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from voyagent.kernel.config import Settings


def work_off(app: Flask, settings: Settings) -> None:
    """Run the jobs that are due, without periodic tasks.

    In a thread, since the browser's driver keeps an event loop in this one.
    """
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _once(app, settings)).result()


async def _once(app: Flask, settings: Settings) -> None:
    from voyagent.kernel import jobs  # noqa: PLC0415 - the tasks are known once the application is

    worker = jobs.worker_app(app, settings, repeats=False)
    async with worker.open_async():
        await worker.run_worker_async(
            wait=False, install_signal_handlers=False, concurrency=1, listen_notify=False
        )
