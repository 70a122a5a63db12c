"""What only a Django site has: its users, its admin, its async views, its database."""

from __future__ import annotations

import asyncio
import json
import secrets
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

import django
import pytest
from django.contrib import admin, auth
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import Permission
from django.core.checks import run_checks
from django.core.management import call_command
from django.http import HttpResponse, JsonResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path

from requests_oauth2client.django import DjangoStore, required, requires
from requests_oauth2client.django.models import Identity
from requests_oauth2client.django.store import derive_key
from requests_oauth2client.exceptions import InvalidParam
from requests_oauth2client.stores import MemoryStore
from requests_oauth2client.testing import AuthorizationServer

from . import django_site
from .browsers import BASE, Browser

API = "https://api.test"
Users = auth.get_user_model()
CSRF = [*django_site.MIDDLEWARE, "django.middleware.csrf.CsrfViewMiddleware"]


def who(request: Any) -> Any:
    return JsonResponse({"user": request.user.get_username(), "is_in": request.user.is_authenticated})


@required
async def async_home(request: Any) -> Any:
    user = await request.auser()
    return JsonResponse({"user": request.login.user.subject, "django": user.get_username()})


async def async_open(request: Any) -> Any:
    return JsonResponse({"user": None if request.login.user is None else request.login.user.subject})


async def async_unguarded(request: Any) -> Any:
    return JsonResponse((await request.login.api(API).get("things")).json())


@requires(acr_values="urn:mfa")
async def async_strong(request: Any) -> Any:
    return JsonResponse({"acr": request.login.user.acr})


def leave(request: Any) -> Any:
    auth.logout(request)
    return JsonResponse({"user": request.user.get_username()})


VIEWS = [
    path("who", who),
    path("private", login_required(who)),
    path("async", async_home),
    path("async-open", async_open),
    path("async-unguarded", async_unguarded),
    path("async-strong", async_strong),
    path("editors", permission_required("auth.change_group", raise_exception=True)(who)),
    path("leave", leave),
    path("admin/", admin.site.urls),
]


@pytest.fixture
def server(oauth_server: AuthorizationServer) -> AuthorizationServer:
    return oauth_server


def site(server: AuthorizationServer, *, more: Any = (), **options: Any) -> Browser:
    known = ("token", "authorization", "userinfo", "end_session", "revocation")
    given = {name: server.metadata[name] for name in (*(f"{one}_endpoint" for one in known), "jwks_uri", "issuer")}
    provider = {"auth": ("app", "secret"), "scope": "openid email offline_access", **given}
    _, wire = django_site.build({"main": provider}, API, more=[*VIEWS, *more], **options)
    return Browser(wire, server)


def read(page: Any) -> Any:
    assert page.status == 200, page
    return json.loads(page.text)


def has_session(browser: Browser) -> bool:
    return "__Host-oauth2-session" in browser.cookies


def a_name() -> str:
    return f"user-{secrets.token_hex(4)}"


# --- users


def test_a_login_is_a_user_of_the_site_who_stays_the_same(server: AuthorizationServer) -> None:
    name = a_name()
    browser = site(server)
    browser.log_in("/", user=name)
    first = read(browser.open("/who"))
    assert first["is_in"]
    browser.cookies.clear()
    browser.log_in("/", user=name)
    assert read(browser.open("/who")) == first
    identity = Identity.objects.get(issuer=server.issuer, subject=name)
    assert identity.user.get_username() == first["user"]
    assert not identity.user.has_usable_password()
    assert identity.user.last_login is not None
    assert str(identity) == f"{name} of {server.issuer}"


def test_nobody_gets_in_by_an_address(server: AuthorizationServer) -> None:
    name = a_name()
    victim = Users.objects.create_user(a_name(), email=f"{name}@example.com", password=None)
    browser = site(server)
    browser.log_in("/", user=name)
    assert read(browser.open("/who"))["user"] != victim.get_username()


def test_login_required_leads_to_the_login_and_back(server: AuthorizationServer) -> None:
    browser = site(server)
    page = browser.open("/private?a=b")
    assert (page.status, page.location) == (302, "/auth/login?next=/private%3Fa%3Db")
    url = str(browser.open(str(page.location)).location)
    page = browser.end(server.log_in(url))
    assert page.location == "/private?a=b"
    assert read(browser.open(str(page.location)))["is_in"]


