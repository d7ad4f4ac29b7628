from __future__ import annotations

import pickle

from polymodal.core.errors import DataError


def test_message_names_table_row_column_and_path():
    error = DataError("holds 0 samples.", "Fix the file.", column="audio", path="a.wav")
    assert str(error) == 'column "audio" (a.wav) holds 0 samples. Fix the file.'
    assert str(error.at(table="train.csv", row=412, column="other")) == (
        'train.csv row 412: column "audio" (a.wav) holds 0 samples. Fix the file.'
    )


def test_error_survives_a_process_border():
    error = DataError("is empty.", "Fill it.", table="t.csv", row=1, reason="empty")
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.reason) == (str(error), "empty")
