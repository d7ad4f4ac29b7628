"""Mutated tables: each is read, or refused with a message, quickly and in bounded memory."""

from __future__ import annotations

import io
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tarfile
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from polymodal.core.errors import PolymodalError
from polymodal.profile.columns import judge_columns
from polymodal.tables.table import read

SEED, MUTANTS = 20250301, 20_000
MEMORY_BYTES, SECONDS = 1 << 30, 10  # memory: above what is mapped at the start
ROWS = [
    {
        "image": f"im/{i}.png",
        "note": f'he said "{i}", twice',
        "v": [i, 0.5],
        "n": i / 3,
        "label": "ab"[i % 2],
    }
    for i in range(12)
]
INSERTS = (
    b"\x00",
    b'"',
    b"'",
    b'\\"',
    b"\n",
    b",",
    b";",
    b"\t",
    b"[" * 60,
    b"{" * 3000,
    b"\xff",
    b"\xef\xbb\xbf",
    b"9" * 400,
    b"1e999",
    b"NaN",
    b"null",
    b"-",
    b"}",
    b"]",
    b"\r",
    b"=1+1",
    "\u2028".encode(),
    b"sep=;\n",
    b'{"a": 1}',
    b"../../up",
    b"a" * 70_000,
)
SIGNS = b'",;:|[]{}\\\n\t 0123456789abe.-#/'


def text_cells(row):
    return {
        name: json.dumps(cell) if isinstance(cell, list) else str(cell)
        for name, cell in row.items()
    }


def delimited(mark, quote_all=False):
    names, lines = list(ROWS[0]), []
    for row in [dict(zip(names, names, strict=True)), *ROWS]:
        cells = [cell.replace('"', '""') for cell in text_cells(row).values()]
        lines.append(
            mark.join(
                f'"{cell}"' if quote_all or '"' in cell or mark in cell else cell for cell in cells
            )
        )
    return "\n".join(lines).encode()


def in_parquet():
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), content, row_group_size=5)
    return content.getvalue()


def in_arrow():
    table = pa.Table.from_pylist([{**row, "label": i % 2} for i, row in enumerate(ROWS)])
    with pa.BufferOutputStream() as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def in_tar():
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as file:
        for i, row in enumerate(ROWS[:5]):
            for ending, member in (
                ("png", b"\x89PNG\r\n\x1a\n" + bytes(40)),
                ("cls", b"a"),
                ("json", json.dumps({"n": row["n"], "v": row["v"]}).encode()),
            ):
                info = tarfile.TarInfo(f"{i}.{ending}")
                info.size = len(member)
                file.addfile(info, io.BytesIO(member))
    return content.getvalue()


def files():
    """Returns {path: content} of a table in every format."""
    lines = "\n".join(map(json.dumps, ROWS)).encode()
    coco = {
        "info": {"v": 1},
        "images": [{"id": i, "file_name": f"{i}.png"} for i in range(5)],
        "annotations": [{"id": i, "image_id": i, "caption": f"a {i}"} for i in range(5)],
    }
    karpathy = {
        "images": [
            {"filename": f"{i}.png", "split": "train", "sentences": [{"raw": f"a {i}"}]}
            for i in range(5)
        ]
    }
    llava = [
        {
            "id": i,
            "image": f"{i}.png",
            "conversations": [
                {"from": "human", "value": "<image>\nWhat?"},
                {"from": "gpt", "value": "It."},
            ],
        }
        for i in range(5)
    ]
    metadata = "\n".join(json.dumps({"file_name": f"{i}.png", "y": i % 2}) for i in range(5))
    return {
        "a.csv": delimited(","),
        "q.csv": delimited(",", quote_all=True),
        "b.csv": delimited(";").replace(b'""', b'\\"'),
        "a.tsv": delimited("\t"),
        "a.jsonl": lines,
        "a.json": json.dumps(ROWS).encode(),
        "a.parquet": in_parquet(),
        "a.tar": in_tar(),
        "captions_a.json": json.dumps(coco).encode(),
        "dataset_a.json": json.dumps(karpathy).encode(),
        "llava.json": json.dumps(llava).encode(),
        "folder/train/metadata.jsonl": metadata.encode(),
        "saved/state.json": b'{"_data_files": [{"filename": "a.arrow"}]}',
        "saved/dataset_info.json": (
            b'{"features": {"label": {"names": ["a", "b"], "_type": "ClassLabel"}}}'
        ),
        "saved/a.arrow": in_arrow(),
        "kaldi/wav.scp": b"u1 a.wav\nu2 b.wav\n",
        "kaldi/text": b"u1 one\nu2 two\n",
        "flickr.token": b"0.png#0\ta cat\n1.png#0\ta dog\n",
    }


