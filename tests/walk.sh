#!/usr/bin/env bash
# Walks through a day as people would, in the real window on an X server without a screen: first start, enrolment,
# marks, a correction, an export. After each step the command line says whether it happened; the first that did not ends
# the walk. Pictures of every step go into a folder; with --readme those of the README are made anew.
#
#   tests/walk.sh [--readme] [FOLDER]        FACEPRINT=target/release/faceprint tests/walk.sh …
#
# Needs: apt-get install xvfb xdotool imagemagick. Nearly everything is done with the keyboard, which shows that it
# reaches it. The person is drawn from assets/demo, turned like a head would be.
set -euo pipefail
cd "$(dirname "$0")/.."
readme=no
[ "${1:-}" = --readme ] && { readme=yes; shift; }
work=$(mktemp -d)
shots=${1:-$work/shots}
mkdir -p "$shots" "$work/data"
faceprint=$(realpath "${FACEPRINT:-target/debug/faceprint}")
for tool in Xvfb xdotool convert import; do
    command -v $tool >/dev/null || { echo "nothing was walked: $tool is not installed (apt-get install xvfb xdotool imagemagick)"; exit 77; }
done
[ -x "$faceprint" ] || { echo "build first: cargo build"; exit 1; }
export LIBGL_ALWAYS_SOFTWARE=1 RUST_LOG=warn
unset WAYLAND_DISPLAY
pin=802715
printf %s $pin >"$work/pin"
site=(--data "$work/data" --key-file "$work/key")
host=(--host "Grace Hopper" --pin-file "$work/pin")
xvfb='' window=''

finish() {
    [ -n "$window" ] && kill "$window" 2>/dev/null
    [ -n "$xvfb" ] && kill "$xvfb" 2>/dev/null
    wait 2>/dev/null || true
    case "$shots" in "$work"*) ;; *) rm -rf "$work" ;; esac
}
trap finish EXIT

failed() {
    import -window root "$shots/failed.png"
    echo "FAILED: $1 (see $shots/failed.png)"
    exit 1
}

# A screen of this size.
screen() {
    [ -n "$xvfb" ] && { kill "$xvfb"; wait "$xvfb" 2>/dev/null || true; }
    exec 3< <(exec Xvfb -displayfd 1 -screen 0 "$1x24" -nolisten tcp 2>/dev/null & echo "pid $!"; wait)
    local line
    while read -r -u 3 line; do
        case $line in "pid "*) xvfb=${line#pid } ;; *) DISPLAY=:$line; break ;; esac
    done
    export DISPLAY
}

# The kiosk in front of a camera, until the window shows something.
open_kiosk() {
    "$faceprint" "${site[@]}" --camera "$1" 2>>"$work/log" &
    window=$!
    local colours=1
    for _ in $(seq 100); do
        sleep 0.3
        kill -0 $window 2>/dev/null || { cat "$work/log"; failed "the window opens"; }
        colours=$(import -window root -format %k info: 2>/dev/null || echo 1)
        [ "$colours" -gt 20 ] && break
    done
    [ "$colours" -gt 20 ] || failed "the window opens"
    xdotool mousemove 9999 9999             # over nothing
    sleep 1
}

close_kiosk() {
    kill "$window"
    wait "$window" || failed "the kiosk ends in order"
    window=''
}

# Until somebody is recognised: the colours of a mark, light or dark, are on more of the window than the lamps at its foot.
greeted() {
    local marked
    for _ in $(seq 300); do                 # most of those who pass are known, not all
        sleep 0.7
        marked=$(import -window root png:- |
            convert - -gravity north -crop 100%x88%+0+0 +repage -format %c histogram:info:- |
            awk -F: '/#(18733E|5AC987|295BA8|84B3FF)/ { sum += $1 } END { print sum + 0 }')
        [ "$marked" -gt 300 ] && return
    done
    failed "somebody is recognised"
}

