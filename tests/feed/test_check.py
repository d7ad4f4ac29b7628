"""The check: every row looked at once, bad ones named, nothing lost in silence."""

import numpy as np
import pytest

from loader_parts import Label, Number, Ramp, Steps, table
from polymodal.core.errors import DataError
from polymodal.feed.check import Part, check, check_parts
from polymodal.feed.ledger import Ledger
from polymodal.feed.samples import Samples, Source
from polymodal.media.cache import Cache
from polymodal.media.kept import KeptMedia
from polymodal.preprocess.targets.symbols import SymbolsTarget
from polymodal.tasks.caption import CaptionTarget
from polymodal.tasks.classification import LabelTarget
from polymodal.tasks.multilabel import MultilabelTarget
from polymodal.tasks.regression import NumberTarget
from polymodal.tasks.sequence_labelling import StepLabelsTarget
from polymodal.tasks.transcribe import TranscriptTarget


def make(cache=None, target=None, ramp=None, **columns):
    ramp = ramp or Ramp()
    sources = [Source("sound", ramp, ["audio"])]
    if "size" in columns:
        sources.append(Source("number", Number(), ["size"]))
    target = target or (Label() if "word" in columns else None)
    return Samples(table(**columns), sources, target, "word" if target else None, cache)


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("cached", [True, False])
def test_lengths_and_presence_of_every_row(tmp_path, workers, cached):
    audio = [str(n % 7 + 1) if n % 10 else "" for n in range(200)]
    samples = make(
        Cache(tmp_path) if cached else None, audio=audio, size=["1"] * 200, word=["a"] * 200
    )
    checked = check(samples, Ledger(), num_workers=workers, fit=True)
    expected = [int(cell or 0) for cell in audio]
    assert checked.lengths.tolist() == [[n, 1, 1] for n in expected]
    assert checked.present.tolist() == [[n > 0, True] for n in expected]
    assert checked.rows.tolist() == list(range(200))
    assert checked.valid.tolist() == [1] * 200


def test_equal_cells_are_decoded_once_and_later_come_from_the_cache(tmp_path):
    ramp = Ramp()
    samples = make(Cache(tmp_path), ramp=ramp, audio=["3", "5", "3", "5", "3"], word=["a"] * 5)
    first = check(samples, Ledger(), fit=True)
    assert ramp.num_decoded == 2
    assert [len(samples.decoded(row)["sound"]) for row in range(5)] == [3, 5, 3, 5, 3]
    again = make(Cache(tmp_path), ramp=ramp, audio=["3", "5", "3", "5", "3"], word=["a"] * 5)
    assert check(again, Ledger(), fit=True).fingerprint() == first.fingerprint()
    assert ramp.num_decoded == 2


def test_media_in_memory_are_decoded_once_and_the_rest_once_an_epoch():
    ramp = Ramp()
    kept = KeptMedia(2 * (3 + 4))  # the first two cells, two bytes a step
    samples = make(kept, ramp=ramp, audio=["3", "4", "5", "2", "3"])
    check(samples, Ledger(), fit=True, keep_without_target=True)
    assert ramp.num_decoded == 4
    assert ramp.fitted == [3, 4, 5, 2, 3]
    for epoch in (1, 2):
        assert [len(samples.decoded(row)["sound"]) for row in range(4)] == [3, 4, 5, 2]
        assert ramp.num_decoded == 4 + 2 * epoch
    assert kept.summary().startswith("2 of 4 decoded media fit")


def test_a_full_cache_changes_nothing_but_time(tmp_path):
    audio = [str(n) for n in range(1, 60)]
    small = make(Cache(tmp_path, max_bytes=3_000), audio=audio, word=["a"] * 59)
    whole = make(audio=audio, word=["a"] * 59)
    assert (
        check(small, Ledger(), fit=True).fingerprint()
        == check(whole, Ledger(), fit=True).fingerprint()
    )
    assert all(
        np.array_equal(small.decoded(row)["sound"], whole.decoded(row)["sound"])
        for row in range(59)
    )


