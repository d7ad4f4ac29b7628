import base64
import io
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from polymodal.evaluation.report import media
from polymodal.evaluation.report.media import describe_inputs, show

SHARED = os.environ.get("POLYMODAL_DATA")
needs_data = pytest.mark.skipif(not SHARED, reason="POLYMODAL_DATA is not set")


def png(width=28, height=20, mode="RGB"):
    buffer = io.BytesIO()
    Image.new(mode, (width, height), 128).save(buffer, "PNG")
    return buffer.getvalue()


def decoded(uri):
    return base64.b64decode(uri.split(",", 1)[1])


def test_small_picture_goes_in_as_it_is():
    found = show({"modality": "image", "value": png()})["pictures"][0]
    assert decoded(found["uri"]) == png()
    assert (found["width"], found["height"], found["small"]) == (28, 20, True)


def test_large_picture_is_made_smaller():
    found = show({"modality": "image", "value": png(2000, 1000)})["pictures"][0]
    assert Image.open(io.BytesIO(decoded(found["uri"]))).size == (512, 256)


@pytest.mark.parametrize("ending", ["BMP", "TIFF"])
def test_format_that_browsers_lack_is_encoded_again(ending):
    buffer = io.BytesIO()
    Image.new("RGB", (30, 30)).save(buffer, ending)
    found = show({"modality": "image", "value": buffer.getvalue()})["pictures"][0]
    assert found["uri"].startswith("data:image/png;base64,")


def test_arrays_grey_or_coloured_are_pictures():
    for channels in (1, 3):
        array = np.full((12, 16, channels), 200, np.uint8)
        found = show({"modality": "image", "value": array})["pictures"][0]
        assert Image.open(io.BytesIO(decoded(found["uri"]))).size == (16, 12)


def test_long_videos_are_shown_by_eight_frames():
    found = show({"modality": "video", "value": [png()] * 30})
    assert (len(found["pictures"]), found["total"]) == (8, 30)


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\x00\x00\x00\x18ftypmp42", "video"),
        (b"\x1aE\xdf\xa3....", "video"),
        (b"\x00\x00\x01\xba....", "broken"),
    ],
)
def test_only_videos_that_browsers_play_are_embedded(start, kind):
    assert show({"modality": "video", "value": start})["kind"] == kind


def test_samples_become_a_playable_file_with_a_waveform():
    wave = np.sin(np.arange(16000) / 20).astype(np.float32)
    found = show({"modality": "audio", "value": wave, "sample_rate": 16000})
    samples, rate = soundfile.read(io.BytesIO(decoded(found["uri"])))
    assert (len(samples), rate, found["text"]) == (16000, 16000, "1.0 s")
    assert found["wave"].count("<rect") == 64


def test_long_sound_is_cut_and_says_so():
    found = show(
        {
            "modality": "audio",
            "sample_rate": 8000,
            "value": np.random.default_rng(0).normal(size=8000 * 20).astype(np.float32),
        }
    )
    assert found["text"] == "20.0 s, the first 15 s here"


@needs_data
def test_real_recordings_and_photographs_go_in():
    digits = Path(SHARED) / "av_digits" / "audio"
    sound = show({"modality": "audio", "value": next(digits.glob("*.ogg")).read_bytes()})
    assert sound["uri"].startswith("data:audio/ogg")
    photo = next((Path(SHARED) / "photos" / "image").glob("*.jpg")).read_bytes()
    picture = show({"modality": "image", "value": photo})["pictures"][0]
    assert max(picture["width"], picture["height"]) >= 300


@needs_data
@pytest.mark.parametrize("name", ["bad", "null", "awful", "evil"])
def test_malformed_sound_never_stops_a_report(name):
    data = (Path(SHARED) / "malformed" / f"{name}.wav").read_bytes()
    assert show({"modality": "audio", "value": data})["kind"] in ("broken", "sound")


def test_what_cannot_be_shown_says_so():
    for modality in ("image", "audio"):
        found = show({"modality": modality, "value": b"nonsense"})
        assert found["kind"] == "broken"
        assert "cannot be shown here" in found["text"]
    assert show({"modality": "image", "value": None}) == {"kind": "missing"}


def test_numbers_and_tables_are_shortened():
    assert show({"modality": "vector", "value": np.zeros(100)})["text"].startswith("100 numbers: 0")
    table = show({"modality": "tabular", "value": {f"c{i}": i or None for i in range(30)}})
    assert (table["cells"][0], len(table["cells"]), table["total"]) == (("c0", "–"), 20, 30)
    assert len(show({"modality": "text", "value": "x" * 9000})["text"]) == 1501


def test_texts_of_steps_stand_one_behind_the_other():
    for value in (["a", None, "b"], '["a", null, "b"]'):
        assert show({"modality": "texts", "value": value}) == {"kind": "text", "text": "a / – / b"}
    assert show({"modality": "texts", "value": 3})["kind"] == "broken"


def test_whatever_a_decoder_raises_stays_in_its_place(monkeypatch):
    def fails(*_):
        raise AttributeError("rate")

    monkeypatch.setitem(media._SHOWN, "audio", fails)
    assert show({"modality": "audio", "value": b"x"}) == {
        "kind": "broken",
        "text": "cannot be shown here (AttributeError)",
    }


def test_pictures_come_before_sounds_before_text():
    found = describe_inputs(
        {
            "words": {"modality": "text", "value": "a"},
            "voice": {"modality": "audio", "value": None},
            "face": {"modality": "image", "value": png()},
        }
    )
    assert [one["name"] for one in found] == ["face", "voice", "words"]


def test_a_sound_is_read_as_far_as_is_shown_of_it(monkeypatch):
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(160_000), 16_000, format="FLAC")
    monkeypatch.setattr(media, "MOST_SAMPLES", 32_000)
    assert show({"modality": "audio", "value": buffer.getvalue()})["text"] == "2.0 s"
