"""Wrong pairs of images and texts by an imported pair."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import pairs
import polymodal as pm
from polymodal.core.errors import BundleError, RecipeError
from polymodal.pretrained.pair import load_pair
from polymodal.profile.profile import profile
from polymodal.questions.inspection.deep import compared as comparing
from polymodal.questions.inspection.deep.sampled import Sampled
from polymodal.questions.inspection.look import Look
from polymodal.questions.inspection.run import inspect

ROWS, WRONG = 80, (7, 30, 61)
WORDS = ("a red dog", "two dog on the beach", "a photo of cat", "the cat", "on the red beach")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Photographs that say their number by a pixel, whose captions say it too, but for a few."""
    folder = tmp_path_factory.mktemp("photos")
    rng, order = np.random.default_rng(0), np.arange(ROWS)
    order[list(WRONG)] = np.roll(WRONG, 1)
    rows = []
    for number in range(ROWS):
        pixels = rng.integers(0, 256, (30, 30, 3)).astype(np.uint8)
        pixels[0, 0] = number
        Image.fromarray(pixels).save(folder / f"{number}.png")
        rows.append(
            {
                "photo": f"{number}.png",
                "caption": f"{WORDS[order[number] % 5]} number {order[number]} is shown",
            }
        )
    return pm.read(rows, media_root=folder)


class Knowing:
    """A pair that knows the vector of each number."""

    def __init__(self):
        self.vectors = np.random.default_rng(1).normal(size=(ROWS, 16))
        self.image = SimpleNamespace(
            encode=lambda cells, root: self.vectors[
                [np.asarray(Image.open(root / cell))[0, 0, 0] for cell in cells]
            ]
        )
        self.text = SimpleNamespace(
            encode=lambda cells: self.vectors[[int(cell.split()[-3]) for cell in cells]]
        )

    def compare(self, images, texts):
        return images @ texts.T


def test_wrong_pairs_are_found_by_what_the_pair_says(table, monkeypatch):
    monkeypatch.setattr("polymodal.pretrained.pair.load_pair", lambda folder: Knowing())
    found = inspect(table, pretrained={"photo": "models/clip"})
    (one,) = (one for one in found.findings if one.kind == "wrong pair")
    assert set(one.rows) <= {row + 1 for row in WRONG}
    assert len(one.rows) >= 2  # a wrong text may fit by chance
    assert set(one.columns) == {"photo", "caption"}
    assert "do not fit together by models/clip" in one.what
    assert found.to_json()["pretrained"] == {"photo": "models/clip"}
    assert "other wrong pairs" in found.left_for_deep


def test_the_scores_are_those_of_the_imported_model(table, tmp_path, capsys):
    pm.import_model(pairs.save(pairs.pair("clip"), "clip", tmp_path / "theirs"), tmp_path / "ours")
    pair, sampled = load_pair(tmp_path / "ours"), Sampled(Look("train", profile(table), None))
    some = np.arange(12)
    ranked = comparing.ranks_by(pair, sampled, "photo", "caption", some)
    logits = pair.logits(
        [table.cell(row, "photo") for row in some],
        [table.cell(row, "caption") for row in some],
        table.root,
    )
    forth, back = (
        (2 * each[:, None, :] > 2 * each[:, :, None] + 2).mean(-1) for each in (logits, logits.T)
    )
    np.testing.assert_allclose(ranked, (forth + back.T) / 2, atol=1e-6)
    found = inspect(table, pretrained={"photo": tmp_path / "ours"})
    assert "does not tell" in capsys.readouterr().err
    assert not [one for one in found.findings if one.kind == "wrong pair"]


def test_what_is_no_pair_or_no_image_is_refused(table, tmp_path):
    with pytest.raises(RecipeError, match=r'column of images.*Got "caption", which holds text'):
        inspect(table, pretrained={"caption": "models/clip"})
    with pytest.raises(RecipeError, match="foto"):
        inspect(table, pretrained={"foto": "models/clip"})
    with pytest.raises(BundleError):
        inspect(table, pretrained={"photo": tmp_path})
