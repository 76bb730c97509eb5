"""Before any test imports torch by itself: as the module imports it, patient on machines that do other things too.

Also which tests are ``slow``: what is left, ``make test-fast``, answers in under two minutes on two cores.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from LDRRegistrationLib.runtime.pytorch import importTorch

if TYPE_CHECKING:
    from support.remembered import Remembered

importTorch()
# What the libraries made stays for good: collecting garbage need not look through it, many thousand times.
gc.collect()
gc.freeze()

HERE = Path(__file__).parent
# Whole files, and single tests, that register, train or start processes again and again (``pytest --durations=50``).
SLOW = (
    "change/test_change.py",
    "change/test_followed.py",
    "change/test_honesty.py",
    "change/test_judges.py",
    "change/test_where.py",
    "cohort/test_cluster.py",
    "cohort/test_cohort.py::test_one_bad_pair_stops_nothing",
    "cohort/test_cohort.py::test_only_what_changed_is_registered_again",
    "cohort/test_cohort.py::test_what_many_would_cost",
    "cohort/test_cohort.py::test_workers_of_their_own_and_one_that_is_killed",
    "commandline/test_box_option.py",
    "commandline/test_change_option.py",
    "commandline/test_command_line.py",
    "commandline/test_failures.py::test_a_process_that_runs_out_of_memory",
    "commandline/test_files.py",
    "commandline/test_output_options.py",
    "commandline/test_outputs.py",
    "commandline/test_pipelines.py",
    "commandline/test_sequence.py",
    "commandline/test_signals.py",
    "commandline/test_template_command.py",
    "dicom/test_commandline.py",
    "dicom/test_objects.py",
    "dicom/test_report.py",
    "extension/test_check_publication.py::test_once_published_github_is_asked",
    "gui/test_changes_section.py",
    "gui/test_exit.py::test_the_panel_waits_for_an_import_that_cannot_be_stopped",
    "gui/test_panel.py::test_page_opens_without_importing_torch",
    "gui/test_radiologist.py",
    "gui/test_slicer_ctest.py",
    "gui/test_swipe.py",
    "gui/test_trust_control.py::test_the_maps_are_shown_the_places_gone_to_and_all_put_back",
    "gui/test_try_in_slicer.py",
    "gui/test_whole_module.py",
    "logic/test_changes.py",
    "logic/test_console_examples.py",
    "logic/test_found_changes.py",
    "logic/test_reporting.py",
    "mrml/test_saving.py::test_the_process_ends_well_after_a_full_disk",
    "registration/test_box_refinement.py",
    "registration/test_contrasts.py",
    "registration/test_few_slices.py",
    "registration/test_finishing.py::test_the_best_preset_ends_on_its_own_grid_and_can_be_stopped",
    "registration/test_fork.py",
    "registration/test_guided.py",
    "registration/test_masks.py",
    "registration/test_placement.py::test_other_sizes_end_there_too",
    "registration/test_placement.py::test_turned_scans_end_where_they_end_otherwise",
    "registration/test_prealignment.py::test_a_known_transform_is_found_on_any_grid",
    "registration/test_refinement.py",
    "registration/test_register.py::test_a_known_shift_goes_in_the_right_direction_in_any_geometry",
    "registration/test_register.py::test_a_small_crop_inside_a_large_scan_is_not_refused",
    "registration/test_shipped_models.py",
    "registration/test_template.py",
    "runtime/test_startup.py",
    "space/test_validity.py",
    "training/test_ablation.py",
    "training/test_aldk.py",
    "training/test_export.py",
    "training/test_guidance.py",
    "training/test_models.py",
    "training/test_pipeline.py",
    "training/test_pyramid.py",
    "training/test_read_options.py::test_every_recorded_experiment_reads_what_it_gives",
    "training/test_readme.py",
    "training/test_sar.py",
    "training/test_shipped.py",
    "training/test_teaching.py",
    "training/test_training.py",
    "training/test_training_refusals.py",
    "training/test_training_steps.py::test_training_lowers_the_loss",
    "training/test_validation.py",
    "trust/test_bad_inputs.py",
    "trust/test_fuzz.py",
    "trust/test_mutants.py",
)


@pytest.fixture(scope="session")
def remembered(tmp_path_factory: pytest.TempPathFactory) -> Remembered:
    """Comparisons of scans, each made once for all processes of this run."""
    from support.remembered import Remembered

    here = tmp_path_factory.getbasetemp()
    return Remembered((here.parent if "PYTEST_XDIST_WORKER" in os.environ else here) / "comparisons")


@pytest.fixture
def compared_before(remembered: Remembered, monkeypatch: pytest.MonkeyPatch) -> None:
    """The logic asks ``remembered``: for tests of what is done with a comparison."""
    remembered.install(monkeypatch)


@pytest.fixture(scope="session")
def made_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    from support.commandline import make_files

    return make_files(tmp_path_factory.mktemp("made"))


@pytest.fixture
def files(made_files: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    """Small files to register, and a model, for one test alone."""
    from support.commandline import copied_files

    return copied_files(made_files, tmp_path)


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
