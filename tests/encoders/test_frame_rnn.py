from check_layer import check_layer, token_arrays
from polymodal.encoders.frame_rnn import FrameRnn


def test_frame_rnn_passes_the_harness():
    arrays = token_arrays(time=4, dim=8 * 8 * 3)
    arrays["inputs"] = arrays["inputs"].reshape(4, 4, 8, 8, 3)
    check_layer(lambda: FrameRnn(8, width=4), arrays)
