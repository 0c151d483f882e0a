"""Where files are read and written: local paths, and URLs through fsspec. A target is published whole or not at all.

with Source(path) as original, publishing(target, status=original.status) as sink:
    sink.write(...)
"""

from lizip.storage.places import (
    Found,
    StrPath,
    exists,
    files_below,
    is_folder,
    is_url,
    make_folder,
    matching,
    naming,
    open_binary,
    remove,
)
from lizip.storage.publish import check_target, dress, publishing
from lizip.storage.source import WHOLE, Source, check_unchanged
from lizip.storage.temporary import is_temporary, remove_stale, temporary_file, try_lock

__all__ = [
    "WHOLE",
    "Found",
    "Source",
    "StrPath",
    "check_target",
    "check_unchanged",
    "dress",
    "exists",
    "files_below",
    "is_folder",
    "is_temporary",
    "is_url",
    "make_folder",
    "matching",
    "naming",
    "open_binary",
    "publishing",
    "remove",
    "remove_stale",
    "temporary_file",
    "try_lock",
]
