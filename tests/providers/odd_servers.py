"""The shapes of servers that follow RFC 6749 in part: other names, other bodies, other places."""

from __future__ import annotations

import time
from typing import Any

import pytest

from requests_oauth2client import LoginNeeded, OAuth2AccessTokenAuth
from requests_oauth2client.testing import ReceivedRequest, Refusal, ServerResponse
from requests_oauth2client.testing.issuing import refresh_token
from requests_oauth2client.testing.messages import as_json
from tests.contract.documents import Block

from .page import Check, Page, prints
from .people import Reader
from .shape import SECRET, Shape, Ways, as_form, client_of, renamed, without


def odd(token: str, authorization: str, ways: Ways, *, cls: type[Shape] = Shape, **clients: Any) -> Shape:
    """Make a server of two endpoints; refresh tokens come with each login."""
    known = clients or {"my-app": client_of()}
    return cls(token.rpartition("/")[0], {"token": token, "authorization": authorization}, ways, clients=known)


def in_url(request: ReceivedRequest) -> dict[str, Any]:
    """Return the parameters of a GET; a form is refused."""
    if request.method != "GET" or request.body:
        raise Refusal("invalid_request", "GET is needed")
    return request.query


def in_json(request: ReceivedRequest) -> dict[str, Any]:
    """Return the members of a JSON body; a form is refused."""
    if request.headers.get("content-type") != "application/json":
        raise Refusal("invalid_request", "JSON is needed")
    fields: dict[str, Any] = request.json()
    return fields


def whose(header: str, scheme: str = "") -> Any:
    """Make an API that reads the token in a header of its own, or with a scheme of its own."""

    def answer(shape: Shape, request: ReceivedRequest) -> ServerResponse:
        value = request.headers.get(header.lower(), "")
        if not value.startswith(scheme):
            return as_json({"errors": "no token"}, status=401)
        moved = {**request.headers, "authorization": f"Bearer {value.removeprefix(scheme)}"}
        return as_json({"id": shape.user_of(ReceivedRequest(method="GET", url=request.url, headers=moved))})

    return answer


# --- each server


def wechat() -> list[Shape]:
    """WeChat: GET, appid and secret, another address for refreshes, errors with status 200."""
    root = "https://api.weixin.qq.com/sns"

    def asked(request: ReceivedRequest) -> ReceivedRequest:
        fields = in_url(request)
        if request.path.endswith("refresh_token") != (fields["grant_type"] == "refresh_token"):
            raise Refusal("invalid_request", "this grant has another address")
        if fields["grant_type"] == "refresh_token":
            fields = {**fields, "secret": SECRET}
        return as_form(request, renamed(fields, appid="client_id", secret="client_secret"))

    def answer(_shape: Shape, _request: ReceivedRequest, token: dict[str, Any]) -> dict[str, Any]:
        return {**{name: value for name, value in token.items() if name != "token_type"}, "openid": "alice"}

    def refused(_shape: Shape, _request: ReceivedRequest, error: dict[str, Any]) -> ServerResponse:
        return as_json({"errcode": 40029, "errmsg": f"invalid code, {error.get('error_description')}"})

    ways = Ways(asked={"token": asked}, answers={"token": answer}, refusals={"token": refused})
    addresses: dict[str, Any] = {
        "token": (f"{root}/oauth2/access_token", f"{root}/oauth2/refresh_token"),
        "authorization": "https://open.weixin.qq.com/connect/qrconnect",
    }
    return [Shape(root, addresses, ways, clients={"my-app": client_of()})]


def tiktok() -> list[Shape]:
    """TikTok: client_key, and users inside of `data`."""

    def asked(request: ReceivedRequest) -> ReceivedRequest:
        return as_form(request, renamed(request.form, client_key="client_id"))

    def user(shape: Shape, request: ReceivedRequest) -> ServerResponse:
        return as_json({"data": {"user": {"open_id": shape.user_of(request)}}, "error": {"code": "ok"}})

    root = "https://open.tiktokapis.com/v2"
    ways = Ways(asked={"token": asked}, apis={f"{root}/user/info/": user})
    return [odd(f"{root}/oauth/token/", "https://www.tiktok.com/v2/auth/authorize/", ways)]


