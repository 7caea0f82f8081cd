# Alle Worte auf dem Bildschirm. Die Kennung beginnt mit dem Bildschirm. Sätze enden mit einem Punkt.

## Überall
button-back = Zurück
button-next = Weiter
button-cancel = Abbrechen
button-working = Einen Moment …
kind-in = Kommen
kind-out = Gehen
kind-break = Pause
kind-back = Zurück
date-long = { $weekday ->
        [1] Montag
        [2] Dienstag
        [3] Mittwoch
        [4] Donnerstag
        [5] Freitag
        [6] Samstag
       *[7] Sonntag
    }, { $day }. { $month ->
        [1] Januar
        [2] Februar
        [3] März
        [4] April
        [5] Mai
        [6] Juni
        [7] Juli
        [8] August
        [9] September
        [10] Oktober
        [11] November
       *[12] Dezember
    } { $year }
workers-busy = das Gerät ist beschäftigt: gleich noch einmal versuchen

## Kamera
camera-picture = Kamerabild
camera-opening = Die Kamera startet …
camera-retry = Neuer Versuch in { $wait }.
camera-missing = Keine Kamera gefunden.
camera-missing-help = Bitte anstecken oder in den Einstellungen eine andere wählen.
camera-busy = Ein anderes Programm benutzt die Kamera.
camera-busy-help = Bitte dieses Programm schließen.
camera-unplugged = Die Kamera wurde getrennt.
camera-unplugged-help = Bitte das Kabel prüfen.
camera-frozen = Die Kamera sendet keine Bilder mehr.
camera-frozen-help = Wenn das anhält, bitte ab- und wieder anstecken.
camera-denied = Die Kamera darf nicht benutzt werden.
camera-denied-help = Bitte diesem Benutzer den Zugriff erlauben (unter Linux: Gruppe „video“).
camera-ended = Die Aufzeichnung ist zu Ende.
camera-ended-help = Bitte in den Einstellungen eine andere Kamera wählen.
camera-failed = Die Kamera funktioniert nicht.
camera-failed-help = Mehr steht in der Diagnose und im Protokoll des Systems.

## Für alle
attendee-host-mode = Verwaltung
attendee-opening = Einen Moment, bitte
attendee-no-picture = Die Kamera ist nicht verfügbar
attendee-ready = Bitte in die Kamera schauen
attendee-reading = Einen Moment …
attendee-recognised = Danke
attendee-unknown = Nicht erkannt. Bitte bei der Verwaltung melden
attendee-refused = Bitte das Gesicht zeigen, kein Bild
attendee-welcome = Willkommen
attendee-welcome-text = Vor die Kamera treten und hineinschauen. Nach einer Sekunde sind Sie eingetragen.
advice-closer = Bitte näher kommen
advice-middle = Bitte in die Mitte treten
advice-turn = Bitte zur Kamera drehen
advice-upright = Bitte den Kopf gerade halten
advice-dark = Hier ist es zu dunkel
advice-bright = Hier ist zu viel Licht
advice-still = Bitte still halten
card-checked-in = Gekommen { $time }
card-checked-out = Gegangen { $time }
card-break-began = Pause seit { $time }
card-back = Zurück um { $time }
card-already-in = Schon gekommen { $time }
card-already-out = Schon gegangen { $time }
card-already-break = Pause schon seit { $time }
card-already-back = Schon zurück seit { $time }
card-in-or-out = Kommen oder gehen?
card-not-me = Das bin ich nicht
card-struck-out = Entfernt
card-struck-out-text = Der Eintrag zählt nicht mehr.
card-not-recorded = Nichts wurde eingetragen

