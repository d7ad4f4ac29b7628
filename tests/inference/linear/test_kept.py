"""A linear model that is kept has its answers chosen as those of a network are."""

import numpy as np
import pytest

from polymodal.bundle.write import write
from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.metrics import score
from polymodal.inference.linear.predictor import load_linear
from polymodal.media.kept import for_predictions
from polymodal.profile.profile import profile
from polymodal.recipe.infer import infer
from polymodal.recipe.recipe import from_dict
from polymodal.tables.table import read
from polymodal.training.keep import keep_linear
from polymodal.training.preparing.prepare import prepare
from polymodal.training.simple import simple_models

COUNTS = {"train": 400, "val": 1_000, "test": 600}
RARE = 0.12


def rows(count, seed):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        rare = int(rng.random() < RARE)
        yield {"size": float(rng.normal(2 * rare)), "kind": ["usual", "rare"][rare]}


def skewed(**training):
    """Returns tables, Prepared, and what a network that knows nothing says of each split."""
    tables = {
        name: read(list(rows(count, seed))) for seed, (name, count) in enumerate(COUNTS.items())
    }
    facts = {name: profile(table) for name, table in tables.items()}
    recipe = from_dict(infer(facts["train"], {"target": "kind", "training": training}).values)
    prepared = prepare(recipe, facts)
    labels = list(prepared.target.labels)
    found = {}
    for split in ("test", "val"):
        count = COUNTS[split]
        targets = np.array([labels.index(cell) for cell in tables[split].values("kind")])
        found[split] = Predictions(
            prepared.task,
            labels,
            np.arange(count),
            np.full((count, 2), 0.5),
            targets,
            np.ones(count, bool),
            ["tabular"],
            np.ones((count, 1), bool),
        )
    return tables, prepared, found


def keep(folder, linear, found, tables, prepared):
    """Returns what a linear model says that is kept in place of a network; here of itself."""
    (folder / "checkpoints").mkdir()  # as training leaves it
    write(folder, linear.answers.spec(), linear.answers.arrays(), linear.answers.states())
    return keep_linear(linear, found, tables, for_predictions(), folder, (), prepared)[1]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    tables, prepared, found = skewed()
    models = simple_models(prepared, found)
    return folder, tables, models, keep(folder, models[0], found, tables, prepared)


def test_rare_classes_are_chosen_where_validation_rows_say_so(kept):
    folder, tables, _, said = kept
    again = load_linear(folder)
    assert again.decision.kind in ("logit_adjustment", "thresholds")
    assert again.decision.split == "val"
    answers = again.predict(tables["test"], scored=True)
    np.testing.assert_array_equal(answers.answers, said["test"].answers)
    plain = again.decision.__class__("most_probable", (0.0, 0.0))(answers)
    assert score(answers)["f1_macro"] > score(plain)["f1_macro"] + 0.02


def test_simple_models_are_compared_with_answers_that_are_chosen_too(kept):
    _, _, models, _ = kept
    linear, boosted = models
    assert linear.held_out.chosen is not None
    assert linear.predictions.chosen is not None
    assert boosted.held_out is not None


def test_what_training_added_for_rare_classes_is_not_taken_off_a_linear_model(tmp_path):
    tables, prepared, found = skewed(imbalance="logit_adjustment", decision="most_probable")
    linear = simple_models(prepared, found)[0]
    said = keep(tmp_path, linear, found, tables, prepared)
    assert load_linear(tmp_path).decision is None
    assert said["test"].chosen is None
