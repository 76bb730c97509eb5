<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>LDRRegistration</name>
    <message>
        <source>1 is what a region needs to be listed with the slider at the middle.</source>
        <translation>1 ist, was ein Bereich braucht, um bei mittlerer Empfindlichkeit in der Liste zu stehen.</translation>
    </message>
    <message>
        <source>A box around what matters, which may be turned.</source>
        <translation>Ein Kasten um das, worauf es ankommt; er darf gedreht sein.</translation>
    </message>
    <message>
        <source>A folder, a study or a patient: all volumes in it are registered to one.</source>
        <translation>Ein Ordner, eine Studie oder ein Patient: Alle Volumina darin werden auf eines registriert.</translation>
    </message>
    <message>
        <source>A graphics card helps little here, and only where PyTorch can use it. Bfloat16 is offered where the processor has it.</source>
        <translation>Eine Grafikkarte hilft hier wenig, und nur, wo PyTorch sie benutzen kann. Bfloat16 wird angeboten, wo der Prozessor es beherrscht.</translation>
    </message>
    <message>
        <source>A line in the slice views, to be dragged with the mouse: left of it the fixed volume, right of it the moving one.</source>
        <translation>Eine Linie in den Schichtansichten, die sich mit der Maus ziehen lässt: links davon das feste Volumen, rechts das bewegte.</translation>
    </message>
    <message>
        <source>A note on the chosen region, kept in the table of changes (key T).</source>
        <translation>Eine Notiz zum gewählten Bereich, die in der Tabelle der Veränderungen bleibt (Taste T).</translation>
    </message>
    <message>
        <source>A row for each volume. Choose one, and its result is shown.</source>
        <translation>Eine Zeile für jedes Volumen. Wählen Sie eine, und ihr Ergebnis wird gezeigt.</translation>
    </message>
    <message>
        <source>A segmentation or label map in which no change is called.</source>
        <translation>Eine Segmentierung oder Label-Map, in der keine Veränderung gemeldet wird.</translation>
    </message>
    <message>
        <source>A segmentation or label map to look in; without it the brain, or else the body, is found.</source>
        <translation>Eine Segmentierung oder Label-Map, in der gesucht wird; ohne sie wird das Gehirn oder sonst der Körper gefunden.</translation>
    </message>
    <message>
        <source>A sequence of volumes: all its frames are registered to one. The result is a sequence of transforms.</source>
        <translation>Eine Sequenz von Volumina: Alle ihre Bilder werden auf eines registriert. Das Ergebnis ist eine Sequenz von Transformationen.</translation>
    </message>
    <message>
        <source>A transform to start from, as if it were set on the moving volume. What is found on top of one that bends is composed with it.</source>
        <translation>Eine Transformation, von der begonnen wird, als läge das bewegte Volumen unter ihr. Verformt sie, wird das Gefundene mit ihr verkettet.</translation>
    </message>
    <message>
        <source>Accept</source>
        <translation>Annehmen</translation>
    </message>
    <message>
        <source>Adapt the network to this pair</source>
        <translation>Netz an dieses Paar anpassen</translation>
    </message>
    <message>
        <source>Advanced</source>
        <translation>Erweitert</translation>
    </message>
    <message>
        <source>After the first Apply the views show the result: the moving volume over the fixed one, as it is carried. Later results change no view.</source>
        <translation>Nach dem ersten „Anwenden“ zeigen die Ansichten das Ergebnis: das übertragene bewegte Volumen über dem festen. Spätere Ergebnisse ändern keine Ansicht.</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>Anwenden</translation>
    </message>
    <message>
        <source>As the preset says</source>
        <translation>Nach Voreinstellung</translation>
    </message>
    <message>
        <source>Attempts (a click goes back to one):</source>
        <translation>Versuche (ein Klick geht zurück):</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>Automatisch</translation>
    </message>
    <message>
        <source>Before any refinement, the last layers of the network learn from this pair for up to ten seconds. For images unlike those that the model was trained on.</source>
        <translation>Vor jeder Verfeinerung lernen die letzten Schichten des Netzes bis zu zehn Sekunden lang von diesem Paar. Für Bilder, die denen nicht gleichen, mit denen das Modell trainiert wurde.</translation>
    </message>
    <message>
        <source>Before mm3</source>
        <translation>Vorher mm3</translation>
    </message>
    <message>
        <source>Bends the result so that it follows the landmarks, from where it is: sooner than Apply would. Points that are not selected are left out; a number from 0 to 1 as a point's description is its weight, unless it is locked.</source>
        <translation>Biegt das Ergebnis so, dass es den Landmarken folgt, von dort aus, wo es ist: schneller als „Anwenden“. Nicht ausgewählte Punkte zählen nicht; eine Zahl von 0 bis 1 als Beschreibung eines Punktes ist sein Gewicht, außer er ist gesperrt.</translation>
    </message>
    <message>
        <source>Cancelled: the scene was closed.</source>
        <translation>Abgebrochen: Die Szene wurde geschlossen.</translation>
    </message>
    <message>
        <source>Carries the moving volume by the transform, or leaves it where it was, and shows it over the fixed one.</source>
        <translation>Überträgt das bewegte Volumen mit der Transformation oder lässt es, wo es war, und zeigt es über dem festen.</translation>
    </message>
    <message>
        <source>Carry along:</source>
        <translation>Mitnehmen:</translation>
    </message>
    <message>
        <source>Carry segmentations along</source>
        <translation>Segmentierungen mitnehmen</translation>
    </message>
    <message>
        <source>Changes since the prior scan</source>
        <translation>Veränderungen seit der Voraufnahme</translation>
    </message>
    <message>
        <source>Check</source>
        <translation>Prüfen</translation>
    </message>
    <message>
        <source>Checkerboard</source>
        <translation>Schachbrett</translation>
    </message>
    <message>
        <source>Choose a fixed and a moving volume.</source>
        <translation>Wählen Sie ein festes und ein bewegtes Volumen.</translation>
    </message>
    <message>
        <source>Comparing {current} with {prior}</source>
        <translation>{current} wird mit {prior} verglichen</translation>
    </message>
    <message>
        <source>Compute on:</source>
        <translation>Rechnen auf:</translation>
    </message>
    <message>
        <source>DICOM...</source>
        <translation>DICOM …</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Delete the chosen preset, if it is one of your own.</source>
        <translation>Löscht die gewählte Voreinstellung, wenn sie eine eigene ist.</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>Differenz</translation>
    </message>
    <message>
        <source>Displacement</source>
        <translation>Verschiebung</translation>
    </message>
    <message>
        <source>Draw a box</source>
        <translation>Zeichnen</translation>
    </message>
    <message>
        <source>Evidence</source>
        <translation>Beleg</translation>
    </message>
    <message>
        <source>Exchange the two scans in place (key F).</source>
        <translation>Tauscht die beiden Aufnahmen am Ort aus (Taste F).</translation>
    </message>
    <message>
        <source>Exchange the two volumes: what was fixed is moving, and back.</source>
        <translation>Vertauscht die beiden Volumina: Das feste wird das bewegte und umgekehrt.</translation>
    </message>
    <message>
        <source>Expected error</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>Expert</source>
        <translation>Experten</translation>
    </message>
    <message>
        <source>Export...</source>
        <translation>Exportieren …</translation>
    </message>
    <message>
        <source>Fades from the fixed volume (left) to the moving one (right).</source>
        <translation>Blendet vom festen Volumen (links) zum bewegten (rechts) über.</translation>
    </message>
    <message>
        <source>Find changes</source>
        <translation>Veränderungen suchen</translation>
    </message>
    <message>
        <source>Fits the images again inside the box, at their own resolution; outside it the result stays as it is.</source>
        <translation>Passt die Bilder im Kasten noch einmal an, in ihrer eigenen Auflösung; außerhalb bleibt das Ergebnis, wie es ist.</translation>
    </message>
    <message>
        <source>Fixed mask:</source>
        <translation>Maske fest:</translation>
    </message>
    <message>
        <source>Fixed to moving:</source>
        <translation>Fest – bewegt:</translation>
    </message>
    <message>
        <source>Fixed volume:</source>
        <translation>Festes Volumen:</translation>
    </message>
    <message>
        <source>Flip</source>
        <translation>Wechseln</translation>
    </message>
    <message>
        <source>Follow again after each point</source>
        <translation>Nach jedem Punkt erneut folgen</translation>
    </message>
    <message>
        <source>Follow points</source>
        <translation>Punkten folgen</translation>
    </message>
    <message>
        <source>Follows the landmarks again whenever a point was dropped, moved or removed and both lists fit each other.</source>
        <translation>Folgt den Landmarken erneut, sobald ein Punkt gesetzt, bewegt oder entfernt wurde und beide Listen zueinander passen.</translation>
    </message>
    <message>
        <source>Go to the region after (key N).</source>
        <translation>Geht zum nächsten Bereich (Taste N).</translation>
    </message>
    <message>
        <source>Go to the region before (key P).</source>
        <translation>Geht zum vorigen Bereich (Taste P).</translation>
    </message>
    <message>
        <source>Goes back to the attempt before the present one.</source>
        <translation>Geht zum Versuch vor dem gegenwärtigen zurück.</translation>
    </message>
    <message>
        <source>Goes to the place where the result may be furthest off, and then to the next.</source>
        <translation>Geht zu der Stelle, an der das Ergebnis am weitesten danebenliegen kann, und dann zur nächsten.</translation>
    </message>
    <message>
        <source>Grid</source>
        <translation>Gitter</translation>
    </message>
    <message>
        <source>Growth %</source>
        <translation>Wachstum %</translation>
    </message>
    <message>
        <source>How far each place is moved, as contours in mm in the slice views.</source>
        <translation>Wie weit jede Stelle bewegt wird, als Konturen in mm in den Schichtansichten.</translation>
    </message>
    <message>
        <source>How far off the result may be, place by place, in mm: the pair is registered the other way round, too, which takes as long as Fast.</source>
        <translation>Wie weit das Ergebnis Stelle für Stelle danebenliegen kann, in mm: Das Paar wird auch andersherum registriert, was so lange dauert wie Schnell.</translation>
    </message>
    <message>
        <source>How many threads of the processor may be used.</source>
        <translation>Wie viele Threads des Prozessors benutzt werden dürfen.</translation>
    </message>
    <message>
        <source>How much time to spend. Fast is enough for a look; Accurate follows small structures more closely; Best takes longest, and is smoother.</source>
        <translation>Wie viel Zeit verwendet wird. „Schnell“ genügt für einen ersten Blick; „Genau“ folgt kleinen Strukturen enger; „Am besten“ dauert am längsten und ist glatter.</translation>
    </message>
    <message>
        <source>How often the deformation is improved on this pair after the network. More take longer.</source>
        <translation>Wie oft die Verformung nach dem Netz an diesem Paar verbessert wird. Mehr Schritte dauern länger.</translation>
    </message>
    <message>
        <source>How the report calls the patient: not at all, as DICOM says, or by a pseudonym that you type here.</source>
        <translation>Wie der Bericht den Patienten nennt: gar nicht, wie in DICOM oder mit einem Pseudonym, das Sie hier eingeben.</translation>
    </message>
    <message>
        <source>How well the landmarks are followed, and which of them are doubtful.</source>
        <translation>Wie gut den Landmarken gefolgt wird und welche von ihnen zweifelhaft sind.</translation>
    </message>
    <message>
        <source>Import...</source>
        <translation>Importieren …</translation>
    </message>
    <message>
        <source>Initial transform:</source>
        <translation>Start:</translation>
    </message>
    <message>
        <source>Inputs</source>
        <translation>Eingaben</translation>
    </message>
    <message>
        <source>Inverse</source>
        <translation>Inverse</translation>
    </message>
    <message>
        <source>Keep the present settings as a preset of this name.</source>
        <translation>Bewahrt die jetzigen Einstellungen als Voreinstellung dieses Namens auf.</translation>
    </message>
    <message>
        <source>LDR Registration</source>
        <translation>LDR-Registrierung</translation>
    </message>
    <message>
        <source>Landmarks fixed:</source>
        <translation>Marken fest:</translation>
    </message>
    <message>
        <source>Largest diameter of what changed.</source>
        <translation>Größter Durchmesser des Veränderten.</translation>
    </message>
    <message>
        <source>Longest mm</source>
        <translation>Längste mm</translation>
    </message>
    <message>
        <source>Look only in:</source>
        <translation>Nur in:</translation>
    </message>
    <message>
        <source>Make a copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Makes a copy that lies on the fixed volume; the original stays as it is.</source>
        <translation>Macht eine Kopie, die auf dem festen Volumen liegt; das Original bleibt, wie es ist.</translation>
    </message>
    <message>
        <source>Makes the inverse transform as a node of its own.</source>
        <translation>Legt die inverse Transformation als eigenen Knoten an.</translation>
    </message>
    <message>
        <source>Makes two empty lists of points, one for each volume, and lets the mouse place points into them in turn: one on the fixed volume, then the same on the moving one.</source>
        <translation>Legt zwei leere Punktlisten an, für jedes Volumen eine, und lässt die Maus abwechselnd Punkte setzen: einen auf das feste Volumen, dann denselben auf das bewegte.</translation>
    </message>
    <message>
        <source>Mark the chosen region as no change and go to the next one (key X). On a region that is so marked: take it back.</source>
        <translation>Kennzeichnet den gewählten Bereich als keine Veränderung und geht zum nächsten (Taste X). Ist er schon so gekennzeichnet: nimmt es zurück.</translation>
    </message>
    <message>
        <source>Mark the chosen region as real change and go to the next one (key A). On a region that is so marked: take it back.</source>
        <translation>Kennzeichnet den gewählten Bereich als echte Veränderung und geht zum nächsten (Taste A). Ist er schon so gekennzeichnet: nimmt es zurück.</translation>
    </message>
    <message>
        <source>Model:</source>
        <translation>Modell:</translation>
    </message>
    <message>
        <source>Moving mask:</source>
        <translation>Maske bewegt:</translation>
    </message>
    <message>
        <source>Moving volume:</source>
        <translation>Bewegtes Volumen:</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>New lists</source>
        <translation>Neue Listen</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>Nächster</translation>
    </message>
    <message>
        <source>Next doubtful</source>
        <translation>Nächste</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keine</translation>
    </message>
    <message>
        <source>Not in:</source>
        <translation>Nicht in:</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>Notiz</translation>
    </message>
    <message>
        <source>Note on this region</source>
        <translation>Notiz zu diesem Bereich</translation>
    </message>
    <message>
        <source>Now mm3</source>
        <translation>Jetzt mm3</translation>
    </message>
    <message>
        <source>Only inside it the images are compared: a segmentation (all its segments) or a label map of the fixed volume.</source>
        <translation>Nur innerhalb der Maske werden die Bilder verglichen: eine Segmentierung (alle ihre Segmente) oder eine Label-Map des festen Volumens.</translation>
    </message>
    <message>
        <source>Only inside it the images are compared: a segmentation (all its segments) or a label map of the moving volume.</source>
        <translation>Nur innerhalb der Maske werden die Bilder verglichen: eine Segmentierung (alle ihre Segmente) oder eine Label-Map des bewegten Volumens.</translation>
    </message>
    <message>
        <source>Or in a box:</source>
        <translation>Oder im Kasten:</translation>
    </message>
    <message>
        <source>Output transform:</source>
        <translation>Transformation:</translation>
    </message>
    <message>
        <source>Output volume:</source>
        <translation>Ausgabevolumen:</translation>
    </message>
    <message>
        <source>Outputs</source>
        <translation>Ausgaben</translation>
    </message>
    <message>
        <source>Own presets:</source>
        <translation>Eigene:</translation>
    </message>
    <message>
        <source>Place</source>
        <translation>Ort</translation>
    </message>
    <message>
        <source>Place by hand</source>
        <translation>Von Hand platzieren</translation>
    </message>
    <message>
        <source>Points placed on the fixed volume.</source>
        <translation>Punkte, die auf das feste Volumen gesetzt sind.</translation>
    </message>
    <message>
        <source>Pre-alignment:</source>
        <translation>Vorausrichtung:</translation>
    </message>
    <message>
        <source>Preset, pre-alignment, model, adaptation and steps are kept under this name, in the list of presets above.</source>
        <translation>Voreinstellung, Vorausrichtung, Modell, Anpassung und Schritte werden unter diesem Namen in der Liste der Voreinstellungen oben aufbewahrt.</translation>
    </message>
    <message>
        <source>Preset:</source>
        <translation>Voreinstellung:</translation>
    </message>
    <message>
        <source>Previous</source>
        <translation>Voriger</translation>
    </message>
    <message>
        <source>Processor threads:</source>
        <translation>Threads:</translation>
    </message>
    <message>
        <source>Put it right:</source>
        <translation>Korrigieren:</translation>
    </message>
    <message>
        <source>Puts a box where the slice views look, with handles to drag, size and turn it.</source>
        <translation>Setzt einen Kasten dorthin, wohin die Schichtansichten zeigen, mit Griffen zum Ziehen, Vergrößern und Drehen.</translation>
    </message>
    <message>
        <source>Puts back the views and the moving volume's place, and removes what was made to show them.</source>
        <translation>Stellt die Ansichten und den Ort des bewegten Volumens wieder her und entfernt, was zum Zeigen angelegt wurde.</translation>
    </message>
    <message>
        <source>Read presets from a file into the list.</source>
        <translation>Liest Voreinstellungen aus einer Datei in die Liste.</translation>
    </message>
    <message>
        <source>Receives the moving volume as it looks on the fixed volume, voxel for voxel. Optional.</source>
        <translation>Nimmt das bewegte Volumen auf, wie es auf dem festen liegt, Voxel für Voxel. Freiwillig.</translation>
    </message>
    <message>
        <source>Receives the transform that carries the moving volume, and whatever was drawn on it, onto the fixed volume. If neither output is chosen, Apply makes a new transform.</source>
        <translation>Nimmt die Transformation auf, die das bewegte Volumen und alles darin Eingezeichnete auf das feste überträgt. Ist keine Ausgabe gewählt, legt „Anwenden“ eine neue Transformation an.</translation>
    </message>
    <message>
        <source>Refine here</source>
        <translation>Hier verfeinern</translation>
    </message>
    <message>
        <source>Refinement steps:</source>
        <translation>Verfeinerung:</translation>
    </message>
    <message>
        <source>Region</source>
        <translation>Bereich</translation>
    </message>
    <message>
        <source>Register all</source>
        <translation>Alle registrieren</translation>
    </message>
    <message>
        <source>Registering {moving} to {fixed}</source>
        <translation>{moving} wird auf {fixed} registriert</translation>
    </message>
    <message>
        <source>Registers one volume after the other, with the preset and the settings above. One that cannot be registered stops no other. Slicer stays usable, also with other modules.</source>
        <translation>Registriert ein Volumen nach dem anderen, mit der Voreinstellung und den Einstellungen oben. Eines, das nicht registriert werden kann, hält kein anderes auf. Slicer bleibt benutzbar, auch mit anderen Modulen.</translation>
    </message>
    <message>
        <source>Reject</source>
        <translation>Ablehnen</translation>
    </message>
    <message>
        <source>Report...</source>
        <translation>Bericht …</translation>
    </message>
    <message>
        <source>Restore views</source>
        <translation>Zurück</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>Ergebnis</translation>
    </message>
    <message>
        <source>Right: weaker and smaller changes count, too. At the middle, scans between which nothing changed show none.</source>
        <translation>Rechts: Auch schwächere und kleinere Veränderungen zählen. In der Mitte zeigen Aufnahmen, zwischen denen sich nichts verändert hat, keine.</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Speichern</translation>
    </message>
    <message>
        <source>Save the transform as...</source>
        <translation>Transformation speichern …</translation>
    </message>
    <message>
        <source>Seconds</source>
        <translation>Sekunden</translation>
    </message>
    <message>
        <source>Segmentations that were drawn on a volume are copied, carried onto the fixed one and hardened. The originals stay.</source>
        <translation>Segmentierungen, die auf einem Volumen gezeichnet wurden, werden kopiert, auf das feste übertragen und gehärtet. Die Originale bleiben.</translation>
    </message>
    <message>
        <source>Select a volume</source>
        <translation>Volumen wählen</translation>
    </message>
    <message>
        <source>Sensitivity:</source>
        <translation>Empfindlichkeit:</translation>
    </message>
    <message>
        <source>Show after</source>
        <translation>Nachher</translation>
    </message>
    <message>
        <source>Show map</source>
        <translation>Karte zeigen</translation>
    </message>
    <message>
        <source>Show the result when done</source>
        <translation>Ergebnis am Ende anzeigen</translation>
    </message>
    <message>
        <source>Shows the moving volume over the fixed one with handles to drag and turn it by hand. Apply starts from there. How well it agrees is said below meanwhile.</source>
        <translation>Zeigt das bewegte Volumen über dem festen, mit Griffen, um es von Hand zu schieben und zu drehen. „Anwenden“ beginnt von dort. Wie gut es passt, steht währenddessen darunter.</translation>
    </message>
    <message>
        <source>Side by side</source>
        <translation>Nebeneinander</translation>
    </message>
    <message>
        <source>Similarity</source>
        <translation>Ähnlichkeit</translation>
    </message>
    <message>
        <source>Swap fixed and moving</source>
        <translation>Fest und bewegt tauschen</translation>
    </message>
    <message>
        <source>Swipe</source>
        <translation>Wischen</translation>
    </message>
    <message>
        <source>The brain or the body</source>
        <translation>Gehirn oder Körper</translation>
    </message>
    <message>
        <source>The current and the prior scan, registered, in two linked views; again to put the views back.</source>
        <translation>Die aktuelle und die Voraufnahme, registriert, in zwei verbundenen Ansichten; ein zweites Mal stellt die Ansichten wieder her.</translation>
    </message>
    <message>
        <source>The deformation as a bent grid in the slice views.</source>
        <translation>Die Verformung als gebogenes Gitter in den Schichtansichten.</translation>
    </message>
    <message>
        <source>The doubtful place that the views are at.</source>
        <translation>Die zweifelhafte Stelle, bei der die Ansichten sind.</translation>
    </message>
    <message>
        <source>The first one</source>
        <translation>Das erste</translation>
    </message>
    <message>
        <source>The fixed volume for all of them.</source>
        <translation>Das feste Volumen für alle.</translation>
    </message>
    <message>
        <source>The map of change over the current scan in all slice views; again to put them back (key M).</source>
        <translation>Die Karte der Veränderung über der aktuellen Aufnahme in allen Schichtansichten; ein zweites Mal stellt sie wieder her (Taste M).</translation>
    </message>
    <message>
        <source>The panel was closed meanwhile.</source>
        <translation>Das Modul wurde inzwischen verlassen.</translation>
    </message>
    <message>
        <source>The present stage of the registration.</source>
        <translation>Der gegenwärtige Schritt der Registrierung.</translation>
    </message>
    <message>
        <source>The regions of change, best evidence first. Choose one, and the slice views go there. Click on the head of a column to sort.</source>
        <translation>Die veränderten Bereiche, der am besten belegte zuerst. Wählen Sie einen, und die Schichtansichten gehen dorthin. Ein Klick auf den Kopf einer Spalte sortiert.</translation>
    </message>
    <message>
        <source>The results of this pair, oldest first: when, how, the verdict, the local similarity, and the mean error of landmarks that were followed.</source>
        <translation>Die Ergebnisse dieses Paars, das älteste zuerst: wann, wie, das Urteil, die lokale Ähnlichkeit und der mittlere Fehler der Landmarken, denen gefolgt wurde.</translation>
    </message>
    <message>
        <source>The same points placed on the moving volume.</source>
        <translation>Dieselben Punkte, auf das bewegte Volumen gesetzt.</translation>
    </message>
    <message>
        <source>The trained network. Automatic is right for most images.</source>
        <translation>Das trainierte Netz. „Automatisch“ passt für die meisten Bilder.</translation>
    </message>
    <message>
        <source>The volume that is bent onto the fixed one, for example the prior scan. It is not changed.</source>
        <translation>Das Volumen, das auf das feste verformt wird, zum Beispiel die Voraufnahme. Es selbst wird nicht geändert.</translation>
    </message>
    <message>
        <source>The volume that stays where it is, for example the current scan. The results are in its geometry.</source>
        <translation>Das Volumen, das bleibt, wo es ist, zum Beispiel die aktuelle Aufnahme. Die Ergebnisse haben seine Geometrie.</translation>
    </message>
    <message>
        <source>The volumes that fit the fixed one, with date and series: those of the same patient first, and of them those of the same kind.</source>
        <translation>Die Volumina, die zum festen passen, mit Datum und Serie: zuerst die desselben Patienten, und von ihnen die derselben Art.</translation>
    </message>
    <message>
        <source>The volumes that fit the moving one, with date and series: those of the same patient first, and of them those of the same kind.</source>
        <translation>Die Volumina, die zum bewegten passen, mit Datum und Serie: zuerst die desselben Patienten, und von ihnen die derselben Art.</translation>
    </message>
    <message>
        <source>Tiles of the fixed and of the registered volume in turn.</source>
        <translation>Felder aus dem festen und dem registrierten Volumen im Wechsel.</translation>
    </message>
    <message>
        <source>To volume:</source>
        <translation>Auf Volumen:</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Rückgängig</translation>
    </message>
    <message>
        <source>Unusual images:</source>
        <translation>Seltene Bilder:</translation>
    </message>
    <message>
        <source>Use elsewhere:</source>
        <translation>Woanders:</translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation>Urteil</translation>
    </message>
    <message>
        <source>Volume</source>
        <translation>Volumen</translation>
    </message>
    <message>
        <source>Volume change</source>
        <translation>Volumen ±</translation>
    </message>
    <message>
        <source>Volume of the lesion in the current scan.</source>
        <translation>Volumen der Läsion in der aktuellen Aufnahme.</translation>
    </message>
    <message>
        <source>Volume of the lesion in the prior scan.</source>
        <translation>Volumen der Läsion in der Voraufnahme.</translation>
    </message>
    <message>
        <source>Volumes in:</source>
        <translation>Volumina in:</translation>
    </message>
    <message>
        <source>What became of the presets, or stands in the way.</source>
        <translation>Was aus den Voreinstellungen geworden ist oder was im Weg steht.</translation>
    </message>
    <message>
        <source>What belongs to the moving volume: a segmentation, markups, a model or another volume.</source>
        <translation>Was zum bewegten Volumen gehört: eine Segmentierung, Markierungen, ein Modell oder ein weiteres Volumen.</translation>
    </message>
    <message>
        <source>What fits</source>
        <translation>Passende</translation>
    </message>
    <message>
        <source>What is missing, or how the last registration went.</source>
        <translation>Was fehlt oder wie die letzte Registrierung ausging.</translation>
    </message>
    <message>
        <source>What is new, grown, shrunken or gone between the moving volume (prior scan) and the fixed one (current scan) of one person.</source>
        <translation>Was zwischen dem bewegten Volumen (Voraufnahme) und dem festen (aktuelle Aufnahme) einer Person neu, größer, kleiner oder verschwunden ist.</translation>
    </message>
    <message>
        <source>What moves the volumes as a whole, before the deformation.</source>
        <translation>Was die Volumina als Ganzes bewegt, vor der Verformung.</translation>
    </message>
    <message>
        <source>What qualifies the last result.</source>
        <translation>Was das letzte Ergebnis einschränkt.</translation>
    </message>
    <message>
        <source>What stands in the way of checking the landmarks, or of trusting the check.</source>
        <translation>Was der Prüfung der Landmarken oder dem Vertrauen in sie im Weg steht.</translation>
    </message>
    <message>
        <source>What stands in the way of computing there.</source>
        <translation>Was dem Rechnen dort im Weg steht.</translation>
    </message>
    <message>
        <source>What stands in the way of refining in the box.</source>
        <translation>Was dem Verfeinern im Kasten im Weg steht.</translation>
    </message>
    <message>
        <source>What stands in the way, or what went wrong with the chosen volume.</source>
        <translation>Was im Weg steht oder was mit dem gewählten Volumen schiefging.</translation>
    </message>
    <message>
        <source>What the chosen model was made for and trained on, and under which licence it may be used.</source>
        <translation>Wofür das gewählte Modell gemacht ist, womit es trainiert wurde und unter welcher Lizenz es benutzt werden darf.</translation>
    </message>
    <message>
        <source>What was done in this session.</source>
        <translation>Was in dieser Sitzung getan wurde.</translation>
    </message>
    <message>
        <source>Where the fixed volume is brighter (red) or darker (blue) than the registered one, after both were brought to one brightness.</source>
        <translation>Wo das feste Volumen heller (rot) oder dunkler (blau) ist als das registrierte, nach Angleichung der Helligkeit.</translation>
    </message>
    <message>
        <source>Where the moving image's tissue is larger (red) or smaller (blue) in the fixed image, in percent.</source>
        <translation>Wo das Gewebe des bewegten Bildes im festen größer (rot) oder kleiner (blau) ist, in Prozent.</translation>
    </message>
    <message>
        <source>Where the two images are not alike, in windows of 15 mm.</source>
        <translation>Wo sich die beiden Bilder nicht gleichen, in Fenstern von 15 mm.</translation>
    </message>
    <message>
        <source>Whole study</source>
        <translation>Ganze Studie</translation>
    </message>
    <message>
        <source>Why this cannot be used as it is.</source>
        <translation>Warum es so nicht verwendet werden kann.</translation>
    </message>
    <message>
        <source>Write your own presets to a file, for others.</source>
        <translation>Schreibt die eigenen Voreinstellungen in eine Datei, für andere.</translation>
    </message>
    <message>
        <source>Writes DICOM objects for the archive into a folder: a segmentation of the accepted regions, a measurement report and the registration. Both scans must come from DICOM.</source>
        <translation>Schreibt DICOM-Objekte für das Archiv in einen Ordner: eine Segmentierung der angenommenen Bereiche, einen Messbericht und die Registrierung. Beide Aufnahmen müssen aus DICOM stammen.</translation>
    </message>
    <message>
        <source>Writes the errors of the landmarks before and after into a table and the log. Partners have the same label or the same order.</source>
        <translation>Schreibt die Fehler der Landmarken vorher und nachher in eine Tabelle und ins Protokoll. Zusammen gehören Punkte mit gleicher Bezeichnung oder gleicher Stelle in der Liste.</translation>
    </message>
    <message>
        <source>Writes the report into a folder: changes.html to read and print, changes.csv and changes.json.</source>
        <translation>Schreibt den Bericht in einen Ordner: changes.html zum Lesen und Drucken, changes.csv und changes.json.</translation>
    </message>
    <message>
        <source>Writes the transform as a file for other programs: an ITK transform (.h5), or a displacement field on the fixed volume's voxels (.nii.gz, .nrrd).</source>
        <translation>Schreibt die Transformation als Datei für andere Programme: als ITK-Transformation (.h5) oder als Verschiebungsfeld auf den Voxeln des festen Volumens (.nii.gz, .nrrd).</translation>
    </message>
    <message>
        <source>and moving:</source>
        <translation>und bewegt:</translation>
    </message>
    <message>
        <source>mm to the right (R) or left (L), front (A) or back (P), up (S) or down (I) in the scanner's coordinates.</source>
        <translation>mm nach rechts (R) oder links (L), vorn (A) oder hinten (P), oben (S) oder unten (I) in den Koordinaten des Geräts.</translation>
    </message>
    <message>
        <source>or sequence:</source>
        <translation>oder Sequenz:</translation>
    </message>
