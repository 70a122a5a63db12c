"""The SAML assertion as a grant (RFC 7522 section 2.1).

The assertion goes as base64url, whatever form the caller has it in. That of a JWT (RFC 7523) is in
`token_endpoint`. Knows no XML.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..._core.effects import Steps, inner
from ..._core.encoding import b64u_decode, b64u_encode
from ..._core.scope import join_scope
from ..._tokens.bearer import BearerToken
from ...exceptions import InvalidParam
from ..oidc import id_token
from .token_endpoint import token_request

if TYPE_CHECKING:
    from ...dpop import DPoPKey
    from ..hooks import Client

SAML2_BEARER = "urn:ietf:params:oauth:grant-type:saml2-bearer"  # RFC 7522 section 2.1


class InvalidSamlAssertion(InvalidParam):
    """This is neither a SAML assertion in XML nor one in base64url (RFC 7522 section 2.1)."""


def saml2_bearer(
    client: Client,
    /,
    assertion: Any,
    *,
    dpop: bool | None = None,
    dpop_key: DPoPKey | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
    **token_kwargs: object,
) -> Steps[BearerToken]:
    """Get a token for a SAML 2.0 assertion.

    Args:
        assertion: one assertion, as XML or already in base64url: a str, bytes, or any object whose `str()` it is.
        dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
        dpop_key: the key; implies `dpop`. By default one is generated.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **token_kwargs: further form fields, such as `scope`.

    Returns:
        The token.

    Raises:
        InvalidSamlAssertion: this is neither XML nor base64url; nothing was sent.
        InvalidGrant: the AS does not take this assertion.
        TokenEndpointError: and everything else that `token_request` raises.

    Source: RFC 7522 section 2.1.
    """
    scope = join_scope(token_kwargs.pop("scope", None))
    data = {"grant_type": SAML2_BEARER, "assertion": _base64url(assertion), "scope": scope, **token_kwargs}
    token = yield from inner(client, token_request, data, dpop=dpop, dpop_key=dpop_key, requests_kwargs=requests_kwargs)
    return (yield from id_token.check(client, token, None, requests_kwargs=requests_kwargs))


def _base64url(assertion: Any) -> str:
    """Return an assertion as it is sent: base64url, no padding, no line breaks (RFC 7522 section 2.1)."""
    octets = assertion if isinstance(assertion, bytes) else str("" if assertion is None else assertion).encode()
    if octets.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return b64u_encode(octets)
    try:
        octets = b64u_decode(b"".join(octets.split()))
    except ValueError:
        octets = b""
    if not octets:
        msg = f"A SAML assertion is XML, or XML in base64url; this {type(assertion).__name__} is neither."
        raise InvalidSamlAssertion(msg)
    return b64u_encode(octets)