## Erster Start
first-step = Schritt { $step } von { $steps }
first-site-title = Gerät einrichten
first-site-text = Der Name steht auf dem Gerät und auf Berichten. Die Zeitzone bestimmt, was „08:00“ bedeutet.
first-site-name = Name des Standorts
first-site-hint = Zum Beispiel: Haupteingang
first-site-rule = Der Standort braucht einen Namen mit höchstens 80 Zeichen.
first-zone = Zeitzone
first-zone-rule = Die Zeitzone ist ein Name wie Europe/Berlin oder UTC.
first-host-title = Wer betreut das Gerät?
first-host-text = Wer es verwaltet, trägt Personen ein, berichtigt Einträge und gibt Berichte aus. Nur mit eigener PIN.
first-host-name = Ihr Name
first-host-rule = Bitte den Namen eingeben.
first-pin = PIN
first-pin-again = Dieselbe PIN noch einmal
first-camera-title = Kamera ausrichten
first-camera-text = In Augenhöhe, etwa 1,6 m über dem Boden, mit Licht auf den Gesichtern und ohne Fenster im Rücken.
first-camera-advice = Dort hinstellen, wo später alle stehen, etwa einen Meter entfernt. Das Gesicht soll im Bild sein.
first-camera-good = Von hier ist das Gesicht gut zu lesen.
first-finish = Fertig
pin-shape = Eine PIN hat 6 bis 12 Ziffern.
pin-guessable = Diese PIN würde jeder zuerst versuchen: bitte eine andere wählen.
pin-again-differs = Die beiden PINs sind noch nicht gleich.

## Anmelden
login-title = Verwaltung
login-who = Wer sind Sie?
login-as = { $name }, bitte die PIN eingeben.
login-loading = Einen Moment …
login-digits = { $count ->
        [one] { $count } Ziffer eingegeben
       *[other] { $count } Ziffern eingegeben
    }
login-delete = Letzte Ziffer löschen
login-unlock = Entsperren
login-checking = Wird geprüft …
login-wrong = { $tries ->
        [one] Diese PIN ist falsch. Noch ein Versuch.
       *[other] Diese PIN ist falsch. Noch { $tries } Versuche.
    }
login-locked-for = Zu viele falsche PINs. Neuer Versuch in { $wait }.
login-locked = Zu viele falsche PINs. Jemand anderes aus der Verwaltung muss Sie entsperren.
login-try-again = Sie können es jetzt wieder versuchen.

## Verwaltung
page-today = Heute
page-people = Personen
page-export = Ausgabe
page-audit = Protokoll
page-settings = Einstellungen
page-diagnostics = Diagnose
host-logged-in = { $name }
host-lock = Sperren
host-locks-in = Sperrt in { $wait }

## Personen
people-add = Person hinzufügen
people-search = Name oder Ausweis suchen
people-none = Noch niemand
people-none-text = Die erste Person hinzufügen, dann drei Aufnahmen des Gesichts machen.
people-not-found = Niemand mit diesem Namen oder Ausweis.
people-name = Name
people-badge = Ausweis
people-badge-optional = Ausweis oder Nummer, falls üblich
people-state = Zustand
people-enrolled = Aufgenommen
people-not-enrolled = Ohne Aufnahme
people-inactive = Inaktiv
people-enrol = Aufnehmen
people-enrol-again = Neu aufnehmen
people-enrol-spoken = { $name } aufnehmen
people-erase = Löschen
people-erase-spoken = { $name } löschen
people-add-title = Person hinzufügen
people-add-deed = Hinzufügen
people-erase-title = { $name } löschen?
people-erase-text = Die Gesichtsdaten, der Name und alles andere über diese Person werden vernichtet. Alte Einträge bleiben ohne Namen erhalten. Das lässt sich nicht rückgängig machen.
people-erase-understood = Mir ist klar, dass das nicht rückgängig zu machen ist
people-erase-deed = Löschen

## Aufnahme
enrol-title = { $name } aufnehmen
enrol-close = Schließen
enrol-start = Beginnen
enrol-shots = { $taken } von { $wanted } Aufnahmen
enrol-no-face = Niemand ist im Bild. Bitte vor die Kamera treten.
enrol-several-faces = Mehr als ein Gesicht. Bitte allein davorstehen.
enrol-pose = Noch ein wenig weiter.
enrol-done = { $shots ->
        [one] Mit { $shots } Aufnahme gespeichert.
       *[other] Mit { $shots } Aufnahmen gespeichert.
    }
