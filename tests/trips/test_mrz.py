"""Machine-readable passport lines: the ICAO specimen, check digits and dates."""

from __future__ import annotations

from datetime import date

import pytest

from voyagent.trips.rules import mrz
from voyagent.trips.rules.mrz import check_digit, read_zone

TODAY = date(2026, 11, 26)
FIRST = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
SECOND = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"


def line(
    number: str = "Z1234567<",
    nationality: str = "IND",
    born: str = "860504",
    expires: str = "310101",
    personal: str = "<" * 14,
) -> str:
    """A second line whose check digits fit."""
    parts = [
        number + check_digit(number),
        nationality,
        born + check_digit(born),
        "F",
        expires + check_digit(expires),
        personal + check_digit(personal),
    ]
    return "".join(parts) + check_digit(parts[0] + parts[2] + parts[4] + parts[5])


def test_the_icao_specimen_is_read() -> None:
    parts = (
        SECOND[:9],
        SECOND[13:19],
        SECOND[21:27],
        SECOND[28:42],
        SECOND[:10] + SECOND[13:20] + SECOND[21:43],
    )
    assert [check_digit(part) for part in parts] == ["6", "2", "9", "1", "0"]
    zone = read_zone(f"{FIRST}\n{SECOND}", TODAY)
    assert (zone.number, zone.nationality_code, zone.nationality) == ("L898902C3", "UTO", None)
    assert (zone.date_of_birth, zone.expires_on) == (date(1974, 8, 12), date(2012, 4, 15))
    assert (zone.given_names, zone.surname, zone.full_name) == (
        "Anna Maria",
        "Eriksson",
        "Anna Maria Eriksson",
    )


@pytest.mark.parametrize(
    "text", [f" {FIRST.lower()} \r\n {SECOND.lower()} ", FIRST + SECOND, " ".join(FIRST + SECOND)]
)
def test_spaces_line_ends_and_lower_case_are_accepted(text: str) -> None:
    assert read_zone(text, TODAY) == read_zone(f"{FIRST}\n{SECOND}", TODAY)


def test_the_second_line_alone_is_read_without_a_name() -> None:
    zone = read_zone(SECOND, TODAY)
    assert (zone.number, zone.full_name) == ("L898902C3", None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P<UTO",
        FIRST,
        SECOND[:-1],
        SECOND + "<",
        f"X{FIRST[1:]}{SECOND}",
        SECOND.replace("<", "«"),
        SECOND.replace("8", "\u0668"),
    ],
)
def test_lines_of_other_documents_are_refused(text: str) -> None:
    with pytest.raises(mrz.NoPassportLines):
        read_zone(text, TODAY)


@pytest.mark.parametrize(
    ("at", "misread"),
    [
        *((at, mrz.NumberMisread) for at in (0, 8, 9)),
        *((at, mrz.BirthMisread) for at in (13, 18, 19)),
        *((at, mrz.ExpiryMisread) for at in (21, 26, 27)),
        *((at, mrz.PersonalNumberMisread) for at in (28, 41, 42)),
        (43, mrz.LineMisread),
    ],
)
def test_each_wrong_check_digit_is_reported(
    at: int, misread: type[mrz.PassportLinesMisread]
) -> None:
    wrong = "7" if SECOND[at] == "6" else "6"  # of another value modulo ten than what stands there
    with pytest.raises(misread):
        read_zone(SECOND[:at] + wrong + SECOND[at + 1 :], TODAY)


def test_a_letter_o_for_a_zero_is_detected() -> None:
    with pytest.raises(mrz.NumberMisread):
        read_zone(SECOND.replace("L898902C3", "L8989O2C3"), TODAY)
    assert read_zone(SECOND.replace("L898902C3", "L8989A2C3"), TODAY).number == "L8989A2C3"


def test_an_empty_personal_number_needs_no_check_digit() -> None:
    of_nought = line()
    assert of_nought[42] == "0"
    assert read_zone(of_nought[:42] + "<" + of_nought[43:], TODAY) == read_zone(of_nought, TODAY)
    with pytest.raises(mrz.PersonalNumberMisread):
        read_zone(SECOND[:42] + "<" + SECOND[43:], TODAY)


@pytest.mark.parametrize(
    ("code", "country"),
    [
        ("IND", "IN"),
        ("GBR", "GB"),
        ("GBN", "GB"),
        ("D<<", "DE"),
        ("DEU", "DE"),
        ("ARE", "AE"),
        ("RKS", "XK"),
        ("UTO", None),
        ("XXA", None),
        ("<<<", None),
        ("123", None),
    ],
)
def test_an_unknown_nationality_is_none(code: str, country: str | None) -> None:
    assert read_zone(line(nationality=code), TODAY).nationality == country


@pytest.mark.parametrize(
    ("born", "day"),
    [
        ("261126", date(2026, 11, 26)),
        ("261127", date(1926, 11, 27)),
        ("000229", date(2000, 2, 29)),
        ("270101", date(1927, 1, 1)),
        ("860504", date(1986, 5, 4)),
        ("86<<<<", None),
    ],
)
def test_a_two_digit_year_of_birth_is_in_the_past(born: str, day: date | None) -> None:
    assert read_zone(line(born=born), TODAY).date_of_birth == day


@pytest.mark.parametrize(
    ("expires", "day"),
    [
        ("261125", date(2026, 11, 25)),
        ("361126", date(2036, 11, 26)),
        ("761231", date(2076, 12, 31)),
        ("770101", date(1977, 1, 1)),
    ],
)
def test_a_two_digit_year_of_expiry_is_preferably_in_the_future(expires: str, day: date) -> None:
    assert read_zone(line(expires=expires), TODAY).expires_on == day


def test_an_expiry_near_the_end_of_a_century_may_be_in_the_next() -> None:
    assert read_zone(line(expires="050101"), date(2098, 1, 1)).expires_on == date(2105, 1, 1)
    assert read_zone(line(expires="990101"), date(2098, 1, 1)).expires_on == date(2099, 1, 1)


@pytest.mark.parametrize("figures", ["861304", "860431", "860500", "860229", "8605A4"])
def test_an_invalid_date_is_reported(figures: str) -> None:
    with pytest.raises(mrz.BirthMisread):
        read_zone(line(born=figures), TODAY)
    with pytest.raises(mrz.ExpiryMisread):
        read_zone(line(expires=figures), TODAY)


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("Anna Maria Eriksson", True),
        ("ERIKSSON Anna-Maria", True),
        ("Ánna Maria Erikssonová", True),
        ("Anna Eriksson", False),
        ("Anna Maria Erik", False),
        ("Annika Maria Eriksson", False),
        ("", False),
    ],
)
def test_names_are_compared_without_order_and_accents(name: str, same: bool) -> None:
    assert read_zone(FIRST + SECOND, TODAY).is_named(name) is same
