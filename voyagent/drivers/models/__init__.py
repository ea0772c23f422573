"""Asking language models: one protocol, a driver for each kind of server.

| driver | speaks | stands behind |
|---|---|---|
| `anthropic.Anthropic` | the Messages API, with prompt caching | `VOYAGENT_ANTHROPIC_API_KEY`,
`VOYAGENT_ANTHROPIC_BASE_URL` |
| `openai.OpenAI` | chat completions, as servers for local models do | `VOYAGENT_OPENAI_BASE_URL`,
`VOYAGENT_OPENAI_MODEL`, `VOYAGENT_OPENAI_API_KEY` |
| `scripted.Scripted` | nothing: gives the answers of a list | tests |

The rules of asking again stand in `calling`, what an answer may be in `assembly`, how one hangs up
in `line`, what tokens cost in `prices`. The SDKs are imported with the first call. Errors hold no
text of the vendor's, which may repeat a key or the conversation: only its names for what went
wrong.

Quirks: the Messages API tells cached tokens beside `input_tokens`, chat completions inside
`prompt_tokens`; ours are apart. `overloaded` of Anthropic (529) is a failing server and not our
limit. A server of chat completions may give calls no id, say `stop` after one, or offer no figures;
it has no mark for a tool that failed.
"""

from __future__ import annotations

from voyagent.drivers.models.anthropic import Anthropic
from voyagent.drivers.models.openai import OpenAI
from voyagent.drivers.models.protocol import ModelDriver
from voyagent.kernel.config import Settings

__all__ = ["open_anthropic", "open_local"]


def open_anthropic(settings: Settings, model: str | None = None) -> ModelDriver | None:
    """Return Anthropic's model of this name, or the installation's; None without a key."""
    key = settings.anthropic_api_key.get_secret_value()
    return (
        Anthropic(model or settings.agent_model, key, settings.anthropic_base_url) if key else None
    )


def open_local(settings: Settings) -> ModelDriver | None:
    """Return the model of the configured local server; None without one."""
    if settings.openai_base_url is None or settings.openai_model is None:
        return None
    return OpenAI(
        settings.openai_model, settings.openai_base_url, settings.openai_api_key.get_secret_value()
    )
