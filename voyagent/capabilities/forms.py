"""HTML form of a capability: its controls, and the values that a user enters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any, TypeVar

from flask_babel import gettext
from pydantic import BaseModel
from pydantic_core import ErrorDetails
from wtforms import (
    BooleanField,
    Field,
    FieldList,
    Form,
    FormField as GroupField,
    HiddenField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.form import BaseForm
from wtforms.widgets import CheckboxInput, ListWidget

from voyagent.approvals.words.arguments import date_kind, option
from voyagent.capabilities.capability import Capability, Choice
from voyagent.capabilities.describe import FormField, form_fields
from voyagent.capabilities.execution import NotPermitted
from voyagent.http.forms import (
    DateText,
    SchemaForm,
    SentOnce,
    amount_sentence,
    date_sentence,
    finding_in_words,
    plain,
)
from voyagent.http.template_filters import country_choices, page_locale, today
from voyagent.kernel.db import finish
from voyagent.kernel.errors import Unauthorized, VoyagentError
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import currency_codes

Result = TypeVar("Result")
ROWS_MAX = 200
_NEVER_BLANK = ("boolean", "choice", "currency", "hidden")
"""Controls that always have a value, so that they do not show whether a row was filled in."""
_OF_PATTERN = ("string_pattern_mismatch", "decimal_parsing")


class AmountInput(StringField):
    """Input of an amount, which may be in words such as `1.2 lakh`."""


class RecordsField(SelectMultipleField):
    """Checkboxes for several records."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: str, **keywords: Any) -> None:
        super().__init__(label, choices=[], validate_choice=False, **keywords)


_SIMPLE: dict[str, type[Field]] = {
    "amount": AmountInput,
    "boolean": BooleanField,
    "hidden": HiddenField,
    "list": TextAreaField,
    "long_text": TextAreaField,
    "records": RecordsField,
}


class CapabilityForm(SentOnce, SchemaForm[BaseModel]):
    """Form with the controls of one capability.

    Blank fields are left out of the input.
    """

    def __init__(self, capability: Capability[Any], controls: Sequence[FormField]) -> None:
        self.capability = capability
        self.controls = tuple(controls)
        super().__init__(data={one.name: one.value for one in controls if one.value is not None})

    @property
    def answer_status(self) -> int:
        """Status of a page with the form: 200, or 422 if the input was refused."""
        return 422 if self.errors else 200

    def values(self) -> JsonObject:
        """Return the values that the user entered; empty rows are removed."""
        return _read(self, self.controls)

    def attempt(self, act: Callable[[BaseModel], Result], **fields: str) -> Result | None:
        """Call `act` with the input and return the result, or None after a refusal.

        `fields` maps codes of errors to the fields at which their messages are shown. The changes
        that `act` made are rolled back, unless the error's `keeps_work` is true. Raises
        Unauthorized and NotPermitted.
        """
        value = self.accepted()
        if value is None:
            return None
        try:
            return act(value)
        except (Unauthorized, NotPermitted):
            raise
        except VoyagentError as error:
            finish(error)
            self.refuse(error, **{error.code: self._place_named_by(error.code), **fields})
            return None

    def add_row(self, name: str) -> None:
        """Add a blank row to a list of the form.

        `name` is the name of the list, such as `lines`, or `entry-lines` for the list `lines` in
        the group `entry`.
        """
        for field in _lists(self):
            if field.name == name and len(field.entries) < ROWS_MAX:
                field.append_entry()
        self.fill_rows()

    def offer(self, choices: Mapping[str, Sequence[Choice]]) -> None:
        """Set the records to choose from, by the dotted path of their field.

        The present value of a field can always be selected, even if it is not among the records.
        """
        for path, records in choices.items():
            for field in _fields_at(self, path.split(".")):
                is_one = isinstance(field, SelectField)
                pairs = [(one.id, one.label) for one in records]
                given = [field.data] if is_one else list(field.data or ())
                known = {value for value, _ in pairs}
                pairs += [(one, one) for one in given if one and one not in known]
                first = [("", gettext("Choose one"))] if is_one else []
                field.choices = [SelectChoice(value, label) for value, label in (*first, *pairs)]

    def fill_rows(self) -> None:
        """Give each list at least one row."""
        for field in _lists(self):
            if not field.entries:
                field.append_entry()

    def place_of(self, loc: tuple[int | str, ...]) -> str:
        """Return the dotted path of the input that caused a validation error."""
        return ".".join(map(str, loc))

    def _note(self, _name: str, finding: ErrorDetails) -> None:
        field = _field_at(self, finding["loc"])
        sentence = _sentence(field, finding)
        if field is None or isinstance(field, GroupField):
            self.form_errors.append(sentence)
        elif sentence not in field.errors:
            field.errors = [*field.errors, sentence]

    def _place_named_by(self, code: str) -> str:
        """Return the field that an error code such as `invalid_currency` names, or ""."""
        names = [one.name for one in self.controls if one.kind != "hidden"]
        best = max(names, key=lambda name: _words_in(name, code), default="")
        if best and _words_in(best, code):
            return best
        dates = [one.name for one in self.controls if one.kind == "date"]
        return dates[0] if dates and "date" in code.split("_") else ""


