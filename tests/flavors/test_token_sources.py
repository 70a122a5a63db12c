"""Sources of tokens of any kind, with the handlers of both clients: one's own, functions, files, exchanges, devices."""

import json
from pathlib import Path
from typing import Any

import pytest
from freezegun import freeze_time

from devkit.exchange import Received, answer, error, token
from devkit.flavors import Flavor
from requests_oauth2client import (
    AsyncOAuth2Client,
    BearerToken,
    DPoPToken,
    ExpiredAccessToken,
    InvalidGrant,
    OAuth2Client,
)
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.keys import generate_private_jwk, signing_key
from requests_oauth2client.exceptions import InvalidParam, NonRenewableTokenError
from requests_oauth2client.stores import MemoryStore
from requests_oauth2client.token_sources import (
    CallableSource,
    ClientCredentialsSource,
    CredentialNotFound,
    DeviceCodeSource,
    FileSource,
    InvalidCredential,
    JwtBearerSource,
    TokenExchangeSource,
    TokenSource,
)

API = "https://api.local/"
EXPIRED = BearerToken("old", expires_in=-10, refresh_token="r")


def handler(flavor: Flavor, source: Any, **kwargs: Any) -> Any:
    return flavor.named("OAuth2TokenSourceAuth")(source, **kwargs)


def header(flavor: Flavor, auth: Any, respond: Any = None) -> str:
    """Call an API, and return the Authorization header that it got last."""
    session, received = flavor.answered_by(respond or (lambda _: answer({})))
    flavor.get(API, auth=auth, session=session)
    return received[-1].headers["authorization"]


def grants(sent: list[Received]) -> list[str]:
    return [request.form["grant_type"].rpartition(":")[2] for request in sent]


# --- of one's own


class Counting(TokenSource):
    """What a user writes: gets tokens that are good for a minute."""

    def __init__(self) -> None:
        self.held: list[Any] = []

    def get_token(self, held: BearerToken | None) -> BearerToken:
        self.held.append(held)
        return BearerToken(f"token-{len(self.held)}", expires_in=60)


class AsyncCounting(Counting):
    async def get_token(self, held: BearerToken | None) -> BearerToken:  # type: ignore[override]
        return super().get_token(held)


def test_a_source_of_ones_own_is_asked_when_a_token_is_needed(every_flavor: Flavor) -> None:
    source = Counting()
    auth = handler(every_flavor, source)
    with freeze_time("2026-01-01", ignore=["trio", "asyncio"]) as clock:
        assert [header(every_flavor, auth) for _ in range(2)] == ["Bearer token-1"] * 2
        clock.tick(45)
        assert header(every_flavor, auth) == "Bearer token-2"
    assert [str(held) for held in source.held] == ["None", "token-1"]


@pytest.mark.parametrize("every_flavor", ["httpx2", "httpx", "httpx2-trio", "httpx-trio"], indirect=True)
def test_on_the_async_face_it_may_be_async(every_flavor: Flavor) -> None:
    assert header(every_flavor, handler(every_flavor, AsyncCounting())) == "Bearer token-1"


@pytest.mark.parametrize("flavor", ["requests"], indirect=True)
def test_on_the_sync_face_an_async_one_is_refused(flavor: Flavor) -> None:
    with pytest.raises(InvalidParam, match="AsyncOAuth2TokenSourceAuth"):
        header(flavor, handler(flavor, AsyncCounting()))


def test_a_token_of_ones_own_source_that_an_api_refuses_is_replaced(flavor: Flavor) -> None:
    def api(request: Received) -> Any:
        refused = request.headers["authorization"] == "Bearer token-1"
        return answer({}, 401, WWW_Authenticate='Bearer error="invalid_token"') if refused else answer({})

    source = Counting()
    assert header(flavor, handler(flavor, source), api) == "Bearer token-2"
    assert len(source.held) == 2


