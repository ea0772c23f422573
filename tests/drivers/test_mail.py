"""Mail drivers: SMTP, files and terminal, and the choice of the driver."""

from __future__ import annotations

import email
import email.policy
import json
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import pytest
import structlog
from structlog.testing import capture_logs

from tests.drivers.smtp_server import PASSWORD, USER, Behaviour, certificate, in_tls, serving
from voyagent.drivers import mail
from voyagent.drivers.mail import open_mail
from voyagent.drivers.mail.console import Console
from voyagent.drivers.mail.driver import MailNotSent, MailRefused
from voyagent.drivers.mail.files import Files
from voyagent.drivers.mail.smtp import Smtp
from voyagent.kernel.config import Settings, load_settings

SECRET = "s" * 40


@pytest.fixture
def message() -> EmailMessage:
    made = EmailMessage(policy=email.policy.SMTP)
    made["From"] = Address("Voyagent", addr_spec="no-reply@voyagent.example")
    made["To"] = Address(addr_spec="neha@sharma.example")
    made["Subject"] = "नमस्ते Neha"
    made["Date"] = "Tue, 24 Nov 2026 10:00:00 +0000"
    made.set_content(
        "Your link: http://127.0.0.1:5000/?token=abc\n.a line that begins with a dot\n"
    )
    made.add_alternative("<p>Your link</p>", subtype="html")
    return made


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    return certificate(tmp_path)


@pytest.fixture
def trusted(pem: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))


def settings_of(**values: object) -> Settings:
    return load_settings(auth_secret=SECRET, **values)


# SMTP
# --------------------------------------------------------------------------------


def test_a_mail_arrives_complete_by_smtp(message: EmailMessage) -> None:
    with serving() as server:
        Smtp.at(f"smtp://127.0.0.1:{server.port}").send(message)
    (taken,) = server.taken
    assert "no-reply@voyagent.example" in taken.sender
    assert [
        recipient for recipient in taken.recipients if "neha@sharma.example" in recipient
    ] == taken.recipients
    read = email.message_from_string(taken.body, policy=email.policy.default)
    assert read["Subject"] == "नमस्ते Neha"
    assert "token=abc" in taken.body
    assert "\r\n..a line" in taken.body, "a leading dot is doubled on the wire (RFC 5321, 4.5.2)"
    assert server.commands[-1] == "QUIT"


@pytest.mark.parametrize("can", [True, False])
def test_a_non_ascii_address_needs_a_server_that_accepts_it(
    message: EmailMessage, can: bool
) -> None:
    """RFC 6531.

    If the server does not accept such addresses, the mail waits, because another server may be
    configured meanwhile.
    """
    del message["To"]
    message["To"] = Address(username="नेहा", domain="sharma.example")
    with serving(Behaviour(smtputf8=can)) as server:
        if can:
            Smtp.at(f"smtp://127.0.0.1:{server.port}").send(message)
            assert "नेहा@sharma.example" in server.taken[0].recipients[0]
            assert (
                email.message_from_string(server.taken[0].body, policy=email.policy.default)["To"]
                == "नेहा@sharma.example"
            )
        else:
            with pytest.raises(MailNotSent, match="SMTPNotSupportedError") as error:
                Smtp.at(f"smtp://127.0.0.1:{server.port}").send(message)
            assert not isinstance(error.value, MailRefused)
            assert server.taken == []


def test_user_and_password_may_contain_any_character(message: EmailMessage) -> None:
    with serving(Behaviour(needs_user=True)) as server:
        Smtp.at(
            f"smtp://{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@127.0.0.1:{server.port}"
        ).send(message)
    assert [taken.user for taken in server.taken] == [USER]


