"""The logo of an agency: valid images, stored data, permissions."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.people import Person, csrf
from tests.settings.pictures import in_base64, many_scans, noise, picture, slopes
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden
from voyagent.settings import queries
from voyagent.settings.rules import (
    BYTES_MAX,
    PRINTED_BYTES_MAX,
    PictureTooLarge,
    PictureUnreadable,
    remade,
)
from voyagent.settings.service import logos

PATH = "/tenant-settings/logo"
SECRET = b"<script>alert(1)</script>"


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def commented() -> bytes:
    about = PngInfo()
    about.add_text("Comment", SECRET.decode())
    return picture(pnginfo=about)


def chunk(name: bytes, inner: bytes) -> bytes:
    return (
        struct.pack(">I", len(inner)) + name + inner + struct.pack(">I", zlib.crc32(name + inner))
    )


def claiming(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes whose header states a size."""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", b"")
        + chunk(b"IEND", b"")
    )


def put(
    person: Person, raw: bytes, name: str = "logo.png", browser: FlaskClient | None = None
) -> Any:
    browser = browser or person.tab
    fields = {"csrf_token": csrf(browser, "/settings")}
    return browser.post("/settings/logo", data={**fields, "logo": (io.BytesIO(raw), name)})


def stored_logo(person: Person) -> Any:
    with person.acting():
        return queries.read_logo(SessionReader(db.session))


# Accepted images, and the stored parts of them
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "media_type", "mode"),
    [
        (picture("PNG"), "image/png", "RGB"),
        (picture("PNG", mode="RGBA", colour=(0, 80, 80, 120)), "image/png", "RGBA"),
        (picture("PNG", mode="P", colour=3, transparency=3), "image/png", "RGBA"),
        (picture("PNG", mode="1", colour=1), "image/png", "RGB"),
        (picture("JPEG"), "image/jpeg", "RGB"),
        (picture("JPEG", mode="L", colour=90), "image/jpeg", "RGB"),
        (picture("JPEG", mode="CMYK", colour=(90, 0, 0, 0)), "image/jpeg", "RGB"),
    ],
)
def test_png_and_jpeg_images_keep_their_format(raw: bytes, media_type: str, mode: str) -> None:
    made = remade(raw)
    again = opened(made.content)
    assert (made.media_type, again.mode, again.size, (made.width, made.height)) == (
        media_type,
        mode,
        (120, 40),
        (120, 40),
    )
    assert remade(raw) == made


def test_a_16_bit_grey_image_stays_grey() -> None:
    made = opened(remade(picture("PNG", mode="I;16", colour=0x8000)).content)
    assert made.getpixel((0, 0)) == (128, 128, 128)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((2000, 100), (800, 40)),
        ((300, 2000), (60, 400)),
        ((1, 1), (1, 1)),
        ((2000, 1), (800, 1)),
        ((799, 399), (799, 399)),
    ],
)
def test_only_large_images_are_scaled_down(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    made = remade(picture(size=size))
    assert (made.width, made.height) == opened(made.content).size == expected


@pytest.mark.parametrize("raw", [noise(), noise("JPEG"), slopes()], ids=["noise", "jpeg", "slopes"])
def test_an_image_of_many_bytes_becomes_smaller(raw: bytes) -> None:
    made = remade(raw)
    assert len(made.content) <= PRINTED_BYTES_MAX
    if made.media_type == "image/png":
        assert len(zlib.compress(opened(made.content).tobytes())) <= PRINTED_BYTES_MAX
    assert 150 < made.width < 800
    assert abs(made.width - 2 * made.height) <= 2


@pytest.mark.parametrize(
    "raw",
    [
        commented(),
        picture("JPEG", comment=SECRET),
        picture() + SECRET,
        picture("JPEG") + SECRET,
        picture("JPEG", icc_profile=SECRET),
    ],
)
def test_metadata_of_an_image_is_removed(raw: bytes) -> None:
    assert SECRET in raw or b"Comment" in raw
    made = remade(raw)
    assert SECRET not in made.content
    assert opened(made.content).info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_an_image_is_rotated_by_its_exif_orientation() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    made = remade(picture("JPEG", exif=exif))
    assert (made.width, made.height) == (40, 120)
    assert not opened(made.content).getexif()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"a picture, truly",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        picture("GIF"),
        picture("BMP"),
        picture("WEBP"),
        picture("TIFF"),
        picture()[:60],
        picture("JPEG")[:200],
        picture().replace(b"IDAT", b"IDAX"),
        claiming(10, 10),
        claiming(0, 10),
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"%PDF-1.7",
    ],
)
def test_an_invalid_or_damaged_image_is_refused(raw: bytes) -> None:
    with pytest.raises(PictureUnreadable):
        remade(raw)


