import keras
import numpy as np
import pytest

from polymodal.layers.dense import Dense


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("more", [{}, {"use_bias": False}, {"activation": "tanh"}])
def test_gives_what_the_dense_layer_of_keras_gives(steps, more):
    inputs = np.random.default_rng(0).normal(size=(4, steps, 6)).astype("float32")
    ours, theirs = Dense(5, **more), keras.layers.Dense(5, **more)
    ours.build(inputs.shape)
    theirs.build(inputs.shape)
    values = [np.random.default_rng(i).normal(size=w.shape) for i, w in enumerate(ours.weights)]
    ours.set_weights(values)
    theirs.set_weights(values)
    found, wanted = (keras.ops.convert_to_numpy(layer(inputs)) for layer in (ours, theirs))
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_single_step_has_the_gradient_of_many():
    tokens = np.random.default_rng(0).normal(size=(4, 1, 6)).astype("float32")
    changed = []
    for inputs in (tokens, np.concatenate([tokens, np.zeros_like(tokens)], axis=1)):
        layer = Dense(5, use_bias=False)
        model = keras.Sequential([keras.Input(inputs.shape[1:]), layer])
        layer.set_weights([np.full((6, 5), 0.1, "float32")])
        model.compile(keras.optimizers.SGD(1.0), keras.losses.MeanSquaredError(reduction="sum"))
        target = np.ones((*inputs.shape[:2], 5), "float32")
        model.train_on_batch(inputs, target)
        changed.append(keras.ops.convert_to_numpy(layer.kernel))
    assert np.abs(changed[0] - 0.1).max() > 0.1
    np.testing.assert_allclose(*changed, atol=1e-5)
