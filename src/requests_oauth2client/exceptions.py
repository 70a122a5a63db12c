"""Every error of this package, in one tree.

    OAuth2Error
    ├── EndpointError                        the AS answered with an OAuth error
    │   ├── TokenEndpointError               (RFC 6749 section 5.2 and extensions)
    │   │   ├── InvalidRequest InvalidClient InvalidScope InvalidTarget InvalidGrant
    │   │   ├── UseDPoPNonce ExpiredToken
    │   │   └── AuthorizationPending SlowDown    (are DeviceAuthorizationErrors too)
    │   ├── UnknownTokenEndpointError ServerError AccessDenied UnauthorizedClient
    │   ├── DeviceAuthorizationError IntrospectionError BackChannelAuthenticationError
    │   └── RevocationError → UnsupportedTokenType
    ├── Invalid{Token,DeviceAuthorization,BackChannelAuthentication,PushedAuthorization}Response,
    │   InvalidAuthorizationServerJwks InvalidDiscoveryDocument (in discovery)
    │   UnknownIntrospectionError            the AS answered, but not as the RFC says
    │   └── MissingAccessToken (an InvalidTokenResponse)
    ├── TransportError                       there is no whole answer
    │   └── ResponseTooLarge IncompleteResponse DeadlineExceeded
    ├── InvalidAuthResponse                  the callback is not one for our request (ValueError)
    │   └── MissingAuthCode RepeatedParameter MissingIssuer MismatchingIssuer MismatchingState
    ├── AuthorizationResponseError           the callback says no
    │   └── InteractionRequired → LoginRequired AccountSelectionRequired
    │                             SessionSelectionRequired ConsentRequired
    ├── MissingEndpointUri                   the client does not know an address (AttributeError)
    ├── InvalidParam                         an argument is wrong (ValueError)
    ├── ApiError (in challenges)             an API demands more than the token gives
    │   └── InvalidAccessToken InsufficientScope InsufficientUserAuthentication
    ├── LoginNeeded                          only a new login of the user helps
    │   └── RefusedRefreshToken (an InvalidGrant too) LostStoredToken
    └── AccessTokenError                     no usable access token; the request was not sent
        └── ExpiredAccessToken NonRenewableTokenError (are LoginNeeded too) InsecureTransport RecursiveRenewal

A message says what came, what was expected and what to do. It never shows a secret, and neither do
`repr` and pickles: those leave out response, request and client. Knows no HTTP library: a response is
anything with `status_code`, `url`, `content`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from ._core import hints
from ._core.errors import EndpointError, InvalidAnswer, InvalidTokenResponse, MissingAccessToken, OAuth2Error, sentence
from ._core.oauth_errors import (
    AccessDenied,
    AuthorizationPending,
    BackChannelAuthenticationError,
    DeviceAuthorizationError,
    ExpiredLoginHintToken,
    ExpiredToken,
    IntrospectionError,
    InvalidBindingMessage,
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    InvalidRequestObject,
    InvalidRequestUri,
    InvalidScope,
    InvalidTarget,
    InvalidUserCode,
    LoginNeeded,
    LostStoredToken,
    MissingUserCode,
    RefusedAuthorizationDetails,
    RefusedAuthorizationRequest,
    RefusedRefreshToken,
    RegistrationNotSupported,
    RequestNotSupported,
    RequestUriNotSupported,
    RevocationError,
    ServerError,
    SlowDown,
    TemporarilyUnavailable,
    TokenEndpointError,
    TokenInteractionRequired,
    TransactionFailed,
    UnauthorizedClient,
    UnknownTokenEndpointError,
    UnknownUserId,
    UnmetAuthenticationRequirements,
    UnsupportedGrantType,
    UnsupportedResponseType,
    UnsupportedTokenType,
    UseDPoPNonce,
)
from ._core.printable import kept
from ._core.redaction import excerpt, one_line, sent_secrets, without_credentials, without_query

# --- the AS answers, but not as the specification says ------------------------------------------------


class UnknownIntrospectionError(InvalidAnswer):
    """The introspection endpoint failed without an OAuth error."""


class InvalidDeviceAuthorizationResponse(InvalidAnswer):
    """The answer is no device authorization response (RFC 8628 section 3.2)."""


class InvalidBackChannelAuthenticationResponse(InvalidAnswer):
    """The answer is no backchannel authentication response (CIBA Core section 7.3)."""


class InvalidPushedAuthorizationResponse(InvalidAnswer):
    """The answer is no pushed authorization response (RFC 9126 section 2.2)."""


class InvalidUserInfoResponse(InvalidAnswer):
    """The answer is no userinfo response (OIDC Core section 5.3.2)."""


class InvalidAuthorizationServerJwks(InvalidAnswer):
    """The answer of the AS's `jwks_uri` is no set of keys (RFC 7517 section 5)."""


