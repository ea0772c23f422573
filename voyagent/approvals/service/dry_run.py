"""Dry runs of proposals. The result of a dry run is the preview.

A dry run runs the act in a savepoint and rolls it back. After the approval, the act must do what
the preview says; otherwise it is rolled back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from flask_babel import force_locale
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from voyagent.approvals.service.effects import (
    BalanceShown,
    Description,
    Effect,
    LeavingShown,
    LineShown,
    Measured,
    MeasuredBalance,
    MoneyShown,
    StepShown,
)
from voyagent.approvals.service.errors import ChangedSinceApproval
from voyagent.approvals.service.time_limits import TimeLimit
from voyagent.audit.service import recording as audit
from voyagent.kernel.actor import Actor, Grant
from voyagent.kernel.canonical import digest
from voyagent.kernel.database.read_pool import Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.dry_run import Notes, recording
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.json_values import JsonMapping, JsonObject
from voyagent.kernel.money import wire_amount
from voyagent.kernel.outbound import OutboundCall
from voyagent.ledger.queries.balances import balances_statement
from voyagent.ledger.queries.entries import entry_lines_statement, sides_of
from voyagent.ledger.service.months import LAST_DAY

log = structlog.get_logger(__name__)


class _Over(Exception):
    """Raised to end dry runs, so that their savepoint is rolled back."""


@dataclass(frozen=True, slots=True)
class PendingEffect:
    """An approved act that has not run yet.

    The dry run of a later proposal runs this act first.
    """

    effect: Effect
    requester: Actor
    arguments: JsonMapping


def dry_run(
    effect: Effect,
    requester: Actor,
    arguments: JsonMapping,
    limit: TimeLimit,
    *,
    pending: Sequence[PendingEffect] = (),
    locale: str | None = None,
) -> Description | None:
    """Return the preview of a proposal; store nothing and call no outside system.

    The approved acts in `pending` run first. If a rule refuses the act, the preview contains the
    refusal. The result is None if no preview could be made. `locale` is the language of the texts,
    by default the requester's language. Raises DecisionTimedOut.
    """
    with dry_runs(limit) as runs:
        for one in pending:
            runs.run(one)
        return runs.preview(effect, requester, arguments, locale=locale)


@contextmanager
def dry_runs(limit: TimeLimit) -> Iterator[DryRuns]:
    """Open a series of dry runs, each on the results of those before it.

    At the end, all are rolled back. No dry run begins after the time limit.
    """
    with suppress(_Over), ExitStack() as stack:
        notes = stack.enter_context(recording(db.session, is_dry=True))
        yield DryRuns(stack, notes, limit)
        raise _Over  # rolls the savepoint of the series back


class DryRuns:
    """A series of dry runs; use `dry_runs` to open it.

    An act that `run` runs, or that `preview` keeps, stays done for the acts after it, until the
    series ends. So each act runs only once, however many previews depend on it.
    """

    def __init__(self, stack: ExitStack, notes: Notes, limit: TimeLimit) -> None:
        self._stack, self._notes, self._limit = stack, notes, limit
        self._is_open = self._is_checked = False

    def run(self, one: PendingEffect) -> None:
        """Run an approved act. An act that fails changes nothing. Raises DecisionTimedOut."""
        self._begin(is_kept=True)
        try:
            with audit.savepoint():
                _act(one.effect, one.requester, one.arguments)
        except OperationalError:
            raise
        except VoyagentError:
            pass
        except Exception:  # the job of the act will fail in the same way
            log.exception("dry_run.failed", tool=one.effect.tool_name)

    def preview(
        self,
        effect: Effect,
        requester: Actor,
        arguments: JsonMapping,
        *,
        locale: str | None = None,
        keeps: Callable[[Description], bool] | None = None,
    ) -> Description | None:
        """Return the preview of an act, as `dry_run` does, after the acts before it.

        The act stays done if it is not refused and `keeps` returns True for its preview. The result
        is None if no preview could be made. Raises DecisionTimedOut.
        """
        self._begin(is_kept=keeps is not None)
        language = Description(locale=locale or requester.locale)
        shown = Description()
        with force_locale(language["locale"]):
            try:
                with audit.savepoint():
                    shown = _described(effect, requester, arguments)
                    if effect.run_dry is not None:
                        self._is_checked = True
                        shown = _run(effect, requester, arguments, shown, self._notes)
                    if keeps is None or not keeps(shown | language):
                        raise _Over  # noqa: TRY301 - raising is how the savepoint is rolled back
            except _Over:
                pass
            except OperationalError:
                raise  # lost connection or lock: the whole request is retried or fails
            except VoyagentError as failure:
                shown |= Description(warning=failure.message, refusal=failure.code)
            # The preview only informs the reviewer, so an error in it must not prevent people from
            # making or declining proposals.
            except Exception:
                log.exception("dry_run.failed", tool=effect.tool_name)
                return None
        return shown | language if shown or effect.run_dry is not None else None

    def _begin(self, *, is_kept: bool) -> None:
        self._limit.check()
        if is_kept and not self._is_open:
            self._stack.enter_context(audit.savepoint())
            self._is_open = self._is_checked = True
        if self._is_checked:
            # The check of an act makes the constraints immediate, but the next act needs them
            # deferred. A rollback defers them again only if they were made immediate in the very
            # savepoint that is rolled back, not in a released one inside it. All our deferrable
            # constraints are initially deferred.
            db.session.execute(text("set constraints all deferred"))
            self._is_checked = False


def hash_of(arguments_hash: str, shown: Description) -> str:
    """Return the hash of the arguments and of the preview's fixed parts.

    Notes and the running balances of accounts are left out, because unrelated postings change them.
    """
    return digest(
        _results_in(shown)
        | {
            "arguments": arguments_hash,
            "refusal": shown.get("refusal"),
            "balances": [
                [balance.get(name) for name in ("key", "before", "after")]
                for balance in shown.get("balances", [])
            ],
        }
    )


def run_as_shown(
    effect: Effect, requester: Actor, grant: Grant, arguments: JsonObject, shown: JsonObject
) -> JsonObject | OutboundCall[JsonObject]:
    """Run an approved act and check that it does what its preview says.

    Returns the result of the act. For an act that calls an outside system, returns the outbound
    call, which the caller must make.

    Raises:
        VoyagentError: a rule refuses the act.
        ChangedSinceApproval: the act differs from the preview `shown`. The caller must roll the
            act back.
    """
    granted, locale = requester.granted(grant), shown.get("locale") or requester.locale
    if effect.run_dry is not effect.run:
        _check_same(dry_run(effect, requester, arguments, TimeLimit(), locale=locale), shown)
        return effect.run(granted, dict(arguments))
    # The act runs in the language of the preview, because it may store texts that a paper prints.
    with recording(db.session, is_dry=False) as notes, force_locale(locale):
        described = _described(effect, requester, arguments)
        before = _measured(effect, requester, arguments)
        result = effect.run(granted, dict(arguments))
        db.session.flush()
        after = _measured(effect, requester, arguments)
        _check_same(_with_results(described, notes, before, after), shown)
    return result


def _check_same(now: Description | None, shown: Mapping[str, Any]) -> None:
    if now is None or digest(_results_in(now)) != digest(_results_in(shown)):
        raise ChangedSinceApproval


def _results_in(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a preview that must be the same when the act runs."""
    document = shown.get("document")
    return {
        "lines": [
            [
                *(line.get(name) for name in ("code", "party", "currency", "debit", "credit")),
                *(line[name] for name in ("base_debit", "base_credit") if name in line),
            ]
            for line in shown.get("lines", [])
        ],
        "document": (
            None
            if document is None
            else [document.get(name) for name in ("party", "day", "rows", "total", "version")]
        ),
        "itinerary": shown.get("itinerary", []),
        "leaves": shown.get("leaves", []),
        "facts": shown.get("facts", []),
        "checks": {
            check["code"]: check["ok"] for check in shown.get("checks", []) if "code" in check
        },
    } | ({"papers": shown["papers"]} if "papers" in shown else {})


