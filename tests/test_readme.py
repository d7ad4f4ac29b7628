"""What the README tells people to type works as it stands there."""

import csv
import itertools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from PIL import Image

from polymodal import scenes
from test_floors import FLOORS, ROOT

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder as the README supposes it: train.csv, test.csv, new.csv, a.png and b.wav. Pictures
    are small and sounds short, as nothing is asked of what is learned."""
    paths = scenes.write(tmp_path, "classification", num_train=30, num_val=2, num_test=6)
    for path in tmp_path.rglob("*.png"):
        Image.open(path).resize((16, 16)).save(path)
    for path in tmp_path.rglob("*.wav"):
        samples, rate = soundfile.read(path)
        soundfile.write(path, samples[: rate // 4], rate)
    for path in paths.values():
        keep(path, path, ("image", "audio", "label"))
    keep(tmp_path / "test.csv", tmp_path / "new.csv", ("image", "audio"))
    shutil.copy(tmp_path / "images/test/00000.png", tmp_path / "a.png")
    shutil.copy(tmp_path / "audio/test/00000.wav", tmp_path / "b.wav")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def keep(source, target, columns):
    with source.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    with target.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def test_the_floors_of_the_readme_are_those_of_the_code():
    rows = re.findall(r"^\| (\d+) \| ((?:`\w+/` ?)+)\|", README, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(len(rows)))
    shown = [re.findall(r"`(\w+)/`", folders) for _, folders in rows]
    there = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name in FLOORS}
    assert {folder for folders in shown for folder in folders} == there - {"scenes"}
    for below, above in itertools.pairwise(shown):
        assert max(FLOORS[f] for f in below) < min(FLOORS[f] for f in above)


def test_the_python_of_the_readme_runs(folder, capsys):
    [code] = blocks("python")
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert "accuracy" in printed[0]
    assert "prediction" in printed[1]
    colour, shape = printed[2].split()
    assert colour in {"red", "green", "blue", "purple"}
    assert shape in {"circle", "square", "triangle", "star"}


@pytest.fixture
def written(folder):
    """What the part on captions and transcripts supposes beside it."""
    made = scenes.write(folder / "seen", "captions", num_train=12, num_val=2, num_test=2)
    texts = [
        json.dumps({"image": f"seen/{row['image']}", "captions": row["captions"]})
        for row in map(json.loads, made["train"].read_text().splitlines())
    ]
    (folder / "captions.jsonl").write_text("\n".join(texts))
    shutil.copy(next((folder / "seen").rglob("*.png")), folder / "photo.png")
    made = scenes.write(folder / "heard", "speech", num_train=40, num_val=2, num_test=2)
    with made["train"].open(newline="") as lines:
        rows = [{**row, "audio": f"heard/{row['audio']}"} for row in csv.DictReader(lines)]
    with (folder / "speech.csv").open("w", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    shutil.copy(folder / "speech.csv", folder / "unheard.csv")
    (folder / "more-texts.csv").write_text("text\nnine zero\none two three\n")
    shutil.copy(folder / rows[0]["audio"], folder / "talk.wav")
    enough = (folder / "train.csv").read_text().splitlines()  # for a learning curve
    (folder / "train.csv").write_text("\n".join([*enough, *enough[1:]]))
    (folder / "talk.txt").write_text(rows[0]["transcript"])
    return folder


@pytest.mark.slow
def test_the_commands_of_the_readme_run(written):
    lines = [
        line.partition("#")[0]
        for block in blocks("sh")
        for line in block.splitlines()
        if line.startswith("polymodal ")
    ]
    assert len(lines) == 20
    for line in lines:
        shorter = line.replace("--minutes 30", "--trials 1")
        command = [sys.executable, "-m", *shorter.split()]
        if "--task" in line:
            command += ["--set", "training.epochs=2"]  # that it runs, not what it learns
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
    assert (written / "predictions.csv").read_text().count("\n") == 7
    assert (written / "runs/first/report.html").exists()
    assert (written / "words.arpa").exists()
