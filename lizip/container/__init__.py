"""The .lizip file: magic, sections back to back, and a table of contents at the end. See docs/format.

The table stands at the end so that a file can be written to a pipe as it is made, and everything `info` shows is in one
small read of the tail. A file cut short has lost its end mark, so truncation is always noticed.
"""

from lizip.container.parts import (
    AROUND,
    CODEC,
    FOLLOWS,
    MAGIC,
    MAX_WHOLE,
    MODELS,
    MOST_MODELS,
    NEAR,
    PACK_MAGIC,
    PIECE,
    PIECES,
    RECIPE,
    REGIONS,
    SMALL,
    SPLICE,
    SUFFIX,
    VERSION,
    WHOLE,
    Entry,
    Header,
    Section,
    content_hash,
    content_hash_of,
    is_lizip,
    same_hash,
)
from lizip.container.reader import Container
from lizip.container.writer import Writer, add, size_of, without, write

__all__ = [
    "AROUND",
    "CODEC",
    "FOLLOWS",
    "MAGIC",
    "MAX_WHOLE",
    "MODELS",
    "MOST_MODELS",
    "NEAR",
    "PACK_MAGIC",
    "PIECE",
    "PIECES",
    "RECIPE",
    "REGIONS",
    "SMALL",
    "SPLICE",
    "SUFFIX",
    "VERSION",
    "WHOLE",
    "Container",
    "Entry",
    "Header",
    "Section",
    "Writer",
    "add",
    "content_hash",
    "content_hash_of",
    "is_lizip",
    "same_hash",
    "size_of",
    "without",
    "write",
]
