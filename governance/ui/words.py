"""Times and weeks as the street writes them, for the pages; the words are those of `figures.time_words`."""

from __future__ import annotations

from governance.figures.time_words import days_words, stamp_words, week_words

__all__ = ["days_words", "stamp_words", "week_words"]
