"""What reads bytes from outside: how it is called, what it may raise, what it takes, and what is too much for it.

A parser raises one of its `refusals`, or returns; anything else is a defect.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from devkit.play import play
from requests_oauth2client import (
    AuthorizationRequestSerializer,
    BearerToken,
    DPoPKeySerializer,
    TokenSerializer,
    b64u_encode,
)
from requests_oauth2client import exceptions as errors
from requests_oauth2client._core.credential_errors import CredentialUnavailable
from requests_oauth2client._core.messages import JSON_DEPTH, parse_json
from requests_oauth2client._core.printable import printable
from requests_oauth2client._core.token_syntax import LONGEST_TOKEN
from requests_oauth2client._jose import compact, jwe, jws
from requests_oauth2client._jose.errors import InvalidKey, JoseError
from requests_oauth2client._jose.keys import public_jwk
from requests_oauth2client._oidc.id_token_checks import half_hash
from requests_oauth2client._protocol.authorization import par
from requests_oauth2client._protocol.grants import ciba, token_endpoint
from requests_oauth2client._protocol.grants.ping import InvalidPingCallback
from requests_oauth2client._protocol.metadata import server_keys
from requests_oauth2client._protocol.oidc import logout, userinfo
from requests_oauth2client._protocol.tokens import introspection, revocation
from requests_oauth2client.challenges import MAX_HEADER_SIZE
from requests_oauth2client.discovery import InvalidDiscoveryDocument
from requests_oauth2client.dpop import InvalidDPoPProof
from requests_oauth2client.federation import InvalidEntityStatement, read_entity_statement
from requests_oauth2client.logout import InvalidFrontChannelLogout, InvalidLogoutToken
from requests_oauth2client.registration import InvalidClientInformationResponse
from requests_oauth2client.serializers import MAX_SIZE as MAX_SERIALIZED
from requests_oauth2client.serializers import InvalidSerializedValue, Serializer
from requests_oauth2client.stores import TokenStoreError
from requests_oauth2client.tokens import InvalidIdToken
from requests_oauth2client.webfinger import InvalidWebFingerResponse

from . import growth, stores
from .calls import (
    AS,
    CALLBACK_CLAIMS,
    CLAIMS,
    CLIENT,
    DECRYPTING,
    DECRYPTION_KEY,
    DPOP_KEY,
    ENTITY_CLAIMS,
    INTROSPECTION_CLAIMS,
    JWKS,
    KEY,
    LOGOUT,
    LOGOUT_CLAIMS,
    METADATA,
    PROOF_CLAIMS,
    REQUEST,
    SECOND,
    SECRET_KEY,
    SIGNED_ANSWERS,
    TOKEN,
    answers,
    as_json,
    at_endpoint,
    body,
    challenge,
    checked_id_token,
    credential,
    deflated,
    device_code,
    discovery_document,
    dpop_nonce,
    encrypted,
    found_metadata,
    freshness,
    front_channel_id_token,
    jarm,
    judged_proof,
    key,
    key_set,
    own_proof,
    ping,
    platform_jwt,
    registered,
    retry,
    signed,
    text,
    webfinger_response,
)

Refusals = tuple[type[Exception], ...]


@dataclass(frozen=True, kw_only=True)
class Parser:
    """One reader of bytes from outside.

    Attributes:
        parse: reads bytes.
        refusals: the documented exceptions.
        seeds: what it takes.
        too_much: what is beyond a limit of size or depth, and so has to be refused.
    """

    parse: Callable[[bytes], object]
    refusals: Refusals = ()
    seeds: tuple[bytes, ...]
    too_much: tuple[bytes, ...] = ()


def check(parser: Parser, data: bytes) -> bool:
    """Tell whether a parser takes bytes; what it refuses has to be written without failed_attempt.

    Raises:
        Exception: one that is not documented: a defect.
    """
    try:
        parser.parse(data)
    except parser.refusals as refusal:
        for shown in (str(refusal), repr(refusal), getattr(refusal, "description", None) or ""):
            shown.encode()
            if isinstance(refusal, errors.OAuth2Error):  # no escape sequence, nothing that nobody sees
                assert printable(shown) == shown, shown
        return False
    return True


# --- the table --------------------------------------------------------------------------------------------------

CALLBACK = (errors.InvalidAuthResponse, errors.AuthorizationResponseError)
ENDPOINT = errors.EndpointError  # of the RFC's own `error`, a class for each
DEEP = b"[" * (JSON_DEPTH + 1) + b"]" * (JSON_DEPTH + 1)
DEEP_MEMBER = b'{"a":' + DEEP + b"}"
LONG_JWT = b".".join([b"e30", b"a" * compact.MAX_SIZE, b"c2ln"])
LONG_JWE = b".".join([b"e30", b"a", b"a", b"a" * jwe.MAX_SIZE, b"a"])
LONG_CALLBACK = b"code=c&state=s&x=" + b"a" * (1 << 16)
MANY = b"&".join(b"p%d=1" % number for number in range(101))
BOMB = deflated(b" " * (MAX_SERIALIZED + 1))
SIGNED = tuple(as_json(claims) for claims in (CLAIMS, {**CLAIMS, "aud": ["client", "b"], "azp": "client", "acr": "1"}))


def of_endpoint(
    parse: Callable[[bytes], object],
    invalid: type[Exception] | Refusals,
    seeds: tuple[bytes, ...],
    *,
    is_json: bool = True,
) -> Parser:
    """Describe what reads the answer of an endpoint of the AS; the AS may also give an OAuth error."""
    too_much = (b"\x00" + DEEP_MEMBER,) if is_json else ()
    refusals = invalid if isinstance(invalid, tuple) else (invalid,)
    return Parser(parse=parse, refusals=(*refusals, ENDPOINT), seeds=seeds, too_much=too_much)


ENDPOINTS: dict[str, Parser] = {
    "token response": of_endpoint(
        partial(at_endpoint, token_endpoint.client_credentials), errors.InvalidTokenResponse, answers(TOKEN)
    ),
    "token response, bound to a key": of_endpoint(
        partial(at_endpoint, token_endpoint.client_credentials, dpop_key=DPOP_KEY),
        errors.InvalidTokenResponse,
        answers({**TOKEN, "token_type": "DPoP"}),
    ),
    "device authorization response": of_endpoint(
        device_code,
        errors.InvalidDeviceAuthorizationResponse,
        answers({"device_code": "d", "user_code": "u", "verification_uri": f"{AS}/d", "expires_in": 9, "interval": 5}),
    ),
    "backchannel authentication response": of_endpoint(
        partial(at_endpoint, ciba.backchannel_authentication_request, login_hint="alice"),
        errors.InvalidBackChannelAuthenticationResponse,
        answers({"auth_req_id": "a", "expires_in": 9, "interval": 2}),
    ),
    "pushed authorization response": of_endpoint(
        lambda data: at_endpoint(par.pushed_authorization_request, data, REQUEST),
        errors.InvalidPushedAuthorizationResponse,
        answers({"request_uri": "urn:example:1", "expires_in": 60}),
    ),
    "client information response": of_endpoint(
        registered,
        (InvalidClientInformationResponse, errors.InvalidParam),  # a method of authentication that can't be used
        answers({"client_id": "c", "client_secret": "s", "client_secret_expires_at": 0}, kind=4),
    ),
    "introspection response": of_endpoint(
        lambda data: at_endpoint(introspection.introspect_token, data, "at"),
        errors.InvalidAnswer,
        answers({"active": True, "exp": 1}),
        is_json=False,  # what is none is handed on as text
    ),
    "userinfo response": of_endpoint(
        lambda data: at_endpoint(userinfo.userinfo, data, "at"),
        errors.InvalidUserInfoResponse,
        answers({"sub": "alice", "address": {"country": "FR"}}),
    ),
    "revocation response": of_endpoint(
        lambda data: at_endpoint(revocation.revoke_token, data, "at"),
        errors.RevocationError,
        answers(""),
        is_json=False,  # a 2xx answer is not read
    ),
}


def serialized(serializer: Serializer[Any], fields: Mapping[str, Any]) -> dict[str, Parser]:
    """Describe what loads a value: of the bytes themselves, and of what they are once they are inflated."""
    right, name = as_json(dict(fields)), f"serialized {serializer.kind}"
    return {
        name: Parser(
            parse=serializer.loads,
            refusals=(InvalidSerializedValue,),
            seeds=(deflated(right),),
            too_much=(BOMB, b"A" * (MAX_SERIALIZED + 1)),
        ),
        f"{name}, inside": Parser(
            parse=lambda data: serializer.loads(deflated(data)),
            refusals=(InvalidSerializedValue,),
            seeds=(right,),
            too_much=(DEEP_MEMBER, b" " * MAX_SERIALIZED + b"{}"),
        ),
    }


SERIALIZED = {
    **serialized(TokenSerializer(), TOKEN),
    **serialized(AuthorizationRequestSerializer(), AuthorizationRequestSerializer().fields_of(REQUEST)),
    **serialized(DPoPKeySerializer(), DPoPKeySerializer().fields_of(DPOP_KEY)),
    **serialized(stores.RECORDS, stores.RECORD),
}

KEYRING_ENTRY = (
    b'{"generation":0,"pieces":1,"expires_at":null,"sha256":"'
    + hashlib.sha256(b"dmFsdWU").hexdigest().encode()
    + b'"}\ndmFsdWU'
)

PARSERS: dict[str, Parser] = {
    "JSON": Parser(
        parse=parse_json,
        refusals=(ValueError,),
        seeds=(as_json({"a": [1, 2.5, None, "\u00e9"]}), b"\xef\xbb\xbf {} "),
        too_much=(DEEP, b"[" * 100_000, b"1" * 101),
    ),
    "compressed body": Parser(parse=body, seeds=(zlib.compress(b"{}" * 600), b"\x1f\x8b\x08\x00")),
    **ENDPOINTS,
    "discovery document": Parser(
        parse=discovery_document,
        refusals=(InvalidDiscoveryDocument, errors.InvalidParam),
        seeds=answers(METADATA),
        too_much=(b"\x00" + DEEP_MEMBER,),
    ),
    "metadata that a client finds": Parser(
        parse=found_metadata,
        refusals=(InvalidDiscoveryDocument, errors.InvalidParam, errors.TransportError),
        seeds=answers({**METADATA, "revocation_endpoint": ["x"], "end_session_endpoint": {}, "userinfo_endpoint": ""}),
        too_much=(b"\x00" + DEEP_MEMBER,),
    ),
    "credential of a platform": Parser(
        parse=credential,
        refusals=(CredentialUnavailable,),
        seeds=(b"a-token\n", as_json(TOKEN), as_json({"access_token": "t", "expires_at": "2126-01-01T00:00:00Z"})),
        too_much=(DEEP_MEMBER, b"a" * (LONGEST_TOKEN + 1)),
    ),
    "JWT of a platform": Parser(
        parse=platform_jwt,
        refusals=(CredentialUnavailable,),
        seeds=(as_json({"sub": "me", "exp": 9e9, "nbf": 1}), as_json({"exp": "9999999999", "aud": ["a"]}), b"{}"),
        too_much=(b"[" * LONGEST_TOKEN,),
    ),
    "WebFinger response": Parser(
        parse=webfinger_response,
        refusals=(InvalidWebFingerResponse, ENDPOINT),
        seeds=answers({"links": [{"rel": "http://openid.net/specs/connect/1.0/issuer", "href": AS}]}),
        too_much=(b"\x00" + DEEP_MEMBER, b"\x00" + as_json({"links": [{"rel": "x"}] * 101})),
    ),
    "JWKS": Parser(
        parse=key_set,
        refusals=(errors.InvalidAuthorizationServerJwks, JoseError),
        seeds=answers(JWKS, {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}, public_jwk(KEY)]}),
        too_much=(b"\x00" + DEEP_MEMBER, b"\x00" + as_json({"keys": [{}] * (server_keys.MAX_KEYS + 1)})),
    ),
    "JWK": Parser(
        parse=key,
        refusals=(InvalidKey, ValueError),
        seeds=(as_json(public_jwk(KEY)), as_json({"kty": "OKP", "crv": "Ed25519", "x": "A" * 43})),
        too_much=(as_json({"kty": "RSA", "n": "A" * 5000, "e": "AQAB"}),),
    ),
    "callback": Parser(
        parse=lambda data: REQUEST.validate_callback(text(data)),
        refusals=CALLBACK,
        seeds=(
            f"https://app.local/cb?code=c&state=s&iss={AS}".encode(),
            b"error=login_required&state=s&iss=" + AS.encode(),
        ),
        too_much=(LONG_CALLBACK, MANY),
    ),
    "callback in bytes": Parser(
        parse=REQUEST.validate_callback,
        refusals=CALLBACK,
        seeds=(f"code=c&state=s&iss={AS}".encode(),),
        too_much=(LONG_CALLBACK, MANY),
    ),
    "logout callback": Parser(
        parse=lambda data: LOGOUT.validate_callback(text(data)),
        refusals=CALLBACK[:1],
        seeds=(b"https://app.local?state=s", b"state=s"),
        too_much=(LONG_CALLBACK, MANY),
    ),
    "front-channel logout": Parser(
        parse=lambda data: logout.front_channel_logout(CLIENT, text(data), sid="1"),
        refusals=(*CALLBACK[:1], InvalidFrontChannelLogout),
        seeds=(f"https://app.local/logout?iss={AS}&sid=1".encode(),),
        too_much=(LONG_CALLBACK, MANY),
    ),
    "JARM": Parser(
        parse=jarm,
        refusals=(*CALLBACK, InvalidIdToken),
        seeds=(signed(as_json(CALLBACK_CLAIMS)).encode(),),
        too_much=(LONG_JWT,),
    ),
    "JARM, signed": Parser(
        parse=lambda data: jarm(signed(data).encode()),
        refusals=(*CALLBACK, InvalidIdToken),
        seeds=(as_json(CALLBACK_CLAIMS),),
        too_much=(DEEP_MEMBER,),
    ),
    "front-channel ID token": Parser(
        parse=front_channel_id_token,
        refusals=(*CALLBACK, InvalidIdToken),
        seeds=(signed(as_json({**CLAIMS, "c_hash": half_hash("c", "ES256")})).encode(),),
        too_much=(LONG_JWT,),
    ),
    "ID token": Parser(
        parse=checked_id_token,
        refusals=(InvalidIdToken,),
        seeds=tuple(signed(claims).encode() for claims in SIGNED),
        too_much=(LONG_JWT, LONG_JWE),
    ),
    "ID token, signed": Parser(
        parse=lambda data: checked_id_token(signed(data).encode()),
        refusals=(InvalidIdToken,),
        seeds=SIGNED,
        too_much=(DEEP_MEMBER, b" " * compact.MAX_SIZE),
    ),
    "ID token, encrypted": Parser(
        parse=partial(checked_id_token, client=DECRYPTING),
        refusals=(InvalidIdToken,),
        seeds=tuple(encrypted(signed(claims)) for claims in SIGNED),
        too_much=(LONG_JWE,),
    ),
    "ID token, in an encrypted one": Parser(
        parse=lambda data: checked_id_token(encrypted(text(data)), client=DECRYPTING),
        refusals=(InvalidIdToken,),
        seeds=tuple(signed(claims).encode() for claims in SIGNED),
        too_much=(LONG_JWT,),
    ),
    "logout token": Parser(
        parse=lambda data: play(logout.logout_token(CLIENT, data)).result,
        refusals=(InvalidLogoutToken,),
        seeds=(signed(as_json(LOGOUT_CLAIMS), "logout+jwt").encode(),),
        too_much=(LONG_JWT,),
    ),
    "logout token, signed": Parser(
        parse=lambda data: play(logout.logout_token(CLIENT, signed(data, "logout+jwt"))).result,
        refusals=(InvalidLogoutToken,),
        seeds=(as_json(LOGOUT_CLAIMS),),
        too_much=(DEEP_MEMBER,),
    ),
    "introspection response, a JWT": Parser(
        parse=lambda data: at_endpoint(introspection.introspect_token, data, "at", client=SIGNED_ANSWERS),
        refusals=(errors.InvalidAnswer, ENDPOINT),
        seeds=answers(signed(as_json(INTROSPECTION_CLAIMS), "token-introspection+jwt"), kind=3),
        too_much=(b"\x03" + LONG_JWT,),
    ),
    "introspection response, signed": Parser(
        parse=lambda data: at_endpoint(
            introspection.introspect_token,
            b"\x03" + signed(data, "token-introspection+jwt").encode(),
            "at",
            client=SIGNED_ANSWERS,
        ),
        refusals=(errors.InvalidAnswer, ENDPOINT),
        seeds=(as_json(INTROSPECTION_CLAIMS),),
        too_much=(DEEP_MEMBER,),
    ),
    "userinfo response, signed": Parser(
        parse=lambda data: at_endpoint(userinfo.userinfo, b"\x02" + signed(data).encode(), "at", client=SIGNED_ANSWERS),
        refusals=(errors.InvalidUserInfoResponse, ENDPOINT),
        seeds=(as_json(CLAIMS),),
        too_much=(DEEP_MEMBER,),
    ),
    "entity statement": Parser(
        parse=lambda data: read_entity_statement(data, iss=AS, sub=AS, second=SECOND),
        refusals=(InvalidEntityStatement,),
        seeds=(signed(as_json(ENTITY_CLAIMS), "entity-statement+jwt").encode(),),
        too_much=(LONG_JWT,),
    ),
    "JWS": Parser(
        parse=lambda data: jws.verify(data, algs=("ES256",), keys=JWKS),
        refusals=(JoseError,),
        seeds=(signed(b"anything").encode(),),
        too_much=(LONG_JWT, b64u_encode(b" " * compact.MAX_HEADER + b'{"alg":"ES256"}').encode() + b".e30.c2ln"),
    ),
    "JWE": Parser(
        parse=lambda data: jwe.decrypt(data, DECRYPTION_KEY, algs=("ECDH-ES",), encs=("A128GCM",)),
        refusals=(JoseError,),
        seeds=(encrypted("anything"),),
        too_much=(LONG_JWE,),
    ),
    "DPoP proof": Parser(
        parse=judged_proof,
        refusals=(InvalidDPoPProof,),
        seeds=(own_proof(as_json(PROOF_CLAIMS)).encode(),),
        too_much=(LONG_JWT,),
    ),
    "DPoP proof, signed": Parser(
        parse=lambda data: judged_proof(own_proof(data)),
        refusals=(InvalidDPoPProof,),
        seeds=(as_json(PROOF_CLAIMS),),
        too_much=(DEEP_MEMBER,),
    ),
    "DPoP-Nonce": Parser(parse=dpop_nonce, seeds=(b"a-nonce",)),
    "WWW-Authenticate": Parser(
        parse=challenge,
        refusals=(ValueError,),
        seeds=(
            b'DPoP error="use_dpop_nonce", algs="ES256 PS256", Basic realm="a \\"b\\"", Negotiate YWJj==',
            b'Bearer error="insufficient_user_authentication", acr_values="a b", max_age="5", scope="x y"',
        ),
        too_much=(b"a" * (MAX_HEADER_SIZE + 1), b'a b="' * MAX_HEADER_SIZE),
    ),
    "cost of a text": Parser(parse=growth.cost, seeds=(b'code=\na1\n"', b"\n\x1b[\n", b"<\n<a \n>")),
    "Retry-After": Parser(parse=retry, seeds=(b"120", b"Thu, 01 Jan 2026 12:00:10 GMT\nThu, 01 Jan 2026 12:00:00 GMT")),
    "freshness headers": Parser(
        parse=freshness,
        seeds=(
            b'public, max-age="60", x="\\""\n\n\n10',
            b"\nThu, 01 Jan 2026 13:00:00 GMT\nThu, 01 Jan 2026 12:00:00 GMT\n7",
        ),
    ),
    "ping": Parser(
        parse=ping,
        refusals=(InvalidPingCallback,),
        seeds=(b"Bearer hush\n" + as_json({"auth_req_id": "a"}),),
        too_much=(b"Bearer hush\n" + DEEP_MEMBER, b"Bearer hush\n" + b" " * (1 << 16) + as_json({"auth_req_id": "a"})),
    ),
    **SERIALIZED,
    "token file": Parser(
        parse=stores.read_token_file,
        refusals=(TokenStoreError,),
        seeds=(stores.token_file(), b""),
        too_much=(b"x" * 9999,),
    ),
    "key file": Parser(
        parse=stores.read_key_file,
        refusals=(TokenStoreError,),
        seeds=(b"a" * 43 + b"\n", b"a" * 43 + b"\n" + b"b" * 43 + b"\n"),
        too_much=(b"a" * (1 << 17),),
    ),
    "entry of a keyring": Parser(
        parse=stores.read_keyring,
        refusals=(TokenStoreError,),
        seeds=(KEYRING_ENTRY,),
        too_much=(DEEP, KEYRING_ENTRY.replace(b'"pieces":1', b'"pieces":1000000')),
    ),
    "answer of Redis": Parser(
        parse=stores.read_redis,
        refusals=(TokenStoreError,),
        seeds=(b"$5\r\nvalue\r\n:1\r\n:1\r\n:1\r\n", b":7\r\n", b"*1\r\n:1\r\n", b"+OK\r\n", b"-ERR no\r\n"),
        too_much=(b"*1\r\n" * 5000,),
    ),
    "serialized token, encrypted": Parser(
        parse=TokenSerializer(SECRET_KEY).loads,
        refusals=(InvalidSerializedValue,),
        seeds=(TokenSerializer(SECRET_KEY).dumps(BearerToken("at")),),
        too_much=(LONG_JWE,),
    ),
}
