"""No public class shows a secret: not in `repr`, `str`, a log, a traceback or a pickle.

Every public class has a recipe here that makes one with secrets planted in it; a class without a recipe fails.
"""

from __future__ import annotations

import inspect
import json
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import requests_oauth2client as package
from devkit import root
from devkit.exchange import Answer
from devkit.failing_server import FailingServer, start_failing_server
from devkit.flavors import BOTH, Flavor, open_flavor
from requests_oauth2client import enums
from requests_oauth2client._jose.keys import generate_private_jwk
from requests_oauth2client.exceptions import OAuth2Error
from requests_oauth2client.utils import PRIVATE_JWK_MEMBERS, b64u_encode

JWT = f"{b64u_encode('{}')}.{b64u_encode(json.dumps({'sub': 'planted-subject'}))}.planted-signature-01"
PLANTED = {
    name: f"planted {name}".replace(" ", "-")
    for name in (
        "client_secret code verifier access_token refresh_token device_code auth_req_id password state nonce"
        " registration_access_token request_uri notification_token custom"
    ).split()
}
VERIFIER = PLANTED["verifier"].ljust(43, "0")
KEYS = {alg: generate_private_jwk(alg) | {"kid": alg} for alg in ("RS256", "ES256")}
SHARED_KEY = b"planted-key-of-32-bytes-or-more-"
SECRETS = {
    *PLANTED.values(),
    JWT,
    JWT.split(".")[1],
    "planted-signature",
    SHARED_KEY.decode(),
    *(key[member] for key in KEYS.values() for member in PRIVATE_JWK_MEMBERS & key.keys()),
}

URL = "https://as.local/x"
Recipe = Callable[[], Any]


def token(cls: Any = None, **more: Any) -> Any:
    secrets = {name: PLANTED[name] for name in ("access_token", "refresh_token", "custom")}
    return (cls or package.BearerToken)(**secrets, id_token=JWT, expires_in=60, scope="openid", **more)


def client(cls: Any = None, **more: Any) -> Any:
    return (cls or package.OAuth2Client)(URL, ("id", PLANTED["client_secret"]), **more)


def async_client() -> Any:
    return client(package.AsyncOAuth2Client)


def dpop_key() -> Any:
    return package.DPoPKey(KEYS["ES256"], nonces={"https://as.local": PLANTED["nonce"]})


def authorization_request(**more: Any) -> Any:
    return package.AuthorizationRequest(
        URL, "id", URL, state=PLANTED["state"], nonce=PLANTED["nonce"], code_verifier=VERIFIER, dpop_key=dpop_key(),
        id_token_hint=JWT, login_hint=PLANTED["custom"], **more,
    )  # fmt: skip


def authorization_response() -> Any:
    return package.AuthorizationResponse(
        PLANTED["code"], URL, VERIFIER, PLANTED["state"], PLANTED["nonce"], dpop_key=dpop_key(), id_token=JWT,
        custom=PLANTED["custom"],
    )  # fmt: skip


def device_response() -> Any:
    return package.DeviceAuthorizationResponse(
        PLANTED["device_code"], PLANTED["code"], URL, f"{URL}?user_code={PLANTED['code']}", custom=PLANTED["custom"]
    )


def ciba_response() -> Any:
    return package.BackChannelAuthenticationResponse(PLANTED["auth_req_id"], custom=PLANTED["custom"])


def claim_source() -> Any:
    return package.ClaimSource(
        name="x", claim_names=("a",), jwt=JWT, endpoint=URL, access_token=PLANTED["access_token"]
    )


def session_with_credentials() -> Any:
    import requests

    session = requests.Session()
    session.auth = ("id", PLANTED["password"])
    session.headers["Authorization"] = f"Bearer {PLANTED['access_token']}"
    return session


def everything(**more: Any) -> dict[str, Any]:
    """The settings of a client that hold keys."""
    return {
        "id_token_encrypted_response_alg": "RSA-OAEP",
        "id_token_decryption_key": KEYS["RS256"],
        "software_statement": JWT,
        **more,
    }


