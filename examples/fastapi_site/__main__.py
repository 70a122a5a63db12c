"""A FastAPI site that logs its users in: `python examples/fastapi_site`, then open http://127.0.0.1:8000.

The provider is a test server on this machine; set ISSUER, CLIENT_ID and CLIENT_SECRET for yours, and register
http://127.0.0.1:8000/auth/main/callback there.
"""  # noqa: INP001  a script, not a package

import os
import secrets
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI
from fastapi.responses import HTMLResponse

from requests_oauth2client import AsyncApiClient
from requests_oauth2client.starlette import Logins
from requests_oauth2client.stores import MemoryStore
from requests_oauth2client.testing import AuthorizationServer
from requests_oauth2client.web import User

HOME = """<p>Hello, {}.<p><a href="/profile">Your profile</a>
<form method=post action="/auth/logout"><button>Log out</button></form>"""


def make_app(issuer: str) -> FastAPI:
    """Make the site."""
    app = FastAPI()
    logins = Logins(store=MemoryStore(key=secrets.token_bytes(32)))  # of one process; RedisStore or SqlStore serve many
    auth = (os.environ.get("CLIENT_ID", "site"), os.environ.get("CLIENT_SECRET", "secret"))
    logins.add("main", issuer=issuer, auth=auth, scope="openid email offline_access")
    logins.mount(app)

    @app.get("/", response_class=HTMLResponse)
    async def home(user: Annotated[User | None, Depends(logins.user)]) -> str:
        return '<a href="/profile">Log in</a>' if user is None else HOME.format(user.subject)

    @app.get("/profile")
    async def profile(
        user: Annotated[User, Depends(logins.required)],
        api: Annotated[AsyncApiClient, Depends(logins.api(issuer))],  # its userinfo endpoint stands for your API
    ) -> dict[str, Any]:
        return (await api.get("userinfo")).json() | {"acr": user.acr}

    return app


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    with AuthorizationServer().listening() as server:
        uvicorn.run(make_app(os.environ.get("ISSUER", server.issuer)), port=port, log_level="warning")
