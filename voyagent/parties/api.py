"""JSON API of customers and suppliers, with their addresses and contacts."""

from __future__ import annotations

from uuid import UUID

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.serializers import Body
from voyagent.parties import queries
from voyagent.parties.queries import (
    AddressNotFound,
    ContactNotFound,
    PartyNotFound,
    TaxNumberNotFound,
)
from voyagent.parties.schemas import (
    PartyAddressesOut,
    PartyAddressIn,
    PartyAddressOut,
    PartyAddressPatch,
    PartyContactIn,
    PartyContactOut,
    PartyContactPatch,
    PartyContactsOut,
    PartyCreatedOut,
    PartyIn,
    PartyListOut,
    PartyMergeIn,
    PartyMergeOut,
    PartyMergesOut,
    PartyOut,
    PartyPatch,
    PartyQuery,
    PartyTaxNumberIn,
    PartyTaxNumberOut,
    PartyTaxNumberPatch,
    PartyTaxNumbersOut,
)
from voyagent.parties.service import addresses, contacts, merges, parties as service, tax_numbers

api = ApiBlueprint("parties", __name__, tag="Parties", guard=Guard.BEARER)
VALUE_ERRORS = (
    service.PartyNameRequired,
    service.PartyKindRequired,
    service.UnknownCountry,
    service.UnknownState,
    service.InvalidTaxNumber,
    service.StateIsNotOfNumber,
    service.InvalidPan,
    service.PanIsNotOfNumber,
    merges.PanIsNotOfMerged,
    service.PartyNameTaken,
    service.ExternalIdTaken,
)
TAX_NUMBER_ERRORS = (
    service.UnknownCountry,
    service.InvalidTaxNumber,
    service.PanIsNotOfNumber,
    merges.PanIsNotOfMerged,
    tax_numbers.TaxNumberTaken,
)
ADDRESS_ERRORS = (addresses.InvalidAddress, service.UnknownCountry, service.UnknownState)


@api.get("/parties", answer=PartyListOut, permission="party.read", errors=(InvalidCursor,))
def list_parties(reader: Reader, query: PartyQuery) -> Body[PartyListOut]:
    """List customers and suppliers by name.

    A party must match all filters. An empty filter is ignored.
    """
    return PartyListOut.of(
        queries.list_parties(reader, query.search(), limit=query.limit, cursor=query.place())
    )


@api.post(
    "/parties",
    answer=PartyCreatedOut,
    status=201,
    permission="party.create",
    errors=VALUE_ERRORS,
)
def create_party(actor: Actor, body: PartyIn) -> Body[PartyCreatedOut]:
    """Add a customer or supplier.

    If a party with this name was made for a document, it is completed. Otherwise the party is new,
    even if others have the name. `similar` names other parties with the same tax number, PAN, phone
    number or e-mail address, or with the same or nearly the same name.
    """
    row = queries.row_of(service.create(actor, **body.changes(actor.currency)))
    return PartyCreatedOut.of(row | {"similar": queries.similar(row)})


@api.get("/parties/<party_id>", answer=PartyOut, permission="party.read", missing=PartyNotFound)
def get_party(reader: Reader, party_id: UUID) -> Body[PartyOut]:
    """Read a customer or supplier."""
    return PartyOut.of(queries.read_party(reader, party_id))


@api.patch(
    "/parties/<party_id>",
    answer=PartyOut,
    permission="party.update",
    missing=PartyNotFound,
    errors=(*VALUE_ERRORS, service.PartyInBooks),
)
def update_party(actor: Actor, party_id: UUID, body: PartyPatch) -> Body[PartyOut]:
    """Change a customer or supplier, or archive it with `is_archived`.

    A member that is absent stays unchanged; null clears a member. If the country changes and no
    state is sent, the state is cleared.
    """
    return PartyOut.of(
        queries.row_of(service.update(actor, party_id, body.changes(actor.currency)))
    )


