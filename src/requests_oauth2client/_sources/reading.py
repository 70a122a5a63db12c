"""What all sources of foreign credentials have in common: what came is a token, or the error says why not.

A token stands alone in what came, or in a member of a JSON object, or that object is a token response. Knows no place
where one could come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

from .._core import token_syntax
from .._core.credential_errors import CredentialUnavailable, ExpiredCredential, InvalidCredential
from .._core.messages import parse_json_object
from .._core.redaction import one_line
from .._core.times import moment
from .._renewal.sources import NO_OTHER_API, TokenSource
from .._tokens.bearer import BearerToken
from ..exceptions import InvalidParam

LIFETIME = 60  # seconds after which a token that does not say its expiry is asked for again


class CredentialSource(TokenSource):
    """Base of the sources whose tokens something else issues.

    Args:
        lifetime: seconds after which a token that does not say its expiry itself is asked for again.
    """

    token_kind: ClassVar[str | None] = token_syntax.ACCESS_TOKEN

    def __init__(self, *, lifetime: float = LIFETIME) -> None:
        super().__init__()
        self.lifetime = lifetime

    @property
    def place(self) -> str:
        """Where its tokens come from, for messages."""
        return type(self).__name__

    def for_api(self, fields: Mapping[str, Any]) -> TokenSource:
        """Refuse: there is the token that there is."""
        raise InvalidParam(NO_OTHER_API.format(type(self).__name__, ", ".join(fields)))

    def read(self, text: str, *, member: str | None = None) -> BearerToken:
        """Make a token of what came.

        Args:
            text: what came.
            member: of a JSON object, where the token is.

        Raises:
            InvalidCredential: it does not have a token.
            ExpiredCredential: it is a JWT whose time is over, or has not come.
        """
        token, wrong = self._token_in(text, member)
        del text
        if token is None or wrong is not None:
            raise wrong or InvalidCredential(self.place, "nothing came.")
        return token

    def check(self, token: BearerToken) -> str | None:  # noqa: ARG002  most take any token
        """Say what is wrong with a token beyond its form; None where it is right."""
        return None

    def _token_in(self, text: str, member: str | None) -> tuple[BearerToken | None, CredentialUnavailable | None]:
        fields, problem = fields_in(text, member)
        if problem is not None:
            return None, InvalidCredential(self.place, f"{problem}.")
        token, problem = _token_of(fields, str(self.token_kind))
        if token is None:
            return None, InvalidCredential(self.place, f"{problem}.")
        late = token_syntax.times_problem(token.access_token)
        if late is not None:
            return None, ExpiredCredential(self.place, f"{late}.")
        wrong = self.check(token)
        return (token, None) if wrong is None else (None, InvalidCredential(self.place, f"{wrong}."))

    def dated(self, token: BearerToken) -> BearerToken:
        """Return a token that says when it has to be asked for again."""
        if token.expires_at is not None:
            return token
        expires_at = moment(token_syntax.claims_of(token.access_token).get("exp"))
        return token.replace(expires_at=expires_at) if expires_at else token.replace(expires_in=self.lifetime)


def fields_in(text: str, member: str | None) -> tuple[dict[str, Any], str | None]:
    """Return the fields of a token response, or those that a lone token makes; and what is wrong, or None."""
    text = text.removeprefix("\ufeff").strip()
    if member is None and not text.startswith("{"):
        return {"access_token": text}, None
    try:
        answer = parse_json_object(text)
    except ValueError as wrong:
        came = "HTML or XML came" if text.startswith("<") else str(wrong)
        return {}, f"expected a JSON object, and {came}"
    if member is None:
        return answer, None
    if not isinstance(answer.get(member), str):
        what = f"is a {type(answer[member]).__name__}" if member in answer else "is missing"
        return {}, f"expected a JSON object with the token as {one_line(member)!r}, and that {what}"
    return {"access_token": answer[member].strip()}, None


def _token_of(fields: dict[str, Any], kind: str) -> tuple[BearerToken | None, str | None]:
    value = fields.get("access_token")
    if not isinstance(value, str):
        what = f"is a {type(value).__name__}" if "access_token" in fields else "is missing"
        return None, f"expected a token response with an access_token as string (RFC 6749 section 5.1), and that {what}"
    problem = token_syntax.problem_of(value, kind)
    if problem is not None:
        return None, problem
    with suppress(ValueError, TypeError):
        return BearerToken(**fields), None
    return None, "expected a token response of the type Bearer (RFC 6749 section 5.1), and another one came"
