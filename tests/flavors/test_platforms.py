"""The shapes of the clouds, played on loopback: who gives tokens to workloads, and who takes them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from devkit.answering_server import AnsweringServer, start_answering_server
from devkit.exchange import Received, answer, error
from devkit.flavors import Flavor
from requests_oauth2client import (
    AmbientSource,
    ClientAssertionFrom,
    CredentialNotFound,
    CredentialNotPermitted,
    CredentialTimeout,
    CredentialUnavailable,
    EnvironmentSource,
    ExpiredCredential,
    GitHubActionsSource,
    GitLabSource,
    InvalidCredential,
    KubernetesSource,
    NoClientAuth,
    SpiffeSource,
    TokenExchangeSource,
    UrlSource,
)
from requests_oauth2client._core.encoding import b64u_decode
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.keys import generate_private_jwk, signing_key
from requests_oauth2client.exceptions import InvalidGrant, InvalidParam

KEY = signing_key({**generate_private_jwk("ES256"), "kid": "k"})
AUDIENCE = "api://AzureADTokenExchange"
PLATFORM = """
    GITHUB_ACTIONS ACTIONS_ID_TOKEN_REQUEST_URL ACTIONS_ID_TOKEN_REQUEST_TOKEN GITLAB_CI CI_SERVER_URL
    SPIFFE_JWT_SVID_FILE AZURE_FEDERATED_TOKEN_FILE AWS_WEB_IDENTITY_TOKEN_FILE ID_TOKEN
""".split()
HTML = answer("<!DOCTYPE html><title>planted</title>", Content_Type="text/html")


def jwt(lifetime: float = 600, **claims: Any) -> str:
    now = time.time()
    known = {"iss": "https://platform.local", "sub": "me", "aud": AUDIENCE, "exp": now + lifetime}
    return jws.sign({**known, **claims}, KEY)


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No platform is here, until a test says so."""
    for name in PLATFORM:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def served() -> Iterator[AnsweringServer]:
    with start_answering_server(lambda _: answer({})) as server:
        yield server


@pytest.fixture
def platform(served: AnsweringServer) -> AnsweringServer:
    """A service that gives out tokens, and was asked for none yet."""
    served.received.clear()
    return served


def get(flavor: Flavor, source: Any) -> Any:
    return flavor.run(flavor.named("OAuth2TokenSourceAuth")(source).get_token())


# --- a service that is asked


def test_a_service_gives_a_token_in_any_of_its_shapes(every_flavor: Flavor, platform: AnsweringServer) -> None:
    shapes: list[tuple[Any, dict[str, Any], int]] = [
        (answer("plain-token\n", Content_Type="text/plain"), {}, 60),
        (answer({"access_token": "t", "expires_in": 1200, "token_type": "Bearer"}), {}, 1200),
        (answer({"value": "t", "count": 1}), {"member": "value"}, 60),
        (answer({"value": "t"}), {"member": "value", "lifetime": 5}, 5),
    ]
    for given, settings, lifetime in shapes:
        platform.respond = lambda _, given=given: given
        source = UrlSource(f"{platform.url}/token?for=me", headers={"Metadata-Flavor": "here"}, **settings)
        found = get(every_flavor, source)
        assert found.access_token in {"t", "plain-token"}
        assert lifetime - 5 <= found.expires_in <= lifetime
    came = platform.received[-1]
    assert (came.method, came.url, came.headers["metadata-flavor"]) == ("GET", f"{platform.url}/token?for=me", "here")


