import pytest

from check_layer import call_encoder as call
from check_layer import check_layer, outputs, token_arrays
from polymodal.core.errors import RecipeError
from polymodal.encoders.conv_audio import ConvAudio


@pytest.mark.parametrize("recurrent", [False, True])
def test_conv_audio_passes_the_harness(recurrent):
    check_layer(
        lambda: ConvAudio(8, width=4, num_stages=2, time_stride=4, recurrent=recurrent),
        token_arrays(time=21, dim=10),
    )


@pytest.mark.parametrize("stride", [2, 4, 8, 16])
def test_time_is_shortened_by_the_stride(stride):
    tokens, mask = outputs(
        call, ConvAudio(8, width=2, time_stride=stride), token_arrays(time=21, dim=10)
    )
    assert tokens.shape[1] == mask.shape[1] == -(-21 // stride)
    assert mask.sum(1).tolist() == [-(-steps // stride) for steps in (21, 14, 7, 0)]


def test_a_stride_the_stages_cannot_make_is_refused():
    with pytest.raises(RecipeError, match=r"time_stride 2, 4 with num_stages=1. Got 8"):
        ConvAudio(8, num_stages=1)
