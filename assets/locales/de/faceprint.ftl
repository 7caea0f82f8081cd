# Every word on the screen. Ids begin with the screen that says them. Sentence case; sentences end with a full stop.

## Used on many screens
button-back = Zurück
button-next = Weiter
button-cancel = Abbrechen
button-close = Schließen
button-done = Fertig
button-stop = Anhalten
button-working = Einen Moment …
work-progress = { $done } von { $total }
kind-in = Kommen
kind-out = Gehen
kind-break = Pause
kind-back = Zurück
weekday-short = { $weekday ->
        [1] Mo
        [2] Di
        [3] Mi
        [4] Do
        [5] Fr
        [6] Sa
       *[7] So
    }
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
keyboard-shift = Großbuchstaben
keyboard-backspace = Buchstaben davor löschen
keyboard-enter = Eingabe
keyboard-space = Leerzeichen
keyboard-letters = Buchstaben
keyboard-figures = Ziffern und Zeichen
keyboard-accents = Buchstaben mit Akzenten
keyboard-close = Tastatur schließen

## Camera
camera-picture = Kamerabild
camera-opening = Die Kamera startet …
camera-retry = Neuer Versuch in { $wait }.
camera-mode = { $name }, { $width }×{ $height }, { $format }
camera-mode-rate = { $name }, { $width }×{ $height }, { $format }, { $rate } Bilder/s
camera-pictures = Ordner mit Bildern
camera-network = Netzwerkkamera
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

## For everybody
attendee-host-mode = Verwaltung
attendee-opening = Einen Moment, bitte
attendee-no-picture = Die Kamera ist nicht verfügbar
attendee-ready = Bitte in die Kamera schauen
attendee-reading = Einen Moment …
attendee-recognised = Danke
attendee-unknown = Nicht erkannt. ID und PIN nutzen oder bei der Verwaltung melden
attendee-refused = Bitte das Gesicht zeigen, kein Bild
attendee-welcome = Willkommen
attendee-welcome-text = In die Kamera schauen oder ID und PIN benutzen. Beides zählt gleich.
attendee-use-pin = Mit ID und PIN
lamp-camera = Kamera
lamp-storage = Speicher
lamp-clock = Uhr
lamp-well = in Ordnung
lamp-notice = bitte nachsehen
lamp-alarm = Störung
lamp-spoken = { $what }: { $state }
saver-hint = Näher kommen oder den Bildschirm berühren
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
card-today = Heute { $hours } h
card-not-me = Nicht ich
card-struck-out = Entfernt
card-struck-out-text = Der Eintrag zählt nicht mehr.
card-face-renewed = Ab jetzt wieder am Gesicht erkannt
card-not-recorded = Nichts wurde eingetragen

## ID and PIN
badge-title = Ihre ID oder Ausweisnummer
badge-pin-title = Ihre PIN
badge-of = ID { $badge }
badge-typed = Eingegeben: { $badge }
badge-letters = ABC
badge-digits = 123
badge-delete = Letztes Zeichen löschen
badge-next = Weiter
badge-done = Fertig
badge-wrong = { $tries ->
        [one] ID oder PIN ist falsch. Noch ein Versuch.
       *[other] ID oder PIN ist falsch. Noch { $tries } Versuche.
    }
badge-locked = Zu viele falsche PINs. Bitte bei der Verwaltung melden.

## First start
first-language-title = Gerät einrichten
first-language-text = Sprache der Anzeige wählen. Sie lässt sich später ändern.
first-step = Schritt { $step } von { $steps }
first-site-title = Wo steht es?
first-site-text = Der Name steht auf dem Gerät und auf Berichten. Die Zeitzone bestimmt, was „08:00“ bedeutet.
first-site-name = Name des Standorts
first-site-hint = Zum Beispiel: Haupteingang
first-site-rule = Der Standort braucht einen Namen mit höchstens 80 Zeichen.
first-zone = Zeitzone
first-zone-rule = Die Zeitzone ist ein Name wie Europe/Berlin oder UTC.
first-zone-now = Dort ist es jetzt { $time } Uhr.
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
first-consent-title = Worin alle einwilligen
first-consent-text = Wer erfasst wird, sieht zuerst diesen Text und muss einwilligen. Passen Sie ihn Ihrem Standort an; jede Änderung ist eine neue Fassung.
first-consent-rule = Der Text hat höchstens 4.000 Zeichen.
first-finish = Fertig
pin-shape = 6 bis 12 Ziffern
pin-host-shape = 6 bis 12 Ziffern, oder ein Satz mit 12 bis 64 Zeichen
pin-guessable = Keine naheliegende wie 123456 oder 111111
pin-again-same = Zweimal gleich eingegeben

## Login
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
login-recover = Wiederherstellungscode benutzen
recover-title = Wiederherstellungscode
recover-text = Er wurde beim Einrichten einmal gezeigt. Er entsperrt Sie; mit einer neuen PIN ersetzt er die alte.
recover-code = Wiederherstellungscode
recover-deed = Damit entsperren

## Recovery code
code-title = Diesen Wiederherstellungscode aufschreiben
code-text = Er öffnet die Verwaltung, wenn alle ihre PIN vergessen haben. Er wird nur jetzt gezeigt. Bewahren Sie ihn dort auf, wo nur die Verwaltung hinkommt, nicht am Gerät.
code-written = Ich habe ihn aufgeschrieben
code-go-on = Weiter

## Host mode
page-today = Heute
page-people = Personen
page-attendance = Einträge
page-reports = Berichte
page-audit = Protokoll
page-hosts = Verwalter
page-keys = Schlüssel und Sicherung
page-settings = Einstellungen
page-diagnostics = Diagnose
host-logged-in = { $name }
host-lock = Sperren
host-locks-in = Sperrt in { $wait }

