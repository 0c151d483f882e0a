import fsspec
import pytest

import lizip
from lizip.integrations.fsspec import register

CONTENT = b"point 1 2 3\n" * 100


@pytest.fixture(autouse=True)
def _registered():
    register()
    register()


def test_read_by_suffix(tmp_path):
    path = tmp_path / "scan.txt.lizip"
    path.write_bytes(lizip.compress(CONTENT))
    with fsspec.open(path, "rb", compression="infer") as file:
        assert file.read() == CONTENT
        file.seek(6)
        assert file.read(5) == b"1 2 3"
    with fsspec.open(path, "rt", compression="lizip") as file:
        assert file.readline() == "point 1 2 3\n"


def test_write(tmp_path):
    for place in (f"{tmp_path}/a.lizip", "memory://integrations/a.lizip"):
        with fsspec.open(place, "wb", compression="infer") as file:
            file.write(CONTENT[:100])
            file.write(CONTENT[100:])
        lizip.verify(place, against=CONTENT)
        with fsspec.open(place, "rb", compression="infer") as file:
            assert file.read() == CONTENT


def test_pandas(tmp_path):
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "table.csv.lizip"
    path.write_bytes(lizip.compress(b"x,y\n1,2\n3,4\n"))
    with fsspec.open(path, "rt", compression="infer") as file:
        assert pandas.read_csv(file)["y"].tolist() == [2, 4]
