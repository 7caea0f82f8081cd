# Every word on the screen. Ids begin with the screen that says them. Sentence case; sentences end with a full stop.

## Used on many screens
button-back = Back
button-next = Next
button-cancel = Cancel
button-close = Close
button-done = Done
button-stop = Stop
button-working = One moment…
work-progress = { $done } of { $total }
kind-in = In
kind-out = Out
kind-break = Break
kind-back = Back
weekday-short = { $weekday ->
        [1] Mo
        [2] Tu
        [3] We
        [4] Th
        [5] Fr
        [6] Sa
       *[7] Su
    }
date-long = { $weekday ->
        [1] Monday
        [2] Tuesday
        [3] Wednesday
        [4] Thursday
        [5] Friday
        [6] Saturday
       *[7] Sunday
    }, { $day } { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    } { $year }
workers-busy = the kiosk is busy: try again in a moment
keyboard-shift = Capital letters
keyboard-backspace = Delete the letter before
keyboard-enter = Enter
keyboard-space = Space
keyboard-letters = Letters
keyboard-figures = Figures and signs
keyboard-accents = Letters with accents
keyboard-close = Close the keyboard

## Camera
camera-picture = Camera picture
camera-opening = Starting the camera…
camera-retry = Trying again in { $wait }.
camera-mode = { $name }, { $width }×{ $height }, { $format }
camera-mode-rate = { $name }, { $width }×{ $height }, { $format }, { $rate } pictures/s
camera-pictures = Folder of pictures
camera-network = Network camera
camera-missing = No camera was found.
camera-missing-help = Plug it in, or choose another one in the settings.
camera-busy = Another program is using the camera.
camera-busy-help = Close that program.
camera-unplugged = The camera was disconnected.
camera-unplugged-help = Check its cable.
camera-frozen = The camera sends no more pictures.
camera-frozen-help = If this lasts, unplug it and plug it in again.
camera-denied = The camera may not be used.
camera-denied-help = Allow this user to open it (on Linux: the group “video”).
camera-ended = The recording is over.
camera-ended-help = Choose another camera in the settings.
camera-failed = The camera does not work.
camera-failed-help = Diagnostics and the log say more.

## For everybody
attendee-host-mode = Host mode
attendee-opening = One moment, please
attendee-no-picture = The camera is not available
attendee-ready = Look at the camera
attendee-reading = One moment…
attendee-recognised = Thank you
attendee-unknown = Not recognised. Use ID and PIN, or ask your host
attendee-refused = Please show your face, not a picture
attendee-welcome = Welcome
attendee-welcome-text = Step in front of the camera and look at it, or use your ID and PIN. Both count the same.
attendee-use-pin = Use ID and PIN
lamp-camera = Camera
lamp-storage = Storage
lamp-clock = Clock
lamp-well = in order
lamp-notice = needs a look
lamp-alarm = fault
lamp-spoken = { $what }: { $state }
saver-hint = Come closer, or touch the screen
advice-closer = Please come closer
advice-middle = Please step to the middle
advice-turn = Turn to the camera
advice-upright = Hold your head upright
advice-dark = It is too dark here
advice-bright = There is too much light behind or on you
advice-still = Please hold still
card-checked-in = Checked in { $time }
card-checked-out = Checked out { $time }
card-break-began = Break began { $time }
card-back = Back at { $time }
card-already-in = Already checked in { $time }
card-already-out = Already checked out { $time }
card-already-break = Break already began { $time }
card-already-back = Already back { $time }
card-in-or-out = In or out?
card-today = Today { $hours } h
card-not-me = Not me
card-struck-out = Removed
card-struck-out-text = The mark no longer counts.
card-face-renewed = Recognised by face again from now on
card-not-recorded = Nothing was recorded

## ID and PIN
badge-title = Your ID or badge number
badge-pin-title = Your PIN
badge-of = ID { $badge }
badge-typed = Typed: { $badge }
badge-letters = ABC
badge-digits = 123
badge-delete = Delete the last letter
badge-next = Next
badge-done = Done
badge-wrong = { $tries ->
        [one] The ID or the PIN is wrong. One try is left.
       *[other] The ID or the PIN is wrong. { $tries } tries are left.
    }
badge-locked = Too many wrong PINs. Ask your host.

