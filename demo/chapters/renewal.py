"""A token expires, and the program that calls the API never notices."""

from __future__ import annotations

import time

from requests_oauth2client import ClientSecretBasic, OAuth2Client, OAuth2ClientCredentialsAuth

from ..stage import Stage

TITLE = "Automatic renewal"
STORY = "In real programs nobody handles tokens: an auth handler gets one when it is needed, and renews it in time."
A_MOMENT = 0.2  # seconds beyond the expiry


def play(stage: Stage) -> None:
    """Play the chapter."""
    me = stage.server.clients["short"]
    client = OAuth2Client(stage.server.token_endpoint, ClientSecretBasic(me.client_id, me.client_secret or ""))
    stage.narrator.say("This client's tokens live for 2 seconds, so you needn't wait for long.")
    stage.narrator.code("auth = OAuth2ClientCredentialsAuth(client, scope='api.read', leeway=0)")
    auth = OAuth2ClientCredentialsAuth(client, scope="api.read", leeway=0)
    stage.call_api("/first", auth=auth)
    stage.narrator.say("A token request, then the API. The next call reuses the token:")
    stage.call_api("/second", auth=auth)
    before = str(auth.token)
    _wait_for_expiry(stage, auth)
    stage.call_api("/third", auth=auth)
    if str(auth.token) == before:
        msg = "The token was not renewed."
        raise RuntimeError(msg)
    stage.narrator.say("The expired token was replaced before the call. The program only wrote requests.get().")


def _wait_for_expiry(stage: Stage, auth: OAuth2ClientCredentialsAuth) -> None:
    token = auth.token
    seconds = max(0, token.expires_in or 0) + A_MOMENT if token else 0
    stage.narrator.say(f"Now {seconds} seconds pass…")
    time.sleep(seconds)
