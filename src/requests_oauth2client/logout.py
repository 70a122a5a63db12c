"""Ending sessions: what a client asks for, and what it is told (OIDC RP-Initiated, Back- and Front-Channel Logout).

    RP-initiated:   EndSessionRequest.uri ──► the user's browser ──► validate_callback()
    back-channel:   logout_token in a POST of the OP ──► client.logout_token() ──► LogoutToken: whose session to end
    front-channel:  iss and sid in a GET through the browser ──► client.front_channel_logout() ──► sid

Values and their rules; the keys for a logout token come in `_protocol.oidc.logout`. Knows no session of an application:
ending it is the application's.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from types import EllipsisType, MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ._authorization.callback import parse_callback
from ._core import issuers
from ._core.compare import is_same_secret
from ._core.issuers import Issuer
from ._core.messages import Form
from ._core.options import accept_further
from ._core.redaction import one_line
from ._core.story import sent
from ._core.times import moment
from ._core.urls import InvalidEndpointUri, validate_endpoint_uri
from ._core.values import NotPickled
from ._jose import claims, errors
from .exceptions import InvalidAuthResponse, InvalidParam, MismatchingIssuer, MismatchingState, OAuth2Error

EVENT = "http://schemas.openid.net/event/backchannel-logout"  # Back-Channel Logout section 2.4
TYPES = frozenset({"", "jwt", "logout+jwt"})  # section 2.4: the last is recommended, and many send none
LEEWAY = 60  # seconds that the clocks of OP and client may differ
_BARE_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^?#]*\??(?:#.*)?", re.DOTALL)  # RFC 3986 section 3


class InvalidLogoutToken(OAuth2Error, ValueError):
    """A logout token is not acceptable (Back-Channel Logout section 2.6). Answer the OP with status 400."""

    def __init__(self, description: str) -> None:
        super().__init__(description=description)

    def _text(self) -> str:
        return self.description or ""


class InvalidFrontChannelLogout(InvalidAuthResponse):
    """A front-channel logout is not from the OP, or not about a session (Front-Channel Logout section 2)."""


@dataclass(frozen=True)
class EndSessionRequest(NotPickled):
    """Asks the OP to log the user out: the URL that the browser has to visit. Its `str()` is that URL.

    End the session of your own application first, or when the callback has come.

    Args:
        end_session_endpoint: where to ask.
        id_token_hint: the ID token of the login, so that the OP knows whom it is about; sent as it is.
        logout_hint: else, something about the user that the OP understands.
        client_id: needed with post_logout_redirect_uri when there is no id_token_hint.
        post_logout_redirect_uri: where the user comes back to; as registered.
        state: a str; None: none is sent. By default one is generated if the user is to come back.
        ui_locales: language tags, separated by spaces.
        kwargs: further parameters.
        testing: allow plain http to any host.
        extra: further parameters that are sent even though their names look like misspellings of others.

    Raises:
        UnknownParam: a further parameter is spelled almost like a known one.
        InvalidEndpointUri: plain http, credentials, a fragment, or a parameter that is set here.
        InvalidParam: post_logout_redirect_uri without id_token_hint or client_id, or a parameter twice.

    Source: OIDC RP-Initiated Logout section 2.
    """

    end_session_endpoint: str
    id_token_hint: Any = field(default=None, repr=False)
    logout_hint: str | None = field(default=None, repr=False)
    client_id: str | None = None
    post_logout_redirect_uri: str | None = None
    state: str | EllipsisType | None = field(default=..., repr=False)
    ui_locales: str | None = None
    kwargs: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    testing: bool = field(default=False, repr=False)
    extra: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = [one.name for one in fields(self)]
        more = accept_further(self.kwargs, names, where="A logout request", extra=self.extra)
        comes_back = self.post_logout_redirect_uri is not None
        if comes_back and self.id_token_hint is None and self.client_id is None:
            msg = "With post_logout_redirect_uri, the OP needs the id_token_hint or the client_id to check it."
            raise InvalidParam(msg)
        endpoint = validate_endpoint_uri(self.end_session_endpoint, https=not self.testing, name="end_session_endpoint")
        generated = secrets.token_urlsafe(32) if comes_back else None
        self.__dict__.update(
            end_session_endpoint=endpoint,
            state=generated if isinstance(self.state, EllipsisType) else self.state,
            kwargs=MappingProxyType(Form(more)),
            extra=None,
        )
        there = {name for name, _ in parse_qsl(urlsplit(endpoint).query, keep_blank_values=True)}
        if twice := sorted(there & self.args.keys()):
            raise InvalidEndpointUri(endpoint, f"its query has {', '.join(twice)} already", "end_session_endpoint")

    @property
    def args(self) -> Form:
        """The parameters that are sent. The OP also takes them as the form fields of a POST."""
        own = Form(
            id_token_hint=None if self.id_token_hint is None else str(self.id_token_hint),
            logout_hint=self.logout_hint,
            client_id=self.client_id,
            post_logout_redirect_uri=self.post_logout_redirect_uri,
            state=self.state,
            ui_locales=self.ui_locales,
        )
        if twice := sorted(own.keys() & self.kwargs.keys()):
            msg = f"The parameters {', '.join(twice)} are set twice. Pass each once, by its own name."
            raise InvalidParam(msg)
        return Form(own, self.kwargs)

    @property
    def uri(self) -> str:
        """The URL to send the user to."""
        query = self.args.encode().decode()
        url = f"{self.end_session_endpoint}{'&' if '?' in self.end_session_endpoint else '?'}{query}"
        return sent(url, "logout")

    def __str__(self) -> str:
        return self.uri

    def validate_callback(self, response: object) -> dict[str, str]:
        """Check that the user comes back from this request.

        Args:
            response: the full URL or its query, or its parameters as a mapping.

        Returns:
            The other parameters of the callback.

        Raises:
            MismatchingState: the state is not the one of this request: another site may have sent the user here.
            InvalidAuthResponse: it can't be read, or repeats a parameter.

        Source: OIDC RP-Initiated Logout section 3.
        """
        params = parse_callback(response) if not _is_bare(response) else {}
        received, expected = params.pop("state", None), self.state
        if not (
            received is expected or (isinstance(expected, str) and received and is_same_secret(received, expected))
        ):
            raise MismatchingState(received, str(expected), self, response)
        return params


def _is_bare(response: Any) -> bool:
    """Tell whether a callback is a URL without any parameter, as an OP may send when there is no state."""
    return isinstance(response, str) and _BARE_URL.fullmatch(response) is not None


@dataclass(frozen=True, kw_only=True)
class LogoutToken:
    """What the OP says about an ended session; checked (Back-Channel Logout section 2.4).

    End the sessions of `sid`; without it, all of the user `sub`. Remember `jti` until `expires_at` if an OP may
    repeat itself and ending a session twice matters.
    """

    issuer: str
    audiences: list[str]
    jti: str
    sub: str | None = None
    sid: str | None = None
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def issued_at(self) -> datetime | None:
        """The `iat` claim, aware, UTC."""
        return moment(self.claims.get("iat"))

    @property
    def expires_at(self) -> datetime | None:
        """The `exp` claim, aware, UTC."""
        return moment(self.claims.get("exp"))


def check_addressees(
    header: Mapping[str, Any],
    found: Mapping[str, Any],
    *,
    issuer: Issuer,
    client_id: str,
    further_issuers: Collection[str] = (),
) -> None:
    """Check what needs no key: the kind of a JWT, whom it is from and for (section 2.6).

    Raises:
        JoseError: it is another JWT, or another's.
    """
    typ = str(header.get("typ", "")).lower().removeprefix("application/")
    if typ not in TYPES:
        msg = f"It says typ={one_line(typ)!r}, expected 'logout+jwt' or none: it is another JWT of the OP."
        raise errors.MalformedToken(msg)
    claims.check_issuer(found, issuer, further=further_issuers)
    claims.check_aud(found, client_id)


def read_claims(found: Mapping[str, Any], *, now: float, max_age: float | None) -> LogoutToken:
    """Check the other claims of a logout token whose signature is right, one rule after the other (section 2.6).

    Args:
        found: the claims.
        now: seconds since 1970.
        max_age: seconds for which one is accepted after it was issued; None for no limit.

    Raises:
        JoseError: a claim is missing or wrong.
    """
    iat = claims.check_iat(found, now, LEEWAY) or 0
    if max_age is not None and iat < now - max_age - LEEWAY:
        msg = f"It was issued {now - iat:.0f} seconds ago, expected up to logout_token_max_age={max_age:g}."
        raise errors.InvalidClaim(msg, claim="iat", received=iat, expected=f"from {now - max_age:.0f} on")
    claims.check_exp(found, now, LEEWAY)
    _check_event(found)
    if "nonce" in found:  # rule 7: so that no ID token passes for a logout token
        msg = "It has a nonce, which no logout token may have: it may be an ID token."
        raise errors.InvalidClaim(msg, claim="nonce")
    sub, sid, jti = (_text(found, name) for name in ("sub", "sid", "jti"))
    if sub is None and sid is None:
        msg = "It has neither sub nor sid, so it does not say whose session has ended."
        raise errors.InvalidClaim(msg, claim="sub")
    if jti is None:
        raise errors.MissingClaim(claim="jti")
    return LogoutToken(
        issuer=str(found["iss"]),
        audiences=claims.audiences(found),
        jti=jti,
        sub=sub,
        sid=sid,
        claims=MappingProxyType(dict(found)),
    )


def _check_event(found: Mapping[str, Any]) -> None:
    events = found.get("events")
    if not isinstance(events, Mapping) or not isinstance(events.get(EVENT), Mapping):
        msg = f"Its events are {one_line(events)}, expected an object with the member {EVENT!r}."
        raise errors.InvalidClaim(msg, claim="events")


def _text(found: Mapping[str, Any], claim: str) -> str | None:
    value = found.get(claim)
    if value is not None and (not isinstance(value, str) or not value):
        msg = f"Its {claim} is a {type(value).__name__}, expected a string."
        raise errors.InvalidClaim(msg, claim=claim)
    return value


def validate_front_channel(
    params: Any, *, issuer: Issuer | None, sid: str | None, further_issuers: Collection[str] = ()
) -> str | None:
    """Check a front-channel logout; see `OAuth2Client.front_channel_logout`."""
    came = parse_callback(params) if not _is_bare(params) else {}
    iss, session = came.get("iss"), came.get("sid")
    if (iss is None) is not (session is None):
        msg = "A front-channel logout has both iss and sid, or neither; this one has one of the two."
        raise InvalidFrontChannelLogout(msg, response=params)
    if iss is None:
        return None
    if issuer is None or not issuers.is_one_of(issuer, iss, further=further_issuers):
        raise MismatchingIssuer(iss, None if issuer is None else str(issuers.written(issuer)), None, params)
    if sid is not None and session is not None and not is_same_secret(session, sid):
        msg = "This front-channel logout is about another session than the one of this browser. Leave it alone."
        raise InvalidFrontChannelLogout(msg, response=params)
    return session


__all__ = [
    "EndSessionRequest",
    "InvalidFrontChannelLogout",
    "InvalidLogoutToken",
    "LogoutToken",
]
