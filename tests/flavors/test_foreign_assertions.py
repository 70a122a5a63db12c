"""Assertions and tokens that somebody else issued: for client authentication, the JWT bearer grant, token exchange."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from devkit.exchange import answer, error, token
from devkit.flavors import Flavor
from requests_oauth2client import (
    BearerToken,
    ClientAssertionFrom,
    ClientCredentialsSource,
    CredentialNotFound,
    CredentialUnavailable,
    EnvironmentSource,
    ExpiredCredential,
    File,
    FileSource,
    IdToken,
    InvalidCredential,
    JwtBearerSource,
    KubernetesSource,
    SignedAssertion,
    SpiffeSource,
    TokenExchangeSource,
    TokenSource,
    UnsupportedClientCredentials,
)
from requests_oauth2client._core.encoding import b64u_decode
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.keys import generate_private_jwk, signing_key
from requests_oauth2client.exceptions import InvalidClient, InvalidParam

KEY = signing_key({**generate_private_jwk("ES256"), "kid": "k"})
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt"
ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"
EXCHANGED = token(issued_token_type=ACCESS_TOKEN_TYPE)


def jwt(lifetime: float = 600, **claims: Any) -> str:
    now = time.time()
    return jws.sign({"iss": "https://platform.local", "sub": "me", "exp": now + lifetime, **claims}, KEY)


def claims_of(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(b64u_decode(text.split(".")[1]))
    return found


class Vault(TokenSource):
    """Somebody's own source."""

    def __init__(self, *given: Any) -> None:
        super().__init__()
        self.given = iter(given)

    def get_token(self, held: BearerToken | None) -> Any:
        return next(self.given)


class AsyncVault(Vault):
    """An async one."""

    async def get_token(self, held: BearerToken | None) -> Any:
        return super().get_token(held)


def giving(form: str, flavor: Flavor, tmp_path: Path, text: str) -> Any:
    """Return each kind of thing that an assertion can come from."""
    file = tmp_path / "assertion"
    file.write_text(f"{text}\n")

    async def later() -> str:
        return text

    return {
        "path": str(file), "Path": file, "File": File(file), "FileSource": FileSource(file), "function": lambda: text,
        "source": Vault(BearerToken(text)), "bytes": text.encode, "IdToken": lambda: IdToken(text),
        "Kubernetes": KubernetesSource(file),
        "async": later if flavor.is_async else (lambda: text),
        "async source": (AsyncVault if flavor.is_async else Vault)(text),
    }[form]  # fmt: skip


FORMS = ["path", "Path", "File", "FileSource", "function", "source", "bytes", "IdToken", "Kubernetes", "async",
         "async source"]  # fmt: skip


# --- client authentication


@pytest.mark.parametrize("form", FORMS)
def test_an_assertion_comes_from_anything(flavor: Flavor, form: str, tmp_path: Path) -> None:
    text = jwt()
    client, sent = flavor.mocked(token(), auth=ClientAssertionFrom("me", giving(form, flavor, tmp_path, text)))
    flavor.run(client.client_credentials())
    form_sent = sent[0].form
    assert form_sent["client_assertion"] == text
    assert (form_sent["client_id"], form_sent["client_assertion_type"]) == ("me", JWT_BEARER)


def test_each_request_asks_anew(every_flavor: Flavor, tmp_path: Path) -> None:
    file = tmp_path / "assertion"
    client, sent = every_flavor.mocked(token(), auth=ClientAssertionFrom("me", file))
    texts = [jwt(jti=str(n)) for n in range(2)]
    for text in texts:
        file.write_text(text)
        every_flavor.run(client.client_credentials())
    assert [request.form["client_assertion"] for request in sent] == texts


def test_an_attempt_at_a_failing_server_has_an_assertion_of_its_own(flavor: Flavor) -> None:
    coming = iter([answer(b"", 503), token()])
    texts = [jwt(jti=str(n)) for n in range(2)]
    client, sent = flavor.mocked(lambda _: next(coming), auth=ClientAssertionFrom("me", Vault(*texts)))
    flavor.run(client.client_credentials())
    assert [request.form["client_assertion"] for request in sent] == texts


def test_the_assertion_of_another_client_is_asked_for_with_its_own_session(flavor: Flavor) -> None:
    text = jwt()
    broker, asked = flavor.mocked(token(access_token=text))
    auth = ClientAssertionFrom("me", ClientCredentialsSource(broker, audience="the-as"))
    client, sent = flavor.mocked(token(), auth=auth)
    flavor.run(client.client_credentials())
    assert [request.form.get("audience") for request in asked] == ["the-as"]
    assert [request.form.get("client_assertion") for request in sent] == [text]


