"""Files in formats that are not read, and how to convert each."""

from __future__ import annotations

from pathlib import Path

from polymodal.core.errors import DataError

_SHEET = "Save it as CSV in UTF-8, one file per sheet."
_ROWS = (
    "pyarrow.parquet.write_table(pyarrow.table({{c: [getattr(x, 'tolist', lambda: x)() "
    "for x in d[c]] for c in d}}), 'table.parquet'), for each split on its own."
)
_PICKLE = (
    "is a pickle, which could run any program.",
    "Write the table as Parquet. Of a file that you trust, in Python: "
    f"d = pickle.load(open('{{name}}', 'rb')), then {_ROWS}",
)
_SAVED_BY_TORCH = (
    "is a pickle of PyTorch, which could run any program.",
    "Write the table as Parquet. Of a file that you trust, in Python: "
    f"d = torch.load('{{name}}', weights_only=True), then {_ROWS}",
)
_ENDINGS = {
    **dict.fromkeys(
        (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers"), ("is a spreadsheet.", _SHEET)
    ),
    **dict.fromkeys((".gz", ".tgz"), ("is compressed.", "Unpack it first: gunzip -k {name}")),
    ".bz2": ("is compressed.", "Unpack it first: bunzip2 -k {name}"),
    ".xz": ("is compressed.", "Unpack it first: unxz -k {name}"),
    ".zst": ("is compressed.", "Unpack it first: unzstd {name}"),
    ".zip": ("is an archive.", "Unpack it first: unzip {name}"),
    ".7z": ("is an archive.", "Unpack it first."),
    ".rar": ("is an archive.", "Unpack it first."),
    **dict.fromkeys(
        (".arrow", ".feather", ".ipc"),
        (
            "is a table of Arrow.",
            "Write it as Parquet, such as with pandas: read_feather(...).to_parquet(...)",
        ),
    ),
    **dict.fromkeys((".pkl", ".pickle", ".pck", ".pk", ".p", ".joblib"), _PICKLE),
    **dict.fromkeys((".pt", ".pth"), _SAVED_BY_TORCH),
    **dict.fromkeys(
        (
            ".npz",
            ".npy",
            ".h5",
            ".hdf5",
            ".mat",
            ".db",
            ".sqlite",
            ".sas7bdat",
            ".dta",
            ".sav",
            ".orc",
            ".avro",
        ),
        ("is not a supported format.", "Write the table as Parquet or CSV."),
    ),
}
_STARTS = (
    (b"PK\x03\x04", ("is a spreadsheet or an archive under another name.", _SHEET)),
    (b"\xd0\xcf\x11\xe0", ("is a spreadsheet under another name.", _SHEET)),
    (b"\x1f\x8b", ("is compressed.", "Unpack it first: gunzip < {name} > unpacked")),
    (b"BZh", ("is compressed.", "Unpack it first: bunzip2 < {name} > unpacked")),
    (b"\xfd7zXZ\x00", ("is compressed.", "Unpack it first: unxz < {name} > unpacked")),
    (b"\x28\xb5\x2f\xfd", ("is compressed.", "Unpack it first: unzstd < {name} > unpacked")),
    (b"PAR1", ("is a Parquet file under another name.", "Rename it to end in .parquet.")),
    (b"ARROW1", ("is a table of Arrow under another name.", "Write it as Parquet.")),
    *((bytes([0x80, protocol]), _PICKLE) for protocol in range(2, 6)),
    (b"(dp0\n", _PICKLE),
    (b"(lp0\n", _PICKLE),
    (b"%PDF", ("is a PDF.", "Write the table as CSV.")),
    (b"{\\rtf", ("is a word processor document.", "Save it as plain text in UTF-8.")),
)


def check_ending(path: Path) -> None:
    """Raises DataError for a file whose ending names another format, with the way to a table."""
    if path.suffix.lower() in _ENDINGS:
        raise _error(path, *_ENDINGS[path.suffix.lower()])


def check_start(path: Path) -> None:
    """Raises DataError for a file that should be text, or has an ending that no format has, and
    starts as another format does."""
    with open(path, "rb") as file:
        start = file.read(8)
    for magic, (problem, fix) in _STARTS:
        if start.startswith(magic):
            raise _error(path, problem, fix)


def _error(path: Path, problem: str, fix: str) -> DataError:
    return DataError(problem, fix.format(name=path.name), path=path.name, reason="unknown_format")
