"""Imported language models give the logits of transformers, and every setting matters."""

import numpy as np
import pytest
from keras import ops

import oracles
from polymodal.core.errors import BundleError
from polymodal.pretrained.importing import read_model, read_part
from polymodal.pretrained.reading.checkpoint import Checkpoint

CLOSE = 1e-4
SCALINGS = {
    "linear": {"rope_type": "linear", "rope_theta": 500.0, "factor": 3.0},
    "llama3": {
        "rope_type": "llama3",
        "rope_theta": 500.0,
        "factor": 4.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 30,
    },
    "yarn": {
        "rope_type": "yarn",
        "rope_theta": 500.0,
        "factor": 4.0,
        "original_max_position_embeddings": 30,
    },
}
WINDOWED = {"use_sliding_window": True, "sliding_window": 7, "max_window_layers": 1}
GEMMA = {
    "hidden_size": 24,
    "sliding_window": 7,
    "query_pre_attn_scalar": 5,
    "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
    "rope_parameters": {
        "sliding_attention": {"rope_type": "default", "rope_theta": 300.0},
        "full_attention": {"rope_type": "linear", "rope_theta": 500.0, "factor": 3.0},
    },
}
KINDS = {
    "llama": ("llama", {}),
    "biases": ("llama", {"attention_bias": True, "mlp_bias": True}),
    "tied": ("llama", {"tie_word_embeddings": True}),
    "gelu": ("llama", {"hidden_act": "gelu_pytorch_tanh", "head_dim": None}),
    **{name: ("llama", {"rope_parameters": scaling}) for name, scaling in SCALINGS.items()},
    "mistral": ("mistral", {"sliding_window": 7}),
    "gemma3": ("gemma3", GEMMA),
    "qwen2": ("qwen2", WINDOWED),
    "qwen3": ("qwen3", {**WINDOWED, "attention_bias": True}),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Returns (model, folder) of a kind, made once."""
    made = {}

    def of(kind):
        if kind not in made:
            family, changes = KINDS[kind]
            model = oracles.language_model(family, **changes)
            folder = oracles.save_language_model(model, tmp_path_factory.mktemp(kind))
            made[kind] = model, folder
        return made[kind]

    return of


def ids_and_mask(side="right"):
    return oracles.ids_and_mask(0, side)


def difference(model, folder, ids, mask):
    found = read_model(Checkpoint(folder)).logits(ids, mask)
    return np.abs(found - oracles.logits(model, ids, mask))[mask].max()


@pytest.mark.parametrize("kind", KINDS)
def test_logits_are_those_of_transformers(saved, kind):
    model, folder = saved(kind)
    for side in ("right", "left"):
        ids, mask = ids_and_mask(side)
        scale = np.abs(oracles.logits(model, ids, mask)[mask]).max()
        assert difference(model, folder, ids, mask) < CLOSE * max(1, scale)


@pytest.mark.parametrize("kind", ["llama", "mistral", "qwen3", "gemma3"])
def test_steps_after_a_prompt_give_what_the_whole_text_gives(saved, kind):
    decoder = read_model(Checkpoint(saved(kind)[1])).decoder
    ids, mask = ids_and_mask("left")
    whole = ops.convert_to_numpy(decoder.logits(ids, mask))
    first = 40  # within the padding of a row
    memory, memory_mask = decoder.embed(ids[:, :first]), ops.convert_to_tensor(mask[:, :first])
    state = decoder.initial_state(memory, memory_mask, 30)
    for step in range(first, 60):
        if not mask[:, step].all():
            break
        found, state = decoder.step(ids[:, step], state, memory, memory_mask)
        np.testing.assert_allclose(ops.convert_to_numpy(found), whole[:, step], atol=1e-3)


def test_a_row_alone_gives_what_it_gives_in_a_batch(saved):
    model = read_model(Checkpoint(saved("qwen2")[1]))
    ids, mask = ids_and_mask()
    length = int(mask[0].sum())
    np.testing.assert_allclose(
        model.logits(ids, mask)[0, :length],
        model.logits(ids[:1, :length], mask[:1, :length])[0],
        atol=1e-3,
    )


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("llama", "hidden_act", "gelu"),
        ("llama", "rms_norm_eps", 1e-2),
        ("llama", "rope_theta", 500),
        ("llama", "rope_parameters", SCALINGS["linear"]),
        ("tied", "rms_norm_eps", 1e-2),
        ("llama", "tie_word_embeddings", True),
        *(
            ("linear", "rope_parameters", {**SCALINGS["linear"], name: 2.0})
            for name in ("rope_theta", "factor")
        ),
        *(
            ("llama3", "rope_parameters", {**SCALINGS["llama3"], name: value})
            for name, value in (
                ("rope_theta", 400.0),
                ("factor", 2.0),
                ("low_freq_factor", 2.0),
                ("high_freq_factor", 2.0),
                ("original_max_position_embeddings", 60),
            )
        ),
        *(
            ("yarn", "rope_parameters", {**SCALINGS["yarn"], name: value})
            for name, value in (
                ("rope_theta", 400.0),
                ("factor", 2.0),
                ("beta_fast", 1.0),
                ("beta_slow", 0.2),
                ("attention_factor", 1.3),
                ("original_max_position_embeddings", 200),
                ("truncate", False),
            )
        ),
        ("mistral", "sliding_window", 9),
        ("mistral", "sliding_window", None),
        ("qwen2", "sliding_window", 9),
        ("qwen2", "layer_types", ["full_attention"] * 3),
        ("qwen3", "sliding_window", 9),
        *(
            ("gemma3", name, value)
            for name, value in (
                ("sliding_window", 9),
                ("query_pre_attn_scalar", 8),
                ("rms_norm_eps", 1e-2),
                ("hidden_activation", "gelu"),
                ("rope_parameters", None),
                ("layer_types", None),
                (
                    "rope_parameters",
                    {
                        **GEMMA["rope_parameters"],
                        "sliding_attention": {"rope_type": "default", "rope_theta": 500.0},
                    },
                ),
            )
        ),
    ],
)
def test_another_value_of_the_config_gives_other_logits(saved, tmp_path, kind, name, value):
    model, _ = saved(kind)
    folder = oracles.save_language_model(model, tmp_path)
    changes = {name: value}
    if name == "rope_theta":  # stated once, as older files do
        changes["rope_parameters"] = None
    oracles.change_config(folder, **changes)
    ids, mask = ids_and_mask()
    assert difference(model, folder, ids, mask) > 10 * CLOSE


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("llama", "hidden_size", 20),
        ("llama", "num_hidden_layers", 2),
        ("llama", "num_hidden_layers", 4),
        ("llama", "num_attention_heads", 2),
        ("llama", "num_key_value_heads", 3),
        ("llama", "num_key_value_heads", 1),
        ("llama", "head_dim", 6),
        ("llama", "head_dim", 7),
        ("llama", "intermediate_size", 41),
        ("llama", "vocab_size", 301),
        ("llama", "vocab_size", 258),
        ("llama", "attention_bias", True),
        ("llama", "mlp_bias", True),
        ("biases", "attention_bias", False),
        ("biases", "mlp_bias", False),
        ("tied", "tie_word_embeddings", False),
        ("llama", "pretraining_tp", 2),
        ("llama", "hidden_act", "mish"),
        ("llama", "max_position_embeddings", "long"),
        ("llama", "eos_token_id", 300),
        ("llama", "rope_parameters", {"rope_type": "dynamic", "factor": 2.0}),
        ("llama", "rope_parameters", {"rope_type": "default", "partial_rotary_factor": 0.5}),
        ("llama", "rope_parameters", {**SCALINGS["linear"], "a_new_setting": 1}),
        ("llama", "rope_scaling", SCALINGS["linear"]),
        ("yarn", "rope_parameters", {**SCALINGS["yarn"], "mscale": 1.0}),
        ("llama3", "rope_parameters", {**SCALINGS["llama3"], "high_freq_factor": 1.0}),
        ("llama", "sliding_window", 7),
        ("mistral", "layer_types", ["full_attention"] * 3),
        ("qwen2", "use_sliding_window", False),
        ("qwen2", "layer_types", ["full_attention"]),
        ("qwen2", "attention_bias", True),
        ("qwen3", "attention_bias", False),
        *(
            ("gemma3", name, value)
            for name, value in (
                ("final_logit_softcapping", 30.0),
                ("attn_logit_softcapping", 50.0),
                ("head_dim", 6),
                ("use_bidirectional_attention", True),
                ("layer_types", ["full_attention"]),
                ("rope_parameters", {"rope_type": "default"}),
                ("attention_bias", True),
                ("num_key_value_heads", 3),
                ("tie_word_embeddings", False),
                ("hidden_size", 32),
            )
        ),
        ("llama", "a_new_setting", 1),
        ("llama", "auto_map", {"AutoModel": "code.Model"}),
    ],
)
def test_a_config_that_does_not_fit_is_refused(saved, tmp_path, kind, name, value):
    folder = oracles.save_language_model(saved(kind)[0], tmp_path)
    (folder / "generation_config.json").unlink(missing_ok=True)
    oracles.change_config(folder, **{name: value})
    with pytest.raises(BundleError, match=r"\w"):
        read_model(Checkpoint(folder))


def test_a_scaling_may_be_stated_as_older_files_do(saved, tmp_path):
    model, _ = saved("linear")
    folder = oracles.save_language_model(model, tmp_path)
    oracles.change_config(
        folder,
        rope_parameters=None,
        rope_theta=500.0,
        rope_scaling={"type": "linear", "factor": 3.0},
    )
    ids, mask = ids_and_mask()
    assert difference(model, folder, ids, mask) < 10 * CLOSE


def test_half_precision_shards_are_read(saved, tmp_path):
    import torch

    half = oracles.language_model("llama").to(torch.bfloat16)
    oracles.save_language_model(half, tmp_path)
    (tmp_path / "model.safetensors").unlink()
    half.save_pretrained(tmp_path, max_shard_size="20KB")
    assert not (tmp_path / "model.safetensors").exists()
    ids, mask = ids_and_mask()
    whole = type(half).from_pretrained(tmp_path, dtype=torch.float32).eval()
    assert difference(whole, tmp_path, ids, mask) < 10 * CLOSE


def test_a_language_model_is_no_encoder(saved):
    with pytest.raises(BundleError, match="needs to contain an encoder"):
        read_part(Checkpoint(saved("llama")[1]))
