"""Ten pictures as people described them, and captions from very good to empty."""

import pytest

REFERENCES = [
    [
        "A brown dog runs along the beach.",
        "A dog is running on the sand near the water.",
        "The dog runs by the sea.",
    ],
    [
        "Two cats sleep on a red sofa.",
        "A pair of cats sleeping on a couch.",
        "Two cats lie on the sofa.",
    ],
    [
        "A man's riding a horse in a field.",
        "A rider on a brown horse.",
        "The man rides his horse across the grass.",
        "Someone rides a horse.",
        "A man on a horse",
    ],
    ["A woman is slicing tomatoes in the kitchen.", "The woman cuts vegetables on a board."],
    [
        "Children play football in the park.",
        "Kids are playing with a ball on the grass.",
        "A group of children plays football.",
    ],
    [
        "A red bus drives down a busy city street.",
        "A double-decker bus on the street.",
        "The red bus is driving through the city.",
    ],
    [
        "A plate of food with rice, beans and a salad.",
        "Rice and beans on a white plate.",
        "There is a plate of rice and beans on the table.",
    ],
    [
        "A boat floats on a calm lake.",
        "A small boat on the lake at sunset.",
        "The boat isn't moving on the water.",
    ],
    [
        "A train stops at the station.",
        "A train at the platform of a station.",
        "People wait for the train at a station.",
    ],
    [
        "Snow covers the mountains.",
        "Mountains covered with snow under a blue sky.",
        "The mountain tops are white with snow.",
    ],
]
HYPOTHESES = [
    "a brown dog is running along the beach",
    "two cats sleep on a couch",
    "a man riding a horse on a horse on a horse",
    "a person in a room",
    "Children are playing football on the grass.",
    "a red double-decker bus on a city street",
    "plate",
    "the boat isn't on the lake at sunset near the water with people and mountains under a sky",
    "",
    "Mountains covered with snow.",
]


@pytest.fixture
def people():
    """Returns (references of ten pictures, one caption of each)."""
    return REFERENCES, HYPOTHESES
