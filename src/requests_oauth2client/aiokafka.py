"""Tokens for Kafka with `aiokafka`: SASL/OAUTHBEARER.

AIOKafkaConsumer(…, sasl_mechanism="OAUTHBEARER", sasl_oauth_token_provider=TokenProvider(auth))
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._drivers.handler_tokens import require_handler, token_awaited

try:
    from aiokafka.abc import AbstractTokenProvider
except ImportError as _missing:
    _msg = "requests_oauth2client.aiokafka needs the library aiokafka, which is not installed: install it."
    raise ImportError(_msg) from _missing

if TYPE_CHECKING:
    _Base = object  # it has no types of its own
else:
    _Base = AbstractTokenProvider


class TokenProvider(_Base):
    """Gives a valid token for each connection to a broker.

    Args:
        auth: an auth handler, awaited (`AsyncOAuth2ClientCredentialsAuth`) or plain, which is asked in a thread; or a
            token.
        extensions: SASL extensions, such as `logicalCluster` and `identityPoolId`.

    Raises:
        InvalidParam: `auth` gives no tokens.

    Source: RFC 7628; KIP-255 and KIP-342 of Apache Kafka.
    """

    def __init__(self, auth: Any, *, extensions: Mapping[str, str] | None = None) -> None:
        require_handler(auth, type(self).__name__)
        self.auth = auth
        self._extensions = dict(extensions or {})

    async def token(self) -> str:
        """Return a valid access token.

        Raises:
            UnsupportedDPoPToken: the token is bound to a key: its proof has no place here.
            LoginNeeded: and everything else that `get_token` of the handler raises.
        """
        return (await token_awaited(self.auth, "Kafka")).access_token

    def extensions(self) -> dict[str, str]:
        """Return the SASL extensions."""
        return dict(self._extensions)


__all__ = ["TokenProvider"]
