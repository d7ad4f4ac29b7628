"""LJSpeech."""

from __future__ import annotations

import pytest

from polymodal.core.errors import DataError
from polymodal.media.audio import read_audio
from polymodal.profile.columns import infer_inputs
from polymodal.recipe.guessed.task import infer_task
from polymodal.tables.table import read
from published_sets import write_lines, write_tones

LINES = (
    'LJ001-0001|Printing, in "the 2 senses"|Printing, in "the two senses"',
    'LJ001-0002|"in being modern.|"in being modern.',
)


@pytest.mark.parametrize("name", ["", "metadata.csv"])
def test_recordings_with_both_texts(tmp_path, name):
    write_tones(tmp_path / "LJSpeech-1.1" / "wavs", "LJ001-0001.wav", "LJ001-0002.wav")
    write_lines(tmp_path / "LJSpeech-1.1" / "metadata.csv", *LINES)
    table = read(tmp_path / "LJSpeech-1.1" / name)
    assert [table.row(i) for i in range(2)] == [
        {
            "audio": "wavs/LJ001-0001.wav",
            "transcript": 'Printing, in "the two senses"',
            "text_raw": 'Printing, in "the 2 senses"',
        },
        {
            "audio": "wavs/LJ001-0002.wav",
            "transcript": '"in being modern.',
            "text_raw": '"in being modern.',
        },
    ]
    assert len(read_audio(table.cell(0, "audio"), table.root)) == 3200
    assert infer_inputs(table, "transcript")[0].modality == "audio"


def test_a_table_of_one_text(tmp_path):
    write_tones(tmp_path / "wavs", *(f"{i}.flac" for i in range(30)))
    write_lines(tmp_path / "metadata.csv", *(f"{i}|This is text number {i}." for i in range(30)))
    table = read(tmp_path)
    assert table.cell(29, "transcript") == "This is text number 29."
    assert infer_task(table, "transcript").task == "seq2seq"


def test_an_ordinary_metadata_csv_stays_one(tmp_path):
    write_tones(tmp_path / "wavs", "1.wav")
    path = write_lines(tmp_path / "metadata.csv", "audio,label", "wavs/1.wav,yes")
    assert read(path).column_names == ["audio", "label"]


def test_what_has_no_counterpart_is_counted(tmp_path, capsys):
    write_tones(tmp_path / "wavs", "LJ001-0001.wav", "LJ001-0009.wav")
    write_lines(tmp_path / "metadata.csv", *LINES)
    table = read(tmp_path / "metadata.csv")
    assert list(table.values("audio")) == ["wavs/LJ001-0001.wav", "wavs/LJ001-0009.wav"]
    assert table.cell(1, "transcript") is None
    warnings = capsys.readouterr().err
    assert (
        "1 recordings are missing and are skipped with their texts, such as LJ001-0002." in warnings
    )
    assert "1 recordings are in no line of metadata.csv, such as LJ001-0009.wav." in warnings


def test_bad_tables(tmp_path):
    (tmp_path / "wavs").mkdir()
    path = write_lines(tmp_path / "metadata.csv", *LINES)
    with pytest.raises(DataError, match=r"names recordings that are not there, such as LJ001-0001"):
        read(path)
    write_lines(path, LINES[0], "LJ001-0002 no bars")
    write_tones(tmp_path / "wavs", "LJ001-0001.wav")
    with pytest.raises(
        DataError,
        match=r"^metadata\.csv needs id\|text\|normalised text in line "
        r"2\. Got 'LJ001-0002 no bars'\. Write 1 or 2 bars",
    ):
        read(path)
