"""A toolkit for everyone's tests: an authorization server, wrong ID tokens, checks of token stores. Extra "testing".

With pytest, the fixtures `oauth_server`, `oauth_server_url`, `issued_token`, `lying_server` and `check_store` are there
by themselves. None of it is for production.
"""

from __future__ import annotations

from .api import ProtectedApi
from .authorization import AuthorizationRefused, Callback
from .lies import LIES, Lie
from .messages import ReceivedRequest, Refusal, ServerResponse
from .misbehavior import MISBEHAVIORS, Misbehavior
from .server import AuthorizationServer
from .stores import check_store

__all__ = [
    "LIES",
    "MISBEHAVIORS",
    "AuthorizationRefused",
    "AuthorizationServer",
    "Callback",
    "Lie",
    "Misbehavior",
    "ProtectedApi",
    "ReceivedRequest",
    "Refusal",
    "ServerResponse",
    "check_store",
]
