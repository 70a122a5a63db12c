"""Token exchange: one token for another (RFC 8693).

Which type a token has (section 3), the grant (section 2.1), and what comes of it when that is no access
token (section 2.2.1). Reading the answer is `token_response`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from ..._core.effects import Steps, inner
from ..._core.messages import is_success, read_json_object
from ..._core.redaction import one_line
from ..._core.scope import join_scope
from ..._core.token_syntax import token_text
from ..._oidc.id_token import IdToken
from ..._tokens.bearer import BearerToken
from ...exceptions import AccessTokenError, InvalidParam, InvalidTokenResponse
from ..oidc import id_token
from .token_endpoint import token_request

if TYPE_CHECKING:
    from ...dpop import DPoPKey
    from ..hooks import Client

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # RFC 8693 section 2.1
NOT_APPLICABLE = "N_A"  # RFC 8693 section 2.2.1: not an access token

TOKEN_TYPES = {  # RFC 8693 section 3
    name: f"urn:ietf:params:oauth:token-type:{name}"
    for name in ("access_token", "refresh_token", "id_token", "saml1", "saml2", "jwt")
}
HELD = {TOKEN_TYPES[name]: name for name in ("access_token", "refresh_token", "id_token")}  # in a BearerToken


class UnknownTokenType(InvalidParam, TypeError):
    """The type of a token is unknown, or is not the type that it is said to be (RFC 8693 section 3).

    Attributes:
        token_type: the type that was given, or None.
    """

    what: ClassVar[str] = "token"

    def __init__(self, token: object = None, token_type: object = None, problem: str | None = None) -> None:
        why = problem or (
            f"a {type(token).__name__} does not say it"
            if token_type is None
            else f"{one_line(token_type)!r} is neither one of {', '.join(TOKEN_TYPES)} nor a URI"
        )
        super().__init__(f"The type of this {self.what} is unknown: {why}. Pass {self.what}_type=.")
        self.token_type = token_type


class UnknownSubjectTokenType(UnknownTokenType):
    """The type of a subject_token is unknown (RFC 8693 section 2.1)."""

    what = "subject_token"


class UnknownActorTokenType(UnknownTokenType):
    """The type of an actor_token is unknown (RFC 8693 section 2.1)."""

    what = "actor_token"


class UnknownRequestedTokenType(UnknownTokenType):
    """A requested_token_type is no type of token (RFC 8693 section 2.1)."""

    what = "requested_token"


class NotAnAccessToken(AccessTokenError):
    """A token that came from a token exchange with token_type N_A can't authenticate a request."""

    def __init__(self, token: object = None) -> None:
        kind = one_line(getattr(token, "issued_token_type", "unknown"))
        super().__init__(
            f"This is no access token, but one of type {kind}: it authenticates no request. Use its str() as what"
            " it is, or exchange for requested_token_type='access_token'.",
            token=token,
        )


class SecurityToken(BearerToken):
    """What a token exchange gives when it is no access token (RFC 8693 section 2.2.1, token_type `N_A`).

    `issued_token_type` says what it is, `str()` is the token. It authenticates no request.
    """

    TOKEN_TYPE: ClassVar[str] = NOT_APPLICABLE

    issued_token_type: str

    def authorization_header(self) -> NoReturn:
        """Refuse: there is no way to use it so.

        Raises:
            NotAnAccessToken: always.
        """
        raise NotAnAccessToken(self)


def get_token_type(
    token_type: str | None = None, token: Any = None, *, error: type[UnknownTokenType] = UnknownTokenType
) -> str:
    """Return the URN of a token's type.

    Args:
        token_type: a short name (access_token, refresh_token, id_token, saml1, saml2, jwt) or a URI, which is
            returned as it is.
        token: the token; without `token_type`, a `BearerToken` or an `IdToken` says it.
        error: what to raise.

    Raises:
        UnknownTokenType: (or the class in `error`) neither says it, or they contradict each other.

    Source: RFC 8693 section 3.
    """
    if token_type is None:
        return _type_of(token, error)
    urn = TOKEN_TYPES.get(token_type, token_type)
    if not isinstance(urn, str) or ":" not in urn:
        raise error(token, token_type)
    held = HELD.get(urn)
    if isinstance(token, IdToken) and held in {"access_token", "refresh_token"}:
        raise error(token, token_type, f"an IdToken was passed as {held}; if it is one, pass its str()")
    if isinstance(token, BearerToken) and held and getattr(token, held) is None:
        raise error(token, token_type, f"this {type(token).__name__} has no {held}")
    return urn


def _type_of(token: Any, error: type[UnknownTokenType]) -> str:
    if isinstance(token, SecurityToken):
        return str(token.issued_token_type)
    if isinstance(token, BearerToken):
        return TOKEN_TYPES["access_token"]
    if isinstance(token, IdToken):
        return TOKEN_TYPES["id_token"]
    raise error(token)


