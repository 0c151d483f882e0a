"""What a decoder needs imports nothing of what the encoder finds things out with."""

import subprocess
import sys

from lizip.sensor.stages import STAGES

PROGRAM = """
import sys
import lizip.access, lizip.api, lizip.reader, lizip.codecs.sweep, lizip.codecs.sweep.grid, lizip.codecs.sweep.cells
import lizip.codecs.sweep.net, lizip.codecs.sweep.weights, lizip.sensor.model
from lizip.sensor.stages import STAGES
for row in STAGES:
    row.load()
print(*(name for name in sys.modules if name.startswith(("lizip.sensor.fit", "lizip.sensor.solvers"))))
"""


def test_a_decoder_imports_no_fit():
    result = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


def test_tags_and_classes_of_stages_are_told_apart():
    assert len({row.tag for row in STAGES}) == len({(row.module, row.kind) for row in STAGES}) == len(STAGES)
    for row in STAGES:
        kind = row.load()
        assert kind.__name__ == row.kind
        assert callable(kind.unpack)
