# Every word on the screen. Ids begin with the screen that says them. Sentence case; sentences end with a full stop.

## Used on many screens
button-back = Retour
button-next = Suivant
button-cancel = Annuler
button-close = Fermer
button-done = Terminé
button-stop = Arrêter
button-working = Un instant…
work-progress = { $done } sur { $total }
kind-in = Entrée
kind-out = Sortie
kind-break = Pause
kind-back = Reprise
weekday-short = { $weekday ->
        [1] lu
        [2] ma
        [3] me
        [4] je
        [5] ve
        [6] sa
       *[7] di
    }
date-long = { $weekday ->
        [1] lundi
        [2] mardi
        [3] mercredi
        [4] jeudi
        [5] vendredi
        [6] samedi
       *[7] dimanche
    } { $day } { $month ->
        [1] janvier
        [2] février
        [3] mars
        [4] avril
        [5] mai
        [6] juin
        [7] juillet
        [8] août
        [9] septembre
        [10] octobre
        [11] novembre
       *[12] décembre
    } { $year }
workers-busy = la borne est occupée : réessayez dans un instant
keyboard-shift = Majuscules
keyboard-backspace = Effacer la lettre précédente
keyboard-enter = Entrée
keyboard-space = Espace
keyboard-letters = Lettres
keyboard-figures = Chiffres et signes
keyboard-accents = Lettres accentuées
keyboard-close = Fermer le clavier

## Camera
camera-picture = Image de la caméra
camera-opening = Démarrage de la caméra…
camera-retry = Nouvel essai dans { $wait }.
camera-mode = { $name }, { $width }×{ $height }, { $format }
camera-mode-rate = { $name }, { $width }×{ $height }, { $format }, { $rate } images/s
camera-pictures = Dossier d’images
camera-network = Caméra réseau
camera-missing = Aucune caméra n’a été trouvée.
camera-missing-help = Branchez-la ou choisissez-en une autre dans les réglages.
camera-busy = Un autre programme utilise la caméra.
camera-busy-help = Fermez ce programme.
camera-unplugged = La caméra a été débranchée.
camera-unplugged-help = Vérifiez son câble.
camera-frozen = La caméra n’envoie plus d’images.
camera-frozen-help = Si cela dure, débranchez-la puis rebranchez-la.
camera-denied = L’accès à la caméra est refusé.
camera-denied-help = Autorisez cet utilisateur à l’ouvrir (sous Linux : le groupe « video »).
camera-ended = L’enregistrement est terminé.
camera-ended-help = Choisissez une autre caméra dans les réglages.
camera-failed = La caméra ne fonctionne pas.
camera-failed-help = Le diagnostic et le journal en disent plus.

## For everybody
attendee-host-mode = Gestion
attendee-opening = Un instant, s’il vous plaît
attendee-no-picture = La caméra n’est pas disponible
attendee-ready = Regardez la caméra
attendee-reading = Un instant…
attendee-recognised = Merci
attendee-unknown = Non reconnu. Utilisez ID et PIN ou demandez au gestionnaire
attendee-refused = Montrez votre visage, pas une image
attendee-welcome = Bienvenue
attendee-welcome-text = Placez-vous devant la caméra et regardez-la, ou utilisez votre ID et votre PIN. Les deux se valent.
attendee-use-pin = Utiliser ID et PIN
lamp-camera = Caméra
lamp-storage = Stockage
lamp-clock = Horloge
lamp-well = en ordre
lamp-notice = à vérifier
lamp-alarm = panne
lamp-spoken = { $what } : { $state }
saver-hint = Approchez-vous ou touchez l’écran
advice-closer = Approchez-vous, s’il vous plaît
advice-middle = Placez-vous au milieu
advice-turn = Tournez-vous vers la caméra
advice-upright = Tenez la tête droite
advice-dark = Il fait trop sombre ici
advice-bright = Trop de lumière sur vous ou derrière vous
advice-still = Ne bougez plus
card-checked-in = Entrée à { $time }
card-checked-out = Sortie à { $time }
card-break-began = Pause depuis { $time }
card-back = Reprise à { $time }
card-already-in = Entrée déjà notée à { $time }
card-already-out = Sortie déjà notée à { $time }
card-already-break = Pause déjà notée à { $time }
card-already-back = Reprise déjà notée à { $time }
card-in-or-out = Entrée ou sortie ?
card-today = { $hours } ce jour
card-not-me = Pas moi
card-struck-out = Retiré
card-struck-out-text = Le pointage ne compte plus.
card-face-renewed = De nouveau reconnu par le visage
card-not-recorded = Rien n’a été enregistré

## ID and PIN
badge-title = Votre ID ou numéro de badge
badge-pin-title = Votre PIN
badge-of = ID { $badge }
badge-typed = Saisi : { $badge }
badge-letters = ABC
badge-digits = 123
badge-delete = Effacer le dernier caractère
badge-next = Suivant
badge-done = Terminé
badge-wrong = { $tries ->
        [one] L’ID ou le PIN est faux. Il reste un essai.
       *[other] L’ID ou le PIN est faux. Il reste { $tries } essais.
    }
badge-locked = Trop de PIN faux. Adressez-vous au gestionnaire.

