"""An imported ResNet gives the features and reads the pixels that transformers does."""

import numpy as np
import pytest
from PIL import Image

import oracles
from polymodal.core.errors import BundleError
from polymodal.pretrained.importing import read_part
from polymodal.pretrained.reading.checkpoint import Checkpoint

CLOSE = 1e-4
SMALL = {"embedding_size": 8, "hidden_sizes": [16, 24], "depths": [2, 1], "layer_type": "basic"}


def resnet(**changes):
    """Returns a tiny model whose statistics of batch normalisation are not those at the start."""
    library = oracles.transformers()
    torch = pytest.importorskip("torch", reason="the library runs on it")
    model = oracles.with_spread(library.ResNetModel(library.ResNetConfig(**{**SMALL, **changes})))
    rng = np.random.default_rng(5)
    for name, values in model.named_buffers():
        if name.endswith("running_mean"):
            values.copy_(torch.tensor(rng.normal(0, 0.3, values.shape)))
        if name.endswith("running_var"):
            values.copy_(torch.tensor(rng.uniform(0.5, 2, values.shape)))
    return model


def save(model, folder, **processor):
    model.save_pretrained(folder)
    oracles.write_processor(
        folder,
        **{
            "image_processor_type": "ConvNextImageProcessor",
            "size": {"shortest_edge": 33},
            "crop_pct": 0.875,
            "resample": 3,
            **processor,
        },
    )
    return folder


def pixels():
    return np.random.default_rng(2).normal(0, 1, (2, 33, 33, 3)).astype(np.float32)


def difference(model, folder):
    encoder = read_part(Checkpoint(folder)).encoder
    found = oracles.to_numpy(encoder.feature_map(pixels(), np.ones(2, bool)))
    wanted = oracles.image_states(model, pixels()).transpose(0, 2, 3, 1)
    assert found.shape == wanted.shape
    tokens, _ = encoder(pixels(), np.ones(2, bool))
    np.testing.assert_allclose(oracles.to_numpy(tokens)[:, 0], found.mean(axis=(1, 2)), atol=1e-4)
    return np.abs(found - wanted).max() / np.abs(wanted).max()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"layer_type": "bottleneck"},
        {"downsample_in_first_stage": True},
        {"layer_type": "bottleneck", "downsample_in_bottleneck": True, "hidden_act": "gelu"},
    ],
)
def test_features_are_those_of_transformers(tmp_path, changes):
    model = resnet(**changes)
    assert difference(model, save(model, tmp_path)) < CLOSE


@oracles.once
@pytest.mark.parametrize(
    ("name", "value"), [("hidden_act", "gelu"), ("downsample_in_bottleneck", True)]
)
def test_another_value_of_the_config_gives_other_features(tmp_path, name, value):
    model = resnet(layer_type="bottleneck")
    folder = save(model, tmp_path)
    oracles.change_config(folder, **{name: value})
    assert difference(model, folder) > CLOSE


@oracles.once
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("embedding_size", 9),
        ("hidden_sizes", [16, 32]),
        ("hidden_sizes", [16]),
        ("depths", [2, 2]),
        ("depths", [2]),
        ("depths", "2"),
        ("layer_type", "bottleneck"),
        ("layer_type", "other"),
        ("num_channels", 1),
        ("a_new_setting", 1),
        ("downsample_in_first_stage", 1),
    ],
)
def test_a_config_that_does_not_fit_is_refused(tmp_path, name, value):
    folder = save(resnet(), tmp_path)
    oracles.change_config(folder, **{name: value})
    with pytest.raises(BundleError):
        read_part(Checkpoint(folder))


@oracles.once
@pytest.mark.parametrize(
    "changes", [{}, {"crop_pct": 0.7, "resample": 2}, {"size": {"shortest_edge": 384}}]
)
def test_pixels_are_those_of_the_processor(tmp_path, changes):
    library = oracles.transformers()
    folder = save(resnet(), tmp_path, **changes)
    theirs = library.AutoImageProcessor.from_pretrained(folder, backend="pil")
    modality = read_part(Checkpoint(folder)).modality
    rng = np.random.default_rng(3)
    for shape in ((50, 90, 3), (61, 33, 3), (33, 33, 3)):
        image = rng.integers(0, 256, shape).astype(np.uint8)
        wanted = np.asarray(theirs(Image.fromarray(image))["pixel_values"])[0].transpose(1, 2, 0)
        found = modality.encode(modality.decode(oracles.as_png(image)))
        np.testing.assert_allclose(found, wanted, atol=1e-5)
