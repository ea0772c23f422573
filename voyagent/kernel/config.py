"""Settings of the installation, from environment variables and files."""

from __future__ import annotations

import base64
import os
from email.utils import parseaddr
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from voyagent.kernel.db_address import libpq_parameters
from voyagent.kernel.program_files import PACKAGE

PREFIX = "VOYAGENT_"
SECRET_BYTES_MIN = 32
SEED_BYTES = 32
_STANDBYS = frozenset({"standby", "prefer-standby"})
_SERVERS_OF_READS = _STANDBYS | {"primary", "read-write"}
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
SupplierName = Literal["sandbox", "none"]


class Environment(StrEnum):
    """The kind of installation; in production all development settings are refused."""

    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class ConfigurationError(Exception):
    """Environment variables are missing or contradict each other.

    The message names each variable and the rule that it breaks.
    """


def _commit() -> str:
    """Return the commit of the installed wheel; "unknown" in a checkout."""
    file = PACKAGE / "commit"
    return (file.read_text().strip() if file.is_file() else "") or "unknown"


class Settings(BaseSettings):
    """All settings with their defaults.

    The variable `VOYAGENT_X` sets the field `x`, or `VOYAGENT_X_FILE` names a file with its value.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", populate_by_name=True)

    env: Environment = Environment.PRODUCTION
    db_url: str | None = None
    db_admin_url: str | None = None
    db_read_url: str | None = None
    db_listen_url: str | None = None
    db_backup_url: str | None = None
    db_programs_dir: Path | None = None
    redis_url: str | None = None
    data_dir: Path = Path("var")
    bind: str = Field("127.0.0.1", min_length=1)
    port: int = Field(5000, ge=1, le=65535, validation_alias=AliasChoices("VOYAGENT_PORT", "PORT"))
    public_url: str = "http://127.0.0.1:5000"
    version: str = "0.1.0"
    git_sha: str = Field(default_factory=_commit)

    auth_secret: SecretStr = SecretStr("")
    auth_secrets_previous: SecretStr = SecretStr("")
    auth_access_ttl_seconds: int = Field(3600, ge=60)
    auth_refresh_ttl_seconds: int = Field(2592000, ge=3600)
    auth_issuer: str = "voyagent"
    auth_audience: str = "voyagent-api"
    auth_argon2_time_cost: int = Field(2, ge=1)
    auth_argon2_memory_cost: int = Field(102400, ge=8)
    auth_argon2_parallelism: int = Field(8, ge=1)
    auth_verification_ttl_seconds: int = Field(86400, ge=60)
    auth_password_reset_ttl_seconds: int = Field(3600, ge=60)
    auth_skip_email_verification: bool = False
    auth_debug_tokens: bool = False

    audit_signing_key: SecretStr = SecretStr("")
    audit_public_keys_previous: str = ""
    audit_anchor_dir: Path | None = None

    limit_scale: float = Field(1.0, gt=0, le=1_000_000)
    trusted_proxies: str = ""
    mail_url: str | None = None
    mail_from: str = "Voyagent <no-reply@voyagent.invalid>"
    metrics_token: SecretStr = SecretStr("")
    metrics_dir: Path | None = None
    metrics_port: int | None = Field(None, ge=1, le=65535)
    error_hook: str | None = None
    operator_token: SecretStr = SecretStr("")

    flights: SupplierName | None = None
    hotels: SupplierName | None = None
    visas: SupplierName | None = None
    supplier_timeout_s: float = Field(15.0, gt=0, le=120)

    api_cors_origins: str = ""

    anthropic_api_key: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("VOYAGENT_ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY"),
    )
    anthropic_base_url: str = "https://api.anthropic.com"
    openai_base_url: str | None = None
    openai_api_key: SecretStr = SecretStr("")
    openai_model: str | None = Field(None, min_length=1, max_length=128)
    agent_model: str = Field("claude-sonnet-4-5", min_length=1, max_length=128)
    agent_max_tokens: int = Field(1024, ge=64, le=16384)
    model_timeout_s: float = Field(60.0, gt=0, le=600)
    model_turn_s: float = Field(300.0, gt=0, le=3600)
    model_calls_max: int = Field(12, ge=1, le=100)

    instances: int = Field(4, ge=1, le=1000)
    db_pool_size: int = Field(8, ge=1)
    db_lane_pool_size: int = Field(4, ge=1)
    db_statement_timeout_ms: int = Field(5000, ge=100)
    worker_heartbeat_s: float = Field(1.0, gt=0)
    worker_stalled_s: float = Field(4.0, gt=0)
    failed_jobs_days: int = Field(30, ge=1, le=365)
    streams_max: int = Field(200, ge=1)
    http_header_s: float = Field(10.0, gt=0, le=120)
    http_body_s: float = Field(10.0, gt=0, le=120)
    http_send_s: float = Field(10.0, gt=0, le=600)
    connections_per_address: int = Field(100, ge=1)
    drain_s: float = Field(3.0, ge=0, le=300)
    log_json: bool = True

    @property
    def is_production(self) -> bool:
        """Return True in production, where development settings are refused."""
        return self.env is Environment.PRODUCTION

    @property
    def listen_address(self) -> str:
        """Return the address and port on which the web server listens, as in a URL."""
        return f"[{self.bind}]:{self.port}" if ":" in self.bind else f"{self.bind}:{self.port}"

    @property
    def is_https(self) -> bool:
        """Return True if the public URL is https; the cookie is then `Secure`."""
        return self.public_url.startswith("https://")

    @property
    def previous_secrets(self) -> list[str]:
        """Return earlier secrets, which still verify signatures and decrypt older values."""
        return [
            secret.strip()
            for secret in self.auth_secrets_previous.get_secret_value().split(",")
            if secret.strip()
        ]

    @property
    def trusted_networks(self) -> tuple[Network, ...]:
        """Return the networks of the proxies whose `X-Forwarded-For` header is trusted."""
        return tuple(
            ip_network(part.strip()) for part in self.trusted_proxies.split(",") if part.strip()
        )

    @property
    def metrics_place(self) -> Path:
        """Return the folder in which all processes of the installation store metrics."""
        if (
            self.metrics_dir is None or self.metrics_dir == Path()
        ):  # the variable may be set and empty
            return self.data_dir / "metrics"
        return self.metrics_dir

    @property
    def signing_seed(self) -> bytes | None:
        """Return the 32 bytes of the key that signs audit logs; None if none is set."""
        return _seed(self.audit_signing_key.get_secret_value())

    @property
    def previous_public_keys(self) -> list[bytes]:
        """Return the public keys of earlier signing keys, of 32 bytes each."""
        return [
            bytes.fromhex(key) for key in self.audit_public_keys_previous.replace(",", " ").split()
        ]

    @property
    def anchor_place(self) -> Path:
        """Return the folder for signed statements of the audit logs."""
        if self.audit_anchor_dir is None or self.audit_anchor_dir == Path():
            return self.data_dir / "audit-statements"
        return self.audit_anchor_dir

    @property
    def reads_standbys(self) -> bool:
        """Return True if `db_read_url` names standbys: its `target_session_attrs` says so."""
        return self.db_read_url is not None and (
            libpq_parameters(self.db_read_url).get("target_session_attrs") in _STANDBYS
        )

    @property
    def has_read_login(self) -> bool:
        """Return True if `db_read_url` is a second login at the primary."""
        return self.db_read_url is not None and not self.reads_standbys

    @property
    def migration_url(self) -> str | None:
        """Return the database URL for schema changes, or None if no URL is configured."""
        return self.db_admin_url or self.db_url

    @model_validator(mode="after")
    def _check_secrets(self) -> Self:
        secret = self.auth_secret.get_secret_value()
        if not secret:
            raise ValueError("VOYAGENT_AUTH_SECRET is missing: set it to at least 32 random bytes")
        if len(secret.encode()) < SECRET_BYTES_MIN:
            raise ValueError("VOYAGENT_AUTH_SECRET is too short: it needs at least 32 bytes")
        if any(len(old.encode()) < SECRET_BYTES_MIN for old in self.previous_secrets):
            raise ValueError(
                "VOYAGENT_AUTH_SECRETS_PREVIOUS has a secret that is too short: each needs at least"
                " 32 bytes; separate them by commas"
            )
        token = self.operator_token.get_secret_value()
        if token and len(token.encode()) < SECRET_BYTES_MIN:
            raise ValueError("VOYAGENT_OPERATOR_TOKEN is too short: it needs at least 32 bytes")
        if self.is_production and self.auth_skip_email_verification:
            raise ValueError(
                "VOYAGENT_AUTH_SKIP_EMAIL_VERIFICATION is a development switch and is refused in"
                " production"
            )
        if self.is_production and self.auth_debug_tokens:
            raise ValueError(
                "VOYAGENT_AUTH_DEBUG_TOKENS is a development switch and is refused in production"
            )
        return self

    @model_validator(mode="after")
    def _check_signing(self) -> Self:
        try:
            seed = self.signing_seed
        except ValueError:
            seed = b""
        if seed is not None and len(seed) != SEED_BYTES:
            raise ValueError(
                "VOYAGENT_AUDIT_SIGNING_KEY must be 32 random bytes in Base64, as"
                " `openssl rand -base64 32` prints them"
            )
        try:
            are_keys = all(len(key) == SEED_BYTES for key in self.previous_public_keys)
        except ValueError:
            are_keys = False
        if not are_keys:
            raise ValueError(
                "VOYAGENT_AUDIT_PUBLIC_KEYS_PREVIOUS must list public keys of 64 hexadecimal"
                " digits, as `flask audit keys` prints them; separate them by commas"
            )
        return self

    @model_validator(mode="after")
    def _check_urls(self) -> Self:
        for name, url in (
            ("VOYAGENT_DB_URL", self.db_url),
            ("VOYAGENT_DB_ADMIN_URL", self.db_admin_url),
            ("VOYAGENT_DB_READ_URL", self.db_read_url),
            ("VOYAGENT_DB_LISTEN_URL", self.db_listen_url),
            ("VOYAGENT_DB_BACKUP_URL", self.db_backup_url),
        ):
            if url is not None and not _is_database(url):
                raise ValueError(
                    f"{name} must name a PostgreSQL database, such as postgresql://user@host/name"
                    " or host=host dbname=name user=user; in the password of a URL write @ as %40"
                    " and / as %2F"
                )
        if self.db_read_url is not None and (
            libpq_parameters(self.db_read_url).get("target_session_attrs", "primary")
            not in _SERVERS_OF_READS
        ):
            raise ValueError(
                "VOYAGENT_DB_READ_URL may have target_session_attrs=standby or prefer-standby, to"
                " read from standbys, or primary"
            )
        if (
            not _is_address(self.public_url, "http", "https")
            or not urlsplit(self.public_url).hostname
        ):
            raise ValueError(
                "VOYAGENT_PUBLIC_URL must be the site's http:// or https:// address, such as"
                " https://voyagent.example"
            )
        if self.redis_url is not None and not _is_address(
            self.redis_url, "redis", "rediss", "unix"
        ):
            raise ValueError(
                "VOYAGENT_REDIS_URL must be a redis://, rediss:// or unix:// address, such as"
                " redis://host:6379/0"
            )
        return self

    @model_validator(mode="after")
    def _check_models(self) -> Self:
        servers = (
            ("ANTHROPIC", self.anthropic_base_url, self.anthropic_api_key.get_secret_value()),
            ("OPENAI", self.openai_base_url, self.openai_api_key.get_secret_value()),
        )
        for vendor, url, key in servers:
            if url is not None and not _is_plain_site(url):
                raise ValueError(
                    f"VOYAGENT_{vendor}_BASE_URL must be an http:// or https:// address without"
                    " user, query or fragment"
                )
            if any(not "!" <= letter <= "~" for letter in key):
                raise ValueError(
                    f"VOYAGENT_{vendor}_API_KEY must be printable ASCII without spaces"
                )
            if (
                self.is_production
                and key
                and url is not None
                and url.startswith("http://")
                and not is_this_computer(urlsplit(url).hostname or "")
            ):
                raise ValueError(
                    f"VOYAGENT_{vendor}_BASE_URL must be https:// in production, because the key is"
                    " sent to another computer"
                )
        if (self.openai_base_url is None) != (self.openai_model is None):
            raise ValueError(
                "VOYAGENT_OPENAI_BASE_URL and VOYAGENT_OPENAI_MODEL must be set together: the"
                " server and one of its models"
            )
        return self

    @model_validator(mode="after")
    def _check_proxies(self) -> Self:
        try:
            believes_everybody = any(network.prefixlen == 0 for network in self.trusted_networks)
        except ValueError:
            believes_everybody = True
        if believes_everybody:
            raise ValueError(
                "VOYAGENT_TRUSTED_PROXIES must list the addresses or networks of your proxies, such"
                " as 10.0.0.5,10.1.0.0/16,2001:db8::/48; a network has no bits beyond its prefix"
                " and is not the whole internet"
            )
        return self

    @model_validator(mode="after")
    def _check_mail(self) -> Self:
        if not _is_sender(self.mail_from):
            raise ValueError(
                "VOYAGENT_MAIL_FROM must be one address, such as Voyagent"
                " <no-reply@voyagent.example>"
            )
        if self.mail_url is None:
            return self
        if not _is_mail_server(self.mail_url):
            raise ValueError(
                "VOYAGENT_MAIL_URL must be an smtps:// or smtp:// address, such as"
                " smtps://user:password@host:465, or file:///folder, or console:; in user and"
                " password write @ as %40 and / as %2F"
            )
        if not self.is_production:
            return self
        parts = urlsplit(self.mail_url)
        if not parts.scheme.startswith("smtp"):
            raise ValueError(
                "VOYAGENT_MAIL_URL must be an smtps:// or smtp:// address in production, because"
                " mails contain tokens"
            )
        if parts.query == "tls=none" and not is_this_computer(parts.hostname or ""):
            raise ValueError(
                "VOYAGENT_MAIL_URL must use encryption in production if the server is another"
                " computer: use smtps:// or ?tls=starttls"
            )
        if self.mail_from.rstrip(">").endswith(".invalid"):
            raise ValueError(
                "VOYAGENT_MAIL_FROM is missing: set the sender of mails, an address in your own"
                " domain"
            )
        return self


def load_settings(**overrides: object) -> Settings:
    """Read and validate the settings.

    Keyword arguments take precedence over environment variables.

    Raises ConfigurationError with one sentence for each variable that is missing or invalid. The
    sentences do not contain the values, which may be secrets.
    """
    files = {
        variable.removeprefix(PREFIX).lower(): value for variable, value in read_files().items()
    }
    try:
        settings = Settings(**(files | overrides))  # type: ignore[arg-type]
    except ValidationError as error:
        problems = [
            _sentence(dict(item)) for item in error.errors(include_url=False, include_input=False)
        ]
        raise ConfigurationError("; ".join(problems)) from None
    return settings


def read_files() -> dict[str, str]:
    """Return the values of variables that are in files, by variable.

    `VOYAGENT_X_FILE` names the file of `VOYAGENT_X`. The value is the content of the file without
    the newline at its end.

    Raises ConfigurationError if a variable is set in both ways, or if a file cannot be read.
    """
    values = {}
    for variable in (f"{PREFIX}{name.upper()}" for name in Settings.model_fields):
        place = f"{variable}_FILE"
        if place not in os.environ:
            continue
        if variable in os.environ:
            raise ConfigurationError(f"{variable} and {place} are both set: set only one of them")
        try:
            values[variable] = Path(os.environ[place]).read_text("utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ConfigurationError(
                f"{place} must name a text file that the program may read: {reason}"
            ) from None
    return values


def _seed(text: str) -> bytes | None:
    """Decode Base64, standard or URL-safe, with or without padding. Raises ValueError."""
    if not text.strip():
        return None
    plain = text.strip().rstrip("=").translate(str.maketrans("-_", "+/"))
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def _sentence(item: dict[str, object]) -> str:
    message = str(item["msg"]).removeprefix("Value error, ")
    place = item["loc"]
    if isinstance(place, tuple) and place:
        name = str(place[0])
        if name == "VOYAGENT_PORT" and name not in os.environ:
            # two variables set this field, and the error always names the first one
            name = "PORT"
        return f"{name if name.isupper() else PREFIX + name.upper()}: {message}"
    return message


def _is_address(url: str, *schemes: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and url.startswith(f"{parts.scheme}://") and parts.port != 0
    except ValueError:
        return False


def _is_plain_site(url: str) -> bool:
    if not _is_address(url, "http", "https"):
        return False
    parts = urlsplit(url)
    return (
        bool(parts.hostname)
        and "@" not in parts.netloc
        and not parts.query
        and not parts.fragment
        and url.isprintable()
        and " " not in url
    )


def is_this_computer(host: str) -> bool:
    """Return True for `localhost` and for loopback IP addresses."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_mail_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        if parts.scheme == "console":
            return url == "console:"
        if parts.scheme == "file":
            return (
                url.startswith("file:///")
                and len(parts.path) > 1
                and not parts.query
                and not parts.fragment
            )
        queries = {"smtps": {""}, "smtp": {"", "tls=none", "tls=starttls"}}.get(parts.scheme, set())
        return (
            _is_address(url, "smtp", "smtps")
            and bool(parts.hostname)
            and not parts.path.strip("/")
            and not parts.fragment
            and parts.query in queries
        )
    except ValueError:
        return False


def _is_sender(given: str) -> bool:
    """Return True for one e-mail address on one line, with or without a display name."""
    _, address = parseaddr(given)
    local, _, domain = address.rpartition("@")
    if not (given.isprintable() and address.isascii() and local and domain) or " " in address:
        return False
    return given.strip() == address or given.strip().endswith(f"<{address}>")


def _is_database(address: str) -> bool:
    try:
        libpq_parameters(address)
    except ValueError:
        return False
    return True
