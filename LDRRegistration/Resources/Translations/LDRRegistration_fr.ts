<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="fr" sourcelanguage="en">
<context>
    <name>LDRRegistration</name>
    <message>
        <source>1 is what a region needs to be listed with the slider at the middle.</source>
        <translation>1 est ce qu'il faut à une région pour figurer dans la liste, le curseur au milieu.</translation>
    </message>
    <message>
        <source>A box around what matters, which may be turned.</source>
        <translation>Une boîte autour de ce qui compte ; elle peut être tournée.</translation>
    </message>
    <message>
        <source>A folder, a study or a patient: all volumes in it are registered to one.</source>
        <translation>Un dossier, une étude ou un patient : tous les volumes qu'il contient sont recalés sur un seul.</translation>
    </message>
    <message>
        <source>A graphics card helps little here, and only where PyTorch can use it. Bfloat16 is offered where the processor has it.</source>
        <translation>Une carte graphique aide peu ici, et seulement là où PyTorch peut l'utiliser. Bfloat16 est proposé là où le processeur l'a.</translation>
    </message>
    <message>
        <source>A line in the slice views, to be dragged with the mouse: left of it the fixed volume, right of it the moving one.</source>
        <translation>Une ligne dans les vues de coupe, à déplacer avec la souris : à gauche le volume fixe, à droite le volume mobile.</translation>
    </message>
    <message>
        <source>A note on the chosen region, kept in the table of changes (key T).</source>
        <translation>Une note sur la région choisie, gardée dans la table des changements (touche T).</translation>
    </message>
    <message>
        <source>A row for each volume. Choose one, and its result is shown.</source>
        <translation>Une ligne par volume. Choisissez-en une, et son résultat est montré.</translation>
    </message>
    <message>
        <source>A segmentation or label map in which no change is called.</source>
        <translation>Une segmentation ou une carte de labels dans laquelle aucun changement n'est signalé.</translation>
    </message>
    <message>
        <source>A segmentation or label map to look in; without it the brain, or else the body, is found.</source>
        <translation>Une segmentation ou une carte de labels où chercher ; sans elle, le cerveau, ou sinon le corps, est trouvé.</translation>
    </message>
    <message>
        <source>A sequence of volumes: all its frames are registered to one. The result is a sequence of transforms.</source>
        <translation>Une séquence de volumes : toutes ses images sont recalées sur une seule. Le résultat est une séquence de transformations.</translation>
    </message>
    <message>
        <source>A transform to start from, as if it were set on the moving volume. What is found on top of one that bends is composed with it.</source>
        <translation>Une transformation de départ, comme si elle était appliquée au volume mobile. Si elle déforme, ce qui est trouvé est composé avec elle.</translation>
    </message>
    <message>
        <source>Accept</source>
        <translation>Accepter</translation>
    </message>
    <message>
        <source>Adapt the network to this pair</source>
        <translation>Adapter le réseau à la paire</translation>
    </message>
    <message>
        <source>Advanced</source>
        <translation>Avancé</translation>
    </message>
    <message>
        <source>After the first Apply the views show the result: the moving volume over the fixed one, as it is carried. Later results change no view.</source>
        <translation>Après le premier « Appliquer », les vues montrent le résultat : le volume mobile, transporté, par-dessus le volume fixe. Les résultats suivants ne changent aucune vue.</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>Appliquer</translation>
    </message>
    <message>
        <source>As the preset says</source>
        <translation>Selon le préréglage</translation>
    </message>
    <message>
        <source>Attempts (a click goes back to one):</source>
        <translation>Essais (un clic y revient) :</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>Automatique</translation>
    </message>
    <message>
        <source>Before any refinement, the last layers of the network learn from this pair for up to ten seconds. For images unlike those that the model was trained on.</source>
        <translation>Avant tout raffinement, les dernières couches du réseau apprennent de cette paire, dix secondes au plus. Pour des images qui ne ressemblent pas à celles de l'entraînement.</translation>
    </message>
    <message>
        <source>Before mm3</source>
        <translation>Avant mm3</translation>
    </message>
    <message>
        <source>Bends the result so that it follows the landmarks, from where it is: sooner than Apply would. Points that are not selected are left out; a number from 0 to 1 as a point's description is its weight, unless it is locked.</source>
        <translation>Courbe le résultat pour qu'il suive les repères, à partir de ce qu'il est : plus vite que « Appliquer ». Les points non sélectionnés ne comptent pas ; un nombre de 0 à 1 comme description d'un point est son poids, sauf s'il est verrouillé.</translation>
    </message>
    <message>
        <source>Cancelled: the scene was closed.</source>
        <translation>Annulé : la scène a été fermée.</translation>
    </message>
    <message>
        <source>Carries the moving volume by the transform, or leaves it where it was, and shows it over the fixed one.</source>
        <translation>Transporte le volume mobile par la transformation, ou le laisse où il était, et le montre sur le volume fixe.</translation>
    </message>
    <message>
        <source>Carry along:</source>
        <translation>Transporter :</translation>
    </message>
    <message>
        <source>Carry segmentations along</source>
        <translation>Transporter les segmentations</translation>
    </message>
    <message>
        <source>Changes since the prior scan</source>
        <translation>Changements depuis l'examen antérieur</translation>
    </message>
    <message>
        <source>Check</source>
        <translation>Vérifier</translation>
    </message>
    <message>
        <source>Checkerboard</source>
        <translation>Damier</translation>
    </message>
    <message>
        <source>Choose a fixed and a moving volume.</source>
        <translation>Choisissez un volume fixe et un volume mobile.</translation>
    </message>
    <message>
        <source>Comparing {current} with {prior}</source>
        <translation>Comparaison de {current} avec {prior}</translation>
    </message>
    <message>
        <source>Compute on:</source>
        <translation>Calculer sur :</translation>
    </message>
    <message>
        <source>DICOM...</source>
        <translation>DICOM...</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Supprimer</translation>
    </message>
    <message>
        <source>Delete the chosen preset, if it is one of your own.</source>
        <translation>Supprime le préréglage choisi, s'il est l'un des vôtres.</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>Différence</translation>
    </message>
    <message>
        <source>Displacement</source>
        <translation>Déplacement</translation>
    </message>
    <message>
        <source>Draw a box</source>
        <translation>Tracer</translation>
    </message>
    <message>
        <source>Evidence</source>
        <translation>Indice</translation>
    </message>
    <message>
        <source>Exchange the two scans in place (key F).</source>
        <translation>Échange les deux examens sur place (touche F).</translation>
    </message>
    <message>
        <source>Exchange the two volumes: what was fixed is moving, and back.</source>
        <translation>Échange les deux volumes : le fixe devient mobile, et inversement.</translation>
    </message>
    <message>
        <source>Expected error</source>
        <translation>Erreur</translation>
    </message>
    <message>
        <source>Expert</source>
        <translation>Expert</translation>
    </message>
    <message>
        <source>Export...</source>
        <translation>Exporter...</translation>
    </message>
    <message>
        <source>Fades from the fixed volume (left) to the moving one (right).</source>
        <translation>Passe du volume fixe (à gauche) au volume mobile (à droite) en fondu.</translation>
    </message>
    <message>
        <source>Find changes</source>
        <translation>Chercher les changements</translation>
    </message>
    <message>
        <source>Fits the images again inside the box, at their own resolution; outside it the result stays as it is.</source>
        <translation>Ajuste de nouveau les images dans la boîte, à leur propre résolution ; au dehors le résultat reste tel quel.</translation>
    </message>
    <message>
        <source>Fixed mask:</source>
        <translation>Masque fixe :</translation>
    </message>
    <message>
        <source>Fixed to moving:</source>
        <translation>Fixe – mobile :</translation>
    </message>
    <message>
        <source>Fixed volume:</source>
        <translation>Volume fixe :</translation>
    </message>
    <message>
        <source>Flip</source>
        <translation>Alterner</translation>
    </message>
    <message>
        <source>Follow again after each point</source>
        <translation>Suivre à chaque point</translation>
    </message>
    <message>
        <source>Follow points</source>
        <translation>Suivre les points</translation>
    </message>
    <message>
        <source>Follows the landmarks again whenever a point was dropped, moved or removed and both lists fit each other.</source>
        <translation>Suit de nouveau les repères dès qu'un point a été posé, déplacé ou retiré et que les deux listes vont ensemble.</translation>
    </message>
    <message>
        <source>Go to the region after (key N).</source>
        <translation>Va à la région suivante (touche N).</translation>
    </message>
    <message>
        <source>Go to the region before (key P).</source>
        <translation>Va à la région précédente (touche P).</translation>
    </message>
    <message>
        <source>Goes back to the attempt before the present one.</source>
        <translation>Revient à l'essai qui précède l'essai présent.</translation>
    </message>
    <message>
        <source>Goes to the place where the result may be furthest off, and then to the next.</source>
        <translation>Va à l'endroit où le résultat peut être le plus faux, puis au suivant.</translation>
    </message>
    <message>
        <source>Grid</source>
        <translation>Grille</translation>
    </message>
    <message>
        <source>Growth %</source>
        <translation>Croissance %</translation>
    </message>
    <message>
        <source>How far each place is moved, as contours in mm in the slice views.</source>
        <translation>De combien chaque endroit est déplacé, en contours en mm dans les coupes.</translation>
    </message>
    <message>
        <source>How far off the result may be, place by place, in mm: the pair is registered the other way round, too, which takes as long as Fast.</source>
        <translation>De combien le résultat peut être faux, endroit par endroit, en mm : la paire est aussi recalée dans l'autre sens, ce qui prend autant de temps que Rapide.</translation>
    </message>
    <message>
        <source>How many threads of the processor may be used.</source>
        <translation>Combien de fils d'exécution du processeur peuvent être utilisés.</translation>
    </message>
    <message>
        <source>How much time to spend. Fast is enough for a look; Accurate follows small structures more closely; Best takes longest, and is smoother.</source>
        <translation>Combien de temps y passer. « Rapide » suffit pour un coup d'œil ; « Précis » suit de plus près les petites structures ; « Meilleur » est le plus long, et plus lisse.</translation>
    </message>
    <message>
        <source>How often the deformation is improved on this pair after the network. More take longer.</source>
        <translation>Combien de fois la déformation est améliorée sur cette paire après le réseau. Plus il y en a, plus c'est long.</translation>
    </message>
    <message>
        <source>How the report calls the patient: not at all, as DICOM says, or by a pseudonym that you type here.</source>
        <translation>Comment le rapport nomme le patient : pas du tout, comme dans DICOM, ou par un pseudonyme que vous tapez ici.</translation>
    </message>
    <message>
        <source>How well the landmarks are followed, and which of them are doubtful.</source>
        <translation>Comment les repères sont suivis, et lesquels sont douteux.</translation>
    </message>
    <message>
        <source>Import...</source>
        <translation>Importer...</translation>
    </message>
    <message>
        <source>Initial transform:</source>
        <translation>Départ :</translation>
    </message>
    <message>
        <source>Inputs</source>
        <translation>Entrées</translation>
    </message>
    <message>
        <source>Inverse</source>
        <translation>Inverse</translation>
    </message>
    <message>
        <source>Keep the present settings as a preset of this name.</source>
        <translation>Garde les réglages présents comme préréglage de ce nom.</translation>
    </message>
    <message>
        <source>LDR Registration</source>
        <translation>Recalage LDR</translation>
    </message>
    <message>
        <source>Landmarks fixed:</source>
        <translation>Repères fixes :</translation>
    </message>
    <message>
        <source>Largest diameter of what changed.</source>
        <translation>Plus grand diamètre de ce qui a changé.</translation>
    </message>
    <message>
        <source>Longest mm</source>
        <translation>Plus grand mm</translation>
    </message>
    <message>
        <source>Look only in:</source>
        <translation>Seulement dans :</translation>
    </message>
    <message>
        <source>Make a copy</source>
        <translation>Copier</translation>
    </message>
    <message>
        <source>Makes a copy that lies on the fixed volume; the original stays as it is.</source>
        <translation>Fait une copie posée sur le volume fixe ; l'original reste tel quel.</translation>
    </message>
    <message>
        <source>Makes the inverse transform as a node of its own.</source>
        <translation>Crée la transformation inverse comme nœud à part.</translation>
    </message>
    <message>
        <source>Makes two empty lists of points, one for each volume, and lets the mouse place points into them in turn: one on the fixed volume, then the same on the moving one.</source>
        <translation>Crée deux listes de points vides, une par volume, et laisse la souris y placer des points tour à tour : un sur le volume fixe, puis le même sur le volume mobile.</translation>
    </message>
    <message>
        <source>Mark the chosen region as no change and go to the next one (key X). On a region that is so marked: take it back.</source>
        <translation>Marque la région choisie comme n'étant pas un changement et va à la suivante (touche X). Si elle est déjà marquée ainsi : le retire.</translation>
    </message>
    <message>
        <source>Mark the chosen region as real change and go to the next one (key A). On a region that is so marked: take it back.</source>
        <translation>Marque la région choisie comme vrai changement et va à la suivante (touche A). Si elle est déjà marquée ainsi : le retire.</translation>
    </message>
    <message>
        <source>Model:</source>
        <translation>Modèle :</translation>
    </message>
    <message>
        <source>Moving mask:</source>
        <translation>Masque mobile :</translation>
    </message>
    <message>
        <source>Moving volume:</source>
        <translation>Volume mobile :</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Nom</translation>
    </message>
    <message>
        <source>New lists</source>
        <translation>Deux listes</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>Suivant</translation>
    </message>
    <message>
        <source>Next doubtful</source>
        <translation>Suivant</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Aucun</translation>
    </message>
    <message>
        <source>Not in:</source>
        <translation>Pas dans :</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>Note</translation>
    </message>
    <message>
        <source>Note on this region</source>
        <translation>Note sur cette région</translation>
    </message>
    <message>
        <source>Now mm3</source>
        <translation>Maintenant mm3</translation>
    </message>
    <message>
        <source>Only inside it the images are compared: a segmentation (all its segments) or a label map of the fixed volume.</source>
        <translation>Les images ne sont comparées qu'à l'intérieur : une segmentation (tous ses segments) ou une carte de labels du volume fixe.</translation>
    </message>
    <message>
        <source>Only inside it the images are compared: a segmentation (all its segments) or a label map of the moving volume.</source>
        <translation>Les images ne sont comparées qu'à l'intérieur : une segmentation (tous ses segments) ou une carte de labels du volume mobile.</translation>
    </message>
    <message>
        <source>Or in a box:</source>
        <translation>Ou une boîte :</translation>
    </message>
    <message>
        <source>Output transform:</source>
        <translation>Transformation :</translation>
    </message>
    <message>
        <source>Output volume:</source>
        <translation>Volume de sortie :</translation>
    </message>
    <message>
        <source>Outputs</source>
        <translation>Sorties</translation>
    </message>
    <message>
        <source>Own presets:</source>
        <translation>Les miens :</translation>
    </message>
    <message>
        <source>Place</source>
        <translation>Lieu</translation>
    </message>
    <message>
        <source>Place by hand</source>
        <translation>Placer à la main</translation>
    </message>
    <message>
        <source>Points placed on the fixed volume.</source>
        <translation>Points placés sur le volume fixe.</translation>
    </message>
    <message>
        <source>Pre-alignment:</source>
        <translation>Préalignement :</translation>
    </message>
    <message>
        <source>Preset, pre-alignment, model, adaptation and steps are kept under this name, in the list of presets above.</source>
        <translation>Préréglage, préalignement, modèle, adaptation et pas sont gardés sous ce nom, dans la liste des préréglages ci-dessus.</translation>
    </message>
    <message>
        <source>Preset:</source>
        <translation>Préréglage :</translation>
    </message>
    <message>
        <source>Previous</source>
        <translation>Précédent</translation>
    </message>
    <message>
        <source>Processor threads:</source>
        <translation>Fils :</translation>
    </message>
    <message>
        <source>Put it right:</source>
        <translation>Corriger :</translation>
    </message>
    <message>
        <source>Puts a box where the slice views look, with handles to drag, size and turn it.</source>
        <translation>Place une boîte là où regardent les vues de coupe, avec des poignées pour la déplacer, la redimensionner et la tourner.</translation>
    </message>
    <message>
        <source>Puts back the views and the moving volume's place, and removes what was made to show them.</source>
        <translation>Remet les vues et le volume mobile à leur place, et retire ce qui a été créé pour les montrer.</translation>
    </message>
    <message>
        <source>Read presets from a file into the list.</source>
        <translation>Lit des préréglages d'un fichier dans la liste.</translation>
    </message>
    <message>
        <source>Receives the moving volume as it looks on the fixed volume, voxel for voxel. Optional.</source>
        <translation>Reçoit le volume mobile tel qu'il est sur le volume fixe, voxel par voxel. Facultatif.</translation>
    </message>
    <message>
        <source>Receives the transform that carries the moving volume, and whatever was drawn on it, onto the fixed volume. If neither output is chosen, Apply makes a new transform.</source>
        <translation>Reçoit la transformation qui porte le volume mobile, et tout ce qui y a été tracé, sur le volume fixe. Si aucune sortie n'est choisie, « Appliquer » crée une nouvelle transformation.</translation>
    </message>
    <message>
        <source>Refine here</source>
        <translation>Affiner ici</translation>
    </message>
    <message>
        <source>Refinement steps:</source>
        <translation>Pas :</translation>
    </message>
    <message>
        <source>Region</source>
        <translation>Région</translation>
    </message>
    <message>
        <source>Register all</source>
        <translation>Tout recaler</translation>
    </message>
    <message>
        <source>Registering {moving} to {fixed}</source>
        <translation>Recalage de {moving} sur {fixed}</translation>
    </message>
    <message>
        <source>Registers one volume after the other, with the preset and the settings above. One that cannot be registered stops no other. Slicer stays usable, also with other modules.</source>
        <translation>Recale un volume après l'autre, avec le préréglage et les réglages ci-dessus. Celui qui ne peut pas être recalé n'arrête pas les autres. Slicer reste utilisable, aussi avec d'autres modules.</translation>
    </message>
    <message>
        <source>Reject</source>
        <translation>Rejeter</translation>
    </message>
    <message>
        <source>Report...</source>
        <translation>Rapport...</translation>
    </message>
    <message>
        <source>Restore views</source>
        <translation>Rétablir</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>Résultat</translation>
    </message>
    <message>
        <source>Right: weaker and smaller changes count, too. At the middle, scans between which nothing changed show none.</source>
        <translation>À droite : des changements plus faibles et plus petits comptent aussi. Au milieu, des examens entre lesquels rien n'a changé n'en montrent aucun.</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Enregistrer</translation>
    </message>
    <message>
        <source>Save the transform as...</source>
        <translation>Enregistrer la transformation...</translation>
    </message>
    <message>
        <source>Seconds</source>
        <translation>Secondes</translation>
    </message>
    <message>
        <source>Segmentations that were drawn on a volume are copied, carried onto the fixed one and hardened. The originals stay.</source>
        <translation>Les segmentations tracées sur un volume sont copiées, transportées sur le volume fixe et figées. Les originaux restent.</translation>
    </message>
    <message>
        <source>Select a volume</source>
        <translation>Choisir un volume</translation>
    </message>
    <message>
        <source>Sensitivity:</source>
        <translation>Sensibilité :</translation>
    </message>
    <message>
        <source>Show after</source>
        <translation>Après</translation>
    </message>
    <message>
        <source>Show map</source>
        <translation>Voir la carte</translation>
    </message>
    <message>
        <source>Show the result when done</source>
        <translation>Montrer le résultat à la fin</translation>
    </message>
    <message>
        <source>Shows the moving volume over the fixed one with handles to drag and turn it by hand. Apply starts from there. How well it agrees is said below meanwhile.</source>
        <translation>Montre le volume mobile sur le volume fixe, avec des poignées pour le déplacer et le tourner à la main. « Appliquer » part de là. Leur accord est indiqué en dessous pendant ce temps.</translation>
    </message>
    <message>
        <source>Side by side</source>
        <translation>Côte à côte</translation>
    </message>
    <message>
        <source>Similarity</source>
        <translation>Similarité</translation>
    </message>
    <message>
        <source>Swap fixed and moving</source>
        <translation>Échanger fixe et mobile</translation>
    </message>
    <message>
        <source>Swipe</source>
        <translation>Balayer</translation>
    </message>
    <message>
        <source>The brain or the body</source>
        <translation>Le cerveau ou le corps</translation>
    </message>
    <message>
        <source>The current and the prior scan, registered, in two linked views; again to put the views back.</source>
        <translation>L'examen actuel et l'examen antérieur, recalés, dans deux vues liées ; une seconde fois rétablit les vues.</translation>
    </message>
    <message>
        <source>The deformation as a bent grid in the slice views.</source>
        <translation>La déformation comme grille courbée dans les coupes.</translation>
    </message>
    <message>
        <source>The doubtful place that the views are at.</source>
        <translation>L'endroit douteux où se trouvent les vues.</translation>
    </message>
    <message>
        <source>The first one</source>
        <translation>Le premier</translation>
    </message>
    <message>
        <source>The fixed volume for all of them.</source>
        <translation>Le volume fixe pour tous.</translation>
    </message>
    <message>
        <source>The map of change over the current scan in all slice views; again to put them back (key M).</source>
        <translation>La carte des changements sur l'examen actuel dans toutes les coupes ; une seconde fois les rétablit (touche M).</translation>
    </message>
    <message>
        <source>The panel was closed meanwhile.</source>
        <translation>Le panneau a été fermé entre-temps.</translation>
    </message>
    <message>
        <source>The present stage of the registration.</source>
        <translation>L'étape présente du recalage.</translation>
    </message>
    <message>
        <source>The regions of change, best evidence first. Choose one, and the slice views go there. Click on the head of a column to sort.</source>
        <translation>Les régions de changement, la mieux étayée d'abord. Choisissez-en une, et les coupes y vont. Un clic sur la tête d'une colonne trie.</translation>
    </message>
    <message>
        <source>The results of this pair, oldest first: when, how, the verdict, the local similarity, and the mean error of landmarks that were followed.</source>
        <translation>Les résultats de cette paire, le plus ancien d'abord : quand, comment, le verdict, la similarité locale et l'erreur moyenne des repères suivis.</translation>
    </message>
    <message>
        <source>The same points placed on the moving volume.</source>
        <translation>Les mêmes points placés sur le volume mobile.</translation>
    </message>
    <message>
        <source>The trained network. Automatic is right for most images.</source>
        <translation>Le réseau entraîné. « Automatique » convient à la plupart des images.</translation>
    </message>
    <message>
        <source>The volume that is bent onto the fixed one, for example the prior scan. It is not changed.</source>
        <translation>Le volume qui est déformé vers le volume fixe, par exemple l'examen antérieur. Lui-même n'est pas modifié.</translation>
    </message>
    <message>
        <source>The volume that stays where it is, for example the current scan. The results are in its geometry.</source>
        <translation>Le volume qui reste où il est, par exemple l'examen actuel. Les résultats ont sa géométrie.</translation>
    </message>
    <message>
        <source>The volumes that fit the fixed one, with date and series: those of the same patient first, and of them those of the same kind.</source>
        <translation>Les volumes qui vont avec le volume fixe, avec date et série : d'abord ceux du même patient, et parmi eux ceux du même type.</translation>
    </message>
    <message>
        <source>The volumes that fit the moving one, with date and series: those of the same patient first, and of them those of the same kind.</source>
        <translation>Les volumes qui vont avec le volume mobile, avec date et série : d'abord ceux du même patient, et parmi eux ceux du même type.</translation>
    </message>
    <message>
        <source>Tiles of the fixed and of the registered volume in turn.</source>
        <translation>Des carreaux du volume fixe et du volume recalé, en alternance.</translation>
    </message>
    <message>
        <source>To volume:</source>
        <translation>Sur le volume :</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Annuler</translation>
    </message>
    <message>
        <source>Unusual images:</source>
        <translation>Images rares :</translation>
    </message>
    <message>
        <source>Use elsewhere:</source>
        <translation>Ailleurs :</translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation>Verdict</translation>
    </message>
    <message>
        <source>Volume</source>
        <translation>Volume</translation>
    </message>
    <message>
        <source>Volume change</source>
        <translation>Volume ±</translation>
    </message>
    <message>
        <source>Volume of the lesion in the current scan.</source>
        <translation>Volume de la lésion dans l'examen actuel.</translation>
    </message>
    <message>
        <source>Volume of the lesion in the prior scan.</source>
        <translation>Volume de la lésion dans l'examen antérieur.</translation>
    </message>
    <message>
        <source>Volumes in:</source>
        <translation>Volumes de :</translation>
    </message>
    <message>
        <source>What became of the presets, or stands in the way.</source>
        <translation>Ce que sont devenus les préréglages, ou ce qui fait obstacle.</translation>
    </message>
    <message>
        <source>What belongs to the moving volume: a segmentation, markups, a model or another volume.</source>
        <translation>Ce qui appartient au volume mobile : une segmentation, des marques, un modèle ou un autre volume.</translation>
    </message>
    <message>
        <source>What fits</source>
        <translation>Adaptés</translation>
    </message>
    <message>
        <source>What is missing, or how the last registration went.</source>
        <translation>Ce qui manque, ou comment le dernier recalage s'est passé.</translation>
    </message>
    <message>
        <source>What is new, grown, shrunken or gone between the moving volume (prior scan) and the fixed one (current scan) of one person.</source>
        <translation>Ce qui est nouveau, agrandi, rétréci ou disparu entre le volume mobile (examen antérieur) et le volume fixe (examen actuel) d'une personne.</translation>
    </message>
    <message>
        <source>What moves the volumes as a whole, before the deformation.</source>
        <translation>Ce qui déplace les volumes en entier, avant la déformation.</translation>
    </message>
    <message>
        <source>What qualifies the last result.</source>
        <translation>Ce qui nuance le dernier résultat.</translation>
    </message>
    <message>
        <source>What stands in the way of checking the landmarks, or of trusting the check.</source>
        <translation>Ce qui empêche de vérifier les repères, ou de se fier à la vérification.</translation>
    </message>
    <message>
        <source>What stands in the way of computing there.</source>
        <translation>Ce qui empêche d'y calculer.</translation>
    </message>
    <message>
        <source>What stands in the way of refining in the box.</source>
        <translation>Ce qui empêche d'affiner dans la boîte.</translation>
    </message>
    <message>
        <source>What stands in the way, or what went wrong with the chosen volume.</source>
        <translation>Ce qui fait obstacle, ou ce qui n'a pas marché avec le volume choisi.</translation>
    </message>
    <message>
        <source>What the chosen model was made for and trained on, and under which licence it may be used.</source>
        <translation>À quoi sert le modèle choisi, sur quoi il a été entraîné, et sous quelle licence il peut être utilisé.</translation>
    </message>
    <message>
        <source>What was done in this session.</source>
        <translation>Ce qui a été fait pendant cette session.</translation>
    </message>
    <message>
        <source>Where the fixed volume is brighter (red) or darker (blue) than the registered one, after both were brought to one brightness.</source>
        <translation>Où le volume fixe est plus clair (rouge) ou plus sombre (bleu) que le volume recalé, après mise à la même luminosité.</translation>
    </message>
    <message>
        <source>Where the moving image's tissue is larger (red) or smaller (blue) in the fixed image, in percent.</source>
        <translation>Où le tissu de l'image mobile est plus grand (rouge) ou plus petit (bleu) dans l'image fixe, en pour cent.</translation>
    </message>
    <message>
        <source>Where the two images are not alike, in windows of 15 mm.</source>
        <translation>Où les deux images ne se ressemblent pas, par fenêtres de 15 mm.</translation>
    </message>
    <message>
        <source>Whole study</source>
        <translation>Étude entière</translation>
    </message>
    <message>
        <source>Why this cannot be used as it is.</source>
        <translation>Pourquoi cela ne peut pas être utilisé tel quel.</translation>
    </message>
    <message>
        <source>Write your own presets to a file, for others.</source>
        <translation>Écrit vos préréglages dans un fichier, pour d'autres.</translation>
    </message>
    <message>
        <source>Writes DICOM objects for the archive into a folder: a segmentation of the accepted regions, a measurement report and the registration. Both scans must come from DICOM.</source>
        <translation>Écrit des objets DICOM pour l'archive dans un dossier : une segmentation des régions acceptées, un rapport de mesures et le recalage. Les deux examens doivent venir de DICOM.</translation>
    </message>
    <message>
        <source>Writes the errors of the landmarks before and after into a table and the log. Partners have the same label or the same order.</source>
        <translation>Écrit les erreurs des repères avant et après dans une table et dans le journal. Vont ensemble les points de même étiquette ou de même rang.</translation>
    </message>
    <message>
        <source>Writes the report into a folder: changes.html to read and print, changes.csv and changes.json.</source>
        <translation>Écrit le rapport dans un dossier : changes.html à lire et à imprimer, changes.csv et changes.json.</translation>
    </message>
    <message>
        <source>Writes the transform as a file for other programs: an ITK transform (.h5), or a displacement field on the fixed volume's voxels (.nii.gz, .nrrd).</source>
        <translation>Écrit la transformation dans un fichier pour d'autres programmes : une transformation ITK (.h5), ou un champ de déplacement sur les voxels du volume fixe (.nii.gz, .nrrd).</translation>
    </message>
    <message>
        <source>and moving:</source>
        <translation>et mobiles :</translation>
    </message>
    <message>
        <source>mm to the right (R) or left (L), front (A) or back (P), up (S) or down (I) in the scanner's coordinates.</source>
        <translation>mm vers la droite (R) ou la gauche (L), l'avant (A) ou l'arrière (P), le haut (S) ou le bas (I) dans les coordonnées de l'appareil.</translation>
    </message>
    <message>
        <source>or sequence:</source>
        <translation>ou séquence :</translation>
    </message>
