"""What a run reads: people whom train does not have are no input of a mood."""

from __future__ import annotations

import polymodal as pm
from polymodal.training.choose import choose

MOODS = ("joy", "fear", "calm")


def dialogues(first, count, speakers):
    """Returns rows of dialogues of four utterances, with the words that were said."""
    places = [(talk, turn) for talk in range(first, first + count) for turn in range(4)]
    return pm.read(
        {
            "dialogue": [f"d{talk}" for talk, _ in places],
            "turn": [turn for _, turn in places],
            "speaker": [f"{speakers[talk % len(speakers)]}" for talk, _ in places],
            "said": [f"word {talk} and {turn} in a sentence" for talk, turn in places],
            "mood": [MOODS[(talk + turn) % 3] for talk, turn in places],
        }
    )


def chosen(capfd, test_speakers, **given):
    tables = {
        "train": dialogues(0, 30, ["Ann", "Bob", "Eve", "Joe", "Kim", "Lee"]),
        "test": dialogues(50, 10, test_speakers),
    }
    asked = {"target": "mood", "task": "sentiment", "group": "dialogue", "order": "turn", **given}
    recipe = choose(tables, asked, [], None, None)[0]
    return list(recipe.inputs), capfd.readouterr().err


def test_strangers_are_not_read_and_a_known_cast_is(capfd):
    inputs, told = chosen(capfd, ["Zoe", "Max"])
    assert inputs == ["said"]
    assert 'Column "speaker" is not read: it says who speaks' in told
    assert "--set inputs.speaker.modality=texts" in told
    inputs, told = chosen(capfd, ["Ann", "Bob"])
    assert inputs == ["speaker", "said"]
    assert "is not read" not in told
    inputs, _ = chosen(capfd, ["Zoe"], inputs={"speaker": {}, "said": {}})
    assert inputs == ["speaker", "said"]
