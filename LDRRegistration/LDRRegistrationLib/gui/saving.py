"""The dialog that asks where a transform is to be saved."""

from __future__ import annotations

import re
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

USUAL_SUFFIX = ".h5"
# What looks like the ending of a file's name, which is not to be doubled; in "Prior 2.5 mm" there is none.
_ENDING = re.compile(r"\.[A-Za-z]+\d*$")


def askForPath(name: str) -> Path | None:
    """The file that the user chooses to save a transform in; None if the user thinks better of it.

    :param name: proposed, without ending; a name that the user leaves without one gets the usual one.
    """
    chosen = qt.QFileDialog.getSaveFileName(
        slicer.util.mainWindow(),
        _("Save the transform"),
        str(startFolder() / (re.sub(r'[<>:"/\\|?*]', "-", name) + USUAL_SUFFIX)),
        _("ITK transform") + " (*.h5 *.tfm *.txt);;" + _("Displacement field") + " (*.nii.gz *.nrrd *.mha)",
    )
    if not chosen:
        return None
    path = Path(chosen)
    if _ENDING.search(path.name):
        return path
    path = path.with_name(path.name + USUAL_SUFFIX)
    # The dialog has asked about the name without ending alone.
    question = _('There is a file "{name}" already. Replace it?').format(name=path.name)
    if path.exists() and not slicer.util.confirmYesNoDisplay(question):
        return None
    return path


def startFolder() -> Path:
    """Where Slicer's own save dialog begins: the folder of the scene, or else the one chosen in Slicer's settings.

    Without one the dialog would begin in the folder that Slicer was started from, which may be Slicer's own.
    """
    folder = slicer.mrmlScene.GetRootDirectory() if slicer.mrmlScene.GetURL() else ""
    return Path(folder) if folder and Path(folder).is_dir() else Path(slicer.app.defaultScenePath)
