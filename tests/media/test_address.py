from __future__ import annotations

from polymodal.media.address import data_uri
from polymodal.media.cells import open_cell


def test_an_address_is_read_back_as_a_media_cell():
    content = b"\x89PNG\x00"
    assert data_uri("image/png", content) == "data:image/png;base64,iVBORwA="
    assert open_cell(data_uri("image/png", content), None)[0] == content
