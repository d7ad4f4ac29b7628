"""A language model in a GGUF file gives what transformers reads from the same file."""

import numpy as np
import pytest

import oracles
import polymodal as pm
from polymodal.core.errors import BundleError
from polymodal.pretrained.importing import read_model
from polymodal.pretrained.reading.sources import opened

gguf = pytest.importorskip("gguf", reason="it writes and reads the files")
WIDER = {"hidden_size": 32, "intermediate_size": 64, "head_dim": 8}
NAMES = {
    "embed_tokens": "token_embd",
    "norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "q_proj": "attn_q",
    "k_proj": "attn_k",
    "v_proj": "attn_v",
    "o_proj": "attn_output",
    "q_norm": "attn_q_norm",
    "k_norm": "attn_k_norm",
    "gate_proj": "ffn_gate",
    "up_proj": "ffn_up",
    "down_proj": "ffn_down",
}


def tensors(model, kind):
    """Yields names and arrays as GGUF has them: of Llama, features that turn together are side by
    side."""
    config = model.config
    for name, value in model.state_dict().items():
        parts, array = name.split("."), value.numpy()
        if "rotary_emb" in name or (name == "lm_head.weight" and config.tie_word_embeddings):
            continue
        block = f"blk.{parts[2]}." if "layers" in parts else ""
        heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
        if kind == "llama" and parts[-2] in heads:
            halves = array.reshape(heads[parts[-2]], 2, -1, *array.shape[1:])
            array = halves.swapaxes(1, 2).reshape(array.shape)
        yield f"{block}{NAMES[parts[-2]]}.{parts[-1]}", np.ascontiguousarray(array)


def write(path, kind, quantised=(), **changes):
    """Writes a tiny model with a tokenizer of bytes."""
    from tokenizers import pre_tokenizers

    model = oracles.language_model(kind, **WIDER)
    writer, config = gguf.GGUFWriter(path, kind), model.config
    for name, value in {
        "embedding_length": config.hidden_size,
        "block_count": config.num_hidden_layers,
        "feed_forward_length": config.intermediate_size,
        "context_length": 120,
        "attention.head_count": config.num_attention_heads,
        "attention.head_count_kv": config.num_key_value_heads,
        **changes,
    }.items():
        writer.add_uint32(f"{kind}.{name}", value)
    writer.add_float32(f"{kind}.attention.layer_norm_rms_epsilon", 1e-6)
    writer.add_float32(f"{kind}.rope.freq_base", 500.0)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(
        [*alphabet, "<|start|>", "<|end|>", "he", "the", *(f"[{i}]" for i in range(40))]
    )
    writer.add_token_types([1] * 256 + [3, 3] + [1] * 42)
    writer.add_token_merges(["h e", "t he"])
    writer.add_eos_token_id(257)
    writer.add_string("general.license", "mit")
    for name, array in tensors(model, kind):
        if array.ndim == 2 and quantised:
            form = quantised[len(name) % len(quantised)]
            writer.add_tensor(name, gguf.quantize(array, form), raw_dtype=form)
        else:
            writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def theirs(path, kind, ids, mask):
    library = oracles.transformers()
    if kind == "qwen3":  # whose size of a head transformers does not read from such a file
        rope = {"rope_type": "default", "rope_theta": 500.0}
        model = oracles.language_model(kind, **WIDER, rope_parameters=rope)
        return oracles.logits(model, ids, mask)
    pytest.importorskip("accelerate", reason="transformers reads GGUF with it")
    model = library.AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name)
    return oracles.logits(model.eval(), ids, mask)


@pytest.mark.parametrize(
    ("kind", "forms"),
    [
        ("llama", ()),
        ("qwen2", ()),
        ("qwen3", ()),
        ("llama", ("Q8_0", "Q4_1", "Q4_0", "Q5_1")),
    ],
)
def test_logits_are_those_of_transformers(tmp_path, kind, forms):
    forms = [gguf.GGMLQuantizationType[form] for form in forms]
    sizes = {"attention.key_length": 8, "attention.value_length": 8} if kind == "qwen3" else {}
    path = write(tmp_path / "tiny.gguf", kind, forms, **sizes)
    ids, mask = oracles.ids_and_mask(0)
    expected = theirs(path, kind, ids, mask)
    found = read_model(opened(path)).logits(ids, mask)
    assert np.abs(found - expected)[mask].max() < 1e-4 * max(1, np.abs(expected[mask]).max())


def test_it_is_imported_with_its_tokenizer_and_licence(tmp_path):
    path = write(tmp_path / "tiny.gguf", "llama")
    pm.import_model(path, tmp_path / "out")
    model = pm.load_language_model(tmp_path / "out")
    assert model.origin["licence"] == "mit"
    assert list(model.origin["files"]) == ["tiny.gguf"]
    assert model.texts.stop_ids == [257]
    assert model.texts.ids("the<|end|>") == [259, 257]
    assert model.texts.text(model.texts.ids("é 12 the")) == "é 12 the"


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("llama", {"expert_count": 4}, "expert_count"),
        ("llama", {"vocab_size": 299}, "vocab_size"),
        ("llama", {"rope.dimension_count": 4}, "rope.dimension_count"),
        ("llama", {"block_count": 2}, "layers.2"),
        ("llama", {"block_count": 4}, "layers.3"),
        ("llama", {"embedding_length": 64}, "shape"),
        ("qwen2", {"attention.head_count_kv": 4}, "shape"),
    ],
)
def test_metadata_that_do_not_fit_are_refused(tmp_path, kind, changes, message):
    path = write(tmp_path / "tiny.gguf", kind, **changes)
    with pytest.raises(BundleError, match=message):
        read_model(opened(path))


def test_a_damaged_file_is_refused(tmp_path):
    path = write(tmp_path / "tiny.gguf", "llama")
    whole = path.read_bytes()
    for content in (b"", whole[:10], whole[:3000], whole[:-5000], b"GGUF" + b"\xff" * 60):
        path.write_bytes(content)
        with pytest.raises(BundleError, match="GGUF"):
            read_model(opened(path))
    with pytest.raises(BundleError, match="needs to be a GGUF file"):
        opened(tmp_path / "absent.gguf")
