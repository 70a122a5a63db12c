"""Log users in to a site with Starlette or FastAPI (the extra "starlette")."""

from __future__ import annotations

from .logins import Logins

__all__ = ["Logins"]
