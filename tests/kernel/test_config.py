"""Missing or invalid settings are reported at the start, without their value."""

from __future__ import annotations

from pathlib import Path

import pytest

from voyagent.kernel.config import ConfigurationError, Environment, Settings, load_settings

SECRET = "s" * 32


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os  # noqa: PLC0415

    for name in [name for name in os.environ if name.startswith("VOYAGENT_") or name == "PORT"]:
        monkeypatch.delenv(name)


def test_default_settings_are_those_of_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOYAGENT_AUTH_SECRET", SECRET)
    made = load_settings()
    assert made.env is Environment.PRODUCTION
    assert (made.auth_access_ttl_seconds, made.auth_refresh_ttl_seconds) == (3600, 2592000)
    assert (made.auth_issuer, made.auth_audience) == ("voyagent", "voyagent-api")
    assert (
        made.auth_argon2_time_cost,
        made.auth_argon2_memory_cost,
        made.auth_argon2_parallelism,
    ) == (2, 102400, 8)
    assert (made.port, made.db_url, made.redis_url, made.api_cors_origins) == (5000, None, None, "")


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("VOYAGENT_AUTH_SECRET", "", "VOYAGENT_AUTH_SECRET is missing"),
        ("VOYAGENT_AUTH_SECRET", "short-secret", "VOYAGENT_AUTH_SECRET is too short"),
        ("VOYAGENT_OPERATOR_TOKEN", "short-token", "VOYAGENT_OPERATOR_TOKEN is too short"),
        ("VOYAGENT_ENV", "staging", "VOYAGENT_ENV"),
        ("VOYAGENT_AUTH_ACCESS_TTL_SECONDS", "59", "VOYAGENT_AUTH_ACCESS_TTL_SECONDS"),
        ("VOYAGENT_AUTH_REFRESH_TTL_SECONDS", "soon", "VOYAGENT_AUTH_REFRESH_TTL_SECONDS"),
        ("VOYAGENT_DB_URL", "sqlite:///x.db", "VOYAGENT_DB_URL must name a PostgreSQL database"),
        (
            "VOYAGENT_DB_URL",
            "postgresql://[::bad",
            "VOYAGENT_DB_URL must name a PostgreSQL database",
        ),
        (
            "VOYAGENT_DB_URL",
            "postgresql://u:hidden@h:number/d",
            "VOYAGENT_DB_URL must name a PostgreSQL database",
        ),
        (
            "VOYAGENT_DB_URL",
            "postgresql://u:hid@den@h/d",
            "VOYAGENT_DB_URL must name a PostgreSQL database",
        ),
        (
            "VOYAGENT_DB_URL",
            "postgresql://u:hid/den@h/d",
            "VOYAGENT_DB_URL must name a PostgreSQL database",
        ),
        (
            "VOYAGENT_DB_URL",
            "host=h dbname=d passwrd=hidden",
            "VOYAGENT_DB_URL must name a PostgreSQL database",
        ),
        (
            "VOYAGENT_DB_URL",
            "postgresql+psycopg2://u@h/d",
            "VOYAGENT_DB_URL must name a PostgreSQL database",
        ),
        (
            "VOYAGENT_DB_ADMIN_URL",
            "postgresql://[::bad",
            "VOYAGENT_DB_ADMIN_URL must name a PostgreSQL database",
        ),
        (
            "VOYAGENT_PUBLIC_URL",
            "trips.example",
            "VOYAGENT_PUBLIC_URL must be the site's http:// or https:// address",
        ),
        (
            "VOYAGENT_PUBLIC_URL",
            "ftp://voyagent.example",
            "VOYAGENT_PUBLIC_URL must be the site's http:// or https:// address",
        ),
        (
            "VOYAGENT_PUBLIC_URL",
            "https:///sign-in",
            "VOYAGENT_PUBLIC_URL must be the site's http:// or https:// address",
        ),
        (
            "VOYAGENT_PUBLIC_URL",
            "https://h:number",
            "VOYAGENT_PUBLIC_URL must be the site's http:// or https:// address",
        ),
        (
            "VOYAGENT_PUBLIC_URL",
            "https://[::bad",
            "VOYAGENT_PUBLIC_URL must be the site's http:// or https:// address",
        ),
        (
            "VOYAGENT_REDIS_URL",
            "localhost:6379",
            "VOYAGENT_REDIS_URL must be a redis://, rediss:// or unix:// address",
        ),
        (
            "VOYAGENT_REDIS_URL",
            "",
            "VOYAGENT_REDIS_URL must be a redis://, rediss:// or unix:// address",
        ),
        (
            "VOYAGENT_REDIS_URL",
            "redis://h:number/0",
            "VOYAGENT_REDIS_URL must be a redis://, rediss:// or unix:// address",
        ),
        (
            "VOYAGENT_TRUSTED_PROXIES",
            "10.0.0.5,proxy.example",
            "VOYAGENT_TRUSTED_PROXIES must list the addresses or networks",
        ),
        (
            "VOYAGENT_TRUSTED_PROXIES",
            "10.0.0.5/8",
            "VOYAGENT_TRUSTED_PROXIES must list the addresses or networks",
        ),
        (
            "VOYAGENT_TRUSTED_PROXIES",
            "0.0.0.0/0",
            "VOYAGENT_TRUSTED_PROXIES must list the addresses or networks",
        ),
        ("VOYAGENT_BIND", "", "VOYAGENT_BIND"),
        ("VOYAGENT_LIMIT_SCALE", "0", "VOYAGENT_LIMIT_SCALE"),
        ("VOYAGENT_LIMIT_SCALE", "inf", "VOYAGENT_LIMIT_SCALE"),
        (
            "VOYAGENT_AUTH_SKIP_EMAIL_VERIFICATION",
            "yes",
            "VOYAGENT_AUTH_SKIP_EMAIL_VERIFICATION is a development switch",
        ),
        ("VOYAGENT_AUTH_DEBUG_TOKENS", "1", "VOYAGENT_AUTH_DEBUG_TOKENS is a development switch"),
        ("VOYAGENT_MAIL_URL", "", "VOYAGENT_MAIL_URL must be an smtps:// or smtp:// address"),
        (
            "VOYAGENT_MAIL_URL",
            "mail.example:465",
            "VOYAGENT_MAIL_URL must be an smtps:// or smtp:// address",
        ),
        (
            "VOYAGENT_MAIL_URL",
            "smtp://u:hid/den@mail.example",
            "VOYAGENT_MAIL_URL must be an smtps:// or smtp:// address",
        ),
        (
            "VOYAGENT_MAIL_URL",
            "smtps://u:hidden@mail.example:number",
            "VOYAGENT_MAIL_URL must be an smtps:// or smtp:// address",
        ),
        (
            "VOYAGENT_MAIL_URL",
            "smtps://u:hidden@",
            "VOYAGENT_MAIL_URL must be an smtps:// or smtp:// address",
        ),
        (
            "VOYAGENT_MAIL_URL",
            "smtp://mail.example?tls=perhaps",
            "VOYAGENT_MAIL_URL must be an smtps:// or smtp:// address",
        ),
        (
            "VOYAGENT_MAIL_URL",
            "smtps://mail.example?tls=none",
            "VOYAGENT_MAIL_URL must be an smtps:// or smtp:// address",
        ),
        (
            "VOYAGENT_MAIL_URL",
            "smtp://[::bad",
            "VOYAGENT_MAIL_URL must be an smtps:// or smtp:// address",
        ),
        (
            "VOYAGENT_MAIL_URL",
            "file://relative/mail",
            "VOYAGENT_MAIL_URL must be an smtps:// or smtp:// address",
        ),
        (
            "VOYAGENT_MAIL_URL",
            "console:now",
            "VOYAGENT_MAIL_URL must be an smtps:// or smtp:// address",
        ),
        (
            "VOYAGENT_MAIL_URL",
            "console:",
            (
                "VOYAGENT_MAIL_URL must be an smtps:// or smtp:// address in production, because"
                " mails contain tokens"
            ),
        ),
        (
            "VOYAGENT_MAIL_URL",
            "file:///srv/mail",
            (
                "VOYAGENT_MAIL_URL must be an smtps:// or smtp:// address in production, because"
                " mails contain tokens"
            ),
        ),
        (
            "VOYAGENT_MAIL_URL",
            "smtp://u:hidden@mail.example?tls=none",
            "VOYAGENT_MAIL_URL must use encryption in production if the server is another computer",
        ),
        ("VOYAGENT_MAIL_URL", "smtps://u:hidden@mail.example", "VOYAGENT_MAIL_FROM is missing"),
        (
            "VOYAGENT_ANTHROPIC_BASE_URL",
            "",
            "VOYAGENT_ANTHROPIC_BASE_URL must be an http:// or https:// address",
        ),
        (
            "VOYAGENT_ANTHROPIC_BASE_URL",
            "https://u:hidden@models.example",
            "VOYAGENT_ANTHROPIC_BASE_URL must be an http:// or https:// address",
        ),
        (
            "VOYAGENT_ANTHROPIC_BASE_URL",
            "https://models.example?key=hidden",
            "VOYAGENT_ANTHROPIC_BASE_URL must be an http:// or https:// address",
        ),
        (
            "VOYAGENT_ANTHROPIC_BASE_URL",
            "models.example",
            "VOYAGENT_ANTHROPIC_BASE_URL must be an http:// or https:// address",
        ),
        (
            "VOYAGENT_OPENAI_BASE_URL",
            "http://[::bad",
            "VOYAGENT_OPENAI_BASE_URL must be an http:// or https:// address",
        ),
        (
            "VOYAGENT_OPENAI_BASE_URL",
            "http://127.0.0.1:11434/v1",
            "VOYAGENT_OPENAI_BASE_URL and VOYAGENT_OPENAI_MODEL must be set together",
        ),
        (
            "VOYAGENT_OPENAI_MODEL",
            "a-model",
            "VOYAGENT_OPENAI_BASE_URL and VOYAGENT_OPENAI_MODEL must be set together",
        ),
        (
            "VOYAGENT_ANTHROPIC_API_KEY",
            "hidden key",
            "VOYAGENT_ANTHROPIC_API_KEY must be printable ASCII without spaces",
        ),
        (
            "ANTHROPIC_API_KEY",
            "hidden\nkey",
            "VOYAGENT_ANTHROPIC_API_KEY must be printable ASCII without spaces",
        ),
        (
            "VOYAGENT_OPENAI_API_KEY",
            "hidden\u0940",
            "VOYAGENT_OPENAI_API_KEY must be printable ASCII without spaces",
        ),
        ("VOYAGENT_AGENT_MAX_TOKENS", "63", "VOYAGENT_AGENT_MAX_TOKENS"),
        ("VOYAGENT_AGENT_MAX_TOKENS", "16385", "VOYAGENT_AGENT_MAX_TOKENS"),
        ("VOYAGENT_MODEL_TIMEOUT_S", "0", "VOYAGENT_MODEL_TIMEOUT_S"),
        ("VOYAGENT_MODEL_CALLS_MAX", "0", "VOYAGENT_MODEL_CALLS_MAX"),
        ("VOYAGENT_MAIL_FROM", "", "VOYAGENT_MAIL_FROM must be one address"),
        ("VOYAGENT_MAIL_FROM", "nobody", "VOYAGENT_MAIL_FROM must be one address"),
        (
            "VOYAGENT_MAIL_FROM",
            "a@agency.example, b@agency.example",
            "VOYAGENT_MAIL_FROM must be one address",
        ),
        (
            "VOYAGENT_MAIL_FROM",
            "Voyagent <a@agency.example>\nBcc: b@agency.example",
            "VOYAGENT_MAIL_FROM must be one address",
        ),
    ],
)
def test_an_invalid_setting_is_reported_without_its_value(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv("VOYAGENT_AUTH_SECRET", SECRET)
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    assert sentence in str(refused.value)
    if len(value) > 4:
        assert value not in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "other"), [("PORT", "VOYAGENT_PORT"), ("VOYAGENT_PORT", "PORT")]
)
def test_an_invalid_port_is_reported_by_the_variable_that_was_set(
    monkeypatch: pytest.MonkeyPatch, variable: str, other: str
) -> None:
    monkeypatch.setenv("VOYAGENT_AUTH_SECRET", SECRET)
    monkeypatch.setenv(variable, "99999")
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    assert str(refused.value).startswith(f"{variable}: ")
    assert f"{other}:" not in str(refused.value).split()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("VOYAGENT_DB_URL", "postgres://u:p%40ss@h:5432/d"),
        ("VOYAGENT_DB_URL", "postgresql+psycopg://u@/d?host=/run/postgresql"),
        ("VOYAGENT_DB_URL", "postgresql://u@h/d?password=word"),
        ("VOYAGENT_DB_URL", "postgresql://u:@h/d"),
        ("VOYAGENT_DB_URL", "postgresql://u:p%40ss@h1:5432,h2:5433/d"),
        ("VOYAGENT_DB_URL", "postgresql://u@/d?host=h1:5432&host=h2:5433"),
        ("VOYAGENT_DB_URL", "host=h1,h2 port=5432,5433 dbname=d user=u password=word"),
        ("VOYAGENT_PUBLIC_URL", "http://[::1]:5000"),
        ("VOYAGENT_PUBLIC_URL", "https://voyagent.example/"),
        ("VOYAGENT_REDIS_URL", "redis://:word@127.0.0.1:6379/0"),
        ("VOYAGENT_REDIS_URL", "rediss://h/0"),
        ("VOYAGENT_REDIS_URL", "unix:///run/redis.sock"),
    ],
)
def test_a_valid_url_is_unchanged(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv("VOYAGENT_AUTH_SECRET", SECRET)
    monkeypatch.setenv(variable, value)
    assert getattr(load_settings(), variable.removeprefix("VOYAGENT_").lower()) == value


@pytest.mark.parametrize(
    ("env", "url"),
    [
        ("production", "smtps://u:p%40ss@mail.example:465"),
        ("production", "smtp://mail.example:587?tls=starttls"),
        ("production", "smtp://127.0.0.1:1025"),
        ("development", "smtp://relay:25?tls=none"),
        ("development", "console:"),
        ("test", "file:///tmp/my%20mail"),
    ],
)
def test_the_mail_url_must_be_allowed_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, env: str, url: str
) -> None:
    monkeypatch.setenv("VOYAGENT_AUTH_SECRET", SECRET)
    monkeypatch.setenv("VOYAGENT_ENV", env)
    monkeypatch.setenv("VOYAGENT_MAIL_URL", url)
    monkeypatch.setenv("VOYAGENT_MAIL_FROM", "Bob's Travels <bob@agency.example>")
    assert load_settings().mail_url == url


