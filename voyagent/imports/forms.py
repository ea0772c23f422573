"""Form of an import: the kind of data and the file."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import gettext, lazy_gettext as _l
from flask_wtf.file import FileField
from pydantic import BaseModel
from werkzeug.datastructures import FileStorage
from wtforms import SelectChoice, SelectField, TextAreaField

from voyagent.http.forms import DateText, SchemaForm, finding_in_words
from voyagent.imports.rules.csv_tables import OF_SHAPE, Finding, decoded
from voyagent.imports.schemas import ImportIn
from voyagent.kernel.errors import VoyagentError

ERROR_FIELDS = dict.fromkeys(
    ("file_unreadable", "file_too_large", "file_empty", "import_has_findings"), "file"
) | {"day_needed": "effective_on", "imports_busy": ""}
KIND_WORDS = {
    "parties": _l("Customers and suppliers"),
    "opening_balances": _l("Opening balances"),
    "open_invoices": _l("Open invoices"),
    "open_bills": _l("Open bills"),
    "customer_advances": _l("Advances from customers"),
    "supplier_advances": _l("Advances to suppliers"),
    "exchange_rates": _l("Exchange rates"),
}


class ImportForm(SchemaForm[ImportIn]):
    """Form of a file to check or import.

    After a check, the form keeps the text of the file in `content`, so that the user can correct
    and import the text without choosing the file again.
    """

    schema: ClassVar[type[BaseModel]] = ImportIn
    sentences: ClassVar[dict[str, Any]] = {
        "missing": _l("Choose a file."),
        "string_too_short": _l("Choose a file."),
    }

    kind = SelectField(
        _l("File contents"),
        choices=[SelectChoice(name, word) for name, word in KIND_WORDS.items()],
        validate_choice=False,
    )
    file = FileField(_l("File"))
    effective_on = DateText(_l("As of"), kind="book")
    content = TextAreaField(_l("File"))

    def values(self) -> dict[str, Any]:
        """Return the submitted values; a newly chosen file replaces the text in `content`.

        Raises FileTooLarge, FileUnreadable.
        """
        chosen = self.file.data
        if isinstance(chosen, FileStorage) and chosen.filename:
            self.content.data = decoded(chosen.stream.read())
        return super().values()

    def accepted(self) -> Any | None:
        """Return the submitted form as an ImportIn, or None if it has errors."""
        try:
            return super().accepted()
        except VoyagentError as error:
            self.refuse(error, **ERROR_FIELDS)
            return None

    def place_of(self, loc: tuple[int | str, ...]) -> str:
        """Return the form field of an error.

        Errors of `content` are shown at the field of the file.
        """
        place = super().place_of(loc)
        return "file" if place == "content" else place


def in_words(finding: Finding) -> str:
    """Return the message of an error in the file, in the user's language."""
    return gettext(
        finding.sentence
        if finding.code in OF_SHAPE
        else finding_in_words(finding.code, finding.sentence)
    )
