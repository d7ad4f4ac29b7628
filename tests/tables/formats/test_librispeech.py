"""LibriSpeech folders."""

from __future__ import annotations

import pytest

from polymodal.core.errors import DataError
from polymodal.media.audio import read_audio
from polymodal.profile.columns import infer_inputs
from polymodal.recipe.guessed.task import infer_task
from polymodal.tables.table import read
from published_sets import write_lines, write_tones


def chapter(folder, *names, texts=("CHAPTER SIXTEEN I MIGHT HAVE TOLD YOU", "MARGUERITE TO BE")):
    speaker, number = names[0].split("-")[:2]
    write_tones(folder / speaker / number, *(f"{name}.flac" for name in names))
    write_lines(
        folder / speaker / number / f"{speaker}-{number}.trans.txt",
        *(f"{name} {text}" for name, text in zip(names, texts, strict=False)),
    )


def test_one_part(tmp_path):
    root = tmp_path / "dev-clean"
    chapter(root, "84-121123-0000", "84-121123-0001")
    chapter(root, "174-50561-0000", texts=["FORGOTTEN TOO THE NAME OF GILLIAN"])
    table = read(root)
    assert table.column_names == ["audio", "transcript", "speaker", "chapter"]
    assert table.row(0) == {
        "audio": "174/50561/174-50561-0000.flac",
        "speaker": "174",
        "chapter": "50561",
        "transcript": "FORGOTTEN TOO THE NAME OF GILLIAN",
    }
    assert list(table.values("transcript"))[1:] == [
        "CHAPTER SIXTEEN I MIGHT HAVE TOLD YOU",
        "MARGUERITE TO BE",
    ]
    assert [len(read_audio(cell, table.root)) for cell in table.values("audio")] == [3200] * 3
    assert ("audio", "audio") in [(g.name, g.modality) for g in infer_inputs(table, "transcript")]
    assert infer_task(table, "transcript").task == "seq2seq"


def test_all_parts_have_their_split(tmp_path):
    for part in ("train-clean-100", "train-other-500", "dev-clean", "test-other"):
        chapter(tmp_path / part, "84-1-0000")
    write_lines(tmp_path / "README.TXT", "hello")
    table = read(tmp_path)
    assert sorted(zip(table.values("split"), table.values("audio"), strict=True)) == [
        ("test", "test-other/84/1/84-1-0000.flac"),
        ("train", "train-clean-100/84/1/84-1-0000.flac"),
        ("train", "train-other-500/84/1/84-1-0000.flac"),
        ("val", "dev-clean/84/1/84-1-0000.flac"),
    ]


def test_what_has_no_counterpart_is_counted(tmp_path, capsys):
    chapter(tmp_path / "d", "84-1-0000", "84-1-0001", "84-1-0002")
    (tmp_path / "d" / "84" / "1" / "84-1-0000.flac").unlink()
    assert list(read(tmp_path / "d").values("transcript")) == ["MARGUERITE TO BE", None]
    warnings = capsys.readouterr().err
    assert "Warning: d: 1 recordings have no transcript, such as 84/1/84-1-0002.flac." in warnings
    assert (
        "Warning: d: 1 transcripts have no recording and are skipped, such as "
        "84/1/84-1-0000." in warnings
    )


def test_bad_folders(tmp_path):
    path = write_lines(tmp_path / "d" / "84" / "1" / "84-1.trans.txt", "84-1-0000 HELLO")
    with pytest.raises(
        DataError,
        match=r"^d has transcripts, but there are no recordings for "
        r"them under .*d\. Unpack the archive again",
    ):
        read(tmp_path / "d")
    write_lines(path, "84-1-0000 HELLO", "84-1-0001")
    with pytest.raises(
        DataError,
        match=r"^84/1/84-1\.trans\.txt needs the name of a recording and "
        r"its transcript in line 2\. Got '84-1-0001'",
    ):
        read(tmp_path / "d")
    path.write_bytes(b"84-1-0000 \xff\n")
    with pytest.raises(DataError, match=r"84-1\.trans\.txt needs UTF-8 text\. Line 1 is not"):
        read(tmp_path / "d")
