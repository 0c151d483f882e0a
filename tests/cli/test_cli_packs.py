from __future__ import annotations

import json
import os

import lizip


def test_pack_list_append_unpack(lizip_command, tree, tmp_path, content):
    pack, back = tmp_path / "x.lizips", tmp_path / "back"
    (tree / "1532402927647951.bin").write_bytes(b"t" * 500)
    assert lizip_command("pack", tree, "-o", pack, "-T", 2).status == 0
    listed = [json.loads(line) for line in lizip_command("ls", "--json", pack).out.splitlines()]
    assert [each["name"] for each in listed] == list(content(tree))
    assert [each["time"] for each in listed] == [1532402927647951000, None, None, None]
    assert b"one/b.bin" in lizip_command("ls", pack).out
    (tree / "new.txt").write_bytes(b"new")
    done = lizip_command("append", pack, tree)
    assert done.status == 0
    assert done.lines[-1].startswith("1 file packed")
    assert done.lines[-1].endswith("4 done already")
    assert lizip_command("verify", pack).status == 0
    assert lizip_command("unpack", pack, "-o", back).status == 0
    assert content(back) == content(tree)
    assert lizip_command("unpack", pack, "-o", back, "-T", 2).lines == ["nothing to do: 5 files done already"]
    (back / "a.bin").write_bytes(b"changed")
    done = lizip_command("unpack", pack, "a.bin", "new.txt", "-o", back)
    assert done.status == 1
    assert done.lines[0].startswith(f"lizip: {back}/a.bin: exists already and is not what is in the pack")
    assert lizip_command("unpack", "-f", pack, "a.bin", "-o", back).status == 0
    assert content(back) == content(tree)
    assert lizip_command("unpack", pack, "nothing", "-o", back).status == 2


def test_packs_of_lizip_files(lizip_command, tree, tmp_path, content):
    lizip_command("compress", "-r", "--rm", tree)
    before = content(tree)
    assert lizip_command("pack", tree, "-o", tmp_path / "x.lizips").status == 0
    assert lizip_command("unpack", "--packed", tmp_path / "x.lizips", "-o", tmp_path / "back").status == 0
    assert content(tmp_path / "back") == before


def test_bad_files_cost_themselves(lizip_command, tree, tmp_path):
    (tree / "gone.bin").symlink_to("nowhere")
    done = lizip_command("pack", "-f", tree, "-o", tmp_path / "x.lizips")
    assert done.status == 1
    assert done.lines[0] == f"lizip: {tree}/gone.bin: the link leads nowhere"
    assert len(lizip.PackReader(tmp_path / "x.lizips")) == 3


def test_another_content_of_that_name(lizip_command, tree, tmp_path):
    pack = tmp_path / "x.lizips"
    lizip_command("pack", tree, "-o", pack)
    assert "exists already" in lizip_command("pack", tree, "-o", pack).err
    (tree / "a.bin").write_bytes(b"changed")
    done = lizip_command("append", pack, tree)
    assert done.status == 1
    assert done.lines[0] == f"lizip: {tree}/a.bin: another a.bin is in the pack already"


def test_a_pack_inside_its_own_tree(lizip_command, tree):
    assert lizip_command("pack", tree, "-o", tree / "x.lizips").status == 0
    assert lizip_command("append", tree / "x.lizips", tree).lines == ["nothing to do: 3 files done already"]
    assert lizip_command("compress", "-r", tree).status == 0
    assert not (tree / "x.lizips.lizip").exists()
    assert lizip_command("verify", "-r", tree).lines[-1].startswith("4 files verified")


def test_names_that_lead_out(lizip_command, tmp_path):
    with lizip.PackWriter(tmp_path / "x.lizips") as pack:
        for name in ("../out", "/tmp/out", "a/../../out", "a//b", "in"):
            pack.add(name, b"x", codec="opaque")
    done = lizip_command("unpack", tmp_path / "x.lizips", "-o", tmp_path / "back")
    assert done.status == 1
    assert sum("leads out of the folder" in line for line in done.lines) == 4
    assert os.listdir(tmp_path / "back") == ["in"]
    assert sorted(os.listdir(tmp_path)) == ["back", "x.lizips"]


def test_damage(lizip_command, tree, tmp_path):
    path = tmp_path / "x.lizips"
    lizip_command("pack", tree, "-o", path)
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    assert lizip_command("verify", path).status == 3
    done = lizip_command("unpack", path, "-o", tmp_path / "back")
    assert done.status == 3
    assert len(os.listdir(tmp_path / "back")) == 1, "the folder of the others"
    path.write_bytes(b"nothing")
    assert lizip_command("ls", path).lines == [f"lizip: {path}: not a pack (.lizips)"]


def test_verbs_for_single_files_say_what_a_pack_is(lizip_command, tree, tmp_path):
    lizip_command("pack", tree, "-o", tmp_path / "x.lizips")
    for arguments in (["info"], ["decompress", "-o", tmp_path / "y"]):
        done = lizip_command(*arguments, tmp_path / "x.lizips")
        assert done.status == 1
        assert "is a pack; lizip ls lists it" in done.lines[0]
