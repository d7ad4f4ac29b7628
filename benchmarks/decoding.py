"""What a generated token costs: early and late, and against the memory's bandwidth.

    KERAS_BACKEND=jax python benchmarks/decoding.py [--steps 1010] [--dim 1024] [--layers 6]

A transformer decoder of about 100 million parameters (float32) writes at batch 1 with a cache for
all steps. At batch 1 each token reads every weight once, and the keys and values of what it looks
at, so that the memory's bandwidth bounds the speed, which is measured by turns with it, as a
product of a matrix and a vector. Early tokens are the 10th to the 30th, late ones as many that end
with the last; the same loop starts there with its cache as long as for all. A beam of four is
compared with four greedy rows.
"""

from __future__ import annotations

import argparse
import time

import keras
import numpy as np
from keras import ops

from polymodal.decoders.transformer import TransformerDecoder
from polymodal.model.generation.choice import Choice
from polymodal.model.generation.generate import generate

_MEMORY = 64  # tokens that the decoder looks at
_VOCABULARY = 2000
_ROOM = 64  # tokens that the cache has room for


class Writer(keras.Model):
    """Writes `num_steps` outputs from position `first` on, with a cache for `room` of them."""

    def __init__(self, decoder, num_steps, room, first, choice):
        super().__init__()
        self.decoder, self.num_steps, self.choice = decoder, num_steps, choice
        self.roomy = _Roomy(decoder, room, first)

    def call(self, inputs):
        memory, start = inputs["memory"], inputs["start"]
        mask = ops.ones_like(memory[..., 0], dtype="bool")
        return generate(
            self.roomy, memory, mask, start, self.num_steps, None, self.choice, jit=self.jit_compile
        ).ids


class _Roomy:
    """The decoder at some position, with the same room in its cache however many steps follow."""

    def __init__(self, decoder, room, first):
        self.decoder, self.room, self.first = decoder, room, first
        self.num_outputs, self.step = decoder.num_outputs, decoder.step

    def initial_state(self, memory, mask, max_length):
        position, *rest = self.decoder.initial_state(memory, mask, self.room)
        return position + self.first, *rest


def bandwidth(matrix, duration: float) -> float:
    """Returns bytes a second that products of a large matrix and a vector read, in so many s."""
    vector, count, start = np.ones(matrix.shape[1], matrix.dtype), 0, time.perf_counter()
    while (took := time.perf_counter() - start) < duration:
        matrix @ vector
        count += 1
    return count * matrix.nbytes / took


def seconds(
    decoder, num_steps: int, room: int, first: int = 0, rows: int = 1, repeats: int = 4, **choice
) -> float:
    """Returns how long it takes to write that many tokens, without compilation: the best run."""
    run = prepared(decoder, num_steps, room, first, rows, **choice)
    return min(run() for _ in range(repeats))


def prepared(decoder, num_steps: int, room: int, first: int = 0, rows: int = 1, **choice):
    """Returns a function that writes that many tokens, compiled already, and returns seconds."""
    writer = Writer(decoder, num_steps, room, first, Choice(**choice))
    writer.compile(jit_compile=keras.backend.backend() != "torch")
    inputs = {
        "memory": np.random.default_rng(0)
        .normal(size=(rows, _MEMORY, decoder.dim))
        .astype("float32"),
        "start": np.zeros(rows, "int32"),
    }
    writer.predict_on_batch(inputs)

    def run() -> float:
        start = time.perf_counter()
        writer.predict_on_batch(inputs)
        return time.perf_counter() - start

    return run


def share(decoder, num_steps: int, rounds: int = 16) -> tuple[float, float, float, float]:
    """Returns tokens a second at batch 1, bytes a second that they and a product read, and the one
    divided by the other.

    One follows the other for as long, `rounds` times, as a machine's bandwidth may change by a
    third from second to second; all are medians, the last one of the rounds.
    """
    run, rates, limits = prepared(decoder, num_steps, _ROOM), [], []
    matrix = np.ones((32_768, 8192), np.float32)  # 1 GiB
    for _ in range(rounds):
        took = run()
        rates.append(num_steps / took)
        limits.append(bandwidth(matrix, took))
    dim, num_layers = decoder.dim, len(decoder.blocks)
    # keys and values of the memory are made once, in front of the first step, and read at each
    weights = decoder.count_params() - num_layers * 2 * dim**2
    looked_at = num_layers * 2 * dim * (_ROOM + _MEMORY)
    read, rate = 4 * (weights + looked_at), float(np.median(rates))
    shares = read * np.array(rates) / np.array(limits)
    return rate, read * rate, float(np.median(limits)), float(np.median(shares))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=1010)
    parser.add_argument("--dim", type=int, default=1024)
    parser.add_argument("--layers", type=int, default=6)
    options = parser.parse_args()
    decoder = TransformerDecoder(options.dim, _VOCABULARY, options.layers, num_heads=16)
    decoder(
        np.zeros((1, 2), "int32"),
        np.zeros((1, _MEMORY, options.dim), "float32"),
        np.ones((1, _MEMORY), bool),
    )
    count = decoder.count_params()
    print(f"{keras.backend.backend()}, {count / 1e6:.0f} million parameters", flush=True)
    few, most = 20, options.steps
    early = seconds(decoder, few, most, 10) / few
    late = seconds(decoder, few, most, most - few) / few
    print(
        f"token 10 on: {early * 1e3:.1f} ms   up to {most:,}: {late * 1e3:.1f} ms   "
        f"ratio {late / early:.2f}",
        flush=True,
    )
    rate, read, limit, part = share(decoder, _ROOM)
    print(
        f"{rate:.1f} tokens a second at batch 1, room for {_ROOM}: {read / 1e9:.1f} GB/s; "
        f"a matrix and a vector {limit / 1e9:.1f} GB/s; {part:.0%}",
        flush=True,
    )
    greedy = seconds(decoder, few, _ROOM, rows=4)
    beam = seconds(decoder, few, _ROOM, beam=4)
    print(f"a beam of 4 takes {beam / greedy:.2f} times as long as 4 greedy rows")


if __name__ == "__main__":
    main()
