import pytest

from polymodal.core.errors import DataError
from polymodal.evaluation.captions.cider import DocumentFrequencies, cider_d
from polymodal.evaluation.captions.words import caption_words, word_runs


def score(references, text, frequencies):
    return cider_d(
        [word_runs(caption_words(one)) for one in references],
        word_runs(caption_words(text)),
        frequencies,
    )


def test_same_text_scores_ten(people):
    frequencies = DocumentFrequencies.of(people[0], "ten pictures")
    assert score(["A red bus drives by."], "a red bus drives by", frequencies) == pytest.approx(10)


def test_words_of_every_picture_count_nothing_and_repeating_does_not_pay():
    frequencies = DocumentFrequencies.of([["the dog runs"], ["the cat"], ["the bus"]], "three")
    assert score(["the dog"], "the", frequencies) == 0
    once = score(["the dog runs home"], "the dog runs", frequencies)
    assert score(["the dog runs home"], "the dog runs the dog runs", frequencies) < once


def test_frequencies_count_pictures_and_survive_a_file(people, tmp_path):
    frequencies = DocumentFrequencies.of(people[0], "train, 2014")
    assert frequencies.counts["on a"] == 5
    assert "horse" not in frequencies.counts  # of one picture, however often
    assert frequencies.num_pictures == 10
    frequencies.save(tmp_path / "frequencies.json")
    assert DocumentFrequencies.load(tmp_path / "frequencies.json") == frequencies


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "other"}'])
def test_other_files_are_refused(content, tmp_path):
    (tmp_path / "x.json").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r'x.json.* has no "document frequencies 1"'):
        DocumentFrequencies.load(tmp_path / "x.json")