</context>
<context>
    <name>change.answer</name>
    <message>
        <source>Most lesions painted into this pair would be missed.</source>
        <translation>Die meisten Läsionen, die in dieses Paar gemalt werden, würden übersehen.</translation>
    </message>
    <message>
        <source>{share:.0%} of what ought to be compared is not.</source>
        <translation>{share:.0%} dessen, was verglichen werden sollte, ist nicht verglichen.</translation>
    </message>
</context>
<context>
    <name>change.changemap</name>
    <message>
        <source>Change detection is not validated on CT.</source>
        <translation>Die Suche nach Veränderungen ist für CT nicht validiert.</translation>
    </message>
    <message>
        <source>The mask is empty: there is nothing to compare.</source>
        <translation>Die Maske ist leer: Es gibt nichts zu vergleichen.</translation>
    </message>
    <message>
        <source>The mask lies outside {name}: there is nothing to compare.</source>
        <translation>Die Maske liegt außerhalb von {name}: Es gibt nichts zu vergleichen.</translation>
    </message>
    <message>
        <source>The masks of {fixed} and {moving} leave next to nothing of the region to compare.</source>
        <translation>Die Masken von {fixed} und {moving} lassen vom zu vergleichenden Bereich fast nichts übrig.</translation>
    </message>
    <message>
        <source>{fixed} and {moving} are not of one modality: one is CT, the other is not.</source>
        <translation>{fixed} und {moving} sind nicht von einer Modalität: Eines ist ein CT, das andere nicht.</translation>
    </message>
    <message>
        <source>{fixed} and {moving} differ so much in {uncertain:.0%} of the region that their alignment is not to be trusted: no change can be called.</source>
        <translation>{fixed} und {moving} unterscheiden sich in {uncertain:.0%} des Bereichs so sehr, dass ihrer Ausrichtung nicht zu trauen ist: Es kann keine Veränderung gemeldet werden.</translation>
    </message>
    <message>
        <source>{fixed} and {moving} overlap in only {share:.0%} of the region to compare.</source>
        <translation>{fixed} und {moving} überlappen nur in {share:.0%} des zu vergleichenden Bereichs.</translation>
    </message>
    <message>
        <source>{name} is empty within the region to compare: every voxel has one value.</source>
        <translation>{name} ist im zu vergleichenden Bereich leer: Alle Voxel haben einen Wert.</translation>
    </message>
