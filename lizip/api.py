"""Compressing and decompressing: bytes, arrays and files. All in `lizip` itself for users."""

from __future__ import annotations

import io
import mmap
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

from lizip.codecs import Options
from lizip.container import Container
from lizip.decoder import Decoder
from lizip.inputs import as_array, bytes_of, kind_of

if TYPE_CHECKING:
    import numpy as np

    from lizip.codecs.sweep.past import Past
    from lizip.sensor.state import SensorState
    from lizip.sequence import Sequence


def compress(
    data: bytes | bytearray | memoryview | np.ndarray,
    *,
    level: str = "default",
    codec: str | None = None,
    fields: int | None = None,
    model: str | None = None,
    backend: str = "numba",
    check: bool = True,
    state: SensorState | None = None,
    max_error: float = 0.0,
    intensity_error: float = 0.0,
    drop_order: bool = False,
    embed: bool = False,
    sequence: Sequence | None = None,
) -> bytes:
    """Compress the bytes of a point cloud file, or an array of points.

    Parameters
    ----------
    data : bytes-like or numpy.ndarray
        The content of a file (.bin, .las, .pcd, .ply, .npy; anything else is taken as plain bytes), or an array, for
        instance (N, 4) float32: x, y, z in metres and intensity. An array comes back as an array.
    level : {"fast", "default", "max"}
        Time against size.
    codec : {"opaque", "floats", "sweep", "survey", "image", "octree"}, optional
        Use this codec instead of the one that comes out smallest.
    fields : int, optional
        Number of float32 fields of a record in a raw .bin file; found from the data otherwise.
    model : str, optional
        Name of the predictor; the one that ships otherwise.
    backend : {"numba", "torch"}
        What evaluates the predictor; the result is the same.
    check : bool
        Decode the result and compare before returning it.
    state : lizip.SensorState, optional
        Where the fit of a sensor starts from what the sweep before left, and leaves something for the next: faster for
        the sweeps of one log, in order, with one state. The bytes then depend on those sweeps, as they do not
        otherwise.
    max_error : float
        Allow each coordinate of each point to come back changed by at most so much, in the unit of the coordinates
        (0.001: a millimetre where they are metres). Points, order and everything else stay. What comes back is another
        file, near to the original and mostly much shorter to say; `lizip.info` tells bound and largest error. With 0
        the file comes back byte for byte.
    intensity_error : float
        The same for intensities, in stored numbers.
    drop_order : bool
        Let the points come back in another order where that saves much: shuffled sweeps as their sensor listed them,
        other clouds as a tree over space has them. Every record comes back whole, as often as before; goes with and
        without the bounds. `lizip.info` tells whether the order is another one.
    embed : bool
        Put the predictor and the sensor profile that decoding needs into the file, 17 kB for a sweep: then a lizip that
        does not bring them decodes it. The sweeps of a pack share one copy. Takes the check.
    sequence : lizip.Sequence, optional
        What the sweeps before left, and this one leaves something to: smaller and faster than `state` alone. Such files
        come back only one after the other, with another Sequence.

    Returns
    -------
    bytes
        A .lizip file.

    Raises
    ------
    FormatError
        When `data` is a .lizip file already, or is not what `fields` or `codec` says.
    TypeError
        When `data` is neither bytes nor an array, or a masked array: what comes back would have no mask.

    Examples
    --------
    >>> import lizip, numpy as np
    >>> points = np.random.default_rng(1).normal(0, 9, (200, 4)).astype(np.float32)  # x, y, z and intensity
    >>> packed = lizip.compress(points)
    >>> lizip.decompress(packed).tobytes() == points.tobytes()
    True
    >>> near = lizip.decompress(lizip.compress(points, max_error=0.01))  # smaller, and within a centimetre
    >>> bool(np.abs(near - points)[:, :3].max() <= 0.01)
    True
    """
    options = Options(level, codec, model, backend, fields, check, state, max_error, intensity_error)
    options = replace(options, drop_order=drop_order, embed=embed)
    options = options if sequence is None else sequence.options(options)
    sink = io.BytesIO()
    left = encode_data(data, options, sink)
    if sequence is not None:
        sequence.leave(left)
    return sink.getvalue()


def encode_data(data: Any, options: Options, sink: BinaryIO) -> Past | None:
    """Write the .lizip form of bytes or an array; returns what it leaves to the next. See `compress`."""
    from lizip.checked import encode_checked

    if isinstance(data, (bytes, bytearray, memoryview, mmap.mmap)):
        view = memoryview(data)
        plain = view.c_contiguous and view.nbytes and len(view.format) == 1  # others cannot be cast
        view = view.cast("B") if plain else memoryview(view.tobytes())
        return encode_checked(view, options, sink)
    from lizip.formats import array

    return encode_checked(memoryview(array.to_bytes(as_array(data))), options, sink, format=array.FORMAT.name)


def decompress(
    data: bytes | bytearray | memoryview, *, max_bytes: int | None = None, sequence: Sequence | None = None
) -> bytes | np.ndarray:
    """Give back what was compressed: the bytes of the file, or the array.

    Parameters
    ----------
    data : bytes-like
        A .lizip file.
    max_bytes : int, optional
        Refuse a file whose content has more bytes than this, before anything is decoded: for files of strangers.
        Decoding takes at most 1 GiB beside the content itself, whatever is in the file; see docs/format.
    sequence : lizip.Sequence, optional
        For sweeps that were compressed with one, in the same order.

    Raises
    ------
    TooLargeError
        When the content has more than `max_bytes` bytes.
    FormatError
        When `data` is not a .lizip file.
    CorruptError
        When it is damaged. Nothing of it is returned then.
    UnsupportedVersionError, ModelMissingError
        When it needs a newer lizip, or a predictor that is not installed.

    Examples
    --------
    >>> import lizip
    >>> packed = lizip.compress(b"the bytes of any file")
    >>> lizip.decompress(packed)
    b'the bytes of any file'
    >>> lizip.decompress(packed[:-1])
    Traceback (most recent call last):
        ...
    lizip.errors.CorruptError: ...
    >>> lizip.decompress(packed, max_bytes=10)
    Traceback (most recent call last):
        ...
    lizip.errors.TooLargeError: ...
    """
    content = bytes_of(data)
    if content is None:
        raise TypeError(
            f"decompress takes the bytes of a .lizip file, not {kind_of(data)}; for a file: decompress_file"
        )
    decoder = Decoder(Container(io.BytesIO(content)), max_bytes, None if sequence is None else sequence.past)
    given = decompressed(decoder)
    if sequence is not None:
        sequence.leave(decoder.container.left)
    return given


def decompressed(decoder: Decoder) -> bytes | np.ndarray:
    """The bytes of the file, or the array."""
    content = b"".join(decoder.pieces())
    if decoder.format.name != "array":
        return content
    from lizip.formats import array

    return array.from_bytes(content)
