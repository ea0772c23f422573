"""The worker of tests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from voyagent.kernel.config import Settings


def work_off(app: Flask, settings: Settings) -> None:
    """Run the jobs that are due, as the worker would; in a thread, since the browser's driver keeps
    an event loop in this one.
    """
    from voyagent.kernel import jobs  # noqa: PLC0415 - the tasks are known once the application is

    with ThreadPoolExecutor(1) as thread:
        thread.submit(jobs.drain, app, settings).result()
