import csv

import jiwer
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.core.errors import DataError
from polymodal.core.seeds import generator
from polymodal.evaluation.texts.speech import (
    confusions,
    errors_by_length,
    score_speech,
    worst_utterances,
)

SAID = [
    "The birch canoe slid on the smooth planks.",
    "Glue the sheet to the dark blue background.",
    "It's easy to tell the depth of a well.",
    "",
    "These days a chicken leg is a rare dish.",
    "Rice is often served in round bowls.",
]
HEARD = [
    "the birch canoe slid on smooth planks",
    "glue the sheep to the dark blue back ground",
    "its easy to tell the depth of a well",
    "you",
    "these days a chicken leg is a rare dish",
    "rise is often served in round bowls",
]
SENTENCES = st.lists(st.sampled_from(["a", "b", "cat", "it's", "two"]), max_size=6).map(" ".join)


def distance(said, heard):
    """Edit distance by the recurrence of its definition."""
    row = list(range(len(heard) + 1))
    for i, left in enumerate(said, start=1):
        row, above = [i], row
        for j, right in enumerate(heard, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (left != right)))
    return row[-1]


@given(st.lists(st.tuples(SENTENCES, SENTENCES), min_size=1, max_size=6))
def test_rates_are_errors_of_all_by_units_of_all(pairs):
    said, heard = zip(*pairs, strict=True)
    score = score_speech(said, heard)
    for name, units in (("words", str.split), ("characters", list)):
        total = sum(len(units(text)) for text in said)
        errors = sum(distance(units(a), units(b)) for a, b in pairs)
        rate = score.metrics["wer" if name == "words" else "cer"]
        assert score.counts[name]["errors"] == errors
        assert score.counts[name]["reference"] == total
        assert rate == pytest.approx(errors / total) if total else np.isnan(rate)


def test_real_sentences_score_as_counted_by_hand():
    score = score_speech(SAID, HEARD)
    assert score.counts["words"] == {
        "errors": 7,
        "substitutions": 4,
        "insertions": 2,
        "deletions": 1,
        "reference": 41,
    }
    assert score.metrics["wer"] == 7 / 41
    assert score.normalisation == "basic 1"
    assert score.word_unit == "words"
    kept = [i for i, text in enumerate(score.references) if text]
    one = jiwer.process_words(
        [score.references[i] for i in kept], [score.hypotheses[i] for i in kept]
    )
    assert one.wer == 6 / 41


def test_real_transcripts_without_case_and_punctuation_are_still_right(shared_data):
    with open(shared_data / "speech" / "speech.csv", encoding="utf-8", newline="") as file:
        said = [row["transcript"] for row in csv.DictReader(file)]
    heard = ["".join(char for char in text.upper() if char not in ",.!?;:") for text in said]
    assert score_speech(said, heard, "none").metrics["wer"] > 0.9
    for name in ("basic", "english"):
        score = score_speech(said, heard, name)
        assert score.metrics == {"wer": 0, "cer": 0}
        assert score.counts["words"]["reference"] > 100


def test_words_in_silence_are_insertions_and_silence_alone_has_no_rate():
    score = score_speech(["", "yes"], ["thank you", "yes"])
    assert score.metrics["wer"] == 2
    assert score.words.tolist() == [[0, 2, 0, 0], [0, 0, 0, 1]]
    assert np.isnan(score_speech([""], ["you"]).metrics["wer"])


def test_scripts_without_spaces_are_counted_by_characters():
    score = score_speech(["两只猫在睡觉。", "แมวสองตัว"], ["两只 狗在睡觉", "แมวสองตัว"])
    assert score.word_unit == "characters"
    assert score.counts["words"]["substitutions"] == score.counts["words"]["errors"] == 1
    assert score.metrics["cer"] == pytest.approx(1 / 15)
    mixed = score_speech(["play 周杰伦 songs"], ["play 周杰论 songs"])
    assert mixed.word_unit == "words, and characters of scripts without spaces"
    assert mixed.metrics["wer"] == 1 / 5


