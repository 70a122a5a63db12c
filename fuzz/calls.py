"""How what reads bytes from outside is called, and what is right: the other half of the table in `parsers`.

No network: rules are played, and the first byte of an answer chooses its status and media type. Where the signature
of a JWT would stop all random bytes, there is also a call that signs them first: it tests the claims.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from devkit.exchange import Answer
from devkit.play import NOON, play
from requests_oauth2client import (
    AuthorizationRequest,
    BearerToken,
    DPoPKey,
    EndSessionRequest,
    EnvironmentSource,
    IdToken,
    OAuth2Client,
    b64u_encode,
    validate_dpop_proof,
    validate_ping_callback,
)
from requests_oauth2client import exceptions as errors
from requests_oauth2client._core import hints
from requests_oauth2client._core.credentials import checked_jwt
from requests_oauth2client._core.http_caching import lifetime
from requests_oauth2client._core.messages import Body, parse_json_object
from requests_oauth2client._core.printable import printable
from requests_oauth2client._core.retry_info import LONGEST, retry_after
from requests_oauth2client._jose import jwe, jws
from requests_oauth2client._jose.keys import (
    choose_verification_key,
    generate_private_jwk,
    public_jwk,
    signing_key,
    verification_key,
)
from requests_oauth2client._oidc.expectations import id_token_settings
from requests_oauth2client._protocol.authorization import authorization_endpoint
from requests_oauth2client._protocol.grants import device
from requests_oauth2client._protocol.http.limits import FetchLimits
from requests_oauth2client._protocol.metadata import (
    constructors,
    discovery,
    documents,
    server_keys,
    server_metadata,
    webfinger,
)
from requests_oauth2client._protocol.oidc import id_token
from requests_oauth2client._protocol.settings import ENDPOINTS
from requests_oauth2client.challenges import api_error, parse_challenges, refusal_of_token
from requests_oauth2client.discovery import InvalidDiscoveryDocument

# --- who is asked, and what is right ------------------------------------------------------------------------

AS = "https://as.local"
SECOND = int(NOON.timestamp())
KEY = generate_private_jwk("ES256", kid="one")
JWKS = {"keys": [public_jwk(KEY)]}
DECRYPTION_KEY = generate_private_jwk("ECDH-ES", kid="enc", use="enc")
DPOP_KEY = DPoPKey.generate()
SECRET_KEY = bytes(range(32))

SETTINGS: dict[str, Any] = {
    "issuer": AS,
    "authorization_server_jwks": JWKS,
    "id_token_signed_response_alg": "ES256",
    "authorization_signed_response_alg": "ES256",
    "retries": None,
    **{
        f"{name}_endpoint": f"{AS}/{name}"
        for name in (
            "authorization backchannel_authentication device_authorization introspection"
            " pushed_authorization_request registration revocation userinfo"
        ).split()
    },
}
CLIENT = OAuth2Client(f"{AS}/token", ("client", "secret"), **SETTINGS)
SIGNED_ANSWERS = OAuth2Client(
    f"{AS}/token", ("client", "secret"), introspection_signed_response_alg="ES256",
    userinfo_signed_response_alg="ES256", **SETTINGS,
)  # fmt: skip
DECRYPTING = OAuth2Client(
    f"{AS}/token", ("client", "secret"), id_token_encrypted_response_alg="ECDH-ES",
    id_token_encrypted_response_enc="A128GCM", id_token_decryption_key=DECRYPTION_KEY, **SETTINGS,
)  # fmt: skip
REQUEST = AuthorizationRequest(f"{AS}/authorize", "client", "https://app.local/cb", state="s", nonce="n", issuer=AS)
JARM = REQUEST.replace(response_mode="jwt")
HYBRID = REQUEST.replace(response_type="code id_token")
LOGOUT = EndSessionRequest(f"{AS}/logout", client_id="client", post_logout_redirect_uri="https://app.local", state="s")
ANSWERED = REQUEST.validate_callback(f"code=c&state=s&iss={AS}")

CLAIMS = {"iss": AS, "sub": "alice", "aud": "client", "iat": SECOND, "exp": SECOND + 300, "nonce": "n"}
CALLBACK_CLAIMS = {"iss": AS, "aud": "client", "exp": SECOND + 10**9, "code": "c", "state": "s"}
LOGOUT_CLAIMS = {
    **{name: CLAIMS[name] for name in ("iss", "sub", "aud", "iat", "exp")},
    "jti": "j",
    "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
}
PROOF_CLAIMS = {"jti": "j", "htm": "POST", "htu": f"{AS}/token", "iat": SECOND}
INTROSPECTION_CLAIMS = {"iss": AS, "aud": "client", "iat": SECOND, "token_introspection": {"active": True}}
ENTITY_CLAIMS = {"iss": AS, "sub": AS, "iat": SECOND, "exp": SECOND + 300, "jwks": JWKS}
METADATA = {
    "issuer": AS, "token_endpoint": f"{AS}/token", "jwks_uri": f"{AS}/jwks", "scopes_supported": ["openid"],
    "id_token_signing_alg_values_supported": ["RS256"], "mtls_endpoint_aliases": {"token_endpoint": f"{AS}/mtls"},
    "authorization_response_iss_parameter_supported": True,
}  # fmt: skip
TOKEN = {
    "access_token": "at", "token_type": "Bearer", "expires_in": 60, "refresh_token": "rt", "scope": "a b",
    "authorization_details": [{"type": "t", "locations": [AS]}],
}  # fmt: skip

JSON, JWT = "application/json", "application/jwt"
KINDS: tuple[tuple[int, str | None], ...] = (  # the first byte of an answer chooses one
    (200, JSON), (200, None), (200, JWT), (200, "application/token-introspection+jwt"), (201, JSON), (204, None),
    (302, "text/html"), (400, JSON), (401, JSON), (404, JSON), (500, "text/html"), (503, JSON),
)  # fmt: skip


def answer(data: bytes) -> Answer:
    """Make an answer of bytes."""
    status, kind = KINDS[(data[0] if data else 0) % len(KINDS)]
    return Answer(status_code=status, content=data[1:], headers={"Content-Type": kind} if kind else {})


def answers(*bodies: Mapping[str, Any] | str, kind: int = 0) -> tuple[bytes, ...]:
    """Write the bytes of answers: JSON, or a text as it is, and the error that each endpoint may give."""
    texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
    error = {"error": "invalid_request", "error_description": "no", "error_uri": f"{AS}/help"}
    return (*(bytes([kind]) + text.encode() for text in texts), b"\x07" + json.dumps(error).encode())


def text(data: bytes) -> str:
    """Read bytes as a flavor reads a header or a URL."""
    return data.decode("latin-1")


def signed(claims: bytes, typ: str | None = None) -> str:
    """Sign what is to be the claims of a JWT."""
    return jws.sign(claims, signing_key(KEY), header={"typ": typ})


def encrypted(plaintext: str) -> bytes:
    """Encrypt for the client."""
    header = {"kid": "enc", "cty": "JWT"}
    return jwe.encrypt(plaintext, DECRYPTION_KEY, alg="ECDH-ES", enc="A128GCM", header=header).encode()


def as_json(value: object) -> bytes:
    """Write JSON."""
    return json.dumps(value).encode()


# --- how each is called ----------------------------------------------------------------------------------------


def at_endpoint(rule: Callable[..., Any], data: bytes, *args: Any, client: OAuth2Client = CLIENT, **named: Any) -> Any:
    """Play the rule of an endpoint, which gets this answer, also where it asks in another way."""
    return play(rule(client, *args, **named), lambda _: answer(data)).result


def device_code(data: bytes) -> Any:
    """Ask for a device code; what is shown to the user can be shown."""
    answered = at_endpoint(device.authorize_device, data)
    for shown in (answered.user_code, answered.verification_uri, answered.verification_uri_complete):
        assert printable(shown or "") == (shown or ""), shown
    return answered


def registered(data: bytes) -> Any:
    """Register a client."""
    settings: dict[str, Any] = {"registration_endpoint": f"{AS}/registration", "retries": None}
    settings["token_endpoint"] = f"{AS}/token"
    metadata = {"redirect_uris": ["https://app.local/cb"]}
    return play(constructors.register(OAuth2Client, metadata, **settings), lambda _: answer(data)).result


def jarm(data: bytes) -> Any:
    """Read a callback that is a JWT."""
    return play(authorization_endpoint.authorization_response(CLIENT, JARM, {"response": text(data)})).result


def front_channel_id_token(data: bytes) -> Any:
    """Read a callback with an ID token."""
    came = {"code": "c", "state": "s", "iss": AS, "id_token": text(data)}
    return play(authorization_endpoint.authorization_response(CLIENT, HYBRID, came)).result


def checked_id_token(data: bytes, client: OAuth2Client = CLIENT) -> Any:
    """Check an ID token as it came with an access token."""
    token = BearerToken("at", id_token=IdToken(data))
    return play(id_token.check(client, token, ANSWERED)).result


def webfinger_response(data: bytes) -> Any:
    """Find the OP of a user."""
    return play(webfinger.find_issuer(FetchLimits(retries=None), "alice@as.local"), lambda _: answer(data)).result


def discovery_document(data: bytes) -> Any:
    """Make a client of metadata."""
    document = documents.read(answer(data), what="the metadata of an AS", invalid=InvalidDiscoveryDocument)
    return used(OAuth2Client.from_discovery_document(document, issuer=AS, auth="client"))


def found_metadata(data: bytes) -> Any:
    """Let a client find its server."""
    client = OAuth2Client(issuer=AS, auth=("client", "secret"), retries=None)
    document = play(discovery.fetch(client, f"{AS}/metadata", None), lambda _: answer(data)).result
    server_metadata.learn(client, document)
    return used(client)


def used(client: OAuth2Client) -> OAuth2Client:
    """Look at all that a client knows of metadata; what can't be used is refused when it is used, in our words."""
    for name in ENDPOINTS:
        with suppress(errors.InvalidParam, errors.MissingEndpointUri, InvalidDiscoveryDocument):
            server_metadata.may_find(client, name)
            OAuth2Client.check_discovered_uri(name, client.endpoint(name))
    repr(client)
    id_token_settings(client)
    hints.authentication(client)
    hints.grants(client, {})
    return client


