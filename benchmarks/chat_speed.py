"""What an answer of an imported language model costs in `polymodal chat`, next to `transformers`.

    KERAS_BACKEND=tensorflow python benchmarks/chat_speed.py [--source FILE.gguf] [--turns 3]

SmolLM2-135M, float32, batch 1. Tokens a second and their share of the bandwidth that a product of
a matrix and a vector reaches in the same turns; the 500th token against the 50th, less what its
longer cache reads; the first token after a prompt of 1,000. `transformers` runs the same
architecture, with weights of its own, with one and with two threads; all warm, by turns in one
process. Every turn is kept in a file, so that a stopped run goes on; about ten minutes where
nothing else runs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from pathlib import Path

import numpy as np

_EARLY, _LATE, _AROUND = 50, 500, 20  # tokens that are timed, and how many around them
_PROMPT = 1000
_SIDE = 6000  # of the matrix, float32: 144 MB


def bandwidth(seconds: float = 2.0) -> float:
    """Returns bytes a second of products of a matrix and a vector."""
    matrix, vector = np.ones((_SIDE, _SIDE), np.float32), np.ones(_SIDE, np.float32)
    count, start = 0, time.perf_counter()
    while (took := time.perf_counter() - start) < seconds:
        matrix @ vector
        count += 1
    return count * matrix.nbytes / took


class Ours:
    """The loop of `polymodal chat`."""

    def __init__(self, folder: Path):
        from polymodal.pretrained.language.model import load_language_model

        self.model = load_language_model(folder)

    def times(self, ids: list[int], count: int) -> list[float]:
        """Returns the moment of each of `count` tokens after a prompt, from its start."""
        from polymodal.model.generation.choice import Choice
        from polymodal.model.generation.continued import ContinuedDecoder
        from polymodal.pretrained.language.writing import new_ids

        if self.model._compiled is None:
            self.model._compiled = ContinuedDecoder(self.model.decoder)
        self.model._compiled.forget()  # the prompt is read anew
        start, found = time.perf_counter(), []
        for _ in new_ids(self.model._compiled, self.model.decoder.embed, ids, count, Choice(), 0):
            found.append(time.perf_counter() - start)
        return found


class Theirs:
    """`transformers` with its own cache and a number of threads."""

    def __init__(self, settings: dict, threads: int):
        import torch
        from transformers import LlamaConfig, LlamaForCausalLM

        self.torch, self.threads = torch, threads
        self.model = LlamaForCausalLM(
            LlamaConfig(
                hidden_size=settings["dim"],
                num_hidden_layers=settings["num_layers"],
                num_attention_heads=settings["num_heads"],
                vocab_size=settings["num_outputs"],
                num_key_value_heads=settings["num_key_heads"],
                head_dim=settings["head_dim"],
                intermediate_size=settings["hidden"],
                max_position_embeddings=8192,
                tie_word_embeddings=settings["tied"],
            )
        ).eval()

    def times(self, ids: list[int], count: int) -> list[float]:
        """Returns the same."""
        torch = self.torch
        torch.set_num_threads(self.threads)
        start, found, past = time.perf_counter(), [], None
        given = torch.tensor([ids])
        with torch.inference_mode():
            for _ in range(count):
                out = self.model(
                    input_ids=given, past_key_values=past, use_cache=True, logits_to_keep=1
                )
                past, given = out.past_key_values, out.logits[:, -1:].argmax(-1)
                found.append(time.perf_counter() - start)
        return found


def turn(model: Ours | Theirs, most: int) -> dict[str, float]:
    """Times one engine; ids are below `most`."""
    rng = np.random.default_rng(0)
    short, long = (rng.integers(100, most, size).tolist() for size in (16, _PROMPT))
    model.times(short, _LATE + _AROUND + 1)
    model.times(long, 2)  # warm
    before = bandwidth()
    steps = np.diff(model.times(short, _LATE + _AROUND + 1))
    first = model.times(long, 1)[0]
    around = lambda place: float(np.median(steps[place - _AROUND : place + _AROUND]))
    return {
        "bandwidth": (before + bandwidth()) / 2,
        "first": first,
        "early": around(_EARLY),
        "late": around(_LATE),
        "tokens_per_second": float(1 / np.median(steps)),
    }


def report(found: dict[str, list[dict]], size: float, cache: float) -> None:
    """Prints the medians of all turns."""
    for name, turns in found.items():
        middle = {key: statistics.median(one[key] for one in turns) for key in turns[0]}
        share = statistics.median(
            one["tokens_per_second"] * size / one["bandwidth"] for one in turns
        )
        longer = (_LATE - _EARLY) * cache / middle["bandwidth"]
        print(
            f"{name}: {middle['tokens_per_second']:.1f} tokens a second, {share:.0%} of "
            f"{middle['bandwidth'] / 1e9:.1f} GB/s; token {_LATE} costs "
            f"{(middle['late'] - longer) / middle['early']:.2f} of token {_EARLY} beyond its "
            f"cache; first token after {_PROMPT:,}: {middle['first']:.2f} s; {len(turns)} turns"
        )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--source", type=Path, default=None)
    options.add_argument("--out", type=Path, default=Path("runs/chat-speed"))
    options.add_argument("--turns", type=int, default=3)
    given = options.parse_args()
    import polymodal as pm

    start, folder = time.monotonic(), given.out / "model"
    if not folder.exists():
        usual = Path.home() / ".cache/polymodal/published/smollm2"
        pm.import_model(given.source or next(usual.glob("*.gguf")), folder)
    ours = Ours(folder)
    settings = ours.model.settings
    made = {
        f"polymodal on {os.environ.get('KERAS_BACKEND', 'tensorflow')}": ours,
        "transformers, 1 thread": Theirs(settings, 1),
        "transformers, 2 threads": Theirs(settings, 2),
    }
    found: dict[str, list[dict]] = {name: [] for name in made}
    for number in range(given.turns):
        for name, model in made.items():
            path = given.out / f"{name.replace(' ', '-').replace(',', '')}-{number + 1}.json"
            if not path.exists():
                print(f"turn {number + 1} of {given.turns}: {name}", flush=True)
                path.write_text(json.dumps(turn(model, settings["num_outputs"])))
            found[name].append(json.loads(path.read_text()))
    cache = 2 * 4 * settings["num_layers"] * settings["num_key_heads"] * settings["head_dim"]
    report(found, 4 * ours.model.num_parameters, cache)
    print(f"{time.monotonic() - start:.0f} s in all")


if __name__ == "__main__":
    main()
