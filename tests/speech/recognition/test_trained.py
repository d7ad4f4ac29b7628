"""A recogniser that learned from clips hears long recordings as well as clips."""

import jiwer
import numpy as np
import pytest
import soundfile

import polymodal as pm
from polymodal.media.audio import read_audio
from polymodal.speech.recognition.transcribe import transcribe

RATE = 8000


def joined(table, rows, path):
    """Writes clips with pauses into one file; returns their paths, texts and (start, end)s."""
    rng, parts, spans, count = np.random.default_rng(0), [], [], 0
    for row in rows:
        clip = read_audio(table.cell(row, "audio"), table.root, RATE)
        pause = rng.standard_normal(int(rng.uniform(0.3, 1.2) * RATE), dtype=np.float32)
        parts += [clip, 0.0005 * pause]
        spans.append((count / RATE, (count + len(clip)) / RATE))
        count += len(clip) + len(pause)
    soundfile.write(path, np.concatenate(parts), RATE)
    files = [table.root / table.cell(row, "audio") for row in rows]
    return files, [table.cell(row, "transcript") for row in rows], spans


@pytest.mark.slow
def test_long_recordings_are_heard_as_their_pieces_are(shared_data, tmp_path):
    train, val, test = (
        pm.read(shared_data / "connected_digits" / f"{name}.csv")
        for name in ("train", "val", "test")
    )
    model = pm.Transcriber("transcript", ignore=["speaker", "seconds"], training={"epochs": 8})
    model.fit(train, val=val, out=tmp_path / "run")
    told, pieces, whole = [], [], []
    for name, table in (("val", val), ("test", test)):  # 16 minutes: of one, a word is a point
        path = tmp_path / f"{name}.flac"
        files, texts, _ = joined(table, range(len(table)), path)
        told += texts
        pieces += [one.text for one in transcribe(model._predictor, files)]
        whole += [one.text for one in transcribe(model._predictor, [path])]
    assert jiwer.wer(" ".join(told), " ".join(whole)) <= jiwer.wer(told, pieces) + 0.002
    _, texts, spans = joined(test, range(22), tmp_path / "minute.flac")
    words = iter(model.align(tmp_path / "minute.flac", " ".join(texts))["words"])
    for text, (start, end) in zip(texts, spans, strict=True):
        for _ in text.split():
            word = next(words)
            assert start - 0.1 <= word["start_seconds"] < word["end_seconds"] <= end + 0.1