</context>
<context>
    <name>change.circumstances</name>
    <message>
        <source>Both scans are the same image.</source>
        <translation>Beide Aufnahmen sind dasselbe Bild.</translation>
    </message>
    <message>
        <source>The current scan looks as if made with contrast medium, the prior without: vessels changed.</source>
        <translation>Die aktuelle Aufnahme sieht aus wie mit Kontrastmittel gemacht, die Voraufnahme wie ohne: Gefäße haben sich verändert.</translation>
    </message>
    <message>
        <source>The prior scan looks as if made with contrast medium, the current without: vessels changed.</source>
        <translation>Die Voraufnahme sieht aus wie mit Kontrastmittel gemacht, die aktuelle wie ohne: Gefäße haben sich verändert.</translation>
    </message>
    <message>
        <source>The protocols differ: voxels of {fixed} and {moving} mm.</source>
        <translation>Die Protokolle unterscheiden sich: Voxel von {fixed} und {moving} mm.</translation>
    </message>
    <message>
        <source>The scans agree less (correlation {agreement:.2f}) than two visits of one person usually do: see that they are of one person.</source>
        <translation>Die Aufnahmen stimmen weniger überein (Korrelation {agreement:.2f}), als zwei Untersuchungen einer Person es meist tun: Prüfen Sie, ob sie von einer Person sind.</translation>
    </message>
    <message>
        <source>{fixed} and {moving} do not agree (correlation {agreement:.2f}, a brighter prior means a brighter current image in {rising:.0%}): they show different people or different contrasts, or their alignment failed. Choose two scans of one person and of the same kind.</source>
        <translation>{fixed} und {moving} stimmen nicht überein (Korrelation {agreement:.2f}, eine hellere Voraufnahme bedeutet in {rising:.0%} ein helleres aktuelles Bild): Sie zeigen verschiedene Personen oder verschiedene Kontraste, oder ihre Ausrichtung ist misslungen. Wählen Sie zwei Aufnahmen einer Person und derselben Art.</translation>
    </message>
</context>
<context>
    <name>change.dates</name>
    <message>
        <source>Both scans have the same date.</source>
        <translation>Beide Aufnahmen haben dasselbe Datum.</translation>
    </message>
    <message>
        <source>The date {text!r} is not of the form 2024-05-31.</source>
        <translation>Das Datum {text!r} hat nicht die Form 2024-05-31.</translation>
    </message>
    <message>
        <source>The prior scan ({prior}) was made after the current one ({current}): swap them, or new would be called gone.</source>
        <translation>Die Voraufnahme ({prior}) wurde nach der aktuellen ({current}) gemacht: Vertauschen Sie sie, sonst hieße Neues verschwunden.</translation>
    </message>
</context>
<context>
    <name>change.detection</name>
    <message>
        <source>Not validated on CT: </source>
        <translation>Für CT nicht validiert: </translation>
    </message>
    <message>
        <source>Nothing found in {where}.</source>
        <translation>Nichts gefunden in: {where}.</translation>
    </message>
    <message>
        <source>The mask is empty: there is nothing to detect.</source>
        <translation>Die Maske ist leer: Es gibt nichts zu finden.</translation>
    </message>
    <message>
        <source>The sensitivity {sensitivity} is not between 0 and 1.</source>
        <translation>Die Empfindlichkeit {sensitivity} liegt nicht zwischen 0 und 1.</translation>
    </message>
    <message>
        <source>the body</source>
        <translation>der Körper</translation>
    </message>
    <message>
        <source>the brain</source>
        <translation>das Gehirn</translation>
    </message>
    <message>
        <source>the mask</source>
        <translation>die Maske</translation>
    </message>
    <message>
        <source>{count} at the ventricles</source>
        <translation>{count} an den Ventrikeln</translation>
    </message>
    <message>
        <source>{count} cut off by the examined area, without a number.</source>
        <translation>{count} vom untersuchten Bereich abgeschnitten, ohne Zahl.</translation>
    </message>
    <message>
        <source>{count} gone</source>
        <translation>{count} verschwunden</translation>
    </message>
    <message>
        <source>{count} grown</source>
        <translation>{count} größer</translation>
    </message>
    <message>
        <source>{count} new</source>
        <translation>{count} neu</translation>
    </message>
    <message>
        <source>{count} region of change in {where}: {counts}; {volume:.2f} ml in all.</source>
        <translation>{count} veränderter Bereich in: {where}; {counts}; zusammen {volume:.2f} ml.</translation>
    </message>
    <message>
        <source>{count} regions of change in {where}: {counts}; {volume:.2f} ml in all.</source>
        <translation>{count} veränderte Bereiche in: {where}; {counts}; zusammen {volume:.2f} ml.</translation>
    </message>
    <message>
        <source>{count} shrunken</source>
        <translation>{count} kleiner</translation>
    </message>
</context>
<context>
    <name>change.detectionlimit</name>
    <message>
        <source>No lesion could be painted into this scan: there is too little to compare.</source>
        <translation>In diese Aufnahme konnte keine Läsion gemalt werden: Es gibt zu wenig zu vergleichen.</translation>
    </message>
    <message>
        <source>Of {count} lesions of {smallest:.0f} to {largest:.0f} mm and {contrast:.0f} % signal change painted into this scan {found} would have been found</source>
        <translation>Von {count} Läsionen von {smallest:.0f} bis {largest:.0f} mm und {contrast:.0f} % Signaländerung, die in diese Aufnahme gemalt wurden, wären {found} gefunden worden</translation>
    </message>
    <message>
        <source>{first}; below {limit:.0f} % less than half are seen.</source>
        <translation>{first}; unter {limit:.0f} % wird weniger als die Hälfte gesehen.</translation>
    </message>
    <message>
        <source>{first}; not even half of those of {most:.0f} %.</source>
        <translation>{first}; nicht einmal die Hälfte derer von {most:.0f} %.</translation>
    </message>
</context>
<context>
    <name>change.regions</name>
    <message>
        <source>cut off by the examined area</source>
        <translation>vom untersuchten Bereich abgeschnitten</translation>
    </message>
</context>
<context>
    <name>change.table</name>
    <message>
        <source>The verdict {verdict!r} is neither {accepted} nor {rejected}, nor empty.</source>
        <translation>Das Urteil {verdict!r} ist weder {accepted} noch {rejected} noch leer.</translation>
    </message>
</context>
<context>
    <name>change.uncompared</name>
    <message>
        <source>Not compared: {total:.0f} ml in {count} areas of 1 ml or more; the largest, {volume:.0f} ml at ({place}), because: {why}.</source>
        <translation>Nicht verglichen: {total:.0f} ml in {count} Gebieten von 1 ml oder mehr; das größte, {volume:.0f} ml bei ({place}), weil: {why}.</translation>
    </message>
    <message>
        <source>Not compared: {volume:.0f} ml at ({place}), because: {why}.</source>
        <translation>Nicht verglichen: {volume:.0f} ml bei ({place}), weil: {why}.</translation>
    </message>
    <message>
        <source>not measured in one of the scans (no data, metal or a cut surface)</source>
        <translation>in einer der Aufnahmen nicht gemessen (keine Daten, Metall oder eine Schnittfläche)</translation>
    </message>
    <message>
        <source>outside the prior scan</source>
        <translation>außerhalb der Voraufnahme</translation>
    </message>
    <message>
        <source>the alignment is uncertain</source>
        <translation>die Ausrichtung ist unsicher</translation>
    </message>
</context>
<context>
    <name>change.ventricles</name>
    <message>
        <source>The ventricles are narrower: {now:.1f} ml after {before:.1f} ml ({ml:+.1f} ml, {brain:+.2f} % of the brain).</source>
        <translation>Die Ventrikel sind enger: jetzt {now:.1f} ml, vorher {before:.1f} ml ({ml:+.1f} ml, {brain:+.2f} % des Gehirns).</translation>
    </message>
    <message>
        <source>The ventricles are wider: {now:.1f} ml after {before:.1f} ml ({ml:+.1f} ml, {brain:+.2f} % of the brain).</source>
        <translation>Die Ventrikel sind weiter: jetzt {now:.1f} ml, vorher {before:.1f} ml ({ml:+.1f} ml, {brain:+.2f} % des Gehirns).</translation>
    </message>
</context>
<context>
    <name>change.whereabouts</name>
    <message>
        <source> or </source>
        <translation> oder </translation>
    </message>
    <message>
        <source>brainstem</source>
        <translation>Hirnstamm</translation>
    </message>
    <message>
        <source>cerebellum</source>
        <translation>Kleinhirn</translation>
    </message>
    <message>
        <source>deep (basal ganglia, thalamus, insula)</source>
        <translation>tief (Basalganglien, Thalamus, Insel)</translation>
    </message>
    <message>
        <source>frontal</source>
        <translation>frontal</translation>
    </message>
    <message>
        <source>infratentorial</source>
        <translation>infratentoriell</translation>
    </message>
    <message>
        <source>left</source>
        <translation>links</translation>
    </message>
    <message>
        <source>midline</source>
        <translation>Mittellinie</translation>
    </message>
    <message>
        <source>occipital</source>
        <translation>okzipital</translation>
    </message>
    <message>
        <source>parietal</source>
        <translation>parietal</translation>
    </message>
    <message>
        <source>right</source>
        <translation>rechts</translation>
    </message>
    <message>
        <source>temporal</source>
        <translation>temporal</translation>
    </message>
    <message>
        <source>{side} {region}</source>
        <translation>{side} {region}</translation>
    </message>
    <message>
        <source>{words}, periventricular</source>
        <translation>{words}, periventrikulär</translation>
    </message>
</context>
<context>
    <name>dicomobjects.source</name>
    <message>
        <source>No DICOM objects are made of scans of different patients: the objects belong to one patient's record.</source>
        <translation>Aus Aufnahmen verschiedener Patienten werden keine DICOM-Objekte gemacht: Die Objekte gehören in die Akte eines Patienten.</translation>
    </message>
    <message>
        <source>No DICOM objects are made: the headers of the {name} scan give no frame of reference, study or series UID.</source>
        <translation>Es werden keine DICOM-Objekte gemacht: Der Kopf der Aufnahme „{name}“ nennt keine UID von Bezugssystem, Studie oder Serie.</translation>
    </message>
    <message>
        <source>current</source>
        <translation>aktuell</translation>
    </message>
    <message>
        <source>prior</source>
        <translation>vorher</translation>
    </message>
</context>
<context>
    <name>gui.about</name>
    <message>
        <source>Aligns two 3D images (follow-up scans, or different people) by bending one onto the other, in about a second without a graphics card. Choose the fixed and the moving volume and press Apply: the result is a transform that carries the moving volume, and segmentations and markups made on it, onto the fixed one. Tested on MR of the head (T1, T2, FLAIR, thick slices) and of the hippocampus; on CT and the rest of the body, little. For research; not for diagnostic use. To try it: Sample Data, LDRFollowUpFLAIR. Licences: the code is MIT; the weights of c2f-general (the default) and ldr-general are CC BY-SA 4.0, for any use; those of c2f-brain-t1 are CC BY-NC 4.0, for non-commercial use only, and you are asked first.</source>
        <translation>Richtet zwei 3D-Bilder aus (Verlaufskontrollen oder verschiedene Personen), indem eines auf das andere verformt wird, in etwa einer Sekunde ohne Grafikkarte. Wählen Sie das feste und das bewegte Volumen und drücken Sie „Anwenden“: Das Ergebnis ist eine Transformation, die das bewegte Volumen und darauf gezeichnete Segmentierungen und Markierungen auf das feste überträgt. Erprobt an MR des Kopfes (T1, T2, FLAIR, dicke Schichten) und des Hippocampus; an CT und am übrigen Körper wenig. Für die Forschung; nicht für die Diagnostik. Zum Ausprobieren: Sample Data, LDRFollowUpFLAIR. Lizenzen: Der Code steht unter MIT; die Gewichte von c2f-general (dem üblichen Modell) und ldr-general unter CC BY-SA 4.0, für jede Verwendung; die von c2f-brain-t1 unter CC BY-NC 4.0, nur für nicht kommerzielle Verwendung, und danach werden Sie vorher gefragt.</translation>
    </message>
    <message>
        <source>The network is the light-weight deformable registration (LDR) of M. Q. Tran et al., Light-weight deformable registration using adversarial learning with distilling knowledge, IEEE Transactions on Medical Imaging 41(6), 2022. doi:10.1109/TMI.2022.3141013. The sample images are of Z. Lesjak et al., Neuroinformatics 2016 (CC BY), and of the Medical Segmentation Decathlon (CC BY-SA).</source>
        <translation>Das Netz ist die leichtgewichtige verformende Registrierung (LDR) von M. Q. Tran et al., Light-weight deformable registration using adversarial learning with distilling knowledge, IEEE Transactions on Medical Imaging 41(6), 2022. doi:10.1109/TMI.2022.3141013. Die Beispielbilder stammen von Z. Lesjak et al., Neuroinformatics 2016 (CC BY), und vom Medical Segmentation Decathlon (CC BY-SA).</translation>
    </message>
