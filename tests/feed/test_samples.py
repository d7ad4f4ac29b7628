"""Samples: decoded rows, with errors that say where."""

import pytest

from loader_parts import Label, Number, Ramp, table
from polymodal.core.errors import DataError, RecipeError
from polymodal.feed.samples import Samples, Source


def make(**columns):
    sources = [Source("sound", Ramp(), ["audio"]), Source("number", Number(), ["size"])]
    return Samples(table(**columns), sources, Label(), "word")


def test_a_row_is_decoded_by_input_name():
    samples = make(audio=["3", ""], size=["1.5", "2"], word=["a", "b"])
    assert samples.decoded(0)["sound"].tolist() == [1, 2, 3]
    assert samples.decoded(1) == {"sound": None, "number": 2.0}


def test_targets_are_encoded_and_empty_ones_none():
    samples = make(audio=["3", "2"], size=["1", "2"], word=["a", ""])
    samples.target_object.fit(["a"])
    assert samples.target(0) == 0
    assert samples.target(1) is None


def test_an_error_names_table_row_column_and_path():
    samples = make(audio=["3", "broken"], size=["1", "2"], word=["a", "b"])
    with pytest.raises(DataError) as caught:
        samples.decoded(1)
    assert str(caught.value) == 'train.csv row 2: column "audio" (broken) is broken. Fix it.'


def test_a_row_of_a_part_is_named_by_its_number_in_the_file():
    whole = table(audio=["3", "broken"], size=["1", "2"], word=["a", "b"])
    samples = Samples(whole.select([1]), [Source("sound", Ramp(), ["audio"])], Label(), "word")
    with pytest.raises(DataError, match="row 2: column"):
        samples.decoded(0)
    with pytest.raises(DataError, match='row 2: column "word" has "b", which is not a label'):
        samples.target(0)


def test_tabular_inputs_get_their_columns_by_name():
    class Fields(Number):
        has_fields = True

        def decode(self, cell, root=None):
            return cell

    whole = table(height=["1", ""], width=["", ""])
    samples = Samples(whole, [Source("sizes", Fields(), ["height", "width"])])
    assert samples.decoded(0) == {"sizes": {"height": "1", "width": None}}
    assert samples.decoded(1) == {"sizes": None}


def test_a_column_that_is_not_there_is_named_with_the_nearest():
    with pytest.raises(RecipeError, match=r'train.csv: No column named "odio".*Did you mean'):
        Samples(table(audio=["1"]), [Source("sound", Ramp(), ["odio"])])