@pytest.mark.parametrize(
    ("given", "kind", "match"),
    [
        (HTML, InvalidCredential, "HTML"),
        (answer(""), InvalidCredential, "nothing came"),
        (answer({"planted": 1}), InvalidCredential, "access_token"),
        (answer({"access_token": 42}), InvalidCredential, "int"),
        (answer({"access_token": "planted", "token_type": "mac"}), InvalidCredential, "Bearer"),
        (answer("x" * (2 << 20)), InvalidCredential, "more than 1048576 bytes"),
        (answer("", 302, Location="http://127.0.0.1:1/"), InvalidCredential, "redirect"),
        (answer("planted-key is wrong", 401), CredentialNotPermitted, "401: '.*is wrong'"),
        (answer("", 403), CredentialNotPermitted, "403"),
        (answer("", 404), CredentialNotFound, "404"),
        (answer("", 400), CredentialUnavailable, "400"),
        (answer("", 501), CredentialUnavailable, "501"),
    ],
)
def test_a_service_that_gives_none_is_told_apart(
    flavor: Flavor, platform: AnsweringServer, given: Any, kind: Any, match: str
) -> None:
    platform.respond = lambda _: given
    source = UrlSource(f"{platform.url}/t?sig=planted", headers={"Authorization": "Bearer planted-key"})
    with pytest.raises(CredentialUnavailable, match=match) as raised:
        get(flavor, source)
    assert type(raised.value) is kind
    assert f"{platform.url}/t" in str(raised.value)
    assert "planted" not in str(raised.value) + repr(source)
    assert len(platform.received) == 1


def test_a_service_that_is_busy_is_asked_again(flavor: Flavor, platform: AnsweringServer) -> None:
    coming = iter([answer("", 503), answer("t")])
    platform.respond = lambda _: next(coming)
    assert get(flavor, UrlSource(f"{platform.url}/")).access_token == "t"


def test_a_member_has_to_be_there(flavor: Flavor, platform: AnsweringServer) -> None:
    for given, what in (({"other": "planted"}, "missing"), ({"value": {"planted": 1}}, "dict"), (["planted"], "array")):
        platform.respond = lambda _, given=given: answer(given)
        with pytest.raises(InvalidCredential, match=what) as raised:
            get(flavor, UrlSource(f"{platform.url}/", member="value"))
        assert "planted" not in str(raised.value)


def test_where_no_server_listens_there_is_none(flavor: Flavor, unused_port: int) -> None:
    with pytest.raises(CredentialNotFound, match=f"127.0.0.1:{unused_port}"):
        get(flavor, UrlSource(f"http://127.0.0.1:{unused_port}/"))


@pytest.fixture
def unused_port() -> int:
    with start_answering_server(lambda _: answer({})) as server:
        return int(server.url.rpartition(":")[2])


def test_a_service_that_says_nothing_is_left(flavor: Flavor, platform: AnsweringServer) -> None:
    has_ended = threading.Event()

    def wait(_: Received) -> Any:
        has_ended.wait(30)
        return answer("late")

    platform.respond = wait
    try:
        with pytest.raises(CredentialTimeout, match=r"within 0\.2 seconds"):
            get(flavor, UrlSource(f"{platform.url}/", timeout=0.2))
    finally:
        has_ended.set()


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/token", "http://metadata.example/", "ftp://x/", "x", "https://"]
)
def test_plain_http_is_for_this_machine(url: str) -> None:
    with pytest.raises(InvalidParam):
        UrlSource(url)


def test_plain_http_elsewhere_needs_a_word() -> None:
    assert UrlSource("http://169.254.169.254/token", allow_insecure_http=True).url


# --- GitHub Actions


def github(platform: AnsweringServer, monkeypatch: pytest.MonkeyPatch, given: Any) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{platform.url}/oidc?api-version=2.0")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "planted-runtime-token")
    platform.respond = lambda _: given


