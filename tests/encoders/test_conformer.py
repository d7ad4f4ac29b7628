import pytest

from check_layer import check_layer, token_arrays
from polymodal.core.errors import RecipeError
from polymodal.encoders.conformer import Conformer


def test_conformer_passes_the_harness():
    check_layer(lambda: Conformer(8, 1, 2, kernel_size=3, width=4), token_arrays(time=21, dim=10))


def test_an_even_kernel_is_refused():
    with pytest.raises(RecipeError, match=r"odd kernel_size. Got 4. Pass 5"):
        Conformer(8, kernel_size=4)
