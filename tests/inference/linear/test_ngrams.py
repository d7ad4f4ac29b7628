"""n-grams are those of scikit-learn, with a vocabulary that is plain text."""

import numpy as np
import pytest

from polymodal.core.errors import BundleError
from polymodal.inference.linear.ngrams import NGrams

TEXTS = [
    "A good day, a GOOD night",
    "bad  day",
    "x",
    "no\tword here: ü-ß!",
    "",
    "day day day night",
]


def test_the_values_are_those_of_scikit_learn():
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    kinds = [
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b"),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True),
    ]
    theirs = hstack([kind.fit_transform(TEXTS) for kind in kinds]).toarray()
    ours = NGrams()
    ours.fit(TEXTS)
    names = [[str(one) for one in kind.get_feature_names_out()] for kind in kinds]
    assert [ours.names("words"), ours.names("pieces")] == names
    np.testing.assert_allclose(ours.matrix(TEXTS).toarray(), theirs, atol=1e-12)
    new = ["a day unseen", "good bad"]
    theirs = hstack([kind.transform(new) for kind in kinds]).toarray()
    np.testing.assert_allclose(np.stack([ours.vector(text) for text in new]), theirs, atol=1e-12)


def test_the_most_frequent_are_kept_and_a_missing_text_has_none():
    ngrams = NGrams(most=2)
    ngrams.fit(TEXTS)
    assert ngrams.names("words") == ["a", "day"] or "day" in ngrams.names("words")
    assert ngrams.width == 4
    assert ngrams.matrix([None, "day"]).toarray().any(axis=1).tolist() == [False, True]


def test_what_was_learned_is_restored_and_other_arrays_are_refused():
    ngrams, again = NGrams(), NGrams()
    ngrams.fit(TEXTS)
    again.restore(ngrams.state(), ngrams.idf)
    np.testing.assert_array_equal(again.vector(TEXTS[0]), ngrams.vector(TEXTS[0]))
    with pytest.raises(BundleError, match="inverse frequencies"):
        again.restore(ngrams.state(), ngrams.idf[1:])


def test_texts_without_any_ngram_give_no_features():
    ngrams = NGrams()
    ngrams.fit(["", " "])
    assert ngrams.width == 0
    assert ngrams.vector("good").shape == (0,)
