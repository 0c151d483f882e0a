"""Logs written anew by the libraries of their formats: equal messages, nothing compressed."""

from __future__ import annotations

import struct
import tempfile
import warnings
from pathlib import Path
from shutil import copyfileobj
from typing import Any, BinaryIO

from lizip import extras
from lizip.errors import FormatError, LizipWarning
from lizip.version import __version__


class McapCopy:
    """An MCAP file while it is written from the records of another; what derives from it may change messages.

    Parameters
    ----------
    writer : mcap.writer.Writer
    """

    def __init__(self, writer: Any):
        self._writer = writer
        self._schemas: dict[int, Any] = {}
        self._written: dict[int, int] = {}
        self._channels: dict[int, tuple[int, Any]] = {}
        self._begun = False

    def copy(self, source: BinaryIO, name: str) -> None:
        """Copy all records; where the file ends early, those that can be read, with a warning."""
        from mcap.exceptions import InvalidMagic, McapError
        from mcap.stream_reader import StreamReader

        try:
            for record in StreamReader(source).records:
                self._take(record)
        except InvalidMagic:
            raise FormatError(f"{name}: not an MCAP file; `rosbags-convert` makes one of a bag") from None
        except (McapError, struct.error, EOFError) as error:
            why = f" ({error})" if str(error) else ""
            warnings.warn(LizipWarning(f"{name}: ends early{why}; what can be read is there"), stacklevel=2)
        if not self._begun:
            self._writer.start()
        self._writer.finish()

    def _take(self, record: Any) -> None:
        from mcap import records

        if isinstance(record, records.Header):
            self._writer.start(profile=record.profile, library=f"lizip {__version__}")
            self._begun = True
        elif isinstance(record, records.Schema):
            self._schemas[record.id] = record
        elif isinstance(record, records.Channel):
            if record.id not in self._channels:
                self._channels[record.id] = self._register(record), record
        elif isinstance(record, records.Message):
            number, channel = self._channels[record.channel_id]
            data = self.message(record, channel, self._schemas.get(channel.schema_id))
            self._writer.add_message(number, record.log_time, data, record.publish_time, record.sequence)
        elif isinstance(record, records.Attachment):
            about = record.create_time, record.log_time, record.name, record.media_type
            self._writer.add_attachment(*about, record.data)
        elif isinstance(record, records.Metadata):
            self._writer.add_metadata(record.name, record.metadata)

    def _register(self, channel: Any) -> int:
        schema = self._schemas.get(channel.schema_id)
        number = 0
        if schema is not None:
            if schema.id not in self._written:
                self._written[schema.id] = self._writer.register_schema(*self.schema(channel, schema))
            number = self._written[schema.id]
        return int(self._writer.register_channel(channel.topic, channel.message_encoding, number, channel.metadata))

    def schema(self, channel: Any, schema: Any) -> tuple[str, str, bytes]:
        """Name, encoding and definition of what messages of a channel become."""
        return schema.name, schema.encoding, schema.data

    def message(self, message: Any, channel: Any, schema: Any) -> bytes:
        """What becomes of a message."""
        return bytes(message.data)


def copy_mcap(source: BinaryIO, sink: BinaryIO, name: str) -> None:
    """Write an MCAP file with all messages, attachments and metadata of another."""
    extras.check("mcap", "logs", "MCAP files are read and written by mcap")
    from mcap.writer import CompressionType, Writer

    McapCopy(Writer(sink, compression=CompressionType.NONE)).copy(source, name)


def copy_bag(path: str, sink: BinaryIO) -> None:
    """Write a bag of ROS 1 with all messages of another, in the order of their times."""
    extras.check("rosbags", "logs", "bags are read and written by rosbags")
    from rosbags.interfaces import ConnectionExtRosbag1
    from rosbags.rosbag1 import Reader, ReaderError, Writer

    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "plain.bag")
        try:
            with Reader(path) as reader, Writer(target) as writer:
                made = {}
                for each in reader.connections:
                    ext = each.ext
                    further: dict[str, Any] = (
                        {"callerid": ext.callerid, "latching": ext.latching}
                        if isinstance(ext, ConnectionExtRosbag1)
                        else {}
                    )
                    kind = {"msgdef": each.msgdef.data, "md5sum": each.digest}
                    made[each.id] = writer.add_connection(each.topic, each.msgtype, **kind, **further)
                for connection, time, data in reader.messages():
                    writer.write(made[connection.id], time, data)
        except ReaderError as error:
            raise FormatError(f"{path}: cannot be expanded: {error}") from error
        with target.open("rb") as file:
            copyfileobj(file, sink)


def copy_feather(source: BinaryIO, sink: BinaryIO, name: str) -> None:
    """Write an Arrow file with the record batches of another, their buffers not compressed."""
    extras.check("pyarrow", "logs", "Arrow files are read and written by pyarrow")
    import pyarrow as pa

    try:
        with pa.ipc.open_file(source) as reader, pa.ipc.new_file(sink, reader.schema) as writer:
            for i in range(reader.num_record_batches):
                writer.write_batch(reader.get_batch(i))
    except pa.ArrowInvalid as error:
        raise FormatError(f"{name}: cannot be expanded: {error}") from error
