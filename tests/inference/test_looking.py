"""Each word's attention is laid over the places of the picture that it belongs to."""

import numpy as np
import pytest
from keras import ops
from PIL import Image

import polymodal as pm
from polymodal.core.contracts.batch import mask_key
from polymodal.inference.looking import looks, why_no_look
from polymodal.inference.predictor import Predictor
from polymodal.recipe import assemble
from polymodal.recipe.recipe import from_dict

IMAGE = {"modality": "image", "encoder": "convnet", "width": 8, "size": [32, 48], "channels": 3}
TEXT = {"modality": "text", "encoder": "rnn"}


def captioner(inputs, fusion="attention", sequence=None, decoder="transformer"):
    """A captioner that never learned."""
    recipe = from_dict(
        {
            "task": {"name": "caption", "decoder": decoder},
            "target": "said",
            "inputs": inputs,
            "fusion": {"name": fusion},
            "sequence": sequence,
            "dim": 16,
            "training": {},
        }
    )
    built, target = assemble.build_inputs(recipe), assemble.build_target(recipe)
    for item in built:
        if item.name == "prompt":
            item.modality.fit(["what is it"] * 3)
    target.fit(["a red ball", "one blue box"])
    model, task = assemble.build_model(recipe, built, target)
    return Predictor(recipe, built, target, model, task)


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    for name in "ab":
        Image.fromarray(rng.integers(0, 255, (64, 96, 3), np.uint8)).save(tmp_path / f"{name}.png")
    (tmp_path / "t.csv").write_text(
        "image,prompt,said\na.png,what is it,a red ball\n,what is,a\nb.png,,one\nc.png,what,a\n"
    )
    return pm.read(tmp_path / "t.csv")


@pytest.mark.parametrize("decoder", ["transformer", "recurrent_attention"])
@pytest.mark.parametrize("encoder", ["convnet", "vit"])
def test_attention_of_a_picture_alone_is_all_on_its_places(table, decoder, encoder):
    image = {key: value for key, value in IMAGE.items() if key != "width"} | {"encoder": encoder}
    predictor = captioner({"image": image}, "concat", decoder=decoder)
    assert why_no_look(predictor) == ""
    found = looks(predictor, table, [2, 0])
    assert sorted(found) == [0, 2]
    texts = predictor.predict(table.select([0, 2])).outputs
    for row, text in zip((0, 2), texts, strict=True):
        words, maps = found[row]["image"]
        assert predictor.target.decode([predictor.target.labels.index(w) for w in words]) == text
        assert maps.shape == (len(words), *predictor.model.encoders["image"].grid)
        np.testing.assert_allclose(maps.sum(axis=(1, 2)), 1, atol=1e-4)


def test_another_input_takes_its_part_and_a_missing_picture_has_no_map(table):
    predictor = captioner({"image": IMAGE, "prompt": TEXT})
    found = looks(predictor, table, [0, 1, 2, 3])  # the picture of the last cannot be read
    assert found[1] == {}
    assert 3 not in found
    if found[0]["image"].words:
        sums = found[0]["image"].maps.sum(axis=(1, 2))
        assert ((sums > 0) & (sums < 0.999)).all()
    np.testing.assert_allclose(found[2]["image"].maps.sum(axis=(1, 2)), 1, atol=1e-4)


def test_places_are_counted_line_by_line_from_the_top_left(table):
    predictor = captioner({"image": {**IMAGE, "num_stages": 1}}, "concat")  # it sees far less
    model, grid = predictor.model, predictor.model.encoders["image"].grid
    assert grid[1] > grid[0]
    key = model.keys["image"]
    before = np.zeros((1, 32, 48, 3), "float32")
    after = before.copy()
    after[:, :10, -10:] = 3.0  # the corner on the right above
    tokens = [
        np.asarray(
            ops.convert_to_numpy(
                model.encode(
                    {key: ops.convert_to_tensor(pixels), mask_key(key): ops.ones((1,), "bool")},
                    training=False,
                )[0]
            )
        )
        for pixels in (before, after)
    ]
    change = np.abs(tokens[1] - tokens[0]).sum(axis=-1).reshape(grid)
    there = change[: grid[0] // 2, grid[1] // 2 :].sum()
    assert there > 0.8 * change.sum()


@pytest.mark.parametrize(
    ("inputs", "fusion", "sequence", "reason"),
    [
        ({"image": IMAGE, "prompt": TEXT}, "gated", None, "gated fusion merges several inputs"),
        ({"image": IMAGE}, "concat", {"name": "recurrent"}, "recurrent, mixes positions"),
        ({"prompt": TEXT}, "concat", None, "has no picture"),
    ],
)
def test_where_places_are_mixed_the_reason_is_said(inputs, fusion, sequence, reason):
    assert reason in why_no_look(captioner(inputs, fusion, sequence))