def story() -> Any:
    with package.recording() as told:
        azr = package.AuthorizationRequest(
            URL, "id", "https://app.local/cb", "openid", state=PLANTED["state"], nonce=PLANTED["nonce"],
            custom=PLANTED["custom"],
        )  # fmt: skip
        assert azr.uri
        azr.validate_callback({"state": PLANTED["state"], "code": PLANTED["code"], "id_token": JWT})
    return told


RECIPES: dict[str, Recipe] = {
    "ApiClient": lambda: package.ApiClient(
        URL, token(), headers={"X-Key": PLANTED["custom"]}, cookies={"sid": PLANTED["custom"]}
    ),
    "AsyncApiClient": lambda: package.AsyncApiClient(URL, package.BearerAuth(token())),
    "AuthorizationDetail": lambda: package.AuthorizationDetail("payment"),
    "AuthorizationRequest": authorization_request,
    "AuthorizationRequestSerializer": lambda: package.AuthorizationRequestSerializer(SHARED_KEY),
    "AuthorizationResponse": authorization_response,
    "BackChannelAuthenticationPollingJob": lambda: package.BackChannelAuthenticationPollingJob(
        client(), ciba_response(), custom=PLANTED["custom"]
    ),
    "AsyncBackChannelAuthenticationPollingJob": lambda: package.AsyncBackChannelAuthenticationPollingJob(
        async_client(), ciba_response(), custom=PLANTED["custom"]
    ),
    "BackChannelAuthenticationResponse": ciba_response,
    "BaseTokenEndpointPollingJob": lambda: package.BaseTokenEndpointPollingJob(client(), custom=PLANTED["custom"]),
    "BearerAuth": lambda: package.BearerAuth(token()),
    "BearerToken": token,
    "BrowserRequest": lambda: authorization_request().request,
    "ClaimSource": claim_source,
    "ClientInformation": lambda: package.ClientInformation({
        "client_id": "id", "client_secret": PLANTED["client_secret"], "software_statement": JWT,
        "registration_access_token": PLANTED["registration_access_token"], "registration_client_uri": URL,
    }),
    "ClientAssertion": lambda: package.ClientSecretJwt("id", PLANTED["client_secret"], claims={"x": PLANTED["custom"]}),
    "ClientAuthentication": lambda: package.PublicApp("id"),
    "ClientSecretBasic": lambda: package.ClientSecretBasic("id", PLANTED["client_secret"]),
    "ClientSecretJwt": lambda: package.ClientSecretJwt("id", PLANTED["client_secret"]),
    "ClientSecretPost": lambda: package.ClientSecretPost("id", PLANTED["client_secret"]),
    "DPoPKey": dpop_key,
    "DPoPKeySerializer": lambda: package.DPoPKeySerializer(SHARED_KEY),
    "DPoPProof": lambda: package.DPoPProof(
        headers={"jwk": dpop_key().public_jwk}, claims={"htm": "GET", "htu": URL}, dpop_jkt="jkt"
    ),
    "DPoPToken": lambda: token(package.DPoPToken, dpop_key=dpop_key()),
    "DeadlineAdapter": package.DeadlineAdapter,
    "DeviceAuthorizationClient": lambda: client(package.DeviceAuthorizationClient),
    "DeviceAuthorizationPollingJob": lambda: package.DeviceAuthorizationPollingJob(
        client(), device_response(), custom=PLANTED["custom"]
    ),
    "AsyncDeviceAuthorizationPollingJob": lambda: package.AsyncDeviceAuthorizationPollingJob(
        async_client(), PLANTED["device_code"], custom=PLANTED["custom"]
    ),
    "DeviceAuthorizationResponse": device_response,
    **{name: lambda name=name: next(iter(getattr(package, name))) for name in enums.__all__},
    "EndSessionRequest": lambda: package.EndSessionRequest(
        URL, id_token_hint=JWT, state=PLANTED["state"], kwargs={"custom": PLANTED["custom"]}
    ),
    "IdToken": lambda: package.IdToken(JWT),
    "IntrospectionResponse": lambda: package.IntrospectionResponse(active=True, sub="alice"),
    "LogoutToken": lambda: package.LogoutToken(issuer=URL, audiences=["id"], jti="jti", claims={"a": "b"}),
    "OAuth2AccessTokenAuth": lambda: package.OAuth2AccessTokenAuth(client(), token(), custom=PLANTED["custom"]),
    "OAuth2AuthorizationCodeAuth": lambda: package.OAuth2AuthorizationCodeAuth(
        client(), authorization_response(), token=token(), code_verifier=VERIFIER
    ),
    "OAuth2Client": lambda: client(**everything(session=session_with_credentials())),
    "AsyncOAuth2Client": lambda: client(package.AsyncOAuth2Client, **everything()),
    "OAuth2ClientCredentialsAuth": lambda: package.OAuth2ClientCredentialsAuth(
        client(), token=token(), custom=PLANTED["custom"]
    ),
    "OAuth2DeviceCodeAuth": lambda: package.OAuth2DeviceCodeAuth(client(), PLANTED["device_code"], token=token()),
    "OAuth2ResourceOwnerPasswordAuth": lambda: package.OAuth2ResourceOwnerPasswordAuth(
        client(), username="alice", password=PLANTED["password"], token=token()
    ),
    "AsyncOAuth2AccessTokenAuth": lambda: package.AsyncOAuth2AccessTokenAuth(async_client(), token()),
    "AsyncOAuth2AuthorizationCodeAuth": lambda: package.AsyncOAuth2AuthorizationCodeAuth(
        async_client(), authorization_response(), token=token()
    ),
    "AsyncOAuth2ClientCredentialsAuth": lambda: package.AsyncOAuth2ClientCredentialsAuth(
        async_client(), token=token(), custom=PLANTED["custom"]
    ),
    "AsyncOAuth2DeviceCodeAuth": lambda: package.AsyncOAuth2DeviceCodeAuth(async_client(), device_response()),
    "AsyncOAuth2ResourceOwnerPasswordAuth": lambda: package.AsyncOAuth2ResourceOwnerPasswordAuth(
        async_client(), username="alice", password=PLANTED["password"]
    ),
    "PkceUtils": package.PkceUtils,
    "PrivateKeyJwt": lambda: [package.PrivateKeyJwt("id", key) for key in KEYS.values()],
    "PublicApp": lambda: package.PublicApp("id"),
    "RequestParameterAuthorizationRequest": lambda: package.RequestParameterAuthorizationRequest(
        URL, "id", JWT, dpop_key=dpop_key(), authorization_request=authorization_request(), custom=PLANTED["custom"]
    ),
    "RequestUriParameterAuthorizationRequest": lambda: package.RequestUriParameterAuthorizationRequest(
        URL, "id", PLANTED["request_uri"], dpop_key=dpop_key(), authorization_request=authorization_request(),
        custom=PLANTED["custom"],
    ),
    "SaslToken": lambda: package.SaslToken(PLANTED["access_token"], "alice"),
    "SecurityToken": lambda: token(package.SecurityToken, issued_token_type="urn:x"),
    "SelfSignedTlsClientAuth": lambda: package.SelfSignedTlsClientAuth("id", "cert.pem"),
    "Serializer": lambda: package.TokenSerializer(SHARED_KEY),
    "SourcedClaims": lambda: package.SourcedClaims(
        source=claim_source(), claims={"a": PLANTED["custom"]}, issuer=None, checked=False
    ),
    "TlsClientAuth": lambda: package.TlsClientAuth("id", ("cert.pem", "key.pem")),
    "TokenSerializer": lambda: package.TokenSerializer(SHARED_KEY),
    "AuthorizationCodeSource": lambda: package.AuthorizationCodeSource(
        client(), authorization_response(), code_verifier=VERIFIER
    ),
    "CallableSource": lambda: package.CallableSource(lambda: token()),  # noqa: PLW0108  a function of the user's
    "ClientCredentialsSource": lambda: package.ClientCredentialsSource(client(), custom=PLANTED["custom"]),
    "DeviceCodeSource": lambda: package.DeviceCodeSource(client(), device_response(), custom=PLANTED["custom"]),
    "AmbientSource": lambda: package.AmbientSource("aud"),
    "ClientAssertionFrom": lambda: package.ClientAssertionFrom("id", lambda: JWT),
    "ClientAttestation": lambda: package.ClientAttestation("id", JWT, KEYS["ES256"]),
    "CommandSource": lambda: package.CommandSource(["vault", f"--token={PLANTED['custom']}"]),
    "EnvironmentSource": lambda: package.EnvironmentSource("TOKEN"),
    "File": lambda: package.File("secret"),
    "FileSource": lambda: package.FileSource("token"),
    "GitHubActionsSource": lambda: package.GitHubActionsSource("aud"),
    "GitLabSource": lambda: package.GitLabSource("TOKEN"),
    "KubernetesSource": package.KubernetesSource,
    "NoClientAuth": package.NoClientAuth,
    "SignedAssertion": lambda: package.SignedAssertion(
        issuer="a", subject="b", audience="c", key=KEYS["RS256"], claims={"x": PLANTED["custom"]}
    ),
    "SpiffeSource": lambda: package.SpiffeSource("svid"),
    "UrlSource": lambda: package.UrlSource(
        f"{URL}?sig={PLANTED['custom']}", headers={"Authorization": f"Bearer {PLANTED['access_token']}"}
    ),
    "JwtBearerSource": lambda: package.JwtBearerSource(client(), JWT),
    "RefreshTokenSource": lambda: package.RefreshTokenSource(client(), custom=PLANTED["custom"]),
    "ResourceOwnerPasswordSource": lambda: package.ResourceOwnerPasswordSource(
        client(), username="alice", password=PLANTED["password"]
    ),
    "AsyncOAuth2LoginAuth": lambda: package.AsyncOAuth2LoginAuth(async_client(), login_hint=PLANTED["custom"]),
    "BrowserLogin": package.BrowserLogin,
    "DeviceLogin": package.DeviceLogin,
    "Login": package.Login,
    "LoginSource": lambda: package.LoginSource(client(), login_hint=PLANTED["custom"]),
    "OAuth2LoginAuth": lambda: package.OAuth2LoginAuth(client(), login_hint=PLANTED["custom"]),
    "PasteLogin": package.PasteLogin,
    "Challenge": lambda: package.parse_challenges('Bearer realm="x"')[0],
    "ClientMetadata": lambda: package.ClientMetadata("agent", url="https://me.example.com/client.json"),
    "ProtectedResource": lambda: package.ProtectedResource(resource="https://api.example.com"),
    "OAuth2ResourceAuth": lambda: package.OAuth2ResourceAuth(
        "https://api.example.com", client=("id", PLANTED["client_secret"]), login_hint=PLANTED["custom"]
    ),
    "AsyncOAuth2ResourceAuth": lambda: package.AsyncOAuth2ResourceAuth(
        "https://api.example.com", client=("id", PLANTED["client_secret"]), login_hint=PLANTED["custom"]
    ),
    "TokenExchangeSource": lambda: package.TokenExchangeSource(client(), token()),
    "IdentityAssertionSource": lambda: package.IdentityAssertionSource(
        client(), idp=client(), id_token=JWT, custom=PLANTED["custom"]
    ),
    "TokenSource": lambda: package.TokenSource(client(), custom=PLANTED["custom"]),
    "OAuth2TokenSourceAuth": lambda: package.OAuth2TokenSourceAuth(
        package.TokenExchangeSource(client(), token()), token=token()
    ),
    "AsyncOAuth2TokenSourceAuth": lambda: package.AsyncOAuth2TokenSourceAuth(
        package.TokenExchangeSource(async_client(), token()), token=token()
    ),
    "TokenEvent": lambda: package.TokenEvent(name="obtained", client_id="id", grant="x", subject="alice"),
    "EntityStatement": lambda: package.EntityStatement(
        iss=URL, sub=URL, claims={"a": "public"}, keys={"keys": []}, parsed=None
    ),
    "Retries": package.Retries,
    "Exchange": lambda: list(story().exchanges),
    "Story": story,
    "recording": package.recording,
    "UserInfo": lambda: package.UserInfo(sub="alice"),
    "WebFingerResource": lambda: package.webfinger_resource("alice@as.local"),
}  # fmt: skip

