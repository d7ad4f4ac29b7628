"""What a run will take is said before it starts."""

import json
from pathlib import Path

import numpy as np
import pytest

from command_line import in_process
from polymodal.questions.estimate.estimate import estimate, estimate_of
from polymodal.training.planning.dry import DryRun
from polymodal.training.planning.forecast import Forecast
from polymodal.training.planning.room import Needs

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(160, 3))
    label = np.where(values[:, 0] + rng.normal(0, 0.3, 160) > 0, "up", "down")
    return {
        **{name: values[:, i].tolist() for i, name in enumerate("abc")},
        "label": label.tolist(),
    }


def _dry(seconds=100.0, fewest=2, disk=1000, limit=None):
    forecast = Forecast({"training": seconds, "scoring and report": 20.0}, 10, at_most=True)
    needs = Needs(1 << 20, disk={"bundle": disk})
    return DryRun("", forecast, needs, fewest, decoding_seconds=10.0, limit_seconds=limit)


def test_an_early_stop_widens_the_interval_down():
    found = estimate_of(_dry(), 15.0, Path("."))
    low, high = found.seconds_interval
    assert found.seconds == pytest.approx(126.0)
    assert low < 0.9 * (126 - 80) < found.seconds < high
    assert found.dominates == "training"
    assert estimate_of(_dry(fewest=10), 15.0, Path(".")).seconds_interval[0] > low


def test_a_time_limit_ends_the_interval():
    assert estimate_of(_dry(limit=130.0), 15.0, Path(".")).seconds_interval[1] == 130.0
    assert estimate_of(_dry(limit=900.0), 15.0, Path(".")).seconds_interval[1] > 130.0


def test_memory_of_an_accelerator_is_told_and_warned_of():
    full = Needs(1 << 20, device_bytes=95 << 20, device_limit=100 << 20)
    found = estimate_of(DryRun("", _dry().forecast, full), 15.0, Path("."))
    assert found.to_json()["device_bytes"] == 95 << 20
    assert "Memory of the accelerator: 0.1 GB." in found.sentences()
    assert "training.batch_size" in found.warnings[0]


def test_price_follows_time_and_what_does_not_fit_is_said():
    found = estimate_of(_dry(disk=1 << 60), 15.0, Path("."), price_per_hour=3.6)
    assert found.price == pytest.approx(0.126)
    assert "--out" in found.warnings[0]


def test_the_function_estimates_a_small_run(rows):
    found = estimate(rows, "label", training={"epochs": 3}, dim=16)
    assert found.epochs == 3
    assert found.peak_rss_bytes > 100e6
    assert found.disk["checkpoints"] > found.disk["bundle"] > 1000
    assert "training:" in found.recipe


def test_the_command_takes_the_options_of_train(rows, tmp_path):
    path = tmp_path / "t.csv"
    lines = [",".join(rows), *(",".join(map(str, row)) for row in zip(*rows.values(), strict=True))]
    path.write_text("\n".join(lines) + "\n")
    asked = (
        "estimate",
        "--data",
        path,
        "--target",
        "label",
        "--set",
        "training.epochs=2",
        "--set",
        "dim=16",
        "--no-baselines",
        "--price-per-hour",
        "2",
        "--out",
        tmp_path / "run",
    )
    found = json.loads(in_process(*asked, "--json").stdout)
    assert set(found) >= {"seconds", "seconds_interval", "peak_rss_bytes", "disk_bytes", "price"}
    assert found["seconds_interval"][0] < found["seconds"] < found["seconds_interval"][1]
    said = in_process(*asked).stdout
    assert "Time: " in said
    assert "Peak memory: " in said
    assert [one.name for one in tmp_path.iterdir()] == ["t.csv"]
