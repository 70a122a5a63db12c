"""What subclasses may override: hooks, exception classes, and whole operations; each counts wherever it is used."""

from typing import Any

import pytest

from devkit.exchange import Answer, answer, error, token
from devkit.flavors import Flavor
from requests_oauth2client import BearerToken
from requests_oauth2client.exceptions import InvalidGrant, InvalidTokenResponse, TokenEndpointError

URLS = {
    f"{name}_endpoint": f"https://as.local/{name}"
    for name in ("revocation", "introspection", "userinfo", "device_authorization")
}
CODES = {"device_code": "d", "user_code": "u", "verification_uri": "https://as.local/device"}
GOOD = {
    "token": token(),
    "revocation": answer(),
    "introspection": answer({"active": True}),
    "userinfo": answer({"sub": "x"}),
    "device_authorization": answer(CODES),
}
ASK = {
    "token": lambda client: client.client_credentials(),
    "revocation": lambda client: client.revoke_token("t"),
    "introspection": lambda client: client.introspect_token("t"),
    "userinfo": lambda client: client.userinfo("t"),
    "device_authorization": lambda client: client.authorize_device(),
}


def subclass(flavor: Flavor, **members: Any) -> Any:
    return type("Mine", (flavor.named("OAuth2Client"),), members)


@pytest.mark.parametrize("name", ASK)
def test_a_successful_answer_goes_to_the_parse_hook(flavor: Flavor, name: str) -> None:
    def parse(self: Any, response: Any, *, dpop_key: Any = None) -> Any:
        return "mine", response.status_code

    mine = subclass(flavor, **{f"parse_{name}_response": parse})
    client, _ = flavor.mocked(GOOD[name], cls=mine, **URLS)
    assert flavor.run(ASK[name](client)) == ("mine", 200)


@pytest.mark.parametrize("name", ASK)
def test_an_answer_that_is_no_success_goes_to_the_error_hook(flavor: Flavor, name: str) -> None:
    def on_error(self: Any, response: Any, *, dpop_key: Any = None) -> Any:
        return "mine", response.status_code

    mine = subclass(flavor, **{f"on_{name}_error": on_error})
    client, _ = flavor.mocked(error("invalid_request", 409), cls=mine, **URLS)
    assert flavor.run(ASK[name](client)) == ("mine", 409)


@pytest.mark.parametrize("name", ASK)
def test_a_hook_can_leave_the_work_to_the_one_it_overrides(flavor: Flavor, name: str) -> None:
    seen: list[int] = []

    def parse(self: Any, response: Any, *, dpop_key: Any = None) -> Any:
        seen.append(response.status_code)
        return getattr(super(mine, self), f"parse_{name}_response")(response, dpop_key=dpop_key)

    mine = subclass(flavor, **{f"parse_{name}_response": parse})
    client, _ = flavor.mocked(GOOD[name], cls=mine, **URLS)
    plain, _ = flavor.mocked(GOOD[name], **URLS)
    assert type(flavor.run(ASK[name](client))) is type(flavor.run(ASK[name](plain)))
    assert seen == [200]


def test_a_2xx_answer_with_an_error_goes_to_the_error_hook_too(flavor: Flavor) -> None:
    def on_error(self: Any, response: Any, *, dpop_key: Any = None) -> Any:
        return BearerToken("from the hook".replace(" ", "-"))

    client, _ = flavor.mocked(answer({"error": "x"}), cls=subclass(flavor, on_token_error=on_error))
    assert flavor.run(client.client_credentials()).access_token == "from-the-hook"


def test_a_client_can_have_exception_classes_of_its_own(flavor: Flavor) -> None:
    class OutOfCoffee(TokenEndpointError):
        """The AS needs a break."""

    classes = {**flavor.named("OAuth2Client").exception_classes, "out_of_coffee": OutOfCoffee}
    client, _ = flavor.mocked(error("out_of_coffee"), cls=subclass(flavor, exception_classes=classes))
    with pytest.raises(OutOfCoffee, match="out_of_coffee"):
        flavor.run(client.client_credentials())


# --- an operation that is overridden is used by the others


