import numpy as np
import pytest

from polymodal.core.errors import DataError
from polymodal.evaluation.metrics import score
from polymodal.evaluation.slices import PRESENT, slices


def test_missing_patterns_are_named_in_words(make):
    one = make.classes()
    found = slices(one)[PRESENT]
    assert set(found) == {"image + audio", "image only", "audio only", "nothing"}
    assert sum(part["n"] for part in found.values()) == 300
    both = one.take(one.present.all(axis=1))
    assert found["image + audio"]["metrics"] == score(both)
    assert found["image + audio"]["intervals"]["accuracy"][0] < score(both)["accuracy"]


def test_model_with_one_input_does_not_say_only(make):
    assert list(slices(make.multilabel())[PRESENT]) == ["text"]


def test_column_is_read_by_table_row(make):
    one = make.classes().take(np.arange(100, 200))
    found = slices(one, {"speaker": ["theo"] * 150 + ["ana"] * 150})["speaker"]
    assert {name: part["n"] for name, part in found.items()} == {"theo": 50, "ana": 50}


def test_empty_cells_and_rare_values_have_their_own_slice(make):
    values = [None, ""] + [f"id {i % 30 if i < 60 else i % 20}" for i in range(298)]
    found = slices(make.classes(), {"id": values})["id"]
    assert len(found) == 22
    assert list(found)[-2:] == ["(others)", "(empty)"]
    assert found["(empty)"]["n"] == 2


def test_many_numbers_are_cut_into_quarters(make):
    found = slices(make.classes(), {"seconds": [str(i / 10) for i in range(300)]})["seconds"]
    assert [part["n"] for part in found.values()] == [75] * 4
    assert "0 to 7.475" in found


def test_people_are_no_numbers_though_they_have_some(make):
    people = {"speaker": [str(1000 + i % 30) for i in range(300)]}
    found = slices(make.classes(), people)["speaker"]
    assert list(found)[-1] == "(others)"
    assert found["1007"]["n"] == 10
    assert len(found) == 21


def test_single_row_slices_have_no_interval(make):
    found = slices(make.classes(), {"odd": ["x"] + ["y"] * 299})["odd"]
    assert found["x"]["intervals"] == {}


def test_short_column_is_refused(make):
    with pytest.raises(DataError, match=r'column "speaker" needs one value for each row. Got 3'):
        slices(make.classes(), {"speaker": ["a", "b", "c"]})
