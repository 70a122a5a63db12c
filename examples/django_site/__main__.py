"""A Django site that logs its users in: `python examples/django_site`, then open http://127.0.0.1:8000.

The provider is a test server on this machine; set ISSUER, CLIENT_ID and CLIENT_SECRET for yours, and register
http://127.0.0.1:8000/auth/main/callback there.
"""  # noqa: INP001  a script, not a package

import os
import tempfile

import django
from django.core.management import call_command

from requests_oauth2client.testing import AuthorizationServer

if __name__ == "__main__":
    with AuthorizationServer().listening() as server, tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("ISSUER", server.issuer)
        os.environ.update(DATABASE=f"{folder}/site.db", DJANGO_SETTINGS_MODULE="settings")
        django.setup()
        call_command("migrate", verbosity=0)
        call_command("runserver", os.environ.get("PORT", "8000"), use_reloader=False)
