"""Logs as recorders write them: files in which points stand among much else.

A log is taken apart into spans, spans into parts: bytes of points, each part of one stream (a topic, a kind of packet),
and all the rest. Nothing is understood that need not be: what a parser does not know, or what is cut short, is rest.
Put together again, the parts are the file; spans that were compressed are compressed again (`chunks`).
"""

from lizip.logs.find import find_log
from lizip.logs.parts import Closing, Log, Part, Span, Stream

__all__ = ["Closing", "Log", "Part", "Span", "Stream", "find_log"]
