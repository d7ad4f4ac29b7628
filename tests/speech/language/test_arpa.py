"""Models survive a file, files of other tools are read, and errors name the line."""

import gzip
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polymodal.core.errors import DataError
from polymodal.speech.language.arpa import read_arpa, write_arpa
from polymodal.speech.language.kneser_ney import train_ngram

FOREIGN = r"""made by another tool, 2 orders

\data\
ngram  1 = 4
ngram 2=2

\1-grams:
-1.0 <s>	-0.30103
-0.7	two
-0.4	words	-0.2
-inf	</s>

\2-grams:
-0.1	<s> words
-0.2	words two

\end\
"""


@settings(max_examples=25)
@given(st.lists(st.text("ab é<", max_size=8), min_size=1, max_size=8), st.integers(1, 3))
def test_scores_survive_a_file(tmp_path_factory, texts, order):
    model = train_ngram(texts, order)
    for name in ("model.arpa", "model.arpa.gz"):
        read = read_arpa(write_arpa(model, tmp_path_factory.mktemp("arpa") / name))
        assert read.table.keys() == model.table.keys()
        for text in (*texts, "a é b", "x"):
            assert math.isclose(read.score_text(text), model.score_text(text), abs_tol=1e-5)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_of_another_tool(tmp_path, pack):
    path = tmp_path / "foreign"
    path.write_bytes(pack(FOREIGN.replace("\n", "\r\n").encode()))
    model = read_arpa(path)
    log10, state = model.score(model.start(), "words")
    assert (model.order, log10, state) == (2, -0.1, ("words",))
    assert model.score(state, "words")[0] == pytest.approx(-0.6)
    assert model.score(("<s>",), "two")[0] == pytest.approx(-1.00103)
    assert model.finish(("words",)) == pytest.approx(-99.2)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("-0.4	words	-0.2", "-0.4", r"line 10 has '-0\.4', expected a probability, 1 word"),
        ("-0.4	words", "x	words", "line 10 has 'x', expected a number"),
        ("-0.4	words", "0.4	words", r"line 10 has the log-probability 0\.4"),
        ("-0.4	words", "-0.4	two", "line 10 repeats 'two'"),
        ("1 = 4", "1 = 5", r"line 13 has '\\\\2-grams:', expected a probability, 1 word"),
        ("1 = 4", "1 = 3", r"line 11 has '-inf.*expected \\2-grams: after"),
        ("ngram 2=2", "ngram 3=2", "line 5 counts order 3, expected order 2"),
        ("-0.2	words two", "-0.2	words two	-0.1", "line 15 has .* 2 words"),
        ("\n\\end\\\n", "", "line 15 is the last, expected .end"),
        ("\\data\\", "", "line 17 is the last, expected .data"),
        ("ngram  1 = 4\nngram 2=2\n", "", r"line 5 has .*expected ngram 1=COUNT"),
    ],
)
def test_errors_name_the_line(tmp_path, old, new, message):
    path = tmp_path / "bad.arpa"
    path.write_text(FOREIGN.replace(old, new))
    with pytest.raises(DataError, match=message) as raised:
        read_arpa(path)
    assert str(raised.value).startswith(str(path))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_arpa(tmp_path / "none.arpa")
    (tmp_path / "empty.arpa").touch()
    with pytest.raises(DataError, match=r"empty.arpa is empty. Write the ARPA file again"):
        read_arpa(tmp_path / "empty.arpa")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(FOREIGN.encode())[:60])
    with pytest.raises(DataError, match="cannot be read"):
        read_arpa(tmp_path / "cut.gz")
    packed = bytearray(gzip.compress(FOREIGN.encode()))
    packed[30:60] = bytes(30)
    (tmp_path / "broken.gz").write_bytes(packed)
    with pytest.raises(DataError, match="cannot be read"):
        read_arpa(tmp_path / "broken.gz")
    (tmp_path / "latin.arpa").write_bytes(FOREIGN.replace("two", "zwölf").encode("latin-1"))
    with pytest.raises(DataError, match="line 9 is not UTF-8"):
        read_arpa(tmp_path / "latin.arpa")
