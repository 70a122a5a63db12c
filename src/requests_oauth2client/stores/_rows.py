"""What the stores in SQL databases have in common: names of rows, and the clock of the database."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timezone

LONGEST_LOCK = 3600  # seconds: a lock that lasts longer is damage, and counts as free
MAX_NAME_SIZE = 64  # characters of an entry's name in the table
INSERTS = 5  # attempts to insert a row that others insert and delete at the same time
# Seconds since 1970 by the clock of the database. Others are asked for CURRENT_TIMESTAMP.
NOW = {
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)",
    "mysql": "UNIX_TIMESTAMP(SYSDATE(6))",
    "mariadb": "UNIX_TIMESTAMP(SYSDATE(6))",
    "mssql": "DATEDIFF_BIG(MICROSECOND, '1970-01-01', SYSUTCDATETIME()) / 1000000.0",
}


def row_name(entry: str) -> str:
    """Return an entry's name in the table: databases differ on case, spaces and length."""
    return entry if re.fullmatch(r"[0-9a-f]{64}", entry) else hashlib.sha256(entry.encode()).hexdigest()


def seconds_of(value: object) -> float:
    """Return what a database says of its clock as seconds since 1970."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=timezone.utc)).timestamp()  # noqa: UP017
    return float(str(value))
