"""Aligned sequences whose every answer needs the frame, the word and the answer before it."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from polymodal.core.errors import RecipeError
from polymodal.core.seeds import generator
from polymodal.scenes.shapes import SHAPES, outline

VECTOR_DIM = 50
_VECTOR_KEY = 1729  # word vectors are the same for every seed, so that parts made apart agree


def make(
    num_sequences: int,
    steps: int = 8,
    size: int = 32,
    seed: int = 0,
    *,
    num_answers: int = 4,
    random_start: bool = False,
) -> dict[str, np.ndarray]:
    """Makes sequences with `answer = (shape + word + previous answer) mod num_answers`.

    Shapes and words are uniform and independent, so any two of the three summands say nothing
    about the answer. The answer before the first is `start`.

    Args:
        num_sequences: int, number of sequences.
        steps: int, steps in each.
        size: int, height and width of a frame in pixels, at least 8.
        seed: int, equal seeds give equal arrays; use another one for another part.
        num_answers: int from 2 to 6, number of shapes, of words and of answers.
        random_start: bool, draw `start` at random instead of 0. Then even a model with memory
            cannot do without being told the previous answers.

    Returns:
        dict: `frames` (num_sequences, steps, size, size, 3) uint8, `words` (num_sequences, steps)
        int32 in 0..num_answers-1, `vectors` (num_sequences, steps, 50) float32 noisy word vectors,
        `answers` (num_sequences, steps) int32, `previous` the same shifted by one, beginning with
        `start` (num_sequences,) int32.

    Raises:
        RecipeError: a number is out of range.

    Example:

    >>> made = make(2, steps=3, size=16)
    >>> made["frames"].shape, made["vectors"].shape, made["answers"].shape
    ((2, 3, 16, 16, 3), (2, 3, 50), (2, 3))
    """
    _check(num_sequences, steps, size, num_answers)
    rng = generator(seed, 7)
    shapes, words = rng.integers(num_answers, size=(2, num_sequences, steps), dtype=np.int32)
    start = rng.integers(num_answers, size=num_sequences, dtype=np.int32) * int(random_start)
    answers = (start[:, None] + np.cumsum(shapes + words, axis=1)) % num_answers
    answers = answers.astype(np.int32)  # (num_sequences, steps)
    return {
        "frames": _frames(shapes, size, rng),
        "words": words,
        "vectors": _vectors(words, num_answers, rng),
        "answers": answers,
        "previous": np.concatenate([start[:, None], answers[:, :-1]], axis=1).astype(np.int32),
        "start": start.astype(np.int32),
    }


def theory(steps: int, num_answers: int = 4, random_start: bool = False) -> dict[str, float]:
    """Returns the best accuracy that any model can reach when something is taken away from it.

    Without frames or words an answer is uniform whatever else is known. Without feedback a model
    that remembers all frames can add them up itself, unless the start is random; one that sees
    only the present frame (and any number of words) knows the first answer at most.

    Args:
        steps, num_answers, random_start: as given to `make`.

    Returns:
        dict: accuracies `complete`, `without_frames`, `without_words`, `without_feedback` (a model
        that sees the present frame only) and `without_feedback_but_memory`.
    """
    chance = 1 / num_answers
    return {
        "complete": 1.0,
        "without_frames": chance,
        "without_words": chance,
        "without_feedback": chance if random_start else (1 + (steps - 1) * chance) / steps,
        "without_feedback_but_memory": chance if random_start else 1.0,
    }


def _check(num_sequences: int, steps: int, size: int, num_answers: int) -> None:
    if num_sequences < 1 or steps < 1:
        raise RecipeError(
            "sequences.make needs at least one sequence and one step. "
            f"Got num_sequences={num_sequences}, steps={steps}. Ask for more."
        )
    if size < 8:
        raise RecipeError(
            f"sequences.make needs size >= 8 pixels. Got {size}. Make the frames larger."
        )
    if not 2 <= num_answers <= len(SHAPES):
        raise RecipeError(
            f"sequences.make needs num_answers from 2 to {len(SHAPES)}, the number of shapes. "
            f"Got {num_answers}. Choose one in between."
        )


def _vectors(words: np.ndarray, num_answers: int, rng: np.random.Generator) -> np.ndarray:
    book = generator(_VECTOR_KEY).standard_normal((len(SHAPES), VECTOR_DIM))[:num_answers]
    noise = rng.standard_normal((*words.shape, VECTOR_DIM))
    return (book[words] + 0.5 * noise).astype(np.float32)  # (num_sequences, steps, 50)


def _frames(shapes: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    frames = np.empty((*shapes.shape, size, size, 3), np.uint8)
    scale = 2 if size < 100 else 1  # small frames are drawn larger, for smooth edges
    for place in np.ndindex(*shapes.shape):
        frames[place] = _frame(SHAPES[shapes[place]], size, scale, rng)
    return frames


def _frame(shape: str, size: int, scale: int, rng: np.random.Generator) -> np.ndarray:
    dark, light = rng.integers(0, 90, 3), rng.integers(140, 256, 3)
    back, front = (dark, light) if rng.random() < 0.5 else (light, dark)
    image = Image.new("RGB", (size * scale, size * scale), tuple(map(int, back)))
    radius = rng.uniform(0.24, 0.32)
    x, y = rng.uniform(0.42, 0.58, 2)
    x, y, radius = np.array([x, y, radius]) * size * scale
    corners = outline(shape, x, y, radius, rng.uniform(-0.25, 0.25))
    ImageDraw.Draw(image).polygon(corners, fill=tuple(map(int, front)))
    return np.asarray(image.reduce(scale) if scale > 1 else image)