</context>
<context>
    <name>gui.advancedsection</name>
    <message>
        <source>Automatic</source>
        <translation>Automatisch</translation>
    </message>
    <message>
        <source>Only for non-commercial use.</source>
        <translation>Nur für nicht kommerzielle Verwendung.</translation>
    </message>
    <message>
        <source>The installation is incomplete.</source>
        <translation>Die Installation ist unvollständig.</translation>
    </message>
    <message>
        <source>The model "{name}" is not installed.</source>
        <translation>Das Modell „{name}“ ist nicht installiert.</translation>
    </message>
    <message>
        <source>There is no model: nothing can be registered. {why}</source>
        <translation>Es gibt kein Modell: Es kann nichts registriert werden. {why}</translation>
    </message>
    <message>
        <source>not stated</source>
        <translation>nicht angegeben</translation>
    </message>
    <message>
        <source>{title}: for {modality}. Trained on: {data}. Licence of the weights: {licence}.</source>
        <translation>{title}: für {modality}. Trainiert mit: {data}. Lizenz der Gewichte: {licence}.</translation>
    </message>
</context>
<context>
    <name>gui.boxcontrol</name>
    <message>
        <source>Choose both volumes above.</source>
        <translation>Wählen Sie oben beide Volumen.</translation>
    </message>
    <message>
        <source>Draw a box around what matters first.</source>
        <translation>Zeichnen Sie zuerst einen Kasten um das, worauf es ankommt.</translation>
    </message>
    <message>
        <source>Fits the images again inside the box, at their own resolution; outside it the result stays as it is.</source>
        <translation>Passt die Bilder im Kasten noch einmal an, in ihrer eigenen Auflösung; außerhalb bleibt das Ergebnis, wie es ist.</translation>
    </message>
    <message>
        <source>Refining in the box</source>
        <translation>Verfeinern im Kasten</translation>
    </message>
</context>
<context>
    <name>gui.changeoutputs</name>
    <message>
        <source>As in DICOM</source>
        <translation>Wie in DICOM</translation>
    </message>
    <message>
        <source>DICOM objects are written by the Python package highdicom, which is not installed.

Install it from the internet into Slicer now? Everything else works without it.</source>
        <translation>DICOM-Objekte schreibt das Python-Paket highdicom, das nicht installiert ist.

Jetzt aus dem Internet in Slicer installieren? Alles andere geht auch ohne.</translation>
    </message>
    <message>
        <source>Folder for the DICOM objects</source>
        <translation>Ordner für die DICOM-Objekte</translation>
    </message>
    <message>
        <source>Folder for the report</source>
        <translation>Ordner für den Bericht</translation>
    </message>
    <message>
        <source>Install highdicom</source>
        <translation>highdicom installieren</translation>
    </message>
    <message>
        <source>No patient</source>
        <translation>Kein Patient</translation>
    </message>
    <message>
        <source>No region is judged yet: all are in it, as not reviewed.</source>
        <translation>Noch ist kein Bereich beurteilt: Alle sind darin, als nicht durchgesehen.</translation>
    </message>
    <message>
        <source>Writing the DICOM objects</source>
        <translation>Die DICOM-Objekte werden geschrieben</translation>
    </message>
    <message>
        <source>Writing the report</source>
        <translation>Der Bericht wird geschrieben</translation>
    </message>
    <message>
        <source>Wrote {files} into {folder}.</source>
        <translation>{files} in {folder} geschrieben.</translation>
    </message>
    <message>
        <source>highdicom could not be installed: {error}</source>
        <translation>highdicom konnte nicht installiert werden: {error}</translation>
    </message>
    <message>
        <source>highdicom was installed together with a newer pydicom: save the scene and restart the application.</source>
        <translation>highdicom wurde zusammen mit einem neueren pydicom installiert: Speichern Sie die Szene und starten Sie das Programm neu.</translation>
    </message>
    <message>
        <source>{judged} of {count} regions are judged.</source>
        <translation>{judged} von {count} Bereichen sind beurteilt.</translation>
    </message>
</context>
<context>
    <name>gui.changesection</name>
    <message>
        <source>Choose a region in the table first.</source>
        <translation>Wählen Sie zuerst einen Bereich in der Tabelle.</translation>
    </message>
    <message>
        <source>Find changes first.</source>
        <translation>Erst „Veränderungen suchen“ drücken.</translation>
    </message>
    <message>
        <source>Hide map</source>
        <translation>Karte weg</translation>
    </message>
    <message>
        <source>Show map</source>
        <translation>Karte zeigen</translation>
    </message>
    <message>
        <source>The scene holds the map, the regions and what was said of them. For another sensitivity, a report or DICOM press Find changes again: what was said stays.</source>
        <translation>Die Szene enthält die Karte, die Bereiche und was zu ihnen gesagt wurde. Für eine andere Empfindlichkeit, einen Bericht oder DICOM erneut „Veränderungen suchen“ drücken: Gesagtes bleibt.</translation>
    </message>
    <message>
        <source>These are the changes between other scans than those chosen above.</source>
        <translation>Dies sind die Veränderungen zwischen anderen Aufnahmen als den oben gewählten.</translation>
    </message>
    <message>
        <source>{judged} of {count} judged</source>
        <translation>{judged} von {count} beurteilt</translation>
    </message>
</context>
<context>
    <name>gui.choicelabels</name>
    <message>
        <source>Accurate: several times longer, a closer fit</source>
        <translation>Genau: dauert mehrfach länger, passt enger</translation>
    </message>
    <message>
        <source>Affine: shift, turn, scale and shear</source>
        <translation>Affin: schieben, drehen, skalieren und scheren</translation>
    </message>
    <message>
        <source>Best: a minute or more, finer and smoother</source>
        <translation>Am besten: eine Minute oder mehr, feiner und glatter</translation>
    </message>
    <message>
        <source>Fast: a few seconds</source>
        <translation>Schnell: einige Sekunden</translation>
    </message>
    <message>
        <source>Graphics card (CUDA)</source>
        <translation>Grafikkarte (CUDA)</translation>
    </message>
    <message>
        <source>Graphics card, if there is one</source>
        <translation>Grafikkarte, wenn es eine gibt</translation>
    </message>
    <message>
        <source>None: as they are placed</source>
        <translation>Keine: wie sie liegen</translation>
    </message>
    <message>
        <source>Processor</source>
        <translation>Prozessor</translation>
    </message>
    <message>
        <source>Processor, network in bfloat16</source>
        <translation>Prozessor, Netz in bfloat16</translation>
    </message>
    <message>
        <source>Rigid: shift and turn</source>
        <translation>Starr: schieben und drehen</translation>
    </message>
</context>
<context>
    <name>gui.controller</name>
    <message>
        <source>Cancelled: a volume or a transform that it needs was deleted.</source>
        <translation>Abgebrochen: Ein Volumen oder eine Transformation, die gebraucht wird, wurde gelöscht.</translation>
    </message>
    <message>
        <source>Cancelled; the scene is as it was.</source>
        <translation>Abgebrochen; die Szene ist, wie sie war.</translation>
    </message>
    <message>
        <source>Discarded; the scene is as it was.</source>
        <translation>Verworfen; die Szene ist, wie sie war.</translation>
    </message>
</context>
<context>
    <name>gui.curved</name>
    <message>
        <source>A copy of "{volume}" is made.</source>
        <translation>Von "{volume}" wird eine Kopie gemacht.</translation>
    </message>
    <message>
        <source>The volume "{volume}" is under a transform that bends it (of a tilted gantry, perhaps); as it is, it cannot be registered. Make a copy with that transform hardened, and go on with the copy?</source>
        <translation>Das Volumen „{volume}“ liegt unter einer Transformation, die es verformt (vielleicht wegen gekippter Gantry); so kann es nicht registriert werden. Eine Kopie mit gehärteter Transformation anlegen und mit der Kopie weitermachen?</translation>
    </message>
</context>
<context>
    <name>gui.following</name>
    <message>
        <source>Following the landmarks</source>
        <translation>Folgen der Landmarken</translation>
    </message>
    <message>
        <source>{name} points</source>
        <translation>Punkte {name}</translation>
    </message>
</context>
<context>
    <name>gui.hints</name>
    <message>
        <source>Apply makes the transform "{transform}".</source>
        <translation>„Anwenden“ legt die Transformation „{transform}“ an.</translation>
    </message>
    <message>
        <source>Apply writes the transform "{transform}" and the volume "{volume}".</source>
        <translation>„Anwenden“ schreibt die Transformation „{transform}“ und das Volumen „{volume}“.</translation>
    </message>
    <message>
        <source>Apply writes the transform "{transform}".</source>
        <translation>„Anwenden“ schreibt die Transformation „{transform}“.</translation>
    </message>
    <message>
        <source>Apply writes the volume "{volume}".</source>
        <translation>„Anwenden“ schreibt das Volumen „{volume}“.</translation>
    </message>
    <message>
        <source>Choose a fixed and a moving volume.</source>
        <translation>Wählen Sie ein festes und ein bewegtes Volumen.</translation>
    </message>
    <message>
        <source>Choose a fixed volume.</source>
        <translation>Wählen Sie ein festes Volumen.</translation>
    </message>
    <message>
        <source>Choose a moving volume.</source>
        <translation>Wählen Sie ein bewegtes Volumen.</translation>
    </message>
    <message>
        <source>Choose another output volume: this one is an input.</source>
        <translation>Wählen Sie ein anderes Ausgabevolumen: Dieses ist eine Eingabe.</translation>
    </message>
    <message>
        <source>Choose two different volumes: fixed and moving are the same.</source>
        <translation>Wählen Sie zwei verschiedene Volumina: Das feste und das bewegte sind dasselbe.</translation>
    </message>
    <message>
        <source>Registers the two scans and finds what changed between them.</source>
        <translation>Registriert die beiden Aufnahmen und findet, was sich zwischen ihnen verändert hat.</translation>
    </message>
</context>
<context>
    <name>gui.history</name>
    <message>
        <source>The volume "{name}" is not of that attempt: press Apply to make it anew.</source>
        <translation>Das Volumen „{name}“ ist nicht von jenem Versuch: Drücken Sie „Anwenden“, um es neu zu machen.</translation>
    </message>
    <message>
        <source>There is no earlier attempt to go back to.</source>
        <translation>Es gibt keinen früheren Versuch, zu dem zurückgegangen werden könnte.</translation>
    </message>
</context>
<context>
    <name>gui.licences</name>
    <message>
        <source>Licence of the model</source>
        <translation>Lizenz des Modells</translation>
    </message>
    <message>
        <source>The model "{title}" is for non-commercial use only: it was trained on images that allow no other. Licence of its weights: {licence}.

Is your use non-commercial, and do you accept this licence? You are asked only once. If not, nothing is computed; the other models are for any use.</source>
        <translation>Das Modell „{title}“ ist nur für nicht kommerzielle Verwendung: Es wurde mit Bildern trainiert, die keine andere erlauben. Lizenz seiner Gewichte: {licence}.

Ist Ihre Verwendung nicht kommerziell, und nehmen Sie diese Lizenz an? Sie werden nur einmal gefragt. Wenn nicht, wird nichts berechnet; die anderen Modelle sind für jede Verwendung.</translation>
    </message>
    <message>
        <source>not stated</source>
        <translation>nicht angegeben</translation>
    </message>
</context>
<context>
    <name>gui.pairsection</name>
    <message>
        <source>DICOM says that "{fixed}" and "{moving}" are of different patients ({first} and {second}). Go on all the same?</source>
        <translation>Laut DICOM sind „{fixed}“ und „{moving}“ von verschiedenen Patienten ({first} und {second}). Trotzdem weitermachen?</translation>
    </message>
    <message>
        <source>Different patients</source>
        <translation>Verschiedene Patienten</translation>
    </message>
    <message>
        <source>There is no other volume.</source>
        <translation>Es gibt kein anderes Volumen.</translation>
    </message>
</context>
<context>
    <name>gui.placecontrol</name>
    <message>
        <source>Choose both volumes above.</source>
        <translation>Wählen Sie oben beide Volumen.</translation>
    </message>
    <message>
        <source>Drag the handles in the views. How well it agrees is computed...</source>
        <translation>Ziehen Sie die Griffe in den Ansichten. Wie gut es passt, wird berechnet …</translation>
    </message>
    <message>
        <source>Drag the handles in the views. How well it agrees is said once PyTorch is installed: press Apply.</source>
        <translation>Ziehen Sie die Griffe in den Ansichten. Wie gut es passt, steht hier, sobald PyTorch installiert ist: drücken Sie „Anwenden“.</translation>
    </message>
    <message>
        <source>Similarity at 4 mm: {now:.3f}, as it lay {before:.3f}; the pre-alignment would come to {there:.3f}.</source>
        <translation>Ähnlichkeit bei 4 mm: {now:.3f}, wie es lag {before:.3f}; die Vorausrichtung käme auf {there:.3f}.</translation>
    </message>
    <message>
        <source>{name} by hand</source>
        <translation>{name} von Hand</translation>
    </message>
</context>
<context>
    <name>gui.presetsection</name>
    <message>
        <source>Delete the preset "{name}"?</source>
        <translation>Die Voreinstellung „{name}“ löschen?</translation>
    </message>
    <message>
        <source>Deleted "{name}"; the settings stay as they are.</source>
        <translation>„{name}“ gelöscht; die Einstellungen bleiben, wie sie sind.</translation>
    </message>
    <message>
        <source>Export presets</source>
        <translation>Voreinstellungen exportieren</translation>
    </message>
    <message>
        <source>Import presets</source>
        <translation>Voreinstellungen importieren</translation>
    </message>
    <message>
        <source>Presets</source>
        <translation>Voreinstellungen</translation>
    </message>
    <message>
        <source>Saved "{name}": it is in the list of presets.</source>
        <translation>„{name}“ gespeichert: steht in der Liste der Voreinstellungen.</translation>
    </message>
    <message>
        <source>There is a preset "{name}" already. Replace it?</source>
        <translation>Es gibt schon eine Voreinstellung „{name}“. Ersetzen?</translation>
    </message>
    <message>
        <source>What Slicer's settings say</source>
        <translation>Was in den Einstellungen von Slicer steht,</translation>
    </message>
    <message>
        <source>Wrote {path}.</source>
        <translation>{path} geschrieben.</translation>
    </message>
    <message>
        <source>{count} presets are new in the list.</source>
        <translation>{count} Voreinstellungen sind neu in der Liste.</translation>
    </message>
    <message>
        <source>{path} could not be read.</source>
        <translation>{path} konnte nicht gelesen werden.</translation>
    </message>
    <message>
        <source>{path} could not be written: {reason}.</source>
        <translation>{path} konnte nicht geschrieben werden: {reason}.</translation>
    </message>
