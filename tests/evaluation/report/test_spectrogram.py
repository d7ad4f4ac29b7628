"""Words stand under the spectrogram where they were heard, and none covers another."""

import base64
import io
import re
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

import whistled
from polymodal.evaluation.report import write_report
from polymodal.evaluation.report.spectrogram import HEIGHT, WIDTH, spectrogram_lines


def word(text, start, end, right=True, confidence=0.9):
    return {
        "text": text,
        "start_seconds": start,
        "end_seconds": end,
        "right": right,
        "confidence": confidence,
    }


def texts(line):
    """(text, middle, base) of each word, in pixels."""
    return [
        (text, float(x), float(y))
        for x, y, text in re.findall(
            r'<text x="([\d.]+)" y="([\d.]+)" text-anchor="middle">(.*?)</text>', line
        )
    ]


def picture(line):
    data = re.search(r'href="data:image/png;base64,([^"]+)"', line)[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("L"))


def test_the_picture_is_bright_where_the_tone_is():
    times = np.arange(16000) / 8000
    samples = np.where(times < 1, 0.3 * np.sin(2 * np.pi * 3000 * times), 0.0)
    (line,) = spectrogram_lines(samples, 8000, [])
    shown = picture(line)
    height, width = shown.shape
    assert shown[:, : width // 2].mean() > 1.5 * shown[:, width // 2 + 3 :].mean()
    assert shown[:, width // 4].argmax() < height / 4  # high tones stand above


def test_words_stand_at_their_times():
    samples, starts = whistled.recording(["one two three"])
    words = [
        word(text, start, start + 0.3)
        for text, start in zip(["one", "two", "three"], starts, strict=True)
    ]
    (line,) = spectrogram_lines(samples, whistled.RATE, words)
    wide = float(re.search(r'<image [^>]*width="([\d.]+)"', line)[1])
    scale = wide / (len(samples) / whistled.RATE)
    assert wide <= WIDTH
    for (text, middle, _), one in zip(texts(line), words, strict=True):
        assert text == one["text"]
        assert middle == pytest.approx(scale * (one["start_seconds"] + 0.15), abs=0.1)


def test_long_sounds_are_wrapped_and_hold_every_word_once():
    words = [word(f"w{i}", 0.5 * i + 0.05, 0.5 * i + 0.4) for i in range(40)]
    lines = spectrogram_lines(np.zeros(20 * 8000), 8000, words)
    assert len(lines) == 3
    assert [text for line in lines for text, _, _ in texts(line)] == [w["text"] for w in words]


def test_words_that_are_said_fast_do_not_cover_each_other():
    words = [word("wide" * 4, 0.1 * i, 0.1 * i + 0.1) for i in range(10)]
    (line,) = spectrogram_lines(np.zeros(8000), 8000, words)
    rows = {}
    for _, middle, base in texts(line):
        rows.setdefault(base, []).append(middle)
    assert len(rows) > 1
    for middles in rows.values():
        assert all(b - a > 16 * 8 for a, b in pairwise(middles))
    assert int(re.search(r'height="(\d+)" role', line)[1]) > HEIGHT + 21 * len(rows)


def test_wrong_words_are_marked_and_text_is_never_markup():
    (line,) = spectrogram_lines(
        np.zeros(8000), 8000, [word("<i>a", 0.1, 0.3, False), word("b", 0.5, 0.6, None, 0.25)]
    )
    assert '<g class="wrong"' in line
    assert "&lt;i&gt;a" in line
    assert "<i>" not in line
    assert "0.50 to 0.60 s, 25 % confidence" in line


@pytest.mark.parametrize("length", [1, 100])
def test_the_shortest_sound_has_a_picture(length):
    (line,) = spectrogram_lines(np.zeros(length), 8000, [word("a", 0.0, 0.01)])
    assert picture(line).size


def test_the_page_shows_spectrograms_in_place_of_waveforms(transcribed, tmp_path):
    page = write_report(tmp_path, transcribed).read_text(encoding="utf-8")
    assert page.count('class="heard"') == 4  # 20 s in three lines, 1.5 s in one
    assert 'class="wave"' not in page
    assert "at which the model recognised it" in page
    assert "<b>one" not in page
    assert page.count('class="card broad"') == 1
