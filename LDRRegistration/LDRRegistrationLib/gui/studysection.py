"""The Whole study section: every volume of a folder, or every frame of a sequence, registered to one."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..mrml.sequences import goToFrame
from ..mrml.study import volumesIn
from ..mrml.volumes import imageFromVolumeNode
from ..runtime.errors import RegistrationError
from .hints import say
from .refusals import Refusals
from .studyrun import Row, StudyRun
from .studysteps import FramesOfSequence, rowsOfFolder
from .verdicts import COLORS, shortly, verdictInWords
from .view import errorInWords

NAME, VERDICT, SIMILARITY, SECONDS = range(4)


class StudySection:
    """A table with a row for each volume, filled while they are registered one after the other.

    :param ui: the widgets of LDRRegistration.ui, by name.
    :param logic: LDRRegistrationLogic.
    :param view: the panel's RunView.
    :param refusals: says beside the button why nothing is registered.
    :param controller: the panel's RunController.
    :param canCompute: asks what has to be asked of the choices before anything is computed.
    :param parameters: answers the other sections' part of ``prepare``.
    :param showResult: shows the result of the present choices in the views.
    :param update: called when the panel has to show its state anew.
    """

    def __init__(
        self,
        ui: Any,
        logic: Any,
        view: Any,
        refusals: Refusals,
        controller: Any,
        canCompute: Callable[[Any], bool],
        parameters: Callable[[], dict[str, Any]],
        showResult: Callable[[], None],
        update: Callable[[], None],
    ) -> None:
        self._ui, self._logic, self._view, self._controller = ui, logic, view, controller
        self._canCompute, self._parameters = canCompute, parameters
        self._showResult, self._updatePanel = showResult, update
        self._choices: Any = None
        self._run: StudyRun | None = None
        self._rows: list[Row] = []
        self._frames: FramesOfSequence | None = None
        self._transforms: Any = None
        self._sequence: Any = None
        # What stands in the way of a run, and what is to be said of the chosen row.
        self._problem, self._told = "", ""
        self._updating = False
        header = ui.studyTable.horizontalHeader()
        header.setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        header.setSectionResizeMode(NAME, qt.QHeaderView.Stretch)
        # Qt owns the items of a table, Python the wrappers.
        self._items: list[Any] = []
        ui.studyFolderSelector.connect("currentItemChanged(vtkIdType)", lambda item: self._onChosen("folder"))
        ui.studySequenceSelector.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: self._onChosen("sequence"))
        ui.studyFixedSelector.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: self._onChosen("fixed"))
        place = refusals.beside(ui.studyProblemLabel)
        ui.studyButton.connect("clicked(bool)", lambda checked=False: refusals.ask(place, self._onButton))
        ui.studyTable.connect("currentCellChanged(int,int,int,int)", lambda row, *unused: self._onRowChosen(row))
        ui.studyTable.connect("cellClicked(int,int)", lambda row, *unused: self._onRowChosen(row))
        # What is in a folder may have changed while the section was closed.
        ui.studyCollapsibleButton.connect("contentsCollapsed(bool)", lambda collapsed: self._onChosen("again"))
        self.update()

    @property
    def isRunning(self) -> bool:
        return self._run is not None

    def setChoices(self, choices: Any) -> None:
        """Follow a parameter node, or nothing: what runs goes on."""
        self._choices = choices
        self.update()

    def forget(self) -> None:
        """The scene is about to go."""
        self._rows, self._frames, self._transforms, self._sequence = [], None, None, None
        self._problem, self._told = "", ""
        self._fill()

    def update(self) -> None:
        """Enable what can be done."""
        self._ui.studyButton.text = _("Cancel") if self.isRunning else _("Register all")
        isFree = not self._controller.isRunning and not self._view.isBusy
        self._ui.studyButton.enabled = self.isRunning or (isFree and self._hasChosen and not self._problem)
        say(self._ui.studyProblemLabel, self._problem or self._told)

    @property
    def _hasChosen(self) -> bool:
        return bool(self._folder) or self._ui.studySequenceSelector.currentNode() is not None

    @property
    def _folder(self) -> int:
        return int(self._ui.studyFolderSelector.currentItem() or 0)

    def _onChosen(self, what: str) -> None:
        """Say beside the selectors what stands in the way. Of folder and sequence one is chosen."""
        if self._updating or self.isRunning:
            return
        self._updating = True
        try:
            if what == "folder" and self._folder:
                self._ui.studySequenceSelector.setCurrentNode(None)
            elif what == "sequence" and self._ui.studySequenceSelector.currentNode() is not None:
                self._ui.studyFolderSelector.clearSelection()
        finally:
            self._updating = False
        self._problem, self._told = "", ""
        if self._hasChosen:
            try:
                self._prepare()
            except RegistrationError as error:
                self._problem = str(error)
        self.update()

    def _prepare(self) -> list[Row]:
        """The rows of what is chosen.

        :raises RegistrationError: there is nothing to register in it.
        """
        fixed, sequence = self._ui.studyFixedSelector.currentNode(), self._ui.studySequenceSelector.currentNode()
        self._frames = None
        settings = {} if self._choices is None else self._settings(fixed)
        if sequence is not None:
            settings = {name: value for name, value in settings.items() if not name.endswith("Node")}
            image = None if fixed is None else imageFromVolumeNode(fixed)
            self._frames = FramesOfSequence(self._logic, sequence, image, settings)
            return self._frames.rows
        volumes = volumesIn(self._folder, slicer.mrmlScene)
        fixed = fixed or volumes[0]
        if volumes == [fixed]:
            raise RegistrationError(_("The folder has no other volume than the one to register to."))
        carries = self._ui.studyCarryCheckBox.checked
        return rowsOfFolder(self._logic, volumes, fixed, carries, self._settings(fixed) if settings else {})

    def _settings(self, fixed: Any) -> dict[str, Any]:
        """Those of the panel. Of what belongs to its two volumes only the mask of the fixed one is about this study."""
        settings = self._parameters()
        for name in ("movingMaskNode", "initialTransformNode"):
            settings[name] = None
        if fixed is not self._choices.fixedVolume:
            settings["fixedMaskNode"] = None
        return settings

    def _onButton(self) -> None:
        if self.isRunning:
            self._controller.cancel()
            self._view.showCancelling()
            return
        if self._choices is None or not self._canCompute(self._choices):
            return
        self._rows = self._prepare()
        self._told = ""
        self._sequence, self._transforms = self._ui.studySequenceSelector.currentNode(), None
        self._run = StudyRun(self._controller, self._rows, self._onRow, self._view.showProgress, self._onEnd)
        self._fill()
        self._view.showRunning(_("Registering {count} volumes").format(count=len(self._rows)))
        self.update()
        self._run.start()

    def _onRow(self, number: int) -> None:
        row = self._rows[number] if number < len(self._rows) else None
        if row is not None:
            self._fillRow(number, row)
            if row.error:
                self._view.log(f"{row.name}: {row.error}")

    def _onEnd(self, reason: str) -> None:
        run, self._run = self._run, None
        rows = [] if run is None else run.rows
        sentence = reason or self._published() or _summary(rows)
        self._view.setOutcome(sentence)
        self._told = sentence
        self._updatePanel()

    def _published(self) -> str:
        """Bring the transforms of a sequence into the scene; what stands in the way of that."""
        if self._frames is None:
            return ""
        try:
            self._transforms = self._frames.publish()
        except Exception as error:
            sentence, details = errorInWords(error, traceback.format_exc())
            logging.debug(details)
            return sentence
        return ""

    def _onRowChosen(self, number: int) -> None:
        """Show the result of a row, or say why there is none."""
        if self._updating or not 0 <= number < len(self._rows) or self._choices is None:
            return
        row = self._rows[number]
        self._told = row.error
        self.update()
        try:
            if row.frame is not None:
                goToFrame(self._sequence, self._transforms, row.frame)
            elif row.transform is not None and row.result is not None:
                self._showRow(row)
        except RegistrationError as error:
            self._told = str(error)
            self.update()

    def _showRow(self, row: Row) -> None:
        fixed, moving = (reference.node() for reference in row.needs)
        transform = row.transform.node()  # type: ignore[union-attr]
        choices = self._choices
        with slicer.util.NodeModify(choices):
            choices.fixedVolume, choices.movingVolume = fixed, moving
            choices.outputTransform, choices.outputVolume = transform, None
        self._showResult()
        if not self.isRunning:
            result: Any = row.result
            self._view.changeOutcome("", result.verdict, result.summary, result.notes)
            self._updatePanel()

    def _fill(self) -> None:
        self._updating = True
        try:
            self._items = []
            self._ui.studyTable.setRowCount(0)
            self._ui.studyTable.setRowCount(len(self._rows))
            for number, row in enumerate(self._rows):
                self._fillRow(number, row)
        finally:
            self._updating = False

    def _fillRow(self, number: int, row: Row) -> None:
        table, verdict = self._ui.studyTable, row.result and row.result.verdict
        for column, text in enumerate(columnsOf(row)):
            cell = qt.QTableWidgetItem(text)
            if column in (SIMILARITY, SECONDS):
                cell.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
            if column == VERDICT and (verdict or row.error):
                cell.setData(qt.Qt.DecorationRole, qt.QColor(COLORS[verdict.grade if verdict else "failed"]))
            cell.setToolTip(row.error or (verdictInWords(verdict) if verdict else ""))
            self._items.append(cell)
            table.setItem(number, column, cell)


def columnsOf(row: Row) -> tuple[str, str, str, str]:
    """What a row shows: its name, the verdict, the similarity and the seconds."""
    result = row.result
    if result is not None:
        state = shortly(result.verdict)
    elif row.isRunning:
        state = _("running")
    elif row.error:
        state = _("Failed")
    else:
        state = _("reference") if not row.parts else _("waiting")
    similarity = "" if result is None else f"{result.similarity:.3f}"
    return row.name, state, similarity, f"{row.seconds:.1f}" if row.isDone and row.parts else ""


def _summary(rows: list[Row]) -> str:
    failed = sum(1 for row in rows if row.error and row.result is None)
    good = sum(1 for row in rows if row.result is not None and row.result.verdict.grade == "good")
    done = sum(1 for row in rows if row.result is not None)
    return _("{done} registered: {good} good, {doubtful} to be checked; {failed} could not be registered.").format(
        done=done, good=good, doubtful=done - good, failed=failed
    )
