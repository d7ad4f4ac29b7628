"""The arithmetic of a forecast."""

import pytest

from polymodal.training.loop.rehearsal import Pace
from polymodal.training.planning.forecast import (
    Forecast,
    report_seconds,
    scoring_seconds,
    training_seconds,
)

PARTS = {"training": 100.0, "baselines": 50.0, "scoring and report": 8.0}


def test_a_forecast_names_all_that_will_run():
    assert Forecast(PARTS, 41).sentence() == (
        "Expected time: 2 min 38 s (training 1 min 40 s, 41 epochs; baselines 50 s; "
        "scoring and report 8.0 s)."
    )


def test_a_run_that_may_stop_earlier_has_a_maximum():
    said = Forecast(PARTS, 1, at_most=True).sentence()
    assert said.startswith("Expected time, at most: 2 min 38 s (training 1 min 40 s, 1 epoch; ")


def test_forecast_and_actual_stand_side_by_side():
    assert Forecast(PARTS, 41).to_json(150.123) == {
        "seconds": 158.0,
        "at_most": False,
        "epochs": 41,
        "parts": PARTS,
        "actual_seconds": 150.12,
    }
    assert "actual_seconds" not in Forecast(PARTS, 41).to_json()


def test_training_is_compiled_once_and_validated_after_each_epoch():
    pace = Pace(epoch=2.0, validation=1.0, compiling=5.0)
    assert training_seconds(pace, 10) == pytest.approx(5 + 1.05 * 30)
    assert training_seconds(pace, 0) == 0


def test_every_scored_row_is_checked_and_predicted():
    pace = Pace(tracing=1.0, row=0.1)
    assert scoring_seconds(pace, {"test": 10, "val": 20}, {"val": 2.0}) == pytest.approx(
        (1 + 1) + (1 + 2 + 2)
    )
    assert scoring_seconds(pace, {"test": 10}, {"test": 3.0}, times=2) == pytest.approx(1 + 2 * 4)


def test_a_report_takes_longer_for_more_rows():
    assert report_seconds(100_000) > report_seconds(100) > 0
