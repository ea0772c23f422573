"""Forms of customers and suppliers, and the query parameters of their list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from flask import url_for
from flask_babel import gettext, lazy_gettext as _l
from pydantic import BaseModel, Field, ValidationError
from wtforms import (
    BooleanField,
    HiddenField,
    SelectChoice,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
)

from voyagent.http.forms import AMOUNT_SENTENCE, SchemaForm, country_options
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.money import ungrouped, wire_amount
from voyagent.parties.schemas import (
    PartyAddressIn,
    PartyContactIn,
    PartyIn,
    PartyMergeIn,
    PartyQuery,
    PartyTaxNumberIn,
)
from voyagent.parties.service.addresses import ERROR_FIELDS as FIELDS_OF_ADDRESS
from voyagent.parties.service.contacts import ERROR_FIELDS as FIELDS_OF_CONTACT
from voyagent.parties.service.merges import ERROR_FIELDS as FIELDS_OF_MERGE
from voyagent.parties.service.parties import ERROR_FIELDS as FIELDS_OF_CODES
from voyagent.parties.service.tax_numbers import ERROR_FIELDS as FIELDS_OF_TAX_NUMBER
from voyagent.taxes.rules.numbers import COUNTRY
from voyagent.taxes.rules.tables import states

ERROR_FIELDS = FIELDS_OF_CODES | {"party_changed": ""}
MERGE_ERROR_FIELDS = FIELDS_OF_MERGE | {"party_not_found": ""}
ADDRESS_ERROR_FIELDS = FIELDS_OF_ADDRESS | {"party_changed": "", "too_many_addresses": ""}
CONTACT_ERROR_FIELDS = FIELDS_OF_CONTACT | {"party_changed": "", "too_many_contacts": ""}
TAX_NUMBER_ERROR_FIELDS = FIELDS_OF_TAX_NUMBER | {"party_changed": "", "too_many_tax_numbers": ""}
ADDRESS_KINDS = {
    "billing": _l("Billing address"),
    "shipping": _l("Shipping address"),
    "office": _l("Office"),
}
_WORDS = {
    "q": _l("Search"),
    "kind": _l("Kind"),
    "archived": _l("Archived"),
    "external_id": _l("ID in another program"),
    "cursor": _l("page marker"),
    "limit": _l("place in the list"),
}
BALANCE_LABELS = {
    "receivable": _l("Amount due"),
    "customer_advances": _l("Advance"),
    "customer_credits": _l("Customer credit"),
    "payable": _l("Payable"),
    "supplier_advances": _l("Advance paid"),
    "supplier_claims": _l("Refund awaited"),
}
"""Labels of the balances of a party, by purpose of the account."""
SAME = {
    "tax_number": _l("same tax number"),
    "pan": _l("same PAN"),
    "phone": _l("same phone number"),
    "email": _l("same e-mail address"),
    "name": _l("similar name"),
}
"""Words for the reasons of `queries.similar`."""


class PartyForm(SchemaForm[PartyIn]):
    """Form of a customer, a supplier, or both.

    `seen` is the `updated_at` of the party when the form was opened. If the stored `updated_at`
    differs when the form is saved, somebody else has changed the party. `similar` are parties that
    may be the same. `is_confirmed` is set by the button that saves the party although there are
    such parties.
    """

    schema: ClassVar[type[BaseModel]] = PartyIn
    sentences: ClassVar[dict[str, Any]] = {
        "name.string_too_short": _l("Enter a name."),
        "name.missing": _l("Enter a name."),
        "string_pattern_mismatch": _l("Choose one from the list."),
        "email_invalid": _l("Enter an e-mail address such as name@example.com."),
        "credit_limit.string_pattern_mismatch": AMOUNT_SENTENCE,
        **dict.fromkeys(
            ("greater_than_equal", "less_than_equal"), _l("Payment terms are from 0 to 365 days.")
        ),
    }

    name = StringField(_l("Name"))
    is_customer = BooleanField(_l("Customer"))
    is_supplier = BooleanField(_l("Supplier"))
    email = StringField(_l("E-mail"))
    phone = StringField(_l("Phone"))
    address = TextAreaField(_l("Address"))
    country = SelectField(_l("Country"), choices=country_options, validate_choice=False)
    state = SelectField(_l("State"), validate_choice=False)
    tax_number = StringField(_l("Tax number"))
    pan = StringField(_l("PAN"))
    terms_days = StringField(_l("Payment terms in days"))
    credit_limit = StringField(_l("Credit limit"))
    is_on_hold = BooleanField(_l("On hold"))
    external_id = StringField(_l("ID in another program"))
    notes = TextAreaField(_l("Notes"))
    seen = HiddenField()
    is_confirmed = SubmitField(_l("Save anyway"))
    similar: Sequence[Row] = ()

    def __init__(self, actor: Actor, **given: Any) -> None:
        super().__init__(**given)
        if not actor.can("party.set_credit"):
            del self.credit_limit, self.is_on_hold
        self.state.choices = _state_options()

    def ask_about(self, similar: Sequence[Row]) -> None:
        """Show similar parties, unless the user has seen them and saves anyway."""
        self.similar = () if self.is_confirmed.data else similar

    @classmethod
    def of(cls, actor: Actor, row: Row) -> PartyForm:
        """Return a form filled with the values of a party."""
        known = {name: row[name] for name in PartyIn.model_fields if name in row}
        if row["credit_limit_minor"] is not None:
            known["credit_limit"] = wire_amount(
                row["credit_limit_minor"], row["credit_limit_currency"]
            )
        return cls(actor, data=known | {"seen": row["updated_at"].isoformat()})

    def values(self) -> dict[str, Any]:
        """Return the submitted values; an amount may have thousands separators."""
        values = super().values()
        if values.get("credit_limit"):
            values["credit_limit"] = ungrouped(values["credit_limit"])
        return values


class AddressForm(SchemaForm[PartyAddressIn]):
    """Form of a further address.

    `seen` is the `updated_at` of the address when the form was opened. If the stored `updated_at`
    differs when the form is saved, somebody else has changed the address.
    """

    schema: ClassVar[type[BaseModel]] = PartyAddressIn
    sentences: ClassVar[dict[str, Any]] = {
        "lines.string_too_short": _l("Enter the address."),
        "lines.missing": _l("Enter the address."),
        "string_pattern_mismatch": _l("Choose one from the list."),
    }

    kind = SelectField(
        _l("Kind"),
        choices=[SelectChoice(name, word) for name, word in ADDRESS_KINDS.items()],
        validate_choice=False,
    )
    lines = TextAreaField(_l("Address"))
    city = StringField(_l("City"))
    postcode = StringField(_l("Postcode"))
    country = SelectField(_l("Country"), choices=country_options, validate_choice=False)
    state = SelectField(_l("State"), validate_choice=False)
    is_default = BooleanField(_l("Default of its kind"))
    seen = HiddenField()

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.state.choices = _state_options()

    @classmethod
    def of(cls, row: Row) -> AddressForm:
        """Return a form filled with the values of an address."""
        known = {name: row[name] for name in PartyAddressIn.model_fields}
        return cls(data=known | {"seen": row["updated_at"].isoformat()})


class ContactForm(SchemaForm[PartyContactIn]):
    """Form of a contact; `seen` is as in AddressForm."""

    schema: ClassVar[type[BaseModel]] = PartyContactIn
    sentences: ClassVar[dict[str, Any]] = {
        "name.string_too_short": _l("Enter a name."),
        "name.missing": _l("Enter a name."),
        "email_invalid": _l("Enter an e-mail address such as name@example.com."),
    }

    name = StringField(_l("Name"))
    role = StringField(_l("Role"))
    email = StringField(_l("E-mail"))
    phone = StringField(_l("Phone"))
    is_default = BooleanField(_l("Mail documents to this contact"))
    seen = HiddenField()

    @classmethod
    def of(cls, row: Row) -> ContactForm:
        """Return a form filled with the values of a contact."""
        known = {name: row[name] for name in PartyContactIn.model_fields}
        return cls(data=known | {"seen": row["updated_at"].isoformat()})


class TaxNumberForm(SchemaForm[PartyTaxNumberIn]):
    """Form of a further tax number; `seen` is as in AddressForm."""

    schema: ClassVar[type[BaseModel]] = PartyTaxNumberIn
    sentences: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(("number.missing", "number.string_too_short"), _l("Enter a tax number.")),
        **dict.fromkeys(
            ("string_pattern_mismatch", "country.missing"), _l("Choose one from the list.")
        ),
    }

    country = SelectField(_l("Country"), choices=country_options, validate_choice=False)
    number = StringField(_l("Tax number"))
    is_default = BooleanField(_l("Default in its state"))
    seen = HiddenField()

    @classmethod
    def of(cls, row: Row) -> TaxNumberForm:
        """Return a form filled with the values of a tax number."""
        known = {name: row[name] for name in PartyTaxNumberIn.model_fields}
        return cls(data=known | {"seen": row["updated_at"].isoformat()})


class MergeForm(SchemaForm[PartyMergeIn]):
    """Form with the other record and the reason of a merge."""

    schema: ClassVar[type[BaseModel]] = PartyMergeIn
    sentences: ClassVar[dict[str, Any]] = dict.fromkeys(
        ("reason.missing", "reason.string_too_short"),
        _l("Enter a reason of at most 500 characters."),
    )

    into_id = HiddenField()
    reason = StringField(_l("Reason"))


class PartyList(PartyQuery):
    """Query parameters of the list; invalid ones are ignored and listed in `invalid`."""

    invalid: Annotated[tuple[str, ...], Field(exclude=True)] = ()

    @classmethod
    def read(cls, given: Mapping[str, str]) -> PartyList:
        """Parse the query parameters of the list."""
        values: dict[str, Any] = {
            name: given[name]
            for name in ("q", "kind", "external_id", "archived", "cursor")
            if given.get(name, "").strip()
        }
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            invalid = {str(item["loc"][0]) for item in error.errors(include_url=False)}
            return cls.model_validate(
                {name: value for name, value in values.items() if name not in invalid}
                | {"invalid": (*sorted(invalid),)}
            )

    def invalid_labels(self, *others: str) -> list[str]:
        """Return the labels of the invalid filters, and of the filters in `others`."""
        return [str(_WORDS[name]) for name in (*self.invalid, *others)]

    def address(self, **changes: Any) -> str:
        """Return the list's URL with some query parameters changed."""
        values = {"q": self.q, "kind": self.kind, "archived": self.archived or None} | changes
        return url_for(
            "parties.index",
            **{name: value for name, value in values.items() if value not in (None, "")},
        )

    def tabs(self) -> list[dict[str, Any]]:
        """Return the tabs of the list: all, customers, suppliers, archived."""
        here = "archived" if self.archived else self.kind
        words = (
            (None, _l("All")),
            ("customer", _l("Customers")),
            ("supplier", _l("Suppliers")),
            ("archived", _l("Archived")),
        )
        return [
            {
                "label": word,
                "here": here == name,
                "href": (
                    self.address(kind=None, archived=1)
                    if name == "archived"
                    else self.address(kind=name, archived=None)
                ),
            }
            for name, word in words
        ]


def told(row: Row) -> str:
    """Return the place, phone, e-mail and tax number of a party, to tell it apart."""
    state = states(row["country"] or "").get(row["state"] or "")
    place = " ".join((row["address"] or "").split())[-60:]
    facts = (place, state and gettext(state), row["phone"], row["email"], row["tax_number"])
    words = ", ".join(str(fact) for fact in facts if fact)
    return words or str(gettext("no address or phone"))


def _state_options() -> list[SelectChoice]:
    """Return the options of a state field in the page's language, a blank first."""
    named = (SelectChoice(code, str(gettext(name))) for code, name in states(COUNTRY).items())
    return [SelectChoice("", ""), *sorted(named, key=lambda choice: str(choice.label))]
