"""One harness that every layer, encoder, fusion and decoder passes.

`arrays` is a flat dictionary like a batch: `{"inputs": array, "inputs_mask": bool array}` for a
layer or an encoder, `{"image": tokens, "image_mask": mask, "text": ...}` for a fusion. `call` is
the adapter that hands them to the layer and returns a tensor or `(tokens, mask)`.

    check_layer(lambda: Pool(8), arrays)
    check_layer(lambda: GatedFusion(8), arrays, call=call_fusion)
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import keras
import numpy as np

from polymodal.core.contracts.batch import MASK_SUFFIX, mask_key
from polymodal.layers.masks import hide


def call_encoder(layer, arrays, training=False):
    """Adapter of layers and encoders: `layer(inputs, mask, training)`."""
    return layer(arrays["inputs"], arrays["inputs_mask"], **_training(layer, training))


def call_fusion(layer, arrays, training=False):
    """Adapter of fusions: `layer({name: (tokens, mask)}, training)`."""
    return layer(
        {key: (arrays[key], arrays[mask_key(key)]) for key in values(arrays)},
        **_training(layer, training),
    )


def call_plain(layer, arrays, training=False):
    """Adapter of layers that take no mask."""
    return layer(arrays["inputs"], **_training(layer, training))


def _training(layer, training):
    return {"training": training} if layer._call_has_training_arg else {}


def check_layer(
    make, arrays, call=call_encoder, *, lengthen=True, needs_mask=True, tolerance=1e-4, still=()
):
    """Runs every check on fresh layers from `make`.

    Args:
        make: function without arguments that returns the layer.
        arrays: arrays and masks as above, at least 3 rows, each mask with some False.
        call: adapter.
        lengthen: bool, whether masks (batch, time) may be padded further (not so for tabular).
        needs_mask: bool, False for layers that take no mask: what masks promise is not checked.
        tolerance: float, largest difference allowed, relative to the largest output.
        still: ends of paths of variables that have no effect, such as biases of keys under softmax.
    """
    layer = make()
    expected = outputs(call, layer, arrays)
    same = lambda found, what: assert_same(expected, found, tolerance, what)
    check_config(make, layer)
    check_symbolic(call, layer, arrays, lengthen and needs_mask)
    same(_numpy(Wrapper(layer, call).predict(arrays, batch_size=64, verbose=0)), "predict")
    check_saving(call, layer, arrays, expected, tolerance)
    alone = outputs(call, layer, {key: array[1:2] for key, array in arrays.items()})
    assert_same(pick(expected, slice(1, 2)), alone, tolerance, "a batch of one")
    if needs_mask:
        same(outputs(call, layer, with_garbage(arrays)), "garbage under the mask")
        if lengthen:
            same(outputs(call, layer, lengthened(arrays)), "more padding")
        check_missing(call, layer, arrays)
        check_filler_rows(call, make(), arrays, tolerance)
    check_bfloat16(call, make, arrays)
    check_fit(call, make(), arrays, needs_mask, still)


def check_unmasked(make, arrays, call):
    """Runs the checks that hold for any layer, masks or none; returns a layer and its outputs."""
    layer = make()
    expected = outputs(call, layer, arrays)
    check_config(make, layer)
    check_symbolic(call, layer, arrays, False)
    check_saving(call, layer, arrays, expected, 1e-4)
    check_bfloat16(call, make, arrays)
    check_fit(call, make(), arrays, needs_mask=False)
    return layer, expected


class Wrapper(keras.Model):
    """A model around one layer; for fitting, its output is zero where masked."""

    def __init__(self, layer, call, fitting=False):
        super().__init__()
        self.layer, self.adapter, self.fitting = layer, call, fitting

    def call(self, arrays, training=None):
        result = self.adapter(self.layer, arrays, training)
        if not self.fitting or not isinstance(result, tuple):
            return result
        tokens, mask = result
        return hide(tokens, mask)


def outputs(call, layer, arrays, training=False):
    """Returns what the layer gives as (float32 values, mask or None)."""
    tensors = {key: keras.ops.convert_to_tensor(array) for key, array in arrays.items()}
    return _numpy(call(layer, tensors, training))


def _numpy(result):
    tokens, mask = result if isinstance(result, tuple | list) else (result, None)
    tokens = keras.ops.convert_to_numpy(keras.ops.cast(tokens, "float32"))
    return tokens, None if mask is None else keras.ops.convert_to_numpy(mask)


def assert_same(expected, found, tolerance, what):
    """Compares real values only: each row's tokens where its mask is True, in order."""
    values_expected, values_found = real_values(expected), real_values(found)
    assert len(values_expected) == len(values_found), what
    scale = max(1.0, max((np.abs(v).max() for v in values_expected if v.size), default=1.0))
    for row, (one, other) in enumerate(zip(values_expected, values_found, strict=True)):
        assert one.shape == other.shape, f"{what}: row {row} {one.shape} became {other.shape}"
        difference = np.abs(one - other).max() if one.size else 0.0
        assert difference <= tolerance * scale, f"{what}: row {row} differs by {difference}"