## First start
first-language-title = Set up this kiosk
first-language-text = Choose the language of the screen. It can be changed later.
first-step = Step { $step } of { $steps }
first-site-title = Where is it?
first-site-text = The name is shown on the kiosk and on reports. The time zone decides what “08:00” means.
first-site-name = Name of the site
first-site-hint = For example: Main entrance
first-site-rule = Give the site a name of at most 80 characters.
first-zone = Time zone
first-zone-rule = The time zone is a name such as Europe/Berlin or UTC.
first-zone-now = There it is { $time } now.
first-host-title = Who looks after it?
first-host-text = A host adds people, corrects marks and exports reports. Only hosts can open host mode, with their own PIN.
first-host-name = Your name
first-host-rule = Type your name.
first-pin = PIN
first-pin-again = The same PIN again
first-camera-title = Place the camera
first-camera-text = Mount it at eye level, about 1.6 m above the floor, with light on faces and no window behind people.
first-camera-advice = Stand where people will stand, about one metre away. Your face should be in the frame.
first-camera-good = Your face can be read from here.
first-consent-title = What people agree to
first-consent-text = Whoever is enrolled sees this text first and has to agree to it. Change it to what your site needs; each change is a new version.
first-consent-rule = The text has at most 4,000 characters.
first-finish = Finish
pin-shape = 6 to 12 digits
pin-host-shape = 6 to 12 digits, or a sentence of 12 to 64 characters
pin-guessable = Not an obvious one such as 123456 or 111111
pin-again-same = Typed the same twice

## Login
login-title = Host mode
login-who = Who are you?
login-as = { $name }, type your PIN.
login-loading = One moment…
login-digits = { $count ->
        [one] { $count } digit typed
       *[other] { $count } digits typed
    }
login-delete = Delete the last digit
login-unlock = Unlock
login-checking = Checking…
login-wrong = { $tries ->
        [one] This PIN is wrong. One try is left.
       *[other] This PIN is wrong. { $tries } tries are left.
    }
login-locked-for = Too many wrong PINs. Try again in { $wait }.
login-locked = Too many wrong PINs. Another host must unlock you.
login-try-again = You can try again now.
login-recover = Use the recovery code
recover-title = Recovery code
recover-text = It was shown once when the kiosk was set up. It unlocks you; with a new PIN it replaces the old one.
recover-code = Recovery code
recover-deed = Unlock with it

## Recovery code
code-title = Write down this recovery code
code-text = It opens the way back in if every host forgets their PIN. It is shown only now. Keep it where only hosts come, not at the kiosk.
code-written = I have written it down
code-go-on = Go on

## Host mode
page-today = Today
page-people = People
page-attendance = Attendance
page-reports = Reports
page-audit = Audit
page-hosts = Hosts
page-keys = Keys and backup
page-settings = Settings
page-diagnostics = Diagnostics
host-logged-in = { $name }
host-lock = Lock
host-locks-in = Locks in { $wait }

## People
people-add = Add person
people-search = Search name or badge
people-count = { $shown } of { $people }
people-filter = Who is listed
filter-everybody = Everybody
filter-active = Active
filter-any-kind = Any mark
filter-any-source = Any source
people-none = Nobody yet
people-none-text = Add the first person, then take three pictures of their face.
people-not-found = Nobody has this name or badge.
people-none-listed = Nobody is in this list.
people-name = Name
people-badge = Badge
people-badge-optional = Badge or number, if the site uses one
people-state = State
people-consent = Consent
people-enrolled = Enrolled
people-not-enrolled = Not enrolled
people-again = Enrol again
people-inactive = Inactive
people-enrol = Enrol
people-enrol-again = Enrol again
people-enrol-spoken = Enrol { $name }
people-erase = Erase
people-erase-spoken = Erase { $name }
people-edit = Edit
people-edit-spoken = Edit { $name }
people-edit-title = Change { $name }
people-edit-deed = Save
people-active = Active: recognised and expected
people-own-schedule = A schedule of their own
people-pin = PIN for marking without a face (none yet)
people-pin-set = New PIN for marking without a face (one is set)
people-pin-locked = PIN for marking without a face (locked after wrong tries)
people-pin-rule = 6 to 12 digits, not one that anybody would guess.
people-unlock = Unlock the PIN
people-no-consent = No consent to face data is on record.
people-consent-given = Agreed to text version { $version } on { $date }.
people-withdraw = Withdraw consent
people-withdraw-sure = Destroy the face data now
import-open = Import list
import-title = Import a list of people
import-text = Choose a CSV file whose first line names the columns name and badge. Nothing changes before you have seen what each row will do.
import-no-list = No CSV file here.
import-counts = { $add } to add, { $rename } to rename, { $known } known already, { $refused } refused.
import-line = Line
import-deed = What it does
import-add = Add
import-rename = New name
import-known = Known already
import-refuse = Refused
import-name-empty = has no name
import-name-long = name over 100 characters
import-line-break = name with a line break
import-badge-long = badge over 64 characters
import-badge-twice = badge used twice
import-do = { $rows ->
        [one] Import { $rows } row
       *[other] Import { $rows } rows
    }
import-done = { $added } added, { $changed } renamed.
people-erase-open = Erase…
people-export-own = Export this person’s data
people-exported = What is stored about this person is in { $path }
people-add-title = Add a person
people-add-deed = Add
people-erase-title = Erase { $name }?
people-erase-text = The face data, the name and everything else that the kiosk keeps about this person is destroyed. Past marks stay in the records without a name. Reports that were saved before still name them. This cannot be undone.
people-erase-understood = I understand that this cannot be undone
people-erase-deed = Erase