# One Tab in a frame: a slow machine draws few.
tabs() { for _ in $(seq "$1"); do xdotool key Tab; sleep "${PACE:-0.25}"; done; }
press() { tabs "$1"; xdotool key space; sleep "${2:-1}"; }
put() { xdotool type --delay 40 "$1"; sleep 0.5; }
over() { xdotool key ctrl+a; sleep 0.3; put "$1"; }
click() { xdotool mousemove "$1" "$2"; sleep 0.4; xdotool click 1; sleep "${3:-1.2}"; xdotool mousemove 9999 9999; }
shot() { sleep 0.4; import -window root "$shots/$1.png"; }

# Whether a command, asked once the kiosk has closed the store, prints a line like this.
stored() {
    local what=$1 pattern=$2
    shift 2
    if "$faceprint" "$@" "${site[@]}" >"$work/said" && grep -q "$pattern" "$work/said"; then
        echo "ok: $what"
    else
        cat "$work/said"
        failed "$what"
    fi
}

# Host mode by keyboard: the lock is the first thing that Tab reaches on the first screen, and digits go to the PIN.
log_in() {
    press 1 1.5
    put $pin
    xdotool key Return
    sleep 3
}

# A page of host mode: 1 is Today, 8 Diagnostics.
page() { click 60 $((56 + 54 * $1)) 2; }

# The controls of a page come after the eight pages and the lock.
navigation=9

# Frames of a person of the demo, turned by so many degrees: the face is mapped as if it were on a cylinder.
frames() {
    local out=$1 person=$2 number=0 angle
    shift 2
    mkdir -p "$out"
    convert -size 1280x720 'gradient:#d9dcd6-#a9aca6' \( -size 1280x190 'xc:#8a8578' \) -geometry +0+530 -composite \
        "$work/room.png"
    for angle; do
        convert "assets/demo/person-$person.png" -virtual-pixel transparent -distort Shepards "$(awk -v t="$angle" '
            function put(x, y, z) { printf "%d,%d %.1f,%d ", 127 + x, y, 127 + x * cos(t) + z * sin(t), y }
            function pin(x, y) { printf "%d,%d %d,%d ", x, y, x, y }
            BEGIN {
                t *= 3.14159 / 180
                put(-27, 126, 64); put(27, 126, 64); put(0, 160, 88); put(0, 140, 74)
                put(-17, 190, 66); put(17, 190, 66); put(0, 206, 66)
                pin(0, 0); pin(255, 0); pin(0, 319); pin(255, 319); pin(62, 126); pin(192, 126); pin(127, 60)
                pin(70, 190); pin(184, 190); pin(127, 250)
            }')" -resize 170% "$work/sprite.png"
        convert "$work/room.png" "$work/sprite.png" -geometry +420+176 -composite -attenuate 0.08 +noise Gaussian \
            -quality 90 "$out/$(printf %02d $number).jpg"
        number=$((number + 1))
    done
}

# A zone in which it is afternoon, so that the day has a morning.
hour=$(date -u +%-H)
ahead=$(((38 - hour) % 24))
[ $ahead -gt 12 ] && ahead=$((ahead - 24))
zone=Etc/GMT$([ $ahead -ge 0 ] && echo "-$ahead" || echo "+${ahead#-}")

echo "== first start and the first enrolment"
frames "$work/linnea" 03 0 0 -8 -12 -16 8 12 16
screen 1280x720
open_kiosk "$work/linnea@2"
shot first-language
press 5                                 # four languages, then Next
tabs 1; put "Grace Hopper"
tabs 1; put $pin
tabs 1; put $pin
shot first-host
press 2                                 # Back, Next
sleep 2; shot first-camera
press 2
tabs 1; put "Main entrance"
tabs 1; over "$zone"
shot first-site
press 2
shot first-consent
tabs 1; press 2 5                       # the text, Back, Finish
shot first-code
press 1; press 1 2                      # I have written it down; Go on, to the people
press $((navigation + 1))               # Add person
tabs 1; put "Linnea Frost"
tabs 1; put 1001
shot people-add
press 1 2
shot enrol-consent
press $((navigation + 2)); press 1      # the tick; Start
sleep 0.2; shot enrol-running
for _ in $(seq 12); do                  # she turns her head again and again
    sleep 1
    xdotool key Shift_L                 # somebody is at the kiosk