# --- there is no whole answer -------------------------------------------------------------------------


class TransportError(OAuth2Error):
    """No whole answer came from an endpoint. The clients raise a class that is also their library's own.

    Attributes:
        endpoint: the address that was asked.
        response: what came before it broke (status and headers, perhaps a part of the body), or None.
        sent: whether the request may have reached the server. When it is False, the server has not acted on it:
            there was no connection.
    """

    kept: ClassVar[tuple[str, ...]] = (*OAuth2Error.kept, "sent")

    def __init__(self, endpoint: str, description: str, *, response: object = None, sent: bool = True) -> None:
        super().__init__(response=response, description=description)
        self.sent = sent
        self.endpoint = without_query(endpoint)
        self.args = (f"{self.endpoint}: {description}",)

    @property
    def is_transient(self) -> bool:
        """Whether the same request may succeed later: not where the server's certificate is refused."""
        return "CERTIFICATE_VERIFY_FAILED" not in (self.description or "")


class OtherEventLoop(OAuth2Error, RuntimeError):
    """The session that was given belongs to another event loop: its connections can't be used in this one."""

    def __init__(self) -> None:
        super().__init__(
            description="This client belongs to another event loop: the session in session= has connections that were"
            " opened there, and works in no other one. Make a session in each event loop, or pass none: the client's"
            " own session serves any number of event loops."
        )


class ResponseTooLarge(TransportError):
    """The body is larger than the limit, which was checked while it was read."""

    def __init__(self, endpoint: str, *, limit: int, response: object = None) -> None:
        super().__init__(
            endpoint,
            f"the answer is larger than the limit of {limit} bytes; reading stopped there. If this server may"
            " send that much, raise `max_response_size` on the client.",
            response=response,
        )

    @property
    def is_transient(self) -> bool:
        """Whether the same request may succeed later: no, it would be as large."""
        return False


class IncompleteResponse(TransportError):
    """The connection broke before the answer was whole."""


class DeadlineExceeded(TransportError):
    """The whole answer did not come within the time for it."""

    def __init__(self, endpoint: str, *, seconds: float, response: object = None, sent: bool = True) -> None:
        super().__init__(
            endpoint,
            f"no whole answer within {seconds:g} seconds. Pass a longer `timeout` if this server may take that long.",
            response=response,
            sent=sent,
        )


# --- the callback ---------------------------------------------------------------------------------------


class InvalidAuthResponse(OAuth2Error, ValueError):
    """What came back on the redirect_uri is not an answer to this authorization request.

    Attributes:
        server_error: the `error` that the server put into the callback, or None.
    """

    kept: ClassVar[tuple[str, ...]] = (*OAuth2Error.kept, "server_error")
    server_error: str | None = None

    def __init__(self, description: str, *, request: object = None, response: object = None) -> None:
        self.authorization_request = request
        super().__init__(description=description)
        self.response = response


class MissingAuthCode(InvalidAuthResponse):
    """The callback has neither code nor error (RFC 6749 section 4.1.2)."""


class RepeatedParameter(InvalidAuthResponse):
    """A parameter stands more than once in the callback (RFC 6749 section 3.1)."""

    def __init__(self, *, names: list[str], request: object = None, response: object = None) -> None:
        super().__init__(
            f"The callback repeats {', '.join(names)}; each parameter may come once. Drop it and start again.",
            request=request,
            response=response,
        )
        self.names = names


