"""An import leaves a part that loads again, answers the same, and says where it is from."""

import json

import numpy as np
import pytest

import oracles
import polymodal as pm
from polymodal.core.errors import BundleError, RecipeError
from polymodal.pretrained import golden
from polymodal.pretrained.importing import read_part
from polymodal.pretrained.reading.checkpoint import Checkpoint
from polymodal.pretrained.shelf import families, imported, uses

TEXTS = ["Two dogs on the beach.", "", "cat " * 90, "A very red sleep."]


def with_sentences(folder, pooling, *kinds):
    """Makes a checkpoint one of a sentence encoder."""
    paths = {"Transformer": "", "Pooling": "1_Pooling", "Normalize": "2_Normalize"}
    listed = [
        {
            "idx": number,
            "name": str(number),
            "path": paths[kind],
            "type": f"sentence_transformers.models.{kind}",
        }
        for number, kind in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(listed))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps({"embedding_dimension": 24, "pooling_mode": pooling})
    )
    (folder / "2_Normalize").mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A sentence encoder with mean pooling and normalisation."""
    made = oracles.save(oracles.text_model("bert"), tmp_path_factory.mktemp("bert"))
    (made / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A model\n")
    return with_sentences(made, "mean", "Transformer", "Pooling", "Normalize")


@pytest.fixture(scope="module")
def out(folder, tmp_path_factory):
    place = tmp_path_factory.mktemp("models") / "tiny"
    pm.import_model(folder, place)
    return place


def test_many_texts_have_the_vectors_that_each_has_alone(out):
    part = pm.load_part(out)
    texts = [" ".join(TEXTS[: 1 + number % len(TEXTS)]) for number in range(20)]
    found = part.encode(texts, batch_size=2)  # so many batches are compiled, the longest last
    alone = np.concatenate([part.encode([text]) for text in texts])
    np.testing.assert_allclose(found, alone, atol=1e-5)
    assert part.encode([]).shape == (0, part.dim)


@pytest.mark.parametrize("pooling", ["mean", "cls", "max", "mean_sqrt_len_tokens"])
@pytest.mark.parametrize("normalised", [True, False])
def test_vectors_are_those_of_sentence_transformers(folder, tmp_path, pooling, normalised):
    library = pytest.importorskip("sentence_transformers", reason="it pools what ours is compared")
    for file in folder.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    kinds = ["Transformer", "Pooling", "Normalize"][: 2 + normalised]
    with_sentences(tmp_path, pooling, *kinds)
    theirs = library.SentenceTransformer(str(tmp_path), device="cpu").encode(TEXTS)
    ours = read_part(Checkpoint(tmp_path)).encode(TEXTS)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_an_imported_part_loads_with_the_same_answers(folder, out):
    part = pm.load_part(out)
    np.testing.assert_allclose(
        part.encode(TEXTS), read_part(Checkpoint(folder)).encode(TEXTS), atol=1e-6
    )
    assert part.origin["family"] == "bert"
    assert part.origin["licence"] == "apache-2.0"
    assert "model.safetensors" in part.origin["files"]
    assert part.settings["pooling"] == "mean"
    assert "apache-2.0" in (out / "MODEL_CARD.md").read_text()


def test_golden_outputs_tell_whether_answers_are_still_the_same(out):
    found = golden.check_folder(out)
    assert found.same
    assert "are the same with keras" in str(found)
    part = pm.load_part(out)
    recorded = golden.record(part)
    recorded["vectors"][0][0] += 0.01
    assert not golden.compare(part, recorded).same
    assert "differ by" in str(golden.compare(part, recorded))


def test_models_are_listed(out):
    assert {"bert", "roberta", "xlm_roberta", "mpnet"} <= set(families())
    assert uses()["xlm_roberta"] == "encodes text"  # as the family that it derives from
    assert uses()["clip"].startswith("search, zero-shot labels")
    assert uses()["gemma3_text"] == "writes text"
    assert uses()["whisper"].startswith("transcribes")
    (one,) = imported(out.parent)
    assert (one.folder.name, one.encodes, one.family, one.dim) == ("tiny", "text", "bert", 24)
    assert imported(out / "absent") == []


def test_a_changed_part_is_refused(out, tmp_path):
    for file in out.rglob("*"):
        if file.is_file():
            copy = tmp_path / file.relative_to(out)
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(file.read_bytes())
    spec = json.loads((tmp_path / "model.json").read_text())
    spec["origin"]["licence"] = "mine"
    (tmp_path / "model.json").write_text(json.dumps(spec))
    with pytest.raises(BundleError, match="was changed after it was written"):
        pm.load_part(tmp_path)


def test_nothing_is_written_where_something_is(folder, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(RecipeError, match="needs a folder that is new or empty"):
        pm.import_model(folder, tmp_path)


def test_a_failed_import_leaves_nothing(folder, tmp_path):
    with pytest.raises(BundleError, match="Found no folder"):
        pm.import_model(folder / "absent", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        (
            "modules.json",
            [{"type": "a.Transformer"}, {"type": "a.Dense", "path": "1_Dense"}],
            "needs Transformer, Pooling and perhaps Normalize",
        ),
        (
            "modules.json",
            [{"type": "a.Transformer"}, {"type": "a.Pooling", "path": "../up"}],
            "needs paths inside its folder",
        ),
        (
            "modules.json",
            [{"type": "a.Transformer"}, {"type": "a.Pooling", "path": "/etc"}],
            "needs paths inside its folder",
        ),
        ("1_Pooling/config.json", {"pooling_mode": "lasttoken"}, "needs one pooling of"),
        ("1_Pooling/config.json", {"pooling_mode": ["mean", "max"]}, "needs one pooling of"),
        (
            "1_Pooling/config.json",
            {"embedding_dimension": 25, "pooling_mode": "mean"},
            "needs vectors of 24 numbers",
        ),
        ("sentence_bert_config.json", {"do_lower_case": True}, '"do_lower_case" needs false'),
        (
            "config_sentence_transformers.json",
            {"default_prompt_name": "query", "prompts": {"query": "query: "}},
            "puts nothing before",
        ),
        ("tokenizer_config.json", {"do_lower_case": False}, '"do_lower_case" is False'),
        ("tokenizer_config.json", {"pad_token": "[NONE]"}, "which tokenizer.json does not have"),
        ("tokenizer_config.json", {"pad_token": "[MASK]"}, "config.json says 0"),
        ("tokenizer_config.json", {"padding_side": "left"}, '"padding_side" needs "right"'),
        ("tokenizer.json", {"version": "1.0"}, "is not a tokenizer"),
    ],
)
def test_files_that_do_not_fit_are_refused(folder, tmp_path, file, change, message):
    for path in folder.rglob("*"):
        if path.is_file():
            copy = tmp_path / path.relative_to(folder)
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(path.read_bytes())
    (tmp_path / file).write_text(json.dumps(change))
    with pytest.raises(BundleError, match=message):
        read_part(Checkpoint(tmp_path))


def test_a_tokenizer_larger_than_the_embedding_is_refused(tmp_path):
    model = oracles.text_model("bert", vocab_size=20)
    with pytest.raises(BundleError, match="needs ids below 20"):
        read_part(Checkpoint(oracles.save(model, tmp_path)))