## Enrolment
enrol-title = Enrol { $name }
enrol-close = Close
enrol-start = Start
enrol-shots = { $taken } of { $wanted } pictures taken
enrol-no-face = Nobody is in the picture. Step in front of the camera.
enrol-several-faces = There is more than one face. Please stand alone.
enrol-pose = A little further.
enrol-done = { $shots ->
        [one] Enrolled with { $shots } picture.
       *[other] Enrolled with { $shots } pictures.
    }
enrol-done-text = The pictures are not kept, only what is needed to recognise this face. From now on the kiosk knows it.
enrol-already = This face is enrolled already, as { $name }.
enrol-already-text = At the door the two would be taken for one person. Store it only if they are two, such as twins.
enrol-store = Store all the same
enrol-drop = Do not store
enrol-look-alike = Close to { $name }. If the two are mixed up, enrol both again in better light.
enrol-failed-text = Nothing was stored.
enrol-again = Try again
enrol-back = Back to people
pose-front = Look at the camera
pose-aside = Turn a little to the left
pose-other-side = Turn a little to the right
consent-title = Consent
consent-text = The kiosk measures your face and stores the measurements, sealed, on this device only, to record when you come and go. No picture is kept. You may refuse, and you may have everything erased at any time.
consent-version = Text version { $version }
consent-built-in = Use the built-in text
consent-tick = The person has read this and agrees

## Today
today-enrol-again = { $people ->
        [one] One person who agreed to be recognised is unknown to the network in use. Enrol them again on the People page.
       *[other] { $people } people who agreed to be recognised are unknown to the network in use. Enrol them again on the People page.
    }
today-add = Add a mark
today-day-before = Day before
today-next-day = Next day
today-inside = Inside now
today-everybody = Everybody
today-marks = Marks
today-late = Late
today-not-seen = Not seen
today-gone = Gone
today-nobody = Nobody.
today-holiday = Holiday
today-audit-head = Audit log { $head }
today-came = In
today-last = Last
today-worked = Worked
today-planned = Expected
today-late-by = Late { $time }
today-incomplete = A mark is missing
today-chart = People at the site over the day, at most { $most }
presence-inside = Inside
presence-on-break = On a break
presence-left = Gone
presence-absent = Absent
presence-expected = Expected
presence-free = Not expected
today-absent = Absent
today-none = No marks on this day
today-none-text = They appear here as people come and go.
today-time = Time
today-kind = Mark
today-source = Source
today-by-face = Face
today-by-host = Entered by a host
today-by-pin = ID and PIN
today-not-me = “Not me”
today-corrected = Corrected
today-erased = Erased person
today-correct = Correct
today-correct-spoken = Correct { $name } { $time }
today-add-title = Add a mark
today-add-deed = Add
today-person = Person
today-date-field = Date, as { $example }
today-time-field = Time, as 08:00
today-reason = Reason
today-reason-hint = Kept with the record
today-correct-title = Correct a mark
today-correct-deed = Save
today-replace = Replace it
today-strike-out = Strike it out
today-strike-out-text = The mark no longer counts. It stays in the records with your reason.
history-title = History of a record
history-button = History
period-button = Lock days
period-title = Locked days
period-open = No day is locked: every mark can be corrected.
period-locked = Locked up to and including { $date }, by { $name } on { $on }.
period-lock = Lock more
period-lock-deed = Lock these days
period-unlock = Unlock
period-unlock-after = Unlock some
period-unlock-all = Unlock all
period-until = Locked up to and including
period-lock-text = From then on no host can add or correct a mark up to this day, and its hours keep the rules of work that are in force now. Only days that are over can be locked. A lock keeps nothing longer than the settings say: marks that are too old are erased all the same.
period-unlock-text = The days after this one can be changed again. Who did it and why stands in the audit log.
period-unlock-all-text = Every day can be changed again. Who did it and why stands in the audit log.
history-spoken = History of { $name } { $time }
history-event = No.
history-recorded = Recorded
history-says = Says
history-struck-out = Struck out
attendance-count = { $shown } of { $rows }
attendance-none = No marks in these days
attendance-none-text = Choose other days above.
attendance-not-found = No mark is like this.
attendance-day = Day
range-from = First day
range-to = Last day
range-usual = Range
range-other = As typed
range-today = Today
range-yesterday = Yesterday
range-this-week = This week
range-last-week = Last week
range-this-month = This month
range-last-month = Last month
range-rule = Type both days as { $example }, the first one not after the last.
reports-by-day = Each day
reports-by-mark = Each mark
reports-by = A row for
reports-format = Format
reports-csv = CSV table
reports-pdf-a4 = PDF, A4
reports-pdf-letter = PDF, Letter
reports-everybody = Everybody
reports-chosen = { $people ->
        [one] { $people } person
       *[other] { $people } people
    }
