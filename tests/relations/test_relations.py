"""Columns that follow from others: found where they do, exact for any bits, and hostile recipes are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lizip
from lizip.cloud import Cloud, Schema
from lizip.errors import CorruptError
from lizip.relations import Recipe, alternatives, narrowed
from lizip.relations.motion import DOUBLE, WHOLE, Motion
from lizip.relations.polar import ANGLE, ELEVATION, SINE, ZENITH, Convention
from lizip.relations.rule import EQUAL, KEPT, NARROW, PACKED, POLAR, SPLIT, Rule, applied, difference, predicted

TYPES = ("<f4", "<f8", "<i2", "<u2", "<i4", "<u4", "<i8")


def cloud_of(**columns) -> Cloud:
    return Cloud("pcd", columns=columns)


def assert_comes_back(recipe: Recipe, cloud: Cloud) -> None:
    """Through its packed form, and decoded in two blocks."""
    again = Recipe.unpack(recipe.pack(), cloud.schema)
    assert again == recipe
    reduced = again.reduce(cloud.columns)
    assert tuple((name, column.dtype) for name, column in reduced.items()) == again.coded(cloud.schema)
    half = cloud.count // 2
    for part in (slice(0, half), slice(half, None)):
        back = again.restore({name: column[part] for name, column in reduced.items()}, cloud.schema)
        assert tuple((name, column.dtype) for name, column in back.items()) == cloud.schema
        for name, column in cloud.columns.items():
            assert back[name].tobytes() == column[part].tobytes()


def scan(count: int = 800, seed: int = 0):
    """Azimuth, elevation (radians) and distance of a sweep."""
    rng = np.random.default_rng(seed)
    azimuth = np.sort(rng.uniform(0, 2 * np.pi, count))
    return azimuth, rng.uniform(-0.4, 0.3, count), rng.uniform(2, 80, count)


def cartesian(azimuth, elevation, distance):
    return (
        distance * np.cos(elevation) * np.cos(azimuth),
        distance * np.cos(elevation) * np.sin(azimuth),
        distance * np.sin(elevation),
    )


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 1 << 30), st.sampled_from(TYPES), st.integers(0, ELEVATION), st.integers(0, 191))
def test_any_rule_brings_back_any_bits(seed, kind, what, convention):
    """Whatever the columns hold, NaN payloads and infinities too, what is left of one leads back to it."""
    rng = np.random.default_rng(seed)
    dtype = np.dtype(kind)
    wild = [np.frombuffer(rng.bytes(40 * 4), "<f4") for _ in range(3)]
    wild[0] = rng.normal(size=40).astype("<f4")
    column = np.frombuffer(rng.bytes(40 * dtype.itemsize), dtype)
    scale = 1 if dtype.kind == "f" else 500
    rule = Rule(POLAR, (0, 1, 2), (what, convention, scale, 1))
    expected = predicted(rule, wild, dtype)
    assert applied(expected, difference(column, expected)).tobytes() == column.tobytes()
    cloud = cloud_of(a=wild[0], b=wild[1], c=wild[2], d=column)
    assert_comes_back(Recipe((Rule(), Rule(), Rule(), rule)), cloud)


def test_conventions_are_numbered():
    seen = {Convention.unpack(number) for number in range(288)}
    assert len(seen) == 288
    assert all(Convention.unpack(convention.pack()) == convention for convention in seen)


def test_float64_that_is_float32():
    rng = np.random.default_rng(1)
    narrow = rng.normal(size=70_000).astype("<f4")
    narrow[:5] = [np.nan, -np.nan, -0.0, np.inf, 1e-42]
    wide = rng.normal(size=70_000)
    almost = narrow.astype("<f8")
    almost[-1] = 0.1
    payload = narrow.astype("<f8")
    payload.view("<u8")[7] = 0x7FF8000000000001
    cloud = cloud_of(x=narrow.astype("<f8"), y=wide, z=almost, p=payload, n=narrow)
    recipe = narrowed(cloud)
    assert [rule.kind for rule in recipe.rules] == [NARROW, KEPT, KEPT, KEPT, KEPT]
    assert_comes_back(recipe, cloud)


def test_equal_columns():
    rng = np.random.default_rng(2)
    x, z = rng.normal(size=(2, 500)).astype("<f4")
    ring = rng.integers(0, 32, 500).astype("<u2")
    nearly = ring.copy()
    nearly[1] += 1
    zero = np.zeros(500, "<f4")
    rings = {"ring": ring, "other": ring.copy(), "nearly": nearly, "wide": ring.astype("<u4")}
    cloud = cloud_of(x=x, y=x, z=z, **rings, a=zero, b=zero)
    recipe = narrowed(cloud)
    assert [i for i, rule in enumerate(recipe.rules) if rule.kind == EQUAL] == [4]
    assert recipe.rules[4].sources == (3,)
    assert_comes_back(recipe, cloud)
    assert narrowed(Cloud("las", columns=cloud.columns)).trivial


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("kind", ["<f4", "<u4"])
def test_packed_colours(alpha, kind):
    rng = np.random.default_rng(3)
    r, g, b, a = rng.integers(0, 256, (4, 300)).astype("u1")
    bits = r.astype("<u4") << 16 | g.astype("<u4") << 8 | b
    columns = {"x": rng.normal(size=300).astype("<f4"), "r": r, "g": g, "b": b}
    if alpha:
        bits |= a.astype("<u4") << 24
        columns["a"] = a
    cloud = cloud_of(**columns, rgba=bits.view(kind))
    recipe = narrowed(cloud)
    assert recipe.rules[-1] == Rule(PACKED, (4, 1, 2, 3) if alpha else (1, 2, 3))
    assert_comes_back(recipe, cloud)
    off = bits.copy()
    off[17] ^= 1
    assert narrowed(cloud_of(**columns, rgba=off.view(kind))).trivial


def test_packed_colours_alone_are_split():
    rng = np.random.default_rng(4)
    xyz = dict(zip("xyz", rng.normal(size=(3, 300)).astype("<f4"), strict=True))
    cloud = cloud_of(**xyz, rgb=rng.integers(0, 1 << 24, 300).astype("<u4").view("<f4"))
    (recipe,) = alternatives(cloud, narrowed(cloud))
    assert recipe.rules[3].kind == SPLIT
    assert_comes_back(recipe, cloud)


@pytest.mark.parametrize("degrees", [False, True])
@pytest.mark.parametrize("elevation_as", [ANGLE, ZENITH, SINE])
@pytest.mark.parametrize("turn", range(8))
def test_polar_beside_cartesian_is_found(degrees, elevation_as, turn):
    """Under every convention of axes and units, both ways."""
    azimuth, elevation, distance = scan()
    x, y, z = cartesian(azimuth, elevation, distance)
    x, y = (y, x) if turn & 1 else (x, y)
    x, y = -x if turn & 2 else x, -y if turn & 4 else y
    told = {ANGLE: elevation, ZENITH: np.pi / 2 - elevation, SINE: np.sin(elevation)}[elevation_as]
    if degrees:
        azimuth = np.degrees(azimuth)
        told = told if elevation_as == SINE else np.degrees(told)
    columns = {"x": x, "y": y, "z": z, "a": azimuth, "e": told, "d": distance}
    cloud = cloud_of(**{name: column.astype("<f4") for name, column in columns.items()})
    found = list(alternatives(cloud, narrowed(cloud)))
    kinds = [[rule.kind for rule in recipe.rules] for recipe in found]
    assert kinds == [[POLAR] * 3 + [KEPT] * 3, [KEPT] * 3 + [POLAR] * 3]
    for recipe in found:
        assert_comes_back(recipe, cloud)
        reduced = recipe.reduce(cloud.columns)
        left = [reduced[name] for rule, (name, _) in zip(recipe.rules, cloud.schema, strict=True) if rule.rest]
        assert all(np.median(np.abs(column)) <= 8 for column in left)


def test_distances_in_millimetres():
    azimuth, elevation, distance = scan()
    distance = np.rint(distance * 1000) / 1000
    x, y, z = (column.astype("<f4") for column in cartesian(azimuth, elevation, distance))
    cloud = cloud_of(x=x, y=y, z=z, range=np.rint(distance * 1000).astype("<u4"))
    (recipe,) = alternatives(cloud, narrowed(cloud))
    assert recipe.rules[3].kind == POLAR
    assert not recipe.rules[3].rest
    assert_comes_back(recipe, cloud)


def test_unrelated_columns_are_left_alone():
    rng = np.random.default_rng(6)
    cloud = cloud_of(**{name: rng.normal(size=500).astype("<f4") for name in "xyzabcd"})
    assert narrowed(cloud).trivial
    assert not list(alternatives(cloud, narrowed(cloud)))


def test_a_file_gets_smaller_and_comes_back():
    azimuth, elevation, distance = (column.astype("<f4") for column in scan(3000))
    x, y, z = (column.astype("<f4") for column in cartesian(*(c.astype("<f8") for c in (azimuth, elevation, distance))))
    fields = {"x": x, "y": y, "z": z, "azimuth": azimuth, "elevation": elevation, "distance": distance}
    plain = np.rec.fromarrays(list(fields.values())[3:], dtype=[(name, "<f4") for name in list(fields)[3:]])
    both = np.rec.fromarrays(list(fields.values()), dtype=[(name, "<f4") for name in fields])
    packed = lizip.compress(np.array(both))
    back = lizip.decompress(packed)
    assert back.tobytes() == both.tobytes()
    assert len(packed) < 1.1 * len(lizip.compress(np.array(plain))) + 500


def test_points_before_a_motion_are_for_recipes_that_have_it():
    """The contest knows of such points whatever recipe is tried."""
    columns = {name: np.arange(5, dtype="<f4") for name in "xyz"}
    reduced = Recipe((Rule(),) * 3).reduce(columns, np.ones((5, 3), np.float32))
    assert all(np.array_equal(reduced[name], columns[name]) for name in columns)


def test_hostile_recipes_are_refused():
    schema = (("x", np.dtype("<f4")), ("y", np.dtype("<f8")), ("rgb", np.dtype("<f4")), ("u", np.dtype("u1")))
    kept = Rule()
    for rules in (
        (kept, kept, Rule(EQUAL, (9,)), kept),
        (kept, kept, Rule(EQUAL, (1,)), kept),
        (kept, kept, Rule(EQUAL, (2,)), kept),
        (Rule(EQUAL, (2,)), kept, Rule(EQUAL, (0,)), kept),
        (Rule(NARROW), kept, kept, kept),
        (kept, kept, kept, Rule(SPLIT)),
        (kept, kept, Rule(PACKED, (0, 1, 2)), kept),
        (kept, kept, kept, Rule(POLAR, (0, 1, 2), (3, 0, 1, 1))),
        (Rule(POLAR, (0, 1, 2), (3, 0, 1, 1)), kept, kept, kept),
        (Rule(POLAR, (1, 2, 3), (7, 0, 1, 1)), kept, kept, kept),
        (Rule(POLAR, (1, 2, 3), (3, 0, 2, 1)), kept, kept, kept),
        (Rule(POLAR, (1, 2, 3), (3, 0, 1, 2)), kept, kept, kept),
        (Rule(8), kept, kept, kept),
        (Rule(KEPT, (1,)), kept, kept, kept),
    ):
        with pytest.raises(CorruptError):
            Recipe.unpack(Recipe(rules).pack(), schema)
    twice = (("rgb[0]", np.dtype("u1")), ("rgb", np.dtype("<f4")))
    with pytest.raises(CorruptError):
        Recipe.unpack(Recipe((kept, Rule(SPLIT))).pack(), twice)
    alone = (("a", np.dtype("<f4")), ("b", np.dtype("<f4")))
    with pytest.raises(CorruptError):
        Recipe.unpack(Recipe((Rule(EQUAL, (1,)), Rule(EQUAL, (0,)))).pack(), alone)


def test_coordinates_lead_wherever_they_stand():
    """Named ones, of two types, one narrowed; the rest follows in the file's order and comes back in its places."""
    rng = np.random.default_rng(2)
    narrow = rng.normal(size=90).astype("<f4").astype("<f8")
    cloud = cloud_of(
        time=np.arange(90.0), z=narrow, ring=np.arange(90) % 5, x=rng.normal(size=90), y=rng.normal(size=90)
    )
    recipe = narrowed(cloud)
    assert recipe.leading == (3, 4, 1)
    assert not recipe.trivial
    assert [name for name, _ in recipe.coded(cloud.schema)] == ["x", "y", "z", "time", "ring"]
    assert list(cloud.led.columns) == ["x", "y", "z", "time", "ring"]
    assert_comes_back(recipe, cloud)