</context>
<context>
    <name>gui.readiness</name>
    <message>
        <source>PyTorch is being installed; this is done once.</source>
        <translation>PyTorch wird installiert; das geschieht nur einmal.</translation>
    </message>
</context>
<context>
    <name>gui.reading</name>
    <message>
        <source>One scan</source>
        <translation>Eine Aufnahme</translation>
    </message>
    <message>
        <source>Side by side</source>
        <translation>Nebeneinander</translation>
    </message>
</context>
<context>
    <name>gui.regionlist</name>
    <message>
        <source>accepted</source>
        <translation>angenommen</translation>
    </message>
    <message>
        <source>rejected</source>
        <translation>abgelehnt</translation>
    </message>
</context>
<context>
    <name>gui.resultsection</name>
    <message>
        <source>A registration bends lesions towards their prior size: for lesions use Changes below.</source>
        <translation>Eine Registrierung biegt Läsionen auf ihre frühere Größe zu: Für Läsionen nehmen Sie „Veränderungen“ unten.</translation>
    </message>
    <message>
        <source>Computing the difference</source>
        <translation>Die Differenz wird berechnet</translation>
    </message>
    <message>
        <source>Computing the volume change</source>
        <translation>Die Volumenänderung wird berechnet</translation>
    </message>
    <message>
        <source>Making the checkerboard</source>
        <translation>Das Schachbrett wird gemacht</translation>
    </message>
    <message>
        <source>Show after</source>
        <translation>Nachher</translation>
    </message>
    <message>
        <source>Show before</source>
        <translation>Vorher</translation>
    </message>
    <message>
        <source>To see it, open Result below.</source>
        <translation>Um es zu sehen, öffnen Sie „Ergebnis“ unten.</translation>
    </message>
</context>
<context>
    <name>gui.resultuse</name>
    <message>
        <source>Carrying {name}</source>
        <translation>{name} wird mitgenommen</translation>
    </message>
    <message>
        <source>Choose a node that belongs to the moving volume.</source>
        <translation>Wählen Sie einen Knoten, der zum bewegten Volumen gehört.</translation>
    </message>
    <message>
        <source>Inverting the transform</source>
        <translation>Die Transformation wird invertiert</translation>
    </message>
    <message>
        <source>Made "{copy}".</source>
        <translation>„{copy}“ angelegt.</translation>
    </message>
    <message>
        <source>Made "{name}", exact to {error:.3f} mm at worst.</source>
        <translation>„{name}“ angelegt, im schlechtesten Fall auf {error:.3f} mm genau.</translation>
    </message>
    <message>
        <source>Saving {name}</source>
        <translation>{name} wird gespeichert</translation>
    </message>
    <message>
        <source>Wrote {path}.</source>
        <translation>{path} geschrieben.</translation>
    </message>
</context>
<context>
    <name>gui.sampledata</name>
    <message>
        <source>LDR Registration</source>
        <translation>LDR-Registrierung</translation>
    </message>
</context>
<context>
    <name>gui.saving</name>
    <message>
        <source>Displacement field</source>
        <translation>Verschiebungsfeld</translation>
    </message>
    <message>
        <source>ITK transform</source>
        <translation>ITK-Transformation</translation>
    </message>
    <message>
        <source>Save the transform</source>
        <translation>Transformation speichern</translation>
    </message>
    <message>
        <source>There is a file "{name}" already. Replace it?</source>
        <translation>Es gibt schon eine Datei „{name}“. Ersetzen?</translation>
    </message>
</context>
<context>
    <name>gui.studyrun</name>
    <message>
        <source>Its segmentations were not carried along: {why}</source>
        <translation>Die Segmentierungen wurden nicht mitgenommen: {why}</translation>
    </message>
    <message>
        <source>{number} of {count}, {name}: {stage}</source>
        <translation>{number} von {count}, {name}: {stage}</translation>
    </message>
</context>
<context>
    <name>gui.studysection</name>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Misslungen</translation>
    </message>
    <message>
        <source>Register all</source>
        <translation>Alle registrieren</translation>
    </message>
    <message>
        <source>Registering {count} volumes</source>
        <translation>{count} Volumina werden registriert</translation>
    </message>
    <message>
        <source>The folder has no other volume than the one to register to.</source>
        <translation>Der Ordner enthält kein anderes Volumen als das, auf das registriert wird.</translation>
    </message>
    <message>
        <source>reference</source>
        <translation>Bezug</translation>
    </message>
    <message>
        <source>running</source>
        <translation>läuft</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>wartet</translation>
    </message>
    <message>
        <source>{done} registered: {good} good, {doubtful} to be checked; {failed} could not be registered.</source>
        <translation>{done} registriert: {good} gut, {doubtful} zu prüfen; {failed} konnten nicht registriert werden.</translation>
    </message>
</context>
<context>
    <name>gui.studysteps</name>
    <message>
        <source>Frame {number}</source>
        <translation>Bild {number}</translation>
    </message>
    <message>
        <source>No frame could be registered.</source>
        <translation>Kein Bild der Sequenz konnte registriert werden.</translation>
    </message>
</context>
<context>
    <name>gui.trustcontrol</name>
    <message>
        <source>Computing how far to believe the result</source>
        <translation>Berechnung, wie weit dem Ergebnis zu trauen ist</translation>
    </message>
    <message>
        <source>Doubtful place {number} of {count}: off by about {mm:.1f} mm; local similarity {similarity:.2f}</source>
        <translation>Zweifelhafte Stelle {number} von {count}: etwa {mm:.1f} mm daneben; örtliche Ähnlichkeit {similarity:.2f}</translation>
    </message>
    <message>
        <source>No place is doubtful: the expected error is small everywhere.</source>
        <translation>Keine Stelle ist zweifelhaft: Der erwartete Fehler ist überall klein.</translation>
    </message>
</context>
<context>
    <name>gui.verdicts</name>
    <message>
        <source>Alignment: good. Check the edges.</source>
        <translation>Ausrichtung: gut. Die Ränder prüfen.</translation>
    </message>
    <message>
        <source>Check</source>
        <translation>Prüfen</translation>
    </message>
    <message>
        <source>Check: {why}</source>
        <translation>Prüfen: {why}</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Misslungen</translation>
    </message>
    <message>
        <source>Failed: {why}</source>
        <translation>Misslungen: {why}</translation>
    </message>
    <message>
        <source>Good</source>
        <translation>Gut</translation>
    </message>
    <message>
        <source>The registration failed</source>
        <translation>Die Registrierung ist misslungen</translation>
    </message>
    <message>
        <source>the result may be wrong.</source>
        <translation>Das Ergebnis kann falsch sein.</translation>
    </message>
    <message>
        <source>the volumes were not brought together.</source>
        <translation>Die Volumina wurden nicht zusammengebracht.</translation>
    </message>
    <message>
        <source>{verdict}

Keep the result anyway? If not, the scene stays as it is.</source>
        <translation>{verdict}

Das Ergebnis trotzdem behalten? Wenn nicht, bleibt die Szene, wie sie ist.</translation>
    </message>
</context>
<context>
    <name>gui.view</name>
    <message>
        <source>Apply</source>
        <translation>Anwenden</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Cancelling, after the present stage...</source>
        <translation>Wird nach dem gegenwärtigen Schritt abgebrochen …</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation>Wird abgebrochen …</translation>
    </message>
    <message>
        <source>LDR Registration: {line}</source>
        <translation>LDR-Registrierung: {line}</translation>
    </message>
    <message>
        <source>Starting</source>
        <translation>Beginn</translation>
    </message>
    <message>
        <source>Stop, and leave the scene as it is</source>
        <translation>Hält an und lässt die Szene, wie sie ist</translation>
    </message>
    <message>
        <source>The registration failed: {error}</source>
        <translation>Die Registrierung ist misslungen: {error}</translation>
    </message>
</context>
<context>
    <name>logic.batch</name>
    <message>
        <source>Give at least one pair: a fixed and a moving volume node.</source>
        <translation>Geben Sie mindestens ein Paar an: einen festen und einen bewegten Volumenknoten.</translation>
    </message>
    <message>
        <source>Its segmentations were not carried along: {why}</source>
        <translation>Die Segmentierungen wurden nicht mitgenommen: {why}</translation>
    </message>
    <message>
        <source>Pair {number} of {count}: {stage}</source>
        <translation>Paar {number} von {count}: {stage}</translation>
    </message>
    <message>
        <source>The folder has no other volume than the one to register to.</source>
        <translation>Der Ordner enthält kein anderes Volumen als das, auf das registriert wird.</translation>
    </message>
</context>
<context>
    <name>logic.change</name>
    <message>
        <source>Alignment of the scans: {verdictText}</source>
        <translation>Ausrichtung der Aufnahmen: {verdictText}</translation>
    </message>
    <message>
        <source>The output volume is one of the scans, which would be lost: choose another one.</source>
        <translation>Das Ausgabevolumen ist eine der Aufnahmen, die verloren ginge: Wählen Sie ein anderes.</translation>
    </message>
    <message>
        <source>The sensitivity {sensitivity} is not between 0 and 1.</source>
        <translation>Die Empfindlichkeit {sensitivity} liegt nicht zwischen 0 und 1.</translation>
    </message>
    <message>
        <source>There is no region {rank}.</source>
        <translation>Es gibt keinen Bereich {rank}.</translation>
    </message>
    <message>
        <source>{settings} cannot be chosen to find changes: the alignment has settings of its own, which hide none.</source>
        <translation>{settings} kann für die Suche nach Veränderungen nicht gewählt werden: Die Ausrichtung hat eigene Einstellungen, die keine verbergen.</translation>
    </message>
</context>
<context>
    <name>logic.changejob</name>
    <message>
        <source>No change is listed, because the scans were not aligned. {sentence}</source>
        <translation>Es ist keine Veränderung aufgeführt, weil die Aufnahmen nicht ausgerichtet wurden. {sentence}</translation>
    </message>
    <message>
        <source>Nothing is left to look at: the mask to leave out covers all of it.</source>
        <translation>Es bleibt nichts zum Ansehen: Die Maske des Auszulassenden bedeckt alles.</translation>
    </message>
</context>
<context>
    <name>logic.reporting</name>
    <message>
        <source>DICOM objects can be made only of volumes that came from DICOM. "{name}" did not, or its files are not in the DICOM database any more.</source>
        <translation>DICOM-Objekte können nur aus Volumina gemacht werden, die aus DICOM stammen. „{name}“ tut das nicht, oder seine Dateien sind nicht mehr in der DICOM-Datenbank.</translation>
    </message>
    <message>
        <source>It is not known where the scans lay: find the changes again.</source>
        <translation>Es ist nicht bekannt, wo die Aufnahmen lagen: Suchen Sie die Veränderungen neu.</translation>
    </message>
    <message>
        <source>The report could not be written into {folder}: {reason}.</source>
        <translation>Der Bericht konnte nicht in {folder} geschrieben werden: {reason}.</translation>
    </message>
</context>
<context>
    <name>logic.templates</name>
    <message>
        <source>One volume was chosen twice: it would count twice in the template.</source>
        <translation>Ein Volumen wurde zweimal gewählt: Es würde in der Vorlage doppelt zählen.</translation>
    </message>
    <message>
        <source>Template</source>
        <translation>Vorlage</translation>
    </message>
    <message>
        <source>{volume} to template</source>
        <translation>{volume} zur Vorlage</translation>
    </message>
</context>
<context>
    <name>logic.trust</name>
    <message>
        <source>Expected error of {moving} in mm</source>
        <translation>Erwarteter Fehler von {moving} in mm</translation>
    </message>
</context>
<context>
    <name>mrml.carriedcopies</name>
    <message>
        <source>Choose at least one node to carry.</source>
        <translation>Wählen Sie mindestens einen Knoten zum Mitnehmen.</translation>
    </message>
    <message>
        <source>Choose the transform to apply.</source>
        <translation>Wählen Sie die anzuwendende Transformation.</translation>
    </message>
</context>
<context>
    <name>mrml.carrying</name>
    <message>
        <source>{name} cannot be carried by a transform: choose volumes, segmentations, markups or models.</source>
        <translation>{name} kann von keiner Transformation getragen werden: Wählen Sie Volumina, Segmentierungen, Markierungen oder Modelle.</translation>
    </message>
    <message>
        <source>{name} is empty: it has no voxels.</source>
        <translation>{name} ist leer: Es gibt keine Voxel.</translation>
    </message>
    <message>
        <source>{name} is of a kind that only linear transforms can carry.</source>
        <translation>{name} ist von einer Art, die nur lineare Transformationen tragen können.</translation>
    </message>
    <message>
        <source>{volume} is empty: it has no voxels.</source>
        <translation>{volume} ist leer: Es gibt keine Voxel.</translation>
    </message>
</context>
<context>
    <name>mrml.changenodes</name>
    <message>
        <source>A part of the comparison is no longer in the scene: find the changes again.</source>
        <translation>Ein Teil des Vergleichs ist nicht mehr in der Szene: Suchen Sie die Veränderungen neu.</translation>
    </message>
    <message>
        <source>Strength of change</source>
        <translation>Stärke der Veränderung</translation>
    </message>
</context>
<context>
    <name>mrml.dicomvolumes</name>
    <message>
        <source>The DICOM folder {folder}, which "{name}" was read from, is not there any more.</source>
        <translation>Der DICOM-Ordner {folder}, aus dem „{name}“ gelesen wurde, ist nicht mehr da.</translation>
    </message>
    <message>
        <source>The volume of series "{series}" did not lie where its DICOM images do when it was compared: take it out of its transform and find the changes again.</source>
        <translation>Das Volumen der Serie „{series}“ lag beim Vergleich nicht dort, wo seine DICOM-Bilder liegen: Nehmen Sie es aus seiner Transformation und suchen Sie die Veränderungen neu.</translation>
    </message>
</context>
<context>
    <name>mrml.display</name>
    <message>
        <source>Expected error (mm)</source>
        <translation>Erwarteter Fehler (mm)</translation>
    </message>
    <message>
        <source>Local similarity</source>
        <translation>Örtliche Ähnlichkeit</translation>
    </message>
    <message>
        <source>There is no result to show: choose the volumes and their transform.</source>
        <translation>Es gibt kein Ergebnis zu zeigen: Wählen Sie die Volumina und ihre Transformation.</translation>
    </message>
</context>
<context>
    <name>mrml.filechecks</name>
    <message>
        <source>{name} did not arrive whole on the disk, which may be full.</source>
        <translation>{name} kam nicht ganz auf der Festplatte an; sie ist vielleicht voll.</translation>
    </message>