reports-columns = { $columns ->
        [one] { $columns } column
       *[other] { $columns } columns
    }
reports-columns-title = Columns
reports-people-title = Whose report
reports-no-column = Choose at least one column.
reports-where = Save to
reports-here = This kiosk
reports-stick = Stick { $name }
reports-look-again = Look again
reports-preview = { $rows ->
        [one] { $rows } row
       *[other] { $rows } rows
    }, { $people ->
        [one] { $people } person
       *[other] { $people } people
    }
reports-preview-cut = { $rows } rows, { $people ->
        [one] { $people } person
       *[other] { $people } people
    }; the first { $shown } are shown
reports-nothing = Nothing in this range.
reports-save = Save
reports-saved = { $rows ->
        [one] Saved { $rows } row to { $path }
       *[other] Saved { $rows } rows to { $path }
    }

## Audit
audit-none = No entries
audit-none-text = Whatever is done on this kiosk appears here.
audit-verify = Verify
audit-export = Export
audit-saved = Saved the whole log to { $path }
audit-unbroken = All { $entries } entries are unbroken. Head { $head }
audit-same = Entry { $number } is the one in that report.
audit-earlier = Head from an earlier report
audit-compare = Compare
audit-not-a-head = Not a head. A report shows it as a number, a colon and at least 16 digits.
audit-broken = { $fault } The { $entries } entries before are good. Keep the folder as it is and restore a backup.
audit-search = Search the log
audit-group = Kind of entry
audit-group-all = All entries
audit-group-marks = Marks
audit-group-hosts = Hosts
audit-group-files = Exports
audit-count = { $shown } of { $entries }
audit-not-found = No entry is like this.
audit-number = No.
audit-time = Time
audit-who = Who
audit-what = What
audit-line = { $who }: { $what }
audit-kiosk = Kiosk
audit-somebody = A host
audit-erased-person = an erased person
audit-store-created = Set up the kiosk
audit-started = Started
audit-stopped = Stopped
audit-rebuilt = Rebuilt the store after an unclean stop
audit-host-added = Added host { $name }
audit-login = { $name } opened host mode
audit-login-failed = Wrong PIN for { $name }
audit-locked-out = Locked out { $name }
audit-session-timed-out = Host mode locked itself
audit-session-ended = Host mode was locked
audit-person-added = Added { $name }
audit-person-changed = Changed { $name }
audit-enrolled = { $shots ->
        [one] Enrolled { $name } with { $shots } picture
       *[other] Enrolled { $name } with { $shots } pictures
    }
audit-person-erased = Erased a person
audit-marked-in = Checked in { $name }
audit-marked-out = Checked out { $name }
audit-marked-break = Began a break: { $name }
audit-marked-back = Back from a break: { $name }
audit-corrected = Replaced mark { $old } by { $new }
audit-exported = { $rows ->
        [one] Exported { $rows } row
       *[other] Exported { $rows } rows
    }
audit-settings-changed = Changed settings
audit-weights-changed = Uses the network { $id }
audit-presentation-refused = Refused a picture of somebody
audit-clock-jumped = The clock jumped by { $secs } s
audit-host-removed = Removed host { $name }
audit-pin-changed = New PIN for { $name }
audit-unlocked = Unlocked { $name }
audit-recovery-made = Made a recovery code
audit-recovery-used = Recovery code used for { $name }
audit-recovery-wrong = Wrong recovery code
audit-pin-set = Set a PIN for { $name }
audit-pin-removed = Removed the PIN of { $name }
audit-consent-withdrawn = { $name } withdrew consent; face data destroyed
audit-key-changed = Another key file or passphrase opens the store
audit-key-rotation-begun = Began to change the master key
audit-key-rotated = Changed the master key
audit-backed-up = Made a backup of { $records } records
audit-restored = Restored the store from a backup
audit-person-exported = Exported the data of { $name }
audit-swept = Erased by the rule on keeping: { $marks } marks, face data of { $faces } people
audit-two-person-on = Switched the two-person rule on
audit-two-person-off = Switched the two-person rule off
audit-agreed-erase = { $name } agreed to erase a person
audit-agreed-key = { $name } agreed to another key file or passphrase
audit-agreed-rotate = { $name } agreed to change the master key
audit-agreed-rule = { $name } agreed to switch the two-person rule off
audit-agreed-host = { $name } agreed to add a host
audit-agreed-code = { $name } agreed to make a recovery code
audit-period-locked = Locked attendance up to and including { $date }
audit-period-unlocked = Unlocked attendance after { $date }: { $reason }
audit-all-unlocked = Unlocked all attendance: { $reason }