def test_a_source_of_the_other_kind_is_refused(flavor: Flavor) -> None:
    from requests_oauth2client import AsyncOAuth2Client, OAuth2Client

    other = (OAuth2Client if flavor.is_async else AsyncOAuth2Client)("https://as.local/token", ("id", "s"))
    client, sent = flavor.mocked(token(), auth=ClientAssertionFrom("me", ClientCredentialsSource(other)))
    with pytest.raises(InvalidParam, match="both have to be sync, or both async"):
        flavor.run(client.client_credentials())
    assert sent == []


def test_saml_assertions_have_their_own_type(flavor: Flavor) -> None:
    saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
    client, sent = flavor.mocked(token(), auth=ClientAssertionFrom("me", lambda: "PHNhbWw-", saml))
    flavor.run(client.client_credentials())
    assert (sent[0].form["client_assertion"], sent[0].form["client_assertion_type"]) == ("PHNhbWw-", saml)


HTML = "<!DOCTYPE html><html><body>Please sign in, planted</body></html>"


@pytest.mark.parametrize(
    ("given", "kind", "match"),
    [
        (HTML, InvalidCredential, "HTML"),
        ("", InvalidCredential, "nothing came"),
        ("planted words", InvalidCredential, "several words"),
        ("planted-opaque-token", InvalidCredential, "another string"),
        ('{"planted": 1}', InvalidCredential, "JSON"),
        ("-----BEGIN PRIVATE KEY-----planted", InvalidCredential, "PEM"),
        ("x" * 70_000, InvalidCredential, "70000 characters"),
        (None, InvalidCredential, "NoneType"),
        (42, InvalidCredential, "int"),
        ({"access_token": "planted"}, InvalidCredential, "dict"),
        (str, InvalidCredential, "type"),
        (lambda: jwt(-60), ExpiredCredential, r"expired \d+ seconds ago"),
        (lambda: jwt(nbf=time.time() + 3600), ExpiredCredential, "not valid before"),
    ],
)
def test_what_is_no_assertion_is_refused_and_not_shown(flavor: Flavor, given: Any, kind: Any, match: str) -> None:
    given = given() if callable(given) and given is not str else given  # made now: collecting tests may take minutes
    client, sent = flavor.mocked(token(), auth=ClientAssertionFrom("me", lambda: given))
    with pytest.raises(InvalidCredential, match=match) as raised:
        flavor.run(client.client_credentials())
    assert type(raised.value) is kind
    assert "planted" not in str(raised.value)
    assert sent == []


def test_a_clock_that_is_a_little_ahead_does_no_harm(flavor: Flavor) -> None:
    client, sent = flavor.mocked(token(), auth=ClientAssertionFrom("me", lambda: jwt(nbf=time.time() + 5)))
    flavor.run(client.client_credentials())
    assert len(sent) == 1


def test_what_a_source_raises_is_raised(flavor: Flavor, tmp_path: Path) -> None:
    client, sent = flavor.mocked(token(), auth=ClientAssertionFrom("me", tmp_path / "nowhere"))
    with pytest.raises(CredentialNotFound, match="nowhere"):
        flavor.run(client.client_credentials())
    broken, _ = flavor.mocked(token(), auth=ClientAssertionFrom("me", lambda: 1 / 0))
    with pytest.raises(ZeroDivisionError):
        flavor.run(broken.client_credentials())
    assert sent == []


def test_a_refusal_is_the_servers(flavor: Flavor) -> None:
    client, _ = flavor.mocked(error("invalid_client", 401), auth=ClientAssertionFrom("me", jwt))
    with pytest.raises(InvalidClient):
        flavor.run(client.client_credentials())


@pytest.mark.parametrize("source", [None, 42, FileSource, jwt(), b"path", ["a"]])
def test_a_source_is_one(source: Any) -> None:
    with pytest.raises(InvalidParam):
        ClientAssertionFrom("me", source)


def test_its_other_arguments_are_checked_too() -> None:
    with pytest.raises(UnsupportedClientCredentials):
        ClientAssertionFrom("", "path")
    with pytest.raises(InvalidParam, match="RFC 7521"):
        ClientAssertionFrom("me", "path", "jwt")
    with pytest.raises(InvalidParam, match="OAuth2Client"):
        ClientAssertionFrom("me", "path").authenticate(None)  # type: ignore[arg-type]


