"""Logging in to a web site, in every framework: the same promises, and the same ways to break them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import responses

from requests_oauth2client.stores import MemoryStore
from requests_oauth2client.testing import AuthorizationServer, Callback

from . import django_site, flask_site, starlette_site
from .browsers import BASE, Browser, quietly

API = "https://api.test"
FRAMEWORKS: dict[str, Callable[..., Any]] = {
    "flask": flask_site.build,
    "starlette": starlette_site.build,
    "django": django_site.build,
}
KEY = b"k" * 32


class Stage:
    """A site, its provider, and an API that the site calls."""

    def __init__(self, build: Callable[..., Any], server: AuthorizationServer) -> None:
        self.build, self.server = build, server
        self.store = MemoryStore(key=KEY)

    def site(self, *, store: Any = None, client: dict[str, Any] | None = None, **options: Any) -> Browser:
        """Make a site with one provider; returns a browser in front of it."""
        metadata = self.server.metadata
        endpoints = {
            name: metadata[name]
            for name in (
                "token_endpoint",
                "authorization_endpoint",
                "userinfo_endpoint",
                "end_session_endpoint",
                "revocation_endpoint",
                "jwks_uri",
                "issuer",
                "pushed_authorization_request_endpoint",
            )
        }
        settings = {"auth": ("app", "secret"), "scope": "openid email offline_access", **endpoints, **(client or {})}
        given = settings.pop("providers", None) or {"main": settings}
        self.logins, wire = self.build(given, API, store=store or self.store, **options)
        return Browser(wire, self.server, base=options.get("test_base", BASE))


@pytest.fixture(params=FRAMEWORKS)
def stage(request: pytest.FixtureRequest, oauth_server: AuthorizationServer) -> Stage:
    return Stage(FRAMEWORKS[request.param], oauth_server)


@pytest.fixture
def api() -> Iterator[responses.RequestsMock]:
    """An API for the sync frameworks; the async ones ask the same paths of the test server."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


def read(page: Any) -> Any:
    assert page.status == 200, page
    return json.loads(page.text)


# --- logging in and out


def test_a_user_logs_in_and_comes_back_to_the_page(stage: Stage) -> None:
    browser = stage.site()
    seen = read(browser.log_in("/"))
    assert seen["user"] == "alice"
    assert seen["claims"]["email"] == "alice@example.com"
    assert read(browser.open("/open")) == {"user": "alice"}
    other = Browser(browser.wire, stage.server)
    assert read(other.open("/open")) == {"user": None}


def test_pages_lead_back_with_their_query(stage: Stage) -> None:
    browser = stage.site()
    page = browser.end(stage.server.log_in(browser.begin("/?a=b&c=d%20e")))
    assert page.location == "/?a=b&c=d%20e"


def test_the_address_is_free_of_codes_and_the_cookies_are_small(stage: Stage) -> None:
    browser = stage.site()
    browser.begin("/?" + "x" * 200)
    (pending,) = browser.cookies.values()
    assert len(pending) <= 900
    page = browser.end(stage.server.log_in(browser.begin("/")))
    assert "code=" not in str(page.location)
    assert dict(page.headers).get("Cache-Control", dict(page.headers).get("cache-control")) == "no-store"


def test_a_client_with_dpop_has_a_small_cookie_too(stage: Stage) -> None:
    browser = stage.site(client={"dpop_bound_access_tokens": True})
    url = browser.begin("/")
    (pending,) = browser.cookies.values()
    assert len(pending) <= 900
    assert "dpop_jkt" in url
    assert browser.end(stage.server.log_in(url)).status == 303
    assert read(browser.open("/"))["user"] == "alice"


def test_tabs_do_not_disturb_each_other(stage: Stage) -> None:
    browser = stage.site()
    urls = [browser.begin(f"/?tab={number}") for number in range(3)]
    assert len(browser.cookies) == 3
    for number in (1, 0, 2):
        page = browser.end(stage.server.log_in(urls[number]))
        assert page.location == f"/?tab={number}"
    assert len(browser.cookies) == 1