## People
people-add = Person hinzufügen
people-search = Name oder Ausweis suchen
people-count = { $shown } von { $people }
people-filter = Wer aufgeführt ist
filter-everybody = Alle
filter-active = Aktiv
filter-any-kind = Jede Art
filter-any-source = Jede Herkunft
people-none = Noch niemand
people-none-text = Die erste Person hinzufügen, dann drei Aufnahmen des Gesichts machen.
people-not-found = Niemand mit diesem Namen oder Ausweis.
people-none-listed = In dieser Liste steht niemand.
people-name = Name
people-badge = Ausweis
people-badge-optional = Ausweis oder Nummer, falls üblich
people-state = Zustand
people-consent = Einwilligung
people-enrolled = Aufgenommen
people-not-enrolled = Ohne Aufnahme
people-again = Neu aufnehmen
people-inactive = Inaktiv
people-enrol = Aufnehmen
people-enrol-again = Neu aufnehmen
people-enrol-spoken = { $name } aufnehmen
people-erase = Löschen
people-erase-spoken = { $name } löschen
people-edit = Ändern
people-edit-spoken = { $name } ändern
people-edit-title = { $name } ändern
people-edit-deed = Speichern
people-active = Aktiv: wird erkannt und erwartet
people-own-schedule = Eigener Arbeitsplan
people-pin = PIN für Einträge ohne Gesicht (noch keine)
people-pin-set = Neue PIN für Einträge ohne Gesicht (eine ist gesetzt)
people-pin-locked = PIN für Einträge ohne Gesicht (nach Fehlversuchen gesperrt)
people-pin-rule = 6 bis 12 Ziffern, keine, die jeder errät.
people-unlock = PIN entsperren
people-no-consent = Eine Einwilligung in Gesichtsdaten liegt nicht vor.
people-consent-given = Textfassung { $version } am { $date } zugestimmt.
people-withdraw = Einwilligung widerrufen
people-withdraw-sure = Gesichtsdaten jetzt vernichten
import-open = Liste einlesen
import-title = Personenliste einlesen
import-text = Eine CSV-Datei wählen, deren erste Zeile die Spalten name und badge nennt. Nichts ändert sich, bevor zu sehen ist, was jede Zeile bewirkt.
import-no-list = Hier ist keine CSV-Datei.
import-counts = { $add } neu, { $rename } umbenannt, { $known } schon bekannt, { $refused } abgelehnt.
import-line = Zeile
import-deed = Wirkung
import-add = Neu
import-rename = Neuer Name
import-known = Schon bekannt
import-refuse = Abgelehnt
import-name-empty = hat keinen Namen
import-name-long = Name über 100 Zeichen
import-line-break = Name mit Zeilenumbruch
import-badge-long = Ausweis über 64 Zeichen
import-badge-twice = Ausweis doppelt
import-do = { $rows ->
        [one] { $rows } Zeile übernehmen
       *[other] { $rows } Zeilen übernehmen
    }
import-done = { $added } neu, { $changed } umbenannt.
people-erase-open = Löschen …
people-export-own = Daten dieser Person ausgeben
people-exported = Was über diese Person gespeichert ist, steht in { $path }
people-add-title = Person hinzufügen
people-add-deed = Hinzufügen
people-erase-title = { $name } löschen?
people-erase-text = Die Gesichtsdaten, der Name und alles andere, was das Gerät über diese Person aufbewahrt, werden vernichtet. Alte Einträge bleiben ohne Namen erhalten. Früher gespeicherte Berichte nennen sie weiterhin. Das lässt sich nicht rückgängig machen.
people-erase-understood = Mir ist klar, dass das nicht rückgängig zu machen ist
people-erase-deed = Löschen

## Enrolment
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
enrol-already = Dieses Gesicht ist schon erfasst, als { $name }.
enrol-already-text = An der Tür würden beide für eine Person gehalten. Nur speichern, wenn es zwei sind, etwa Zwillinge.
enrol-store = Trotzdem speichern
enrol-drop = Nicht speichern
enrol-look-alike = { $name } sieht ähnlich aus. Werden die beiden verwechselt, beide bei besserem Licht neu erfassen.
enrol-failed-text = Nichts wurde gespeichert.
enrol-again = Noch einmal
enrol-back = Zurück zu den Personen
pose-front = In die Kamera schauen
pose-aside = Ein wenig nach links drehen
pose-other-side = Ein wenig nach rechts drehen
consent-title = Einwilligung
consent-text = Das Gerät vermisst Ihr Gesicht und speichert die Maße versiegelt und nur auf diesem Gerät, um Kommen und Gehen festzuhalten. Kein Bild wird behalten. Sie dürfen ablehnen und jederzeit alles löschen lassen.
consent-version = Fassung { $version }
consent-built-in = Vorgegebenen Text benutzen
consent-tick = Die Person hat das gelesen und willigt ein

## Today
today-enrol-again = { $people ->
        [one] Eine Person, die zugestimmt hat, ist dem benutzten Netz unbekannt. Bitte auf der Seite Personen neu erfassen.
       *[other] { $people } Personen, die zugestimmt haben, sind dem benutzten Netz unbekannt. Bitte auf der Seite Personen neu erfassen.
    }
