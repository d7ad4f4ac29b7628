from __future__ import annotations

import pytest

from polymodal.core.contracts import batch
from polymodal.core.errors import PolymodalError


def test_selects_exactly_the_keys_in_order():
    inputs = {"input_1": 1, "extra": 2, "input_0": 0}
    assert list(batch.select_inputs(inputs, ["input_0", "input_1"])) == ["input_0", "input_1"]


def test_a_missing_key_is_named():
    with pytest.raises(PolymodalError, match=r"Add \['input_0_mask'\]"):
        batch.select_inputs({"input_0": 1}, batch.with_masks(["input_0"]))
