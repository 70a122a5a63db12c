"""A FastAPI site for the tests: Starlette, with OpenAPI."""

from typing import Annotated, Any

import anyio
import httpx
from fastapi import Depends, FastAPI

from requests_oauth2client import AsyncApiClient
from requests_oauth2client.starlette import Logins
from requests_oauth2client.web import User

from .browsers import BASE, Wire


def application(providers: dict[str, dict[str, Any]], api: str, **options: Any) -> tuple[Logins, FastAPI]:
    app = FastAPI()
    logins = Logins(**options)
    for name, settings in providers.items():
        logins.add(name, **settings)
    logins.mount(app)

    @app.get("/")
    async def home(user: Annotated[User, Depends(logins.required)]) -> Any:
        return {"user": user.subject, "claims": dict(user.claims), "acr": user.acr}

    @app.get("/open")
    async def open_page(user: Annotated[User | None, Depends(logins.user)]) -> Any:
        return {"user": None if user is None else user.subject}

    @app.get("/things")
    async def things(
        _: Annotated[User, Depends(logins.required)], calls: Annotated[AsyncApiClient, Depends(logins.api(api))]
    ) -> Any:
        return (await calls.get("things")).json()

    @app.get("/whoami")
    async def whoami(
        _: Annotated[User, Depends(logins.required)], calls: Annotated[AsyncApiClient, Depends(logins.api(api))]
    ) -> Any:
        return (await calls.get("me")).json()

    @app.get("/unguarded")
    async def unguarded(calls: Annotated[AsyncApiClient, Depends(logins.api(api))]) -> Any:
        return (await calls.get("things")).json()

    @app.get("/strong")
    async def strong(user: Annotated[User, Depends(logins.requires(acr_values="urn:mfa", max_age=300))]) -> Any:
        return {"acr": user.acr}

    @app.post("/post")
    async def post(_: Annotated[User, Depends(logins.required)]) -> Any:
        return {}

    return logins, app


def build(providers: dict[str, dict[str, Any]], api: str, **options: Any) -> tuple[Logins, Wire]:
    base = options.pop("test_base", BASE)
    logins, app = application(providers, api, **options)

    def wire(method: str, path: str, headers: dict[str, str], form: Any | None) -> Any:
        async def ask() -> Any:
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url=base) as http:
                return await http.request(method, path, headers=headers, data=form)

        response = anyio.run(ask)
        return response.status_code, list(response.headers.multi_items()), response.text

    return logins, wire
