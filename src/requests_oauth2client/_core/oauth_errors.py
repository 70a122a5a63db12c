"""What a server answers when it refuses: an exception for each error code, with advice that names things.

The codes are those of RFC 6749 section 5.2 and its extensions. `exceptions` is where the classes are imported from.
"""

from __future__ import annotations

from typing import Any, ClassVar

from . import hints
from .errors import PUBLIC, EndpointError, OAuth2Error

AGAIN = " Log in again: start the authorization anew."
GRANT_ADVICE = {
    "authorization_code": "The code may be used, expired or revoked, or have been issued to another client or"
    f" redirect_uri.{AGAIN}",
    "refresh_token": "The refresh token may be used, expired or revoked, or have been issued to another client."
    f"{AGAIN}",
    "urn:ietf:params:oauth:grant-type:device_code": f"The device_code may be used, or another client's.{AGAIN}",
    "urn:openid:params:grant-type:ciba": f"The auth_req_id may be used, or another client's.{AGAIN}",
    "password": "Check the username and the password.",
    "urn:ietf:params:oauth:grant-type:jwt-bearer": "Check issuer, audience, subject and expiry of the assertion, and"
    " that the server trusts its key.",
    "urn:ietf:params:oauth:grant-type:saml2-bearer": "Check issuer, audience, subject and expiry of the assertion, and"
    " that the server trusts its key.",
    "urn:ietf:params:oauth:grant-type:token-exchange": "Check that subject_token and actor_token are valid, of the"
    " types that were said, and such that this client may exchange them.",
    "client_credentials": "Check what the server demands of this client and its tokens.",
}
LOGIN_GRANTS = frozenset({
    "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code",
    "urn:openid:params:grant-type:ciba",
})  # fmt: skip


def _joined(*sentences: str) -> str:
    return " ".join(one for one in sentences if one)


class TokenEndpointError(EndpointError):
    """The token endpoint refused the request."""


class InvalidRequest(TokenEndpointError):
    """`invalid_request`: a parameter is missing, repeated or malformed."""


class InvalidClient(TokenEndpointError):
    """`invalid_client`: the client is unknown, or its authentication failed."""

    advice = (
        "Check the client_id, the credentials, and that the client is registered for the authentication method in use."
    )

    def _advice(self) -> str:
        return _joined(hints.authentication(self.client), super()._advice())


class InvalidScope(TokenEndpointError):
    """`invalid_scope`: the scope is unknown, malformed, or more than was granted."""

    def _advice(self) -> str:
        return _joined(hints.what_was_sent(hints.form_of(self.request), "scope"), super()._advice())


class InvalidTarget(TokenEndpointError):
    """`invalid_target`: the resource is unknown or malformed (RFC 8707 section 2)."""

    advice = "Check it against what the server knows as a resource, to the letter."

    def _advice(self) -> str:
        return _joined(hints.what_was_sent(hints.form_of(self.request), "resource", "audience"), super()._advice())


class InvalidGrant(TokenEndpointError):
    """`invalid_grant`: the code, assertion or refresh token is no longer, or never was, good.

    Attributes:
        grant_type: the grant that was refused, or None where the request is unknown.
    """

    advice = "It may be used, expired or revoked, or have been issued to another client or redirect_uri."
    kept: ClassVar[tuple[str, ...]] = (*TokenEndpointError.kept, "grant_type")
    grant_type: str | None = None

    def _text(self) -> str:
        self.grant_type = hints.form_of(self.request).get("grant_type")
        return super()._text()

    def _advice(self) -> str:
        hint = super()._advice()
        of_grant = GRANT_ADVICE.get(self.grant_type or "")
        return hint if of_grant is None else _joined(of_grant, hint.removeprefix(self.advice).strip())

    @property
    def needs_login(self) -> bool:
        """Whether only a new login of the user helps."""
        return self.grant_type in LOGIN_GRANTS


class LoginNeeded(OAuth2Error):
    """The user has to log in again: nothing here can get another token.

    Attributes:
        authorization_request: what a login asks for, where one was prepared that can't take place here: send the
            user's browser to `authorization_url`, and pass the request with its callback to `finish_login()` of
            `OAuth2ResourceAuth`. Otherwise None.
        authorization_url: where to send the browser: signed and pushed as configured. Otherwise None.
    """

    authorization_request: Any = None
    authorization_url: str | None = None

    @property
    def needs_login(self) -> bool:
        """Whether only a new login of the user helps: yes."""
        return True


class RefusedRefreshToken(LoginNeeded, InvalidGrant):
    """`invalid_grant` for a refresh token: the login that it belongs to has ended (RFC 6749 section 6)."""

    advice = GRANT_ADVICE["refresh_token"]


class LostStoredToken(LoginNeeded):
    """The entry of a token has vanished from its store, and with it the refresh token that is valid now."""

    def __init__(self) -> None:
        super().__init__(
            description="The store no longer has the entry of this token. Another process may have renewed it, so the"
            " refresh token held here may be used, and using it again could end the whole session. Log in again, and"
            " pass the new token to the handler's `save_token`."
        )

    def _text(self) -> str:
        return self.description or ""


class UseDPoPNonce(TokenEndpointError):
    """`use_dpop_nonce`: the AS wants a nonce in the DPoP proof (RFC 9449 section 8)."""


class DeviceAuthorizationError(EndpointError):
    """The device authorization endpoint, or a poll for its outcome, answered with an error (RFC 8628)."""


