"""The Result section: seeing a registration in the slice views; its parts put it right, judge it and use it."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from ..mrml.checkerboard import (
    computeCheckerboard,
    computeDifference,
    prepareCheckerboard,
    publishCheckerboard,
    publishDifference,
)
from ..mrml.display import CHECKERBOARD, DIFFERENCE, GRID, MAGNITUDE, VOLUME_CHANGE, ResultDisplay
from ..mrml.volumechange import computeVolumeChange, prepareVolumeChange, publishVolumeChange
from .boxcontrol import BoxControl
from .following import FollowControl
from .hints import hideEmpty
from .history import HistoryControl
from .landmarks import LandmarkControl
from .refusals import Refusals
from .resultuse import ResultUse, inSteps
from .trustcontrol import TrustControl


class ResultSection:
    """Buttons that each do one thing to the views or the scene; and the first result of a scene is shown by itself.

    :param ui: the widgets of LDRRegistration.ui, by name.
    :param logic: LDRRegistrationLogic.
    :param view: the panel's RunView, for its log and for what the status line says of a result.
    :param refusals: says beside a button why it refuses.
    :param start: takes a Run, its title, and the parameters of its first step; for what takes longer than a moment.
    :param isRunning: whether anything is computed, during which nothing here is enabled.
    :param beforeShowing: called before the views are changed for the first time: whoever else did puts them back.
    :param parameters: answers what other sections say of a registration, as parameters of its first step.
    """

    def __init__(
        self,
        ui: Any,
        logic: Any,
        view: Any,
        refusals: Refusals,
        start: Any,
        isRunning: Any,
        parameters: Any,
        beforeShowing: Any,
    ) -> None:
        self._ui, self._logic, self._view, self._log = ui, logic, view, view.log
        self._refusals, self._start, self._isRunning = refusals, start, isRunning
        self._beforeShowing = beforeShowing
        self._choices: Any = None
        self._display: ResultDisplay | None = None
        self._hasShown = False
        self._history = HistoryControl(ui, view.tell, view.log)
        self._landmarks = LandmarkControl(ui, logic, view.log, lambda: self._follow.onPoints(isRunning()))
        common = (ui, logic, refusals, self._history, start, self.keep, parameters)
        self._follow = FollowControl(*common, landmarks=self._landmarks)
        self._box = BoxControl(*common)
        self._use = ResultUse(ui, view.log, refusals, start)
        self._trust = TrustControl(ui, logic, start, self._display_, parameters)
        labels = (ui.viewsHintLabel, ui.carryHintLabel, ui.landmarksHintLabel, ui.roiHintLabel, ui.saveHintLabel)
        hideEmpty(ui.resultCollapsibleButton, *labels, ui.followedLabel, ui.doubtfulLabel)
        ask, self._besideViews = refusals.ask, refusals.beside(ui.viewsHintLabel)
        ui.fadeSlider.connect("valueChanged(int)", lambda value: self._see(lambda: self._onFade(value)))
        for name, slot in {
            "afterButton": self._onAfter,
            "swipeButton": self._onSwipe,
            "gridButton": lambda: self._display_().showDeformation(GRID),
            "magnitudeButton": lambda: self._display_().showDeformation(MAGNITUDE),
            "volumeChangeButton": self._onVolumeChange,
            "checkerboardButton": self._onCheckerboard,
            "differenceButton": self._onDifference,
            "trustButton": self._trust.showError,
            "similarityButton": self._trust.showSimilarity,
            "doubtfulButton": self._trust.goOn,
            "restoreButton": self.restore,
        }.items():
            getattr(ui, name).connect("clicked(bool)", lambda checked=False, slot=slot: self._see(slot))
        place = refusals.beside(ui.landmarksHintLabel)
        ui.landmarksButton.connect("clicked(bool)", lambda checked=False: ask(place, self._landmarks.check))

    def setChoices(self, choices: Any) -> None:
        """Follow a parameter node, or nothing: then the views stay as they are, while another module is open."""
        self._choices = choices
        self._follow.setChoices(choices)
        self._box.setChoices(choices)
        self._trust.setChoices(choices)
        self._use.setChoices(choices)
        self.update()

    def forget(self) -> None:
        """The scene is about to go, and what was shown of it."""
        self.close()
        self._display, self._hasShown = None, False
        self._history.forget()
        self._follow.forget()
        self._trust.forget()

    def close(self) -> None:
        """The panel is about to go: what hangs on it, and is not in the scene, goes, too."""
        if self._display is not None:
            self._display.endSwipe()

    def keep(self, job: Any, result: Any) -> None:
        """A registration was put into the scene: an attempt more, and what the panel says of it.

        The first one of a scene is shown, if the user has not asked for other views than there are; later ones change
        no view: what shows the transform shows the new one.
        """
        corrections = "\n".join(fit.summary for fit in (result.landmarks, result.box) if fit is not None)
        self._view.setOutcome(corrections, result.verdict, result.summary, result.notes)
        if result.landmarks is None:
            self._follow.forget()
        self._trust.forget()
        self._history.add(job, result)
        if job.outputTransformNode is None or self._choices is None:
            return
        if self._choices.showWhenDone and not self._hasShown:
            self.show()
        elif self._display is None:
            self._log(_("To see it, open Result below."))
        self._hasShown = True

    def show(self) -> None:
        """The moving volume over the fixed one, carried by their transform."""
        self._ui.resultCollapsibleButton.collapsed = False
        self._display_().showAfter(True)
        self._display_().blend(self._ui.fadeSlider.value / 100.0)
        self._nameButtons()

    def beforeRun(self) -> None:
        """A registration is about to begin: views that show what will not hold any more go back; others stay."""
        shown = self._display
        if shown is None or not (shown.isLive and shown.transform is self._nodes()[2]):
            self.restore()

    def update(self) -> None:
        """Enable what can be done with the present choices; views that were changed for another result go back."""
        nodes = self._nodes()
        self._ui.resultCollapsibleButton.enabled = None not in nodes and not self._isRunning()
        if self._choices is None:
            self._landmarks.close()
            return
        self._landmarks.follow(nodes)
        self._history.follow(nodes, self._choices.outputVolume)
        self._box.update()
        shown = self._display
        if shown is not None and (shown.fixed, shown.moving, shown.transform) != nodes:
            self.restore()
        self._nameButtons()

    def restore(self) -> None:
        """The views, and the moving volume's place, as they were before the first button."""
        if self._display is not None:
            self._display.restore()
            self._display = None
        self._nameButtons()

    def _nodes(self) -> tuple[Any, Any, Any]:
        choices = self._choices
        if choices is None:
            return (None, None, None)
        return choices.fixedVolume, choices.movingVolume, choices.outputTransform

    def _display_(self) -> ResultDisplay:
        if self._display is None:
            self._beforeShowing()
            self._display = ResultDisplay(*self._nodes())
        return self._display

    def _see(self, slot: Any) -> None:
        """Do what a control of the views is for, and let the buttons say what is shown then."""
        self._refusals.ask(self._besideViews, slot)
        self._nameButtons()

    def _onFade(self, value: int) -> None:
        if self._ui.resultCollapsibleButton.enabled:
            self._display_().blend(value / 100.0)

    def _onAfter(self) -> None:
        display = self._display_()
        display.showAfter(not display.isAfter)
        if not display.isSwiping:
            display.blend(self._ui.fadeSlider.value / 100.0)

    def _onSwipe(self) -> None:
        display = self._display_()
        if display.isSwiping:
            display.blend(self._ui.fadeSlider.value / 100.0)
        else:
            display.showSwipe()

    def _nameButtons(self) -> None:
        _fixed, moving, transform = self._nodes()
        # Also without this section's doing, as in a scene that was saved so.
        isAfter = None not in (moving, transform) and moving.GetParentTransformNode() is transform
        self._ui.afterButton.text = _("Show before") if isAfter else _("Show after")
        self._ui.swipeButton.checked = self._display is not None and self._display.isSwiping

    def _onVolumeChange(self) -> None:
        display = self._display_()
        self._showMade(
            VOLUME_CHANGE,
            display.showVolumeChange,
            (prepareVolumeChange, computeVolumeChange, publishVolumeChange),
            _("Computing the volume change"),
            transformNode=display.transform,
            referenceVolumeNode=display.fixed,
            onlyInBody=True,
        )
        self._log(_("A registration bends lesions towards their prior size: for lesions use Changes below."))

    def _onCheckerboard(self) -> None:
        display = self._display_()
        self._showMade(
            CHECKERBOARD,
            display.showCheckerboard,
            (prepareCheckerboard, computeCheckerboard, publishCheckerboard),
            _("Making the checkerboard"),
            fixedVolumeNode=display.fixed,
            movingVolumeNode=display.moving,
            transformNode=display.transform,
        )

    def _onDifference(self) -> None:
        display = self._display_()
        self._showMade(
            DIFFERENCE,
            lambda node=None: display.showDifference(node),
            (prepareCheckerboard, computeDifference, publishDifference),
            _("Computing the difference"),
            fixedVolumeNode=display.fixed,
            movingVolumeNode=display.moving,
            transformNode=display.transform,
        )

    def _showMade(self, what: str, show: Any, steps: tuple[Any, Any, Any], title: str, **nodes: Any) -> None:
        """Show what there is already, or make it by ``steps`` of ``nodes`` and then show it."""
        display = self._display_()
        if display.has(what):
            show()
            return

        def finished(made: Any) -> None:
            # The views may have been put back meanwhile.
            self._display = display
            show(made)

        self._start(inSteps(*steps, finished), title, **nodes)
