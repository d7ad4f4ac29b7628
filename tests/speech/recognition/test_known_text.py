"""A known text is found in a recording, word by word."""

import numpy as np
import pytest

from polymodal.core.errors import DataError
from polymodal.speech.recognition.known_text import align_text


def test_each_word_lies_where_it_is_said(predictor, long_file, spoken):
    path, starts = long_file
    found = align_text(predictor, path, "\n".join(spoken))
    assert [word.text for word in found.words] == " ".join(spoken).split()
    assert (
        np.abs(
            [word.start_seconds - start for word, start in zip(found.words, starts, strict=True)]
        ).max()
        < 0.05
    )


def test_words_are_written_as_in_the_text(predictor, long_file, spoken):
    words = " ".join(spoken).split()
    text = " ".join(["--", words[0].title() + ",", "42", *words[1:], "!"])
    found = align_text(predictor, long_file[0], text)
    assert found.words[0].text == f"-- {words[0].title()}, 42"
    assert found.words[-1].text.replace(" ", "") == f"{words[-1]}!"
    assert len(found.words) == len(words)


def test_a_text_that_is_not_what_is_said_is_doubted(predictor, long_file, spoken, capsys):
    align_text(predictor, long_file[0], " ".join(spoken))
    assert "may not be" not in capsys.readouterr().err
    count = len(" ".join(spoken).split())
    align_text(predictor, long_file[0], "zero " * count)
    assert f"of {count} words have a confidence below" in capsys.readouterr().err


def test_a_text_that_is_not_said_is_refused(predictor, long_file, tmp_path):
    with pytest.raises(DataError, match=r"does not fit the text: align needs at least"):
        align_text(predictor, long_file[0], "one two three " * 2000)
    with pytest.raises(DataError, match=r"contains no character that the model knows"):
        align_text(predictor, long_file[0], "42 !")
    with pytest.raises(DataError, match=r"absent.wav does not exist"):
        align_text(predictor, tmp_path / "absent.wav", "one")
