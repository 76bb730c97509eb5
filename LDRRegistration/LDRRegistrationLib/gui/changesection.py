"""The Changes section: finding what changed, the list of regions, what the reader says of them, and the report."""

from __future__ import annotations

from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..change.table import ACCEPTED, REJECTED
from ..mrml.changenodes import Changes, placeOf, readTable, showInViews, writeOpinion
from ..mrml.views import jumpTo, rememberViews
from ..mrml.worldposition import isOfPair
from ..runtime.errors import RegistrationError
from .changeoutputs import ChangeOutputs
from .hints import Explained, hideEmpty, say
from .reading import SideBySideControl, addKeys
from .refusals import Refusals
from .regionlist import RegionList
from .verdicts import styleOfNotes

MASKS = ("changeMask", "excludeMask")
# The regions are found anew once the slider has rested for so long: at each tick of a drag would be too often.
REST_MS = 80


class ChangesSection:
    """Shows one comparison. The slider changes its regions at once, without another registration.

    :param ui: the widgets of LDRRegistration.ui, by name.
    :param logic: LDRRegistrationLogic.
    :param view: the panel's RunView, for its log.
    :param refusals: says beside a button why it refuses.
    :param say: shows the summary of a comparison.
    :param start: starts a Run, with a title and the parameters of its ``prepare``.
    :param beforeShowing: called before the views are changed.
    """

    def __init__(
        self, ui: Any, logic: Any, view: Any, refusals: Refusals, say: Any, start: Any, beforeShowing: Any
    ) -> None:
        self._ui, self._logic, self._say, self._beforeShowing = ui, logic, say, beforeShowing
        self._try = lambda slot: refusals.ask(refusals.beside(ui.regionsHintLabel), slot)
        self._choices: Any = None
        self._changes: Changes | None = None
        self._current: Any = None
        self._putBack: Any = None
        self._updating = False
        self._justJudged: int | None = None
        self._shownNumber = -1
        # It goes with the slider.
        self._rest = qt.QTimer(ui.sensitivitySlider)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.connect("timeout()", self._onSensitivityChosen)
        for name in MASKS:
            selector = getattr(ui, f"{name}Selector")
            selector.connect("currentNodeChanged(vtkMRMLNode*)", lambda node, name=name: self._onMaskChosen(name, node))
        ui.sensitivitySlider.connect("valueChanged(int)", self._onSensitivity)
        self._regions = RegionList(ui.changesTable, self._onRegionChosen)
        ui.changeNoteEdit.connect("textEdited(QString)", self._onNote)
        # The keys are keys again.
        ui.changeNoteEdit.connect("returnPressed()", ui.changesTable.setFocus)
        self._sideBySide = SideBySideControl(ui, refusals, beforeShowing)
        self._outputsOf = ChangeOutputs(ui, logic, view.log, refusals, start, lambda: self._changes)
        for name, slot in {
            "previousChangeButton": lambda: self._regions.step(-1),
            "nextChangeButton": lambda: self._regions.step(1),
            "showChangesButton": self._onShow,
            "acceptChangeButton": lambda: self._judge(ACCEPTED),
            "rejectChangeButton": lambda: self._judge(REJECTED),
        }.items():
            getattr(ui, name).connect("clicked(bool)", lambda checked=False, slot=slot: self._try(slot))
        keys = {
            "P": lambda: self._regions.step(-1),
            "N": lambda: self._regions.step(1),
            "A": lambda: self._try(lambda: self._judge(ACCEPTED)),
            "X": lambda: self._try(lambda: self._judge(REJECTED)),
            "F": self._sideBySide.flip,
            "M": lambda: self._try(self._onShow),
            "T": ui.changeNoteEdit.setFocus,
        }
        # A section that opens shows all that is in it.
        ui.changesCollapsibleButton.connect("contentsCollapsed(bool)", lambda collapsed: self.update())
        labels = (ui.findHintLabel, ui.sideBySideHintLabel, ui.regionsHintLabel, ui.outputsHintLabel)
        hideEmpty(ui.changesCollapsibleButton, *labels)
        needing = (ui.sensitivitySlider, ui.exportChangesButton, ui.dicomChangesButton, ui.reportPatientComboBox)
        self._grey = Explained(needing)
        # The table is shown while the section is open, and the panel is.
        self._keys = addKeys(ui.changesTable, keys)
        self._list()

    @property
    def parameters(self) -> dict[str, Any]:
        """The section's part of ``prepareChanges``."""
        return {
            "maskNode": self._choices.changeMask,
            "excludeMaskNode": self._choices.excludeMask,
            "sensitivity": self._choices.changeSensitivity / 100.0,
            **self._outputs(),
        }

    def _outputs(self) -> dict[str, Any]:
        """What the last comparison made, to be filled again, if all of it is there and was of the same scans."""
        choices = self._choices
        transform = choices.changeTransform
        others = (choices.changeVolume, choices.changeSegmentation, choices.changeTable)
        if None in (transform, *others) or not isOfPair(transform, choices.fixedVolume, choices.movingVolume):
            return {}
        names = ("outputChangeVolumeNode", "outputSegmentationNode", "outputTableNode")
        return {"outputTransformNode": transform, **dict(zip(names, others, strict=True))}

    @staticmethod
    def keep(changes: Changes, choices: Any) -> None:
        """Note in the scene what a comparison made. Its transform is not the one that Apply writes."""
        with slicer.util.NodeModify(choices):
            choices.changeTransform, choices.changeVolume = changes.transformNode, changes.changeVolumeNode
            choices.changeSegmentation, choices.changeTable = changes.segmentationNode, changes.tableNode

    def setChoices(self, choices: Any) -> None:
        """Follow a parameter node, or nothing."""
        if self._rest.active:
            self._onSensitivityChosen()
        self._choices = choices
        self.update()

    def update(self) -> None:
        """Show what the parameter node says; a comparison whose nodes are gone is forgotten."""
        if self._changes is not None:
            isThere = slicer.mrmlScene.IsNodePresent(self._changes.tableNode)
            if not isThere or self._table() not in (None, self._changes.tableNode):
                self.restore()
                self.forget()
        if self._choices is None:
            return
        self._list()
        self._followPair()
        self._updating = True
        try:
            if not self._rest.active:
                self._ui.sensitivitySlider.value = self._choices.changeSensitivity
            for name in MASKS:
                getattr(self._ui, f"{name}Selector").setCurrentNode(getattr(self._choices, name))
        finally:
            self._updating = False

    def _followPair(self) -> None:
        """What can be done with the comparison: nothing, where other scans were chosen since."""
        choices = self._choices
        transform, scans = choices.changeTransform, (choices.fixedVolume, choices.movingVolume)
        isOf = transform is not None and isOfPair(transform, *scans)
        self._sideBySide.follow((*scans, transform) if isOf else (None, None, None))
        isOther = bool(self._rows()) and not isOf
        hasComparison, rows = self._changes is not None, bool(self._rows())
        why = ""
        if self._table() is None:
            why = _("Find changes first.")
        elif isOther:
            why = _("These are the changes between other scans than those chosen above.")
        elif isOf and not hasComparison:
            why = _(
                "The scene holds the map, the regions and what was said of them. For another sensitivity, a report or "
                "DICOM press Find changes again: what was said stays."
            )
        say(self._ui.changesPairLabel, "" if self._table() is None else why)
        self._grey.explain(why)
        hasMap = not isOther and (isOf or hasComparison) and self._map() is not None
        self._enable(hasComparison and not isOther, rows and not isOther, hasMap)

    def restore(self) -> None:
        """The views, and the prior scan's place, as they were before both scans were shown side by side."""
        self._sideBySide.restore()

    def forget(self) -> None:
        """The scene is about to go, or the comparison is gone from it."""
        self._sideBySide.forget()
        self._rest.stop()
        self._changes, self._current, self._putBack = None, None, None
        self._justJudged, self._shownNumber = None, -1
        self._list()

    def show(self, changes: Changes, currentNode: Any) -> None:
        """A comparison was made: list its regions."""
        self._changes, self._current = changes, currentNode
        self.update()

    def _rows(self) -> list[dict[str, str]]:
        """What the table node says: also that of a scene that was saved, without the comparison itself."""
        return [] if self._table() is None else readTable(self._table())

    def _table(self) -> Any:
        return self._choices.changeTable if self._choices is not None else None

    def _list(self) -> None:
        rows = self._rows()
        self._regions.show(rows)
        chosen = self._regions.chosen
        # The row may show another region by now: its note must not be written to that one.
        note = rows[chosen]["Note"] if 0 <= chosen < len(rows) else ""
        if self._ui.changeNoteEdit.text != note:
            self._ui.changeNoteEdit.text = note
        judged = sum(1 for row in rows if row["Verdict"])
        self._ui.judgedLabel.text = (
            _("{judged} of {count} judged").format(judged=judged, count=len(rows)) if rows else ""
        )
        notes = []
        if self._changes is not None and rows:
            # What the verdict says stands above.
            above = self._changes.result.verdict.sentence
            notes = [note for note in self._changes.notes if note not in above]
        label = self._ui.changesNotesLabel
        label.text, label.visible = "\n".join(notes), bool(notes)
        label.styleSheet = styleOfNotes("changesNotesLabel")
        self._enable(self._changes is not None, bool(rows), self._map() is not None)

    def _map(self) -> Any:
        """The volume with the map, which a saved scene has, too."""
        if self._changes is not None:
            return self._changes.changeVolumeNode
        node = self._choices.changeVolume if self._choices is not None else None
        return node if node is not None and node.GetImageData() is not None else None

    def _enable(self, hasComparison: bool, hasRows: bool, hasMap: bool) -> None:
        self._ui.sensitivitySlider.enabled, self._ui.showChangesButton.enabled = hasComparison, hasMap
        self._outputsOf.enable(hasComparison)
        for name in ("previousChange", "nextChange", "acceptChange", "rejectChange"):
            getattr(self._ui, f"{name}Button").enabled = hasRows
        # Its keys flip the scans and show the map, too.
        self._ui.changesTable.enabled = hasRows or hasComparison
        self._ui.changeNoteEdit.enabled = hasRows

    def _onMaskChosen(self, name: str, node: Any) -> None:
        if not self._updating and self._choices is not None:
            setattr(self._choices, name, node)

    def _onSensitivity(self, value: int) -> None:
        if not self._updating and self._choices is not None:
            self._rest.start()

    def _onSensitivityChosen(self) -> None:
        self._rest.stop()
        if self._choices is None:
            return
        self._choices.changeSensitivity = self._ui.sensitivitySlider.value
        if self._changes is not None:
            self._try(self._redetect)

    def _redetect(self) -> None:
        self._logic.redetect(self._changes, sensitivity=self._choices.changeSensitivity / 100.0)
        self._list()
        self._say(self._changes)

    def _onRegionChosen(self, number: int) -> None:
        rows = self._rows()
        if 0 <= number < len(rows):
            if number != self._shownNumber:
                self._justJudged = None
            self._shownNumber = number
            jumpTo(slicer.mrmlScene, placeOf(rows[number]))
            self._ui.changeNoteEdit.text = rows[number]["Note"]

    def _chosen(self) -> int:
        number = self._regions.chosen
        if number < 0:
            raise RegistrationError(_("Choose a region in the table first."))
        return number

    def _judge(self, verdict: str) -> None:
        place = self._chosen()
        row = self._rows()[place]
        isTakenBack = row["Verdict"] == verdict and place != self._justJudged
        self._note(place, "" if isTakenBack else verdict, row["Note"])
        if not isTakenBack:
            self._regions.step(1)
        # On the last region a key that is pressed once too often takes nothing back.
        self._justJudged = place if place == self._regions.chosen and not isTakenBack else None

    def _onNote(self, text: str) -> None:
        """Each letter is kept at once: nothing has to be pressed."""
        place = self._regions.chosen
        if 0 <= place < len(self._rows()):
            self._try(lambda: self._note(place, self._rows()[place]["Verdict"], text))

    def _note(self, place: int, verdict: str, note: str) -> None:
        if self._changes is not None:
            self._logic.judgeRegion(self._changes, rank=place + 1, verdict=verdict, note=note)
        else:
            writeOpinion(self._table(), place, verdict, note)
        self._list()

    def _onShow(self) -> None:
        if self._putBack is not None:
            self._putBack()
            self._putBack = None
        elif self._map() is not None:
            self._beforeShowing()
            self._putBack = rememberViews(slicer.mrmlScene)
            showInViews(self._map(), self._current or self._choices.fixedVolume)
        self._ui.showChangesButton.text = _("Hide map") if self._putBack is not None else _("Show map")
