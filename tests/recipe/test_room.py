"""A transcript needs a frame for each symbol: whether there are enough is known beforehand."""

import numpy as np
import pytest

from polymodal.core.errors import DataError
from polymodal.recipe import assemble
from polymodal.recipe.recipe import from_dict
from polymodal.recipe.room import room_for

SOUND = {"modality": "audio", "sample_rate": 8000, "num_mels": 40}


def recipe(task="transcribe", fusion="concat", **inputs):
    inputs = inputs or {"audio": {**SOUND, "encoder": "conv_audio", "time_stride": 8}}
    return from_dict(
        {"task": task, "target": "text", "inputs": inputs, "fusion": fusion, "dim": 16}
    )


def room(**choice):
    chosen = recipe(**choice)
    return room_for(chosen, assemble.build_inputs(chosen))


@pytest.mark.parametrize(
    "encoder",
    [
        {"encoder": "conv_audio", "time_stride": 2},
        {"encoder": "conv_audio"},
        {"encoder": "conformer"},
        {"encoder": "rnn"},
    ],
)
@pytest.mark.parametrize("steps", [17, 64])
def test_as_many_tokens_as_the_encoder_makes(encoder, steps):
    chosen = recipe(audio={**SOUND, **encoder})
    inputs = assemble.build_inputs(chosen)
    target = assemble.build_target(chosen)
    target.restore({"labels": ["a", "b"]})
    model, _ = assemble.build_model(chosen, inputs, target)
    batch = {
        inputs[0].key: np.zeros((1, steps, 40), np.float32),
        f"{inputs[0].key}_mask": np.ones((1, steps), bool),
    }
    assert room_for(chosen, inputs).num_tokens([steps]) == model(batch).shape[1]


def test_equal_neighbours_need_a_frame_between_them():
    room().check([80], num_symbols=9, num_frames=10)
    with pytest.raises(DataError) as caught:
        room().check([80], num_symbols=10, num_frames=11)
    message = str(caught.value)
    assert "has 10 symbols, which need 11 frames" in message
    assert 'Input "audio" of 0.80 s gives at most 10' in message
    assert "choose a smaller time_stride or a smaller hop_seconds, or run with --skip-b" in message
    assert caught.value.reason == "more_symbols_than_frames"


def test_a_missing_input_is_not_too_short():
    room().check([0], num_symbols=10, num_frames=11)


def test_inputs_give_together_what_the_fusion_leaves_of_them():
    inputs = {"audio": {**SOUND, "encoder": "conformer"}, "video": {"modality": "video"}}
    assert room(fusion="stepwise_concat", **inputs).num_tokens([100, 30]) == 30
    assert room(fusion="attention", **inputs).num_tokens([100, 30]) == 55
    with pytest.raises(DataError, match="frames_per_second") as caught:
        room(fusion="stepwise_concat", **inputs).check([100, 30], 31, 31)
    assert 'Inputs "audio" of 1.00 s and "video" of 30 steps give at most 30' in str(caught.value)


def test_what_is_not_certain_is_not_judged():
    assert room(task="caption") is None
    assert room(audio=SOUND, speaker={"modality": "text"}) is None
