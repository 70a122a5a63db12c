"""JOSE: signing, verifying, encrypting (RFC 7515 to 7519, 7638, 8037, 8812, 9864).

The only folder that knows joserfc and cryptography. Loading `keys`, `jws` or `jwe` loads them (some 80 ms), so
callers import those three when they first need them, or write `_jose.jws`, which does that; `errors`, `claims`
and `compact` cost nothing. Knows no client, no token and no HTTP.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import algs as algs
    from . import compact as compact
    from . import errors as errors
    from . import jwe as jwe
    from . import jws as jws
    from . import keys as keys
else:

    def __getattr__(name: str) -> Any:
        if name not in {"jwe", "jws", "keys"}:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        return import_module(f".{name}", __name__)  # and it is an attribute from now on