# Their `str()` is the value itself: it goes into a header, a form or the user's browser.
STR_IS_THE_VALUE = {
    "AuthorizationRequest", "AuthorizationResponse", "BearerToken", "DPoPToken", "EndSessionRequest", "IdToken",
    "RequestParameterAuthorizationRequest", "RequestUriParameterAuthorizationRequest", "SecurityToken",
}  # fmt: skip


def public_classes() -> dict[str, type[Any]]:
    """Every public class by its own name: an alias is the same class."""
    names = [*package.__all__, *(name for names in root.homes(root.ASYNC_MODULES).values() for name in names)]
    found = [getattr(package, name) for name in names]
    return {one.__name__: one for one in found if inspect.isclass(one)}


CLASSES = public_classes()
ERRORS = {name: cls for name, cls in CLASSES.items() if issubclass(cls, Exception)}
VALUES = {name: cls for name, cls in CLASSES.items() if name not in ERRORS}


def pickled(value: Any) -> str:
    """Return what a pickle of a value shows, or the refusal to make one."""
    try:
        data = pickle.dumps(value)
    except Exception as refused:  # noqa: BLE001  whatever refuses must not show anything either
        return "".join(traceback.format_exception(refused))
    return data.decode("latin-1")


def logged(value: Any) -> str:
    record = logging.LogRecord("x", logging.DEBUG, "x", 1, "%r %a", (value, [value]), None)
    return record.getMessage()