## First start
first-language-title = Installer cette borne
first-language-text = Choisissez la langue de l’écran. Elle pourra être changée plus tard.
first-step = Étape { $step } sur { $steps }
first-site-title = Où se trouve-t-elle ?
first-site-text = Le nom figure sur la borne et sur les rapports. Le fuseau horaire décide de ce que veut dire « 08:00 ».
first-site-name = Nom du site
first-site-hint = Par exemple : Entrée principale
first-site-rule = Donnez au site un nom de 80 caractères au plus.
first-zone = Fuseau horaire
first-zone-rule = Le fuseau horaire est un nom comme Europe/Paris ou UTC.
first-zone-now = Il y est { $time } maintenant.
first-host-title = Qui s’en occupe ?
first-host-text = Un gestionnaire ajoute des personnes, corrige des pointages et exporte des rapports. Lui seul ouvre la gestion, avec son propre PIN.
first-host-name = Votre nom
first-host-rule = Saisissez votre nom.
first-pin = PIN
first-pin-again = Le même PIN encore une fois
first-camera-title = Placer la caméra
first-camera-text = À hauteur des yeux, à environ 1,6 m du sol, avec de la lumière sur les visages et sans fenêtre derrière les personnes.
first-camera-advice = Placez-vous là où l’on se tiendra, à environ un mètre. Votre visage doit être dans l’image.
first-camera-good = D’ici, votre visage se lit bien.
first-consent-title = À quoi l’on consent
first-consent-text = Toute personne enregistrée voit d’abord ce texte et doit y consentir. Adaptez-le à votre site ; chaque changement est une nouvelle version.
first-consent-rule = Le texte compte au plus 4 000 caractères.
first-finish = Terminer
pin-shape = De 6 à 12 chiffres
pin-host-shape = De 6 à 12 chiffres, ou une phrase de 12 à 64 caractères
pin-guessable = Aucun PIN évident comme 123456 ou 111111
pin-again-same = Saisi deux fois de la même façon

## Login
login-title = Gestion
login-who = Qui êtes-vous ?
login-as = { $name }, saisissez votre PIN.
login-loading = Un instant…
login-digits = { $count ->
        [one] { $count } chiffre saisi
       *[other] { $count } chiffres saisis
    }
login-delete = Effacer le dernier chiffre
login-unlock = Déverrouiller
login-checking = Vérification…
login-wrong = { $tries ->
        [one] Ce PIN est faux. Il reste un essai.
       *[other] Ce PIN est faux. Il reste { $tries } essais.
    }
login-locked-for = Trop de PIN faux. Réessayez dans { $wait }.
login-locked = Trop de PIN faux. Un autre gestionnaire doit vous débloquer.
login-try-again = Vous pouvez réessayer.
login-recover = Utiliser le code de secours
recover-title = Code de secours
recover-text = Il a été montré une fois à l’installation. Il vous débloque ; avec un nouveau PIN, il remplace l’ancien.
recover-code = Code de secours
recover-deed = Débloquer avec ce code

## Recovery code
code-title = Notez ce code de secours
code-text = Il rouvre la gestion si tous ont oublié leur PIN. Il n’est montré que maintenant. Gardez-le là où seuls les gestionnaires vont, pas près de la borne.
code-written = Je l’ai noté
code-go-on = Continuer

## Host mode
page-today = Aujourd’hui
page-people = Personnes
page-attendance = Présence
page-reports = Rapports
page-audit = Journal
page-hosts = Gestionnaires
page-keys = Clés et sauvegarde
page-settings = Réglages
page-diagnostics = Diagnostic
host-logged-in = { $name }
host-lock = Verrouiller
host-locks-in = Verrouillage dans { $wait }

## People
people-add = Ajouter
people-search = Chercher un nom ou un badge
people-count = { $shown } sur { $people }
people-filter = Qui est listé
filter-everybody = Tous
filter-active = Actifs
filter-any-kind = Tout pointage
filter-any-source = Toute origine
people-none = Personne pour l’instant
people-none-text = Ajoutez la première personne, puis prenez trois images de son visage.
people-not-found = Personne n’a ce nom ou ce badge.
people-none-listed = Personne n’est dans cette liste.
people-name = Nom
people-badge = Badge
people-badge-optional = Badge ou numéro, si le site en utilise
people-state = État
people-consent = Consentement
people-enrolled = Enregistré
people-not-enrolled = Non enregistré
people-again = À réenregistrer
people-inactive = Inactif
people-enrol = Enregistrer
people-enrol-again = Refaire
people-enrol-spoken = Enregistrer { $name }
people-erase = Effacer
people-erase-spoken = Effacer { $name }
people-edit = Modifier
people-edit-spoken = Modifier { $name }
people-edit-title = Modifier { $name }
people-edit-deed = Enregistrer
people-active = Actif : reconnu et attendu
people-own-schedule = Un horaire propre
people-pin = PIN pour pointer sans visage (aucun encore)
people-pin-set = Nouveau PIN pour pointer sans visage (un est défini)
people-pin-locked = PIN pour pointer sans visage (bloqué après des essais faux)
people-pin-rule = De 6 à 12 chiffres, pas un que l’on devine.
people-unlock = Débloquer le PIN
people-no-consent = Aucun consentement n’est noté.
people-consent-given = A consenti à la version { $version } le { $date }.
people-withdraw = Retirer le consentement
people-withdraw-sure = Détruire les données du visage maintenant
import-open = Importer
import-title = Importer une liste de personnes
import-text = Choisissez un fichier CSV dont la première ligne nomme les colonnes name et badge. Rien ne change avant que vous ayez vu ce que fera chaque ligne.
import-no-list = Aucun fichier CSV ici.
import-counts = { $add } à ajouter, { $rename } à renommer, { $known } déjà connus, { $refused } refusés.
import-line = Ligne
import-deed = Ce qu’elle fait
import-add = Ajouter
import-rename = Nouveau nom
import-known = Déjà connu
import-refuse = Refusé
import-name-empty = sans nom
import-name-long = nom de plus de 100 caractères
import-line-break = nom avec un saut de ligne
import-badge-long = badge de plus de 64 caractères
import-badge-twice = badge utilisé deux fois
import-do = { $rows ->
        [one] Importer { $rows } ligne
       *[other] Importer { $rows } lignes
    }
import-done = { $added } ajoutés, { $changed } renommés.
people-erase-open = Effacer…
people-export-own = Exporter les données de cette personne
people-exported = Ce qui est enregistré sur cette personne se trouve dans { $path }
people-add-title = Ajouter une personne
people-add-deed = Ajouter
people-erase-title = Effacer { $name } ?
people-erase-text = Les données du visage, le nom et tout ce que la borne garde sur cette personne sont détruits. Les pointages passés restent, sans nom. Les rapports déjà enregistrés la nomment encore. C’est irréversible.
people-erase-understood = Je comprends que c’est irréversible
people-erase-deed = Effacer

