"""The estimators: rows in memory by one rule, and paths in the home folder."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas
import pytest

import polymodal as pm
from command_line import in_process

X = np.random.default_rng(0).normal(size=60)
Y = np.where(X > 0, "a", "b")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="module")
def model(home):
    return pm.Classifier("y", training={"epochs": 1}).fit({"x": X, "y": Y}, out="~/runs/a")


def test_arrays_and_series_are_columns(model):
    expected = model.predict([{"x": float(x)} for x in X[:3]])
    assert len(expected) == 3
    assert not any(answer["error"] for answer in expected)
    for rows in (
        {"x": X[:3]},
        {"x": pandas.Series(X[:3])},
        {"x": list(X[:3])},
        pandas.DataFrame({"x": X[:3]}),
        pm.read({"x": X[:3]}),
    ):
        assert model.predict(rows) == expected
    assert model.predict({"x": float(X[0])}) == model.predict({"x": X[0]}) == expected[:1]


def test_no_rows_have_no_answers(model):
    assert model.predict([]) == []


def test_evaluate_takes_the_same(model):
    found = model.evaluate({"x": X, "y": pandas.Series(Y)})
    assert found["rows"]["used"] == 60
    assert found["metrics"] == model.evaluate(pandas.DataFrame({"x": X, "y": Y}))["metrics"]


def test_paths_may_start_at_home(model, tmp_path):
    home = Path(os.environ["HOME"])
    (home / "t.csv").write_text("x\n0.5\n")
    in_process("predict", "~/runs/a", "--data=~/t.csv", "--out=~/p.csv", "--media-root=~/")
    assert (home / "p.csv").is_file()
    assert (pm.load("~/runs/a").predict({"x": X[:2]})) == model.predict({"x": X[:2]})
    saved = model.save("~/saved")
    assert saved.is_absolute()
    assert len(pm.load("~/saved").predict({"x": X[:2]})) == 2
