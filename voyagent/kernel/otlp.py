"""Settings of OpenTelemetry, read from its own environment variables.

Traces and metrics are sent to a collector if its address is set.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Literal

from voyagent.kernel.config import ConfigurationError

Signal = Literal["TRACES", "METRICS"]
SIGNALS: tuple[Signal, ...] = ("TRACES", "METRICS")
SAMPLER, RATIO = "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"
RATIO_DEFAULT = 0.05
INTERVAL = "OTEL_METRIC_EXPORT_INTERVAL"
INTERVAL_DEFAULT_MS = 60_000
PROTOCOL = "http/protobuf"
CLOSE_S = 2.0
"""Seconds by which an unreachable collector may delay the end of the process."""
_NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


def check() -> None:
    """Raise ConfigurationError if traces or metrics are wanted and cannot be sent."""
    for signal in SIGNALS:
        address = address_variable(signal)
        if address is None:
            continue
        if not all(map(_is_installed, _NEEDED)):
            raise ConfigurationError(
                f"{address} is set, but the packages of OpenTelemetry are missing: install"
                " voyagent[otel], or remove the variable"
            )
        if _first_set(signal, "PROTOCOL") not in {None, PROTOCOL}:
            raise ConfigurationError(
                f"OTEL_EXPORTER_OTLP_PROTOCOL must be {PROTOCOL}, or not be set"
            )
    if is_sent("TRACES") and SAMPLER not in os.environ and not 0 <= ratio() <= 1:
        raise ConfigurationError(f"{RATIO} must be a number from 0 to 1")
    if is_sent("METRICS") and interval_s() <= 0:
        raise ConfigurationError(f"{INTERVAL} must be a number of milliseconds above 0")


def is_sent(signal: Signal) -> bool:
    """Return True if a collector is to receive the traces or metrics."""
    return address_variable(signal) is not None


def address_variable(signal: Signal) -> str | None:
    """Return the name of the environment variable that has the collector's address.

    The result is None if this kind of data is not sent.
    """
    if (
        os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
        or os.environ.get(f"OTEL_{signal}_EXPORTER", "").strip() == "none"
    ):
        return None
    return next((name for name in _names(signal, "ENDPOINT") if os.environ.get(name)), None)


def ratio() -> float:
    """Return the share of the traces that is recorded, from 0 to 1.

    The result is -1 if the value of the environment variable is not a number.
    """
    try:
        return float(os.environ.get(RATIO) or RATIO_DEFAULT)
    except ValueError:
        return -1


def interval_s() -> float:
    """Return the seconds between exports of metrics.

    The result is -1 if the value of the environment variable is not a whole number.
    """
    try:
        return int(os.environ.get(INTERVAL) or INTERVAL_DEFAULT_MS) / 1000
    except ValueError:
        return -1


def _names(signal: Signal, what: str) -> tuple[str, str]:
    return f"OTEL_EXPORTER_OTLP_{signal}_{what}", f"OTEL_EXPORTER_OTLP_{what}"


def _first_set(signal: Signal, what: str) -> str | None:
    return next(filter(None, map(os.environ.get, _names(signal, what))), None)


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # a package above the module is missing
        return False
