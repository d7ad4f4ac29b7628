import pytest

from polymodal.core.arguments import build
from polymodal.core.errors import RecipeError
from polymodal.training.steps.settings import Training


def test_a_recipe_section_builds_settings():
    settings = build(Training, {"epochs": 3, "learning_rate": "1e-3", "jit": True}, "training")
    assert (settings.epochs, settings.learning_rate, settings.jit) == (3, 0.001, True)


def test_an_unknown_name_gets_the_nearest_one():
    with pytest.raises(RecipeError, match='Did you mean "patience"'):
        build(Training, {"patiense": 3}, "training")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("epochs", 0, "at least 1"),
        ("batch_size", 0, "at least 1"),
        ("accumulate", 0, "at least 1"),
        ("learning_rate", 0.0, "a number above 0"),
        ("clip_norm", -1.0, "a number above 0"),
        ("warmup", 1.0, "0 <= value < 1"),
        ("modality_dropout", -0.1, "0 <= value < 1"),
        ("average", 1.0, "0 < value < 1"),
        ("weight_decay", -1.0, "0 or more"),
        ("precision", "float8", "auto, float32 or mixed_bfloat16"),
        ("jit", "yes", "true, false"),
    ],
)
def test_values_out_of_range_are_refused(name, value, expected):
    with pytest.raises(RecipeError, match=f"training.{name} needs {expected}"):
        Training(**{name: value})


def test_only_what_is_none_is_filled():
    settings = Training(epochs=3).filled(epochs=10, batch_size=32, learning_rate=0.1)
    assert (settings.epochs, settings.batch_size, settings.learning_rate) == (3, 32, 0.1)


def test_checkpoint_times_may_change_between_resumes():
    often = Training(checkpoint_minutes=1, checkpoint_steps=3)
    assert often.fingerprint() == Training().fingerprint()
    assert Training(seed=1).fingerprint() != Training().fingerprint()
