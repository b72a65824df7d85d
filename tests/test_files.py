"""Files are written whole or not at all."""

import pytest

from ali_keras import InputError
from ali_keras import files


def test_content_takes_the_place_of_the_old(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with files.replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_old_content_survives_an_exception(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="half-way"):
        with files.replacing(path) as temporary:
            temporary.write_text("new")
            raise RuntimeError("half-way")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_old_content_survives_an_interruption(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        with files.replacing(path) as temporary:
            temporary.write_text("new")
            raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_temporary_file_keeps_suffixes_and_folder(tmp_path):
    with files.replacing(tmp_path / "epoch_1.weights.h5") as temporary:
        assert temporary.name.endswith(".weights.h5")
        assert temporary.parent == tmp_path
        temporary.touch()


def test_missing_folders_are_made(tmp_path):
    files.write_bytes(tmp_path / "a" / "b" / "file", b"content")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"content"


def test_a_place_below_a_file_is_refused_in_one_line(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("old")
    with pytest.raises(InputError, match="can be written") as caught:
        files.write_bytes(blocked / "inside", b"new")
    assert str(blocked / "inside") in str(caught.value)
    assert "\n" not in str(caught.value)
    assert blocked.read_text() == "old"


def test_a_folder_in_the_file_s_place_is_refused(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(InputError, match="can be written"):
        files.write_bytes(tmp_path / "taken", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_json_round_trip(tmp_path):
    value = {"b": [1, 2.5, None], "a": {"name": "x"}}
    files.write_json(tmp_path / "value.json", value)
    assert files.read_json(tmp_path / "value.json") == value
    text = (tmp_path / "value.json").read_text()
    assert text.startswith('{\n  "b": [') and text.endswith("}\n")


def test_a_value_that_json_lacks_leaves_the_old_file(tmp_path):
    files.write_json(tmp_path / "value.json", 1)
    with pytest.raises(TypeError):
        files.write_json(tmp_path / "value.json", {"x": object()})
    assert files.read_json(tmp_path / "value.json") == 1


def test_what_is_no_json_is_named_in_one_line(tmp_path):
    (tmp_path / "value.json").write_text('{"half": ')
    with pytest.raises(InputError, match=r"whole.*value\.json") as caught:
        files.read_json(tmp_path / "value.json")
    assert "\n" not in str(caught.value)


def test_temporary_files_of_a_kill_are_removed_and_no_others(tmp_path):
    left = [tmp_path / ".12.a.json", tmp_path / ".3.step_1.weights.h5"]
    others = [tmp_path / name for name in (".lock", ".a.json", "12.a", ".12")]
    for path in left + others:
        path.touch()
    (tmp_path / ".7.folder").mkdir()
    files.remove_temporary(tmp_path)
    assert set(tmp_path.iterdir()) == {*others, tmp_path / ".7.folder"}
    files.remove_temporary(tmp_path / "missing")


def test_what_is_half_written_can_be_abandoned(tmp_path):
    other = tmp_path / ".1.other"
    other.touch()
    with pytest.raises(InputError):
        with files.replacing(tmp_path / "half") as temporary:
            temporary.touch()
            files.abandon()
            assert not temporary.exists()
    assert list(tmp_path.iterdir()) == [other]