@pytest.mark.parametrize(
    "raw",
    [
        picture(size=(2001, 10)),
        picture("JPEG", size=(10, 2001)),
        claiming(9_000, 9_000),
        claiming(60_000, 60_000),
        b"x" * (BYTES_MAX + 1),
        many_scans(100),
    ],
)
def test_too_large_images_are_refused_before_decoding(raw: bytes) -> None:
    with pytest.raises(PictureTooLarge):
        remade(raw)


def test_a_progressive_image_is_accepted() -> None:
    assert remade(picture("JPEG", progressive=True)).media_type == "image/jpeg"


# The rule
# --------------------------------------------------------------------------------


def test_a_logo_is_set_replaced_and_removed_with_audit_events(alice: Person) -> None:
    alice.does(logos.put, picture())
    alice.does(logos.put, picture())
    alice.does(logos.put, picture("JPEG", (60, 60)))
    assert (stored_logo(alice)["media_type"], stored_logo(alice)["width"]) == ("image/jpeg", 60)
    alice.does(logos.remove)
    alice.does(logos.remove)
    with alice.acting() as actor:
        stored_changes = [
            row["changes"]
            for row in queries.read_history(SessionReader(db.session), actor.tenant_id)
        ]
    assert [[change["field"] for change in changes] for changes in stored_changes] == [["logo"]] * 3
    (off,), (other,), (first,) = stored_changes
    assert first["before"] is None
    assert first["after"].startswith("PNG 120 × 40, ")
    assert (other["before"], other["after"][:12]) == (first["after"], "JPEG 60 × 60")
    assert (off["before"], off["after"]) == (other["after"], None)
    history = alice.tab.get("/settings").text
    assert "Logo: nothing → PNG 120 × 40" in history
    with pytest.raises(queries.LogoNotFound):
        stored_logo(alice)


def test_only_an_administrator_can_change_the_logo(bob: Person) -> None:
    for act in (lambda: bob.does(logos.put, picture()), lambda: bob.does(logos.remove)):
        with pytest.raises(Forbidden):
            act()


def test_the_logo_of_another_agency_cannot_be_read(
    alice: Person, charlie: Person, owner_engine: sa.Engine
) -> None:
    charlie.does(logos.put, picture())
    with pytest.raises(queries.LogoNotFound):
        stored_logo(alice)
    with alice.acting():
        assert db.session.execute(sa.text("select count(*) from tenant_logos")).scalar() == 0
        assert db.session.execute(sa.text("delete from tenant_logos")).rowcount == 0  # type: ignore[attr-defined]
    with owner_engine.connect() as connection:
        assert (
            connection.scalar(
                sa.text("select count(*) from tenant_logos where tenant_id = :t"),
                {"t": charlie.actor.tenant_id},
            )
            == 1
        )


# Pages, API and commands
# --------------------------------------------------------------------------------


