"""Sources of tokens of any kind, with the handlers of both faces: one's own, functions, files, exchanges, devices."""

import json
from pathlib import Path
from typing import Any

import pytest
from freezegun import freeze_time

from devkit.exchange import Received, answer, error, token
from devkit.faces import Face
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
    DeviceCodeSource,
    FileSource,
    JwtBearerSource,
    TokenExchangeSource,
    TokenSource,
)

API = "https://api.local/"
EXPIRED = BearerToken("old", expires_in=-10, refresh_token="r")


def handler(face: Face, source: Any, **kwargs: Any) -> Any:
    return face.named("OAuth2TokenSourceAuth")(source, **kwargs)


def header(face: Face, auth: Any, respond: Any = None) -> str:
    """Call an API, and return the Authorization header that it got last."""
    session, received = face.answered_by(respond or (lambda _: answer({})))
    face.get(API, auth=auth, session=session)
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


def test_a_source_of_ones_own_is_asked_when_a_token_is_needed(every_face: Face) -> None:
    source = Counting()
    auth = handler(every_face, source)
    with freeze_time("2026-01-01", ignore=["trio", "asyncio"]) as clock:
        assert [header(every_face, auth) for _ in range(2)] == ["Bearer token-1"] * 2
        clock.tick(45)
        assert header(every_face, auth) == "Bearer token-2"
    assert [str(held) for held in source.held] == ["None", "token-1"]


@pytest.mark.parametrize("every_face", ["httpx2", "httpx", "httpx2-trio", "httpx-trio"], indirect=True)
def test_on_the_async_face_it_may_be_async(every_face: Face) -> None:
    assert header(every_face, handler(every_face, AsyncCounting())) == "Bearer token-1"


@pytest.mark.parametrize("face", ["requests"], indirect=True)
def test_on_the_sync_face_an_async_one_is_refused(face: Face) -> None:
    with pytest.raises(InvalidParam, match="AsyncOAuth2TokenSourceAuth"):
        header(face, handler(face, AsyncCounting()))


def test_a_token_of_ones_own_source_that_an_api_refuses_is_replaced(face: Face) -> None:
    def api(request: Received) -> Any:
        refused = request.headers["authorization"] == "Bearer token-1"
        return answer({}, 401, WWW_Authenticate='Bearer error="invalid_token"') if refused else answer({})

    source = Counting()
    assert header(face, handler(face, source), api) == "Bearer token-2"
    assert len(source.held) == 2


def test_what_a_source_raises_is_raised(face: Face) -> None:
    class Broken(TokenSource):
        def get_token(self, held: BearerToken | None) -> BearerToken:
            raise LookupError("the vault is sealed")

    auth = handler(face, Broken())
    for _ in range(3):  # the third time, out of the pause
        with pytest.raises(LookupError, match="the vault is sealed"):
            header(face, auth)


def test_a_source_without_a_method_says_that_it_gets_no_tokens(face: Face) -> None:
    with pytest.raises(NonRenewableTokenError):
        header(face, handler(face, TokenSource()))


def test_a_source_of_ones_own_may_share_its_tokens_in_a_store(face: Face) -> None:
    store, sources = MemoryStore(), [Counting(), Counting()]
    headers = [header(face, handler(face, source, store=store, subject="both")) for source in sources]
    assert headers == ["Bearer token-1"] * 2
    assert sources[1].held == []


# --- a function


@pytest.mark.parametrize(
    "given",
    ["t", BearerToken("t", expires_in=86_400), {"access_token": "t", "token_type": "bearer", "expires_in": 60}],
    ids=["text", "token", "mapping"],
)
@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
def test_a_function_may_return_a_token_in_any_way(face: Face, given: Any, is_async: bool) -> None:
    calls: list[int] = []

    def function() -> Any:
        calls.append(1)
        return given

    async def coroutine() -> Any:
        return function()

    auth = handler(face, CallableSource(coroutine if is_async else function))
    if is_async and not face.is_async:
        with pytest.raises(InvalidParam, match="Async"):  # nobody awaits there
            header(face, auth)
        return
    assert [header(face, auth) for _ in range(2)] == ["Bearer t"] * 2
    assert len(calls) == 1
    assert auth.token.expires_in is None if given == "t" else auth.token.expires_in > 0


@pytest.mark.parametrize("given", [None, 42, "", b"t", {"error": "no"}, "two\nlines"])
def test_a_function_that_returns_no_token_is_an_error(face: Face, given: Any) -> None:
    with pytest.raises((InvalidParam, TypeError)):
        header(face, handler(face, CallableSource(lambda: given)))


