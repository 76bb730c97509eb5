import logging
import sys
import traceback
import unittest

import numpy as np
import slicer
import vtk
from LDRRegistrationLib import dependencies
from LDRRegistrationLib.errors import DependencyError, RegistrationError
from LDRRegistrationLib.gui import curved, hints
from LDRRegistrationLib.gui.advanced import AdvancedSection
from LDRRegistrationLib.gui.binding import AFTER_SELECTORS, BEFORE_SELECTORS, Binding, chooseNoneFor
from LDRRegistrationLib.gui.changes import ChangeRun, ChangesSection
from LDRRegistrationLib.gui.choices import LDRRegistrationParameterNode
from LDRRegistrationLib.gui.controller import RunController
from LDRRegistrationLib.gui.presets import PresetChoice
from LDRRegistrationLib.gui.result import ResultSection
from LDRRegistrationLib.gui.verdicts import isKept
from LDRRegistrationLib.gui.view import RunView
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.mrml.places import resultAbove
from LDRRegistrationLib.names import transformName, volumeName
from LDRRegistrationLib.sampledata import registerSampleData
from slicer import vtkMRMLScalarVolumeNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

DOUBLE_CLICK_SECONDS = 0.5
ADAPTATION_ITERATIONS = 40


class LDRRegistration(ScriptedLoadableModule):
    """The module as Slicer lists it. Created when the application starts, so it does nothing else."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("LDR Registration")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Registration")]
        # PyTorchUtils is not named here: without it this module would not be loaded, and could not say what it lacks.
        self.parent.dependencies = []
        self.parent.contributors = ["LDRRegistration contributors"]
        self.parent.helpText = _(
            "Aligns two 3D images (follow-up scans, or different people) by bending one onto the other, in about a "
            "second without a graphics card. Choose the fixed and the moving volume and press Apply: the result is a "
            "transform that carries the moving volume, and segmentations and markups made on it, onto the fixed one. "
            "Tested on MR of the head (T1, T2, FLAIR, thick slices) and of the hippocampus; on CT and the rest of the "
            "body, little. For research; not for diagnostic use. To try it: Sample Data, LDRFollowUpFLAIR."
        )
        self.parent.acknowledgementText = _(
            "The network is the light-weight deformable registration (LDR) of M. Q. Tran et al., Light-weight "
            "deformable registration using adversarial learning with distilling knowledge, IEEE Transactions on "
            "Medical Imaging 41(6), 2022. doi:10.1109/TMI.2022.3141013. The sample images are of Z. Lesjak et al., "
            "Neuroinformatics 2016 (CC BY), and of the Medical Segmentation Decathlon (CC BY-SA)."
        )
        slicer.app.connect("startupCompleted()", registerSampleData)


class LDRRegistrationWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel: binds the widgets to the parameter node, and Apply to the run controller."""

    def __init__(self, parent=None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self._parameterNode = None
        self._binding = None

    def setup(self) -> None:
        """Called when the user opens the module for the first time, and by Reload."""
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/LDRRegistration.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)

        self.logic = LDRRegistrationLogic()
        self._view = RunView(self.ui)
        models = self.logic.models
        self._advanced = AdvancedSection(self.ui, models.cards(), models.problems)
        for problem in models.problems.values():
            self._view.log(problem)
        self._result = ResultSection(self.ui, self.logic, self._view.log, lambda: self._running() is not None)
        self._changes = ChangesSection(self.ui, self.logic, self._view.log, self._showSummary)
        self._controller = RunController(self.logic, self)
        self._changeRun = ChangeRun(self.logic)
        self._changeController = RunController(self._changeRun, self)
        self.ui.applyButton.connect("clicked(bool)", self.onApplyButton)
        self.ui.findChangesButton.connect("clicked(bool)", self.onFindChangesButton)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneReplaced, priority=AFTER_SELECTORS)
        self.addObserver(scene, scene.StartImportEvent, self.onSceneStartImport)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneReplaced, priority=AFTER_SELECTORS)
        event = scene.NodeAboutToBeRemovedEvent
        self.addObserver(scene, event, self.onNodeAboutToBeRemoved, priority=BEFORE_SELECTORS)
        self.initializeParameterNode()

    def cleanup(self) -> None:
        """Called before the module is reloaded or the application ends."""
        self._controller.close()
        self._changeController.close()
        dependencies.finishImport()
        self.setParameterNode(None)
        self.removeObservers()

    def enter(self) -> None:
        self.initializeParameterNode()

    def exit(self) -> None:
        self.setParameterNode(None)

    def onReload(self) -> None:
        # Slicer reloads this file alone; forgetting the package makes it import the edited files of the package too.
        for name in [name for name in sys.modules if name.partition(".")[0] == "LDRRegistrationLib"]:
            del sys.modules[name]
        super().onReload()

    def onSceneStartClose(self, caller, event) -> None:
        for controller in (self._controller, self._changeController):
            controller.abandon(_("Cancelled: the scene was closed."))
        self._view.forgetOutcome()
        self._result.forget()
        self._changes.forget()
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
        volumes = [
            node
            for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
            if node.GetClassName() == "vtkMRMLScalarVolumeNode"  # not label maps and vector volumes
        ]
        choices = self._parameterNode
        if len(volumes) > 1 and choices.fixedVolume is None and choices.movingVolume is None:
            with slicer.util.NodeModify(choices):
                choices.fixedVolume, choices.movingVolume = volumes[:2]

    def setParameterNode(self, parameterNode: LDRRegistrationParameterNode | None) -> None:
        """Bind the widgets to ``parameterNode``, or to nothing."""
        if self._parameterNode is not None:
            self._binding.end()
            self._binding = None
            self.removeObserver(self._parameterNode.parameterNode, vtk.vtkCommand.ModifiedEvent, self.onChoicesChanged)
        self._parameterNode = parameterNode
        self._advanced.setChoices(parameterNode)
        self._result.setChoices(parameterNode)
        self._changes.setChoices(parameterNode)
        if self._parameterNode is not None:
            self._binding = Binding(self._parameterNode, self.ui)
            self.addObserver(self._parameterNode.parameterNode, vtk.vtkCommand.ModifiedEvent, self.onChoicesChanged)
            self._updateView()

    def onChoicesChanged(self, caller, event) -> None:
        self._view.forgetOutcome()
        self._advanced.update()
        self._result.update()
        self._changes.update()
        self._updateView()

    def _running(self) -> RunController | None:
        controllers = (self._controller, self._changeController)
        return next((controller for controller in controllers if controller.isRunning), None)

    def onApplyButton(self, checked=False) -> None:
        """Start a registration, or cancel the one that runs."""
        running = self._running()
        if running is not None:
            # The second click of a double click on Apply is not a wish to cancel.
            if running.secondsRunning > DOUBLE_CLICK_SECONDS:
                running.cancel()
                self._view.showCancelling()
            return
        # The moving volume may be shown under the transform that is about to be written.
        self._result.restore()
        choices = self._parameterNode
        try:
            shownByNode = (
                resultAbove(choices.movingVolume, choices.outputTransform) if choices.outputTransform else None
            )
            if not curved.offerCopies(choices, self.logic, shownByNode):
                return
            dependencies.installTorch()
            self._controller.start(
                fixedVolumeNode=choices.fixedVolume,
                movingVolumeNode=choices.movingVolume,
                outputTransformNode=choices.outputTransform,
                outputVolumeNode=choices.outputVolume,
                preset=choices.preset.value,
                model=choices.model,
                fixedMaskNode=choices.fixedMask,
                movingMaskNode=choices.movingMask,
                initialTransformNode=choices.initialTransform,
                prealignment=choices.prealignment.value,
                adaptationIterations=ADAPTATION_ITERATIONS if choices.adapt else 0,
                refinementSteps=None if choices.refinementSteps < 0 else choices.refinementSteps,
                device=choices.device.value,
                threads=choices.threads or None,
                createTransform=choices.outputTransform is None and choices.outputVolume is None,
            )
        except Exception as error:
            self.onRunFailed(error, traceback.format_exc())
        else:
            self._view.showRunning(
                _("Registering {moving} to {fixed}").format(
                    moving=choices.movingVolume.GetName(), fixed=choices.fixedVolume.GetName()
                )
            )

    def onFindChangesButton(self, checked=False) -> None:
        """Start a comparison of the two scans; the button above cancels it."""
        self._result.restore()
        choices = self._parameterNode
        try:
            if not curved.offerCopies(choices, self.logic, resultAbove(choices.movingVolume)):
                return
            dependencies.installTorch()
            self._changeController.start(
                currentVolumeNode=choices.fixedVolume,
                priorVolumeNode=choices.movingVolume,
                model=choices.model,
                device=choices.device.value,
                threads=choices.threads or None,
                fixedMaskNode=choices.fixedMask,
                movingMaskNode=choices.movingMask,
                initialTransformNode=choices.initialTransform,
                prealignment=choices.prealignment.value,
                **self._changes.parameters,
            )
        except Exception as error:
            self.onRunFailed(error, traceback.format_exc())
        else:
            self._view.showRunning(
                _("Comparing {current} with {prior}").format(
                    current=choices.fixedVolume.GetName(), prior=choices.movingVolume.GetName()
                )
            )

    def onRunProgress(self, fraction: float, stage: str) -> None:
        self._view.showProgress(fraction, stage)

    def isResultKept(self, result) -> bool:
        return isKept(result.verdict)

    def onRunFinished(self, job, result) -> None:
        # Not self._parameterNode: the user may have left the panel meanwhile.
        choices = self.logic.getParameterNode()
        if self._changeRun.changes is not None:
            self._showChanges(choices, result)
            return
        with slicer.util.NodeModify(choices):
            choices.outputTransform = job.outputTransformNode
            choices.outputVolume = job.outputVolumeNode
        for note in result.notes:
            self._view.log(note)
        self._view.setOutcome(result.summary, result.verdict, result.summary)
        if job.outputTransformNode is not None:
            self._view.log(_("To see it, open Result below."))
        self._result.update()
        self._updateView()

    def _showChanges(self, choices, found) -> None:
        changes, self._changeRun.changes = self._changeRun.changes, None
        self._changes.keep(changes, choices)
        for note in found.notes:
            self._view.log(note)
        self._view.setOutcome(changes.summary, found.verdict, found.result.summary)
        self._changes.show(changes, choices.fixedVolume)
        self._result.update()
        self._updateView()

    def _showSummary(self, changes) -> None:
        self._view.changeOutcome(changes.summary, changes.result.verdict, changes.result.summary)
        self._updateView()

    def onRunFailed(self, error: BaseException, details: str) -> None:
        expected = isinstance(error, (RegistrationError, DependencyError))
        sentence = str(error) if expected else _("The registration failed: {error}").format(error=error)
        self._view.setOutcome(sentence)
        self._result.update()
        self._updateView()
        if expected:
            slicer.util.errorDisplay(sentence)
        else:
            logging.debug(details)
            slicer.util.errorDisplay(sentence, detailedText=details)

    def onRunCancelled(self, reason: str) -> None:
        self._view.setOutcome(reason)
        self._result.update()
        self._updateView()

    def _updateView(self) -> None:
        choices = self._parameterNode
        if choices is None or self._running() is not None:
            return
        missing = hints.whatIsMissing(choices)
        self.ui.findChangesButton.enabled = not missing
        self.ui.findChangesButton.toolTip = missing or _("Registers the two scans and finds what changed between them.")
        if choices.fixedVolume is not None and choices.movingVolume is not None:
            names = choices.movingVolume.GetName(), choices.fixedVolume.GetName()
            self.ui.outputTransformSelector.baseName = transformName(*names)
            self.ui.outputVolumeSelector.baseName = volumeName(*names)
        self._view.showIdle(missing, "" if missing else hints.whatApplyDoes(choices))


