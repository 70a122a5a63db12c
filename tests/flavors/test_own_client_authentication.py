"""Methods of client authentication that users write, assertions as a server wants them, and copies of clients."""

from __future__ import annotations

import base64
import copy
import datetime as dt
import hashlib
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from devkit.exchange import answer
from devkit.flavors import Flavor
from requests_oauth2client import (
    BaseClientAssertionAuthenticationMethod,
    BaseClientAuthenticationMethod,
    ClientSecretJwt,
    InvalidClientAssertionSigningKeyOrAlg,
    InvalidRequestForClientAuthentication,
    PrivateKeyJwt,
)

TOKEN = answer({"access_token": "at", "token_type": "Bearer"})
KEY = rsa.generate_private_key(65537, 2048)
OTHER = ec.generate_private_key(ec.SECP256R1())


def certificate_of(key: Any) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "client")])
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1000))
    return made.sign(key, hashes.SHA256())


CERTIFICATE = certificate_of(KEY)
PEM = CERTIFICATE.public_bytes(ser.Encoding.PEM)
DER = CERTIFICATE.public_bytes(ser.Encoding.DER)


def header_of(jwt: str) -> dict[str, Any]:
    part = jwt.split(".", maxsplit=1)[0]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def claims_of(jwt: str) -> dict[str, Any]:
    return header_of(jwt.split(".", 1)[1])


def unpadded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


# --- methods of one's own


class Called(BaseClientAuthenticationMethod):
    """As people write them today: on `requests`."""

    client_id = "me"

    def __call__(self, request: Any) -> Any:
        request = super().__call__(request)
        request.headers["X-Client"] = self.client_id
        request.prepare_body({"grant_type": "client_credentials", "client_id": self.client_id}, None)
        return request


class Authenticating(BaseClientAuthenticationMethod):
    """On our own requests."""

    client_id = "me"

    def authenticate(self, request: Any) -> Any:
        return request.with_fields(client_id=self.client_id).with_headers(**{"X-Client": self.client_id})


class Asserting(BaseClientAssertionAuthenticationMethod):
    """Signs elsewhere."""

    client_id = "me"

    def client_assertion(self, audience: Any, lifetime: int | None = None, jti: str | None = None) -> str:
        return f"signed for {audience}"


@pytest.mark.parametrize("method", [Called(), Authenticating()], ids=["call", "authenticate"])
def test_a_method_of_ones_own_serves_both_clients(flavor: Flavor, method: Any) -> None:
    client, sent = flavor.mocked(TOKEN, auth=method)
    assert flavor.run(client.client_credentials()).access_token == "at"
    assert client.client_id == "me"
    assert sent[0].headers["x-client"] == "me"
    assert sent[0].form == {"grant_type": "client_credentials", "client_id": "me"}


def test_an_assertion_of_ones_own_serves_both_clients(flavor: Flavor) -> None:
    client, sent = flavor.mocked(TOKEN, auth=Asserting())
    flavor.run(client.client_credentials())
    assert sent[0].form["client_assertion"] == f"signed for {client.token_endpoint}"
    assert sent[0].form["client_id"] == "me"


def test_a_method_without_a_proof_says_what_to_override(flavor: Flavor) -> None:
    class Nothing(BaseClientAuthenticationMethod):
        client_id = "me"

    client, sent = flavor.mocked(TOKEN, auth=Nothing())
    with pytest.raises(NotImplementedError, match="authenticate"):
        flavor.run(client.client_credentials())
    assert sent == []


def test_what_is_no_form_post_is_a_runtime_error_too() -> None:
    assert issubclass(InvalidRequestForClientAuthentication, RuntimeError)


# --- assertions


class Odd:
    def __str__(self) -> str:
        return "odd"


@pytest.mark.parametrize(
    ("jti", "written"),
    [("x", "x"), (5, 5), (["a"], ["a"]), (uuid.UUID(int=1), str(uuid.UUID(int=1))), (Odd(), "odd"), (b"x", "b'x'")],
)
def test_any_jti_will_do(jti: Any, written: Any) -> None:
    for method in (
        ClientSecretJwt("id", "secret", jti_gen=lambda: jti),
        PrivateKeyJwt("id", KEY, kid="k", jti_gen=lambda: jti),
    ):
        assert claims_of(method.client_assertion("as"))["jti"] == written


