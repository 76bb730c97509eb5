"""``ldr-register`` as a node of nipype and as a task of pydra, for those who have them."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any, ClassVar

from ..registration.recipes import Preset
from ..registration.settings import Prealignment
from ..runtime.errors import DependencyError

# The command of this very installation.
COMMAND = f"{shlex.quote(sys.executable)} -m LDRRegistrationLib"
OUT_FOLDER = "ldr-register"
FILES = {
    "transform": "transform.h5",
    "warped": "warped.nii.gz",
    "warped_labels": "warped_labels.nii.gz",
    "report": "report.json",
    "overview": "overview.png",
}
PRESETS = tuple(preset.value for preset in Preset)
PREALIGNMENTS = tuple(prealignment.value for prealignment in Prealignment)
# Of the pydra task, what is optional: its input, the option, what it is, and what it may be.
OPTIONS: tuple[tuple[str, str, str, Any], ...] = (
    ("preset", "--preset", "how much time to spend", PRESETS),
    ("prealignment", "--prealignment", "what is aligned before the deformation", PREALIGNMENTS),
    ("initial", "--initial", "linear ITK transform to start from", Path),
    ("fixed_mask", "--fixed-mask", "label map of the fixed image", Path),
    ("moving_mask", "--moving-mask", "label map of the moving image", Path),
    ("labels", "--labels", "label map of the moving image to carry along", Path),
    ("model", "--model", "model by name", str),
    ("models", "--models", "folder of models", Path),
    ("threads", "--threads", "CPU threads", int),
)


def nipypeInterface() -> Any:
    """The class ``LdrRegister``, a CommandLine interface of nipype.

    Its inputs are the options of the command (``fixed``, ``moving``, ``preset``, ``prealignment``, ``initial``,
    ``fixed_mask``, ``moving_mask``, ``labels``, ``model``, ``threads``, ``out_dir``), its outputs the files of FILES. A
    result whose verdict is failed (exit status 3) fails the node.

        LdrRegister = nipypeInterface()
        result = LdrRegister(fixed="fixed.nii.gz", moving="moving.nii.gz", out_dir="result").run()
        print(result.outputs.transform)

    :raises DependencyError: nipype is not installed.
    """
    try:
        from nipype.interfaces.base import CommandLine, CommandLineInputSpec, Directory, File, TraitedSpec, traits
    except ImportError as error:
        raise DependencyError("nipype is not installed: run pip install nipype.") from error

    def image(text: str, option: str, **more: Any) -> Any:
        return File(exists=True, argstr=f"{option}%s", desc=text, **more)

    class LdrRegisterInputSpec(CommandLineInputSpec):  # type: ignore[misc,unused-ignore]
        fixed = image("image that stays as it is", "", mandatory=True, position=0)
        moving = image("image to carry onto it", "", mandatory=True, position=1)
        out_dir = Directory(OUT_FOLDER, usedefault=True, argstr="-o %s", desc="folder for the results")
        preset = traits.Enum(*PRESETS, argstr="--preset %s")
        prealignment = traits.Enum(*PREALIGNMENTS, argstr="--prealignment %s")
        initial = image("linear ITK transform to start from", "--initial ")
        fixed_mask = image("label map of the fixed image", "--fixed-mask ")
        moving_mask = image("label map of the moving image", "--moving-mask ")
        labels = image("label map of the moving image to carry along", "--labels ")
        model = traits.Str(argstr="--model %s", desc="model by name")
        models = Directory(exists=True, argstr="--models %s", desc="folder of models")
        threads = traits.Range(low=1, argstr="--threads %d", desc="CPU threads", nohash=True)

    class LdrRegisterOutputSpec(TraitedSpec):  # type: ignore[misc,unused-ignore]
        transform = File(desc="fixed to moving points, an ITK transform")
        warped = File(desc="the moving image on the fixed image's grid")
        warped_labels = File(desc="the moving label map on the fixed image's grid")
        report = File(desc="verdict, settings, seconds and measures")
        overview = File(desc="before, after and the deformation")

    class LdrRegister(CommandLine):  # type: ignore[misc,unused-ignore]
        _cmd = COMMAND
        input_spec = LdrRegisterInputSpec
        output_spec = LdrRegisterOutputSpec

        def _run_interface(self, runtime: Any, correct_return_codes: tuple[int, ...] = (0,)) -> Any:
            runtime = super()._run_interface(runtime, correct_return_codes)
            if runtime.returncode not in correct_return_codes:  # nipype itself goes on
                self.raise_exception(runtime)
            return runtime

        def _list_outputs(self) -> dict[str, str]:
            folder = Path(self.inputs.out_dir).absolute()
            found = {name: folder / file for name, file in FILES.items()}
            return {name: str(path) for name, path in found.items() if path.is_file()}

    return LdrRegister


def pydraTask() -> Any:
    """The class ``LdrRegister``, a ShellCommandTask of pydra, with the inputs and outputs of ``nipypeInterface``.

        LdrRegister = pydraTask()
        result = LdrRegister(name="register", fixed="fixed.nii.gz", moving="moving.nii.gz")()
        print(result.output.transform)

    The results lie in ``out_dir`` in the task's own folder. An exit status other than 0 fails the task.

    :raises DependencyError: pydra (0.2) is not installed.
    """
    try:
        import attrs
        from pydra import ShellCommandTask
        from pydra.engine.specs import File, ShellOutSpec, ShellSpec, SpecInfo
    except ImportError as error:
        raise DependencyError("pydra is not installed: run pip install 'pydra<1'.") from error

    def made(kind: Any, text: str, **metadata: Any) -> Any:
        allowed = {"allowed_values": list(kind)} if isinstance(kind, tuple) else {}
        type_ = str if isinstance(kind, tuple) else File if kind is Path else kind
        return attrs.field(type=type_, metadata={"help_string": text, **allowed, **metadata})

    def found(file: str) -> Any:
        def path(output_dir: Path, inputs: Any) -> Any:
            there = Path(output_dir) / inputs.out_dir / file
            return there if there.is_file() else attrs.NOTHING

        return attrs.field(type=File, metadata={"help_string": file, "callable": path})

    fields: list[tuple[str, Any]] = [
        ("fixed", made(Path, "image that stays as it is", argstr="", position=1, mandatory=True)),
        ("moving", made(Path, "image to carry onto it", argstr="", position=2, mandatory=True)),
        ("out_dir", attrs.field(type=str, default=OUT_FOLDER, metadata={"help_string": "results", "argstr": "-o"})),
    ]
    for name, option, text, kind in OPTIONS:
        # A folder is no file to pydra.
        fields.append((name, made(str if name == "models" else kind, text, argstr=option)))

    class LdrRegister(ShellCommandTask):  # type: ignore[misc,unused-ignore]
        input_spec = SpecInfo(name="Input", fields=fields, bases=(ShellSpec,))
        output_spec = SpecInfo(
            name="Output", fields=[(name, found(file)) for name, file in FILES.items()], bases=(ShellOutSpec,)
        )
        executable: ClassVar[list[str]] = [sys.executable, "-m", "LDRRegistrationLib"]

    return LdrRegister
