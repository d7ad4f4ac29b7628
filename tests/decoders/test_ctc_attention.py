"""CTC and an attention decoder trained together: head, loss, and scores in a second pass."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import check_layer as harness
from polymodal.core.errors import RecipeError
from polymodal.decoders.ctc_attention import CTCAttention
from polymodal.layers.losses import CrossEntropy, CTCAttentionLoss, CTCLoss
from polymodal.model.heads.frames import FrameHead

pytestmark = pytest.mark.engine

BATCH, FRAMES, DIM, OUTPUTS = 3, 12, 8, 5
numpy = keras.ops.convert_to_numpy


def tokens_and_mask():
    rng = np.random.default_rng(0)
    mask = np.arange(FRAMES)[None] < np.array([FRAMES, 9, 5])[:, None]
    return rng.normal(size=(BATCH, FRAMES, DIM)).astype("float32"), mask


TARGETS = np.array([[0, 1, 1, 3], [2, -1, -1, -1], [3, 0, -1, -1]], "int32")
PREVIOUS = np.concatenate([np.full((BATCH, 1), OUTPUTS, "int32"), TARGETS], axis=1)


def call_head(layer, arrays, training=False):
    return layer(arrays["tokens"], arrays["mask"], arrays["previous"], training=training)


@pytest.mark.parametrize("decoder", ["transformer", "recurrent_attention"])
def test_the_head_passes_the_harness(decoder):
    tokens, mask = tokens_and_mask()
    make = lambda: CTCAttention(DIM, OUTPUTS, decoder)
    arrays = {"tokens": tokens, "mask": mask, "previous": PREVIOUS}
    layer, expected = harness.check_unmasked(make, arrays, call_head)
    dirty = {**arrays, "tokens": np.where(mask[..., None], tokens, 9.0).astype("float32")}
    harness.assert_same(expected, harness.outputs(call_head, layer, dirty), 1e-4, "garbage")


def test_frames_are_the_same_with_and_without_what_was_written():
    head = CTCAttention(DIM, OUTPUTS, dropout=0.0)
    tokens, mask = tokens_and_mask()
    both = numpy(head(tokens, mask, PREVIOUS))
    assert both.shape == (BATCH, FRAMES + 5, OUTPUTS)
    np.testing.assert_allclose(both[:, :FRAMES], numpy(head(tokens, mask)), atol=1e-6)
    task = FrameHead(OUTPUTS, DIM, ctc_weight=0.3)
    assert task.frames(both, TARGETS).shape == (BATCH, FRAMES, OUTPUTS)


def test_the_loss_is_the_sum_of_both_in_their_shares():
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(BATCH, FRAMES + 5, OUTPUTS)).astype("float32")
    found = numpy(CTCAttentionLoss(0.3).call(keras.ops.convert_to_tensor(TARGETS), logits))
    ctc = numpy(CTCLoss().call(keras.ops.convert_to_tensor(TARGETS), logits[:, :FRAMES]))
    ends = np.array([[0, 1, 1, 3, 4], [2, 4, 0, 0, 0], [3, 0, 4, 0, 0]], "int32")
    each = numpy(CrossEntropy().call(keras.ops.convert_to_tensor(ends), logits[:, FRAMES:]))
    for row, count in enumerate((4, 1, 2)):
        expected = 0.3 * ctc[row].sum() + 0.7 * each[row, : count + 1].sum()
        np.testing.assert_allclose(found[row].sum(), expected, rtol=1e-5)
        assert not found[row, count:].any()


def test_a_share_out_of_range_or_a_decoder_of_the_wrong_kind_is_refused():
    with pytest.raises(RecipeError, match=r"0 < ctc_weight <= 1\. Got 0"):
        FrameHead(4, ctc_weight=0)
    with pytest.raises(RecipeError, match='Got "ctc"'):
        FrameHead(4, ctc_weight=0.5, decoder="ctc")
