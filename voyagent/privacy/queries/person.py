"""Everything that an agency holds about a person, and records that may be linked.

A person is a party. Records are linked to the party in three ways:

- Documents, payments and journal entries are linked by the key of the party.
- An enquiry, a trip or a conversation is linked if an invoice of the party refers to it, or if an
  administrator has confirmed that it is about the person.
- A passenger is linked only if an administrator has confirmed this.

Only a record that names the person, or to which a record of the person refers, can be confirmed.

An enquiry belongs to another customer if its name, e-mail address and phone number all differ from
those of the party. A confirmed enquiry belongs to the person nevertheless, if two conditions are
met. Its name is not the name of another party. And either its name is a spelling of the person's
name, or an invoice of the person refers to it. A trip or a conversation belongs to another customer
if it has an enquiry or an invoice of another customer.

Of an enquiry or a trip of another customer, only the texts that name the person are linked. A
conversation of another customer is linked only if an administrator has confirmed this conversation.
If an enquiry or a trip belongs to the person only because it was confirmed, its conversation needs
a confirmation of its own.

The SQL statements have no tenant condition: row-level security limits them to the current agency.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from voyagent.billing.invoices.queries.documents import with_tax_numbers
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.db import db
from voyagent.kernel.patterns import contains
from voyagent.parties import queries as parties
from voyagent.privacy.models import Erasure
from voyagent.privacy.queries import audit_events, conversations, mentions
from voyagent.privacy.rules.register import HOLDINGS, Holding
from voyagent.privacy.rules.spellings import (
    PHONE_MIN,
    Expressions,
    expressions_of,
    without_titles,
    words_of,
)
from voyagent.taxes.rules.numbers import COUNTRY, country_of, pan_of

CANDIDATES_MAX = 50
TEXTS_AT_ONCE = 1_000

# The tables are constants of this module and of the register, never input.
_LINKS = text("""
with confirmed as (
  select kind, record_id from person_links where party_id = :party_id
), theirs as (
  select e.* from enquiries e
   where (e.id in (select record_id from confirmed where kind = 'enquiry')
          or e.id in (select enquiry_id from invoices where party_key = :key))
     and lower(e.customer_name) <> :named
     and coalesce(lower(e.customer_email) <> lower(:email), true)
     and (:phone = '' or e.customer_phone is null
          or right(regexp_replace(e.customer_phone, '[^0-9]', '', 'g'), 10) <> :phone)
), mention as (
  select e.id from theirs e
   where e.id not in (select record_id from confirmed where kind = 'enquiry')
      or exists (select from parties p
                  where lower(e.customer_name) in (p.party_key, p.name_key))
      or exists (select from invoices i
                  where i.enquiry_id = e.id and i.party_key = lower(e.customer_name))
      or not e.customer_name ~* any(cast(:patterns as text[]))
         and (lower(concat_ws(' ', e.notes, e.origin, e.destination))
                like all(cast(:names as text[]))
              or concat_ws(' ', e.notes, e.origin, e.destination)
                ~* any(cast(:patterns as text[]))
              or not exists (select from invoices i
                              where i.enquiry_id = e.id and i.party_key = :key))
), enquiry as (
  select enquiry_id as id from invoices where party_key = :key and enquiry_id is not null
  union select record_id from confirmed where kind = 'enquiry'
  except select id from mention
), own_enquiry as (
  select id from enquiry except select id from theirs
), linked_trip as (
  select trip_id as id from invoices where party_key = :key and trip_id is not null
  union select record_id from confirmed where kind = 'trip'
), foreign_trip as (
  select t.id from trips t
   where t.id in (select id from linked_trip)
     and (t.enquiry_id is not null and t.enquiry_id not in (select id from enquiry)
          or exists (select from invoices i where i.trip_id = t.id and i.party_key <> :key))
), trip as (
  select id from trips where enquiry_id in (select id from enquiry)
  union select id from linked_trip where id not in (select id from foreign_trip)
), joined as (
  select trip_id as id from trip_passengers
   where id in (select record_id from confirmed where kind = 'passenger')
  union select id from foreign_trip
), linked_session as (
  select session_id as id from invoices where party_key = :key and session_id is not null
  union select t.session_id from trips t
         where t.id in (select id from trip) and t.session_id is not null
           and (t.enquiry_id in (select id from own_enquiry)
                or exists (select from invoices i where i.trip_id = t.id and i.party_key = :key))
), foreign_session as (
  select s.id from linked_session s
   where exists (select from enquiries e
                  where e.session_id = s.id and e.id not in (select id from own_enquiry))
      or exists (select from trips t
                  where t.session_id = s.id and t.id not in (select id from trip)
                    and (t.enquiry_id is not null
                         or exists (select from invoices i where i.trip_id = t.id)))
      or exists (select from invoices i where i.session_id = s.id and i.party_key <> :key)
), conversation as (
  select session_id as id from enquiries
   where id in (select id from own_enquiry) and session_id is not null
  union select id from linked_session where id not in (select id from foreign_session)
  union select record_id from confirmed where kind = 'conversation'
)
select array(select e.id from enquiries e where e.id in (select id from enquiry)) as enquiries,
       array(select t.id from trips t where t.id in (select id from trip)) as trips,
       array(select id from mention) as mentions,
       array(select id from joined except select id from trip) as joined,
       array(select p.id from trip_passengers p
              where p.id in (select record_id from confirmed where kind = 'passenger'))
         as passengers,
       array(select s.id from chat_sessions s where s.id in (select id from conversation))
         as conversations