## Enrolment
enrol-title = Enregistrer { $name }
enrol-close = Fermer
enrol-start = Commencer
enrol-shots = { $taken } images sur { $wanted }
enrol-no-face = Personne n’est dans l’image. Placez-vous devant la caméra.
enrol-several-faces = Il y a plusieurs visages. Restez seul, s’il vous plaît.
enrol-pose = Encore un peu.
enrol-done = { $shots ->
        [one] Enregistré avec { $shots } image.
       *[other] Enregistré avec { $shots } images.
    }
enrol-done-text = Les images ne sont pas gardées, seulement ce qu’il faut pour reconnaître ce visage. La borne le connaît désormais.
enrol-already = Ce visage est déjà enregistré, sous { $name }.
enrol-already-text = À la porte, les deux seraient pris pour une seule personne. N’enregistrez que s’ils sont deux, comme des jumeaux.
enrol-store = Enregistrer malgré tout
enrol-drop = Ne pas enregistrer
enrol-look-alike = Proche de { $name }. Si les deux sont confondus, refaites-les sous une meilleure lumière.
enrol-failed-text = Rien n’a été enregistré.
enrol-again = Réessayer
enrol-back = Retour aux personnes
pose-front = Regardez la caméra
pose-aside = Tournez un peu à gauche
pose-other-side = Tournez un peu à droite
consent-title = Consentement
consent-text = La borne mesure votre visage et garde ces mesures, scellées, sur cet appareil seulement, pour noter vos entrées et sorties. Aucune image n’est gardée. Vous pouvez refuser, et tout faire effacer à tout moment.
consent-version = Version { $version } du texte
consent-built-in = Utiliser le texte d’origine
consent-tick = La personne a lu ceci et y consent

## Today
today-enrol-again = { $people ->
        [one] Une personne qui a donné son accord est inconnue du réseau utilisé. Réenregistrez-la à la page Personnes.
       *[other] { $people } personnes qui ont donné leur accord sont inconnues du réseau utilisé. Réenregistrez-les à la page Personnes.
    }
today-add = Ajouter un pointage
today-day-before = Veille
today-next-day = Lendemain
today-inside = Sur place
today-everybody = Tous
today-marks = Pointages
today-late = En retard
today-not-seen = Non vus
today-gone = Partis
today-nobody = Personne.
today-holiday = Jour férié
today-audit-head = Journal { $head }
today-came = Entrée
today-last = Dernier
today-worked = Travaillé
today-planned = Prévu
today-late-by = Retard { $time }
today-incomplete = Un pointage manque
today-chart = Personnes sur place dans la journée, au plus { $most }
presence-inside = Sur place
presence-on-break = En pause
presence-left = Parti
presence-absent = Absent
presence-expected = Attendu
presence-free = Non attendu
today-absent = Absents
today-none = Aucun pointage ce jour
today-none-text = Ils apparaissent ici au fil des entrées et sorties.
today-time = Heure
today-kind = Pointage
today-source = Origine
today-by-face = Visage
today-by-host = Saisi par un gestionnaire
today-by-pin = ID et PIN
today-not-me = « Pas moi »
today-corrected = Corrigé
today-erased = Personne effacée
today-correct = Corriger
today-correct-spoken = Corriger { $name } { $time }
today-add-title = Ajouter un pointage
today-add-deed = Ajouter
today-person = Personne
today-date-field = Date, comme { $example }
today-time-field = Heure, comme 08:00
today-reason = Motif
today-reason-hint = Gardé avec le pointage
today-correct-title = Corriger un pointage
today-correct-deed = Enregistrer
today-replace = Remplacer
today-strike-out = Retirer
today-strike-out-text = Le pointage ne compte plus. Il reste dans les données avec votre motif.
history-title = Historique d’un pointage
history-button = Historique
period-button = Verrouiller
period-title = Jours verrouillés
period-open = Aucun jour n’est verrouillé : tout pointage peut être corrigé.
period-locked = Verrouillé jusqu’au { $date } inclus, par { $name } le { $on }.
period-lock = Verrouiller plus
period-lock-deed = Verrouiller ces jours
period-unlock = Déverrouiller
period-unlock-after = Une partie
period-unlock-all = Tout déverrouiller
period-until = Verrouillé jusqu’au (inclus)
period-lock-text = Ensuite, aucun gestionnaire ne peut ajouter ni corriger un pointage jusqu’à ce jour, et ses heures gardent les règles de travail en vigueur maintenant. Seuls les jours passés peuvent être verrouillés. Un verrou ne garde rien plus longtemps que ne le disent les réglages : les pointages trop anciens sont effacés quand même.
period-unlock-text = Les jours suivants peuvent de nouveau être modifiés. Le journal dit par qui et pourquoi.
period-unlock-all-text = Tous les jours peuvent de nouveau être modifiés. Le journal dit par qui et pourquoi.
history-spoken = Historique de { $name } { $time }
history-event = N°
history-recorded = Noté
history-says = Contenu
history-struck-out = Retiré
attendance-count = { $shown } sur { $rows }
attendance-none = Aucun pointage ces jours-là
attendance-none-text = Choisissez d’autres jours ci-dessus.
attendance-not-found = Aucun pointage ne correspond.
attendance-day = Jour
range-from = Premier jour
range-to = Dernier jour
range-usual = Période
range-other = Comme saisi
range-today = Aujourd’hui
range-yesterday = Hier
range-this-week = Cette semaine
range-last-week = Semaine passée
range-this-month = Ce mois
range-last-month = Mois dernier
range-rule = Saisissez les deux jours comme { $example }, le premier pas après le dernier.
reports-by-day = Chaque jour
reports-by-mark = Chaque pointage
reports-by = Une ligne pour
reports-format = Format
reports-csv = Tableau CSV
reports-pdf-a4 = PDF, A4
reports-pdf-letter = PDF, Letter
reports-everybody = Tous
reports-chosen = { $people ->
        [one] { $people } personne
       *[other] { $people } personnes
    }
reports-columns = { $columns ->
        [one] { $columns } colonne
       *[other] { $columns } colonnes
    }
