"""lizip beside what people use instead: `lizip bench` and `lizip demo`. Nothing else needs this folder."""

from lizip.bench.measure import Result, measure, table
from lizip.bench.rivals import PUBLISHED, RIVALS, choose
from lizip.bench.subject import Rival, Subject

__all__ = ["PUBLISHED", "RIVALS", "Result", "Rival", "Subject", "choose", "measure", "table"]