def withings() -> list[Shape]:
    """Withings: an `action`, and a status inside of a 200."""

    def asked(request: ReceivedRequest) -> ReceivedRequest:
        fields = request.form
        if fields.pop("action", "") != "requesttoken":
            raise Refusal("invalid_request", "the action is unknown")
        return as_form(request, fields)

    def refused(_shape: Shape, _request: ReceivedRequest, error: dict[str, Any]) -> ServerResponse:
        return as_json({"status": 503, "body": {}, "error": f"Invalid Params: {error['error']}"})

    nested: Any = lambda _shape, _request, token: {"status": 0, "body": {**token, "userid": "363"}}  # noqa: E731
    ways = Ways(asked={"token": asked}, answers={"token": nested}, refusals={"token": refused})
    authorization = "https://account.withings.com/oauth2_user/authorize2"
    return [odd("https://wbsapi.withings.net/v2/oauth2", authorization, ways)]


def json_bodies() -> list[Shape]:
    """Notion, with Basic; Feishu, with everything in the JSON."""

    def asked(request: ReceivedRequest) -> ReceivedRequest:
        return as_form(request, in_json(request))

    notion = odd(
        "https://api.notion.com/v1/oauth/token",
        "https://api.notion.com/v1/oauth/authorize",
        Ways(asked={"token": asked}, answers={"token": without("expires_in", workspace_name="Example")}),
        **{"my-app": client_of("client_secret_basic")},
    )
    feishu = odd(
        "https://open.feishu.cn/open-apis/authen/v2/oauth/token",
        "https://accounts.feishu.cn/open-apis/authen/v1/authorize",
        Ways(asked={"token": asked}, answers={"token": without(code=0)}),
    )
    return [notion, feishu]


def ebay() -> list[Shape]:
    """Make eBay: the type of a token is `User Access Token`."""
    ways = Ways(answers={"token": without(token_type="User Access Token")})
    known = client_of("client_secret_basic", redirect_uris=["My-App-RuName"])
    authorization = "https://auth.ebay.com/oauth2/authorize"
    return [odd("https://api.ebay.com/identity/v1/oauth2/token", authorization, ways, **{"my-app": known})]


class AccountCredentials(Shape):
    """Zoom: a grant of its own for services."""

    def endpoint(self, request: ReceivedRequest) -> ServerResponse:
        """Answer."""
        form = request.form
        if form.get("grant_type") == "account_credentials" and form.get("account_id") == "my-account":
            request = as_form(request, {"grant_type": "client_credentials"})
        return super().endpoint(request)


def zoom() -> list[Shape]:
    """Make Zoom for services."""
    me = {"https://api.zoom.us/v2/users/me": whose("Authorization", "Bearer ")}
    ways = Ways(answers={"token": without(token_type="bearer", api_url="https://api.zoom.us")}, apis=me)
    known = client_of("client_secret_basic")
    authorization = "https://zoom.us/oauth/authorize"
    token = "https://zoom.us/oauth/token"
    return [odd(token, authorization, ways, cls=AccountCredentials, **{"my-app": known})]


class Impatient(Shape):
    """Reddit: who does not say which program it is has to wait."""

    def endpoint(self, request: ReceivedRequest) -> ServerResponse:
        """Answer."""
        if "python" in request.headers.get("user-agent", "python").lower():
            return as_json({"message": "Too Many Requests", "error": 429}, status=429)
        return super().endpoint(request)


def reddit() -> list[Shape]:
    """Make Reddit."""
    authorization, token = "https://www.reddit.com/api/v1/authorize", "https://www.reddit.com/api/v1/access_token"
    me = {"https://oauth.reddit.com/api/v1/me": whose("Authorization", "Bearer ")}
    known = client_of("client_secret_basic")
    return [odd(token, authorization, Ways(apis=me), cls=Impatient, **{"my-app": known})]


class LongLived(Shape):
    """Instagram: tokens that live longer, by GET at another host."""

    def endpoint(self, request: ReceivedRequest) -> ServerResponse:
        """Answer."""
        if request.url.startswith("https://graph.instagram.com/"):
            asked = request.query
            if asked.get("grant_type") not in {"ig_exchange_token", "ig_refresh_token"} or request.method != "GET":
                return as_json({"error": {"message": "Unsupported request", "code": 100}}, status=400)
            given = self.records.access_tokens[asked["access_token"]]
            return as_json({"access_token": given.value, "token_type": "bearer", "expires_in": 5_183_944})
        return super().endpoint(request)