def demand_no_secret(shown: dict[str, str], secrets: Any = SECRETS) -> None:
    found = {where: secret for where, text in shown.items() for secret in secrets if secret in text}
    assert not found, f"secrets show in {found}"


@pytest.mark.parametrize("name", VALUES)
def test_a_value_shows_no_secret(name: str) -> None:
    assert name in RECIPES, f"{name} is public and has no recipe: write one that plants all secrets it can hold"
    made = RECIPES[name]()
    for value in made if isinstance(made, list) else [made]:
        assert isinstance(value, VALUES[name])
        demand_no_secret({"repr": repr(value), "log": logged(value), "pickle": pickled(value)})
        if name not in STR_IS_THE_VALUE:
            demand_no_secret({"str": str(value), "format": f"{value}"})


def test_there_is_no_recipe_too_many() -> None:
    assert RECIPES.keys() == VALUES.keys()
    assert not STR_IS_THE_VALUE - VALUES.keys()


@pytest.mark.parametrize("name", ["TokenSerializer", "DPoPKeySerializer", "AuthorizationRequestSerializer"])
def test_the_key_that_a_serializer_derives_is_a_secret_too(name: str) -> None:
    serializer = RECIPES[name]()
    demand_no_secret({"pickle": pickled(serializer)}, [key.decode("latin-1") for key in serializer._keys])


