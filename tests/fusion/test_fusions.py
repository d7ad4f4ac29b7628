"""What every fusion promises."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import check_layer as harness
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import find, names

VECTOR = ["concat", "gated", "low_rank", "tensor", "weighted_sum"]
ALL = [*VECTOR, "attention", "cross_attention", "crossmodal", "mean", "stepwise_concat"]
DIM = 8


def streams(rows=5, times=(6, 4, 1), seed=0):
    """Three streams; row 1 lacks the first, row 2 the second, row 3 the third, row 4 all."""
    rng, arrays = np.random.default_rng(seed), {}
    for index, (name, time) in enumerate(zip(("image", "sound", "text"), times, strict=True)):
        mask = np.arange(time) < rng.integers(1, time + 1, (rows, 1))
        mask[index + 1] = False
        mask[4:] = False
        arrays[name] = rng.normal(size=(rows, time, DIM)).astype("float32") * mask[..., None]
        arrays[name + "_mask"] = mask
    return arrays


def run(fusion, arrays, training=False):
    tokens, mask = harness.call_fusion(fusion, arrays, training)
    return keras.ops.convert_to_numpy(tokens), keras.ops.convert_to_numpy(mask)


def test_every_fusion_is_tested_here():
    apart = ["interleaved", "single", "tiled"]  # of conversations, and of one input alone
    assert sorted([*ALL, *apart]) == list(names("fusion"))


@pytest.mark.parametrize("name", ALL)
def test_fusion_passes_the_harness(name):
    arrays = streams(times=(6, 4, 3))
    given = {"num_layers": 1} if name == "crossmodal" else {}
    if name in ("cross_attention", "crossmodal"):  # two streams have all parts, in a third of time
        arrays = {key: array for key, array in arrays.items() if not key.startswith("text")}
    harness.check_layer(lambda: find("fusion", name)(DIM, **given), arrays, harness.call_fusion)


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in VECTOR if name != "gated"]


@pytest.mark.parametrize("name", ["gated", *SLOW])
def test_stepwise_fusion_passes_the_harness(name):
    arrays = streams(times=(6, 6, 6))
    harness.check_layer(
        lambda: find("fusion", name)(DIM, stepwise=True), arrays, harness.call_fusion
    )


@pytest.mark.parametrize("name", ALL)
def test_one_stream_alone_can_be_fused(name):
    arrays = {k: v for k, v in streams().items() if k.startswith("image")}
    tokens, mask = run(find("fusion", name)(DIM), arrays)
    assert np.isfinite(tokens).all()
    assert mask.any(1).tolist() == [True, False, True, True, False]


@pytest.mark.parametrize("name", ALL)
def test_a_missing_modality_differs_from_a_zero_one(name):
    fusion = find("fusion", name)(DIM, dropout=0.0)
    arrays = streams()
    run(fusion, arrays)
    rng = np.random.default_rng(0)
    for variable in fusion.trainable_variables:  # as after training: nothing stays at its start
        variable.assign_add(0.3 * rng.normal(size=variable.shape))
    zero = {**arrays, "sound": np.zeros_like(arrays["sound"])}
    missing = {**zero, "sound_mask": np.zeros_like(zero["sound_mask"])}
    (one, one_mask), (other, other_mask) = run(fusion, zero), run(fusion, missing)
    difference = (one * one_mask[..., None] - other * other_mask[..., None]).sum(1)[0]
    assert np.abs(difference).max() > 1e-2


@pytest.mark.parametrize("name", VECTOR)
def test_vector_fusions_give_one_token_that_is_real_when_anything_is(name):
    tokens, mask = run(find("fusion", name)(DIM), streams())
    assert tokens.shape == (5, 1, DIM)
    assert mask[:, 0].tolist() == [True, True, True, True, False]


@pytest.mark.parametrize("name", ALL)
def test_the_order_of_the_streams_does_not_matter(name):
    fusion, arrays = find("fusion", name)(DIM), streams()
    expected = run(fusion, arrays)[0]
    turned = {k: arrays[k] for k in sorted(arrays, reverse=True)}
    np.testing.assert_allclose(run(fusion, turned)[0], expected, atol=1e-6)


@pytest.mark.parametrize("name", ALL)
def test_a_stream_of_another_width_is_refused(name):
    arrays = streams()
    arrays["text"] = np.concatenate([arrays["text"]] * 2, axis=-1)
    with pytest.raises(RecipeError, match=r'needs streams of width 8. Got "text" of width 16'):
        run(find("fusion", name)(DIM), arrays)


def test_gates_are_checked():
    with pytest.raises(RecipeError, match=r'GatedFusion needs gates .* Got "hard"'):
        find("fusion", "gated")(DIM, gates="hard")
    with pytest.raises(RecipeError, match=r'activation to be tanh or linear. Got "x"'):
        find("fusion", "gated")(DIM, activation="x")


@pytest.mark.slow
def test_sigmoid_gates_pass_the_harness():
    harness.check_layer(
        lambda: find("fusion", "gated")(DIM, gates="sigmoid"), streams(), harness.call_fusion
    )


def test_rank_is_checked():
    with pytest.raises(RecipeError, match=r"LowRankFusion needs rank >= 1. Got 0"):
        find("fusion", "low_rank")(DIM, rank=0)


def test_factor_width_is_checked():
    with pytest.raises(RecipeError, match=r"TensorFusion needs factor_dim >= 1. Got 0"):
        find("fusion", "tensor")(DIM, factor_dim=0)


def test_tensor_fusion_refuses_what_would_not_fit():
    arrays = streams()
    many = {f"i{n:02d}{end}": arrays["image" + end] for n in range(11) for end in ("", "_mask")}
    with pytest.raises(RecipeError, match=r"at most 10 inputs. Got 11.* Use fusion: low_rank"):
        run(find("fusion", "tensor")(DIM), many)


def test_unknown_alignment_is_refused():
    with pytest.raises(RecipeError, match=r'needs align to be one of steps, stretch. Got "x"'):
        find("fusion", "concat")(DIM, align="x")


def test_axis_must_name_a_stream():
    with pytest.raises(RecipeError, match=r'one of the inputs image, sound, text. Got "video"'):
        run(find("fusion", "stepwise_concat")(DIM, axis="video"), streams())


def test_guided_pooling_passes_the_harness():
    arrays = streams(times=(6, 4, 3))
    make = lambda: find("fusion", "gated")(DIM, pooling="guided", activation="linear")
    harness.check_layer(make, arrays, harness.call_fusion)


def test_guided_pooling_finds_the_place_that_another_stream_asks_for():
    """Each place holds a key and a value; the other stream names the key, the answer is the value.

    Pooling that does not know the question can say no more than which values there are.
    """
    rng = np.random.default_rng(0)
    rows, places = 512, 4
    keys = np.stack([rng.permutation(places) for _ in range(rows)])
    values, asked = rng.integers(0, 4, (rows, places)), rng.integers(0, places, rows)
    tokens = np.concatenate([np.eye(4)[keys], np.eye(4)[values]], axis=-1).astype("float32")
    question = np.concatenate([np.eye(4)[asked], np.zeros((rows, 4))], -1)[:, None]
    answer = values[np.arange(rows), (keys == asked[:, None]).argmax(1)]
    keras.utils.set_random_seed(0)
    inputs = [keras.Input((places, 8)), keras.Input((1, 8))]
    widened = [keras.layers.Dense(16)(x) for x in inputs]
    masks = [keras.ops.any(keras.ops.not_equal(x, 0), axis=-1) for x in inputs]
    fusion = find("fusion", "gated")(16, pooling="guided", dropout=0.0)
    fused, _ = fusion({"picture": (widened[0], masks[0]), "question": (widened[1], masks[1])})
    model = keras.Model(inputs, keras.layers.Dense(4)(fused[:, 0]))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    model.fit([tokens, question.astype("float32")], answer, epochs=40, batch_size=64, verbose=0)
    fresh = model.evaluate([tokens, question.astype("float32")], answer, verbose=0)[1]
    assert fresh > 0.95
