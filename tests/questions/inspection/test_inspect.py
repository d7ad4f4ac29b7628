"""Faults that are planted in small real files, and what is said about them."""

from __future__ import annotations

import csv
import itertools
import json
import shlex
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest
import soundfile
from PIL import Image, ImageFilter

from command_line import in_process
from polymodal.core.errors import RecipeError
from polymodal.questions.inspection.finding import kinds
from polymodal.questions.inspection.run import inspect
from polymodal.recipe.written.given import override
from polymodal.tables.table import read

NUM_ROWS = 40


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("POLYMODAL_CACHE", str(tmp_path / "cache"))


def _picture(rng):
    small = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((48, 48), Image.Resampling.NEAREST)


def _pictures(folder, rng):
    for row in range(NUM_ROWS):
        _picture(rng).save(folder / f"p{row}.png")
    return [f"p{row}.png" for row in range(NUM_ROWS)]


def _sounds(folder, rng, seconds):
    for row, length in enumerate(seconds):
        time = np.arange(int(8000 * length)) / 8000
        voice = np.sin(2 * np.pi * rng.uniform(150, 400) * time) * rng.uniform(0.2, 0.4)
        soundfile.write(
            folder / f"s{row}.wav",
            voice * (0.6 + 0.4 * np.sin(11 * time)) + rng.normal(0, 0.01, len(time)),
            8000,
        )
    return [f"s{row}.wav" for row in range(len(seconds))]


def _rows(found, kind):
    return sorted({row for one in found.findings if one.kind == kind for row in one.rows})


def test_clean_pictures_give_no_finding(tmp_path):
    rng = np.random.default_rng(0)
    table = {"picture": _pictures(tmp_path, rng), "side": ["left", "right"] * 20}
    assert inspect(table, "side", media_root=tmp_path).findings == []


def test_pictures_in_which_nothing_is_seen_are_found(tmp_path):
    rng = np.random.default_rng(0)
    names = _pictures(tmp_path, rng)
    Image.new("RGB", (48, 48), (90, 90, 90)).save(tmp_path / "p1.png")
    dark = np.asarray(_picture(rng)) // 20
    Image.fromarray(dark).save(tmp_path / "p2.png")
    _picture(rng).filter(ImageFilter.GaussianBlur(4)).save(tmp_path / "p3.png")
    (tmp_path / "p4.png").write_bytes(b"")
    (tmp_path / "p5.png").write_bytes((tmp_path / "p6.png").read_bytes()[:200])
    _picture(rng).resize((48, 12)).save(tmp_path / "p7.png")
    names[8] = "absent.png"
    found = inspect({"picture": names, "n": list(range(NUM_ROWS))}, media_root=tmp_path)
    assert {kind: _rows(found, kind) for kind in kinds(found.faults)} == {
        "constant": [2],
        "too dark": [3],
        "blurred": [4],
        "empty file": [5],
        "truncated": [6],
        "odd size": [8],
        "missing file": [9],
    }


def test_sounds_in_which_little_is_heard_are_found(tmp_path):
    rng = np.random.default_rng(1)
    names = _sounds(tmp_path, rng, rng.uniform(0.8, 1.5, NUM_ROWS))
    soundfile.write(tmp_path / "s1.wav", np.zeros(8000), 8000)
    samples, rate = soundfile.read(tmp_path / "s2.wav")
    soundfile.write(tmp_path / "s2.wav", np.clip(20 * samples, -1, 1), rate)
    samples, rate = soundfile.read(tmp_path / "s3.wav")
    soundfile.write(tmp_path / "s3.wav", samples, 16000)
    found = inspect({"sound": names, "n": list(range(NUM_ROWS))}, media_root=tmp_path)
    assert _rows(found, "silent") == [2]
    assert _rows(found, "clipped") == [3]
    assert _rows(found, "odd rate") == [4]


