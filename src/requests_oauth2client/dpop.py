"""DPoP: an access token that is worth nothing without a key (RFC 9449).

A `DPoPKey` signs a proof for each request, and keeps the nonces that servers gave, one per origin (section 8.2).
A `DPoPToken` is a token bound to such a key, and an auth handler that proves it, and answers an API's demand
for a nonce once (sections 7 and 9). How the AS is answered is in `_protocol.http.dpop_nonce`, what a proof says and
how it is checked in `_tokens/dpop_proof`. Knows no client; of HTTP libraries only what their requests look like.
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self, TypeVar

from ._core.auth_flow import AuthFlow, Flow, answer_flow, copied, hook_into, rewind
from ._core.compare import is_same_secret
from ._core.encoding import b64u_decode
from ._core.messages import Response, parse_json_object
from ._core.refusals import RefusedDPoPProof, UnsupportedDPoPToken
from ._core.times import timestamp
from ._core.values import NotPickled
from ._tokens.bearer import BearerToken
from ._tokens.dpop_proof import (
    DPOP_ALGS,
    TYP,
    DPoPProof,
    InvalidDPoPAlg,
    InvalidDPoPProof,
    access_token_hash,
    check_alg,
    target,
    validate_dpop_proof,
)
from .challenges import UNAUTHORIZED, challenge_error
from .exceptions import InvalidParam, OAuth2Error

Req = TypeVar("Req")
HEADER = "DPoP"
NONCE_HEADER = "DPoP-Nonce"
USE_NONCE = "use_dpop_nonce"
MAX_ORIGINS = 100  # whose nonces one key keeps; an application calls a few

_NONCE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,4096}")  # RFC 9449 §8.1
_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 9449 §7.1, RFC 9110 §11.2


class InvalidDPoPKey(InvalidParam):
    """A key can't sign DPoP proofs: it is public, symmetric, or for another purpose (RFC 9449 section 4.2)."""


class InvalidDPoPAccessToken(InvalidParam):
    """An access token has characters that the scheme DPoP can't carry (RFC 9449 section 7.1)."""


class InvalidUseDPoPNonceResponse(OAuth2Error):
    """A server demands a nonce in a way that can't be answered (RFC 9449 sections 8 and 9)."""


class MissingDPoPNonce(InvalidUseDPoPNonceResponse):
    """A server demands a nonce and gives none."""

    advice = f"Its {NONCE_HEADER} header is missing, repeated or malformed. This must be fixed on the server."


class RepeatedDPoPNonce(InvalidUseDPoPNonceResponse):
    """A server demands a nonce and gives the one that it was just shown."""

    advice = f"It refused a nonce, and its {NONCE_HEADER} header has the same again. This must be fixed on the server."


class UnrepeatableRequestBody(OAuth2Error):
    """An API demands a nonce, and the request can't be sent again: its body was a stream, which is used up."""

    advice = "The nonce is known now, so make the request again; or give its body as bytes or as a seekable file."


def _new_jti() -> str:
    return secrets.token_urlsafe(16)  # RFC 9449 §4.2: 96 bits at least


def _now() -> int:
    return int(timestamp())