def test_a_fifth_login_replaces_the_oldest(stage: Stage) -> None:
    browser = stage.site()
    urls = []
    for number in range(5):
        urls.append(browser.begin(f"/?tab={number}"))
        stage.server.travel(1)
    assert len(browser.cookies) == 4
    lost = browser.end(stage.server.log_in(urls[0]))
    assert lost.status == 400
    assert "LostLogin" in lost.text
    assert browser.end(stage.server.log_in(urls[4])).status == 303


def test_a_posted_response_works_across_sites(stage: Stage) -> None:
    browser = stage.site(client={"response_mode": "form_post"})
    url = browser.begin("/")
    assert set(browser.same_site.values()) == {"none"}
    callback = stage.server.log_in(url)
    assert callback.response_mode == "form_post"
    page = browser.end(callback)
    assert page.status == 303
    assert read(browser.open("/"))["user"] == "alice"


def test_a_logout_ends_everything(stage: Stage) -> None:
    ended: list[Any] = []
    browser = stage.site(on_logout=ended.append)
    browser.log_in("/")
    page = browser.open("/auth/logout", form={})
    assert page.status == 303
    parts = urlsplit(str(page.location))
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == stage.server.metadata["end_session_endpoint"]
    asked = parse_qs(parts.query)
    assert asked["post_logout_redirect_uri"] == [f"{BASE}/"]
    assert asked["id_token_hint"]
    assert read(browser.open("/open")) == {"user": None}
    assert [request.endpoint for request in stage.server.requests].count("revocation") == 2
    assert [user.subject for user in ended] == ["alice"]
    assert not browser.cookies
    again = browser.open("/auth/logout", form={})
    assert (again.status, again.location) == (303, f"{BASE}/")


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.test"}]
)
def test_another_site_logs_nobody_out(stage: Stage, headers: dict[str, str]) -> None:
    browser = stage.site()
    browser.log_in("/")
    page = browser.open("/auth/logout", form={}, headers=headers)
    assert page.status == 400
    assert "ForeignLogout" in page.text
    assert read(browser.open("/open")) == {"user": "alice"}
    own = {"Sec-Fetch-Site": "same-origin", "Origin": BASE}
    assert browser.open("/auth/logout", form={}, headers=own).status == 303


def test_a_logout_is_a_post(stage: Stage) -> None:
    browser = stage.site()
    browser.log_in("/")
    assert browser.open("/auth/logout").status == 405
    assert read(browser.open("/open")) == {"user": "alice"}


def test_a_new_login_ends_the_old_one(stage: Stage) -> None:
    browser = stage.site()
    browser.log_in("/")
    before = dict(browser.cookies)
    browser.end(stage.server.log_in(str(browser.open("/auth/main/login").location), user="bob"))
    assert read(browser.open("/open")) == {"user": "bob"}
    assert browser.cookies != before
    browser.cookies = before
    assert read(browser.open("/open")) == {"user": None}


def test_hooks_see_who_comes_and_goes(stage: Stage) -> None:
    came: list[Any] = []
    browser = stage.site(on_login=came.append)
    browser.log_in("/")
    assert [(user.provider, user.subject, user.issuer) for user in came] == [("main", "alice", stage.server.issuer)]


def test_userinfo_is_merged(stage: Stage) -> None:
    stage.server.users["alice"] = {"groups": ["admin"]}
    browser = stage.site(client={"claims": "userinfo"})
    assert read(browser.log_in("/"))["claims"]["groups"] == ["admin"]
    assert "userinfo" in [request.endpoint for request in stage.server.requests]


