"""Bundles that somebody spoiled and sealed again: refused in one line, or they answer as before."""

from __future__ import annotations

import json
import os
import random
import resource
import struct
import time
from collections import Counter

import numpy as np
import pytest

import poison
from poison import answers, copy, edit, seal_all
from polymodal.bundle import weights
from polymodal.bundle.write import add_part, seal
from polymodal.core.errors import BundleError, PolymodalError
from small_recogniser import write_bundle as write_recogniser


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return poison.write_bundle(tmp_path_factory.mktemp("bundle") / "run")


@pytest.fixture
def spoilt(bundle, tmp_path):
    return copy(bundle, tmp_path / "run")


def refusal(folder):
    with pytest.raises(BundleError) as found:
        answers(folder)
    message = str(found.value)
    assert "\n" not in message
    assert message.isprintable()
    return message


@pytest.mark.parametrize("seal_again", [seal, seal_all])
def test_labels_in_another_order_are_refused(spoilt, seal_again):
    edit(spoilt / "preprocess" / "target.json", lambda c: c.update(labels=["b", "a", "c"]))
    seal_again(spoilt)
    assert "target.json needs the labels of model.json, in their order. Got ['b', 'a'" in refusal(
        spoilt
    )


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        (
            "input_0",
            lambda c: c.update(mean=[0.1, 0.2]),
            'input_0.json: needs "mean" to be 1 numbers',
        ),
        ("input_0", lambda c: c.update(std=[0.0]), 'needs "std" to be finite numbers above 0'),
        ("input_0", lambda c: c.update(mean=[float("nan")]), 'needs "mean" to be finite numbers'),
        ("input_0", lambda c: c.update(mean=[1e300]), 'needs "mean" to be finite numbers'),
        ("input_0", lambda c: c.update(size="8"), "needs size as pixels or"),
        ("input_0", lambda c: c.pop("std"), 'input_0.json: needs "std". Got '),
        (
            "input_1",
            lambda c: c.update(max_length=-1),
            'needs "max_length" to be a whole number from',
        ),
        ("input_1", lambda c: c.update(tokenizer=3), 'needs "tokenizer" to be a text. Got 3'),
        ("input_1", lambda c: c.update(tokenizer="{"), "to be a WordTokenizer as JSON"),
        (
            "input_2",
            lambda c: c.update(buckets=10**9),
            'needs "buckets" to be a whole number from 1',
        ),
        ("input_2", lambda c: c.update(words=["a", "a"]), 'needs "words" to be texts that differ'),
        ("input_3", lambda c: c.update(dim=10**9), 'input_3.json: needs "dim" to be'),
        ("input_4", lambda c: c.update(numbers="size"), 'needs "numbers" to be a list'),
        ("input_4", lambda c: c.update(levels={"city": ["Rome"]}), 'needs "levels" of each'),
        ("target", lambda c: c.update(labels=[1, 2, 3]), 'needs "labels" to be a list of texts'),
    ],
)
@pytest.mark.parametrize("seal_again", [seal, seal_all])
def test_a_field_of_another_type_or_length_is_named(spoilt, name, change, said, seal_again):
    edit(spoilt / "preprocess" / f"{name}.json", change)
    seal_again(spoilt)
    assert said in refusal(spoilt)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c["recipe"].update(dim=12_000), "not among its weights"),
        (lambda c: c["recipe"].update(dim="8"), "model.json: "),
        (lambda c: c["recipe"].update(dim=10**9), '"recipe".dim needs 1 to 65,536'),
        (lambda c: c["recipe"].pop("inputs"), "model.json: "),
        (lambda c: c.pop("labels"), 'model.json: needs "labels"'),
        (lambda c: c.update(recipe=[1]), 'model.json: needs "recipe" to be a mapping'),
        (lambda c: c["recipe"]["inputs"]["note"].update(num_layers=10**6), "needs 1 to 1,000"),
        (lambda c: c["recipe"]["inputs"]["note"].update(num_layers=2), "not among its weights"),
        (lambda c: c["recipe"]["inputs"]["image"].update(width=10_000), "not among its weights"),
        (
            lambda c: c["recipe"]["inputs"].update(note={"modality": "os.system"}),
            "No modality named",
        ),
    ],
)
def test_a_model_that_is_not_that_of_the_weights_is_not_built(spoilt, change, said):
    edit(spoilt / "model.json", change)
    seal_all(spoilt)
    before = peak_memory()
    assert said in refusal(spoilt)
    assert peak_memory() - before < 300e6


def test_a_setting_that_leaves_all_shapes_alone_is_told_by_the_sum(spoilt):
    edit(spoilt / "model.json", lambda c: c["recipe"]["inputs"]["note"].update(num_heads=4))
    seal(spoilt)
    assert "model.json was changed after it was written" in refusal(spoilt)