</context>
<context>
    <name>mrml.handplacing</name>
    <message>
        <source>A volume lies under {transform} already: take it out of it first.</source>
        <translation>Ein Volumen liegt schon unter {transform}: Nehmen Sie es zuerst heraus.</translation>
    </message>
</context>
<context>
    <name>mrml.history</name>
    <message>
        <source>, box {before:.3f} -&gt; {after:.3f}</source>
        <translation>, Kasten {before:.3f} -&gt; {after:.3f}</translation>
    </message>
    <message>
        <source>, {count} points {mm:.1f} mm</source>
        <translation>, {count} Punkte {mm:.1f} mm</translation>
    </message>
    <message>
        <source>accurate</source>
        <translation>genau</translation>
    </message>
    <message>
        <source>affine</source>
        <translation>affin</translation>
    </message>
    <message>
        <source>as placed</source>
        <translation>wie sie liegen</translation>
    </message>
    <message>
        <source>best</source>
        <translation>am besten</translation>
    </message>
    <message>
        <source>check</source>
        <translation>prüfen</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>misslungen</translation>
    </message>
    <message>
        <source>fast</source>
        <translation>schnell</translation>
    </message>
    <message>
        <source>good</source>
        <translation>gut</translation>
    </message>
    <message>
        <source>rigid</source>
        <translation>starr</translation>
    </message>
    <message>
        <source>{clock} {preset}, {prealignment}: {grade} {similarity:.3f}</source>
        <translation>{clock} {preset}, {prealignment}: {grade} {similarity:.3f}</translation>
    </message>
</context>
<context>
    <name>mrml.inverse</name>
    <message>
        <source>Choose the transform to invert.</source>
        <translation>Wählen Sie die zu invertierende Transformation.</translation>
    </message>
    <message>
        <source>The output is the transform itself, which would be lost: choose another node.</source>
        <translation>Die Ausgabe ist die Transformation selbst, die verloren ginge: Wählen Sie einen anderen Knoten.</translation>
    </message>
    <message>
        <source>The transform has no displacement grid: it is none of a registration here.</source>
        <translation>Die Transformation hat kein Verschiebungsgitter: Sie stammt von keiner Registrierung hier.</translation>
    </message>
</context>
<context>
    <name>mrml.jobs</name>
    <message>
        <source>A volume is missing: choose a fixed and a moving volume.</source>
        <translation>Ein Volumen fehlt: Wählen Sie ein festes und ein bewegtes.</translation>
    </message>
    <message>
        <source>It starts from a transform that no registration here made.</source>
        <translation>Begonnen wird mit einer Transformation, die keine Registrierung hier gemacht hat.</translation>
    </message>
    <message>
        <source>The fixed and the moving volume are the same node: choose two volumes.</source>
        <translation>Das feste und das bewegte Volumen sind derselbe Knoten: Wählen Sie zwei Volumina.</translation>
    </message>
    <message>
        <source>The output volume is one of the inputs, which would be lost: choose another one.</source>
        <translation>Das Ausgabevolumen ist eine der Eingaben, die verloren ginge: Wählen Sie ein anderes.</translation>
    </message>
    <message>
        <source>There is no output: choose an output transform, an output volume, or both.</source>
        <translation>Es gibt keine Ausgabe: Wählen Sie eine Transformation, ein Ausgabevolumen oder beides.</translation>
    </message>
    <message>
        <source>There is nothing to go on with: choose landmarks.</source>
        <translation>Es gibt nichts, womit weitergemacht werden könnte: Wählen Sie Landmarken.</translation>
    </message>
    <message>
        <source>{name} is a label map: register the images, then carry the label map by the transform.</source>
        <translation>{name} ist eine Label-Map: Registrieren Sie die Bilder und nehmen Sie die Label-Map mit der Transformation mit.</translation>
    </message>
    <message>
        <source>{outputTransform} is a parent transform of {name}: choose another output transform, or take the volume out of it first.</source>
        <translation>{outputTransform} ist eine Transformation, unter der {name} liegt: Wählen Sie eine andere Transformation als Ausgabe, oder nehmen Sie das Volumen zuerst dort heraus.</translation>
    </message>
</context>
<context>
    <name>mrml.landmarks</name>
    <message>
        <source>; registration {verdict}</source>
        <translation>; Registrierung {verdict}</translation>
    </message>
    <message>
        <source>A volume of these landmarks is not there any more: choose both volumes above.</source>
        <translation>Ein Volumen dieser Landmarken ist nicht mehr da: Wählen Sie oben beide Volumina.</translation>
    </message>
    <message>
        <source>Choose a markups node with the fixed and one with the moving landmarks.</source>
        <translation>Wählen Sie je einen Markierungsknoten mit den festen und mit den bewegten Landmarken.</translation>
    </message>
    <message>
        <source>Choose the transform whose error the landmarks are to show.</source>
        <translation>Wählen Sie die Transformation, deren Fehler die Landmarken zeigen sollen.</translation>
    </message>
    <message>
        <source>No pair of landmarks is selected: there is nothing to follow.</source>
        <translation>Es ist kein Paar von Landmarken ausgewählt: Es gibt nichts, dem gefolgt werden könnte.</translation>
    </message>
    <message>
        <source>The fixed and the moving landmarks are the same list: choose two.</source>
        <translation>Die festen und die bewegten Landmarken sind dieselbe Liste: Wählen Sie zwei.</translation>
    </message>
    <message>
        <source>There are no landmarks: place points in both markups nodes.</source>
        <translation>Es gibt keine Landmarken: Setzen Sie Punkte in beide Markierungsknoten.</translation>
    </message>
    <message>
        <source>{count} landmarks: mean error {meanBefore:.2f} -&gt; {meanAfter:.2f} mm, SD {sdBefore:.2f} -&gt; {sdAfter:.2f} mm, maximum {mostBefore:.2f} -&gt; {mostAfter:.2f} mm</source>
        <translation>{count} Landmarken: mittlerer Fehler {meanBefore:.2f} -&gt; {meanAfter:.2f} mm, SD {sdBefore:.2f} -&gt; {sdAfter:.2f} mm, größter {mostBefore:.2f} -&gt; {mostAfter:.2f} mm</translation>
    </message>
    <message>
        <source>{fixed} has {count} and {moving} {movingCount} landmarks, without a label in common: give partners the same label, or place as many in the same order.</source>
        <translation>{fixed} hat {count} und {moving} {movingCount} Landmarken, ohne gemeinsame Bezeichnung: Geben Sie zusammengehörigen dieselbe, oder setzen Sie gleich viele in gleicher Reihenfolge.</translation>
    </message>
    <message>
        <source>{name}: {alone} of {count} points have no partner and are left out.</source>
        <translation>{name}: {alone} von {count} Punkten haben keinen Partner und zählen nicht.</translation>
    </message>
    <message>
        <source>{name}: {outside} of {count} points are outside {volume}.</source>
        <translation>{name}: {outside} von {count} Punkten liegen außerhalb von {volume}.</translation>
    </message>
</context>
<context>
    <name>mrml.masks</name>
    <message>
        <source>{name} cannot be a mask: choose a segmentation or a label map.</source>
        <translation>{name} kann keine Maske sein: Wählen Sie eine Segmentierung oder eine Label-Map.</translation>
    </message>
</context>
<context>
    <name>mrml.matrices</name>
    <message>
        <source>The initial transform {transform}</source>
        <translation>Die Start-Transformation {transform}</translation>
    </message>
    <message>
        <source>The initial transform {transform} is not linear; only rigid and affine ones can start.</source>
        <translation>Die Start-Transformation {transform} ist nicht linear; nur starre und affine können ein Anfang sein.</translation>
    </message>
    <message>
        <source>{name} contains numbers that are not finite.</source>
        <translation>{name} enthält Zahlen, die nicht endlich sind.</translation>
    </message>
    <message>
        <source>{name} is a mirror image, which exchanges left and right: nothing can start from it.</source>
        <translation>{name} ist eine Spiegelung, die links und rechts vertauscht: Damit kann nicht begonnen werden.</translation>
    </message>
    <message>
        <source>{name} is under the non-linear transform {parent}: harden it (or a copy) first.</source>
        <translation>{name} liegt unter der nicht linearen Transformation {parent}: Härten Sie zuerst (oder eine Kopie).</translation>
    </message>
    <message>
        <source>{name} scales lengths by {least:.3g} to {most:.3g}: nothing can start from it.</source>
        <translation>{name} streckt Längen auf das {least:.3g}- bis {most:.3g}-Fache: Damit kann nicht begonnen werden.</translation>
    </message>
</context>
<context>
    <name>mrml.nodes</name>
    <message>
        <source>A volume or an output was removed from the scene meanwhile; nothing was changed.</source>
        <translation>Ein Volumen oder eine Ausgabe wurde inzwischen aus der Szene entfernt; es wurde nichts geändert.</translation>
    </message>
    <message>
        <source>The volumes, outputs and transforms must all be nodes of one scene.</source>
        <translation>Die Volumina, Ausgaben und Transformationen müssen alle Knoten einer Szene sein.</translation>
    </message>
</context>
<context>
    <name>mrml.resampling</name>
    <message>
        <source>The transform spreads the volume so far that it cannot be resampled.</source>
        <translation>Die Transformation zieht das Volumen so weit auseinander, dass es nicht neu abgetastet werden kann.</translation>
    </message>
</context>
<context>
    <name>mrml.roi</name>
    <message>
        <source>Refine here</source>
        <translation>Hier verfeinern</translation>
    </message>
    <message>
        <source>{name} has no size yet: draw it around what matters.</source>
        <translation>{name} hat noch keine Größe: Zeichnen Sie den Kasten um das, worauf es ankommt.</translation>
    </message>
    <message>
        <source>{name} is no ROI: draw a box around what matters.</source>
        <translation>{name} ist keine ROI: Zeichnen Sie einen Kasten um das, worauf es ankommt.</translation>
    </message>
    <message>
        <source>{name} is under a transform that shears it: take it out of that.</source>
        <translation>{name} liegt unter einer Transformation, die sie schert: Nehmen Sie sie dort heraus.</translation>
    </message>
</context>
<context>
    <name>mrml.saving</name>
    <message>
        <source>Choose the transform to save.</source>
        <translation>Wählen Sie die zu speichernde Transformation.</translation>
    </message>
    <message>
        <source>Choose the volume whose voxels the displacement field is to have.</source>
        <translation>Wählen Sie das Volumen, dessen Voxel das Verschiebungsfeld haben soll.</translation>
    </message>
    <message>
        <source>The folder {folder} does not exist.</source>
        <translation>Den Ordner {folder} gibt es nicht.</translation>
    </message>
    <message>
        <source>it did not arrive whole on the disk, which may be full</source>
        <translation>die Datei kam nicht ganz auf der Festplatte an, die vielleicht voll ist</translation>
    </message>
    <message>
        <source>{name} says no format: end it with {transforms} for an ITK transform, or with {fields} for a displacement field.</source>
        <translation>{name} nennt kein Format: Beenden Sie den Namen mit {transforms} für eine ITK-Transformation oder mit {fields} für ein Verschiebungsfeld.</translation>
    </message>
    <message>
        <source>{path} could not be written.</source>
        <translation>{path} konnte nicht geschrieben werden.</translation>
    </message>
    <message>
        <source>{path} could not be written: {why}.</source>
        <translation>{path} konnte nicht geschrieben werden: {why}.</translation>
    </message>
</context>
<context>
    <name>mrml.sequences</name>
    <message>
        <source>Choose a sequence of volumes.</source>
        <translation>Wählen Sie eine Sequenz von Volumina.</translation>
    </message>
    <message>
        <source>Frames of {name} were added, removed or moved while they were registered; nothing was changed. Register again.</source>
        <translation>Bilder von {name} wurden während der Registrierung hinzugefügt, entfernt oder bewegt; es wurde nichts geändert. Registrieren Sie neu.</translation>
    </message>
    <message>
        <source>The sequence was removed from the scene.</source>
        <translation>Die Sequenz wurde aus der Szene entfernt.</translation>
    </message>
    <message>
        <source>{sequence} is no sequence of at least two volumes.</source>
        <translation>{sequence} ist keine Sequenz von mindestens zwei Volumina.</translation>
    </message>
</context>
<context>
    <name>mrml.sidebyside</name>
    <message>
        <source>There are no two slice views to show the scans in.</source>
        <translation>Es gibt keine zwei Schichtansichten, in denen die Aufnahmen gezeigt werden könnten.</translation>
    </message>
    <message>
        <source>There is no comparison of these two scans: find the changes first.</source>
        <translation>Es gibt keinen Vergleich dieser beiden Aufnahmen: Suchen Sie zuerst die Veränderungen.</translation>
    </message>
</context>
<context>
    <name>mrml.starts</name>
    <message>
        <source>The initial transform {transform}</source>
        <translation>Die Start-Transformation {transform}</translation>
    </message>
    <message>
        <source>The initial transform {transform} is not linear: two visits need a linear one.</source>
        <translation>Die Start-Transformation {transform} ist nicht linear: Zwei Untersuchungen brauchen eine lineare.</translation>
    </message>
    <message>
        <source>{name} contains numbers that are not finite.</source>
        <translation>{name} enthält Zahlen, die nicht endlich sind.</translation>
    </message>
</context>
<context>
    <name>mrml.study</name>
    <message>
        <source>Choose a folder, a study or a patient with volumes in it.</source>
        <translation>Wählen Sie einen Ordner, eine Studie oder einen Patienten mit Volumina darin.</translation>
    </message>
    <message>
        <source>There is no volume in {name}.</source>
        <translation>In {name} gibt es kein Volumen.</translation>
    </message>
    <message>
        <source>the scene</source>
        <translation>der Szene</translation>
    </message>
    <message>
        <source>{name} is one node: choose the folder, the study or the patient that it is in.</source>
        <translation>{name} ist ein einzelner Knoten: Wählen Sie den Ordner, die Studie oder den Patienten, worin er liegt.</translation>
    </message>
</context>
<context>
    <name>mrml.swipe</name>
    <message>
        <source>There is no slice view to show a line in.</source>
        <translation>Es gibt keine Schichtansicht, in der eine Linie gezeigt werden könnte.</translation>
    </message>
</context>
<context>
    <name>mrml.trustnodes</name>
    <message>
        <source>Expected error of {moving} in mm</source>
        <translation>Erwarteter Fehler von {moving} in mm</translation>
    </message>
    <message>
        <source>Local similarity of {moving}</source>
        <translation>Örtliche Ähnlichkeit von {moving}</translation>
    </message>
</context>
<context>
    <name>mrml.volumechange</name>
    <message>
        <source>Choose the transform whose volume change is to be shown.</source>
        <translation>Wählen Sie die Transformation, deren Volumenänderung gezeigt werden soll.</translation>
    </message>
</context>
<context>
    <name>mrml.volumes</name>
    <message>
        <source>A volume is missing: choose a fixed and a moving volume.</source>
        <translation>Ein Volumen fehlt: Wählen Sie ein festes und ein bewegtes.</translation>
    </message>
    <message>
        <source>{name} has {components} values per voxel (a color image?); one is needed.</source>
        <translation>{name} hat {components} Werte je Voxel (ein Farbbild?); gebraucht wird einer.</translation>
    </message>
    <message>
        <source>{name} is empty: it has no voxels.</source>
        <translation>{name} ist leer: Es gibt keine Voxel.</translation>
    </message>
    <message>
        <source>{name} is not a scalar volume.</source>
        <translation>{name} ist kein skalares Volumen.</translation>
    </message>
