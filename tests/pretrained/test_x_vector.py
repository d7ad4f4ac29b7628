"""An imported x-vector hears the voice that transformers hears."""

import numpy as np
import pytest

import oracles
import polymodal as pm
import wave_oracle as oracle
from polymodal.core.errors import BundleError
from polymodal.preprocess.collate import collate
from polymodal.pretrained.importing import read_part
from polymodal.pretrained.reading.checkpoint import Checkpoint

CLOSE = 1e-4
HEAD = {
    "tdnn_dim": (10, 8, 14),
    "tdnn_kernel": (5, 3, 1),
    "tdnn_dilation": (1, 2, 1),
    "xvector_output_dim": 9,
}
FORMS = {
    "last": {},
    "mixed": {"use_weighted_layer_sum": True},
    "large": oracle.LARGE,
    "large mixed": {**oracle.LARGE, "use_weighted_layer_sum": True},
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    def of(form):
        model = oracle.model("wavlm", "ForXVector", **HEAD, **FORMS[form])
        return model, oracle.save(model, tmp_path_factory.mktemp("voice"), tokenizer=False)

    return {form: of(form) for form in FORMS}


def vectors(folder, sounds):
    part = read_part(Checkpoint(folder))
    inputs, mask = collate(part.modality, [part.modality.encode(one) for one in sounds])
    tokens, real = map(oracles.to_numpy, part.encoder(inputs, mask))
    assert real.all()
    return tokens[:, 0]


def difference(model, folder, sounds):
    wanted = np.stack(oracle.alone(model, folder, sounds, "embeddings"))
    found = vectors(folder, sounds)
    assert found.shape == wanted.shape
    return np.abs(found - wanted).max() / np.abs(wanted).max()


@pytest.mark.parametrize("form", FORMS)
def test_vectors_in_a_batch_are_those_of_transformers_alone(saved, form):
    assert difference(*saved[form], oracle.waveforms()) < CLOSE


@oracles.once
@pytest.mark.parametrize(
    ("form", "name", "value"),
    [
        ("last", "tdnn_dilation", [1, 1, 1]),
        ("last", "use_weighted_layer_sum", True),
        ("mixed", "use_weighted_layer_sum", False),
        ("last", "max_bucket_distance", 200),
    ],
)
def test_another_value_of_the_config_gives_another_vector(saved, tmp_path, form, name, value):
    folder = oracle.save(saved[form][0], tmp_path, tokenizer=False)
    oracles.change_config(folder, **{name: value})
    try:
        assert difference(saved[form][0], folder, oracle.waveforms()[:1]) > CLOSE
    except BundleError:  # the weights of layers are missing
        assert form == "last"
        assert name == "use_weighted_layer_sum"


@oracles.once
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tdnn_dim", [10, 8, 15]),
        ("tdnn_kernel", [5, 3]),
        ("tdnn_kernel", [5, 4, 1]),
        ("xvector_output_dim", 10),
        ("tdnn_dilation", [0, 1, 1]),
    ],
)
def test_a_config_that_does_not_fit_is_refused(saved, tmp_path, name, value):
    folder = oracle.save(saved["last"][0], tmp_path, tokenizer=False)
    oracles.change_config(folder, **{name: value})
    with pytest.raises(BundleError):
        read_part(Checkpoint(folder))


@oracles.once
def test_a_short_recording_has_a_vector(saved):
    found = vectors(saved["last"][1], [oracle.waveforms()[0][:30]])
    assert np.isfinite(found).all()
    assert np.abs(found).max() > 0


@oracles.once
def test_an_import_keeps_its_vector(saved, tmp_path):
    import soundfile

    part = pm.import_model(saved["mixed"][1], tmp_path / "out")
    assert "vectors of 9 numbers" in part.about
    soundfile.write(tmp_path / "a.wav", oracle.waveforms()[0], oracle.RATE)
    again = pm.load_part(tmp_path / "out").encode([tmp_path / "a.wav"])
    np.testing.assert_allclose(again, part.encode([tmp_path / "a.wav"]), atol=1e-6)
