"""8 rows a step, 2 x 4 and 4 x 2 rows give the same weights and the same learning rates."""

import keras
import numpy as np
import pytest

from polymodal.bundle.names import variable_names, weight_names
from polymodal.bundle.weights import values
from polymodal.training.loop.fit import begin
from polymodal.training.steps.optimizer import make_optimizer
from small_run import ArrayLoader, Task, make_data, make_model, settings


def train(folder, batch_size, accumulate, **changes):
    model = make_model(dropout=0, norm=False)
    loader = ArrayLoader(*make_data(29), batch_size, accumulate)  # the last 8 rows are 5
    chosen = settings(batch_size=batch_size, accumulate=accumulate, warmup=0.3, **changes)
    result = begin(model, Task(), loader, None, chosen, folder).complete()
    return result, values(weight_names(model))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return train(tmp_path_factory.mktemp("whole"), 8, 1)


@pytest.mark.parametrize(("batch_size", "accumulate"), [(4, 2), (2, 4)])
def test_ragged_rows_train_the_same_in_parts(whole, tmp_path, batch_size, accumulate):
    result, weights = train(tmp_path, batch_size, accumulate)
    for name, array in whole[1].items():
        np.testing.assert_allclose(weights[name], array, atol=1e-5)
    rates = [[entry["learning_rate"] for entry in r.history] for r in (result, whole[0])]
    np.testing.assert_allclose(rates[0], rates[1], rtol=1e-6)


def test_learning_rates_are_equal_at_every_update():
    rates = []
    for accumulate in (1, 2, 4):
        model = make_model(dropout=0, norm=False)
        loader = ArrayLoader(*make_data(29), 8 // accumulate, accumulate)
        model(loader.batch(0, 0)[0])
        optimizer = make_optimizer(
            variable_names(model), settings(accumulate=accumulate, warmup=0.3), 4
        )
        optimizer.build(model.trainable_variables)
        model.compile(optimizer, Task().loss(), jit_compile=False)
        seen = []
        for step in range(loader.steps(0)):
            if (step + 1) % accumulate == 0:
                seen.append(float(keras.ops.convert_to_numpy(optimizer.learning_rate)))
            model.train_on_batch(*loader.batch(0, step))
        rates.append(seen)
    np.testing.assert_allclose(rates[1], rates[0], rtol=1e-6)
    np.testing.assert_allclose(rates[2], rates[0], rtol=1e-6)