def real_values(result):
    """Returns one array per row: its tokens where the mask is True."""
    tokens, mask = result
    return list(tokens) if mask is None else [t[m] for t, m in zip(tokens, mask, strict=True)]


def check_config(make, layer):
    config = layer.get_config()
    again = type(layer).from_config(config).get_config()
    assert config == again, f"the configuration drifts: {config} became {again}"


def check_symbolic(call, layer, arrays, any_length):
    """The shapes and dtypes that Keras foresees are those that come."""

    def spec(key, array):
        free = any_length and has_time(arrays, key)
        shape = (None, None, *array.shape[2:]) if free else (None, *array.shape[1:])
        return keras.KerasTensor(shape, dtype=str(array.dtype))

    foreseen = keras.tree.flatten(call(layer, {k: spec(k, a) for k, a in arrays.items()}, False))
    tensors = {key: keras.ops.convert_to_tensor(array) for key, array in arrays.items()}
    came = keras.tree.flatten(call(layer, tensors, False))
    assert len(foreseen) == len(came)
    for one, other in zip(foreseen, came, strict=True):
        assert one.dtype == keras.backend.standardize_dtype(other.dtype), (one, other.dtype)
        assert len(one.shape) == len(other.shape), (one.shape, other.shape)
        assert all(a in (None, b) for a, b in zip(one.shape, other.shape, strict=True)), (
            one.shape,
            other.shape,
        )


