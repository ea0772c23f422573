"""The files for containers agree with the program and the manual.

No container runs here. The page docs/operations.md says how to build and start them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from flask import Flask

from tests.processes import ROOT, gunicorn_settings
from voyagent.__main__ import web
from voyagent.kernel.config import Settings

PAGE = (ROOT / "docs" / "operations.md").read_text()
CONTAINERFILE = (ROOT / "deploy" / "Containerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
KUBERNETES = list(yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text()))
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
PROGRAM = {
    name: service for name, service in COMPOSE["services"].items() if service["image"] == "voyagent"
}
MARGIN_S = 5
"""Between the end of the last request and the moment at which a process is killed."""


def templates() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield each object that starts pods, and the specification of its pods."""
    for thing in KUBERNETES:
        spec = thing.get("spec", {})
        template = spec.get("jobTemplate", {"spec": spec})["spec"].get("template")
        if template is not None:
            yield thing, template["spec"]


PODS = [
    pytest.param(thing, pod, id=thing["metadata"]["labels"]["app.kubernetes.io/component"])
    for thing, pod in templates()
]


def find(kind: str, name: str) -> dict[str, Any]:
    (found,) = (
        thing for thing in KUBERNETES if (thing["kind"], thing["metadata"]["name"]) == (kind, name)
    )
    return found


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


@pytest.mark.parametrize("name", ["Containerfile", "compose.yaml", "kubernetes.yaml"])
def test_every_variable_is_a_setting(name: str) -> None:
    used = set(re.findall(r"\b(?:VOYAGENT_\w+|PORT)\b", (ROOT / "deploy" / name).read_text()))
    known = {f"VOYAGENT_{field.upper()}" for field in Settings.model_fields}
    assert used
    assert {variable.removesuffix("_FILE") for variable in used} <= known


@pytest.mark.parametrize("service", PROGRAM)
def test_a_service_of_compose_has_the_secrets_that_its_variables_name(service: str) -> None:
    described = PROGRAM[service]
    files = {
        value.removeprefix("/run/secrets/")
        for name, value in described["environment"].items()
        if name.endswith("_FILE")
    }
    files |= {part.removeprefix("/run/secrets/") for part in described.get("command", [])[3:]}
    assert set(described["secrets"]) == files
    assert files <= set(COMPOSE["secrets"])


def test_the_manual_creates_every_secret_of_compose() -> None:
    section = PAGE[PAGE.index("### In containers") : PAGE.index("### On Kubernetes")]
    created = set(re.findall(r"> (\w+)", section))
    assert [name for name in COMPOSE["secrets"] if name not in created] == []


@pytest.mark.parametrize(("thing", "pod"), PODS)
def test_a_pod_has_the_secrets_that_its_variables_name(
    thing: dict[str, Any], pod: dict[str, Any]
) -> None:
    (container,) = pod["containers"]
    secrets = {
        volume["name"]: volume["secret"]["secretName"]
        for volume in pod["volumes"]
        if "secret" in volume
    }
    mounted = {
        mount["mountPath"]: secrets[mount["name"]]
        for mount in container["volumeMounts"]
        if mount["name"] in secrets
    }
    variables = find("ConfigMap", "voyagent")["data"] | {
        variable["name"]: variable["value"] for variable in container.get("env", [])
    }
    named = [value for name, value in variables.items() if name.endswith("_FILE")]
    named += re.findall(r"/run/secrets/\S+", " ".join(container["args"]))
    for place in named:
        folder, _, file = place.rpartition("/")
        created = re.search(rf"generic {mounted[folder]} (.*?)(?:\nkubectl|```)", PAGE, re.DOTALL)
        assert created is not None, thing["metadata"]["name"]
        assert f"--from-file={file}" in created[1].split()


@pytest.mark.parametrize("service", PROGRAM)
def test_a_command_of_compose_exists(app: Flask, service: str) -> None:
    name, *options = PROGRAM[service].get("command", ["web"])
    assert_command(app, name, options)