@api.get(
    "/parties/<party_id>/merges",
    answer=PartyMergesOut,
    permission="party.read",
    missing=PartyNotFound,
)
def list_merges(reader: Reader, party_id: UUID) -> Body[PartyMergesOut]:
    """List the merges that join a customer or supplier with others."""
    queries.read_party(reader, party_id)
    items = queries.read_merges(reader, party_id)
    return PartyMergesOut.of({"root_id": queries.read_root(reader, party_id), "items": items})


@api.post(
    "/parties/<party_id>/merges",
    answer=PartyMergeOut,
    status=201,
    permission="party.merge",
    missing=PartyNotFound,
    errors=(
        merges.MergeReasonRequired,
        merges.MergeCycle,
        merges.AlreadyMerged,
        merges.MergeTooLarge,
        merges.PansDiffer,
    ),
)
def merge_party(actor: Actor, party_id: UUID, body: PartyMergeIn) -> Body[PartyMergeOut]:
    """Merge a customer or supplier into another one, `into_id`.

    Documents keep their party. Ageing, statements, lists by `party_id` and credit limits add up
    what is merged, under the name of the root: the party at the end of the chain of merges. Records
    with different PANs need the permission `party.merge_over_pan`.
    """
    merge = merges.merge(actor, party_id, body.into_id, reason=body.reason)
    return PartyMergeOut.of(queries.merge_row(merge))


@api.post(
    "/parties/merges/<merge_id>/undo",
    answer=PartyMergeOut,
    permission="party.merge",
    missing=merges.MergeNotFound,
)
def undo_merge(actor: Actor, merge_id: UUID) -> Body[PartyMergeOut]:
    """Undo a merge; what was merged into `from_id` before stays with it."""
    return PartyMergeOut.of(queries.merge_row(merges.unmerge(actor, merge_id)))


@api.get(
    "/parties/<party_id>/addresses",
    answer=PartyAddressesOut,
    permission="party.read",
    missing=PartyNotFound,
)
def list_addresses(reader: Reader, party_id: UUID) -> Body[PartyAddressesOut]:
    """List the further addresses of a customer or supplier.

    The main address is a member of the party itself.
    """
    queries.read_party(reader, party_id)
    return PartyAddressesOut.of({"items": queries.read_addresses(reader, party_id)})


@api.post(
    "/parties/<party_id>/addresses",
    answer=PartyAddressOut,
    status=201,
    permission="party.update",
    missing=PartyNotFound,
    errors=(*ADDRESS_ERRORS, addresses.TooManyAddresses),
)
def add_address(actor: Actor, party_id: UUID, body: PartyAddressIn) -> Body[PartyAddressOut]:
    """Add an address; with `is_default` it replaces the default of its kind."""
    address = addresses.add(actor, party_id, **body.changes())
    return PartyAddressOut.of(queries.detail_row(address))


@api.patch(
    "/parties/<party_id>/addresses/<address_id>",
    answer=PartyAddressOut,
    permission="party.update",
    missing=AddressNotFound,
    errors=ADDRESS_ERRORS,
)
def change_address(
    actor: Actor, party_id: UUID, address_id: UUID, body: PartyAddressPatch
) -> Body[PartyAddressOut]:
    """Change an address.

    A member that is absent stays unchanged; null clears a member. If the country changes and no
    state is sent, the state is cleared.
    """
    address = addresses.change(actor, party_id, address_id, body.changes())
    return PartyAddressOut.of(queries.detail_row(address))


@api.delete(
    "/parties/<party_id>/addresses/<address_id>",
    status=204,
    permission="party.update",
    missing=AddressNotFound,
)
def remove_address(actor: Actor, party_id: UUID, address_id: UUID) -> None:
    """Remove an address."""
    addresses.remove(actor, party_id, address_id)