""")
_DOCUMENTS = text("""
select id::text from invoices where party_key = :key
union all select id::text from bills where party_key = :key
union all select id::text from payments where party_key = :key
""")
# Each invoice has encrypted numbers of its own, so only the newest are decrypted.
_TAX_NUMBERS = text("""
(select distinct on (customer_pan_digest)
        customer_tax_number, customer_tax_number_sealed, customer_pan, customer_pan_sealed
   from invoices where party_key = :key and customer_pan_digest is not null
  order by customer_pan_digest)
union all
(select customer_tax_number, customer_tax_number_sealed, customer_pan, customer_pan_sealed
   from invoices where party_key = :key and (customer_tax_number_sealed is not null
        or customer_tax_number is not null or customer_pan is not null)
  order by created_at desc limit 100)
""")
# Services that post to documents lock them in this order too.
_LOCKS = tuple(
    text(f"select id from {table} where party_key = :key order by id for no key update")  # noqa: S608
    for table in ("payments", "invoices", "bills")
)
_IN_BOOKS = (
    *("invoices", "bills", "payments", "credit_notes", "supplier_credits", "postings"),
    *("ageing_by_party", "party_open_balances", "advances_by_party"),
)
_LEFT = text(
    " union all ".join(
        f"(select 1 from {one} where party_key = :key limit 1)"  # noqa: S608
        for one in _IN_BOOKS
    )
)
# A record must meet the condition of its kind to be offered or confirmed.
_ENQUIRY_NAMES = """
(lower(e.customer_name) = :named or e.customer_name ~* any(cast(:patterns as text[]))
 or lower(e.customer_email) = lower(:email)
 or :phone <> '' and right(regexp_replace(e.customer_phone, '[^0-9]', '', 'g'), 10) = :phone
 or lower(concat_ws(' ', e.notes, e.origin, e.destination)) like all(cast(:names as text[]))
 or concat_ws(' ', e.notes, e.origin, e.destination) ~* any(cast(:patterns as text[]))
 or e.id in (select enquiry_id from invoices where party_key = :key))
"""
_PASSENGER_NAMES = """
(lower(p.full_name) = :named or p.full_name ~* any(cast(:patterns as text[]))
 or p.trip_id = any(:trips))
