"""Small cohorts, and workers within the test's own process."""

import pytest
from LDRRegistrationLib.__main__ import main
from LDRRegistrationLib.cohort import run as cohort_run
from LDRRegistrationLib.cohort.worker import warmUp


class Cohort:
    """A table and what registering it says; ``done`` holds the names of pairs that a worker was given."""

    def __init__(self, files, folder):
        self.files, self.folder, self.output, self.done = files, folder, folder / "out", []

    def write(self, *rows, columns="name\tfixed\tmoving", name="pairs.tsv"):
        path = self.folder / name
        path.write_text("\n".join([columns, *rows]) + "\n")
        return path

    def row(self, name, *more):
        return "\t".join([name, str(self.files["fixed"]), str(self.files["moving"]), *more])

    def run(self, *options, models=True):
        more = ["--models", str(self.files["models"])] if models else []
        return main([*options, "-o", str(self.output), *more])

    def state(self):
        """Every file's content and time of change."""
        files = (path for path in self.output.rglob("*") if path.is_file())
        return {str(path.relative_to(self.output)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

    def table(self):
        head, *lines = (self.output / "cohort.tsv").read_text().splitlines()
        rows = [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]
        return {row["name"]: row for row in rows}


@pytest.fixture
def cohort(files, tmp_path, monkeypatch):
    """A worker in this process: those of their own take seconds each, and have a test of their own."""
    found = Cohort(files, tmp_path)

    def here(tasks, workers, threads, loading):
        worker = warmUp(tasks[0].options, 1)
        loading.append(worker.seconds)
        for task in tasks:
            found.done.append(task.pair.name)
            yield worker.register(task)

    monkeypatch.setattr(cohort_run, "registerHere", here)
    return found