def test_duplicates_with_other_labels_are_found(tmp_path):
    rng = np.random.default_rng(2)
    names = _pictures(tmp_path, rng)
    Image.open(tmp_path / "p0.png").save(tmp_path / "p1.png")
    Image.open(tmp_path / "p2.png").save(tmp_path / "p4.jpg", quality=85)
    names[4] = "p4.jpg"
    found = inspect({"picture": names, "side": ["left", "right"] * 20}, "side", media_root=tmp_path)
    assert _rows(found, "duplicate") == [1, 2]
    assert _rows(found, "near duplicate") == [3, 5]
    assert _rows(found, "conflicting labels") == [1, 2]


def test_several_questions_about_one_picture_are_no_conflict(tmp_path):
    rng = np.random.default_rng(2)
    names = _pictures(tmp_path, rng)
    names[1] = names[0]
    questions = [f"is there anything like number {row} in it" for row in range(NUM_ROWS)]
    table = {"picture": names, "question": questions, "answer": ["yes", "no"] * 20}
    assert inspect(table, "answer", media_root=tmp_path).findings == []
    questions[1] = questions[0]
    found = inspect(table, "answer", media_root=tmp_path)
    assert _rows(found, "conflicting labels") == [1, 2]


def test_transcripts_that_nobody_could_speak_are_found(tmp_path):
    rng = np.random.default_rng(3)
    seconds = rng.uniform(0.5, 3.0, NUM_ROWS)
    texts = [
        " ".join(rng.choice(["lo", "ta", "mi", "ne"], round(4 * length))) + f" {row}"
        for row, length in enumerate(seconds)
    ]
    texts[6] = "a far longer sentence than anybody could say in the time that this sound takes"
    stated = [round(float(length), 2) for length in seconds]
    stated[9] = 14.0
    found = inspect(
        {"sound": _sounds(tmp_path, rng, seconds), "text": texts, "length": stated},
        "text",
        media_root=tmp_path,
    )
    assert _rows(found, "speech rate") == [7]
    assert _rows(found, "stated value") == [10]


def test_texts_that_are_none_are_found():
    rng = np.random.default_rng(4)
    words = ["cat", "dog", "runs", "sleeps", "green", "field", "the", "house", "over", "small"]
    texts = [" ".join(rng.choice(words, 8)) + f" number {row}" for row in range(60)]
    texts[3], texts[4], texts[5] = "N/A", "маленькая собака бежит через поле", "the cafÃ© is small"
    texts[7] = texts[6] + "."
    found = inspect(
        {"note": texts, "label": ["yes", "no"] * 28 + ["Yes", "no", "ye s", "no"]}, "label"
    )
    assert _rows(found, "placeholder") == [4]
    assert _rows(found, "wrong script") == [5]
    assert _rows(found, "wrong encoding") == [6]
    assert _rows(found, "near duplicate") == [7, 8]
    assert _rows(found, "spelling") == [57, 59]


def test_a_column_that_gives_away_the_target_is_found():
    rng = np.random.default_rng(5)
    label = rng.choice(["a", "b", "c"], 200)
    code = [{"a": 11, "b": 25, "c": 40}[one] + int(rng.integers(3)) for one in label]
    value = rng.normal(size=200)
    value[[10, 20]] = 4000.0
    found = inspect({"code": code, "value": value.tolist(), "label": label.tolist()}, "label")
    leaks = [one for one in found.findings if one.kind == "gives away the target"]
    assert [one.columns for one in leaks] == [("code", "label")]
    assert "--ignore code" in leaks[0].fix
    assert _rows(found, "outlier") == [11, 21]


def test_what_is_on_both_sides_of_a_split_is_found(tmp_path):
    rng = np.random.default_rng(6)
    names = _pictures(tmp_path, rng)
    table = {"picture": names[:30], "speaker": ["Ann", "Bo", "Cy"] * 10}
    val = {"picture": [names[4], *names[30:39]], "speaker": ["Di", "Ed"] * 4 + ["Bo", "Di"]}
    found = inspect(table, val=val, media_root=tmp_path)
    assert _rows(found, "on both sides") == [1]
    assert _rows(found, "speaker on both sides") == [9]
    assert {one.part for one in found.findings} == {"val"}