today-add = Eintrag hinzufügen
today-day-before = Tag davor
today-next-day = Tag danach
today-inside = Im Haus
today-everybody = Alle
today-marks = Einträge
today-late = Zu spät
today-not-seen = Nicht gesehen
today-gone = Gegangen
today-nobody = Niemand.
today-holiday = Feiertag
today-audit-head = Protokoll { $head }
today-came = Kommen
today-last = Zuletzt
today-worked = Gearbeitet
today-planned = Erwartet
today-late-by = { $time } zu spät
today-incomplete = Ein Eintrag fehlt
today-chart = Personen im Haus über den Tag, höchstens { $most }
presence-inside = Im Haus
presence-on-break = In der Pause
presence-left = Gegangen
presence-absent = Fehlt
presence-expected = Erwartet
presence-free = Nicht erwartet
today-absent = Fehlt
today-none = Keine Einträge an diesem Tag
today-none-text = Sie erscheinen hier, sobald jemand kommt oder geht.
today-time = Zeit
today-kind = Eintrag
today-source = Herkunft
today-by-face = Gesicht
today-by-host = Von Hand
today-by-pin = ID und PIN
today-not-me = „Nicht ich“
today-corrected = Berichtigt
today-erased = Gelöschte Person
today-correct = Berichtigen
today-correct-spoken = { $name } { $time } berichtigen
today-add-title = Eintrag hinzufügen
today-add-deed = Hinzufügen
today-person = Person
today-date-field = Datum, wie { $example }
today-time-field = Zeit, wie 08:00
today-reason = Grund
today-reason-hint = Wird mit dem Eintrag aufbewahrt
today-correct-title = Eintrag berichtigen
today-correct-deed = Speichern
today-replace = Ersetzen
today-strike-out = Streichen
today-strike-out-text = Der Eintrag zählt nicht mehr. Er bleibt mit dem Grund in den Akten.
history-title = Verlauf eines Eintrags
history-button = Verlauf
period-button = Tage sperren
period-title = Gesperrte Tage
period-open = Kein Tag ist gesperrt: Jeder Eintrag kann berichtigt werden.
period-locked = Gesperrt bis einschließlich { $date }, von { $name } am { $on }.
period-lock = Mehr sperren
period-lock-deed = Diese Tage sperren
period-unlock = Entsperren
period-unlock-after = Teil entsperren
period-unlock-all = Alle entsperren
period-until = Gesperrt bis einschließlich
period-lock-text = Danach kann niemand mehr bis zu diesem Tag Einträge ergänzen oder berichtigen, und seine Stunden behalten die Arbeitsregeln, die jetzt gelten. Nur vergangene Tage können gesperrt werden. Eine Sperre behält nichts länger, als die Einstellungen sagen: zu alte Einträge werden trotzdem gelöscht.
period-unlock-text = Die Tage nach diesem können wieder geändert werden. Wer es tat und warum, steht im Protokoll.
period-unlock-all-text = Alle Tage können wieder geändert werden. Wer es tat und warum, steht im Protokoll.
history-spoken = Verlauf von { $name } { $time }
history-event = Nr.
history-recorded = Erfasst
history-says = Inhalt
history-struck-out = Gestrichen
attendance-count = { $shown } von { $rows }
attendance-none = Keine Einträge an diesen Tagen
attendance-none-text = Oben andere Tage wählen.
attendance-not-found = Kein solcher Eintrag.
attendance-day = Tag
range-from = Erster Tag
range-to = Letzter Tag
range-usual = Zeitraum
range-other = Wie eingegeben
range-today = Heute
range-yesterday = Gestern
range-this-week = Diese Woche
range-last-week = Letzte Woche
range-this-month = Dieser Monat
range-last-month = Letzter Monat
range-rule = Beide Tage wie { $example } eingeben, den ersten nicht nach dem letzten.
reports-by-day = Je Tag
reports-by-mark = Je Eintrag
reports-by = Eine Zeile für
reports-format = Format
reports-csv = CSV-Tabelle
reports-pdf-a4 = PDF, A4
reports-pdf-letter = PDF, Letter
reports-everybody = Alle Personen
reports-chosen = { $people ->
        [one] { $people } Person
       *[other] { $people } Personen
    }
reports-columns = { $columns ->
        [one] { $columns } Spalte
       *[other] { $columns } Spalten
    }
reports-columns-title = Spalten
reports-people-title = Wessen Bericht
reports-no-column = Mindestens eine Spalte wählen.
reports-where = Speichern auf
reports-here = Dieses Gerät
reports-stick = Stick { $name }
reports-look-again = Neu suchen
reports-preview = { $rows ->
        [one] { $rows } Zeile
       *[other] { $rows } Zeilen
    }, { $people ->
        [one] { $people } Person
       *[other] { $people } Personen
    }
reports-preview-cut = { $rows } Zeilen, { $people ->
        [one] { $people } Person
       *[other] { $people } Personen
    }; die ersten { $shown } sind zu sehen
reports-nothing = Nichts in diesem Zeitraum.
reports-save = Speichern
reports-saved = { $rows ->
        [one] { $rows } Zeile gespeichert: { $path }
       *[other] { $rows } Zeilen gespeichert: { $path }
    }

## Audit
audit-none = Keine Einträge
audit-none-text = Was an diesem Gerät geschieht, erscheint hier.
audit-verify = Prüfen
audit-export = Ausgeben
audit-saved = Das ganze Protokoll steht in { $path }
audit-unbroken = Alle { $entries } Einträge sind unversehrt. Kopf { $head }
audit-same = Eintrag { $number } ist der in jenem Bericht.
audit-earlier = Kopf aus einem früheren Bericht
audit-compare = Vergleichen
audit-not-a-head = Das ist kein Kopf. Im Bericht steht er als Nummer, Doppelpunkt und mindestens 16 Ziffern.
audit-broken = { $fault } Die { $entries } Einträge davor sind gut. Den Ordner so lassen und eine Sicherung einspielen.
audit-search = Protokoll durchsuchen
audit-group = Art des Eintrags
audit-group-all = Alle Einträge
audit-group-marks = Zeiteinträge
audit-group-hosts = Verwaltung
audit-group-files = Ausgaben
audit-count = { $shown } von { $entries }
audit-not-found = Kein solcher Eintrag.
audit-number = Nr.
audit-time = Zeit
audit-who = Wer
audit-what = Was
audit-line = { $who }: { $what }
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
audit-two-person-on = Vier-Augen-Prinzip eingeschaltet
audit-two-person-off = Vier-Augen-Prinzip ausgeschaltet
audit-agreed-erase = { $name } hat dem Löschen einer Person zugestimmt
audit-agreed-key = { $name } hat einer anderen Schlüsseldatei oder Passphrase zugestimmt
audit-agreed-rotate = { $name } hat dem Wechsel des Hauptschlüssels zugestimmt
audit-agreed-rule = { $name } hat dem Ausschalten des Vier-Augen-Prinzips zugestimmt
audit-agreed-host = { $name } hat einer neuen Person in der Verwaltung zugestimmt
audit-agreed-code = { $name } hat einem neuen Wiederherstellungscode zugestimmt
audit-period-locked = Anwesenheit bis einschließlich { $date } gesperrt
audit-period-unlocked = Anwesenheit nach dem { $date } entsperrt: { $reason }
audit-all-unlocked = Alle Anwesenheit entsperrt: { $reason }

