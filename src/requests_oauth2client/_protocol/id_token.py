"""Checking an ID token where one is received (OIDC Core sections 3.1.3.7 and 12.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .._steps import Steps
from ..tokens import BearerToken

if TYPE_CHECKING:
    from ..authorization_request import AuthorizationResponse
    from .client import Client


def check(
    client: Client,
    token: BearerToken,
    answered: AuthorizationResponse | None,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[BearerToken]:
    return token
    yield


def check_refreshed(
    client: Client,
    token: BearerToken,
    old: BearerToken | None,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[BearerToken]:
    return token
    yield