reports-columns-title = Colonnes
reports-people-title = Rapport sur qui
reports-no-column = Choisissez au moins une colonne.
reports-where = Enregistrer sur
reports-here = Cette borne
reports-stick = Clé { $name }
reports-look-again = Actualiser
reports-preview = { $rows ->
        [one] { $rows } ligne
       *[other] { $rows } lignes
    }, { $people ->
        [one] { $people } personne
       *[other] { $people } personnes
    }
reports-preview-cut = { $rows } lignes, { $people ->
        [one] { $people } personne
       *[other] { $people } personnes
    } ; les { $shown } premières sont montrées
reports-nothing = Rien dans cette période.
reports-save = Enregistrer
reports-saved = { $rows ->
        [one] { $rows } ligne enregistrée dans { $path }
       *[other] { $rows } lignes enregistrées dans { $path }
    }

## Audit
audit-none = Aucune entrée
audit-none-text = Tout ce qui se fait sur cette borne apparaît ici.
audit-verify = Vérifier
audit-export = Exporter
audit-saved = Journal entier enregistré dans { $path }
audit-unbroken = Les { $entries } entrées sont intactes. Tête { $head }
audit-same = L’entrée { $number } est celle de ce rapport.
audit-earlier = Tête d’un rapport antérieur
audit-compare = Comparer
audit-not-a-head = Ce n’est pas une tête. Un rapport la donne ainsi : numéro, deux-points et au moins 16 chiffres.
audit-broken = { $fault } Les { $entries } entrées précédentes sont bonnes. Laissez le dossier tel quel et restaurez une sauvegarde.
audit-search = Chercher dans le journal
audit-group = Genre d’entrée
audit-group-all = Toutes
audit-group-marks = Pointages
audit-group-hosts = Gestionnaires
audit-group-files = Exports
audit-count = { $shown } sur { $entries }
audit-not-found = Aucune entrée ne correspond.
audit-number = N°
audit-time = Heure
audit-who = Qui
audit-what = Quoi
audit-line = { $who } : { $what }
audit-kiosk = Borne
audit-somebody = Un gestionnaire
audit-erased-person = une personne effacée
audit-store-created = Borne installée
audit-started = Démarrage
audit-stopped = Arrêt
audit-rebuilt = Données reconstruites après un arrêt brutal
audit-host-added = Gestionnaire { $name } ajouté
audit-login = { $name } a ouvert la gestion
audit-login-failed = PIN faux pour { $name }
audit-locked-out = { $name } bloqué
audit-session-timed-out = La gestion s’est verrouillée
audit-session-ended = La gestion a été verrouillée
audit-person-added = { $name } ajouté
audit-person-changed = { $name } modifié
audit-enrolled = { $shots ->
        [one] { $name } enregistré avec { $shots } image
       *[other] { $name } enregistré avec { $shots } images
    }
audit-person-erased = Une personne effacée
audit-marked-in = Entrée de { $name }
audit-marked-out = Sortie de { $name }
audit-marked-break = Début de pause : { $name }
audit-marked-back = Fin de pause : { $name }
audit-corrected = Pointage { $old } remplacé par { $new }
audit-exported = { $rows ->
        [one] { $rows } ligne exportée
       *[other] { $rows } lignes exportées
    }
audit-settings-changed = Réglages modifiés
audit-weights-changed = Utilise le réseau { $id }
audit-presentation-refused = Image d’une personne refusée
audit-clock-jumped = L’horloge a sauté de { $secs } s
audit-host-removed = Gestionnaire { $name } retiré
audit-pin-changed = Nouveau PIN pour { $name }
audit-unlocked = { $name } débloqué
audit-recovery-made = Code de secours créé
audit-recovery-used = Code de secours utilisé pour { $name }
audit-recovery-wrong = Code de secours faux
audit-pin-set = PIN défini pour { $name }
audit-pin-removed = PIN de { $name } retiré
audit-consent-withdrawn = { $name } a retiré son consentement ; données du visage détruites
audit-key-changed = Une autre clé ou phrase ouvre les données
audit-key-rotation-begun = Changement de clé maîtresse commencé
audit-key-rotated = Clé maîtresse changée
audit-backed-up = Sauvegarde de { $records } enregistrements
audit-restored = Données restaurées d’une sauvegarde
audit-person-exported = Données de { $name } exportées
audit-swept = Effacés selon la durée de conservation : { $marks } pointages, visages de { $faces } personnes
audit-two-person-on = Règle des deux personnes activée
audit-two-person-off = Règle des deux personnes désactivée
audit-agreed-erase = { $name } a accepté d’effacer une personne
audit-agreed-key = { $name } a accepté une autre clé ou phrase
audit-agreed-rotate = { $name } a accepté de changer la clé maîtresse
audit-agreed-rule = { $name } a accepté de désactiver la règle des deux personnes
audit-agreed-host = { $name } a accepté d’ajouter un gestionnaire
audit-agreed-code = { $name } a accepté de créer un code de secours
audit-period-locked = Présences verrouillées jusqu’au { $date } inclus
audit-period-unlocked = Présences après le { $date } déverrouillées : { $reason }
audit-all-unlocked = Toutes les présences déverrouillées : { $reason }