def test_preprocessing_of_another_run_is_told_by_the_sum(spoilt):
    edit(spoilt / "preprocess" / "input_3.json", lambda c: c.update(mean=[0.5, 0.5, 0.5]))
    seal(spoilt)
    assert "input_3.json is not the file that model.json was written with" in refusal(spoilt)


def test_a_bundle_without_sums_as_they_were_written_before_is_read(spoilt, bundle):
    edit(spoilt / "model.json", lambda c: (c.pop("files"), c.pop("sha256")))
    seal(spoilt)
    assert answers(spoilt) == answers(bundle)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(spoilt, value):
    path = spoilt / "weights.safetensors"
    held = {name: values.copy() for name, values in weights.load(path).items()}
    name = max(held, key=lambda n: held[n].size)
    held[name].flat[0] = value
    weights.save(path, held)
    seal_all(spoilt)
    assert f'tensor "{name}" needs finite numbers. Got 1 that are not' in refusal(spoilt)


def test_other_weights_of_the_same_shapes_are_refused(spoilt):
    path = spoilt / "weights.safetensors"
    weights.save(path, {name: values + 1 for name, values in weights.load(path).items()})
    seal(spoilt)
    assert "weights.safetensors is not the file that model.json was written with" in refusal(spoilt)


@pytest.mark.parametrize(
    "change",
    [
        {
            "padding": {
                "strategy": {"Fixed": 10**9},
                "direction": "Right",
                "pad_to_multiple_of": None,
                "pad_id": 0,
                "pad_type_id": 0,
                "pad_token": "a",
            }
        },
        {"normalizer": {"type": "Prepend", "prepend": "a" * 1000}},
        {"added_tokens": []},
        {"model": {"type": "BPE", "vocab": {}, "merges": []}},
        {"model": {}},
        {"pre_tokenizer": None},
    ],
)
def test_a_tokenizer_with_settings_of_its_own_is_not_made(spoilt, change):
    def put(content):
        content["tokenizer"] = json.dumps({**json.loads(content["tokenizer"]), **change})

    edit(spoilt / "preprocess" / "input_1.json", put)
    seal_all(spoilt)
    assert "to be a WordTokenizer as JSON" in refusal(spoilt)


def test_words_that_are_not_numbered_in_turn_are_refused(spoilt):
    def put(content):
        tokenizer = json.loads(content["tokenizer"])
        tokenizer["model"]["vocab"]["cat"] = 4_000_000_000
        content["tokenizer"] = json.dumps(tokenizer)

    edit(spoilt / "preprocess" / "input_1.json", put)
    seal_all(spoilt)
    assert "its words are not numbered from 0" in refusal(spoilt)


@pytest.fixture(scope="module")
def recogniser(tmp_path_factory):
    folder = write_recogniser(tmp_path_factory.mktemp("recogniser") / "run")
    add_part(
        folder,
        "language.json",
        {"unit": "word", "ngrams": [["<s>", -99.0, -0.3], ["a", -0.5, 0.0], ["</s>", -0.5, 0.0]]},
    )
    add_part(
        folder,
        "confidence.json",
        {
            "method": "isotonic",
            "points": [[0.2, 0.3], [0.9, 0.95]],
            "num_words": 300,
            "num_right": 200,
            "split": "val",
        },
    )
    seal(folder)
    return folder


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("language", lambda c: c.update(ngrams=[["a", "b"]])),
        ("language", lambda c: c.update(ngrams=[["a", float("nan"), 0.0]])),
        ("language", lambda c: c.update(ngrams=[[" ".join("a" * 5000), -1.0, 0.0]])),
        ("language", lambda c: c.update(unit=3)),
        ("language", lambda c: c.pop("ngrams")),
        ("confidence", lambda c: c.update(points=[[0.9, 0.1], [0.1, 0.2]])),
        ("confidence", lambda c: c.update(points=[[0.9]])),
        ("confidence", lambda c: c.pop("method")),
        ("confidence", lambda c: c.update(points=[[float("nan"), 0.2]])),
    ],
)
@pytest.mark.parametrize("seal_again", [seal, seal_all])
def test_other_files_are_named_too(recogniser, tmp_path, name, change, seal_again):
    from polymodal.inference.predictor import load

    folder = copy(recogniser, tmp_path / "run")
    edit(folder / f"{name}.json", change)
    seal_again(folder)
    with pytest.raises(BundleError, match=f"{name}.json"):
        load(folder)