def _act(effect: Effect, requester: Actor, arguments: JsonMapping) -> None:
    if effect.run_dry is not None:
        grant = Grant("dry run", effect.permission, effect.further)
        effect.run_dry(requester.granted(grant), dict(arguments))


def _run(
    effect: Effect, requester: Actor, arguments: JsonMapping, shown: Description, notes: Notes
) -> Description:
    notes.entries.clear()
    notes.mails.clear()
    notes.papers.clear()
    before = _measured(effect, requester, arguments)
    _act(effect, requester, arguments)
    db.session.flush()
    db.session.execute(
        text("set constraints all immediate")
    )  # check deferred constraints now, as the commit would
    return _with_results(shown, notes, before, _measured(effect, requester, arguments))


def _described(effect: Effect, requester: Actor, arguments: JsonMapping) -> Description:
    return Description() if effect.describe is None else effect.describe(requester, dict(arguments))


def _measured(effect: Effect, requester: Actor, arguments: JsonMapping) -> Measured:
    return Measured() if effect.measure is None else effect.measure(requester, dict(arguments))


def _with_results(
    shown: Description, notes: Notes, before: Measured, after: Measured
) -> Description:
    """Return a description with the recorded and measured results of the act."""
    seen = _seen(notes, before, after)
    leaves = [*shown.get("leaves", []), *seen.get("leaves", [])]
    return shown | seen | (Description(leaves=leaves) if leaves else Description())


