"""What a split hides is said: people on both sides, and other majorities."""

from polymodal.profile.profile import profile
from polymodal.splits.sides import majorities, on_both_sides
from polymodal.tables.table import read


def parts(**splits):
    return {name: profile(read(rows)) for name, rows in splits.items()}


def test_people_and_recordings_on_both_sides():
    found = on_both_sides(
        parts(
            train={"speaker": list("aabb"), "video": list("xxyy"), "id": list("1234")},
            val={"speaker": list("ac"), "video": list("zz"), "id": list("12")},
            test={"speaker": list("bb"), "video": list("zx"), "id": list("56")},
        )
    )
    assert [sentence.split(" have")[0] for sentence in found] == [
        '"speaker": 1 of 2 rows of val',
        '"speaker": 2 of 2 rows of test',
        '"video": 1 of 2 rows of test',
    ]


def test_three_people_are_few():
    rows = {"speaker": list("abcabc")}
    assert len(on_both_sides(parts(train=rows, val=rows))) == 1


def test_columns_that_name_each_row_and_those_that_are_known_are_passed():
    rows = {"speaker": list("aabb"), "clip": list("wxyz")}
    assert on_both_sides(parts(train=rows, val=rows), {"speaker"}) == []


def test_opposite_majorities():
    train = {"mood": ["good"] * 60 + ["bad"] * 40}
    (found,) = majorities(parts(train=train, val={"mood": ["good"] * 10 + ["bad"] * 30}), "mood")
    assert found.startswith(
        'Most rows of train are "good" (60 %), most of val "bad" (75 %, in train 40 %)'
    )
    assert majorities(parts(train=train, val={"mood": ["good", "bad", "bad"]}), "mood") == []
    assert majorities(parts(train=train, val={"mood": ["good"] * 14 + ["bad"] * 16}), "mood") == []
