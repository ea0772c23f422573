"""Operations of the API contract, on which existing client programs rely.

Unlike other operations, these operations ignore unknown query parameters. A test compares this list
with the contract.
"""

from __future__ import annotations

import re

OPERATIONS = frozenset(
    {
        "GET /approvals",
        "GET /approvals/<approval_id>",
        "POST /approvals/<approval_id>/resolve",
        "GET /audit",
        "GET /audit/export.csv",
        "POST /auth/accept-invite",
        "GET /auth/api-keys",
        "POST /auth/api-keys",
        "POST /auth/api-keys/<key_id>/revoke",
        "GET /auth/invites",
        "POST /auth/invites",
        "GET /auth/invites/lookup",
        "POST /auth/invites/<invite_id>/revoke",
        "GET /auth/me",
        "PATCH /auth/profile",
        "POST /auth/refresh",
        "POST /auth/request-password-reset",
        "POST /auth/reset-password",
        "POST /auth/send-verification-email",
        "POST /auth/sign-in",
        "POST /auth/sign-in-totp",
        "POST /auth/sign-out",
        "POST /auth/sign-up",
        "POST /auth/totp/disable",
        "POST /auth/totp/setup",
        "POST /auth/totp/verify",
        "POST /auth/verify-email",
        "GET /chat/sessions",
        "POST /chat/sessions",
        "DELETE /chat/sessions/<session_id>",
        "GET /chat/sessions/<session_id>",
        "PATCH /chat/sessions/<session_id>",
        "POST /chat/sessions/<session_id>/messages",
        "GET /enquiries",
        "POST /enquiries",
        "GET /enquiries/<enquiry_id>",
        "PATCH /enquiries/<enquiry_id>",
        "POST /enquiries/<enquiry_id>/promote-to-session",
        "GET /health",
        "GET /health/db",
        "GET /health/redis",
        "GET /internal/metrics",
        "GET /reports/itinerary",
        "GET /reports/payables",
        "GET /reports/receivables",
        "GET /reports/trial-balance",
        "GET /schemas/money",
        "GET /tenant-settings",
        "PATCH /tenant-settings",
    }
)
"""Method and path of each operation, without the prefix `/api`."""
DESCRIPTION = (
    "An unknown query parameter is refused with status 422 (`unknown_parameter`). Older operations"
    " ignore it and name it in the response header `Voyagent-Ignored-Parameters`; with the request"
    " header `Prefer: handling=strict` they refuse it too."
)
"""Text about query parameters for the OpenAPI document."""
_CONVERTER = re.compile(r"<\w+:")


def is_of_contract(method: str, path: str) -> bool:
    """Return True if the operation at a method and URL rule belongs to the contract."""
    plain = _CONVERTER.sub("<", path).removeprefix("/api")
    return f"{method} {plain}" in OPERATIONS