def test_several_providers_have_their_own_routes(stage: Stage) -> None:
    metadata = stage.server.metadata
    base = {name: metadata[name] for name in ("token_endpoint", "authorization_endpoint", "jwks_uri", "issuer")}
    one, two = ({"auth": (name, "secret"), "scope": "openid", **base} for name in ("one", "two"))
    browser = stage.site(client={"providers": {"one": one, "two": two}})
    url = str(browser.open("/auth/two/login?next=/").location)
    assert "client_id=two" in url
    callback = stage.server.log_in(url)
    wrong = Callback(callback.redirect_uri.replace("/two/", "/one/"), callback.form, "query")
    assert browser.end(wrong).status == 400
    assert browser.end(callback).status == 303
    assert read(browser.open("/"))["user"] == "alice"


def test_requests_are_pushed_where_the_client_says_so(stage: Stage) -> None:
    browser = stage.site(client={"authorization_server_metadata": {"require_pushed_authorization_requests": True}})
    url = browser.begin("/")
    assert "request_uri=" in url
    assert "nonce=" not in url
    assert browser.end(stage.server.log_in(url)).status == 303


def test_scripts_are_not_sent_to_a_login_page(stage: Stage) -> None:
    browser = stage.site()
    assert browser.open("/", headers={"Sec-Fetch-Mode": "cors"}).status == 401
    assert browser.open("/", headers={"Sec-Fetch-Mode": "navigate"}).status in {302, 303}


def test_a_post_without_a_login_comes_back_to_the_root(stage: Stage) -> None:
    browser = stage.site()
    page = browser.open("/post", form={})
    assert page.status == 303
    assert parse_qs(urlsplit(str(page.location)).query)["next"] == ["/"]


# --- what is refused


@pytest.mark.parametrize(
    "target",
    ["//evil.test", "/\\evil.test", "https:evil.test", "https://evil.test/", "\\\\evil", "evil", "/%0d%0aX: y", "/\tx"],
)
def test_next_stays_on_this_site(stage: Stage, target: str) -> None:
    browser = stage.site()
    query = urlencode({"next": target}) if "%" not in target else f"next={target}"
    page = browser.open(f"/auth/main/login?{query}")
    assert page.status == 400
    assert "InvalidNext" in page.text
    assert "evil" not in page.text


def test_a_long_next_is_cut(stage: Stage) -> None:
    browser = stage.site()
    url = str(browser.open(f"/auth/main/login?{urlencode({'next': '/page?' + 'x' * 5000})}").location)
    assert browser.end(stage.server.log_in(url)).location == "/page"


def test_callbacks_that_are_not_ours_are_refused(stage: Stage) -> None:
    browser = stage.site()
    callback = stage.server.log_in(browser.begin("/"))
    stranger = Browser(browser.wire, stage.server)
    wrong = {
        "another browser": stranger.end(callback),
        "another state": browser.open(f"{callback.redirect_uri}?code=x&state=y"),
        "nothing": browser.open(callback.redirect_uri),
        "two states": browser.open(f"{callback}&state=y"),
    }
    for name, page in wrong.items():
        assert page.status == 400, name
    assert browser.end(callback).status == 303
    replayed = browser.end(callback)
    assert replayed.status == 400
    assert "LostLogin" in replayed.text
    assert callback.form["code"] not in replayed.text


def test_a_late_callback_is_refused(stage: Stage) -> None:
    browser = stage.site()
    callback = stage.server.log_in(browser.begin("/"))
    stage.server.travel(601)
    assert browser.end(callback).status == 400


def test_lost_cookies_are_said(stage: Stage) -> None:
    browser = stage.site()
    callback = stage.server.log_in(browser.begin("/"))
    browser.cookies.clear()
    page = browser.end(callback)
    assert page.status == 400
    assert "allow cookies" in page.text


def test_a_changed_cookie_is_refused(stage: Stage) -> None:
    browser = stage.site()
    callback = stage.server.log_in(browser.begin("/"))
    (name,) = browser.cookies
    browser.cookies[name] = browser.cookies[name][:-4] + "AAAA"
    assert browser.end(callback).status == 400


