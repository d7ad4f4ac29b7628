"""Images and sounds at their places among the words."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.decoders.interleaved_transformer import InterleavedTransformer
from polymodal.fusion.interleaved import InterleavedFusion
from polymodal.model.generation.continued import ContinuedDecoder

pytestmark = pytest.mark.engine

IMAGE, SOUND = -1, -2


def streams(ids, image=None, audio=None):
    ids = np.array(ids, np.int32)
    real = ids > -9
    made = {"conversation": (np.where(real, ids, 0)[..., None], real)}
    for name, tokens in (("image", image), ("audio", audio)):
        if tokens is not None:
            tokens = np.array(tokens, np.float32)
            made[name] = tokens, np.abs(tokens).sum(-1) > 0
    return {name: tuple(map(ops.convert_to_tensor, pair)) for name, pair in made.items()}


def real_rows(result):
    tokens, mask = (ops.convert_to_numpy(one) for one in result)
    return [tokens[row][mask[row]] for row in range(len(tokens))]


def rng_tokens(rows, time, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, time, 6))


def test_tokens_stand_where_their_place_is():
    image, audio = rng_tokens(2, 4), rng_tokens(2, 3, 1)
    audio[1, 2] = 0  # shorter
    fusion = InterleavedFusion(8, "linear")
    found = real_rows(
        fusion(streams([[5, IMAGE, 7, SOUND, 9], [SOUND, 5, IMAGE, 7, -9]], image, audio))
    )
    assert found[0][:, 0].tolist() == [5, -1, -1, -1, -1, 7, -1, -1, -1, 9]
    assert found[1][:, 0].tolist() == [-1, -1, 5, -1, -1, -1, -1, 7]
    norm, dense = fusion.projectors["image"]
    expected = ops.convert_to_numpy(dense(norm(ops.convert_to_tensor(image, "float32"))))
    np.testing.assert_allclose(found[0][1:5, 3:], expected[0], atol=1e-5)
    np.testing.assert_allclose(found[1][3:7, 3:], expected[1], atol=1e-5)
    assert not found[0][0, 3:].any()


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others know all lengths")
def test_lengths_may_be_unknown_beforehand():
    import tensorflow as tf

    words = np.array([[5, IMAGE, 7, SOUND, IMAGE]], np.int32)
    given = streams(words, rng_tokens(1, 8).reshape(1, 2, 4, 6), rng_tokens(1, 3, 1))
    fusion = InterleavedFusion(8)
    wanted = real_rows(fusion(given))
    unknown = tf.nest.map_structure(
        lambda one: tf.TensorSpec(
            [None if place < 2 else size for place, size in enumerate(one.shape)], one.dtype
        ),
        given,
    )
    found = tf.function(fusion, input_signature=[unknown])(given)
    np.testing.assert_allclose(real_rows(found)[0], wanted[0], atol=1e-6)


def test_media_without_a_place_and_places_without_media_are_nothing():
    image = rng_tokens(2, 4)
    image[1] = 0  # hidden
    found = real_rows(InterleavedFusion(8)(streams([[5, 6], [5, IMAGE]], image)))
    assert [one[:, 0].tolist() for one in found] == [[5, 6], [5]]


def test_the_last_image_stands_at_the_last_place():
    image = rng_tokens(3, 4).reshape(3, 2, 2, 6)
    given = streams([[5, IMAGE, 7, IMAGE], [5, IMAGE, 7, -9], [IMAGE, 5, IMAGE, 7]], audio=None)
    mask = np.ones((3, 2, 2), bool)
    mask[2, 1] = False  # one image for two places
    given["image"] = ops.convert_to_tensor(image, "float32"), ops.convert_to_tensor(mask)
    fusion = InterleavedFusion(8, "linear")
    found = real_rows(fusion(given))
    assert [one[:, 0].tolist() for one in found] == [
        [5, -1, -1, 7, -1, -1],
        [5, -1, -1, 7],
        [-1, -1, 5, 7],
    ]
    norm, dense = fusion.projectors["image"]
    expected = ops.convert_to_numpy(dense(norm(given["image"][0])))
    np.testing.assert_allclose(found[0][[1, 2, 4, 5], 3:], expected[0].reshape(4, 8), atol=1e-5)
    np.testing.assert_allclose(found[1][1:3, 3:], expected[1, 1], atol=1e-5)
    np.testing.assert_allclose(found[2][:2, 3:], expected[2, 0], atol=1e-5)


def test_pixel_shuffle_joins_squares_of_neighbours():
    fusion = InterleavedFusion(8, "linear", shuffle=2)
    image = np.arange(1, 97, dtype=np.float32).reshape(1, 16, 6)
    (found,) = real_rows(fusion(streams([[IMAGE]], image)))
    assert found.shape == (4, 11)
    norm, dense = fusion.projectors["image"]
    first = image.reshape(4, 4, 6)[:2, :2].reshape(1, 1, 24)
    expected = ops.convert_to_numpy(dense(norm(ops.convert_to_tensor(first))))
    np.testing.assert_allclose(found[0, 3:], expected[0, 0], atol=1e-5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"image": rng_tokens(1, 4)}, "needs an input called conversation"),
        ({"conversation": np.ones((1, 2, 1)), "text": rng_tokens(1, 4)}, "inputs called image"),
    ],
)
def test_other_inputs_are_refused(given, message):
    made = {
        name: (ops.convert_to_tensor(value), ops.ones(value.shape[:2], "bool"))
        for name, value in given.items()
    }
    with pytest.raises(RecipeError, match=message):
        InterleavedFusion(8)(made)


def test_a_grid_that_is_not_divided_is_refused():
    with pytest.raises(RecipeError, match="square grid that 2 divides"):
        InterleavedFusion(8, shuffle=2)(streams([[IMAGE]], rng_tokens(1, 9)))


def decoder():
    made = InterleavedTransformer(8, 20, num_layers=2, num_heads=2, has_start=False)
    made.build((None, None))
    return made


def test_words_of_the_memory_have_the_decoders_own_vectors():
    made = decoder()
    ids, tokens = np.array([[3, 4, 5]]), np.array([[6, 7]])
    memory = np.concatenate([ids[..., None], np.zeros((1, 3, 10))], axis=-1).astype(np.float32)
    found = made(*map(ops.convert_to_tensor, (tokens, memory, np.ones((1, 3), bool))))
    whole = made.logits(
        ops.convert_to_tensor(np.concatenate([ids, tokens], 1)), ops.ones((1, 5), "bool")
    )
    np.testing.assert_allclose(
        ops.convert_to_numpy(found), ops.convert_to_numpy(whole)[:, 3:], atol=1e-5
    )


def test_steps_equal_all_at_once_after_an_image_in_the_middle():
    made, fusion = decoder(), InterleavedFusion(8)
    memory, mask = fusion(streams([[5, IMAGE, 7], [5, 6, -9]], rng_tokens(2, 4)))
    tokens = ops.convert_to_tensor(np.array([[6, 7, 3], [6, 7, 3]], np.int32))
    at_once = ops.convert_to_numpy(made(tokens, memory, mask))
    state, found = made.initial_state(memory, mask, 3), []
    for step in range(3):
        logits, state = made.step(tokens[:, step], state, memory, mask)
        found.append(ops.convert_to_numpy(logits))
    np.testing.assert_allclose(at_once, np.stack(found, 1), atol=1e-4)


def test_large_ids_stay_exact_in_half_precision():
    made = InterleavedTransformer(8, 5000, num_heads=2, has_start=False, dtype="mixed_bfloat16")
    fusion = InterleavedFusion(8, dtype="mixed_bfloat16")
    memory, mask = fusion(streams([[4099, IMAGE, 257]], rng_tokens(1, 4)))
    assert ops.convert_to_numpy(memory)[0, [0, 6], 0].tolist() == [4099, 257]
    logits = made(ops.zeros((1, 2), "int32"), memory, mask)
    assert np.isfinite(ops.convert_to_numpy(ops.cast(logits, "float32"))).all()
    word = ops.convert_to_tensor([4099])
    np.testing.assert_array_equal(
        ops.convert_to_numpy(made._projected(memory))[0, 0],
        ops.convert_to_numpy(made.embed(word))[0],
    )


def test_a_longer_prompt_is_continued_from_what_was_read():
    made, fusion = decoder(), InterleavedFusion(8)
    image = rng_tokens(1, 4)
    short, mask = fusion(streams([[5, IMAGE, 7]], image))
    long, long_mask = fusion(streams([[5, IMAGE, 7, 9, 3, 4]], image))
    kept = ContinuedDecoder(made)
    kept.initial_state(short, mask)
    assert kept.num_read == 6
    for memory, real, read in ((long, long_mask, 3), (long, long_mask, 1)):
        before = kept.num_read
        state = kept.initial_state(memory, real)
        assert kept.num_read - before == read
        wanted = made.initial_state(memory, real, 2)
        for token in (6, 2):
            tokens = ops.convert_to_tensor(np.array([token], np.int32))
            found, state = kept.step(tokens, state)
            expected, wanted = made.step(tokens, wanted, memory, real)
            np.testing.assert_allclose(
                ops.convert_to_numpy(found), ops.convert_to_numpy(expected), atol=1e-5
            )
