"""What an archive needs beside the program is named by `verify`, and can be taken along and read from there."""

from __future__ import annotations

import json
import shutil

import pytest

import lizip
from lizip import models_export, resources, simulator
from lizip.codecs.sweep import weights as predictors
from lizip.errors import ModelMissingError, StorageError
from lizip.sensor.stages import profile as profiles


@pytest.fixture
def nothing_kept():
    """Profiles are read anew, before and after."""
    profiles.installed.cache_clear()
    yield
    profiles.installed.cache_clear()


def without_shipped(monkeypatch, folder) -> None:
    """A lizip that brings no models."""
    for module in (resources, predictors, profiles):
        monkeypatch.setattr(module, "models_folder", lambda: folder)
    profiles.installed.cache_clear()


def test_an_archive_is_read_with_what_was_exported_alone(tmp_path, monkeypatch, nothing_kept):
    monkeypatch.delenv("LIZIP_MODELS", raising=False)
    data = simulator.nuscenes(1, firings=200)
    packed = lizip.compress(data)
    with resources.noting() as needed:
        lizip.decompress(packed)
    assert {each.kind for each in needed} == {"predictor", "profile"}
    exported = models_export.export(tmp_path / "models")
    assert set(needed) <= set(exported)
    without_shipped(monkeypatch, tmp_path / "gone")
    with pytest.raises(ModelMissingError):
        lizip.decompress(packed)
    monkeypatch.setenv("LIZIP_MODELS", str(tmp_path / "models"))
    assert lizip.decompress(packed) == data


def test_a_profile_of_another_version_is_found_by_its_hash(tmp_path, monkeypatch, nothing_kept):
    """The one that ships has changed since; the old one lies in a folder."""
    data = simulator.nuscenes(1, firings=200)
    packed = lizip.compress(data)
    models_export.export(tmp_path / "old")
    shutil.copytree(resources.models_folder(), tmp_path / "new")
    path = tmp_path / "new/sensors/hdl32e-nuscenes.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["tick"] *= 2
    path.write_text(json.dumps(content), encoding="utf-8")
    without_shipped(monkeypatch, tmp_path / "new")
    monkeypatch.delenv("LIZIP_MODELS", raising=False)
    with pytest.raises(ModelMissingError, match="LIZIP_MODELS"):
        lizip.decompress(packed)
    monkeypatch.setenv("LIZIP_MODELS", str(tmp_path / "old"))
    assert lizip.decompress(packed) == data


def test_exporting_again_and_over_something_else(tmp_path):
    exported = models_export.export(tmp_path)
    listed = json.loads((tmp_path / resources.INDEX).read_text(encoding="utf-8"))
    assert [(each["kind"], each["name"], each["hash"]) for each in listed] == [tuple(each) for each in exported]
    assert models_export.export(tmp_path) == exported
    (tmp_path / listed[0]["file"]).write_bytes(b"mine")
    with pytest.raises(StorageError, match="another file of this name"):
        models_export.export(tmp_path)
    assert (tmp_path / listed[0]["file"]).read_bytes() == b"mine"
    with pytest.raises(StorageError, match="local folder"):
        models_export.export("s3://bucket/models")


def test_two_of_one_name_are_refused(tmp_path, monkeypatch):
    monkeypatch.delenv("LIZIP_MODELS", raising=False)
    models_export.export(tmp_path / "one")
    profile = tmp_path / "one/pandar64.json"
    profile.write_text(profile.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    monkeypatch.setenv("LIZIP_MODELS", str(tmp_path / "one"))
    with pytest.raises(StorageError, match=r"another pandar64\.json"):
        models_export.export(tmp_path / "two")
    assert not (tmp_path / "two").exists()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"quanta": 3}', '{"quanta": {}, "beams": [{}]}', "\udcff"])
def test_a_file_that_is_no_profile(tmp_path, content):
    path = tmp_path / "mine.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ModelMissingError, match="cannot be used as a sensor profile"):
        profiles.read_profile(path)
