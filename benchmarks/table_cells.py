"""How fast tables are read and cells fetched, and what memory a row takes.

Run: python benchmarks/table_cells.py [rows]. It prints seconds to read a CSV file, microseconds a
cell, and the anonymous memory (Linux) that a row of the table and of a shuffled selection takes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from polymodal.tables.table import read


def anonymous_bytes() -> int:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Anonymous"))


def write_csv(path: Path, num_rows: int) -> Path:
    with open(path, "w") as file:
        file.write("image,text,label\n")
        file.writelines(
            f'image/{i:08d}.png,"some text, of row {i}",class {i % 10}\n' for i in range(num_rows)
        )
    return path


def main(num_rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        read(write_csv(Path(folder) / "warm.csv", 1000)).cell(0, "text")
        path = write_csv(Path(folder) / "rows.csv", num_rows)
        before, start = anonymous_bytes(), time.perf_counter()
        table = read(path)
        print(f"read {num_rows:,} rows in {time.perf_counter() - start:.2f} s")
        after = anonymous_bytes()
        rows = np.random.default_rng(0).permutation(num_rows)
        start = time.perf_counter()
        for row in rows[:100_000].tolist():
            table.cell(row, "text")
        print(f"cell: {(time.perf_counter() - start) * 1e6 / min(num_rows, 100_000):.2f} us")
        print(f"table: {(after - before) / num_rows:.1f} bytes of memory a row")
        part = table.select(rows)
        num_bytes = 0 if part.row_ids is None else part.row_ids.nbytes
        print(f"selection: {num_bytes / num_rows:.1f} bytes of memory a row")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