## Hosts
hosts-text = Les gestionnaires ouvrent la gestion avec leur propre PIN.
hosts-done = Fait et enregistré.
hosts-add = Ajouter
hosts-add-title = Ajouter un gestionnaire
hosts-add-deed = Valider
hosts-name = Nom
hosts-new-pin = Nouveau PIN
hosts-old-pin = PIN actuel
hosts-change-pin = Changer mon PIN
hosts-change-deed = Changer
hosts-new-code = Nouveau code de secours
hosts-new-code-text = Le code de secours actuel devient nul. Le nouveau est montré une fois : ayez de quoi écrire.
hosts-new-code-deed = Le montrer
hosts-you = Vous
hosts-locked = Bloqué
hosts-recovered = Débloqué récemment
hosts-remove = Retirer
hosts-remove-spoken = Retirer { $name }
hosts-remove-title = Retirer { $name } ?
hosts-remove-text = Cette personne ne peut plus ouvrir la gestion. Ce qu’elle a fait reste au journal.
hosts-unlock = Débloquer
hosts-unlock-spoken = Débloquer { $name }
hosts-two-person = Règle des deux personnes
hosts-two-person-on = Activer
hosts-two-person-on-text = Désormais, un second gestionnaire doit donner son accord avec son PIN avant d’effacer une personne, de changer une clé, d’ajouter un gestionnaire, de créer un code de secours ou de désactiver cette règle.
hosts-two-person-off = Désactiver
hosts-two-person-off-text = Chaque gestionnaire pourra de nouveau, seul, effacer des personnes, changer des clés, ajouter des gestionnaires et créer des codes de secours. Un second gestionnaire doit être d’accord.
second-host-title = Un second gestionnaire doit donner son accord
second-host-text = La règle des deux personnes est active. Laissez un autre gestionnaire saisir son PIN ici.
second-host-who = Qui donne son accord ?
second-host-pin = Son PIN
second-host-deed = Donner son accord
second-host-locked = Trop de PIN faux. Un autre gestionnaire ou le code de secours doit débloquer cette personne.

## Keys and backup
keys-backup = Sauvegarde
keys-backup-text = Tout dans un seul fichier scellé : personnes, visages, pointages, journal et réglages. Avec sa phrase secrète, il peut être restauré sur n’importe quelle machine.
keys-backup-here = Sur cette borne, elle est perdue avec ce dont elle est la copie. Branchez une clé USB.
keys-backup-make = Faire une sauvegarde
keys-backup-words = Cette phrase seule ouvre la sauvegarde. Personne ne peut la retrouver : gardez-la loin de la clé USB.
keys-backup-deed = Enregistrer
keys-backup-saved = { $records ->
        [one] Sauvegarde de { $records } enregistrement : { $path }
       *[other] Sauvegarde de { $records } enregistrements : { $path }
    }
keys-passphrase = Phrase secrète
keys-passphrase-again = La même phrase encore une fois
keys-passphrase-length = Au moins { $least } caractères : quatre mots sans lien conviennent
keys-passphrase-same = Les deux sont identiques
keys-opens = Ce qui ouvre les données
keys-opens-file = Le fichier de clé { $path } ouvre les données, et la borne démarre sans surveillance. Qui emporte toute la machine a aussi la clé.
keys-opens-passphrase = Une phrase secrète ouvre les données. Quelqu’un la saisit à chaque démarrage.
keys-new-file = Nouveau fichier de clé
keys-new-file-text = Une nouvelle clé est tirée et enregistrée dans { $path }. Un fichier de clé de ce nom est gardé à côté sous un autre nom : supprimez-le dès qu’aucun autre dossier n’en a besoin.
keys-use-passphrase = Nouvelle phrase secrète
keys-use-passphrase-text = Désormais, la borne ne démarre que si quelqu’un donne cette phrase. Un service qui démarre seul a besoin de « --passphrase-file ». Si elle est oubliée, seule une sauvegarde aide.
keys-changed = Changé. Une ancienne copie des données s’ouvre encore avec l’ancienne clé : changez aussi la clé maîtresse si quelqu’un peut en avoir une.
keys-master = Clé maîtresse
keys-master-text = Elle scelle chaque enregistrement. Si quelqu’un a pu copier la clé et les données : d’abord un autre fichier de clé ou une autre phrase secrète, puis celle-ci.
keys-rotate = Changer la clé maîtresse
keys-rotate-sure = Chaque enregistrement est scellé à nouveau pendant que la borne continue. Cela peut durer des minutes ; l’éteindre entre-temps ne perd rien.
keys-rotate-deed = La changer
keys-rotating = La clé maîtresse est en cours de changement. La borne peut être utilisée entre-temps.

