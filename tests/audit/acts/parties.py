"""Acts on customers and suppliers: creating and changing."""

from __future__ import annotations

from typing import Any

from tests.audit.acts.account import in_the_browser
from tests.audit.acts.registry import Doing, Left, act
from tests.audit.acts.stage import Stage
from voyagent.kernel.actor import Actor
from voyagent.parties.service import addresses, contacts, merges, parties, tax_numbers

VALUES = {
    "name": "Deepa Krishnan",
    "is_customer": True,
    "email": "deepa@malabar.example",
    "terms_days": 15,
}
RECORDED_FIELDS = [
    {"field": "name"},
    {"field": "is_customer", "before": None, "after": "true"},
    {"field": "is_supplier", "before": None, "after": "false"},
    {"field": "email"},
    {"field": "terms_days", "before": None, "after": "15"},
]


@act(
    "POST /api/parties",
    leaves=Left("party.created", ("party_id",), says={"fields": RECORDED_FIELDS}),
    answers=201,
)
def note_a_customer_over_the_api(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/parties", json=VALUES)


@act(
    "PATCH /api/parties/<party_id>",
    leaves=Left(
        "party.updated",
        ("party_id",),
        says={
            "fields": [{"field": "phone"}, {"field": "terms_days", "before": "15", "after": "30"}]
        },
    ),
    answers=200,
)
def change_a_customer_over_the_api(stage: Stage) -> Doing:
    api, party_id = (
        stage.alice.api,
        stage.bob.does(lambda actor: parties.create(actor, **VALUES).id),
    )
    return lambda: api.patch(
        f"/parties/{party_id}", json={"terms_days": 30, "phone": "+91 94470 31822"}
    )


ADDRESS = {"kind": "office", "lines": "12 MG Road"}
ADDED = [{"field": "kind", "after": "office"}, {"field": "lines"}]


def _address_of(stage: Stage) -> tuple[Any, Any]:
    """Add an address to a party; return the ids of both."""

    def make(actor: Actor) -> tuple[Any, Any]:
        party_id = parties.create(actor, **VALUES).id
        return party_id, addresses.add(actor, party_id, **ADDRESS).id

    return stage.bob.does(make)


@act(
    "POST /api/parties/<party_id>/addresses",
    leaves=Left("party.address_added", ("party_id", "address_id")),
    answers=201,
)
def add_an_address_over_the_api(stage: Stage) -> Doing:
    api, (party_id, _address_id) = stage.alice.api, _address_of(stage)
    return lambda: api.post(f"/parties/{party_id}/addresses", json=ADDRESS)


@act(
    "PATCH /api/parties/<party_id>/addresses/<address_id>",
    leaves=Left(
        "party.address_changed", ("party_id", "address_id"), says={"fields": [{"field": "city"}]}
    ),
    answers=200,
)
def change_an_address_over_the_api(stage: Stage) -> Doing:
    api, (party_id, address_id) = stage.alice.api, _address_of(stage)
    return lambda: api.patch(f"/parties/{party_id}/addresses/{address_id}", json={"city": "Kochi"})


@act(
    "DELETE /api/parties/<party_id>/addresses/<address_id>",
    leaves=Left("party.address_removed", ("party_id", "address_id")),
    answers=204,
)
def remove_an_address_over_the_api(stage: Stage) -> Doing:
    api, (party_id, address_id) = stage.alice.api, _address_of(stage)
    return lambda: api.delete(f"/parties/{party_id}/addresses/{address_id}")


# In the browser
# --------------------------------------------------------------------------------

TYPED = {"name": "Deepa Krishnan", "is_customer": "1", "terms_days": "15"}


def _posted(stage: Stage, path: str, **fields: str) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, path, **fields)


@act("POST /parties/new", leaves=in_the_browser(Left("party.created", ("party_id",))), answers=303)
def note_a_customer_on_its_page(stage: Stage) -> Doing:
    return _posted(stage, "/parties/new", **TYPED)


@act(
    "POST /parties/<party_id>/edit",
    leaves=in_the_browser(
        Left("party.updated", ("party_id",), says={"fields": [{"field": "phone"}]})
    ),
    answers=303,
)
def change_a_customer_on_its_page(stage: Stage) -> Doing:
    party_id = stage.bob.does(
        lambda actor: (
            parties.create(actor, name="Deepa Krishnan", is_customer=True, terms_days=15).id
        )
    )
    return _posted(stage, f"/parties/{party_id}/edit", **TYPED, phone="+91 94470 31822")


ARCHIVED = {"field": "is_archived", "before": "false", "after": "true"}


@act(
    "POST /parties/<party_id>/archive",
    leaves=in_the_browser(Left("party.updated", ("party_id",), says={"fields": [ARCHIVED]})),
    answers=303,
)
def put_a_customer_away(stage: Stage) -> Doing:
    party_id = stage.bob.does(lambda actor: parties.create(actor, **VALUES).id)
    return _posted(stage, f"/parties/{party_id}/archive")


