"""Imported image encoders see what transformers shows them and give what it gives."""

import json

import keras
import numpy as np
import pytest
from PIL import Image

import oracles
from polymodal.core.errors import BundleError
from polymodal.pretrained.importing import read_part
from polymodal.pretrained.reading.checkpoint import Checkpoint

CLOSE = 1e-4
KINDS = ("vit", "dinov2")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    made = {}

    def of(kind):
        if kind not in made:
            model = oracles.image_model(kind)
            made[kind] = model, oracles.save_image_model(model, tmp_path_factory.mktemp(kind))
        return made[kind]

    return of


def states(folder, pixels):
    encoder = read_part(Checkpoint(folder)).encoder
    return keras.ops.convert_to_numpy(encoder.hidden_states(pixels))


def images(side=28):
    return np.random.default_rng(2).normal(0, 1, (2, side, side, 3)).astype(np.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_hidden_states_are_those_of_transformers(saved, kind):
    model, folder = saved(kind)
    assert np.abs(states(folder, images()) - oracles.image_states(model, images())).max() < CLOSE


def test_positions_of_another_size_are_resized_as_in_transformers(tmp_path):
    model = oracles.image_model("dinov2")
    folder = oracles.save_image_model(
        model, tmp_path, size={"shortest_edge": 40}, crop_size={"height": 35, "width": 35}
    )
    pixels = images(35)
    assert np.abs(states(folder, pixels) - oracles.image_states(model, pixels)).max() < CLOSE


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("resample", [0, 1, 2, 3])
def test_pixels_are_those_of_the_processor(tmp_path, kind, resample):
    library = oracles.transformers()
    model = oracles.image_model(kind)
    folder = oracles.save_image_model(model, tmp_path, resample=resample)
    theirs = library.AutoImageProcessor.from_pretrained(folder, backend="pil")
    modality = read_part(Checkpoint(folder)).modality
    rng = np.random.default_rng(3)
    for shape in ((50, 90, 3), (61, 33, 3), (28, 28, 3), (32, 32, 3), (20, 24, 3)):
        image = rng.integers(0, 256, shape).astype(np.uint8)
        wanted = np.asarray(theirs(Image.fromarray(image))["pixel_values"])[0].transpose(1, 2, 0)
        found = modality.encode(modality.decode(oracles.as_png(image)))
        np.testing.assert_allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("vit", "hidden_act", "relu"),
        ("vit", "layer_norm_eps", 1e-2),
        ("vit", "num_attention_heads", 2),
        ("dinov2", "layer_norm_eps", 1e-2),
    ],
)
def test_another_value_of_the_config_gives_other_hidden_states(tmp_path, kind, name, value):
    model = oracles.image_model(kind)
    folder = oracles.save_image_model(model, tmp_path)
    oracles.change_config(folder, **{name: value})
    assert np.abs(states(folder, images()) - oracles.image_states(model, images())).max() > CLOSE


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("vit", "hidden_size", 27),
        ("vit", "num_hidden_layers", 1),
        ("vit", "intermediate_size", 41),
        ("vit", "patch_size", 14),
        ("vit", "image_size", 35),
        ("vit", "qkv_bias", False),
        ("vit", "num_channels", 1),
        ("dinov2", "mlp_ratio", 3),
        ("dinov2", "use_swiglu_ffn", True),
        ("dinov2", "patch_size", [7, 14]),
    ],
)
def test_a_config_that_does_not_fit_is_refused(tmp_path, kind, name, value):
    folder = oracles.save_image_model(oracles.image_model(kind), tmp_path)
    oracles.change_config(folder, **{name: value})
    with pytest.raises(BundleError):
        read_part(Checkpoint(folder))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("resample", 5),
        ("do_normalize", False),
        ("do_pad", True),
        ("image_mean", [0.5]),
        ("size", {"longest_edge": 30}),
        ("crop_pct", 0.9),
        ("rescale_factor", 0),
        ("size", {"shortest_edge": 28}),
    ],
)
def test_a_processor_that_we_do_not_have_is_refused(saved, tmp_path, name, value):
    model, _ = saved("vit")
    folder = oracles.save_image_model(model, tmp_path, **{name: value})
    with pytest.raises(BundleError, match=name):
        read_part(Checkpoint(folder))


def test_an_import_of_images_keeps_its_preprocessing(saved, tmp_path):
    import polymodal as pm

    _, folder = saved("dinov2")
    part = pm.import_model(folder, tmp_path / "out")
    image = np.random.default_rng(4).integers(0, 256, (64, 48, 3)).astype(np.uint8)
    cells = [oracles.as_png(image), oracles.as_png(image[:, ::-1].copy())]
    vectors = pm.load_part(tmp_path / "out").encode(cells)
    np.testing.assert_allclose(vectors, part.encode(cells), atol=1e-6)
    assert vectors.shape == (2, 24)
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-3
    spec = json.loads((tmp_path / "out" / "model.json").read_text())
    assert spec["recipe"]["inputs"]["image"]["short_side"] == 32
