"""Kaldi data folders."""

from __future__ import annotations

import numpy as np
import pytest

from media_files import tone, write_sound
from polymodal.core.errors import DataError
from polymodal.media.audio import audio_length, read_audio
from polymodal.profile.columns import infer_inputs
from polymodal.tables.table import read
from published_sets import write_lines, write_tones


def folder(root, **files):
    for name, lines in files.items():
        write_lines(root / name.replace("wav_scp", "wav.scp"), *lines)
    return root


@pytest.mark.parametrize("above", ["", "..", "../.."])
def test_utterances_are_files(tmp_path, above):
    root = tmp_path / "data" / "train"
    write_tones(root / above / "wav", "a.wav", "b b.flac")
    table = read(
        folder(
            root,
            wav_scp=["u1 wav/a.wav", "u2 wav/b b.flac"],
            text=["u1 HELLO  YOU", "u2 GOODBYE"],
            utt2spk=["u1 anna", "u2 ben"],
        )
    )
    assert table.column_names == ["audio", "transcript", "speaker"]
    assert list(table.values("transcript")) == ["HELLO  YOU", "GOODBYE"]
    assert list(table.values("speaker")) == ["anna", "ben"]
    assert [len(read_audio(cell, table.root)) for cell in table.values("audio")] == [3200, 3200]
    assert infer_inputs(table, "transcript")[0].modality == "audio"


def test_segments_are_parts_of_recordings(tmp_path):
    melody = np.concatenate([tone(1.0, hertz=300.0 + 200 * i) for i in range(3)])
    tmp_path.joinpath("d").mkdir()
    write_sound(tmp_path / "d" / "r.wav", melody)
    table = read(
        folder(
            tmp_path / "d",
            wav_scp=[f"r {tmp_path}/d/r.wav"],
            text=["u1 ONE", "u2 TWO", "u3 THREE"],
            segments=["u1 r 0.00 1.00", "u2 r 1.0 1.5", "u3 r 2 -1"],
        )
    )
    assert table.cell(1, "audio") == {
        "path": f"{tmp_path}/d/r.wav",
        "start_seconds": 1.0,
        "end_seconds": 1.5,
    }
    whole = read_audio(tmp_path / "d" / "r.wav")
    for row, part in enumerate([slice(0, 16000), slice(16000, 24000), slice(32000, 48000)]):
        assert np.array_equal(read_audio(table.cell(row, "audio"), table.root), whole[part])
        assert audio_length(table.cell(row, "audio"))[1] == (part.stop - part.start) / 16000
    assert [(g.name, g.modality) for g in infer_inputs(table, "transcript")] == [("audio", "audio")]


def test_what_has_no_counterpart_is_counted(tmp_path, capsys):
    write_tones(tmp_path, "a.wav", "c.wav")
    table = read(
        folder(
            tmp_path,
            wav_scp=["u1 a.wav", "u2 b.wav", "u3 c.wav"],
            text=["u1 ONE", "u2 TWO", "u3", "u4 FOUR"],
            utt2spk=["u1 anna"],
        )
    )
    assert [tuple(table.row(i).values()) for i in range(2)] == [
        ("a.wav", "ONE", "anna"),
        ("c.wav", None, None),
    ]
    warnings = capsys.readouterr().err
    for text in (
        "1 recordings are missing and are skipped, such as b.wav.",
        "1 utterances have no transcript, such as u3.",
        "1 utterances have no speaker, such as u3.",
        "2 transcripts have no recording and are skipped, such as u2.",
    ):
        assert text in warnings
    folder(tmp_path, segments=["u1 u1 0 0.1", "u2 x 0 0.1"])
    assert len(read(tmp_path)) == 1
    assert (
        "1 segments belong to no recording in wav.scp and are skipped, such as u2."
        in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            "sph2pipe -f wav a.sph |",
            r"'sph2pipe -f wav a\.sph \|', which is a command, and nothing",
        ),
        ("touch /tmp/x|", "is a command"),
        ("wav.ark:17", "is not a file of sound"),
        ("-", "is not a file of sound"),
    ],
)
def test_commands_are_refused(tmp_path, value, message):
    with pytest.raises(DataError, match=message) as caught:
        read(folder(tmp_path, wav_scp=[f"u1 {value}"], text=["u1 ONE"]))
    assert "wav.scp" in str(caught.value)
    assert "Write each recording into a file and its path into wav.scp." in str(caught.value)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"text": ["u1 ONE"], "wav_scp": ["u1 b.wav"]},
            r"recordings that are not there, such as b",
        ),
        ({"wav_scp": ["u1 a.wav"]}, r"/text is missing\. A Kaldi folder has the files wav"),
        (
            {"text": ["u1 ONE"], "wav_scp": ["u1 a.wav", "u2"]},
            r"wav\.scp needs a name and a value in",
        ),
        (
            {"text": ["u1 ONE", "u1 TWO"], "wav_scp": ["u1 a.wav"]},
            r"text needs a name that no line before it has in line 2\. Got 'u1 TWO'\. Remove one",
        ),
        (
            {
                "text": ["u1 ONE"],
                "wav_scp": ["u1 a.wav"],
                "segments": ["u1 u1 0 1", "u2 u1 zero 1"],
            },
            r"segments needs an utterance, a recording, start and end in seconds in line 2",
        ),
    ],
)
def test_bad_folders(tmp_path, files, message):
    write_tones(tmp_path, "a.wav")
    with pytest.raises(DataError, match=message):
        read(folder(tmp_path, **files))


def test_relative_paths_start_from_the_media_root(tmp_path):
    write_tones(tmp_path / "sounds", "wav/a.wav")
    data = folder(
        tmp_path / "data", wav_scp=["u1 wav/a.wav"], text=["u1 ONE"], segments=["u1 u1 0 0.1"]
    )
    table = read(data, media_root=tmp_path / "sounds")
    assert table.cell(0, "audio")["path"] == "wav/a.wav"
    assert len(read_audio(table.cell(0, "audio"), table.root)) == 1600
    with pytest.raises(DataError, match=r"Looked in .*data under .*, or name it with --media-root"):
        read(data)


def test_warning_shows_the_start_of_a_long_name(tmp_path, capsys):
    write_tones(tmp_path / "wav", "a.wav")
    read(folder(tmp_path, wav_scp=["u1 wav/a.wav"], text=["u1 ONE", "u" * 70_000 + " TWO"]))
    shown = capsys.readouterr().err
    assert f"such as {'u' * 77}....\n" in shown
    assert len(shown) < 300
