"""Database connections that the processes of an installation may open."""

from __future__ import annotations

from collections import Counter

from voyagent.kernel import queues
from voyagent.kernel.config import Settings
from voyagent.kernel.database.copy_export import SLOTS
from voyagent.kernel.db_connections import Purpose, is_notified, is_pooled

# A large file is made in a child process, which serves one request: a session, a read, an export.
_OF_CHILD = Counter({Purpose.WORKER: 1, Purpose.READ: 1, Purpose.EXPORT: 1})


def connections_of(settings: Settings, process: Purpose) -> Counter[Purpose]:
    """Return how many connections a process may open at most, by their purpose.

    `process` is WEB or WORKER. Connections to a connection pooler are included.
    """
    sessions = 2 * settings.db_pool_size  # the size of the pool, and an equal overflow
    if process is Purpose.WEB:
        return Counter(
            {
                Purpose.WEB: sessions,
                Purpose.READ: settings.db_lane_pool_size,
                Purpose.EXPORT: SLOTS,
                Purpose.LISTEN: 1,
            }
        )
    own = Counter(
        {
            Purpose.WORKER: queues.CONNECTIONS + min(sessions, sum(queues.PLACES.values())),
            Purpose.LISTEN: len(queues.PLACES),
        }
    )
    for _ in range(queues.PLACES[(queues.REPORTS,)]):
        own += _OF_CHILD
    return own


def connections_to_server(settings: Settings, process: Purpose) -> int:
    """Return how many connections a process may open to the PostgreSQL server itself.

    Connections to a connection pooler do not count. A command may open as many as a web process or
    a worker, whichever opens more. Raises psycopg.OperationalError if the database is unreachable.
    """
    if process not in (Purpose.WEB, Purpose.WORKER):
        return max(connections_to_server(settings, each) for each in (Purpose.WEB, Purpose.WORKER))
    opened = connections_of(settings, process)
    if not is_notified(settings):
        del opened[Purpose.LISTEN]
    return sum(number for purpose, number in opened.items() if not is_pooled(settings, purpose))