## Hosts
hosts-text = Wer das Gerät verwaltet, öffnet die Verwaltung mit eigener PIN.
hosts-done = Erledigt und gespeichert.
hosts-add = Hinzufügen
hosts-add-title = Verwalter hinzufügen
hosts-add-deed = Eintragen
hosts-name = Name
hosts-new-pin = Neue PIN
hosts-old-pin = Bisherige PIN
hosts-change-pin = Meine PIN ändern
hosts-change-deed = Ändern
hosts-new-code = Neuer Wiederherstellungscode
hosts-new-code-text = Der bisherige Wiederherstellungscode wird ungültig. Der neue wird einmal gezeigt: etwas zum Schreiben bereithalten.
hosts-new-code-deed = Zeigen
hosts-you = Sie
hosts-locked = Gesperrt
hosts-recovered = Kürzlich entsperrt
hosts-remove = Entfernen
hosts-remove-spoken = { $name } entfernen
hosts-remove-title = { $name } entfernen?
hosts-remove-text = Die Verwaltung lässt sich damit nicht mehr öffnen. Was getan wurde, bleibt im Protokoll.
hosts-unlock = Entsperren
hosts-unlock-spoken = { $name } entsperren
hosts-two-person = Vier-Augen-Prinzip
hosts-two-person-on = Einschalten
hosts-two-person-on-text = Von nun an muss jemand Zweites aus der Verwaltung mit eigener PIN zustimmen, bevor eine Person gelöscht, ein Schlüssel gewechselt, jemand in die Verwaltung aufgenommen, ein Wiederherstellungscode erzeugt oder diese Regel ausgeschaltet wird.
hosts-two-person-off = Ausschalten
hosts-two-person-off-text = Jede und jeder aus der Verwaltung kann dann wieder allein Personen löschen, Schlüssel wechseln, jemanden aufnehmen und Wiederherstellungscodes erzeugen. Dem muss jemand Zweites zustimmen.
second-host-title = Jemand Zweites muss zustimmen
second-host-text = Das Vier-Augen-Prinzip ist eingeschaltet. Bitte jemand anderes aus der Verwaltung die eigene PIN hier eingeben lassen.
second-host-who = Wer stimmt zu?
second-host-pin = PIN dieser Person
second-host-deed = Zustimmen
second-host-locked = Zu viele falsche PINs. Jemand anderes aus der Verwaltung oder der Wiederherstellungscode muss diese Person entsperren.

## Keys and backup
keys-backup = Sicherung
keys-backup-text = Alles in einer versiegelten Datei: Personen, Gesichter, Einträge, Protokoll und Einstellungen. Mit ihrer Passphrase lässt sie sich auf jedem Rechner einspielen.
keys-backup-here = Auf diesem Gerät geht sie mit dem verloren, wovon sie eine Kopie ist. Bitte einen Stick einstecken.
keys-backup-make = Sicherung erstellen
keys-backup-words = Nur diese Passphrase öffnet die Sicherung. Niemand kann sie zurückholen: getrennt vom Stick aufbewahren.
keys-backup-deed = Speichern
keys-backup-saved = { $records ->
        [one] Sicherung von { $records } Eintrag gespeichert: { $path }
       *[other] Sicherung von { $records } Einträgen gespeichert: { $path }
    }
keys-passphrase = Passphrase
keys-passphrase-again = Dieselbe Passphrase noch einmal
keys-passphrase-length = Mindestens { $least } Zeichen, etwa vier Wörter ohne Bezug
keys-passphrase-same = Beide sind gleich
keys-opens = Was den Speicher öffnet
keys-opens-file = Die Schlüsseldatei { $path } öffnet die Daten, und das Gerät startet unbeaufsichtigt. Wer das ganze Gerät mitnimmt, hat auch den Schlüssel.
keys-opens-passphrase = Eine Passphrase öffnet die Daten. Jemand gibt sie bei jedem Start ein.
keys-new-file = Neue Schlüsseldatei
keys-new-file-text = Ein neuer Schlüssel wird erzeugt und als { $path } gespeichert. Eine Schlüsseldatei dieses Namens bleibt daneben unter anderem Namen: bitte löschen, sobald kein anderer Speicher sie braucht.
keys-use-passphrase = Neue Passphrase
keys-use-passphrase-text = Das Gerät startet dann nur mit dieser Passphrase; ein Dienst braucht „--passphrase-file“. Ist sie vergessen, hilft nur eine Sicherung.
keys-changed = Geändert. Eine alte Kopie der Daten lässt sich noch mit dem alten Schlüssel öffnen: auch den Hauptschlüssel wechseln, falls jemand eine haben könnte.
keys-master = Hauptschlüssel
keys-master-text = Er versiegelt jeden Datensatz. Hat jemand vielleicht Schlüssel und Daten kopiert: zuerst eine andere Schlüsseldatei oder Passphrase, dann diesen wechseln.
keys-rotate = Hauptschlüssel wechseln
keys-rotate-sure = Jeder Datensatz wird neu versiegelt, während das Gerät weiterläuft. Das kann Minuten dauern; Ausschalten zwischendurch schadet nicht.
keys-rotate-deed = Wechseln
keys-rotating = Der Hauptschlüssel wird gewechselt. Das Gerät kann inzwischen benutzt werden.