</context>
<context>
    <name>mrml.worldposition</name>
    <message>
        <source>{name} is under a non-linear transform: harden it (or a copy) first.</source>
        <translation>{name} liegt unter einer nicht linearen Transformation: Härten Sie zuerst (oder eine Kopie).</translation>
    </message>
    <message>
        <source>{name} was changed while it was registered, so the result is not about it any more; nothing was changed. Register again.</source>
        <translation>{name} wurde während der Registrierung geändert, so dass das Ergebnis nicht mehr davon handelt; es wurde nichts geändert. Registrieren Sie neu.</translation>
    </message>
</context>
<context>
    <name>registration.box</name>
    <message>
        <source>In the box, at {mm:.2g} mm: local similarity {before:.3f} -&gt; {after:.3f}, moved by up to {most:.1f} mm</source>
        <translation>Im Kasten, bei {mm:.2g} mm: örtliche Ähnlichkeit {before:.3f} -&gt; {after:.3f}, verschoben um bis zu {most:.1f} mm</translation>
    </message>
    <message>
        <source>The box lies outside {name}: move it to what matters there.</source>
        <translation>Der Kasten liegt außerhalb von {name}: Verschieben Sie ihn dorthin, worauf es dort ankommt.</translation>
    </message>
    <message>
        <source>Too little of the box lies in {name}: along each side at least {least:.0f} mm are needed.</source>
        <translation>Zu wenig vom Kasten liegt in {name}: Entlang jeder Seite braucht es mindestens {least:.0f} mm.</translation>
    </message>
</context>
<context>
    <name>registration.boxrefinement</name>
    <message>
        <source>In the box nothing makes the images more alike than they are: the result stays as it was.</source>
        <translation>Im Kasten macht nichts die Bilder ähnlicher, als sie sind: Das Ergebnis bleibt, wie es war.</translation>
    </message>
    <message>
        <source>In the box the two images show different contrasts: a closer fit there would be a wrong one.</source>
        <translation>Im Kasten zeigen die beiden Bilder verschiedene Kontraste: Eine engere Anpassung wäre dort eine falsche.</translation>
    </message>
    <message>
        <source>In the box the two images show nothing that could be compared: draw it around what they both show.</source>
        <translation>Im Kasten zeigen die beiden Bilder nichts, was sich vergleichen ließe: Zeichnen Sie ihn um das, was beide zeigen.</translation>
    </message>
</context>
<context>
    <name>registration.fewslices</name>
    <message>
        <source>One of the images has fewer than four slices, and was compared with the other one where it lies: look whether both show the same place.</source>
        <translation>Eines der Bilder hat weniger als vier Schichten und wurde dort mit dem anderen verglichen, wo es liegt: Sehen Sie nach, ob beide dieselbe Stelle zeigen.</translation>
    </message>
    <message>
        <source>There are fewer than four slices: the images were registered within them, and nothing moves across them.</source>
        <translation>Es sind weniger als vier Schichten: Die Bilder wurden innerhalb der Schichten registriert, und quer zu ihnen bewegt sich nichts.</translation>
    </message>
    <message>
        <source>{fixed} and {moving} have few slices, which lie across each other: they can be registered only where both are cut alike. Give an initial transform that turns them.</source>
        <translation>{fixed} und {moving} haben wenige Schichten, die quer zueinander liegen: Sie lassen sich nur registrieren, wenn beide gleich geschnitten sind. Geben Sie eine Anfangstransformation an, die sie dreht.</translation>
    </message>
    <message>
        <source>{slices} has few slices, and {image} does not reach into them: give an initial transform.</source>
        <translation>{slices} hat wenige Schichten, und {image} reicht nicht in sie hinein: Geben Sie eine Anfangstransformation an.</translation>
    </message>
</context>
<context>
    <name>registration.guided</name>
    <message>
        <source>Landmark {label} is doubtful: it lies {mm:.0f} mm from where the images and the other landmarks would have it, and the images around it are not more alike for following it.</source>
        <translation>Die Landmarke {label} ist zweifelhaft: Sie liegt {mm:.0f} mm von dort, wo die Bilder und die anderen Landmarken sie erwarten lassen, und die Bilder um sie herum gleichen sich nicht mehr, wenn man ihr folgt.</translation>
    </message>
    <message>
        <source>Landmarks that could not be followed to 1 mm without folds or contradictions: {labels}.</source>
        <translation>Landmarken, denen nicht auf 1 mm ohne Falten oder Widersprüche gefolgt werden konnte: {labels}.</translation>
    </message>
    <message>
        <source>With the landmarks the images are less alike than without: {before:.3f} -&gt; {after:.3f}. Check them.</source>
        <translation>Mit den Landmarken gleichen sich die Bilder weniger als ohne: {before:.3f} -&gt; {after:.3f}. Prüfen Sie sie.</translation>
    </message>
</context>
<context>
    <name>registration.landmarks</name>
    <message>
        <source>A landmark has a coordinate that is not a number.</source>
        <translation>Eine Landmarke hat eine Koordinate, die keine Zahl ist.</translation>
    </message>
    <message>
        <source>Landmarks outside {image}: {labels}. Move them, or leave them out.</source>
        <translation>Landmarken außerhalb von {image}: {labels}. Verschieben Sie sie, oder lassen Sie sie weg.</translation>
    </message>
    <message>
        <source>The weights of landmarks are to be above 0 and at most 1, one each.</source>
        <translation>Die Gewichte der Landmarken müssen über 0 und höchstens 1 sein, für jede eines.</translation>
    </message>
    <message>
        <source>There are no landmarks.</source>
        <translation>Es gibt keine Landmarken.</translation>
    </message>
    <message>
        <source>There are {fixed} fixed and {moving} moving landmarks: as many of both are needed.</source>
        <translation>Es gibt {fixed} feste und {moving} bewegte Landmarken: Es müssen gleich viele sein.</translation>
    </message>
    <message>
        <source>{count} landmarks followed: mean error {before:.2f} -&gt; {after:.2f} mm, maximum {mostBefore:.2f} -&gt; {mostAfter:.2f} mm</source>
        <translation>{count} Landmarken gefolgt: mittlerer Fehler {before:.2f} -&gt; {after:.2f} mm, größter {mostBefore:.2f} -&gt; {mostAfter:.2f} mm</translation>
    </message>
</context>
<context>
    <name>registration.modelcards</name>
    <message>
        <source>64 hexadecimal digits</source>
        <translation>64 hexadezimale Ziffern</translation>
    </message>
    <message>
        <source>The model {model} is left out, since its card {card} cannot be used: {reason}.</source>
        <translation>Das Modell {model} wird ausgelassen, weil seine Karte {card} nicht benutzt werden kann: {reason}.</translation>
    </message>
    <message>
        <source>a list of 1 to {most} whole numbers</source>
        <translation>eine Liste von 1 bis {most} ganzen Zahlen</translation>
    </message>
    <message>
        <source>a list of named data</source>
        <translation>eine Liste benannter Daten</translation>
    </message>
    <message>
        <source>a power of two up to {most}</source>
        <translation>eine Zweierpotenz bis {most}</translation>
    </message>
    <message>
        <source>a text</source>
        <translation>ein Text</translation>
    </message>
    <message>
        <source>between {finest:g} and {coarsest:g}</source>
        <translation>zwischen {finest:g} und {coarsest:g}</translation>
    </message>
    <message>
        <source>it holds no names and values</source>
        <translation>sie enthält keine Namen und Werte</translation>
    </message>
    <message>
        <source>it is not a json file</source>
        <translation>sie ist keine json-Datei</translation>
    </message>
    <message>
        <source>it is too large for a card</source>
        <translation>sie ist zu groß für eine Karte</translation>
    </message>
    <message>
        <source>names and values, or null</source>
        <translation>Namen und Werte oder null</translation>
    </message>
    <message>
        <source>passes {passes} are no divisors of {sizeMultiple}</source>
        <translation>die Durchgänge {passes} sind keine Teiler von {sizeMultiple}</translation>
    </message>
    <message>
        <source>passes {passes} do not go from coarse to fine</source>
        <translation>die Durchgänge {passes} gehen nicht von grob zu fein</translation>
    </message>
    <message>
        <source>true or false</source>
        <translation>true oder false</translation>
    </message>
    <message>
        <source>{name} is missing</source>
        <translation>{name} fehlt</translation>
    </message>
    <message>
        <source>{name} is {said}, not {wanted}</source>
        <translation>{name} ist {said}, nicht {wanted}</translation>
    </message>
</context>
<context>
    <name>registration.models</name>
    <message>
        <source>Name the model to use: none is free for any use.</source>
        <translation>Nennen Sie das zu benutzende Modell: Keines ist für jede Verwendung frei.</translation>
    </message>
    <message>
        <source>PyTorch {version} cannot load the model {name}: {error}</source>
        <translation>PyTorch {version} kann das Modell {name} nicht laden: {error}</translation>
    </message>
    <message>
        <source>The model file {name} is not the one its card describes (wrong SHA-256); reinstall it.</source>
        <translation>Die Modelldatei {name} ist nicht die, die ihre Karte beschreibt (falsche SHA-256); installieren Sie sie neu.</translation>
    </message>
    <message>
        <source>The model file {path} cannot be read: {reason}.</source>
        <translation>Die Modelldatei {path} kann nicht gelesen werden: {reason}.</translation>
    </message>
    <message>
        <source>There is no model in {folder}: {why}</source>
        <translation>In {folder} gibt es kein Modell: {why}</translation>
    </message>
    <message>
        <source>There is no model named {name!r}; there are: {others}.</source>
        <translation>Es gibt kein Modell mit dem Namen {name!r}; es gibt: {others}.</translation>
    </message>
    <message>
        <source>the installation is incomplete.</source>
        <translation>die Installation ist unvollständig.</translation>
    </message>
</context>
<context>
    <name>registration.positioning</name>
    <message>
        <source>The pre-alignment did not make the images more alike: they stay as they were placed.</source>
        <translation>Die Vorausrichtung machte die Bilder nicht ähnlicher: Sie bleiben, wie sie lagen.</translation>
    </message>
</context>
<context>
    <name>registration.prealignment</name>
    <message>
        <source>The pre-alignment found nothing better than its start, which is kept.</source>
        <translation>Die Vorausrichtung fand nichts Besseres als ihren Anfang, der behalten wird.</translation>
    </message>
    <message>
        <source>The registration was cancelled; nothing was changed.</source>
        <translation>Die Registrierung wurde abgebrochen; es wurde nichts geändert.</translation>
    </message>
</context>
<context>
    <name>registration.presetfiles</name>
    <message>
        <source>Give the preset a name first.</source>
        <translation>Geben Sie der Voreinstellung zuerst einen Namen.</translation>
    </message>
    <message>
        <source>The name of a preset has at most {count} letters; this one has {length}.</source>
        <translation>Der Name einer Voreinstellung hat höchstens {count} Buchstaben; dieser hat {length}.</translation>
    </message>
    <message>
        <source>The preset {name}</source>
        <translation>Die Voreinstellung {name}</translation>
    </message>
    <message>
        <source>The preset {name} has no settings.</source>
        <translation>Die Voreinstellung {name} hat keine Einstellungen.</translation>
    </message>
    <message>
        <source>The preset {name}: there are at most {count} refinement steps.</source>
        <translation>Die Voreinstellung {name}: Es gibt höchstens {count} Verfeinerungsschritte.</translation>
    </message>
    <message>
        <source>The preset {name}: {error}</source>
        <translation>Die Voreinstellung {name}: {error}</translation>
    </message>
    <message>
        <source>The preset {name}: {key} cannot be {value}.</source>
        <translation>Die Voreinstellung {name}: {key} kann nicht {value} sein.</translation>
    </message>
    <message>
        <source>{source} is no file of presets: it does not say its version.</source>
        <translation>{source} ist keine Datei mit Voreinstellungen: Die Version fehlt.</translation>
    </message>
    <message>
        <source>{source} is no file of presets: it has no list of them.</source>
        <translation>{source} ist keine Datei mit Voreinstellungen: Es fehlt deren Liste.</translation>
    </message>
    <message>
        <source>{source} is no file of presets: it is not JSON.</source>
        <translation>{source} ist keine Datei mit Voreinstellungen: Sie ist kein JSON.</translation>
    </message>
    <message>
        <source>{source} was made by a newer version of this extension: update it to read the file.</source>
        <translation>{source} stammt von einer neueren Version dieser Erweiterung: Aktualisieren Sie sie, um die Datei zu lesen.</translation>
    </message>
    <message>
        <source>{where} has settings that are unknown here: {names}.</source>
        <translation>{where} hat Einstellungen, die hier unbekannt sind: {names}.</translation>
    </message>
</context>
<context>
    <name>registration.register</name>
    <message>
        <source>Local similarity {start:.3f} -&gt; {prealigned:.3f} (pre-alignment) -&gt; {end:.3f}; {folded:.3g} % folded; largest displacement {largestMm:.1f} mm; {seconds:.2f} s</source>
        <translation>Lokale Ähnlichkeit {start:.3f} -&gt; {prealigned:.3f} (Vorausrichtung) -&gt; {end:.3f}; {folded:.3g} % gefaltet; größte Verschiebung {largestMm:.1f} mm; {seconds:.2f} s</translation>
    </message>
    <message>
        <source>Only the pre-alignment was done: there is nothing to trust a deformation by.</source>
        <translation>Es wurde nur vorausgerichtet: Es gibt nichts, woran einer Verformung zu trauen wäre.</translation>
    </message>
    <message>
        <source>The deformable step did not make the images more alike: only the pre-alignment is kept.</source>
        <translation>Die Verformung machte die Bilder nicht ähnlicher: Nur die Vorausrichtung wird behalten.</translation>
    </message>
    <message>
        <source>The volumes show different contrasts: the network is left out, and the deformation kept smooth.</source>
        <translation>Die Volumina zeigen verschiedene Kontraste: Das Netz wird ausgelassen und die Verformung glatt gehalten.</translation>
    </message>
    <message>
        <source>{fixed} and {moving} do not overlap: less than {least:.0%} of either lies inside the other. Choose a pre-alignment or give an initial transform.</source>
        <translation>{fixed} und {moving} überlappen nicht: Weniger als {least:.0%} eines jeden liegt im anderen. Wählen Sie eine Vorausrichtung oder geben Sie eine Start-Transformation an.</translation>
    </message>
</context>
<context>
    <name>registration.sequence</name>
    <message>
        <source>Frame {number} of {count}: {stage}</source>
        <translation>Bild {number} von {count}: {stage}</translation>
    </message>
    <message>
        <source>Frames (from 0): {said}.</source>
        <translation>Bilder (ab 0): {said}.</translation>
    </message>
    <message>
        <source>Registered there and back, points end {astray:.1f} mm from where they began, of {bent:.1f} mm of deformation: the frames are hardly alike, and it may follow their noise.</source>
        <translation>Hin und zurück registriert enden Punkte {astray:.1f} mm von ihrem Anfang, bei {bent:.1f} mm Verformung: Die Bilder gleichen sich kaum, und sie folgt vielleicht ihrem Rauschen.</translation>
    </message>
    <message>
        <source>There is no frame {referenceFrame}: the sequence has {count}.</source>
        <translation>Es gibt kein Bild {referenceFrame}: Die Sequenz hat {count}.</translation>
    </message>
    <message>
        <source>Transforms from each frame to the next cannot be smoothed in time.</source>
        <translation>Transformationen von jedem Bild zum nächsten können nicht über die Zeit geglättet werden.</translation>
    </message>
    <message>
        <source>check at {numbers}</source>
        <translation>zu prüfen bei {numbers}</translation>
    </message>
    <message>
        <source>failed at {numbers}</source>
        <translation>misslungen bei {numbers}</translation>
    </message>
    <message>
        <source>mean</source>
        <translation>Mittel</translation>
    </message>