enrol-done-text = Die Bilder werden nicht behalten, nur was zum Erkennen nötig ist. Ab jetzt kennt das Gerät dieses Gesicht.
enrol-failed-text = Nichts wurde gespeichert.
enrol-again = Noch einmal
enrol-back = Zurück zu den Personen
pose-front = In die Kamera schauen
pose-aside = Ein wenig nach links drehen
pose-other-side = Ein wenig nach rechts drehen
consent-title = Einwilligung
consent-text = Das Gerät vermisst Ihr Gesicht und speichert die Maße versiegelt und nur auf diesem Gerät, um Kommen und Gehen festzuhalten. Kein Bild wird behalten. Sie dürfen ablehnen und jederzeit alles löschen lassen.
consent-version = Fassung { $version }
consent-tick = Die Person hat das gelesen und willigt ein

## Heute
today-add = Eintrag hinzufügen
today-day-before = Tag davor
today-next-day = Tag danach
today-present = Anwesend von { $people }
today-inside = Jetzt im Haus
today-absent = Nicht gesehen
today-none = Keine Einträge an diesem Tag
today-none-text = Sie erscheinen hier, sobald jemand kommt oder geht.
today-time = Zeit
today-kind = Eintrag
today-source = Herkunft
today-by-face = Gesicht
today-by-host = Von Hand
today-by-pin = Nummer und PIN
today-not-me = „Das bin ich nicht“
today-corrected = Berichtigt
today-erased = Gelöschte Person
today-correct = Berichtigen
today-correct-spoken = { $name } { $time } berichtigen
today-add-title = Eintrag hinzufügen
today-add-deed = Hinzufügen
today-person = Person
today-choose-person = Person wählen
today-time-field = Zeit, wie 08:00
today-reason = Grund
today-reason-hint = Wird mit dem Eintrag aufbewahrt
today-correct-title = Eintrag berichtigen
today-correct-deed = Speichern
today-replace = Ersetzen
today-strike-out = Streichen
today-strike-out-text = Der Eintrag zählt nicht mehr. Er bleibt mit dem Grund in den Akten.

## Ausgabe
export-text = Alle Einträge vom ersten bis zum letzten Tag, mit Berichtigungen und Gründen.
export-today = Heute
export-this-week = Diese Woche
export-this-month = Dieser Monat
export-last-month = Letzter Monat
export-from = Erster Tag
export-to = Letzter Tag
export-format = Format
export-csv = CSV-Tabelle
export-pdf = PDF-Bericht
export-range-rule = Beide Tage als 2026-01-31 eingeben, den ersten nicht nach dem letzten.
export-save = Speichern
export-saved = { $rows ->
        [one] { $rows } Zeile gespeichert in { $path }
       *[other] { $rows } Zeilen gespeichert in { $path }
    }

## Protokoll
audit-text = Neueste zuerst. Jeder Eintrag hängt am vorigen; die Kette prüft „faceprint audit verify“.
audit-refresh = Aktualisieren
audit-none = Keine Einträge
audit-none-text = Was an diesem Gerät geschieht, erscheint hier.
audit-number = Nr.
audit-time = Zeit
audit-who = Wer
audit-what = Was
audit-kiosk = Gerät
audit-somebody = Jemand aus der Verwaltung
audit-erased-person = eine gelöschte Person
audit-store-created = Gerät eingerichtet
audit-started = Gestartet
audit-stopped = Beendet
audit-rebuilt = Speicher nach unsauberem Ende neu aufgebaut
audit-host-added = { $name } zur Verwaltung hinzugefügt
audit-login = { $name } hat die Verwaltung geöffnet
audit-login-failed = Falsche PIN für { $name }
audit-locked-out = { $name } ausgesperrt
audit-session-timed-out = Verwaltung hat sich gesperrt
audit-session-ended = Verwaltung gesperrt
audit-person-added = { $name } hinzugefügt
audit-person-changed = { $name } geändert
audit-enrolled = { $shots ->
        [one] { $name } mit { $shots } Aufnahme gespeichert
       *[other] { $name } mit { $shots } Aufnahmen gespeichert
    }