@pytest.mark.usefixtures("trusted")
def test_starttls_encrypts_before_any_data(message: EmailMessage, pem: Path) -> None:
    with serving(Behaviour(starttls=in_tls(pem), needs_user=True)) as server:
        Smtp.at(
            f"smtp://{quote(USER, safe='')}:{quote(PASSWORD, safe='')}"
            f"@127.0.0.1:{server.port}?tls=starttls"
        ).send(message)
    assert [taken.in_tls for taken in server.taken] == [True]
    assert (
        server.commands.index("STARTTLS")
        < server.commands.index("AUTH")
        < server.commands.index("MAIL")
    )


@pytest.mark.usefixtures("trusted")
def test_smtps_uses_tls_from_the_first_byte(message: EmailMessage, pem: Path) -> None:
    with serving(Behaviour(wrapped=in_tls(pem))) as server:
        Smtp.at(f"smtps://127.0.0.1:{server.port}").send(message)
    assert [taken.in_tls for taken in server.taken] == [True]


def test_a_server_without_tls_gets_neither_password_nor_mail(message: EmailMessage) -> None:
    with (
        serving(Behaviour(needs_user=True)) as server,
        pytest.raises(MailNotSent, match="SMTPNotSupportedError"),
    ):
        Smtp.at(f"smtp://u:p@127.0.0.1:{server.port}?tls=starttls").send(message)
    assert not {"AUTH", "MAIL"} & set(server.commands)


@pytest.mark.parametrize("wrapped", [True, False])
def test_an_untrusted_certificate_is_refused(
    message: EmailMessage, pem: Path, wrapped: bool
) -> None:
    context = in_tls(pem)
    behaviour = Behaviour(wrapped=context) if wrapped else Behaviour(starttls=context)
    with serving(behaviour) as server, pytest.raises(MailNotSent, match="SSLCertVerificationError"):
        Smtp.at(
            f"{'smtps' if wrapped else 'smtp'}://127.0.0.1:{server.port}"
            f"{'' if wrapped else '?tls=starttls'}"
        ).send(message)
    assert server.taken == []


@pytest.mark.parametrize(
    ("command", "reply", "refused", "reason"),
    [
        ("RCPT", "550 no such neha@sharma.example", True, "SMTPRecipientsRefused"),
        ("RCPT", "451 come back later neha@sharma.example", False, "SMTPRecipientsRefused"),
        ("END", "554 no such mail", True, "SMTPDataError"),
        ("END", "452 disk full", False, "SMTPDataError"),
        ("MAIL", "550 not from you", False, "SMTPSenderRefused"),
        ("AUTH", "535 wrong", False, "SMTPAuthenticationError"),
    ],
)
def test_permanent_and_temporary_refusals_are_distinguished(
    message: EmailMessage, command: str, reply: str, refused: bool, reason: str
) -> None:
    with (
        serving(Behaviour(replies={command: reply}, needs_user=command == "AUTH")) as server,
        pytest.raises(MailNotSent) as error,
    ):
        Smtp.at(
            f"smtp://u:p@127.0.0.1:{server.port}"
            if command == "AUTH"
            else f"smtp://127.0.0.1:{server.port}"
        ).send(message)
    assert isinstance(error.value, MailRefused) is refused
    assert str(error.value) == reason
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__, "a traceback would show the address"
    assert server.taken == []


def test_a_silent_server_times_out(message: EmailMessage) -> None:
    begun = time.monotonic()
    with (
        serving(Behaviour(silent=True)) as server,
        pytest.raises(MailNotSent, match="SMTPServerDisconnected"),
    ):
        Smtp("127.0.0.1", server.port, "none", timeout_s=0.2).send(message)
    assert time.monotonic() - begun < 5


