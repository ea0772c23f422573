"""JSON API of API keys."""

from __future__ import annotations

from uuid import UUID

from flask_babel import gettext as _

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.identity.forms.request import identity
from voyagent.identity.queries import people
from voyagent.identity.schemas.entry import (
    ApiKeyList,
    CreateApiKeyRequest,
    CreateApiKeyResponse,
    CreateScopedApiKeyRequest,
    WholeOrPage,
)
from voyagent.identity.service import keys as identity_keys
from voyagent.identity.service.errors import AgencyNotVerified, ScopeBeyondRole, TooManyKeys
from voyagent.kernel.actor import Actor, NotFresh
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.errors import NotFound, TooManyRequests
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.serializers import Body

keys = ApiBlueprint("keys", __name__, tag="API keys", guard=Guard.BEARER)


@keys.post(
    "/auth/api-keys",
    status=201,
    answer=CreateApiKeyResponse,
    permission="api_key.create",
    errors=(NotFresh, AgencyNotVerified, TooManyRequests, TooManyKeys),
    secret_answer=True,
)
def create_api_key(actor: Actor, body: CreateApiKeyRequest) -> Body[CreateApiKeyResponse]:
    """Create an API key with all permissions of the caller.

    The key acts as the user who created it, with the role that this user has at the time of each
    call. Only this response contains the key. The access token must be fresh: obtained with a
    password, not with a refresh token. An API key cannot create another key. A user has at most 20
    keys that work.
    """
    return _made(*identity_keys.make_key(identity(), actor, **body.model_dump()))


@keys.post(
    "/auth/api-keys/scoped",
    status=201,
    answer=CreateApiKeyResponse,
    permission="api_key.create",
    errors=(NotFresh, AgencyNotVerified, ScopeBeyondRole, TooManyRequests, TooManyKeys),
    secret_answer=True,
)
def create_scoped_api_key(
    actor: Actor, body: CreateScopedApiKeyRequest
) -> Body[CreateApiKeyResponse]:
    """Create an API key that is limited to some scopes.

    The scope `read` allows reading everything and changing nothing. Each other scope allows one
    area, and scopes can be combined. A key never has more permissions than the role that its
    creator has at the time of the call. The scope `assistant` gives access to conversations. The
    assistant can then use every tool that the creator's role allows, and another person must
    approve its proposals.
    """
    return _made(*identity_keys.make_key(identity(), actor, **body.model_dump()))


@keys.get("/auth/api-keys", answer=ApiKeyList, permission="api_key.read", errors=(InvalidCursor,))
def list_api_keys(reader: RequestReader, query: WholeOrPage) -> Body[ApiKeyList]:
    """List the agency's API keys, newest first.

    With `limit`, the response is one page. Without `limit`, the response has all keys. Revoked and
    expired keys stay in the list.
    """
    rows, cursor = people.list_keys(reader, limit=query.limit, cursor=query.place())
    return ApiKeyList.of({"items": rows, "next_cursor": cursor})


@keys.post(
    "/auth/api-keys/<key_id>/revoke", status=204, permission="api_key.revoke", missing=NotFound
)
def revoke_api_key(actor: Actor, key_id: UUID) -> None:
    """Revoke an API key from the next request on.

    Only administrators and the user who created the key may revoke it. Revoking a revoked key
    changes nothing.
    """
    identity_keys.revoke_key(actor, key_id)


def _made(key_id: UUID, text: str) -> Body[CreateApiKeyResponse]:
    warning = _("Copy this key now. It is shown only once.")
    return CreateApiKeyResponse.of(
        {"key": text, "warning": warning, "api_key": people.get_key(key_id)}
    )
