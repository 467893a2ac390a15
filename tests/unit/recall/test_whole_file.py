import pytest

from recollect.errors import OutputError
from recollect.recall.files import whole_file


def test_the_file_appears_when_the_block_ends(tmp_path):
    target = tmp_path / "new" / "folder" / "result.csv"
    with whole_file(target) as part:
        part.write_text("done")
        assert part.suffix == ".csv"
        assert part.parent == target.parent
        assert not target.exists()
    assert target.read_text() == "done"
    assert list(target.parent.iterdir()) == [target]


def test_an_error_leaves_what_was_there(tmp_path):
    target = tmp_path / "result.csv"
    target.write_text("old")

    def fail():
        with whole_file(target) as part:
            part.write_text("half")
            raise KeyError("stop")

    with pytest.raises(KeyError):
        fail()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_place_that_cannot_be_written_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(OutputError, match=r"file/result\.csv: cannot be written") as caught,
        whole_file(tmp_path / "file" / "result.csv") as part,
    ):
        part.write_text("x")
    assert "\n" not in str(caught.value)
