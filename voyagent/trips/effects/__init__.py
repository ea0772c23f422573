"""What "granted" means for what leaves the house on a trip: a ticket, a hotel, its cancellation, a
visa, the itinerary; what the reviewer sees beforehand.

A supplier is asked under the proposal's id, so that an effect which is tried again books nothing
twice. A rehearsal does to our own lines what the effect would do, and asks no supplier.
"""

from voyagent.trips.effects.applications import FILE, FileVisaIn
from voyagent.trips.effects.mailing import SEND, SendItineraryIn
from voyagent.trips.effects.stays import BOOK, CANCEL, BookHotelIn, CancelHotelIn
from voyagent.trips.effects.tickets import ISSUE, IssueTicketIn

__all__ = [
    "BOOK",
    "CANCEL",
    "FILE",
    "ISSUE",
    "SEND",
    "BookHotelIn",
    "CancelHotelIn",
    "FileVisaIn",
    "IssueTicketIn",
    "SendItineraryIn",
]
