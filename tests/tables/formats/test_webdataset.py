"""WebDataset: samples in tar files, media left where they are."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import tarfile

import pytest

from polymodal.core.errors import DataError
from polymodal.media.cells import open_cell
from polymodal.profile.columns import infer_inputs
from polymodal.tables.table import read

PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)


def write_tar(path, members):
    with tarfile.open(path, "w") as tar:
        for name, content in members:
            content = content if isinstance(content, bytes) else content.encode()
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def test_members_of_one_name_are_a_row(tmp_path):
    path = write_tar(
        tmp_path / "a.tar",
        [
            ("./x/1.png", PNG),
            ("x/1.cls", "3\n"),
            ("x/1.txt", "红色的圆"),
            ("x/2.jpg", b"\xff\xd8\xff" + bytes(9)),
            ("x/2.cls", "4"),
        ],
    )
    table = read(path)
    assert table.column_names == ["image", "cls", "txt"]
    assert list(table.values("cls")) == ["3", "4"]
    assert list(table.values("txt")) == ["红色的圆", None]
    cell = table.cell(0, "image")
    assert (cell["path"], cell["size"]) == ("a.tar", len(PNG))
    assert open_cell(cell, table.root)[0] == PNG
    assert [g.modality for g in infer_inputs(table, "cls")][:1] == ["image"]


def test_json_keys_are_columns(tmp_path):
    rows = [{"age": 3, "tags": ["a"]}, {"age": 2.5, "tags": [], "extra": {"x": 1}}]
    path = write_tar(
        tmp_path / "a.tar", [(f"{i}.json", json.dumps(row)) for i, row in enumerate(rows)]
    )
    table = read(path)
    assert list(table.values("age")) == [3.0, 2.5]
    assert list(table.values("tags")) == [["a"], []]
    assert list(table.values("extra")) == [None, {"x": 1}]


def test_two_endings_keep_two_pictures_apart(tmp_path):
    path = write_tar(tmp_path / "a.tar", [("1.left.png", PNG), ("1.right.png", PNG)])
    assert read(path).column_names == ["left.png", "right.png"]


def test_folders_and_patterns_join_tars(tmp_path):
    for i in range(3):
        write_tar(tmp_path / f"part-00{i}.tar", [("s.cls", str(i)), ("t.cls", "x")])
    assert list(read(tmp_path).values("cls")) == ["0", "x", "1", "x", "2", "x"]
    assert list(read(tmp_path / "part-{000..001}.tar").values("cls")) == ["0", "x", "1", "x"]
    assert list(read(tmp_path / "part-*2.tar").values("cls")) == ["2", "x"]
    assert len(read(tmp_path / "part-{0..0}00.tar")) == 2


def test_cells_point_into_the_right_tar(tmp_path):
    for i in range(2):
        write_tar(tmp_path / f"{i}.tar", [("s.png", PNG + bytes([i]))])
    table = read(tmp_path)
    assert [open_cell(cell, table.root)[0][-1] for cell in table.values("image")] == [0, 1]


def test_pattern_that_matches_nothing(tmp_path):
    with pytest.raises(DataError, match=r"matches no tar file\. Check the path and the pattern"):
        read(tmp_path / "part-{0..3}.tar")


def test_members_that_do_not_stand_side_by_side(tmp_path):
    path = write_tar(tmp_path / "a.tar", [("1.png", PNG), ("2.png", PNG), ("1.cls", "x")])
    with pytest.raises(DataError, match=r"are not next to each other\. Write the tar sorted"):
        read(path)


def test_two_values_for_one_column(tmp_path):
    path = write_tar(tmp_path / "a.tar", [("1.cls", "x"), ("1.json", '{"cls": "y"}')])
    with pytest.raises(DataError, match=r'has two values for "cls" in the sample of 1\.json'):
        read(path)


def test_mixed_types(tmp_path):
    path = write_tar(tmp_path / "a.tar", [("1.json", '{"a": 1}'), ("2.json", '{"a": "x"}')])
    with pytest.raises(DataError, match=r'column "a" has values of more than one type'):
        read(path)


def test_members_that_cannot_be_read(tmp_path):
    path = write_tar(tmp_path / "a.tar", [("1.json", "{")])
    with pytest.raises(DataError, match=r"has 1\.json, which is not valid JSON: .* Fix that"):
        read(path)
    path = write_tar(tmp_path / "a.tar", [("1.txt", b"\xff")])
    with pytest.raises(DataError, match=r"has 1\.txt, which is not UTF-8 text"):
        read(path)


def test_compressed_or_damaged_tar(tmp_path):
    plain = write_tar(tmp_path / "b.tar", [("1.cls", "x")]).read_bytes()
    (tmp_path / "a.tar").write_bytes(gzip.compress(plain))
    with pytest.raises(DataError, match=r"a\.tar is not a readable tar file: .*without compr"):
        read(tmp_path / "a.tar")


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:1024] + b"x" + content[1025:],
        lambda content: content[:1024],
        lambda content: content[:1124],
    ],
)
def test_rows_behind_a_damaged_header_are_not_lost_in_silence(tmp_path, damage):
    path = tmp_path / "a.tar"
    write_tar(path, [("1.cls", "a"), ("2.cls", "b"), ("3.cls", "c")])
    assert len(read(path)) == 3
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match="byte 1,024 starts neither a member nor the end"):
        read(path)


def test_sparse_members_are_refused(tmp_path):
    with open(tmp_path / "1.txt", "wb") as file:
        file.truncate(6 << 30)
    subprocess.run(["tar", "--sparse", "-cf", "a.tar", "1.txt"], cwd=tmp_path, check=True)
    with pytest.raises(
        DataError,
        match=r"a\.tar has 1\.txt as a sparse file\. Write the tar "
        r"again without --sparse\.",
    ):
        read(tmp_path / "a.tar")


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        (
            "1.txt",
            tarfile.REGTYPE,
            r"has 1\.txt, a text of 6,442,450,944 bytes\. Write texts of at",
        ),
        (
            "././@LongLink",
            tarfile.GNUTYPE_LONGNAME,
            r"a part of 6,442,450,944 bytes is not a header",
        ),
    ],
)
def test_sizes_that_a_header_states_fill_no_memory(tmp_path, name, kind, message):
    info = tarfile.TarInfo(name)
    info.size, info.type = 6 << 30, kind
    with open(tmp_path / "a.tar", "wb") as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT) + b"x" * 512)
        file.truncate(7 << 30)
    with pytest.raises(DataError, match=message):
        read(tmp_path / "a.tar")


def test_deep_json_member(tmp_path):
    path = write_tar(tmp_path / "a.tar", [("1.json", '{"a": ' + "[" * 100_000)])
    with pytest.raises(DataError, match=r"lists and objects are nested more than 32 levels deep"):
        read(path)


def test_pattern_of_too_many_tars(tmp_path):
    with pytest.raises(DataError, match=r"names more than 1,000,000 tar files\. Correct the"):
        read(tmp_path / "part-{0..99999999999}.tar")
