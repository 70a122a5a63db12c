"""Who a user of a provider is here, and the table of `DjangoStore`."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ..stores._rows import MAX_NAME_SIZE

MAX_LENGTH = 255  # characters of a subject, as OpenID Connect says, and of an issuer


class Identity(models.Model):
    """A user of a provider is a user of this site: issuer and subject say which, and never an e-mail address."""

    issuer = models.CharField(max_length=MAX_LENGTH)
    subject = models.CharField(max_length=MAX_LENGTH)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="oauth2_identities")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """One user for each."""

        verbose_name_plural = "identities"
        constraints = (
            models.UniqueConstraint(fields=["issuer", "subject"], name="oauth2_logins_identity_is_of_one_user"),
        )

    def __str__(self) -> str:
        return f"{self.subject} of {self.issuer}"


class StoredEntry(models.Model):
    """An entry of a `DjangoStore`, encrypted: its data, its fencing number, and its lock."""

    entry = models.CharField(max_length=MAX_NAME_SIZE, primary_key=True)
    fence = models.BigIntegerField(default=0)
    data = models.BinaryField(null=True)
    expires_at = models.FloatField(null=True)
    owner = models.CharField(max_length=32, null=True)  # noqa: DJ001  no owner is not the empty string
    locked_until = models.FloatField(null=True)

    class Meta:
        """The name of the table, for its own statements."""

        db_table = "oauth2_logins_entry"

    def __str__(self) -> str:
        return str(self.entry)
