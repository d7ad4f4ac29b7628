import pytest

from check_layer import call_encoder as call
from check_layer import check_layer, outputs, token_arrays
from polymodal.core.errors import RecipeError
from polymodal.encoders.transformer import Transformer


@pytest.mark.parametrize("positions", ["rotary", "learned"])
def test_transformer_passes_the_harness(positions):
    check_layer(lambda: Transformer(8, 1, 2, positions=positions), token_arrays())


def test_longer_sequences_than_learned_positions_work():
    tokens, _ = outputs(
        call, Transformer(8, 1, 2, positions="learned", max_length=3), token_arrays()
    )
    assert tokens.shape == (4, 6, 8)


def test_unknown_positions_are_refused():
    with pytest.raises(RecipeError, match=r'rotary or learned. Got "sine"'):
        Transformer(8, positions="sine")
