import numpy as np
import pytest

from check_layer import check_layer, token_arrays
from oracles import to_numpy
from polymodal.core.errors import RecipeError
from polymodal.encoders.wave_transformer import WaveTransformer

SMALL = {
    "width": 8,
    "num_layers": 1,
    "num_heads": 2,
    "hidden": 12,
    "filters": [[4, 4, 2], [6, 2, 2]],
    "position_kernel": 4,
    "position_groups": 2,
}


LARGE = {
    "filter_norm": "layer",
    "filter_bias": True,
    "norm_first": True,
    "filter_output_norm": False,
    "num_buckets": 8,
    "farthest": 4,
}
VOICE = {"speaker": [[6, 3, 1], [4, 2, 2]], "speaker_width": 5, "mixes_layers": True}


@pytest.mark.parametrize(("own", "time"), [(LARGE, 30), (VOICE, 48)])
def test_wave_transformer_passes_the_harness(own, time):
    check_layer(
        lambda: WaveTransformer(**SMALL, **own), token_arrays(time=time, dim=1), still=["key/bias"]
    )


def test_a_token_sees_real_samples_alone_and_a_short_sound_has_one():
    encoder = WaveTransformer(**SMALL)
    assert encoder.time_stride == WaveTransformer.stride_of(SMALL) == 4
    assert WaveTransformer().time_stride == WaveTransformer.stride_of({}) == 320
    mask = np.arange(24) < np.array([24, 9, 6, 5, 1, 0])[:, None]
    tokens, real = encoder(np.ones((6, 24, 1), np.float32), mask)
    assert tuple(tokens.shape) == (6, 6, 8)
    assert to_numpy(real).sum(axis=1).tolist() == [5, 1, 1, 1, 1, 0]
    assert np.isfinite(to_numpy(tokens)).all()


def test_filters_of_another_form_are_refused():
    with pytest.raises(RecipeError, match="channels, kernel, stride"):
        WaveTransformer(filters=[[4, 4]])
    with pytest.raises(RecipeError, match="group or layer"):
        WaveTransformer(filter_norm="batch")
    with pytest.raises(RecipeError, match="divide dim"):
        WaveTransformer(width=10, position_groups=3)
