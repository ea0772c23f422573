"""The API's reading page: what it makes of an OpenAPI document."""

from __future__ import annotations

import json

from voyagent.http.api_reading import outline

SPEC = {
    "openapi": "3.1.0",
    "info": {"title": "Voyagent API", "version": "1.2"},
    "servers": [{"url": "/api"}],
    "tags": [{"name": "enquiries", "description": "What customers ask for."}, {"name": "unused"}],
    "paths": {
        "/enquiries": {
            "post": {
                "operationId": "createEnquiry",
                "tags": ["enquiries"],
                "summary": "Log an enquiry",
                "security": [{"bearer": []}],
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/EnquiryIn"}}
                    }
                },
                "responses": {
                    "201": {
                        "description": "Created",
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/EnquiryOut"}
                            }
                        },
                    },
                    "400": {
                        "description": "A rule refuses it",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "anyOf": [
                                        {
                                            "type": "object",
                                            "properties": {
                                                "detail": {
                                                    "enum": [
                                                        "invalid_currency",
                                                        "invalid_pax_count",
                                                    ]
                                                }
                                            },
                                        },
                                        {
                                            "type": "object",
                                            "properties": {
                                                "detail": {
                                                    "anyOf": [
                                                        {"const": "invalid_date_range"},
                                                        {"type": "string"},
                                                    ]
                                                }
                                            },
                                        },
                                    ]
                                }
                            }
                        },
                    },
                },
            }
        },
        "/health": {
            "get": {
                "operationId": "getHealth",
                "security": [],
                "responses": {"200": {"description": "OK"}},
            }
        },
    },
    "components": {
        "schemas": {
            "EnquiryIn": {
                "type": "object",
                "required": ["customer_name"],
                "properties": {
                    "customer_name": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 255,
                        "description": "Who asks.",
                    },
                    "pax_count": {"type": "integer", "minimum": 1, "maximum": 500, "default": 1},
                    "budget_amount": {
                        "anyOf": [
                            {"type": "number"},
                            {"type": "string", "pattern": "^(?!^[-+.]*$)"},
                            {"type": "null"},
                        ]
                    },
                    "status": {"enum": ["new", "quoted"]},
                    "depart_date": {
                        "anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]
                    },
                    "notes": {"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}]},
                },
            },
            "EnquiryOut": {
                "type": "object",
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "parent": {"$ref": "#/components/schemas/EnquiryOut"},
                    "gone": {"$ref": "#/components/schemas/Away"},
                },
            },
        }
    },
}


def test_operations_are_grouped_by_tag_and_carry_their_full_path() -> None:
    doc = outline(SPEC)
    assert [
        (section.title, [op.path for op in section.operations]) for section in doc.sections
    ] == [
        ("Enquiries", ["/api/enquiries"]),
        ("Health", ["/api/health"]),
    ]
    assert doc.count == 2
    assert doc.sections[0].description == "What customers ask for."


def test_an_operation_without_security_is_open_to_all() -> None:
    create, health = (section.operations[0] for section in outline(SPEC).sections)
    assert not create.public
    assert health.public
    assert "Authorization" in create.request_example
    assert "Authorization" not in health.request_example


def test_a_body_says_what_is_required_and_what_limits_it() -> None:
    rows = {row.name: row for row in outline(SPEC).sections[0].operations[0].body}
    assert rows["customer_name"].required
    assert rows["customer_name"].limits == "1 to 255 characters"
    assert (rows["pax_count"].kind, rows["pax_count"].limits) == ("integer", "1 to 500, default 1")
    assert rows["status"].kind == "one of new, quoted"
    assert rows["depart_date"].kind == "string, date or null"
    assert rows["budget_amount"].limits == "in decimal figures"
    assert rows["notes"].limits == "up to 9 characters"


def test_every_code_of_a_refusal_is_named_wherever_the_schema_hides_it() -> None:
    answers = {answer.status: answer for answer in outline(SPEC).sections[0].operations[0].answers}
    assert answers["400"].codes == ("invalid_currency", "invalid_pax_count", "invalid_date_range")
    assert answers["201"].shape == "EnquiryOut"
    assert answers["201"].codes == ()


def test_examples_are_plausible_and_end_even_where_shapes_refer_to_themselves() -> None:
    operation = outline(SPEC).sections[0].operations[0]
    body = json.loads(operation.request_example.split("-d '")[1].removesuffix("'"))
    assert body["customer_name"] == "Deepa Krishnan"
    assert body["depart_date"] == "2026-11-24"
    assert body["pax_count"] == 1
    assert body["budget_amount"] == "285721.00"
    answer = json.loads(operation.answer_example)
    assert answer["id"].startswith("019")
    assert "parent" in answer


def test_the_search_finds_fields_and_codes() -> None:
    words = outline(SPEC).sections[0].operations[0].words
    for wanted in ("pax_count", "invalid_date_range", "/api/enquiries", "log an enquiry"):
        assert wanted in words
