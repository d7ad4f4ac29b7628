"""Baseline page in plain PyTorch: the words of a recording of digits, by character CTC.

    POLYMODAL_DATA=... python benchmarks/baselines/connected_digits.py [--seed 0] [--leave-out NAME]

Log-mels, two convolutions, a two-layer bidirectional GRU, CTC over characters, SpecAugment, AdamW
with one cycle over 20 epochs. Prints the word error rate on test, and seconds. With --leave-out it
trains on the other speakers' rows of train and tests on all rows of that speaker.
"""

import argparse
import csv
import json
import os
import time
from pathlib import Path

import jiwer
import numpy as np
import soundfile
import torch
from torch import nn
from torch.nn import functional as F

MELS, RATE = 40, 8000


def mel_matrix(bins=129):
    mel = lambda f: 2595 * np.log10(1 + f / 700)
    edges = 700 * (10 ** (np.linspace(0, mel(RATE / 2), MELS + 2) / 2595) - 1)
    f = np.linspace(0, RATE / 2, bins)[:, None]
    left, mid, right = edges[:-2], edges[1:-1], edges[2:]
    return np.maximum(0, np.minimum((f - left) / (mid - left), (right - f) / (right - mid)))


MEL = mel_matrix()


def log_mel(path):
    wave, _ = soundfile.read(path, dtype="float32")
    wave = np.pad(wave, (0, max(0, 200 - len(wave))))
    frames = np.lib.stride_tricks.sliding_window_view(wave, 200)[::80] * np.hanning(200)
    power = np.abs(np.fft.rfft(frames, 256)) ** 2
    return np.log(power @ MEL + 1e-5).astype("f4")


def read(table):
    rows = list(csv.DictReader(table.read_text().splitlines()))
    return [(log_mel(table.parent / r["audio"]), r["transcript"], r["speaker"]) for r in rows]


class Net(nn.Module):
    def __init__(self, symbols, dim=128):
        super().__init__()
        self.convs = nn.Sequential(
            nn.Conv2d(1, 32, 3, stride=2, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, stride=2, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
        )
        self.rnn = nn.GRU(32 * MELS // 4, dim, 2, batch_first=True, bidirectional=True, dropout=0.2)
        self.out = nn.Sequential(nn.Dropout(0.2), nn.Linear(2 * dim, symbols + 1))

    def forward(self, x):
        x = self.convs(x[:, None])  # (batch, channels, time / 4, mels / 4)
        x, _ = self.rnn(x.permute(0, 2, 1, 3).flatten(2))
        return self.out(x).log_softmax(-1)


def batch(rows, mean, std):
    lengths = torch.tensor([len(row[0]) for row in rows])
    x = torch.zeros(len(rows), int(lengths.max()), MELS)
    for i, row in enumerate(rows):
        x[i, : len(row[0])] = torch.tensor((row[0] - mean) / std)
    return x, (lengths + 3) // 4


def masked(x):
    """SpecAugment: two bands and two stretches of each recording are hidden."""
    x = x.clone()
    for one in x:
        for _ in range(2):
            first, width = np.random.randint(MELS), np.random.randint(8)
            one[:, first : first + width] = 0
            first, width = np.random.randint(len(one)), np.random.randint(12)
            one[first : first + width] = 0
    return x


def train(rows, characters, mean, std, epochs=20, size=16):
    net = Net(len(characters))
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.01)
    steps = -(-len(rows) // size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=epochs * steps)
    for _ in range(epochs):
        order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]) + np.random.uniform(0, 30))
        batches = [order[i : i + size] for i in range(0, len(order), size)]
        np.random.shuffle(batches)
        for places in batches:
            part = [rows[i] for i in places]
            x, lengths = batch(part, mean, std)
            labels = [[characters.index(c) + 1 for c in row[1]] for row in part]
            flat = torch.tensor([c for one in labels for c in one])
            loss = F.ctc_loss(
                net(masked(x)).transpose(0, 1),
                flat,
                lengths,
                torch.tensor([len(one) for one in labels]),
                zero_infinity=True,
            )
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimizer.step()
            schedule.step()
    return net.eval()


def transcripts(net, rows, characters, mean, std):
    said = []
    for start in range(0, len(rows), 32):
        x, lengths = batch(rows[start : start + 32], mean, std)
        with torch.no_grad():
            best = net(x).argmax(-1)
        for path, length in zip(best, lengths, strict=True):
            path = torch.unique_consecutive(path[:length])
            said.append("".join(characters[int(i) - 1] for i in path if i > 0))
    return said


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--leave-out")
    options = options.parse_args()
    torch.manual_seed(options.seed)
    np.random.seed(options.seed)
    start = time.time()
    folder = Path(os.environ["POLYMODAL_DATA"]) / "connected_digits"
    rows, test = read(folder / "train.csv"), read(folder / "test.csv")
    if options.leave_out:
        test = [row for row in rows + test if row[2] == options.leave_out]
        rows = [row for row in rows if row[2] != options.leave_out]
    characters = sorted(set("".join(row[1] for row in rows)))
    frames = np.concatenate([row[0] for row in rows])
    mean, std = frames.mean(0), frames.std(0)
    net = train(rows, characters, mean, std)
    said = transcripts(net, test, characters, mean, std)
    rate = jiwer.wer([row[1] for row in test], said)
    print(json.dumps({"wer": round(100 * rate, 2), "seconds": round(time.time() - start, 1)}))


if __name__ == "__main__":
    main()