def overriding(flavor: Flavor, method: str, before: Any) -> Any:
    """Make a client class whose method calls `before`, then the method that it overrides."""
    base = flavor.named("OAuth2Client")

    def sync_method(self: Any, *args: Any, **kwargs: Any) -> Any:
        before(args, kwargs)
        return getattr(base, method)(self, *args, **kwargs)

    async def async_method(self: Any, *args: Any, **kwargs: Any) -> Any:
        before(args, kwargs)
        return await getattr(base, method)(self, *args, **kwargs)

    return subclass(flavor, **{method: async_method if flavor.is_async else sync_method})


GRANTS = {
    "client_credentials": (),
    "authorization_code": ("c",),
    "authorization_code_pkce": ("c", "v" * 43),
    "refresh_token": ("r",),
    "device_code": ("d",),
    "jwt_bearer": ("a.b.c",),
    "resource_owner_password": ("u", "p"),
}


@pytest.mark.parametrize("grant", GRANTS)
def test_every_grant_asks_with_an_overridden_token_request(flavor: Flavor, grant: str) -> None:
    seen: list[str] = []
    cls = overriding(flavor, "token_request", lambda args, kwargs: seen.append(args[0]["grant_type"]))
    client, sent = flavor.mocked(token(), cls=cls)
    assert flavor.run(getattr(client, grant)(*GRANTS[grant])).access_token == "an-access-token"
    assert seen == [sent[0].form["grant_type"]]


@pytest.mark.parametrize(
    ("called", "args", "overridden"),
    [
        ("authorization_code_pkce", ("c", "v" * 43), "authorization_code"),
        ("revoke_access_token", ("t",), "revoke_token"),
        ("revoke_refresh_token", ("t",), "revoke_token"),
    ],
)
def test_an_operation_made_of_another_uses_the_overridden_one(
    flavor: Flavor, called: str, args: tuple[Any, ...], overridden: str
) -> None:
    seen: list[Any] = []
    cls = overriding(flavor, overridden, lambda args, kwargs: seen.append(args))
    client, _ = flavor.mocked(token(), cls=cls, **URLS)
    flavor.run(getattr(client, called)(*args))
    assert len(seen) == 1


def test_an_auth_handler_uses_the_overridden_grant(flavor: Flavor) -> None:
    seen: list[Any] = []
    cls = overriding(flavor, "client_credentials", lambda args, kwargs: seen.append(kwargs))
    client, _ = flavor.mocked(token(), cls=cls)
    handler = flavor.named("OAuth2ClientCredentialsAuth")(client, scope="a")
    flavor.run(handler.renew_token())
    assert seen == [{"scope": "a"}]
    assert handler.token.access_token == "an-access-token"


def test_a_polling_job_uses_the_overridden_grant(flavor: Flavor) -> None:
    seen: list[Any] = []
    cls = overriding(flavor, "device_code", lambda args, kwargs: seen.append(args))
    client, _ = flavor.mocked(token(), cls=cls)
    job = flavor.named("DeviceAuthorizationPollingJob")(client, "a-device-code", interval=0)
    assert flavor.run(job()).access_token == "an-access-token"
    assert seen == [("a-device-code",)]


def test_an_error_of_the_overridden_operation_reaches_the_rule(flavor: Flavor) -> None:
    def refuse(args: Any, kwargs: Any) -> None:
        raise InvalidGrant(error="invalid_grant")

    cls = overriding(flavor, "refresh_token", refuse)
    client, sent = flavor.mocked(token(), cls=cls)
    held = BearerToken("old", refresh_token="r")
    handler = flavor.named("OAuth2ClientCredentialsAuth")(client, token=held)
    flavor.run(handler.renew_token())  # falls back to the grant, as for an invalid_grant of the AS
    assert [request.form["grant_type"] for request in sent] == ["client_credentials"]


def test_the_response_in_a_hook_is_the_librarys_own(flavor: Flavor) -> None:
    kinds: list[Any] = []

    def parse(self: Any, response: Any, *, dpop_key: Any = None) -> Any:
        kinds.append(type(response))
        return BearerToken(response.json()["access_token"])

    client, _ = flavor.mocked(token(), cls=subclass(flavor, parse_token_response=parse))
    flavor.run(client.client_credentials())
    assert kinds == [flavor.library.Response]


def test_the_error_carries_the_client_and_the_response(flavor: Flavor) -> None:
    client, _ = flavor.mocked(Answer(status_code=500))
    with pytest.raises(InvalidTokenResponse) as caught:
        flavor.run(client.client_credentials())
    assert caught.value.client is client
    assert caught.value.response.status_code == 500
    assert caught.value.request.method == "POST"