def test_bad_rows_are_listed_together_with_the_fix():
    samples = make(audio=["1", *["broken"] * 7], size=["x1"] * 8, word=["a"] * 8)
    samples.sources[1] = Source("number", Number(), ["audio"])
    with pytest.raises(DataError) as caught:
        check(samples, Ledger(), fit=True)
    lines = str(caught.value).split("\n")
    assert lines[0] == "train.csv: 7 of 8 rows cannot be used:"
    assert lines[1] == '  train.csv row 2: column "audio" (broken) is broken. Fix it.'
    assert lines[5].startswith("  train.csv row 6")
    assert lines[6] == "  and 2 more."
    assert lines[7].startswith("Fix them, or run with --skip-bad")


@pytest.mark.parametrize("cached", [True, False])
def test_no_exception_leaves_its_cell(tmp_path, cached):
    class Fragile(Ramp):
        def decode(self, cell, root=None):
            errors = {"9": RecursionError("deep"), "8": MemoryError(), "7": AttributeError("rate")}
            if cell in errors:
                raise errors[cell]
            return super().decode(cell, root)

    class Strict(Label):
        def encode(self, value):
            return super().encode(value) if value != "z" else 1 / 0

    samples = make(
        Cache(tmp_path) if cached else None,
        Strict(),
        Fragile(),
        audio=["1", "9", "8", "7", "2", "3"],
        word=["a", "a", "a", "a", "z", "a"],
    )
    checked = check(samples, Ledger(), skip_bad=True, max_bad_share=0.9, fit=True)
    assert checked.rows.tolist() == [0, 5]
    assert [str(checked.errors[row]).partition(" cannot be read ")[::2] for row in (1, 3, 4)] == [
        (
            f'train.csv row {number}: column "{column}"',
            f"({cause}). Fix the cell, or run with --skip-bad.",
        )
        for number, column, cause in (
            (2, "audio", "RecursionError: deep"),
            (4, "audio", "AttributeError: rate"),
            (5, "word", "ZeroDivisionError: division by zero"),
        )
    ]


@pytest.mark.parametrize("remembered", [True, False])
def test_skipped_rows_are_counted_by_reason(tmp_path, remembered):
    columns = {"audio": ["broken", *["2"] * 40], "size": ["1"] * 41, "word": ["a"] * 41}
    if remembered:
        check(make(Cache(tmp_path), **columns), Ledger(), skip_bad=True, fit=True)
    ledger = Ledger()
    checked = check(make(Cache(tmp_path), **columns), ledger, skip_bad=True, fit=True)
    assert checked.rows.tolist() == list(range(1, 41))
    assert {row: str(error) for row, error in checked.errors.items()} == {
        0: 'train.csv row 1: column "audio" (broken) is broken. Fix it.'
    }
    assert ledger.count("dropped") == {"broken_file": 1}
    assert ledger.num_read() == 41


def test_too_many_bad_rows_stop_even_when_skipped():
    columns = {"audio": ["broken", *["2"] * 9], "word": ["a"] * 10}
    with pytest.raises(DataError, match=r"10\.0 % where at most 5\.0 % is allowed"):
        check(make(**columns), Ledger(), skip_bad=True, fit=True)
    checked = check(make(**columns), Ledger(), skip_bad=True, max_bad_share=0.2, fit=True)
    assert len(checked) == 9


def test_rows_without_target_or_input_are_left_out_and_counted():
    ledger = Ledger()
    samples = make(
        audio=["1", "", "", "2", "broken"],
        size=["1", "2", "", "", "5"],
        word=["a", "b", "a", "", ""],
    )
    checked = check(samples, ledger, fit=True)
    assert checked.rows.tolist() == [0, 1]
    assert ledger.count("dropped") == {"no_target": 2, "no_input": 1}


