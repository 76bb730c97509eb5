"""A template from files to files: what ``ldr-template`` does."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..cohort.fingerprint import digestOf
from ..dicom.choosing import chooseSeries, isDicom
from ..dicom.voxels import readStack
from ..imagefiles.reading import readImage, stem
from ..reports.registrationjson import computedOn, modelContent, versions
from ..runtime.device import Device, deviceName
from ..runtime.errors import RegistrationError
from ..runtime.startup import loadLibraries
from ..runtime.terminal import interruptsWait, showProgress
from ..runtime.version import softwareVersion
from ..runtime.workfolder import replaceFile, sha256
from ..space.image import Image, Modality
from ..space.transform import Transform
from .outputfolder import REPORT, prepareFolder, publish, resultsFor, sealed, unchanged

if TYPE_CHECKING:
    from ..registration.models import ModelStore
    from ..registration.template import Template

TEMPLATE = "template.nii.gz"
# What is kept after each round, for a run that is stopped.
STATE = ".ldr-template.npz"
SETTINGS = ("rounds", "linear", "spacing", "preset", "prealignment", "device")


class Files(Sequence[Image]):
    """Images of files and of DICOM folders, that are read whenever they are asked for; ``notes`` are on the folders.

    :raises RegistrationError: a folder holds no such series, or several.
    """

    def __init__(self, paths: list[Path], names: list[str], series: str | None = None) -> None:
        self._names = names
        self._sources = [chooseSeries(path, series) if isDicom(path) else path for path in paths]
        folders = [source for source in self._sources if not isinstance(source, Path)]
        if series is not None and not folders:
            raise RegistrationError("--series can be used only with DICOM folders.")
        self.notes = list(dict.fromkeys(note for chosen in folders for note in chosen.notes))

    def __len__(self) -> int:
        return len(self._sources)

    def __getitem__(self, number: Any) -> Any:
        source = self._sources[number]
        image, _notes = readImage(source) if isinstance(source, Path) else readStack(source.stack)
        return replace(image, name=self._names[number])


@dataclass
class TemplateRun:
    """``lines`` say afterwards how it went, ``report`` is what was written, ``written`` the names of the files."""

    options: argparse.Namespace
    stopped: Callable[[], bool]
    say: Callable[[str], object]
    report: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)

    @property
    def hasFailed(self) -> bool:
        """Whether an image was left out."""
        return any(member["verdict"] == "failed" for member in self.report["images"])

    def run(self) -> None:
        """:raises RegistrationError: there is no template of these images; what was there is untouched."""
        options = self.options
        names = namesOf(options.images, options.hide_names)
        called = {name: name for name in (TEMPLATE, *map(transformFile, names), REPORT)}
        prepareFolder(options.output, options.images, options.overwrite, called)
        images = Files(options.images, names, options.series)
        with interruptsWait():
            torch = loadLibraries(options.threads)
            from ..registration.models import ModelStore
        if not options.threads:
            torch.set_num_threads(max(1, torch.get_num_threads() // options.jobs))
        models = ModelStore(options.models)
        key = self._key(models, names)
        if self._isFinished(key):
            self.lines.append(f"The template in {options.output} is finished already.")
            return
        started = time.perf_counter()
        template = self._template(models, images, names, key)
        with resultsFor(options.output) as part:
            self._write(part, template, names)
            self.report = self._report(template, models, key, time.perf_counter() - started)
            self.report["notes"] = [] if options.hide_names else images.notes
            (part / REPORT).write_text(sealed(self.report, part, called), encoding="utf-8")
            self.written = publish(part, options.output, options.overwrite, called)
        (options.output / STATE).unlink(missing_ok=True)
        last = template.rounds[-1]
        self.lines += [
            f"Verdict: {template.verdict.grade}. {template.verdict.sentence}",
            (
                f"{len(template.members)} images; the last round moved the template by {last.movedMm:.2f} mm on "
                f"average; the mean of all displacements is {last.residualMm:.3f} mm; {self.report['seconds']:.1f} s"
            ),
            f"Written to {options.output}: {', '.join(self.written)}",
            *(f"Note: {note}" for note in self.report["notes"]),
        ]

    def _key(self, models: ModelStore, names: list[str]) -> str:
        """A hash of all that the result depends on, but not of the order of the images."""
        options = self.options
        images = sorted([name, digestOf(path)] for name, path in zip(names, options.images, strict=True))
        settings = {name: getattr(options, name) for name in (*SETTINGS, "series")}
        content = [images, settings, models.card(options.model).sha256, softwareVersion()]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def _isFinished(self, key: str) -> bool:
        output = self.options.output
        with contextlib.suppress(OSError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
            report = unchanged((output / REPORT).read_text(encoding="utf-8"))
            if report is not None and report["key"] == key:
                self.report = report
                return all(sha256(output / name) == digest for name, digest in report["outputs"].items())
        return False

    def _template(self, models: ModelStore, images: Files, names: list[str], key: str) -> Template:
        from ..registration.settings import settingsFrom
        from ..registration.template import buildTemplate

        options = self.options
        settings = settingsFrom(
            preset=options.preset,
            prealignment=options.prealignment,
            model=options.model,
            device=options.device,
        )
        begun = readState(options.output / STATE, key, names)
        if begun is not None:
            self.say(f"Round {len(begun.rounds)} is done already.")

        def keep(template: Template) -> None:
            if len(template.rounds) < options.rounds:
                writeState(options.output / STATE, template, key, names)
            last = template.rounds[-1]
            self.say(f"Round {len(template.rounds)} of {options.rounds}: the template moved by {last.movedMm:.2f} mm.")

        return buildTemplate(
            images,
            settings,
            models,
            rounds=options.rounds,
            deforms=not options.linear,
            spacingMm=options.spacing,
            jobs=options.jobs,
            begun=begun,
            keep=keep,
            progress=showProgress,
            cancelled=self.stopped,
        )

    def _write(self, part: Path, template: Template, names: list[str]) -> None:
        """:raises OSError: a file cannot be written, or did not arrive whole."""
        from ..mrml import filechecks, files
        from ..mrml.transforms import vtkTransform

        files.writeImage(template.image, part / TEMPLATE)
        filechecks.checkImageFile(part / TEMPLATE, template.image.array.shape)
        scene = files.newScene()
        for name, member in zip(names, template.members, strict=True):
            node = scene.AddNewNodeByClass("vtkMRMLTransformNode", name)
            node.SetAndObserveTransformFromParent(vtkTransform(member.transform))
            files.writeTransform(node, part / transformFile(name))
            filechecks.checkTransformFile(part / transformFile(name), node)
            scene.RemoveNode(node)

    def _report(self, template: Template, models: ModelStore, key: str, seconds: float) -> dict[str, Any]:
        options = self.options
        verdict = template.verdict
        return {
            "verdict": {"grade": verdict.grade, "sentence": verdict.sentence},
            "images": [
                {
                    "name": member.name,
                    "transform": transformFile(member.name),
                    "verdict": member.verdict.grade,
                    "why": member.verdict.sentence,
                }
                for member in template.members
            ],
            "rounds": [{name: round(value, 5) for name, value in vars(one).items()} for one in template.rounds],
            **{name: getattr(options, name) for name in ("linear", "preset", "prealignment")},
            "spacing": round(float(template.image.grid.spacing.min()), 5),
            **computedOn(deviceName(Device(options.device)), options.threads),
            "model": modelContent(models.card(options.model)),
            "key": key,
            "seconds": round(seconds, 3),
            "versions": versions(),
            "notice": "For research; not for diagnostic use.",
        }


def transformFile(name: str) -> str:
    return f"transform_{name}.h5"


def namesOf(paths: Sequence[Path], hidden: bool) -> list[str]:
    """A name for each image: of its file, or with its folder's before it where several files are called alike.

    :raises RegistrationError: two are still called alike.
    """
    if len({path.resolve() for path in paths}) < len(paths):
        raise RegistrationError("An image is named twice: it would count twice in the template.")
    if hidden:
        return [f"image{number:03d}" for number in range(1, len(paths) + 1)]
    stems = [stem(path) for path in paths]
    if len(set(stems)) < len(stems):
        stems = [f"{path.absolute().parent.name}_{name}" for path, name in zip(paths, stems, strict=True)]
    # As names of files everywhere.
    names = ["".join(c if c.isalnum() or c in ".-_+=,@" else "_" for c in name) for name in stems]
    twice = [name for name, count in Counter(name.casefold() for name in names).items() if count > 1]
    if twice:
        raise RegistrationError(f"Two images are called {twice[0]}: rename one, or give --hide-names for numbers.")
    return names


def writeState(path: Path, template: Template, key: str, names: list[str]) -> None:
    """What the next round needs. That it cannot be written ends nothing."""
    image, members = template.image, template.members
    order = sorted(range(len(names)), key=lambda number: names[number])
    text = json.dumps(
        {
            "key": key,
            "verdicts": [vars(members[number].verdict) for number in order],
            "rounds": [vars(one) for one in template.rounds],
            "modality": None if image.modality is None else image.modality.value,
            "padding": image.padding,
        }
    )
    data = io.BytesIO()
    np.savez_compressed(
        data,
        text=text,
        array=image.array,
        ijkToRas=image.ijkToRas,
        known=np.ones(0) if image.known is None else image.known,
        affines=np.array([members[number].transform.affine for number in order]),
    )
    with contextlib.suppress(OSError):
        replaceFile(path, lambda part: part.write_bytes(data.getvalue()))


def readState(path: Path, key: str, names: list[str]) -> Template | None:
    """The template after the last whole round of the same work, None if there is none."""
    from ..registration.template import Member, Round, Template
    from ..registration.verdict import Verdict

    try:
        with np.load(path, allow_pickle=False) as stored:
            content = json.loads(str(stored["text"]))
            if content["key"] != key:
                return None
            known = stored["known"]
            image = Image(
                stored["array"],
                stored["ijkToRas"],
                "template",
                known if known.size else None,
                content["padding"],
                None if content["modality"] is None else Modality(content["modality"]),
            )
            affines = stored["affines"]
        order = sorted(range(len(names)), key=lambda number: names[number])
        members = {
            number: Member(names[number], Transform(affine), Verdict(**verdict))
            for number, affine, verdict in zip(order, affines, content["verdicts"], strict=True)
        }
        rounds = [Round(**one) for one in content["rounds"]]
        return Template(image, [members[number] for number in range(len(names))], rounds)
    except (OSError, ValueError, KeyError, TypeError):
        return None
