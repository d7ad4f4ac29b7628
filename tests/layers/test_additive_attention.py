import keras
import numpy as np

from check_layer import check_layer, outputs, token_arrays
from polymodal.layers.additive_attention import AdditiveAttention


def call(layer, arrays, training=False):
    tokens = layer(
        arrays["inputs"],
        arrays["inputs_mask"],
        arrays["context"],
        arrays["context_mask"],
        training=training,
    )
    return tokens, arrays["inputs_mask"]


def arrays():
    context = token_arrays(time=5, dim=6, seed=1)
    return {
        **token_arrays(),
        "context": context["inputs"][::-1].copy(),
        "context_mask": context["inputs_mask"][::-1].copy(),
    }


def test_it_passes_the_harness():
    check_layer(lambda: AdditiveAttention(8, dropout=0.1), arrays(), call)


def test_an_empty_context_gives_exactly_zero():
    assert not outputs(call, AdditiveAttention(8), arrays())[0][0].any()


def test_it_gathers_what_the_formula_says():
    layer, given = AdditiveAttention(4), arrays()
    found = outputs(call, layer, given)[0]
    query, key, value, compare = (
        keras.ops.convert_to_numpy(part.kernel)
        for part in (layer.query, layer.key, layer.value, layer.compare)
    )
    row, real = 2, given["context_mask"][2]
    context = given["context"][row][real]
    for step, token in enumerate(given["inputs"][row]):
        scores = np.tanh(token @ query + context @ key) @ compare[:, 0]
        weights = np.exp(scores) / np.exp(scores).sum()
        np.testing.assert_allclose(found[row, step], weights @ (context @ value), atol=1e-5)
