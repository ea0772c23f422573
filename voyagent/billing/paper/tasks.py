"""Background job that keeps the PDF of a document as it was issued."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from voyagent.billing.core.queries.kept_papers import Kind
from voyagent.billing.core.service.kept_papers import KEEP_TASK
from voyagent.billing.paper.documents.kept import keep
from voyagent.kernel import tenancy
from voyagent.kernel.db import db
from voyagent.kernel.jobs import task


@task(KEEP_TASK)
def keep_paper(tenant_id: str, kind: str, document_id: str) -> None:
    """Typeset the PDF of an issued document and keep it, unless a request has done so."""
    tenancy.bind(db.session(), UUID(tenant_id))
    keep(cast("Kind", kind), UUID(document_id))
