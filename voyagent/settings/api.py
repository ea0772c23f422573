"""The JSON door of settings."""

from __future__ import annotations

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.reading import Reader, Row
from voyagent.settings import queries
from voyagent.settings.schemas import TenantSettingsResponse

api = ApiBlueprint("settings", __name__, tag="Settings", guard=Guard.BEARER)


@api.get("/tenant-settings", answer=TenantSettingsResponse, permission="settings.read")
def get_tenant_settings(reader: Reader) -> Row:
    """The agency's settings."""
    return queries.read(reader)
