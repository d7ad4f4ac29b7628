"""English words and sentence patterns. The last pattern of each kind occurs in test only."""

from __future__ import annotations

from polymodal.scenes.language import Language

ENGLISH = Language(
    code="en",
    joiner=" ",
    shapes={
        "circle": (("circle", "circles"), ("disc", "discs")),
        "square": (("square", "squares"), ("box", "boxes")),
        "triangle": (("triangle", "triangles"),),
        "star": (("star", "stars"),),
        "cross": (("cross", "crosses"), ("plus", "pluses")),
        "heart": (("heart", "hearts"),),
    },
    colours={c: (c,) for c in ("red", "green", "blue", "yellow", "purple", "orange")},
    sizes={"small": ("small", "little"), "large": ("large", "big")},
    patterns={"striped": ("striped",), "dotted": ("dotted", "spotted")},
    relations={
        "left": ("left of", "to the left of"),
        "right": ("right of", "to the right of"),
        "above": ("above", "over"),
        "below": ("below", "under"),
        "front": ("in front of",),
    },
    numbers=("no", "one", "two", "three", "four", "five"),
    generic=("shape", "shapes"),
    one="a",
    the="the",
    captions={
        "one": ("there is {a}", "i can see {a}", "the picture shows {a}", "here we find {a}"),
        "two": (
            "there is {a} and {b}",
            "{a} and {b} are in the picture",
            "the image holds {a} and also {b}",
            "you can see {a} together with {b}",
        ),
        "relation": (
            "{a} is {relation} {b}",
            "{relation} {b} there is {a}",
            "{a} lies {relation} {b}",
            "we see {a} {relation} {b}",
        ),
        "count": (
            "there {are} {number} {group}",
            "i count {number} {group}",
            "the picture shows {number} {group}",
            "{number} {group} {are} here",
        ),
        "colour": (
            "the {shape} is {colour}",
            "the only {shape} in the picture is {colour}",
            "{colour} is the colour of the {shape}",
            "someone painted the {shape} {colour}",
        ),
        "absent": (
            "there is no {colour} {shape}",
            "i can not see a {colour} {shape}",
            "the picture does not show a {colour} {shape}",
            "a {colour} {shape} is missing here",
        ),
    },
    questions={
        "presence": (
            "is there {a}",
            "can you see {a}",
            "does the picture show {a}",
            "do we find {a} here",
        ),
        "colour": (
            "what colour is the {shape}",
            "which colour does the {shape} have",
            "what is the colour of the {shape}",
            "the {shape} is painted in which colour",
        ),
        "shape": (
            "what shape is the {colour} one",
            "which shape is {colour}",
            "what is the shape of the {colour} one",
            "the {colour} one has which shape",
        ),
        "count": (
            "how many {group} are there",
            "how many {group} can you see",
            "what number of {group} does the picture show",
            "count the {group}",
        ),
        "relation": (
            "is {the_a} {relation} {the_b}",
            "does {the_a} lie {relation} {the_b}",
            "can you see {the_a} {relation} {the_b}",
            "do we find {the_a} {relation} {the_b}",
        ),
        "comparison": (
            "are there more {group} than {other}",
            "can you see more {group} than {other}",
            "does the picture show more {group} than {other}",
            "do we find more {group} than {other}",
        ),
    },
)
