"""A site as a process of its own: `python -m tests.web.worker flask`, with its settings as JSON on stdin.

It writes its port to stdout, and ends when its stdin is closed.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from requests_oauth2client.stores import FileStore, SqlStore, TokenStore


def store_of(settings: dict[str, Any]) -> TokenStore:
    key = bytes.fromhex(settings["key"])
    if settings["store"].startswith("postgresql"):
        import sqlalchemy

        return SqlStore(sqlalchemy.create_engine(settings["store"]), key=key)
    return FileStore(Path(settings["store"]), key=key)


def flask(settings: dict[str, Any]) -> None:
    from werkzeug.serving import make_server

    from . import flask_site

    app = flask_site.application(settings["providers"], settings["api"], store=store_of(settings))[1]
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(server.port, flush=True)  # noqa: T201  to the parent
    server.serve_forever()


def starlette(settings: dict[str, Any]) -> None:
    import socket

    import uvicorn

    from . import starlette_site

    app = starlette_site.application(settings["providers"], settings["api"], store=store_of(settings))[1]
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)  # noqa: T201  to the parent
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listening])


def django(settings: dict[str, Any]) -> None:
    from werkzeug.serving import make_server

    from . import django_places, django_site

    database = f"{settings['store']}.db"  # one for both processes
    django_places.migrate(database)
    store = django_places.open_store(database)
    app = django_site.application(settings["providers"], settings["api"], store=store)[1]
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(server.port, flush=True)  # noqa: T201  to the parent
    server.serve_forever()


def end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    given = json.loads(sys.stdin.readline())
    threading.Thread(target=end_with_stdin, daemon=True).start()
    {"flask": flask, "starlette": starlette, "django": django}[sys.argv[1]](given)