def key_set(data: bytes) -> Any:
    """Choose keys of a JWKS."""
    jwks = server_keys.parse(answer(data))
    return choose_verification_key(jwks, alg="ES256", kid="one"), choose_verification_key(jwks, alg="ES256")


def key(data: bytes) -> Any:
    """Read a public key."""
    return verification_key(parse_json_object(data))


def challenge(data: bytes) -> Any:
    """Read what an API demands."""
    response = Answer(status_code=401, headers={"WWW-Authenticate": text(data)})
    return api_error(response), refusal_of_token(response, "DPoP"), parse_challenges(text(data))


def credential(data: bytes) -> Any:
    """Read what a file, a variable, a URL or a command has."""
    source = EnvironmentSource("TOKEN")
    return source.dated(source.read(text(data)))


def platform_jwt(data: bytes) -> Any:
    """Read a JWT of a platform with these claims."""
    return checked_jwt(f"e30.{b64u_encode(data)}.c2ln", where="a platform")


def dpop_nonce(data: bytes) -> Any:
    """Learn a nonce, and show it."""
    DPOP_KEY.learn_nonce(Answer(headers={"DPoP-Nonce": text(data)}))
    return DPOP_KEY.proof("GET", AS)


def freshness(data: bytes) -> Any:
    """Read for how long an answer is fresh."""
    names = ("Cache-Control", "Expires", "Date", "Age")
    found = lifetime(dict(zip(names, text(data).split("\n"), strict=False)), NOON)
    assert found is None or found >= 0
    return found