audit-person-erased = Eine Person gelöscht
audit-marked-in = { $name } gekommen
audit-marked-out = { $name } gegangen
audit-marked-break = Pause begonnen: { $name }
audit-marked-back = Zurück aus der Pause: { $name }
audit-corrected = Eintrag { $old } durch { $new } ersetzt
audit-exported = { $rows ->
        [one] { $rows } Zeile ausgegeben
       *[other] { $rows } Zeilen ausgegeben
    }
audit-settings-changed = Einstellungen geändert
audit-weights-changed = Netz { $id } in Gebrauch
audit-presentation-refused = Wies ein Bild von jemandem ab
audit-clock-jumped = Die Uhr sprang um { $secs } s
audit-host-removed = { $name } aus der Verwaltung entfernt
audit-pin-changed = Neue PIN für { $name }
audit-unlocked = { $name } entsperrt
audit-recovery-made = Wiederherstellungscode erstellt
audit-recovery-used = Wiederherstellungscode für { $name } benutzt
audit-recovery-wrong = Falscher Wiederherstellungscode
audit-pin-set = PIN für { $name } gesetzt
audit-pin-removed = PIN von { $name } entfernt
audit-consent-withdrawn = { $name } hat die Einwilligung widerrufen; Gesichtsdaten vernichtet
audit-key-changed = Andere Schlüsseldatei oder Passphrase öffnet den Speicher
audit-key-rotation-begun = Wechsel des Hauptschlüssels begonnen
audit-key-rotated = Hauptschlüssel gewechselt
audit-backed-up = Sicherung von { $records } Einträgen erstellt
audit-restored = Speicher aus einer Sicherung wiederhergestellt
audit-person-exported = Daten von { $name } ausgegeben
audit-swept = Nach der Aufbewahrungsregel gelöscht: { $marks } Buchungen, Gesichtsdaten von { $faces } Personen

## Einstellungen
settings-save = Speichern
settings-saved = Gespeichert. Eine neue Kamera öffnet sich in wenigen Sekunden.
settings-site = Standort
settings-language = Sprache
settings-marking = Eintragen
settings-mode = Wann ein erkanntes Gesicht Kommen oder Gehen bedeutet
settings-out-from = Gehen ab
settings-guard = Sekunden, bevor dieselbe Person neu eingetragen wird
settings-day-start = Uhr: Beginn eines Anwesenheitstages
settings-camera-title = Kamera
settings-camera = Kamera: auto, demo, eine Nummer, /dev/video0, ein Ordner oder eine http-Adresse
settings-mirror = Wie im Spiegel zeigen
settings-times = Zeiten
settings-not-me = Sekunden für „Das bin ich nicht“
settings-idle = Sekunden, bis sich die Verwaltung sperrt
mode-toggle = Kommen, dann gehen, dann kommen
mode-out-from = Vor einer Uhrzeit kommen, danach gehen
mode-always-in = Immer kommen
mode-always-out = Immer gehen
mode-ask = Die Person fragen

## Diagnose
diagnostics-well = Alles in Ordnung.
diagnostics-captured = Kamera, Bilder je Sekunde
diagnostics-processed = Erkennung, Bilder je Sekunde
diagnostics-dropped = Übersprungene Bilder
diagnostics-camera = Kamera
diagnostics-weights = Netze
diagnostics-device = Läuft auf
diagnostics-templates = Gespeicherte Gesichter
diagnostics-threshold = Schwelle
diagnostics-stages = Zeit je Schritt
diagnostics-stage = Schritt
