"""An answer of the AS that is a JWT: decrypted and verified as this client is registered, nothing else.

For userinfo (OIDC Core section 5.3.2) and introspection (RFC 9701 section 5). A hook that reads an answer can't
fetch keys; it gives an `UncheckedJwt`, and the rule checks that. Knows no endpoint; which claims a JWT must
have is its caller's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..._core.effects import Steps
from ..._core.messages import Response, media_type, parse_json_object
from ..._jose.algs import HMAC, SIGNATURE, same_alg
from ..._jose.errors import JoseError
from ..._oidc import decryption
from ...exceptions import InvalidAnswer
from ..metadata import server_keys

if TYPE_CHECKING:
    from ..hooks import Client

LEEWAY = 10  # seconds that the clocks of AS and client may differ


class UncheckedJwt(str):
    """A JWT that came as an answer. Nothing in it is to be believed yet."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<UncheckedJwt>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """How a client is registered to get its answers: the only algorithms that they may have.

    Attributes:
        name: what is protected, as the settings of the client spell it.
        signed: the JWS alg, or None.
        encrypted: the JWE alg, or None.
        enc: the JWE enc; None accepts any that is registered.
    """

    name: str
    signed: str | None
    encrypted: str | None
    enc: str | None

    @classmethod
    def of(cls, client: Client, name: str) -> Protection:
        """Read the three settings of a client, such as `userinfo_signed_response_alg`."""

        def setting(suffix: str) -> str | None:
            value: str | None = getattr(client, f"{name}_{suffix}", None)
            return value

        return cls(
            name=name,
            signed=setting("signed_response_alg"),
            encrypted=setting("encrypted_response_alg"),
            enc=setting("encrypted_response_enc"),
        )

    def signed_with(self, alg: str) -> Protection:
        """Return this with the alg that counts where none is registered: an answer must be signed."""
        return self if self.signed is not None else replace(self, signed=alg)

    def __bool__(self) -> bool:
        return self.signed is not None or self.encrypted is not None


def text_of(response: Response) -> UncheckedJwt:
    """Return the body of an answer as the JWT that it should be."""
    return UncheckedJwt(bytes(response.content or b"").decode("ascii", errors="replace").strip())


def is_jwt(response: Response) -> bool:
    """Tell whether an answer says that it is a JWT."""
    kind = media_type(response) or ""
    return kind == "application/jwt" or (kind.startswith("application/") and kind.endswith("+jwt"))


def read(
    client: Client,
    token: str,
    protection: Protection,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[tuple[dict[str, Any], dict[str, Any]]]:
    """Decrypt and verify a JWT.

    Returns:
        The header of the JWS (empty where only encryption is registered), and the claims.

    Raises:
        JoseError: it is refused: another algorithm than registered, another key, not for us.
        MissingEndpointUri: keys are needed, and the client has neither keys nor jwks_uri.
    """
    content: str | bytes = token if protection.encrypted is None else _decrypted(client, token, protection)
    if protection.encrypted is not None and protection.signed is None:
        return {}, _object(content)
    algs = [alg for alg in SIGNATURE if same_alg(alg, protection.signed)]
    secret = client.client_secret if protection.signed in HMAC else None
    parsed = yield from server_keys.verify_jws(
        client, content, algs=algs, secret=secret, requests_kwargs=requests_kwargs
    )
    return parsed.header, parsed.claims()


def _object(content: str | bytes) -> dict[str, Any]:
    try:
        return parse_json_object(content)
    except ValueError as wrong:
        msg = f"What was encrypted is no JSON object: {wrong}. If it is signed too, say so in the client's settings."
        raise JoseError(msg) from None


def _decrypted(client: Client, token: str, protection: Protection) -> bytes:
    return decryption.decrypt(
        token,
        key=client.id_token_decryption_key,
        client_secret=client.client_secret,
        alg=str(protection.encrypted),
        enc=protection.enc,
    )


def refused(error: type[InvalidAnswer], client: Client, response: Response, wrong: Exception) -> InvalidAnswer:
    """Make the endpoint's own error of what is wrong with a JWT."""
    return error(response=response, client=client, description=f"The JWT in this answer is refused: {wrong}")
