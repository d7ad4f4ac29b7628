"""Imported towers of CLIP and SigLIP give the vectors that transformers gives."""

import json

import numpy as np
import pytest
from PIL import Image

import oracles
import pairs
from polymodal.core.errors import BundleError, RecipeError
from polymodal.pretrained.importing import read_part
from polymodal.pretrained.reading.checkpoint import Checkpoint

CLOSE = 1e-4
TOWERS = (("clip", False), ("clip", True), ("siglip", False))


def vectors(folder, inputs, mask):
    tokens, _ = read_part(Checkpoint(folder)).encoder(inputs, mask)
    return oracles.to_numpy(tokens)[:, 0]


def image_difference(model, folder):
    pixels = pairs.images()
    found = vectors(folder, pixels, np.ones(len(pixels), bool))
    return np.abs(found - pairs.their_image_vectors(model, pixels)).max()


def text_difference(model, kind, folder):
    ids, mask = pairs.texts(kind)
    found = vectors(folder, ids, mask)
    return np.abs(found - pairs.their_text_vectors(model, ids, mask)).max()


@pytest.mark.parametrize(("kind", "projected"), TOWERS)
def test_vectors_of_images_are_those_of_transformers(tmp_path, kind, projected):
    model = pairs.tower(kind, "Vision", projected)
    assert image_difference(model, pairs.save(model, kind, tmp_path)) < CLOSE


@pytest.mark.parametrize(("kind", "projected"), TOWERS)
def test_vectors_of_texts_are_those_of_transformers(tmp_path, kind, projected):
    model = pairs.tower(kind, "Text", projected)
    assert text_difference(model, kind, pairs.save(model, kind, tmp_path)) < CLOSE


@pytest.mark.parametrize("kind", pairs.KINDS)
def test_tokens_of_images_are_those_of_transformers(tmp_path, kind):
    model = pairs.tower(kind, "Vision")
    pixels = pairs.images()
    encoder = read_part(Checkpoint(pairs.save(model, kind, tmp_path))).encoder
    found = oracles.to_numpy(encoder.hidden_states(pixels))
    assert np.abs(found - oracles.image_states(model, pixels)).max() < CLOSE


