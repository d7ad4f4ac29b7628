"""An encoder states the preprocessing it needs; a recipe that contradicts it is refused."""

from __future__ import annotations

import numpy as np
import pytest

from polymodal.core.errors import RecipeError
from polymodal.encoders.convnet import ConvNet
from polymodal.recipe import assemble
from polymodal.recipe.infer import infer
from polymodal.recipe.recipe import from_dict
from polymodal.tables.table import read

NEEDED = {
    "size": [16, 16],
    "channels": 3,
    "mean": [10.0, 20.0, 30.0],
    "std": 50.0,
    "resample": "bicubic",
}


@pytest.fixture
def needy(monkeypatch):
    """Makes a convnet of depth 2 one whose weights were trained with NEEDED."""
    monkeypatch.setattr(
        ConvNet,
        "preprocessing",
        classmethod(lambda cls, settings: NEEDED if settings.get("depth") == 2 else {}),
    )


def modality(**settings):
    recipe = from_dict(
        {
            "target": "y",
            "inputs": {
                "image": {"modality": "image", "encoder": "convnet", "depth": 2, **settings}
            },
        }
    )
    return assemble.build_inputs(recipe)[0].modality


@pytest.mark.usefixtures("needy")
def test_what_an_encoder_needs_is_used():
    image = modality()
    assert image.size == (16, 16)
    image.fit([np.full((16, 16, 3), 200, np.uint8)])  # the train split does not count
    encoded = image.encode(np.full((16, 16, 3), 60, np.uint8))
    assert np.allclose(encoded[0, 0], [1.0, 0.8, 0.6])


@pytest.mark.usefixtures("needy")
def test_a_recipe_may_say_the_same():
    assert modality(size=16, std=50).size == (16, 16)


@pytest.mark.usefixtures("needy")
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"size": 32},
            r"inputs\.image\.size needs \[16, 16\], which encoder convnet was trained with\."
            r" Got 32\. Leave size out",
        ),
        ({"resample": "nearest"}, r"inputs\.image\.resample needs bicubic"),
    ],
)
def test_a_recipe_that_says_otherwise_is_refused(settings, message):
    with pytest.raises(RecipeError, match=message):
        modality(**settings)


@pytest.mark.usefixtures("needy")
def test_a_modality_without_the_setting_is_refused():
    recipe = from_dict(
        {"target": "y", "inputs": {"clip": {"modality": "audio", "encoder": "convnet", "depth": 2}}}
    )
    with pytest.raises(RecipeError, match=r'needs a modality with the setting "size"\. Got audio'):
        assemble.build_inputs(recipe)


@pytest.mark.usefixtures("needy")
def test_an_inferred_recipe_has_what_the_encoder_needs():
    pixels = [np.full((28, 28, 3), 9 * i, np.uint8) for i in range(10)]
    table = read({"image": pixels, "y": [0, 1] * 5})
    found = infer(
        table,
        {
            "target": "y",
            "inputs": {"image": {"modality": "image", "encoder": "convnet", "depth": 2}},
        },
    )
    config = found.values["inputs"]["image"]
    assert {key: config[key] for key in NEEDED} == NEEDED