def test_normalisation_decides_what_is_an_error():
    said, heard = ["I'll pay twenty-one dollars."], ["I will pay $21"]
    rates = [score_speech(said, heard, name).metrics["wer"] for name in ("none", "english")]
    assert rates == [1.0, 0.0]


def speech(num=400, share=0.15):
    rng = generator(3)
    said = [" ".join(rng.choice(list("abcdefgh"), size=rng.integers(1, 12))) for _ in range(num)]
    heard = [
        " ".join("x" if rng.random() < share else word for word in text.split()) for text in said
    ]
    return said, heard


def test_interval_is_that_of_scoring_every_resample_anew():
    said, heard = speech(60)
    score = score_speech(said, heard)
    rng, rates = generator(9), []
    for _ in range(600):
        rows = rng.integers(60, size=60)
        rates.append(jiwer.wer([said[i] for i in rows], [heard[i] for i in rows]))
    assert score.intervals["wer"] == pytest.approx(np.percentile(rates, [2.5, 97.5]), abs=0.012)
    assert score.intervals == score_speech(said, heard).intervals


def test_no_error_in_some_utterances_is_none_in_all():
    said, _ = speech(50)
    score = score_speech(said, said)
    assert score.metrics["wer"] == 0
    assert score.intervals["wer"] == score.intervals["cer"]
    assert score.intervals["wer"] == pytest.approx([0, 3 / 50], abs=0.002)
    low, high = errors_by_length(score)["1 to 5"]["intervals"]["wer"]
    assert low == 0
    assert high > 0.06
    by_speaker = score_speech(said, said, groups=[*range(10)] * 5).intervals["wer"]
    assert by_speaker[1] == pytest.approx(1 - 0.05 ** (1 / 10))


def test_speakers_are_drawn_whole_and_few_speakers_have_no_interval():
    said, heard = speech(20)
    said, heard = said * 10, heard * 10
    alone = score_speech(said, heard).intervals["wer"]
    together = score_speech(said, heard, groups=list(range(20)) * 10).intervals["wer"]
    assert np.ptp(together) > 2 * np.ptp(alone)
    assert score_speech(said, heard, groups=["ana"] * 200).intervals == {}
    few = score_speech(said, heard, groups=[*range(9), 0] * 20)
    assert few.intervals == {}  # of nine speakers a bootstrap knows too little
    assert 0 < errors_by_length(few)["1 to 5"]["num_groups"] < 10
    assert errors_by_length(few)["1 to 5"]["intervals"] == {}


def test_worst_utterances_and_confused_words_are_named():
    score = score_speech(SAID, HEARD)
    assert worst_utterances(score, 1) == [
        {
            "row": 1,
            "errors": 3,
            "reference": "glue the sheet to the dark blue background",
            "hypothesis": "glue the sheep to the dark blue back ground",
        }
    ]
    assert len(worst_utterances(score)) == 5
    assert {"said": "rice", "heard": "rise", "count": 1} in confusions(score)
    assert confusions(score_speech(["a b a", "a c"], ["x b x", "x d"]), 1) == [
        {"said": "a", "heard": "x", "count": 3}
    ]


def test_parts_add_up_to_the_whole():
    said, heard = speech()
    score = score_speech(said, heard)
    parts = errors_by_length(score)
    assert sum(part["n"] for part in parts.values()) == 400
    assert set(errors_by_length(score_speech(SAID, HEARD))) == {"0", "6 to 10"}


def test_wrong_input_is_named_with_its_row():
    with pytest.raises(DataError, match="Got 2 references, 1 hypotheses"):
        score_speech(["a", "b"], ["a"])
    with pytest.raises(DataError, match="at least one"):
        score_speech([], [])
    with pytest.raises(DataError, match=r"row 2: .* needs a text as reference. Got NoneType"):
        score_speech(["a", None], ["a", "b"])
    with pytest.raises(DataError, match=r"row 1: .* needs texts as hypotheses. Got float"):
        score_speech(["a"], [float("nan")])
