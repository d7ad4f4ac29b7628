"""Whisper tiny.en as it was published writes what the published libraries write."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from polymodal.evaluation.texts.normalisation import normalise
from polymodal.pretrained.importing import read_model
from polymodal.pretrained.reading.sources import opened
from polymodal.pretrained.speech.transcribing import Options, transcripts

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def folder():
    cache = Path(
        os.environ.get("POLYMODAL_PUBLISHED", Path.home() / ".cache" / "polymodal" / "published")
    )
    if not (cache / "whisper_tiny_en").is_dir():
        pytest.skip(f"{cache / 'whisper_tiny_en'} is absent: run scripts/models")
    return cache / "whisper_tiny_en"


@pytest.fixture(scope="module")
def model(folder):
    return read_model(opened(folder))


@pytest.fixture(scope="module")
def speech():
    root = Path(os.environ.get("POLYMODAL_DATA", "")) / "speech"
    if not (root / "speech.csv").is_file():
        pytest.skip("POLYMODAL_DATA has no speech")
    with open(root / "speech.csv", encoding="utf-8", newline="") as file:
        return [(root / row["audio"], row["transcript"]) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def theirs(folder, model):
    """Returns the model of transformers with the same weights."""
    torch = pytest.importorskip("torch", reason="transformers runs on it")
    library = pytest.importorskip("transformers", reason="it is what ours is compared to")
    checkpoint = opened(folder)
    config = {k: v for k, v in checkpoint.mapping("config.json").items() if k != "model_type"}
    end, start = model.tokens.end_id, model.tokens.start_id
    found = library.WhisperForConditionalGeneration(
        library.WhisperConfig(
            **config,
            eos_token_id=end,
            pad_token_id=end,
            bos_token_id=end,
            decoder_start_token_id=start,
        )
    ).eval()
    state = {f"model.{name}": torch.tensor(checkpoint.array(name)) for name in checkpoint.names}
    assert found.load_state_dict(state, strict=False).missing_keys == ["proj_out.weight"]
    found.tie_weights()
    return found


def written(theirs, model, sound):
    """Returns the text of transformers' greedy decoding."""
    import torch
    import transformers

    tokens = model.tokens
    features = transformers.WhisperFeatureExtractor()(
        sound, sampling_rate=16_000, return_tensors="pt"
    )["input_features"]
    prompt = tokens.prompt(None, timed=False)
    rules = [
        transformers.SuppressTokensAtBeginLogitsProcessor(tokens.suppressed_first, 2),
        transformers.SuppressTokensLogitsProcessor(tokens.suppressed),
    ]
    with torch.no_grad():
        ids = transformers.GenerationMixin.generate(
            theirs,
            features,
            decoder_input_ids=torch.tensor([prompt]),
            logits_processor=rules,
            suppress_tokens=None,
            begin_suppress_tokens=None,
            max_length=448,
        )[0].tolist()
    return tokens.text(ids[2:]).strip()


def test_greedy_decoding_writes_what_transformers_writes(model, theirs, speech):
    found = transcripts(model, [file for file, _ in speech], Options(timed=False))
    same = [
        one.text == written(theirs, model, model.part.modality.decode(file))
        for one, (file, _) in zip(found, speech, strict=True)
    ]
    assert sum(same) >= 17


def wrong_words(texts, speech):
    jiwer = pytest.importorskip("jiwer")
    count = 0
    for text, (_, right) in zip(texts, speech, strict=True):
        found = jiwer.process_words(normalise(right, "basic"), normalise(text, "basic"))
        count += found.substitutions + found.deletions + found.insertions
    return count


def test_a_beam_is_as_good_as_that_of_faster_whisper_and_so_are_times(folder, model, speech):
    library = pytest.importorskip("faster_whisper", reason="it is what ours is compared to")
    files = [file for file, _ in speech]
    ours = list(transcripts(model, files, Options(beam=5, words=True)))
    peer = library.WhisperModel(str(folder), device="cpu", compute_type="float32", cpu_threads=2)
    segments = [
        list(
            peer.transcribe(
                str(file),
                beam_size=5,
                language="en",
                word_timestamps=True,
                condition_on_previous_text=False,
            )[0]
        )
        for file in files
    ]
    texts = ["".join(one.text for one in row).strip() for row in segments]
    wrong, theirs = wrong_words([one.text for one in ours], speech), wrong_words(texts, speech)
    apart = [
        abs(a - b)
        for one, row in zip(ours, segments, strict=True)
        for a, b in differences(one.words, [word for s in row for word in s.words])
    ]
    print(
        f"wrong words {wrong}, theirs {theirs}; times differ by {np.median(apart):.3f} s "
        f"at the median, {len(apart)} compared"
    )
    assert wrong <= theirs + 3
    assert np.median(apart) < 0.2


def differences(ours, theirs):
    """Yields (our time, theirs) of the words of a recording that both write alike."""
    if [one.text for one in ours] != [one.word.strip() for one in theirs]:
        return
    for one, other in zip(ours, theirs, strict=True):
        yield one.start_seconds, other.start
        yield one.end_seconds, other.end
