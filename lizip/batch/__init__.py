"""Many files: find them, plan where each goes, do them in several processes, go on after a bad one, resume, list them.

    jobs = plan("compress", find(["logs"], recursive=True), output="archive")
    for outcome in run(jobs, workers=0):
        print(outcome.source, outcome.status)

Every target has the bytes that its file alone would get, whatever the number of workers.
"""

from lizip.batch.find import Input, InputError, find, identity
from lizip.batch.manifest import ManifestWriter, read_manifest
from lizip.batch.outcome import Outcome, cause
from lizip.batch.perform import attempt, described, described_bytes, perform
from lizip.batch.plan import Job, part_of, plan
from lizip.batch.workers import run

__all__ = [
    "Input",
    "InputError",
    "Job",
    "ManifestWriter",
    "Outcome",
    "attempt",
    "cause",
    "described",
    "described_bytes",
    "find",
    "identity",
    "part_of",
    "perform",
    "plan",
    "read_manifest",
    "run",
]
