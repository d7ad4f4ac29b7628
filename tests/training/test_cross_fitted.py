"""Rows of train decide what is kept where too few are held out, by models that never saw them."""

import numpy as np
import pytest

from polymodal.core.contracts.named_task import task_of
from polymodal.core.contracts.task import Predictions
from polymodal.tables.table import read
from polymodal.training.cross_fitted import FEWEST, is_needed
from polymodal.training.run import train

SLOW = {"epochs": 1, "learning_rate": 1e-6}  # it learns nothing


def rows(count, seed):
    rng = np.random.default_rng(seed)
    kind = rng.integers(2, size=count)
    return {
        "size": (kind * 2 + rng.normal(size=count)).tolist(),
        "who": [f"speaker {row % 9}" for row in range(count)],
        "kind": np.where(kind > 0, "large", "small").tolist(),
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crossed") / "run"
    tables = {"train": read(rows(90, 0)), "test": read(rows(60, 1))}
    return train(
        tables,
        {"target": "kind", "dim": 8, "training": SLOW},
        folder,
        ignore=["who"],
        split="none",
        split_group="who",
        keep="better",
    )


def test_a_linear_model_is_kept_by_the_rows_of_train(run):
    assert run.kept == "logistic regression on columns"
    assert (run.keeping["split"], run.keeping["rows"]) == ("train", 90)
    assert (
        "90 rows of train, answered by models that never saw them, decided"
        in (run.keeping["sentence"])
    )
    assert run.keeping["sentence"].endswith("The rows of test score it and decided nothing.")
    assert (run.folder / "baselines" / "fold_2" / "model.json").is_file()


def test_few_rows_held_out_decide_nothing():
    def held(count):
        return {
            "val": Predictions(
                task_of({"name": "classification"}),
                ["x", "y"],
                np.arange(count),
                np.full((count, 2), 0.5),
                np.zeros(count, int),
                np.ones(count, bool),
                ["a"],
                np.ones((count, 1), bool),
            )
        }

    assert is_needed(held(FEWEST - 1), "val")
    assert not is_needed(held(FEWEST), "val")
    assert is_needed({}, "val")
