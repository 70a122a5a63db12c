"""Reading the answer of the token endpoint (RFC 6749 sections 5.1 and 5.2).

A token, or the one error that it is. Sends nothing, and knows no grant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from ..._core.messages import Response, is_success, read_form, read_json_object, read_oauth_error
from ..._core.story import Clause, checked
from ..._core.times import seconds
from ..._tokens.bearer import BearerToken, with_unreadable_id_token
from ...exceptions import InvalidParam, InvalidTokenResponse, MissingAccessToken, UnknownTokenEndpointError
from ..http.call import raise_oauth_error

if TYPE_CHECKING:
    from ..._oidc.id_token import IdToken
    from ...dpop import DPoPKey
    from ..hooks import Client

TOKEN_RESPONSE = Clause("token response", "RFC 6749 §5.1")
DPOP_TOKEN_RESPONSE = Clause("token response, of type DPoP", "RFC 6749 §5.1, RFC 9449 §5")
TOKEN_ERROR = Clause("token request granted", "RFC 6749 §5.2")


def read_token(client: Client, response: Response, *, dpop_key: Any = None) -> BearerToken:
    """Give an answer to the hook that is for it."""
    if is_success(response):
        clause = TOKEN_RESPONSE if dpop_key is None else DPOP_TOKEN_RESPONSE
        return checked(clause, client.parse_token_response, response, dpop_key=dpop_key)
    return checked(TOKEN_ERROR, client.on_token_error, response, dpop_key=dpop_key)


def parse(client: Client, response: Response, *, dpop_key: Any = None) -> BearerToken:
    """Make a token of a 2xx answer; without one in it, its `error` decides."""
    try:
        answer = _read(response)
    except ValueError as wrong:
        return _no_token(client, response, f"This is no token response: {wrong}.", dpop_key)
    alone = _read_id_token(answer)
    if "access_token" not in answer and alone is not None and read_oauth_error(response) is None:
        raise MissingAccessToken(id_token=alone, response=response, client=client)
    if "access_token" not in answer:
        return _no_token(client, response, "This is no token response: it has no access_token.", dpop_key)
    try:
        token = _make(client, {**answer, "token_type": answer.get("token_type"), "id_token": alone}, dpop_key)
    except (InvalidParam, TypeError, ValueError) as wrong:
        raise InvalidTokenResponse(
            response=response, client=client, description=f"This is no token response: {wrong}"
        ) from wrong
    return with_unreadable_id_token(token) if alone is None and answer.get("id_token") else token


def _read_id_token(answer: dict[str, Any]) -> IdToken | None:
    """Read the id_token of an answer. One that is no JWT matters only where one was asked for: see `_protocol/oidc`."""
    if not answer.get("id_token"):
        return None
    from ..._oidc.id_token import IdToken, InvalidIdToken  # noqa: PLC0415  not loaded before there is an ID token

    try:
        return IdToken(answer["id_token"])
    except InvalidIdToken:
        return None


def _read(response: Response) -> dict[str, Any]:
    """Read a token response: JSON, or a form, as GitHub and others answer who does not ask for JSON."""
    try:
        return read_json_object(response)
    except ValueError:
        fields = read_form(response)
        if fields is None or "access_token" not in fields:
            raise
    lifetime = fields.get("expires_in", "")
    return {**fields, "expires_in": int(lifetime)} if lifetime.isascii() and lifetime.isdigit() else fields


def _make(client: Client, answer: dict[str, Any], dpop_key: DPoPKey | None) -> BearerToken:
    """Make the token; one that shall be bound to a key has to be of type DPoP, never of a lesser one."""
    if seconds(answer.get("expires_in")) is not None:  # the server's clock may differ from ours
        answer = {name: value for name, value in answer.items() if name != "expires_at"}
    if client.zero_lifetime_is_unlimited and seconds(answer.get("expires_in")) == 0:
        answer = {name: value for name, value in answer.items() if name not in {"expires_in", "expires_at"}}
    for name in ("access_token", "refresh_token"):  # white space around it is never part of a token
        if isinstance(answer.get(name), str):
            answer[name] = answer[name].strip()
    token_type = answer["token_type"]
    if isinstance(token_type, str):
        known = {name.lower() for name in client.bearer_token_types}
        is_bearer = token_type.strip().lower() in known and dpop_key is None
        answer["token_type"] = client.token_class.TOKEN_TYPE if is_bearer else token_type.strip()
    if dpop_key is None:
        return client.token_class(**answer)
    if answer["token_type"] is None:
        msg = "it has no token_type; expected 'DPoP', since nothing else says that the token is bound to the key."
        raise InvalidParam(msg)  # RFC 9449 §5
    from ...dpop import DPoPToken  # noqa: PLC0415  for clients that use DPoP

    token_class = client.token_class if issubclass(client.token_class, DPoPToken) else DPoPToken
    return token_class(**{**answer, "dpop_key": dpop_key})


def _no_token(client: Client, response: Response, problem: str, dpop_key: Any) -> BearerToken:
    if read_oauth_error(response) is not None:
        return client.on_token_error(response, dpop_key=dpop_key)
    raise InvalidTokenResponse(response=response, client=client, description=problem)


def fail(client: Client, response: Response, *, dpop_key: Any = None) -> NoReturn:  # noqa: ARG001  for overriders
    """Raise the OAuth error of an answer, or say that it has none."""
    raise_oauth_error(
        client, response, unknown=UnknownTokenEndpointError, invalid=InvalidTokenResponse, expected="a token response"
    )
