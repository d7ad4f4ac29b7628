"""What the inferred recipe reaches on real tables, beside each input alone and a plain page.

    POLYMODAL_DATA=... python benchmarks/quality.py av_digits [--seeds 3] [--singles] [--page]
    POLYMODAL_DATA=... python benchmarks/quality.py speakers [--page]     # one speaker left out
    POLYMODAL_DATA=... python benchmarks/quality.py easy_vqa [--page]
    POLYMODAL_DATA=... python benchmarks/quality.py esc10                 # folds by recording
    POLYMODAL_DATA=... python benchmarks/quality.py mosi [--seeds 5]
    POLYMODAL_DATA=... python benchmarks/quality.py connected_digits [--page]   # word error rates
    POLYMODAL_DATA=... python benchmarks/quality.py voices [--page]  # one speaker left out

Each line is one run of `polymodal train` as a person would type it, timed from start to exit,
followed by `polymodal predict` on tables that training did not see. `--set` reaches the recipe.
"""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from bench import Bench, benched, parser
from scipy.stats import bootstrap

DATA = Path(os.environ.get("POLYMODAL_DATA", "data"))


def paired(ours: list[np.ndarray], theirs: list[np.ndarray]) -> str:
    """Returns the mean difference of two lists of right-or-wrong rows, with its 95 % interval."""
    gap = 100 * (np.mean(ours, axis=0) - np.mean(theirs, axis=0))
    if not gap.any():
        return "+0.0 [0.0, 0.0]"
    found = bootstrap((gap,), np.mean, rng=np.random.default_rng(0)).confidence_interval
    return f"{gap.mean():+.1f} [{found.low:+.1f}, {found.high:+.1f}]"


def percent(values: list[np.ndarray]) -> str:
    """Returns the scores of all seeds and their median."""
    scores = [100 * v.mean() for v in values]
    return f"{np.median(scores):5.1f}   ({', '.join(f'{s:.1f}' for s in scores)})"


def av_digits(bench: Bench) -> None:
    folder, seeds = DATA / "av_digits", range(bench.options.seeds)
    inputs = {"both": ["speaker"]}
    if bench.options.singles:
        inputs |= {"image": ["speaker", "audio"], "audio": ["speaker", "image"]}
    test: dict[str, list] = {name: [] for name in inputs}
    missing, seconds = [], []
    for seed in seeds:
        for name, ignored in inputs.items():
            run, took = bench.train(
                folder / "train.csv",
                "digit",
                seed,
                "--val",
                folder / "val.csv",
                *[f"--ignore={i}" for i in ignored],
            )
            test[name].append(bench.rights(run, folder / "test.csv", "digit"))
            line = f"seed {seed} {name:6} test {100 * test[name][-1].mean():5.1f}"
            if name == "both":
                missing.append(bench.rights(run, folder / "test_missing.csv", "digit"))
                seconds.append(took)
                line += f"  test_missing {100 * missing[-1].mean():5.1f}"
            print(f"{line}  {took:5.1f} s", flush=True)
    print(
        f"test          {percent(test['both'])}\ntest_missing  {percent(missing)}\n"
        f"seconds       {np.median(seconds):5.1f}"
    )
    for name in list(inputs)[1:]:
        print(
            f"{name:13} {percent(test[name])}; fused is {paired(test['both'], test[name])} better"
        )
    if bench.options.page:
        _beside_page(bench, "av_digits", test["both"])


def _beside_page(bench: Bench, name: str, ours: list[np.ndarray]) -> None:
    theirs, seconds = [], []
    for seed in range(len(ours)):
        printed, rights = bench.page_rights(name, seed)
        theirs.append(rights)
        seconds.append(printed["seconds"])
        print(f"page seed {seed}: {printed}", flush=True)
    print(
        f"page          {percent(theirs)}, {np.median(seconds):.1f} s; ours is "
        f"{paired(ours, theirs)} better"
    )


def speakers(bench: Bench) -> None:
    """Trains without one speaker and tests on all of that speaker's rows, speaker by speaker."""
    folder = DATA / "av_digits"
    root, ours, page = ("--media-root", folder), [], []
    for seed in range(bench.options.seeds):
        for speaker, train, test in _without_each_speaker(bench, folder):
            run, took = bench.train(train, "digit", seed, "--ignore=speaker", *root)
            ours.append(bench.rights(run, test, "digit", *root))
            line = f"seed {seed} without {speaker:10} {100 * ours[-1].mean():5.1f}  {took:5.1f} s"
            if bench.options.page:
                page.append(bench.page_rights("av_digits", seed, "--leave-out", speaker)[1])
                line += f"   page {100 * page[-1].mean():5.1f}"
            print(line, flush=True)
    print(f"mean of folds {100 * np.mean([o.mean() for o in ours]):5.1f}")
    if page:
        print(
            f"page          {100 * np.mean([o.mean() for o in page]):5.1f}; ours is "
            f"{paired([np.concatenate(ours)], [np.concatenate(page)])} better"
        )


