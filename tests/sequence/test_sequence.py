"""What every sequence model promises."""

from __future__ import annotations

import numpy as np
import pytest

import check_layer as harness
from polymodal.core.lookup import find, names

ALL = ["attention", "recurrent"]


def test_every_sequence_model_is_tested_here():
    assert sorted(ALL) == list(names("sequence"))


@pytest.mark.parametrize("name", ALL)
def test_sequence_model_passes_the_harness(name):
    harness.check_layer(lambda: find("sequence", name)(8), harness.token_arrays())


@pytest.mark.parametrize(("name", "given"), [("attention", {"causal": True}),
                                             ("recurrent", {"bidirectional": False})])
def test_a_step_need_not_see_later_ones(name, given):
    layer, arrays = find("sequence", name)(8, **given), harness.token_arrays()
    before = harness.outputs(harness.call_encoder, layer, arrays)[0][0]
    arrays["inputs"] = arrays["inputs"].copy()
    arrays["inputs"][:, 3:, 0] += 1
    after = harness.outputs(harness.call_encoder, layer, arrays)[0][0]
    np.testing.assert_allclose(after[:3], before[:3], atol=1e-5)
    assert np.abs(after[3:] - before[3:]).max() > 1e-3