def check_saving(call, layer, arrays, expected, tolerance):
    """Weights go through a file into a layer that was built and never called."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.weights.h5"
        saved, loaded = (
            Wrapper(layer, call),
            Wrapper(type(layer).from_config(layer.get_config()), call),
        )
        saved.built = loaded.built = True
        loaded.layer.build_from_config(layer.get_build_config())
        shapes = lambda one: sorted(tuple(w.shape) for w in one.weights)
        assert shapes(layer) == shapes(loaded.layer), "build() leaves out a child"
        saved.save_weights(path)
        loaded.load_weights(path)
    assert_same(expected, outputs(call, loaded.layer, arrays), tolerance, "saved and loaded")


def check_missing(call, layer, arrays):
    """Each input missing by itself, and all together, in some rows and in all."""
    for keys in [*[[key] for key in values(arrays)], values(arrays)]:
        for rows in (slice(0, 1), slice(None)):
            tokens, mask = outputs(call, layer, without(arrays, keys, rows))
            assert np.isfinite(tokens).all(), f"not finite without {keys}"
            if mask is not None and keys == values(arrays):
                assert not mask[rows].any(), "a row without any input has real tokens"


def check_filler_rows(call, layer, arrays, tolerance):
    """Rows that are absent change nothing for the others in training, statistics included."""
    outputs(call, layer, arrays)
    silence(layer)
    start = [np.array(v) for v in map(keras.ops.convert_to_numpy, layer.variables)]
    expected = outputs(call, layer, arrays, training=True)
    statistics = [np.array(v) for v in map(keras.ops.convert_to_numpy, layer.variables)]
    for variable, value in zip(layer.variables, start, strict=True):
        variable.assign(value)
    rows = len(first(arrays))
    longer = {k: np.concatenate([a, a[:2]]) for k, a in arrays.items()}
    filled = with_garbage(without(longer, values(arrays), slice(rows, None)))
    found = outputs(call, layer, filled, training=True)
    assert_same(expected, pick(found, slice(0, rows)), tolerance, "filler rows in training")
    for variable, value in zip(layer.variables, statistics, strict=True):
        if "seed" not in variable.path:
            difference = np.abs(keras.ops.convert_to_numpy(variable) - value).max()
            assert difference < 1e-5, f"filler rows change {variable.path} by {difference}"


def check_bfloat16(call, make, arrays):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = make()
        for training in (False, True):
            for batch in (arrays, without(arrays, values(arrays), slice(0, 1))):
                assert np.isfinite(outputs(call, layer, batch, training)[0]).all(), "bfloat16"
        assert all(v.dtype == "float32" for v in layer.trainable_variables), "bfloat16 weights"
    finally:
        keras.config.set_dtype_policy(before)


def check_fit(call, layer, arrays, needs_mask, still=()):
    """One step of fit moves every trainable weight and leaves all finite, a row being absent."""
    rate = 1e-3
    if needs_mask:
        arrays = without(
            {k: np.concatenate([a, a[:1]]) for k, a in arrays.items()},
            values(arrays),
            slice(-1, None),
        )
    model = Wrapper(layer, call, fitting=True)
    shape = model(arrays).shape
    silence(layer)
    before = [np.array(v) for v in map(keras.ops.convert_to_numpy, layer.trainable_variables)]
    targets = np.random.default_rng(0).normal(size=shape).astype("float32")
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="mse")
    model.fit(arrays, targets, batch_size=len(targets), epochs=1, verbose=0)
    for variable, value in zip(layer.trainable_variables, before, strict=True):
        after = keras.ops.convert_to_numpy(variable)
        assert np.isfinite(after).all(), f"{variable.path} is not finite after a step"
        if not variable.path.endswith(tuple(still)):
            assert np.abs(after - value).max() > rate / 10, f"{variable.path} does not move"


def silence(layer):
    """Turns dropout off, so that outputs can be compared in training mode."""
    for child in layer._flatten_layers():
        if isinstance(getattr(child, "rate", None), float):
            child.rate = 0.0


def values(arrays):
    """Returns the keys that are no masks."""
    return [key for key in arrays if not key.endswith(MASK_SUFFIX)]


def first(arrays):
    return next(iter(arrays.values()))


def pick(result, rows):
    return result[0][rows], None if result[1] is None else result[1][rows]


def has_time(arrays, key):
    mask = arrays.get(key if key.endswith(MASK_SUFFIX) else mask_key(key))
    return mask is not None and mask.ndim == 2


def without(arrays, keys, rows):
    """Returns the batch with the inputs `keys` absent in `rows`: zeros and masks of False."""
    changed = {key: array.copy() for key, array in arrays.items()}
    for key in keys:
        changed[key][rows] = 0
        if mask_key(key) in changed:
            changed[mask_key(key)][rows] = False
    return changed


def with_garbage(arrays):
    """Returns the batch with other values wherever the masks say that nothing is real."""
    rng, changed = np.random.default_rng(1), dict(arrays)
    for key in values(arrays):
        mask = arrays[mask_key(key)]
        mask = mask.reshape(mask.shape + (1,) * (arrays[key].ndim - mask.ndim))
        changed[key] = np.where(mask, arrays[key], garbage(rng, arrays[key], arrays[key].shape))
    return changed


def lengthened(arrays, steps=3):
    """Returns the batch with `steps` more masked steps of garbage behind each sequence."""
    rng, changed = np.random.default_rng(2), dict(arrays)
    for key in values(arrays):
        if not has_time(arrays, key):
            continue
        array, mask = arrays[key], arrays[mask_key(key)]
        more = garbage(rng, array, (len(array), steps, *array.shape[2:]))
        changed[key] = np.concatenate([array, more], axis=1)
        changed[mask_key(key)] = np.concatenate([mask, np.zeros((len(array), steps), bool)], axis=1)
    return changed


def garbage(rng, array, shape):
    if np.issubdtype(array.dtype, np.integer):
        return rng.integers(0, int(array.max()) + 1, shape).astype(array.dtype)
    return (30 * rng.normal(size=shape)).astype(array.dtype)


def token_arrays(rows=4, time=6, dim=8, seed=0):
    """Returns tokens of several lengths with their mask: the first row full, the last empty."""
    rng = np.random.default_rng(seed)
    real = np.linspace(time, 0, rows).astype(int)
    mask = np.arange(time) < real[:, None]
    tokens = rng.normal(size=(rows, time, dim)).astype("float32") * mask[..., None]
    return {"inputs": tokens, "inputs_mask": mask}
