"""A web site logs its users in, in two tabs at once, and hears of a logout elsewhere."""

from __future__ import annotations

from urllib.parse import urljoin

import requests

from requests_oauth2client import OAuth2Client

from ..site import Site
from ..stage import Stage

TITLE = "A web site"
STORY = "The site keeps tokens in its store; the browser has a random id and nothing else (OpenID Connect)."
TIMEOUT = 10.0


def play(stage: Stage) -> None:
    """Play the chapter."""
    with Site() as site, requests.Session() as browser:
        _register(stage, site)
        urls = [_open(stage, site, browser, tab) for tab in (1, 2)]
        stage.narrator.say("Each tab has a cookie of its own, so the second does not disturb the first.")
        for tab, url in ((2, urls[1]), (1, urls[0])):
            callback = stage.person.authorize(url)
            page = browser.get(callback, timeout=TIMEOUT, allow_redirects=False)
            stage.narrator.say(f"Tab {tab} comes back, and goes on to {page.headers['Location']}")
            stage.tell()
        _show(stage, site, browser)
        stage.narrator.say(
            "The user logs out at the server; it posts a logout token to the site (back-channel logout)."
        )
        stage.person.log_out(stage.server.end_session_endpoint)
        stage.tell()
        _show(stage, site, browser)


def _register(stage: Stage, site: Site) -> None:
    stage.narrator.code("client = OAuth2Client.register({'redirect_uris': …, 'backchannel_logout_uri': …}, issuer=…)")
    client = OAuth2Client.register(
        {
            "application_type": "native",  # on this machine, without https
            "redirect_uris": [f"{site.url}/auth/main/callback"],
            "backchannel_logout_uri": f"{site.url}/auth/main/backchannel-logout",
            "token_endpoint_auth_method": "client_secret_post",
        },
        issuer=stage.server.issuer,
    )
    stage.tell()
    stage.narrator.code("logins = Logins(app, store=…); logins.add('main', issuer=…, auth=(client_id, client_secret))")
    site.logins.add(
        "main",
        token_endpoint=client.token_endpoint,
        authorization_endpoint=client.authorization_endpoint,
        end_session_endpoint=client.end_session_endpoint,
        jwks_uri=client.jwks_uri,
        issuer=client.issuer,
        auth=(client.client_id, client.client_secret),
    )


def _open(stage: Stage, site: Site, browser: requests.Session, tab: int) -> str:
    page = browser.get(f"{site.url}/?tab={tab}", timeout=TIMEOUT, allow_redirects=False)
    page = browser.get(urljoin(site.url, page.headers["Location"]), timeout=TIMEOUT, allow_redirects=False)
    stage.narrator.say(f"Tab {tab} opens the site, which sends it to the server:")
    stage.tell()
    return page.headers["Location"]


def _show(stage: Stage, site: Site, browser: requests.Session) -> None:
    answer = browser.get(f"{site.url}/open", timeout=TIMEOUT).json()
    stage.narrator.say(f"The site says who is logged in: {answer['user']!r}.")
