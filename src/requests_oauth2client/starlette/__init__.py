"""Log users in to a site with Starlette or FastAPI (the extra "starlette")."""

from __future__ import annotations

try:
    import starlette as _starlette  # noqa: F401  to say what is missing
except ImportError as _missing:
    _msg = (
        "requests_oauth2client.starlette needs the library starlette, which is not installed: install it with the extra"
        " 'starlette', that is requests_oauth2client[starlette]."
    )
    raise ImportError(_msg) from _missing

from .logins import Logins

__all__ = ["Logins"]
