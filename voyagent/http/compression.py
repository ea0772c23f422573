"""Compression of responses with gzip.

A secret must not be compressed together with text that somebody else chooses. The length of the
result would reveal the secret (the attack BREACH). Decision 0040 has the rules.
"""

from __future__ import annotations

import posixpath
import zlib
from collections.abc import Iterable, Iterator
from http import HTTPStatus

from flask import Flask, Response, g, request

SMALLEST_BYTES = 1024
LEVEL, LEVEL_OF_FILES = 2, 9
SUFFIX = "-gzip"
FILES = frozenset({"static", "docs.openapi_json"})
"""Endpoints whose contents are the same for everybody, and are compressed once."""
EVENT_STREAM = "text/event-stream"
_TYPES = frozenset(
    {
        "application/javascript",
        "application/json",
        "application/xml",
        "image/svg+xml",
        EVENT_STREAM,
    }
)
_CREDENTIALS = "/api/auth/"
_WITHOUT_WHOLE_BODY = frozenset({204, 206, 304})
_files: dict[str, bytes] = {}  # one entry for each version of each file
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_STORED_BYTES_MAX = 65_535


def install(app: Flask) -> None:
    """Install the hooks that compress responses.

    Call this before `headers.install`. Flask runs such hooks in reverse order, so responses then
    get their headers before they are compressed.
    """
    app.before_request(_take_back_suffix)
    app.after_request(_compress)


def _take_back_suffix() -> None:
    """Remove the suffix for compressed files from the ETags in `If-None-Match`.

    Flask then compares them with the ETag of the uncompressed file.
    """
    if request.endpoint in FILES and (given := request.environ.get("HTTP_IF_NONE_MATCH")):
        request.environ["HTTP_IF_NONE_MATCH"] = given.replace(f'{SUFFIX}"', '"')


def _compress(response: Response) -> Response:
    etag, _is_weak = response.get_etag()
    is_file = request.endpoint in FILES and etag is not None
    if not _may_compress(response) or (etag is not None and not is_file):
        # The ETag of a record is compared when the record is changed, so it stays as it is.
        return response
    if not response.is_streamed and len(response.get_data()) < SMALLEST_BYTES:
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings.quality("gzip"):
        return response
    if is_file:
        response.set_etag(f"{etag}{SUFFIX}")
        if response.status_code != HTTPStatus.NOT_MODIFIED:
            _compress_file(response, f"{_file_name()} {etag}")
    elif response.is_streamed:
        response.headers.pop("Content-Length", None)
        response.headers["Content-Encoding"] = "gzip"
        response.response = _Stream(response.response, is_events=response.mimetype == EVENT_STREAM)
    else:
        response.headers["Content-Encoding"] = "gzip"
        response.set_data(gzip_apart(response.get_data(), _secret()))
    return response


def _file_name() -> str:
    """Return one name for the requested file: `/a.js` and `/./a.js` are the same file."""
    return posixpath.normpath((request.view_args or {}).get("filename") or request.endpoint or "")


def _compress_file(response: Response, key: str) -> None:
    content = _files.get(key)
    if content is None:
        response.direct_passthrough = False
        content = _files[key] = gzip_apart(response.get_data(), b"", level=LEVEL_OF_FILES)
    elif (close := getattr(response.response, "close", None)) is not None:
        response.call_on_close(close)
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)  # parts are sent of the uncompressed form only
    response.direct_passthrough = False
    response.set_data(content)


def _may_compress(response: Response) -> bool:
    mimetype = response.mimetype or ""
    return (
        response.status_code not in _WITHOUT_WHOLE_BODY
        and (mimetype.startswith("text/") or mimetype in _TYPES)
        and "Content-Encoding" not in response.headers
        and not request.path.startswith(_CREDENTIALS)
    ) or (response.status_code == HTTPStatus.NOT_MODIFIED and request.endpoint in FILES)


def _secret() -> bytes:
    """Return the CSRF token of the page, which Flask-WTF keeps during the request."""
    return str(g.get("csrf_token", "")).encode()


def gzip_apart(body: bytes, secret: bytes, *, level: int = LEVEL) -> bytes:
    """Return the body in the format gzip, with the secret uncompressed.

    The text before the secret and the text after it are compressed separately. The length of the
    result therefore does not depend on the secret.
    """
    parts = body.split(secret) if secret else [body]
    out = [_GZIP_HEADER]
    for number, part in enumerate(parts):
        if number:
            out.append(_stored(secret))
        deflate = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
        out.append(deflate.compress(part))
        out.append(deflate.flush(zlib.Z_FINISH if number == len(parts) - 1 else zlib.Z_FULL_FLUSH))
    out.append(zlib.crc32(body).to_bytes(4, "little"))
    out.append((len(body) & 0xFFFFFFFF).to_bytes(4, "little"))
    return b"".join(out)


def _stored(text: bytes) -> bytes:
    """Return a deflate block that contains the text as it is (RFC 1951, 3.2.4)."""
    assert len(text) <= _STORED_BYTES_MAX
    size = len(text)
    return b"\x00" + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little") + text


class _Stream:
    """A compressed stream; its `close` closes the original stream.

    In an event stream, each event is compressed separately and sent at once. Other streams are
    compressed as a whole.
    """

    def __init__(self, pieces: Iterable[bytes] | Iterable[str], *, is_events: bool) -> None:
        self._pieces = pieces
        self._is_events = is_events
        # A small window, because there may be many streams: 32 KiB of memory instead of 256.
        self._deflate = (
            zlib.compressobj(LEVEL, zlib.DEFLATED, 16 + 12, 5)
            if is_events
            else zlib.compressobj(LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
        )

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            out = self._deflate.compress(piece.encode() if isinstance(piece, str) else piece)
            if self._is_events:
                out += self._deflate.flush(zlib.Z_FULL_FLUSH)
            if out:
                yield out
        yield self._deflate.flush()

    def close(self) -> None:
        """Close the original stream."""
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()
