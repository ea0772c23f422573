"""Cards are proposed, corrected and confirmed; queries run at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from voyagent import catalogue
from voyagent.capabilities.capability import Choice, Lookup
from voyagent.capabilities.dialogue import Draft, Engine, Reply, choice_message
from voyagent.capabilities.matching import Thresholds
from voyagent.capabilities.slots import Context
from voyagent.kernel.money import Money

OPEN = (
    Choice("i1", "000020, Zachariah Kurian", "2026-27/000020", Money(8_000_000, "INR")),
    Choice("i2", "000031, Zachariah Kurian", "2026-27/000031", Money(17_275_000, "INR")),
)
NEHA = "new enquiry Neha Kapoor, Bali, 2 adults, budget 2 lakh, 12 Dec"
THRESHOLDS = Thresholds(take=0.5, offer=0.1)
RECEIPT = "received a payment of 50000 from zachariah kurian by gpay"
EXACT = "received a payment of 172750 from zachariah kurian by gpay"


def open_documents(_lookup: Lookup, _text: str) -> Sequence[Choice]:
    return OPEN


CONTEXT = Context(
    date(2026, 11, 30), names=("Zachariah Kurian", "Sunitha Rajan"), look_up=open_documents
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(catalogue.CAPABILITIES, CONTEXT, THRESHOLDS)


@pytest.fixture(scope="module")
def installed() -> Engine:
    """An engine with the thresholds of the installation."""
    return Engine(catalogue.CAPABILITIES, CONTEXT)


def talk(engine: Engine, *messages: str) -> Reply:
    draft: Draft | None = None
    for message in messages:
        reply = engine.reply(message, CONTEXT, draft)
        draft = reply.draft
    return reply


def test_a_query_with_all_fields_runs_at_once(engine: Engine) -> None:
    reply = talk(engine, "who owes us money")
    assert (reply.kind, reply.draft and reply.draft.name) == ("run", "list_receivables")


def test_a_query_without_a_required_field_asks_for_it(engine: Engine) -> None:
    reply = talk(engine, "search flights from Kochi to Doha for 2 adults")
    assert (reply.kind, reply.missing) == ("card", ("outbound_date",))
    assert talk(engine, "search flights from Kochi to Doha for 2 adults", "20 Dec").kind == "run"


def test_a_query_whose_name_fits_several_parties_asks(engine: Engine) -> None:
    message = "show the invoices of customer Rohan Kurian"
    reply = engine.start("find_invoices", message, CONTEXT)
    assert (reply.kind, reply.missing) == ("card", ("customer_name",))
    chosen = engine.reply("the first one", CONTEXT, reply.draft)
    assert chosen.kind == "run"
    assert chosen.draft
    assert chosen.draft.values["customer_name"] == "Zachariah Kurian"


def test_an_act_that_writes_becomes_a_card(engine: Engine) -> None:
    reply = talk(engine, EXACT)
    assert (reply.kind, reply.missing, reply.confirmed) == ("card", (), False)
    assert reply.draft is not None
    assert (reply.draft.name, dict(reply.draft.values)) == (
        "record_receipt",
        {
            "invoice_id": "i2",
            "amount": "172750",
            "currency": "INR",
            "paid_on": "2026-11-30",
            "account": "bank",
        },
    )


def test_an_unclear_message_offers_capabilities_and_a_draft_of_the_first(engine: Engine) -> None:
    careful = Engine(catalogue.CAPABILITIES, CONTEXT, replace(THRESHOLDS, take=1.0))
    reply = talk(careful, RECEIPT)
    assert reply.kind == "choose"
    assert reply.offered[0] == "record_receipt"
    assert len(reply.offered) <= 3
    assert reply.missing == ("invoice_id",)


def test_a_message_similar_to_no_example_is_unknown(engine: Engine) -> None:
    reply = talk(engine, "qwertz zxcvb ??")
    assert (reply.kind, reply.draft) == ("unknown", None)


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("reciept", "record_receipt"),
        ("invoce", "draft_invoice"),
        ("enqiry", "update_enquiry"),
        ("hotell", "book_hotel"),
        ("ballance", "trial_balance"),
    ],
)
def test_an_unknown_message_offers_what_is_written_alike(
    installed: Engine, message: str, name: str
) -> None:
    reply = installed.reply(message, CONTEXT)
    assert reply.kind == "unknown"
    assert name in reply.offered
    assert reply.draft
    assert reply.draft.name == reply.offered[0]
    open_card = Draft("record_receipt", {"amount": "500"})
    assert installed.reply(message, CONTEXT, open_card).offered == ()


def test_a_pressed_choice_picks_exactly_its_record(engine: Engine) -> None:
    alike = (Choice("p1", "Anitha Menon, Bali"), Choice("p2", "Anitha Menon, Bali"))
    context = replace(CONTEXT, look_up=lambda _lookup, _text: alike)
    card = engine.start("book_hotel", "book Amber Court", context).draft
    assert card
    for place, record in ((1, "p1"), (2, "p2")):
        picked = engine.reply(choice_message(place, "Anitha Menon, Bali"), context, card).draft
        assert picked
        assert picked.values == {"passenger_ids": [record]}


def test_a_correction_changes_its_field_and_keeps_the_others(engine: Engine) -> None:
    reply = talk(engine, RECEIPT, "the second one", "no, 3 lakh", "actually yesterday")
    assert reply.draft is not None
    assert reply.draft.values == {
        "amount": "300000",
        "currency": "INR",
        "paid_on": "2026-11-29",
        "account": "bank",
        "invoice_id": "i2",
    }


@pytest.mark.parametrize(
    ("message", "invoice"),
    [
        ("the second one", "i2"),
        ("the last", "i2"),
        ("1st", "i1"),
        ("2", "i2"),
        ("000020", "i1"),
        ("the fifth one", None),
    ],
)
def test_a_record_is_chosen_by_position_or_number(
    engine: Engine, message: str, invoice: str | None
) -> None:
    reply = talk(engine, RECEIPT, message)
    assert reply.draft is not None
    assert reply.draft.values.get("invoice_id") == invoice


def test_the_currency_follows_the_chosen_record(engine: Engine) -> None:
    rows = (OPEN[0], Choice("i3", "000050, Al Noor", "2026-27/000050", Money(900_000, "AED")))
    context = replace(CONTEXT, look_up=lambda _lookup, _text: rows)
    for message, currency in (("received a payment of 4000 by neft", "AED"), ("got $400", "USD")):
        card = engine.start("record_receipt", message, context)
        picked = engine.reply("the second one", context, card.draft)
        assert picked.draft
        assert picked.draft.values["currency"] == currency


def test_a_record_is_chosen_from_the_list_shown_last(engine: Engine) -> None:
    fares = [Choice("f1", "EK 501", "EK 501"), Choice("f2", "QR 517", "QR 517")]
    reply = engine.reply("hold the second fare", CONTEXT, Draft("hold_flight"), fares)
    assert reply.draft is not None
    assert reply.draft.values == {"fare_id": "f2"}


def test_the_price_of_a_line_is_corrected(installed: Engine) -> None:
    line = {"description": "Hotel", "quantity": 2, "unit_price": "500", "currency": "INR"}
    draft = Draft("receive_bill", {"vendor_name": "Akbar", "line_items": [line]})
    reply = installed.reply("no, 600 rs", CONTEXT, draft)
    assert reply.draft is not None
    assert reply.draft.values["line_items"] == [line | {"unit_price": "600"}]


LINES = [
    {"description": name, "quantity": 1, "unit_price": price, "currency": "INR"}
    for name, price in (("Tickets", "21500"), ("Hotel 3 nights", "18000"), ("Visa", "7200"))
]


@pytest.mark.parametrize(
    ("message", "prices"),
    [
        ("make the hotel 19,000", ["21500", "19000", "7200"]),
        ("no, 8000", ["21500", "18000", "8000"]),
        ("no, travel insurance 1500", ["21500", "18000", "7200", "1500"]),
    ],
)
def test_a_corrected_line_keeps_the_other_lines(
    installed: Engine, message: str, prices: list[str]
) -> None:
    draft = Draft("draft_invoice", {"customer_name": "Riyas Muhammed", "line_items": LINES})
    reply = installed.reply(message, CONTEXT, draft)
    assert reply.draft is not None
    assert reply.draft.name == "draft_invoice"
    assert [line["unit_price"] for line in reply.draft.values["line_items"]] == prices


@pytest.mark.parametrize(
    "message", ["paid 5000 to Spice Coast Cars from bank", "invoice Meera Iyer 7,000 for visa"]
)
def test_a_request_about_another_party_is_no_correction_of_the_open_card(message: str) -> None:
    fields = {"customer_name": "Riyas Muhammed", "line_items": LINES}
    draft = Draft("draft_invoice", fields, {"customer_name": "Riyas"})
    context = replace(CONTEXT, names=("Riyas Muhammed", "Spice Coast Cars"))
    reply = Engine(catalogue.CAPABILITIES, context).reply(message, context, draft)
    assert reply.open_draft == draft
    assert reply.draft is not None
    assert reply.draft.values.get("customer_name") != "Riyas Muhammed"
    assert reply.draft.values.get("line_items") != LINES


def test_the_answer_to_a_question_for_a_name_may_be_the_name_alone(engine: Engine) -> None:
    reply = engine.reply("Meera Iyer", CONTEXT, Draft("create_enquiry", {"pax_count": 2}))
    assert reply.draft is not None
    assert reply.draft.values == {"pax_count": 2, "customer_name": "Meera Iyer"}


def test_yes_confirms_a_complete_card_only(engine: Engine) -> None:
    assert not talk(engine, RECEIPT, "yes").confirmed
    assert talk(engine, EXACT, "yes").confirmed
    assert not talk(engine, EXACT, "yes, but 500").confirmed


def test_a_draft_is_cancelled(engine: Engine) -> None:
    assert talk(engine, EXACT, "leave it").kind == "dropped"


def test_a_new_request_keeps_the_open_draft(engine: Engine) -> None:
    reply = talk(engine, EXACT, "who owes us money")
    assert (reply.kind, reply.draft and reply.draft.name) == ("run", "list_receivables")
    assert reply.open_draft is not None
    assert reply.open_draft.name == "record_receipt"


def test_a_pronoun_means_the_subject_of_the_conversation(engine: Engine) -> None:
    context = replace(CONTEXT, known={"customer_name": "Sunitha Rajan", "trip_id": "t1"})
    draft = engine.draft("list_receivables", "what does she owe, show their balance", context)
    assert draft.values == {"customer_name": "Sunitha Rajan"}


def test_the_text_takes_precedence_over_the_subject(engine: Engine) -> None:
    context = replace(CONTEXT, known={"customer_name": "Sunitha Rajan"})
    draft = engine.draft("list_receivables", "show his dues, Zachariah Kurian", context)
    assert draft.values["customer_name"] == "Zachariah Kurian"


INVOICES = (
    Choice("d1", "draft, Ravi Menon", fills=("invoice_id",)),
    Choice("d2", "draft, Sunitha Rajan", fills=("invoice_id",)),
)
BILLS = tuple(one._replace(fills=("bill_id",)) for one in OPEN)
PARTIES = tuple(Choice(name, name, fills=("customer_name",)) for name in CONTEXT.names)
NOTHING_OPEN = replace(CONTEXT, names=(), look_up=lambda _lookup, _text: ())


def test_a_record_of_a_list_fills_the_field_that_accepts_it(engine: Engine) -> None:
    draft = engine.draft("issue_invoice", "issue the second one", NOTHING_OPEN, INVOICES)
    assert draft.values == {"invoice_id": "d2"}


RATES = tuple(Choice(f"k-{n}", f"Hotel {n}", fills=("rate_key",)) for n in (1, 2, 3))
FARES = tuple(Choice(f"f-{n}", f"EK 50{n}", f"EK 50{n}", fills=("fare_id",)) for n in (1, 2, 3))
PASSENGERS = (Choice("p1", "Anitha Menon, Bali"), Choice("p2", "Ravi Menon, Bali"))


@pytest.mark.parametrize(
    ("message", "rate"),
    [
        ("book the second one", "k-2"),
        ("book the last hotel for them", "k-3"),
        ("reserve number 2", "k-2"),
        ("doosra wala hotel book kar do", "k-2"),
        ("पहला होटल बुक करो", "k-1"),
    ],
)
def test_the_hotel_on_the_screen_is_booked_and_its_guests_are_asked(
    engine: Engine, message: str, rate: str
) -> None:
    context = replace(CONTEXT, look_up=lambda _lookup, _text: PASSENGERS)
    reply = engine.start("book_hotel", message, context, RATES)
    assert reply.draft
    assert reply.draft.values == {"rate_key": rate}
    assert reply.draft.choices == {"passenger_ids": PASSENGERS}


@pytest.mark.parametrize(
    ("listed", "name"),
    [(RATES, "book_hotel"), (FARES, "hold_flight"), (FARES + RATES, "hold_flight")],
)
def test_what_is_booked_is_of_the_kind_that_was_listed_last(
    engine: Engine, listed: Sequence[Choice], name: str
) -> None:
    reply = engine.reply("book the second one", NOTHING_OPEN, None, listed)
    assert reply.draft
    assert reply.draft.name == name
    assert listed[1].id in reply.draft.values.values()


def test_a_hotel_on_the_screen_is_booked_by_its_name(engine: Engine) -> None:
    rows = tuple(
        Choice(key, label, fills=("rate_key",))
        for key, label in (
            ("a", "Amber Court, 4 stars"),
            ("b", "Yas Bay, Deluxe"),
            ("c", "Yas Bay, Twin"),
        )
    )
    for message, values in (("book Amber Court", {"rate_key": "a"}), ("book the Yas Bay", {})):
        assert engine.draft("book_hotel", message, NOTHING_OPEN, rows).values == values


def test_a_record_of_a_list_fills_no_field_of_another_kind(engine: Engine) -> None:
    message = "record a payment of 5000 for the second one"
    draft = engine.draft("record_receipt", message, NOTHING_OPEN, BILLS)
    assert "invoice_id" not in draft.values
    assert engine.draft("pay_bill", message, NOTHING_OPEN, BILLS).values["bill_id"] == "i2"


def test_a_party_of_a_list_is_a_name_for_every_capability(engine: Engine) -> None:
    message = "invoices of the second one"
    found = engine.draft("find_invoices", message, NOTHING_OPEN, PARTIES)
    assert found.values["customer_name"] == "Sunitha Rajan"
    asked: list[str] = []
    context = replace(NOTHING_OPEN, look_up=lambda _lookup, text: asked.append(text) or OPEN[:1])
    paid = engine.draft("record_receipt", "the second one paid 20000", context, PARTIES)
    assert paid.values["invoice_id"] == "i1"
    assert asked == ["the second one paid 20000 Sunitha Rajan"]


@pytest.mark.parametrize(
    ("message", "notes"),
    [
        ("no, budget 3 lakh", "new enquiry Neha Kapoor, Bali, 2 adults, budget 3 lakh, 12 Dec"),
        ("actually 15 Dec", "new enquiry Neha Kapoor, Bali, 2 adults, budget 2 lakh, 15 Dec"),
        ("sorry, 3 adults", "new enquiry Neha Kapoor, Bali, 3 adults, budget 2 lakh, 12 Dec"),
        ("n@example.com", f"{NEHA}\nn@example.com"),
    ],
)
def test_a_correction_changes_the_stored_message_as_well(
    engine: Engine, message: str, notes: str
) -> None:
    card = engine.start("create_enquiry", NEHA, CONTEXT)
    corrected = engine.reply(message, CONTEXT, card.draft)
    assert corrected.draft
    assert corrected.draft.values["notes"] == notes


@pytest.mark.parametrize(
    "message",
    [
        "hmm ok go ahead",
        "well, yes please",
        "ok, looks good, save it",
        "Yes. That's correct!",
        "haan ji theek hai",
        "um... sure, do it",
        "ठीक है, कर दो",
    ],
)
def test_a_hesitant_yes_confirms_like_a_plain_one(engine: Engine, message: str) -> None:
    assert talk(engine, EXACT, message).confirmed


@pytest.mark.parametrize(
    "message",
    ["hmm", "please", "ok but 5000", "yes, and 3 lakh", "go ahead with the other one", "fine"],
)
def test_less_than_a_yes_confirms_nothing(engine: Engine, message: str) -> None:
    assert not talk(engine, EXACT, message).confirmed


@pytest.mark.parametrize(
    "message",
    [
        "how much does Sunitha owe",
        "how much does Zachariah Kurian owe us",
        "what does Sunitha Rajan owe us",
        "does Zachariah owe anything",
        "outstanding of Sunitha Rajan",
    ],
)
def test_what_a_known_customer_owes_is_listed_at_once(installed: Engine, message: str) -> None:
    reply = installed.reply(message, CONTEXT)
    assert reply.draft
    assert (reply.kind, reply.draft.name) == ("run", "list_receivables")
    assert reply.draft.values["customer_name"] in CONTEXT.names


@pytest.mark.parametrize("message", ["invoices of last week", "invoices due 2nd Dec", "on 1st"])
def test_a_date_does_not_refer_to_a_list(engine: Engine, message: str) -> None:
    found = engine.draft("find_invoices", message, NOTHING_OPEN, PARTIES)
    assert "customer_name" not in found.values


@pytest.mark.parametrize(
    ("message", "changed"),
    [
        ("not 172750, 40000", {"amount": "40000"}),
        ("its 40000 not 172750", {"amount": "40000"}),
        ("change amount to 40000", {"amount": "40000"}),
        ("amount 40000 only", {"amount": "40000"}),
        ("172750 nahi 40k", {"amount": "40000"}),
        ("no not 172750 its 20k", {"amount": "20000"}),
        ("yes but make it 40000", {"amount": "40000"}),
        ("date 28 nov", {"paid_on": "2026-11-28"}),
        ("and date should be 28 nov", {"paid_on": "2026-11-28"}),
        ("not today, paid on 28 nov", {"paid_on": "2026-11-28"}),
        ("mode cash", {"account": "cash"}),
        ("it was cash not gpay", {"account": "cash"}),
        ("reference HDFC0001234", {"reference": "HDFC0001234"}),
    ],
)
def test_a_message_of_values_alone_changes_the_open_card(
    engine: Engine, message: str, changed: dict[str, str]
) -> None:
    card = talk(engine, EXACT)
    assert card.draft
    reply = engine.reply(message, CONTEXT, card.draft)
    assert reply.draft
    assert reply.draft.name == "record_receipt"
    expected = {**card.draft.values, **changed}
    assert {one: reply.draft.values.get(one) for one in expected} == expected


def test_travellers_and_budget_of_an_open_enquiry_change(engine: Engine) -> None:
    reply = talk(engine, NEHA, "change to 3 adults", "budget 3 lakh", "return 20 dec")
    assert reply.draft
    assert reply.draft.name == "create_enquiry"
    assert reply.draft.values["pax_count"] == 3
    assert reply.draft.values["budget_amount"] == "300000"
    assert reply.draft.values["return_date"] == "2026-12-20"


@pytest.mark.parametrize(
    "message", ["no", "no thanks", "dont save", "nahi", "no, cancel it", "discard that", "cancel"]
)
def test_a_refused_card_is_dropped(engine: Engine, message: str) -> None:
    assert talk(engine, EXACT, message).kind == "dropped"


@pytest.mark.parametrize("message", ["thanks", "...", " "])
def test_a_message_without_a_refusal_drops_no_card(engine: Engine, message: str) -> None:
    assert talk(engine, EXACT, message).kind != "dropped"


@pytest.mark.parametrize("message", ["send", "ok send", "send it for approval", "submit"])
def test_sending_an_open_card_confirms_it(engine: Engine, message: str) -> None:
    assert talk(engine, EXACT, message).confirmed


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("trial balance", "trial_balance"),
        ("who owes us money", "list_receivables"),
        ("show me the open bills", "find_bills"),
        ("paid 5000 to Taj Malabar by cash", "pay_bill"),
    ],
)
def test_a_request_with_an_open_card_is_another_act(
    engine: Engine, message: str, name: str
) -> None:
    reply = talk(engine, EXACT, message)
    assert reply.draft
    assert reply.draft.name == name
