"""Which files are logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lizip.logs.parts import Log


def find_log(data: memoryview) -> Log | None:
    """Take a file apart as a log; None when its first bytes are those of none."""
    head = bytes(data[:16])
    from lizip.logs import arrow, mcap, pcap, rosbag, sqlite

    if head.startswith(mcap.MAGIC):
        return mcap.Mcap(data).log()
    if head.startswith(rosbag.MAGIC):
        return rosbag.Bag(data).log()
    if head.startswith(sqlite.MAGIC):
        return sqlite.Sqlite(data).log()
    if head.startswith(arrow.MAGIC):
        return arrow.Arrow(data).log()
    if head.startswith((*pcap.MAGICS, pcap.MAGIC_NG)):
        return pcap.Pcap(data).log()
    return None
