import pickle

import numpy as np
import pytest

from polymodal.core.errors import BundleError
from polymodal.evaluation.store import read_predictions, write_predictions


def test_predictions_come_back_as_they_were(make, tmp_path):
    one = make.seq2seq()
    one.errors, one.dropped = {3: "no file"}, {"missing_file": 1}
    write_predictions(tmp_path / "test.npz", one)
    back = read_predictions(tmp_path / "test.npz")
    for name, value in vars(one).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(getattr(back, name), value)
        else:
            assert getattr(back, name) == value


def test_words_with_their_confidence_come_back(transcripts, tmp_path):
    write_predictions(tmp_path / "val.npz", transcripts)
    back = read_predictions(tmp_path / "val.npz")
    assert [list(map(tuple, words)) for words in back.words] == list(transcripts.words)
    transcripts.words = None
    write_predictions(tmp_path / "val.npz", transcripts)
    assert read_predictions(tmp_path / "val.npz").words is None


@pytest.mark.parametrize("content", [pickle.dumps([1]), b"PK nothing", b""])
def test_foreign_file_is_refused(tmp_path, content):
    (tmp_path / "p.npz").write_bytes(content)
    with pytest.raises(BundleError, match=r"p\.npz needs predictions written by polymodal"):
        read_predictions(tmp_path / "p.npz")