def test_permissions_are_those_of_the_user(server: AuthorizationServer) -> None:
    name = a_name()
    browser = site(server)
    browser.log_in("/", user=name)
    assert browser.open("/editors").status == 403
    user = Identity.objects.get(subject=name).user
    user.user_permissions.add(Permission.objects.get(codename="change_group"))
    assert browser.open("/editors").status == 200
    with override_settings(AUTHENTICATION_BACKENDS=["requests_oauth2client.django.LoginBackend"]):
        assert browser.open("/editors").status == 200


def test_inactive_users_do_not_get_in(server: AuthorizationServer) -> None:
    name = a_name()
    browser = site(server)
    browser.log_in("/", user=name)
    Users.objects.filter(oauth2_identities__subject=name).update(is_active=False)
    assert not read(browser.open("/who"))["is_in"]
    browser.cookies.clear()
    page = browser.end(server.log_in(browser.begin("/"), user=name))
    assert page.status == 400
    assert "NoUser" in page.text
    assert not has_session(browser)


def choose(login: Any) -> Any:
    """A hook: users are those that the operator has made."""
    return Users.objects.filter(username=login.user.claims["email"].partition("@")[0]).first()


def test_a_hook_chooses_the_user(server: AuthorizationServer) -> None:
    name = a_name()
    browser = site(server, user_for="tests.web.test_django.choose")
    refused = browser.end(server.log_in(browser.begin("/"), user=name))
    assert (refused.status, has_session(browser)) == (400, False)
    assert [request.endpoint for request in server.requests].count("revocation") == 2
    Users.objects.create_user(name)
    browser.log_in("/", user=name)
    assert read(browser.open("/who"))["user"] == name
    assert Identity.objects.get(subject=name).user.get_username() == name


def test_a_plain_function_and_an_async_one_are_hooks_too(server: AuthorizationServer) -> None:
    name, came = a_name(), []
    user = Users.objects.create_user(name)

    async def on_login(who: Any) -> None:
        came.append(who.subject)

    browser = site(server, user_for=lambda login: user, on_login=on_login)
    browser.log_in("/", user="somebody")
    assert read(browser.open("/who"))["user"] == name
    assert came == ["somebody"]
    Identity.objects.filter(user=user).delete()


def test_a_long_subject_is_refused(server: AuthorizationServer) -> None:
    browser = site(server)
    assert browser.end(server.log_in(browser.begin("/"), user="x" * 300)).status == 400


# --- beside Django's own


@pytest.fixture
def operator() -> Any:
    return Users.objects.create_superuser(a_name(), password="secret")


def test_the_admin_has_its_own_login_beside_it(server: AuthorizationServer, operator: Any) -> None:
    site(server)
    client = Client()
    assert client.get("/admin/", secure=True).status_code == 302
    signed_in = client.post(
        "/admin/login/?next=/admin/", {"username": operator.username, "password": "secret"}, secure=True
    )
    assert signed_in.status_code == 302
    assert client.get("/admin/", secure=True).status_code == 200
    page = client.get("/admin/oauth2_logins/identity/", secure=True)
    assert page.status_code == 200
    assert client.get("/who", secure=True).json() == {"user": operator.username, "is_in": True}
    assert client.get("/open", secure=True).json() == {"user": None}


def test_the_newest_login_is_the_user(server: AuthorizationServer, operator: Any) -> None:
    name = a_name()
    browser = site(server)
    browser.log_in("/", user=name)
    mine = read(browser.open("/who"))["user"]
    admins = Client()
    admins.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
    browser.cookies["sessionid"] = admins.cookies["sessionid"].value
    assert read(browser.open("/who"))["user"] == operator.username
    url = str(browser.open("/auth/login?next=/").location)
    browser.wire = lenient(browser)
    assert browser.end(server.log_in(url, user=name)).status == 303
    assert read(browser.open("/who"))["user"] == mine


