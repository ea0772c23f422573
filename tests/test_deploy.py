"""The files in `deploy/` are accepted by the programs that read them."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import json
import re
import secrets
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import template_of
from tests.people import Person
from tests.pgbouncer import PROGRAM as POOLER
from tests.processes import ROOT
from tests.proxies import PROGRAMS, check_command, site_of, without_tls
from voyagent import cli
from voyagent.factory import create_app
from voyagent.kernel.config import Environment, Settings, load_settings
from voyagent.kernel.database.start_checks import check_start
from voyagent.kernel.db_address import libpq_parameters
from voyagent.kernel.metrics import Meters, meters

ANALYZE = shutil.which("systemd-analyze")
METRICS = "/internal/metrics"
SUFFIXES = ("_total", "_count", "_sum", "_bucket")
LABEL = re.compile(r'(voyagent_\w+)\{(\w+)="([^"]*)"\}')


def write_certificate(folder: Path) -> None:
    """Write a certificate and its key under the names that the configurations use."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "voyagent.example")])
    today = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today)
        .not_valid_after(today + dt.timedelta(days=9999))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "fullchain.pem").write_bytes(certificate)
    (folder / "key.pem").write_bytes(private)
    (folder / "site.pem").write_bytes(certificate + private)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("is_broken", [False, True])
def test_a_proxy_accepts_its_configuration(tmp_path: Path, name: str, is_broken: bool) -> None:
    if PROGRAMS[name] is None:
        pytest.skip(f"{name} is not installed")
    write_certificate(tmp_path)
    site = site_of(name).replace("/etc/ssl/voyagent", str(tmp_path))
    if is_broken:
        site = site.replace("60s", "60 seconds", 1)
    done = subprocess.run(
        check_command(name, tmp_path, site), capture_output=True, text=True, check=False
    )
    assert (done.returncode != 0) == is_broken, done.stderr


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_fault_tests_change_only_addresses_and_tls(name: str) -> None:
    site = site_of(name)
    kept = without_tls(site, 4001, (4002, 4003)).splitlines()
    lost = [line.strip() for line in site.splitlines() if line not in kept]
    assert all(
        any(word in line for word in ("500", "443", ":80", "listen", "ssl", "http2", "https"))
        or line in {"server {", "server_name voyagent.example;", "}"}
        or line in {"user haproxy", "group haproxy"}
        for line in lost
    ), lost