# --- a file


def jwt(**claims: Any) -> str:
    return jws.sign(claims, signing_key(generate_private_jwk("ES256")))


def test_a_file_is_read_again_when_somebody_has_rotated_it(face: Face, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("first\n")
    auth = handler(face, FileSource(path, lifetime=60))
    with freeze_time("2026-01-01", ignore=["trio", "asyncio"]) as clock:
        assert header(face, auth) == "Bearer first"
        path.write_text("second\n")
        assert header(face, auth) == "Bearer first"
        clock.tick(46)
        assert header(face, auth) == "Bearer second"


def test_it_is_read_again_at_once_when_an_api_refuses_what_it_said(face: Face, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("first")
    auth = handler(face, FileSource(path))
    header(face, auth)
    path.write_text("second")

    def api(request: Received) -> Any:
        refused = request.headers["authorization"] == "Bearer first"
        return answer({}, 401, WWW_Authenticate='Bearer error="invalid_token"') if refused else answer({})

    assert header(face, auth, api) == "Bearer second"


def test_a_jwt_in_a_file_says_its_expiry_itself(face: Face, tmp_path: Path) -> None:
    path = tmp_path / "token"
    with freeze_time("2026-01-01", ignore=["trio", "asyncio"]):
        path.write_text(jwt(exp=1767225600 + 3600))
        auth = handler(face, FileSource(path, lifetime=5))
        header(face, auth)
        assert auth.token.expires_in == 3600


def test_a_jwt_without_expiry_has_the_lifetime_of_the_source(face: Face, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(jwt(sub="somebody"))
    auth = handler(face, FileSource(path, lifetime=5))
    header(face, auth)
    assert 0 < auth.token.expires_in <= 5


@pytest.mark.parametrize(("fields", "expires_in"), [({"expires_in": 300}, 300), ({}, 60)])
def test_a_file_may_hold_a_token_response(face: Face, tmp_path: Path, fields: Any, expires_in: int) -> None:
    path = tmp_path / "token"
    path.write_text(json.dumps({"access_token": "t", "token_type": "Bearer", **fields}))
    auth = handler(face, FileSource(str(path)))
    assert header(face, auth) == "Bearer t"
    assert expires_in - 2 <= auth.token.expires_in <= expires_in


@pytest.mark.parametrize(
    "content",
    [b"", b"two\nwords", b"\xff\xfe", b'{"access_token": ', b"{}", b'{"access_token": 42}', b"{" * 100_000,
     b'{"access_token": ' + b"[" * 100_000, b'{"access_token": "planted", "token_type": "mac"}',
     b'{"access_token": "planted\\n"}', b'{"access_token": "a", "access_token": "b"}'],
)  # fmt: skip
def test_a_file_without_a_token_is_named_and_not_quoted(face: Face, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    with pytest.raises(InvalidParam, match="There is no token in") as raised:
        header(face, handler(face, FileSource(path)))
    assert str(path) in str(raised.value)
    assert "planted" not in str(raised.value)


def test_a_file_that_is_not_there_is_named_each_time(face: Face, tmp_path: Path) -> None:
    auth = handler(face, FileSource(tmp_path / "token"))
    for _ in range(3):
        with pytest.raises(FileNotFoundError, match="token"):
            header(face, auth)


# --- exchanges and assertions


def test_a_token_is_exchanged_for_another(face: Face) -> None:
    client, sent = face.mocked(token(issued_token_type="urn:ietf:params:oauth:token-type:access_token"))
    source = TokenExchangeSource(client, BearerToken("subject"), audience="api")
    assert header(face, handler(face, source)) == "Bearer an-access-token"
    assert grants(sent) == ["token-exchange"]
    assert (sent[0].form["subject_token"], sent[0].form["audience"]) == ("subject", "api")


def functions_of(face: Face, *values: Any) -> Any:
    """Return a function that gives one value after the other; an async one on the async face."""
    coming = iter(values)

    async def later() -> Any:
        return next(coming)

    return later if face.is_async else lambda: next(coming)


def test_a_function_says_which_token_to_exchange_today(face: Face) -> None:
    client, sent = face.mocked(token(issued_token_type="urn:ietf:params:oauth:token-type:access_token"))
    source = TokenExchangeSource(client, functions_of(face, BearerToken("monday's"), BearerToken("tuesday's")))
    auth = handler(face, source)
    header(face, auth)
    face.run(auth.renew_token())
    assert [request.form["subject_token"] for request in sent] == ["monday's", "tuesday's"]


def test_a_token_is_got_for_a_jwt(face: Face) -> None:
    client, sent = face.mocked(token())
    assert header(face, handler(face, JwtBearerSource(client, "a.b.c", scope="a"))) == "Bearer an-access-token"
    assert grants(sent) == ["jwt-bearer"]
    assert (sent[0].form["assertion"], sent[0].form["scope"]) == ("a.b.c", "a")


def test_a_function_makes_a_new_jwt_each_time(face: Face) -> None:
    client, sent = face.mocked(token())
    auth = handler(face, JwtBearerSource(client, functions_of(face, "a.b.c", "d.e.f")))
    header(face, auth)
    face.run(auth.renew_token())
    assert [request.form["assertion"] for request in sent] == ["a.b.c", "d.e.f"]


@pytest.mark.parametrize("make", [TokenExchangeSource, JwtBearerSource])
def test_without_a_subject_nobody_shares_the_tokens_of_somebody(face: Face, make: Any) -> None:
    with pytest.raises(InvalidParam, match="subject="):
        handler(face, make(face.client(), "t"), store=MemoryStore())


def test_the_key_of_a_bound_token_stays_when_it_is_got_anew(face: Face) -> None:
    client, _ = face.mocked(token(token_type="DPoP"))
    auth = handler(face, JwtBearerSource(client, "a.b.c", dpop=True))
    header(face, auth)
    first = auth.token
    face.run(auth.renew_token())
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


def test_a_function_asks_for_a_login_whenever_one_is_needed(face: Face) -> None:
    client, sent = face.mocked(device_as(token(expires_in=0), error("invalid_grant")))
    auth = handler(face, DeviceCodeSource(client, functions_of(face, "one", "two"), interval=0))
    headers = [header(face, auth) for _ in range(3)]
    assert headers == ["Bearer login-1", "Bearer an-access-token", "Bearer login-2"]
    assert grants(sent) == ["device_code", "refresh_token", "refresh_token", "device_code"]
    assert [request.form.get("device_code") for request in sent] == ["one", None, None, "two"]


def test_a_device_code_is_used_once_and_its_end_is_a_users_matter(face: Face) -> None:
    client, _ = face.mocked(device_as(error("invalid_grant")))
    auth = handler(face, DeviceCodeSource(client, "one", interval=0))
    header(face, auth)
    with pytest.raises(InvalidGrant, match="Log in again"):
        header(face, auth)


def test_a_device_handler_takes_a_function_too(face: Face) -> None:
    client, sent = face.mocked(device_as())
    auth = face.named("OAuth2DeviceCodeAuth")(client, functions_of(face, "one"), interval=0)
    assert header(face, auth) == "Bearer login-1"
    assert sent[0].form["device_code"] == "one"


# --- a face to each


def test_a_source_with_a_client_of_the_other_face_is_refused(face: Face) -> None:
    others = OAuth2Client if face.is_async else AsyncOAuth2Client
    source = ClientCredentialsSource(others("https://as.local/token", ("id", "hush-hush")))
    with pytest.raises(InvalidParam, match="client of its own face"):
        handler(face, source)


def test_a_handler_does_not_take_a_client_of_the_other_face_later_either(face: Face) -> None:
    others = OAuth2Client if face.is_async else AsyncOAuth2Client
    auth = handler(face, ClientCredentialsSource(face.client()))
    with pytest.raises(InvalidParam, match="client of its own face"):
        auth.client = others("https://as.local/token", ("id", "hush-hush"))


def test_a_source_of_a_grant_serves_as_its_handler_does(face: Face) -> None:
    client, sent = face.mocked(token())
    auth = handler(face, ClientCredentialsSource(client, scope="a"), token=EXPIRED.replace(refresh_token=None))
    assert header(face, auth) == "Bearer an-access-token"
    assert grants(sent) == ["client_credentials"]


def test_an_expired_token_of_a_source_that_gets_none_says_so(face: Face) -> None:
    with pytest.raises(ExpiredAccessToken):
        header(face, handler(face, TokenSource(), token=EXPIRED))


def test_a_source_and_its_handler_show_no_secret(face: Face) -> None:
    source = JwtBearerSource(face.client(auth=("id", "planted")), "planted", client_assertion="planted")
    auth = handler(face, source, token=BearerToken("planted"))
    assert "planted" not in repr(source) + repr(auth)