def lenient(browser: Browser) -> Any:
    """Keep the cookies of Django's session too, which are not ours to check."""
    wire = browser.wire

    def keeping(method: str, path: str, headers: dict[str, str], form: Any) -> Any:
        status, answered, text = wire(method, path, headers, form)
        own = [(name, value) for name, value in answered if "sessionid=" not in value]
        if len(own) < len(answered):
            browser.cookies.pop("sessionid")
        return status, own, text

    return keeping


def test_a_logout_of_django_ends_the_login(server: AuthorizationServer) -> None:
    browser = site(server)
    browser.log_in("/")
    assert read(browser.open("/leave")) == {"user": ""}
    assert read(browser.open("/open")) == {"user": None}
    assert not read(browser.open("/who"))["is_in"]
    assert [request.endpoint for request in server.requests].count("revocation") == 2


def test_a_logout_needs_the_csrf_token(server: AuthorizationServer) -> None:
    browser = site(server, settings={"MIDDLEWARE": CSRF})
    browser.wire = django_site.wire_of(enforce_csrf_checks=True)
    browser.log_in("/")
    own = {"Referer": f"{BASE}/", "Origin": BASE}
    assert browser.open("/auth/logout", form={}, headers=own).status == 403
    assert read(browser.open("/open")) == {"user": "alice"}
    token = "a" * 32
    browser.cookies["csrftoken"] = token
    page = browser.open("/auth/logout", form={"csrfmiddlewaretoken": token}, headers=own)
    assert page.status == 303
    assert read(browser.open("/open")) == {"user": None}


def test_the_provider_needs_no_csrf_token(server: AuthorizationServer) -> None:
    browser = site(server, settings={"MIDDLEWARE": CSRF})
    browser.wire = django_site.wire_of(enforce_csrf_checks=True)
    browser.log_in("/")
    (token,) = server.log_out("alice")
    assert browser.open("/auth/main/backchannel-logout", form={"logout_token": token}).status == 200
    assert read(browser.open("/open")) == {"user": None}


def test_a_user_logs_out_at_one_address_only(server: AuthorizationServer) -> None:
    browser = site(server, settings={"MIDDLEWARE": CSRF})
    browser.log_in("/")
    assert browser.open("/auth/main/logout", form={}).status == 404
    assert read(browser.open("/open")) == {"user": "alice"}


def test_a_front_channel_logout_may_be_framed(server: AuthorizationServer) -> None:
    framed = [*django_site.MIDDLEWARE, "django.middleware.clickjacking.XFrameOptionsMiddleware"]
    browser = site(server, settings={"MIDDLEWARE": framed})
    page = browser.log_in("/")
    assert dict(page.headers)["X-Frame-Options"] == "DENY"
    query = urlencode({"iss": server.issuer, "sid": read(page)["claims"]["sid"]})
    page = Browser(browser.wire, server).open(f"/auth/main/frontchannel-logout?{query}")
    assert (page.status, "X-Frame-Options" in dict(page.headers)) == (200, False)