def test_a_language_model_that_was_not_there_is_refused(recogniser, tmp_path):
    from polymodal.inference.predictor import load

    folder = copy(recogniser, tmp_path / "run")
    assert load(folder).language is not None
    edit(folder / "language.json", lambda c: c["ngrams"].append(["b", -0.1, 0.0]))
    seal(folder)
    with pytest.raises(BundleError, match=r"language.json is not the file that model.json"):
        load(folder)


# --- the campaign ---------------------------------------------------------------------------------

_CASES = 240
_SECONDS = 20.0  # that one bundle may take at most
_BYTES = 1_000_000_000  # that all of them may take together


@pytest.mark.slow
@pytest.mark.parametrize(("seal_again", "sums"), [(seal, True), (seal_all, False)])
def test_no_spoilt_bundle_ends_in_a_traceback_or_answers_otherwise(
    bundle, tmp_path, seal_again, sums, capsys
):
    """Spoils one value of one file, seals the folder again, and asks.

    With the manifest alone sealed, every answer is refused or as before. With all sums made anew,
    what is left is that nothing but a PolymodalError comes, in bounded time and memory.
    """
    right, before, counts, bad = answers(bundle), peak_memory(), Counter(), []
    for case in range(_CASES):
        chance = random.Random(case)
        folder = copy(bundle, tmp_path / "run")
        what = _spoil(folder, chance)
        start = time.monotonic()
        try:
            seal_again(folder)
            found = answers(folder)
        except PolymodalError as error:
            counts["refused"] += 1
            if "\n" in str(error) or len(str(error)) > 1000:
                bad.append((case, what, str(error)))
            continue
        except Exception as error:  # what the campaign looks for
            counts["uncaught"] += 1
            bad.append((case, what, repr(error)))
            continue
        finally:
            if time.monotonic() - start > _SECONDS:
                bad.append((case, what, "slow"))
        counts["as before" if found == right else "silent" if sums else "other model"] += 1
        if found != right and sums:
            bad.append((case, what, "silent"))
    with capsys.disabled():
        print(
            f"\n{_CASES} spoilt bundles, {'manifest' if sums else 'all sums'} made anew: "
            f"{counts['uncaught']} uncaught, {counts['silent']} silent, {dict(counts)}"
        )
    assert bad == []
    assert peak_memory() - before < _BYTES


def _spoil(folder, chance):
    """Spoils a bundle, and returns what was done."""
    way = chance.random()
    if way < 0.7:
        names = [
            "model.json",
            *(f"preprocess/{p.name}" for p in sorted((folder / "preprocess").iterdir())),
            "preprocess/target.json",
            "metrics.json",
        ]
        name = chance.choice(names)
        content = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps(poison.spoiled(content, chance)))
        return name
    if way < 0.9:
        return _spoil_weights(folder / "weights.safetensors", chance)
    return _spoil_files(folder, chance)


def _spoil_weights(path, chance):
    held = {name: values.copy() for name, values in weights.load(path).items()}
    name = chance.choice(sorted(held))
    way = chance.choice(["nan", "inf", "shape", "type", "gone", "more", "huge", "header", "cut"])
    if way in ("nan", "inf", "huge"):
        held[name] = held[name].astype(np.float32)
        held[name].flat[0] = {"nan": np.nan, "inf": np.inf, "huge": 3e38}[way]
    elif way == "shape":
        held[name] = held[name].reshape(-1, 1)
    elif way == "type":
        held[name] = held[name].astype(np.float64)
    elif way == "gone":
        del held[name]
    elif way == "more":
        held["other"] = np.zeros(3, np.float32)
    weights.save(path, held)
    data = path.read_bytes()
    if way == "cut":
        path.write_bytes(data[: chance.randrange(len(data))])
    elif way == "header":
        length = struct.unpack("<Q", data[:8])[0]
        header = poison.spoiled(json.loads(data[8 : 8 + length]), chance)
        text = json.dumps(header).encode()
        path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])
    return f"weights: {way} {name}"


def _spoil_files(folder, chance):
    target = folder / chance.choice(
        [
            "model.json",
            "preprocess/input_0.json",
            "metrics.json",
            "preprocess/target.json",
            "weights.safetensors",
        ]
    )
    way = chance.choice(
        ["empty", "deep", "gone", "link", "binary", "list", "folder", "other", "twice"]
    )
    content = target.read_bytes()
    target.unlink()
    made = {
        "empty": b"",
        "deep": b"[" * 200_000,
        "binary": bytes(range(256)),
        "list": b"[1, 2]",
        "other": b"[" + content + b"]",
        "twice": content + content,
    }
    if way in made:
        target.write_bytes(made[way])
    elif way == "link":
        os.symlink("/etc/hostname", target)
    elif way == "folder":
        target.mkdir()
    return f"{target.name}: {way}"


def peak_memory():
    """Returns the most bytes that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