# --- errors: whatever they are made with, they show none of it


def echo() -> Any:
    """An answer that sends everything back."""
    import requests

    form = {**PLANTED, "code_verifier": VERIFIER, "assertion": JWT, "client_assertion": JWT}
    request = requests.Request("POST", URL, data=form, auth=("id", PLANTED["client_secret"])).prepare()
    said = " ".join([*form.values(), str(request.headers["Authorization"])])
    return Answer(status_code=400, content=said.encode(), url=f"{URL}?code={PLANTED['code']}", request=request)


PARTS: dict[str, Callable[[], Any]] = {
    "response": echo,
    "client": client,
    "request": authorization_request,
    "token": token,
    "id_token": lambda: package.IdToken(JWT),
    "names": lambda: ["a"],
    "seconds": lambda: 3.0,
    "limit": lambda: 3,
    "endpoint": lambda: f"https://user:{PLANTED['password']}@as.local/x?code={PLANTED['code']}",
    "url": lambda: f"https://user:{PLANTED['password']}@as.local/x?code={PLANTED['code']}",
    "uri": lambda: f"https://user:{PLANTED['password']}@as.local/x",
    "issuer": lambda: URL,
    "challenge": lambda: ("bearer", {"error": "x", "error_description": echo().content.decode(), "scope": "a"}),
}
STATES = {"MismatchingState": ("received", "expected"), "MismatchingIdTokenNonce": ("received", "expected")}


