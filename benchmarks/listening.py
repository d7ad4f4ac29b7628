"""How fast recordings are heard: a recogniser beside the same network in eager PyTorch.

    POLYMODAL_DATA=... python benchmarks/listening.py [--network inferred] [--seconds 6] [--rows 16]

`inferred` is what the recipe infers, convolutions and two recurrent layers; `convolutional` is the
same without the recurrent layers, `attention` the conformer without them. Both take the same
features of `--rows` clips at once, in one run, by turns, several times in a row: threads of the one
still wait for work when the other begins. The best of a turn counts, and of all turns the median,
as the machine's speed changes from turn to turn. The real-time factor is the time for a second of
sound, without reading it from disk.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from polymodal.core.contracts.batch import mask_key
from polymodal.recipe import assemble
from polymodal.recipe.infer import infer
from polymodal.recipe.recipe import from_dict
from polymodal.tables.table import read

_ROUNDS = 24
_IN_A_ROW = 5
_LETTERS = " efghinorstuvwxz"


class Block(nn.Module):
    """Two convolutions with a shortcut."""

    def __init__(self, enter, leave, stride):
        super().__init__()
        conv = lambda i, size, step: nn.Sequential(
            nn.Conv2d(i, leave, size, step, size // 2, bias=False), nn.BatchNorm2d(leave)
        )
        self.first, self.second = conv(enter, 3, stride), conv(leave, 3, 1)
        self.skip = conv(enter, 1, stride)

    def forward(self, x):
        return torch.relu(self.second(torch.relu(self.first(x))) + self.skip(x))


class Convolutions(nn.Module):
    """A stem and two blocks: four frames become one token."""

    def __init__(self, mels, dim=128, width=32):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, width // 2, 3, 2, 1, bias=False), nn.BatchNorm2d(width // 2), nn.ReLU()
        )
        self.blocks = nn.Sequential(
            Block(width // 2, width, (2, 2)), Block(width, 2 * width, (1, 2))
        )
        self.project = nn.Linear(2 * width * -(-mels // 8), dim)

    def forward(self, x):
        x = self.blocks(self.stem(x[:, None]))  # (batch, channels, time / 4, mels / 8)
        return self.project(x.permute(0, 2, 3, 1).flatten(2))


def rotated(x):
    """Turns pairs of features (batch, heads, time, size) by angles that grow with time."""
    half = x.shape[-1] // 2
    rates = 10_000.0 ** (-torch.arange(half) / half)
    angles = torch.arange(x.shape[2])[:, None] * rates
    (cosine, sine), (a, b) = (angles.cos(), angles.sin()), x.split(half, -1)
    return torch.cat([a * cosine - b * sine, b * cosine + a * sine], -1)


class ConformerBlock(nn.Module):
    """Half a feed-forward part, attention, convolution, the other half, and a norm."""

    def __init__(self, dim, heads=4, size=15):
        super().__init__()
        half = lambda: nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, 4 * dim), nn.SiLU(), nn.Linear(4 * dim, dim)
        )
        self.before, self.after, self.heads = half(), half(), heads
        self.look, self.final = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.query, self.key, self.value, self.leave = (
            nn.Linear(dim, dim, bias=False) for _ in range(4)
        )
        self.enter = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.GLU())
        self.depthwise = nn.Sequential(
            nn.Conv1d(dim, dim, size, padding=size // 2, groups=dim, bias=False),
            nn.BatchNorm1d(dim),
            nn.SiLU(),
        )
        self.mix = nn.Linear(dim, dim)

    def forward(self, x):
        x = x + 0.5 * self.before(x)
        seen = self.look(x)
        query, key, value = (
            part(seen).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        found = functional.scaled_dot_product_attention(rotated(query), rotated(key), value)
        x = x + self.leave(found.transpose(1, 2).flatten(2))
        x = x + self.mix(self.depthwise(self.enter(x).transpose(1, 2)).transpose(1, 2))
        return self.final(x + 0.5 * self.after(x))


class Conformer(nn.Module):
    """Two convolutions and four blocks: four frames become one token."""

    def __init__(self, mels, dim=128, width=32):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, width, 3, 2, 1), nn.ReLU(), nn.Conv2d(width, width, 3, 2, 1), nn.ReLU()
        )
        self.project = nn.Linear(width * -(-mels // 4), dim)
        self.blocks = nn.Sequential(*[ConformerBlock(dim) for _ in range(4)])

    def forward(self, x):
        return self.blocks(self.project(self.stem(x[:, None]).permute(0, 2, 3, 1).flatten(2)))


class Network(nn.Module):
    """What a recipe makes, written by hand."""

    def __init__(self, encoder, outputs, recurrent, dim=128):
        super().__init__()
        self.encoder, self.norm, self.fuse = encoder, nn.LayerNorm(dim), nn.Linear(dim, dim)
        self.feed = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(2 * recurrent))
        self.grus = nn.ModuleList(
            nn.GRU(dim, dim // 2, batch_first=True, bidirectional=True)
            for _ in range(2 * recurrent)
        )
        self.last, self.out = nn.LayerNorm(dim), nn.Linear(dim, outputs)

    def forward(self, x):
        x = self.fuse(self.norm(self.encoder(x)))
        x = x + self.feed(x)
        for norm, gru in zip(self.norms, self.grus, strict=True):
            x = x + gru(norm(x))[0]
        return self.out(self.last(x))


_NETWORKS = {
    "inferred": {},
    "convolutional": {"sequence": None},
    "attention": {
        "sequence": None,
        "inputs": {"audio": {"modality": "audio", "encoder": "conformer"}},
    },
}


def ours(given):
    """Returns the model of the recipe that is inferred for `connected_digits`, and its mels."""
    table = read(Path(os.environ["POLYMODAL_DATA"]) / "connected_digits" / "train.csv")
    recipe = from_dict(infer(table, {"target": "transcript", **given}).values)
    inputs, target = assemble.build_inputs(recipe), assemble.build_target(recipe)
    target.restore({"labels": sorted(_LETTERS)})
    return assemble.build_model(recipe, inputs, target)[0], inputs[0].modality.num_mels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", choices=list(_NETWORKS), default="inferred")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rows", type=int, default=16)
    options = parser.parse_args()
    model, mels = ours(_NETWORKS[options.network])
    encoder = Conformer(mels) if options.network == "attention" else Convolutions(mels)
    theirs = Network(encoder, len(_LETTERS) + 1, options.network == "inferred").eval()
    steps = round(100 * options.seconds)
    features = np.random.default_rng(0).normal(size=(options.rows, steps, mels)).astype("float32")
    inputs = {"input_0": features, mask_key("input_0"): np.ones(features.shape[:2], bool)}
    tensor = torch.from_numpy(features)

    def hear():
        np.asarray(model.predict_on_batch(inputs))

    def hear_eagerly():
        with torch.inference_mode():
            theirs(tensor).numpy()

    sound, best = options.rows * options.seconds, {"ours": [], "eager PyTorch": []}
    hear()  # traced
    for _ in range(_ROUNDS):
        for name, work in zip(best, (hear, hear_eagerly), strict=True):
            took = []
            for _ in range(_IN_A_ROW):
                start = time.perf_counter()
                work()
                took.append(time.perf_counter() - start)
            best[name].append(min(took))
    count = sum(p.numel() for p in theirs.parameters())
    print(
        f"{model.count_params():,} parameters, by hand {count:,}; {options.rows} clips of "
        f"{options.seconds:g} s"
    )
    for name, took in best.items():
        print(
            f"{name:14} {1000 * np.median(took):7.1f} ms   "
            f"real-time factor {np.median(took) / sound:.5f}"
        )
    ratios = np.divide(*best.values())
    print(f"ratio {np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f})")


if __name__ == "__main__":
    main()
