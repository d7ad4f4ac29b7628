"""MELD: tables next to folders of clips."""

import csv

import pytest

from polymodal.core.errors import DataError
from polymodal.tables.table import read

HEADER = (
    "Sr No.",
    "Utterance",
    "Speaker",
    "Emotion",
    "Sentiment",
    "Dialogue_ID",
    "Utterance_ID",
    "Season",
    "Episode",
    "StartTime",
    "EndTime",
)


def write(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for number, (said, who, emotion, mood, dialogue, turn) in enumerate(lines, 1):
            writer.writerow(
                [
                    number,
                    said,
                    who,
                    emotion,
                    mood,
                    dialogue,
                    turn,
                    8,
                    21,
                    "00:16:16,059",
                    "00:16:21,731",
                ]
            )


def test_a_table_of_ones_own_with_such_columns_is_read_as_it_is(tmp_path):
    (tmp_path / "own.csv").write_text(
        "Dialogue_ID,Utterance_ID,Utterance,clip,Emotion\nd1,0,Hello,a.wav,joy\n"
    )
    table = read(tmp_path / "own.csv")
    assert table.column_names == ["Dialogue_ID", "Utterance_ID", "Utterance", "clip", "Emotion"]
    assert table.cell(0, "Dialogue_ID") == "d1"
    (tmp_path / "less.csv").write_text("Dialogue_ID,Utterance_ID,Utterance\nd1,0,Hello\n")
    assert read(tmp_path / "less.csv").column_names == ["Dialogue_ID", "Utterance_ID", "Utterance"]


def corpus(root, clips=True):
    write(
        root / "train_sent_emo.csv",
        ('I\x92m fine, "really"', "Ross", "joy", "positive", 0, 0),
        ("Oh no!", "Rachel", "fear", "negative", 0, 1),
    )
    write(root / "dev_sent_emo.csv", ("Hi", "Joey", "neutral", "neutral", 0, 0))
    if clips:
        for name in ("train_splits/dia0_utt0.mp4", "dev_splits_complete/dia0_utt0.mp4"):
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_bytes(b"clip")
    return root


def test_a_folder_gives_its_parts(tmp_path, capfd):
    table = read(corpus(tmp_path / "MELD.Raw"))
    assert table.row(0) == {
        "video": "train_splits/dia0_utt0.mp4",
        "transcript": 'I’m fine, "really"',
        "speaker": "Ross",
        "emotion": "joy",
        "sentiment": "positive",
        "dialogue": "train 0",
        "utterance": 0,
        "split": "train",
    }
    assert list(table.values("video")) == [
        "train_splits/dia0_utt0.mp4",
        None,
        "dev_splits_complete/dia0_utt0.mp4",
    ]
    assert list(table.values("dialogue")) == ["train 0", "train 0", "val 0"]
    assert "1 clips are missing and their cells are empty, such as dia0_utt1.mp4" in (
        capfd.readouterr().err
    )


def test_one_table_with_and_without_clips(tmp_path):
    table = read(corpus(tmp_path / "a") / "dev_sent_emo.csv")
    assert table.row(0)["video"] == "dev_splits_complete/dia0_utt0.mp4"
    assert "split" not in table.column_names
    assert "video" not in read(corpus(tmp_path / "b", clips=False)).column_names
    with pytest.raises(DataError, match="names clips that are not there"):
        read(tmp_path / "b" / "dev_sent_emo.csv", media_root=tmp_path / "b")


def test_lines_that_cannot_be_used_are_named(tmp_path):
    table = tmp_path / "train_sent_emo.csv"
    write(table, ("Hi", "Joey", "joy", "positive", 0, 0), ("Oh", "Ross", "joy", "positive", 0, "x"))
    with pytest.raises(
        DataError, match=r'row 2: column "Utterance_ID" needs a whole number\. Got "x'
    ):
        read(tmp_path)
    write(table, ("Hi", "Joey", "joy", "positive", "", 0))
    with pytest.raises(
        DataError, match=r'row 1: column "Dialogue_ID" needs a whole number\. Got ""'
    ):
        read(tmp_path)
    table.write_text(",".join(HEADER) + "\n1,Hi,Joey,joy\n")
    with pytest.raises(DataError, match="row 1: has fewer cells than the header"):
        read(tmp_path)
    table.write_bytes(table.read_bytes() + b"2,It\x92s,Joey,joy,neutral,0,1,8,21,0,1\n")
    with pytest.raises(DataError, match=r"needs UTF-8 text\. Got the byte 0x92 in line 3"):
        read(tmp_path)
    table.write_text("Utterance,Speaker\n")
    with pytest.raises(DataError, match="It lacks Dialogue_ID, Utterance_ID"):
        read(tmp_path)
