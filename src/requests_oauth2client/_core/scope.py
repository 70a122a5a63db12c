"""The words of a scope (RFC 6749 section 3.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ..exceptions import InvalidParam

_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")  # RFC 6749 section 3.3


class InvalidScopeParam(InvalidParam, TypeError):
    """A scope is neither a string nor an iterable of words (RFC 6749 section 3.3)."""

    def __init__(self, scope: object) -> None:
        super().__init__(
            f"A scope is a str or an iterable of str without spaces, quotes and backslashes; got {scope!r}."
        )
        self.scope = scope


def scope_words(scope: Any) -> list[str]:
    """Return the words of a scope.

    Raises:
        InvalidScopeParam: neither a str nor an iterable of words of the scope alphabet.
    """
    if isinstance(scope, str):
        words = scope.split()
    elif isinstance(scope, Iterable) and not isinstance(scope, (bytes, bytearray)):
        words = [word for word in scope]  # noqa: C416  list() would ask a mapping-like object for more
    else:
        raise InvalidScopeParam(scope)
    if not all(isinstance(word, str) and _SCOPE.fullmatch(word) for word in words):
        raise InvalidScopeParam(scope)
    return words


def join_scope(scope: Any) -> str | None:
    """Return a scope as it is sent: words joined by spaces; None stays None.

    Raises:
        InvalidScopeParam: neither a str nor an iterable of words.
    """
    if scope is None:
        return None
    return " ".join(scope_words(scope))
