"""What every sequence model promises."""

from __future__ import annotations

import numpy as np
import pytest

import check_layer as harness
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import find, names

ALL = ["attention", "contextual_lstm", "recurrent"]


def test_every_sequence_model_is_tested_here():
    assert sorted(ALL) == list(names("sequence"))


@pytest.mark.parametrize("name", ALL)
def test_sequence_model_passes_the_harness(name):
    harness.check_layer(lambda: find("sequence", name)(8), harness.token_arrays())


def test_recurrent_with_a_summary_passes_the_harness():
    harness.check_layer(
        lambda: find("sequence", "recurrent")(8, summary=True), harness.token_arrays()
    )


def test_a_summary_tells_each_step_of_all_others():
    layer, arrays = find("sequence", "recurrent")(8, summary=True), harness.token_arrays()
    layer.build(arrays["inputs"].shape)
    for weight in layer.layers[0].weights:  # the recurrent part says nothing
        weight.assign(np.zeros(weight.shape, "float32"))
    said = harness.outputs(harness.call_encoder, layer, arrays)[0]
    np.testing.assert_allclose(said, arrays["inputs"], atol=1e-6)  # nor does the summary, yet
    layer.summaries[0].kernel.assign(np.eye(8, dtype="float32"))
    before = harness.outputs(harness.call_encoder, layer, arrays)[0]
    arrays["inputs"] = arrays["inputs"].copy()
    arrays["inputs"][0, -1, 0] += 1
    after = harness.outputs(harness.call_encoder, layer, arrays)[0]
    moved = after - before
    assert np.abs(moved[0, 0]).max() > 1e-2
    np.testing.assert_allclose(moved[0, 1:-1], np.broadcast_to(moved[0, 0], (4, 8)), atol=1e-5)
    np.testing.assert_allclose(moved[1:], 0, atol=1e-6)


def test_a_summary_of_later_steps_is_refused_where_steps_must_not_see_them():
    with pytest.raises(RecipeError, match="summary=True and bidirectional=False"):
        find("sequence", "recurrent")(8, summary=True, bidirectional=False)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("attention", {"causal": True}),
        ("contextual_lstm", {"bidirectional": False}),
        ("recurrent", {"bidirectional": False}),
    ],
)
def test_a_step_need_not_see_later_ones(name, given):
    layer, arrays = find("sequence", name)(8, **given), harness.token_arrays()
    before = harness.outputs(harness.call_encoder, layer, arrays)[0][0]
    arrays["inputs"] = arrays["inputs"].copy()
    arrays["inputs"][:, 3:, 0] += 1
    after = harness.outputs(harness.call_encoder, layer, arrays)[0][0]
    np.testing.assert_allclose(after[:3], before[:3], atol=1e-5)
    assert np.abs(after[3:] - before[3:]).max() > 1e-3
