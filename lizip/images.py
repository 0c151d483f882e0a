"""Range images: planes of whole numbers on a raster, as Ouster's SDK and Waymo's records hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lizip.api import compress

if TYPE_CHECKING:
    import numpy as np

MOST = (1 << 24) - 1
"""The largest number of a plane."""


def compress_image(
    range: np.ndarray,
    intensity: np.ndarray | None = None,
    *,
    mask: np.ndarray | None = None,
    level: str = "default",
    check: bool = True,
    **planes: np.ndarray,
) -> bytes:
    """Compress a range image: its planes go to the sweep codec's core as they are, no sensor is looked for.

    Parameters
    ----------
    range : (H, W) or (H, W, returns) integers
        Ranges in any unit, from 0 (nothing returned) to 2**24 - 1. Rows are beams, columns firings; rows may be shifted
        against one another, as a sensor with staggered beams gives them.
    intensity : like `range`, optional
        From 0 to 2**24 - 1; up to 65535 it costs least.
    mask : (H, W) bool, optional
        Which pixels count. In the others all planes come back as 0.
    level : {"fast", "default", "max"}
        Time against size.
    check : bool
        Decode the result and compare before returning it.
    **planes : like `range`
        Any more, by their names: reflectivity, near_ir, signal, ...

    Returns
    -------
    bytes
        A .lizip file. `lizip.decompress` gives back an (H, W) structured array, whose fields are the planes in the
        types that they had: `image["range"]`, ..., and `image["mask"]` if there is one; `lizip.read` gives columns.

    Raises
    ------
    ValueError
        When planes differ in shape, are no integers, or hold numbers out of these bounds.

    Examples
    --------
    >>> import lizip, numpy as np
    >>> image = (2000 + np.add.outer(np.arange(16) * 40, np.arange(256) % 50)).astype(np.uint16)
    >>> packed = lizip.compress_image(image)
    >>> bool((lizip.decompress(packed)["range"] == image).all())
    True
    """
    import numpy as np

    named = {"range": range, **({} if intensity is None else {"intensity": intensity}), **planes}
    named = {name: np.asarray(plane) for name, plane in named.items()}
    shape = named["range"].shape[:2]
    for name, plane in named.items():
        if plane.ndim not in (2, 3) or plane.shape[:2] != shape:
            raise ValueError(f"plane {name!r} has the shape {plane.shape}; give (H, W) or (H, W, returns) as for range")
        if plane.dtype.kind not in "ui" or (plane.size and (plane.min() < 0 or plane.max() > MOST)):
            raise ValueError(f"plane {name!r} must hold integers from 0 to {MOST}")
    if mask is not None:
        mask = np.asarray(mask)
        if mask.shape != shape or mask.dtype != bool or "mask" in named:
            raise ValueError(f"mask must be one array {shape} of bool, not {mask.shape} of {mask.dtype}")
        named = {
            name: np.where(mask.reshape(shape + (1,) * (plane.ndim - 2)), plane, 0) for name, plane in named.items()
        }
        named["mask"] = mask
    image = np.zeros(shape, [(name, plane.dtype.newbyteorder("<"), plane.shape[2:]) for name, plane in named.items()])
    for name, plane in named.items():
        image[name] = plane
    return compress(image, level=level, check=check)