## Hosts
hosts-text = Hosts open host mode with their own PIN.
hosts-done = Done. It is on disk.
hosts-add = Add host
hosts-add-title = Add a host
hosts-add-deed = Add
hosts-name = Name
hosts-new-pin = New PIN
hosts-old-pin = Present PIN
hosts-change-pin = Change my PIN
hosts-change-deed = Change
hosts-new-code = New recovery code
hosts-new-code-text = The present recovery code becomes void. The new one is shown once: have something to write at hand.
hosts-new-code-deed = Show it
hosts-you = You
hosts-locked = Locked
hosts-recovered = Newly unlocked
hosts-remove = Remove
hosts-remove-spoken = Remove { $name }
hosts-remove-title = Remove { $name }?
hosts-remove-text = They can no longer open host mode. What they did stays in the audit log.
hosts-unlock = Unlock
hosts-unlock-spoken = Unlock { $name }
hosts-two-person = Two-person rule
hosts-two-person-on = Switch on
hosts-two-person-on-text = From now on a second host has to agree with their PIN before a person is erased, a key is changed, a host is added, a recovery code is made, or this rule is switched off.
hosts-two-person-off = Switch off
hosts-two-person-off-text = Each host can again erase people, change keys, add hosts and make recovery codes alone. A second host has to agree to this.
second-host-title = A second host has to agree
second-host-text = The two-person rule is on. Let another host type their PIN here.
second-host-who = Who agrees?
second-host-pin = Their PIN
second-host-deed = Agree
second-host-locked = Too many wrong PINs. Another host or the recovery code must unlock this one.

## Keys and backup
keys-backup = Backup
keys-backup-text = Everything in one sealed file: people, faces, marks, the log and the settings. With its passphrase it can be restored onto any machine.
keys-backup-here = On this kiosk it is lost together with what it is a copy of. Plug in a stick.
keys-backup-make = Make a backup
keys-backup-words = This passphrase alone opens the backup. Nobody can bring it back: keep it apart from the stick.
keys-backup-deed = Save
keys-backup-saved = { $records ->
        [one] Backup of { $records } record saved: { $path }
       *[other] Backup of { $records } records saved: { $path }
    }
keys-passphrase = Passphrase
keys-passphrase-again = The same passphrase again
keys-passphrase-length = At least { $least } characters: four unrelated words are good
keys-passphrase-same = Both are the same
keys-opens = What opens the store
keys-opens-file = The key file { $path } opens the records, so the kiosk starts unattended. Whoever takes the whole machine has the key as well.
keys-opens-passphrase = A passphrase opens the records. Somebody types it at every start.
keys-new-file = New key file
keys-new-file-text = A new key is drawn and saved as { $path }. A key file of that name is kept beside it under another name: delete it once no other store needs it.
keys-use-passphrase = New passphrase
keys-use-passphrase-text = From now on the kiosk starts only when somebody gives this passphrase. A service that starts by itself needs “--passphrase-file”. If it is forgotten, only a backup helps.
keys-changed = Changed. An old copy of the records still opens with the old key: change the master key too if somebody may have one.
keys-master = Master key
keys-master-text = It seals every record. If somebody may have copied the key and the records: first another key file or passphrase, then change this one.
keys-rotate = Change the master key
keys-rotate-sure = Every record is sealed anew while the kiosk goes on. This may take minutes; switching off in between loses nothing.
keys-rotate-deed = Change it
keys-rotating = The master key is being changed. The kiosk can be used meanwhile.