def test_header_and_claims_are_as_the_server_wants_them() -> None:
    method = PrivateKeyJwt("id", KEY, kid="k", headers={"typ": "JWT", "x": 1}, claims={"tenant": "t"})
    jwt = method.client_assertion("as")
    assert header_of(jwt) == {"alg": "RS256", "kid": "k", "typ": "JWT", "x": 1}
    assert claims_of(jwt)["tenant"] == "t"
    bare = header_of(PrivateKeyJwt("id", KEY, kid="k", headers={"typ": None}).client_assertion("as"))
    assert bare == {"alg": "RS256", "kid": "k"}
    shared = ClientSecretJwt("id", "secret", headers={"typ": "JWT"}, claims={"a": 1}).client_assertion("as")
    assert (header_of(shared)["typ"], claims_of(shared)["a"]) == ("JWT", 1)


def test_a_server_that_needs_no_kid_gets_none() -> None:
    assert "kid" not in header_of(PrivateKeyJwt("id", KEY, kid=False).client_assertion("as"))
    assert PrivateKeyJwt("id", KEY, kid=False).kid is None
    with pytest.raises(InvalidClientAssertionSigningKeyOrAlg, match="kid=False"):
        PrivateKeyJwt("id", KEY)


@pytest.mark.parametrize("form", ["object", "pem", "text", "der", "path", "path text"])
def test_a_certificate_is_named_in_the_header(form: str, tmp_path: Path) -> None:
    path = tmp_path / "client.pem"
    path.write_bytes(PEM)
    given = {"object": CERTIFICATE, "pem": PEM, "text": PEM.decode(), "der": DER, "path": path, "path text": str(path)}
    header = header_of(PrivateKeyJwt("id", KEY, certificate=given[form]).client_assertion("as"))
    assert header["x5t#S256"] == unpadded(hashlib.sha256(DER).digest())
    assert header.keys() == {"alg", "typ", "x5t#S256"}


def test_entra_gets_its_x5t() -> None:
    headers = {"typ": "JWT", "x5t": True, "x5c": True, "x5t#S256": None}
    header = header_of(PrivateKeyJwt("id", KEY, certificate=PEM, headers=headers).client_assertion("as"))
    assert header["x5t"] == unpadded(hashlib.sha1(DER).digest())  # noqa: S324  RFC 7515 section 4.1.7
    assert header["x5c"] == [base64.b64encode(DER).decode()]
    assert (header["typ"], "x5t#S256" in header) == ("JWT", False)


@pytest.mark.parametrize("wrong", [certificate_of(OTHER), b"no certificate", "/nowhere/client.pem", 5])
def test_a_certificate_that_does_not_fit_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidClientAssertionSigningKeyOrAlg):
        PrivateKeyJwt("id", KEY, certificate=wrong)


def test_a_thumbprint_needs_a_certificate() -> None:
    with pytest.raises(InvalidClientAssertionSigningKeyOrAlg, match="certificate="):
        PrivateKeyJwt("id", KEY, kid="k", headers={"x5t": True})


def test_a_key_may_have_a_password() -> None:
    locked = KEY.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.BestAvailableEncryption(b"open"))
    assert PrivateKeyJwt("id", locked, kid="k", password="open").client_assertion("as")
    assert PrivateKeyJwt("id", locked.decode(), kid="k", password=b"open").client_assertion("as")
    with pytest.raises(InvalidClientAssertionSigningKeyOrAlg, match="password is wrong") as refused:
        PrivateKeyJwt("id", locked, kid="k", password="sesame")
    assert "sesame" not in str(refused.value)


# --- copies


def test_a_client_can_be_copied(flavor: Flavor) -> None:
    client, sent = flavor.mocked(TOKEN)
    for made in (copy.copy(client), copy.deepcopy(client), copy.deepcopy({"client": client})["client"]):
        assert made is not client
        assert (made.auth, made.token_endpoint) == (client.auth, client.token_endpoint)
        assert flavor.run(made.client_credentials()).access_token == "at"
    assert len(sent) == 3
    own = flavor.client()
    first = own.session
    other = flavor.keep(copy.deepcopy(own))
    assert flavor.given_session == (other.session is first)
