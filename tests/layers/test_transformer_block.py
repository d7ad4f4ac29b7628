from check_layer import check_layer, token_arrays
from polymodal.layers.transformer_block import TransformerBlock


def test_block_passes_the_harness():
    check_layer(
        lambda: TransformerBlock(8, 2, expansion=2, rotary=True),
        token_arrays(),
        lambda layer, arrays, training=False: (
            layer(arrays["inputs"], arrays["inputs_mask"], training=training),
            arrays["inputs_mask"],
        ),
    )


def test_cross_block_passes_the_harness():
    def call(layer, arrays, training=False):
        tokens = layer(
            arrays["inputs"],
            arrays["inputs_mask"],
            arrays["context"],
            arrays["context_mask"],
            training=training,
        )
        return tokens, arrays["inputs_mask"]

    context = token_arrays(time=5, dim=6, seed=1)
    arrays = {
        **token_arrays(),
        "context": context["inputs"],
        "context_mask": context["inputs_mask"],
    }
    check_layer(lambda: TransformerBlock(8, 2, cross=True), arrays, call)