def test_an_inspection_that_was_stopped_goes_on(tmp_path, monkeypatch):
    from polymodal.questions.inspection import look

    rng = np.random.default_rng(7)
    names = _pictures(tmp_path, rng)
    count = 0
    measure = look._MEASURES["image"]

    def stopping(cell, root):
        nonlocal count
        count += 1
        if count == 25:
            raise KeyboardInterrupt
        return measure(cell, root)

    monkeypatch.setitem(look._MEASURES, "image", stopping)
    with pytest.raises(KeyboardInterrupt):
        inspect({"picture": names}, media_root=tmp_path)
    count = 1000
    inspect({"picture": names}, media_root=tmp_path)
    assert count - 1000 < NUM_ROWS - 8


def test_an_inspection_that_was_killed_goes_on(tmp_path, monkeypatch):
    from polymodal.questions.inspection import look

    rng = np.random.default_rng(7)
    pixels = rng.integers(0, 256, (200, 200, 3), dtype=np.uint8)
    for row in range(160):
        pixels[row % 200] = row % 256
        Image.fromarray(pixels).save(tmp_path / f"{row}.png", compress_level=0)
    names = [f"{row}.png" for row in range(160)]
    code = (
        "import json, sys; from polymodal.questions.inspection.run import inspect\n"
        f"inspect({{'picture': json.load(sys.stdin)}}, media_root={str(tmp_path)!r})"
    )
    kept = tmp_path / "cache" / "inspect"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        process.stdin.write(json.dumps(names))
        process.stdin.close()
        while process.poll() is None and not list(kept.glob("*.jsonl")):
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
        process.kill()
    done = sum(len(path.read_text().splitlines()) for path in kept.glob("*.jsonl"))
    assert done >= 64
    count, measure = [], look._MEASURES["image"]
    monkeypatch.setitem(
        look._MEASURES, "image", lambda cell, root: count.append(cell) or measure(cell, root)
    )
    inspect({"picture": names}, media_root=tmp_path)
    assert len(count) <= 160 - done + 1


