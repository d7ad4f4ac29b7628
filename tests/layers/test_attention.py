import keras
import numpy as np
import pytest

from check_layer import check_layer, outputs, token_arrays
from polymodal.core.errors import RecipeError
from polymodal.layers.attention import MultiHeadAttention


def call_cross(layer, arrays, training=False):
    tokens = layer(
        arrays["inputs"],
        arrays["inputs_mask"],
        arrays["context"],
        arrays["context_mask"],
        training=training,
    )
    return tokens, arrays["inputs_mask"]


def call_self(layer, arrays, training=False):
    return layer(arrays["inputs"], arrays["inputs_mask"], training=training), arrays["inputs_mask"]


@pytest.mark.parametrize("options", [{}, {"causal": True, "rotary": True, "dropout": 0.1}])
def test_self_attention_passes_the_harness(options):
    check_layer(lambda: MultiHeadAttention(8, 2, **options), token_arrays(), call_self)


def test_cross_attention_passes_the_harness():
    context = token_arrays(time=5, dim=6, seed=1)
    arrays = {
        **token_arrays(),
        "context": context["inputs"][::-1].copy(),
        "context_mask": context["inputs_mask"][::-1].copy(),
    }
    check_layer(lambda: MultiHeadAttention(8, 2), arrays, call_cross)


def test_an_empty_context_gives_exactly_zero():
    arrays = token_arrays()
    tokens = MultiHeadAttention(8, 2)(arrays["inputs"], arrays["inputs_mask"])
    assert not keras.ops.convert_to_numpy(tokens)[-1].any()


def test_causal_attention_does_not_see_later_tokens():
    layer, arrays = MultiHeadAttention(8, 2, causal=True), token_arrays()
    before = outputs(call_self, layer, arrays)[0]
    arrays["inputs"][0, 3:] += 1.0
    after = outputs(call_self, layer, arrays)[0]
    np.testing.assert_allclose(before[0, :3], after[0, :3], atol=1e-6)
    assert np.abs(before[0, 3:] - after[0, 3:]).max() > 1e-3


def test_rotary_positions_tell_orders_apart():
    arrays = token_arrays()
    swapped = {**arrays, "inputs": arrays["inputs"][:, [1, 0, 2, 3, 4, 5]]}
    for rotary, differs in ((False, False), (True, True)):
        layer = MultiHeadAttention(8, 2, rotary=rotary)
        one, other = (outputs(call_self, layer, a)[0][0, 2:] for a in (arrays, swapped))
        assert (np.abs(one - other).max() > 1e-4) == differs


def test_bad_arguments_are_refused_with_the_fix():
    with pytest.raises(RecipeError, match=r"Got dim=10, num_heads=4. Pass dim=8"):
        MultiHeadAttention(10, 4)
    with pytest.raises(RecipeError, match=r"even size .* Pass dim=12 or rotary=False"):
        MultiHeadAttention(6, 2, rotary=True)
