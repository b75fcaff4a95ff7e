"""Errors, identities, keys, events and the choice of an agreement."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sonobridge.billing.v1 import events_pb2
from sonobridge.directory.v1 import directory_pb2 as pb

from services.shared import errors
from services.shared.clock import uuid7
from services.shared.directory_copy import in_force
from services.shared.errors import Forbidden, NotFound, SonoBridgeError, by_code
from services.shared.events import Event, MalformedEvent, from_record
from services.shared.tenancy import Principal, object_key, owner_of_key


def test_every_error_has_an_http_status_a_grpc_code_and_a_title_and_is_found_again_by_its_name() -> None:
    classes = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, SonoBridgeError)]
    assert len(classes) > 10
    for cls in classes:
        assert 400 <= cls.status < 600 and cls.grpc_code and len(cls.title()) > 10
        assert by_code(cls.code()) is cls


def test_an_error_that_this_version_does_not_know_is_a_fault_of_the_platform() -> None:
    assert by_code("FromTheFuture") is SonoBridgeError


def test_identifiers_sort_by_the_time_they_were_made() -> None:
    made = [uuid7() for _ in range(100)]
    assert len(set(made)) == 100
    assert {one.version for one in made} == {7}
    assert [one.int >> 80 for one in made] == sorted(one.int >> 80 for one in made)


def test_an_object_key_begins_with_its_owner() -> None:
    owner = uuid4()
    assert owner_of_key(object_key(owner, "1.2.3", "4.5")) == owner


@pytest.mark.parametrize("part", ["", "..", ".", "a/b"])
def test_an_object_key_never_leaves_its_owners_folder(part: str) -> None:
    with pytest.raises(ValueError):
        object_key(uuid4(), part)


def test_a_role_is_asked_of_people_and_machines_but_not_of_a_platform_service() -> None:
    person = Principal("s", "u", "d", uuid4(), "a", frozenset({"expert"}))
    person.require("clinic_staff", "expert")
    with pytest.raises(Forbidden, match="billing_admin"):
        person.require("billing_admin")
    Principal("s", "u", "d", uuid4(), "a", frozenset(), service=True).require("billing_admin")


@given(type=st.text(min_size=1), key=st.text(), body=st.binary(), traceparent=st.text())
def test_an_event_is_read_back_as_it_was_written(type: str, key: str, body: bytes, traceparent: str) -> None:
    event = Event(uuid4(), type, "/s", key, uuid4(), datetime(2026, 1, 2, tzinfo=UTC), body, traceparent)
    headers = {name: value.encode("utf-8", "surrogatepass") for name, value in event.headers().items()}
    try:
        again = from_record(key.encode("utf-8", "surrogatepass"), headers, body)
    except MalformedEvent:
        assert any("\ud800" <= sign <= "\udfff" for sign in type + key + traceparent)
    else:
        assert again == event


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("ce_id", b"x", "cannot be read"),
        ("ce_time", b"later", "cannot be read"),
        ("ce_type", None, "ce_type is missing"),
    ],
)
def test_a_record_that_is_no_event_says_why(name: str, value: bytes | None, reason: str) -> None:
    event = Event(uuid4(), "t", "/s", "k", uuid4(), datetime(2026, 1, 2, tzinfo=UTC), b"")
    headers = {key: text.encode() for key, text in event.headers().items()} | {name: value or b""}
    if value is None:
        del headers[name]
    with pytest.raises(MalformedEvent, match=reason):
        from_record(b"k", headers, b"")


def test_a_body_of_another_kind_is_malformed() -> None:
    event = Event(uuid4(), "t", "/s", "k", uuid4(), datetime(2026, 1, 2, tzinfo=UTC), b"\xff\xff\xff")
    with pytest.raises(MalformedEvent, match="the body is no"):
        event.decode(events_pb2.UsageRecorded)


def agreement(valid_from: str, valid_until: str = "", version: int = 1, body_part: str = "*") -> pb.Agreement:
    service = pb.Service(modality="US", body_part=body_part)
    return pb.Agreement(valid_from=valid_from, valid_until=valid_until, version=version, services=[service])


def test_the_version_in_force_on_the_day_is_chosen() -> None:
    first, second = agreement("2026-01-01", "2026-07-01"), agreement("2026-07-01", version=2)
    assert in_force([second, first], "US", "HEAD", date(2026, 6, 30)) == first
    assert in_force([first, second], "US", "HEAD", date(2026, 7, 1)) == second


def test_an_agreement_for_a_body_part_covers_that_one_alone() -> None:
    heart = agreement("2025-01-01", body_part="HEART")
    assert in_force([heart], "US", "HEART", date(2026, 6, 30)) == heart
    assert in_force([heart], "US", "LIVER", date(2026, 6, 30)) is None


def test_a_later_version_that_covers_less_ends_what_the_earlier_one_covered() -> None:
    wide, narrow = agreement("2026-01-01"), agreement("2026-07-01", version=2, body_part="HEART")
    assert in_force([wide, narrow], "US", "LIVER", date(2026, 7, 1)) is None


def test_no_agreement_covers_another_modality_or_another_day() -> None:
    only = agreement("2026-01-01", "2026-02-01")
    assert in_force([only], "CT", "HEAD", date(2026, 1, 1)) is None
    assert in_force([only], "US", "HEAD", date(2025, 12, 31)) is None
    assert in_force([only], "US", "HEAD", date(2026, 2, 1)) is None


@given(st.integers(0, 400), st.integers(1, 400))
def test_an_agreement_is_in_force_exactly_on_its_days(begin: int, days: int) -> None:
    start = date(2026, 1, 1) + timedelta(begin)
    end = start + timedelta(days)
    one = agreement(start.isoformat(), end.isoformat())
    for day in (start - timedelta(1), start, end - timedelta(1), end):
        assert (in_force([one], "US", "HEAD", day) is not None) == (start <= day < end)


def test_not_found_says_nothing_but_that() -> None:
    assert NotFound().detail == "There is no such thing"