"""
_TRIP_NAMES = """
(lower(concat_ws(' ', t.title, t.notes, t.sent_to)) like all(cast(:names as text[]))
 or concat_ws(' ', t.title, t.notes, t.sent_to) ~* any(cast(:patterns as text[]))
 or exists (select from trip_lines l
             where l.tenant_id = t.tenant_id and l.trip_id = t.id
               and (lower(concat_ws(' ', l.details, l.supplier, l.supplier_ref))
                      like all(cast(:names as text[]))
                    or concat_ws(' ', l.details, l.supplier, l.supplier_ref)
                      ~* any(cast(:patterns as text[])))))
"""
_ENQUIRY_CANDIDATES = text(
    """
select 'enquiry' as kind, e.id as record_id, e.customer_name as title, e.created_at as at,
       case when lower(e.customer_email) = lower(:email) then 'email'
            when :phone <> '' and right(regexp_replace(e.customer_phone, '[^0-9]', '', 'g'), 10)
                 = :phone then 'phone'
            when lower(e.customer_name) = :named
                 or e.customer_name ~* any(cast(:patterns as text[])) then 'name'
            when e.id in (select enquiry_id from invoices where party_key = :key) then 'invoice'
            else 'mentioned' end as reason
  from enquiries e
 where IS_NAMED
   and e.id <> all(:enquiries)
   and not (e.id = any(:mentions)
            and e.id in (select record_id from person_links where party_id = :party_id))
 order by e.created_at desc limit :most
""".replace("IS_NAMED", _ENQUIRY_NAMES)
)
_PASSENGER_CANDIDATES = text(
    """
select 'passenger' as kind, p.id as record_id, p.full_name || ', ' || t.title as title,
       p.created_at as at,
       case when lower(p.full_name) = :named or p.full_name ~* any(cast(:patterns as text[]))
            then 'name' else 'trip' end as reason
  from trip_passengers p join trips t on t.tenant_id = p.tenant_id and t.id = p.trip_id
 where IS_NAMED and p.id <> all(:passengers)
 order by p.created_at desc limit :most
""".replace("IS_NAMED", _PASSENGER_NAMES)
)
_TRIP_CANDIDATES = text(
    """
select 'trip' as kind, t.id as record_id, t.title, t.created_at as at, 'mentioned' as reason
  from trips t
 where t.id <> all(:trips) and t.id <> all(:joined) and IS_NAMED
 order by t.created_at desc limit :most
""".replace("IS_NAMED", _TRIP_NAMES)
)
_ABOUT = {
    "enquiry": text(
        "select exists (select from enquiries e where e.id = :id and IS_NAMED)".replace(
            "IS_NAMED", _ENQUIRY_NAMES
        )
    ),
    "passenger": text(
        "select exists (select from trip_passengers p where p.id = :id and IS_NAMED)".replace(
            "IS_NAMED", _PASSENGER_NAMES
        )
    ),
    "trip": text(
        """
select exists (
  select from trips t
   where t.id = :id
     and (IS_NAMED or t.id = any(:trips) or t.id = any(:joined)
          or exists (select from trip_passengers p
                      where p.tenant_id = t.tenant_id and p.trip_id = t.id and HAS_PASSENGER)))
""".replace("IS_NAMED", _TRIP_NAMES).replace("HAS_PASSENGER", _PASSENGER_NAMES)
    ),
}
_CONVERSATION_CANDIDATES = text("""
select 'conversation' as kind, s.id as record_id, s.title, s.created_at as at,
       case when s.id in (select session_id from invoices where party_key = :key) then 'invoice'
            else 'mentioned' end as reason
  from chat_sessions s
 where s.id <> all(:conversations)
   and (s.id in (select session_id from invoices where party_key = :key)
        or s.search like all(cast(:names as text[])) or s.title ~* any(cast(:patterns as text[]))
        or s.id in (select session_id from chat_messages
                     where blocks::text ~* any(cast(:prefilters as text[]))
                       and blocks::text ~* any(cast(:patterns as text[])))
        or s.id in (select t.session_id from chat_turn_steps o
                      join chat_turns t on t.tenant_id = o.tenant_id and t.id = o.turn_id
                     where o.outcome::text ~* any(cast(:prefilters as text[]))
                       and o.outcome::text ~* any(cast(:patterns as text[])))
        or s.id in (select session_id from approvals
                     where concat_ws(' ', payload, original_payload, preview, summary, reason)
                           ~* any(cast(:patterns as text[]))))
 order by s.created_at desc limit :most