@pytest.mark.parametrize("yes", ["1", "true", "yes", "on", "TRUE"])
def test_development_settings_work_in_development(
    monkeypatch: pytest.MonkeyPatch, yes: str
) -> None:
    monkeypatch.setenv("VOYAGENT_AUTH_SECRET", SECRET)
    monkeypatch.setenv("VOYAGENT_ENV", "development")
    monkeypatch.setenv("VOYAGENT_AUTH_SKIP_EMAIL_VERIFICATION", yes)
    assert load_settings().auth_skip_email_verification is True


def test_secrets_are_hidden_in_the_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOYAGENT_AUTH_SECRET", SECRET)
    assert SECRET not in repr(load_settings())


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"ANTHROPIC_API_KEY": "theirs"}, "theirs"),
        ({"VOYAGENT_ANTHROPIC_API_KEY": "ours"}, "ours"),
        ({"ANTHROPIC_API_KEY": "theirs", "VOYAGENT_ANTHROPIC_API_KEY": "ours"}, "ours"),
        ({"ANTHROPIC_API_KEY": "theirs", "VOYAGENT_ANTHROPIC_API_KEY": ""}, ""),
        ({}, ""),
    ],
)
def test_our_name_of_the_model_key_has_priority(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], key: str
) -> None:
    monkeypatch.setenv("VOYAGENT_AUTH_SECRET", SECRET)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    made = load_settings()
    assert made.anthropic_api_key.get_secret_value() == key
    assert (made.agent_model, made.agent_max_tokens) == ("claude-sonnet-4-5", 1024)
    assert not key or key not in repr(made)