def test_the_page_stores_an_image_and_shows_it(alice: Person) -> None:
    browser = alice.tab
    answer = put(alice, picture(), "logo.exe", browser)
    assert (answer.status_code, answer.location) == (303, "/settings#logo-part")
    page = browser.get("/settings").text
    assert "Logo saved. It is used on new documents." in page
    address = f"/settings/logo?v={stored_logo(alice)['digest'][:12]}"
    assert address in page
    shown = alice.tab.get(address)
    assert (shown.status_code, shown.mimetype, shown.data) == (
        200,
        "image/png",
        stored_logo(alice)["content"],
    )
    assert shown.headers["Cache-Control"] == "private, no-cache"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    again = alice.tab.get(address, headers={"If-None-Match": shown.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_page_removes_the_logo(alice: Person) -> None:
    put(alice, picture())
    browser = alice.tab
    answer = browser.post("/settings/logo/remove", data={"csrf_token": csrf(browser, "/settings")})
    assert answer.status_code == 303
    assert "Logo removed from new documents." in browser.get("/settings").text
    assert browser.get("/settings/logo").status_code == 404


@pytest.mark.parametrize(
    ("raw", "name", "sentence"),
    [
        (b"GIF89a", "logo.png", "This is not a valid PNG or JPEG image."),
        (b"", "logo.png", "Choose a file."),
        (picture(), "", "Choose a file."),
        (
            b"x" * (BYTES_MAX + 1),
            "logo.png",
            "The image is larger than 500 kB or 2,000 pixels on a side. Use a smaller one.",
        ),
    ],
)
def test_a_refused_image_is_reported_at_the_field(
    alice: Person, raw: bytes, name: str, sentence: str
) -> None:
    answer = put(alice, raw, name)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "/settings/logo?v=" not in answer.text


def test_a_body_beyond_the_maximum_of_an_image_is_not_read(alice: Person) -> None:
    assert put(alice, b"x" * 800_000).status_code == 413


def test_an_image_may_be_larger_than_other_forms(alice: Person) -> None:
    noise = Image.effect_noise((640, 640), 90)
    out = io.BytesIO()
    noise.save(out, "PNG")
    assert 256 * 1024 < len(out.getvalue()) < BYTES_MAX
    assert put(alice, out.getvalue()).status_code == 303


def test_a_viewer_sees_the_logo_but_cannot_change_it(
    alice: Person, victor: Person, bob: Person
) -> None:
    assert "settings/logo" not in victor.tab.get("/settings").text
    alice.does(logos.put, picture())
    for person in (victor, bob):
        page = person.tab.get("/settings").text
        assert "/settings/logo?v=" in page
        assert "logo-form" not in page
        assert person.tab.get("/settings/logo").status_code == 200
        assert person.api.get(PATH).status_code == 200
        assert person.api.put(PATH, json={"content": in_base64(picture())}).status_code == 403
        assert person.api.delete(PATH).status_code == 403


def test_other_agencies_and_anonymous_callers_do_not_see_the_logo(
    alice: Person, charlie: Person
) -> None:
    alice.does(logos.put, picture())
    mark = stored_logo(alice)["digest"]
    assert (
        charlie.tab.get("/settings/logo", headers={"If-None-Match": f'"{mark}"'}).status_code == 404
    )
    assert charlie.api.get(PATH).status_code == 404
    assert mark[:12] not in charlie.tab.get("/settings").text
    nobody = alice.app.test_client().get("/settings/logo")
    assert (nobody.status_code, "/sign-in" in nobody.location) == (303, True)


def test_the_api_stores_returns_and_removes_the_logo(alice: Person) -> None:
    missing = alice.api.get(PATH)
    assert (missing.status_code, missing.json["detail"]) == (404, "logo_not_found")
    put_there = alice.api.put(PATH, json={"content": in_base64(picture("JPEG"))})
    assert put_there.status_code == 200
    assert {name: put_there.json[name] for name in ("media_type", "width", "height")} == {
        "media_type": "image/jpeg",
        "width": 120,
        "height": 40,
    }
    assert put_there.json["content"] == in_base64(stored_logo(alice)["content"])
    assert alice.api.get(PATH).json == put_there.json
    assert alice.api.delete(PATH).status_code == 204
    assert alice.api.delete(PATH).status_code == 204
    assert alice.api.get(PATH).status_code == 404


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("no base64!", "picture_unreadable"),
        (in_base64(b"GIF89a"), "picture_unreadable"),
        ("é", "picture_unreadable"),
        (in_base64(picture(size=(2001, 1))), "picture_too_large"),
    ],
)
def test_a_refused_image_has_an_error_code(alice: Person, content: str, code: str) -> None:
    answer = alice.api.put(PATH, json={"content": content})
    assert (answer.status_code, answer.json["detail"]) == (422, code)
