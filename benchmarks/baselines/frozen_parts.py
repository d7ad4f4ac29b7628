"""Baseline page: logistic regression on frozen vectors, a number and a category.

    python benchmarks/baselines/frozen_parts.py --train train.csv --test test.csv \
        --media-root FOLDER --weights FOLDER [--out rows.json]

EfficientNet-Lite0 for `photo`, MiniLM for `caption`, both in PyTorch and as published; `size`
standardised and `colour` as one of its values. The regularisation is chosen by cross-validation
over train. `--weights` is the folder that `scripts/models` fills. Prints accuracy and log loss.
"""

import argparse
import csv
import hashlib
import io
import json
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import accuracy_score, log_loss
from sklearn.preprocessing import OneHotEncoder, StandardScaler

MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def pixels(file):
    image = Image.open(io.BytesIO(file)).convert("RGB")
    scale = 256 / min(image.size)
    image = image.resize([round(side * scale) for side in image.size], Image.Resampling.BICUBIC)
    left, top = ((side - 224) // 2 for side in image.size)
    image = image.crop((left, top, left + 224, top + 224))
    return ((np.asarray(image) / 255 - MEAN) / STD).transpose(2, 0, 1).astype("f4")


def photographs(files, weights):
    from efficientnet_lite_pytorch import EfficientNet

    net = EfficientNet.from_name("efficientnet-lite0")
    net.load_state_dict(load_file(weights / "efficientnet_lite0" / "model.safetensors"))
    net.eval()
    with torch.no_grad():
        return np.concatenate(
            [
                net.extract_features(torch.tensor(np.stack([pixels(f) for f in files[i : i + 32]])))
                .mean((2, 3))
                .numpy()
                for i in range(0, len(files), 32)
            ]
        )


def captions(texts, weights):
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(weights / "minilm"), device="cpu").encode(texts)


def kept(name, cells, made, weights):
    """Returns a vector for each cell; what was made once is on disk."""
    path = Path.home() / ".cache" / "polymodal" / f"page-{name}.npz"
    known = dict(np.load(path)) if path.exists() else {}
    keys = [hashlib.sha256(c if isinstance(c, bytes) else c.encode()).hexdigest() for c in cells]
    missing = {key: cell for key, cell in zip(keys, cells, strict=True) if key not in known}
    if missing:
        vectors = made(list(missing.values()), weights)
        known |= dict(zip(missing, vectors, strict=True))
        np.savez(path, **known)
    return np.stack([known[key] for key in keys])


def main():
    options = argparse.ArgumentParser()
    for name in ("train", "test", "media-root", "weights"):
        options.add_argument(f"--{name}", type=Path, required=True)
    options.add_argument("--seed", type=int, default=0, help="nothing here is random")
    options.add_argument("--out", help="file for each row's probabilities, as JSON")
    options = options.parse_args()
    start, weights = time.time(), options.weights
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    parts, targets = {}, {}
    for name in ("train", "test"):
        rows = list(csv.DictReader(getattr(options, name).read_text().splitlines()))
        files = [(options.media_root / row["photo"]).read_bytes() for row in rows]
        texts = [row["caption"] for row in rows]
        parts[name] = (
            kept("photo", files, photographs, weights),
            kept("caption", texts, captions, weights),
            np.array([[float(row["size"])] for row in rows]),
            np.array([[row["colour"]] for row in rows]),
        )
        targets[name] = [row["sign"] for row in rows]
    columns = {"train": [], "test": []}
    for place in range(4):
        scaler = OneHotEncoder(sparse_output=False) if place == 3 else StandardScaler()
        scaler.fit(parts["train"][place])
        for name, found in columns.items():
            found.append(scaler.transform(parts[name][place]))
    model = LogisticRegressionCV(
        Cs=np.logspace(-5, 1, 7), cv=3, max_iter=500, scoring="neg_log_loss"
    )
    model.fit(np.hstack(columns["train"]), targets["train"])
    chances = model.predict_proba(np.hstack(columns["test"]))
    said = model.classes_[chances.argmax(1)]
    if options.out:
        Path(options.out).write_text(
            json.dumps(
                [dict(zip(model.classes_.tolist(), row, strict=True)) for row in chances.tolist()]
            )
        )
    print(
        json.dumps(
            {
                "accuracy": round(accuracy_score(targets["test"], said), 4),
                "log_loss": round(log_loss(targets["test"], chances, labels=model.classes_), 4),
                "seconds": round(time.time() - start, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
