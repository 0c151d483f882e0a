"""What files need beside the program is frozen: listed with its hash, unchanged, and described by a card."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import freeze_models  # noqa: E402


def test_the_index_lists_what_is_there():
    """A frozen file that changed would make files unreadable that name it."""
    assert freeze_models.frozen() == freeze_models.at_hand()


@pytest.mark.parametrize("entry", freeze_models.frozen(), ids=lambda entry: entry["name"])
def test_each_has_a_card_that_tells_its_hash(entry):
    path = freeze_models.MODELS / entry["file"]
    card = path.with_suffix(".md") if entry["kind"] == "predictor" else path.parent / "README.md"
    text = card.read_text(encoding="utf-8")
    assert entry["name"] in text
    assert entry["hash"] in text


def test_a_changed_file_is_not_listed_anew(tmp_path, capsys):
    folder = tmp_path / "models"
    shutil.copytree(freeze_models.MODELS, folder)
    index = (folder / freeze_models.INDEX).read_bytes()
    assert freeze_models.main(folder) == 0
    assert (folder / freeze_models.INDEX).read_bytes() == index
    path = folder / "sensors/pandar64.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["tick"] *= 2
    path.write_text(json.dumps(content), encoding="utf-8")
    assert freeze_models.main(folder) == 1
    assert "pandar64" in capsys.readouterr().err
    assert (folder / freeze_models.INDEX).read_bytes() == index
