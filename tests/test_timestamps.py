"""Timestamps: whatever form a time comes in, the tables hold it in one."""

from __future__ import annotations

import importlib.util
import math
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal

import pytest
from freezegun import freeze_time
from hypothesis import example, given, settings
from hypothesis import strategies as st

from foundups_logging import timestamps
from foundups_logging.timestamps import from_epoch, normalize, now, whole_text

FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")
YEAR_1, YEAR_9999 = -62135596800, 253402300799
seconds = st.floats(YEAR_1, YEAR_9999) | st.integers(YEAR_1, YEAR_9999)
near_now = st.floats(1_500_000_000, 2_000_000_000)


def expected(moment):
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


@pytest.fixture
def berlin(monkeypatch):
    """Local time is Berlin's: UTC+2 until 2025-10-26 03:00, then UTC+1."""
    if not hasattr(time, "tzset"):
        pytest.skip("local time can't be set here")
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        yield
    time.tzset()


@given(seconds)
@example(0.5)
@example(-0.5)
@example(-1)
@example(0.9999995)
@example(0.99999949999)
@example(math.nextafter(1761073600, 0))
@example(1761073599.9999998)
@example(1761073600.0000005)
@example(YEAR_9999)
@example(YEAR_1)
def test_epoch_seconds_read_as_python_reads_them_to_the_microsecond(moment):
    assert from_epoch(moment) == expected(datetime.fromtimestamp(moment, UTC))


@given(st.lists(near_now | seconds, max_size=20))
def test_what_was_formatted_before_makes_no_difference(moments):
    close = [moment + step for moment in moments for step in (0, 0.25, 0.9999997, -0.1) if moment + step <= YEAR_9999]
    for moment in close:
        if moment >= YEAR_1:
            assert from_epoch(moment) == expected(datetime.fromtimestamp(moment, UTC))


@pytest.mark.parametrize("before", [0.0, 0.5, -0.5])
def test_zero_below_zero_is_zero(before):
    from_epoch(before)
    assert from_epoch(-0.0) == "1970-01-01T00:00:00.000000+00:00"


@pytest.mark.parametrize("moment", [-1, -0.5, -0.0000005, 0, 0.5, -62135596800])
def test_the_first_timestamp_of_a_process_is_like_any_other(moment):
    spec = importlib.util.spec_from_file_location("fresh_timestamps", timestamps.__file__)
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    assert fresh.from_epoch(moment) == expected(datetime.fromtimestamp(moment, UTC))


@given(near_now)
def test_the_text_is_always_of_one_form_and_32_characters(moment):
    assert FORM.fullmatch(from_epoch(moment))
    assert len(from_epoch(moment)) == 32


@given(seconds, seconds)
def test_the_order_of_the_texts_is_the_order_of_the_times(one, other):
    if datetime.fromtimestamp(one, UTC) < datetime.fromtimestamp(other, UTC):
        assert from_epoch(one) < from_epoch(other)
    elif one == other:
        assert from_epoch(one) == from_epoch(other)


@pytest.mark.parametrize("moment", [math.nan, math.inf, -math.inf, 1e300, YEAR_9999 + 1, YEAR_1 - 1])
def test_seconds_outside_the_calendar_raise(moment):
    with pytest.raises((OverflowError, ValueError)):
        from_epoch(moment)


def test_threads_that_format_at_once_get_their_own_times():
    moments = [1_761_073_600 + number * 0.37 for number in range(4_000)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(from_epoch, moments, chunksize=7))
    assert found == [expected(datetime.fromtimestamp(moment, UTC)) for moment in moments]


@freeze_time("2025-10-21 19:06:40.230459")
def test_a_frozen_clock_gives_the_frozen_time():
    assert now() == "2025-10-21T19:06:40.230459+00:00"


def test_now_is_now():
    before = datetime.now(UTC).isoformat(timespec="microseconds")
    after = (datetime.now(UTC) + timedelta(seconds=60)).isoformat(timespec="microseconds")
    assert before[:-7] <= now() <= after