def _seen(notes: Notes, before: Measured, after: Measured) -> Description:
    """Return the recorded and measured results of an act as a description."""
    shown = Description()
    if notes.entries:
        shown["lines"] = _lines(notes.entries)
    if after.get("balances"):
        shown["balances"] = list(_balances(before.get("balances", []), after["balances"]))
    steps = list(_steps(before.get("itinerary", {}), after.get("itinerary", {})))
    if steps:
        shown["itinerary"] = steps
    if notes.mails:
        shown["leaves"] = [LeavingShown(kind="mail", text=to) for _kind, to in notes.mails]
    if notes.papers:
        shown["papers"] = list(notes.papers)
    return shown


def _lines(entries: Iterable[UUID]) -> list[LineShown]:
    """Return the journal lines, with account balances before and after the act."""
    reader = SessionReader(db.session)
    rows = reader.read(entry_lines_statement(*entries))[0]
    after = _balances_of(reader, {row["account_id"] for row in rows})
    moved: dict[tuple[UUID, str], int] = defaultdict(int)
    for row in rows:
        moved[row["account_id"], row["currency"]] += row["debit_minor"] - row["credit_minor"]
    return [
        _line(
            row,
            after[row["account_id"], row["currency"]],
            moved[row["account_id"], row["currency"]],
        )
        for row in rows
    ]


def _line(row: Row, after_minor: int, moved_minor: int) -> LineShown:
    currency = row["currency"]
    line = LineShown(
        code=row["code"],
        name=row["name"],
        party=row["party_name"],
        currency=currency,
        debit=wire_amount(row["debit_minor"], currency) if row["debit_minor"] else None,
        credit=wire_amount(row["credit_minor"], currency) if row["credit_minor"] else None,
        before=wire_amount(after_minor - moved_minor, currency),
        after=wire_amount(after_minor, currency),
    )
    debit, credit = sides_of(row)
    if debit.currency == currency:
        return line
    return line | LineShown(
        base_currency=debit.currency,
        base_debit=debit.wire if debit else None,
        base_credit=credit.wire if credit else None,
    )


def _balances_of(reader: SessionReader, account_ids: set[UUID]) -> dict[tuple[UUID, str], int]:
    found: dict[tuple[UUID, str], int] = defaultdict(int)
    for row in reader.read(balances_statement(LAST_DAY, account_ids))[0]:
        found[row["account_id"], row["currency"]] = row["debit_minor"] - row["credit_minor"]
    return found


def _balances(
    before: list[MeasuredBalance], after: list[MeasuredBalance]
) -> Iterable[BalanceShown]:
    known = {
        (balance["key"], balance["amount"]["currency"]): balance["amount"] for balance in before
    }
    for balance in after:
        amount = balance["amount"]
        nothing = MoneyShown(amount=wire_amount(0, amount["currency"]), currency=amount["currency"])
        was = known.get((balance["key"], amount["currency"]), nothing)
        yield BalanceShown(
            key=balance["key"],
            label=balance["label"],
            before=was,
            after=amount,
            note=balance["note"],
        )


def _steps(before: dict[str, str], after: dict[str, str]) -> Iterable[StepShown]:
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            step = StepShown(key=key)
            if key in before:
                step["before"] = before[key]
            if key in after:
                step["after"] = after[key]
            yield step
