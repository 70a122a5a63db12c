"""The sync face of the client: `OAuth2Client`, on `requests`."""

from __future__ import annotations

import requests

from . import _requests
from ._protocol import device, introspection, revocation, token_endpoint, userinfo
from ._protocol.client import Client
from ._protocol.token_endpoint import MissingRefreshToken
from ._requests import DeadlineAdapter, SyncFace
from ._steps import blocking


class OAuth2Client(SyncFace, Client):
    """A client of one authorization server: it gets, renews, revokes and checks tokens.

    Args:
        token_endpoint: the address of the token endpoint. This and all other addresses of the AS must be https,
            except on loopback.
        auth: how the client authenticates: a method such as `ClientSecretBasic`, a `requests` auth handler,
            `(client_id, client_secret)`, `(client_id, private_key)`, or the client_id of a public client.
        client_id: instead of `auth`, with `client_secret` or `private_key`, or alone for a public client.
        client_secret: the client secret, sent as `client_secret_post`.
        private_key: the key for `private_key_jwt`: a JWK, PEM, or a `cryptography` key.
        revocation_endpoint: where tokens are revoked (RFC 7009).
        introspection_endpoint: where tokens are asked about (RFC 7662).
        userinfo_endpoint: where the OP tells about the user (OIDC Core section 5.3).
        authorization_endpoint: where users are sent to (RFC 6749 section 3.1).
        redirect_uri: where they come back to.
        backchannel_authentication_endpoint: for CIBA.
        device_authorization_endpoint: for devices (RFC 8628).
        pushed_authorization_request_endpoint: for PAR (RFC 9126).
        jwks_uri: where the AS publishes its keys.
        authorization_server_jwks: those keys, where they are known already.
        issuer: who the AS is (RFC 8414 section 2).
        id_token_signed_response_alg: the only JWS alg that ID tokens may have.
        id_token_encrypted_response_alg: the JWE alg of ID tokens; None when they are not encrypted.
        id_token_decryption_key: the key to decrypt them with.
        code_challenge_method: for PKCE; None switches it off.
        authorization_response_iss_parameter_supported: whether the AS names itself in its answers (RFC 9207).
        token_class: what a token response becomes.
        session: the `requests.Session` to send with; by default one of its own.
        default_auth_handler: the method for an id and a secret.
        timeout: seconds for the whole of each answer.
        max_response_size: bytes that an answer may have.
        testing: allow plain http to any host. Secrets then travel unencrypted.
        **extra_metadata: anything else worth keeping with the client.

    Raises:
        UnsupportedClientCredentials: the credentials are missing or contradict each other.
        InvalidEndpointUri: an address is not acceptable.
        InvalidIssuer: the issuer is not acceptable.
    """

    @property
    def session(self) -> requests.Session:  # type: ignore[override]
        """The session that requests to the AS are sent with."""
        if self._given_session is None:
            self._given_session = _requests.new_session()
        session: requests.Session = self._given_session
        return session

    token_request = blocking(token_endpoint.token_request)
    client_credentials = blocking(token_endpoint.client_credentials)
    authorization_code = blocking(token_endpoint.authorization_code)
    authorization_code_pkce = blocking(token_endpoint.authorization_code_pkce)
    refresh_token = blocking(token_endpoint.refresh_token)
    device_code = blocking(token_endpoint.device_code)
    jwt_bearer = blocking(token_endpoint.jwt_bearer)
    resource_owner_password = blocking(token_endpoint.resource_owner_password)
    authorize_device = blocking(device.authorize_device)
    introspect_token = blocking(introspection.introspect_token)
    revoke_token = blocking(revocation.revoke_token)
    revoke_access_token = blocking(revocation.revoke_access_token)
    revoke_refresh_token = blocking(revocation.revoke_refresh_token)
    userinfo = blocking(userinfo.userinfo)

__all__ = [
    "DeadlineAdapter",
    "MissingRefreshToken",
    "OAuth2Client",
]
