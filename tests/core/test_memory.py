import pytest

from polymodal.core import memory


def test_some_memory_is_found_and_no_more_than_a_container_has(monkeypatch, tmp_path):
    memory.memory_bytes.cache_clear()
    (tmp_path / "max").write_text("123456\n")
    (tmp_path / "none").write_text("max\n")
    monkeypatch.setattr(memory, "_CGROUPS", [tmp_path / "max", tmp_path / "none", tmp_path / "no"])
    assert memory.memory_bytes() == 123456
    memory.memory_bytes.cache_clear()
    monkeypatch.setattr(memory, "_CGROUPS", [])
    assert memory.memory_bytes() > 2**28
    memory.memory_bytes.cache_clear()


@pytest.mark.parametrize(("count", "said"), [(16 * 10**18, "16,000,000,000 GB"), (10**9, "1 GB")])
def test_bytes_are_said_as_people_do(count, said):
    assert memory.gigabytes(count) == said