## Settings
settings-save = Save
settings-undo = Undo changes
settings-as-saved = Everything is as saved.
settings-unsaved = Changed, but not saved yet.
settings-saved = Saved at { $time }. It applies now.
settings-restart-needed = One change applies when the kiosk is started again.
settings-after-restart = Applies after a restart
settings-usual = Usual: { $usual }
settings-range = From { $least } to { $most }.
settings-site = Site
settings-site-help = Shown on the kiosk and on reports.
settings-zone-help = Decides what “08:00” means.
settings-language = Language
settings-marking = Marking
settings-mode = When a recognised face means in or out
settings-mode-help = “Ask” offers in, out and breaks on the screen.
settings-out-from = Out from
settings-guard = Seconds before the same person is marked again
settings-guard-help = Whoever passes twice in a short time is marked once.
settings-day-start = Hour at which an attendance day begins
settings-day-start-help = Marks after midnight and before this hour belong to the day before.
settings-screen = Screen
settings-look = Colours
settings-large-type = Large type
settings-high-contrast = High contrast
settings-keyboard = Keyboard on the screen
settings-keyboard-help = Automatic shows it when a finger touches a text field, not with a mouse.
settings-saver = Seconds without anybody until the screen rests
settings-saver-help = A face or a touch wakes it. 0 is never; else 30 or more.
settings-sound = Tones at the door
settings-sound-help = Recognised, not recognised and refused each have their own. “Automatic” plays them where there is a sound device.
settings-sound-no-player = Nothing plays tones here: install alsa-utils
settings-sound-no-device = No sound device is known
work-title = Working time
work-text = Without a schedule nobody is late or absent. People can have their own.
work-grace = minutes that are not yet late
work-rounding = A day’s hours are
work-breaks = Breaks taken off, as { $example }
work-holidays = Holidays, one a line, as { $example }
work-holidays-example = { $day } Christmas Day
rounding-exact = not rounded
rounding-nearest = rounded to { $minutes } minutes
rounding-down = rounded down to { $minutes } minutes
rounding-up = rounded up to { $minutes } minutes
shift-add = Add a shift
shift-remove = Remove
shift-remove-spoken = Remove shift { $shift }
shift-start = Start of shift { $shift }
shift-end = End of shift { $shift }
shift-no-day = A shift needs at least one day.
shift-length = A shift lasts from one minute to 16 hours.
shift-overlap = Two shifts are at the same time.
shift-time = Type times as 08:00.
settings-camera-title = Camera
settings-camera = Camera
settings-camera-choose = Cameras to choose from
settings-camera-auto = The first that works
settings-camera-demo = Built-in demo
settings-camera-again = Look for cameras again
settings-camera-live = Running: { $camera }
settings-camera-help = Applies as soon as it is saved. In the field: auto, demo, a number, /dev/video0, a folder of pictures, or the http address of a motion-JPEG stream.
settings-rotate = Turn the picture clockwise
settings-mirror = Show people as in a mirror
settings-recognition = Recognition
settings-fpir = Visits by strangers that may be taken for somebody
settings-fpir-help = Less is safer, but people enrolled are then asked more often to look again.
settings-device = Where the networks run
settings-device-help = “Automatic” takes a graphics card where this program can use one.
settings-liveness = Tell a person from a picture of one
settings-liveness-help = “Automatic” checks where a network for it is installed. Applies after a restart.
settings-bona-fide = Percent from which somebody counts as a person
settings-bona-fide-help = Higher refuses more pictures, and more people in bad light.
settings-renew-faces = Enrol people again in passing
settings-renew-faces-help = Who marks by ID and PIN after another recogniser was chosen, alone before the camera, is enrolled again with it.
liveness-on = Always
liveness-off = Never
settings-detector = Network that finds faces
settings-recogniser = Network that tells people apart
settings-built-in = built in
network-licence = Licence: { $licence }.
network-measured = Measured: { $share } of strangers are taken for one of { $people } people.
network-asks = Among the { $people } people it knows here, a face is recognised from a similarity of { $cosine } on.
network-asks-beyond = Among the { $people } people it knows here, a face is recognised from a similarity of { $cosine } on (an estimate: fewer were measured).
network-detector-help = Faces are measured alike only behind the same detector: after a change, enrol people again.
network-not-measured = Its errors were not measured: a cautious threshold is used.
network-again = To be enrolled again with it: { $people }.
network-title = Use { $id }?
network-unusable = { $id } cannot be used. Install it again, or remove it.
network-left-out = { $people ->
        [one] With { $id } one person must be enrolled again before the kiosk recognises them.
       *[other] With { $id } { $people } people must be enrolled again before the kiosk recognises them.
    }
network-text = Faces measured by one network are never compared with those of another. What is stored stays: going back needs no new enrolment. It takes effect when the settings are saved and the kiosk is started again.
network-deed = Use it
settings-weights-help = Others are installed with “faceprint weights install”. A choice counts from the next start on.
settings-times = Times
settings-not-me = Seconds to press “Not me”
settings-not-me-help = The card stays as long.
settings-idle = Seconds until host mode locks itself
settings-idle-help = Counted from the last touch.
settings-consent = Consent
settings-consent-help = A changed text is saved as a new version. People enrolled earlier agreed to the version noted with them.
settings-keeping = How long data is kept
settings-keep-marks = Days after which marks are erased
settings-keep-help = Erased at night and noted in the audit log, in locked periods too. The audit log itself keeps who, by a random id, was marked when. 0 keeps them for ever.
settings-keep-faces = Days without a mark after which face data is erased
settings-keep-faces-help = The person stays and can use ID and PIN. 0 keeps it for ever.
settings-kiosk = This program
settings-quit = Close the kiosk
settings-quit-help = Ends the program. Nobody can be marked until it is started again.
settings-keys = Keys and backup…
settings-keys-help = A sealed copy of everything, and what opens the records.
mode-toggle = In, then out, then in
mode-out-from = In before a time, out from it on
mode-always-in = Always in
mode-always-out = Always out
mode-ask = Ask the person
look-system = As the system
look-light = Light
look-dark = Dark
device-auto = Automatic
device-cpu = Processor
device-cuda = NVIDIA card
device-threads =
    Processor, { $threads ->
        [one] one thread
       *[other] { $threads } threads
    }

