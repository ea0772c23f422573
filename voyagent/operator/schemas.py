"""Input of the operator's pages."""

from __future__ import annotations

from typing import Annotated

from voyagent.kernel.fields import Exact, Open

TOKEN_MAX = 1024


class OperatorSignIn(Open):
    """The operator's token, exactly as it was typed."""

    token: Annotated[str, Exact(TOKEN_MAX, min_length=1)]