def blocks(language: str) -> list[str]:
    """Return the blocks of the manual in a language."""
    page = (ROOT / "docs" / "operations.md").read_text()
    return re.findall(rf"^```{language}[^\n]*\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(POOLER is None, reason="PgBouncer is not installed")
@pytest.mark.parametrize("is_broken", [False, True])
def test_the_pooler_accepts_the_configuration_of_the_manual(
    tmp_path: Path, is_broken: bool
) -> None:
    (site,) = (block for block in blocks("ini") if "[pgbouncer]" in block)
    site = re.sub(r"^(listen_addr|auth_file) = .*$", "", site, flags=re.MULTILINE)
    if is_broken:
        site = site.replace("= 200", "= 200   ; a comment")
    (tmp_path / "site.ini").write_text(f"{site}unix_socket_dir =\n")
    # It reads the configuration and then refuses to start, as root or without an address.
    done = subprocess.run(
        [POOLER or "", str(tmp_path / "site.ini")],
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
    )
    assert ("cannot load config file" in done.stderr) == is_broken, done.stderr


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_the_filters_of_logs_pass_over_lines_of_systemd() -> None:
    line = '{"event": "job.failed", "level": "error", "ms": 2000, "request_id": "b556ab5eaf273ca9"}'
    found = [
        command
        for block in blocks("sh")
        for command in re.findall(r"^journalctl .* \| (jq .*')", block, re.MULTILINE)
    ]
    assert len(found) == 4
    for command in found:
        done = subprocess.run(
            ["sh", "-c", command],  # noqa: S607
            input=f"Started voyagent-web@5001.service.\n{line}\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("may_grant", [True, False])
def test_the_roles_suffice_without_createrole_after_the_first_migration(
    server_urls: tuple[str, str], tmp_path: Path, may_grant: bool
) -> None:
    """Roles belong to the whole server, so the logins have names of their own."""
    mark = secrets.token_hex(4)
    logins = ("voyagent_owner", "voyagent_web", "voyagent_read", "voyagent_backup")
    roles = (ROOT / "deploy" / "sql" / "roles.sql").read_text()
    for login in logins:
        roles = roles.replace(login, f"{login}_{mark}")
    template_of(server_urls)  # so that no other process creates the same roles now
    server = psycopg.connect(**libpq_parameters(server_urls[0]), autocommit=True)
    owner, web, _, backup = (f"{login}_{mark}" for login in logins)
    database = f"test_{mark}"

    def address(login: str) -> str:
        url = sa.make_url(server_urls[0]).set(username=login, password=None, database=database)
        return url.render_as_string(hide_password=False)

    settings = load_settings(
        env="production",
        auth_secret="x" * 40,
        public_url="https://voyagent.example",
        mail_url="smtp://localhost",
        mail_from="Voyagent <no-reply@voyagent.example>",
        data_dir=tmp_path,
        db_url=address(web),
        db_admin_url=address(owner),
    )
    try:
        for _ in range(2):  # the file may be run again
            server.execute(roles.encode())
        if not may_grant:
            server.execute(f"revoke admin option for voyagent_mover from {owner}".encode())
        server.execute(f"create database {database} owner {owner}".encode())
        cli.migrate(create_app(settings))
        cli.grant_app_role(settings)
        server.execute(f"alter role {owner} nocreaterole".encode())
        cli.migrate(create_app(settings))
        assert [one.sentence for one in check_start(settings) if one.sentence] == []
        with psycopg.connect(**libpq_parameters(address(backup))) as connection:
            assert connection.execute("select count(*) from users").fetchone() == (0,)
    finally:
        server.execute(f"drop database if exists {database} with (force)".encode())
        for login in logins:
            server.execute(f"drop role if exists {login}_{mark}".encode())
        server.close()


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not installed")
@pytest.mark.parametrize("unit", sorted((ROOT / "deploy" / "systemd").glob("*@.service")), ids=str)
@pytest.mark.parametrize("is_broken", [False, True])
def test_systemd_accepts_a_unit(tmp_path: Path, unit: Path, is_broken: bool) -> None:
    program = tmp_path / "bin" / "voyagent"
    program.parent.mkdir()
    program.touch(0o755)
    text = unit.read_text().replace("/opt/voyagent", str(tmp_path))
    if is_broken:
        text = text.replace("/bin/voyagent", "/bun/voyagent")
    copied = tmp_path / unit.name.replace("@", "@1")
    copied.write_text(text)
    done = subprocess.run(
        [ANALYZE or "", "verify", "--man=no", str(copied)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ("is not executable" in done.stderr) == is_broken, done.stderr
    assert "Unknown" not in done.stderr, done.stderr


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not installed")
@pytest.mark.parametrize("name", ["backup", "books"])
def test_systemd_accepts_a_timer(tmp_path: Path, name: str) -> None:
    program = tmp_path / "bin" / "voyagent"
    program.parent.mkdir()
    program.touch(0o755)
    units = [
        ROOT / "deploy" / "systemd" / f"voyagent-{name}.{kind}" for kind in ("service", "timer")
    ]
    for unit in units:
        text = unit.read_text().replace("/opt/voyagent/", f"{tmp_path}/")
        (tmp_path / unit.name).write_text(text)
    done = subprocess.run(
        [ANALYZE or "", "verify", "--man=no", *(str(tmp_path / unit.name) for unit in units)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


def test_the_example_of_the_environment_has_valid_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (ROOT / "deploy" / "environment.example").read_text().splitlines()
    written = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    known = {f"VOYAGENT_{name.upper()}" for name in Settings.model_fields}
    assert set(written) <= known
    secrets_of_operator = {
        "VOYAGENT_AUTH_SECRET": "x" * 64,
        "VOYAGENT_AUDIT_SIGNING_KEY": base64.b64encode(bytes(range(32))).decode(),
        "VOYAGENT_METRICS_TOKEN": "y" * 32,
    }
    assert {name for name, value in written.items() if not value} == set(secrets_of_operator)
    for name, value in (written | secrets_of_operator).items():
        monkeypatch.setenv(name, value.strip('"'))
    settings = load_settings()
    assert settings.env is Environment.PRODUCTION
    assert settings.db_read_url is not None
    worker = (ROOT / "deploy" / "systemd" / "voyagent-worker@.service").read_text()
    assert f"ReadWritePaths=-{settings.anchor_place}\n" in worker
    assert settings.data_dir == Path("/var/lib/voyagent")
    assert "StateDirectory=voyagent\n" in worker


def rules() -> list[dict[str, Any]]:
    text = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text()
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def test_the_alert_rules_use_metrics_that_exist(app: Flask, alice: Person) -> None:
    alice.api.get("/enquiries")
    alice.browser.get("/enquiries")
    families = list(text_string_to_metric_families(app.test_client().get(METRICS).text))
    samples = [sample for family in families for sample in family.samples]
    # Without standbys there is no sample of their lag.
    found = {sample.name for sample in samples} | {family.name for family in families}
    values = {(sample.name, *pair) for sample in samples for pair in sample.labels.items()}
    expressions = "\n".join(rule["expr"] for rule in rules())
    used = set(re.findall(r"voyagent_\w+", expressions))
    assert used - found == set()
    labels = set(LABEL.findall(expressions))
    assert labels
    assert labels - values == set()
    for rule in rules():
        assert set(rule["annotations"]) == {"summary", "action"}
        assert rule["labels"]["severity"] in {"critical", "warning"}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_the_alert_rules_fire_as_described() -> None:
    cases = Path(__file__).parent / "alert_cases.yml"
    done = subprocess.run(
        ["promtool", "test", "rules", str(cases)],  # noqa: S607 - found by PATH, as the proxies
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tested = {
        case["alertname"]
        for group in yaml.safe_load(cases.read_text())["tests"]
        for case in group["alert_rule_test"]
    }
    assert tested == {rule["alert"] for rule in rules()}


def test_every_metric_and_label_of_the_dashboard_is_exposed(app: Flask) -> None:
    labels = {
        name: set(metric._labelnames) | {"le"}  # noqa: SLF001 - those without a sample have no other way
        for metric in vars_of(meters())
        for name in (metric._name, *(metric._name + end for end in SUFFIXES))  # noqa: SLF001
    }
    for family in text_string_to_metric_families(app.test_client().get(METRICS).text):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    board = json.loads((ROOT / "deploy" / "grafana" / "voyagent.json").read_text())
    assert [panel["title"] for panel in board["panels"] if panel["type"] == "row"] == [
        *("Requests", "Latency", "Pools", "Connections", "Queues", "Mail", "Database"),
        *("Releases", "Backup"),
    ]
    targets = [target for panel in board["panels"] for target in panel.get("targets", ())]
    assert targets
    for target in targets:
        used = re.findall(r"voyagent_\w+", target["expr"])
        assert used, target
        assert set(used) <= set(labels), target
        grouped = [
            label.strip()
            for by in re.findall(r"by \(([^)]*)\)", target["expr"])
            for label in by.split(",")
        ]
        shown = re.findall(r"{{(\w+)}}", target["legendFormat"])
        known = set.intersection(*(labels[name] for name in used))
        assert set(grouped) | set(shown) <= known, target


def vars_of(found: Meters) -> list[Any]:
    """Return the counters, gauges and histograms of the program."""
    names = (field.name for field in dataclasses.fields(found))
    return [getattr(found, name) for name in names if name != "registry"]