done
shot enrol-done
close_kiosk
stored "the first start made a host" "Grace Hopper" hosts list --json
stored "somebody is enrolled from the window" '"templates": *3' people list --json

echo "== a day of marks"
number=1
for person in 01 02 04 05 06; do
    number=$((number + 1))
    name=$(awk -v n="$person" -F'"' '/"file"/ { found = ($4 == "person-" n ".png") } found && /"name"/ { print $4; exit }' \
        assets/demo/people.json)
    id=$("$faceprint" people add "$name" --id "100$number" --json "${host[@]}" "${site[@]}" | grep -o '[0-9a-f]\{32\}')
    frames "$work/$person" "$person" 0 -4 4 0
    "$faceprint" people enrol "$id" --from "$work/$person" --consent 1 "${host[@]}" "${site[@]}" >/dev/null
done
stored "six people are known" 'Rafiq Amant' people list --json
open_kiosk "$work/linnea@2"
sleep 3; shot attendee-one              # the person before the camera is marked
log_in
shot today-first
add_mark() {                            # who, which of In, Break, Back and Out, when
    click 1195 48                       # Add a mark
    click 640 242 0.6; put "$1"
    click 640 274                       # whom the search found
    click $((423 + 92 * $2)) 304 0.6
    click 772 387 0.6; over "$3"
    click 640 469 0.6; put "Forgot to mark"
    click 851 541 2
}
add_mark Tomas 0 08:04
add_mark Greta 0 07:52
add_mark Greta 3 12:31
add_mark Zola 0 08:17
add_mark Ken 0 07:58
add_mark Ken 1 12:05
shot today
click 404 367                           # Marks
shot today-marks
click 1242 477                          # correct the newest
click 640 473 0.6; put "Held the door"  # it is replaced by itself, with a word
click 851 544 2
shot today-corrected
page 3; shot attendance
page 4; shot reports
click 1207 48 4                         # Save
shot reports-saved
page 5; shot audit
page 6; shot hosts
page 7; shot settings
page 8; sleep 3; shot diagnostics
close_kiosk
exports=("$work"/data/exports/attendance-*.csv)
[ -s "${exports[0]}" ] || failed "the report is in the exports folder"
echo "ok: a report was saved from the window"
grep -q "Linnea Frost" "${exports[0]}" || failed "the report names who was marked"
today=$(TZ=$zone date +%F)
"$faceprint" export csv --from "$today" --to "$today" --out "$work/out.csv" "${site[@]}"
grep -q '"Tomas Arvel","1002",check_in,host' "$work/out.csv" || failed "the marks are on record"
grep -q "Held the door" "$work/out.csv" || failed "the correction is on record"
echo "ok: the marks and the correction are on record"
stored "so is the export" "exported" audit show --last 20

echo "== the screens in other sizes, light and dark"
for look in light dark; do
    awk -v look=$look '/^look = / { $0 = "look = \"" look "\"" } 1' "$work/data/settings.toml" >"$work/settings" &&
        cp "$work/settings" "$work/data/settings.toml"
    for size in 1280x720 1920x1080 1080x1920 800x480; do
        screen $size
        open_kiosk demo
        greeted; shot "$look-$size-attendee"    # two people come together
        log_in
        shot "$look-$size-today"
        close_kiosk
    done
done

if [ $readme = yes ]; then
    for name in attendee today; do
        convert "$shots/light-1280x720-$name.png" -strip -resize 960x540 -dither None -colors 255 \
            "assets/screenshots/$name.png"
    done
fi
echo "done: pictures in $shots"
