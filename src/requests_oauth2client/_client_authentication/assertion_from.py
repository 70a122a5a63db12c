"""A client assertion that another party signed: a platform, an agent, another service (RFC 7521, RFC 7523 section 2.2).

Knows no kind of source.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from .._core.client_auth import ClientAuthentication
from .._core.credentials import as_source, ask_for_jwt
from .._core.effects import Steps
from .._core.frozen import field, frozen
from .._core.messages import Request
from ..exceptions import InvalidParam
from .values import ASSERTION_TYPE, checked_credential, set_fields


@frozen(init=False)
class ClientAssertionFrom(ClientAuthentication):
    """`private_key_jwt` with an assertion that another party signed, such as the token of a Kubernetes service account.

    It is asked for with each token request and not kept: many servers take an assertion only once (RFC 7523 section 3).
    A source that knows better may keep it.

    Args:
        client_id: the client, as the AS knows it.
        source: where assertions come from: a source of `token_sources`, a function (plain or async), or the path of a
            file, which is read each time.
        assertion_type: what kind of assertion they are: by default JWTs.

    Raises:
        UnsupportedClientCredentials: the client_id is not a string.
        InvalidParam: the source is something else.

    Source: RFC 7521 section 4.2, RFC 7523 section 2.2.
    """

    method: ClassVar[str] = "private_key_jwt"
    client_id: str
    source: Any = field(repr=False, hash=False)
    assertion_type: str

    def __init__(self, client_id: str, source: object, assertion_type: str = ASSERTION_TYPE) -> None:
        if not isinstance(assertion_type, str) or ":" not in assertion_type:
            msg = f"assertion_type= is a URI, such as {ASSERTION_TYPE} (RFC 7521 section 4.2)."
            raise InvalidParam(msg)
        set_fields(
            self,
            client_id=checked_credential(client_id, "client_id"),
            source=as_source(source, "ClientAssertionFrom"),
            assertion_type=assertion_type,
        )

    def authenticating(self, request: Request, client: Any) -> Steps[Request]:
        """Ask for an assertion, and add it.

        Raises:
            CredentialUnavailable: the source has none.
            InvalidCredential: what came is not an assertion, or is one whose time is over or has not come.
        """
        is_jwt = self.assertion_type == ASSERTION_TYPE
        assertion = yield from ask_for_jwt(self.source, what="client assertion", client=client, is_jwt=is_jwt)
        return request.with_fields(
            client_id=self.client_id, client_assertion_type=self.assertion_type, client_assertion=assertion
        )

    def authenticate(self, request: Request) -> NoReturn:  # noqa: ARG002  it is refused
        """Refuse: only a client can ask the source."""
        msg = f"{type(self).__name__} is for auth= of OAuth2Client and AsyncOAuth2Client, which ask its source."
        raise InvalidParam(msg)


ClientAssertionFrom.__module__ = "requests_oauth2client.client_authentication"
