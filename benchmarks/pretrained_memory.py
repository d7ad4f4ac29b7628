"""What loading an imported model takes of the memory, against its weights.

    scripts/models
    python benchmarks/pretrained_memory.py [minilm efficientnet_lite0 whisper_tiny_en smollm2]

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
NAMES = ("minilm", "efficientnet_lite0", "whisper_tiny_en", "smollm2")
_ROOM = 200e6  # bytes for the engine


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
                _run("-m", "polymodal", "import", _source(name), "--out", folder / name)
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

    import polymodal as pm

    keras.ops.convert_to_numpy(keras.ops.matmul(keras.ops.ones((64, 64)), keras.ops.ones((64, 64))))
    before, most, done = anonymous(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            most[0] = max(most[0], anonymous())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    model = pm.load_part(folder)
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
    if hasattr(model, "write"):
        model.write([{"role": "user", "content": "Hello"}], max_tokens=4)
    elif model.name == "text":
        model.encode(["Two dogs play."])
    elif model.name == "image":
        import io

        from PIL import Image

        file = io.BytesIO()
        Image.new("RGB", (64, 64)).save(file, "PNG")
        model.encode([file.getvalue()])


def anonymous() -> int:
    """Returns RssAnon of this process, in bytes."""
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith("RssAnon"))
    return 1024 * int(line.split()[1])


def _source(name: str) -> Path:
    files = list((PUBLISHED / name).glob("*.gguf"))
    return files[0] if files else PUBLISHED / name


def _run(*command: object) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, command)], text=True, capture_output=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


if __name__ == "__main__":
    main()