</context>
<context>
    <name>change.answer</name>
    <message>
        <source>Most lesions painted into this pair would be missed.</source>
        <translation>La plupart des lésions peintes dans cette paire passeraient inaperçues.</translation>
    </message>
    <message>
        <source>{share:.0%} of what ought to be compared is not.</source>
        <translation>{share:.0%} de ce qui devrait être comparé ne l'est pas.</translation>
    </message>
</context>
<context>
    <name>change.changemap</name>
    <message>
        <source>Change detection is not validated on CT.</source>
        <translation>La détection des changements n'est pas validée pour la TDM.</translation>
    </message>
    <message>
        <source>The mask is empty: there is nothing to compare.</source>
        <translation>Le masque est vide : il n'y a rien à comparer.</translation>
    </message>
    <message>
        <source>The mask lies outside {name}: there is nothing to compare.</source>
        <translation>Le masque est hors de {name} : il n'y a rien à comparer.</translation>
    </message>
    <message>
        <source>The masks of {fixed} and {moving} leave next to nothing of the region to compare.</source>
        <translation>Les masques de {fixed} et de {moving} ne laissent presque rien de la région à comparer.</translation>
    </message>
    <message>
        <source>{fixed} and {moving} are not of one modality: one is CT, the other is not.</source>
        <translation>{fixed} et {moving} ne sont pas de la même modalité : l'un est une TDM, l'autre non.</translation>
    </message>
    <message>
        <source>{fixed} and {moving} differ so much in {uncertain:.0%} of the region that their alignment is not to be trusted: no change can be called.</source>
        <translation>{fixed} et {moving} diffèrent tant dans {uncertain:.0%} de la région qu'on ne peut se fier à leur alignement : aucun changement ne peut être signalé.</translation>
    </message>
    <message>
        <source>{fixed} and {moving} overlap in only {share:.0%} of the region to compare.</source>
        <translation>{fixed} et {moving} ne se recouvrent que dans {share:.0%} de la région à comparer.</translation>
    </message>
    <message>
        <source>{name} is empty within the region to compare: every voxel has one value.</source>
        <translation>{name} est vide dans la région à comparer : tous les voxels ont la même valeur.</translation>
    </message>
