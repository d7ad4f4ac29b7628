"""Imported wav2vec 2.0, HuBERT and WavLM give the hidden states of transformers."""

import keras
import numpy as np
import pytest

import oracles
import wave_oracle as oracle
from polymodal.core.errors import BundleError
from polymodal.preprocess.collate import collate
from polymodal.pretrained.importing import read_part
from polymodal.pretrained.reading.checkpoint import Checkpoint

CLOSE = 1e-4
FORMS = {
    "wav2vec2": {},
    "wav2vec2 large": oracle.LARGE,
    "hubert": {},
    "hubert large": {**oracle.LARGE, "feat_proj_layer_norm": False},
    "wavlm": {},
    "wavlm large": oracle.LARGE,
}


def whole(form, folder, **changes):
    """Returns a model of transformers and its folder."""
    model = oracle.model(form.split()[0], **{**FORMS[form], **changes})
    return model, oracle.save(model, folder)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return {form: whole(form, tmp_path_factory.mktemp("wave")) for form in FORMS}


def states(folder, sounds):
    """Returns our tokens of each recording in a padded batch, without the padding."""
    part = read_part(Checkpoint(folder))
    inputs, mask = collate(part.modality, [part.modality.encode(one) for one in sounds])
    tokens, real = map(keras.ops.convert_to_numpy, part.encoder(inputs, mask))
    return [row[here] for row, here in zip(tokens, real, strict=True)]


def difference(found, wanted):
    """Returns the largest difference, as a share of the largest value."""
    assert [one.shape for one in found] == [one.shape for one in wanted]
    return max(
        np.abs(one - other).max() / max(1, np.abs(other).max())
        for one, other in zip(found, wanted, strict=True)
    )


@pytest.mark.parametrize("form", FORMS)
def test_hidden_states_in_a_batch_are_those_of_transformers_alone(saved, form):
    model, folder = saved[form]
    sounds = oracle.waveforms()
    assert difference(states(folder, sounds), oracle.alone(model, folder, sounds)) < CLOSE


@oracles.once
@pytest.mark.parametrize("form", [form for form in FORMS if "large" in form])
def test_with_a_mask_a_batch_of_transformers_gives_the_same(saved, form):
    model, folder = saved[form]
    sounds = oracle.waveforms()
    theirs = oracle.run(model, folder, sounds).last_hidden_state.numpy()
    found = states(folder, sounds)
    wanted = [row[: len(one)] for row, one in zip(theirs, found, strict=True)]
    assert difference(found, wanted) < CLOSE


@oracles.once
def test_a_soft_recording_gives_the_same(saved):
    model, folder = saved["wav2vec2 large"]
    sounds = [one * np.float32(1e-4) for one in oracle.waveforms()[:1]]
    assert difference(states(folder, sounds), oracle.alone(model, folder, sounds)) < CLOSE


@oracles.once
def test_names_of_older_versions_are_read(saved, tmp_path):
    model, _ = saved["wav2vec2"]
    folder = oracle.with_old_names(oracle.save(model, tmp_path))
    sounds = oracle.waveforms()[:1]
    assert difference(states(folder, sounds), oracle.alone(model, folder, sounds)) < CLOSE


@oracles.once
def test_a_processor_of_one_file_is_read(saved, tmp_path):
    import json

    folder = oracle.save(saved["hubert"][0], tmp_path)
    path = folder / "preprocessor_config.json"
    own = json.loads(path.read_text())
    (folder / "processor_config.json").write_text(json.dumps({"feature_extractor": own}))
    sounds = oracle.waveforms()[:1]
    wanted = states(folder, sounds)
    path.unlink()
    assert difference(states(folder, sounds), wanted) == 0


