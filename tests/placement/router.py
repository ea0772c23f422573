"""The router of a process leads each request to the cluster of its agency.

A process has the applications of all clusters, and caches placements for a minute. What a caller
brings names the agency or is known to the directory; only a token of an earlier release is looked
for on each cluster.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy.exc import OperationalError
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Request, Response

from tests.placement.clusters import Cluster
from tests.placement.directory import Directory, Placement
from voyagent.http.guards import Guard
from voyagent.identity.queries import people
from voyagent.identity.rules.keys import is_key, prefix_of
from voyagent.identity.rules.tokens import agency_of_token
from voyagent.kernel.addresses import normal_address
from voyagent.kernel.errors import Unauthorized
from voyagent.kernel.ids import parse_id
from voyagent.routes import APIS, PAGES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CACHED_S = 60.0
PUBLIC = {
    *(page.path for pages in PAGES for page in pages.pages if page.guard is Guard.PUBLIC),
    *(
        f"{api.url_prefix or ''}{operation.path}"
        for api in APIS
        for operation in api.operations
        if operation.guard is Guard.PUBLIC
    ),
}
TOKEN_OF_PAGE = {
    "/accept-invite": "invite_token",
    "/reset-password": "reset_token",
    "/verify-email": "verify_token",
}
"""Name of the value in the session cookie that keeps the token of a link, by the page."""


class Router:
    """WSGI application before the applications of the clusters.

    `served` has the names of the clusters that have handled the last requests. `retries` is the
    number of requests whose cached placement was wrong.
    """

    def __init__(self, directory: Directory, clusters: Mapping[str, Cluster]) -> None:
        self._directory, self._clusters = directory, clusters
        self._any = next(iter(clusters.values()))
        self._cache: dict[UUID, tuple[float, Placement]] = {}
        self._lock = Lock()
        self._running: defaultdict[UUID, set[object]] = defaultdict(set)
        self.served: deque[str] = deque(maxlen=100)
        self.retries = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Handle a request in the application of its agency's cluster."""
        request = Request(environ)
        body = request.get_data()
        tenant_id = self._agency_of(request)
        if tenant_id is None:
            return self._run(self._emptiest(), environ, body)(environ, start_response)
        with self._counted(tenant_id):
            return self._lead(tenant_id, environ, body)(environ, start_response)

    def running(self, tenant_id: UUID) -> frozenset[object]:
        """Return the requests of an agency that have begun and not ended."""
        with self._lock:
            return frozenset(self._running[tenant_id])

    def cache(self, tenant_id: UUID, placement: Placement) -> None:
        """Use a placement for a minute, unless its cluster refuses the agency."""
        self._cache[tenant_id] = time.monotonic(), placement

    def _lead(self, tenant_id: UUID, environ: WSGIEnvironment, body: bytes) -> Response:
        """Return the response of the agency's cluster, or 503 while the agency moves.

        A cluster from which the agency has gone since the look-up refuses the caller before
        anything is written, so the request may be run again.
        """
        placement = self._placement(tenant_id)
        while placement is not None and not placement.is_moving:
            answer = self._run(self._clusters[placement.cluster], environ, body)
            present = self._directory.placement(tenant_id) if _is_refusal(answer) else placement
            if present == placement:
                return answer
            placement = present
        if placement is None:
            return self._run(self._emptiest(), environ, body)
        return Response(status=503, headers={"Retry-After": "5"})

    def _placement(self, tenant_id: UUID) -> Placement | None:
        """Return the placement of an agency; its cluster must confirm a cached one."""
        at, placement = self._cache.get(tenant_id, (0.0, None))
        if placement is not None and time.monotonic() - at < CACHED_S:
            if self._clusters[placement.cluster].serves(tenant_id):
                return placement
            self.retries += 1
        placement = self._directory.placement(tenant_id)
        if placement is not None and not placement.is_moving:
            self.cache(tenant_id, placement)
        return placement

    def _run(self, cluster: Cluster, environ: WSGIEnvironment, body: bytes) -> Response:
        self.served.append(cluster.label)
        given = {name: value for name, value in environ.items() if name != "werkzeug.request"}
        return Response(
            *run_wsgi_app(cluster.app, given | {"wsgi.input": BytesIO(body)}, buffered=True)
        )

    def _emptiest(self) -> Cluster:
        """Return the cluster for a new agency, and for callers who belong to none."""
        clusters = [self._clusters[name] for name in self._directory.by_size()]
        return next((one for one in clusters if one.answers()), clusters[0])

    @contextmanager
    def _counted(self, tenant_id: UUID) -> Iterator[None]:
        request = object()
        with self._lock:
            self._running[tenant_id].add(request)
        try:
            yield
        finally:
            with self._lock:
                self._running[tenant_id].remove(request)

    def _agency_of(self, request: Request) -> UUID | None:
        """Return the agency that a request is for, or None.

        On public paths, tokens and addresses come first, because a browser may still have the
        cookie of another agency.
        """
        cookie = self._cookie(request)
        if request.path in PUBLIC:
            given = _texts_in(request)
            kept = cookie.get(TOKEN_OF_PAGE.get(request.path, ""))
            token = given.get("token") or given.get("refresh_token") or kept
            if token:
                return agency_of_token(token) or self._holder_of(token)
            if "email" in given:
                return self._directory.agency_of_login(normal_address(given["email"]) or "")
            if "half_sign_in" in cookie:
                return parse_id(cookie["half_sign_in"]["ids"][0])
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._agency_of_bearer(bearer)
        return parse_id(str(cookie.get("_user_id", "")).partition(":")[0])

    def _agency_of_bearer(self, bearer: str) -> UUID | None:
        if is_key(bearer):
            return self._directory.agency_of_key(prefix_of(bearer) or "")
        try:
            tokens = self._any.app.extensions["voyagent.identity"].tokens
            return tokens.read(bearer).tenant_id
        except Unauthorized:
            return None

    def _cookie(self, request: Request) -> Mapping[str, Any]:
        app = self._any.app
        return app.session_interface.open_session(app, request) or {}

    def _holder_of(self, token: str) -> UUID | None:
        """Return the agency of a token of an earlier release; each cluster is asked."""
        finds = (people.find_refresh_token, people.find_invite, people.find_one_time_token)
        for cluster in self._clusters.values():
            try:
                with cluster.opened():
                    found = next((row for find in finds if (row := find(token))), None)
            except OperationalError:
                continue
            if found is not None:
                return found[0]
        return None


def _is_refusal(answer: Response) -> bool:
    """Return True if the caller was not authenticated."""
    location = answer.headers.get("Location", "")
    return answer.status_code == 401 or location.startswith("/sign-in")


def _texts_in(request: Request) -> dict[str, str]:
    """Return the texts in the query, the form and the JSON object of a request."""
    body = request.get_json(silent=True) if request.is_json else None
    members = body.items() if isinstance(body, dict) else ()
    texts = {name: text for name, text in members if isinstance(text, str)}
    return request.args.to_dict() | request.form.to_dict() | texts