def test_an_unreachable_server_is_reported(message: EmailMessage) -> None:
    with serving() as server:
        port = server.port
    with pytest.raises(MailNotSent, match="ConnectionRefusedError"):
        Smtp.at(f"smtp://127.0.0.1:{port}").send(message)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://127.0.0.1:1025", Smtp("127.0.0.1", 1025, "none")),
        ("smtp://localhost", Smtp("localhost", 25, "none")),
        ("smtp://[::1]:1025", Smtp("::1", 1025, "none")),
        ("smtp://mail.example", Smtp("mail.example", 587, "starttls")),
        ("smtp://relay:25?tls=none", Smtp("relay", 25, "none")),
        (
            "smtps://a%40b.example:p%3A%2F@mail.example",
            Smtp("mail.example", 465, "wrapped", "a@b.example", "p:/"),
        ),
    ],
)
def test_the_mail_url_determines_the_protocol(url: str, expected: Smtp) -> None:
    assert Smtp.at(url) == expected
    assert expected.timeout_s == 10


# Files and terminal
# --------------------------------------------------------------------------------


def test_a_mail_file_can_be_read_only_by_its_owner(message: EmailMessage, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "mail"
    Files(folder).send(message)
    (file,) = folder.iterdir()
    assert file.suffix == ".eml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    read = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert (str(read["To"]), read["Subject"]) == ("neha@sharma.example", "नमस्ते Neha")


def test_mail_files_are_sorted_by_time_with_unique_names(
    message: EmailMessage, tmp_path: Path
) -> None:
    driver = Files(tmp_path)
    for number in range(5):
        del message["Subject"]
        message["Subject"] = str(number)
        driver.send(message)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(driver.send, [message] * 40))
    files = sorted(tmp_path.iterdir())
    assert len(files) == 45
    assert [email.message_from_bytes(file.read_bytes())["Subject"] for file in files[:5]] == list(
        "01234"
    )
    assert {file.suffix for file in files} == {".eml"}, "nothing half written is left"


def test_a_mail_is_not_sent_if_its_folder_cannot_be_created(
    message: EmailMessage, tmp_path: Path
) -> None:
    (tmp_path / "mail").write_text("a file")
    with pytest.raises(MailNotSent, match="FileExistsError"):
        Files(tmp_path / "mail").send(message)


def test_the_terminal_shows_headers_and_text(
    message: EmailMessage, capsys: pytest.CaptureFixture[str]
) -> None:
    Console().send(message)
    shown = capsys.readouterr().out
    assert "To: neha@sharma.example\nSubject: नमस्ते Neha\n" in shown
    assert "Your link: http://127.0.0.1:5000/?token=abc\n" in shown
    assert "<p>" not in shown


# Choice of the driver
# --------------------------------------------------------------------------------


@pytest.mark.parametrize("env", ["development", "test"])
def test_without_a_mail_url_mails_are_files_in_the_data_folder(
    env: str, message: EmailMessage, tmp_path: Path
) -> None:
    driver = open_mail(settings_of(env=env, data_dir=tmp_path))
    assert driver is not None
    driver.send(message)
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 1


def test_production_without_a_mail_url_starts_with_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        mail, "log", structlog.get_logger()
    )  # the one that there is may have chosen where it writes
    with capture_logs() as lines:
        assert open_mail(settings_of(env="production")) is None
    assert [(line["log_level"], line["event"]) for line in lines] == [("error", "mail.no_server")]
    assert "VOYAGENT_MAIL_URL" in json.dumps(lines)


def test_the_mail_url_selects_the_driver(message: EmailMessage, tmp_path: Path) -> None:
    assert isinstance(open_mail(settings_of(env="development", mail_url="console:")), Console)
    assert open_mail(settings_of(env="development", mail_url="smtp://127.0.0.1:1025")) == Smtp(
        "127.0.0.1", 1025, "none"
    )
    production = settings_of(
        env="production",
        mail_url="smtps://mail.example",
        mail_from="Voyagent <no-reply@voyagent.example>",
    )
    assert open_mail(production) == Smtp("mail.example", 465, "wrapped")
    driver = open_mail(settings_of(env="development", mail_url=f"file://{tmp_path}/my%20mail"))
    assert driver is not None
    driver.send(message)
    assert len(list((tmp_path / "my mail").glob("*.eml"))) == 1