def form_of(
    capability: Capability[Any], known: Mapping[str, object], *, currency: str
) -> CapabilityForm:
    """Return the form of a capability, filled with known values.

    `currency` is the agency's currency, which is the initial value of currency fields.
    """
    controls = sorted(
        form_fields(capability, known), key=lambda one: one.name not in capability.lookups
    )
    begun = [_begin(one, currency) for one in controls]
    made = {one.name: _field(one, currency) for one in begun}
    form = type("Form", (CapabilityForm,), {"schema": capability.input, **made})
    return form(capability, begun)


def known_values(
    capability: Capability[Any], given: Mapping[str, Sequence[str]]
) -> dict[str, object]:
    """Return the fields that a URL gives: `?amount=45000`; nested fields are JSON.

    Hidden fields, and nested fields that are not valid JSON of the right form, are left out.
    """
    known: dict[str, object] = {}
    for one in form_fields(capability, {}):
        texts = given.get(one.name)
        if not texts or one.kind == "hidden":
            continue
        if one.kind in ("group", "rows"):
            with suppress(ValueError):
                known[one.name] = json.loads(texts[0])
        elif one.kind in ("records", "list"):
            known[one.name] = list(texts)
        else:
            known[one.name] = texts[0]
    return {name: value for name, value in known.items() if _fits(name, value, capability)}


def _fits(name: str, value: object, capability: Capability[Any]) -> bool:
    """Return False if a value from the URL has the wrong form for its controls.

    A field with rows needs a list of objects, and a group of fields needs an object. Any value of
    another field is accepted.
    """
    kind = next(one.kind for one in form_fields(capability, {}) if one.name == name)
    if kind == "rows":
        return isinstance(value, list) and all(isinstance(one, dict) for one in value)
    return isinstance(value, dict) if kind == "group" else True


def _begin(control: FormField, currency: str) -> FormField:
    """Return a control with the initial value of a new form."""
    value = control.value if control.value is not None else control.default
    if value is None and control.kind == "currency":
        value = currency
    if value is None and control.reader == "date_or_today" and control.required:
        value = today()
    if control.kind == "date" and isinstance(value, str):
        with suppress(ValueError):
            value = date.fromisoformat(value)
    if control.kind == "boolean":
        value = value in (True, "true", "1", "on")
    if control.kind == "list" and isinstance(value, list):
        value = "\n".join(map(str, value))
    return control._replace(value=value)


def _field(control: FormField, currency: str) -> Any:
    match control.kind:
        case "group":
            return GroupField(_inner(control, currency), control.label)
        case "rows":
            return FieldList(GroupField(_inner(control, currency)), control.label)
        case "choice" | "country" | "currency" | "record":
            return SelectField(control.label, choices=_choices(control), validate_choice=False)
        case "date":
            return DateText(control.label, kind=date_kind(control.name))
    return _SIMPLE.get(control.kind, StringField)(control.label)


def _inner(control: FormField, currency: str) -> type[Form]:
    begun = [_begin(one, currency) for one in control.fields]
    fields = {one.name: _field(one, currency) for one in begun}
    defaults = {one.name: one.value for one in begun if one.value is not None}
    for name, default in defaults.items():
        fields[name].kwargs["default"] = default
    return type("Inner", (Form,), fields)


def _choices(control: FormField) -> list[SelectChoice]:
    if control.kind == "record":
        return []  # `offer` sets them when the page is shown
    if control.kind == "currency":
        return [SelectChoice(code, code) for code in currency_codes()]
    pairs = [(value, option(control.name, value)) for value in control.options]
    if control.kind == "country":
        pairs = country_choices()
    blank = [] if control.default is not None else [("", gettext("Choose one"))]
    return [SelectChoice(value, label) for value, label in (*blank, *pairs)]


