"""The tables of identities and of `DjangoStore`."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Make both."""

    initial = True

    dependencies = (migrations.swappable_dependency(settings.AUTH_USER_MODEL),)

    operations = (
        migrations.CreateModel(
            name="StoredEntry",
            fields=[
                ("entry", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("fence", models.BigIntegerField(default=0)),
                ("data", models.BinaryField(null=True)),
                ("expires_at", models.FloatField(null=True)),
                ("owner", models.CharField(max_length=32, null=True)),
                ("locked_until", models.FloatField(null=True)),
            ],
            options={"db_table": "oauth2_logins_entry"},
        ),
        migrations.CreateModel(
            name="Identity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("issuer", models.CharField(max_length=255)),
                ("subject", models.CharField(max_length=255)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="oauth2_identities",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "identities",
                "constraints": [
                    models.UniqueConstraint(fields=("issuer", "subject"), name="oauth2_logins_identity_is_of_one_user")
                ],
            },
        ),
    )
