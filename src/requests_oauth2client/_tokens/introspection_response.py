"""What the AS says about a token that was introspected (RFC 7662 section 2.2)."""

from __future__ import annotations

from datetime import datetime

from .._oidc.user_info import TypedMembers


class IntrospectionResponse(TypedMembers):
    """What the AS says about a token: a dict, the registered members also as properties.

    A member that is absent, or of another type than RFC 7662 says, reads as None; the dict has it as it came.

    Source: RFC 7662 section 2.2.
    """

    __module__ = "requests_oauth2client.tokens"  # where callers import it from

    @property
    def active(self) -> bool:
        """Whether the token is valid; False where the server does not say it."""
        return self.get("active") is True

    @property
    def scope(self) -> str | None:
        """The scope of the token, words separated by spaces."""
        return self._string("scope")

    @property
    def client_id(self) -> str | None:
        """The client that the token was issued to."""
        return self._string("client_id")

    @property
    def username(self) -> str | None:
        """The user who granted it, for people to read."""
        return self._string("username")

    @property
    def token_type(self) -> str | None:
        """The type of the token, such as `Bearer` or `DPoP`."""
        return self._string("token_type")

    @property
    def sub(self) -> str | None:
        """The subject of the token, usually the user who granted it."""
        return self._string("sub")

    @property
    def iss(self) -> str | None:
        """The issuer of the token."""
        return self._string("iss")

    @property
    def aud(self) -> list[str]:
        """The services that the token is meant for."""
        value = self.get("aud")
        listed = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        return [one for one in listed if isinstance(one, str)]

    @property
    def jti(self) -> str | None:
        """The identifier of the token."""
        return self._string("jti")

    @property
    def expires_at(self) -> datetime | None:
        """The `exp` member, aware, UTC."""
        return self._datetime("exp")

    @property
    def issued_at(self) -> datetime | None:
        """The `iat` member, aware, UTC."""
        return self._datetime("iat")

    @property
    def not_before(self) -> datetime | None:
        """The `nbf` member, aware, UTC."""
        return self._datetime("nbf")