## Settings
settings-save = Speichern
settings-undo = Änderungen verwerfen
settings-as-saved = Alles ist so, wie es gespeichert ist.
settings-unsaved = Geändert, aber noch nicht gespeichert.
settings-saved = Um { $time } gespeichert. Es gilt ab jetzt.
settings-restart-needed = Eine Änderung gilt erst nach einem Neustart.
settings-after-restart = Gilt nach einem Neustart
settings-usual = Üblich: { $usual }
settings-range = Von { $least } bis { $most }.
settings-site = Standort
settings-site-help = Steht auf dem Gerät und auf Berichten.
settings-zone-help = Bestimmt, was „08:00“ bedeutet.
settings-language = Sprache
settings-marking = Eintragen
settings-mode = Wann ein erkanntes Gesicht Kommen oder Gehen bedeutet
settings-mode-help = „Die Person fragen“ bietet Kommen, Gehen und Pausen an.
settings-out-from = Gehen ab
settings-guard = Sekunden, bevor dieselbe Person neu eingetragen wird
settings-guard-help = Wer kurz nacheinander vorbeikommt, wird einmal eingetragen.
settings-day-start = Stunde, in der ein Anwesenheitstag beginnt
settings-day-start-help = Einträge nach Mitternacht und vor dieser Stunde gehören zum Vortag.
settings-screen = Anzeige
settings-look = Farben
settings-large-type = Große Schrift
settings-high-contrast = Starker Kontrast
settings-keyboard = Tastatur auf dem Bildschirm
settings-keyboard-help = Automatisch zeigt sie, wenn ein Finger ein Textfeld berührt, nicht bei einer Maus.
settings-saver = Sekunden ohne jemanden, bis die Anzeige ruht
settings-saver-help = Ein Gesicht oder eine Berührung weckt sie. 0 heißt nie; sonst 30 oder mehr.
settings-sound = Töne an der Tür
settings-sound-help = Erkannt, nicht erkannt und abgelehnt klingen verschieden. „Automatisch“ spielt sie, wo es ein Tongerät gibt.
settings-sound-no-player = Hier spielt nichts Töne ab: alsa-utils installieren
settings-sound-no-device = Kein Tongerät bekannt
work-title = Arbeitszeit
work-text = Ohne Arbeitsplan ist niemand zu spät oder fehlt. Personen können einen eigenen haben.
work-grace = Minuten, die noch nicht zu spät sind
work-rounding = Die Stunden eines Tages werden
work-breaks = Pausenabzug, wie { $example }
work-holidays = Feiertage, einer je Zeile, wie { $example }
work-holidays-example = { $day } Weihnachten
rounding-exact = nicht gerundet
rounding-nearest = auf { $minutes } Minuten gerundet
rounding-down = auf { $minutes } Minuten abgerundet
rounding-up = auf { $minutes } Minuten aufgerundet
shift-add = Schicht hinzufügen
shift-remove = Entfernen
shift-remove-spoken = Schicht { $shift } entfernen
shift-start = Beginn von Schicht { $shift }
shift-end = Ende von Schicht { $shift }
shift-no-day = Eine Schicht braucht mindestens einen Tag.
shift-length = Eine Schicht dauert eine Minute bis 16 Stunden.
shift-overlap = Zwei Schichten liegen zur selben Zeit.
shift-time = Zeiten wie 08:00 eingeben.
settings-camera-title = Kamera
settings-camera = Kamera
settings-camera-choose = Kameras zur Auswahl
settings-camera-auto = Die erste, die geht
settings-camera-demo = Eingebaute Vorführung
settings-camera-again = Kameras neu suchen
settings-camera-live = Läuft: { $camera }
settings-camera-help = Gilt, sobald gespeichert ist. Im Feld: auto, demo, eine Nummer, /dev/video0, ein Ordner mit Bildern oder die http-Adresse eines Motion-JPEG-Streams.
settings-rotate = Bild im Uhrzeigersinn drehen
settings-mirror = Wie im Spiegel zeigen
settings-recognition = Erkennung
settings-fpir = Besuche Fremder, die für jemanden gehalten werden dürfen
settings-fpir-help = Weniger ist sicherer, aber Erfasste müssen dann öfter noch einmal hinsehen.
settings-device = Wo die Netze rechnen
settings-device-help = „Automatisch“ nimmt eine Grafikkarte, wo dieses Programm eine nutzen kann.
settings-liveness = Personen von Bildern unterscheiden
settings-liveness-help = „Automatisch“ macht diese Prüfung, wenn ein Netz dafür installiert ist. Gilt nach einem Neustart.
settings-bona-fide = Prozent, ab denen jemand als Person gilt
settings-bona-fide-help = Höher weist mehr Bilder ab, und mehr Menschen bei schlechtem Licht.
settings-renew-faces = Menschen im Vorbeigehen neu erfassen
settings-renew-faces-help = Wer sich nach einem Wechsel des Erkenners mit ID und PIN einträgt und allein vor der Kamera steht, wird damit neu erfasst.
liveness-on = Immer
liveness-off = Nie
settings-detector = Netz, das Gesichter findet
settings-recogniser = Netz, das Personen unterscheidet
settings-built-in = eingebaut
network-licence = Lizenz: { $licence }.
network-measured = Gemessen: { $share } der Fremden werden für eine von { $people } Personen gehalten.
network-asks = Unter den { $people } Personen, die es hier kennt, gilt ein Gesicht ab einer Ähnlichkeit von { $cosine } als erkannt.
network-asks-beyond = Unter den { $people } Personen, die es hier kennt, gilt ein Gesicht ab einer Ähnlichkeit von { $cosine } als erkannt (eine Schätzung: gemessen wurden weniger).
network-detector-help = Gesichter werden nur hinter demselben Detektor gleich gemessen: nach einem Wechsel bitte neu erfassen.
network-not-measured = Seine Fehler wurden nicht gemessen: Es gilt eine vorsichtige Schwelle.
network-again = Damit neu zu erfassen: { $people }.
network-title = { $id } verwenden?
network-unusable = { $id } ist nicht verwendbar. Bitte neu installieren oder entfernen.
network-left-out = { $people ->
        [one] Mit { $id } muss eine Person neu erfasst werden, bevor das Gerät sie erkennt.
       *[other] Mit { $id } müssen { $people } Personen neu erfasst werden, bevor das Gerät sie erkennt.
    }
