import json

import keras
import pytest

from polymodal.training.steps import measure
from polymodal.training.steps.measure import Decision, decide
from small_run import ArrayLoader, Task, make_data, make_model, settings

ENGINE = keras.backend.backend()
needs_tensorflow = pytest.mark.skipif(ENGINE != "tensorflow", reason="TensorFlow chooses jit")


def loader():
    return ArrayLoader(*make_data(20), 8)


def refuse():
    raise AssertionError("nothing needed to be measured")


def test_what_is_asked_for_is_not_measured(tmp_path):
    found = decide(
        None, refuse, Task(), loader(), settings(precision="float32", jit=False), tmp_path
    )
    assert found == Decision("float32", False, "asked for")


def test_the_decision_of_a_run_is_kept(tmp_path):
    kept = {"precision": "mixed_bfloat16", "jit": True, "reason": "measured"}
    (tmp_path / "decision.json").write_text(json.dumps(kept))
    assert decide(None, refuse, Task(), loader(), settings(), tmp_path) == Decision(**kept)


def test_short_runs_are_not_worth_measuring(tmp_path):
    found = decide(
        make_model(), make_model, Task(), loader(), settings(precision="auto"), tmp_path / "run"
    )
    assert found.precision == "float32"
    assert found.jit == (ENGINE == "jax")
    assert "too short to measure" in found.reason
    assert json.loads((tmp_path / "run/decision.json").read_text())["jit"] == found.jit


@pytest.fixture
def long_run(monkeypatch):
    monkeypatch.setattr(measure, "_rough_step", lambda forward, train: 2.0)


@needs_tensorflow
@pytest.mark.parametrize(
    ("fastest", "expected"),
    [
        (("float32", False), ("float32", False)),
        (("float32", True), ("float32", True)),
        (("mixed_bfloat16", True), ("mixed_bfloat16", True)),
    ],
)
def test_the_fastest_is_chosen_in_long_runs(
    tmp_path, long_run, monkeypatch, capsys, fastest, expected
):
    def timed(build, task, train, settings, precision, jit):
        return 10.0, 1.0 if (precision, jit) == fastest else 2.0

    monkeypatch.setattr(measure, "_time", timed)
    found = decide(
        make_model(), make_model, Task(), loader(), settings(epochs=400, precision="auto"), tmp_path
    )
    assert (found.precision, found.jit) == expected
    assert "1000.0 ms" in found.reason
    assert "Fastest step: " in capsys.readouterr().err


@needs_tensorflow
def test_compiling_that_takes_longer_than_it_saves_is_left_out(tmp_path, long_run, monkeypatch):
    monkeypatch.setattr(measure, "_time", lambda *a: (700.0, 0.5) if a[-1] else (1.0, 1.0))
    found = decide(
        make_model(),
        make_model,
        Task(),
        loader(),
        settings(epochs=400, precision="float32"),
        tmp_path,
    )
    assert not found.jit


def test_measuring_leaves_the_precision_as_it_was(tmp_path):
    before = keras.config.dtype_policy().name
    setup, step = measure._time(
        make_model, Task(), loader(), settings(), "mixed_bfloat16", ENGINE == "jax"
    )
    assert setup > 0
    assert step > 0
    assert keras.config.dtype_policy().name == before
