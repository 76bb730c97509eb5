from typing import Any

import slicer
import vtk
from LDRRegistrationLib.gui import about, hints
from LDRRegistrationLib.gui.advancedsection import AdvancedSection
from LDRRegistrationLib.gui.binding import AFTER_SELECTORS, BEFORE_SELECTORS, Binding, chooseNoneFor
from LDRRegistrationLib.gui.changesection import ChangesSection
from LDRRegistrationLib.gui.choices import LDRRegistrationParameterNode, proposeVolumes
from LDRRegistrationLib.gui.controller import Run, RunController
from LDRRegistrationLib.gui.pairsection import PairSection
from LDRRegistrationLib.gui.placecontrol import PlaceControl
from LDRRegistrationLib.gui.presetsection import PresetSection
from LDRRegistrationLib.gui.readiness import Readiness
from LDRRegistrationLib.gui.refusals import Refusals, isRefusal
from LDRRegistrationLib.gui.refusedinputs import RefusedInputs
from LDRRegistrationLib.gui.resultsection import ResultSection
from LDRRegistrationLib.gui.sampledata import registerSampleData
from LDRRegistrationLib.gui.selftest import LDRRegistrationTest  # noqa: F401  Slicer looks for it here
from LDRRegistrationLib.gui.starting import Starter
from LDRRegistrationLib.gui.studysection import StudySection
from LDRRegistrationLib.gui.verdicts import isKept
from LDRRegistrationLib.gui.view import RunView, errorInWords
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.mrml.worldposition import resultAbove
from LDRRegistrationLib.runtime import pytorch
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

DOUBLE_CLICK_SECONDS = 0.5