def test_github_is_asked_for_an_audience(
    every_flavor: Flavor, platform: AnsweringServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = jwt(aud="https://as.local/?a=b&c")
    github(platform, monkeypatch, answer({"value": text, "count": 1}))
    assert get(every_flavor, GitHubActionsSource("https://as.local/?a=b&c")).access_token == text
    came = platform.received[-1]
    assert came.headers["authorization"] == "Bearer planted-runtime-token"
    assert parse_qs(urlsplit(came.url).query) == {"api-version": ["2.0"], "audience": ["https://as.local/?a=b&c"]}
    get(every_flavor, GitHubActionsSource())
    assert "audience" not in parse_qs(urlsplit(platform.received[-1].url).query)


def test_a_job_that_may_not_have_one_hears_what_to_write(flavor: Flavor, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CredentialNotFound, match="ACTIONS_ID_TOKEN_REQUEST_URL"):
        get(flavor, GitHubActionsSource("a"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with pytest.raises(CredentialNotPermitted, match="id-token: write"):
        get(flavor, GitHubActionsSource("a"))


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (HTML, InvalidCredential),
        (answer({"value": "planted-opaque"}), InvalidCredential),
        (answer({"value": None}), InvalidCredential),
        (answer({"value": jwt(-5)}), ExpiredCredential),
        (answer({"message": "planted-runtime-token is over"}, 401), CredentialNotPermitted),
    ],
)
def test_nonsense_of_github_is_refused(
    flavor: Flavor, platform: AnsweringServer, monkeypatch: pytest.MonkeyPatch, given: Any, kind: Any
) -> None:
    github(platform, monkeypatch, given)
    with pytest.raises(CredentialUnavailable, match="GitHub Actions") as raised:
        get(flavor, GitHubActionsSource(AUDIENCE))
    assert type(raised.value) is kind
    assert "planted" not in str(raised.value)


def test_the_address_that_a_job_gets_is_no_plain_http(flavor: Flavor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", "http://elsewhere.example/")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t")
    with pytest.raises(InvalidParam, match="GitHubActionsSource asks over https"):
        get(flavor, GitHubActionsSource("a"))


# --- GitLab, Kubernetes, SPIFFE


def test_gitlab_names_its_variable(flavor: Flavor, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CredentialNotFound, match="does not run in GitLab"):
        get(flavor, GitLabSource("ID_TOKEN"))
    monkeypatch.setenv("GITLAB_CI", "true")
    with pytest.raises(CredentialNotFound, match="id_tokens: ID_TOKEN: aud"):
        get(flavor, GitLabSource("ID_TOKEN"))
    text = jwt()
    monkeypatch.setenv("ID_TOKEN", text)
    assert get(flavor, GitLabSource("ID_TOKEN")).access_token == text


def test_a_token_of_kubernetes_is_read_again_before_it_ends(flavor: Flavor, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(jwt(600))
    assert 590 <= get(flavor, KubernetesSource(tmp_path / "token")).expires_in <= 600
    assert str(KubernetesSource().path) == "/var/run/secrets/kubernetes.io/serviceaccount/token"


def test_a_jwt_svid_is_one(flavor: Flavor, tmp_path: Path) -> None:
    text = jwt(sub="spiffe://example.org/me", aud=[AUDIENCE])
    (tmp_path / "svid").write_text(text)
    assert get(flavor, SpiffeSource(tmp_path / "svid")).access_token == text


# --- whichever is here


def test_the_first_platform_that_is_here_is_asked(
    flavor: Flavor, platform: AnsweringServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the last in the order to the first: each goes before those that are here already."""
    texts = {name: jwt(jti=name) for name in ("aws", "azure", "github")}
    for variable, name in (("AWS_WEB_IDENTITY_TOKEN_FILE", "aws"), ("AZURE_FEDERATED_TOKEN_FILE", "azure")):
        (tmp_path / name).write_text(texts[name])
        monkeypatch.setenv(variable, str(tmp_path / name))
        assert get(flavor, AmbientSource(AUDIENCE)).access_token == texts[name]
    svid = jwt(sub="spiffe://example.org/me")
    (tmp_path / "svid").write_text(svid)
    monkeypatch.setenv("SPIFFE_JWT_SVID_FILE", str(tmp_path / "svid"))
    assert get(flavor, AmbientSource(AUDIENCE)).access_token == svid
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("CI_SERVER_URL", "https://gitlab.local")
    monkeypatch.setenv("ID_TOKEN", jwt(iss="https://gitlab.local", aud="another"))
    with pytest.raises(CredentialNotPermitted, match="GitLab CI: no variable"):
        get(flavor, AmbientSource(AUDIENCE))
    gitlab = jwt(iss="https://gitlab.local")
    monkeypatch.setenv("ID_TOKEN", gitlab)
    assert get(flavor, AmbientSource(AUDIENCE)).access_token == gitlab
    github(platform, monkeypatch, answer({"value": texts["github"]}))
    assert get(flavor, AmbientSource(AUDIENCE)).access_token == texts["github"]


def test_where_no_platform_is_the_error_says_what_was_looked_for(every_flavor: Flavor) -> None:
    with pytest.raises(CredentialNotFound) as raised:
        get(every_flavor, AmbientSource(AUDIENCE))
    for looked_for in ("ACTIONS_ID_TOKEN_REQUEST_URL", "GITLAB_CI", "SPIFFE_JWT_SVID_FILE", "serviceaccount/token"):
        assert looked_for in str(raised.value)


def test_a_token_for_another_audience_is_not_used(
    flavor: Flavor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text(jwt(aud=["https://kubernetes.default.svc"]))
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    with pytest.raises(InvalidCredential, match=r"is for \['https://kubernetes.default.svc'\]"):
        get(flavor, AmbientSource(AUDIENCE))


def test_other_sources_can_be_tried_instead(flavor: Flavor, monkeypatch: pytest.MonkeyPatch) -> None:
    text = jwt()
    monkeypatch.setenv("ID_TOKEN", text)
    source = AmbientSource("a", sources=[EnvironmentSource("GITLAB_CI"), EnvironmentSource("ID_TOKEN")])
    assert get(flavor, source).access_token == text
    with pytest.raises(InvalidParam, match="audience"):
        AmbientSource("")


# --- servers that take them


def google_sts(request: Received) -> Any:
    """Answer as Google's security token service does: RFC 8693, and who asks does not authenticate."""
    form = request.form
    known = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "scope": "https://www.googleapis.com/auth/cloud-platform",
    }
    if {**form, "subject_token": ""} != {**known, "subject_token": ""} or "authorization" in request.headers:
        return error("invalid_request")
    issued = "urn:ietf:params:oauth:token-type:access_token"
    return answer({"access_token": "ya29.d", "issued_token_type": issued, "token_type": "Bearer", "expires_in": 3599})


def test_google_takes_a_token_of_github(
    flavor: Flavor, platform: AnsweringServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = jwt()
    github(platform, monkeypatch, answer({"value": text}))
    with start_answering_server(google_sts) as sts:
        client = flavor.client(f"{sts.url}/v1/token", NoClientAuth())
        source = TokenExchangeSource(
            client,
            AmbientSource(AUDIENCE),
            audience="//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
            scope="https://www.googleapis.com/auth/cloud-platform",
            requested_token_type="access_token",
        )
        assert get(flavor, source).access_token == "ya29.d"
        assert sts.received[-1].form["subject_token"] == text


def entra(request: Received) -> Any:
    """Answer as Entra does to a federated credential: it looks at issuer, subject and audience of the assertion."""
    form = request.form
    known = {
        "grant_type": "client_credentials",
        "client_id": "00000000-0000-0000-0000-000000000001",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "scope": "https://graph.microsoft.com/.default",
    }
    payload = form.pop("client_assertion", "").split(".")
    if form != known or json.loads(b64u_decode(payload[1]))["aud"] != AUDIENCE:
        return error("invalid_client", 401, error_codes=[700213])
    return answer({"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": "eyJ0.e.x"})


def test_entra_takes_a_token_of_a_cluster(flavor: Flavor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "azure-identity-token").write_text(jwt())
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "azure-identity-token"))
    with start_answering_server(entra) as tenant:
        auth = ClientAssertionFrom("00000000-0000-0000-0000-000000000001", AmbientSource(AUDIENCE))
        client = flavor.client(f"{tenant.url}/tenant/oauth2/v2.0/token", auth)
        handler = flavor.named("OAuth2ClientCredentialsAuth")(client, scope="https://graph.microsoft.com/.default")
        assert flavor.run(handler.get_token()).access_token == "eyJ0.e.x"


def test_a_server_that_does_not_trust_the_platform_says_so(flavor: Flavor, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(jwt())
    with start_answering_server(lambda _: error("invalid_grant", error_description="unknown issuer")) as sts:
        client = flavor.client(f"{sts.url}/token", NoClientAuth())
        with pytest.raises(InvalidGrant, match="unknown issuer"):
            get(flavor, TokenExchangeSource(client, KubernetesSource(tmp_path / "token")))
