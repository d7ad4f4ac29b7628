"""Baseline page in plain PyTorch: a digit from its noisy picture and its noisy sound.

    POLYMODAL_DATA=... python benchmarks/baselines/av_digits.py [--seed 0] [--leave-out SPEAKER]

Two small CNNs (pixels; log-mel), flattened, concatenated, with modality dropout, shifts, and
one-cycle AdamW over 30 epochs. Prints accuracy on test and test_missing, and seconds. With
--leave-out it trains on the other speakers' rows of train and tests on all rows of that speaker.
"""

import argparse
import csv
import json
import os
import time
from pathlib import Path

import numpy as np
import soundfile
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

FRAMES, MELS, RATE = 64, 40, 8000


def mel_matrix(bins=129):
    mel = lambda f: 2595 * np.log10(1 + f / 700)
    edges = 700 * (10 ** (np.linspace(mel(0), mel(RATE / 2), MELS + 2) / 2595) - 1)
    f = np.linspace(0, RATE / 2, bins)[:, None]
    left, mid, right = edges[:-2], edges[1:-1], edges[2:]
    return np.maximum(0, np.minimum((f - left) / (mid - left), (right - f) / (right - mid)))


MEL = mel_matrix()


def log_mel(path):
    wave, _ = soundfile.read(path, dtype="float32")
    wave = np.pad(wave, (0, max(0, 256 - len(wave))))
    frames = np.lib.stride_tricks.sliding_window_view(wave, 256)[::100] * np.hanning(256)
    power = np.abs(np.fft.rfft(frames)) ** 2
    mel = np.log(power @ MEL + 1e-4)[:FRAMES]
    return np.pad(mel, ((0, FRAMES - len(mel)), (0, 0)), constant_values=np.log(1e-4))


def read(table):
    rows = list(csv.DictReader(table.read_text().splitlines()))
    root = table.parent
    image, sound = np.zeros((len(rows), 28, 28), "f4"), np.zeros((len(rows), FRAMES, MELS), "f4")
    present = np.zeros((len(rows), 2), "f4")
    for i, row in enumerate(rows):
        if row["image"]:
            image[i], present[i, 0] = np.asarray(Image.open(root / row["image"]), "f4") / 255, 1
        if row["audio"]:
            sound[i], present[i, 1] = log_mel(root / row["audio"]), 1
    return image, sound, present, [r["digit"] for r in rows], [r["speaker"] for r in rows]


class Branch(nn.Module):
    def __init__(self, size, dim=128):
        super().__init__()
        block = lambda i, o: [
            nn.Conv2d(i, o, 3, padding=1),
            nn.BatchNorm2d(o),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
        self.body = nn.Sequential(*block(1, 32), *block(32, 64), *block(64, 64), nn.Flatten())
        flat = self.body(torch.zeros(1, 1, *size)).shape[1]
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(flat, dim), nn.ReLU())

    def forward(self, x):
        return self.head(self.body(x[:, None]))


class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.image, self.sound = Branch((28, 28)), Branch((FRAMES, MELS))
        self.out = nn.Sequential(
            nn.Linear(256, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, classes)
        )

    def forward(self, image, sound, present):
        parts = [self.image(image) * present[:, :1], self.sound(sound) * present[:, 1:]]
        return self.out(torch.cat(parts, 1))


def shifted(x, reach):
    """Moves each row's picture or spectrogram by its own steps; edges are repeated."""
    high, wide = x.shape[1:]
    padded = F.pad(x[:, None], (reach,) * 4, mode="replicate")[:, 0]
    moves = np.random.randint(0, 2 * reach + 1, (len(x), 2))
    return torch.stack(
        [
            one[down : down + high, right : right + wide]
            for one, (down, right) in zip(padded, moves, strict=True)
        ]
    )


def train(data, labels, epochs=30, batch=64):
    image, sound, present = data
    net = Net(int(labels.max()) + 1)
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.02)
    steps = -(-len(labels) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=epochs * steps)
    for _ in range(epochs):
        for rows in torch.randperm(len(labels)).split(batch):
            here = present[rows].clone()
            drop = torch.rand(len(rows))
            here[drop < 0.2, 0] = 0
            here[drop > 0.8, 1] = 0
            logits = net(shifted(image[rows], 2), shifted(sound[rows], 4), here)
            loss = F.cross_entropy(logits, labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return net.eval()


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--leave-out")
    options.add_argument("--out", help="file for each test row's right or wrong, as JSON")
    options = options.parse_args()
    torch.manual_seed(options.seed)
    np.random.seed(options.seed)
    start = time.time()
    folder = Path(os.environ["POLYMODAL_DATA"]) / "av_digits"
    tables = {name: read(folder / f"{name}.csv") for name in ("train", "test", "test_missing")}
    names = sorted(set(tables["train"][3]))
    if options.leave_out:
        full = [np.concatenate([tables[t][k] for t in ("train", "test")]) for k in range(5)]
        out = full[4] == options.leave_out
        tables = {"train": [part[~out] for part in full], "unheard": [part[out] for part in full]}
    image, sound, present, digits, _ = tables.pop("train")
    centre = [(x.mean(), x.std()) for x in (image, sound)]
    tensors = lambda t: (
        [torch.tensor((t[k] - centre[k][0]) / centre[k][1]) for k in (0, 1)] + [torch.tensor(t[2])]
    )
    index = lambda labels: torch.tensor([names.index(d) for d in labels])
    net = train(tensors((image, sound, present)), index(digits))
    result = {}
    for name, table in tables.items():
        with torch.no_grad():
            right = (net(*tensors(table)).argmax(1) == index(table[3])).float()
        result[name] = round(100 * right.mean().item(), 2)
        if options.out and name in ("test", "unheard"):
            Path(options.out).write_text(json.dumps(right.int().tolist()))
    print(json.dumps(result | {"seconds": round(time.time() - start, 1)}))


if __name__ == "__main__":
    main()
