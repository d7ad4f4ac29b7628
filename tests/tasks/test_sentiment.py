"""Sentiment: which kind is meant, what its scores are, and that it learns."""

import json

import numpy as np
import pytest

from polymodal.core.contracts.named_task import task_of
from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import DataError, RecipeError
from polymodal.evaluation.metrics import score
from polymodal.evaluation.store import read_predictions, write_predictions
from polymodal.recipe.infer import infer
from polymodal.tables.group import group_rows
from polymodal.tables.table import read
from polymodal.tasks.sentiment import IntensitiesTarget

MOODS = {"name": "sentiment", "scale": "intensity"}


def intensities(truth, guess):
    count = len(truth)
    return Predictions(
        task_of(MOODS),
        [],
        np.arange(count),
        np.array(guess, float),
        np.array(truth, float),
        np.ones(count, bool),
        ["text"],
        np.ones((count, 1), bool),
        num_rows=count,
    )


def test_intensity_scores_equal_those_counted_by_hand():
    found = score(intensities([-2, -0.4, 0, 0, 1.2, 3], [-1.4, 0.2, -0.2, 0.6, 1.4, 3.7]))
    # Signs of all six, zero with the positive ones: right are -2, the second 0, 1.2 and 3.
    assert found["accuracy_2_nonnegative"] == pytest.approx(4 / 6)
    # Without the two zeros: right are -2, 1.2 and 3 of four.
    assert found["accuracy_2_positive"] == pytest.approx(3 / 4)
    # Negative: precision 1, recall 1/2, F1 2/3. Positive: precision 2/3, recall 1, F1 4/5.
    assert found["f1_macro_positive"] == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert found["f1_weighted_positive"] == pytest.approx((2 * 2 / 3 + 2 * 4 / 5) / 4)
    # Negative: 1 of 2 said, 1 of 2 there. Others: 3 of 4, 3 of 4.
    assert found["f1_macro_nonnegative"] == pytest.approx((1 / 2 + 3 / 4) / 2)
    # Whole numbers -2, 0, 0, 0, 1, 3 against -1, 0, 0, 1, 1, 3: 3.7 counts as 3.
    assert found["accuracy_7"] == pytest.approx(4 / 6)
    assert found["mae"] == pytest.approx((0.6 + 0.6 + 0.2 + 0.6 + 0.2 + 0.7) / 6)
    assert found["pearson"] == pytest.approx(
        np.corrcoef([-2, -0.4, 0, 0, 1.2, 3], [-1.4, 0.2, -0.2, 0.6, 1.4, 3.7])[0, 1]
    )


def test_intensity_scores_equal_those_of_scikit_learn_on_a_generated_table():
    from sklearn.metrics import accuracy_score, f1_score

    rng = np.random.default_rng(3)
    truth = np.round(rng.uniform(-3, 3, 400) * 2) / 2
    guess = truth + rng.normal(0, 1, 400)
    found, apart = score(intensities(truth, guess)), truth != 0
    assert found["accuracy_7"] == pytest.approx(
        accuracy_score(np.round(truth), np.round(np.clip(guess, -3, 3)))
    )
    for name, rows, real, said in (
        ("nonnegative", truth < 9, truth >= 0, guess >= 0),
        ("positive", apart, truth > 0, guess > 0),
    ):
        assert found[f"accuracy_2_{name}"] == pytest.approx(accuracy_score(real[rows], said[rows]))
        for way in ("weighted", "macro"):
            assert found[f"f1_{way}_{name}"] == pytest.approx(
                f1_score(real[rows], said[rows], average=way)
            )


def test_a_sign_that_never_occurs_has_no_score():
    assert "accuracy_2_positive" not in score(intensities([0, 0], [0.5, -0.5]))


def test_the_kind_survives_a_file(tmp_path):
    write_predictions(tmp_path / "said.npz", intensities([1, -1], [0.5, 0.5]))
    assert read_predictions(tmp_path / "said.npz").task == task_of(MOODS)


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([-2.4, 0.2, 1.0, 3.0], "intensity"),
        ([-3, -1, 0, 2], "intensity"),
        (["-1.5", "0.5", "1", "2"], "intensity"),
        ([-1, 0, 1, 1], "classes"),
        ([0, 1, 1, 0], "classes"),
        (["joy", "anger", "joy", "fear"], "classes"),
    ],
)
def test_the_target_says_whether_moods_are_classes(values, scale):
    table = read({"said": ["a b c d", "e f g h", "i j k l", "m n o p"], "mood": values})
    found = infer(table, {"target": "mood", "task": "sentiment"})
    assert found.values["task"] == {"name": "sentiment", "scale": scale, "context": "none"}
    assert any(
        f"sentiment as {'an ' * (scale == 'intensity')}{scale}" in reason
        for reason in found.reasons
    )


def conversations(**columns):
    return group_rows(
        read({"dialogue": [1, 1, 2, 2], "said": ["a b c", "d e f", "g h", "i j k"], **columns}),
        "dialogue",
    )


def test_conversations_give_context():
    table = conversations(mood=["joy", "fear", "joy", "joy"])
    given = {"target": "mood", "task": "sentiment", "group": "dialogue"}
    found = infer(table, given)
    assert found.values["task"]["context"] == "whole"
    assert found.values["sequence"] == {"name": "recurrent", "summary": True}
    causal = infer(table, given | {"task": {"name": "sentiment", "context": "causal"}})
    assert causal.values["sequence"] == {"name": "recurrent", "bidirectional": False}


def test_context_needs_conversations():
    table = read({"said": ["a b", "c d", "e f"], "mood": ["x", "y", "x"]})
    with pytest.raises(RecipeError, match="--group dialogue --order utterance"):
        infer(table, {"target": "mood", "task": {"name": "sentiment", "context": "whole"}})
    with pytest.raises(RecipeError, match="Leave out --group"):
        infer(
            conversations(mood=["x", "y", "x", "y"]),
            {
                "target": "mood",
                "group": "dialogue",
                "task": {"name": "sentiment", "context": "none"},
            },
        )
    with pytest.raises(RecipeError, match='Did you mean "intensity"'):
        task_of({"name": "sentiment", "scale": "intensty"})


def test_moods_are_never_inferred():
    table = read({"said": ["a b c", "d e f", "g h i"], "sentiment": ["good", "bad", "good"]})
    assert infer(table, {"target": "sentiment"}).values["task"] == "classification"


def test_intensities_of_steps_round_trip():
    target, other = IntensitiesTarget(), IntensitiesTarget()
    target.fit([[1.0, 3.0, None], None, ["2.0"]])
    other.restore(json.loads(json.dumps(target.state())))
    encoded = other.encode([3.0, None, 1.0])
    assert np.isnan(encoded[1])
    assert other.num_valid(encoded) == 2
    assert other.decode(encoded[[0, 2]]).tolist() == pytest.approx([3.0, 1.0])
    assert other.is_empty([None, None])
    with pytest.raises(DataError, match="needs a number"):
        other.encode([1.0, "loud"])


def test_speakers_are_kept_together_unless_few_say_everything():
    from polymodal.splits.together import together

    many = {"speaker": [row // 4 for row in range(40)], "video": [row // 2 for row in range(40)]}
    assert together(read(many))[0] == "speaker"
    few = many | {"speaker": ["Ann", "Bo"] * 20}
    column, told = together(read(few))
    assert column == "video"
    assert 'Values of "speaker" are on both sides' in told
    assert together(read({"said": ["a", "b"]})) == (None, "")