## Settings
settings-save = Enregistrer
settings-undo = Annuler
settings-as-saved = Tout est tel qu’enregistré.
settings-unsaved = Modifié, mais pas encore enregistré.
settings-saved = Enregistré à { $time }. Cela s’applique dès maintenant.
settings-restart-needed = Un changement s’appliquera au prochain démarrage.
settings-after-restart = S’applique après un redémarrage
settings-usual = Habituel : { $usual }
settings-range = De { $least } à { $most }.
settings-site = Site
settings-site-help = Figure sur la borne et sur les rapports.
settings-zone-help = Décide de ce que veut dire « 08:00 ».
settings-language = Langue
settings-marking = Pointage
settings-mode = Quand un visage reconnu veut dire entrée ou sortie
settings-mode-help = « Demander » propose entrée, sortie et pauses à l’écran.
settings-out-from = Sortie à partir de
settings-guard = Secondes avant de pointer de nouveau la même personne
settings-guard-help = Qui passe deux fois de suite est pointé une fois.
settings-day-start = Heure à laquelle commence une journée
settings-day-start-help = Les pointages après minuit et avant cette heure sont de la veille.
settings-screen = Écran
settings-look = Couleurs
settings-large-type = Grands caractères
settings-high-contrast = Contraste élevé
settings-keyboard = Clavier à l’écran
settings-keyboard-help = Automatique : il apparaît quand un doigt touche un champ de texte, pas avec une souris.
settings-saver = Secondes sans personne avant la mise en veille
settings-saver-help = Un visage ou un toucher réveille l’écran. 0 : jamais ; sinon 30 ou plus.
settings-sound = Sons à la porte
settings-sound-help = Reconnu, non reconnu et refusé ont chacun le leur. « Automatique » les joue s’il y a une sortie audio.
settings-sound-no-player = Rien ne joue de sons ici : installez alsa-utils
settings-sound-no-device = Aucune sortie audio connue
work-title = Temps de travail
work-text = Sans horaire, personne n’est en retard ni absent. Chacun peut avoir le sien.
work-grace = minutes qui ne comptent pas comme retard
work-rounding = Les heures d’un jour sont
work-breaks = Pauses déduites, comme { $example }
work-holidays = Jours fériés, un par ligne, comme { $example }
work-holidays-example = { $day } Noël
rounding-exact = non arrondies
rounding-nearest = arrondies à { $minutes } minutes
rounding-down = arrondies par défaut à { $minutes } minutes
rounding-up = arrondies par excès à { $minutes } minutes
shift-add = Ajouter une plage
shift-remove = Retirer
shift-remove-spoken = Retirer la plage { $shift }
shift-start = Début de la plage { $shift }
shift-end = Fin de la plage { $shift }
shift-no-day = Une plage a besoin d’au moins un jour.
shift-length = Une plage dure d’une minute à 16 heures.
shift-overlap = Deux plages se chevauchent.
shift-time = Saisissez les heures comme 08:00.
settings-camera-title = Caméra
settings-camera = Caméra
settings-camera-choose = Caméras au choix
settings-camera-auto = La première qui marche
settings-camera-demo = Démonstration intégrée
settings-camera-again = Chercher de nouveau
settings-camera-live = En marche : { $camera }
settings-camera-help = S’applique dès l’enregistrement. Dans le champ : auto, demo, un numéro, /dev/video0, un dossier d’images ou l’adresse http d’un flux Motion JPEG.
settings-rotate = Tourner l’image dans le sens horaire
settings-mirror = Montrer les gens comme dans un miroir
settings-recognition = Reconnaissance
settings-fpir = Visites d’inconnus pouvant être pris pour quelqu’un
settings-fpir-help = Moins est plus sûr, mais les personnes enregistrées doivent alors regarder plus souvent une seconde fois.
settings-device = Où calculent les réseaux
settings-device-help = « Automatique » prend une carte graphique si ce programme sait l’utiliser.
settings-liveness = Distinguer une personne de son image
settings-liveness-help = « Automatique » fait ce contrôle si un réseau pour cela est installé. S’applique après un redémarrage.
settings-bona-fide = Pour cent à partir desquels c’est une personne
settings-bona-fide-help = Plus haut refuse plus d’images, et plus de gens mal éclairés.
settings-renew-faces = Réinscrire les personnes au passage
settings-renew-faces-help = Après un changement de reconnaissance, qui pointe par identifiant et code PIN, seul devant la caméra, est réinscrit avec elle.
liveness-on = Toujours
liveness-off = Jamais
settings-detector = Réseau qui trouve les visages
settings-recogniser = Réseau qui distingue les personnes
settings-built-in = intégré
network-licence = Licence : { $licence }.
network-measured = Mesuré : { $share } des inconnus sont pris pour l’une de { $people } personnes.
network-asks = Parmi les { $people } personnes qu’il connaît ici, un visage est reconnu à partir d’une ressemblance de { $cosine }.
network-asks-beyond = Parmi les { $people } personnes qu’il connaît ici, un visage est reconnu à partir d’une ressemblance de { $cosine } (une estimation : moins de personnes ont été mesurées).
network-detector-help = Les visages ne sont mesurés pareillement que derrière le même détecteur : après un changement, réenregistrez les personnes.
network-not-measured = Ses erreurs n’ont pas été mesurées : un seuil prudent est utilisé.
network-again = À réenregistrer avec lui : { $people }.
network-title = Utiliser { $id } ?
network-unusable = { $id } est inutilisable. Réinstallez-le ou retirez-le.
network-left-out = { $people ->
        [one] Avec { $id }, une personne doit être réenregistrée avant que l’appareil la reconnaisse.
       *[other] Avec { $id }, { $people } personnes doivent être réenregistrées avant que l’appareil les reconnaisse.
    }
network-text = Les visages mesurés par un réseau ne sont jamais comparés à ceux d’un autre. Ce qui est enregistré reste : revenir en arrière ne demande pas de nouvel enregistrement. Le choix vaut une fois les réglages enregistrés et l’appareil redémarré.
network-deed = Utiliser
settings-weights-help = « faceprint weights install » en installe d’autres. Le choix vaut à partir du prochain démarrage.
settings-times = Durées
settings-not-me = Secondes pour dire « Pas moi »
settings-not-me-help = La carte reste aussi longtemps.
settings-idle = Secondes avant le verrouillage de la gestion
settings-idle-help = Comptées depuis le dernier toucher.
settings-consent = Consentement
settings-consent-help = Un texte modifié est gardé comme nouvelle version. Les personnes déjà enregistrées ont consenti à la version notée chez elles.
settings-keeping = Durée de conservation
settings-keep-marks = Jours après lesquels les pointages sont effacés
settings-keep-help = Effacés la nuit et notés au journal, y compris dans les périodes verrouillées. Le journal lui-même garde qui (sous un identifiant aléatoire) a été pointé et quand. 0 les garde toujours.
settings-keep-faces = Jours sans pointage après lesquels les données du visage sont effacées
settings-keep-faces-help = La personne reste et peut utiliser ID et PIN. 0 les garde toujours.
settings-kiosk = Ce programme
settings-quit = Fermer la borne
settings-quit-help = Arrête le programme. Plus personne n’est pointé jusqu’au prochain démarrage.
settings-keys = Clés et sauvegarde…
settings-keys-help = Une copie scellée de tout, et ce qui ouvre les données.
mode-toggle = Entrée, puis sortie, puis entrée
mode-out-from = Entrée avant une heure, sortie ensuite
mode-always-in = Toujours entrée
mode-always-out = Toujours sortie
mode-ask = Demander à la personne
look-system = Comme le système
look-light = Clair
look-dark = Sombre
device-auto = Automatique
device-cpu = Processeur
device-cuda = Carte NVIDIA
device-threads =
    Processeur, { $threads ->
        [one] un fil d’exécution
       *[other] { $threads } fils d’exécution
    }

