import numpy as np
import pytest

from polymodal.core.errors import DataError
from polymodal.evaluation.captions.scores import DocumentFrequencies, score_captions

# pycocoevalcap 1.2 on the same texts, taken apart by `caption_words`.
PUBLISHED = {
    "bleu_1": 0.7826087,
    "bleu_2": 0.65607529,
    "bleu_3": 0.53014195,
    "bleu_4": 0.37754504,
    "cider_d": 1.40603139,
    "rouge_l": 0.54262344,
}
PUBLISHED_BY_PICTURE = {
    "cider_d": [
        2.295852,
        3.538113,
        0.885543,
        0.095751,
        1.537739,
        2.314326,
        0.428061,
        0.40616,
        0,
        2.558769,
    ],
    "rouge_l": [
        0.809735,
        0.758706,
        0.745418,
        0.2954,
        0.611222,
        0.797038,
        0.220217,
        0.559633,
        0,
        0.628866,
    ],
}


def test_scores_are_those_of_the_coco_scorer(people):
    score = score_captions(*people)
    for name, value in PUBLISHED.items():
        assert score.metrics[name] == pytest.approx(value, abs=1e-8), name
    for name, values in PUBLISHED_BY_PICTURE.items():
        assert score.per_item[name] == pytest.approx(values, abs=1e-6), name
    assert score.corpus == "references of the scored pictures (10)"


def test_every_interval_holds_its_score_and_is_drawn_from_the_seed(people):
    score = score_captions(*people)
    assert set(score.intervals) == set(score.metrics)
    for name, (low, high) in score.intervals.items():
        assert low < score.metrics[name] < high
    assert score.intervals == score_captions(*people).intervals
    assert score.intervals != score_captions(*people, seed=1).intervals


def test_mean_of_pictures_has_the_interval_of_a_mean(people):
    references, hypotheses = (part * 20 for part in people)
    score = score_captions(references, hypotheses)
    low, high = score.intervals["cider_d"]
    error = score.per_item["cider_d"].std() / np.sqrt(200)
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.1)


def test_one_picture_is_scored_against_frequencies_of_a_stated_corpus(people, tmp_path):
    references, hypotheses = people
    DocumentFrequencies.of(references, "train").save(tmp_path / "train.json")
    train = DocumentFrequencies.load(tmp_path / "train.json")
    one = score_captions(references[:1], hypotheses[:1], train)
    whole = score_captions(*people)
    assert one.metrics["cider_d"] == whole.per_item["cider_d"][0]
    assert one.corpus == "train (10)"
    assert one.intervals == {}
    alone = score_captions(references[:1], hypotheses[:1])
    assert np.isnan(alone.metrics["cider_d"])
    assert alone.metrics["bleu_1"] > 0.9


def test_copied_reference_is_perfect_and_empty_captions_are_nothing(people):
    references, _ = people
    copied = score_captions(references, [texts[0] for texts in references])
    assert copied.metrics["bleu_4"] == copied.metrics["rouge_l"] == 1
    silent = score_captions(references, [""] * 10)
    assert set(silent.metrics.values()) == {0.0}


def test_chinese_is_scored_by_characters():
    references = [["两只猫在沙发上睡觉。", "沙发上有两只猫"], ["一个人在骑马"]]
    score = score_captions(references, ["两只猫在沙发上", "一个人骑马"])
    assert score.metrics["bleu_1"] == pytest.approx(np.exp(1 - 13 / 12))  # all 12 characters fit
    assert score.per_item["cider_d"].min() > 1


def test_wrong_input_is_named_with_its_row():
    with pytest.raises(DataError, match=r"row 2: .* list of one text or more .* Got \[\]"):
        score_captions([["a"], []], ["a", "b"])
    with pytest.raises(DataError, match=r"row 1: .* Got 'a dog'"):
        score_captions(["a dog"], ["a dog"])  # pyright: ignore
    with pytest.raises(DataError, match="Got 1 references, 2 hypotheses"):
        score_captions([["a"]], ["a", "b"])
    with pytest.raises(DataError, match=r"row 1: .* texts as hypotheses. Got NoneType"):
        score_captions([["a"]], [None])  # pyright: ignore
