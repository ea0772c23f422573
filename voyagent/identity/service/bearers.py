"""Authentication of bearer tokens."""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

import structlog

from voyagent.identity.queries import people
from voyagent.identity.queries.people import KeyFacts
from voyagent.identity.rules.keys import is_key, prefix_of
from voyagent.identity.rules.tokens import AccessTokens, secret_digest
from voyagent.kernel import limits
from voyagent.kernel.actor import Channel, Credential
from voyagent.kernel.db import pause
from voyagent.kernel.errors import Unauthorized

FACTS_MAX = 1024
log = structlog.get_logger(__name__)


class Bearers:
    """Authenticates bearer tokens: access tokens and API keys.

    `client_address` returns the IP address of the current request.
    """

    def __init__(
        self, tokens: AccessTokens, limiter: limits.Limiter, client_address: Callable[[], str]
    ) -> None:
        self._tokens = tokens
        self._limiter = limiter
        self._client_address = client_address
        self._facts: OrderedDict[str, KeyFacts] = OrderedDict()
        self._lock = Lock()

    def authenticate(self, bearer: str) -> Credential:
        """Check an access token or an API key, and return its Credential.

        Raises Unauthorized, and TooManyRequests for an IP address that tries many invalid keys.
        """
        return self._key(bearer) if is_key(bearer) else self._tokens.read(bearer)

    def _key(self, bearer: str) -> Credential:
        prefix = prefix_of(bearer)
        facts = None if prefix is None else self._known(prefix)
        if facts is None or not hmac.compare_digest(facts.key_hash, secret_digest(bearer)):
            self._limiter.failed(limits.API_KEY, address=self._client_address())
            log.info(
                "auth.key_refused",
                reason=(
                    "malformed"
                    if prefix is None
                    else "unknown"
                    if facts is None
                    else "wrong_secret"
                ),
            )
            raise Unauthorized
        return Credential(
            facts.tenant_id, facts.user_id, None, channel=Channel.API, key_id=facts.id
        )

    def _known(self, prefix: str) -> KeyFacts | None:
        with self._lock:
            facts = self._facts.get(prefix)
            if facts is not None:
                self._facts.move_to_end(prefix)
                return facts
        # These facts never change. Each request asks the database if the key still works.
        facts = people.find_api_key(prefix)
        # return the look-up's connection to the pool: a read uses its own connection, and an act
        # starts a new transaction with the agency bound
        pause()
        if facts is not None:
            with self._lock:
                self._facts[prefix] = facts
                if len(self._facts) > FACTS_MAX:
                    self._facts.popitem(last=False)
        return facts