""")
_PARTY_CANDIDATES = text("""
with root as (
  select coalesce((select root_id from party_roots where party_id = :party_id), :party_id) as id
), merged as (
  select id from root
  union
  select party_id from party_roots where root_id = (select id from root)
)
select 'party' as kind, id as record_id, name as title, created_at as at,
       case when id in (select id from merged) then 'merged'
            when lower(email) = lower(:email) then 'email' else 'phone' end as reason
  from parties
 where id <> :party_id
   and (id in (select id from merged)
        or lower(email) = lower(:email)
        or :phone <> '' and right(regexp_replace(phone, '[^0-9]', '', 'g'), 10) = :phone)
 order by created_at desc limit :most
""")
_OPEN = text("""
select 'invoice' as kind, id::text as id, coalesce(number, '') as number, status from invoices
 where party_key = :key and status in ('draft', 'issued', 'partially_paid')
union all
select 'bill', id::text, coalesce(vendor_reference, ''), status from bills
 where party_key = :key and status in ('draft', 'received', 'scheduled', 'partially_paid')
union all
select 'payment', id::text, number, 'advance' from payments
 where party_key = :key and allocated_minor + refunded_minor < amount_minor
union all
select 'cheque', id::text, cheque_no, 'received' from received_cheques
 where party_id = :party_id and payment_id is null and returned_on is null
union all
select 'conversation', session_id::text, '', 'running' from chat_turns
 where session_id = any(:conversations) and status in ('queued', 'running')
union all
select 'approval', id, summary, 'unfinished' from approvals
 where session_id = any(:conversations)
   and (status = 'granted' and effect_status in ('waiting', 'running')
        or status = 'pending' and expires_at > now())
 order by 1, 3
""")
_CONFIRMED = text("""
select l.kind, l.record_id,
       coalesce(e.customer_name, p.full_name, t.title, s.title) as title
  from person_links l
  left join enquiries e on e.tenant_id = l.tenant_id and e.id = l.record_id
  left join trip_passengers p on p.tenant_id = l.tenant_id and p.id = l.record_id
  left join trips t on t.tenant_id = l.tenant_id and t.id = l.record_id
  left join chat_sessions s on s.tenant_id = l.tenant_id and s.id = l.record_id
 where l.party_id = :party_id
 order by l.kind, l.confirmed_at
""")
_WORDS = text("""
select w.kind, w.word, w.record_kind, w.record_id
  from (select kind, word, null as record_kind, cast(null as uuid) as record_id
          from parties p, lateral (values ('name', p.name), ('email', p.email), ('phone', p.phone),
                                          ('address', p.address)) own(kind, word)
         where p.id = :party_id
        union all
        select 'address', lines, null, null from party_addresses where party_id = :party_id
        union all
        select kind, word, null, null
          from party_contacts, lateral (values ('email', email), ('phone', phone)) own(kind, word)
         where party_id = :party_id
        union all
        select kind, word, 'enquiry', e.id
          from enquiries e, lateral (values ('name', e.customer_name), ('email', e.customer_email),
                                            ('phone', e.customer_phone)) own(kind, word)
         where e.id = any(:enquiries)
        union all
        select 'name', full_name, 'passenger', id from trip_passengers where id = any(:passengers)
       ) w
 where w.word is not null
 order by length(w.word), w.word, w.record_id
""")
_NAMED = text("""
select t from unnest(cast(:texts as text[])) t
 where t ~* any(cast(:prefilters as text[])) and t ~* any(cast(:patterns as text[]))
