"""How much of the machine the training step of an encoder uses.

    python benchmarks/step_rate.py [--only image transformer lstm gru] [--seconds 8]

Each engine runs in a process of its own. The engines take turns of one training step and one
product of large float32 matrices, one process at a time, and the best time of each counts, so that
other work on the machine disturbs all alike. It still favours some engines over others: the figures
count only on a machine that is otherwise idle. The machine's matrix rate is the highest that any
engine reached in this run.

The image encoder in its fine form (widths 32 to 256 on maps of 32 to 4 places a side) and the
transformer are held against that rate: at least 60 %. The image encoder's default, coarse form does
a quarter of the work on smaller maps, and is shown without a goal. "plain" is the same network of
Keras' own layers on TensorFlow. bfloat16 is what a long run of Polymodal picks where it measures
that steps are shorter; its share is of the float32 rate all the same. Operations are counted on
paper: forward, and twice that backward, less the gradient for the input of the first layer.
Convolutions count only taps inside the picture. Recurrent encoders are held against the same
network written in PyTorch and run eagerly: at least 0.8 of it on the best engine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time

import numpy as np

BATCH, TIME, CLASSES, VOCABULARY = 64, 50, 10, 1000
RUNS = ("tensorflow", "tensorflow jit", "tensorflow bfloat16", "jax", "torch")
GOALS = {"image": 0.6, "transformer": 0.6, "lstm": 0.8, "gru": 0.8, "image_coarse": None}
IMAGES = ("image", "image_coarse")
RECURRENT = ("lstm", "gru")
MATRIX = 3000


def image_flops(fine, side=64, width=32, stages=4):
    """Forward operations for one RGB picture, and those of the first layer.

    The first block shrinks the picture, or, where `fine`, keeps its size.
    """

    def conv(side_in, inputs, outputs, stride, size=3):
        side_out = -(-side_in // stride)
        reach = range(-(size // 2), size // 2 + 1)
        taps = sum(0 <= stride * i + r < side_in for i in range(side_out) for r in reach)
        return 2 * taps**2 * inputs * outputs

    first = conv(side, 3, width // 2, 2)
    total, side, channels = first, side // 2, width // 2
    for stage in range(stages):
        filters, stride = width * 2**stage, 1 if fine and stage == 0 else 2
        total += conv(side, channels, filters, stride)
        total += conv(side, channels, filters, stride, size=1)
        side, channels = side // stride, filters
        total += conv(side, channels, filters, 1)
    return total, first


def transformer_flops(dim=256, layers=4, length=128):
    """Forward operations for one sequence, and those whose input has no gradient: none."""
    dense = 2 * length * dim * (4 * dim + 8 * dim)
    return layers * (dense + 4 * length**2 * dim), 0


def encoder_of(name):
    """Returns the encoder and one batch of its input with its mask."""
    rng = np.random.default_rng(0)
    if name in IMAGES:
        from polymodal.encoders.convnet import ConvNet

        images = rng.random((BATCH, 64, 64, 3)).astype("float32")
        network = ConvNet(128, width=32, num_stages=4, fine=name == "image")
        return network, images, np.ones(BATCH, bool)
    length = 128 if name == "transformer" else TIME
    ids = rng.integers(2, VOCABULARY, (BATCH, length)).astype("int32")
    mask = np.ones(ids.shape, bool)
    if name == "transformer":
        from polymodal.encoders.transformer import Transformer

        return Transformer(256, 4, 4, VOCABULARY), ids, mask
    from polymodal.encoders.rnn import Rnn

    options = {"kind": name, "bidirectional": name == "gru", "vocabulary_size": VOCABULARY}
    return Rnn(256, **options), ids, mask


def keras_step(name, jit, half):
    """Returns a function that takes one training step of encoder, mean and a linear head."""
    import keras

    from polymodal.layers.pooling import pool_mean

    class Network(keras.Model):
        def __init__(self, encoder):
            super().__init__()
            self.encoder, self.head = encoder, keras.layers.Dense(CLASSES)

        def call(self, inputs, training=None):
            return self.head(
                pool_mean(*self.encoder(inputs["x"], inputs["mask"], training=training))
            )

    if half:
        keras.config.set_dtype_policy("mixed_bfloat16")
    encoder, array, mask = encoder_of(name)
    return stepping(
        Network(encoder), {"x": array, "mask": mask}, jit or keras.backend.backend() == "jax"
    )


def stepping(network, inputs, jit):
    """Returns a function that takes one training step of a network of Keras."""
    import keras

    network.compile(
        "adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=jit
    )
    targets = np.arange(BATCH) % CLASSES
    return lambda: network.train_on_batch(inputs, targets)


def plain_keras_step(name):
    """Returns a step of the same network, of stock Keras layers."""
    import keras
    from keras import layers

    def convolve(tensor, filters, size, stride):
        tensor = layers.Conv2D(filters, size, stride, padding="same", use_bias=False)(tensor)
        return layers.BatchNormalization()(tensor)

    def residual(tensor, filters, stride):
        changed = layers.ReLU()(convolve(tensor, filters, 3, stride))
        changed = convolve(changed, filters, 3, 1)
        return layers.ReLU()(changed + convolve(tensor, filters, 1, stride))

    def transform(tokens):
        normed = layers.LayerNormalization()(tokens)
        tokens += layers.Dropout(0.1)(layers.MultiHeadAttention(4, 64)(normed, normed))
        hidden = layers.Dense(1024, "gelu")(layers.LayerNormalization()(tokens))
        return tokens + layers.Dropout(0.1)(layers.Dense(256)(hidden))

    array = encoder_of(name)[1]
    if name == "transformer":
        inputs = layers.Input(array.shape[1:], dtype="int32")
        tensor = layers.Embedding(VOCABULARY, 256)(inputs)
        for _ in range(4):
            tensor = transform(tensor)
        pooled = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(tensor))
    else:
        inputs = layers.Input(array.shape[1:])
        tensor = layers.ReLU()(convolve(inputs, 16, 3, 2))
        for stage, filters in enumerate((32, 64, 128, 256)):
            tensor = residual(tensor, filters, 1 if stage == 0 and name == "image" else 2)
        pooled = layers.GlobalAveragePooling2D()(layers.Dense(128)(tensor))
    return stepping(keras.Model(inputs, layers.Dense(CLASSES)(pooled)), array, jit=False)


def plain_torch_step(name):
    """Returns a step of the same network, written in PyTorch without Keras."""
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            both = name == "gru"
            self.embed, self.drop = nn.Embedding(VOCABULARY, 256), nn.Dropout(0.2)
            kind = nn.GRU if both else nn.LSTM
            self.loop = kind(256, 128 if both else 256, batch_first=True, bidirectional=both)
            self.head = nn.Linear(256, CLASSES)

        def forward(self, ids):
            tokens, _ = self.loop(self.drop(self.embed(ids)))
            return self.head(self.drop(tokens).mean(1))

    network, loss = Network(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(network.parameters())
    ids = torch.from_numpy(encoder_of(name)[1]).long()
    targets = torch.arange(len(ids)) % CLASSES

    def step():
        optimizer.zero_grad()
        loss(network(ids), targets).backward()
        optimizer.step()

    return step


def matrix_product():
    """Returns a function that multiplies two large float32 matrices and waits for the result."""
    import keras

    matrix = keras.ops.convert_to_tensor(
        np.random.default_rng(0).normal(size=(MATRIX, MATRIX)).astype("float32")
    )
    return lambda: float(keras.ops.matmul(matrix, matrix)[0, 0])


def serve(name, run):
    """Answers each line on stdin with the seconds that one step and one product took."""
    if run == "plain":
        step = plain_torch_step(name) if name in RECURRENT else plain_keras_step(name)
    else:
        step = keras_step(name, run.endswith("jit"), run.endswith("bfloat16"))
    product = matrix_product()
    for _ in range(3):  # compile, and settle
        step()
        product()
    print("ready", flush=True)
    for _ in sys.stdin:
        times = []
        for function in (step, product):
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
        print(json.dumps(times), flush=True)


def start(name, run):
    """Starts the process of one engine; None where the engine is missing or fails."""
    plain = "torch" if name in RECURRENT else "tensorflow"
    engine = plain if run == "plain" else run.split()[0]
    process = subprocess.Popen(
        [sys.executable, __file__, "--child", name, run],
        text=True,
        env={**os.environ, "KERAS_BACKEND": engine, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    for line in process.stdout:
        if line.startswith("ready"):
            return process
    print(f'{name} on {run} failed. Run with --child {name} "{run}" to see why.', file=sys.stderr)
    return None


def measure(name, seconds):
    """Returns {run: samples and matrix operations per second}, the best of turns in a circle."""
    runs = (*RUNS, "plain")
    processes = {run: process for run in runs if (process := start(name, run))}
    times = {run: [] for run in processes}
    end = time.perf_counter() + seconds * len(processes)
    while time.perf_counter() < end:
        for run, process in processes.items():
            process.stdin.write("turn\n")
            process.stdin.flush()
            times[run].append(json.loads(process.stdout.readline()))
    for process in processes.values():
        process.stdin.close()
        process.wait()
    best = {run: np.min(taken, axis=0) for run, taken in times.items()}
    return {
        run: {"samples": BATCH / step, "matrix": 2 * MATRIX**3 / product}
        for run, (step, product) in best.items()
    }


def share_of(name, result, rate, plain):
    """Returns the share of the matrix rate, or of plain PyTorch for recurrent networks."""
    if name in RECURRENT:
        return result["samples"] / plain["samples"]
    forward, first = image_flops(fine=name == "image") if name in IMAGES else transformer_flops()
    return result["samples"] * (3 * forward - first) / rate


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=GOALS, default=list(GOALS))
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        serve(*arguments.child)
        return
    others = os.getloadavg()[0]
    results = {
        (name, run): found
        for name in arguments.only
        for run, found in measure(name, arguments.seconds).items()
    }
    rate = max(result["matrix"] for result in results.values())
    print(f"Matrix product, float32, best of this run: {rate / 1e9:.0f} GFLOP/s")
    print(
        f"Load from others at the start: {others:.1f}"
        + (". The machine is busy: do not trust these figures." if others > 0.5 else "")
    )
    print(f"{'encoder':<12} {'engine':<19} {'samples/s':>9} {'share':>6}  of")
    for (name, run), result in results.items():
        recurrent = name in RECURRENT
        share = share_of(name, result, rate, results.get((name, "plain")) or result)
        print(
            f"{name:<12} {run:<19} {result['samples']:>9.0f} {share:>6.2f}  "
            f"{'eager PyTorch' if recurrent else 'matrix rate'}"
        )
    for name in arguments.only:
        shares = {
            run: share_of(n, r, rate, results.get((n, "plain")) or r)
            for (n, run), r in results.items()
            if n == name and run != "plain"
        }
        best, goal = max(shares.values()), GOALS[name]
        whole = max(share for run, share in shares.items() if not run.endswith("bfloat16"))
        word = (
            "no goal"
            if goal is None
            else (f"goal {goal:.2f} {'reached' if best >= goal else 'missed'}")
        )
        print(f"{name}: best in float32 {whole:.2f}, in any precision {best:.2f}, {word}")


if __name__ == "__main__":
    main()