def _lists(form: BaseForm) -> Iterator[FieldList]:
    for field in form:
        if isinstance(field, FieldList):
            yield field
            for entry in field.entries:
                yield from _lists(entry.form)
        elif isinstance(field, GroupField):
            yield from _lists(field.form)


def _fields_at(form: BaseForm, path: Sequence[str]) -> Iterator[Field]:
    """Yield the fields at a path; in a list one for each row."""
    field, below = form[path[0]], path[1:]
    if isinstance(field, FieldList):
        for entry in field.entries:
            yield from _fields_at(entry.form, below)
    elif isinstance(field, GroupField):
        yield from _fields_at(field.form, below)
    else:
        yield field


def _read(form: BaseForm, controls: Sequence[FormField]) -> JsonObject:
    found = {
        one.name: value
        for one in controls
        if (value := _value(form, one, _currency_of(form, controls, one.name))) is not None
    }
    has_amounts = any(one.kind == "amount" for one in controls)
    if has_amounts and not any(one.kind == "amount" and one.name in found for one in controls):
        # the initial currency without an amount is not input
        for one in controls:
            if one.kind == "currency" and not one.required:
                found.pop(one.name, None)
    return found


def _value(form: BaseForm, control: FormField, currency: str | None) -> Any:
    field = form[control.name]
    match control.kind:
        case "boolean" | "records":
            return field.data if field.data or control.kind == "boolean" else None
        case "group":
            inner = _read(field.form, control.fields)
            return inner if control.required or _is_written(inner, control) else None
        case "rows":
            read = [(entry, _read(entry.form, control.fields)) for entry in field.entries]
            written = [(entry, row) for entry, row in read if _is_written(row, control)]
            field.entries = [entry for entry, _ in written]
            return [row for _, row in written] or None
        case "date":
            return field.iso
    text = str(field.data or "").strip()
    if control.kind == "list":
        return [line.strip() for line in text.splitlines() if line.strip()] or None
    if not text:
        return None
    return plain(text, currency) if control.kind == "amount" else text


def _is_written(values: Mapping[str, Any], control: FormField) -> bool:
    return any(
        one.name in values and values[one.name] != one.default
        for one in control.fields
        if one.kind not in _NEVER_BLANK
    )


def _currency_of(form: BaseForm, controls: Sequence[FormField], name: str) -> str | None:
    """Return the currency of the amount in the field `name`, or None.

    The currency of `budget_amount` is in the field `budget_currency`, else in `currency`.
    """
    beside = f"{name.rpartition('_')[0]}_currency"
    known = {one.name: form[one.name].data for one in controls if one.kind == "currency"}
    found = known.get(beside) or known.get("currency")
    return str(found) if found else None


def _field_at(form: BaseForm, loc: Sequence[int | str]) -> Field | None:
    """Return the innermost field to which a validation error belongs, or None."""
    field: Field | None = None
    inside: Any = form
    for part in loc:
        if isinstance(inside, FieldList) and isinstance(part, int):
            field = inside.entries[part] if part < len(inside.entries) else inside
        elif isinstance(inside, BaseForm) and part in inside:
            field = inside[str(part)]
        else:
            continue
        inside = field.form if isinstance(field, GroupField) else field
    return field


def _sentence(field: Field | None, finding: ErrorDetails) -> str:
    kind, typed = finding["type"], finding["input"]
    if isinstance(field, DateText) and field.is_invalid:
        return date_sentence(str(field.data), field.kind)
    if kind in _OF_PATTERN and isinstance(field, AmountInput):
        return amount_sentence(typed)
    if kind in ("too_short", "string_too_short") and not typed:
        kind = "missing"
    words = finding_in_words(kind, finding["msg"])
    if words == finding["msg"].removeprefix("Value error, ") and page_locale() != "en":
        words = gettext("Some values are not valid. Check them and try again.")
    group = isinstance(field, GroupField) and field.label.text
    return f"{group}: {words}" if group else words


def _words_in(name: str, code: str) -> int:
    """Count the words at the end of a field's name that an error code contains.

    For the field `issue_date`, the result is 1 for the code `invalid_date` and 2 for the code
    `invalid_issue_date`.
    """
    words = name.removesuffix("_id").split("_")
    tails = (words[start:] for start in range(len(words)))
    return next((len(tail) for tail in tails if f"_{'_'.join(tail)}_" in f"_{code}_"), 0)
