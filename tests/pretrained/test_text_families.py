"""Imported text encoders give what transformers gives, and every setting that is read matters."""

import keras
import numpy as np
import pytest

import oracles
from polymodal.core.errors import BundleError
from polymodal.pretrained.importing import read_part
from polymodal.pretrained.reading.checkpoint import Checkpoint

KINDS = ("bert", "roberta", "xlm-roberta", "mpnet")
CLOSE = 1e-4


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Returns (model, folder) of a kind, made once."""
    made = {}

    def of(kind):
        if kind not in made:
            model = oracles.text_model(kind)
            made[kind] = model, oracles.save(model, tmp_path_factory.mktemp(kind))
        return made[kind]

    return of


def ours(folder, ids, mask):
    encoder = read_part(Checkpoint(folder)).encoder
    return keras.ops.convert_to_numpy(encoder.hidden_states(ids, mask))


def difference(model, folder, ids, mask):
    found = ours(folder, ids, mask)
    return np.abs(found - oracles.hidden_states(model, ids, mask))[mask].max()


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("kind", KINDS)
def test_hidden_states_are_those_of_transformers(saved, kind, side):
    model, folder = saved(kind)
    ids, mask = oracles.ids_and_mask(model.config.pad_token_id, side)
    assert difference(model, folder, ids, mask) < CLOSE


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_alone_gives_what_it_gives_in_a_batch(saved, kind):
    model, folder = saved(kind)
    ids, mask = oracles.ids_and_mask(model.config.pad_token_id)
    encoder = read_part(Checkpoint(folder)).encoder
    together, _ = encoder(ids, mask)
    length = int(mask[0].sum())
    alone, _ = encoder(ids[:1, :length], mask[:1, :length])
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(together)[0, :length],
        keras.ops.convert_to_numpy(alone)[0],
        atol=1e-5,
    )


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("bert", "hidden_act", "gelu_new"),
        ("bert", "hidden_act", "relu"),
        ("bert", "layer_norm_eps", 1e-2),
        ("bert", "num_attention_heads", 2),
        ("roberta", "pad_token_id", 3),
        ("mpnet", "layer_norm_eps", 1e-2),
    ],
)
def test_another_value_of_the_config_gives_other_hidden_states(saved, tmp_path, kind, name, value):
    model, _ = saved(kind)
    folder = oracles.save(model, tmp_path, padding_id=value if name == "pad_token_id" else None)
    oracles.change_config(folder, **{name: value})
    ids, mask = oracles.ids_and_mask(model.config.pad_token_id)
    assert difference(model, folder, ids, mask) > CLOSE


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("bert", "hidden_size", 30),
        ("bert", "num_hidden_layers", 3),
        ("bert", "num_hidden_layers", 1),
        ("bert", "intermediate_size", 41),
        ("bert", "vocab_size", 41),
        ("bert", "type_vocab_size", 3),
        ("bert", "max_position_embeddings", 81),
        ("bert", "pad_token_id", 1),
        ("bert", "position_embedding_type", "relative_key"),
        ("bert", "is_decoder", True),
        ("bert", "add_cross_attention", True),
        ("bert", "hidden_act", "mish"),
        ("bert", "chunk_size_feed_forward", 4),
        ("bert", "a_new_setting", 1),
        ("mpnet", "num_attention_heads", 2),
        ("mpnet", "relative_attention_num_buckets", 16),
        ("mpnet", "pad_token_id", 0),
        ("bert", "model_type", "made-up"),
        ("bert", "auto_map", {"AutoModel": "code.Model"}),
        ("bert", "layer_norm_eps", "small"),
        ("bert", "num_attention_heads", 5),
    ],
)
def test_a_config_that_does_not_fit_is_refused_by_name(saved, tmp_path, kind, name, value):
    model, _ = saved(kind)
    folder = oracles.save(model, tmp_path)
    oracles.change_config(folder, **{name: value})
    with pytest.raises(Exception, match=r"\w") as caught:
        read_part(Checkpoint(folder))
    assert type(caught.value).__module__ == "polymodal.core.errors"


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_weights_are_read(saved, tmp_path, dtype):
    import torch

    half = oracles.text_model("bert").to(getattr(torch, dtype))
    folder = oracles.save(half, tmp_path)
    ids, mask = oracles.ids_and_mask(0)
    assert difference(half.to(torch.float32), folder, ids, mask) < CLOSE


def test_shards_are_read(saved, tmp_path):
    model, _ = saved("bert")
    model.save_pretrained(tmp_path, max_shard_size="10KB")
    oracles.write_tokenizer(tmp_path)
    assert not (tmp_path / "model.safetensors").exists()
    ids, mask = oracles.ids_and_mask(0)
    assert difference(model, tmp_path, ids, mask) < CLOSE


def test_a_whole_model_with_a_head_gives_its_encoder(saved, tmp_path):
    library = oracles.transformers()
    whole = oracles.with_spread(library.BertForMaskedLM(library.BertConfig(**oracles.TEXT)))
    folder = oracles.save(whole, tmp_path)
    ids, mask = oracles.ids_and_mask(0)
    assert difference(whole.bert, folder, ids, mask) < CLOSE


def test_tokens_of_text_are_those_of_the_library(saved):
    library = oracles.transformers()
    _, folder = saved("bert")
    theirs = library.AutoTokenizer.from_pretrained(folder)
    modality = read_part(Checkpoint(folder)).modality
    for text in ("Two DOGS on the beach.", "é  running\n", "", "a " * 100, "[MASK] cat nor 日"):
        found = modality.encode(modality.decode(text)).tolist()
        assert found == theirs(text, truncation=True)["input_ids"]
    assert modality.truncated("a " * 100)
    assert not modality.truncated("a cat")


def test_tensors_that_do_not_fit_are_refused_by_name(saved, tmp_path):
    from safetensors.numpy import load_file, save_file

    _, folder = saved("bert")
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    path = tmp_path / "model.safetensors"
    good, name = load_file(path), "encoder.layer.1.attention.self.key.weight"
    for changed, message in (
        ({k: v for k, v in good.items() if k != name}, f'needs the tensor "{name}"'),
        ({**good, "encoder.layer.1.extra": good[name]}, "encoder.layer.1.extra"),
        ({**good, name: good[name][:5]}, f'tensor "{name}" needs the shape'),
        ({**good, name: np.full_like(good[name], np.nan)}, f'tensor "{name}" needs finite'),
        ({**good, name: good[name].astype(np.int32)}, f'tensor "{name}" needs float32'),
    ):
        save_file(changed, path)
        with pytest.raises(BundleError, match=message):
            read_part(Checkpoint(tmp_path))