</context>
<context>
    <name>change.circumstances</name>
    <message>
        <source>Both scans are the same image.</source>
        <translation>Les deux examens sont la même image.</translation>
    </message>
    <message>
        <source>The current scan looks as if made with contrast medium, the prior without: vessels changed.</source>
        <translation>L'examen actuel semble fait avec produit de contraste, l'antérieur sans : les vaisseaux ont changé.</translation>
    </message>
    <message>
        <source>The prior scan looks as if made with contrast medium, the current without: vessels changed.</source>
        <translation>L'examen antérieur semble fait avec produit de contraste, l'actuel sans : les vaisseaux ont changé.</translation>
    </message>
    <message>
        <source>The protocols differ: voxels of {fixed} and {moving} mm.</source>
        <translation>Les protocoles diffèrent : voxels de {fixed} et de {moving} mm.</translation>
    </message>
    <message>
        <source>The scans agree less (correlation {agreement:.2f}) than two visits of one person usually do: see that they are of one person.</source>
        <translation>Les examens concordent moins (corrélation {agreement:.2f}) que deux visites d'une même personne d'habitude : vérifiez qu'ils sont d'une même personne.</translation>
    </message>
    <message>
        <source>{fixed} and {moving} do not agree (correlation {agreement:.2f}, a brighter prior means a brighter current image in {rising:.0%}): they show different people or different contrasts, or their alignment failed. Choose two scans of one person and of the same kind.</source>
        <translation>{fixed} et {moving} ne concordent pas (corrélation {agreement:.2f} ; un examen antérieur plus clair signifie une image actuelle plus claire dans {rising:.0%}) : ils montrent des personnes ou des contrastes différents, ou leur alignement a échoué. Choisissez deux examens d'une même personne et de même nature.</translation>
    </message>
</context>
<context>
    <name>change.dates</name>
    <message>
        <source>Both scans have the same date.</source>
        <translation>Les deux examens ont la même date.</translation>
    </message>
    <message>
        <source>The date {text!r} is not of the form 2024-05-31.</source>
        <translation>La date {text!r} n'est pas de la forme 2024-05-31.</translation>
    </message>
    <message>
        <source>The prior scan ({prior}) was made after the current one ({current}): swap them, or new would be called gone.</source>
        <translation>L'examen antérieur ({prior}) a été fait après l'actuel ({current}) : échangez-les, sinon ce qui est nouveau serait dit disparu.</translation>
    </message>
</context>
<context>
    <name>change.detection</name>
    <message>
        <source>Not validated on CT: </source>
        <translation>Non validé pour la TDM : </translation>
    </message>
    <message>
        <source>Nothing found in {where}.</source>
        <translation>Rien de trouvé dans {where}.</translation>
    </message>
    <message>
        <source>The mask is empty: there is nothing to detect.</source>
        <translation>Le masque est vide : il n'y a rien à détecter.</translation>
    </message>
    <message>
        <source>The sensitivity {sensitivity} is not between 0 and 1.</source>
        <translation>La sensibilité {sensitivity} n'est pas entre 0 et 1.</translation>
    </message>
    <message>
        <source>the body</source>
        <translation>le corps</translation>
    </message>
    <message>
        <source>the brain</source>
        <translation>le cerveau</translation>
    </message>
    <message>
        <source>the mask</source>
        <translation>le masque</translation>
    </message>
    <message>
        <source>{count} at the ventricles</source>
        <translation>{count} près des ventricules</translation>
    </message>
    <message>
        <source>{count} cut off by the examined area, without a number.</source>
        <translation>{count} coupées par la zone examinée, sans chiffre.</translation>
    </message>
    <message>
        <source>{count} gone</source>
        <translation>{count} disparues</translation>
    </message>
    <message>
        <source>{count} grown</source>
        <translation>{count} agrandies</translation>
    </message>
    <message>
        <source>{count} new</source>
        <translation>{count} nouvelles</translation>
    </message>
    <message>
        <source>{count} region of change in {where}: {counts}; {volume:.2f} ml in all.</source>
        <translation>{count} région de changement dans {where} : {counts} ; {volume:.2f} ml en tout.</translation>
    </message>
    <message>
        <source>{count} regions of change in {where}: {counts}; {volume:.2f} ml in all.</source>
        <translation>{count} régions de changement dans {where} : {counts} ; {volume:.2f} ml en tout.</translation>
    </message>
    <message>
        <source>{count} shrunken</source>
        <translation>{count} rétrécies</translation>
    </message>
</context>
<context>
    <name>change.detectionlimit</name>
    <message>
        <source>No lesion could be painted into this scan: there is too little to compare.</source>
        <translation>Aucune lésion n'a pu être peinte dans cet examen : il y a trop peu à comparer.</translation>
    </message>
    <message>
        <source>Of {count} lesions of {smallest:.0f} to {largest:.0f} mm and {contrast:.0f} % signal change painted into this scan {found} would have been found</source>
        <translation>Sur {count} lésions de {smallest:.0f} à {largest:.0f} mm et de {contrast:.0f} % de changement de signal peintes dans cet examen, {found} auraient été trouvées</translation>
    </message>
    <message>
        <source>{first}; below {limit:.0f} % less than half are seen.</source>
        <translation>{first} ; au-dessous de {limit:.0f} %, moins de la moitié sont vues.</translation>
    </message>
    <message>
        <source>{first}; not even half of those of {most:.0f} %.</source>
        <translation>{first} ; pas même la moitié de celles de {most:.0f} %.</translation>
    </message>
</context>
<context>
    <name>change.regions</name>
    <message>
        <source>cut off by the examined area</source>
        <translation>coupée par la zone examinée</translation>
    </message>
</context>
<context>
    <name>change.table</name>
    <message>
        <source>The verdict {verdict!r} is neither {accepted} nor {rejected}, nor empty.</source>
        <translation>Le verdict {verdict!r} n'est ni {accepted} ni {rejected}, ni vide.</translation>
    </message>
</context>
<context>
    <name>change.uncompared</name>
    <message>
        <source>Not compared: {total:.0f} ml in {count} areas of 1 ml or more; the largest, {volume:.0f} ml at ({place}), because: {why}.</source>
        <translation>Non comparé : {total:.0f} ml en {count} zones de 1 ml ou plus ; la plus grande, {volume:.0f} ml à ({place}), parce que : {why}.</translation>
    </message>
    <message>
        <source>Not compared: {volume:.0f} ml at ({place}), because: {why}.</source>
        <translation>Non comparé : {volume:.0f} ml à ({place}), parce que : {why}.</translation>
    </message>
    <message>
        <source>not measured in one of the scans (no data, metal or a cut surface)</source>
        <translation>non mesuré dans l'un des examens (pas de données, métal ou surface de coupe)</translation>
    </message>
    <message>
        <source>outside the prior scan</source>
        <translation>hors de l'examen antérieur</translation>
    </message>
    <message>
        <source>the alignment is uncertain</source>
        <translation>l'alignement est incertain</translation>
    </message>
</context>
<context>
    <name>change.ventricles</name>
    <message>
        <source>The ventricles are narrower: {now:.1f} ml after {before:.1f} ml ({ml:+.1f} ml, {brain:+.2f} % of the brain).</source>
        <translation>Les ventricules sont plus étroits : {now:.1f} ml après {before:.1f} ml ({ml:+.1f} ml, {brain:+.2f} % du cerveau).</translation>
    </message>
    <message>
        <source>The ventricles are wider: {now:.1f} ml after {before:.1f} ml ({ml:+.1f} ml, {brain:+.2f} % of the brain).</source>
        <translation>Les ventricules sont plus larges : {now:.1f} ml après {before:.1f} ml ({ml:+.1f} ml, {brain:+.2f} % du cerveau).</translation>
    </message>
</context>
<context>
    <name>change.whereabouts</name>
    <message>
        <source> or </source>
        <translation> ou </translation>
    </message>
    <message>
        <source>brainstem</source>
        <translation>tronc cérébral</translation>
    </message>
    <message>
        <source>cerebellum</source>
        <translation>cervelet</translation>
    </message>
    <message>
        <source>deep (basal ganglia, thalamus, insula)</source>
        <translation>profond (noyaux gris centraux, thalamus, insula)</translation>
    </message>
    <message>
        <source>frontal</source>
        <translation>frontal</translation>
    </message>
    <message>
        <source>infratentorial</source>
        <translation>infratentoriel</translation>
    </message>
    <message>
        <source>left</source>
        <translation>gauche</translation>
    </message>
    <message>
        <source>midline</source>
        <translation>ligne médiane</translation>
    </message>
    <message>
        <source>occipital</source>
        <translation>occipital</translation>
    </message>
    <message>
        <source>parietal</source>
        <translation>pariétal</translation>
    </message>
    <message>
        <source>right</source>
        <translation>droite</translation>
    </message>
    <message>
        <source>temporal</source>
        <translation>temporal</translation>
    </message>
    <message>
        <source>{side} {region}</source>
        <translation>{region}, {side}</translation>
    </message>
    <message>
        <source>{words}, periventricular</source>
        <translation>{words}, périventriculaire</translation>
    </message>
</context>
<context>
    <name>dicomobjects.source</name>
    <message>
        <source>No DICOM objects are made of scans of different patients: the objects belong to one patient's record.</source>
        <translation>Aucun objet DICOM n'est fait d'examens de patients différents : les objets appartiennent au dossier d'un seul patient.</translation>
    </message>
    <message>
        <source>No DICOM objects are made: the headers of the {name} scan give no frame of reference, study or series UID.</source>
        <translation>Aucun objet DICOM n'est fait : les en-têtes de l'examen « {name} » ne donnent pas d'UID de repère, d'étude ou de série.</translation>
    </message>
    <message>
        <source>current</source>
        <translation>actuel</translation>
    </message>
    <message>
        <source>prior</source>
        <translation>antérieur</translation>
    </message>
</context>
<context>
    <name>gui.about</name>
    <message>
        <source>Aligns two 3D images (follow-up scans, or different people) by bending one onto the other, in about a second without a graphics card. Choose the fixed and the moving volume and press Apply: the result is a transform that carries the moving volume, and segmentations and markups made on it, onto the fixed one. Tested on MR of the head (T1, T2, FLAIR, thick slices) and of the hippocampus; on CT and the rest of the body, little. For research; not for diagnostic use. To try it: Sample Data, LDRFollowUpFLAIR. Licences: the code is MIT; the weights of c2f-general (the default) and ldr-general are CC BY-SA 4.0, for any use; those of c2f-brain-t1 are CC BY-NC 4.0, for non-commercial use only, and you are asked first.</source>
        <translation>Aligne deux images 3D (examens de suivi, ou personnes différentes) en déformant l'une vers l'autre, en une seconde environ sans carte graphique. Choisissez le volume fixe et le volume mobile et appuyez sur « Appliquer » : le résultat est une transformation qui porte le volume mobile, et les segmentations et marques qui y ont été faites, sur le volume fixe. Essayé sur des IRM de la tête (T1, T2, FLAIR, coupes épaisses) et de l'hippocampe ; peu sur la TDM et le reste du corps. Pour la recherche ; pas pour le diagnostic. Pour l'essayer : Sample Data, LDRFollowUpFLAIR. Licences : le code est sous MIT ; les poids de c2f-general (par défaut) et de ldr-general sont sous CC BY-SA 4.0, pour tout usage ; ceux de c2f-brain-t1 sont sous CC BY-NC 4.0, pour un usage non commercial seulement, et la question vous est posée d'abord.</translation>
    </message>
    <message>
        <source>The network is the light-weight deformable registration (LDR) of M. Q. Tran et al., Light-weight deformable registration using adversarial learning with distilling knowledge, IEEE Transactions on Medical Imaging 41(6), 2022. doi:10.1109/TMI.2022.3141013. The sample images are of Z. Lesjak et al., Neuroinformatics 2016 (CC BY), and of the Medical Segmentation Decathlon (CC BY-SA).</source>
        <translation>Le réseau est le recalage déformable léger (LDR) de M. Q. Tran et al., Light-weight deformable registration using adversarial learning with distilling knowledge, IEEE Transactions on Medical Imaging 41(6), 2022. doi:10.1109/TMI.2022.3141013. Les images d'exemple sont de Z. Lesjak et al., Neuroinformatics 2016 (CC BY), et du Medical Segmentation Decathlon (CC BY-SA).</translation>
    </message>
