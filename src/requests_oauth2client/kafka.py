"""Tokens for Kafka with `confluent-kafka`, that is librdkafka (the extra "kafka"): SASL/OAUTHBEARER.

    Consumer({…, "sasl.mechanisms": "OAUTHBEARER", "oauth_cb": oauth_cb(auth)})

librdkafka asks for a token when it starts, and again after 80 % of the time that the last one had left. Knows only what
it asks and takes; the library itself is not needed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ._core.times import timestamp
from ._drivers.handler_tokens import require_handler, token_of

UNKNOWN_LIFETIME = (
    300.0  # seconds until librdkafka asks again (4 minutes), where the token does not say how long it lives
)

KafkaToken: TypeAlias = tuple[str, float] | tuple[str, float, str, dict[str, str]]


def oauth_cb(
    auth: Any, *, principal: str = "", extensions: Mapping[str, str] | None = None
) -> Callable[[str], KafkaToken]:
    """Return the function for `oauth_cb` in the configuration of a producer, a consumer or an admin client.

    Where getting a token fails, librdkafka tells its `error_cb` the message, and asks again after 10 seconds.

    Args:
        auth: an auth handler such as `OAuth2ClientCredentialsAuth`, whose token is renewed when needed; or a token.
        principal: the name of the user, as brokers that look at it expect it; most take it from the token.
        extensions: SASL extensions, such as `logicalCluster` and `identityPoolId`.

    Returns:
        A function from the setting `sasl.oauthbearer.config`, which it ignores, to the token and its expiry in seconds
        since 1970 (in 5 minutes where the expiry is unknown), followed by principal and extensions if there are some.
        It raises `UnsupportedDPoPToken` for a token that is bound to a key, and all that `get_token` raises.

    Raises:
        InvalidParam: the handler is async: nothing is awaited in `poll()`.

    Source: RFC 7628; KIP-255 and KIP-342 of Apache Kafka.
    """
    require_handler(auth, "kafka.oauth_cb", plain=True)

    def callback(config: str = "") -> KafkaToken:  # noqa: ARG001
        token = token_of(auth, "Kafka")
        expiry = timestamp() + UNKNOWN_LIFETIME if token.expires_at is None else token.expires_at.timestamp()
        if principal or extensions:
            return token.access_token, expiry, principal, dict(extensions or {})
        return token.access_token, expiry

    return callback


__all__ = ["oauth_cb"]