""")
_ID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NEVER = "\ufdd0"
"""A text that no stored text contains, because it is not a character."""
_FOUND = {
    "enquiry": text("select exists (select from enquiries where id = :id)"),
    "passenger": text("select exists (select from trip_passengers where id = :id)"),
    "trip": text("select exists (select from trips where id = :id)"),
    "conversation": text("select exists (select from chat_sessions where id = :id)"),
}


@dataclass(frozen=True, slots=True)
class Links:
    """The records that are linked to a party, as lists of ids.

    `key` is the `party_key` of the party, and `named` is its name in lower case.

    - `enquiries`, `trips`, `passengers`, `conversations` and `documents` (invoices, bills and
      payments) belong to the person.
    - `mentions` are enquiries of other customers. Either the person has an invoice for the enquiry,
      or the link is confirmed.
    - `joined` are trips of other customers. Either the person is a confirmed passenger or has an
      invoice for the trip, or the link of the trip is confirmed.
    - `linked` has, by kind, further confirmed records that belong to somebody else.

    In `mentions`, `joined` and `linked`, only the texts that name the person are the person's data.

    Two lists have the sequence numbers of audit events:

    - `own_events` are the events that refer to the party, or to a document, an enquiry or a
      passenger of the person. They are also the events with the id of such a record, or a name or
      contact detail of the person, among their values, unless the event is about a record of
      somebody else (`audit_events.about`).
    - `events` are the events in `own_events`, the events that refer to a conversation or a trip of
      the person, and the events of `mentions`, `joined` and `linked` whose text names the person.
      Events about executed acts with an amount are left out if they concern somebody else
      (`audit_events.acts_of_others`).
    """

    party_id: UUID
    key: str
    named: str
    enquiries: list[UUID] = field(default_factory=list)
    mentions: list[UUID] = field(default_factory=list)
    joined: list[UUID] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    own_events: list[int] = field(default_factory=list)
    trips: list[UUID] = field(default_factory=list)
    passengers: list[UUID] = field(default_factory=list)
    conversations: list[UUID] = field(default_factory=list)
    events: list[int] = field(default_factory=list)
    linked: dict[str, list[UUID]] = field(
        default_factory=lambda: {one: [] for one in mentions.KINDS}
    )

    @property
    def parameters(self) -> Row:
        """Return the parameters of the SQL conditions in the register."""
        return {
            "party_id": self.party_id,
            "key": self.key,
            "named": self.named,
            "enquiries": self.enquiries,
            "trips": self.trips,
            "mentions": self.mentions,
            "joined": self.joined,
            "passengers": self.passengers,
            "conversations": self.conversations,
            "events": self.events,
        } | {f"linked_{kind}": ids for kind, ids in self.linked.items()}


def links_of(party_id: UUID) -> Links:
    """Return the records that are linked to a party. Raises PartyNotFound."""
    party = parties.get_party(party_id)
    found = db.session.execute(
        _LINKS,
        {
            "party_id": party_id,
            "key": party.party_key,
            "named": party.name.lower(),
            **_searched(party.name.lower(), party.email, party.phone),
        },
    ).one()
    links = Links(
        party_id,
        party.party_key,
        party.name.lower(),
        enquiries=list(found.enquiries),
        mentions=list(found.mentions),
        joined=list(found.joined),
        trips=list(found.trips),
        passengers=list(found.passengers),
        conversations=list(found.conversations),
        linked=mentions.linked(party_id, party.party_key, [*found.trips, *found.joined]),
    )
    documents = _documents(party.party_key)
    own = [
        str(party_id),
        *documents,
        *(str(one) for one in (*links.enquiries, *links.passengers)),
    ]
    expressions = expressions_for(links)
    linked = [
        *links.mentions,
        *links.joined,
        *(one for ids in links.linked.values() for one in ids),
    ]
    named = mentions.events(linked, expressions) if linked else []
    own_events, theirs = audit_events.about(
        party_id,
        party.party_key,
        own=own,
        others=[*map(str, (*links.conversations, *links.trips))],
        linked=linked,
        words=expressions,
    )
    if theirs:
        theirs -= audit_events.acts_of_others(theirs, links.trips)
    return replace(
        links,
        documents=documents,
        events=sorted({*own_events, *theirs, *named}),
        own_events=sorted(own_events),
    )


def _documents(key: str) -> list[str]:
    return list(db.session.scalars(_DOCUMENTS, {"key": key}))


def _searched(key: str, email: str | None, phone: str | None) -> Row:
    """Return the search values that find a party in free texts, as SQL parameters.

    `key` is the party's name in lower case. `names` are LIKE patterns: a text names the party if it
    has all words of the name. `patterns` are regular expressions: a text names the party if it has
    the name, e-mail address or phone number, also in another spelling. Output of the assistant may
    list many people and so contain all words of the name by chance; only `patterns` are used to
    search it.
    """
    digits = re.sub(r"\D", "", phone or "")
    words = expressions_of((("name", key), ("phone", phone or ""), ("email", email or "")))
    return {
        "email": email,
        "phone": digits[-10:] if len(digits) >= PHONE_MIN else "",
        "names": [contains(word) for word in without_titles(key).split()]
        if len(key) > 2
        else [_NEVER],
        "patterns": words.patterns,
        "prefilters": words.prefilters,
    }


def patterns_of(links: Links, *, has_address: bool = False) -> list[str]:
    """Return a few regular expressions that find a person, those of names last."""
    return expressions_for(links, has_address=has_address).patterns


def expressions_for(links: Links, *, has_address: bool = False) -> Expressions:
    """Return expressions for the names, contact details and tax numbers of a person.

    The values of the party come first, then those of its enquiries and passengers, the shortest
    first. If `has_address` is true, the postal address of the party is found too. An address names
    nobody, so search it only in records of the person.
    """
    own = [
        (row.kind, row.word)
        for row in _words(links)
        if row.record_id is None and (has_address or row.kind != "address")
    ]
    numbers = [("tax", number) for number in _tax_numbers(links)]
    others = [(row.kind, row.word) for row in _words(links) if row.record_id is not None]
    return expressions_of([*own, *numbers, *others])


def _words(links: Links) -> Sequence[Any]:
    """Return the names and contact details of a party, its enquiries and passengers.

    Rows: kind, word, record_kind, record_id. The last two are None for the party.
    """
    return db.session.execute(_WORDS, links.parameters).all()


def _tax_numbers(links: Links) -> list[str]:
    """Return all tax numbers and PANs of a party and of its invoices, longest first."""
    own = parties.get_party(links.party_id)
    rows = db.session.execute(_TAX_NUMBERS, {"key": links.key}).mappings()
    found = {
        own.tax_number,
        own.pan,
        *(one.number for one in parties.get_tax_numbers([links.party_id])),
        *(one for row in rows for one in with_tax_numbers(dict(row)).values()),
    }
    numbers = {number for number in found if number}
    numbers |= {pan_of(number) for number in numbers if country_of(number) == COUNTRY}
    return sorted(numbers, key=lambda number: (-len(number), number))


def texts_about(links: Links, texts: Iterable[str]) -> frozenset[str]:
    """Return the texts that contain a name, contact detail or record id of a person.

    The database searches the texts for names, because a long search in Python would stop all other
    requests of the process.
    """
    records = (*links.enquiries, *links.trips, *links.passengers, links.party_id)
    ids = frozenset((*links.documents, *map(str, records)))
    every = frozenset(texts)
    found = {one for one in every if not ids.isdisjoint(_ID.findall(one))}
    others, words = list(every - found), expressions_for(links, has_address=True)
    values = {"patterns": words.patterns, "prefilters": words.prefilters}
    for first in range(0, len(others), TEXTS_AT_ONCE):
        part = {"texts": others[first : first + TEXTS_AT_ONCE]}
        found.update(db.session.scalars(_NAMED, values | part))
    return frozenset(found)


def rows_of(links: Links, holding: Holding) -> list[Row]:
    """Return the personal data of a person in one table.

    Of a linked record of somebody else, only the texts that name the person are returned.
    """
    if not holding.linked or not holding.columns:
        return []
    columns = ", ".join(f"t.{name}" for name in holding.columns)
    extra = {"trip_passengers": ", t.id", "trip_lines": ", t.trip_id"}.get(holding.table, "")
    statement = f"select {columns}{extra} from {holding.table} t where {holding.linked}"  # noqa: S608 - of the register
    values = _values(links, holding)
    rows = [dict(row) for row in db.session.execute(text(statement), values).mappings()]
    return rows + (mentions.rows_of(holding, values) if _is_named(links, holding) else [])


def _values(links: Links, holding: Holding) -> Row:
    needs_patterns = ":patterns" in holding.linked or _is_named(links, holding)
    return links.parameters | ({"patterns": patterns_of(links)} if needs_patterns else {})


def _is_named(links: Links, holding: Holding) -> bool:
    """Return True if the table may have rows of linked records of somebody else."""
    return holding.mention is not None and bool(links.linked[holding.mention.kind])


def count_of(links: Links, holding: Holding) -> int:
    """Return the number of rows of a person in one table."""
    if not holding.linked:
        return 0
    statement = f"select count(*) from {holding.table} t where {holding.linked}"  # noqa: S608 - of the register
    values = _values(links, holding)
    own = int(db.session.scalar(text(statement), values) or 0)
    return own + (mentions.count_of(holding, values) if _is_named(links, holding) else 0)


def lock_documents(key: str) -> None:
    """Lock the payments, invoices and bills of a party until the transaction ends.

    The call waits for other transactions that are posting to one of these documents. `key` is the
    `party_key` of the party.
    """
    for statement in _LOCKS:
        db.session.execute(statement, {"key": key})


def has_new_documents(links: Links) -> bool:
    """Return True if the documents and payments of the party are not those in `links`."""
    return {*_documents(links.key)} != {*links.documents}


def is_named_in_books(key: str) -> bool:
    """Return True if a document, a posting or a stored sum refers to a party.

    `key` is the `party_key` of the party.
    """
    return db.session.execute(_LEFT, {"key": key}).first() is not None


def is_in_books(links: Links) -> bool:
    """Return True if the person has documents or journal lines of their own."""
    statement = text("select exists (select from postings where party_key = :key)")
    return bool(links.documents) or bool(db.session.scalar(statement, {"key": links.key}))


def counts(links: Links) -> list[tuple[Holding, int]]:
    """Return the tables that hold data of a person, each with the number of rows."""
    found = [(one, count_of(links, one)) for one in HOLDINGS]
    return [(one, number) for one, number in found if number]


def open_records(links: Links) -> list[Row]:
    """Return the records that prevent an erasure.

    Such records are open documents, advances, held cheques, conversations in which a turn of the
    assistant is running, and proposals that wait for approval or are being carried out.

    Rows: kind, id, number, status.
    """
    return [dict(row) for row in db.session.execute(_OPEN, links.parameters).mappings()]


def candidates(links: Links) -> list[Row]:
    """Return unlinked records that may be about the same person.

    The records are ordered by kind, the newest of each kind first.
    Rows: kind, record_id, title, at, reason. `reason` is `name`, `email` or `phone` if the record
    has the person's name, e-mail address or phone number, and `merged` for another record of the
    person as a customer or supplier. `reason` is `trip` for a passenger of a
    linked trip, `invoice` for an enquiry or a conversation of an invoice of the person, and
    `mentioned` if a text of the record names the person. There are at most 50 rows of each kind.
    """
    party = parties.get_party(links.party_id)
    values = (
        links.parameters
        | _searched(party.name.lower(), party.email, party.phone)
        | {"most": CANDIDATES_MAX}
    )
    statements = (
        _ENQUIRY_CANDIDATES,
        _PASSENGER_CANDIDATES,
        _TRIP_CANDIDATES,
        _CONVERSATION_CANDIDATES,
        _PARTY_CANDIDATES,
    )
    found = [dict(row) for one in statements for row in db.session.execute(one, values).mappings()]
    return found + [row for kind in mentions.KINDS for row in mentions.candidates(kind, values)]


def confirmed(party_id: UUID) -> list[Row]:
    """Return the records that an administrator has confirmed to be about a party.

    Rows: kind, record_id, title.
    """
    found = db.session.execute(_CONFIRMED, {"party_id": party_id})
    rows = [dict(row) for row in found.mappings()]
    for kind in mentions.KINDS:
        if ids := [row["record_id"] for row in rows if row["kind"] == kind]:
            titles = mentions.titles_of(kind, ids)
            for row in rows:
                row["title"] = row["title"] or titles.get(row["record_id"])
    return rows


def unreplaced(links: Links) -> list[Row]:
    """Return linked records in which an erasure would leave a name.

    They are records of the person and confirmed records of others that name the person in a way
    that the erasure does not find, such as a nickname. If the person has too many names and contact
    details to search for all, the enquiries and passengers with the remaining ones are returned
    too, at most CANDIDATES_MAX. Of the records of the person, at most CANDIDATES_MAX of each kind
    are returned. Rows: kind, record_id, title.
    """
    words = expressions_for(links)
    searched = {"names": _searched(links.named, None, None)["names"], "patterns": words.patterns}
    own = mentions.own_unreplaced(
        links.parameters | {"patterns": words.patterns, "words": words_of(links.named)},
        CANDIDATES_MAX,
    )
    ids = {"enquiry": links.mentions, "trip": links.joined} | links.linked
    missing = {
        (kind, record_id)
        for kind, some in ids.items()
        if some
        for record_id in mentions.unreplaced(kind, some, searched)
    }
    missing -= {(row["kind"], row["record_id"]) for row in own}
    others = [
        row for row in confirmed(links.party_id) if (row["kind"], row["record_id"]) in missing
    ]
    left = [
        {"kind": row.record_kind, "record_id": row.record_id, "title": row.word}
        for row in (_words(links) if words.left else ())
        if (row.kind, row.word) in words.left and row.record_id is not None
    ]
    return others + own + left[:CANDIDATES_MAX]


def is_about(party_id: UUID, kind: str, record_id: UUID) -> bool:
    """Return True if a record is linked to a party or names it.

    Any record names the party if one of its texts has the name or a contact detail. An enquiry
    names the party also if an invoice of the party refers to it, and a passenger also if its trip
    is linked to the party. A trip names the party also if one of its passengers does.
    """
    party = parties.get_party(party_id)
    values = Links(party_id, party.party_key, party.name.lower()).parameters
    values |= _searched(party.name.lower(), party.email, party.phone)
    if _names_person(kind, record_id, values):
        return True
    links = links_of(party_id)
    return (kind == "conversation" and record_id in links.conversations) or _names_person(
        kind, record_id, values | links.parameters | {"patterns": patterns_of(links)}
    )


def _names_person(kind: str, record_id: UUID, values: Row) -> bool:
    if kind == "conversation":
        return conversations.names_person(record_id, values)
    if kind in _ABOUT:
        return bool(db.session.scalar(_ABOUT[kind], values | {"id": record_id}))
    return mentions.names_person(kind, record_id, values)


def is_record(kind: str, record_id: UUID) -> bool:
    """Return True if the agency has a record of this kind and id."""
    if kind in mentions.KINDS:
        return mentions.exists(kind, record_id)
    return kind in _FOUND and bool(db.session.scalar(_FOUND[kind], {"id": record_id}))


def erasure_of(party_id: UUID) -> Erasure | None:
    """Return the erasure of a party, or None."""
    return db.session.scalar(select(Erasure).where(Erasure.party_id == party_id))


def list_erasures(limit: int = 200) -> Sequence[Erasure]:
    """Return the newest erasures."""
    return db.session.scalars(
        select(Erasure).order_by(Erasure.erased_at.desc(), Erasure.id.desc()).limit(limit)
    ).all()