</context>
<context>
    <name>gui.advancedsection</name>
    <message>
        <source>Automatic</source>
        <translation>Automatique</translation>
    </message>
    <message>
        <source>Only for non-commercial use.</source>
        <translation>Usage non commercial seulement.</translation>
    </message>
    <message>
        <source>The installation is incomplete.</source>
        <translation>L'installation est incomplète.</translation>
    </message>
    <message>
        <source>The model "{name}" is not installed.</source>
        <translation>Le modèle « {name} » n'est pas installé.</translation>
    </message>
    <message>
        <source>There is no model: nothing can be registered. {why}</source>
        <translation>Il n'y a pas de modèle : rien ne peut être recalé. {why}</translation>
    </message>
    <message>
        <source>not stated</source>
        <translation>non indiqué</translation>
    </message>
    <message>
        <source>{title}: for {modality}. Trained on: {data}. Licence of the weights: {licence}.</source>
        <translation>{title} : pour {modality}. Entraîné sur : {data}. Licence des poids : {licence}.</translation>
    </message>
</context>
<context>
    <name>gui.boxcontrol</name>
    <message>
        <source>Choose both volumes above.</source>
        <translation>Choisissez les deux volumes ci-dessus.</translation>
    </message>
    <message>
        <source>Draw a box around what matters first.</source>
        <translation>Tracez d'abord une boîte autour de ce qui compte.</translation>
    </message>
    <message>
        <source>Fits the images again inside the box, at their own resolution; outside it the result stays as it is.</source>
        <translation>Ajuste de nouveau les images dans la boîte, à leur propre résolution ; au dehors le résultat reste tel quel.</translation>
    </message>
    <message>
        <source>Refining in the box</source>
        <translation>Affinage dans la boîte</translation>
    </message>
</context>
<context>
    <name>gui.changeoutputs</name>
    <message>
        <source>As in DICOM</source>
        <translation>Comme dans DICOM</translation>
    </message>
    <message>
        <source>DICOM objects are written by the Python package highdicom, which is not installed.

Install it from the internet into Slicer now? Everything else works without it.</source>
        <translation>Les objets DICOM sont écrits par le paquet Python highdicom, qui n'est pas installé.

L'installer maintenant dans Slicer depuis Internet ? Tout le reste fonctionne sans lui.</translation>
    </message>
    <message>
        <source>Folder for the DICOM objects</source>
        <translation>Dossier des objets DICOM</translation>
    </message>
    <message>
        <source>Folder for the report</source>
        <translation>Dossier du rapport</translation>
    </message>
    <message>
        <source>Install highdicom</source>
        <translation>Installer highdicom</translation>
    </message>
    <message>
        <source>No patient</source>
        <translation>Sans patient</translation>
    </message>
    <message>
        <source>No region is judged yet: all are in it, as not reviewed.</source>
        <translation>Aucune région n'est encore jugée : toutes y figurent, comme non revues.</translation>
    </message>
    <message>
        <source>Writing the DICOM objects</source>
        <translation>Écriture des objets DICOM</translation>
    </message>
    <message>
        <source>Writing the report</source>
        <translation>Écriture du rapport</translation>
    </message>
    <message>
        <source>Wrote {files} into {folder}.</source>
        <translation>{files} écrits dans {folder}.</translation>
    </message>
    <message>
        <source>highdicom could not be installed: {error}</source>
        <translation>highdicom n'a pas pu être installé : {error}</translation>
    </message>
    <message>
        <source>highdicom was installed together with a newer pydicom: save the scene and restart the application.</source>
        <translation>highdicom a été installé avec un pydicom plus récent : enregistrez la scène et redémarrez l'application.</translation>
    </message>
    <message>
        <source>{judged} of {count} regions are judged.</source>
        <translation>{judged} régions sur {count} sont jugées.</translation>
    </message>
</context>
<context>
    <name>gui.changesection</name>
    <message>
        <source>Choose a region in the table first.</source>
        <translation>Choisissez d'abord une région dans la table.</translation>
    </message>
    <message>
        <source>Find changes first.</source>
        <translation>Pressez d’abord « Chercher les changements ».</translation>
    </message>
    <message>
        <source>Hide map</source>
        <translation>Sans carte</translation>
    </message>
    <message>
        <source>Show map</source>
        <translation>Voir la carte</translation>
    </message>
    <message>
        <source>The scene holds the map, the regions and what was said of them. For another sensitivity, a report or DICOM press Find changes again: what was said stays.</source>
        <translation>La scène contient la carte, les régions et ce qui en a été dit. Pour une autre sensibilité, un rapport ou DICOM, pressez de nouveau « Chercher les changements » : ce qui a été dit est conservé.</translation>
    </message>
    <message>
        <source>These are the changes between other scans than those chosen above.</source>
        <translation>Ce sont les changements entre d'autres examens que ceux choisis ci-dessus.</translation>
    </message>
    <message>
        <source>{judged} of {count} judged</source>
        <translation>{judged} jugées sur {count}</translation>
    </message>
</context>
<context>
    <name>gui.choicelabels</name>
    <message>
        <source>Accurate: several times longer, a closer fit</source>
        <translation>Précis : plusieurs fois plus long, plus proche</translation>
    </message>
    <message>
        <source>Affine: shift, turn, scale and shear</source>
        <translation>Affine : déplacer, tourner, dilater et cisailler</translation>
    </message>
    <message>
        <source>Best: a minute or more, finer and smoother</source>
        <translation>Meilleur : une minute ou plus, plus fin et plus lisse</translation>
    </message>
    <message>
        <source>Fast: a few seconds</source>
        <translation>Rapide : quelques secondes</translation>
    </message>
    <message>
        <source>Graphics card (CUDA)</source>
        <translation>Carte graphique (CUDA)</translation>
    </message>
    <message>
        <source>Graphics card, if there is one</source>
        <translation>Carte graphique, s'il y en a une</translation>
    </message>
    <message>
        <source>None: as they are placed</source>
        <translation>Aucun : comme ils sont placés</translation>
    </message>
    <message>
        <source>Processor</source>
        <translation>Processeur</translation>
    </message>
    <message>
        <source>Processor, network in bfloat16</source>
        <translation>Processeur, réseau en bfloat16</translation>
    </message>
    <message>
        <source>Rigid: shift and turn</source>
        <translation>Rigide : déplacer et tourner</translation>
    </message>
</context>
<context>
    <name>gui.controller</name>
    <message>
        <source>Cancelled: a volume or a transform that it needs was deleted.</source>
        <translation>Annulé : un volume ou une transformation nécessaire a été supprimé.</translation>
    </message>
    <message>
        <source>Cancelled; the scene is as it was.</source>
        <translation>Annulé ; la scène est comme elle était.</translation>
    </message>
    <message>
        <source>Discarded; the scene is as it was.</source>
        <translation>Écarté ; la scène est comme elle était.</translation>
    </message>
