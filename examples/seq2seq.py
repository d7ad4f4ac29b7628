"""The multimodal sequence-to-sequence model: pictures and words in, one answer per step out.

An image sequence through a convolutional network per step gives F_i, a text through a recurrent
network gives H_i, both are joined step by step, G_i = Concat(F_i, H_i), and a recurrent decoder
gives O_i = f(G_i, O_{i-1}), where O_{i-1} is the true answer in training and its own in use.

    answer_i = (shape in frame_i + word_i + answer_{i-1}) mod 4

so each answer needs all three, and the first one needs the start that the sequence begins with.
Frames are (time, size, size, 3), the text is (time, 50): a vector of 50 numbers per word.

    python examples/seq2seq.py           # 32x32 frames, 8 steps: about two minutes on two cores
    python examples/seq2seq.py --full    # 224x224 frames, 50 steps, text (50, 50): wants a GPU

Expected with the defaults: at least 95 % on its own outputs, and 25 % (chance, and all that theory
allows) with frames, words or feedback taken away.
"""

from __future__ import annotations

import argparse

import keras
import numpy as np

from polymodal.core.contracts.batch import PREVIOUS
from polymodal.encoders.frame_rnn import FrameRnn
from polymodal.encoders.rnn import Rnn
from polymodal.fusion.stepwise_concat import StepwiseConcatFusion
from polymodal.model.heads.written import WritingHead
from polymodal.model.model import Model
from polymodal.scenes.sequences import make, theory
from polymodal.scenes.shapes import SHAPES

NUM_ANSWERS = 4
FRAMES, WORDS = "input_0", "input_1"


class Sequences(keras.utils.PyDataset):
    """Batches that are drawn when they are asked for, the same ones in every epoch.

    Args:
        num_sequences: int, rounded down to whole batches.
        steps: int, frames and words in a sequence.
        size: int, height and width of a frame in pixels.
        batch_size: int, sequences in a batch.
        seed: int, another one for another part.
    """

    def __init__(self, num_sequences, steps, size, batch_size, seed, **kwargs):
        super().__init__(**kwargs)
        self.length = max(1, num_sequences // batch_size)
        self.steps, self.size, self.batch_size, self.seed = steps, size, batch_size, seed

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        made = make(
            self.batch_size,
            self.steps,
            self.size,
            seed=self.seed + index,
            num_answers=NUM_ANSWERS,
            random_start=True,
        )
        real = np.ones((self.batch_size, self.steps), bool)
        inputs = {
            FRAMES: made["frames"].astype(np.float32) / 127.5 - 1,
            FRAMES + "_mask": real,
            WORDS: made["vectors"],
            WORDS + "_mask": real,
            PREVIOUS: made["previous"],  # the true answers, shifted by one: teacher forcing
        }
        return inputs, made["answers"]


def build(dim=64, width=16, dropout=0.0):
    """Returns the task and the model. The task is free of noise, so dropout would only slow it."""
    task = WritingHead(NUM_ANSWERS, dim=dim, aligned=True, dropout=dropout)
    model = Model(
        encoders={
            "frames": FrameRnn(dim, width=width, dropout=dropout),
            "words": Rnn(dim, dropout=dropout),
        },
        keys={"frames": FRAMES, "words": WORDS},
        fusion=StepwiseConcatFusion(dim, align="steps", dropout=dropout),
        task=task,
    )
    return task, model


def compile_model(model, learning_rate=2e-3):
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=keras.backend.backend() == "jax",
    )


def without(inputs, key):
    """Returns the inputs with one of them missing: zeros and a mask of False."""
    return {
        **inputs,
        key: np.zeros_like(inputs[key]),
        key + "_mask": np.zeros_like(inputs[key + "_mask"]),
    }


def evaluate(task, model, data):
    """Returns the accuracy with everything, and with each of the three taken away."""
    right = {"complete": [], "without_frames": [], "without_words": [], "without_feedback": []}
    for inputs, answers in (data[i] for i in range(len(data))):
        found = {
            "complete": task.generate(model, inputs).ids,
            "without_frames": task.generate(model, without(inputs, FRAMES)).ids,
            "without_words": task.generate(model, without(inputs, WORDS)).ids,
            # told at no step what was answered before
            "without_feedback": model.predict_on_batch(
                {**inputs, PREVIOUS: np.full_like(inputs[PREVIOUS], task.start_id)}
            ).argmax(-1),
        }
        for name, ids in found.items():
            right[name].append((ids == answers).mean())
    return {name: float(np.mean(values)) for name, values in right.items()}


def show(task, model, data, num_rows=3):
    """Prints what the model answers to the first sequences."""
    inputs, answers = data[0]
    found = task.generate(model, inputs).ids
    words = make(
        data.batch_size, data.steps, 8, seed=data.seed, num_answers=NUM_ANSWERS, random_start=True
    )["words"]
    shapes = (answers - inputs[PREVIOUS] - words) % NUM_ANSWERS
    for row in range(min(num_rows, len(answers))):
        print(f"\nsequence {row + 1}, start {inputs[PREVIOUS][row, 0]}")
        print("  frame ", *(f"{SHAPES[i]:>8}" for i in shapes[row]))
        for name, ids in (("word", words), ("true", answers), ("model", found)):
            print(f"  {name:6}", *(f"{i:>8}" for i in ids[row]))


def main(arguments=None):
    """Trains, evaluates and shows; returns the accuracies."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="224x224 frames, 50 steps")
    parser.add_argument("--size", type=int, default=None, help="of a frame, in pixels")
    parser.add_argument("--steps", type=int, default=None, help="frames and words in a sequence")
    parser.add_argument("--sequences", type=int, default=1600, help="to train on")
    parser.add_argument("--test-sequences", type=int, default=320)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=32)
    given = parser.parse_args(arguments)
    size = given.size or (224 if given.full else 32)
    steps = given.steps or (50 if given.full else 8)

    keras.utils.set_random_seed(0)
    train = Sequences(given.sequences, steps, size, given.batch_size, seed=0)
    test = Sequences(given.test_sequences, steps, size, given.batch_size, seed=1_000_000)
    task, model = build()
    model(train[0][0])
    compile_model(model)
    print(f"frames {(steps, size, size, 3)}, text {(steps, 50)}, {model.count_params():,} weights")
    model.fit(train, epochs=given.epochs, verbose=2)

    show(task, model, test)
    found, allowed = evaluate(task, model, test), theory(steps, NUM_ANSWERS, random_start=True)
    print("\naccuracy on its own outputs   model  theory")
    for name, accuracy in found.items():
        print(f"  {name.replace('_', ' '):26}{accuracy:7.1%}{allowed[name]:8.1%}")
    return found


if __name__ == "__main__":
    main()