def test_only_moves_to_whole_numbers_make_integers():
    whole = np.dtype("<i4")
    schema: Schema = (("x", whole), ("y", whole), ("z", whole))
    rules = (Rule(NARROW),) * 3
    matrix = np.eye(4)[:3] * 1000
    good = Recipe(rules, motion=Motion(matrix, WHOLE))
    assert Recipe.unpack(good.pack(), schema).motion is not None
    for bad in (Recipe(rules), Recipe(rules, motion=Motion(matrix, DOUBLE))):
        with pytest.raises(CorruptError):
            Recipe.unpack(bad.pack(), schema)
    beside = Recipe((*rules, Rule(NARROW)), motion=good.motion)
    with pytest.raises(CorruptError):
        Recipe.unpack(beside.pack(), (*schema, ("ring", whole)))


def test_hostile_places_of_coordinates_are_refused():
    single = np.dtype("<f4")
    schema: Schema = (("a", np.dtype("u1")), ("x", single), ("y", single), ("z", single))
    kept = Rule()
    good = Recipe((kept,) * 4, leading=(1, 2, 3))
    assert Recipe.unpack(good.pack(), schema) == good
    for leading in ((1, 2, 4), (1, 1, 2), (2, 3, 99)):
        with pytest.raises(CorruptError, match="coded first"):
            Recipe.unpack(Recipe((kept,) * 4, leading=leading).pack(), schema)
    with pytest.raises(CorruptError, match="coded first"):
        Recipe.unpack(Recipe((kept, kept, kept, Rule(SPLIT)), leading=(1, 2, 3)).pack(), schema)
    with pytest.raises(CorruptError, match="unknown way"):
        Recipe.unpack(good.pack()[:4] + good.pack(), schema)


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_are_a_recipe_or_an_error(data):
    schema = (("x", np.dtype("<f4")), ("y", np.dtype("<f4")), ("z", np.dtype("<f4")), ("d", np.dtype("<i4")))
    try:
        recipe = Recipe.unpack(data, schema)
    except CorruptError:
        return
    coded = {name: np.frombuffer(bytes(range(40 * dtype.itemsize)), dtype) for name, dtype in recipe.coded(schema)}
    assert [column.dtype for column in recipe.restore(coded, schema).values()] == [dtype for _, dtype in schema]
