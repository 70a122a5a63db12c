"""A Flask site that logs its users in: `python examples/flask_site`, then open http://127.0.0.1:5000.

The provider is a test server on this machine; set ISSUER, CLIENT_ID and CLIENT_SECRET for yours, and register
http://127.0.0.1:5000/auth/main/callback there.
"""  # noqa: INP001  a script, not a package

from __future__ import annotations

import os
import secrets

from flask import Flask

from requests_oauth2client.flask import Logins
from requests_oauth2client.stores import MemoryStore
from requests_oauth2client.testing import AuthorizationServer

HOME = """<p>Hello, {}.<p><a href="/profile">Your profile</a>
<form method=post action="/auth/logout"><button>Log out</button></form>"""


def make_app(issuer: str) -> Flask:
    """Make the site."""
    app = Flask(__name__)
    store = MemoryStore(key=secrets.token_bytes(32))  # of one process; RedisStore or SqlStore serve many
    logins = Logins(app, store=store)
    auth = (os.environ.get("CLIENT_ID", "site"), os.environ.get("CLIENT_SECRET", "secret"))
    logins.add("main", issuer=issuer, auth=auth, scope="openid email offline_access")

    @app.get("/")
    def home() -> str:
        user = logins.user
        return '<a href="/profile">Log in</a>' if user is None else HOME.format(user.subject)

    @app.get("/profile")
    @logins.required
    def profile() -> dict[str, object]:
        api = logins.api(issuer)  # the provider's userinfo endpoint stands for your API
        return api.get("userinfo").json()  # type: ignore[no-any-return]

    return app


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "5000"))
    with AuthorizationServer().listening() as server:
        make_app(os.environ.get("ISSUER", server.issuer)).run(port=port)