def _without_each_speaker(bench: Bench, folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """Yields each speaker, a table of all other speakers' rows, and one of this speaker's."""
    rows = [row for name in ("train", "test") for row in _rows(folder / f"{name}.csv")]
    for speaker in sorted({row["speaker"] for row in rows}):
        train, test = (
            _write(
                bench.folder / f"{speaker}-{kind}.csv",
                [r for r in rows if (r["speaker"] == speaker) == (kind == "out")],
            )
            for kind in ("in", "out")
        )
        yield speaker, train, test


def easy_vqa(bench: Bench) -> None:
    folder, found = DATA / "easy_vqa", []
    for seed in range(bench.options.seeds):
        run, took = bench.train(folder / "train.csv", "answer", seed, "--val", folder / "val.csv")
        found.append(bench.rights(run, folder / "val.csv", "answer"))
        print(f"seed {seed}  val {100 * found[-1].mean():5.2f}  {took:5.1f} s", flush=True)
    print(f"val           {percent(found)}")
    if bench.options.page:
        _beside_page(bench, "easy_vqa", found)


def esc10(bench: Bench) -> None:
    """Four folds by recording, stratified; each clip is scored by a model that never met it."""
    from sklearn.model_selection import StratifiedGroupKFold

    folder, means = DATA / "esc10", []
    rows = _rows(folder / "train.csv")
    recordings = [Path(row["audio"]).name.split("-")[1] for row in rows]
    for seed in range(bench.options.seeds):
        folds = StratifiedGroupKFold(4, shuffle=True, random_state=seed)
        rights = np.zeros(len(rows))
        start = time.perf_counter()
        for part in folds.split(rows, [row["sound"] for row in rows], recordings):
            train, test = (
                _write(bench.folder / f"{kind}.csv", [rows[i] for i in indices])
                for kind, indices in zip(("in", "out"), part, strict=True)
            )
            root = ("--media-root", folder)
            run, _ = bench.train(train, "sound", seed, "--ignore=fold", *root)
            rights[part[1]] = bench.rights(run, test, "sound", *root)
            print(f"seed {seed}  fold {100 * rights[part[1]].mean():5.1f}", flush=True)
        means.append(rights)
        print(
            f"seed {seed}  all  {100 * rights.mean():5.1f}  {time.perf_counter() - start:5.1f} s",
            flush=True,
        )
    print(f"esc10         {percent(means)}")


def mosi(bench: Bench) -> None:
    """Utterances of a video, in order, from their vectors; and from their words alone."""
    folder, seeds = DATA / "mosi", range(bench.options.seeds)
    steps = ("--group=video", "--order=position")
    words = [f"--ignore={kind}_features" for kind in ("text", "audio", "video")]
    words += ["--split=none", f"--test={folder / 'val.parquet'}"]  # few words: every video counts
    for name, flags, metric in (
        ("vectors", ["--ignore=transcript"], "accuracy"),
        ("transcript", words, "f1_macro"),
    ):
        found = []
        for seed in seeds:
            run, took = bench.train(folder / "train.parquet", "sentiment", seed, *steps, *flags)
            found.append(bench.evaluate(run, folder / "val.parquet"))
            print(
                f"{name} seed {seed}  {metric} {100 * found[-1]['metrics'][metric]:5.1f} "
                f"{[round(100 * v, 1) for v in found[-1]['intervals'][metric] or ()]}  "
                f"{took:5.1f} s",
                flush=True,
            )
        print(f"{name:13} {100 * np.mean([f['metrics'][metric] for f in found]):5.1f}")


def connected_digits(bench: Bench) -> None:
    """Word error rates of recordings by speakers that train has."""
    folder = DATA / "connected_digits"
    found: dict[str, list[tuple[float, float]]] = {"ours": [], "page": []}
    for seed in range(bench.options.seeds):
        run, took = bench.train(
            folder / "train.csv", "transcript", seed, "--val", folder / "val.csv"
        )
        found["ours"].append(
            (100 * bench.evaluate(run, folder / "test.csv")["metrics"]["wer"], took)
        )
        if bench.options.page:
            printed = bench.page("connected_digits", seed)
            found["page"].append((printed["wer"], printed["seconds"]))
        for name, runs in found.items():
            if runs:
                print(
                    f"seed {seed} {name}  wer {runs[-1][0]:5.2f}  {runs[-1][1]:5.1f} s", flush=True
                )
    for name, runs in found.items():
        if runs:
            print(
                f"{name}  wer {np.median([r[0] for r in runs]):5.2f}  "
                f"{np.median([r[1] for r in runs]):5.1f} s"
            )


def voices(bench: Bench) -> None:
    """Trains without one speaker's recordings and writes down all of them, speaker by speaker."""
    folder = DATA / "connected_digits"
    root, ours, page = ("--media-root", folder), [], []
    for seed in range(bench.options.seeds):
        for speaker, train, test in _without_each_speaker(bench, folder):
            run, took = bench.train(train, "transcript", seed, *root)
            ours.append(100 * bench.evaluate(run, test, *root)["metrics"]["wer"])
            likeliest = bench.evaluate(run, test, "--language-model", "none", *root)
            line = (
                f"seed {seed} without {speaker:10} wer {ours[-1]:5.2f}  (likeliest symbols "
                f"{100 * likeliest['metrics']['wer']:5.2f})  {took:5.1f} s"
            )
            if bench.options.page:
                printed = bench.page("connected_digits", seed, "--leave-out", speaker)
                page.append(printed["wer"])
                line += f"   page {page[-1]:5.2f}  {printed['seconds']:5.1f} s"
            print(line, flush=True)
    print(f"mean of folds  wer {np.mean(ours):5.2f}")
    if page:
        print(f"page           wer {np.mean(page):5.2f}")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def _write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def main() -> None:
    takes = parser(__doc__, seeds=3)
    benches = (av_digits, speakers, easy_vqa, esc10, mosi, connected_digits, voices)
    takes.add_argument("bench", choices=[b.__name__ for b in benches])
    takes.add_argument("--singles", action="store_true", help="also each input alone")
    takes.add_argument("--page", action="store_true", help="also the plain page")
    options = takes.parse_args()
    with benched(options) as bench:
        {b.__name__: b for b in benches}[options.bench](bench)


if __name__ == "__main__":
    main()