def instagram() -> list[Shape]:
    """Make Instagram."""
    graph = "https://graph.instagram.com"
    addresses: dict[str, Any] = {
        "token": ("https://api.instagram.com/oauth/access_token", f"{graph}/access_token"),
        "authorization": "https://www.instagram.com/oauth/authorize",
    }
    ways = Ways(answers={"token": without("token_type", "expires_in", "refresh_token", user_id=178414)})
    return [LongLived("https://api.instagram.com", addresses, ways, clients={"my-app": client_of()})]


def mailchimp() -> list[Shape]:
    """Make Mailchimp: a lifetime of 0 is none."""
    root = "https://login.mailchimp.com/oauth2"
    ways = Ways(
        answers={"token": without("refresh_token", "token_type", expires_in=0, scope=None)},
        apis={f"{root}/metadata": whose("Authorization", "OAuth ")},
    )
    return [odd(f"{root}/token", f"{root}/authorize", ways)]


def headers() -> list[Shape]:
    """Shopify's header, and Zoho's scheme."""
    shop = "https://example.myshopify.com/admin"
    shopify = odd(
        f"{shop}/oauth/access_token",
        f"{shop}/oauth/authorize",
        Ways(
            answers={"token": without("token_type", "expires_in", "refresh_token")},
            apis={f"{shop}/api/2026-01/shop.json": whose("X-Shopify-Access-Token")},
        ),
    )
    zoho = "https://accounts.zoho.com/oauth/v2"
    crm = {"https://www.zohoapis.com/crm/v8/users": whose("Authorization", "Zoho-oauthtoken ")}
    ways = Ways(answers={"token": without(api_domain="https://www.zohoapis.com")}, apis=crm)
    return [shopify, odd(f"{zoho}/token", f"{zoho}/auth", ways)]


class Strava(Shape):
    """Strava: `expires_at` beside `expires_in`, and a clock that differs from ours."""

    ahead = 25_200


def strava() -> list[Shape]:
    """Make Strava."""

    def answer(shape: Shape, request: ReceivedRequest, token: dict[str, Any]) -> dict[str, Any]:
        grant = shape.records.access_tokens[token["access_token"]].grant
        token.setdefault("refresh_token", refresh_token(shape, grant))
        at = int(time.time()) + token["expires_in"] - Strava.ahead
        return {**token, "expires_at": at, "athlete": {"id": 227615}}

    authorization = "https://www.strava.com/oauth/authorize"
    return [
        odd("https://www.strava.com/api/v3/oauth/token", authorization, Ways(answers={"token": answer}), cls=Strava)
    ]


def lives(least: int) -> Check:
    """Say that the token is good for some seconds."""

    def check(reader: Reader, _: Block) -> None:
        assert reader["token"].expires_in is None or reader["token"].expires_in > least

    return check


def refuses_and_renews(reader: Reader, block: Block) -> None:
    """Renew; then show a token that is refused, which leads to the login."""
    client, token = reader["client"], reader["token"]
    assert client.refresh_token(token).access_token != token.access_token
    auth = OAuth2AccessTokenAuth(client, token.replace(refresh_token="unknown", expires_in=-1))
    with pytest.raises(LoginNeeded) as refused:
        auth.get_token()
    assert SECRET not in str(refused.value)


def is_unlimited(reader: Reader, block: Block) -> None:
    """Say that the token does not expire."""
    assert reader["token"].expires_in is None


PAGE = Page(
    name="odd-servers",
    shapes=lambda: [
        shape
        for make in (wechat, tiktok, withings, json_bodies, ebay, zoom, reddit, instagram, mailchimp, headers, strava)
        for shape in make()
    ],
    checks={
        "Another name for the client (TikTok)": prints("alice"),
        "GET, and another address for refreshes (WeChat, QQ)": refuses_and_renews,
        "JSON bodies (Notion, Feishu)": prints("Example"),
        "Nested answers, and errors with status 200 (Withings)": refuses_and_renews,
        "Another type of token (eBay, Slack)": lives(3500),
        "A grant of its own (Zoom)": prints("my-app"),
        "A name of the program (Reddit)": prints("alice"),
        "A second exchange (Instagram)": lives(5_000_000),
        "A lifetime of 0 (Mailchimp)": is_unlimited,
        "Two lifetimes (Strava)": lives(3500),
        "Another header (Shopify)": prints("alice"),
        "Another scheme (Zoho)": prints("alice"),
    },
)
