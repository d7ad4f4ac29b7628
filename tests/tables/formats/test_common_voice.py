"""Common Voice folders and tables."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.core.errors import DataError
from polymodal.media.audio import read_audio
from polymodal.profile.columns import infer_inputs
from polymodal.recipe.guessed.task import infer_task
from polymodal.tables.formats.common_voice import _plain
from polymodal.tables.table import read
from published_sets import write_lines, write_tones

HEADER = (
    "client_id",
    "path",
    "sentence",
    "up_votes",
    "down_votes",
    "age",
    "gender",
    "accents",
    "locale",
    "segment",
)


def line(speaker, path, sentence, accent=""):
    return "\t".join([speaker, path, sentence, "2", "0", "", "", accent, "en", ""])


def corpus(root):
    write_tones(root / "clips", "a.mp3", "b.mp3", "c.mp3")
    head = "\t".join(HEADER)
    write_lines(root / "train.tsv", head, line("s1", "a.mp3", "The birch canoe slid.", "Scottish"))
    write_lines(root / "dev.tsv", head, line("s2", "b.mp3", 'He said "no" to her.'))
    write_lines(root / "test.tsv", head, line("s3", "c.mp3", '"""Stop!"" she cried."'))
    write_lines(root / "validated.tsv", head, line("s1", "a.mp3", "The birch canoe slid."))
    return root


def test_a_folder_gives_its_parts(tmp_path):
    table = read(corpus(tmp_path / "en"))
    assert [tuple(table.row(i).values()) for i in range(3)] == [
        ("clips/a.mp3", "The birch canoe slid.", "s1", "Scottish", "train"),
        ("clips/b.mp3", 'He said "no" to her.', "s2", None, "val"),
        ("clips/c.mp3", '"Stop!" she cried.', "s3", None, "test"),
    ]
    assert table.column_names == ["audio", "transcript", "speaker", "accent", "split"]
    for cell in table.values("audio"):
        assert len(read_audio(cell, table.root)) == pytest.approx(3200, abs=1600)


def test_one_table_beside_its_clips(tmp_path):
    table = read(corpus(tmp_path) / "train.tsv")
    assert table.column_names == ["audio", "transcript", "speaker", "accent"]
    assert list(table.values("audio")) == ["clips/a.mp3"]
    assert read(tmp_path / "validated.tsv").cell(0, "speaker") == "s1"
    assert infer_task(read(tmp_path), "transcript").task == "seq2seq"
    assert ("audio", "audio") in [
        (g.name, g.modality) for g in infer_inputs(read(tmp_path), "transcript")
    ]


def test_older_releases(tmp_path):
    write_tones(tmp_path / "clips", "a.mp3")
    lines = ["client_id\tpath\tsentence\taccent", "s\ta\tHello there.\tus"]
    assert list(read(write_lines(tmp_path / "train.tsv", *lines)).row(0).values()) == [
        "clips/a.mp3",
        "Hello there.",
        "s",
        "us",
    ]


def test_what_has_no_counterpart_is_counted(tmp_path, capsys):
    write_lines(
        corpus(tmp_path) / "train.tsv",
        "\t".join(HEADER),
        line("s", "a.mp3", "Yes."),
        line("s", "gone.mp3", "No."),
        line("s", "b.mp3", ""),
    )
    assert list(read(tmp_path / "train.tsv").values("transcript")) == ["Yes.", None]
    warnings = capsys.readouterr().err
    assert "Warning: train.tsv: 1 clips are missing and are skipped, such as gone.mp3." in warnings
    assert "Warning: train.tsv: 1 clips have no sentence, such as b.mp3." in warnings


def test_bad_tables(tmp_path):
    head = "\t".join(HEADER)
    path = write_lines(tmp_path / "train.tsv", head, line("s", "a.mp3", "Yes."))
    with pytest.raises(
        DataError,
        match=r"^train\.tsv names clips that are not there, such as "
        r"a\.mp3\. Looked in .* under clips\. Put the folder of",
    ):
        read(path)
    write_tones(tmp_path / "clips", "a.mp3")
    write_lines(path, head, line("s", "a.mp3", "Yes."), "s\ta.mp3\tNo.")
    with pytest.raises(
        DataError,
        match=r"^train\.tsv needs 10 cells, as many as the header, in "
        r"line 3\. Got 's\\ta\.mp3\\tNo\.'\. Remove tabs",
    ):
        read(path)
    write_lines(path, "path\ttext", "a.mp3\tx")
    with pytest.raises(DataError, match=r"It lacks client_id, sentence\. Name a table of clips"):
        read(path, format="common_voice")
    assert read(path).column_names == ["path", "text"]


@given(st.text("ab\"', .", min_size=1).filter(lambda text: text == text.strip()))
def test_quoting_by_a_writer_is_undone(text):
    written = io.StringIO()
    csv.writer(written, delimiter="\t").writerow([text, "x"])
    cell = written.getvalue().split("\t")[0]
    assert _plain(cell) == text.strip()