network-text = Gesichtsdaten des einen Netzes werden nie mit denen eines anderen verglichen. Gespeichertes bleibt: Für den Weg zurück braucht es keine neue Erfassung. Es gilt, sobald die Einstellungen gespeichert sind und das Gerät neu gestartet ist.
network-deed = Verwenden
settings-weights-help = Weitere installiert „faceprint weights install“. Eine Wahl gilt ab dem nächsten Start.
settings-times = Zeiten
settings-not-me = Sekunden für „Nicht ich“
settings-not-me-help = So lange bleibt die Karte.
settings-idle = Sekunden, bis sich die Verwaltung sperrt
settings-idle-help = Gezählt ab der letzten Berührung.
settings-consent = Einwilligung
settings-consent-help = Ein geänderter Text wird als neue Fassung gespeichert. Früher Erfasste haben der Fassung zugestimmt, die bei ihnen vermerkt ist.
settings-keeping = Wie lange Daten bleiben
settings-keep-marks = Tage, nach denen Einträge gelöscht werden
settings-keep-help = Nachts gelöscht und im Protokoll vermerkt, auch in gesperrten Zeiträumen. Das Protokoll selbst behält, wer (unter einer Zufalls-ID) wann eingetragen wurde. 0 behält sie für immer.
settings-keep-faces = Tage ohne Eintrag, nach denen Gesichtsdaten gelöscht werden
settings-keep-faces-help = Die Person bleibt und kann ID und PIN benutzen. 0 behält sie für immer.
settings-kiosk = Dieses Programm
settings-quit = Programm beenden
settings-quit-help = Beendet das Programm. Bis zum nächsten Start wird niemand eingetragen.
settings-keys = Schlüssel und Sicherung …
settings-keys-help = Eine versiegelte Kopie von allem, und was die Daten öffnet.
mode-toggle = Kommen, dann gehen, dann kommen
mode-out-from = Vor einer Uhrzeit kommen, danach gehen
mode-always-in = Immer kommen
mode-always-out = Immer gehen
mode-ask = Die Person fragen
look-system = Wie das System
look-light = Hell
look-dark = Dunkel
device-auto = Automatisch
device-cpu = Prozessor
device-cuda = NVIDIA-Karte
device-threads =
    Prozessor, { $threads ->
        [one] ein Thread
       *[other] { $threads } Threads
    }

## Diagnostics
diagnostics-well = Alles in Ordnung.
diagnostics-captured = Kamera, Bilder je Sekunde
diagnostics-processed = Erkennung, Bilder je Sekunde
diagnostics-dropped = Übersprungene Bilder
diagnostics-rates = Bilder pro Sekunde, letzte zwei Minuten
diagnostics-plot-camera = Kamera
diagnostics-plot-recognised = Erkannt
diagnostics-times = Dauer der Schritte, letzte zwei Minuten
diagnostics-detect = Gesichter finden
diagnostics-embed = Gesicht vermessen
diagnostics-frame = Ganzes Bild
diagnostics-camera = Kamera
diagnostics-weights = Netze
diagnostics-device = Läuft auf
diagnostics-templates = Gespeicherte Gesichter
diagnostics-threshold = Schwelle
diagnostics-disk = Datenträger
diagnostics-disk-free = { $free } frei von { $total }
diagnostics-data = Datenordner
diagnostics-memory = Belegter Speicher
diagnostics-temperature = Temperatur
diagnostics-clock = Uhr
diagnostics-clock-kept = Wird von einem Zeitdienst gestellt
diagnostics-clock-loose = Der Zeitdienst hat sie noch nicht gestellt
diagnostics-clock-unknown = Kein Zeitdienst von systemd läuft
diagnostics-stages = Zeit je Schritt
diagnostics-stage = Schritt
diagnostics-capture = Bild holen
diagnostics-convert = Bild umwandeln
diagnostics-track = Gesichtern folgen
diagnostics-align = Gesichter ausrichten
diagnostics-match = Vergleichen
diagnostics-liveness = Von Bildern unterscheiden
diagnostics-decide = Entscheiden und aufzeichnen
bench-title = Geschwindigkeitstest
bench-text = Misst 300 Bilder der eingebauten Demo-Kamera neben dem laufenden Gerät, wie „faceprint bench“ ohne es.
bench-start = Test starten
bench-progress = { $done } von { $of } Bildern
bench-result = { $fps } Bilder pro Sekunde über { $frames } Bilder