class AuthorizationPending(TokenEndpointError, DeviceAuthorizationError):
    """`authorization_pending`: the user is not done yet (RFC 8628 section 3.5)."""

    advice = "Ask again after the interval."


class SlowDown(TokenEndpointError, DeviceAuthorizationError):
    """`slow_down`: pending, and asked too often: wait 5 seconds more each time (RFC 8628 section 3.5)."""

    advice = "Ask again after the interval, lengthened by 5 seconds."


class ExpiredToken(TokenEndpointError, DeviceAuthorizationError):
    """`expired_token`: the device_code or auth_req_id is no longer valid (RFC 8628 section 3.5)."""

    advice = "Start the authorization again."

    @property
    def needs_login(self) -> bool:
        """Whether only a new login of the user helps: yes, the user was too slow."""
        return True


class UnknownTokenEndpointError(TokenEndpointError):
    """The token endpoint sent an error code that no specification known here defines."""


class ServerError(EndpointError):
    """`server_error`: the AS failed."""


class AccessDenied(EndpointError):
    """`access_denied`: the user or the AS said no."""


class UnauthorizedClient(EndpointError):
    """`unauthorized_client`: this client may not use this grant."""

    advice = "Have the server allow this grant to the client (`grant_types` in its registration)."

    def _advice(self) -> str:
        return _joined(hints.what_was_sent(hints.form_of(self.request), "grant_type"), super()._advice())


class UnsupportedGrantType(TokenEndpointError):
    """`unsupported_grant_type`: the server doesn't have this grant (RFC 6749 section 5.2)."""

    def _advice(self) -> str:
        return _joined(hints.grants(self.client, hints.form_of(self.request)), super()._advice())


class RefusedAuthorizationDetails(TokenEndpointError):
    """`invalid_authorization_details`: unknown types, or fields that are wrong (RFC 9396 section 5)."""


class TokenInteractionRequired(TokenEndpointError, LoginNeeded):
    """`interaction_required` and its like at the token endpoint: the user has to do something in a browser."""

    advice = "Log in again: start the authorization anew."


class TransactionFailed(TokenEndpointError):
    """`transaction_failed`: the server could not go on with the authentication (CIBA Core section 12)."""

    advice = "Start the authentication again."


class TemporarilyUnavailable(ServerError):
    """`temporarily_unavailable`: the server is overloaded or under maintenance (RFC 6749 section 4.1.2.1)."""

    advice = "Try again later."


class RefusedAuthorizationRequest(EndpointError):
    """A pushed authorization request was refused as the authorization endpoint would have (RFC 9126 section 2.3)."""


class UnsupportedResponseType(RefusedAuthorizationRequest):
    """`unsupported_response_type`: the server doesn't have this response_type (RFC 6749 section 4.1.2.1)."""

    def _advice(self) -> str:
        return _joined(hints.what_was_sent(hints.form_of(self.request), "response_type"), super()._advice())


class InvalidRequestObject(RefusedAuthorizationRequest):
    """`invalid_request_object`: its signature or a parameter in it is wrong (RFC 9101 section 7)."""


class InvalidRequestUri(RefusedAuthorizationRequest):
    """`invalid_request_uri`: there is nothing, or nothing valid, behind it (RFC 9101 section 7)."""


class RequestNotSupported(RefusedAuthorizationRequest):
    """`request_not_supported`: the server doesn't take `request` (OIDC Core section 3.1.2.6)."""


class RequestUriNotSupported(RefusedAuthorizationRequest):
    """`request_uri_not_supported`: the server doesn't take `request_uri` (OIDC Core section 3.1.2.6)."""


class RegistrationNotSupported(RefusedAuthorizationRequest):
    """`registration_not_supported`: the server doesn't take `registration` (OIDC Core section 3.1.2.6)."""


class UnmetAuthenticationRequirements(EndpointError):
    """`unmet_authentication_requirements`: the user can't be authenticated as was asked."""


class IntrospectionError(EndpointError):
    """The introspection endpoint answered with an error (RFC 7662 section 2.3)."""


class BackChannelAuthenticationError(EndpointError):
    """The backchannel authentication endpoint answered with an error (CIBA Core section 13)."""


class ExpiredLoginHintToken(BackChannelAuthenticationError):
    """`expired_login_hint_token`: get another one (CIBA Core section 13)."""


class UnknownUserId(BackChannelAuthenticationError):
    """`unknown_user_id`: no user is known by this hint (CIBA Core section 13)."""


class MissingUserCode(BackChannelAuthenticationError):
    """`missing_user_code`: this user needs one (CIBA Core section 13)."""

    advice = "Ask the user for it, and pass user_code=."


class InvalidUserCode(BackChannelAuthenticationError):
    """`invalid_user_code`: it is wrong (CIBA Core section 13)."""

    advice = "Ask the user again, and pass user_code=."


class InvalidBindingMessage(BackChannelAuthenticationError):
    """`invalid_binding_message`: too long, or with characters that the device can't show (CIBA Core section 13)."""

    advice = "Pass a short, plain binding_message=."


class RevocationError(EndpointError):
    """The revocation endpoint answered with an error (RFC 7009 section 2.2.1)."""


class UnsupportedTokenType(RevocationError):
    """`unsupported_token_type`: the AS can't revoke this type of token (RFC 7009 section 2.2.1)."""


for _one in [*globals().values()]:
    if isinstance(_one, type) and issubclass(_one, OAuth2Error):
        _one.__module__ = PUBLIC
