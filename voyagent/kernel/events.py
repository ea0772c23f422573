"""Notifications between processes by PostgreSQL's NOTIFY.

A notification is sent when the transaction commits. A notification carries no data: listeners read
the tables. Through a connection pooler, a process receives notifications only if there is a
separate database URL for LISTEN. Without this URL, the listeners of the process are woken every
POLL_S seconds.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread

import psycopg
import structlog
from sqlalchemy import text

from voyagent.kernel.config import Settings
from voyagent.kernel.db import db
from voyagent.kernel.db_connections import Purpose, is_notified, parameters_for

CHANNEL = "voyagent"
_RECONNECT_S = 0.5
_LISTEN_S = 1.0
POLL_S = 0.5
"""Seconds between two wake-ups of listeners in a process that cannot receive notifications."""
log = structlog.get_logger(__name__)


def notify(topic: str) -> None:
    """Wake all listeners of a topic, in any process, when the transaction commits."""
    db.session.execute(
        text("select pg_notify(:channel, :topic)"), {"channel": CHANNEL, "topic": topic}
    )


class NotifyListener:
    """Listener for notifications, with one thread for the whole process.

    The thread starts at the first call of `waiting_for`, and so after any fork of the process.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._waiters: dict[str, set[Event]] = defaultdict(set)
        self._thread: Thread | None = None
        self._closed = Event()

    @contextmanager
    def waiting_for(self, topic: str) -> Iterator[Event]:
        """Yield a `threading.Event` that each notification of the topic sets.

        The event is also set when the listener connects to the database again, because
        notifications may have been lost before. The caller must clear the event.
        """
        bell = Event()
        with self._lock:
            self._waiters[topic].add(bell)
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._listen, name="listener", daemon=True)
                self._thread.start()
        try:
            yield bell
        finally:
            with self._lock:
                self._waiters[topic].discard(bell)
                if not self._waiters[topic]:
                    del self._waiters[topic]

    @property
    def is_closed(self) -> bool:
        """Return True if the process is shutting down; callers then stop waiting."""
        return self._closed.is_set()

    def close(self) -> None:
        """Stop listening and wake all callers that wait."""
        self._closed.set()
        self._wake_all()

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                if not is_notified(self._settings):
                    self._wake_all()
                    self._closed.wait(POLL_S)
                    continue
                with psycopg.connect(
                    **parameters_for(self._settings, Purpose.LISTEN), autocommit=True
                ) as connection:
                    connection.execute(f"listen {CHANNEL}")
                    self._wake_all()
                    while not self._closed.is_set():
                        for notice in connection.notifies(timeout=_LISTEN_S):
                            self._wake(notice.payload)
            except psycopg.Error as error:
                log.warning("listener.reconnecting", error=type(error).__name__)
                time.sleep(_RECONNECT_S)

    def _wake(self, topic: str) -> None:
        with self._lock:
            for bell in self._waiters.get(topic, ()):
                bell.set()

    def _wake_all(self) -> None:
        with self._lock:
            for bells in self._waiters.values():
                for bell in bells:
                    bell.set()