@pytest.mark.skipif(django.VERSION < (5, 1), reason="LoginRequiredMiddleware came with 5.1")
def test_a_site_where_every_view_needs_a_login(server: AuthorizationServer) -> None:
    closed = [*django_site.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    browser = site(server, settings={"MIDDLEWARE": closed})
    page = browser.open("/who")
    assert page.location == "/auth/login?next=/who"
    page = browser.end(server.log_in(str(browser.open(str(page.location)).location)))
    assert read(browser.open(str(page.location)))["is_in"]


def test_a_back_channel_logout_reaches_the_user_of_django(server: AuthorizationServer) -> None:
    browser = site(server)
    browser.log_in("/")
    assert read(browser.open("/who"))["is_in"]
    (token,) = server.log_out("alice")
    Browser(browser.wire, server).open("/auth/main/backchannel-logout", form={"logout_token": token})
    assert not read(browser.open("/who"))["is_in"]


def test_the_routes_are_where_they_are_included(server: AuthorizationServer) -> None:
    browser = site(server, prefix="accounts/with/")
    url = browser.begin("/")
    assert "accounts%2Fwith%2Fmain%2Fcallback" in url
    assert browser.end(server.log_in(url)).status == 303
    assert browser.open("/auth/main/login").status == 404


def test_migrations_are_complete() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_a_middleware_in_the_wrong_place_is_said() -> None:
    assert run_checks() == []
    wrong = [django_site.MIDDLEWARE[-1], *django_site.MIDDLEWARE[:-1]]
    with override_settings(MIDDLEWARE=wrong):
        assert [message.id for message in run_checks() if message.id == "oauth2_logins.E001"]


def test_misspelled_options_are_refused(server: AuthorizationServer) -> None:
    with pytest.raises(InvalidParam, match="base_url"):
        site(server, base_ur="https://app.test")
    with pytest.raises(InvalidParam, match="OAUTH2_LOGINS"):
        django_site.build({}, API)


# --- async


async def ask(browser: Browser, address: str) -> Any:
    client = AsyncClient()
    client.cookies = SimpleCookie(browser.cookies)
    return await client.get(address, secure=True)


@pytest.mark.parametrize("store", ["memory", "django"])
def test_async_views_see_the_user(server: AuthorizationServer, store: str) -> None:
    name = a_name()
    browser = site(server, **({"store": MemoryStore(key=b"k" * 32)} if store == "memory" else {}))
    browser.log_in("/", user=name)
    django_name = read(browser.open("/who"))["user"]

    async def look() -> None:
        assert (await ask(browser, "/async")).json() == {"user": name, "django": django_name}
        assert (await ask(browser, "/async-open")).json() == {"user": name}
        stronger = await ask(browser, "/async-strong")
        assert stronger.status_code == 303
        assert "acr_values" in stronger["Location"]
        stranger = await AsyncClient().get("/async", secure=True)
        assert stranger["Location"] == "/auth/main/login?next=%2Fasync"
        needed = await AsyncClient().get("/async-unguarded", secure=True)
        assert needed["Location"] == "/auth/main/login?next=%2Fasync-unguarded"

    asyncio.run(look())
    assert read(browser.open("/async")) == {"user": name, "django": django_name}


def test_async_views_call_apis(server: AuthorizationServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from .test_logins import Stage, play_api

    play_api(Stage(django_site.build, server), monkeypatch, lambda token: (200, {}))
    browser = site(server)
    browser.log_in("/")
    server.travel(3700)

    async def call() -> None:
        answers = await asyncio.gather(*(ask(browser, "/async-unguarded") for _ in range(8)))
        assert [answer.json() for answer in answers] == [{"ok": True}] * 8

    asyncio.run(call())
    came = [request.form.get("grant_type") for request in server.requests if request.endpoint == "token"]
    assert came == ["authorization_code", "refresh_token"]
    assert read(browser.open("/things")) == {"ok": True}


# --- the database


def test_a_transaction_that_is_rolled_back_keeps_the_rotated_token(
    server: AuthorizationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from .test_logins import Stage, play_api

    play_api(Stage(django_site.build, server), monkeypatch, lambda token: (200, {}))

    def fails(request: Any) -> HttpResponse:
        assert request.login.api(API).get("things").json() == {"ok": True}
        Users.objects.create_user("rolled-back")
        raise RuntimeError("after the call")

    from django.db import connection

    browser = site(server, more=[path("fails", fails)])
    browser.log_in("/")
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    server.travel(3700)
    assert browser.open("/fails").status == 500
    assert not Users.objects.filter(username="rolled-back").exists()
    server.travel(3700)
    assert read(browser.open("/things")) == {"ok": True}


def test_keys_follow_the_secret_key() -> None:
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old"]):
        assert DjangoStore().keys == (derive_key("new"), derive_key("old"))
    assert derive_key("new") != derive_key("old")
    assert len(derive_key(b"new")) == 32
    assert DjangoStore(key=b"x" * 32).keys == (b"x" * 32,)


def test_a_key_may_be_an_option(server: AuthorizationServer) -> None:
    site(server, key=b"y" * 32)
    assert django_site.logins().store.keys == (b"y" * 32,)
    site(server, store="tests.web.test_django.make_store")
    assert django_site.logins().store.keys == (b"z" * 32,)


def make_store() -> DjangoStore:
    return DjangoStore(key=b"z" * 32)