@pytest.mark.parametrize(
    "value",
    [
        "2025-10-21T19:06:40.230459+00:00",
        "2025-10-21T19:06:40.230459Z",
        1761073600.25,
        1761073600,
        0,
        -1.5,
        datetime(2025, 10, 21, 19, 6, 40, 230459, tzinfo=UTC),
    ],
)
def test_a_time_the_text_tells_whole_needs_nothing_beside_it(value):
    text, is_whole = normalize(value)
    assert FORM.fullmatch(text)
    assert is_whole
    assert whole_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2025-10-21T19:06:40+00:00", "2025-10-21T19:06:40.000000+00:00"),
        ("2025-10-21T19:06:40Z", "2025-10-21T19:06:40.000000+00:00"),
        ("2025-10-21 19:06:40.230+00:00", "2025-10-21T19:06:40.230000+00:00"),
        ("2025-10-21T21:06:40.230459+02:00", "2025-10-21T19:06:40.230459+00:00"),
        ("20251021T190640Z", "2025-10-21T19:06:40.000000+00:00"),
        ("2025-10-21T19:06:40.230459123Z", "2025-10-21T19:06:40.230459+00:00"),
        ("2025-W43-2T19:06:40Z", "2025-10-21T19:06:40.000000+00:00"),
        (1761073600230, "2025-10-21T19:06:40.230000+00:00"),
        (1761073600230.0, "2025-10-21T19:06:40.230000+00:00"),
        (10**11, "1973-03-03T09:46:40.000000+00:00"),
        (
            datetime(2025, 10, 21, 21, 6, 40, tzinfo=timezone(timedelta(hours=2))),
            "2025-10-21T19:06:40.000000+00:00",
        ),
    ],
)
def test_another_form_of_a_time_is_read_and_said_to_be_another(value, text):
    assert normalize(value) == (text, False)
    assert whole_text(value) is None


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2025-10-21T19:06:40", "2025-10-21T17:06:40.000000+00:00"),
        ("2025-12-21T19:06:40", "2025-12-21T18:06:40.000000+00:00"),
        ("2025-10-21", "2025-10-20T22:00:00.000000+00:00"),
        ("2025-10-26T02:30:00", "2025-10-26T00:30:00.000000+00:00"),  # twice that night: the first
        (datetime(2025, 10, 21, 19, 6, 40, 5), "2025-10-21T17:06:40.000005+00:00"),  # noqa: DTZ001
        (datetime(2025, 10, 26, 2, 30, fold=1), "2025-10-26T01:30:00.000000+00:00"),  # noqa: DTZ001
        (date(2025, 10, 21), "2025-10-20T22:00:00.000000+00:00"),
    ],
)
def test_a_time_without_an_offset_is_local_time(value, text):
    assert normalize(value) == (text, False)


@pytest.mark.usefixtures("berlin")
def test_an_offset_or_epoch_seconds_have_nothing_to_do_with_local_time():
    assert normalize("2025-10-21T19:06:40Z")[0] == "2025-10-21T19:06:40.000000+00:00"
    assert normalize(1761073600)[0] == "2025-10-21T19:06:40.000000+00:00"


class NoOffset(tzinfo):
    """A tzinfo whose methods raise, as those of the bare base class do."""


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        "",
        "junk",
        "yesterday",
        "1761073600",
        "2025-13-01",
        "2025-10-21T25:00",
        "2025-10-21T19:06:40.230459+00:00 ",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2025-10-21\0",
        "\ud800",
        math.nan,
        math.inf,
        -math.inf,
        1e300,
        10**400,
        b"2025-10-21",
        Decimal(5),
        [2025, 10, 21],
        {"year": 2025},
        object(),
        timedelta(1),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))),
        datetime(2025, 1, 1, tzinfo=NoOffset()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_time_is_none(value):
    assert normalize(value) is None
    assert whole_text(value) is None


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)))  # noqa: DTZ001
@settings(deadline=None)
def test_a_datetime_object_and_its_text_are_one_moment(moment):
    assert normalize(moment)[0] == expected(moment)
    assert normalize(moment.isoformat())[0] == expected(moment)


@given(st.datetimes(timezones=st.just(UTC)))
def test_the_tables_own_text_is_read_as_itself(moment):
    assert normalize(expected(moment)) == (expected(moment), True)


@given(st.text() | st.from_regex(r"\d{4}-?\d\d-?\d\d([T ]\d\d(:?\d\d)?)?([+-]\d\d(:?\d\d)?|Z)?", fullmatch=True))
@settings(deadline=None)
def test_no_text_makes_it_raise(text):
    found = normalize(text)
    assert found is None or FORM.fullmatch(found[0])


@given(st.floats() | st.integers())
@example(1761073600.2304592)
def test_a_number_said_to_be_told_whole_can_be_told_from_the_text(number):
    found = normalize(number)
    if found is not None and found[1]:
        assert datetime.fromisoformat(found[0]).timestamp() == number