</context>
<context>
    <name>gui.curved</name>
    <message>
        <source>A copy of "{volume}" is made.</source>
        <translation>Une copie de « {volume} » est faite.</translation>
    </message>
    <message>
        <source>The volume "{volume}" is under a transform that bends it (of a tilted gantry, perhaps); as it is, it cannot be registered. Make a copy with that transform hardened, and go on with the copy?</source>
        <translation>Le volume « {volume} » est sous une transformation qui le déforme (d'un statif incliné, peut-être) ; tel quel, il ne peut pas être recalé. Faire une copie avec cette transformation figée, et continuer avec la copie ?</translation>
    </message>
</context>
<context>
    <name>gui.following</name>
    <message>
        <source>Following the landmarks</source>
        <translation>Suivi des repères</translation>
    </message>
    <message>
        <source>{name} points</source>
        <translation>Points {name}</translation>
    </message>
</context>
<context>
    <name>gui.hints</name>
    <message>
        <source>Apply makes the transform "{transform}".</source>
        <translation>« Appliquer » crée la transformation « {transform} ».</translation>
    </message>
    <message>
        <source>Apply writes the transform "{transform}" and the volume "{volume}".</source>
        <translation>« Appliquer » écrit la transformation « {transform} » et le volume « {volume} ».</translation>
    </message>
    <message>
        <source>Apply writes the transform "{transform}".</source>
        <translation>« Appliquer » écrit la transformation « {transform} ».</translation>
    </message>
    <message>
        <source>Apply writes the volume "{volume}".</source>
        <translation>« Appliquer » écrit le volume « {volume} ».</translation>
    </message>
    <message>
        <source>Choose a fixed and a moving volume.</source>
        <translation>Choisissez un volume fixe et un volume mobile.</translation>
    </message>
    <message>
        <source>Choose a fixed volume.</source>
        <translation>Choisissez un volume fixe.</translation>
    </message>
    <message>
        <source>Choose a moving volume.</source>
        <translation>Choisissez un volume mobile.</translation>
    </message>
    <message>
        <source>Choose another output volume: this one is an input.</source>
        <translation>Choisissez un autre volume de sortie : celui-ci est une entrée.</translation>
    </message>
    <message>
        <source>Choose two different volumes: fixed and moving are the same.</source>
        <translation>Choisissez deux volumes différents : le fixe et le mobile sont le même.</translation>
    </message>
    <message>
        <source>Registers the two scans and finds what changed between them.</source>
        <translation>Recale les deux examens et trouve ce qui a changé entre eux.</translation>
    </message>
</context>
<context>
    <name>gui.history</name>
    <message>
        <source>The volume "{name}" is not of that attempt: press Apply to make it anew.</source>
        <translation>Le volume « {name} » n'est pas de cet essai : appuyez sur « Appliquer » pour le refaire.</translation>
    </message>
    <message>
        <source>There is no earlier attempt to go back to.</source>
        <translation>Il n'y a pas d'essai antérieur auquel revenir.</translation>
    </message>
</context>
<context>
    <name>gui.licences</name>
    <message>
        <source>Licence of the model</source>
        <translation>Licence du modèle</translation>
    </message>
    <message>
        <source>The model "{title}" is for non-commercial use only: it was trained on images that allow no other. Licence of its weights: {licence}.

Is your use non-commercial, and do you accept this licence? You are asked only once. If not, nothing is computed; the other models are for any use.</source>
        <translation>Le modèle « {title} » est réservé à un usage non commercial : il a été entraîné sur des images qui n'en permettent pas d'autre. Licence de ses poids : {licence}.

Votre usage est-il non commercial, et acceptez-vous cette licence ? La question n'est posée qu'une fois. Sinon, rien n'est calculé ; les autres modèles sont pour tout usage.</translation>
    </message>
    <message>
        <source>not stated</source>
        <translation>non indiqué</translation>
    </message>
</context>
<context>
    <name>gui.pairsection</name>
    <message>
        <source>DICOM says that "{fixed}" and "{moving}" are of different patients ({first} and {second}). Go on all the same?</source>
        <translation>Selon DICOM, « {fixed} » et « {moving} » sont de patients différents ({first} et {second}). Continuer quand même ?</translation>
    </message>
    <message>
        <source>Different patients</source>
        <translation>Patients différents</translation>
    </message>
    <message>
        <source>There is no other volume.</source>
        <translation>Il n'y a pas d'autre volume.</translation>
    </message>
</context>
<context>
    <name>gui.placecontrol</name>
    <message>
        <source>Choose both volumes above.</source>
        <translation>Choisissez les deux volumes ci-dessus.</translation>
    </message>
    <message>
        <source>Drag the handles in the views. How well it agrees is computed...</source>
        <translation>Déplacez les poignées dans les vues. Leur accord est en cours de calcul…</translation>
    </message>
    <message>
        <source>Drag the handles in the views. How well it agrees is said once PyTorch is installed: press Apply.</source>
        <translation>Déplacez les poignées dans les vues. Leur accord sera indiqué une fois PyTorch installé : appuyez sur « Appliquer ».</translation>
    </message>
    <message>
        <source>Similarity at 4 mm: {now:.3f}, as it lay {before:.3f}; the pre-alignment would come to {there:.3f}.</source>
        <translation>Similarité à 4 mm : {now:.3f}, comme il se trouvait {before:.3f} ; le pré-alignement arriverait à {there:.3f}.</translation>
    </message>
    <message>
        <source>{name} by hand</source>
        <translation>{name} à la main</translation>
    </message>
</context>
<context>
    <name>gui.presetsection</name>
    <message>
        <source>Delete the preset "{name}"?</source>
        <translation>Supprimer le préréglage « {name} » ?</translation>
    </message>
    <message>
        <source>Deleted "{name}"; the settings stay as they are.</source>
        <translation>« {name} » supprimé ; les réglages restent tels quels.</translation>
    </message>
    <message>
        <source>Export presets</source>
        <translation>Exporter des préréglages</translation>
    </message>
    <message>
        <source>Import presets</source>
        <translation>Importer des préréglages</translation>
    </message>
    <message>
        <source>Presets</source>
        <translation>Préréglages</translation>
    </message>
    <message>
        <source>Saved "{name}": it is in the list of presets.</source>
        <translation>« {name} » enregistré : il est dans la liste des préréglages.</translation>
    </message>
    <message>
        <source>There is a preset "{name}" already. Replace it?</source>
        <translation>Il y a déjà un préréglage « {name} ». Le remplacer ?</translation>
    </message>
    <message>
        <source>What Slicer's settings say</source>
        <translation>Ce que disent les réglages de Slicer</translation>
    </message>
    <message>
        <source>Wrote {path}.</source>
        <translation>{path} écrit.</translation>
    </message>
    <message>
        <source>{count} presets are new in the list.</source>
        <translation>{count} préréglages sont nouveaux dans la liste.</translation>
    </message>
    <message>
        <source>{path} could not be read.</source>
        <translation>{path} n'a pas pu être lu.</translation>
    </message>
    <message>
        <source>{path} could not be written: {reason}.</source>
        <translation>{path} n'a pas pu être écrit : {reason}.</translation>
    </message>
</context>
<context>
    <name>gui.readiness</name>
    <message>
        <source>PyTorch is being installed; this is done once.</source>
        <translation>PyTorch est en cours d'installation ; cela ne se fait qu'une fois.</translation>
    </message>
</context>
<context>
    <name>gui.reading</name>
    <message>
        <source>One scan</source>
        <translation>Un examen</translation>
    </message>
    <message>
        <source>Side by side</source>
        <translation>Côte à côte</translation>
    </message>
</context>
<context>
    <name>gui.regionlist</name>
    <message>
        <source>accepted</source>
        <translation>acceptée</translation>
    </message>
    <message>
        <source>rejected</source>
        <translation>rejetée</translation>
    </message>
</context>
<context>
    <name>gui.resultsection</name>
    <message>
        <source>A registration bends lesions towards their prior size: for lesions use Changes below.</source>
        <translation>Un recalage courbe les lésions vers leur taille antérieure : pour les lésions, utilisez « Changements » ci-dessous.</translation>
    </message>
    <message>
        <source>Computing the difference</source>
        <translation>Calcul de la différence</translation>
    </message>
    <message>
        <source>Computing the volume change</source>
        <translation>Calcul du changement de volume</translation>
    </message>
    <message>
        <source>Making the checkerboard</source>
        <translation>Création du damier</translation>
    </message>
    <message>
        <source>Show after</source>
        <translation>Après</translation>
    </message>
    <message>
        <source>Show before</source>
        <translation>Avant</translation>
    </message>
    <message>
        <source>To see it, open Result below.</source>
        <translation>Pour le voir, ouvrez « Résultat » ci-dessous.</translation>
    </message>
</context>
<context>
    <name>gui.resultuse</name>
    <message>
        <source>Carrying {name}</source>
        <translation>Transport de {name}</translation>
    </message>
    <message>
        <source>Choose a node that belongs to the moving volume.</source>
        <translation>Choisissez un nœud qui appartient au volume mobile.</translation>
    </message>
    <message>
        <source>Inverting the transform</source>
        <translation>Inversion de la transformation</translation>
    </message>
    <message>
        <source>Made "{copy}".</source>
        <translation>« {copy} » créé.</translation>
    </message>
    <message>
        <source>Made "{name}", exact to {error:.3f} mm at worst.</source>
        <translation>« {name} » créé, exact à {error:.3f} mm au pire.</translation>
    </message>
    <message>
        <source>Saving {name}</source>
        <translation>Enregistrement de {name}</translation>
    </message>
    <message>
        <source>Wrote {path}.</source>
        <translation>{path} écrit.</translation>
    </message>
</context>
<context>
    <name>gui.sampledata</name>
    <message>
        <source>LDR Registration</source>
        <translation>Recalage LDR</translation>
    </message>
</context>
<context>
    <name>gui.saving</name>
    <message>
        <source>Displacement field</source>
        <translation>Champ de déplacement</translation>
    </message>
    <message>
        <source>ITK transform</source>
        <translation>Transformation ITK</translation>
    </message>
    <message>
        <source>Save the transform</source>
        <translation>Enregistrer la transformation</translation>
    </message>
    <message>
        <source>There is a file "{name}" already. Replace it?</source>
        <translation>Il y a déjà un fichier « {name} ». Le remplacer ?</translation>
    </message>
</context>
<context>
    <name>gui.studyrun</name>
    <message>
        <source>Its segmentations were not carried along: {why}</source>
        <translation>Ses segmentations n'ont pas été transportées : {why}</translation>
    </message>
    <message>
        <source>{number} of {count}, {name}: {stage}</source>
        <translation>{number} sur {count}, {name} : {stage}</translation>
    </message>
</context>
<context>
    <name>gui.studysection</name>
    <message>
        <source>Cancel</source>
        <translation>Annuler</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Échec</translation>
    </message>
    <message>
        <source>Register all</source>
        <translation>Tout recaler</translation>
    </message>
    <message>
        <source>Registering {count} volumes</source>
        <translation>Recalage de {count} volumes</translation>
    </message>
    <message>
        <source>The folder has no other volume than the one to register to.</source>
        <translation>Le dossier n'a pas d'autre volume que celui sur lequel recaler.</translation>
    </message>
    <message>
        <source>reference</source>
        <translation>référence</translation>
    </message>
    <message>
        <source>running</source>
        <translation>en cours</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>en attente</translation>
    </message>
    <message>
        <source>{done} registered: {good} good, {doubtful} to be checked; {failed} could not be registered.</source>
        <translation>{done} recalés : {good} bons, {doubtful} à vérifier ; {failed} n'ont pas pu être recalés.</translation>
    </message>
</context>
<context>
    <name>gui.studysteps</name>
    <message>
        <source>Frame {number}</source>
        <translation>Image {number}</translation>
    </message>
    <message>
        <source>No frame could be registered.</source>
        <translation>Aucune image de la séquence n'a pu être recalée.</translation>
    </message>
</context>
<context>
    <name>gui.trustcontrol</name>
    <message>
        <source>Computing how far to believe the result</source>
        <translation>Calcul de la confiance à accorder au résultat</translation>
    </message>
    <message>
        <source>Doubtful place {number} of {count}: off by about {mm:.1f} mm; local similarity {similarity:.2f}</source>
        <translation>Endroit douteux {number} sur {count} : écart d'environ {mm:.1f} mm ; similarité locale {similarity:.2f}</translation>
    </message>
    <message>
        <source>No place is doubtful: the expected error is small everywhere.</source>
        <translation>Aucun endroit n'est douteux : l'erreur attendue est petite partout.</translation>
    </message>
</context>
<context>
    <name>gui.verdicts</name>
    <message>
        <source>Alignment: good. Check the edges.</source>
        <translation>Alignement : bon. Vérifiez les bords.</translation>
    </message>
    <message>
        <source>Check</source>
        <translation>Vérifier</translation>
    </message>
    <message>
        <source>Check: {why}</source>
        <translation>À vérifier : {why}</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Échec</translation>
    </message>
    <message>
        <source>Failed: {why}</source>
        <translation>Échec : {why}</translation>
    </message>
    <message>
        <source>Good</source>
        <translation>Bon</translation>
    </message>
    <message>
        <source>The registration failed</source>
        <translation>Le recalage a échoué</translation>
    </message>
    <message>
        <source>the result may be wrong.</source>
        <translation>le résultat peut être faux.</translation>
    </message>
    <message>
        <source>the volumes were not brought together.</source>
        <translation>les volumes n'ont pas été rapprochés.</translation>
    </message>
    <message>
        <source>{verdict}

Keep the result anyway? If not, the scene stays as it is.</source>
        <translation>{verdict}

Garder le résultat quand même ? Sinon, la scène reste comme elle est.</translation>
    </message>
</context>
<context>
    <name>gui.view</name>
    <message>
        <source>Apply</source>
        <translation>Appliquer</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Annuler</translation>
    </message>
    <message>
        <source>Cancelling, after the present stage...</source>
        <translation>Annulation, après l'étape présente...</translation>
    </message>
    <message>
        <source>Cancelling...</source>
        <translation>Annulation...</translation>
    </message>
    <message>
        <source>LDR Registration: {line}</source>
        <translation>Recalage LDR : {line}</translation>
    </message>
    <message>
        <source>Starting</source>
        <translation>Début</translation>
    </message>
    <message>
        <source>Stop, and leave the scene as it is</source>
        <translation>Arrête, et laisse la scène comme elle est</translation>
    </message>
    <message>
        <source>The registration failed: {error}</source>
        <translation>Le recalage a échoué : {error}</translation>
    </message>
</context>
<context>
    <name>logic.batch</name>
    <message>
        <source>Give at least one pair: a fixed and a moving volume node.</source>
        <translation>Donnez au moins une paire : un nœud de volume fixe et un nœud de volume mobile.</translation>
    </message>
    <message>
        <source>Its segmentations were not carried along: {why}</source>
        <translation>Ses segmentations n'ont pas été transportées : {why}</translation>
    </message>
    <message>
        <source>Pair {number} of {count}: {stage}</source>
        <translation>Paire {number} sur {count} : {stage}</translation>
    </message>
    <message>
        <source>The folder has no other volume than the one to register to.</source>
        <translation>Le dossier n'a pas d'autre volume que celui sur lequel recaler.</translation>
    </message>
</context>
<context>
    <name>logic.change</name>
    <message>
        <source>Alignment of the scans: {verdictText}</source>
        <translation>Alignement des examens : {verdictText}</translation>
    </message>
    <message>
        <source>The output volume is one of the scans, which would be lost: choose another one.</source>
        <translation>Le volume de sortie est l'un des examens, qui serait perdu : choisissez-en un autre.</translation>
    </message>
    <message>
        <source>The sensitivity {sensitivity} is not between 0 and 1.</source>
        <translation>La sensibilité {sensitivity} n'est pas entre 0 et 1.</translation>
    </message>
    <message>
        <source>There is no region {rank}.</source>
        <translation>Il n'y a pas de région {rank}.</translation>
    </message>
    <message>
        <source>{settings} cannot be chosen to find changes: the alignment has settings of its own, which hide none.</source>
        <translation>{settings} ne peut pas être choisi pour chercher des changements : l'alignement a ses propres réglages, qui n'en cachent aucun.</translation>
    </message>
</context>
<context>
    <name>logic.changejob</name>
    <message>
        <source>No change is listed, because the scans were not aligned. {sentence}</source>
        <translation>Aucun changement n'est listé, car les examens n'ont pas été alignés. {sentence}</translation>
    </message>
    <message>
        <source>Nothing is left to look at: the mask to leave out covers all of it.</source>
        <translation>Il ne reste rien à regarder : le masque à exclure couvre tout.</translation>
    </message>
</context>
<context>
    <name>logic.reporting</name>
    <message>
        <source>DICOM objects can be made only of volumes that came from DICOM. "{name}" did not, or its files are not in the DICOM database any more.</source>
        <translation>Des objets DICOM ne peuvent être faits que de volumes venus de DICOM. « {name} » n'en vient pas, ou ses fichiers ne sont plus dans la base DICOM.</translation>
    </message>
    <message>
        <source>It is not known where the scans lay: find the changes again.</source>
        <translation>On ne sait pas où étaient les examens : cherchez de nouveau les changements.</translation>
    </message>
    <message>
        <source>The report could not be written into {folder}: {reason}.</source>
        <translation>Le rapport n'a pas pu être écrit dans {folder} : {reason}.</translation>
    </message>
</context>
<context>
    <name>logic.templates</name>
    <message>
        <source>One volume was chosen twice: it would count twice in the template.</source>
        <translation>Un volume a été choisi deux fois : il compterait double dans le modèle moyen.</translation>
    </message>
    <message>
        <source>Template</source>
        <translation>Modèle moyen</translation>
    </message>
    <message>
        <source>{volume} to template</source>
        <translation>{volume} vers le modèle moyen</translation>
    </message>
</context>
<context>
    <name>logic.trust</name>
    <message>
        <source>Expected error of {moving} in mm</source>
        <translation>Erreur attendue de {moving} en mm</translation>
    </message>
</context>
<context>
    <name>mrml.carriedcopies</name>
    <message>
        <source>Choose at least one node to carry.</source>
        <translation>Choisissez au moins un nœud à transporter.</translation>
    </message>
    <message>
        <source>Choose the transform to apply.</source>
        <translation>Choisissez la transformation à appliquer.</translation>
    </message>
</context>
<context>
    <name>mrml.carrying</name>
    <message>
        <source>{name} cannot be carried by a transform: choose volumes, segmentations, markups or models.</source>
        <translation>{name} ne peut être transporté par aucune transformation : choisissez des volumes, des segmentations, des marques ou des modèles.</translation>
    </message>
    <message>
        <source>{name} is empty: it has no voxels.</source>
        <translation>{name} est vide : il n'a pas de voxels.</translation>
    </message>
    <message>
        <source>{name} is of a kind that only linear transforms can carry.</source>
        <translation>{name} est d'une sorte que seules des transformations linéaires peuvent transporter.</translation>
    </message>
    <message>
        <source>{volume} is empty: it has no voxels.</source>
        <translation>{volume} est vide : il n'a pas de voxels.</translation>
    </message>
</context>
<context>
    <name>mrml.changenodes</name>
    <message>
        <source>A part of the comparison is no longer in the scene: find the changes again.</source>
        <translation>Une partie de la comparaison n'est plus dans la scène : cherchez de nouveau les changements.</translation>
    </message>
    <message>
        <source>Strength of change</source>
        <translation>Force du changement</translation>
    </message>
</context>
<context>
    <name>mrml.dicomvolumes</name>
    <message>
        <source>The DICOM folder {folder}, which "{name}" was read from, is not there any more.</source>
        <translation>Le dossier DICOM {folder}, d'où « {name} » a été lu, n'est plus là.</translation>
    </message>
    <message>
        <source>The volume of series "{series}" did not lie where its DICOM images do when it was compared: take it out of its transform and find the changes again.</source>
        <translation>Le volume de la série « {series} » n'était pas où sont ses images DICOM quand il a été comparé : sortez-le de sa transformation et cherchez de nouveau les changements.</translation>
    </message>
</context>
<context>
    <name>mrml.display</name>
    <message>
        <source>Expected error (mm)</source>
        <translation>Erreur attendue (mm)</translation>
    </message>
    <message>
        <source>Local similarity</source>
        <translation>Similarité locale</translation>
    </message>
    <message>
        <source>There is no result to show: choose the volumes and their transform.</source>
        <translation>Il n'y a pas de résultat à montrer : choisissez les volumes et leur transformation.</translation>
    </message>
</context>
<context>
    <name>mrml.filechecks</name>
    <message>
        <source>{name} did not arrive whole on the disk, which may be full.</source>
        <translation>{name} n'est pas arrivé en entier sur le disque, qui est peut-être plein.</translation>
    </message>
</context>
<context>
    <name>mrml.handplacing</name>
    <message>
        <source>A volume lies under {transform} already: take it out of it first.</source>
        <translation>Un volume se trouve déjà sous {transform} : sortez-l'en d'abord.</translation>
    </message>
</context>
<context>
    <name>mrml.history</name>
    <message>
        <source>, box {before:.3f} -&gt; {after:.3f}</source>
        <translation>, boîte {before:.3f} -&gt; {after:.3f}</translation>
    </message>
    <message>
        <source>, {count} points {mm:.1f} mm</source>
        <translation>, {count} points {mm:.1f} mm</translation>
    </message>
    <message>
        <source>accurate</source>
        <translation>précis</translation>
    </message>
    <message>
        <source>affine</source>
        <translation>affine</translation>
    </message>
    <message>
        <source>as placed</source>
        <translation>comme placés</translation>
    </message>
    <message>
        <source>best</source>
        <translation>meilleur</translation>
    </message>
    <message>
        <source>check</source>
        <translation>vérifier</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>échec</translation>
    </message>
    <message>
        <source>fast</source>
        <translation>rapide</translation>
    </message>
    <message>
        <source>good</source>
        <translation>bon</translation>
    </message>
    <message>
        <source>rigid</source>
        <translation>rigide</translation>
    </message>
    <message>
        <source>{clock} {preset}, {prealignment}: {grade} {similarity:.3f}</source>
        <translation>{clock} {preset}, {prealignment} : {grade} {similarity:.3f}</translation>
    </message>
</context>
<context>
    <name>mrml.inverse</name>
    <message>
        <source>Choose the transform to invert.</source>
        <translation>Choisissez la transformation à inverser.</translation>
    </message>
    <message>
        <source>The output is the transform itself, which would be lost: choose another node.</source>
        <translation>La sortie est la transformation elle-même, qui serait perdue : choisissez un autre nœud.</translation>
    </message>
    <message>
        <source>The transform has no displacement grid: it is none of a registration here.</source>
        <translation>La transformation n'a pas de grille de déplacement : elle n'est d'aucun recalage d'ici.</translation>
    </message>
</context>
<context>
    <name>mrml.jobs</name>
    <message>
        <source>A volume is missing: choose a fixed and a moving volume.</source>
        <translation>Il manque un volume : choisissez un volume fixe et un volume mobile.</translation>
    </message>
    <message>
        <source>It starts from a transform that no registration here made.</source>
        <translation>Le départ est une transformation qu'aucun recalage d'ici n'a faite.</translation>
    </message>
    <message>
        <source>The fixed and the moving volume are the same node: choose two volumes.</source>
        <translation>Le volume fixe et le volume mobile sont le même nœud : choisissez deux volumes.</translation>
    </message>
    <message>
        <source>The output volume is one of the inputs, which would be lost: choose another one.</source>
        <translation>Le volume de sortie est l'une des entrées, qui serait perdue : choisissez-en un autre.</translation>
    </message>
    <message>
        <source>There is no output: choose an output transform, an output volume, or both.</source>
        <translation>Il n'y a pas de sortie : choisissez une transformation, un volume de sortie, ou les deux.</translation>
    </message>
    <message>
        <source>There is nothing to go on with: choose landmarks.</source>
        <translation>Il n'y a rien avec quoi continuer : choisissez des repères.</translation>
    </message>
    <message>
        <source>{name} is a label map: register the images, then carry the label map by the transform.</source>
        <translation>{name} est une carte de labels : recalez les images, puis transportez la carte par la transformation.</translation>
    </message>
    <message>
        <source>{outputTransform} is a parent transform of {name}: choose another output transform, or take the volume out of it first.</source>
        <translation>{outputTransform} est une transformation au-dessus de {name} : choisissez une autre transformation de sortie, ou sortez-en d'abord le volume.</translation>
    </message>
</context>
<context>
    <name>mrml.landmarks</name>
    <message>
        <source>; registration {verdict}</source>
        <translation>; recalage {verdict}</translation>
    </message>
    <message>
        <source>A volume of these landmarks is not there any more: choose both volumes above.</source>
        <translation>Un volume de ces repères n'est plus là : choisissez les deux volumes ci-dessus.</translation>
    </message>
    <message>
        <source>Choose a markups node with the fixed and one with the moving landmarks.</source>
        <translation>Choisissez un nœud de marques avec les repères fixes et un avec les repères mobiles.</translation>
    </message>
    <message>
        <source>Choose the transform whose error the landmarks are to show.</source>
        <translation>Choisissez la transformation dont les repères doivent montrer l'erreur.</translation>
    </message>
    <message>
        <source>No pair of landmarks is selected: there is nothing to follow.</source>
        <translation>Aucune paire de repères n'est sélectionnée : il n'y a rien à suivre.</translation>
    </message>
    <message>
        <source>The fixed and the moving landmarks are the same list: choose two.</source>
        <translation>Les repères fixes et mobiles sont la même liste : choisissez-en deux.</translation>
    </message>
    <message>
        <source>There are no landmarks: place points in both markups nodes.</source>
        <translation>Il n'y a pas de repères : placez des points dans les deux nœuds de marques.</translation>
    </message>
    <message>
        <source>{count} landmarks: mean error {meanBefore:.2f} -&gt; {meanAfter:.2f} mm, SD {sdBefore:.2f} -&gt; {sdAfter:.2f} mm, maximum {mostBefore:.2f} -&gt; {mostAfter:.2f} mm</source>
        <translation>{count} repères : erreur moyenne {meanBefore:.2f} -&gt; {meanAfter:.2f} mm, écart-type {sdBefore:.2f} -&gt; {sdAfter:.2f} mm, maximum {mostBefore:.2f} -&gt; {mostAfter:.2f} mm</translation>
    </message>
    <message>
        <source>{fixed} has {count} and {moving} {movingCount} landmarks, without a label in common: give partners the same label, or place as many in the same order.</source>
        <translation>{fixed} a {count} repères et {moving} en a {movingCount}, sans étiquette commune : donnez la même étiquette à ceux qui vont ensemble, ou placez-en autant dans le même ordre.</translation>
    </message>
    <message>
        <source>{name}: {alone} of {count} points have no partner and are left out.</source>
        <translation>{name} : {alone} points sur {count} n'ont pas de partenaire et sont laissés de côté.</translation>
    </message>
    <message>
        <source>{name}: {outside} of {count} points are outside {volume}.</source>
        <translation>{name} : {outside} points sur {count} sont hors de {volume}.</translation>
    </message>
</context>
<context>
    <name>mrml.masks</name>
    <message>
        <source>{name} cannot be a mask: choose a segmentation or a label map.</source>
        <translation>{name} ne peut pas être un masque : choisissez une segmentation ou une carte de labels.</translation>
    </message>
</context>
<context>
    <name>mrml.matrices</name>
    <message>
        <source>The initial transform {transform}</source>
        <translation>La transformation de départ {transform}</translation>
    </message>
    <message>
        <source>The initial transform {transform} is not linear; only rigid and affine ones can start.</source>
        <translation>La transformation de départ {transform} n'est pas linéaire ; seules des transformations rigides et affines peuvent servir de départ.</translation>
    </message>
    <message>
        <source>{name} contains numbers that are not finite.</source>
        <translation>{name} contient des nombres qui ne sont pas finis.</translation>
    </message>
    <message>
        <source>{name} is a mirror image, which exchanges left and right: nothing can start from it.</source>
        <translation>{name} est une image en miroir, qui échange gauche et droite : rien ne peut en partir.</translation>
    </message>
    <message>
        <source>{name} is under the non-linear transform {parent}: harden it (or a copy) first.</source>
        <translation>{name} est sous la transformation non linéaire {parent} : figez-la d'abord (ou celle d'une copie).</translation>
    </message>
    <message>
        <source>{name} scales lengths by {least:.3g} to {most:.3g}: nothing can start from it.</source>
        <translation>{name} multiplie les longueurs par {least:.3g} à {most:.3g} : rien ne peut en partir.</translation>
    </message>