## Diagnostics
diagnostics-well = Tout va bien.
diagnostics-captured = Caméra, images par seconde
diagnostics-processed = Reconnues, images par seconde
diagnostics-dropped = Images sautées
diagnostics-rates = Images par seconde, deux dernières minutes
diagnostics-plot-camera = Caméra
diagnostics-plot-recognised = Reconnues
diagnostics-times = Durée de chaque étape, deux dernières minutes
diagnostics-detect = Trouver les visages
diagnostics-embed = Mesurer un visage
diagnostics-frame = Image entière
diagnostics-camera = Caméra
diagnostics-weights = Réseaux
diagnostics-device = Calcul sur
diagnostics-templates = Visages enregistrés
diagnostics-threshold = Seuil
diagnostics-disk = Disque
diagnostics-disk-free = { $free } libres sur { $total }
diagnostics-data = Dossier de données
diagnostics-memory = Mémoire utilisée
diagnostics-temperature = Température
diagnostics-clock = Horloge
diagnostics-clock-kept = Tenue à l’heure par un service
diagnostics-clock-loose = Le service de temps ne l’a pas encore réglée
diagnostics-clock-unknown = Aucun service de temps de systemd
diagnostics-stages = Durée de chaque étape
diagnostics-stage = Étape
diagnostics-capture = Prendre l’image
diagnostics-convert = Convertir l’image
diagnostics-track = Suivre les visages
diagnostics-align = Aligner les visages
diagnostics-match = Comparer
diagnostics-liveness = Distinguer d’une image
diagnostics-decide = Décider et enregistrer
bench-title = Test de vitesse
bench-text = Mesure 300 images de la caméra de démonstration à côté de la borne en marche, comme « faceprint bench » sans elle.
bench-start = Lancer le test
bench-progress = { $done } images sur { $of }
bench-result = { $fps } images par seconde sur { $frames } images

