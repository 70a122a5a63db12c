"""What others wrote, made safe to print: on one line, in the order in which it was written, nothing hidden in it.

Terminals obey escape sequences, log viewers obey line ends, and whatever draws text obeys the marks that turn its
direction around. Other invisible characters make two different texts look the same. All regular expressions here are
linear: their quantifiers are possessive, and what they match can't begin inside of itself.
"""

from __future__ import annotations

import re

LONGEST = 1 << 13  # characters that are kept of a message of others; no server has that much to say

# ECMA-48 section 5.4 (CSI) and 5.6 (OSC, DCS, …), and the short ones, in 7 and in 8 bits
_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]?+"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])(?:[^\x07\x1b\x9c]*+(?:\x07|\x1b\\|\x9c))?+"
    r"|\x1b[ -/]*+[0-~]?+"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]++")
# Unicode's categories Cf and Cs, its tags and variation selectors, and letters without a glyph
_INVISIBLE = re.compile(
    "[\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\ud800-\udfff]++"
)


def printable(text: str) -> str:
    """Return a foreign string as one line without control characters, escape sequences and invisible characters."""
    if text.isascii() and text.isprintable():
        return text
    if "\x1b" in text or not text.isascii():
        text = _ESCAPE.sub(" ", text)
    return _INVISIBLE.sub("", _CONTROL.sub(" ", text))


def kept(text: str | None) -> str | None:
    """Return a message of others as errors keep it: printable, and of bounded length; None stays None."""
    if text is None:
        return None
    return printable(text).strip() if len(text) <= LONGEST else f"{printable(text[:LONGEST]).strip()}…"
