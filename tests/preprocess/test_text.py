"""Text becomes ids, with every tokenizer, in every script."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.core.errors import BundleError, DataError, RecipeError
from polymodal.core.lookup import names
from polymodal.core.seeds import generator
from polymodal.preprocess.text import Text
from polymodal.preprocess.texts import Texts

TOKENIZERS = tuple(n for n in names("text.tokenizers") if n != "pretrained")  # learned ones
SENTENCES = [
    "is there a red circle?",
    "is a green circle present?",
    "two red cats",
    "一只红色的猫",
    "两只绿色的猫",
    "is there a cat?",
]


def fitted(tokenizer="word", **arguments):
    text = Text(tokenizer, **{"min_count": 1, **arguments})
    text.fit([text.decode(sentence) for sentence in SENTENCES])
    return text


def test_the_tokenizers_are_the_files():
    assert TOKENIZERS == ("bpe", "byte", "character", "ngram", "word")


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_ids_are_in_range_and_lengths_agree(tokenizer):
    text = fitted(tokenizer)
    for sentence in [*SENTENCES, "unseen words 狗", "", "<br>"]:
        decoded = text.decode(sentence)
        ids = text.encode(decoded)
        assert ids.dtype == np.int32
        assert ids.min() >= 1
        assert ids.max() < text.vocabulary_size
        assert len(ids) == text.length(decoded) >= 1


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_state_survives_json(tokenizer):
    text, other = fitted(tokenizer), Text(tokenizer, min_count=1)
    other.restore(json.loads(json.dumps(text.state())))
    assert other.vocabulary_size == text.vocabulary_size
    assert other.limit == text.limit
    for sentence in [*SENTENCES, "a dog 狗"]:
        assert np.array_equal(other.encode(sentence), text.encode(sentence))


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_fitting_twice_gives_the_same(tokenizer):
    assert fitted(tokenizer).state() == fitted(tokenizer).state()


@pytest.mark.parametrize("tokenizer", ["word", "character", "ngram", "byte"])
def test_chinese_without_spaces_shares_ids(tokenizer):
    text = fitted(tokenizer)
    first, second = (set(text.encode(text.decode(s)).tolist()) for s in SENTENCES[3:5])
    assert len(first & second) >= 2


def test_words_not_in_train_are_unknown():
    text = fitted()
    assert text.encode(text.decode("a purple cat")).tolist()[1] == 1
    rare = Text(min_count=2)
    rare.fit(["red cat", "red dog"])
    assert rare.encode("red cat").tolist() == [2, 1]


def test_text_cannot_spell_the_special_tokens():
    text = fitted()
    assert 0 not in text.encode(text.decode("\x00padding padding \x00unknown"))


def test_bpe_and_byte_know_every_text():
    for tokenizer in ("bpe", "byte"):
        text = fitted(tokenizer)
        assert 1 not in text.encode(text.decode("žluťoučký kůň 狗 🚀"))


def test_bpe_merges_what_is_frequent():
    text = Text("bpe", max_vocabulary=300)
    text.fit(["circle circle circle circle"] * 10)
    assert text.length("circle") < 3
    assert text.vocabulary_size <= 300


def test_ngrams_hold_words_pieces_and_pairs():
    text = fitted("ngram", buckets=1000)
    assert text.length("red") == 1 + 3 + 2 + 1  # word; <re red ed>; <red red>; <red>
    assert text.length("red cat") == 7 + 7 + 1
    shared = set(text.encode("catlike").tolist()) & set(text.encode("cats").tolist())
    assert len(shared) >= 2


def test_ngram_hashes_are_the_same_everywhere():
    text = Text("ngram", buckets=1000, min_count=1)
    text.fit(["ab"])
    assert text.encode("ab").tolist() == [2, 2 + 1 + 444, 2 + 1 + 843, 2 + 1 + 580]


def test_longer_text_is_cut_and_told():
    text = fitted(max_length=3)
    decoded = text.decode(SENTENCES[0])
    assert text.truncated(decoded)
    assert len(text.encode(decoded)) == text.length(decoded) == 3
    open_end = fitted()
    assert open_end.limit == 6
    assert not open_end.truncated(decoded)


def test_word_dropout_hides_words_and_keeps_length():
    text = fitted(word_dropout=0.5)
    decoded = text.decode(SENTENCES[0])
    varied = text.augment(decoded, generator(1))
    assert varied == text.augment(decoded, generator(1))
    ids, plain = text.encode(varied), text.encode(decoded)
    assert len(ids) == len(plain)
    assert 0 < (ids == 1).sum() < 6
    assert np.array_equal(ids[ids != 1], plain[ids != 1])
    still = fitted(word_dropout=0.0)
    assert still.augment(decoded, generator(1)) == decoded


def test_chinese_words_drop_one_by_one():
    text = fitted(word_dropout=0.5)
    ids = text.encode(text.augment("一只红色的猫", generator(2)))
    assert len(ids) == 6
    assert 0 < (ids == 1).sum() < 6


@given(st.text(), st.sampled_from(TOKENIZERS))
def test_any_text_has_a_length(text, tokenizer):
    modality = _FITTED[tokenizer]
    decoded = modality.decode(text)
    assert modality.length(decoded) == len(modality.encode(decoded))


_FITTED = {tokenizer: fitted(tokenizer) for tokenizer in TOKENIZERS}


def test_cells_of_other_kinds():
    assert Text().decode(["One", None, "two"]) == "one two"
    assert Text().decode(3.5) == "3.5"
    with pytest.raises(DataError, match=r"needs text. Got bytes"):
        Text().decode(b"x")


def test_questions_keep_every_word():
    assert Text.suggest(["is there a cat?"] * 3) == {"tokenizer": "word", "word_dropout": 0.0}
    long = "this was a rather long review of a film that nobody ought to see"
    assert Text.suggest([long, None])["word_dropout"] == 0.1
    assert Text.suggest([None]) == {}


def test_wrong_use_is_explained():
    with pytest.raises(RecipeError, match=r'No tokenizer named "wrd".* Did you mean "word"'):
        Text("wrd")
    with pytest.raises(RecipeError, match=r"Text needs word_dropout from 0 to 0.9. Got 2"):
        Text(word_dropout=2)
    with pytest.raises(RecipeError, match=r"WordTokenizer needs a vocabulary. Got none. Call fit"):
        Text().encode("a")
    with pytest.raises(BundleError, match='needs "tokenizer" to be a WordTokenizer as JSON'):
        Text().restore({"tokenizer": "{}", "max_length": 3})


def test_the_share_of_tokens_that_an_imported_tokenizer_does_not_know_is_noted():
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1, "dog": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    text = Text("pretrained")
    text.restore({"tokenizer": tokenizer.to_str(), "vocabulary_size": 3, "max_length": 8})
    text.look(["a dog", "ein Hund"])
    assert text.notes()[0].startswith("50.0% of the tokens are unknown")
    text.look(["a dog"])
    assert not text.notes()
    texts = Texts("pretrained")
    texts.restore(text.state())
    texts.look([["a dog", None], ["a", "Hund"]])
    assert texts.notes()[0].startswith("25.0% of the tokens")