# --- grants


@pytest.mark.parametrize("form", [*FORMS, "itself"])
def test_an_assertion_for_a_token_comes_from_anything_too(flavor: Flavor, form: str, tmp_path: Path) -> None:
    text = jwt()
    given = text if form == "itself" else giving(form if "ath" not in form else "File", flavor, tmp_path, text)
    client, sent = flavor.mocked(token())
    auth = flavor.named("OAuth2TokenSourceAuth")(JwtBearerSource(client, given, scope="a"))
    assert flavor.run(auth.get_token()).access_token == "an-access-token"
    assert (sent[0].form["assertion"], sent[0].form["scope"]) == (text, "a")


@pytest.mark.parametrize("given", [None, 42, HTML, "two words", {"a": 1}, str])
def test_what_is_no_token_never_goes_onto_the_wire(flavor: Flavor, given: Any) -> None:
    client, sent = flavor.mocked(token())
    with pytest.raises(InvalidParam):
        flavor.run(client.jwt_bearer(given))
    with pytest.raises(InvalidParam):
        flavor.run(client.token_exchange(subject_token=given, subject_token_type="jwt"))
    auth = flavor.named("OAuth2TokenSourceAuth")(JwtBearerSource(client, lambda: given))
    with pytest.raises(InvalidCredential):
        flavor.run(auth.get_token())
    exchange = TokenExchangeSource(client, lambda: given, subject_token_type="jwt")
    with pytest.raises(InvalidParam):
        flavor.run(flavor.named("OAuth2TokenSourceAuth")(exchange).get_token())
    assert sent == []


def test_a_string_of_another_library_is_taken(flavor: Flavor) -> None:
    class Signed:
        def __str__(self) -> str:
            return "a.b.c"

    client, sent = flavor.mocked(token())
    flavor.run(client.jwt_bearer(Signed()))
    assert sent[0].form["assertion"] == "a.b.c"