def test_the_command_writes_page_rows_and_status(tmp_path):
    rng = np.random.default_rng(8)
    names = _pictures(tmp_path, rng)
    Image.new("RGB", (48, 48)).save(tmp_path / "p3.png")
    with open(tmp_path / "t.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["picture", "<b>"], *([name, row % 5] for row, name in enumerate(names))])
    done = in_process(
        "inspect",
        tmp_path / "t.csv",
        "--json",
        "--strict",
        "--out",
        tmp_path / "inspect.html",
        "--rows-out",
        tmp_path / "rows",
        check=False,
    )
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert [(one["kind"], one["rows"]) for one in found["findings"]] == [("constant", [4])]
    page = (tmp_path / "inspect.html").read_text()
    assert page.count("data:image/png") == 1
    assert "<b>" not in page
    (rows,) = (tmp_path / "rows").iterdir()
    assert list(csv.reader(rows.open()))[1] == ["4", "constant", "p3.png", "3"]
    assert "Look at each such row" in in_process("inspect", tmp_path / "t.csv").stdout


@pytest.mark.engine
def test_every_option_that_is_printed_is_understood(tmp_path):
    rng = np.random.default_rng(9)
    names, sounds = _pictures(tmp_path, rng), _sounds(tmp_path, rng, [1.0] * NUM_ROWS)
    _picture(rng).resize((48, 12)).save(tmp_path / "p7.png")
    samples, _ = soundfile.read(tmp_path / "s3.wav")
    soundfile.write(tmp_path / "s3.wav", samples, 16000)
    soundfile.write(tmp_path / "s5.wav", np.tile(samples, 20), 8000)
    notes = [f"a note about the number {row}, which is {row * row}" for row in range(NUM_ROWS)]
    table = {
        "my picture": names,
        "sound": sounds,
        "a.b": [*notes[:-1], "N/A"],
        "same": ["x"] * NUM_ROWS,
        "n": [*range(100, 100 + NUM_ROWS - 3), 9e6, 9e6, 9e6],
        "kind": [*["Big", "Small"] * 19, "big", "Small"],
        "label": ["yes", "no"] * 20,
    }
    from polymodal.training.run import choose

    found = inspect(table, "label", media_root=tmp_path)
    printed = [word for one in found.findings for word in _options(one.fix)]
    assert {"--ignore", "--set"} <= set(printed)
    assert "inputs.my picture.size=[48,48]" in printed
    pairs = list(itertools.pairwise(printed))
    given = override({"target": "label"}, [value for flag, value in pairs if flag == "--set"])
    ignored = [value for flag, value in pairs if flag == "--ignore"]
    rows = read(table, media_root=tmp_path)
    recipe, _, _, _ = choose({"train": rows, "val": rows}, given, ignored, "none", None)
    assert recipe.inputs["my picture"]["size"] == [48, 48]
    assert not {"same"} & set(recipe.inputs)


def _options(fix):
    words = shlex.split(fix.replace(";", " ").replace(",", ", ").replace(", 48]", ",48]"))
    for place, word in enumerate(words):
        if word.startswith("--"):
            yield word.strip(".")
            if word in ("--set", "--ignore", "--split-group"):
                yield words[place + 1]


def test_one_row_is_said_of_in_the_singular():
    notes = [f"a small note about the number {row}, which is {row * row}" for row in range(30)]
    notes[4] = "n/a"
    (found,) = [one for one in inspect({"note": notes}).findings if one.kind == "placeholder"]
    assert found.what == "1 of 30 rows holds a placeholder instead of a text."


def test_a_number_that_one_row_has_is_no_class_with_one_row():
    counts = [2, 3, 3, 4, 4, 4, 5, 5, 6] * 10 + [1, 9]
    table = {"width": [1.5 * row for row in range(92)], "count": counts}
    assert "class with one row" not in kinds(inspect(table, "count").findings)
    names = [f"size {count}" for count in counts]
    found = inspect({**table, "count": names}, "count")
    assert _rows(found, "class with one row") == [91, 92]


def test_a_rating_far_beyond_the_others_is_found():
    rng = np.random.default_rng(3)
    stars = [*rng.integers(1, 6, 80).tolist(), 1000]
    assert _rows(inspect({"stars": stars, "size": rng.normal(size=81).tolist()}), "outlier") == [81]


def test_an_unknown_target_is_refused():
    with pytest.raises(RecipeError, match=r'No column named "labl".* Did you mean "label"'):
        inspect({"label": ["a", "b"]}, "labl")


def test_answers_in_conversations_are_named_by_their_line(tmp_path):
    lines = []
    for line in range(8):
        pixels = np.random.default_rng(line).integers(0, 255, (16, 16, 3)).astype(np.uint8)
        if line == 4:
            pixels[:] = 80
        Image.fromarray(pixels).save(tmp_path / f"p{line}.png")
        shown = [{"type": "image", "image": f"p{line}.png"}, {"type": "text", "text": "what?"}]
        turns = [("user", shown), ("assistant", f"thing {line}"), ("user", "sure?")]
        turns.append(("assistant", f"yes, thing {line}"))
        lines.append({"messages": [{"role": role, "content": what} for role, what in turns]})
    text = "\n".join(map(json.dumps, lines))
    (tmp_path / "chats.jsonl").write_text(text, encoding="utf-8")
    arguments = ["--out", tmp_path / "page.html", "--rows-out", tmp_path / "rows"]
    done = in_process("inspect", tmp_path / "chats.jsonl", *arguments)
    assert "They are line 5, turn 1; line 5, turn 2." in done.stdout
    assert "line 5, turn 1" in (tmp_path / "page.html").read_text()
    rows = [list(csv.reader(path.open())) for path in (tmp_path / "rows").glob("*constant*")]
    assert [row[0] for row in rows[0]] == ["row", "line 5, turn 1", "line 5, turn 2"]
