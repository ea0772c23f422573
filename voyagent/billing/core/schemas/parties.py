"""Members of request bodies that name the party of a document or payment."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from voyagent.kernel.fields import Trimmed


def _given(name: str | None, info: ValidationInfo) -> str | None:
    if name is None and info.data.get("party_id") is None:
        raise PydanticCustomError("missing", "Field required")
    return name


PartyName = Annotated[
    Annotated[str, Trimmed(255)] | None, Field(validate_default=True), AfterValidator(_given)
]
"""The name of a party. It may be absent or null if `party_id`, a member before it, is given."""
