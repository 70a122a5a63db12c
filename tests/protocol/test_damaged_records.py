"""What is stored of a token may be damaged: it is read as a whole, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from requests_oauth2client import BearerToken, InvalidSerializedValue
from requests_oauth2client._renewal.records import Record, RecordSerializer

WRONG: list[Any] = ["5", 1.5, True, [], {}, 10**400, -(10**400), float("inf"), float("nan"), "x" * 10_000]


@pytest.mark.parametrize("name", ["lifetime", "pending", "replaced", "fence"])
@pytest.mark.parametrize("value", WRONG, ids=range(len(WRONG)))
@pytest.mark.parametrize("key", [None, bytes(32)])
def test_a_number_of_another_type_makes_a_record_unreadable(name: str, value: Any, key: bytes | None) -> None:
    serializer = RecordSerializer("entry", None if key is None else [key])
    data = serializer.dumps(Record(token=BearerToken("at"), **{name: value}))
    with pytest.raises(InvalidSerializedValue):
        serializer.loads(data)


@pytest.mark.parametrize("token", ["at", 5, [], {}, {"access_token": 5}])
def test_a_token_that_is_none_makes_a_record_unreadable(token: Any) -> None:
    class Plain(RecordSerializer):
        def fields_of(self, value: Record) -> dict[str, Any]:
            return {**super().fields_of(value), "token": token}

    with pytest.raises(InvalidSerializedValue):
        RecordSerializer("entry", None).loads(Plain("entry", None).dumps(Record()))


def test_a_record_of_2_0_is_read() -> None:
    class Before(RecordSerializer):
        def fields_of(self, value: Record) -> dict[str, Any]:
            fields = super().fields_of(value)
            return {name: fields[name] for name in ("entry", "token", "lifetime", "pending")}

    record = Record(token=BearerToken("at"), lifetime=60)
    assert RecordSerializer("entry", None).loads(Before("entry", None).dumps(record)) == record