def test_sources_compose_in_an_exchange(every_flavor: Flavor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flavor = every_flavor
    (tmp_path / "subject").write_text("the-users-token\n")
    actor = jwt(sub="spiffe://example.org/me")
    (tmp_path / "actor").write_text(actor)
    monkeypatch.setenv("WORKLOAD_TOKEN", "from-the-environment")
    client, sent = flavor.mocked(EXCHANGED)

    def exchanged(source: TokenExchangeSource) -> dict[str, str]:
        flavor.run(flavor.named("OAuth2TokenSourceAuth")(source).get_token())
        return sent[-1].form

    file = FileSource(tmp_path / "subject")
    form = exchanged(TokenExchangeSource(client, subject_token=file, actor_token=SpiffeSource(tmp_path / "actor")))
    assert (form["subject_token"], form["subject_token_type"]) == ("the-users-token", ACCESS_TOKEN_TYPE)
    assert (form["actor_token"], form["actor_token_type"]) == (actor, JWT_TYPE)
    form = exchanged(TokenExchangeSource(client, file, subject_token_type="id_token"))
    assert form["subject_token_type"] == "urn:ietf:params:oauth:token-type:id_token"
    assert "actor_token" not in form
    form = exchanged(TokenExchangeSource(client, EnvironmentSource("WORKLOAD_TOKEN")))
    assert (form["subject_token"], form["subject_token_type"]) == ("from-the-environment", ACCESS_TOKEN_TYPE)
    other, asked = flavor.mocked(token(access_token="of-another-server"))
    form = exchanged(TokenExchangeSource(client, ClientCredentialsSource(other)))
    assert (form["subject_token"], form["subject_token_type"]) == ("of-another-server", ACCESS_TOKEN_TYPE)
    assert len(asked) == 1


def test_a_platform_token_that_is_over_is_not_exchanged(flavor: Flavor, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(jwt(-1))
    client, sent = flavor.mocked(EXCHANGED)
    auth = flavor.named("OAuth2TokenSourceAuth")(TokenExchangeSource(client, KubernetesSource(tmp_path / "token")))
    with pytest.raises(ExpiredCredential):
        flavor.run(auth.get_token())
    assert sent == []


def test_a_token_that_is_no_jwt_is_none_of_a_platform(flavor: Flavor, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("opaque")
    for source in (KubernetesSource(tmp_path / "token"), SpiffeSource(tmp_path / "token")):
        with pytest.raises(InvalidCredential, match="compact JWT"):
            flavor.run(flavor.named("OAuth2TokenSourceAuth")(source).get_token())
    (tmp_path / "token").write_text(jwt())
    with pytest.raises(InvalidCredential, match="SPIFFE ID"):
        flavor.run(flavor.named("OAuth2TokenSourceAuth")(SpiffeSource(tmp_path / "token")).get_token())


def test_a_variable_that_is_not_there_is_named(flavor: Flavor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
    auth = flavor.named("OAuth2TokenSourceAuth")(EnvironmentSource("NO_SUCH_TOKEN"))
    with pytest.raises(CredentialNotFound, match="NO_SUCH_TOKEN: it is not set"):
        flavor.run(auth.get_token())
    monkeypatch.setenv("NO_SUCH_TOKEN", "")
    with pytest.raises(CredentialNotFound, match="it is empty"):
        flavor.run(auth.get_token())
    with pytest.raises(InvalidParam):
        EnvironmentSource("")


# --- assertions that are signed here


def test_an_assertion_is_signed_for_each_request(flavor: Flavor) -> None:
    jwk = {**generate_private_jwk("RS256"), "kid": "mine"}
    signed = SignedAssertion(
        issuer="my-service", subject="alice", audience="https://as.local", key=jwk, lifetime=60,
        claims={"tenant": "t"}, headers={"x": 1},
    )  # fmt: skip
    client, sent = flavor.mocked(token())
    auth = flavor.named("OAuth2TokenSourceAuth")(JwtBearerSource(client, signed))
    flavor.run(auth.get_token())
    flavor.run(auth.renew_token())
    first, second = (request.form["assertion"] for request in sent)
    claims = claims_of(first)
    assert (claims["iss"], claims["sub"], claims["aud"], claims["tenant"]) == (
        "my-service", "alice", "https://as.local", "t")  # fmt: skip
    assert claims["exp"] - claims["iat"] == 60
    assert claims["jti"] != claims_of(second)["jti"]
    header = json.loads(b64u_decode(first.split(".")[0]))
    assert header == {"alg": "RS256", "typ": "JWT", "kid": "mine", "x": 1}
    assert jwk["d"] not in repr(signed) + repr(auth.source)


def test_a_service_account_signs_with_its_file(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization as ser
    from cryptography.hazmat.primitives.asymmetric import rsa

    pem = rsa.generate_private_key(65537, 2048).private_bytes(
        ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption()
    )
    account = {
        "type": "service_account", "client_email": "robot@project.example", "private_key_id": "key-1",
        "private_key": pem.decode(), "token_uri": "https://as.local/token",
    }  # fmt: skip
    file = tmp_path / "account.json"
    file.write_text(json.dumps(account))
    for given in (file, str(file), File(file), account):
        made = SignedAssertion.from_service_account(given, lifetime=3600, claims={"scope": "a b"})()
        claims = claims_of(made)
        assert (claims["iss"], claims["aud"], claims["scope"]) == ("robot@project.example", account["token_uri"], "a b")
        assert "sub" not in claims
        assert claims["exp"] - claims["iat"] == 3600
        assert json.loads(b64u_decode(made.split(".")[0]))["kid"] == "key-1"
    for_alice = SignedAssertion.from_service_account(file, subject="alice@example.com", audience="other")
    assert (claims_of(for_alice())["sub"], claims_of(for_alice())["aud"]) == ("alice@example.com", "other")
    file.write_text(json.dumps({"type": "external_account", "audience": "x"}))
    with pytest.raises(InvalidParam, match="external_account"):
        SignedAssertion.from_service_account(file)
    file.write_text(HTML)
    with pytest.raises(InvalidParam, match="no JSON"):
        SignedAssertion.from_service_account(file)
    with pytest.raises(CredentialUnavailable):
        SignedAssertion.from_service_account(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "wrong", [{"issuer": ""}, {"audience": ""}, {"subject": ""}, {"key": "no key"}, {"key": KEY.public_jwk}]
)
def test_a_signed_assertion_needs_what_it_needs(wrong: Any) -> None:
    given: Any = {"issuer": "a", "subject": "b", "audience": "c", "key": generate_private_jwk("ES256"), **wrong}
    with pytest.raises(InvalidParam):
        SignedAssertion(**given)
