"""Short functions for tests to create, change and read an enquiry."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.people import Person
from voyagent.chat.service import conversations as chat
from voyagent.enquiries import service
from voyagent.enquiries.queries import enquiries
from voyagent.enquiries.queries.enquiries import Search
from voyagent.enquiries.service import EnquiryChanges
from voyagent.kernel.pages import Part


def logged(person: Person, name: str = "Deepa Krishnan", **wish: Any) -> UUID:
    with person.acting() as actor:
        return service.create(actor, customer_name=name, **wish).id


def conversation(person: Person) -> UUID:
    with person.acting() as actor:
        return chat.create_session(actor).id


def row(person: Person, enquiry_id: UUID) -> dict[str, Any]:
    with person.reading() as reader:
        return enquiries.get_row(reader, enquiry_id)


def changed(person: Person, enquiry_id: UUID, **changes: Any) -> dict[str, Any]:
    person.does(service.update, enquiry_id, EnquiryChanges(**changes))
    return row(person, enquiry_id)


def events(person: Person, enquiry_id: UUID) -> list[dict[str, Any]]:
    with person.reading() as reader:
        return enquiries.get_with_history(reader, enquiry_id)[1]


def counts(person: Person) -> dict[str, int]:
    with person.reading() as reader:
        return {
            status: n
            for status, n in enquiries.read_list_page(reader, Search(), Part()).by_status.items()
            if n
        }


def names(person: Person, **search: Any) -> list[str]:
    with person.reading() as reader:
        return [
            found["customer_name"]
            for found in enquiries.list_enquiries(reader, Search(**search), Part()).items
        ]