def make_error(cls: Any) -> Any:
    """Make an error with secrets in all parameters that get some, and texts of our own in the others."""
    given: dict[str, Any] = {}
    for name, parameter in inspect.signature(cls).parameters.items():
        if parameter.kind in {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}:
            continue
        if name in STATES.get(cls.__name__, ()):
            given[name] = PLANTED["state"]
        elif name == "description" and issubclass(cls, package.EndpointError):
            given[name] = echo().content.decode()
        elif name in PARTS:
            given[name] = PARTS[name]()
        elif parameter.default is inspect.Parameter.empty:
            given[name] = name
    return cls(**given)


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_shows_no_secret(name: str) -> None:
    error = make_error(ERRORS[name])
    assert isinstance(error, OAuth2Error)
    try:
        raise error
    except OAuth2Error as raised:
        shown = {"traceback": traceback.format_exc(), "log": logged(raised)}
    demand_no_secret({"repr": repr(error), "str": str(error), "pickle": pickled(error), **shown})


# --- whole exchanges, with every logger at DEBUG


@pytest.fixture(scope="module")
def failing() -> Iterator[FailingServer]:
    with start_failing_server() as server:
        yield server


@pytest.fixture(params=BOTH)
def flavor(request: pytest.FixtureRequest) -> Iterator[Flavor]:
    with open_flavor(request.param) as opened:
        yield opened


AUTHS: dict[str, Callable[[], Any]] = {
    "client_secret_basic": lambda: package.ClientSecretBasic("id", PLANTED["client_secret"]),
    "client_secret_post": lambda: package.ClientSecretPost("id", PLANTED["client_secret"]),
    "client_secret_jwt": lambda: package.ClientSecretJwt("id", PLANTED["client_secret"].ljust(32, "0")),
    "private_key_jwt": lambda: package.PrivateKeyJwt("id", KEYS["ES256"]),
}
BROUGHT = {*SECRETS, "an-access-token", "half-a-tok"}


def operations(known: Any) -> list[Callable[[], Any]]:
    """Everything that a client can send."""
    return [
        known.client_credentials,
        lambda: known.authorization_code(authorization_response(), validate=False),
        lambda: known.refresh_token(token()),
        lambda: known.device_code(device_response()),
        lambda: known.jwt_bearer(JWT),
        lambda: known.resource_owner_password("alice", PLANTED["password"]),
        lambda: known.token_exchange(subject_token=token(), actor_token=PLANTED["access_token"],
                                     actor_token_type="access_token"),
        lambda: known.ciba(ciba_response()),
        lambda: known.pushed_authorization_request(authorization_request()),
        lambda: known.authorize_device(custom=PLANTED["custom"]),
        lambda: known.backchannel_authentication_request(
            login_hint="alice", client_notification_token=PLANTED["notification_token"]),
        lambda: known.introspect_token(token()),
        lambda: known.revoke_token(token(), "refresh_token"),
        lambda: known.userinfo(token()),
        lambda: known.userinfo(PLANTED["access_token"]),
        lambda: known.introspect_token(PLANTED["access_token"]),
        lambda: known.refresh_token(PLANTED["refresh_token"]),
        lambda: known.authorization_code(PLANTED["code"], code_verifier=VERIFIER, redirect_uri=URL),
        lambda: known.saml2_bearer(f"<Assertion>{PLANTED['custom']}</Assertion>"),
    ]  # fmt: skip


