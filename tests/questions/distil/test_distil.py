"""A student learns from a teacher's answers, is smaller, and is compared with it."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from command_line import in_process
from polymodal import Classifier, Regressor
from polymodal.core.contracts.named_task import task_named
from polymodal.core.errors import RecipeError
from polymodal.inference.predictor import load
from polymodal.layers.distillation_loss import DistillationLoss
from polymodal.layers.losses import CrossEntropy
from polymodal.questions.distil.cost import Cost, parse_budget
from polymodal.questions.distil.distil import Point, chosen, distil
from polymodal.questions.distil.student import scaled, student_of


def rows(count=160, seed=0):
    """A number and a word tell the class."""
    rng = np.random.default_rng(seed)
    value, word = rng.normal(size=count), rng.integers(2, size=count)
    return {
        "value": value.tolist(),
        "said": [f"it was {'cold' if w else 'warm'}" for w in word],
        "class": np.where(value + 2 * word > 1, "high", "low").tolist(),
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("distil")
    lines = rows()
    table = folder / "table.json"
    table.write_text(
        json.dumps(
            [dict(zip(lines, one, strict=True)) for one in zip(*lines.values(), strict=True)]
        )
    )
    Classifier("class", dim=32, training={"epochs": 12}).fit(table, out=folder / "teacher")
    return folder / "teacher"


def test_a_student_is_a_quarter_of_the_size_and_still_answers(run, tmp_path):
    found = distil(run, out=tmp_path / "small")
    teacher, student = found.points
    assert student.cost.parameters <= teacher.cost.parameters / 4
    assert student.cost.megabytes < teacher.cost.megabytes / 3
    assert student.score > 0.7
    assert student.difference.num_rows == 24
    assert load(tmp_path / "small").model.count_params() == student.cost.parameters
    json.dumps(found.to_json())


def test_a_pruned_student_starts_with_what_the_teacher_knows(run, tmp_path):
    epochs = []
    found = distil(
        run,
        out=tmp_path / "small",
        sizes=[0.5],
        how="prune",
        on_epoch=lambda entry: epochs.append(entry["accuracy"]),
    )
    teacher, student = found.points
    assert student.cost.parameters <= teacher.cost.parameters / 2
    assert len(epochs) <= 6
    assert epochs[0] > 0.6


def test_widths_shrink_and_a_frozen_encoder_stays(run):
    teacher = load(run)
    found = scaled(teacher.recipe, 0.5)
    assert found["dim"] == 16
    _, count = student_of(teacher, 0.5)
    assert count <= teacher.model.count_params() / 2
    with pytest.raises(RecipeError, match="smallest widths"):
        student_of(teacher, 0.0001)


def test_a_budget_chooses_the_best_that_fits():
    points = [
        Point(f"{size}", score, Cost(10, size, size), None, Path())
        for size, score in ((4, 0.9), (2, 0.8), (1, 0.85))
    ]
    task = task_named("classification")
    assert chosen(points, parse_budget("50MB"), task, "50MB").name == "4"
    assert chosen(points, parse_budget("3ms"), task, "3ms").name == "1"
    with pytest.raises(RecipeError, match=r"at least 1.00 MB and 1.000 ms.*smaller --size"):
        chosen(points, parse_budget("0.5MB"), task, "0.5MB")


def test_the_table_is_needed_where_the_run_does_not_name_it(run, tmp_path):
    shutil.copytree(run, tmp_path / "run", ignore=shutil.ignore_patterns("checkpoints"))
    done = in_process("distil", tmp_path / "run", "--out", tmp_path / "other", check=False)
    assert done.returncode == 1
    assert "Give it with --data" in done.stderr


def test_a_folder_in_use_is_never_written_to(run):
    before = (run / "weights.safetensors").read_bytes()
    done = in_process("distil", run, "--out", run, check=False)
    assert done.returncode == 1
    assert "needs a folder that is new or empty" in done.stderr
    assert (run / "weights.safetensors").read_bytes() == before


@pytest.mark.slow
def test_numbers_are_mixed_with_the_teachers(tmp_path):
    lines = {name: values[:40] for name, values in rows().items()}
    lines["class"] = lines["value"]
    lines["value"] = (np.array(lines["value"]) * 2).tolist()
    model = Regressor("class", dim=16, training={"epochs": 2})
    model.fit(lines, out=tmp_path / "teacher")
    found = distil(tmp_path / "teacher", out=tmp_path / "small", sizes=[0.5], data=lines)
    assert found.metric == "mae"


@pytest.mark.parametrize("text", ["50", "5 s", "MB"])
def test_a_budget_has_a_unit(text):
    with pytest.raises(RecipeError, match="50MB or 5ms"):
        parse_budget(text)


@pytest.mark.engine
def test_the_loss_is_that_of_the_teacher_and_of_the_label():
    logits = np.array([[2.0, 0.0, -1.0], [0.0, 1.0, 0.0]], "float32")
    labels = np.array([0, 2], "int32")
    teacher = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]], "float32")
    loss = DistillationLoss(CrossEntropy(), temperature=2.0, weight=0.25, reduction="none")
    both = np.concatenate([teacher, labels[:, None]], axis=1).astype("float32")
    scaled = logits / 2
    log = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
    hard = keras.ops.convert_to_numpy(CrossEntropy(reduction="none")(labels, logits))
    expected = 0.25 * 4 * -(teacher * log).sum(axis=1) + 0.75 * hard
    found = keras.ops.convert_to_numpy(loss(both, logits))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(loss(labels, logits)), hard, rtol=1e-5)