## Wenn etwas nicht geht
trouble-line = Zeile { $line }: { $text }
trouble-stick-gone = Der Stick steckt nicht mehr. Bitte neu wählen, wohin gespeichert wird.
trouble-no-longer-enrolled = Diese Person ist nicht mehr erfasst. Bitte bei der Verwaltung melden.
trouble-in-future = Die Zeit liegt in der Zukunft. Bitte angeben, wann es war.
trouble-reason-missing = Eine Berichtigung braucht einen Grund. Bitte angeben, warum.
trouble-reason-long = Der Grund hat mehr als 300 Zeichen. Bitte kürzen.
trouble-range-backwards = Der Zeitraum endet vor seinem Anfang. Bitte die Tage vertauschen.
trouble-range-long = Der Zeitraum ist länger als zehn Jahre. Bitte einen kürzeren wählen.
trouble-mark-too-old = Dieser Eintrag ist zu alt, um ihn hier zurückzunehmen. Bitte bei der Verwaltung melden.
trouble-pictures-gone = Diese Aufnahmen gibt es nicht mehr. Bitte neu aufnehmen.
trouble-not-renewed = Diese Person ist inaktiv oder hat ihre Einwilligung widerrufen.
trouble-needs-no-second = Dafür braucht es niemand Zweiten. Bitte allein ausführen.
trouble-second-is-first = Die zweite Person muss eine andere als die erste sein. Bitte jemand anderen zustimmen lassen.
trouble-unlocks-themselves = Entsperren muss Sie jemand anderes aus der Verwaltung. Bitte dort fragen.
trouble-no-key-file = Auf diesem Gerät ist kein Platz für eine Schlüsseldatei. Bitte „faceprint key change“ benutzen.
trouble-recovered-lately = Wessen PIN mit dem Wiederherstellungscode gesetzt oder wer entsperrt wurde, wirkt sieben Tage lang an nichts mit, was zwei braucht. Bitte jemand anderen fragen oder warten.
trouble-internal = Das ging wegen eines internen Fehlers nicht. Bitte noch einmal versuchen.
trouble-under-way = Etwas anderes läuft noch. Bitte abwarten oder anhalten.
trouble-stopped = Vor dem Ende angehalten. Es blieb nichts zurück.
trouble-closed-meanwhile = Der Speicher wurde inzwischen geschlossen. Bitte noch einmal versuchen.
trouble-store-closed = Der Speicher ist gerade geschlossen. Bitte in einigen Sekunden noch einmal versuchen.
trouble-visit-lost = Ihr Besuch wurde nicht erfasst: der Speicher ist geschlossen. Bitte bei der Verwaltung melden.
trouble-nobody-came = Zwei Minuten lang wurde niemand erfasst. Bitte neu beginnen.
trouble-begun-anew = Die Erkennung hat inzwischen neu begonnen. Bitte neu beginnen.
trouble-not-set-up = Das Gerät ist noch nicht eingerichtet. Bitte die Einrichtung abschließen.
trouble-set-up-already = Dieses Gerät ist schon eingerichtet. Bitte in der Verwaltung anmelden.
trouble-recogniser-silent = Die Erkennung antwortet nicht. Bitte ihren Neustart abwarten und noch einmal versuchen.
trouble-recogniser-restarts = Die Erkennung hielt wegen eines internen Fehlers an und beginnt von selbst neu. Kommt das wieder vor, bitte das Gerät neu starten und es melden.
trouble-ledger-restarts = Die Aufzeichnung hielt wegen eines internen Fehlers an. Der Speicher wird von selbst wieder geöffnet.
trouble-write-failed = Ein Eintrag konnte nicht geschrieben werden. Der Speicher wird von selbst wieder geöffnet.
trouble-weights-changed = Das Netz zum Erkennen wurde im laufenden Betrieb geändert. Bitte das Gerät neu starten.
trouble-networks = Die Erkennung läuft nicht. Bitte auf diesem Rechner „faceprint doctor“ ausführen.
trouble-disk-full = Der Datenträger ist voll. Bitte Platz schaffen und noch einmal versuchen; nichts Erfasstes ist verloren.
trouble-unreadable = { $path } lässt sich nicht lesen: { $reason }
trouble-unwritable = { $path } lässt sich nicht schreiben: { $reason }
trouble-file-exists = { $path } gibt es schon. Bitte einen anderen Namen wählen.
trouble-report = Der Bericht konnte nicht geschrieben werden: { $reason }
trouble-font = Die Schrift für PDF lässt sich nicht lesen. Bitte das Programm neu installieren oder CSV wählen.
trouble-damaged = Der Speicher ist beschädigt ({ $place }). Den Ordner so lassen, wie er ist, und eine Sicherung einspielen.
place-entry = { $file }, Eintrag { $entry }, Byte { $byte }
place-missing = die Einträge { $from } bis { $to } des Journals fehlen
place-checkpoint = Sicherungspunkt, Teil { $part }
place-record = ein Datensatz: { $kind }
place-person-keys = Schlüssel der Personen
place-faces = Gesichtsdaten
place-attempts = Falsche PINs
place-person-pins = PINs der Personen
trouble-later = { $what } stammt von einem neueren faceprint. Bitte dieses aktualisieren.
trouble-later-rules = Die Regeln, nach denen gesperrte Tage gezählt werden, stammen von einem neueren faceprint. Bitte dieses aktualisieren.
trouble-store-failed = Seit einem früheren Fehler kann nichts mehr geschrieben werden. Bitte das Gerät neu starten; nichts Erfasstes ist verloren.
trouble-store-there = In { $path } ist schon ein Speicher. Bitte diesen öffnen oder einen leeren Ordner wählen.
trouble-store-missing = In { $path } ist kein Speicher. Bitte das Gerät einrichten oder mit --data den richtigen Ordner angeben.
trouble-store-keyless = In { $path } sind Einträge ohne vault.key und daher nicht lesbar. Bitte die Datei aus einer Sicherung zurückholen.
trouble-store-in-use = Ein anderes Programm benutzt { $path } schon. Bitte zuerst beenden.
trouble-key-missing = Die Schlüsseldatei { $path } fehlt. Bitte zurückholen oder eine Sicherung in einen leeren Ordner einspielen.
trouble-key-open = Die Schlüsseldatei { $path } ist für andere Benutzer lesbar. Bitte „chmod 600“ darauf anwenden.
trouble-key-damaged = { $path } ist keine vollständige Schlüsseldatei. Bitte die zurückholen, mit der der Speicher angelegt wurde.
trouble-key-unusable = Die Schlüsseldatei { $path } lässt sich nicht benutzen. Bitte Ordner und Rechte prüfen.
trouble-wrong-key = Dieser Schlüssel öffnet den Speicher nicht. Bitte die Schlüsseldatei oder das Passwort nehmen, womit er angelegt wurde.
trouble-key-blob = Die Schlüssel des Speichers (vault.key) sind beschädigt. Bitte aus einer Sicherung zurückholen.
trouble-machine = Dem Rechner fehlt Arbeitsspeicher, oder er liefert keine Zufallszahlen. Bitte neu starten.
trouble-too-long = Der Eintrag ist zu lang. Bitte kürzen.
trouble-no-such-person = Diese Person gibt es nicht mehr. Bitte die Seite neu öffnen.
trouble-no-such-host = Diesen Verwalter gibt es nicht mehr. Bitte die Seite neu öffnen.
trouble-no-recovery-code = Es gibt keinen Wiederherstellungscode. Jemand anderes aus der Verwaltung muss entsperren.
trouble-last-host = Das ist der einzige Verwalter. Bitte zuerst einen weiteren anlegen.
trouble-last-pair = Das Vier-Augen-Prinzip ist an und braucht zwei Verwalter. Bitte zuerst einen weiteren anlegen oder es gemeinsam abschalten.
trouble-no-pair = Das Vier-Augen-Prinzip braucht zwei Verwalter. Bitte zuerst einen weiteren anlegen.
trouble-no-such-mark = Diese Person hat keinen Eintrag { $event }. Bitte die Seite neu öffnen.
trouble-already-corrected = Eintrag { $event } wurde schon berichtigt. Bitte den neueren berichtigen.
trouble-badge-taken = Diese Ausweisnummer gehört schon jemandem. Bitte eine andere oder keine nehmen.
trouble-host-taken = Einen Verwalter dieses Namens gibt es schon. Bitte einen anderen Namen nehmen.
trouble-erasure-pending = Die Person ist gelöscht, aber alte Dateien mit Spuren konnten noch nicht entfernt werden. Das wird jede Minute und bei jedem Beenden und Starten wieder versucht.
trouble-settings-file = Die Einstellungsdatei { $path } ist nicht zu verstehen. Bitte berichtigen, oder löschen, um neu zu beginnen.
trouble-setting = Die Einstellung „{ $label }“ (in der Einstellungsdatei { $field }) kann diesen Wert nicht haben.
trouble-setting-key = Die Einstellung { $field } kann diesen Wert nicht haben.
trouble-list-large = Die Liste ist größer als { $most } MB. Bitte aufteilen.
trouble-list-rows = Die Liste hat mehr als { $most } Zeilen. Bitte aufteilen.
trouble-list-coding = Die Liste ist nicht in UTF-8. Bitte in der Tabellenkalkulation als „CSV UTF-8“ speichern.
trouble-list-name = Die Liste hat keine Spalte „name“. Die erste Zeile muss die Spalten nennen, etwa name,badge.
trouble-list-broken = Die Liste lässt sich nicht lesen. Bitte noch einmal als CSV speichern.
trouble-wrong-code = Der Wiederherstellungscode ist falsch. Bitte so eingeben, wie er gezeigt wurde.
trouble-locked = Die Anwesenheit ist bis einschließlich { $until } gesperrt, von { $name } am { $date }. Die Verwaltung kann sie mit einer Begründung entsperren.
trouble-day-not-over = Nur vergangene Tage lassen sich sperren. Wählen Sie gestern oder früher.
trouble-too-long-ago = So lange ist nichts her. Prüfen Sie das Jahr.
trouble-unlock-reason = Zum Entsperren braucht es eine Begründung. Schreiben Sie, warum.
trouble-locked-already = Die Anwesenheit ist schon bis einschließlich { $date } gesperrt. Wählen Sie einen späteren Tag.
trouble-locked-only = Die Anwesenheit ist nur bis einschließlich { $date } gesperrt. Wählen Sie einen früheren Tag.
trouble-nothing-locked = Kein Tag ist gesperrt. Es gibt nichts zu entsperren.
reason-full = es ist kein Platz mehr. Bitte Platz schaffen oder anderswohin speichern.
reason-missing = es ist nicht da. Bitte den Stick wieder anstecken oder anderswohin speichern.
reason-denied = dieser Benutzer darf das nicht. Bitte die Rechte prüfen.
reason-read-only = es ist schreibgeschützt. Bitte den Schieber am Stick prüfen oder anderswohin speichern.
reason-pulled = der Datenträger antwortet nicht. Falls der Stick abgezogen wurde, bitte anstecken und noch einmal versuchen.
reason-other = das System meldet Fehler { $number }. Bitte den Datenträger prüfen.
setting-weights = Die Kennung eines Netzes ist das, was „faceprint weights list“ ausgibt.
setting-camera = Das ist keine Kamera: auto, demo, eine Zahl, /dev/video0, ein Ordner mit Bildern oder eine http-Adresse.
setting-breaks = Pausen eingeben wie 30 nach 6:00 (Minuten Pause, Stunden Arbeit).
setting-holidays = Feiertage eingeben wie { $example }, danach der Name.
setting-shifts = Ein Arbeitsplan hat höchstens { $most } Schichten. Bitte einige entfernen.
audit-fault-missing = Eintrag { $number } fehlt.
audit-fault-unreadable = Eintrag { $number } ist nicht lesbar: er wurde verändert oder verschoben.
audit-fault-changed = Eintrag { $number } wurde verändert, oder einer davor.
audit-fault-cut = Das Protokoll wurde abgeschnitten: es hat keinen Eintrag { $number }.
audit-fault-replaced = Eintrag { $number } ist nicht der dieses Kopfes. Wenn der Kopf richtig abgeschrieben ist, wurde das Protokoll neu geschrieben.
bench-failed = Der Geschwindigkeitstest ging nicht.