@pytest.mark.parametrize(
    ("target", "bad", "good", "problem"),
    [
        (CaptionTarget(), [3], ["a ball", "a box"], "needs a text or a list of texts. Got int."),
        (TranscriptTarget(), True, ["one", "two"], "needs a text. Got bool."),
        (LabelTarget(), ["a"], ["a", "b"], "needs a label. Got list."),
        (MultilabelTarget(), [["a"]], [["a"], ["b"]], "needs a label. Got list."),
        (StepLabelsTarget(), [], [["a", "b"], ["b"]], "has 0 steps."),
        (SymbolsTarget(), 7, [["a", "b"], ["b"]], "needs a text or a list of symbols. Got int."),
        (NumberTarget(), "x", [1.0, 2.0], "needs a number. Got 'x'."),
    ],
)
def test_a_bad_target_among_good_ones_is_named_by_its_row(target, bad, good, problem):
    samples = make(target=target, audio=["1"] * 3, word=["?"] * 3)
    cells = [good[0], bad, good[1]]
    samples.table.cell = lambda row, column: cells[row] if column == "word" else "1"
    with pytest.raises(DataError) as caught:
        check(samples, Ledger(), fit=True)
    assert f'  train.csv row 2: column "word" {problem}' in str(caught.value)
    checked = check(samples, Ledger(), skip_bad=True, max_bad_share=0.4, fit=True)
    assert checked.rows.tolist() == [0, 2]


def test_lists_without_a_caption_are_empty_cells():
    ledger, cells = Ledger(), [["a ball", None], [], ["", " "], [None]]
    samples = make(target=CaptionTarget(), audio=["1"] * 4, word=cells)
    assert check(samples, ledger, fit=True).rows.tolist() == [0]
    assert ledger.count("dropped") == {"no_target": 3}
    assert samples.references(1) is None
    with pytest.raises(DataError, match=r'^train\.csv: column "word" is empty in every row'):
        check(make(target=CaptionTarget(), audio=["1"], word=[[]]), Ledger(), fit=True)


def test_what_a_target_cannot_learn_from_names_the_column():
    with pytest.raises(DataError, match=r'^train\.csv: column "word" has no label but "'):
        check(make(target=LabelTarget(), audio=["1"], word=["a"]), Ledger(), fit=True)


def test_prediction_keeps_rows_without_target():
    samples = make(audio=["1", "2"], word=["", "a"])
    samples.target_object.fit(["a"])
    checked = check(samples, Ledger(), keep_without_target=True)
    assert checked.rows.tolist() == [0, 1]
    assert checked.valid.tolist() == [0, 1]


def test_unseen_labels_are_bad_rows():
    samples = make(audio=["1", "2"], word=["a", "b"])
    samples.target_object.fit(["a"])
    with pytest.raises(DataError, match='row 2: column "word" has "b", which is not a label'):
        check(samples, Ledger())


def test_a_table_without_any_target_says_so():
    with pytest.raises(DataError, match='column "word" is empty in every row'):
        check(make(audio=["1", "2"], word=["", ""]), Ledger(), fit=True)


@pytest.mark.parametrize(
    "target",
    [CaptionTarget, LabelTarget, MultilabelTarget, NumberTarget, SymbolsTarget, TranscriptTarget],
)
def test_a_target_that_nothing_is_learned_from_is_named(target):
    with pytest.raises(DataError, match=r'^train.csv: column "word" is empty in every row'):
        check(make(audio=["1", "2"], word=["", ""], target=target()), Ledger(), fit=True)


def test_a_table_without_any_input_says_so():
    with pytest.raises(DataError, match="leaves no row to use: 0 without a target, 2 without any"):
        check(make(audio=["", ""], word=["a", "b"]), Ledger(), fit=True)


def test_truncated_rows_are_counted():
    ledger = Ledger()
    samples = make(ramp=Ramp(limit=3), audio=["2", "5", "9"], word=["a"] * 3)
    checked = check(samples, ledger, fit=True)
    assert checked.lengths[:, 0].tolist() == [2, 3, 3]
    assert ledger.count("truncated") == {"sound_too_long": 2}


