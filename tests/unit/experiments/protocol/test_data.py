import gzip
import struct

import numpy as np
import pytest

from recollect.errors import DataFileError
from recollect.experiments.models.images import of_idx
from recollect.experiments.protocol import NO_DATA, DataFolder, read_idx, read_table


def idx(shape, kind=8):
    head = bytes((0, 0, kind, len(shape))) + struct.pack(f">{len(shape)}I", *shape)
    return head + bytes(range(int(np.prod(shape))))


@pytest.mark.parametrize("packed", [True, False])
def test_idx_files_are_arrays_of_their_shape(tmp_path, packed):
    path = tmp_path / ("images.gz" if packed else "images")
    content = idx((2, 3, 4))
    path.write_bytes(gzip.compress(content) if packed else content)
    assert np.array_equal(read_idx(path), np.arange(24, dtype=np.uint8).reshape(2, 3, 4))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (idx((2, 3))[:-1], "5 bytes do not fill"),
        (idx((2, 3)) + b"x", "7 bytes do not fill"),
        (idx((2, 3))[:6], "ends in its head"),
        (idx((2,), kind=13), "not an idx file"),
        (b"", "not an idx file"),
    ],
)
def test_a_damaged_idx_file_is_one_clear_line(tmp_path, content, says):
    path = tmp_path / "labels"
    path.write_bytes(content)
    with pytest.raises(DataFileError, match=says) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_cut_archive_is_one_clear_line(tmp_path):
    path = tmp_path / "labels.gz"
    path.write_bytes(gzip.compress(idx((40,)))[:-10])
    with pytest.raises(DataFileError, match="cannot be read"):
        read_idx(path)


def test_columns_are_read_by_name(tmp_path):
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress('﻿"who",score, lag\nann,1,0.5\n"b,o",2,NA\n\n'.encode()))
    table = read_table(path, {"lag": float, "who": str, "score": int})
    assert table["who"].tolist() == ["ann", "b,o"]
    assert table["score"].tolist() == [1, 2]
    assert table["lag"][0] == 0.5
    assert np.isnan(table["lag"][1])


def test_tabs_separate_columns_where_said(tmp_path):
    path = tmp_path / "table.tsv"
    path.write_text("a\tb\n1\t2\n")
    assert read_table(path, {"b": int}, delimiter="\t")["b"].tolist() == [2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,c\n1,2\n", "no column 'b'; there are: a, c"),
        ("", "no column 'b'; there are: none"),
        ("a,b\n1\n", "row 2: 1 columns, expected at least 2"),
        ("a,b\n1,2\n3,x\n", "row 3, column b: expected a number, found 'x'"),
    ],
)
def test_a_wrong_table_says_what_and_where(tmp_path, text, says):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(DataFileError, match=says):
        read_table(path, {"b": int})


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path):
    with pytest.raises(DataFileError, match="cannot be read"):
        read_table(tmp_path / "none.csv", {"b": int})


def test_a_data_set_is_a_folder(tmp_path):
    (tmp_path / "mnist").mkdir()
    data = DataFolder(tmp_path)
    assert data.has("mnist")
    assert data.folder("mnist") == tmp_path / "mnist"
    assert not data.has("words")
    with pytest.raises(DataFileError, match="words"):
        data.folder("words")
    assert not NO_DATA.has("mnist")
    with pytest.raises(DataFileError, match="--data"):
        NO_DATA.folder("mnist")


@pytest.mark.parametrize(
    ("content", "says"),
    [("a,b\n", "no rows"), (f"a,b\n{10**30},1\n", "expected a number|no number")],
)
def test_a_table_without_usable_numbers_is_one_clear_line(tmp_path, content, says):
    path = tmp_path / "words.csv"
    path.write_text(content)
    with pytest.raises(DataFileError, match=says) as caught:
        read_table(path, {"a": int, "b": float})
    assert str(path) in str(caught.value)


def test_labels_that_are_not_of_the_pictures_are_refused(tmp_path):
    for part in ("train", "t10k"):
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx((3, 2, 2))))
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx((2,))))
    with pytest.raises(DataFileError, match="3 pictures"):
        of_idx(tmp_path)
