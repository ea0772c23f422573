"""Plausible values for the schemas of the OpenAPI document, for the examples on its reading page."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
DEPTH_MAX = 6
_SAMPLES = {
    "uuid": "019412f0-7c1e-7a34-9d02-5b1f6c3a8e10",
    "date": "2026-11-24",
    "date-time": "2026-11-24T05:12:00.000000Z",
    "email": "neha@malabargulf.example",
    "uri": "https://voyagent.example/",
}
# A member's name tells more than its type; the first ending that fits wins.
_SAMPLES_BY_NAME = {
    "tenant_name": "Malabar Gulf Travels",
    "agency_name": "Malabar Gulf Travels",
    "name": "Deepa Krishnan",
    "email": _SAMPLES["email"],
    "phone": "+919447088312",
    "currency": "INR",
    "amount": "285721.00",
    "_at": _SAMPLES["date-time"],
    "_date": _SAMPLES["date"],
    "origin": "COK",
    "destination": "DXB",
    "status": "quoted",
    "role": "agent",
    "locale": "en",
    "timezone": "Asia/Kolkata",
    "title": "Krishnan family, Dubai",
    "notes": "Vegetarian meals on the flight.",
    "password": "Harbour-lantern-42",
    "message": "Who owes us?",
    "token": "7f1c2a…",
}


def sample(schemas: Json, schema: Json, name: str = "", depth: int = 0) -> Any:
    """A plausible value of a schema: the document's own example where it has one, else one made
    from type, format and name.
    """
    schema = resolved(schemas, schema)
    for own in ("example", "default", "const"):
        if schema.get(own) is not None:
            return schema[own]
    for several in ("examples", "enum"):
        if schema.get(several):
            return schema[several][0]
    parts = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if parts:
        # Money is read as a number too, but an example shows the way that loses nothing.
        wanted = [p for p in parts if p.get("type") != "null"] or parts
        return sample(
            schemas,
            next(
                (p for p in wanted if p.get("type") == "string" and name.endswith("amount")),
                wanted[0],
            ),
            name,
            depth,
        )
    if depth > DEPTH_MAX:
        return None
    kind = _kind(schema)
    if kind == "array":
        return [sample(schemas, schema.get("items", {}), name, depth + 1)]
    if kind == "object" or "properties" in schema:
        return {
            key: sample(schemas, member, key, depth + 1)
            for key, member in schema.get("properties", {}).items()
        }
    return _plain(schema, kind, name)


def resolved(schemas: Json, schema: Json) -> Json:
    """A schema with its reference followed; one that leads nowhere is empty."""
    for _ in range(DEPTH_MAX):
        if "$ref" not in schema:
            break
        schema = schemas.get(tail_of(schema["$ref"]), {})
    return schema


def tail_of(reference: str) -> str:
    """The name at the end of a reference: `#/components/schemas/EnquiryOut` → `EnquiryOut`."""
    return reference.rsplit("/", 1)[-1]


def _kind(schema: Json) -> str | None:
    kind = schema.get("type")
    return next((k for k in kind if k != "null"), "null") if isinstance(kind, list) else kind


def _plain(schema: Json, kind: str | None, name: str) -> Any:
    if kind == "integer":
        return schema.get("minimum", 1)
    if kind == "number":
        return schema.get("minimum", 1.0)
    if kind == "boolean":
        return True
    if kind == "null":
        return None
    if schema.get("format") in _SAMPLES:
        return _SAMPLES[schema["format"]]
    if name == "id" or name.endswith("_id"):
        return _SAMPLES["uuid"]
    return next((value for word, value in _SAMPLES_BY_NAME.items() if name.endswith(word)), "…")