class MissingIssuer(InvalidAuthResponse):
    """The AS announces `iss` in its answers, and this one has none (RFC 9207 section 2.4)."""


class MismatchingIssuer(InvalidAuthResponse):
    """The answer names another AS than the one asked (RFC 9207 section 2.4).

    Attributes:
        received: the `iss` of the callback.
        expected: the issuer that the request went to.
    """

    kept = (*InvalidAuthResponse.kept, "received", "expected")

    def __init__(
        self, received: str | None, expected: str | None, request: object = None, response: object = None
    ) -> None:
        super().__init__(
            f"The callback says iss={one_line(received)!r}, the request went to {expected!r}."
            " Drop it and start again: it may be a mix-up attack.",
            request=request,
            response=response,
        )
        self.received = kept(received) if isinstance(received, str) else received  # a JWT may say anything
        self.expected = expected


class MismatchingState(InvalidAuthResponse):
    """The `state` is not the one of the request (RFC 6749 section 10.12).

    Attributes:
        received: the state in the callback, or None.
        expected: the state of the request.
    """

    def __init__(
        self, received: str | None, expected: str | None, request: object = None, response: object = None
    ) -> None:
        came = "no state" if received is None else "another state than the one sent"
        super().__init__(
            f"The callback has {came}. Drop it and start again: it may be a forged callback,"
            " or belong to another login of the same browser.",
            request=request,
            response=response,
        )
        self.received, self.expected = received, expected


class AuthorizationResponseError(OAuth2Error):
    """The AS answered the authorization request with an error (RFC 6749 section 4.1.2.1).

    Attributes:
        error: the `error` code of the callback.
        description: its `error_description`, or None.
        uri: its `error_uri`, or None.
        state: its `state`, already compared with the request's.
        authorization_request: the request that was refused.
    """

    kept: ClassVar[tuple[str, ...]] = (*OAuth2Error.kept, "error", "uri")

    def __init__(
        self,
        request: object = None,
        response: object = None,
        error: str = "",
        description: str | None = None,
        uri: str | None = None,
        state: str | None = None,
    ) -> None:
        self.authorization_request = request
        self.error, self.uri, self.state = kept(error) or "", kept(uri), state
        OAuth2Error.__init__(self, response=response, description=description)  # not super(): see AuthorizationDenied

    def _text(self) -> str:
        hide = sent_secrets(self.request)
        said = f": {sentence(excerpt(self.description, hide=hide))}" if self.description else "."
        code = excerpt(self.error, hide=hide)
        return " ".join(part for part in (f"The AS refused: error={code!r}{said}", self._advice()) if part)

    def _advice(self) -> str:
        return " ".join(part for part in (self.advice, hints.pkce(self.description)) if part)


class AuthorizationDenied(AuthorizationResponseError, AccessDenied):
    """`access_denied`: the user, or the server for the user, said no (RFC 6749 section 4.1.2.1)."""

    advice = "Nothing is wrong with the request: offer the login again, if the user wants it."


class InteractionRequired(AuthorizationResponseError):
    """`interaction_required`: not possible without showing the user something (OIDC Core section 3.1.2.6)."""

    advice = "Send the request again without prompt=none."

    @property
    def needs_login(self) -> bool:
        """Whether only a new login of the user helps: yes, one that may show something."""
        return True


class LoginRequired(InteractionRequired):
    """`login_required`: the user must log in."""


class AccountSelectionRequired(InteractionRequired):
    """`account_selection_required`: the user must choose an account."""


class SessionSelectionRequired(InteractionRequired):
    """`session_selection_required`: the user must choose a session."""


class ConsentRequired(InteractionRequired):
    """`consent_required`: the user must consent."""


# --- arguments and tokens --------------------------------------------------------------------------------


