import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU

from polymodal.evaluation.captions.bleu import bleu_counts, corpus_bleu, resampled_bleu
from polymodal.evaluation.captions.words import word_runs

TEXT = st.lists(st.sampled_from(["a", "dog", "cat", "runs"]), max_size=8).map(" ".join)
PICTURE = st.tuples(st.lists(TEXT.filter(bool), min_size=1, max_size=4), TEXT)


def counted(pictures):
    return np.array(
        [
            bleu_counts([word_runs(text.split()) for text in texts], word_runs(said.split()))
            for texts, said in pictures
        ]
    )


@given(st.lists(PICTURE, min_size=1, max_size=5))
def test_corpus_score_is_sacrebleus(pictures):
    found = corpus_bleu(counted(pictures))
    streams = [[texts[i] if i < len(texts) else None for texts, _ in pictures] for i in range(4)]
    for most in range(1, 5):
        other = BLEU(tokenize="none", smooth_method="none", max_ngram_order=most)
        expected = other.corpus_score([said for _, said in pictures], streams).score / 100
        assert found[f"bleu_{most}"] == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.tuples(PICTURE, st.integers(0, 3)), min_size=1, max_size=5))
def test_resampled_score_is_that_of_the_repeated_pictures(drawn):
    counts, times = counted([picture for picture, _ in drawn]), [num for _, num in drawn]
    quick = resampled_bleu(np.array(times, float)[None] @ counts)
    repeated = corpus_bleu(np.repeat(counts, times, axis=0))
    assert {name: value[0] for name, value in quick.items()} == pytest.approx(repeated, abs=1e-9)
