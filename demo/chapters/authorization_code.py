"""A user logs in, and the program acts for them."""

from __future__ import annotations

from requests_oauth2client import AuthorizationRequest, OAuth2Client, PublicApp

from ..browser import Listener, authorize
from ..stage import Stage

TITLE = "Authorization code"
STORY = "A user logs in at the authorization server, never in the program, which gets a code for it (section 4.1)."


def play(stage: Stage) -> None:
    """Play the chapter."""
    with Listener() as listener:
        request = _ask(stage, listener.redirect_uri)
        callback = authorize(stage, str(request), listener)
    stage.narrator.code("response = request.validate_callback(url)  # the state must be ours, the issuer the one asked")
    response = request.validate_callback(callback)
    stage.tell()
    stage.narrator.code("token = client.authorization_code(response)  # sends the code_verifier, checks the ID token")
    token = _client(stage).authorization_code(response)
    stage.tell()
    if token.id_token is not None:
        checked = "checked" if token.id_token.checked else "not checked"
        stage.narrator.say(f"The ID token ({checked}) says who it was: {token.id_token.subject!r}.")
    stage.call_api("/me", token=token)
    stage.narrator.code("token = client.refresh_token(token)  # later, without the user")
    _client(stage).refresh_token(token)
    stage.tell()


def _ask(stage: Stage, redirect_uri: str) -> AuthorizationRequest:
    stage.narrator.code(
        f"request = AuthorizationRequest(authorization_endpoint, client_id, '{redirect_uri}', 'openid api.read')"
    )
    request = AuthorizationRequest(
        stage.server.authorization_endpoint,
        stage.server.clients["none"].client_id,
        redirect_uri=redirect_uri,
        scope="openid api.read",
        issuer=stage.server.issuer,
        authorization_response_iss_parameter_supported=True,
    )
    str(request)  # the URL that the browser opens
    stage.tell()
    stage.narrator.say("state recognises the answer, code_challenge (PKCE) makes the code useless to a thief.")
    return request


def _client(stage: Stage) -> OAuth2Client:
    return OAuth2Client(
        stage.server.token_endpoint,
        PublicApp(stage.server.clients["none"].client_id),
        issuer=stage.server.issuer,
        jwks_uri=stage.server.jwks_uri,
    )