class LDRRegistrationLogic(ScriptedLoadableModuleLogic, RegistrationLogic):
    """``registerVolumes`` and its three steps, see LDRRegistrationLib/logic.py, as a logic that Slicer knows."""

    def __init__(self) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        RegistrationLogic.__init__(self)

    def getParameterNode(self) -> LDRRegistrationParameterNode:
        return LDRRegistrationParameterNode(super().getParameterNode())


class LDRRegistrationTest(ScriptedLoadableModuleTest):
    """A short self-test for Slicer itself: Reload and Test, or ctest. The real tests are in the folder Testing."""

    def setUp(self) -> None:
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        for test in (self.test_choicesAreKeptInTheScene, self.test_shiftIsRecovered):
            self.setUp()
            try:
                test()
            except unittest.SkipTest as reason:
                self.delayDisplay(f"Skipped: {reason}")

    def test_choicesAreKeptInTheScene(self) -> None:
        fixed, moving = self._addBlob("Current", 0.0), self._addBlob("Prior", 8.0)
        choices = LDRRegistrationLogic().getParameterNode()
        choices.fixedVolume, choices.movingVolume, choices.preset = fixed, moving, PresetChoice.ACCURATE
        again = LDRRegistrationLogic().getParameterNode()
        self.assertIs(again.movingVolume, moving)
        self.assertIs(again.preset, PresetChoice.ACCURATE)
        self.assertEqual(hints.whatIsMissing(again), "")

    def test_shiftIsRecovered(self) -> None:
        if not dependencies.torchIsInstalled():
            self.skipTest("PyTorch is not installed")
        self.delayDisplay("Registering two synthetic volumes")
        shiftMm = 8.0
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode")
        LDRRegistrationLogic().registerVolumes(
            fixedVolumeNode=self._addBlob("Current", 0.0),
            movingVolumeNode=self._addBlob("Prior", shiftMm),
            outputTransformNode=transform,
        )
        moved = transform.GetTransformFromParent().TransformPoint(0.0, 0.0, 0.0)
        self.assertLess(np.linalg.norm(np.subtract(moved, (shiftMm, 0.0, 0.0))), 2.0)
        self.delayDisplay("Test passed")

    def _addBlob(self, name: str, shiftMm: float) -> vtkMRMLScalarVolumeNode:
        """A head-like ellipsoid with a brighter core, moved to the right by ``shiftMm``; 64 voxels of 3 mm a side."""
        axis = (np.arange(64.0) - 31.5) * 3.0
        s, a, r = np.meshgrid(axis, axis, axis - shiftMm, indexing="ij")
        outer = (r / 60.0) ** 2 + (a / 75.0) ** 2 + (s / 65.0) ** 2
        inner = ((r - 15.0) / 25.0) ** 2 + ((a + 10.0) / 30.0) ** 2 + (s / 20.0) ** 2
        voxels = 100.0 / (1.0 + np.exp(12.0 * (outer - 1.0))) + 80.0 / (1.0 + np.exp(6.0 * (inner - 1.0)))
        ijkToRas = np.diag([3.0, 3.0, 3.0, 1.0])
        ijkToRas[:3, 3] = -31.5 * 3.0
        return slicer.util.addVolumeFromArray(voxels.astype(np.float32), ijkToRAS=ijkToRas, name=name)
