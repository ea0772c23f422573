"""Language models: one protocol, and a driver for each API.

| driver | API | settings |
|---|---|---|
| `anthropic.Anthropic` | Messages API, with prompt caching | `VOYAGENT_ANTHROPIC_API_KEY`,
`VOYAGENT_ANTHROPIC_BASE_URL` |
| `openai.OpenAI` | chat completions, as servers for local models have | `VOYAGENT_OPENAI_BASE_URL`,
`VOYAGENT_OPENAI_MODEL`, `VOYAGENT_OPENAI_API_KEY` |
| `scripted.Scripted` | none: returns the answers of a list | for tests |

`calling` has the rules for retries, `assembly` the limits of an answer, `line` the connection that
can be closed at any time, and `prices` the prices of tokens. The SDKs are imported at the first
call. Errors contain only the vendor's names for the error, because its text may contain the API key
or the conversation.

Differences between the APIs: the Messages API counts cached tokens in addition to `input_tokens`,
chat completions count them as part of `prompt_tokens`; `Usage` separates them. Anthropic's
`overloaded` (529) means a failing server and not a rate limit. A server with chat completions may
give tool calls no id, may end an answer with `stop` after a tool call, and may report no token
counts; it has no way to mark a tool result as failed.
"""

from __future__ import annotations

from voyagent.drivers.models.anthropic import Anthropic
from voyagent.drivers.models.openai import OpenAI
from voyagent.drivers.models.protocol import ModelDriver
from voyagent.kernel.config import Settings

__all__ = ["open_anthropic", "open_local"]


def open_anthropic(settings: Settings, model: str | None = None) -> ModelDriver | None:
    """Return Anthropic's model `model`, or the one in the settings.

    None without an API key.
    """
    key = settings.anthropic_api_key.get_secret_value()
    return (
        Anthropic(model or settings.agent_model, key, settings.anthropic_base_url) if key else None
    )


def open_local(settings: Settings) -> ModelDriver | None:
    """Return the model on the configured local server, or None without a server."""
    if settings.openai_base_url is None or settings.openai_model is None:
        return None
    return OpenAI(
        settings.openai_model, settings.openai_base_url, settings.openai_api_key.get_secret_value()
    )