</context>
<context>
    <name>mrml.nodes</name>
    <message>
        <source>A volume or an output was removed from the scene meanwhile; nothing was changed.</source>
        <translation>Un volume ou une sortie a été retiré de la scène entre-temps ; rien n'a été changé.</translation>
    </message>
    <message>
        <source>The volumes, outputs and transforms must all be nodes of one scene.</source>
        <translation>Les volumes, les sorties et les transformations doivent tous être des nœuds d'une même scène.</translation>
    </message>
</context>
<context>
    <name>mrml.resampling</name>
    <message>
        <source>The transform spreads the volume so far that it cannot be resampled.</source>
        <translation>La transformation étale tant le volume qu'il ne peut pas être rééchantillonné.</translation>
    </message>
</context>
<context>
    <name>mrml.roi</name>
    <message>
        <source>Refine here</source>
        <translation>Affiner ici</translation>
    </message>
    <message>
        <source>{name} has no size yet: draw it around what matters.</source>
        <translation>{name} n'a pas encore de taille : tracez-la autour de ce qui compte.</translation>
    </message>
    <message>
        <source>{name} is no ROI: draw a box around what matters.</source>
        <translation>{name} n'est pas une ROI : tracez une boîte autour de ce qui compte.</translation>
    </message>
    <message>
        <source>{name} is under a transform that shears it: take it out of that.</source>
        <translation>{name} est sous une transformation qui la cisaille : retirez-la de celle-ci.</translation>
    </message>
</context>
<context>
    <name>mrml.saving</name>
    <message>
        <source>Choose the transform to save.</source>
        <translation>Choisissez la transformation à enregistrer.</translation>
    </message>
    <message>
        <source>Choose the volume whose voxels the displacement field is to have.</source>
        <translation>Choisissez le volume dont le champ de déplacement doit avoir les voxels.</translation>
    </message>
    <message>
        <source>The folder {folder} does not exist.</source>
        <translation>Le dossier {folder} n'existe pas.</translation>
    </message>
    <message>
        <source>it did not arrive whole on the disk, which may be full</source>
        <translation>il n'est pas arrivé en entier sur le disque, qui est peut-être plein</translation>
    </message>
    <message>
        <source>{name} says no format: end it with {transforms} for an ITK transform, or with {fields} for a displacement field.</source>
        <translation>{name} ne dit aucun format : terminez-le par {transforms} pour une transformation ITK, ou par {fields} pour un champ de déplacement.</translation>
    </message>
    <message>
        <source>{path} could not be written.</source>
        <translation>{path} n'a pas pu être écrit.</translation>
    </message>
    <message>
        <source>{path} could not be written: {why}.</source>
        <translation>{path} n'a pas pu être écrit : {why}.</translation>
    </message>
</context>
<context>
    <name>mrml.sequences</name>
    <message>
        <source>Choose a sequence of volumes.</source>
        <translation>Choisissez une séquence de volumes.</translation>
    </message>
    <message>
        <source>Frames of {name} were added, removed or moved while they were registered; nothing was changed. Register again.</source>
        <translation>Des images de {name} ont été ajoutées, retirées ou déplacées pendant leur recalage ; rien n'a été changé. Recalez de nouveau.</translation>
    </message>
    <message>
        <source>The sequence was removed from the scene.</source>
        <translation>La séquence a été retirée de la scène.</translation>
    </message>
    <message>
        <source>{sequence} is no sequence of at least two volumes.</source>
        <translation>{sequence} n'est pas une séquence d'au moins deux volumes.</translation>
    </message>
</context>
<context>
    <name>mrml.sidebyside</name>
    <message>
        <source>There are no two slice views to show the scans in.</source>
        <translation>Il n'y a pas deux vues de coupe où montrer les examens.</translation>
    </message>
    <message>
        <source>There is no comparison of these two scans: find the changes first.</source>
        <translation>Il n'y a pas de comparaison de ces deux examens : cherchez d'abord les changements.</translation>
    </message>
</context>
<context>
    <name>mrml.starts</name>
    <message>
        <source>The initial transform {transform}</source>
        <translation>La transformation de départ {transform}</translation>
    </message>
    <message>
        <source>The initial transform {transform} is not linear: two visits need a linear one.</source>
        <translation>La transformation de départ {transform} n'est pas linéaire : deux visites en demandent une linéaire.</translation>
    </message>
    <message>
        <source>{name} contains numbers that are not finite.</source>
        <translation>{name} contient des nombres qui ne sont pas finis.</translation>
    </message>
</context>
<context>
    <name>mrml.study</name>
    <message>
        <source>Choose a folder, a study or a patient with volumes in it.</source>
        <translation>Choisissez un dossier, une étude ou un patient qui contient des volumes.</translation>
    </message>
    <message>
        <source>There is no volume in {name}.</source>
        <translation>Il n'y a pas de volume dans {name}.</translation>
    </message>
    <message>
        <source>the scene</source>
        <translation>la scène</translation>
    </message>
    <message>
        <source>{name} is one node: choose the folder, the study or the patient that it is in.</source>
        <translation>{name} est un seul nœud : choisissez le dossier, l'étude ou le patient où il se trouve.</translation>
    </message>
</context>
<context>
    <name>mrml.swipe</name>
    <message>
        <source>There is no slice view to show a line in.</source>
        <translation>Il n'y a aucune vue de coupe où montrer une ligne.</translation>
    </message>
</context>
<context>
    <name>mrml.trustnodes</name>
    <message>
        <source>Expected error of {moving} in mm</source>
        <translation>Erreur attendue de {moving} en mm</translation>
    </message>
    <message>
        <source>Local similarity of {moving}</source>
        <translation>Similarité locale de {moving}</translation>
    </message>
</context>
<context>
    <name>mrml.volumechange</name>
    <message>
        <source>Choose the transform whose volume change is to be shown.</source>
        <translation>Choisissez la transformation dont le changement de volume doit être montré.</translation>
    </message>
</context>
<context>
    <name>mrml.volumes</name>
    <message>
        <source>A volume is missing: choose a fixed and a moving volume.</source>
        <translation>Il manque un volume : choisissez un volume fixe et un volume mobile.</translation>
    </message>
    <message>
        <source>{name} has {components} values per voxel (a color image?); one is needed.</source>
        <translation>{name} a {components} valeurs par voxel (une image en couleurs ?) ; il en faut une.</translation>
    </message>
    <message>
        <source>{name} is empty: it has no voxels.</source>
        <translation>{name} est vide : il n'a pas de voxels.</translation>
    </message>
    <message>
        <source>{name} is not a scalar volume.</source>
        <translation>{name} n'est pas un volume scalaire.</translation>
    </message>
