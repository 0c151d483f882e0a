"""Lossless compression of LiDAR point clouds: the file comes back byte for byte.

The functions are loaded when first used; importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lizip.version import __version__

_HOME = {
    "compress": "api",
    "compress_file": "files",
    "compress_image": "images",
    "compress_many": "many",
    "decompress": "api",
    "decompress_file": "files",
    "decompress_many": "many",
    "info": "access",
    "messages": "log_reader",
    "open": "access",
    "read": "access",
    "verify": "access",
    "LogReader": "log_reader",
    "PackReader": "packs",
    "PackWriter": "packs",
    "SensorState": "sensor.state",
    "Sequence": "sequence",
    "CorruptError": "errors",
    "FormatError": "errors",
    "LizipError": "errors",
    "ModelMissingError": "errors",
    "StorageError": "errors",
    "TooLargeError": "errors",
    "UnsupportedVersionError": "errors",
}

__all__ = [
    "CorruptError",
    "FormatError",
    "LizipError",
    "LogReader",
    "ModelMissingError",
    "PackReader",
    "PackWriter",
    "SensorState",
    "Sequence",
    "StorageError",
    "TooLargeError",
    "UnsupportedVersionError",
    "__version__",
    "compress",
    "compress_file",
    "compress_image",
    "compress_many",
    "decompress",
    "decompress_file",
    "decompress_many",
    "info",
    "messages",
    "open",
    "read",
    "verify",
]

if TYPE_CHECKING:
    from lizip.access import info, open, read, verify
    from lizip.api import compress, decompress
    from lizip.errors import (
        CorruptError,
        FormatError,
        LizipError,
        ModelMissingError,
        StorageError,
        TooLargeError,
        UnsupportedVersionError,
    )
    from lizip.files import compress_file, decompress_file
    from lizip.images import compress_image
    from lizip.log_reader import LogReader, messages
    from lizip.many import compress_many, decompress_many
    from lizip.packs import PackReader, PackWriter
    from lizip.sensor.state import SensorState
    from lizip.sequence import Sequence


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"lizip.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
