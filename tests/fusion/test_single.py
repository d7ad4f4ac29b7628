import numpy as np
import pytest

import check_layer as harness
from oracles import to_numpy
from polymodal.core.errors import RecipeError
from polymodal.fusion.single import SingleFusion


def stream():
    mask = np.arange(4) < np.array([[4], [2], [0]])
    return {
        "sound": np.random.default_rng(0).normal(size=(3, 4, 8)).astype("float32"),
        "sound_mask": mask,
    }


def test_the_tokens_of_the_only_input_stay_as_they_are():
    tokens, mask = harness.call_fusion(SingleFusion(8), stream())
    np.testing.assert_array_equal(to_numpy(tokens), stream()["sound"])
    np.testing.assert_array_equal(to_numpy(mask), stream()["sound_mask"])


def test_several_inputs_are_refused():
    both = stream() | {"text": stream()["sound"], "text_mask": stream()["sound_mask"]}
    with pytest.raises(RecipeError, match="needs one input"):
        harness.call_fusion(SingleFusion(8), both)