@pytest.mark.parametrize(
    ("variable", "url", "key", "fine"),
    [
        ("ANTHROPIC", "http://models.example", "word", False),
        ("ANTHROPIC", "http://models.example", "", True),
        ("ANTHROPIC", "https://models.example", "word", True),
        ("ANTHROPIC", "http://127.0.0.1:9999", "word", True),
        ("OPENAI", "http://10.0.0.7:11434/v1", "word", False),
        ("OPENAI", "http://10.0.0.7:11434/v1", "", True),
        ("OPENAI", "http://[::1]:11434/v1", "word", True),
    ],
)
def test_in_production_keys_are_sent_over_https_only(
    monkeypatch: pytest.MonkeyPatch, variable: str, url: str, key: str, fine: bool
) -> None:
    monkeypatch.setenv("VOYAGENT_AUTH_SECRET", SECRET)
    monkeypatch.setenv(f"VOYAGENT_{variable}_BASE_URL", url)
    monkeypatch.setenv(f"VOYAGENT_{variable}_API_KEY", key)
    monkeypatch.setenv("VOYAGENT_OPENAI_MODEL" if variable == "OPENAI" else "UNUSED", "a-model")
    assert load_settings(env="development").port == 5000
    if fine:
        assert load_settings().is_production
        return
    with pytest.raises(
        ConfigurationError, match=f"VOYAGENT_{variable}_BASE_URL must be https:// in production"
    ):
        load_settings()


