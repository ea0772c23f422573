"""Fair semaphore: callers hold one of its places, or permits, while they work."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

SERVED_MAX = 512
"""Largest number of parties, IP addresses and persons whose last turns are stored."""
FIRST_IN_A_ROW = 3
"""Places that callers with precedence get in a row while others wait."""


QUEUE_MAX = 64
"""Most callers that may wait for one kind of place. Each of them occupies a thread of a process."""


@dataclass(slots=True, eq=False)
class _Ticket:
    """A caller that asks for a place.

    If the caller must wait for the place, `came` is the event that ends the wait.
    """

    party: Hashable
    is_first: bool
    address: str | None = None
    person: Hashable | None = None
    has_place: bool = False
    came: threading.Event | None = None

    @property
    def source(self) -> Hashable:
        """Return the client's IP address, or the party if the IP address is None."""
        return self.party if self.address is None else self.address


class Places:
    """Fair semaphore with a number of places; a place is a permit to work.

    The places are shared out between parties. A party is the key of a group of callers: usually the
    id of their agency, or the network from which they come. A free place goes to the waiting party
    that holds the fewest places; of equal parties, to the caller whose party, IP address and person
    all got no place for the longest time. So neither a new IP address nor a new party for each call
    is an advantage. Callers with precedence (`take`) come before the others, but get at most
    FIRST_IN_A_ROW places in a row while others wait.

    Args:
        total: the number of places.
        share: the largest number of places that a party may hold.
        waiting_max: the largest number of waiting callers of a party. A further caller is refused
            at once. None means no limit.
        queue_max: the largest number of waiting callers without precedence. A further caller
            replaces a waiting caller (`_displace`), or is refused at once. None means no limit.
        kept: the number of places that are reserved: the last `kept` free places go only to
            parties that hold no place.
        address_share: the largest number of places for callers from one IP address. A caller whose
            IP address is None has no such limit.
    """

    def __init__(
        self,
        total: int,
        share: int,
        *,
        waiting_max: int | None = None,
        queue_max: int | None = None,
        kept: int = 0,
        address_share: int | None = None,
    ) -> None:
        self.total = total
        self._kept = kept
        self.share = max(1, min(share, total))
        self._waiting_max = waiting_max
        self._queue_max = queue_max
        self._address_share = address_share
        # Reentrant, because a garbage collection inside a method may release a place.
        self._lock = threading.RLock()
        self._held: Counter[Hashable] = Counter()
        self._held_from: Counter[str] = Counter()
        self._waiting: list[_Ticket] = []
        # The number of the last turn of each party, IP address and person, in the order of turns.
        self._served: OrderedDict[Hashable, int] = OrderedDict()
        self._turn = 0
        self._first_in_a_row = 0

    @property
    def waiting(self) -> int:
        """Number of callers that wait for a place."""
        return len(self._waiting)

    def take(
        self,
        party: Hashable,
        wait_s: float,
        *,
        is_first: bool = False,
        address: str | None = None,
        person: Hashable | None = None,
    ) -> bool:
        """Take a place; return False if the party gets none within `wait_s` seconds.

        The result is False before that time if the caller is refused or replaced in the queue.
        If `is_first` is true, the caller has precedence. `address` is the client's IP address,
        whose share is limited by `address_share`. `person` is the id of the person who calls, if it
        is known.
        """
        ticket = _Ticket(party, is_first, address, person)
        with self._lock:
            if self._is_waiting_enough(party):
                return False
            is_queue_full = self._is_queue_full(ticket)
            self._waiting.append(ticket)
            self._give_free_places()
            if ticket.has_place:
                return True
            if is_queue_full and not self._displace(ticket):
                self._waiting.remove(ticket)
                return False
            came = ticket.came = threading.Event()
        try:
            came.wait(wait_s)
        except BaseException:
            if not self._leave(ticket):
                self.release(party, address)
            raise
        return not self._leave(ticket)

    def release(
        self, party: Hashable, address: str | None = None, *, comes_last: bool = False
    ) -> None:
        """Give back a place of the party.

        `address` must be the IP address with which the party took the place. If `comes_last` is
        true, other waiting parties that hold as many places come before this party, as if it had
        just got a place.
        """
        with self._lock:
            if comes_last:
                self._turn += 1
                self._note_turn(party)
                if address is not None:
                    self._note_turn(address)
            self._held[party] -= 1
            if self._held[party] <= 0:
                del self._held[party]
            if address is not None:
                self._held_from[address] -= 1
                if self._held_from[address] <= 0:
                    del self._held_from[address]
            self._give_free_places()

    def is_awaited(self, party: Hashable, address: str | None = None) -> bool:
        """Return True if a caller of another party could use a place of this party.

        `address` is the client's IP address that was given when the place was taken.
        """
        with self._lock:
            share = self._share_if(self.total - self._held.total() + 1)
            return any(
                ticket.party != party
                and self._held[ticket.party] < share
                and (ticket.address == address or self._has_address_share(ticket))
                for ticket in self._waiting
            )

    @contextmanager
    def held(
        self,
        party: Hashable,
        wait_s: float,
        refusal: Callable[[], Exception],
        *,
        is_first: bool = False,
        address: str | None = None,
        person: Hashable | None = None,
    ) -> Iterator[None]:
        """Hold a place while the block runs; raise `refusal()` if the party gets none."""
        if not self.take(party, wait_s, is_first=is_first, address=address, person=person):
            raise refusal()
        try:
            yield
        finally:
            self.release(party, address)

    def _leave(self, ticket: _Ticket) -> bool:
        """Remove a caller without a place from the queue; return False if it has a place."""
        with self._lock:
            if ticket.has_place:
                return False
            if ticket in self._waiting:
                self._waiting.remove(ticket)
            return True

    def _give_free_places(self) -> None:
        """Give each free place to the next caller, and wake only that caller."""
        while (ticket := self._next()) is not None:
            self._waiting.remove(ticket)
            self._held[ticket.party] += 1
            self._turn += 1
            self._note_turn(ticket.party)
            if ticket.person is not None:
                self._note_turn(ticket.person)
            if ticket.address is not None:
                self._held_from[ticket.address] += 1
                self._note_turn(ticket.address)
            self._first_in_a_row = self._first_in_a_row + 1 if ticket.is_first else 0
            ticket.has_place = True
            if ticket.came is not None:
                ticket.came.set()

    def _note_turn(self, party: Hashable) -> None:
        self._served[party] = self._turn
        self._served.move_to_end(party)
        if len(self._served) > SERVED_MAX:
            self._served.popitem(last=False)

    def _turn_of(self, key: Hashable) -> int:
        """Return the number of the turn in which a key last got a place; 0 if never.

        Each place that is given is one turn. The key is a party, an IP address or a person.
        """
        return self._served.get(key, 0)

    def _share_if(self, free: int) -> int:
        return self.share if free > self._kept else 1

    def _has_address_share(self, ticket: _Ticket) -> bool:
        if self._address_share is None or ticket.address is None:
            return True
        return self._held_from[ticket.address] < self._address_share

    def _is_waiting_enough(self, party: Hashable) -> bool:
        if self._waiting_max is None:
            return False
        return sum(other.party == party for other in self._waiting) >= self._waiting_max

    def _is_queue_full(self, ticket: _Ticket) -> bool:
        if self._queue_max is None or ticket.is_first:
            return False
        return sum(not other.is_first for other in self._waiting) >= self._queue_max

    def _displace(self, ticket: _Ticket) -> bool:
        """Let a caller replace a waiting caller in a full queue; return False if refused.

        The caller replaces the last caller of the first of these groups that has at least two more
        waiting callers than the caller's own group:

        - the IP address with the most waiting callers
        - the party with the most waiting callers
        - the person with the most waiting callers in the caller's party

        If there is no such group, the caller replaces a caller of a party that has more waiting
        callers and got its last place later than the caller's party. For parties and persons,
        callers from an IP address with fewer waiting callers than the caller's do not count.
        """
        others = [one for one in self._waiting if not one.is_first and one is not ticket]
        busy = Counter(one.source for one in others)
        near = [one for one in others if busy[one.source] >= busy[ticket.source]]
        colleagues = [one for one in near if one.party == ticket.party]
        last = (
            _last_of_the_busiest([(one.source, one) for one in others], ticket.source)
            or _last_of_the_busiest([(one.party, one) for one in near], ticket.party)
            or _last_of_the_busiest([(one.person, one) for one in colleagues], ticket.person)
            or self._last_served(near, ticket)
        )
        if last is None:
            return False
        self._waiting.remove(last)
        if last.came is not None:
            last.came.set()
        return True

    def _last_served(self, waiting: Sequence[_Ticket], ticket: _Ticket) -> _Ticket | None:
        """Return a caller of a busier party that got a place after `ticket`'s party.

        A busier party has more callers in `waiting`. Of several such parties, the result is from
        the one that got its last place latest. The result is None if there is no such party.
        """
        busy = Counter(one.party for one in waiting)
        return max(
            (
                one
                for one in waiting
                if busy[one.party] > busy[ticket.party]
                and self._turn_of(one.party) > self._turn_of(ticket.party)
            ),
            key=lambda one: self._turn_of(one.party),
            default=None,
        )

    def _next(self) -> _Ticket | None:
        """Return the waiting caller who gets the next free place, if there is one."""
        if not self._waiting or self._held.total() >= self.total:
            return None
        share = self._share_if(self.total - self._held.total())
        able = [
            ticket
            for ticket in self._waiting
            if self._held[ticket.party] < share and self._has_address_share(ticket)
        ]
        comes_first = self._first_in_a_row < FIRST_IN_A_ROW
        return min(
            able,
            key=lambda ticket: (
                ticket.is_first is not comes_first,
                self._held[ticket.party],
                *sorted(
                    map(self._turn_of, (ticket.party, ticket.address, ticket.person)), reverse=True
                ),
            ),
            default=None,
        )


def _last_of_the_busiest(
    waiting: Sequence[tuple[Hashable, _Ticket]], source: Hashable
) -> _Ticket | None:
    """Return the last caller of the group that has the most waiting callers.

    `waiting` has each waiting caller with its group: an IP address, a party or a person. `source`
    is the group of a new caller. The result is None unless the group with the most waiting callers
    has at least two more of them than `source`.
    """
    numbers = Counter(other for other, _ in waiting)
    most = max(numbers, key=lambda other: numbers[other], default=None)
    if numbers[most] <= numbers[source] + 1:
        return None
    return next(ticket for other, ticket in reversed(waiting) if other == most)
