"""Every text that a person or program sends has one of three types.

It is one line, several lines, or used exactly as given.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from voyagent.capabilities import registry
from voyagent.http.forms import SchemaForm
from voyagent.imports.service import advances, documents
from voyagent.routes import APIS

EXACT = {
    *("password", "current_password", "new_password", "code", "totp_code", "token"),
    "refresh_token",
    *("approvals", "chosen", "rejectable", "shown", "rate_key"),
    *("session_id", "budget_currency", "timezone"),  # refused by their own rule and code
    *("root", "arguments"),  # read by the schema of the capability
    *("content", "message"),
}
"""Names of texts that are used exactly as given."""
LINES = {
    *("AddTransferInput.notes", "BatchDecision.reason", "BillDraftIn.notes", "BillPatch.notes"),
    *("CreateEnquiryInput.notes", "DecisionForm.reason", "DraftInvoiceInput.notes"),
    *("EnquiryIn.notes", "EnquiryPatch.notes", "FlightDetails.notes", "HotelDetails.address"),
    *("HotelDetails.notes", "InvoiceDraftIn.notes", "InvoiceIn.notes", "InvoicePatch.notes"),
    *("OtherDetails.notes", "PartyIn.address", "PartyIn.notes", "PartyPatch.address"),
    *("PartyAddressIn.lines", "PartyAddressPatch.lines"),
    *("PartyPatch.notes", "ReceiveBillInput.notes", "ResolveIn.reason", "SeveralForm.reason"),
    "TenantSettingsPatchRequest.address",
    "TenantSettingsPatchRequest.audit_mail_addresses",
    "TenantSettingsPatchRequest.bank_details",
    *("TenantSettingsPatchRequest.system_prompt_suffix", "TransferDetails.notes"),
    *("TripIn.notes", "TripPatch.notes", "UpdateEnquiryInput.notes", "VisaDetails.notes"),
}
"""Texts of several lines."""
REPEATS = (1, 2, 4, 8)
"""A text is tried in several lengths, because some have a minimum length."""


def leaves(kind: Any, name: str, marks: tuple[Any, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the name and the annotated type of each text in a type."""
    if get_origin(kind) is Annotated:
        inner, *more = get_args(kind)
        yield from leaves(inner, name, (*more, *marks))
    elif kind is str:
        yield name, Annotated[str, *marks] if marks else str
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from texts_of(kind)
    elif get_origin(kind) is not Literal:
        # A union applies its marks to the value, whichever of its types it has.
        is_union = type(None) in get_args(kind)
        for one in get_args(kind):
            yield from leaves(one, name, marks if is_union else ())


@cache
def texts_of(model: type[BaseModel]) -> tuple[tuple[str, Any], ...]:
    """Return the texts of a schema and of the schemas in it."""
    return tuple(
        leaf
        for name, field in model.model_fields.items()
        for leaf in leaves(field.annotation, f"{model.__name__}.{name}", tuple(field.metadata))
    )


def forms(base: type = SchemaForm) -> Iterator[type[BaseModel]]:
    """Yield the schemas of the forms of the application, and not those of other tests."""
    for form in base.__subclasses__():
        if not form.__module__.startswith("voyagent."):
            continue
        if isinstance(schema := getattr(form, "schema", None), type):
            yield schema
        yield from forms(form)


def texts() -> dict[str, Any]:
    operations = [one for api in APIS for one in api.operations]
    models = [
        *(one.body for one in operations if one.body),
        *(one.query for one in operations if one.query),
        *(capability.input for capability in registry.every()),
        *forms(),
        documents.OpenDocument,
        advances.Advance,
    ]
    return dict(leaf for model in models for leaf in texts_of(model))


TEXTS = texts()


def refuses(kind: Any, text: str) -> bool:
    try:
        TypeAdapter(kind).validate_json(json.dumps(text))
    except ValidationError:
        return True
    return False


def accepts(kind: Any, text: str) -> bool:
    return not all(refuses(kind, text * times) for times in REPEATS)


@pytest.mark.parametrize("text", ["a\u202eb1", "a\x07b1", "a\x7fb1", "a\u0085b1", "a\u2066b1"])
def test_only_exact_texts_accept_control_and_direction_characters(text: str) -> None:
    found = {name for name, kind in TEXTS.items() if accepts(kind, text)}
    assert {name.partition(".")[2] for name in found} == EXACT


@pytest.mark.parametrize("text", ["ab1\nx", "ab1\r\nx", "ab1\tx"])
def test_only_texts_of_several_lines_accept_a_line_end(text: str) -> None:
    found = {name for name, kind in TEXTS.items() if accepts(kind, text)}
    assert {name for name in found if name.partition(".")[2] not in EXACT} == LINES


def test_every_text_of_customers_accepts_the_joiners_of_indian_scripts() -> None:
    words = "\u0915\u094d\u200d\u0937\u094d\u200c\u092f"
    named = [name for name in TEXTS if name.endswith(("_name", "title", "notes"))]
    assert len(named) > 30
    for name in named:
        assert accepts(TEXTS[name], words), name
