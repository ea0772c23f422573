"""JSON API of the policies of recognition."""

from __future__ import annotations

from voyagent.billing.core.errors import ReasonRequired
from voyagent.billing.core.queries.policies import list_policies, methods_of, methods_statement
from voyagent.billing.policies import service
from voyagent.billing.policies.errors import (
    PolicyInPast,
    RecognitionMethodUnknown,
    RecognitionUnchanged,
)
from voyagent.billing.policies.schemas import (
    RecognitionPoliciesOut,
    RecognitionPolicyIn,
    RecognitionPolicyOut,
)
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor, NotFresh
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.serializers import Body

api = ApiBlueprint("recognition_policies", __name__, tag="Settings", guard=Guard.BEARER)


@api.get("/recognition-policies", answer=RecognitionPoliciesOut, permission="settings.read")
def list_recognition_policies(reader: RequestReader) -> Body[RecognitionPoliciesOut]:
    """List when the agency recognises revenue, cost and commission, with the history."""
    today = clock.today(reader.authenticate().timezone)
    methods = methods_of(reader.read(methods_statement(today))[0])
    return RecognitionPoliciesOut.of(
        {"principal": methods.principal, "agent": methods.agent, "items": list_policies(reader)}
    )


@api.post(
    "/recognition-policies",
    answer=RecognitionPolicyOut,
    status=201,
    permission="settings.policy",
    errors=(NotFresh, RecognitionMethodUnknown, ReasonRequired, PolicyInPast, RecognitionUnchanged),
)
def add_recognition_policy(actor: Actor, body: RecognitionPolicyIn) -> Body[RecognitionPolicyOut]:
    """Set a method of recognition for documents issued from a day on.

    Documents that are posted keep the method of their lines. The call needs a fresh access
    token, obtained with a password, or an API key with the scope `settings`.
    """
    return RecognitionPolicyOut.of(service.set_policy(actor, **body.model_dump()))