def test_what_a_source_raises_is_raised(flavor: Flavor) -> None:
    class Broken(TokenSource):
        def get_token(self, held: BearerToken | None) -> BearerToken:
            raise LookupError("the vault is sealed")

    auth = handler(flavor, Broken())
    for _ in range(3):  # the third time, out of the pause
        with pytest.raises(LookupError, match="the vault is sealed"):
            header(flavor, auth)


def test_a_source_without_a_method_says_that_it_gets_no_tokens(flavor: Flavor) -> None:
    with pytest.raises(NonRenewableTokenError):
        header(flavor, handler(flavor, TokenSource()))


def test_a_source_of_ones_own_may_share_its_tokens_in_a_store(flavor: Flavor) -> None:
    store, sources = MemoryStore(), [Counting(), Counting()]
    headers = [header(flavor, handler(flavor, source, store=store, subject="both")) for source in sources]
    assert headers == ["Bearer token-1"] * 2
    assert sources[1].held == []


# --- a function


@pytest.mark.parametrize(
    "given",
    ["t", BearerToken("t", expires_in=86_400), {"access_token": "t", "token_type": "bearer", "expires_in": 60}],
    ids=["text", "token", "mapping"],
)
@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
def test_a_function_may_return_a_token_in_any_way(flavor: Flavor, given: Any, is_async: bool) -> None:
    calls: list[int] = []

    def function() -> Any:
        calls.append(1)
        return given

    async def coroutine() -> Any:
        return function()

    auth = handler(flavor, CallableSource(coroutine if is_async else function))
    if is_async and not flavor.is_async:
        with pytest.raises(InvalidParam, match="Async"):  # nobody awaits there
            header(flavor, auth)
        return
    assert [header(flavor, auth) for _ in range(2)] == ["Bearer t"] * 2
    assert len(calls) == 1
    assert auth.token.expires_in is None if given == "t" else auth.token.expires_in > 0


@pytest.mark.parametrize("given", [None, 42, "", b"t", {"error": "no"}, "two\nlines"])
def test_a_function_that_returns_no_token_is_an_error(flavor: Flavor, given: Any) -> None:
    with pytest.raises((InvalidParam, TypeError)):
        header(flavor, handler(flavor, CallableSource(lambda: given)))


# --- a file


def jwt(**claims: Any) -> str:
    return jws.sign(claims, signing_key(generate_private_jwk("ES256")))