## Quand quelque chose ne va pas
trouble-line = Ligne { $line } : { $text }
trouble-stick-gone = La clé n’est plus branchée. Choisissez à nouveau où enregistrer.
trouble-no-longer-enrolled = Cette personne n’est plus enregistrée. Adressez-vous au gestionnaire.
trouble-in-future = L’heure est dans le futur. Indiquez quand cela s’est passé.
trouble-reason-missing = Une correction demande un motif. Écrivez pourquoi.
trouble-reason-long = Le motif dépasse 300 caractères. Raccourcissez-le.
trouble-range-backwards = La période finit avant de commencer. Inversez les dates.
trouble-range-long = La période dépasse dix ans. Choisissez-en une plus courte.
trouble-mark-too-old = Ce pointage est trop ancien pour être annulé ici. Adressez-vous au gestionnaire.
trouble-pictures-gone = Ces images n’existent plus. Reprenez-les.
trouble-not-renewed = Cette personne est inactive ou a retiré son consentement.
trouble-needs-no-second = Ceci ne demande pas de second gestionnaire. Faites-le seul.
trouble-second-is-first = Le second gestionnaire doit être un autre que le premier. Laissez quelqu’un d’autre approuver.
trouble-unlocks-themselves = Un autre gestionnaire doit vous débloquer. Demandez à l’un d’eux.
trouble-no-key-file = Cette borne n’a pas de place pour un fichier de clé. Utilisez « faceprint key change ».
trouble-recovered-lately = Un gestionnaire dont le PIN a été défini avec le code de secours, ou qui a été débloqué, ne participe pendant sept jours à rien qui en demande deux. Demandez à un autre gestionnaire, ou attendez.
trouble-internal = Une erreur interne l’a empêché. Réessayez.
trouble-under-way = Autre chose est en cours. Attendez, ou arrêtez-le.
trouble-stopped = Arrêté avant la fin. Il n’en reste rien.
trouble-closed-meanwhile = Les données ont été fermées entre-temps. Réessayez.
trouble-store-closed = Les données sont fermées pour le moment. Réessayez dans quelques secondes.
trouble-visit-lost = Votre passage n’a pas été enregistré : les données sont fermées. Prévenez un gestionnaire.
trouble-nobody-came = Personne n’a été enregistré pendant deux minutes. Recommencez.
trouble-begun-anew = La reconnaissance a redémarré entre-temps. Recommencez.
trouble-not-set-up = La borne n’est pas encore configurée. Terminez la première mise en route.
trouble-set-up-already = Cette borne est déjà configurée. Connectez-vous comme gestionnaire.
trouble-recogniser-silent = La reconnaissance ne répond pas. Attendez qu’elle redémarre, puis réessayez.
trouble-recogniser-restarts = La reconnaissance s’est arrêtée sur une erreur interne et reprend d’elle-même. Si cela revient, redémarrez la borne et signalez-le.
trouble-ledger-restarts = L’enregistrement s’est arrêté sur une erreur interne. Les données sont rouvertes automatiquement.
trouble-write-failed = Un pointage n’a pas pu être écrit. Les données sont rouvertes automatiquement.
trouble-weights-changed = Le réseau de reconnaissance a changé pendant le fonctionnement. Redémarrez la borne.
trouble-networks = La reconnaissance ne fonctionne pas. Lancez « faceprint doctor » sur cette machine.
trouble-disk-full = Le disque est plein. Libérez de la place et réessayez ; rien de ce qui était enregistré n’est perdu.
trouble-unreadable = Impossible de lire { $path } : { $reason }
trouble-unwritable = Impossible d’écrire { $path } : { $reason }
trouble-file-exists = { $path } existe déjà. Choisissez un autre nom.
trouble-report = Le rapport n’a pas pu être écrit : { $reason }
trouble-font = La police des PDF est illisible. Réinstallez le programme, ou exportez en CSV.
trouble-damaged = Les données sont endommagées ({ $place }). Laissez le dossier tel quel et restaurez une sauvegarde.
place-entry = { $file }, entrée { $entry }, octet { $byte }
place-missing = les entrées { $from } à { $to } du journal manquent
place-checkpoint = point de contrôle, partie { $part }
place-record = un enregistrement : { $kind }
place-person-keys = Clés des personnes
place-faces = Données de visage
place-attempts = PIN erronés
place-person-pins = PIN des personnes
trouble-later = { $what } vient d’une version plus récente de faceprint. Mettez celle-ci à jour.
trouble-later-rules = Les règles de calcul des jours verrouillés viennent d’une version plus récente de faceprint. Mettez celle-ci à jour.
trouble-store-failed = Plus rien ne peut être écrit depuis une panne. Redémarrez la borne ; rien de ce qui était enregistré n’est perdu.
trouble-store-there = { $path } contient déjà des données. Ouvrez-les, ou choisissez un dossier vide.
trouble-store-missing = { $path } ne contient pas de données. Configurez la borne, ou indiquez le bon dossier avec --data.
trouble-store-keyless = { $path } contient des données sans vault.key : elles sont illisibles. Récupérez ce fichier d’une sauvegarde.
trouble-store-in-use = Une autre borne utilise déjà { $path }. Arrêtez-la d’abord.
trouble-key-missing = Le fichier de clé { $path } manque. Remettez-le, ou restaurez une sauvegarde dans un dossier vide.
trouble-key-open = Le fichier de clé { $path } est lisible par d’autres utilisateurs. Appliquez-lui « chmod 600 ».
trouble-key-damaged = { $path } n’est pas un fichier de clé complet. Remettez celui d’origine.
trouble-key-unusable = Le fichier de clé { $path } est inutilisable. Vérifiez le dossier et ses droits.
trouble-wrong-key = Cette clé n’ouvre pas les données. Utilisez le fichier de clé ou la phrase secrète d’origine.
trouble-key-blob = Les clés des données (vault.key) sont endommagées. Récupérez-les d’une sauvegarde.
trouble-machine = La machine manque de mémoire ou de nombres aléatoires. Redémarrez-la.
trouble-too-long = Ce texte est trop long. Raccourcissez-le.
trouble-no-such-person = Cette personne n’existe plus. Rouvrez la page.
trouble-no-such-host = Ce gestionnaire n’existe plus. Rouvrez la page.
trouble-no-recovery-code = Il n’y a pas de code de secours. Un autre gestionnaire doit débloquer celui-ci.
trouble-last-host = C’est le seul gestionnaire. Ajoutez-en d’abord un autre.
trouble-last-pair = La règle des deux personnes est active et demande deux gestionnaires. Ajoutez-en d’abord un autre, ou désactivez-la ensemble.
trouble-no-pair = La règle des deux personnes demande deux gestionnaires. Ajoutez-en d’abord un autre.
trouble-no-such-mark = Cette personne n’a pas de pointage { $event }. Rouvrez la page.
trouble-already-corrected = Le pointage { $event } a déjà été corrigé. Corrigez le plus récent.
trouble-badge-taken = Ce numéro de badge est à quelqu’un d’autre. Prenez-en un autre, ou aucun.
trouble-host-taken = Un gestionnaire porte déjà ce nom. Prenez-en un autre.
trouble-erasure-pending = La personne est effacée, mais d’anciens fichiers qui en gardent la trace n’ont pas encore pu être supprimés. La borne réessaie chaque minute, et à chaque arrêt et démarrage.
trouble-settings-file = Le fichier de réglages { $path } est incompréhensible. Corrigez-le, ou supprimez-le pour repartir des valeurs d’origine.
trouble-setting = Le réglage « { $label } » ({ $field } dans le fichier de réglages) ne peut pas avoir cette valeur.
trouble-setting-key = Le réglage { $field } ne peut pas avoir cette valeur.
trouble-list-large = La liste dépasse { $most } Mo. Divisez-la.
trouble-list-rows = La liste dépasse { $most } lignes. Divisez-la.
trouble-list-coding = La liste n’est pas en UTF-8. Enregistrez-la en « CSV UTF-8 » dans le tableur.
trouble-list-name = La liste n’a pas de colonne « name ». Sa première ligne doit nommer les colonnes, par exemple name,badge.
trouble-list-broken = La liste est illisible. Enregistrez-la à nouveau en CSV.
trouble-wrong-code = Le code de secours est faux. Tapez-le comme il a été montré.
trouble-locked = Les présences sont verrouillées jusqu’au { $until } inclus, par { $name } le { $date }. Un gestionnaire peut les déverrouiller, avec un motif.
trouble-day-not-over = Seuls les jours passés peuvent être verrouillés. Choisissez hier ou avant.
trouble-too-long-ago = Rien n’est si ancien. Vérifiez l’année.
trouble-unlock-reason = Déverrouiller demande un motif. Écrivez pourquoi.
trouble-locked-already = Les présences sont déjà verrouillées jusqu’au { $date } inclus. Choisissez un jour plus tard.
trouble-locked-only = Les présences ne sont verrouillées que jusqu’au { $date } inclus. Choisissez un jour plus tôt.
trouble-nothing-locked = Aucun jour n’est verrouillé. Il n’y a rien à déverrouiller.
reason-full = il n’y a plus de place. Libérez-en, ou choisissez un autre endroit.
reason-missing = introuvable. Rebranchez la clé, ou choisissez un autre endroit.
reason-denied = cet utilisateur n’en a pas le droit. Vérifiez les droits.
reason-read-only = en lecture seule. Poussez le verrou de la clé, ou choisissez un autre endroit.
reason-pulled = le disque ou la clé ne répond pas. Si la clé a été retirée, rebranchez-la et réessayez.
reason-other = le système indique l’erreur { $number }. Vérifiez le disque ou la clé.
setting-weights = L’identifiant d’un réseau est celui qu’affiche « faceprint weights list ».
setting-camera = Ce n’est pas une caméra : auto, demo, un nombre, /dev/video0, un dossier d’images ou une adresse http.
setting-breaks = Écrivez les pauses comme 30 après 6:00 (minutes de pause, heures de travail).
setting-holidays = Écrivez un jour férié comme { $example }, suivi de son nom.
setting-shifts = Un horaire a au plus { $most } plages. Retirez-en.
audit-fault-missing = L’entrée { $number } manque.
audit-fault-unreadable = L’entrée { $number } est illisible : elle a été modifiée ou déplacée.
audit-fault-changed = L’entrée { $number } a été modifiée, ou une autre avant elle.
audit-fault-cut = Le journal a été coupé : il n’a pas d’entrée { $number }.
audit-fault-replaced = L’entrée { $number } n’est pas celle de cette tête. Si la tête est bien recopiée, le journal a été réécrit.
bench-failed = Le test de vitesse n’a pas pu se faire.