@api.get(
    "/parties/<party_id>/contacts",
    answer=PartyContactsOut,
    permission="party.read",
    missing=PartyNotFound,
)
def list_contacts(reader: Reader, party_id: UUID) -> Body[PartyContactsOut]:
    """List the contacts of a customer or supplier."""
    queries.read_party(reader, party_id)
    return PartyContactsOut.of({"items": queries.read_contacts(reader, party_id)})


@api.post(
    "/parties/<party_id>/contacts",
    answer=PartyContactOut,
    status=201,
    permission="party.update",
    missing=PartyNotFound,
    errors=(contacts.InvalidContact, contacts.TooManyContacts),
)
def add_contact(actor: Actor, party_id: UUID, body: PartyContactIn) -> Body[PartyContactOut]:
    """Add a contact; with `is_default` it replaces the default one."""
    return PartyContactOut.of(queries.detail_row(contacts.add(actor, party_id, **body.changes())))


@api.patch(
    "/parties/<party_id>/contacts/<contact_id>",
    answer=PartyContactOut,
    permission="party.update",
    missing=ContactNotFound,
    errors=(contacts.InvalidContact,),
)
def change_contact(
    actor: Actor, party_id: UUID, contact_id: UUID, body: PartyContactPatch
) -> Body[PartyContactOut]:
    """Change a contact: an absent member stays unchanged, and null clears a member."""
    contact = contacts.change(actor, party_id, contact_id, body.changes())
    return PartyContactOut.of(queries.detail_row(contact))


@api.delete(
    "/parties/<party_id>/contacts/<contact_id>",
    status=204,
    permission="party.update",
    missing=ContactNotFound,
)
def remove_contact(actor: Actor, party_id: UUID, contact_id: UUID) -> None:
    """Remove a contact."""
    contacts.remove(actor, party_id, contact_id)


@api.get(
    "/parties/<party_id>/tax-numbers",
    answer=PartyTaxNumbersOut,
    permission="party.read",
    missing=PartyNotFound,
)
def list_tax_numbers(reader: Reader, party_id: UUID) -> Body[PartyTaxNumbersOut]:
    """List the further tax numbers of a customer or supplier.

    The main tax number is in the customer or supplier itself.
    """
    queries.read_party(reader, party_id)
    return PartyTaxNumbersOut.of({"items": queries.read_tax_numbers(reader, party_id)})


@api.post(
    "/parties/<party_id>/tax-numbers",
    answer=PartyTaxNumberOut,
    status=201,
    permission="party.update",
    missing=PartyNotFound,
    errors=(*TAX_NUMBER_ERRORS, tax_numbers.TooManyTaxNumbers),
)
def add_tax_number(actor: Actor, party_id: UUID, body: PartyTaxNumberIn) -> Body[PartyTaxNumberOut]:
    """Add a tax number; with `is_default` it replaces the default of its state.

    If no tax number is entered for an invoice, it shows the customer's GSTIN in the invoice's place
    of supply.
    """
    added = tax_numbers.add(actor, party_id, **body.changes())
    return PartyTaxNumberOut.of(queries.detail_row(added))


@api.patch(
    "/parties/<party_id>/tax-numbers/<tax_number_id>",
    answer=PartyTaxNumberOut,
    permission="party.update",
    missing=TaxNumberNotFound,
    errors=TAX_NUMBER_ERRORS,
)
def change_tax_number(
    actor: Actor, party_id: UUID, tax_number_id: UUID, body: PartyTaxNumberPatch
) -> Body[PartyTaxNumberOut]:
    """Change a further tax number; documents keep the number that they show."""
    found = tax_numbers.change(actor, party_id, tax_number_id, body.changes())
    return PartyTaxNumberOut.of(queries.detail_row(found))


@api.delete(
    "/parties/<party_id>/tax-numbers/<tax_number_id>",
    status=204,
    permission="party.update",
    missing=TaxNumberNotFound,
)
def remove_tax_number(actor: Actor, party_id: UUID, tax_number_id: UUID) -> None:
    """Remove a further tax number; documents keep the number that they show."""
    tax_numbers.remove(actor, party_id, tax_number_id)
