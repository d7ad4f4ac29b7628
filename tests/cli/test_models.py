"""The commands import, models and check."""

import json

import pytest

import oracles
from command_line import in_process

pytestmark = pytest.mark.engine


def test_a_checkpoint_is_imported_listed_and_checked(tmp_path, monkeypatch):
    source = tmp_path / "source"
    oracles.save(oracles.text_model("bert"), source)
    out = tmp_path / "models" / "tiny"
    done = in_process("import", source, "--out", out)
    assert "encodes text as vectors of 24 numbers" in done.stdout

    monkeypatch.setenv("POLYMODAL_MODELS", str(out.parent))
    found = json.loads(in_process("models", "--json").stdout)
    assert "bert" in found["families"]
    assert [one["family"] for one in found["imported"]] == ["bert"]
    assert "tiny" in in_process("models").stdout

    assert "Golden outputs are the same" in in_process("check", out).stdout
    (out / "MODEL_CARD.md").write_text("changed")
    done = in_process("check", out, check=False)
    assert done.returncode == 1
    assert "was changed after it was written" in done.stderr
