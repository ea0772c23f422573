"""Confirmation page of a reversal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template

from voyagent.billing.core.forms.reversals import REVERSED, ReverseForm
from voyagent.billing.core.schemas.reversals import ReverseIn
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Reversed:
    """Content of the confirmation page of a reversal.

    `words` is the number or label of the payment, refund or credit, and `explained` a sentence
    about the reversal. `all_words` and `all_url` are the label and the URL of the list of such
    records. `postings` are the journal lines of the reversal. `recognitions` are the entries that
    reverse revenue or cost recognised on service dates.
    """

    words: str
    party_name: str
    amount: Money
    explained: str
    nav: str
    all_words: str
    all_url: str
    url: str
    postings: list[dict[str, Any]]
    recognitions: Sequence[dict[str, Any]] = ()


def reverse_step(
    form: ReverseForm,
    act: Callable[[ReverseIn], Any],
    preview: Callable[[], Reversed],
    done: str,
    url: str,
) -> Any:
    """Perform a reversal if the form was sent and is valid; otherwise render its page.

    `act` performs the reversal. After success the user is redirected to `url` and reads the message
    `done`. If the form was not sent, is invalid, or `act` fails, the confirmation page is rendered
    with the content that `preview` reads.
    """
    if form.attempt(act, **REVERSED) is None:
        found = preview()
        shown = {
            "reversed": found,
            "postings": found.postings,
            "recognitions": found.recognitions,
        }
        return render_template("billing/reverse.html", form=form, **shown), form.status
    toast(done)
    return see_other(url)