@act(
    "POST /parties/<party_id>/addresses/new",
    leaves=in_the_browser(Left("party.address_added", ("party_id", "address_id"))),
    answers=303,
)
def add_an_address_on_its_page(stage: Stage) -> Doing:
    party_id, _address_id = _address_of(stage)
    return _posted(stage, f"/parties/{party_id}/addresses/new", **ADDRESS)


@act(
    "POST /parties/<party_id>/addresses/<address_id>/edit",
    leaves=in_the_browser(
        Left(
            "party.address_changed",
            ("party_id", "address_id"),
            says={"fields": [{"field": "city"}]},
        )
    ),
    answers=303,
)
def change_an_address_on_its_page(stage: Stage) -> Doing:
    party_id, address_id = _address_of(stage)
    return _posted(
        stage, f"/parties/{party_id}/addresses/{address_id}/edit", **ADDRESS, city="Kochi"
    )


@act(
    "POST /parties/<party_id>/addresses/<address_id>/remove",
    leaves=in_the_browser(Left("party.address_removed", ("party_id", "address_id"))),
    answers=303,
)
def remove_an_address_on_its_page(stage: Stage) -> Doing:
    party_id, address_id = _address_of(stage)
    return _posted(stage, f"/parties/{party_id}/addresses/{address_id}/remove")


CONTACT = {"name": "Meera Nair", "role": "Accounts"}
CONTACT_REFS = ("party_id", "contact_id")
CONTACT_CHANGED = Left("party.contact_changed", CONTACT_REFS, says={"fields": [{"field": "phone"}]})


def _contact_of(stage: Stage) -> tuple[Any, Any]:
    """Add a contact to a party; return the ids of both."""

    def make(actor: Actor) -> tuple[Any, Any]:
        party_id = parties.create(actor, **VALUES).id
        return party_id, contacts.add(actor, party_id, **CONTACT).id

    return stage.bob.does(make)


@act(
    "POST /api/parties/<party_id>/contacts",
    leaves=Left("party.contact_added", CONTACT_REFS),
    answers=201,
)
def add_a_contact_over_the_api(stage: Stage) -> Doing:
    api, (party_id, _contact_id) = stage.alice.api, _contact_of(stage)
    return lambda: api.post(f"/parties/{party_id}/contacts", json=CONTACT)


@act("PATCH /api/parties/<party_id>/contacts/<contact_id>", leaves=CONTACT_CHANGED, answers=200)
def change_a_contact_over_the_api(stage: Stage) -> Doing:
    api, (party_id, contact_id) = stage.alice.api, _contact_of(stage)
    return lambda: api.patch(f"/parties/{party_id}/contacts/{contact_id}", json={"phone": "98"})


@act(
    "DELETE /api/parties/<party_id>/contacts/<contact_id>",
    leaves=Left("party.contact_removed", CONTACT_REFS),
    answers=204,
)
def remove_a_contact_over_the_api(stage: Stage) -> Doing:
    api, (party_id, contact_id) = stage.alice.api, _contact_of(stage)
    return lambda: api.delete(f"/parties/{party_id}/contacts/{contact_id}")


@act(
    "POST /parties/<party_id>/contacts/new",
    leaves=in_the_browser(Left("party.contact_added", CONTACT_REFS)),
    answers=303,
)
def add_a_contact_on_its_page(stage: Stage) -> Doing:
    party_id, _contact_id = _contact_of(stage)
    return _posted(stage, f"/parties/{party_id}/contacts/new", **CONTACT)


@act(
    "POST /parties/<party_id>/contacts/<contact_id>/edit",
    leaves=in_the_browser(CONTACT_CHANGED),
    answers=303,
)
def change_a_contact_on_its_page(stage: Stage) -> Doing:
    party_id, contact_id = _contact_of(stage)
    return _posted(stage, f"/parties/{party_id}/contacts/{contact_id}/edit", **CONTACT, phone="98")


@act(
    "POST /parties/<party_id>/contacts/<contact_id>/remove",
    leaves=in_the_browser(Left("party.contact_removed", CONTACT_REFS)),
    answers=303,
)
def remove_a_contact_on_its_page(stage: Stage) -> Doing:
    party_id, contact_id = _contact_of(stage)
    return _posted(stage, f"/parties/{party_id}/contacts/{contact_id}/remove")


TAX_NUMBER = {"country": "AE", "number": "TRN 1"}
OTHER_NUMBER = TAX_NUMBER | {"number": "TRN 2"}
TAX_NUMBER_REFS = ("party_id", "tax_number_id")
TAX_NUMBER_CHANGED = Left(
    "party.tax_number_changed", TAX_NUMBER_REFS, says={"fields": [{"field": "number"}]}
)


def _tax_number_of(stage: Stage) -> tuple[Any, Any]:
    """Add a tax number to a party; return the ids of both."""

    def make(actor: Actor) -> tuple[Any, Any]:
        party_id = parties.create(actor, **VALUES).id
        return party_id, tax_numbers.add(actor, party_id, **TAX_NUMBER).id

    return stage.bob.does(make)


