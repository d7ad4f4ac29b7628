"""A whole CLIP or SigLIP compares images and texts as transformers does."""

import numpy as np
import pytest
from PIL import Image

import oracles
import pairs
import polymodal as pm
from polymodal.core.errors import BundleError
from polymodal.pretrained import golden
from polymodal.pretrained.importing import read_model
from polymodal.pretrained.pair import load_pair
from polymodal.pretrained.reading.checkpoint import Checkpoint
from polymodal.pretrained.shelf import imported

CLOSE = 1e-4
SCALES = {"clip": (2.0, None), "siglip": (2.0, -3.0)}


def whole(kind, folder, **changes):
    model = pairs.set_comparison(pairs.pair(kind, **changes), *SCALES[kind])
    return model, pairs.save(model, kind, folder)


def difference(model, kind, folder):
    pixels, (ids, mask) = pairs.images(), pairs.texts(kind)
    pair = read_model(Checkpoint(folder))
    images, _ = pair.image.encoder(pixels, np.ones(len(pixels), bool))
    texts, _ = pair.text.encoder(ids, mask)
    found = pair.compare(oracles.to_numpy(images)[:, 0], oracles.to_numpy(texts)[:, 0])
    wanted = pairs.their_logits(model, pixels, ids, mask)
    assert found.shape == wanted.shape == (2, 3)
    return np.abs(found - wanted).max()


def is_siglip(out):
    return out.parent.name.startswith("siglip")


@pytest.fixture(scope="module", params=pairs.KINDS)
def out(request, tmp_path_factory):
    """The folder of an imported pair, next to photographs."""
    place = tmp_path_factory.mktemp(request.param)
    pm.import_model(whole(request.param, place / "theirs")[1], place / "ours")
    rng = np.random.default_rng(4)
    rows = ["photo,label"]
    for number in range(4):
        pixels = rng.integers(0, 256, (40, 50, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(place / f"{number}.png")
        rows.append(f"{number}.png,{('dog', 'cat')[number % 2]}")
    (place / "photos.csv").write_text("\n".join(rows))
    return place / "ours"


@pytest.fixture(scope="module")
def model(out):
    return pm.load(out)


@pytest.mark.parametrize("kind", pairs.KINDS)
def test_logits_are_those_of_transformers(tmp_path, kind):
    assert difference(*whole(kind, tmp_path)[:1], kind, tmp_path) < CLOSE


@oracles.once
@pytest.mark.parametrize(
    ("kind", "part", "name", "value"),
    [
        ("clip", "vision_config", "hidden_act", "gelu"),
        ("clip", "text_config", "eos_token_id", 5),
        ("clip", "vision_config", "layer_norm_eps", 1e-2),
        ("siglip", "text_config", "hidden_act", "gelu"),
        ("siglip", "vision_config", "num_attention_heads", 2),
    ],
)
def test_another_value_of_the_config_gives_other_logits(tmp_path, kind, part, name, value):
    model, folder = whole(kind, tmp_path)
    own = getattr(model.config, part).to_dict()
    oracles.change_config(folder, **{part: {**own, name: value}})
    if name == "eos_token_id":  # the tokenizer's end is another
        with pytest.raises(BundleError):
            read_model(Checkpoint(folder))
        return
    assert difference(model, kind, folder) > CLOSE


@oracles.once
def test_a_pair_without_its_scale_is_refused(tmp_path):
    from safetensors.numpy import load_file, save_file

    _, folder = whole("clip", tmp_path)
    tensors = load_file(folder / "model.safetensors")
    del tensors["logit_scale"]
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(BundleError, match='needs the tensor "logit_scale"'):
        read_model(Checkpoint(folder))


@oracles.once
def test_vectors_of_different_widths_are_refused(tmp_path):
    model = pairs.pair("siglip", image={"hidden_size": 36})
    with pytest.raises(BundleError, match="as vectors of one width"):
        read_model(Checkpoint(pairs.save(model, "siglip", tmp_path)))


def test_a_pair_loads_with_the_same_answers(out):
    assert golden.check_folder(out).same
    pair = load_pair(out)
    recorded = golden.record(pair)
    recorded["vectors"][0][0] += 0.01
    assert not golden.compare(pair, recorded).same
    with pytest.raises(BundleError, match="needs to be an imported encoder"):
        pm.load_part(out)


@oracles.once
def test_a_pair_is_listed(out):
    (one,) = imported(out.parent)
    assert one.encodes == "image and text"
    assert "compares images and texts" in (out / "MODEL_CARD.md").read_text()


def test_zero_shot_probabilities_are_those_of_the_logits(out, model):
    names = [f"{number}.png" for number in range(4)]
    logits = load_pair(out).logits(names, ["a photo of a dog.", "a photo of a cat."], out.parent)
    wanted = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    if is_siglip(out):
        wanted = 1 / (1 + np.exp(-logits))
    model = model.zero_shot(["dog", "cat"], target="label")
    found = [
        [one["probabilities"][label] for label in ("dog", "cat")]
        for one in model.predict(out.parent / "photos.csv")
    ]
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    metrics = model.evaluate(out.parent / "photos.csv")["metrics"]
    right = wanted.argmax(axis=1) == [0, 1, 0, 1]
    assert metrics["accuracy"] == pytest.approx(right.mean())


@oracles.once
def test_vectors_of_several_prompts_are_averaged(out, model):
    pair = load_pair(out)
    prompts = ["a photo of a {}.", "the {} on the beach"]
    vectors = [
        pair.text.encode([prompt.replace("{}", label) for prompt in prompts])
        for label in ("dog", "cat")
    ]
    unit = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in vectors]
    wanted = pair.compare(
        pair.image.encode(["0.png"], out.parent), np.stack([each.mean(axis=0) for each in unit])
    )
    answers = model.zero_shot(["dog", "cat"], prompts).predict(out.parent / "photos.csv")
    chances = answers[0]["probabilities"]
    logits = np.log([chances["dog"], chances["cat"]])
    if is_siglip(out):
        logits -= np.log(1 - np.exp(logits))
    np.testing.assert_allclose(logits[0] - logits[1], wanted[0, 0] - wanted[0, 1], atol=1e-4)


@oracles.once
def test_a_search_finds_the_photographs_with_the_largest_logits(out, model):
    logits = load_pair(out).logits([f"{n}.png" for n in range(4)], ["two red"], out.parent)
    found = model.search("two red", out.parent / "photos.csv", num=2)
    assert [one["row"] - 1 for one in found] == np.argsort(-logits[:, 0])[:2].tolist()
    assert list(found[0]["cells"]) == ["photo"]


@oracles.once
def test_one_side_of_a_pair_serves_a_recipe(out):
    from polymodal.bundle.part import encoder_of

    assert encoder_of(out, "photo", "image").name == "encoders.image"
