"""The model that the settings select, and lazy imports of the SDKs."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from voyagent.drivers.models import open_anthropic, open_local
from voyagent.drivers.models.anthropic import Anthropic
from voyagent.drivers.models.openai import OpenAI
from voyagent.kernel.config import Settings, load_settings


def settings_of(**values: Any) -> Settings:
    return load_settings(env="test", auth_secret="s" * 32, **values)


def test_there_is_no_model_without_key_and_url() -> None:
    assert open_anthropic(settings_of()) is None
    assert open_anthropic(settings_of(), "claude-opus-4-6") is None
    assert open_local(settings_of()) is None


def test_with_a_key_the_chosen_or_the_default_model_is_used() -> None:
    settings = settings_of(
        anthropic_api_key="word",
        anthropic_base_url="http://127.0.0.1:9",
        agent_model="claude-haiku-4-5-20251001",
    )
    assert open_anthropic(settings) == Anthropic(
        "claude-haiku-4-5-20251001", "word", "http://127.0.0.1:9"
    )
    assert open_anthropic(settings, "claude-opus-4-6") == Anthropic(
        "claude-opus-4-6", "word", "http://127.0.0.1:9"
    )
    assert open_anthropic(settings_of(anthropic_api_key="word")) == Anthropic(
        "claude-sonnet-4-5", "word", "https://api.anthropic.com"
    )


def test_a_base_url_and_a_name_select_an_own_model() -> None:
    settings = settings_of(
        openai_base_url="http://127.0.0.1:11434/v1", openai_model="llama", openai_api_key="word"
    )
    assert open_local(settings) == OpenAI("llama", "http://127.0.0.1:11434/v1", "word")


def test_vendor_sdks_are_imported_only_if_a_model_is_used() -> None:
    program = (
        "import sys, voyagent.drivers.models; print(sorted({'anthropic', 'openai', 'httpx2'} &"
        " set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