def mutated(content: bytes, rng: random.Random) -> bytes:
    found = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        at = rng.randrange(len(found) + 1)
        choice = rng.randrange(6)
        if choice == 0:
            found[at : at + rng.randrange(1, 40)] = b""
        elif choice == 1:
            found[at:at] = rng.choice(INSERTS)
        elif choice == 2:
            found[at : at + 1] = bytes([rng.choice(SIGNS)])
        elif choice == 3:
            found[at:at] = found[rng.randrange(len(found) + 1) :][: rng.randrange(200)]
        elif choice == 4 and rng.random() < 0.5:
            del found[at:]
        elif rng.random() < 0.3:  # seldom, as most of it is no UTF-8
            found[at : at + 4] = rng.randbytes(4)
    return bytes(found)


def look(path: Path) -> str:
    """Returns "rows" or "refused" for a table that is read and looked at as `train` does."""
    try:
        table = read(path)
        for row in range(min(len(table), 3)):
            table.row(row)
        judge_columns(table)
        return "rows" if table.fingerprint else "empty"
    except PolymodalError as error:
        return "refused" if str(error).strip() else "refused without a word"


def campaign(folder: Path, first: int) -> None:
    """Looks at one mutant after the other; the last line says which, should the process die."""

    def late(*_):
        raise TimeoutError(f"more than {SECONDS} s")

    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY_BYTES,) * 2)
    signal.signal(signal.SIGALRM, late)
    originals = files()
    for path, content in originals.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    for i in range(10):
        (folder / f"{i}.png").write_bytes(b"\x89PNG")
        (folder / "folder" / "train" / f"{i}.png").write_bytes(b"\x89PNG")
    for name in ("a.wav", "b.wav"):
        (folder / "kaldi" / name).write_bytes(b"RIFF")
    for number in range(first, MUTANTS):
        rng = random.Random(SEED + number)
        name = sorted(originals)[number % len(originals)]
        path = folder / name
        path.write_bytes(mutated(originals[name], rng))
        print(number, name, end=" ", flush=True)
        signal.alarm(SECONDS)
        try:
            outcome = look(folder / name.split("/")[0])
        except BaseException as error:
            outcome = f"uncaught {type(error).__name__}: {str(error)[:200]!r}"
        signal.alarm(0)
        print(outcome, flush=True)
        path.write_bytes(originals[name])
    os._exit(0)


def test_the_files_themselves_are_read(tmp_path):
    for path, content in files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
        for i in range(10):
            (tmp_path / path).parent.joinpath(f"{i}.png").write_bytes(b"\x89PNG")
        for name in ("a.wav", "b.wav"):
            (tmp_path / path).parent.joinpath(name).write_bytes(b"RIFF")
    for path in {path.split("/")[0] for path in files()}:
        assert look(tmp_path / path) == "rows"


@pytest.mark.slow
def test_mutants_are_rows_or_messages(tmp_path):
    counts: Counter[str] = Counter()
    uncaught, first, started = [], 0, time.monotonic()
    environment = {**os.environ, "TMPDIR": str(tmp_path), "POLYMODAL_DEBUG": ""}
    while first < MUTANTS:
        done = subprocess.run(
            [sys.executable, __file__, str(tmp_path / "t"), str(first)],
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
            check=False,
        )
        lines = done.stdout.splitlines()
        for line in lines:
            number, name, *outcome = line.split(maxsplit=2)
            outcome = outcome[0] if outcome else f"died with status {done.returncode}"
            counts[outcome.split()[0]] += 1
            if outcome not in ("rows", "refused"):
                uncaught.append(f"{number} {name} {outcome}")
            first = int(number) + 1
        if not lines:
            pytest.fail(done.stderr[-2000:])
    print(f"{MUTANTS} mutated tables in {time.monotonic() - started:.0f} s: {dict(counts)}")
    assert not uncaught, "\n".join(uncaught[:20])


if __name__ == "__main__":
    campaign(Path(sys.argv[1]), int(sys.argv[2]))
