"""Tokens that an answer took, by what they are charged as."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """Four kinds of tokens that do not overlap: read anew, written, read from the cache, put into
    it.

    `estimated` where the server did not tell them: it offers no figures, or the answer was cut
    short. Then four characters count as a token.
    """

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    estimated: bool = False

    @property
    def total(self) -> int:
        """All tokens, whatever they are charged as."""
        return self.input + self.output + self.cache_read + self.cache_write

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
            self.estimated or other.estimated,
        )
