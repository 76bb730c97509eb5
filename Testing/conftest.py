"""Before any test imports torch by itself: as the module imports it, patient on machines that do other things too.

Also which tests are ``slow``: what is left, ``make test-fast``, answers in under two minutes on two cores.
"""

from pathlib import Path

import pytest
from LDRRegistrationLib.runtime.pytorch import importTorch

importTorch()

HERE = Path(__file__).parent
# Whole files, and single tests, that register, train or start processes again and again (``pytest --durations=50``).
SLOW = (
    "change/test_change.py",
    "commandline/test_change_option.py",
    "commandline/test_command_line.py",
    "commandline/test_failures.py::test_a_process_that_runs_out_of_memory",
    "commandline/test_signals.py",
    "gui/test_changes_section.py",
    "gui/test_whole_module.py",
    "logic/test_changes.py",
    "logic/test_console_examples.py",
    "registration/test_contrasts.py",
    "registration/test_fork.py",
    "registration/test_masks.py",
    "registration/test_refinement.py",
    "registration/test_shipped_models.py",
    "training/test_ablation.py",
    "training/test_aldk.py",
    "training/test_export.py",
    "training/test_guidance.py",
    "training/test_models.py",
    "training/test_pipeline.py",
    "training/test_pyramid.py",
    "training/test_readme.py",
    "training/test_sar.py",
    "training/test_training.py",
    "trust/test_bad_inputs.py",
    "trust/test_mutants.py",
)


def pytest_configure() -> None:
    gone = [entry for entry in SLOW if not (HERE / entry.partition("::")[0]).is_file()]
    if gone:
        raise pytest.UsageError(f"Testing/conftest.py calls slow what is not there: {gone}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            file = item.path.relative_to(HERE).as_posix()
            if file in SLOW or f"{file}::{item.name.partition('[')[0]}" in SLOW:
                item.add_marker(pytest.mark.slow)
