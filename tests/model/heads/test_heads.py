"""What every task promises, and the losses in numbers."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from polymodal.core.contracts.named_task import task_named
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import names
from polymodal.model.heads.captions import CaptionHead
from polymodal.model.heads.classes import ClassHead
from polymodal.model.heads.labels import LabelHead
from polymodal.model.heads.numbers import NumberHead
from polymodal.model.heads.step_classes import StepClassHead
from polymodal.model.heads.written import WritingHead


def loss(task, targets, logits, weights=None):
    return float(
        task.loss()(np.asarray(targets), np.asarray(logits, "float32"), sample_weight=weights)
    )


def test_tasks_are_found_by_name_and_the_model_is_none():
    expected = {"classification", "multilabel", "regression", "seq2seq", "sequence_labelling"}
    assert expected <= set(names("tasks"))
    assert task_named("classification").head is ClassHead


def test_loss_is_the_weighted_sum_over_rows():
    logits = np.log([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]])
    expected = 0.75 * np.log(2) - 0.25 * np.log(0.1)
    assert loss(ClassHead(3), [0, 2], logits, np.array([0.75, 0.25])) == pytest.approx(
        expected, rel=1e-5
    )


def test_label_smoothing_takes_its_share_evenly():
    logits = np.log([[0.5, 0.25, 0.25]])
    expected = 0.9 * np.log(2) + 0.1 * np.mean(-logits)
    assert loss(ClassHead(3, label_smoothing=0.1), [0], logits) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("task", [StepClassHead(2), WritingHead(2)])
def test_steps_of_weight_zero_do_not_count(task):
    logits = np.log([[[0.5, 0.5], [0.9, 0.1]]])
    assert loss(task, [[0, -1]], logits, np.array([[1.0, 0.0]])) == pytest.approx(
        np.log(2), rel=1e-5
    )


def test_multilabel_loss_is_the_mean_over_labels_and_never_overflows():
    assert loss(LabelHead(2), [[1, 0]], [[0.0, 0.0]]) == pytest.approx(np.log(2), rel=1e-5)
    assert loss(LabelHead(2), [[1, 0]], [[-500.0, 500.0]]) == pytest.approx(500, rel=1e-5)


@pytest.mark.parametrize(("error", "expected"), [("squared", 9.0), ("huber", 2.5)])
def test_regression_loss(error, expected):
    assert loss(NumberHead(1, error), [3.0], [[0.0]]) == pytest.approx(expected)


def test_regression_of_several_numbers_averages_over_them():
    assert loss(NumberHead(2, "squared"), [[1.0, 3.0]], [[0.0, 0.0]]) == pytest.approx(5.0)


def test_probabilities_are_safe_for_huge_logits():
    one = ClassHead(3).activate(np.array([[1e4, 0.0, -1e4]]))
    assert one.tolist() == [[1, 0, 0]]
    many = LabelHead(2).activate(np.array([[1e4, -1e4]]))
    assert many.tolist() == [[1, 0]]
    for task in (StepClassHead(4), WritingHead(4)):
        np.testing.assert_allclose(task.activate(np.ones((2, 3, 4))), 0.25)


def test_one_number_per_row_has_no_axis_of_its_own():
    assert NumberHead(1).activate(np.ones((4, 1))).shape == (4,)
    assert NumberHead(2).activate(np.ones((4, 2))).shape == (4, 2)


@pytest.mark.parametrize("make", [ClassHead, LabelHead, StepClassHead])
def test_label_smoothing_is_checked(make):
    with pytest.raises(RecipeError, match=rf"{make.__name__} needs 0 <= label_smoothing < 1"):
        make(3, label_smoothing=1.0)


@pytest.mark.parametrize(
    ("make", "count"), [(ClassHead, 1), (StepClassHead, 1), (LabelHead, 0), (NumberHead, 0)]
)
def test_number_of_outputs_is_checked(make, count):
    with pytest.raises(RecipeError, match=rf"{make.__name__} needs at least .* Got {count}"):
        make(count)


def test_error_of_regression_is_checked():
    with pytest.raises(RecipeError, match=r'huber or squared. Got "cubic"'):
        NumberHead(1, "cubic")


def test_a_sequence_that_is_not_aligned_needs_an_end():
    with pytest.raises(RecipeError, match=r"WritingHead needs end_id where outputs"):
        WritingHead(5, aligned=False)


def test_the_decoder_must_fit():
    with pytest.raises(RecipeError, match=r'a decoder that is aligned. Got "recurrent_attention"'):
        WritingHead(5, decoder="recurrent_attention")
    with pytest.raises(
        RecipeError,
        match=r"CaptionHead needs a decoder that is not aligned\. Got "
        '"recurrent"\\. Choose transformer or recurrent_attention',
    ):
        CaptionHead(5, end_id=4, decoder="recurrent")


def test_settings_of_the_decoder_are_its_arguments():
    task = CaptionHead(
        5, dim=8, end_id=4, decoder={"name": "recurrent_attention", "attention": "additive"}
    )
    assert type(task.head().attention).__name__ == "AdditiveAttention"
    assert (
        CaptionHead(5, dim=8, end_id=4, decoder={"name": "transformer", "num_layers": 3})
        .head()
        .get_config()["num_layers"]
        == 3
    )
    for settings, message in (
        ({"atention": "additive"}, 'Did you mean "attention"'),
        ({"attention": "aditive"}, "decoder.attention needs 'dot' or 'additive'. Got 'aditive'"),
        ({"kind": "ltsm"}, "decoder.kind needs 'gru' or 'lstm'. Got 'ltsm'"),
        ({"dim": 3}, 'No setting named "dim"'),
    ):
        with pytest.raises(RecipeError, match=message):
            CaptionHead(5, end_id=4, decoder={"name": "recurrent_attention", **settings})
    with pytest.raises(RecipeError, match=r"Decoders: .*transformer"):
        CaptionHead(5, end_id=4, decoder={"attention": "additive"})


@pytest.mark.parametrize("task", [ClassHead(3), LabelHead(3), NumberHead(3), StepClassHead(3)])
def test_heads_give_float32_and_the_bias_for_rows_without_anything(task):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        head = task.head()
        tokens = keras.random.normal((2, 4, 8))
        mask = keras.ops.convert_to_tensor(np.array([[True] * 4, [False] * 4]))
        logits = head(tokens, mask)
        head.logits.bias.assign([1.0, 2.0, 3.0])
        logits = keras.ops.convert_to_numpy(head(tokens, mask))
    finally:
        keras.config.set_dtype_policy(before)
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits[1], np.broadcast_to([1, 2, 3], logits[1].shape))
