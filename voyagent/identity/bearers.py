"""How a bearer becomes a credential: an access token by its signature, an API key by its prefix and
the hash behind it.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from threading import Lock

import structlog

from voyagent.http.client import client_address
from voyagent.identity import queries
from voyagent.identity.keys import is_key, prefix_of
from voyagent.identity.queries import KeyFacts
from voyagent.identity.tokens import AccessTokens, secret_digest
from voyagent.kernel import limits
from voyagent.kernel.actor import Channel, Credential
from voyagent.kernel.db import pause
from voyagent.kernel.errors import Unauthorized

FACTS_MAX = 1024
log = structlog.get_logger(__name__)


class Bearers:
    """Reads the bearer of a request; what it says is confirmed by the database in `app.enter` on
    each request.

    Whose key a prefix is and what it hashes to never changes, so it is remembered in the process
    and the usual call costs no further trip. Whether the key is revoked or over, and whether its
    maker and her agency are still there, is asked each time.
    """

    def __init__(self, tokens: AccessTokens, limiter: limits.Limiter) -> None:
        self._tokens = tokens
        self._limiter = limiter
        self._facts: OrderedDict[str, KeyFacts] = OrderedDict()
        self._lock = Lock()

    def authenticate(self, bearer: str) -> Credential:
        """The credential of an access token or an API key.

        Raises Unauthorized; TooManyRequests for an address that tries many keys that are none.
        """
        return self._key(bearer) if is_key(bearer) else self._tokens.read(bearer)

    def _key(self, bearer: str) -> Credential:
        prefix = prefix_of(bearer)
        facts = None if prefix is None else self._known(prefix)
        if facts is None or not hmac.compare_digest(facts.key_hash, secret_digest(bearer)):
            self._limiter.failed(limits.API_KEY, address=client_address())
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
        facts = queries.find_api_key(prefix)
        # the look-up's connection goes back: a read has its own, and an act begins anew with the
        # agency bound
        pause()
        if facts is not None:
            with self._lock:
                self._facts[prefix] = facts
                if len(self._facts) > FACTS_MAX:
                    self._facts.popitem(last=False)
        return facts