@pytest.mark.parametrize(("thing", "pod"), PODS)
def test_a_command_of_a_pod_exists(app: Flask, thing: dict[str, Any], pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    words = " ".join(container["args"]).split()
    if container.get("command"):
        (program,) = re.findall(r'ENTRYPOINT \["(.+)"\]', CONTAINERFILE)
        assert words[:2] == ["exec", program]
        words = words[2:]
    assert_command(app, words[0], words[1:])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_command_of_a_unit_exists(app: Flask, unit: Path) -> None:
    (words,) = re.findall(r"/opt/voyagent/bin/voyagent ([^'\n]+)", unit.read_text())
    assert_command(app, words.split()[0], words.split()[1:])


def assert_command(app: Flask, name: str, options: list[str]) -> None:
    command = web if name == "web" else app.cli.commands[name]
    assert isinstance(command, click.Command)
    known = {option for parameter in command.params for option in parameter.opts}
    assert {option for option in options if option.startswith("--")} <= known


def test_the_probes_and_ports_are_those_of_the_program(app: Flask) -> None:
    deployment = find("Deployment", "voyagent-web")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    paths = {
        name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("readiness", "liveness")
    }
    assert paths == {"readiness": "/ready", "liveness": "/health"}
    assert set(paths.values()) <= {rule.rule for rule in app.url_map.iter_rules()}
    port = int(gunicorn_settings(VOYAGENT_BIND="0.0.0.0")["bind"].rpartition(":")[2])  # noqa: S104
    assert [entry["containerPort"] for entry in container["ports"]] == [port]
    assert f"\nEXPOSE {port}\n" in CONTAINERFILE
    assert "VOYAGENT_BIND=0.0.0.0 " in CONTAINERFILE
    service = find("Service", "voyagent")["spec"]
    assert service["ports"][0]["targetPort"] == container["ports"][0]["name"]
    assert service["selector"] == deployment["spec"]["selector"]["matchLabels"]
    assert service["selector"] == deployment["spec"]["template"]["metadata"]["labels"]


def test_a_web_server_is_not_killed_while_it_finishes_requests() -> None:
    def needed_s(variables: dict[str, str]) -> int:
        drain = {name: value for name, value in variables.items() if name == "VOYAGENT_DRAIN_S"}
        return int(gunicorn_settings(**drain)["graceful_timeout"]) + MARGIN_S

    pod = find("Deployment", "voyagent-web")["spec"]["template"]["spec"]
    settings = find("ConfigMap", "voyagent")["data"]
    assert pod["terminationGracePeriodSeconds"] >= needed_s(settings)
    assert needed_s(settings) > needed_s({})
    for name in ("web1", "web2"):
        assert seconds(PROGRAM[name]["stop_grace_period"]) >= needed_s(PROGRAM[name]["environment"])
    unit = (ROOT / "deploy" / "systemd" / "voyagent-web@.service").read_text()
    assert int(*re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)) >= needed_s({})


@pytest.mark.parametrize("name", ["voyagent-web", "voyagent-worker"])
def test_an_update_starts_a_new_pod_before_it_stops_one(name: str) -> None:
    spec = find("Deployment", name)["spec"]
    assert spec["replicas"] >= 2
    assert spec["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }


def test_the_number_of_instances_is_that_of_all_pods_during_an_update() -> None:
    specs = [find("Deployment", f"voyagent-{name}")["spec"] for name in ("web", "worker")]
    pods = sum(spec["replicas"] + spec["strategy"]["rollingUpdate"]["maxSurge"] for spec in specs)
    assert int(find("ConfigMap", "voyagent")["data"]["VOYAGENT_INSTANCES"]) == pods
    permanent = sum(
        service.get("deploy", {}).get("replicas", 1)
        for name, service in PROGRAM.items()
        if name != "migrate" and "profiles" not in service
    )
    assert Settings.model_fields["instances"].default == permanent


@pytest.mark.parametrize(("thing", "pod"), PODS)
def test_a_pod_has_no_rights(thing: dict[str, Any], pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    (user,) = re.findall(r"^USER (\d+):\d+$", CONTAINERFILE, re.MULTILINE)
    assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (
        True,
        int(user),
    )
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "/tmp" in [mount["mountPath"] for mount in container["volumeMounts"]]  # noqa: S108
    assert {mount["name"] for mount in container["volumeMounts"]} == {
        volume["name"] for volume in pod["volumes"]
    }


@pytest.mark.parametrize("service", PROGRAM)
def test_a_service_of_compose_has_no_rights(service: str) -> None:
    described = PROGRAM[service]
    assert described["read_only"] is True
    assert described["tmpfs"] == ["/tmp"]  # noqa: S108
    assert described["cap_drop"] == ["ALL"]


def test_the_proxy_of_compose_reaches_both_web_servers_and_is_trusted() -> None:
    address = {
        name: COMPOSE["services"][name]["networks"]["inside"]["ipv4_address"]
        for name in ("web1", "web2", "proxy")
    }
    (network,) = COMPOSE["networks"]["inside"]["ipam"]["config"]
    assert all(ip_address(one) in ip_network(network["subnet"]) for one in address.values())
    changes = dict(re.findall(r"s/(127\.0\.0\.1:\d+)/([\d.:]+)/", PAGE))
    nginx = (ROOT / "deploy" / "nginx.conf").read_text()
    assert list(changes) == re.findall(r"^    server ([\d.:]+)", nginx, re.MULTILINE)
    assert list(changes.values()) == [f"{address[name]}:5000" for name in ("web1", "web2")]
    for service in PROGRAM.values():
        assert service["environment"]["VOYAGENT_TRUSTED_PROXIES"] == address["proxy"]


def test_the_last_stage_of_the_image_only_copies_the_installation() -> None:
    build, last = CONTAINERFILE.split("\nFROM ${BASE} AS build\n")[1].split("\nFROM ${BASE}\n")
    assert "--no-index --find-links /dist voyagent" in build
    assert re.findall(r"^COPY .*$", last, re.MULTILINE) == [
        "COPY --from=build /opt/voyagent /opt/voyagent"
    ]
    installed = re.findall(r"--no-install-recommends (.*?) \\", last)
    assert installed == ["postgresql-client"]
    assert "pip" not in last