def variables(failure: BaseException) -> str:
    """Show the local variables of all frames of ours, as error reporters do."""
    shown: list[str] = []
    waiting: list[BaseException | None] = [failure]
    seen: set[int] = set()
    while waiting:
        error = waiting.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        waiting += [error.__cause__, error.__context__]
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if frame.f_globals["__name__"].startswith("requests_oauth2client"):
                shown += [f"{frame.f_code.co_qualname}: {name}={value!r}" for name, value in frame.f_locals.items()]
    return "\n".join(shown)


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("path", ["good", "echo", "echo_as_text", "reset_in_body", "truncated", "html_500"])
def test_no_exchange_shows_a_secret(
    flavor: Flavor, failing: FailingServer, path: str, auth: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = failing.endpoint(path)
    endpoints = "revocation introspection userinfo device_authorization backchannel_authentication"
    urls = {f"{name}_endpoint": url for name in f"{endpoints} pushed_authorization_request".split()}
    known = flavor.client(url, AUTHS[auth](), **urls)
    shown = {}
    for number, operation in enumerate(operations(known)):
        try:
            answer = flavor.run(operation())
        except OAuth2Error as failure:
            shown[f"traceback of {number}"] = traceback.format_exc()
            shown[f"pickle of {number}"] = pickled(failure)
            shown[f"frames of {number}"] = variables(failure)
        else:
            shown[f"answer to {number}"] = repr(answer) if not isinstance(answer, (dict, str)) else ""
    assert len(failing.received) >= len(operations(known))
    failing.received.clear()
    assert caplog.records
    demand_no_secret({"log": caplog.text, **shown}, BROUGHT)


def test_a_call_to_an_api_logs_no_token(
    flavor: Flavor, failing: FailingServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    handler = flavor.named("OAuth2ClientCredentialsAuth")(flavor.client(failing.endpoint("good")), token=token())
    assert flavor.get(failing.endpoint("good"), auth=handler).status_code == 200
    assert caplog.records
    demand_no_secret({"log": caplog.text}, BROUGHT)


@pytest.mark.parametrize("path", ["reset_in_body", "truncated", "html_500"])
def test_no_frame_of_a_failed_registration_holds_a_secret(flavor: Flavor, failing: FailingServer, path: str) -> None:
    url = failing.endpoint(path)
    with pytest.raises(OAuth2Error) as raised:
        flavor.run(
            flavor.named("OAuth2Client").register(
                {"redirect_uris": [URL], "custom": PLANTED["custom"]},
                registration_endpoint=url, token_endpoint=url, retries=None,
                initial_access_token=PLANTED["registration_access_token"], software_statement=JWT,
            )
        )  # fmt: skip
    demand_no_secret({"frames": variables(raised.value)}, BROUGHT)


HANDLERS: dict[str, Callable[[Flavor, Any], Any]] = {
    "OAuth2ClientCredentialsAuth": lambda flavor, known: flavor.named("OAuth2ClientCredentialsAuth")(known),
    "OAuth2AccessTokenAuth": lambda flavor, known: flavor.named("OAuth2AccessTokenAuth")(
        known,
        token=package.BearerToken(PLANTED["access_token"], refresh_token=PLANTED["refresh_token"], expires_in=-60),
    ),
    "OAuth2AuthorizationCodeAuth": lambda flavor, known: flavor.named("OAuth2AuthorizationCodeAuth")(
        known, PLANTED["code"], code_verifier=VERIFIER
    ),
    "OAuth2ResourceOwnerPasswordAuth": lambda flavor, known: flavor.named("OAuth2ResourceOwnerPasswordAuth")(
        known, username="alice", password=PLANTED["password"]
    ),
    "OAuth2DeviceCodeAuth": lambda flavor, known: flavor.named("OAuth2DeviceCodeAuth")(
        known, PLANTED["device_code"], interval=0.01, expires_in=0.05
    ),
    "OAuth2LoginAuth": lambda flavor, known: flavor.named("OAuth2LoginAuth")(
        known.replace(device_authorization_endpoint=known.token_endpoint),
        login=package.DeviceLogin(),
        login_hint=PLANTED["custom"],
    ),
}


@pytest.mark.parametrize("path", ["echo", "echo_as_text", "reset_in_body"])
@pytest.mark.parametrize("way", ["library", "api client"])
@pytest.mark.parametrize("handler", HANDLERS)
def test_no_frame_of_a_failed_call_to_an_api_holds_a_secret(
    flavor: Flavor, failing: FailingServer, handler: str, way: str, path: str
) -> None:
    auth = HANDLERS[handler](flavor, flavor.client(failing.endpoint(path), ("id", PLANTED["client_secret"])))
    session, _ = flavor.answered_by(lambda _: Answer())
    api = flavor.named("ApiClient")(URL, auth, session=session)
    with pytest.raises(OAuth2Error) as raised:
        _ = flavor.get(URL, auth=auth, session=session) if way == "library" else flavor.run(api.get("x"))
    demand_no_secret({"frames": variables(raised.value)}, BROUGHT)


BROKEN_KEY = {**KEYS["ES256"], "crv": "P-999"}
PEM = f"-----BEGIN PRIVATE KEY-----\n{PLANTED['client_secret']}\n-----END PRIVATE KEY-----"
WRONG: dict[str, Callable[[], Any]] = {
    "OAuth2Client": lambda: package.OAuth2Client("no url", client_id="id", client_secret=PLANTED["client_secret"]),
    "OAuth2Client, a pair": lambda: package.OAuth2Client("no url", ("id", PLANTED["client_secret"])),
    "OAuth2Client, both": lambda: package.OAuth2Client(
        URL, ("id", PLANTED["password"]), client_id="id", client_secret=PLANTED["client_secret"]
    ),
    "OAuth2Client, misspelled": lambda: package.OAuth2Client(URL, ("id", PLANTED["client_secret"]), issuerr=URL),
    "AsyncOAuth2Client": lambda: package.AsyncOAuth2Client("no url", ("id", PLANTED["client_secret"])),
    "ClientSecretBasic": lambda: package.ClientSecretBasic("", PLANTED["client_secret"]),
    "ClientSecretPost": lambda: package.ClientSecretPost("", PLANTED["client_secret"]),
    "ClientSecretJwt": lambda: package.ClientSecretJwt("id", PLANTED["client_secret"], alg="none"),
    "PrivateKeyJwt": lambda: package.PrivateKeyJwt("id", BROKEN_KEY),
    "PrivateKeyJwt, a PEM": lambda: package.PrivateKeyJwt("id", PEM),
    "DPoPKey": lambda: package.DPoPKey({**KEYS["ES256"], "alg": "HS256"}),
    "BearerToken": lambda: package.BearerToken(f"{PLANTED['access_token']}\n", refresh_token=PLANTED["refresh_token"]),
    "BearerAuth": lambda: package.BearerAuth(f"{PLANTED['access_token']}\n"),
    "AuthorizationRequest": lambda: package.AuthorizationRequest(
        URL, "id", URL, state=PLANTED["state"], code_verifier=PLANTED["code"]
    ),
    "TokenSerializer": lambda: package.TokenSerializer(key=SHARED_KEY[:-1]),
    "OAuth2ResourceOwnerPasswordAuth": lambda: package.OAuth2ResourceOwnerPasswordAuth(
        wrong_client(), username="alice", password=PLANTED["password"]
    ),
    "OAuth2AuthorizationCodeAuth": lambda: package.OAuth2AuthorizationCodeAuth(
        wrong_client(), PLANTED["code"], code_verifier=VERIFIER
    ),
    "OAuth2AccessTokenAuth": lambda: package.OAuth2AccessTokenAuth(wrong_client(), PLANTED["access_token"]),
    "ApiClient": lambda: package.ApiClient("no url", ("alice", PLANTED["password"])),
}


def wrong_client() -> Any:
    return "no client"


@pytest.mark.parametrize("name", WRONG)
def test_no_frame_of_a_constructor_that_fails_holds_a_secret(name: str) -> None:
    with pytest.raises(Exception) as raised:
        WRONG[name]()
    shown = variables(raised.value)
    assert shown  # the frame of the constructor itself
    demand_no_secret({"frames": shown}, {*BROUGHT, SHARED_KEY[:-1].decode()})


def test_no_frame_of_a_call_with_wrong_arguments_holds_a_secret(flavor: Flavor) -> None:
    known = flavor.client(URL, ("id", PLANTED["client_secret"]))
    for call in (
        lambda: known.resource_owner_password("alice", PLANTED["password"], PLANTED["custom"]),
        lambda: known.refresh_token(package.BearerToken(PLANTED["access_token"])),
        lambda: known.token_exchange(subject_token=PLANTED["access_token"]),
        lambda: known.client_credentials(scope=3, custom=PLANTED["custom"]),
    ):
        with pytest.raises(Exception) as raised:
            flavor.run(call())
        demand_no_secret({"frames": variables(raised.value)}, BROUGHT)
