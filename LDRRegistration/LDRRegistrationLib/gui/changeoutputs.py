"""What goes out of a comparison by the panel's buttons: the report, and the DICOM objects."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..dicomobjects.extra import REQUIREMENT, highdicomIsInstalled, importHighdicom
from ..mrml.changenodes import Changes
from ..reports.context import AS_DICOM_SAYS
from ..runtime.errors import DependencyError
from .controller import Run
from .refusals import Refusals
from .saving import startFolder

# The first two rows of the box; what else is in it, somebody typed.
NOBODY, AS_DICOM = 0, 1


class ChangeOutputs:
    """The buttons *Report...* and *DICOM...*, and how the report calls the patient.

    :param ui: the widgets of LDRRegistration.ui, by name.
    :param logic: LDRRegistrationLogic.
    :param log: takes a line for the panel's log.
    :param refusals: says beside the buttons why nothing is written.
    :param start: starts a Run, with a title and the parameters of its ``prepare``.
    :param changes: the comparison that is shown; None without one.
    """

    def __init__(
        self,
        ui: Any,
        logic: Any,
        log: Callable[[str], None],
        refusals: Refusals,
        start: Callable[..., None],
        changes: Callable[[], Changes | None],
    ) -> None:
        self._ui, self._logic, self._log, self._start, self._changes = ui, logic, log, start, changes
        for text in (_("No patient"), _("As in DICOM")):
            ui.reportPatientComboBox.addItem(text)
        place = refusals.beside(ui.outputsHintLabel)
        for button, slot in ((ui.exportChangesButton, self._onReport), (ui.dicomChangesButton, self._onDicom)):
            button.connect("clicked(bool)", lambda checked=False, slot=slot: refusals.ask(place, slot))

    def enable(self, enabled: bool) -> None:
        for name in ("exportChangesButton", "dicomChangesButton", "reportPatientComboBox"):
            getattr(self._ui, name).enabled = enabled

    @property
    def patient(self) -> str:
        """As ``exportChanges`` takes it."""
        box = self._ui.reportPatientComboBox
        text = box.currentText.strip()
        if text in ("", box.itemText(NOBODY)):
            return ""
        return AS_DICOM_SAYS if text == box.itemText(AS_DICOM) else text

    def _onReport(self) -> None:
        steps = (self._logic.prepareReport, self._logic.computeReport)
        self._write(_("Folder for the report"), _("Writing the report"), steps, patient=self.patient)

    def _onDicom(self) -> None:
        if self._hasHighdicom():
            steps = (self._logic.prepareObjects, self._logic.computeObjects)
            self._write(_("Folder for the DICOM objects"), _("Writing the DICOM objects"), steps)

    def _write(self, question: str, title: str, steps: tuple[Any, Any], **more: str) -> None:
        """Ask for a folder, and start to write there: ``steps`` prepare the files and compute them."""
        folder = self._askForFolder(question)
        changes = self._changes()
        if folder is not None and changes is not None:
            run = Run(*steps, self._logic.publishFiles, self._onWritten)
            self._start(run, title, changes=changes, folder=folder, **more)

    def _onWritten(self, job: Any, paths: list[Path], published: list[Path]) -> None:
        names = ", ".join(path.name for path in paths)
        self._log(_("Wrote {files} into {folder}.").format(files=names, folder=paths[0].parent))
        for note in getattr(job, "notes", []):
            self._log(note)
        count = len(job.detection.regions)
        judged = sum(1 for opinion in job.opinions.values() if opinion.verdict)
        if not judged and count:
            self._log(_("No region is judged yet: all are in it, as not reviewed."))
        elif judged < count:
            self._log(_("{judged} of {count} regions are judged.").format(judged=judged, count=count))

    @staticmethod
    def _askForFolder(title: str) -> Path | None:
        folder = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), title, str(startFolder()))
        return Path(folder) if folder else None

    @staticmethod
    def _hasHighdicom() -> bool:
        """Whether objects can be written; where a package is missing the user is asked before it is installed.

        :raises DependencyError: it could not be installed, or Slicer has to be restarted first.
        """
        if highdicomIsInstalled():
            importHighdicom()
            return True
        question = _(
            "DICOM objects are written by the Python package highdicom, which is not installed.\n\nInstall it from the "
            "internet into Slicer now? Everything else works without it."
        )
        if not slicer.util.confirmOkCancelDisplay(question, windowTitle=_("Install highdicom")):
            return False
        try:
            with slicer.util.WaitCursor():
                slicer.util.pip_install(REQUIREMENT)
        except Exception as error:  # pip, the network and the disk each fail in their own way
            raise DependencyError(_("highdicom could not be installed: {error}").format(error=error)) from error
        importlib.invalidate_caches()
        _checkPydicom()
        importHighdicom()
        return True


def _checkPydicom() -> None:
    """highdicom needs a newer pydicom than Slicer 5.10 has, and has loaded by now."""
    import pydicom

    if importlib.metadata.version("pydicom") != pydicom.__version__:
        raise DependencyError(
            _("highdicom was installed together with a newer pydicom: save the scene and restart the application.")
        )
