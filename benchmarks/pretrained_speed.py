"""Imported models against their own libraries, by turns in one run, each with one and two threads.

    scripts/models
    POLYMODAL_DATA=... python benchmarks/pretrained_speed.py minilm|whisper|smollm2 [--rounds 3]

`minilm`: sentences a second of 1,000, against sentence-transformers. `whisper`: recordings of
`speech`, greedy and without times, against transformers, with faster-whisper next to it. `smollm2`:
tokens a second at batch size 1 in float32, against transformers, and as a share of what a product
of a matrix and a vector reads. Each way runs in processes of its own, bound to one and to two
cores, warm; the parent asks them by turns. A way's figure is the best of its rounds, with the
better number of threads.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

PUBLISHED = Path(
    os.environ.get("POLYMODAL_PUBLISHED", Path.home() / ".cache" / "polymodal" / "published")
)
DATA = Path(os.environ.get("POLYMODAL_DATA", "shared/data"))
WAYS = {
    "minilm": ("ours", "sentence_transformers"),
    "whisper": ("ours", "transformers", "faster_whisper"),
    "smollm2": ("ours", "transformers", "bandwidth"),
}
PROMPT = [{"role": "user", "content": "Tell me a long story about a fox."}]
_TOKENS = 64


def main() -> None:
    """Starts the workers, asks them by turns and prints the best of each."""
    found = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    found.add_argument("name", choices=sorted(WAYS))
    found.add_argument("--rounds", type=int, default=3)
    found.add_argument("--count", type=int, default=1000, help="sentences, or recordings")
    found.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    options = found.parse_args()
    if options.worker:
        _work(options)
        return
    cores = sorted(os.sched_getaffinity(0))
    workers = {
        (way, threads): _started(options, way, cores[:threads])
        for way in WAYS[options.name]
        for threads in (1, 2)[: len(cores)]
    }
    best: dict[tuple[str, int], float] = {}
    for number in range(options.rounds + 1):
        for key, worker in workers.items():
            rate = _asked(worker)
            if number:  # the first one warms up
                best[key] = max(best.get(key, 0.0), rate)
                print(f"round {number}: {key[0]}, threads {key[1]}: {rate:.2f}", flush=True)
    for way in WAYS[options.name]:
        rate, threads = max((best[key], key[1]) for key in best if key[0] == way)
        print(f"{way}: {rate:.2f} a second with threads {threads}")
    for worker in workers.values():
        worker.stdin.close()


def _started(options: argparse.Namespace, way: str, cores: list[int]) -> subprocess.Popen:
    command = [
        sys.executable,
        __file__,
        options.name,
        "--count",
        str(options.count),
        "--worker",
        way,
        ",".join(map(str, cores)),
    ]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL
    )


def _asked(worker: subprocess.Popen) -> float:
    worker.stdin.write("go\n")
    worker.stdin.flush()
    for line in worker.stdout:
        if line.startswith("{"):
            return json.loads(line)["rate"]
    raise SystemExit("A worker ended. Run it by itself with --worker to see why.")


def _work(options: argparse.Namespace) -> None:
    """Prints how many a second it does, each time it is asked."""
    way, cores = options.worker
    os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    run = globals()[f"_{options.name}_{way}"](options.count)
    for _ in sys.stdin:
        start = time.perf_counter()
        done = run()
        print(json.dumps({"rate": done / (time.perf_counter() - start)}), flush=True)


def _sentences(count: int) -> list[str]:
    with (DATA / "nlvr" / "train.jsonl").open() as lines:
        rows = [json.loads(line)["sentence"] for line in lines]
    return (rows * (count // len(rows) + 1))[:count]


def _minilm_ours(count: int) -> Callable[[], float]:
    from polymodal.pretrained.importing import read_part
    from polymodal.pretrained.reading.sources import opened

    part, texts = read_part(opened(PUBLISHED / "minilm")), _sentences(count)
    return lambda: len(part.encode(texts))


def _minilm_sentence_transformers(count: int) -> Callable[[], float]:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(PUBLISHED / "minilm"), device="cpu")
    texts = _sentences(count)
    return lambda: len(model.encode(texts, batch_size=32))


def _recordings(count: int) -> list[Path]:
    with (DATA / "speech" / "speech.csv").open(newline="") as file:
        return [DATA / "speech" / row["audio"] for row in csv.DictReader(file)][:count]


def _whisper_ours(count: int) -> Callable[[], float]:
    from polymodal.pretrained.importing import read_model
    from polymodal.pretrained.reading.sources import opened
    from polymodal.pretrained.speech.transcribing import Options, transcripts

    model, files = read_model(opened(PUBLISHED / "whisper_tiny_en")), _recordings(count)
    return lambda: len(list(transcripts(model, files, Options(timed=False))))


def _whisper_transformers(count: int) -> Callable[[], float]:
    import soundfile
    import soxr
    import torch
    import transformers

    from polymodal.pretrained.reading.sources import opened

    checkpoint = opened(PUBLISHED / "whisper_tiny_en")
    config = {k: v for k, v in checkpoint.mapping("config.json").items() if k != "model_type"}
    model = transformers.WhisperForConditionalGeneration(
        transformers.WhisperConfig(
            **config,
            eos_token_id=50256,
            pad_token_id=50256,
            bos_token_id=50256,
            decoder_start_token_id=50257,
        )
    ).eval()
    model.load_state_dict(
        {f"model.{name}": torch.tensor(checkpoint.array(name)) for name in checkpoint.names},
        strict=False,
    )
    model.tie_weights()
    reader = transformers.WhisperFeatureExtractor()

    def run() -> float:
        for file in _recordings(count):
            sound, rate = soundfile.read(file, dtype="float32")
            features = reader(
                soxr.resample(sound, rate, 16_000), sampling_rate=16_000, return_tensors="pt"
            )["input_features"]
            with torch.no_grad():
                transformers.GenerationMixin.generate(
                    model,
                    features,
                    decoder_input_ids=torch.tensor([[50257, 50362]]),
                    suppress_tokens=None,
                    begin_suppress_tokens=None,
                    max_length=448,
                )
        return len(_recordings(count))

    return run


def _whisper_faster_whisper(count: int) -> Callable[[], float]:
    import faster_whisper

    model = faster_whisper.WhisperModel(
        str(PUBLISHED / "whisper_tiny_en"),
        device="cpu",
        compute_type="float32",
        cpu_threads=len(os.sched_getaffinity(0)),
    )

    def run() -> float:
        for file in _recordings(count):
            list(
                model.transcribe(
                    str(file),
                    beam_size=1,
                    language="en",
                    without_timestamps=True,
                    condition_on_previous_text=False,
                )[0]
            )
        return len(_recordings(count))

    return run


def _smollm2_ours(_: int) -> Callable[[], float]:
    from polymodal.pretrained.importing import read_model
    from polymodal.pretrained.reading.sources import opened

    model = read_model(opened(next((PUBLISHED / "smollm2").glob("*.gguf"))))
    return lambda: len(model.texts.ids(model.write(PROMPT, max_tokens=_TOKENS)))


def _smollm2_transformers(_: int) -> Callable[[], float]:
    import torch
    import transformers

    path = next((PUBLISHED / "smollm2").glob("*.gguf"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name
    ).eval()
    ids = tokenizer("Tell me a long story about a fox.", return_tensors="pt")["input_ids"]

    def run() -> float:
        with torch.no_grad():
            found = model.generate(
                ids, max_new_tokens=_TOKENS, min_new_tokens=_TOKENS, do_sample=False, pad_token_id=2
            )
        return found.shape[1] - ids.shape[1]

    return run


def _smollm2_bandwidth(_: int) -> Callable[[], float]:
    """Returns what reads as many bytes as all weights of the model, as a product, as one token."""
    import numpy as np

    matrix = np.ones((134_515_008 // 4096, 4096), np.float32)
    vector = np.ones(4096, np.float32)

    def run() -> float:
        for _ in range(_TOKENS):
            matrix @ vector
        return _TOKENS

    return run


if __name__ == "__main__":
    main()
