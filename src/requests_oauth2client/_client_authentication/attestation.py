"""Attestation-based client authentication: a backend attests the key of an instance of a client, which proves it.

draft-ietf-oauth-attestation-based-client-auth. Two headers go along: the attestation, and a proof of possession that
this instance signs for each request. A server may want its own challenge in the proof (section 6): it is asked for
where the metadata name an endpoint for that, learned from each answer, and a demand for another one is answered once,
as with nonces of DPoP. Knows no HTTP library and no kind of source.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from functools import partial
from typing import Any, ClassVar, NoReturn
from uuid import uuid4

from .._core import token_syntax
from .._core.client_auth import ClientAuthentication
from .._core.compare import is_same_secret
from .._core.credential_errors import InvalidCredential
from .._core.credentials import as_source, ask_for_jwt, shown
from .._core.effects import RunInThread, Send, Steps
from .._core.issuers import exact
from .._core.messages import Request, Response, is_success, parse_json_object, read_oauth_error
from .._core.times import timestamp
from .._core.urls import origin
from ..discovery import stated_endpoint
from ..exceptions import InvalidParam, TransportError
from .values import checked_credential

HEADER, POP_HEADER = "OAuth-Client-Attestation", "OAuth-Client-Attestation-PoP"  # section 5
CHALLENGE_HEADER = "OAuth-Client-Attestation-Challenge"  # section 6.2
POP_TYP = "oauth-client-attestation-pop+jwt"  # section 5.2
USE_CHALLENGE, USE_FRESH = "use_attestation_challenge", "use_fresh_attestation"  # section 7.4
CHALLENGE_ENDPOINT = "challenge_endpoint"  # section 10.1
MAX_ORIGINS = 100  # whose challenges are kept; an application calls a few
_CHALLENGE = re.compile(r"[\x21-\x7E]{1,4096}")


class ClientAttestation(ClientAuthentication):
    """`attest_jwt_client_auth`: a backend attests this instance of a client, which proves that it holds the key.

    Args:
        client_id: the client, the subject of the attestation.
        attestation: where the attestation comes from, which names the key (`cnf`): a source of `token_sources`, a
            function (plain or async), the path of a file, or the JWT itself. It is asked for with each request; a
            source may keep it while it is valid.
        key: the private key of this instance: a JWK, a private key of `cryptography` or joserfc, PEM or DER, or a
            signer that keeps the key elsewhere: an object with `public_jwk`, and `sign(data, alg)`.
        alg: the JWS algorithm of the proof; the JWK's own wins, and without either the key decides.
        aud: who the proof is for; by default the issuer of the AS.

    Raises:
        UnsupportedClientCredentials: the client_id is not a string.
        InvalidParam: the key can't sign, or the attestation is something else.

    Source: draft-ietf-oauth-attestation-based-client-auth sections 5 to 7.
    """

    method: ClassVar[str] = "attest_jwt_client_auth"
    pickle_advice = "Make it from the key, which belongs into a secret store."

    def __init__(
        self, client_id: str, attestation: object, key: object, *, alg: str | None = None, aud: str | None = None
    ) -> None:
        from .._jose.keys import InvalidKey, signing_key, thumbprint  # noqa: PLC0415  loads cryptography

        try:
            self._key = signing_key(key, alg=alg)
        except InvalidKey as wrong:
            msg = f"This key can't prove an attestation: {wrong}"
            raise InvalidParam(msg) from wrong
        self.client_id = checked_credential(client_id, "client_id")
        is_given = isinstance(attestation, str) and bool(token_syntax.claims_of(attestation))
        self._source: Any = _Given(str(attestation)) if is_given else as_source(attestation, "ClientAttestation")
        self.aud = aud
        self._thumbprint = thumbprint(self._key.public_jwk or {})
        self._challenges: OrderedDict[tuple[Any, ...], str] = OrderedDict()

    @property
    def public_jwk(self) -> dict[str, Any]:
        """The public half of the key: what the backend attests."""
        return dict(self._key.public_jwk or {})

    def authenticating(self, request: Request, client: Any) -> Steps[Request]:
        """Ask for the attestation, and add it with a proof.

        Raises:
            CredentialUnavailable: the source has none.
            InvalidCredential: what came is not an attestation of this client and this key, or is not valid now.
            InvalidParam: the issuer of the AS is unknown.
        """
        attestation = yield from ask_for_jwt(self._source, what="client attestation", client=client)
        problem = self._problem(token_syntax.claims_of(attestation))
        if problem is not None:
            del attestation
            raise InvalidCredential(shown(self._source, "client attestation"), problem)
        audience = self.aud or exact(client.issuer)
        if audience is None:
            msg = "The proof of an attestation is for the issuer of the AS: pass issuer= to the client, or aud= here."
            raise InvalidParam(msg)
        where = origin(request.url)
        if where not in self._challenges:
            yield from self._fetch_challenge(client, where)
        sign = partial(self._proof, audience, self._challenges.get(where))
        proof = (yield RunInThread(sign)) if self._key.is_external else sign()
        return request.with_fields(client_id=self.client_id).with_headers(**{HEADER: attestation, POP_HEADER: proof})

    def authenticate(self, request: Request) -> NoReturn:  # noqa: ARG002  it is refused
        """Refuse: only a client can ask for challenges."""
        msg = f"{type(self).__name__} is for auth= of OAuth2Client and AsyncOAuth2Client, which ask for challenges."
        raise InvalidParam(msg)

    def is_asked_again(self, request: Request, response: Response) -> bool:
        """Remember the challenge of an answer, and tell whether the AS demands it, or a fresh attestation."""
        challenge = self._learn(origin(request.url), response.headers.get(CHALLENGE_HEADER))
        proved = token_syntax.claims_of(request.headers.get(POP_HEADER, "")).get("challenge")
        is_other = challenge is not None and not (isinstance(proved, str) and is_same_secret(challenge, proved))
        if is_success(response):
            return False
        error = (read_oauth_error(response) or {}).get("error")
        return (error == USE_CHALLENGE and is_other) or (error == USE_FRESH and not isinstance(self._source, _Given))

    def _learn(self, where: tuple[Any, ...], challenge: object) -> str | None:
        """Remember a challenge, and return it; None where it is missing or malformed."""
        if not isinstance(challenge, str) or not _CHALLENGE.fullmatch(challenge):
            return None
        self._challenges[where] = challenge
        if len(self._challenges) > MAX_ORIGINS:
            self._challenges.popitem(last=False)
        return challenge

    def _fetch_challenge(self, client: Any, where: tuple[Any, ...]) -> Steps[None]:
        """Ask for a challenge where the metadata say so; without one, the AS will say what it wants."""
        metadata, https = client.authorization_server_metadata, not client.testing
        endpoint = stated_endpoint(metadata, CHALLENGE_ENDPOINT, source=client.issuer, https=https)
        if endpoint is None:
            return
        client.check_discovered_uri(CHALLENGE_ENDPOINT, endpoint)
        asked = Request(
            url=endpoint,
            headers={"Accept": "application/json"},
            certificate=client.client_certificate,
            timeout=client.timeout,
            max_size=client.max_response_size,
        )
        try:
            response: Response = yield Send(asked)
        except TransportError:
            return
        if is_success(response):
            self._learn(where, _challenge_in(response))

    def _proof(self, audience: str, challenge: str | None) -> str:
        from .._jose.jws import sign  # noqa: PLC0415  loads cryptography

        claims = {"iss": self.client_id, "aud": audience, "jti": str(uuid4()), "iat": int(timestamp())}
        more = {} if challenge is None else {"challenge": challenge}
        return sign({**claims, **more}, self._key, header={"typ": POP_TYP, "kid": None})

    def _problem(self, claims: dict[str, Any]) -> str | None:
        """Say what is wrong with an attestation (section 5.1); None where it is right, or encrypted."""
        from .._jose.keys import InvalidKey, thumbprint  # noqa: PLC0415  loads cryptography

        if claims.get("sub") != self.client_id:
            return "the attestation that came has another sub than the client_id. It is that of another client."
        confirmed = claims.get("cnf")
        try:
            attested = thumbprint(confirmed["jwk"]) if isinstance(confirmed, dict) else None
        except (InvalidKey, KeyError, TypeError, ValueError):
            attested = None
        if attested == self._thumbprint:
            return None
        return "the attestation that came is for another key (cnf) than key=. Have this instance's public_jwk attested."

    def __repr__(self) -> str:
        return f"<{type(self).__name__} client_id={self.client_id!r} alg={self._key.alg!r}>"


class _Given:
    """An attestation that was given as it is."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __call__(self) -> str:
        return self._text


def _challenge_in(response: Response) -> object:
    """Return the challenge in an answer of the challenge endpoint (section 6.1)."""
    try:
        return parse_json_object(bytes(response.content or b"")).get("attestation_challenge")
    except ValueError:
        return None


ClientAttestation.__module__ = "requests_oauth2client.client_authentication"