@oracles.once
@pytest.mark.parametrize(
    ("form", "name", "value"),
    [
        ("wav2vec2", "hidden_act", "relu"),
        ("wav2vec2", "feat_extract_activation", "relu"),
        ("wav2vec2", "num_attention_heads", 2),
        ("wav2vec2", "layer_norm_eps", 1e-2),
        ("wav2vec2", "do_stable_layer_norm", True),
        ("wav2vec2", "conv_stride", [5, 2, 3]),
        ("wav2vec2 large", "do_stable_layer_norm", False),
        ("wav2vec2 large", "hidden_act", "gelu_new"),
        ("wavlm", "max_bucket_distance", 200),
    ],
)
def test_another_value_of_the_config_gives_other_hidden_states(saved, tmp_path, form, name, value):
    model, _ = saved[form]
    folder = oracle.save(model, tmp_path)
    oracles.change_config(folder, **{name: value})
    sounds = oracle.waveforms()[:1]
    found, wanted = states(folder, sounds)[0], oracle.alone(model, folder, sounds)[0]
    steps = min(len(found), len(wanted))
    assert np.abs(found[:steps] - wanted[:steps]).max() > CLOSE * np.abs(wanted).max()


@oracles.once
@pytest.mark.parametrize(
    ("form", "name", "value"),
    [
        ("wav2vec2", "hidden_size", 27),
        ("wav2vec2", "num_hidden_layers", 1),
        ("wav2vec2", "intermediate_size", 41),
        ("wav2vec2", "conv_dim", [8, 10, 13]),
        ("wav2vec2", "conv_kernel", [10, 4, 2]),
        ("wav2vec2", "conv_stride", [5, 2]),
        ("wav2vec2", "num_feat_extract_layers", 4),
        ("wav2vec2", "conv_bias", True),
        ("wav2vec2", "feat_extract_norm", "layer"),
        ("wav2vec2", "feat_extract_norm", "batch"),
        ("wav2vec2", "num_conv_pos_embeddings", 9),
        ("wav2vec2", "num_conv_pos_embedding_groups", 2),
        ("wav2vec2", "add_adapter", True),
        ("wav2vec2", "adapter_attn_dim", 16),
        ("wav2vec2", "feat_extract_activation", "selu"),
        ("wav2vec2", "invented", 1),
        ("wavlm", "num_buckets", 10),
        ("wavlm", "max_bucket_distance", 2),
        ("hubert", "conv_pos_batch_norm", True),
        ("hubert", "feat_proj_layer_norm", False),
        ("wav2vec2 large", "feat_extract_norm", "group"),
        ("wav2vec2 large", "conv_bias", False),
    ],
)
def test_a_config_that_does_not_fit_is_refused(saved, tmp_path, form, name, value):
    folder = oracle.save(saved[form][0], tmp_path)
    oracles.change_config(folder, **{name: value})
    with pytest.raises(BundleError):
        read_part(Checkpoint(folder))


@oracles.once
@pytest.mark.parametrize("scaled", [True, False])
def test_samples_are_those_of_the_extractor(saved, tmp_path, scaled):
    folder = oracle.save(saved["wav2vec2"][0], tmp_path, do_normalize=scaled)
    modality = read_part(Checkpoint(folder)).modality
    for sound in oracle.waveforms():
        wanted = oracle.extractor(folder)(sound, sampling_rate=oracle.RATE, return_tensors="np")
        found = modality.encode(modality.as_decoded(sound))
        assert found.shape == (modality.length(sound), 1)
        np.testing.assert_allclose(found[:, 0], wanted["input_values"][0], atol=1e-6)


@oracles.once
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("feature_size", 80),
        ("padding_value", 1.0),
        ("sampling_rate", 0),
        ("do_normalize", "yes"),
        ("dither", 0.1),
    ],
)
def test_an_extractor_that_we_do_not_have_is_refused(saved, tmp_path, name, value):
    folder = oracle.save(saved["wav2vec2"][0], tmp_path, **{name: value})
    with pytest.raises(BundleError, match=name):
        read_part(Checkpoint(folder))


@oracles.once
def test_a_sampling_rate_of_its_own_is_taken(saved, tmp_path):
    folder = oracle.save(saved["wav2vec2"][0], tmp_path, sampling_rate=8000)
    assert read_part(Checkpoint(folder)).modality.sample_rate == 8000


@oracles.once
def test_a_checkpoint_without_preprocessing_is_refused(saved, tmp_path):
    folder = oracle.save(saved["wav2vec2"][0], tmp_path)
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(BundleError, match=r"needs preprocessor_config\.json"):
        read_part(Checkpoint(folder))