class DPoPKey(NotPickled):
    """A private key that tokens are bound to, with the nonces that servers gave for its proofs.

    Two of the same key, algorithm and typ are equal, whatever nonces they know.

    Args:
        private_key: a JWK (any mapping), a `cryptography` private key, PEM or DER, or a signer object that keeps
            the key elsewhere.
        alg: the JWS algorithm; the JWK's own `alg` wins, and without either the key decides.
        jti_generator: makes the unique id of a proof.
        iat_generator: tells the time of a proof, in seconds since 1970.
        jwt_typ: the typ of a proof.
        nonces: nonces to begin with, by origin (`https://host:port`, a default port left out).

    Attributes:
        private_key: the key, as given.
        public_jwk: its public half, as it stands in each proof.
        dpop_jkt: its thumbprint (RFC 7638), to which codes and tokens are bound.
        is_external: whether it is elsewhere, in a KMS or an HSM, so that signing may take its time.

    Raises:
        InvalidDPoPKey: the key is public or symmetric, or does not fit the algorithm.
        InvalidDPoPAlg: the algorithm is symmetric, `none` or unknown.

    Source: RFC 9449 section 4.
    """

    pickle_advice = "Use DPoPKeySerializer, or store its private key where secrets may be stored."

    def __init__(
        self,
        private_key: object,
        alg: str | None = None,
        jti_generator: Callable[[], str] = _new_jti,
        iat_generator: Callable[[], int] = _now,
        jwt_typ: str = TYP,
        nonces: Mapping[str, str] | None = None,
    ) -> None:
        from ._jose.jws import signer  # noqa: PLC0415  loads cryptography
        from ._jose.keys import InvalidKey, bare_jwk, signing_key, thumbprint  # noqa: PLC0415

        declared = private_key if isinstance(private_key, Mapping) else {}
        for named in (alg, declared.get("alg")) if declared.get("kty") != "oct" else ():
            check_alg(named) if named is not None else None
        try:
            key = signing_key(private_key, alg=alg)
        except InvalidKey as wrong:
            msg = f"This key can't sign DPoP proofs: {wrong}"
            raise InvalidDPoPKey(msg) from wrong
        self.private_key = private_key
        self.alg = key.alg
        self.jti_generator = jti_generator
        self.iat_generator = iat_generator
        self.jwt_typ = jwt_typ
        self.public_jwk = bare_jwk(key.public_jwk or {})
        self.dpop_jkt = thumbprint(self.public_jwk)
        self.is_external = key.is_external
        self._sign = signer(key, header={"typ": jwt_typ, "jwk": self.public_jwk, "kid": None})
        self._nonces: OrderedDict[str, str] = OrderedDict(nonces or {})

    @classmethod
    def generate(cls, alg: str = "ES256", **settings: Any) -> Self:
        """Make a key.

        Args:
            alg: the JWS algorithm it is for.
            **settings: further arguments of the class.

        Raises:
            InvalidDPoPAlg: the algorithm is symmetric, `none` or unknown.
        """
        from ._jose.keys import generate_private_jwk  # noqa: PLC0415  loads cryptography

        return cls(generate_private_jwk(check_alg(alg)), **settings)

    def proof(self, htm: str, htu: object, ath: str | None = None, nonce: str | None = None) -> str:
        """Make the proof for one request.

        Args:
            htm: its method.
            htu: its URL; query and fragment are left out.
            ath: the hash of the access token that goes along; `access_token_hash` makes it.
            nonce: by default the last that this origin gave.

        Returns:
            The compact JWT, for the DPoP header.

        Raises:
            InvalidUri: `htu` is no http(s) URL.

        Source: RFC 9449 section 4.2.
        """
        origin, uri = target(htu)
        claims = {"jti": self.jti_generator(), "htm": htm, "htu": uri, "iat": self.iat_generator()}
        if ath is not None:
            claims["ath"] = ath
        if nonce is None:
            nonce = self._nonces.get(origin)
        if nonce is not None:
            claims["nonce"] = nonce
        return self._sign(claims)

    @property
    def nonces(self) -> dict[str, str]:
        """The last nonce of each origin."""
        return dict(self._nonces)

    def nonce_for(self, url: object) -> str | None:
        """Return the last nonce that the origin of a URL gave; None where it gave none."""
        return self._nonces.get(target(url)[0])

    def learn_nonce(self, response: Response) -> str | None:
        """Remember the nonce of an answer for the origin that gave it, and return it (RFC 9449 section 8.2)."""
        nonce = response.headers.get(NONCE_HEADER)
        if not nonce or not _NONCE.fullmatch(nonce):
            return None
        origin, _ = target(response.url)
        self._nonces[origin] = nonce
        if len(self._nonces) > MAX_ORIGINS:
            self._nonces.popitem(last=False)
        return nonce

    def demanded_nonce(self, response: Response, *, shown: str | None, error: str | None) -> str | None:
        """Remember the nonce of an answer; return it if the request has to be sent again with it.

        Args:
            response: the answer.
            shown: the nonce in the proof that was sent.
            error: the OAuth error in the answer; without one, a 401 that gives another nonce demands it.

        Raises:
            MissingDPoPNonce: a nonce is demanded, and none is given.
            RepeatedDPoPNonce: a nonce is demanded, and the one that was shown is given.
        """
        nonce = self.learn_nonce(response)
        again = None not in (nonce, shown) and is_same_secret(str(nonce), str(shown))
        if error is None and response.status_code == UNAUTHORIZED:
            return None if again else nonce
        if error != USE_NONCE:
            return None
        if nonce is None:
            raise MissingDPoPNonce(response=response)
        if again:
            raise RepeatedDPoPNonce(response=response)
        return nonce

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DPoPKey):
            return NotImplemented
        return (self.dpop_jkt, self.alg, self.jwt_typ) == (other.dpop_jkt, other.alg, other.jwt_typ)

    def __hash__(self) -> int:
        return hash(self.dpop_jkt)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} alg={self.alg!r} dpop_jkt={self.dpop_jkt!r}>"


