"""One process that runs the jobs of several clusters, with a connector for each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Thread
from unittest import mock

from tests.placement.clusters import Cluster
from voyagent.kernel import jobs
from voyagent.kernel.database import clock_follower


@contextmanager
def working(clusters: Iterable[Cluster]) -> Iterator[None]:
    """Run the jobs of the clusters until the block ends, also the periodic ones.

    A cluster that does not answer is tried again each second, and the others go on.
    """
    loop = asyncio.new_event_loop()

    async def serve_all() -> None:
        async with asyncio.TaskGroup() as serving:
            for one in clusters:
                # `flask worker` runs this loop once.
                serving.create_task(jobs._serve(one.app, one.settings))  # noqa: SLF001

    with mock.patch.object(clock_follower, "follow"):  # its thread would not end with the block
        serving = loop.create_task(serve_all())
        thread = Thread(target=_run, args=(loop, serving), daemon=True)
        thread.start()
        try:
            yield
        finally:
            loop.call_soon_threadsafe(serving.cancel)
            thread.join(timeout=20)
            assert not thread.is_alive()
            loop.close()


def _run(loop: asyncio.AbstractEventLoop, serving: asyncio.Task[None]) -> None:
    try:
        loop.run_until_complete(serving)
    except asyncio.CancelledError:
        pass
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
