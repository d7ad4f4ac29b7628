import keras
import numpy as np
import pytest

from polymodal.bundle import weights
from polymodal.bundle.names import optimizer_names, variable_names, weight_names
from polymodal.bundle.weights import load_into, save, values
from polymodal.core.errors import BundleError
from small_run import make_model

INPUTS = {"input_0": np.ones((2, 6), "float32"), "input_0_mask": np.ones(2, bool)}


def built(**arguments):
    model = make_model(**arguments)
    model(INPUTS)
    return model


def test_names_are_attribute_paths():
    assert sorted(variable_names(built())) == [
        "blocks.0.bias",
        "blocks.0.kernel",
        "dropout.seed_generator.state",
        "head.bias",
        "head.kernel",
        "hidden.bias",
        "hidden.kernel",
        "norm.beta",
        "norm.gamma",
        "norm.moving_mean",
        "norm.moving_variance",
    ]


def test_every_variable_has_one_name():
    model = built()
    assert {id(v) for v in variable_names(model).values()} == {id(v) for v in model.variables}


def test_weights_leave_out_the_states_of_random_generators():
    model = built()
    assert set(variable_names(model)) - set(weight_names(model)) == {"dropout.seed_generator.state"}


def test_layers_made_before_do_not_matter(tmp_path):
    first = built()
    save(tmp_path / "w.safetensors", values(weight_names(first)))
    for _ in range(3):
        keras.layers.Dense(4)
        built()
    second = built()
    for variable in second.weights:
        variable.assign(np.zeros(variable.shape))
    load_into(tmp_path / "w.safetensors", weight_names(second))
    outputs = [keras.ops.convert_to_numpy(model(INPUTS)) for model in (first, second)]
    np.testing.assert_array_equal(*outputs)


def test_large_weights_are_set_piece_by_piece(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "_PIECE", 40)  # bytes
    first, second = built(), built()
    save(tmp_path / "w.safetensors", values(weight_names(first)))
    load_into(tmp_path / "w.safetensors", weight_names(second))
    for one, other in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_cells_wrappers_and_dictionaries_are_walked():
    class Nested(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoders = {"text": keras.layers.Bidirectional(keras.layers.LSTM(2))}
            self.stack = (keras.layers.RNN([keras.layers.GRUCell(2), keras.layers.LSTMCell(2)]),)

        def call(self, inputs):
            x = self.encoders["text"](inputs)
            return self.stack[0](keras.ops.expand_dims(x, 1))

    model = Nested()
    model(np.ones((1, 3, 2), "float32"))
    found = weight_names(model)
    assert "encoders.text.forward_layer.cell.recurrent_kernel" in found
    assert "stack.0.cell.cells.0.bias" in found
    assert {id(v) for v in found.values()} <= {id(v) for v in model.variables}


def test_sequential_and_functional_models_name_their_layers():
    inputs = keras.Input((3,))
    functional = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    sequential = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    assert set(variable_names(functional)) == {"layers.1.kernel", "layers.1.bias"}
    assert set(variable_names(sequential)) == {"layers.0.kernel", "layers.0.bias"}


def test_a_shared_layer_is_named_once():
    class Shared(keras.Model):
        def __init__(self):
            super().__init__()
            self.second = self.first = keras.layers.Dense(3)

        def call(self, inputs):
            return self.second(self.first(inputs))

    model = Shared()
    model(np.ones((1, 3), "float32"))
    assert set(variable_names(model)) == {"first.kernel", "first.bias"}


class Hidden:
    def __init__(self):
        self.layer = keras.layers.Dense(2)


def test_a_variable_that_no_attribute_leads_to_is_an_error():
    class Loose(keras.Model):
        def __init__(self):
            super().__init__()
            self.part = Hidden()
            self._tracker.add_to_store("layers", self.part.layer)

        def call(self, inputs):
            return self.part.layer(inputs)

    model = Loose()
    model(np.ones((1, 3), "float32"))
    with pytest.raises(BundleError, match="reachable through attributes"):
        variable_names(model)


def test_two_variables_of_one_name_are_an_error():
    class Twice(keras.Model):
        def __init__(self):
            super().__init__()
            self._part = keras.layers.Dense(2)
            self.part = keras.layers.Dense(2)

        def call(self, inputs):
            return self.part(self._part(inputs))

    model = Twice()
    model(np.ones((1, 2), "float32"))
    with pytest.raises(BundleError, match='two called "part'):
        variable_names(model)


def test_slots_are_named_by_their_variable():
    model = built(dropout=0, norm=False)
    optimizer = keras.optimizers.AdamW(gradient_accumulation_steps=2, use_ema=True)
    optimizer.build(model.trainable_variables)
    found = optimizer_names(optimizer, variable_names(model))
    assert {id(v) for v in found.values()} == {id(v) for v in optimizer.variables}
    assert len(found) == len(optimizer.variables)
    kinds = {name.split("/")[0] for name in found if name.endswith("/head.kernel")}
    assert kinds == {
        "momentums",
        "velocities",
        "accumulated_gradients",
        "model_variables_moving_average",
    }


def test_the_optimizer_of_another_model_is_refused():
    optimizer = keras.optimizers.AdamW()
    optimizer.build(built().trainable_variables)
    with pytest.raises(BundleError, match="built with the variables of this model"):
        optimizer_names(optimizer, variable_names(built()))