class MissingEndpointUri(OAuth2Error, AttributeError):
    """The client does not know the address of an endpoint that is needed now.

    Attributes:
        endpoint_name: which one, as the metadata of the AS call it (RFC 8414 section 2).
    """

    kept = (*OAuth2Error.kept, "endpoint_name")

    def __init__(self, endpoint_name: str, *, read: Iterable[str] = ()) -> None:
        self.endpoint_name = endpoint_name
        documents = ", ".join(one_line(url) for url in read)
        found = f"The metadata at {documents} have none." if documents else "Or let from_discovery_endpoint find it."
        super().__init__(
            description=f"This client has no {endpoint_name}. Pass {endpoint_name}=... when you make it. {found}"
        )

    def _text(self) -> str:
        return self.description or ""


class UndiscoveredServer(MissingEndpointUri):
    """The metadata of the AS were not read yet, and can't be read here: this is no coroutine."""

    def __init__(self, issuer: str) -> None:
        super().__init__("authorization_endpoint")
        self.description = (
            f"Nothing is known about {one_line(issuer)} yet, and reading its metadata takes an await:"
            " `await client.discover()` first."
        )
        Exception.__init__(self, self.description)


class InvalidParam(OAuth2Error, ValueError):
    """An argument is not what it has to be; nothing was sent.

    Attributes:
        registration: what the AS answered, where it registered the client and the client can't be made of that:
            store it, or the registration is lost. Otherwise None.
    """

    registration: object = None

    def __init__(self, description: str) -> None:
        super().__init__(description=description)

    def _text(self) -> str:
        return self.description or ""


class MissingServer(InvalidParam, TypeError):
    """A client was given neither a token_endpoint nor an issuer."""


class MissingIssuerParam(InvalidParam):
    """The server announces `iss` in its responses, and there is no issuer to compare it with (RFC 9207 section 2.4)."""

    def __init__(self) -> None:
        super().__init__(
            "authorization_response_iss_parameter_supported=True needs the issuer, to compare the `iss` of each"
            " response with it. Pass issuer= as the server's metadata say it."
        )


class MissingIdTokenEncryptedResponseAlgParam(InvalidParam):
    """A client has a decryption key, and no response is said to be encrypted (OIDC Registration section 2)."""

    def __init__(self) -> None:
        super().__init__(
            "id_token_decryption_key= needs to know which responses are encrypted, and how. Pass"
            " id_token_encrypted_response_alg= as registered for this client, such as 'RSA-OAEP-256' or 'ECDH-ES'"
            " (or that of userinfo, introspection or authorization)."
        )


class InvalidUri(InvalidParam):
    """A URL is not acceptable for its purpose.

    Attributes:
        uri: the URL that was refused.
    """

    def __init__(self, uri: str, problem: str, name: str = "URL") -> None:
        super().__init__(f"The {name} {one_line(without_credentials(uri))!r} can't be used: {problem}.")
        self.uri = uri


class UnsupportedTokenTypeError(InvalidParam):
    """The `token_type` is not the one that this class of token is for (RFC 6749 section 7.1)."""

    def __init__(self, token_type: object, expected: str) -> None:
        super().__init__(f"The token_type is {one_line(token_type)!r}, expected {expected!r}.")
        self.token_type, self.expected = token_type, expected


class AccessTokenError(OAuth2Error):
    """There is no usable access token for a request; it was not sent."""

    def __init__(self, description: str, *, token: object = None) -> None:
        self.token = token
        super().__init__(description=description)


class ExpiredAccessToken(AccessTokenError, LoginNeeded):
    """The access token is expired and nothing here can renew it."""

    def __init__(self, token: object = None) -> None:
        since = getattr(token, "expires_at", None)
        super().__init__(
            f"The access token expired{f' at {since.isoformat()}' if since else ''} and can't be renewed here."
            " Get another one, or log in again.",
            token=token,
        )


class ExpiredBearerToken(ExpiredAccessToken, ExpiredToken):
    """The token in a `BearerAuth` is expired; both generations of callers can catch it by their own name."""

    def _text(self) -> str:
        return self.description or ""