</context>
<context>
    <name>registration.settings</name>
    <message>
        <source>A setting is unknown: {error}.</source>
        <translation>Eine Einstellung ist unbekannt: {error}.</translation>
    </message>
    <message>
        <source>The iterations of adaptation cannot be negative, and its seconds must be above 0.</source>
        <translation>Die Durchläufe der Anpassung können nicht negativ sein, und ihre Sekunden müssen über 0 liegen.</translation>
    </message>
    <message>
        <source>The number of refinement steps cannot be negative.</source>
        <translation>Die Zahl der Verfeinerungsschritte kann nicht negativ sein.</translation>
    </message>
    <message>
        <source>The number of threads must be at least 1.</source>
        <translation>Es muss mindestens 1 Thread sein.</translation>
    </message>
</context>
<context>
    <name>registration.template</name>
    <message>
        <source>A template needs at least two images.</source>
        <translation>Eine Vorlage braucht mindestens zwei Bilder.</translation>
    </message>
    <message>
        <source>CT and MR images cannot be averaged: make a template of each.</source>
        <translation>CT- und MR-Bilder können nicht gemittelt werden: Machen Sie von beiden je eine Vorlage.</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>Every image was registered well.</source>
        <translation>Jedes Bild wurde gut registriert.</translation>
    </message>
    <message>
        <source>Left out, because the registration failed: {names}.</source>
        <translation>Ausgelassen, weil die Registrierung misslang: {names}.</translation>
    </message>
    <message>
        <source>No template can be made: of {count} images only {used} could be registered.</source>
        <translation>Es kann keine Vorlage gemacht werden: Von {count} Bildern konnten nur {used} registriert werden.</translation>
    </message>
    <message>
        <source>To be checked: {names}.</source>
        <translation>Zu prüfen: {names}.</translation>
    </message>
    <message>
        <source>template</source>
        <translation>Vorlage</translation>
    </message>
</context>
<context>
    <name>registration.templatemembers</name>
    <message>
        <source>Round {number}, image {count}: {stage}</source>
        <translation>Runde {number}, Bild {count}: {stage}</translation>
    </message>
</context>
<context>
    <name>registration.verdict</name>
    <message>
        <source>A part of what the fixed image shows lies inside the moving image, and there they are hardly alike.</source>
        <translation>Ein Teil dessen, was das feste Bild zeigt, liegt im bewegten Bild, und dort gleichen sie sich kaum.</translation>
    </message>
    <message>
        <source>Another placement of the moving image fits nearly as well: compare the images before you go on.</source>
        <translation>Eine andere Lage des bewegten Bildes passt fast ebenso gut: Vergleichen Sie die Bilder, bevor Sie weitermachen.</translation>
    </message>
    <message>
        <source>No placement of the moving image fits better than others: the images may not show the same thing, or too little of it.</source>
        <translation>Keine Lage des bewegten Bildes passt besser als andere: Vielleicht zeigen die Bilder nicht dasselbe oder zu wenig davon.</translation>
    </message>
    <message>
        <source>One placement of the moving image fits far better than all others.</source>
        <translation>Eine Lage des bewegten Bildes passt weit besser als alle anderen.</translation>
    </message>
    <message>
        <source>One placement of the moving image fits far better than all others; but its mirror image fits there nearly as well, so that the images do not say which side is left.</source>
        <translation>Eine Lage des bewegten Bildes passt weit besser als alle anderen; aber sein Spiegelbild passt dort fast ebenso gut, so dass die Bilder nicht sagen, welche Seite links ist.</translation>
    </message>
    <message>
        <source>Only {coverage:.0%} of what the fixed image shows lies inside the moving image.</source>
        <translation>Nur {coverage:.0%} dessen, was das feste Bild zeigt, liegt im bewegten Bild.</translation>
    </message>
    <message>
        <source>The images are hardly alike where they were placed: compare them before you go on.</source>
        <translation>Die Bilder gleichen sich in ihrer Lage kaum: Vergleichen Sie sie, bevor Sie weitermachen.</translation>
    </message>
    <message>
        <source>The images fit far better in another placement than in the one that was kept: leave out the initial transform, or choose a pre-alignment.</source>
        <translation>Die Bilder passen in einer anderen Lage weit besser als in der behaltenen: Lassen Sie die Start-Transformation weg, oder wählen Sie eine Vorausrichtung.</translation>
    </message>
    <message>
        <source>The images match closely.</source>
        <translation>Die Bilder stimmen eng überein.</translation>
    </message>
    <message>
        <source>The mirror image of the moving image fits far better: left and right may be swapped in one of them.</source>
        <translation>Das Spiegelbild des bewegten Bildes passt weit besser: Links und rechts sind in einem von beiden vielleicht vertauscht.</translation>
    </message>
</context>
<context>
    <name>runtime.device</name>
    <message>
        <source>PyTorch {version} finds no CUDA graphics card on this computer: choose the CPU as the device.</source>
        <translation>PyTorch {version} findet auf diesem Computer keine CUDA-Grafikkarte: Wählen Sie die CPU.</translation>
    </message>
    <message>
        <source>The graphics card has too little free memory: choose the CPU as the device.</source>
        <translation>Die Grafikkarte hat zu wenig freien Speicher: Wählen Sie die CPU.</translation>
    </message>
    <message>
        <source>This processor does not compute in bfloat16: choose the CPU without it as the device.</source>
        <translation>Dieser Prozessor rechnet nicht in bfloat16: Wählen Sie die CPU ohne es.</translation>
    </message>
    <message>
        <source>{threads} threads were asked for; this computer has cores for {usable}, which were used.</source>
        <translation>Es wurden {threads} Threads verlangt; dieser Computer hat Kerne für {usable}, die benutzt wurden.</translation>
    </message>
</context>
<context>
    <name>runtime.memory</name>
    <message>
        <source>{what} takes {needed:.1f} GB of memory, and {available:.1f} GB are available: close other programs, or make the images smaller (crop them, or resample them to larger voxels).</source>
        <translation>{what} braucht {needed:.1f} GB Speicher, und {available:.1f} GB sind frei: Schließen Sie andere Programme, oder verkleinern Sie die Bilder (beschneiden, oder größere Voxel).</translation>
    </message>
</context>
<context>
    <name>runtime.progress</name>
    <message>
        <source>Adaptation</source>
        <translation>Anpassung</translation>
    </message>
    <message>
        <source>Deformation</source>
        <translation>Verformung</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>Finding what to compare</source>
        <translation>Suche des zu Vergleichenden</translation>
    </message>
    <message>
        <source>Finish</source>
        <translation>Abschluss</translation>
    </message>
    <message>
        <source>Following the landmarks</source>
        <translation>Folgen der Landmarken</translation>
    </message>
    <message>
        <source>Harmonising</source>
        <translation>Angleichen</translation>
    </message>
    <message>
        <source>Looking for the painted lesions</source>
        <translation>Suche der gemalten Läsionen</translation>
    </message>
    <message>
        <source>Noise and change</source>
        <translation>Rauschen und Veränderung</translation>
    </message>
    <message>
        <source>Painting lesions</source>
        <translation>Malen von Läsionen</translation>
    </message>
    <message>
        <source>Pre-alignment</source>
        <translation>Vorausrichtung</translation>
    </message>
    <message>
        <source>Reading the images</source>
        <translation>Lesen der Bilder</translation>
    </message>
    <message>
        <source>Refinement</source>
        <translation>Verfeinerung</translation>
    </message>
    <message>
        <source>The registration was cancelled; nothing was changed.</source>
        <translation>Die Registrierung wurde abgebrochen; es wurde nichts geändert.</translation>
    </message>
    <message>
        <source>Warping</source>
        <translation>Übertragen</translation>
    </message>
    <message>
        <source>Warping the prior</source>
        <translation>Übertragen der Voraufnahme</translation>
    </message>
</context>
<context>
    <name>runtime.pytorch</name>
    <message>
        <source>PyTorch could not be installed: {error}</source>
        <translation>PyTorch konnte nicht installiert werden: {error}</translation>
    </message>
    <message>
        <source>PyTorch is installed but cannot be loaded ({error}). Install it anew, in Slicer with the PyTorch Utils module.</source>
        <translation>PyTorch ist installiert, kann aber nicht geladen werden ({error}). Installieren Sie es neu, in Slicer mit dem Modul PyTorch Utils.</translation>
    </message>
    <message>
        <source>PyTorch is installed but lacks a part that it needs: {name}.</source>
        <translation>PyTorch ist installiert, aber ein Teil, den es braucht, fehlt: {name}.</translation>
    </message>
    <message>
        <source>PyTorch is not installed. In Slicer, install the PyTorch extension from the Extensions Manager and restart; elsewhere, run: pip install "torch{requirement}".</source>
        <translation>PyTorch ist nicht installiert. In Slicer installieren Sie die Erweiterung PyTorch aus dem Erweiterungsmanager und starten neu; anderswo führen Sie aus: pip install "torch{requirement}".</translation>
    </message>
    <message>
        <source>PyTorch is not installed; version {requirement} is needed.</source>
        <translation>PyTorch ist nicht installiert; es wird die Version {requirement} gebraucht.</translation>
    </message>
    <message>
        <source>PyTorch was installed together with another version of NumPy: restart the application.</source>
        <translation>PyTorch wurde zusammen mit einer anderen Version von NumPy installiert: Starten Sie das Programm neu.</translation>
    </message>
    <message>
        <source>PyTorch was not installed, and registration cannot run without it.</source>
        <translation>PyTorch wurde nicht installiert, und ohne geht keine Registrierung.</translation>
    </message>
    <message>
        <source>PyTorch {version} is too old: {requirement} is needed. Update it, in Slicer with the PyTorch Utils module, and restart.</source>
        <translation>PyTorch {version} ist zu alt: Es wird {requirement} gebraucht. Aktualisieren Sie es, in Slicer mit dem Modul PyTorch Utils, und starten Sie neu.</translation>
    </message>
    <message>
        <source>There is too little memory to load PyTorch: close other programs, or allow this one more of it.</source>
        <translation>Der Speicher reicht nicht, um PyTorch zu laden: Schließen Sie andere Programme, oder erlauben Sie diesem mehr davon.</translation>
    </message>
</context>
<context>
    <name>space.image</name>
    <message>
        <source>{name} has an invalid geometry: its spacing or its directions are degenerate.</source>
        <translation>{name} hat eine ungültige Geometrie: Voxelabstand oder Richtungen sind entartet.</translation>
    </message>
    <message>
        <source>{name} has {dimensions} dimensions; only 3D scalar volumes can be registered.</source>
        <translation>{name} hat {dimensions} Dimensionen; nur skalare 3D-Volumina können registriert werden.</translation>
    </message>
    <message>
        <source>{name} is constant: every voxel is {lowest:g}, there is nothing to align.</source>
        <translation>{name} ist konstant: Jedes Voxel ist {lowest:g}, es gibt nichts auszurichten.</translation>
    </message>
    <message>
        <source>{name} is empty: it has no voxels.</source>
        <translation>{name} ist leer: Es gibt keine Voxel.</translation>
    </message>
    <message>
        <source>{name} is empty: nearly every voxel is padding, not a number or too large a number.</source>
        <translation>{name} ist leer: Fast alle Voxel sind Auffüllung, keine Zahl oder eine zu große Zahl.</translation>
    </message>
    <message>
        <source>{name} is {size} voxels: for this a volume needs at least {least} voxels along each axis.</source>
        <translation>{name} hat {size} Voxel: Dafür braucht ein Volumen mindestens {least} Voxel je Achse.</translation>
    </message>
    <message>
        <source>{name} is {size} voxels: its slices need at least {least} voxels along both axes.</source>
        <translation>{name} hat {size} Voxel: Seine Schichten brauchen mindestens {least} Voxel je Achse.</translation>
    </message>
</context>
<context>
    <name>space.labelwarp</name>
    <message>
        <source>No label of {name} lies in the fixed image: the label map is empty. Is it of the moving image?</source>
        <translation>Kein Label von {name} liegt im festen Bild: Die Label-Map ist leer. Gehört sie zum bewegten Bild?</translation>
    </message>
    <message>
        <source>{lost} of {given} labels of {name} lie outside the fixed image and did not arrive.</source>
        <translation>{lost} von {given} Labels von {name} liegen außerhalb des festen Bildes und kamen nicht an.</translation>
    </message>
    <message>
        <source>{name} contains no label: the label map is empty.</source>
        <translation>{name} enthält kein Label: Die Label-Map ist leer.</translation>
    </message>
    <message>
        <source>{name} is not a label map: it contains values that are not whole numbers.</source>
        <translation>{name} ist keine Label-Map: Sie enthält Werte, die keine ganzen Zahlen sind.</translation>
    </message>
    <message>
        <source>{name} is not a label map: its values reach {most:.3g}.</source>
        <translation>{name} ist keine Label-Map: Die Werte reichen bis {most:.3g}.</translation>
    </message>
    <message>
        <source>{placed} of {given} labels of {name} are so small that no voxel of the fixed image is nearest to them: each was given one voxel.</source>
        <translation>{placed} von {given} Labels von {name} sind so klein, dass ihnen kein Voxel des festen Bildes am nächsten liegt: Jedes bekam ein Voxel.</translation>
    </message>
</context>
<context>
    <name>space.masks</name>
    <message>
        <source>The mask {mask} leaves next to nothing of {image} to compare: it is too small, or lies elsewhere.</source>
        <translation>Die Maske {mask} lässt von {image} fast nichts zum Vergleichen: Sie ist zu klein oder liegt woanders.</translation>
    </message>
    <message>
        <source>The mask {name} is empty: nothing would be left to compare.</source>
        <translation>Die Maske {name} ist leer: Es bliebe nichts zu vergleichen.</translation>
    </message>
</context>
<context>
    <name>space.matrixmean</name>
    <message>
        <source>The images lie half a turn or a mirror image apart: nothing is in their middle. Turn them alike first.</source>
        <translation>Die Bilder liegen um eine halbe Drehung oder ein Spiegelbild auseinander: In ihrer Mitte ist nichts. Drehen Sie sie zuerst gleich.</translation>
    </message>
</context>
<context>
    <name>space.resampling</name>
    <message>
        <source>A padding of {padding:g} cannot be held by the voxels of {name} ({type}, {least} to {most}): choose another value, or the scalar type float.</source>
        <translation>Eine Auffüllung mit {padding:g} passt nicht in die Voxel von {name} ({type}, {least} bis {most}): Wählen Sie einen anderen Wert oder den Skalartyp float.</translation>
    </message>
</context>
</TS>