def _text(token: Any, urn: str, what: str) -> str:
    """Return what to send for a token of a type; anything else is refused."""
    if isinstance(token, BearerToken) and not isinstance(token, SecurityToken):
        return str(getattr(token, HELD.get(urn, "access_token")))
    text, problem = token_text(token, what)
    if problem is not None:
        raise InvalidParam(problem)
    return text


def token_exchange(
    client: Client,
    /,
    *,
    subject_token: object,
    subject_token_type: str | None = None,
    actor_token: object = None,
    actor_token_type: str | None = None,
    requested_token_type: str | None = None,
    dpop: bool | None = None,
    dpop_key: DPoPKey | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
    **token_kwargs: object,
) -> Steps[BearerToken]:
    """Exchange a token for another one: for another audience, another type, or on behalf of a user.

    Types are short names (access_token, refresh_token, id_token, saml1, saml2, jwt) or URIs.

    Args:
        subject_token: the token of the party on whose behalf is asked: a `BearerToken`, an `IdToken`, a str or
            bytes.
        subject_token_type: its type, inferred from a `BearerToken` or an `IdToken`. With `refresh_token` or
            `id_token`, that token of a `BearerToken` is sent.
        actor_token: the token of the party that acts, likewise.
        actor_token_type: its type, likewise.
        requested_token_type: the type that is wanted; the AS chooses without it.
        dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
        dpop_key: the key; implies `dpop`. By default one is generated.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **token_kwargs: further form fields, such as `audience`, `resource` or `scope`.

    Returns:
        The token; `issued_token_type` says what it is. What is no access token (the AS says token_type N_A) is
        a `SecurityToken`, which authenticates no request. An ID token is checked, unless it is for another
        `audience` or `resource`: then `id_token.checked` is False.

    Raises:
        UnknownSubjectTokenType: the type of the subject_token is unknown.
        UnknownActorTokenType: nor that of the actor_token.
        InvalidParam: one of them is not a token.
        InvalidTarget: the AS does not know the audience or resource.
        InvalidIdToken: the ID token is not acceptable.
        TokenEndpointError: and everything else that `token_request` raises.

    Source: RFC 8693 section 2.
    """
    data = {
        "grant_type": TOKEN_EXCHANGE,
        **_described(subject_token, subject_token_type, UnknownSubjectTokenType),
        **_described(actor_token, actor_token_type, UnknownActorTokenType),
        "requested_token_type": requested_token_type
        and get_token_type(requested_token_type, error=UnknownRequestedTokenType),
        "scope": join_scope(token_kwargs.pop("scope", None)),
        **token_kwargs,
    }
    try:
        token = yield from inner(
            client, token_request, data, dpop=dpop, dpop_key=dpop_key, requests_kwargs=requests_kwargs
        )
    except InvalidTokenResponse as refused:
        token = _security_token(refused)
    if _is_for_another(client, token, token_kwargs):
        return token
    return (yield from id_token.check(client, token, None, requests_kwargs=requests_kwargs))


def _described(token: Any, token_type: str | None, error: type[UnknownTokenType]) -> dict[str, str | None]:
    """Return the two fields of a token; a type without its token is not sent (RFC 8693 section 2.1)."""
    if token is None:
        if error is UnknownActorTokenType and token_type is None:
            return {}
        raise error(token, token_type, "there is no such token")
    urn = get_token_type(token_type, token, error=error)
    return {error.what: _text(token, urn, error.what), f"{error.what}_type": urn}


def _security_token(refused: InvalidTokenResponse) -> SecurityToken:
    """Take N_A, which is wrong after any other grant, as what it means after this one (RFC 8693 section 2.2.1)."""
    answer = _not_applicable(refused.response)
    if answer is None:
        raise refused
    if answer["issued_token_type"] == TOKEN_TYPES["id_token"]:
        answer["id_token"] = answer.get("access_token")
    try:
        return SecurityToken(**answer)
    except (TypeError, ValueError):
        raise refused from None


def _not_applicable(response: Any) -> dict[str, Any] | None:
    """Return a successful answer whose token is said to be no access token; None for any other."""
    try:
        answer = read_json_object(response) if response is not None and is_success(response) else {}
    except ValueError:
        return None
    issued = answer.get("issued_token_type")
    known = isinstance(issued, str) and issued != TOKEN_TYPES["access_token"]  # that one would contradict N_A
    return answer if known and str(answer.get("token_type")).upper() == NOT_APPLICABLE else None


def _is_for_another(client: Client, token: BearerToken, asked: Mapping[str, Any]) -> bool:
    """Tell whether what was issued is an ID token that is not meant for this client."""
    elsewhere = asked.get("resource") or asked.get("audience") not in (None, client.client_id)
    return isinstance(token, SecurityToken) and bool(elsewhere)
