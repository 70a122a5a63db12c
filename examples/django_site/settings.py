"""The settings: those of every Django site, and four for logins."""  # noqa: INP001

import os

AUTH = (os.environ.get("CLIENT_ID", "site"), os.environ.get("CLIENT_SECRET", "secret"))
OAUTH2_LOGINS = {"main": {"issuer": os.environ["ISSUER"], "auth": AUTH, "scope": "openid email offline_access"}}
BASE = [f"django.contrib.{name}" for name in ("auth", "contenttypes", "sessions")]
INSTALLED_APPS = [*BASE, "requests_oauth2client.django"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "requests_oauth2client.django.LoginMiddleware",
]
AUTHENTICATION_BACKENDS = ["requests_oauth2client.django.LoginBackend"]
SECRET_KEY, DEBUG, ROOT_URLCONF = os.urandom(32).hex(), True, "urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}}
