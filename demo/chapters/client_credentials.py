"""A service gets a token for itself, and calls an API."""

from __future__ import annotations

from requests_oauth2client import ClientSecretBasic, OAuth2Client

from ..stage import Stage

TITLE = "Client credentials"
STORY = "A program without a user shows its own id and secret, and gets an access token (RFC 6749 section 4.4)."


def play(stage: Stage) -> None:
    """Play the chapter."""
    me = stage.server.clients["client_secret_basic"]
    stage.narrator.code(
        "client = OAuth2Client(token_endpoint, ClientSecretBasic(client_id, client_secret))",
        "token = client.client_credentials(scope='api.read')",
    )
    credentials = ClientSecretBasic(me.client_id, me.client_secret or "")
    client = OAuth2Client(stage.server.token_endpoint, credentials)
    token = client.client_credentials(scope="api.read")
    stage.tell()
    stage.narrator.say(f"The library made this of it, which shows no secret: {token!r}")
    stage.narrator.say("The token is an auth handler for requests and httpx. The API asks the server about it: fine.")
    stage.call_api("/things/1", token=token)
