from check_layer import call_plain, check_layer, token_arrays
from polymodal.layers.feedforward import FeedForward


def test_part_passes_the_harness():
    arrays = {"inputs": token_arrays()["inputs"]}
    check_layer(lambda: FeedForward(8, 2), arrays, call_plain, needs_mask=False)
