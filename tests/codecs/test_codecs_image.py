"""Range images and other planes of whole numbers: what comes back, how small, and what damage does."""

import io

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import lizip
from lizip import container
from lizip.codecs.image import CODEC, HEADER
from lizip.errors import CorruptError, LizipError, ModelMissingError
from lizip.simulator import os_sensor


def measured(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Ranges and intensities (H, W) of a simulated sensor."""
    seen = os_sensor.sweep(seed, rings=128, columns=1024, span=0.15, tick=0.004)
    return seen.ranges.T.astype(np.uint32), seen.intensity.T.astype(np.uint16)


@pytest.fixture(scope="module")
def image():
    return measured()


def planes():
    """Up to three planes of one shape, of any integer type, with numbers up to 24 bits."""
    kinds = st.sampled_from(["u1", "u2", "u4", "i4", "u8", "i8"])
    numbers = {1: st.integers(0, 255), 2: st.integers(0, 65535)}

    def plane(shape, kind):
        elements = numbers.get(int(kind[1]), st.integers(0, (1 << 24) - 1))
        return arrays.arrays(np.dtype("<" + kind), shape, elements=elements)

    shapes = st.tuples(st.integers(1, 9), st.integers(1, 9))
    return shapes.flatmap(
        lambda shape: st.lists(kinds, min_size=1, max_size=3).flatmap(
            lambda chosen: st.tuples(*(plane(shape, kind) for kind in chosen))
        )
    )


@given(planes(), st.sampled_from(["fast", "default"]))
@example((np.zeros((3, 4), "u1"), np.zeros((3, 4), "u2"), np.zeros((3, 4), "u1")), "default")
@settings(max_examples=40)
def test_planes_come_back(given_planes, level):
    names = ["range", "intensity", "more"]
    named = dict(zip(names, given_planes, strict=False))
    back = np.asarray(lizip.decompress(lizip.compress_image(**named, level=level)))
    assert back.dtype.names == tuple(named)
    for name, plane in named.items():
        assert back[name].dtype == plane.dtype
        assert np.array_equal(back[name], plane)


def test_image_beats_general_coders(image):
    ranges, levels = image
    coded = lizip.compress_image(ranges, levels)
    assert lizip.info(coded)["codec"] == "image"
    assert (lizip.info(coded)["rows"], lizip.info(coded)["columns"]) == ranges.shape
    back = lizip.decompress(coded)
    opaque = lizip.compress(back, codec="opaque")
    assert len(coded) < 0.85 * len(opaque)
    assert np.array_equal(lizip.read(coded, "range")["range"].reshape(ranges.shape), ranges)


def test_steps_cost_nothing(image):
    """Ranges in millimetres of a sensor that counts 8 mm are not longer."""
    ranges, _ = image
    assert len(lizip.compress_image(8 * ranges)) <= len(lizip.compress_image(ranges)) + 8


def test_staggered_rows_are_put_straight(image):
    ranges, _ = image
    staggered = np.stack([np.roll(row, (12, 4, -4, -12)[i % 4]) for i, row in enumerate(ranges)])
    coded = lizip.compress_image(staggered)
    assert np.array_equal(np.asarray(lizip.decompress(coded))["range"], staggered)
    assert len(coded) < 1.05 * len(lizip.compress_image(ranges))


def test_mask_is_kept_and_what_it_hides_is_not(image):
    ranges, levels = image
    mask = ranges > 0
    hidden = np.where(mask, ranges, 77)
    coded = lizip.compress_image(hidden, levels, mask=mask)
    back = np.asarray(lizip.decompress(coded))
    assert np.array_equal(back["mask"], mask)
    assert np.array_equal(back["range"], ranges)
    assert len(coded) < len(lizip.compress_image(ranges, np.where(mask, levels, 0))) + 64


def test_several_returns(image):
    ranges, _ = image
    both = np.stack([ranges, np.where(ranges % 7 == 0, ranges + 1, 0)], axis=2)
    back = np.asarray(lizip.decompress(lizip.compress_image(both, level="fast")))
    assert back["range"].shape == both.shape
    assert np.array_equal(back["range"], both)


@pytest.mark.parametrize(
    "wrong",
    [
        {"range": np.full((2, 2), 1 << 24)},
        {"range": np.full((2, 2), -1)},
        {"range": np.ones((2, 2))},
        {"range": np.ones(4, int)},
        {"range": np.ones((2, 2), int), "intensity": np.ones((2, 3), int)},
        {"range": np.ones((2, 2), int), "mask": np.ones((2, 2), int)},
    ],
)
def test_what_is_no_image_is_refused(wrong):
    with pytest.raises(ValueError, match=r"plane|mask"):
        lizip.compress_image(**wrong)


def test_arrays_on_a_raster_are_taken_too(image):
    """A plain 2-D array, in either order of memory."""
    ranges, _ = image
    for array in (ranges, np.asfortranarray(ranges), ranges.astype(">u4")):
        coded = lizip.compress(array)
        assert lizip.info(coded)["codec"] == "image"
        assert np.array_equal(lizip.decompress(coded), array)


def test_damage_is_noticed(image):
    ranges, levels = image
    coded = lizip.compress_image(ranges[:, :60], levels[:, :60], extra=levels[:, :60] // 2)
    for cut in range(0, len(coded), max(1, len(coded) // 50)):
        with pytest.raises(LizipError):
            lizip.decompress(coded[:cut])


@given(st.data())
@settings(max_examples=60)
def test_forged_sections_are_refused_or_decode(image, data):
    """What carries right checksums and wrong content is refused as damaged, or is another image of the same shape."""
    given_image = np.zeros((8, 40), [("range", "<u4"), ("intensity", "<u2"), ("extra", "<u2")])
    for name, plane in zip(given_image.dtype.names, (*image, image[1] // 2), strict=True):
        given_image[name] = plane[60:68, :40]
    coded = lizip.compress(given_image, codec="image")
    box = container.Container(io.BytesIO(coded))
    sections = [container.Section(entry.kind, box.read(entry)) for entry in box.header.entries]
    which = data.draw(st.sampled_from([i for i, section in enumerate(sections) if section.kind >= HEADER]))
    body = bytearray(sections[which].data)
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    sections[which] = container.Section(sections[which].kind, bytes(body))
    header = box.header
    forged = container.write(sections, CODEC.number, header.format, header.length, header.digest, header.count)
    schema = tuple((name, given_image.dtype[name]) for name in given_image.dtype.names)
    try:
        (columns,) = CODEC.decode(container.Container(io.BytesIO(forged)), schema, header.count)
    except (CorruptError, ModelMissingError):
        return
    assert all(len(column) == header.count for column in columns.values())
