"""What the environment says about proxies and CAs, read alike by both drivers.

What is set on a session or for a call counts, and the environment only where neither says anything:

    the CAs      REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR, in this order
    the proxy    HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, but for the hosts in NO_PROXY; in lower case too
"""

from __future__ import annotations

import os
import sys
from typing import Any

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


def ca_path() -> str | None:
    """Return the file or folder of CAs that the environment names, or None."""
    return next((path for name in CA_VARIABLES if (path := os.environ.get(name))), None)


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for a URL, or None."""
    if not any(name.lower().endswith("_proxy") for name in os.environ) and sys.platform not in {"darwin", "win32"}:
        return None
    from requests.utils import get_environ_proxies, select_proxy  # noqa: PLC0415  only where a proxy may be named

    found: str | None = select_proxy(url, get_environ_proxies(url))
    if found is None or "://" in found:
        return found
    return f"http://{found}"


def session_settings(
    session: Any, url: str, *, proxies: Any = None, verify: Any = None, cert: Any = None, stream: Any = None
) -> dict[str, Any]:
    """Return how a `requests.Session` is to send a request.

    `requests` itself lets the environment go before its own session.

    Args:
        session: the session.
        url: where the request goes.
        proxies: for this call, as `requests` takes them.
        verify: for this call, likewise.
        cert: for this call, likewise; False for none.
        stream: likewise.
    """
    explicit = {**session.proxies, **(proxies or {})}
    if verify is None and (session.verify is not True or not session.trust_env):
        verify = session.verify
    if (verify is None or verify is True) and session.trust_env:
        verify = ca_path() or True
    if not explicit and session.trust_env:
        proxy = proxy_for(url)
        explicit = {} if proxy is None else {"all": proxy}
    certificate = session.cert if cert is None else cert
    streams = session.stream if stream is None else stream
    return {"proxies": explicit, "verify": verify, "cert": certificate, "stream": streams}
