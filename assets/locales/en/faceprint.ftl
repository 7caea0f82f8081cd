# Every word on the screen. Ids begin with the screen that says them. Sentence case; sentences end with a full stop.

## Used on many screens
button-back = Back
button-next = Next
button-cancel = Cancel
button-working = One moment…
kind-in = In
kind-out = Out
kind-break = Break
kind-back = Back
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

## Camera
camera-picture = Camera picture
camera-opening = Starting the camera…
camera-retry = Trying again in { $wait }.
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
attendee-unknown = Not recognised. Please ask your host
attendee-refused = Please show your face, not a picture
attendee-welcome = Welcome
attendee-welcome-text = Step in front of the camera and look at it. You are marked within a second.
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
card-not-me = Not me
card-struck-out = Removed
card-struck-out-text = The mark no longer counts.
card-not-recorded = Nothing was recorded

## First start
first-step = Step { $step } of { $steps }
first-site-title = Set up this kiosk
first-site-text = The name is shown on the kiosk and on reports. The time zone decides what “08:00” means.
first-site-name = Name of the site
first-site-hint = For example: Main entrance
first-site-rule = Give the site a name of at most 80 characters.
first-zone = Time zone
first-zone-rule = The time zone is a name such as Europe/Berlin or UTC.
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
first-finish = Finish
pin-shape = A PIN has 6 to 12 digits.
pin-guessable = This PIN is one of the first that anybody would try: choose another.
pin-again-differs = The two PINs are not the same yet.

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

## Host mode
page-today = Today
page-people = People
page-export = Export
page-audit = Audit
page-settings = Settings
page-diagnostics = Diagnostics
host-logged-in = { $name }
host-lock = Lock
host-locks-in = Locks in { $wait }

## People
people-add = Add person
people-search = Search name or badge
people-none = Nobody yet
people-none-text = Add the first person, then take three pictures of their face.
people-not-found = Nobody has this name or badge.
people-name = Name
people-badge = Badge
people-badge-optional = Badge or number, if the site uses one
people-state = State
people-enrolled = Enrolled
people-not-enrolled = Not enrolled
people-inactive = Inactive
people-enrol = Enrol
people-enrol-again = Enrol again
people-enrol-spoken = Enrol { $name }
people-erase = Erase
people-erase-spoken = Erase { $name }
people-add-title = Add a person
people-add-deed = Add
people-erase-title = Erase { $name }?
people-erase-text = The face data, the name and everything else about this person is destroyed. Past marks stay in the records without a name. This cannot be undone.
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
enrol-failed-text = Nothing was stored.
enrol-again = Try again
enrol-back = Back to people
pose-front = Look at the camera
pose-aside = Turn a little to the left
pose-other-side = Turn a little to the right
consent-title = Consent
consent-text = The kiosk measures your face and stores the measurements, sealed, on this device only, to record when you come and go. No picture is kept. You may refuse, and you may have everything erased at any time.
consent-version = Text version { $version }
consent-tick = The person has read this and agrees

## Today
today-add = Add a mark
today-day-before = Day before
today-next-day = Next day
today-present = Present of { $people }
today-inside = Inside now
today-absent = Not seen
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
today-choose-person = Choose a person
today-time-field = Time, as 08:00
today-reason = Reason
today-reason-hint = Kept with the record
today-correct-title = Correct a mark
today-correct-deed = Save
today-replace = Replace it
today-strike-out = Strike it out
today-strike-out-text = The mark no longer counts. It stays in the records with your reason.

## Export
export-text = All marks of the days from first to last, with corrections and reasons.
export-today = Today
export-this-week = This week
export-this-month = This month
export-last-month = Last month
export-from = First day
export-to = Last day
export-format = Format
export-csv = CSV table
export-pdf = PDF report
export-range-rule = Type both days as 2026-01-31, the first one not after the last.
export-save = Save
export-saved = { $rows ->
        [one] Saved { $rows } row to { $path }
       *[other] Saved { $rows } rows to { $path }
    }

## Audit
audit-text = Newest first. Each entry is chained to the one before; verify the chain with “faceprint audit verify”.
audit-refresh = Refresh
audit-none = No entries
audit-none-text = Whatever is done on this kiosk appears here.
audit-number = No.
audit-time = Time
audit-who = Who
audit-what = What
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

## Settings
settings-save = Save
settings-saved = Saved. A new camera opens within seconds.
settings-site = Site
settings-language = Language
settings-marking = Marking
settings-mode = When a recognised face means in or out
settings-out-from = Out from
settings-guard = seconds before the same person is marked again
settings-day-start = o’clock: an attendance day begins
settings-camera-title = Camera
settings-camera = Camera: auto, demo, a number, /dev/video0, a folder or an http address
settings-mirror = Show people as in a mirror
settings-times = Times
settings-not-me = seconds to press “Not me”
settings-idle = seconds until host mode locks itself
mode-toggle = In, then out, then in
mode-out-from = In before a time, out from it on
mode-always-in = Always in
mode-always-out = Always out
mode-ask = Ask the person

## Diagnostics
diagnostics-well = All is well.
diagnostics-captured = Camera, frames a second
diagnostics-processed = Recognised, frames a second
diagnostics-dropped = Frames skipped
diagnostics-camera = Camera
diagnostics-weights = Networks
diagnostics-device = Runs on
diagnostics-templates = Stored faces
diagnostics-threshold = Threshold
diagnostics-stages = Time for each stage
diagnostics-stage = Stage