class DPoPToken(AuthFlow, BearerToken):
    """An access token that is bound to a key, and proves it with each request (RFC 9449 section 7).

    Give it as `auth=` to requests, httpx2 or httpx: if an API demands a nonce, the request is sent once more.

    Args:
        access_token: the access token.
        dpop_key: the key that it is bound to.
        **kwargs: as for `BearerToken`.

    Raises:
        InvalidDPoPKey: `dpop_key` is invalid.
        InvalidDPoPAccessToken: the access token has characters that can't be sent.
        UnsupportedTokenTypeError: `token_type` is not DPoP: the token is not bound to the key.
    """

    TOKEN_TYPE: ClassVar[str] = "DPoP"
    AUTHORIZATION_SCHEME: ClassVar[str] = "DPoP"

    dpop_key: DPoPKey
    _ath: str  # the hash of the access token

    def __init__(self, /, access_token: str, *, dpop_key: DPoPKey, **kwargs: Any) -> None:
        super().__init__(access_token, **kwargs)
        if not _TOKEN68.fullmatch(access_token):
            msg = "The access_token has characters that the scheme DPoP can't carry (RFC 9449 section 7.1)."
            raise InvalidDPoPAccessToken(msg)
        self._set(dpop_key=check_key(dpop_key), _ath=access_token_hash(access_token))

    def authenticate(self, request: Req, *, allow_insecure_http: bool = False) -> Req:
        """Put the token and the proof into a request without asking its expiry.

        Args:
            request: a request of requests, httpx2 or httpx.
            allow_insecure_http: send it over plain http to other machines too. Anyone on the network path can read it.

        Raises:
            InsecureTransport: the request is plain http to another machine.
        """
        super().authenticate(request, allow_insecure_http=allow_insecure_http)
        self._prove(request)
        hook_into(request, _on_response, self)
        return request

    def _prove(self, request: Any) -> None:
        request.headers[HEADER] = self.dpop_key.proof(request.method, request.url, self._ath)

    def auth_flow(self, request: object) -> Flow:
        """Yield an authenticated request, be sent its answer; yield it once more if a nonce is demanded.

        Raises:
            ExpiredAccessToken: the token is expired.
        """
        yield from self.answering(self(request))

    def answering(self, request: object) -> Flow:
        """Yield a request that has its proof, be sent its answer; yield it once more if a nonce is demanded.

        Returns:
            The last answer.

        Raises:
            MissingDPoPNonce: a nonce is demanded, and none is given.
            RepeatedDPoPNonce: a nonce is demanded, and the one that was shown is given.
            UnrepeatableRequestBody: a nonce is demanded, and the body is used up.
        """
        response = yield request
        return (yield from self.answered(request, response))

    def answered(self, request: Any, response: Response) -> Flow:
        """Look at the answer to a request; yield it once more if a nonce is demanded, as `answering` does."""
        if response.status_code != UNAUTHORIZED or not self._was_shown(response, request):
            self.dpop_key.learn_nonce(response)
            return response
        shown = _nonce_in(request.headers.get(HEADER))
        nonce = self.dpop_key.demanded_nonce(response, shown=shown, error=challenge_error(response, HEADER))
        if nonce is None:
            return response
        again = copied(request)
        if not rewind(again):
            raise UnrepeatableRequestBody(response=response)
        self._prove(again)
        response = yield again
        self.dpop_key.demanded_nonce(response, shown=nonce, error=challenge_error(response, HEADER))
        return response

    def _was_shown(self, response: Response, request: Any) -> bool:
        """Tell whether who answers was shown the token: after a redirect it may be another server."""
        shown = str(request.headers.get(self.AUTHORIZATION_HEADER, ""))
        ours = is_same_secret(shown, self.authorization_header())
        return ours and target(response.url) == target(request.url)


def _on_response(token: DPoPToken, response: Any, **options: Any) -> Any:
    """Do what `answering` says, as a response hook of requests."""
    return answer_flow(token.answered(response.request, response), response, options)


def check_key(key: Any) -> DPoPKey:
    """Return a DPoPKey.

    Raises:
        InvalidDPoPKey: it is invalid.
    """
    if not isinstance(key, DPoPKey):
        msg = f"dpop_key= takes a DPoPKey, got a {type(key).__name__}. DPoPKey(private_key) makes one."
        raise InvalidDPoPKey(msg)
    return key


def _nonce_in(proof: Any) -> str | None:
    """Return the nonce in a proof that was sent."""
    try:
        nonce = parse_json_object(b64u_decode(proof.split(".")[1])).get("nonce")
    except (AttributeError, IndexError, ValueError):
        return None
    return nonce if isinstance(nonce, str) else None


__all__ = [
    "DPOP_ALGS",
    "DPoPKey",
    "DPoPProof",
    "DPoPToken",
    "InvalidDPoPAccessToken",
    "InvalidDPoPAlg",
    "InvalidDPoPKey",
    "InvalidDPoPProof",
    "InvalidUseDPoPNonceResponse",
    "MissingDPoPNonce",
    "RefusedDPoPProof",
    "RepeatedDPoPNonce",
    "UnrepeatableRequestBody",
    "UnsupportedDPoPToken",
    "access_token_hash",
    "validate_dpop_proof",
]