@pytest.mark.parametrize("kind", pairs.KINDS)
def test_a_text_alone_gives_what_it_gives_in_a_batch(tmp_path, kind):
    model = pairs.tower(kind, "Text")
    part = read_part(Checkpoint(pairs.save(model, kind, tmp_path)))
    texts = ["a photo of a dog on the beach", "a cat", "two red", ""]
    together = part.encode(texts)
    alone = np.concatenate([part.encode([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_texts_of_clip_end_at_the_highest_id_where_an_older_config_says_two(tmp_path):
    model = pairs.tower("clip", "Text", eos_token_id=2)
    assert text_difference(model, "clip", pairs.save(model, "clip", tmp_path)) < CLOSE


def test_texts_of_siglip_are_padded_to_their_length_without_capitals_and_punctuation(tmp_path):
    modality = read_part(
        Checkpoint(pairs.save(pairs.tower("siglip", "Text"), "siglip", tmp_path))
    ).modality
    ids = modality.encode(modality.decode("A Photo,  of-a dog!"))
    # "of-a" without its punctuation is no word that the tokenizer knows
    assert ids.tolist() == [2, 3, 1, 5, pairs.END] + [0] * 15
    assert modality.length("a dog") == 20
    assert modality.truncated("a " * 20)


def test_a_text_of_clip_that_is_too_long_keeps_its_end(tmp_path):
    modality = read_part(
        Checkpoint(pairs.save(pairs.tower("clip", "Text"), "clip", tmp_path))
    ).modality
    ids = modality.encode("a " * 50)
    assert len(ids) == 20
    assert ids[-1] == pairs.END


@pytest.mark.parametrize("kind", pairs.KINDS)
@pytest.mark.parametrize("resample", [None, 0, 2, 3])
def test_pixels_are_those_of_the_processor(tmp_path, kind, resample):
    library = oracles.transformers()
    folder = pairs.save(pairs.tower(kind, "Vision"), kind, tmp_path, resample=resample)
    if resample is None:
        path = folder / "preprocessor_config.json"
        path.write_text(path.read_text().replace('"resample": null, ', ""))
    theirs = library.AutoImageProcessor.from_pretrained(folder, backend="pil")
    modality = read_part(Checkpoint(folder)).modality
    rng = np.random.default_rng(3)
    for shape in ((50, 90, 3), (61, 33, 3), (28, 28, 3), (20, 24, 3)):
        image = rng.integers(0, 256, shape).astype(np.uint8)
        wanted = np.asarray(theirs(Image.fromarray(image))["pixel_values"])[0].transpose(1, 2, 0)
        found = modality.encode(modality.decode(oracles.as_png(image)))
        np.testing.assert_allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("clip", "hidden_act", "gelu"),
        ("clip", "layer_norm_eps", 1e-2),
        ("clip", "num_attention_heads", 2),
        ("siglip", "hidden_act", "gelu"),
        ("siglip", "layer_norm_eps", 1e-2),
        ("siglip", "num_attention_heads", 2),
    ],
)
def test_another_value_of_the_config_gives_other_vectors(tmp_path, kind, name, value):
    image, text = pairs.tower(kind, "Vision"), pairs.tower(kind, "Text")
    for model, folder in ((image, tmp_path / "image"), (text, tmp_path / "text")):
        pairs.save(model, kind, folder)
        oracles.change_config(folder, **{name: value})
    assert image_difference(image, tmp_path / "image") > CLOSE
    assert text_difference(text, kind, tmp_path / "text") > CLOSE


@pytest.mark.parametrize(
    ("kind", "of", "name", "value"),
    [
        ("clip", "Vision", "hidden_size", 36),
        ("clip", "Vision", "num_hidden_layers", 1),
        ("clip", "Vision", "intermediate_size", 41),
        ("clip", "Vision", "patch_size", 14),
        ("clip", "Vision", "image_size", 35),
        ("clip", "Vision", "num_channels", 1),
        ("clip", "Vision", "architectures", ["CLIPVisionModelWithProjection"]),
        ("siglip", "Vision", "vision_use_head", False),
        ("siglip", "Vision", "num_hidden_layers", 3),
        ("siglip", "Vision", "hidden_size", 36),
        ("siglip", "Vision", "patch_size", 14),
        ("clip", "Text", "vocab_size", 41),
        ("clip", "Text", "max_position_embeddings", 21),
        ("clip", "Text", "eos_token_id", 38),
        ("clip", "Text", "a_new_setting", 1),
        ("siglip", "Text", "projection_size", 31),
        ("siglip", "Text", "vocab_size", 41),
        ("siglip", "Text", "max_position_embeddings", 21),
    ],
)
def test_a_config_that_does_not_fit_is_refused(tmp_path, kind, of, name, value):
    folder = pairs.save(pairs.tower(kind, of), kind, tmp_path)
    oracles.change_config(folder, **{name: value})
    with pytest.raises(BundleError):
        read_part(Checkpoint(folder))


@pytest.mark.parametrize("kind", pairs.KINDS)
def test_a_tower_of_a_whole_pair_gives_its_vectors(tmp_path, kind):
    model = pairs.pair(kind)
    folder = pairs.save(model, kind, tmp_path)
    pixels = pairs.images()
    ids, mask = pairs.texts(kind)
    image = read_part(Checkpoint(folder), "image").encoder
    text = read_part(Checkpoint(folder), "text").encoder
    wanted = pairs.their_pair_vectors(model, pixels, ids, mask)
    images, _ = image(pixels, np.ones(len(pixels), bool))
    texts, _ = text(ids, mask)
    assert np.abs(oracles.to_numpy(images)[:, 0] - wanted[0]).max() < CLOSE
    assert np.abs(oracles.to_numpy(texts)[:, 0] - wanted[1]).max() < CLOSE


def test_a_pair_needs_a_tower(tmp_path):
    folder = pairs.save(pairs.pair("clip"), "clip", tmp_path)
    with pytest.raises(RecipeError, match="--tower needs one of image, text"):
        read_part(Checkpoint(folder), "sound")
    with pytest.raises(BundleError, match="needs to contain an encoder"):
        read_part(Checkpoint(folder))


def test_what_is_no_pair_has_no_tower(tmp_path):
    folder = pairs.save(pairs.tower("clip", "Text"), "clip", tmp_path)
    with pytest.raises(RecipeError, match="--tower needs a pair such as CLIP"):
        read_part(Checkpoint(folder), "text")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a_new_setting", 1),
        ("projection_dim", 17),
        ("vision_config", 3),
        ("vision_config", {"hidden_size": 32, "a_new_setting": 1}),
        ("vision_config_dict", {"hidden_size": 36}),
    ],
)
def test_a_pair_whose_config_does_not_fit_is_refused(tmp_path, name, value):
    folder = pairs.save(pairs.pair("clip"), "clip", tmp_path)
    oracles.change_config(folder, **{name: value})
    with pytest.raises(BundleError):
        read_part(Checkpoint(folder), "image")


def test_a_config_of_an_older_library_is_read(tmp_path):
    model = pairs.pair("clip")
    folder = pairs.save(model, "clip", tmp_path)
    before = read_part(Checkpoint(folder), "image").encoder
    own = json.loads((folder / "config.json").read_text())["vision_config"]
    oracles.change_config(
        folder,
        _commit_hash=None,
        text_config_dict=None,
        vision_config={},
        vision_config_dict={**own, "num_beams": 1, "is_decoder": False},
    )
    after = read_part(Checkpoint(folder), "image").encoder
    assert before.get_weights()[0].shape == after.get_weights()[0].shape
    oracles.change_config(folder, vision_config_dict={**own, "is_decoder": True})
    with pytest.raises(BundleError, match='"is_decoder" needs false'):
        read_part(Checkpoint(folder), "image")
