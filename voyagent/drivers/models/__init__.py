"""Language models: one protocol, and a driver for each API.

| driver | API | settings |
|---|---|---|
| `anthropic.Anthropic` | Messages API | names begin with `VOYAGENT_ANTHROPIC_` |
| `openai.OpenAI` | chat completions | names begin with `VOYAGENT_OPENAI_` |
| `scripted.Scripted` | none: returns the answers of a list | for tests |

The module `calling` has the rules for retries, `assembly` has the limits of an answer, `line` has
the connection, and `prices` has the prices of tokens. The text of an error contains only short
names from the vendor, such as `rate_limit_error`. The vendor's message is left out, because it may
contain the API key or the conversation.

The APIs differ in these points:

- The Messages API counts cached tokens in addition to `input_tokens`. Chat completions count cached
  tokens as part of `prompt_tokens`. `Usage` counts cached tokens separately for both.
- Anthropic's error `overloaded` (529) means a failing server and not a rate limit.
- A server with chat completions may give tool calls no id, may end an answer with `stop` after a
  tool call, and may report no token counts. Chat completions have no field for a failed tool call,
  so the text of the tool result says that the call failed.
"""

from __future__ import annotations

from voyagent.drivers.models.anthropic import Anthropic
from voyagent.drivers.models.openai import OpenAI
from voyagent.drivers.models.protocol import ModelDriver
from voyagent.kernel.config import Settings

__all__ = ["open_anthropic", "open_local"]


def open_anthropic(settings: Settings, model: str | None = None) -> ModelDriver | None:
    """Return a driver for `model`, or for the Anthropic model in the settings.

    The result is None if the settings have no API key.
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
