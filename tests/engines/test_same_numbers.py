"""The same weights give the same outputs on TensorFlow, JAX and PyTorch.

Each other engine runs in its own process, with the weights and inputs that this one wrote.
"""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from check_layer import token_arrays
from polymodal.core.engine import installed
from polymodal.core.lookup import find, names

TESTS = str(Path(__file__).parents[1])
QUICK = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}  # what is compiled here runs once
SOUND = {"width": 4, "dim": 8}
BLOCKS = {"num_layers": 1, "num_heads": 2, "hidden": 12}  # of published encoders
WORDS = {**BLOCKS, "vocabulary_size": 11, "num_positions": 9}
CASES = {
    "audio_transformer": ("sound", {**BLOCKS, "width": 8, "num_positions": 12}),
    "bag": ("ids", {"dim": 8, "vocabulary_size": 11}),
    "clip_image": ("pictures", {**BLOCKS, "inner_width": 8, "patch_size": 4}),
    "clip_text": ("ids", {**WORDS, "inner_width": 8, "end_id": 10, "projection": 6}),
    "conformer": ("sound", {**SOUND, "num_layers": 1, "num_heads": 2, "kernel_size": 3}),
    "conv_audio": ("sound", {**SOUND, "num_stages": 2, "time_stride": 4, "recurrent": True}),
    "convnet": ("pictures", {"dim": 8, "width": 4}),
    "efficientnet_lite": ("pictures", {}),
    "frame_rnn": ("video", {"dim": 8, "width": 4}),
    "image_transformer": ("pictures", {**BLOCKS, "width": 8, "patch_size": 4}),
    "mlp": ("vectors", {"dim": 8}),
    "resnet": ("pictures", {"stem": 4, "widths": [8, 12], "depths": [1, 2]}),
    "rnn": ("ids", {"dim": 8, "kind": "lstm", "vocabulary_size": 11}),
    "siglip_image": ("pictures", {**BLOCKS, "width": 8, "patch_size": 4}),
    "siglip_text": ("ids", {**WORDS, "inner_width": 8, "projection": 6}),
    "tabular": ("columns", {"dim": 8}),
    "text_transformer": ("ids", {**WORDS, "width": 8}),
    "transformer": ("ids", {"dim": 8, "num_layers": 1, "num_heads": 2, "vocabulary_size": 11}),
    "vit": ("pictures", {"dim": 8, "num_layers": 1, "num_heads": 2}),
    "wave_transformer": (
        "samples",
        {
            **BLOCKS,
            "width": 8,
            "filters": [[4, 4, 2], [6, 2, 2]],
            "position_kernel": 4,
            "position_groups": 2,
        },
    ),
}


def inputs(kind):
    """Returns (array, mask) with padding and an absent row."""
    rng = np.random.default_rng(0)
    tokens = token_arrays(time=9, dim=10)
    if kind == "samples":
        tokens = token_arrays(time=30, dim=1)
    array, mask = tokens["inputs"], tokens["inputs_mask"]
    present = mask.any(axis=1)
    if kind == "ids":
        return (rng.integers(2, 11, mask.shape) * mask).astype("int32"), mask
    if kind == "video":
        frames = rng.random((*mask.shape, 8, 8, 3)) * mask[..., None, None, None]
        return frames.astype("float32"), mask
    if kind == "pictures":
        images = rng.random((4, 12, 12, 3)) * present[:, None, None, None]
        return images.astype("float32"), present
    if kind == "vectors":
        return array[:, 0], present
    return (array[:, 0], mask[:, :1] & (np.arange(10) < 6)) if kind == "columns" else (array, mask)


def compute(name, weights=None):
    """Returns the tokens, the mask and the weights of one encoder."""
    kind, options = CASES[name]
    keras.utils.set_random_seed(1)
    layer = find("encoders", name)(**options)
    array, mask = inputs(kind)
    layer.build(array.shape)
    if weights is not None:
        values = iter(weights)
        for variable in layer.variables:
            if "seed" not in variable.path:
                variable.assign(next(values))
    tokens, mask = layer(array, mask)
    kept = [keras.ops.convert_to_numpy(v) for v in layer.variables if "seed" not in v.path]
    return keras.ops.convert_to_numpy(tokens), keras.ops.convert_to_numpy(mask), kept


def answer(folder):
    """What the other process does: reads the weights of every encoder, writes its outputs."""
    for name in CASES:
        with np.load(f"{folder}/{name}.npz") as file:
            weights = [file[f"weight_{i}"] for i in range(len(file.files))]
        tokens, mask, _ = compute(name, weights)
        np.savez(f"{folder}/{name}.{keras.backend.backend()}.npz", tokens=tokens, mask=mask)


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Runs each other engine once, all at the same time."""
    folder = tmp_path_factory.mktemp("engines")
    expected = {}
    for name in CASES:
        tokens, mask, weights = compute(name)
        expected[name] = tokens, mask
        np.savez(folder / name, **{f"weight_{i}": w for i, w in enumerate(weights)})
    others = [engine for engine in installed() if engine != keras.backend.backend()]
    processes = [
        subprocess.Popen(
            [sys.executable, __file__, str(folder)],
            stderr=subprocess.PIPE,
            env={**os.environ, **QUICK, "KERAS_BACKEND": engine, "PYTHONPATH": TESTS},
        )
        for engine in others
    ]
    for process in processes:
        _, errors = process.communicate()
        assert process.returncode == 0, errors.decode()[-2000:]
    return folder, expected, others


def test_every_encoder_is_compared():
    assert set(CASES) | {"ids"} == set(names("encoders"))  # which has no weights


@pytest.mark.parametrize("name", CASES)
def test_the_same_weights_give_the_same_outputs_on_every_engine(answers, name):
    folder, expected, others = answers
    if not others:
        pytest.skip("only one engine is installed")
    tokens, mask = expected[name]
    for engine in others:
        with np.load(folder / f"{name}.{engine}.npz") as file:
            np.testing.assert_array_equal(mask, file["mask"])
            np.testing.assert_allclose(tokens, file["tokens"], atol=1e-4, rtol=1e-4)


if __name__ == "__main__":
    answer(sys.argv[1])
