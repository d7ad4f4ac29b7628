import numpy as np

from check_layer import check_layer, token_arrays
from oracles import to_numpy
from polymodal.encoders.audio_transformer import AudioTransformer

SMALL = {"width": 8, "num_layers": 1, "num_heads": 2, "hidden": 12, "num_positions": 12}


def test_audio_transformer_passes_the_harness():
    check_layer(lambda: AudioTransformer(**SMALL), token_arrays(time=15, dim=10))


def test_an_odd_number_of_frames_gives_a_token_for_the_last():
    encoder = AudioTransformer(**SMALL)
    tokens, mask = encoder(np.ones((2, 5, 4), np.float32), np.ones((2, 5), bool))
    assert tuple(tokens.shape) == (2, 3, 8)
    assert to_numpy(mask).all()


def test_padding_beyond_the_longest_length_is_no_token():
    encoder = AudioTransformer(**SMALL)
    frames = np.random.default_rng(0).normal(size=(1, 24, 4)).astype(np.float32)
    tokens, _ = encoder(frames, np.ones((1, 24), bool))
    longer, mask = encoder(np.pad(frames, ((0, 0), (0, 7), (0, 0))), np.arange(31)[None] < 24)
    assert to_numpy(mask).tolist() == [[True] * 12 + [False] * 4]
    np.testing.assert_allclose(to_numpy(longer)[:, :12], to_numpy(tokens), atol=1e-6)


def test_a_silent_rest_changes_nothing():
    encoder = AudioTransformer(**SMALL)
    encoder.build((None, None, 4))
    frames = np.random.default_rng(0).normal(size=(1, 24, 4)).astype(np.float32).clip(-1, 1)
    frames[:, 10:] = max(-1.5, frames[:, :10].max() - 2)
    whole = encoder.hidden_states(frames, np.ones((1, 24), bool))
    short = encoder.hidden_states(frames[:, :10], np.ones((1, 10), bool))
    np.testing.assert_allclose(to_numpy(short), to_numpy(whole), atol=1e-6)
