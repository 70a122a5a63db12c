"""Logins of a Flask site, and tokens in its session (the extra "flask").

`FlaskOAuth2ClientCredentialsAuth` is the client credentials handler, except that it keeps its token in
`flask.session`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Self

try:
    from flask import current_app, session
except ImportError as _missing:
    _msg = (
        "requests_oauth2client.flask needs the library flask, which is not installed: install it with the extra"
        " 'flask', that is requests_oauth2client[flask]."
    )
    raise ImportError(_msg) from _missing

from .._renewal.manager import TokenManager
from .._renewal.records import access_key
from .._renewal.sources import TokenSource
from .._tokens.bearer import BearerToken
from ..auth import OAuth2ClientCredentialsAuth
from ..client import OAuth2Client
from ..exceptions import InvalidParam
from ..serializers import InvalidSerializedValue, Serializer, TokenSerializer
from .logins import Logins


class FlaskOAuth2ClientCredentialsAuth(OAuth2ClientCredentialsAuth):
    """Authenticate `requests` calls with tokens for the client itself, kept in the session of the Flask user.

    Args:
        session_key: the name under which the token stands in `flask.session`.
        serializer: turns a token into a string and back. The default encrypts with a key derived from the
            application's `SECRET_KEY`, because the browser can read a Flask session. A serializer that does not
            encrypt shows the token to the user.
        client: the client.
        leeway: seconds before expiry at which the token is renewed already.
        token: a token to begin with; needs a request context.
        allow_insecure_http: send the token over plain http to other machines too. Anyone on the network path can
            read it.
        **token_kwargs: further form fields, such as `scope`, `resource` or `audience`.

    The founding README's order, `(client, session_key, **token_kwargs)`, works too.

    Raises:
        InvalidParam: there is no client, or no session_key.
    """

    def __init__(
        self,
        session_key: str | OAuth2Client,
        serializer: Serializer[BearerToken] | str | None = None,
        client: OAuth2Client | None = None,
        *,
        leeway: float = 20,
        token: BearerToken | str | None = None,
        allow_insecure_http: bool = False,
        **token_kwargs: Any,
    ) -> None:
        if isinstance(session_key, OAuth2Client):
            client, session_key, serializer = session_key, serializer, token_kwargs.pop("serializer", None)  # type: ignore[assignment]
        session_key = token_kwargs.pop("session_key", session_key)
        if not isinstance(session_key, str) or client is None or isinstance(serializer, str):
            msg = "A session_key (str), a serializer or None, and client=OAuth2Client(...) are needed."
            raise InvalidParam(msg)
        self.session_key = session_key
        self.serializer = serializer
        super().__init__(client, leeway=leeway, token=token, allow_insecure_http=allow_insecure_http, **token_kwargs)

    def _managed(self, source: TokenSource, **options: Any) -> TokenManager:
        return _SessionManager(source, handler=self, **options)

    def _copied(self, fields: Mapping[str, Any]) -> Self:
        copied = super()._copied(fields)
        copied.session_key = f"{self.session_key}.{access_key(fields)}"
        return copied

    def __repr__(self) -> str:
        return f"<{type(self).__name__} client_id={self.client.client_id!r} session_key={self.session_key!r}>"

    def token_serializer(self) -> Serializer[BearerToken]:
        """Return what makes a string of a token and back.

        Raises:
            InvalidParam: the application has no `SECRET_KEY`.
        """
        if self.serializer is not None:
            return self.serializer
        secret = current_app.secret_key
        if not secret:
            msg = "The Flask application has no SECRET_KEY, which sessions need, and which encrypts the token."
            raise InvalidParam(msg)
        return TokenSerializer(_stretched(secret.encode() if isinstance(secret, str) else secret))


class _SessionManager(TokenManager):
    """Keeps the token in the session of the Flask user whose request is served."""

    def __init__(self, source: TokenSource, *, handler: FlaskOAuth2ClientCredentialsAuth, **options: Any) -> None:
        self.handler = handler
        super().__init__(source, **options)

    @property
    def token(self) -> BearerToken | None:
        """The token in the session of this request, or None."""
        serialized = session.get(self.handler.session_key)
        if serialized is None:
            return None
        try:
            return self.handler.token_serializer().loads(serialized)
        except InvalidSerializedValue:  # of another SECRET_KEY, or another release: get another one
            return None

    @token.setter
    def token(self, token: BearerToken | None) -> None:
        if token is not None:
            session[self.handler.session_key] = self.handler.token_serializer().dumps(token).decode()
        elif session:  # also asked while there is no request, and nothing to forget
            session.pop(self.handler.session_key, None)

    def hold(self, token: BearerToken, lifetime: int | None) -> None:
        """Hold a token that came now, in the session."""
        super().hold(token, lifetime)
        self.token = token


def _stretched(secret: bytes) -> bytes:
    """Make 32 bytes of a SECRET_KEY of any length; the serializer derives its own key from them."""
    return hashlib.sha256(b"requests_oauth2client.flask\0" + secret).digest()


__all__ = ["FlaskOAuth2ClientCredentialsAuth", "Logins"]