</context>
<context>
    <name>mrml.worldposition</name>
    <message>
        <source>{name} is under a non-linear transform: harden it (or a copy) first.</source>
        <translation>{name} est sous une transformation non linéaire : figez-la d'abord (ou celle d'une copie).</translation>
    </message>
    <message>
        <source>{name} was changed while it was registered, so the result is not about it any more; nothing was changed. Register again.</source>
        <translation>{name} a été changé pendant son recalage, si bien que le résultat ne le concerne plus ; rien n'a été changé. Recalez de nouveau.</translation>
    </message>
</context>
<context>
    <name>registration.box</name>
    <message>
        <source>In the box, at {mm:.2g} mm: local similarity {before:.3f} -&gt; {after:.3f}, moved by up to {most:.1f} mm</source>
        <translation>Dans la boîte, à {mm:.2g} mm : similarité locale {before:.3f} -&gt; {after:.3f}, déplacement jusqu'à {most:.1f} mm</translation>
    </message>
    <message>
        <source>The box lies outside {name}: move it to what matters there.</source>
        <translation>La boîte est hors de {name} : déplacez-la vers ce qui y compte.</translation>
    </message>
    <message>
        <source>Too little of the box lies in {name}: along each side at least {least:.0f} mm are needed.</source>
        <translation>Trop peu de la boîte est dans {name} : il faut au moins {least:.0f} mm le long de chaque côté.</translation>
    </message>
</context>
<context>
    <name>registration.boxrefinement</name>
    <message>
        <source>In the box nothing makes the images more alike than they are: the result stays as it was.</source>
        <translation>Dans la boîte rien ne rend les images plus semblables qu'elles ne le sont : le résultat reste tel quel.</translation>
    </message>
    <message>
        <source>In the box the two images show different contrasts: a closer fit there would be a wrong one.</source>
        <translation>Dans la boîte les deux images montrent des contrastes différents : un ajustement plus serré y serait faux.</translation>
    </message>
    <message>
        <source>In the box the two images show nothing that could be compared: draw it around what they both show.</source>
        <translation>Dans la boîte les deux images ne montrent rien de comparable : tracez-la autour de ce qu'elles montrent toutes deux.</translation>
    </message>
</context>
<context>
    <name>registration.fewslices</name>
    <message>
        <source>One of the images has fewer than four slices, and was compared with the other one where it lies: look whether both show the same place.</source>
        <translation>L'une des images a moins de quatre coupes et a été comparée à l'autre là où elle se trouve : vérifiez que les deux montrent le même endroit.</translation>
    </message>
    <message>
        <source>There are fewer than four slices: the images were registered within them, and nothing moves across them.</source>
        <translation>Il y a moins de quatre coupes : les images ont été recalées dans leur plan, et rien ne se déplace en travers.</translation>
    </message>
    <message>
        <source>{fixed} and {moving} have few slices, which lie across each other: they can be registered only where both are cut alike. Give an initial transform that turns them.</source>
        <translation>{fixed} et {moving} ont peu de coupes, qui se croisent : elles ne peuvent être recalées que si leurs coupes ont la même orientation. Donnez une transformation initiale qui les tourne.</translation>
    </message>
    <message>
        <source>{slices} has few slices, and {image} does not reach into them: give an initial transform.</source>
        <translation>{slices} a peu de coupes, et {image} ne les atteint pas : donnez une transformation initiale.</translation>
    </message>
</context>
<context>
    <name>registration.guided</name>
    <message>
        <source>Landmark {label} is doubtful: it lies {mm:.0f} mm from where the images and the other landmarks would have it, and the images around it are not more alike for following it.</source>
        <translation>Le repère {label} est douteux : il est à {mm:.0f} mm d'où les images et les autres repères le voudraient, et les images autour de lui ne se ressemblent pas plus quand on le suit.</translation>
    </message>
    <message>
        <source>Landmarks that could not be followed to 1 mm without folds or contradictions: {labels}.</source>
        <translation>Repères qui n'ont pas pu être suivis à 1 mm sans plis ni contradictions : {labels}.</translation>
    </message>
    <message>
        <source>With the landmarks the images are less alike than without: {before:.3f} -&gt; {after:.3f}. Check them.</source>
        <translation>Avec les repères, les images se ressemblent moins que sans : {before:.3f} -&gt; {after:.3f}. Vérifiez-les.</translation>
    </message>
</context>
<context>
    <name>registration.landmarks</name>
    <message>
        <source>A landmark has a coordinate that is not a number.</source>
        <translation>Un repère a une coordonnée qui n'est pas un nombre.</translation>
    </message>
    <message>
        <source>Landmarks outside {image}: {labels}. Move them, or leave them out.</source>
        <translation>Repères hors de {image} : {labels}. Déplacez-les, ou laissez-les de côté.</translation>
    </message>
    <message>
        <source>The weights of landmarks are to be above 0 and at most 1, one each.</source>
        <translation>Les poids des repères doivent être au-dessus de 0 et d'au plus 1, un pour chacun.</translation>
    </message>
    <message>
        <source>There are no landmarks.</source>
        <translation>Il n'y a pas de repères.</translation>
    </message>
    <message>
        <source>There are {fixed} fixed and {moving} moving landmarks: as many of both are needed.</source>
        <translation>Il y a {fixed} repères fixes et {moving} repères mobiles : il en faut autant des deux.</translation>
    </message>
    <message>
        <source>{count} landmarks followed: mean error {before:.2f} -&gt; {after:.2f} mm, maximum {mostBefore:.2f} -&gt; {mostAfter:.2f} mm</source>
        <translation>{count} repères suivis : erreur moyenne {before:.2f} -&gt; {after:.2f} mm, maximum {mostBefore:.2f} -&gt; {mostAfter:.2f} mm</translation>
    </message>
</context>
<context>
    <name>registration.modelcards</name>
    <message>
        <source>64 hexadecimal digits</source>
        <translation>64 chiffres hexadécimaux</translation>
    </message>
    <message>
        <source>The model {model} is left out, since its card {card} cannot be used: {reason}.</source>
        <translation>Le modèle {model} est laissé de côté, car sa fiche {card} ne peut pas être utilisée : {reason}.</translation>
    </message>
    <message>
        <source>a list of 1 to {most} whole numbers</source>
        <translation>une liste de 1 à {most} nombres entiers</translation>
    </message>
    <message>
        <source>a list of named data</source>
        <translation>une liste de données nommées</translation>
    </message>
    <message>
        <source>a power of two up to {most}</source>
        <translation>une puissance de deux jusqu'à {most}</translation>
    </message>
    <message>
        <source>a text</source>
        <translation>un texte</translation>
    </message>
    <message>
        <source>between {finest:g} and {coarsest:g}</source>
        <translation>entre {finest:g} et {coarsest:g}</translation>
    </message>
    <message>
        <source>it holds no names and values</source>
        <translation>elle ne contient pas de noms et de valeurs</translation>
    </message>
    <message>
        <source>it is not a json file</source>
        <translation>ce n'est pas un fichier json</translation>
    </message>
    <message>
        <source>it is too large for a card</source>
        <translation>elle est trop grande pour une fiche</translation>
    </message>
    <message>
        <source>names and values, or null</source>
        <translation>des noms et des valeurs, ou null</translation>
    </message>
    <message>
        <source>passes {passes} are no divisors of {sizeMultiple}</source>
        <translation>les passes {passes} ne sont pas des diviseurs de {sizeMultiple}</translation>
    </message>
    <message>
        <source>passes {passes} do not go from coarse to fine</source>
        <translation>les passes {passes} ne vont pas du grossier au fin</translation>
    </message>
    <message>
        <source>true or false</source>
        <translation>true ou false</translation>
    </message>
    <message>
        <source>{name} is missing</source>
        <translation>{name} manque</translation>
    </message>
    <message>
        <source>{name} is {said}, not {wanted}</source>
        <translation>{name} est {said}, pas {wanted}</translation>
    </message>
</context>
<context>
    <name>registration.models</name>
    <message>
        <source>Name the model to use: none is free for any use.</source>
        <translation>Nommez le modèle à utiliser : aucun n'est libre pour tout usage.</translation>
    </message>
    <message>
        <source>PyTorch {version} cannot load the model {name}: {error}</source>
        <translation>PyTorch {version} ne peut pas charger le modèle {name} : {error}</translation>
    </message>
    <message>
        <source>The model file {name} is not the one its card describes (wrong SHA-256); reinstall it.</source>
        <translation>Le fichier de modèle {name} n'est pas celui que sa fiche décrit (SHA-256 différent) ; réinstallez-le.</translation>
    </message>
    <message>
        <source>The model file {path} cannot be read: {reason}.</source>
        <translation>Le fichier de modèle {path} ne peut pas être lu : {reason}.</translation>
    </message>
    <message>
        <source>There is no model in {folder}: {why}</source>
        <translation>Il n'y a pas de modèle dans {folder} : {why}</translation>
    </message>
    <message>
        <source>There is no model named {name!r}; there are: {others}.</source>
        <translation>Il n'y a pas de modèle nommé {name!r} ; il y a : {others}.</translation>
    </message>
    <message>
        <source>the installation is incomplete.</source>
        <translation>l'installation est incomplète.</translation>
    </message>
</context>
<context>
    <name>registration.positioning</name>
    <message>
        <source>The pre-alignment did not make the images more alike: they stay as they were placed.</source>
        <translation>Le préalignement n'a pas rendu les images plus semblables : elles restent où elles étaient.</translation>
    </message>
</context>
<context>
    <name>registration.prealignment</name>
    <message>
        <source>The pre-alignment found nothing better than its start, which is kept.</source>
        <translation>Le préalignement n'a rien trouvé de mieux que son départ, qui est gardé.</translation>
    </message>
    <message>
        <source>The registration was cancelled; nothing was changed.</source>
        <translation>Le recalage a été annulé ; rien n'a été changé.</translation>
    </message>
</context>
<context>
    <name>registration.presetfiles</name>
    <message>
        <source>Give the preset a name first.</source>
        <translation>Donnez d'abord un nom au préréglage.</translation>
    </message>
    <message>
        <source>The name of a preset has at most {count} letters; this one has {length}.</source>
        <translation>Le nom d'un préréglage a au plus {count} lettres ; celui-ci en a {length}.</translation>
    </message>
    <message>
        <source>The preset {name}</source>
        <translation>Le préréglage {name}</translation>
    </message>
    <message>
        <source>The preset {name} has no settings.</source>
        <translation>Le préréglage {name} n'a pas de réglages.</translation>
    </message>
    <message>
        <source>The preset {name}: there are at most {count} refinement steps.</source>
        <translation>Le préréglage {name} : il y a au plus {count} pas de raffinement.</translation>
    </message>
    <message>
        <source>The preset {name}: {error}</source>
        <translation>Le préréglage {name} : {error}</translation>
    </message>
    <message>
        <source>The preset {name}: {key} cannot be {value}.</source>
        <translation>Le préréglage {name} : {key} ne peut pas être {value}.</translation>
    </message>
    <message>
        <source>{source} is no file of presets: it does not say its version.</source>
        <translation>{source} n'est pas un fichier de préréglages : il ne dit pas sa version.</translation>
    </message>
    <message>
        <source>{source} is no file of presets: it has no list of them.</source>
        <translation>{source} n'est pas un fichier de préréglages : il n'en a pas de liste.</translation>
    </message>
    <message>
        <source>{source} is no file of presets: it is not JSON.</source>
        <translation>{source} n'est pas un fichier de préréglages : ce n'est pas du JSON.</translation>
    </message>
    <message>
        <source>{source} was made by a newer version of this extension: update it to read the file.</source>
        <translation>{source} vient d'une version plus récente de cette extension : mettez-la à jour pour lire le fichier.</translation>
    </message>
    <message>
        <source>{where} has settings that are unknown here: {names}.</source>
        <translation>{where} a des réglages inconnus ici : {names}.</translation>
    </message>
</context>
<context>
    <name>registration.register</name>
    <message>
        <source>Local similarity {start:.3f} -&gt; {prealigned:.3f} (pre-alignment) -&gt; {end:.3f}; {folded:.3g} % folded; largest displacement {largestMm:.1f} mm; {seconds:.2f} s</source>
        <translation>Similarité locale {start:.3f} -&gt; {prealigned:.3f} (préalignement) -&gt; {end:.3f} ; {folded:.3g} % replié ; plus grand déplacement {largestMm:.1f} mm ; {seconds:.2f} s</translation>
    </message>
    <message>
        <source>Only the pre-alignment was done: there is nothing to trust a deformation by.</source>
        <translation>Seul le préalignement a été fait : il n'y a rien sur quoi fonder la confiance en une déformation.</translation>
    </message>
    <message>
        <source>The deformable step did not make the images more alike: only the pre-alignment is kept.</source>
        <translation>La déformation n'a pas rendu les images plus semblables : seul le préalignement est gardé.</translation>
    </message>
    <message>
        <source>The volumes show different contrasts: the network is left out, and the deformation kept smooth.</source>
        <translation>Les volumes montrent des contrastes différents : le réseau est laissé de côté, et la déformation reste lisse.</translation>
    </message>
    <message>
        <source>{fixed} and {moving} do not overlap: less than {least:.0%} of either lies inside the other. Choose a pre-alignment or give an initial transform.</source>
        <translation>{fixed} et {moving} ne se recouvrent pas : moins de {least:.0%} de chacun est dans l'autre. Choisissez un préalignement ou donnez une transformation de départ.</translation>
    </message>
</context>
<context>
    <name>registration.sequence</name>
    <message>
        <source>Frame {number} of {count}: {stage}</source>
        <translation>Image {number} sur {count} : {stage}</translation>
    </message>
    <message>
        <source>Frames (from 0): {said}.</source>
        <translation>Images (à partir de 0) : {said}.</translation>
    </message>
    <message>
        <source>Registered there and back, points end {astray:.1f} mm from where they began, of {bent:.1f} mm of deformation: the frames are hardly alike, and it may follow their noise.</source>
        <translation>Recalés dans un sens puis dans l'autre, les points finissent à {astray:.1f} mm de leur départ, pour {bent:.1f} mm de déformation : les images se ressemblent à peine, et elle suit peut-être leur bruit.</translation>
    </message>
    <message>
        <source>There is no frame {referenceFrame}: the sequence has {count}.</source>
        <translation>Il n'y a pas d'image {referenceFrame} : la séquence en a {count}.</translation>
    </message>
    <message>
        <source>Transforms from each frame to the next cannot be smoothed in time.</source>
        <translation>Les transformations de chaque image à la suivante ne peuvent pas être lissées dans le temps.</translation>
    </message>
    <message>
        <source>check at {numbers}</source>
        <translation>à vérifier à {numbers}</translation>
    </message>
    <message>
        <source>failed at {numbers}</source>
        <translation>échec à {numbers}</translation>
    </message>
    <message>
        <source>mean</source>
        <translation>moyenne</translation>
    </message>
