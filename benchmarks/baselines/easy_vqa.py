"""Baseline page in plain PyTorch: the answer to a question about a picture.

    POLYMODAL_DATA=... python benchmarks/baselines/easy_vqa.py [--seed 0]

A CNN on the pixels and a bag of words, multiplied; one-cycle AdamW over 8 epochs. Prints accuracy
on val and seconds.
"""

import argparse
import csv
import json
import os
import re
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F


def read(table, pictures):
    rows = list(csv.DictReader(table.read_text().splitlines()))
    for row in rows:
        if row["image"] not in pictures:
            pixels = Image.open(table.parent / row["image"]).convert("RGB")
            pictures[row["image"]] = len(pictures), np.asarray(pixels)
    return (
        [pictures[r["image"]][0] for r in rows],
        [re.findall(r"\w+", r["question"].lower()) for r in rows],
        [r["answer"] for r in rows],
    )


class Net(nn.Module):
    def __init__(self, words, answers, dim=128):
        super().__init__()
        block = lambda i, o: [
            nn.Conv2d(i, o, 3, padding=1),
            nn.BatchNorm2d(o),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
        self.image = nn.Sequential(
            *block(3, 16),
            *block(16, 32),
            *block(32, 64),
            nn.Flatten(),
            nn.Linear(64 * 64, dim),
            nn.ReLU(),
        )
        self.words = nn.Sequential(nn.Linear(words, dim), nn.ReLU(), nn.Linear(dim, dim))
        self.out = nn.Sequential(nn.Linear(2 * dim, dim), nn.ReLU(), nn.Linear(dim, answers))

    def forward(self, image, words):
        image, words = self.image(image), self.words(words)
        return self.out(torch.cat([image, image * words], 1))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--epochs", type=int, default=8)
    options.add_argument("--out", help="file for each row's right or wrong, as JSON")
    options = options.parse_args()
    torch.manual_seed(options.seed)
    start = time.time()
    folder, pictures = Path(os.environ["POLYMODAL_DATA"]) / "easy_vqa", {}
    train, val = (read(folder / f"{name}.csv", pictures) for name in ("train", "val"))
    pixels = np.stack([p for _, p in pictures.values()]).astype("f4").transpose(0, 3, 1, 2)
    pixels = torch.tensor(pixels / 127.5 - 1)
    vocabulary = {w: i for i, w in enumerate(sorted({w for q in train[1] for w in q}))}
    answers = sorted(set(train[2]))

    def tensors(table):
        bags = torch.zeros(len(table[1]), len(vocabulary))
        for i, question in enumerate(table[1]):
            bags[i, [vocabulary[w] for w in question if w in vocabulary]] = 1
        return torch.tensor(table[0]), bags, torch.tensor([answers.index(a) for a in table[2]])

    (image, bag, answer), (image_v, bag_v, answer_v) = tensors(train), tensors(val)
    net = Net(len(vocabulary), len(answers))
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.01)
    total = options.epochs * -(-len(answer) // 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=total)
    for _ in range(options.epochs):
        for rows in torch.randperm(len(answer)).split(64):
            loss = F.cross_entropy(net(pixels[image[rows]], bag[rows]), answer[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    net.eval()
    with torch.no_grad():
        right = torch.cat(
            [
                net(pixels[image_v[r]], bag_v[r]).argmax(1) == answer_v[r]
                for r in torch.arange(len(answer_v)).split(256)
            ]
        ).float()
    if options.out:
        Path(options.out).write_text(json.dumps(right.int().tolist()))
    print(
        json.dumps(
            {"val": round(100 * right.mean().item(), 2), "seconds": round(time.time() - start, 1)}
        )
    )


if __name__ == "__main__":
    main()