@act(
    "POST /api/parties/<party_id>/tax-numbers",
    leaves=Left("party.tax_number_added", TAX_NUMBER_REFS),
    answers=201,
)
def add_a_tax_number_over_the_api(stage: Stage) -> Doing:
    api, (party_id, _tax_number_id) = stage.alice.api, _tax_number_of(stage)
    return lambda: api.post(f"/parties/{party_id}/tax-numbers", json=OTHER_NUMBER)


@act(
    "PATCH /api/parties/<party_id>/tax-numbers/<tax_number_id>",
    leaves=TAX_NUMBER_CHANGED,
    answers=200,
)
def change_a_tax_number_over_the_api(stage: Stage) -> Doing:
    api, (party_id, tax_number_id) = stage.alice.api, _tax_number_of(stage)
    return lambda: api.patch(
        f"/parties/{party_id}/tax-numbers/{tax_number_id}", json={"number": "TRN 2"}
    )


@act(
    "DELETE /api/parties/<party_id>/tax-numbers/<tax_number_id>",
    leaves=Left("party.tax_number_removed", TAX_NUMBER_REFS),
    answers=204,
)
def remove_a_tax_number_over_the_api(stage: Stage) -> Doing:
    api, (party_id, tax_number_id) = stage.alice.api, _tax_number_of(stage)
    return lambda: api.delete(f"/parties/{party_id}/tax-numbers/{tax_number_id}")


@act(
    "POST /parties/<party_id>/tax-numbers/new",
    leaves=in_the_browser(Left("party.tax_number_added", TAX_NUMBER_REFS)),
    answers=303,
)
def add_a_tax_number_on_its_page(stage: Stage) -> Doing:
    party_id, _tax_number_id = _tax_number_of(stage)
    return _posted(stage, f"/parties/{party_id}/tax-numbers/new", **OTHER_NUMBER)


@act(
    "POST /parties/<party_id>/tax-numbers/<tax_number_id>/edit",
    leaves=in_the_browser(TAX_NUMBER_CHANGED),
    answers=303,
)
def change_a_tax_number_on_its_page(stage: Stage) -> Doing:
    party_id, tax_number_id = _tax_number_of(stage)
    return _posted(
        stage,
        f"/parties/{party_id}/tax-numbers/{tax_number_id}/edit",
        **OTHER_NUMBER,
    )


@act(
    "POST /parties/<party_id>/tax-numbers/<tax_number_id>/remove",
    leaves=in_the_browser(Left("party.tax_number_removed", TAX_NUMBER_REFS)),
    answers=303,
)
def remove_a_tax_number_on_its_page(stage: Stage) -> Doing:
    party_id, tax_number_id = _tax_number_of(stage)
    return _posted(stage, f"/parties/{party_id}/tax-numbers/{tax_number_id}/remove")


WHY = "Entered twice"
MERGED = ("party_id", "into_id", "merge_id")


def _two(stage: Stage) -> tuple[Any, Any]:
    """Add two customers; return their ids."""
    first, second = (
        stage.bob.does(lambda actor, name=name: parties.create(actor, **VALUES | {"name": name}).id)
        for name in ("Deepa Krishnan", "Deepa K.")
    )
    return first, second


def _merge_of(stage: Stage) -> Any:
    first, second = _two(stage)
    return stage.alice.does(lambda actor: merges.merge(actor, first, second, reason=WHY).id)


@act(
    "POST /api/parties/<party_id>/merges",
    leaves=Left("party.merged", MERGED),
    answers=201,
)
def merge_customers_over_the_api(stage: Stage) -> Doing:
    api, (first, second) = stage.alice.api, _two(stage)
    body = {"into_id": str(second), "reason": WHY}
    return lambda: api.post(f"/parties/{first}/merges", json=body)


@act(
    "POST /api/parties/merges/<merge_id>/undo",
    leaves=Left("party.unmerged", MERGED),
    answers=200,
)
def undo_a_merge_over_the_api(stage: Stage) -> Doing:
    api, merge_id = stage.alice.api, _merge_of(stage)
    return lambda: api.post(f"/parties/merges/{merge_id}/undo")


@act(
    "POST /parties/<party_id>/merge",
    leaves=in_the_browser(Left("party.merged", MERGED)),
    answers=303,
)
def merge_customers_on_the_page(stage: Stage) -> Doing:
    first, second = _two(stage)
    return _posted(stage, f"/parties/{first}/merge", into_id=str(second), reason=WHY)


@act(
    "POST /parties/merges/<merge_id>/undo",
    leaves=in_the_browser(Left("party.unmerged", MERGED)),
    answers=303,
)
def undo_a_merge_on_the_page(stage: Stage) -> Doing:
    merge_id = _merge_of(stage)
    return _posted(stage, f"/parties/merges/{merge_id}/undo")
