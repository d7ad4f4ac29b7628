from __future__ import annotations

import pytest

from polymodal.core import lookup
from polymodal.core.errors import RecipeError


def test_unknown_name_lists_the_known_and_the_nearest():
    message = lookup.unknown("encoder", "convnt", ["convnet", "vit"])
    assert message == ('No encoder named "convnt". Encoders: convnet, vit. '
                       'Did you mean "convnet"?')


def test_find_refuses_what_is_not_there():
    with pytest.raises(RecipeError, match="No encoder named"):
        lookup.find("encoders", "../core/errors")