## Diagnostics
diagnostics-well = All is well.
diagnostics-captured = Camera, frames a second
diagnostics-processed = Recognised, frames a second
diagnostics-dropped = Frames skipped
diagnostics-rates = Frames a second, the last two minutes
diagnostics-plot-camera = Camera
diagnostics-plot-recognised = Recognised
diagnostics-times = Time of each step, the last two minutes
diagnostics-detect = Find faces
diagnostics-embed = Measure a face
diagnostics-frame = Whole frame
diagnostics-camera = Camera
diagnostics-weights = Networks
diagnostics-device = Runs on
diagnostics-templates = Stored faces
diagnostics-threshold = Threshold
diagnostics-disk = Disk
diagnostics-disk-free = { $free } free of { $total }
diagnostics-data = Data folder
diagnostics-memory = Memory in use
diagnostics-temperature = Temperature
diagnostics-clock = Clock
diagnostics-clock-kept = Kept right by a time service
diagnostics-clock-loose = The time service has not set it yet
diagnostics-clock-unknown = No time service of systemd is running
diagnostics-stages = Time for each stage
diagnostics-stage = Stage
diagnostics-capture = Take a frame
diagnostics-convert = Convert the frame
diagnostics-track = Follow faces
diagnostics-align = Align faces
diagnostics-match = Compare
diagnostics-liveness = Tell from a picture
diagnostics-decide = Decide and record
bench-title = Speed test
bench-text = Measures 300 frames of the built-in demo camera beside the running kiosk, as “faceprint bench” does without it.
bench-start = Run the speed test
bench-progress = { $done } of { $of } frames
bench-result = { $fps } frames a second over { $frames } frames