def test_truncated_targets_are_counted():
    class Short(Steps):
        def encode(self, value):
            return super().encode(value)[:2]

        def truncated(self, value):
            return len(value) > 2

    ledger = Ledger()
    check(make(target=Short(), audio=["3", "4"], word=["12", "0101"]), ledger, fit=True)
    assert ledger.count("truncated") == {"target_too_long": 1}


def test_a_table_of_bad_rows_alone_says_why():
    samples = make(audio=["broken", "broken"])
    with pytest.raises(DataError, match=r"2 that cannot be used:\n.*row 1.*is broken\. Fix it\."):
        check(samples, Ledger(), skip_bad=True, max_bad_share=1)


def test_statistics_are_learned_from_usable_rows_only():
    samples = make(
        audio=["1", "broken", "3", "4"], size=["1", "2", "3", ""], word=["a", "b", "", "c"]
    )
    check(samples, Ledger(), skip_bad=True, max_bad_share=1, fit=True)
    assert samples.sources[0].modality.fitted == [1, 4]
    assert samples.sources[1].modality.fitted == [1.0]


def test_steps_of_a_sequence_target_are_counted():
    samples = make(target=Steps(), audio=["3", "4"], word=["12-", "0101"])
    checked = check(samples, Ledger(), fit=True)
    assert checked.lengths[:, -1].tolist() == [3, 4]
    assert checked.valid.tolist() == [2, 4]


def test_fingerprint_follows_the_rows_and_lengths():
    def of(*audio):
        samples = make(audio=list(audio))
        return check(samples, Ledger(), skip_bad=True, max_bad_share=1).fingerprint()

    assert of("1", "2") == of("1", "2")
    assert (
        len({of("1", "2"), of("1", "3"), of("1", ""), of("1", "2", "2"), of("1", "broken", "2")})
        >= 4
    )


def parts_of(rows, places, label=None):
    """Two parts of one table to be checked: the rows that are not at `places`, and those."""
    ramp, label, held = Ramp(), label or Label(), sorted(places)
    others = [row for row in range(len(rows)) if row not in places]
    samples = [
        Samples(rows.select(part), [Source("sound", ramp, ["audio"])], label, "word")
        for part in (others, held)
    ]
    return [Part(samples[0], Ledger(), fit=True), Part(samples[1], Ledger())]


def test_a_bad_row_of_a_small_part_is_one_of_the_whole_table():
    rows = table(audio=["1"] * 57 + ["no", "1", "1"], word=["a"] * 60)
    train, held = check_parts(parts_of(rows, range(51, 60)), skip_bad=True)
    assert (len(train), len(held)) == (51, 8)
    with pytest.raises(DataError, match=r"3 of 60 rows .*, 5\.0 % where at most 4\.0 %"):
        check_parts(
            parts_of(table(audio=["no"] * 3 + ["1"] * 57, word=["a"] * 60), range(51, 60)),
            skip_bad=True,
            max_bad_share=0.04,
        )


def test_bad_rows_of_all_parts_are_one_list_in_the_order_of_the_table():
    audio = ["1"] * 20
    audio[3] = audio[7] = audio[15] = "no"
    with pytest.raises(DataError) as caught:
        check_parts(parts_of(table(audio=audio, word=["a"] * 20), [0, 7, 9]))
    first, *listed, fix = str(caught.value).splitlines()
    assert "3 of 20 rows cannot be used:" in first
    assert [line.split(":")[0].split()[-1] for line in listed] == ["4", "8", "16"]
    assert "--skip-bad" in fix


def test_tables_that_were_read_apart_have_shares_of_their_own():
    train, held = (table(audio=["1"] * 9 + [last], word=["a"] * 10) for last in ("1", "no"))
    label = Label()
    (one, _), (other, _) = parts_of(train, [], label), parts_of(held, [], label)
    with pytest.raises(DataError, match=r"1 of 10 rows cannot be used, 10\.0 %"):
        check_parts([one, Part(other.samples, Ledger())], skip_bad=True)
    with pytest.raises(DataError, match="1 of 20 rows cannot be used:"):
        check_parts([one, Part(other.samples, Ledger())])
