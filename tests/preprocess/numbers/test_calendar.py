"""The parts of a date as features."""

from __future__ import annotations

import json

import numpy as np
import pytest

from polymodal.core.fields import Fields
from polymodal.preprocess.numbers.calendar import Calendar
from polymodal.tables.reading.dates import read_date


def fitted(*texts):
    calendar = Calendar()
    calendar.fit([read_date(text) for text in texts])
    return calendar


def features(calendar, text):
    return dict(zip(calendar.features, calendar.encode(read_date(text)).tolist(), strict=True))


def test_a_date_becomes_its_parts():
    calendar = fitted("2022-01-03 06:00", "2023-04-04 18:30", "2024-08-07 00:00")
    found = features(calendar, "2023-04-04 18:30")
    assert abs(found["days since the first"]) < 0.1
    assert found["year"] == 0
    assert found["month, sine"] == pytest.approx(1)
    assert (found["Tuesday"], found["Monday"]) == (1, 0)
    assert found["hour, sine"] < -0.9


def test_what_never_varies_is_no_feature():
    assert fitted("2023-05-01", "2023-05-08").features == ["days since the first"]
    assert fitted("2023-05-01", "2023-05-01").features == []
    assert "hour, sine" not in fitted("2023-05-01", "2024-01-01").features


def test_a_date_far_away_is_bounded():
    calendar = fitted("2023-05-01", "2023-05-08")
    assert features(calendar, "9999-01-01")["days since the first"] == 10


def test_a_missing_date_is_masked():
    assert np.isnan(fitted("2023-05-01", "2023-05-08").encode(None)).all()
    assert fitted().features == []


def test_state_survives_json():
    calendar = fitted("2022-01-03 06:00", "2023-04-04 18:30")
    again = Calendar.restored(Fields(json.loads(json.dumps(calendar.state()))))
    moment = read_date("2022-11-11 11:11")
    assert again.features == calendar.features
    assert again.encode(moment).tolist() == calendar.encode(moment).tolist()
