import numpy as np
import pytest

from polymodal.core.seeds import generator
from polymodal.scenes import render, world

SCENES = [world.scene(generator(5, i), test=False) for i in range(300)]
TEST_SCENES = [world.scene(generator(6, i), test=True) for i in range(300)]


def test_scenes_hold_three_to_five_objects_inside_the_picture():
    assert {len(s.things) for s in SCENES} == {3, 4, 5}
    assert all(t.radius <= t.x <= 1 - t.radius for s in SCENES for t in s.things)


def test_new_looks_are_never_in_train_and_always_in_test():
    assert {t.novelty for s in SCENES for t in s.things} == {"seen"}
    assert all(any(t.novelty != "seen" for t in s.things) for s in TEST_SCENES)
    assert {t.novelty for s in TEST_SCENES for t in s.things} > {"new colour", "new pattern"}
    assert {shape for _, shape in world.NEW_COLOURS} == set(world.SHAPES)
    assert {shape for _, shape in world.NEW_PATTERNS} == set(world.SHAPES)


@pytest.mark.parametrize("new", [False, True])
def test_the_object_in_front_is_the_largest_and_the_nearest(new):
    rng = np.random.default_rng(0)
    for _ in range(50):
        scene = world.in_front(world.scene(rng, test=False), "star", "red", new, rng)
        front = scene.things[-1]
        assert (front.shape, front.colour) == ("star", "red")
        assert ((front.pattern, front.shape) in world.NEW_PATTERNS) == new
        assert front.radius > max(thing.radius for thing in scene.things[:-1])
        assert front.radius < min(front.x, front.y, 1 - front.x, 1 - front.y)


def test_every_object_can_be_seen_and_some_are_partly_hidden():
    shares = []
    for scene in SCENES[:100]:
        visible = render.masks(scene, 96).sum(axis=(1, 2))
        alone = [render.masks(world.Scene((t,), 0), 96).sum() for t in scene.things]
        shares += list(visible / alone)
    assert min(shares) > 0.3
    assert 0.05 < np.mean(np.array(shares) < 0.97) < 0.6


def test_relations_agree_with_places_and_depth():
    for scene in SCENES[:50]:
        facts = scene.facts()
        for fact in facts["relations"]:
            a, b = (facts["objects"][fact[k]] for k in ("subject", "object"))
            agrees = {
                "left": a["x"] < b["x"],
                "right": a["x"] > b["x"],
                "above": a["y"] < b["y"],
                "below": a["y"] > b["y"],
                "front": fact["subject"] > fact["object"],
            }
            assert agrees[fact["relation"]]


@pytest.mark.parametrize("size", [48, 64])
def test_pictures_are_a_pure_function_of_the_scene(size):
    first, again = render.draw(SCENES[0], size), render.draw(SCENES[0], size)
    assert first.shape == (size, size, 3)
    assert first.dtype == np.uint8
    assert (first == again).all()
    assert not (first == render.draw(SCENES[1], size)).all()


def test_an_object_shows_its_colour():
    for scene in SCENES[:30]:
        pixels, masks = render.draw(scene), render.masks(scene)
        for thing, mask in zip(scene.things, masks, strict=True):
            if thing.colour in ("red", "green", "blue") and thing.pattern == "plain":
                strongest = pixels[mask].mean(axis=0).argmax()
                assert ("red", "green", "blue")[strongest] == thing.colour