## When something cannot be done
trouble-line = Line { $line }: { $text }
trouble-stick-gone = The stick is no longer plugged in. Choose again where to save.
trouble-no-longer-enrolled = This person is no longer enrolled. Ask a host.
trouble-in-future = The time is in the future. Enter when it happened.
trouble-reason-missing = A correction needs a reason. Type why.
trouble-reason-long = The reason is longer than 300 characters. Shorten it.
trouble-range-backwards = The range ends before it begins. Exchange the dates.
trouble-range-long = The range is longer than ten years. Choose a shorter one.
trouble-mark-too-old = This record is too old to take back here. Ask a host.
trouble-pictures-gone = These pictures are gone. Take them again.
trouble-not-renewed = This person is switched off, or has withdrawn consent.
trouble-needs-no-second = This takes no second host. Ask for it alone.
trouble-second-is-first = The second host must be another one than the first. Let somebody else agree.
trouble-unlocks-themselves = Another host has to unlock you. Ask one of them.
trouble-no-key-file = There is no place for a key file on this kiosk. Use “faceprint key change”.
trouble-recovered-lately = A host whose PIN was set with the recovery code, or whose lock was opened, takes part in nothing that needs two for seven days. Ask another host, or wait.
trouble-internal = This could not be done because of an internal error. Try again.
trouble-under-way = Something else is still under way. Wait for it, or stop it.
trouble-stopped = Stopped before its end. Nothing was left behind.
trouble-closed-meanwhile = The store was closed meanwhile. Try again.
trouble-store-closed = The store is closed for the moment. Try again in a few seconds.
trouble-visit-lost = Your visit was not recorded: the store is closed. Tell a host.
trouble-nobody-came = Nobody was enrolled for two minutes. Start again.
trouble-begun-anew = Recognition began anew meanwhile. Start again.
trouble-not-set-up = The kiosk is not set up yet. Finish the first start.
trouble-set-up-already = This kiosk is set up already. Log in as a host instead.
trouble-recogniser-silent = The recogniser does not answer. Wait for it to restart, then try again.
trouble-recogniser-restarts = Recognition stopped by an internal error and begins again by itself. If this comes back, restart the kiosk and report it.
trouble-ledger-restarts = The record keeper stopped by an internal error. The store is opened again by itself.
trouble-write-failed = A record could not be written. The store is opened again by itself.
trouble-weights-changed = The network for recognition was changed while the kiosk ran. Restart it.
trouble-networks = Recognition does not run. Run “faceprint doctor” on this machine.
trouble-disk-full = The disk is full. Free some space and try again; nothing that was recorded is lost.
trouble-unreadable = { $path } cannot be read: { $reason }
trouble-unwritable = { $path } cannot be written: { $reason }
trouble-file-exists = { $path } is there already. Choose another name.
trouble-report = The report could not be written: { $reason }
trouble-font = The font for PDF cannot be read. Install the program again, or export CSV.
trouble-damaged = The store is damaged ({ $place }). Keep the folder as it is and restore a backup.
place-entry = { $file }, entry { $entry }, byte { $byte }
place-missing = entries { $from } to { $to } of the journal are missing
place-checkpoint = checkpoint, part { $part }
place-record = a record: { $kind }
place-person-keys = People’s keys
place-faces = Face data
place-attempts = Wrong PINs
place-person-pins = People’s PINs
trouble-later = { $what } was made by a later faceprint. Update this one.
trouble-later-rules = The rules that locked days are counted by are of a later faceprint. Update this one.
trouble-store-failed = Records cannot be written since an earlier failure. Restart the kiosk; nothing that was recorded is lost.
trouble-store-there = { $path } holds a store already. Open it, or choose an empty folder.
trouble-store-missing = { $path } holds no store. Set the kiosk up, or give the right folder with --data.
trouble-store-keyless = { $path } holds records without vault.key, so that they cannot be read. Bring it back from a backup.
trouble-store-in-use = Another kiosk uses { $path } already. Stop it first.
trouble-key-missing = The key file { $path } is missing. Bring it back, or restore a backup into an empty folder.
trouble-key-open = The key file { $path } can be read by other users. Run “chmod 600” on it.
trouble-key-damaged = { $path } is not a whole key file. Bring back the one that the store was made with.
trouble-key-unusable = The key file { $path } cannot be used. Check the folder and its permissions.
trouble-wrong-key = This key does not open the store. Use the key file or passphrase that it was made with.
trouble-key-blob = The store’s keys (vault.key) are damaged. Restore them from a backup.
trouble-machine = The machine has no memory or no random numbers left. Restart it.
trouble-too-long = The entry is too long. Shorten it.
trouble-no-such-person = This person is not there any more. Open the page again.
trouble-no-such-host = This host is not there any more. Open the page again.
trouble-no-recovery-code = There is no recovery code. Another host must unlock this one.
trouble-last-host = This is the only host. Add another one first.
trouble-last-pair = The two-person rule is on and needs two hosts. Add another one first, or switch the rule off together.
trouble-no-pair = The two-person rule needs two hosts. Add another one first.
trouble-no-such-mark = This person has no mark { $event }. Open the page again.
trouble-already-corrected = Mark { $event } was corrected before. Correct the newer one.
trouble-badge-taken = This badge number belongs to somebody else. Use another, or none.
trouble-host-taken = There is a host of this name already. Use another.
trouble-erasure-pending = The person is erased, but old files that still hold traces could not be removed yet. It is tried again every minute, and at every close and start.
trouble-settings-file = The settings file { $path } is not understood. Correct it, or delete it to begin with the defaults.
trouble-setting = The setting “{ $label }” ({ $field } in the settings file) cannot have this value.
trouble-setting-key = The setting { $field } cannot have this value.
trouble-list-large = The list is larger than { $most } MB. Split it.
trouble-list-rows = The list has more than { $most } rows. Split it.
trouble-list-coding = The list is not in UTF-8. Save it as “CSV UTF-8” in the spreadsheet program.
trouble-list-name = The list has no column “name”. Its first line must name the columns, for example name,badge.
trouble-list-broken = The list cannot be read. Save it as CSV again.
trouble-wrong-code = The recovery code is wrong. Type it as it was shown.
trouble-locked = Attendance is locked up to and including { $until }, by { $name } on { $date }. A host can unlock it, with a reason.
trouble-day-not-over = Only days that are over can be locked. Choose yesterday or earlier.
trouble-too-long-ago = Nothing is that long ago. Check the year.
trouble-unlock-reason = Unlocking needs a reason. Type why.
trouble-locked-already = Attendance is locked up to and including { $date } already. Choose a later day.
trouble-locked-only = Attendance is locked only up to and including { $date }. Choose an earlier day.
trouble-nothing-locked = No day is locked. There is nothing to unlock.
reason-full = no room is left. Free some, or choose another place.
reason-missing = it is not there. Plug the stick in again, or choose another place.
reason-denied = this user may not. Check the permissions.
reason-read-only = it may only be read. Slide its lock, or choose another place.
reason-pulled = the disk or stick does not answer. If it was pulled out, plug it in and try again.
reason-other = the system says error { $number }. Check the disk or stick.
setting-weights = An id of a network is what “faceprint weights list” prints.
setting-camera = This is no camera: auto, demo, a number, /dev/video0, a folder of pictures, or an http address.
setting-breaks = Type breaks as 30 after 6:00 (minutes of break, hours of work).
setting-holidays = Type a holiday as { $example }, with its name after it.
setting-shifts = A schedule has at most { $most } shifts. Take some out.
audit-fault-missing = Entry { $number } is missing.
audit-fault-unreadable = Entry { $number } cannot be read: it was changed or moved.
audit-fault-changed = Entry { $number } was changed, or one before it was.
audit-fault-cut = The log was cut off: it has no entry { $number }.
audit-fault-replaced = Entry { $number } is not the one of this head. If the head is copied rightly, the log was written anew.
bench-failed = The speed test could not be done.
