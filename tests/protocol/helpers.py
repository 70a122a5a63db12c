"""What the played rules are played with."""

from typing import Any

from devkit.exchange import error, token
from requests_oauth2client import BearerToken, ClientSecretPost, OAuth2Client
from requests_oauth2client._core.effects import Steps
from requests_oauth2client._renewal import manager

PENDING, SLOW_DOWN = error("authorization_pending"), error("slow_down")
DENIED, EXPIRED = error("access_denied"), error("expired_token")
REFUSED = error("invalid_grant")
TOKEN = token()
LIVE = BearerToken("live", expires_in=3600)
DEAD = BearerToken("dead", expires_in=-10)


def client(**kwargs: Any) -> OAuth2Client:
    """A client that is only asked for its settings and hooks."""
    return OAuth2Client(
        "https://as.local/token", **{"auth": ClientSecretPost("id", "secret"), "retries": None, **kwargs}
    )


def valid_token(handler: Any) -> Steps[BearerToken]:
    """What a request does."""
    return manager.valid_token(handler._manager)


def renew_token(handler: Any) -> Steps[None]:
    """What `renew_token` does."""
    return manager.renew_token(handler._manager)


def replaced_token(handler: Any, rejected: BearerToken) -> Steps[BearerToken]:
    """What an API's 401 does."""
    return manager.replaced_token(handler._manager, rejected)