</context>
<context>
    <name>registration.settings</name>
    <message>
        <source>A setting is unknown: {error}.</source>
        <translation>Un réglage est inconnu : {error}.</translation>
    </message>
    <message>
        <source>The iterations of adaptation cannot be negative, and its seconds must be above 0.</source>
        <translation>Les itérations de l'adaptation ne peuvent pas être négatives, et ses secondes doivent être au-dessus de 0.</translation>
    </message>
    <message>
        <source>The number of refinement steps cannot be negative.</source>
        <translation>Le nombre de pas de raffinement ne peut pas être négatif.</translation>
    </message>
    <message>
        <source>The number of threads must be at least 1.</source>
        <translation>Le nombre de fils doit être d'au moins 1.</translation>
    </message>
</context>
<context>
    <name>registration.template</name>
    <message>
        <source>A template needs at least two images.</source>
        <translation>Un modèle moyen demande au moins deux images.</translation>
    </message>
    <message>
        <source>CT and MR images cannot be averaged: make a template of each.</source>
        <translation>Des images de TDM et d'IRM ne peuvent pas être moyennées : faites un modèle moyen de chacune.</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Terminé</translation>
    </message>
    <message>
        <source>Every image was registered well.</source>
        <translation>Chaque image a été bien recalée.</translation>
    </message>
    <message>
        <source>Left out, because the registration failed: {names}.</source>
        <translation>Laissées de côté, parce que le recalage a échoué : {names}.</translation>
    </message>
    <message>
        <source>No template can be made: of {count} images only {used} could be registered.</source>
        <translation>Aucun modèle moyen ne peut être fait : sur {count} images, seules {used} ont pu être recalées.</translation>
    </message>
    <message>
        <source>To be checked: {names}.</source>
        <translation>À vérifier : {names}.</translation>
    </message>
    <message>
        <source>template</source>
        <translation>modèle moyen</translation>
    </message>
</context>
<context>
    <name>registration.templatemembers</name>
    <message>
        <source>Round {number}, image {count}: {stage}</source>
        <translation>Tour {number}, image {count} : {stage}</translation>
    </message>
</context>
<context>
    <name>registration.verdict</name>
    <message>
        <source>A part of what the fixed image shows lies inside the moving image, and there they are hardly alike.</source>
        <translation>Une partie de ce que montre l'image fixe est dans l'image mobile, et elles s'y ressemblent à peine.</translation>
    </message>
    <message>
        <source>Another placement of the moving image fits nearly as well: compare the images before you go on.</source>
        <translation>Une autre position de l'image mobile convient presque aussi bien : comparez les images avant de continuer.</translation>
    </message>
    <message>
        <source>No placement of the moving image fits better than others: the images may not show the same thing, or too little of it.</source>
        <translation>Aucune position de l'image mobile ne convient mieux que d'autres : les images ne montrent peut-être pas la même chose, ou trop peu.</translation>
    </message>
    <message>
        <source>One placement of the moving image fits far better than all others.</source>
        <translation>Une position de l'image mobile convient bien mieux que toutes les autres.</translation>
    </message>
    <message>
        <source>One placement of the moving image fits far better than all others; but its mirror image fits there nearly as well, so that the images do not say which side is left.</source>
        <translation>Une position de l'image mobile convient bien mieux que toutes les autres ; mais son image en miroir y convient presque aussi bien, si bien que les images ne disent pas quel côté est la gauche.</translation>
    </message>
    <message>
        <source>Only {coverage:.0%} of what the fixed image shows lies inside the moving image.</source>
        <translation>Seulement {coverage:.0%} de ce que montre l'image fixe est dans l'image mobile.</translation>
    </message>
    <message>
        <source>The images are hardly alike where they were placed: compare them before you go on.</source>
        <translation>Les images se ressemblent à peine là où elles ont été placées : comparez-les avant de continuer.</translation>
    </message>
    <message>
        <source>The images fit far better in another placement than in the one that was kept: leave out the initial transform, or choose a pre-alignment.</source>
        <translation>Les images conviennent bien mieux dans une autre position que dans celle qui a été gardée : laissez de côté la transformation de départ, ou choisissez un préalignement.</translation>
    </message>
    <message>
        <source>The images match closely.</source>
        <translation>Les images concordent étroitement.</translation>
    </message>
    <message>
        <source>The mirror image of the moving image fits far better: left and right may be swapped in one of them.</source>
        <translation>L'image en miroir de l'image mobile convient bien mieux : gauche et droite sont peut-être échangées dans l'une d'elles.</translation>
    </message>
</context>
<context>
    <name>runtime.device</name>
    <message>
        <source>PyTorch {version} finds no CUDA graphics card on this computer: choose the CPU as the device.</source>
        <translation>PyTorch {version} ne trouve pas de carte graphique CUDA sur cet ordinateur : choisissez le processeur.</translation>
    </message>
    <message>
        <source>The graphics card has too little free memory: choose the CPU as the device.</source>
        <translation>La carte graphique a trop peu de mémoire libre : choisissez le processeur.</translation>
    </message>
    <message>
        <source>This processor does not compute in bfloat16: choose the CPU without it as the device.</source>
        <translation>Ce processeur ne calcule pas en bfloat16 : choisissez le processeur sans lui.</translation>
    </message>
    <message>
        <source>{threads} threads were asked for; this computer has cores for {usable}, which were used.</source>
        <translation>{threads} fils ont été demandés ; cet ordinateur a des cœurs pour {usable}, qui ont été utilisés.</translation>
    </message>
</context>
<context>
    <name>runtime.memory</name>
    <message>
        <source>{what} takes {needed:.1f} GB of memory, and {available:.1f} GB are available: close other programs, or make the images smaller (crop them, or resample them to larger voxels).</source>
        <translation>{what} demande {needed:.1f} Go de mémoire, et {available:.1f} Go sont disponibles : fermez d'autres programmes, ou réduisez les images (coupez-les, ou prenez de plus grands voxels).</translation>
    </message>
</context>
<context>
    <name>runtime.progress</name>
    <message>
        <source>Adaptation</source>
        <translation>Adaptation</translation>
    </message>
    <message>
        <source>Deformation</source>
        <translation>Déformation</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Terminé</translation>
    </message>
    <message>
        <source>Finding what to compare</source>
        <translation>Recherche de ce qui est à comparer</translation>
    </message>
    <message>
        <source>Finish</source>
        <translation>Finition</translation>
    </message>
    <message>
        <source>Following the landmarks</source>
        <translation>Suivi des repères</translation>
    </message>
    <message>
        <source>Harmonising</source>
        <translation>Harmonisation</translation>
    </message>
    <message>
        <source>Looking for the painted lesions</source>
        <translation>Recherche des lésions peintes</translation>
    </message>
    <message>
        <source>Noise and change</source>
        <translation>Bruit et changement</translation>
    </message>
    <message>
        <source>Painting lesions</source>
        <translation>Peinture de lésions</translation>
    </message>
    <message>
        <source>Pre-alignment</source>
        <translation>Préalignement</translation>
    </message>
    <message>
        <source>Reading the images</source>
        <translation>Lecture des images</translation>
    </message>
    <message>
        <source>Refinement</source>
        <translation>Raffinement</translation>
    </message>
    <message>
        <source>The registration was cancelled; nothing was changed.</source>
        <translation>Le recalage a été annulé ; rien n'a été changé.</translation>
    </message>
    <message>
        <source>Warping</source>
        <translation>Transport</translation>
    </message>
    <message>
        <source>Warping the prior</source>
        <translation>Transport de l'examen antérieur</translation>
    </message>
</context>
<context>
    <name>runtime.pytorch</name>
    <message>
        <source>PyTorch could not be installed: {error}</source>
        <translation>PyTorch n'a pas pu être installé : {error}</translation>
    </message>
    <message>
        <source>PyTorch is installed but cannot be loaded ({error}). Install it anew, in Slicer with the PyTorch Utils module.</source>
        <translation>PyTorch est installé mais ne peut pas être chargé ({error}). Réinstallez-le, dans Slicer avec le module PyTorch Utils.</translation>
    </message>
    <message>
        <source>PyTorch is installed but lacks a part that it needs: {name}.</source>
        <translation>PyTorch est installé mais il manque une partie dont il a besoin : {name}.</translation>
    </message>
    <message>
        <source>PyTorch is not installed. In Slicer, install the PyTorch extension from the Extensions Manager and restart; elsewhere, run: pip install "torch{requirement}".</source>
        <translation>PyTorch n'est pas installé. Dans Slicer, installez l'extension PyTorch depuis le gestionnaire d'extensions et redémarrez ; ailleurs, lancez : pip install "torch{requirement}".</translation>
    </message>
    <message>
        <source>PyTorch is not installed; version {requirement} is needed.</source>
        <translation>PyTorch n'est pas installé ; il faut la version {requirement}.</translation>
    </message>
    <message>
        <source>PyTorch was installed together with another version of NumPy: restart the application.</source>
        <translation>PyTorch a été installé avec une autre version de NumPy : redémarrez l'application.</translation>
    </message>
    <message>
        <source>PyTorch was not installed, and registration cannot run without it.</source>
        <translation>PyTorch n'a pas été installé, et le recalage ne peut pas s'en passer.</translation>
    </message>
    <message>
        <source>PyTorch {version} is too old: {requirement} is needed. Update it, in Slicer with the PyTorch Utils module, and restart.</source>
        <translation>PyTorch {version} est trop ancien : il faut {requirement}. Mettez-le à jour, dans Slicer avec le module PyTorch Utils, et redémarrez.</translation>
    </message>
    <message>
        <source>There is too little memory to load PyTorch: close other programs, or allow this one more of it.</source>
        <translation>Il y a trop peu de mémoire pour charger PyTorch : fermez d'autres programmes, ou accordez-en plus à celui-ci.</translation>
    </message>
</context>
<context>
    <name>space.image</name>
    <message>
        <source>{name} has an invalid geometry: its spacing or its directions are degenerate.</source>
        <translation>{name} a une géométrie invalide : son espacement ou ses directions sont dégénérés.</translation>
    </message>
    <message>
        <source>{name} has {dimensions} dimensions; only 3D scalar volumes can be registered.</source>
        <translation>{name} a {dimensions} dimensions ; seuls des volumes scalaires 3D peuvent être recalés.</translation>
    </message>
    <message>
        <source>{name} is constant: every voxel is {lowest:g}, there is nothing to align.</source>
        <translation>{name} est constant : chaque voxel vaut {lowest:g}, il n'y a rien à aligner.</translation>
    </message>
    <message>
        <source>{name} is empty: it has no voxels.</source>
        <translation>{name} est vide : il n'a pas de voxels.</translation>
    </message>
    <message>
        <source>{name} is empty: nearly every voxel is padding, not a number or too large a number.</source>
        <translation>{name} est vide : presque tous les voxels sont du remplissage, ne sont pas des nombres ou sont trop grands.</translation>
    </message>
    <message>
        <source>{name} is {size} voxels: for this a volume needs at least {least} voxels along each axis.</source>
        <translation>{name} fait {size} voxels : il en faut ici au moins {least} le long de chaque axe.</translation>
    </message>
    <message>
        <source>{name} is {size} voxels: its slices need at least {least} voxels along both axes.</source>
        <translation>{name} fait {size} voxels : ses coupes doivent en avoir au moins {least} le long des deux axes.</translation>
    </message>
</context>
<context>
    <name>space.labelwarp</name>
    <message>
        <source>No label of {name} lies in the fixed image: the label map is empty. Is it of the moving image?</source>
        <translation>Aucun label de {name} n'est dans l'image fixe : la carte de labels est vide. Est-elle de l'image mobile ?</translation>
    </message>
    <message>
        <source>{lost} of {given} labels of {name} lie outside the fixed image and did not arrive.</source>
        <translation>{lost} des {given} labels de {name} sont hors de l'image fixe et ne sont pas arrivés.</translation>
    </message>
    <message>
        <source>{name} contains no label: the label map is empty.</source>
        <translation>{name} ne contient aucun label : la carte de labels est vide.</translation>
    </message>
    <message>
        <source>{name} is not a label map: it contains values that are not whole numbers.</source>
        <translation>{name} n'est pas une carte de labels : il contient des valeurs qui ne sont pas des nombres entiers.</translation>
    </message>
    <message>
        <source>{name} is not a label map: its values reach {most:.3g}.</source>
        <translation>{name} n'est pas une carte de labels : ses valeurs vont jusqu'à {most:.3g}.</translation>
    </message>
    <message>
        <source>{placed} of {given} labels of {name} are so small that no voxel of the fixed image is nearest to them: each was given one voxel.</source>
        <translation>{placed} des {given} labels de {name} sont si petits qu'aucun voxel de l'image fixe n'en est le plus proche : chacun a reçu un voxel.</translation>
    </message>
</context>
<context>
    <name>space.masks</name>
    <message>
        <source>The mask {mask} leaves next to nothing of {image} to compare: it is too small, or lies elsewhere.</source>
        <translation>Le masque {mask} ne laisse presque rien de {image} à comparer : il est trop petit, ou ailleurs.</translation>
    </message>
    <message>
        <source>The mask {name} is empty: nothing would be left to compare.</source>
        <translation>Le masque {name} est vide : il ne resterait rien à comparer.</translation>
    </message>
</context>
<context>
    <name>space.matrixmean</name>
    <message>
        <source>The images lie half a turn or a mirror image apart: nothing is in their middle. Turn them alike first.</source>
        <translation>Les images sont à un demi-tour ou à une image en miroir l'une de l'autre : il n'y a rien en leur milieu. Tournez-les d'abord de la même façon.</translation>
    </message>
</context>
<context>
    <name>space.resampling</name>
    <message>
        <source>A padding of {padding:g} cannot be held by the voxels of {name} ({type}, {least} to {most}): choose another value, or the scalar type float.</source>
        <translation>Un remplissage de {padding:g} ne tient pas dans les voxels de {name} ({type}, {least} à {most}) : choisissez une autre valeur, ou le type scalaire float.</translation>
    </message>
</context>
</TS>
