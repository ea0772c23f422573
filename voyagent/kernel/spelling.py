"""Amounts in words for documents, with Indian number words, in English and Hindi."""

from __future__ import annotations

from babel.numbers import get_currency_name

from voyagent.kernel.money import Money

_CRORE = 10_000_000
_SCALE = {"en": "crore", "hi": "करोड़"}
_RUPEES = {
    "en": ("Rupees {whole}", "{whole} and {part} paise", "{whole} only"),
    "hi": ("{whole} रुपये", "{whole} {part} पैसे", "{whole} मात्र"),
}
_OTHERS = {
    "en": ("{name} {whole}", "{whole} and {part}/{of}", "{whole} only"),
    "hi": ("{whole} {name}", "{whole} {part}/{of}", "{whole} मात्र"),
}


def in_words(amount: Money, language: str) -> str:
    """Return an amount, zero or more, in words: `Rupees one lakh five hundred only`.

    English text has one "and": before the paise, or within the number if there are no paise. The
    minor units of currencies other than the rupee are written as a fraction: `US dollars twelve and
    50/100 only`. `language` is `hi` for Hindi; any other value gives English.
    """
    language = language if language in _SCALE else "en"
    of = 10**amount.exponent
    whole, part = divmod(amount.amount_minor, of)
    first, with_part, end = (_RUPEES if amount.currency == "INR" else _OTHERS)[language]
    name = get_currency_name(amount.currency, count=2, locale=language)
    spelled = _spelled(whole, language)
    text = first.format(whole=spelled.replace(" and ", " ") if part else spelled, name=name)
    if part:
        fraction = (
            _spelled(part, language) if amount.currency == "INR" else f"{part:0{amount.exponent}d}"
        )
        text = with_part.format(whole=text, part=fraction, of=of)
    return end.format(whole=text)


def _spelled(number: int, language: str) -> str:
    """Return a whole number in words."""
    from indic_numtowords import num2words  # type: ignore[import-untyped]  # noqa: PLC0415 - only for documents

    # The library converts only numbers below a hundred crore.
    crores, rest = divmod(number, _CRORE)
    if crores < 100:
        return str(num2words(number, lang=language))
    text = f"{_spelled(crores, language)} {_SCALE[language]}"
    return f"{text} {num2words(rest, lang=language)}" if rest else text