class InsecureTransport(AccessTokenError):
    """A token would have been sent unencrypted to another machine (RFC 6750 section 5.3)."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"{without_query(url)} is plain http and not on this machine: the token would be readable by everyone on"
            " the way, so nothing was sent. Use https. If the network itself is encrypted, say so with"
            " allow_insecure_http=True on the BearerAuth, the auth handler or the ApiClient."
        )


class NonRenewableTokenError(AccessTokenError, LoginNeeded):
    """A token has to be obtained or renewed, and there is no way to do so."""

    def __init__(self, token: object = None) -> None:
        super().__init__(
            "There is no way to get or renew the token here: no grant, or no refresh token. Log in again, or"
            " ask for a refresh token (often the scope offline_access).",
            token=token,
        )


class RecursiveRenewal(AccessTokenError):
    """A handler needs a token to get that very token: waiting for it would never end."""

    def __init__(self) -> None:
        super().__init__(
            "This thread or task is just getting a token, and its source, or a hook that it calls, asks the same"
            " handler for one. Let them use a handler of their own, or none."
        )


TokenResponseError = TokenEndpointError
UnknownTokenResponseError = UnknownTokenEndpointError
ExpiredDeviceCode = ExpiredToken
InvalidState = MismatchingState
InvalidUrl = InvalidUri

__all__ = [
    "AccessDenied",
    "AccessTokenError",
    "AccountSelectionRequired",
    "AuthorizationDenied",
    "AuthorizationPending",
    "AuthorizationResponseError",
    "BackChannelAuthenticationError",
    "ConsentRequired",
    "DeadlineExceeded",
    "DeviceAuthorizationError",
    "EndpointError",
    "ExpiredAccessToken",
    "ExpiredBearerToken",
    "ExpiredDeviceCode",
    "ExpiredLoginHintToken",
    "ExpiredToken",
    "IncompleteResponse",
    "InsecureTransport",
    "InteractionRequired",
    "IntrospectionError",
    "InvalidAnswer",
    "InvalidAuthResponse",
    "InvalidAuthorizationServerJwks",
    "InvalidBackChannelAuthenticationResponse",
    "InvalidBindingMessage",
    "InvalidClient",
    "InvalidDeviceAuthorizationResponse",
    "InvalidGrant",
    "InvalidParam",
    "InvalidPushedAuthorizationResponse",
    "InvalidRequest",
    "InvalidRequestObject",
    "InvalidRequestUri",
    "InvalidScope",
    "InvalidState",
    "InvalidTarget",
    "InvalidTokenResponse",
    "InvalidUri",
    "InvalidUrl",
    "InvalidUserCode",
    "InvalidUserInfoResponse",
    "LoginNeeded",
    "LoginRequired",
    "LostStoredToken",
    "MismatchingIssuer",
    "MismatchingState",
    "MissingAccessToken",
    "MissingAuthCode",
    "MissingEndpointUri",
    "MissingIdTokenEncryptedResponseAlgParam",
    "MissingIssuer",
    "MissingIssuerParam",
    "MissingServer",
    "MissingUserCode",
    "NonRenewableTokenError",
    "OAuth2Error",
    "OtherEventLoop",
    "RecursiveRenewal",
    "RefusedAuthorizationDetails",
    "RefusedAuthorizationRequest",
    "RefusedRefreshToken",
    "RegistrationNotSupported",
    "RepeatedParameter",
    "RequestNotSupported",
    "RequestUriNotSupported",
    "ResponseTooLarge",
    "RevocationError",
    "ServerError",
    "SessionSelectionRequired",
    "SlowDown",
    "TemporarilyUnavailable",
    "TokenEndpointError",
    "TokenInteractionRequired",
    "TokenResponseError",
    "TransactionFailed",
    "TransportError",
    "UnauthorizedClient",
    "UndiscoveredServer",
    "UnknownIntrospectionError",
    "UnknownTokenEndpointError",
    "UnknownTokenResponseError",
    "UnknownUserId",
    "UnmetAuthenticationRequirements",
    "UnsupportedGrantType",
    "UnsupportedResponseType",
    "UnsupportedTokenType",
    "UnsupportedTokenTypeError",
    "UseDPoPNonce",
]
