"""Assertions that are signed here, for the JWT bearer grant (RFC 7523 section 2.1 and 3)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from .._core.credential_errors import CredentialUnavailable
from .._core.credentials import File, read_file
from .._core.messages import parse_json_object
from .._core.redaction import one_line
from .._core.times import timestamp
from .._core.values import NotPickled
from ..exceptions import InvalidParam

LIFETIME = 300  # seconds


class SignedAssertion(NotPickled):
    """Signs an assertion for each token request: `JwtBearerSource(client, SignedAssertion(...))`.

    Args:
        issuer: who signs it (`iss`).
        subject: who it is about (`sub`): the user on whose behalf the token is asked for. None leaves it out, for
            servers that take the issuer then, although RFC 7523 demands it.
        audience: the AS, by its issuer or the address of its token endpoint, as it wants it.
        key: a private JWK, a private key of `cryptography` or joserfc, PEM or DER, or a signer that keeps the key
            elsewhere: an object with `public_jwk`, and `sign(data, alg)`.
        lifetime: seconds that an assertion is good for.
        claims: further claims, such as `scope`, or others; None takes one away.
        headers: further members of its header, or others, such as `kid`.

    Raises:
        InvalidParam: the key can't sign, or issuer or audience are missing.

    Source: RFC 7523 section 3.
    """

    pickle_advice = "Make it from the key, which belongs into a secret store."

    def __init__(
        self,
        *,
        issuer: str,
        subject: str | None,
        audience: str | Iterable[str],
        key: object,
        lifetime: int = LIFETIME,
        claims: Mapping[str, Any] | None = None,
        headers: Mapping[str, Any] | None = None,
    ) -> None:
        from .._jose.keys import InvalidKey, signing_key  # noqa: PLC0415  loads cryptography

        for name, value in (("issuer", issuer), ("audience", audience), ("subject", subject)):
            if not value and not (name == "subject" and value is None):
                msg = f"A signed assertion needs {name}= (RFC 7523 section 3)."
                raise InvalidParam(msg)
        try:
            self._key = signing_key(key)
        except InvalidKey as wrong:
            msg = f"This key can't sign assertions: {wrong}"
            raise InvalidParam(msg) from wrong
        self.issuer = issuer
        self.subject = subject
        self.audience = audience if isinstance(audience, str) else list(audience)
        self.lifetime = lifetime
        self.claims = dict(claims or {})
        self.headers = dict(headers or {})

    @classmethod
    def from_service_account(
        cls,
        file: str | os.PathLike[str] | File | Mapping[str, Any],
        *,
        issuer: str | None = None,
        subject: str | None = None,
        audience: str | Iterable[str] | None = None,
        key: object = None,
        lifetime: int = LIFETIME,
        claims: Mapping[str, Any] | None = None,
        headers: Mapping[str, Any] | None = None,
    ) -> Self:
        """Sign as a service account, from the file with its key that Google and others hand out.

        Args:
            file: the file, or what it contains.
            issuer: by default the account, `client_email`.
            subject: the user to act for; by default the claim is left out.
            audience: by default the token endpoint, `token_uri`.
            key: by default the `private_key`.
            lifetime: as for the class.
            claims: as for the class.
            headers: as for the class; `kid` is the `private_key_id`.

        Raises:
            CredentialUnavailable: the file can't be read.
            InvalidParam: this is not a key of a service account.
        """
        account = dict(file) if isinstance(file, Mapping) else _account_in(file)
        given = {"issuer": issuer, "audience": audience, "key": key}
        named = {"issuer": "client_email", "audience": "token_uri", "key": "private_key"}
        found: dict[str, Any] = {name: account.get(named[name]) for name in named}
        found |= {name: value for name, value in given.items() if value is not None}
        kind, missing = account.get("type"), [named[name] for name, value in found.items() if not value]
        kid = account.get("private_key_id")
        del account, given, key
        if missing:
            what = f" Its type is {one_line(kind)!r}." if isinstance(kind, str) else ""
            msg = f"This is not a key of a service account: {', '.join(missing)} is missing.{what}"
            raise InvalidParam(msg)
        header = {"kid": kid} if isinstance(kid, str) else {}
        return cls(subject=subject, lifetime=lifetime, claims=claims, headers={**header, **(headers or {})}, **found)

    def __call__(self) -> str:
        """Sign an assertion, with times and an id of its own."""
        from .._jose.jws import sign  # noqa: PLC0415  loads cryptography

        now = int(timestamp())
        claims = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": self.audience,
            "iat": now,
            "exp": now + self.lifetime,
            "jti": str(uuid4()),
            **self.claims,
        }
        known = {name: value for name, value in claims.items() if value is not None}
        return sign(known, self._key, header={"typ": "JWT", **self.headers})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} issuer={self.issuer!r} subject={self.subject!r} audience={self.audience!r}>"


def _account_in(file: str | os.PathLike[str] | File) -> dict[str, Any]:
    path = file.path if isinstance(file, File) else Path(file)
    try:
        return parse_json_object(read_file(path))
    except CredentialUnavailable:
        raise
    except ValueError as wrong:
        msg = f"{path} is not a key of a service account: {wrong}."
        raise InvalidParam(msg) from None