def test_a_file_is_read_again_when_somebody_has_rotated_it(flavor: Flavor, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("first\n")
    auth = handler(flavor, FileSource(path, lifetime=60))
    with freeze_time("2026-01-01", ignore=["trio", "asyncio"]) as clock:
        assert header(flavor, auth) == "Bearer first"
        path.write_text("second\n")
        assert header(flavor, auth) == "Bearer first"
        clock.tick(46)
        assert header(flavor, auth) == "Bearer second"


def test_it_is_read_again_at_once_when_an_api_refuses_what_it_said(flavor: Flavor, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("first")
    auth = handler(flavor, FileSource(path))
    header(flavor, auth)
    path.write_text("second")

    def api(request: Received) -> Any:
        refused = request.headers["authorization"] == "Bearer first"
        return answer({}, 401, WWW_Authenticate='Bearer error="invalid_token"') if refused else answer({})

    assert header(flavor, auth, api) == "Bearer second"


def test_a_jwt_in_a_file_says_its_expiry_itself(flavor: Flavor, tmp_path: Path) -> None:
    path = tmp_path / "token"
    with freeze_time("2026-01-01", ignore=["trio", "asyncio"]):
        path.write_text(jwt(exp=1767225600 + 3600))
        auth = handler(flavor, FileSource(path, lifetime=5))
        header(flavor, auth)
        assert auth.token.expires_in == 3600


def test_a_jwt_without_expiry_has_the_lifetime_of_the_source(flavor: Flavor, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(jwt(sub="somebody"))
    auth = handler(flavor, FileSource(path, lifetime=5))
    header(flavor, auth)
    assert 0 < auth.token.expires_in <= 5


@pytest.mark.parametrize(("fields", "expires_in"), [({"expires_in": 300}, 300), ({}, 60)])
def test_a_file_may_hold_a_token_response(flavor: Flavor, tmp_path: Path, fields: Any, expires_in: int) -> None:
    path = tmp_path / "token"
    path.write_text(json.dumps({"access_token": "t", "token_type": "Bearer", **fields}))
    auth = handler(flavor, FileSource(str(path)))
    assert header(flavor, auth) == "Bearer t"
    assert expires_in - 2 <= auth.token.expires_in <= expires_in


@pytest.mark.parametrize(
    "content",
    [b"", b"two\nwords", b"\xff\xfe", b'{"access_token": ', b"{}", b'{"access_token": 42}', b"{" * 100_000,
     b'{"access_token": ' + b"[" * 100_000, b'{"access_token": "planted", "token_type": "mac"}',
     b'{"access_token": "planted\\n"}', b'{"access_token": "a", "access_token": "b"}'],
)  # fmt: skip
def test_a_file_without_a_token_is_named_and_not_quoted(flavor: Flavor, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    with pytest.raises(InvalidCredential, match=r"expected|UTF-8") as raised:
        header(flavor, handler(flavor, FileSource(path)))
    assert str(path) in str(raised.value)
    assert "planted" not in str(raised.value)


def test_a_file_that_is_not_there_is_named_each_time(flavor: Flavor, tmp_path: Path) -> None:
    auth = handler(flavor, FileSource(tmp_path / "token"))
    for _ in range(3):
        with pytest.raises(CredentialNotFound, match="token: this file does not exist"):
            header(flavor, auth)


# --- exchanges and assertions


def test_a_token_is_exchanged_for_another(flavor: Flavor) -> None:
    client, sent = flavor.mocked(token(issued_token_type="urn:ietf:params:oauth:token-type:access_token"))
    source = TokenExchangeSource(client, BearerToken("subject"), audience="api")
    assert header(flavor, handler(flavor, source)) == "Bearer an-access-token"
    assert grants(sent) == ["token-exchange"]
    assert (sent[0].form["subject_token"], sent[0].form["audience"]) == ("subject", "api")


def functions_of(flavor: Flavor, *values: Any) -> Any:
    """Return a function that gives one value after the other; an async one on the async client."""
    coming = iter(values)

    async def later() -> Any:
        return next(coming)

    return later if flavor.is_async else lambda: next(coming)


def test_a_function_says_which_token_to_exchange_today(flavor: Flavor) -> None:
    client, sent = flavor.mocked(token(issued_token_type="urn:ietf:params:oauth:token-type:access_token"))
    source = TokenExchangeSource(client, functions_of(flavor, BearerToken("monday's"), BearerToken("tuesday's")))
    auth = handler(flavor, source)
    header(flavor, auth)
    flavor.run(auth.renew_token())
    assert [request.form["subject_token"] for request in sent] == ["monday's", "tuesday's"]


def test_a_token_is_got_for_a_jwt(flavor: Flavor) -> None:
    client, sent = flavor.mocked(token())
    assert header(flavor, handler(flavor, JwtBearerSource(client, "a.b.c", scope="a"))) == "Bearer an-access-token"
    assert grants(sent) == ["jwt-bearer"]
    assert (sent[0].form["assertion"], sent[0].form["scope"]) == ("a.b.c", "a")


def test_a_function_makes_a_new_jwt_each_time(flavor: Flavor) -> None:
    client, sent = flavor.mocked(token())
    auth = handler(flavor, JwtBearerSource(client, functions_of(flavor, "a.b.c", "d.e.f")))
    header(flavor, auth)
    flavor.run(auth.renew_token())
    assert [request.form["assertion"] for request in sent] == ["a.b.c", "d.e.f"]


@pytest.mark.parametrize("make", [TokenExchangeSource, JwtBearerSource])
def test_without_a_subject_nobody_shares_the_tokens_of_somebody(flavor: Flavor, make: Any) -> None:
    with pytest.raises(InvalidParam, match="subject="):
        handler(flavor, make(flavor.client(), "t"), store=MemoryStore())


def test_the_key_of_a_bound_token_stays_when_it_is_got_anew(flavor: Flavor) -> None:
    client, _ = flavor.mocked(token(token_type="DPoP"))
    auth = handler(flavor, JwtBearerSource(client, "a.b.c", dpop=True))
    header(flavor, auth)
    first = auth.token
    flavor.run(auth.renew_token())
    assert isinstance(first, DPoPToken)
    assert auth.token.dpop_key is first.dpop_key


# --- a device


def device_as(*refreshes: Any) -> Any:
    """Answer as an AS does: each login gives a token that is expired at once; refreshes end as said."""
    ends = iter(refreshes)
    logins = iter(range(1, 10))

    def respond(request: Received) -> Any:
        if request.form["grant_type"] == "refresh_token":
            return next(ends)
        return token(access_token=f"login-{next(logins)}", refresh_token="r", expires_in=0)

    return respond


def test_a_function_asks_for_a_login_whenever_one_is_needed(flavor: Flavor) -> None:
    client, sent = flavor.mocked(device_as(token(expires_in=0), error("invalid_grant")))
    auth = handler(flavor, DeviceCodeSource(client, functions_of(flavor, "one", "two"), interval=0))
    headers = [header(flavor, auth) for _ in range(3)]
    assert headers == ["Bearer login-1", "Bearer an-access-token", "Bearer login-2"]
    assert grants(sent) == ["device_code", "refresh_token", "refresh_token", "device_code"]
    assert [request.form.get("device_code") for request in sent] == ["one", None, None, "two"]


def test_a_device_code_is_used_once_and_its_end_is_a_users_matter(flavor: Flavor) -> None:
    client, _ = flavor.mocked(device_as(error("invalid_grant")))
    auth = handler(flavor, DeviceCodeSource(client, "one", interval=0))
    header(flavor, auth)
    with pytest.raises(InvalidGrant, match="Log in again"):
        header(flavor, auth)


def test_a_device_handler_takes_a_function_too(flavor: Flavor) -> None:
    client, sent = flavor.mocked(device_as())
    auth = flavor.named("OAuth2DeviceCodeAuth")(client, functions_of(flavor, "one"), interval=0)
    assert header(flavor, auth) == "Bearer login-1"
    assert sent[0].form["device_code"] == "one"


# --- a flavor to each


def test_a_source_with_a_client_of_the_other_face_is_refused(flavor: Flavor) -> None:
    others = OAuth2Client if flavor.is_async else AsyncOAuth2Client
    source = ClientCredentialsSource(others("https://as.local/token", ("id", "hush-hush")))
    with pytest.raises(InvalidParam, match="client of its own kind"):
        handler(flavor, source)


def test_a_handler_does_not_take_a_client_of_the_other_face_later_either(flavor: Flavor) -> None:
    others = OAuth2Client if flavor.is_async else AsyncOAuth2Client
    auth = handler(flavor, ClientCredentialsSource(flavor.client()))
    with pytest.raises(InvalidParam, match="client of its own kind"):
        auth.client = others("https://as.local/token", ("id", "hush-hush"))


def test_a_source_of_a_grant_serves_as_its_handler_does(flavor: Flavor) -> None:
    client, sent = flavor.mocked(token())
    auth = handler(flavor, ClientCredentialsSource(client, scope="a"), token=EXPIRED.replace(refresh_token=None))
    assert header(flavor, auth) == "Bearer an-access-token"
    assert grants(sent) == ["client_credentials"]


def test_an_expired_token_of_a_source_that_gets_none_says_so(flavor: Flavor) -> None:
    with pytest.raises(ExpiredAccessToken):
        header(flavor, handler(flavor, TokenSource(), token=EXPIRED))


def test_a_source_and_its_handler_show_no_secret(flavor: Flavor) -> None:
    source = JwtBearerSource(flavor.client(auth=("id", "planted")), "planted", client_assertion="planted")
    auth = handler(flavor, source, token=BearerToken("planted"))
    assert "planted" not in repr(source) + repr(auth)