def test_the_server_says_no(stage: Stage) -> None:
    browser = stage.site()
    page = browser.end(stage.server.log_in(browser.begin("/"), deny="access_denied"))
    assert page.status == 400


def test_a_server_that_fails_is_no_500(stage: Stage) -> None:
    browser = stage.site(client={"retries": None})
    callback = stage.server.log_in(browser.begin("/"))
    stage.server.fail("token", status=500)
    page = browser.end(callback)
    assert page.status == 400
    assert "secret" not in page.text


def test_the_error_page_is_the_sites_own(stage: Stage) -> None:
    browser = stage.site(error_page=lambda error: f"<p>sorry: {type(error).__name__}")
    assert browser.open("/auth/main/callback").text == "<p>sorry: LostLogin"


def test_an_unknown_provider_is_refused(stage: Stage) -> None:
    browser = stage.site()
    for path in ("/auth/other/login", "/auth/other/callback?state=x"):
        assert browser.open(path).status == 400
    assert browser.open("/auth/main/nonsense").status in {400, 404}


def test_a_forged_host_changes_nothing_where_the_address_is_configured(stage: Stage) -> None:
    browser = stage.site(base_url=BASE)
    page = browser.open("/auth/main/login", headers={"Host": "evil.test"})
    assert parse_qs(urlsplit(str(page.location)).query)["redirect_uri"] == [f"{BASE}/auth/main/callback"]


# --- silent, initiated elsewhere, stronger


def test_a_silent_login_that_fails_is_not_tried_again_for_a_while(stage: Stage) -> None:
    browser = stage.site()
    url = str(browser.open("/auth/main/login?prompt=none&next=/open").location)
    page = browser.end(stage.server.log_in(url))
    assert (page.status, page.location) == (303, "/open")
    again = browser.open("/auth/main/login?prompt=none&next=/open")
    assert (again.status, again.location) == (303, "/open")
    assert stage.server.issuer in str(browser.open("/auth/main/login?next=/open").location)


def test_a_silent_login_that_works_logs_in(stage: Stage) -> None:
    browser = stage.site()
    browser.log_in("/")
    browser.cookies.clear()
    url = str(browser.open("/auth/main/login?prompt=none&next=/open").location)
    browser.end(stage.server.log_in(url))
    assert read(browser.open("/open")) == {"user": "alice"}


def test_a_login_may_be_initiated_elsewhere(stage: Stage) -> None:
    browser = stage.site()
    asked = {"iss": stage.server.issuer, "login_hint": "alice", "target_link_uri": f"{BASE}/open"}
    page = browser.open(f"/auth/main/login?{urlencode(asked)}")
    assert "login_hint=alice" in str(page.location)
    assert browser.end(stage.server.log_in(str(page.location))).location == "/open"
    for wrong in ({"iss": "https://evil.test"}, {"target_link_uri": "https://evil.test/"}):
        assert browser.open(f"/auth/main/login?{urlencode(asked | wrong)}").status == 400


def test_a_page_may_need_a_stronger_login(stage: Stage) -> None:
    browser = stage.site()
    browser.log_in("/")
    page = browser.open("/strong")
    url = str(browser.open(str(page.location)).location)
    asked = parse_qs(urlsplit(url).query)
    assert (asked["acr_values"], asked["max_age"]) == (["urn:mfa"], ["300"])
    browser.end(stage.server.log_in(url))
    assert read(browser.open("/strong")) == {"acr": "urn:mfa"}


def test_a_provider_that_can_not_log_in_stronger_is_no_loop(stage: Stage) -> None:
    browser = stage.site()
    stage.server.lie(acr="urn:weak")
    page = browser.end(stage.server.log_in(browser.begin("/strong")))
    if page.status == 303:
        page = browser.open(str(page.location))
    assert page.status == 400


