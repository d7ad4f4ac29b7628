import json

import pytest

from polymodal.training.steps.history import duration, epoch_line, seconds_left, write_history


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.26, "0.3 s"),
        (9.94, "9.9 s"),
        (59.6, "1 min 0 s"),
        (332, "5 min 32 s"),
        (3900, "1 h 5 min"),
    ],
)
def test_durations_as_people_say_them(seconds, text):
    assert duration(seconds) == text


def test_the_line_of_an_epoch():
    entry = {
        "epoch": 3,
        "loss": 0.5,
        "val_loss": 0.4,
        "accuracy": 0.9,
        "learning_rate": 1e-3,
        "seconds": 12.3,
    }
    assert epoch_line(entry, 30, 332, best=True) == (
        "epoch  3/30  loss 0.5000  val_loss 0.4000  accuracy 0.9000  12 s, 5 min 32 s left  "
        "(best so far)"
    )
    assert epoch_line(entry, 30, 0, best=False).endswith("accuracy 0.9000  12 s")


def test_a_score_that_is_none_yet_is_shown_as_such():
    entry = {"epoch": 1, "loss": 0.5, "cider_d": float("nan"), "seconds": 2.0}
    assert epoch_line(entry, 1, 0, best=False) == "epoch 1/1  loss 0.5000  cider_d -  2.0 s"


def test_time_left_follows_the_last_epochs():
    history = [{"seconds": s} for s in (100, 2, 3, 4)]
    assert seconds_left(history, 10) == 6 * 3
    assert seconds_left(history[:3], 10) == 7 * 2.5  # the engine was compiling in the first
    assert seconds_left(history[:1], 10) == 9 * 100
    assert seconds_left([], 10) == 0


def test_the_file_holds_one_object_per_epoch(tmp_path):
    history = [{"epoch": 1, "loss": 2.0}, {"epoch": 2, "loss": 1.0}]
    write_history(tmp_path, history)
    lines = (tmp_path / "history.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == history