FILE_VALUES = {
    "auth_secret": "f" * 40,
    "port": "5009",
    "anthropic_api_key": "from-a-file",
    "env": "development",
    "db_url": "postgresql://u:p%40ss@h/d",
    "audit_anchor_dir": "/srv/statements",
}


@pytest.mark.parametrize("newline", ["", "\n", "\r\n"])
def test_a_setting_may_be_the_content_of_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, newline: str
) -> None:
    for name, value in FILE_VALUES.items():
        (tmp_path / name).write_bytes((value + newline).encode())
        monkeypatch.setenv(f"VOYAGENT_{name.upper()}_FILE", str(tmp_path / name))
    monkeypatch.setenv("PORT", "5001")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "from-the-environment")
    made = load_settings()
    assert {name: getattr(made, name) for name in ("port", "db_url", "env")} == {
        "port": 5009,
        "db_url": "postgresql://u:p%40ss@h/d",
        "env": Environment.DEVELOPMENT,
    }
    assert made.auth_secret.get_secret_value() == "f" * 40
    assert made.anthropic_api_key.get_secret_value() == "from-a-file"
    assert made.anchor_place == Path("/srv/statements")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_may_be_a_file_but_not_set_twice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    variable = f"VOYAGENT_{name.upper()}"
    monkeypatch.setenv("VOYAGENT_AUTH_SECRET", SECRET)
    monkeypatch.setenv(variable, SECRET)
    monkeypatch.setenv(f"{variable}_FILE", str(tmp_path / "secret"))
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    assert str(refused.value) == (
        f"{variable} and {variable}_FILE are both set: set only one of them"
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "No such file or directory"), (b"\xff" * 40, "it is not UTF-8")],
)
def test_a_file_that_cannot_be_read_is_reported_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, reason: str
) -> None:
    place = tmp_path / "secret"
    if content is not None:
        place.write_bytes(content)
    monkeypatch.setenv("VOYAGENT_AUTH_SECRET_FILE", str(place))
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    assert str(refused.value) == (
        f"VOYAGENT_AUTH_SECRET_FILE must name a text file that the program may read: {reason}"
    )


def test_a_value_from_a_file_is_checked_like_one_of_a_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("short-secret\n")
    monkeypatch.setenv("VOYAGENT_AUTH_SECRET_FILE", str(tmp_path / "secret"))
    with pytest.raises(ConfigurationError, match="VOYAGENT_AUTH_SECRET is too short"):
        load_settings()