def retry(data: bytes) -> Any:
    """Read when a server wants to be asked again."""
    found = retry_after(dict(zip(("Retry-After", "Date"), text(data).split("\n"), strict=False)))
    assert found is None or 0 <= found <= LONGEST
    return found


def body(data: bytes) -> Any:
    """Decode a body; what is kept of it never exceeds the limit by more than a byte."""
    limit = 1000
    decoded = Body(("gzip", "deflate", None, "br")[len(data) % 4], limit)
    decoded.add(data)
    decoded.end()
    assert len(decoded.content) <= limit + 1
    return decoded


def deflated(data: bytes) -> bytes:
    """Put a text where a serializer finds it."""
    return b64u_encode(zlib.compress(data)).encode()


def ping(data: bytes) -> Any:
    """Read a ping: a header, a line feed, a body."""
    header, _, content = data.partition(b"\n")
    return validate_ping_callback(text(header), content, client_notification_token="hush", auth_req_id="a")


def judged_proof(proof: str | bytes) -> Any:
    """Judge a proof of any age."""
    return validate_dpop_proof(proof, htm="POST", htu=f"{AS}/token", leeway=10**9)


def own_proof(data: bytes) -> str:
    """Sign what is to be the claims of a proof."""
    return jws.sign(data, signing_key(KEY), header={"typ": "dpop+jwt", "jwk": public_jwk(KEY), "kid": None})
