import keras
import numpy as np
import pytest

from polymodal.bundle.names import variable_names
from polymodal.training.steps.optimizer import averaged, decays, make_optimizer
from small_run import ArrayLoader, make_data, make_model, settings


def trained(steps, **changes):
    loader = ArrayLoader(*make_data(), 8)
    model = make_model(dropout=0)
    model(next(loader.epoch(0))[0])
    optimizer = make_optimizer(variable_names(model), settings(**changes), 100)
    optimizer.build(model.trainable_variables)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
    model.compile(optimizer, loss, jit_compile=False)
    for step in range(steps):
        model.train_on_batch(*loader.batch(0, step))
    return model, optimizer


def test_decay_leaves_out_biases_norms_and_embeddings():
    kernel, bias = keras.Variable(np.zeros((2, 3))), keras.Variable(np.zeros(3))
    assert decays("head.kernel", kernel)
    assert not decays("head.bias", bias)
    assert not decays("norm.gamma", bias)
    assert not decays("encoders.text.embedding.embeddings", kernel)


def test_decay_shrinks_only_what_decays():
    model = make_model(dropout=0)
    model({"input_0": np.ones((2, 6), "float32"), "input_0_mask": np.ones(2, bool)})
    names = variable_names(model)
    names["hidden.bias"].assign(np.ones(8))
    optimizer = make_optimizer(names, settings(weight_decay=0.5, warmup=0.0), 100)
    before = {name: np.array(keras.ops.convert_to_numpy(v)) for name, v in names.items()}
    optimizer.build(model.trainable_variables)
    zeros = [keras.ops.zeros(v.shape) for v in model.trainable_variables]
    optimizer.apply(zeros, model.trainable_variables)
    after = {name: keras.ops.convert_to_numpy(v) for name, v in names.items()}
    np.testing.assert_allclose(after["head.kernel"], before["head.kernel"] * (1 - 0.005), rtol=1e-5)
    np.testing.assert_array_equal(after["hidden.bias"], before["hidden.bias"])
    np.testing.assert_array_equal(after["norm.gamma"], before["norm.gamma"])


def test_averages_are_in_the_model_inside_the_block_only():
    model, optimizer = trained(5, average=0.5)
    current = np.array(keras.ops.convert_to_numpy(model.head.kernel))
    with averaged(optimizer):
        inside = np.array(keras.ops.convert_to_numpy(model.head.kernel))
    assert not np.allclose(inside, current)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(model.head.kernel), current)


def test_averages_leave_with_an_error_too():
    model, optimizer = trained(3, average=0.5)
    current = np.array(keras.ops.convert_to_numpy(model.head.kernel))
    with pytest.raises(RuntimeError), averaged(optimizer):
        raise RuntimeError
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(model.head.kernel), current)


def test_the_end_of_a_fit_leaves_the_weights_alone():
    model, optimizer = trained(3, average=0.5)
    current = np.array(keras.ops.convert_to_numpy(model.head.kernel))
    optimizer.finalize_variable_values(model.trainable_weights)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(model.head.kernel), current)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_it_goes_where_the_optimizer_of_keras_goes(accumulate):
    model, _ = trained(1)
    variables, names = model.trainable_variables, variable_names(model)
    start = [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]
    ours = make_optimizer(
        names, settings(accumulate=accumulate, weight_decay=0.3, clip_norm=0.5), 100
    )
    theirs = keras.optimizers.AdamW(
        ours._learning_rate,
        weight_decay=0.3,
        global_clipnorm=0.5,
        gradient_accumulation_steps=accumulate if accumulate > 1 else None,
    )
    theirs.exclude_from_weight_decay([v for name, v in names.items() if not decays(name, v)])
    ends = []
    for optimizer in (ours, theirs):
        rng = np.random.default_rng(0)
        for variable, value in zip(variables, start, strict=True):
            variable.assign(value)
        optimizer.build(variables)
        for _ in range(6):
            optimizer.apply(
                [
                    keras.ops.convert_to_tensor(rng.normal(size=value.shape), "float32")
                    for value in start
                ],
                variables,
            )
        ends.append([np.array(keras.ops.convert_to_numpy(variable)) for variable in variables])
    for before, one, other in zip(start, *ends, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
        assert np.abs(one - before).max() > 1e-3


@pytest.mark.parametrize("scales", [{"blocks": 0.25}, {"blocks.0": 0.25, "": 1.0}])
def test_a_group_of_weights_has_a_learning_rate_of_its_own(scales):
    model = make_model(dropout=0)
    model({"input_0": np.ones((2, 6), "float32"), "input_0_mask": np.ones(2, bool)})
    names = variable_names(model)
    optimizer = make_optimizer(names, settings(weight_decay=0.1, warmup=0.0, clip_norm=None), 100)
    optimizer.build(model.trainable_variables)
    optimizer.scale_groups(names, {k: v for k, v in scales.items() if k})
    names["blocks.0.kernel"].assign(np.zeros((8, 8)))
    before = {name: np.array(keras.ops.convert_to_numpy(v)) for name, v in names.items()}
    ones = [keras.ops.ones(v.shape) for v in model.trainable_variables]
    optimizer.apply(ones, model.trainable_variables)
    moved = {
        name: np.abs(keras.ops.convert_to_numpy(v) - before[name]).mean()
        for name, v in names.items()
    }
    assert np.isclose(moved["blocks.0.bias"] / moved["head.bias"], 0.25, rtol=1e-4)
    assert np.isclose(moved["blocks.0.kernel"] / moved["head.bias"], 0.25, rtol=1e-4)