def test_a_login_that_is_too_old_is_made_again(stage: Stage) -> None:
    browser = stage.site()
    browser.end(stage.server.log_in(browser.begin("/strong")))
    assert browser.open("/strong").status == 200
    stage.server.travel(400)
    assert browser.open("/strong").status == 303


def test_a_step_up_keeps_the_refresh_token(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    play_api(stage, monkeypatch, lambda token: (200, {}))
    browser = stage.site()
    browser.log_in("/")
    url = str(browser.open("/auth/main/login?prompt=login&acr_values=urn:mfa").location)
    browser.end(stage.server.log_in(url))
    stage.server.travel(3700)
    assert read(browser.open("/things")) == {"ok": True}
    assert "refresh_token" in [request.form.get("grant_type") for request in stage.server.requests]


# --- logouts that come from the provider


def test_a_back_channel_logout_ends_the_session_on_every_worker(stage: Stage) -> None:
    browser = stage.site()
    browser.log_in("/")
    (token,) = stage.server.log_out("alice")
    worker = stage.site()  # another one, with the same store
    answer = worker.open("/auth/main/backchannel-logout", form={"logout_token": token})
    assert answer.status == 200
    assert read(browser.open("/open")) == {"user": None}
    replayed = worker.open("/auth/main/backchannel-logout", form={"logout_token": token})
    assert replayed.status == 400


def test_logout_tokens_that_are_not_ours_are_refused(stage: Stage) -> None:
    browser = stage.site()
    browser.log_in("/")
    keys, issuer = stage.server.keys, stage.server.issuer
    events = {"http://schemas.openid.net/event/backchannel-logout": {}}
    good = {"iss": issuer, "aud": "app", "iat": 1, "jti": "j", "sub": "alice", "events": events}
    for change in ({"aud": "other"}, {"events": {}}, {"iss": "https://evil.test"}, {"sub": None}, {"nonce": "n"}):
        claims = {name: value for name, value in {**good, **change}.items() if value is not None}
        token = keys.sign(claims, typ="logout+jwt")
        assert browser.open("/auth/main/backchannel-logout", form={"logout_token": token}).status == 400
    for form in ({}, {"logout_token": "nonsense"}):
        assert browser.open("/auth/main/backchannel-logout", form=form).status == 400
    assert read(browser.open("/open")) == {"user": "alice"}


def test_a_front_channel_logout_ends_the_session(stage: Stage) -> None:
    browser = stage.site()
    seen = read(browser.log_in("/"))
    frame = Browser(browser.wire, stage.server)  # an iframe gets no cookies
    query = urlencode({"iss": stage.server.issuer, "sid": seen["claims"]["sid"]})
    assert frame.open(f"/auth/main/frontchannel-logout?{query}").status == 200
    assert read(browser.open("/open")) == {"user": None}


# --- APIs


def test_an_api_is_called_with_the_tokens_of_the_user(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = play_api(stage, monkeypatch, lambda token: (200, {}))
    browser = stage.site()
    browser.log_in("/")
    assert read(browser.open("/things")) == {"ok": True}
    assert seen[0].startswith("Bearer ")


def test_a_page_that_forgot_to_ask_for_a_login_gets_one(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    play_api(stage, monkeypatch, lambda token: (200, {}))
    browser = stage.site()
    page = browser.open("/unguarded")
    assert page.status == 303
    browser.end(stage.server.log_in(str(browser.open(str(page.location)).location)))
    assert read(browser.open("/unguarded")) == {"ok": True}


def test_an_api_may_ask_for_a_stronger_login(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    challenge = 'Bearer error="insufficient_user_authentication", acr_values="urn:mfa"'

    def check(token: str) -> tuple[int, dict[str, str]]:
        claims = stage.server.records.access_tokens[token].grant.params
        return (200, {}) if claims.get("acr_values") == "urn:mfa" else (401, {"WWW-Authenticate": challenge})

    play_api(stage, monkeypatch, check)
    browser = stage.site()
    browser.log_in("/")
    stage.server.travel(70)  # the login is not a fresh one any more
    page = browser.open("/things")
    assert page.status == 303
    url = str(browser.open(str(page.location)).location)
    assert parse_qs(urlsplit(url).query)["acr_values"] == ["urn:mfa"]
    assert browser.end(stage.server.log_in(url)).location == "/things"
    assert read(browser.open("/things")) == {"ok": True}


def test_a_broken_api_is_no_loop(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    challenge = 'Bearer error="insufficient_user_authentication", acr_values="urn:more"'
    play_api(stage, monkeypatch, lambda token: (401, {"WWW-Authenticate": challenge}))
    browser = stage.site()
    page = browser.log_in("/things")
    for _ in range(4):
        if page.status != 303:
            break
        page = browser.end(stage.server.log_in(str(browser.open(str(page.location)).location)))
        page = browser.open(str(page.location))
    assert page.status == 400


def test_a_login_that_the_provider_has_ended_leads_to_a_new_one(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    play_api(stage, monkeypatch, lambda token: (200, {}))
    browser = stage.site()
    browser.log_in("/")
    for grant in stage.server.records.refresh_tokens.values():
        grant.is_ended = True
    stage.server.travel(3700)
    page = browser.open("/things")
    assert page.status == 303
    assert "/auth/main/login" in str(page.location)


def test_twenty_four_requests_at_the_moment_of_expiry_make_one_refresh(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_api(stage, monkeypatch, lambda token: (200, {}))
    workers = [stage.site(), stage.site()]
    workers[0].log_in("/")
    workers[1].cookies = dict(workers[0].cookies)
    stage.server.travel(3700)
    before = len(stage.server.requests)
    start = threading.Barrier(24)

    def visit(number: int) -> int:
        browser = Browser(workers[number % 2].wire, stage.server, cookies=dict(workers[0].cookies))
        start.wait()
        return browser.open("/things").status

    with ThreadPoolExecutor(24) as pool:
        statuses = list(pool.map(visit, range(24)))
    assert statuses == [200] * 24
    came = [request.form.get("grant_type") for request in stage.server.requests[before:] if request.endpoint == "token"]
    assert came == ["refresh_token"]


def play_api(stage: Stage, monkeypatch: pytest.MonkeyPatch, check: Callable[[str], Any]) -> list[str]:
    """Have a second test server answer at the API's origin: it checks tokens, and says `{"ok": true}`."""
    from requests_oauth2client.testing import ServerResponse
    from requests_oauth2client.testing.transports import _servers

    seen: list[str] = []

    class Api:
        issuer = API

        def handle(self, request: Any) -> ServerResponse:
            header = request.headers.get("authorization", "")
            seen.append(header)
            token = header.partition(" ")[2]
            known = stage.server.records.access_tokens.get(token)
            if known is None or not known.is_active:
                return ServerResponse(status=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
            status, headers = check(token)
            return ServerResponse(
                status=status, headers={"Content-Type": "application/json", **headers}, body=b'{"ok": true}'
            )

    monkeypatch.setitem(_servers, ("https", "api.test", 443), Api())
    return seen


# --- making a site


def test_without_a_store_a_site_warns(stage: Stage) -> None:
    if stage.build is django_site.build:
        site, _ = stage.build({"main": {"issuer": stage.server.issuer, "auth": "app"}}, API)
        assert type(site.store).__name__ == "DjangoStore"
        return
    with pytest.warns(UserWarning, match="store"):
        stage.build({}, API)


def test_a_store_has_to_encrypt(stage: Stage) -> None:
    with pytest.raises(ValueError, match="key="):
        quietly(lambda: stage.build({}, API, store=MemoryStore()))


def test_names_of_providers_are_checked(stage: Stage) -> None:
    for name in ("a/b", "", "logout", "x" * 41):
        with pytest.raises(ValueError, match="provider"):
            stage.site(client={"providers": {name: {"token_endpoint": "https://as.test/token", "auth": "x"}}})
