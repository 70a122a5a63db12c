"""Mutual TLS: the client proves who it is with its certificate (RFC 8705 section 2).

The certificate goes into the connections to the AS; in the requests there is only the client_id. Tokens that
are bound to a certificate (section 3) look like any other: call the API with the same one.
"""

from __future__ import annotations

import os
from typing import Any, ClassVar

from ._core.client_auth import ClientAuthentication
from ._core.frozen import frozen
from ._core.messages import Certificate, Request
from .client_authentication import UnsupportedClientCredentials


@frozen(init=False)
class TlsClientAuth(ClientAuthentication):
    """`tls_client_auth`: a certificate of a CA that the AS trusts, with a subject that it knows (RFC 8705 section 2.1).

    Args:
        client_id: the client.
        certificate: the path of a PEM file with certificate and private key, or of one file for each.

    Raises:
        UnsupportedClientCredentials: the certificate is no path and no pair of paths.
    """

    method: ClassVar[str] = "tls_client_auth"
    only_computes: ClassVar[bool] = True
    client_id: str
    certificate: Certificate

    def __init__(self, client_id: str, certificate: object) -> None:
        self.__dict__.update(client_id=client_id, certificate=_paths(certificate))

    def authenticate(self, request: Request) -> Request:
        """Add the client_id; the connection shows the certificate (RFC 8705 section 2)."""
        return request.with_fields(client_id=self.client_id)


@frozen(init=False)
class SelfSignedTlsClientAuth(TlsClientAuth):
    """`self_signed_tls_client_auth`: a certificate that is registered for this client (RFC 8705 section 2.2).

    Args:
        client_id: the client.
        certificate: the path of a PEM file with certificate and private key, or of one file for each.

    Raises:
        UnsupportedClientCredentials: the certificate is no path and no pair of paths.
    """

    method: ClassVar[str] = "self_signed_tls_client_auth"
    only_computes: ClassVar[bool] = True


def _paths(certificate: Any) -> Certificate:
    given = certificate if isinstance(certificate, (tuple, list)) else (certificate,)
    if len(given) not in {1, 2} or not all(isinstance(path, (str, os.PathLike)) and str(path) for path in given):
        msg = (
            "A client certificate is the path of a PEM file with certificate and private key, or a tuple of two"
            f" paths; got a {type(certificate).__name__}."
        )
        raise UnsupportedClientCredentials(msg)
    found = [os.fspath(path) for path in given]
    return found[0] if len(found) == 1 else (found[0], found[1])


__all__ = [
    "SelfSignedTlsClientAuth",
    "TlsClientAuth",
]
