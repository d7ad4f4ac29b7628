"""Dates as people write them."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polymodal.tables.reading.dates import is_in_doubt, read_date, writes_order

FORMS = {
    "%Y-%m-%d": False,
    "%Y/%m/%d": False,
    "%Y.%m.%d": False,
    "%d.%m.%Y": True,
    "%d/%m/%Y": True,
    "%m/%d/%Y": False,
    "%d-%m-%Y": True,
    "%B %d, %Y": False,
    "%d %b %Y": False,
    "%d-%b-%Y": False,
    "%b %d %Y": False,
    "%a, %d %b %Y": False,
    "%m/%d/%y": False,
    "%d.%m.%y": True,
}
TIMES = {
    "": "",
    " %H:%M": "minutes",
    "T%H:%M:%S": "seconds",
    " %I:%M %p": "minutes",
    " %H:%M:%S": "seconds",
    "T%H:%M:%SZ": "seconds",
}


@settings(max_examples=200)
@given(
    st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(2068, 1, 1)),
    st.sampled_from(sorted(FORMS)),
    st.sampled_from(sorted(TIMES)),
)
def test_what_is_written_is_read(moment, form, time):
    kept = {"": {"hour": 0, "minute": 0, "second": 0}, "minutes": {"second": 0}, "seconds": {}}
    moment = moment.replace(microsecond=0, **kept[TIMES[time]])
    found = read_date(moment.strftime(form + time), FORMS[form])
    assert found is not None
    assert found.when == moment
    assert found.has_time is bool(time)


def test_time_zones_count_in_elapsed_days_only():
    east, west = read_date("2023-01-01T12:00:00+02:00"), read_date("2023-01-01 12:00 -0530")
    assert east.when == west.when == datetime.datetime(2023, 1, 1, 12)
    assert (west.days - east.days) * 24 == pytest.approx(7.5)


def test_objects():
    day, moment = datetime.date(2023, 1, 2), datetime.datetime(2023, 1, 2, 3, 4)
    assert read_date(day).has_time is False
    assert read_date(moment).when == moment
    assert read_date(day).days == read_date("2023-01-02").days
    aware = moment.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
    assert read_date(aware).when == moment


@pytest.mark.parametrize(
    "text",
    [
        "2023-13-01",
        "2023-02-30",
        "1.2.3",
        "12",
        "1/2",
        "10:30",
        "soon",
        "31/31/2023",
        "v1-2-2023",
        "2023-01-01 25:00",
        "1-2-3456789",
        "1/2/2023 13:00 PM",
        "192.168.1.1",
        "",
        "1" * 1000,
        5,
        None,
    ],
)
def test_what_is_no_date(text):
    assert read_date(text) is None


def test_months_without_a_day():
    assert read_date("2023-05").when == datetime.datetime(2023, 5, 1)
    assert read_date("1990-95") is None


def test_the_order_of_day_and_month():
    assert read_date("1/2/2023").when.month == 1
    assert read_date("1/2/2023", day_first=True).when.month == 2
    assert read_date("13/1/2023") is None
    assert [is_in_doubt(text) for text in ("1/2/2023", "2/2/2023", "13/1/2023", "2023-01-02")] == [
        True,
        False,
        False,
        False,
    ]
    assert writes_order("2/2/2023")
    assert not writes_order("2023-01-02")