class LDRRegistration(ScriptedLoadableModule):
    """The module as Slicer lists it. Created when the application starts, so it does nothing else."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        about.loadTranslations()
        self.parent.title = _("LDR Registration")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Registration")]
        # PyTorchUtils is not named here: without it this module would not be loaded, and could not say what it lacks.
        self.parent.dependencies = []
        self.parent.contributors = ["LDRRegistration contributors"]
        self.parent.helpText = about.helpText()
        self.parent.acknowledgementText = about.acknowledgementText()
        slicer.app.connect("startupCompleted()", registerSampleData)


class LDRRegistrationWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel: binds the widgets to the parameter node, and Apply to the run controller."""

    def __init__(self, parent=None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic: Any = None
        self._parameterNode: Any = None
        self._binding: Any = None

    def setup(self) -> None:
        """Called when the user opens the module for the first time, and by Reload."""
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/LDRRegistration.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)

        self.logic = LDRRegistrationLogic()
        self._view = RunView(self.ui, lambda: self.parent.isEntered)
        models = self.logic.models
        self._advanced = AdvancedSection(self.ui, models.cards(), models.problems)
        for problem in models.problems.values():
            self._view.log(problem)
        self._controller = RunController(self)
        self._refusals = refusals = Refusals(self._view.mention, self._afterRun)
        self._starter = Starter(
            self._controller, refusals, self._view, self._onRunStarted, self._afterRun, self.onRunFailed
        )
        self.onRunProgress = self._view.showProgress
        self._readiness = Readiness(self.logic, self._view.busy, self.onRunFailed)
        running, parameters = lambda: self._controller.isRunning, lambda: self._advanced.parameters
        self._place = PlaceControl(self.ui, refusals, self._putViewsBack)
        start, endPlacing = self._starter.startOnResult, self._place.end
        self._controller.beforeStart = endPlacing
        common = (self.ui, self.logic, self._view, refusals)
        self._result = ResultSection(*common, start, running, parameters, endPlacing)
        self._changes = ChangesSection(*common, self._showSummary, start, endPlacing)
        ready, settings = self._readiness.canCompute, lambda: self._advanced.ofRegistrations
        self._study = StudySection(*common, self._controller, ready, settings, self._result.show, self._afterRun)
        choosing = (PairSection(self.ui), PresetSection(self.ui, self._view.log, refusals), self._advanced, self._place)
        self._refusedInputs = RefusedInputs(self.ui, self._updateView)
        self._sections = (*choosing, self._refusedInputs, self._result, self._changes, self._study)
        find, besideFind = self.ui.findChangesButton, refusals.beside(self.ui.findHintLabel)
        self.ui.applyButton.connect(
            "clicked(bool)", lambda checked=False: refusals.ask(self._view.refuse, self.onApplyButton)
        )
        find.connect("clicked(bool)", lambda checked=False: refusals.ask(besideFind, self.onFindChangesButton))
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.StartImportEvent, self.onSceneStartImport)
        for event in (scene.EndCloseEvent, scene.EndImportEvent):
            self.addObserver(scene, event, self.onSceneReplaced, priority=AFTER_SELECTORS)
        event = scene.NodeAboutToBeRemovedEvent
        self.addObserver(scene, event, self.onNodeAboutToBeRemoved, priority=BEFORE_SELECTORS)
        self.initializeParameterNode()

    def cleanup(self) -> None:
        """Called before the module is reloaded or the application ends."""
        self._controller.close()
        self._place.close()
        self._result.close()
        pytorch.finishImport()
        self.setParameterNode(None)
        self.removeObservers()

    def enter(self) -> None:
        self.initializeParameterNode()

    def exit(self) -> None:
        self.setParameterNode(None)

    def onReload(self) -> None:
        about.forgetLibrary()
        super().onReload()

    def onSceneStartClose(self, caller, event) -> None:
        self._controller.abandon(_("Cancelled: the scene was closed."))
        self._refusals.forget()
        for part in (self._result, self._changes, self._study, self._place):
            part.forget()
        self._view.forgetOutcome()
        self.setParameterNode(None)

    def onSceneStartImport(self, caller, event) -> None:
        # While nodes come in, the selectors lose theirs; that is no choice of the user's.
        self.setParameterNode(None)

    def onSceneReplaced(self, caller, event) -> None:
        if self.parent.isEntered:
            self.initializeParameterNode()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAboutToBeRemoved(self, caller, event, node) -> None:
        if not slicer.mrmlScene.IsClosing():
            chooseNoneFor(node, self.ui)

    def initializeParameterNode(self) -> None:
        """Show the scene's choices; where there are none yet, propose the first two volumes."""
        self.setParameterNode(self.logic.getParameterNode())
        proposeVolumes(self._parameterNode)

    def setParameterNode(self, parameterNode: LDRRegistrationParameterNode | None) -> None:
        """Bind the widgets to ``parameterNode``, or to nothing."""
        if self._parameterNode is not None:
            self._binding.end()
            self._binding = None
            self.removeObserver(self._parameterNode.parameterNode, vtk.vtkCommand.ModifiedEvent, self.onChoicesChanged)
        self._parameterNode = parameterNode
        for section in self._sections:
            section.setChoices(parameterNode)
        if self._parameterNode is not None:
            self._binding = Binding(self._parameterNode, self.ui)
            self.addObserver(self._parameterNode.parameterNode, vtk.vtkCommand.ModifiedEvent, self.onChoicesChanged)
            self._updateView()

    def onChoicesChanged(self, caller, event) -> None:
        self._view.forgetOutcome()
        self._refusals.forget()
        for section in self._sections:
            section.update()
        self._updateView()

    def onApplyButton(self) -> None:
        """Start a registration, or cancel the run that there is."""
        if self._controller.isRunning:
            # The second click of a double click on Apply is not a wish to cancel.
            if self._controller.secondsRunning > DOUBLE_CLICK_SECONDS:
                self._controller.cancel()
                self._view.showCancelling()
            return
        self._result.beforeRun()
        self._changes.restore()
        choices = self._parameterNode
        shownBy = resultAbove(choices.movingVolume, choices.outputTransform) if choices.outputTransform else None
        if not self._readiness.isReady(choices, shownBy, self._missingNow):
            return
        self._starter.start(
            Run(self.logic.prepare, self.logic.compute, self.logic.publish, self.onRegistered),
            _("Registering {moving} to {fixed}").format(
                moving=choices.movingVolume.GetName(), fixed=choices.fixedVolume.GetName()
            ),
            fixedVolumeNode=choices.fixedVolume,
            movingVolumeNode=choices.movingVolume,
            outputTransformNode=choices.outputTransform,
            outputVolumeNode=choices.outputVolume,
            createTransform=choices.outputTransform is None and choices.outputVolume is None,
            **self._advanced.ofRegistrations,
        )

    def onFindChangesButton(self) -> None:
        """Start a comparison of the two scans; the button above cancels it."""
        # The moving volume may be shown under a transform that is about to be written, or that does not count.
        self._putViewsBack()
        choices, logic = self._parameterNode, self.logic
        if not self._readiness.isReady(choices, resultAbove(choices.movingVolume), self._missingNow):
            return
        self._starter.start(
            Run(logic.prepareChanges, logic.computeChanges, logic.publishFoundChanges, self.onChangesFound),
            _("Comparing {current} with {prior}").format(
                current=choices.fixedVolume.GetName(), prior=choices.movingVolume.GetName()
            ),
            currentVolumeNode=choices.fixedVolume,
            priorVolumeNode=choices.movingVolume,
            **self._advanced.parameters,
            **self._changes.parameters,
        )

    def _missingNow(self) -> str:
        """What a run still lacks, after a dialog in which the user could do anything; empty if nothing."""
        if self._parameterNode is None:
            return _("The panel was closed meanwhile.")
        return self._refusedInputs.ofRegistrations

    def isResultKept(self, result) -> bool:
        verdict = getattr(result, "verdict", None)
        return verdict is None or isKept(verdict)

    def onRegistered(self, job, result, published) -> None:
        # Not self._parameterNode: the user may have left the panel meanwhile.
        choices = self.logic.getParameterNode()
        with slicer.util.NodeModify(choices):
            choices.outputTransform = job.outputTransformNode
            choices.outputVolume = job.outputVolumeNode
        self._result.keep(job, result)
        self._afterRun()

    def onChangesFound(self, job, found, changes) -> None:
        choices = self.logic.getParameterNode()
        self._changes.keep(changes, choices)
        for note in found.notes:
            self._view.log(note)
        self._view.setOutcome(changes.summary, found.verdict, found.result.summary)
        self._changes.show(changes, choices.fixedVolume)
        self._afterRun()

    def _afterRun(self) -> None:
        self._result.update()
        self._updateView()

    def _showSummary(self, changes) -> None:
        self._view.changeOutcome(changes.summary, changes.result.verdict, changes.result.summary)
        self._updateView()

    def _putViewsBack(self) -> None:
        self._result.restore()
        self._changes.restore()

    def _onRunStarted(self) -> None:
        self._study.update()

    def onRunFailed(self, error: BaseException, details: str) -> None:
        if isRefusal(error):
            self._afterRun()
            self._starter.refuse(error)
            return
        sentence, details = errorInWords(error, details)
        self._view.setOutcome(sentence)
        self._afterRun()
        slicer.util.errorDisplay(sentence, **({"detailedText": details} if details else {}))

    def onRunCancelled(self, reason: str) -> None:
        self._view.setOutcome(reason)
        self._afterRun()

    def _updateView(self) -> None:
        choices = self._parameterNode
        if choices is None or self._controller.isRunning or self._view.isBusy:
            return
        missing = self._refusedInputs.ofRegistrations
        hints.showFind(self.ui, self._refusedInputs.ofComparisons)
        hints.nameOutputs(choices, self.ui)
        self._view.showIdle(missing, "" if missing else hints.whatApplyDoes(choices))
        self._study.update()


class LDRRegistrationLogic(ScriptedLoadableModuleLogic, RegistrationLogic):
    """The methods of LDRRegistrationLib/logic, as a logic that Slicer knows."""

    def __init__(self) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        RegistrationLogic.__init__(self)

    def getParameterNode(self) -> LDRRegistrationParameterNode:
        return LDRRegistrationParameterNode(super().getParameterNode())  # type: ignore[call-arg]
