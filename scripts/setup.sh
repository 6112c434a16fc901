#!/bin/sh
# Installs what is missing, and nothing else: a second run is quick.
# Use: sh scripts/setup.sh run|test|dev|train|install [VENV]
set -eu

goal=$1
venv=${2:-.venv}

say() { printf '%s\n' "$*"; }
die() { printf 'tallywatt: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        die "needs root or sudo to install: ${wanted:-packages}. Run it as root, or install them and try again"
    fi
}

# Programs the tests talk to. Not every release of Debian has all of them; tests without theirs skip.
peers="influxdb mosquitto mosquitto-clients prometheus victoria-metrics"

known() {
    command -v apt-cache >/dev/null 2>&1 || return 0
    apt-cache show python3 >/dev/null 2>&1 || as_root apt-get update -qq
    for package in "$@"; do
        if apt-cache show "$package" >/dev/null 2>&1; then printf '%s ' "$package"; fi
    done
}

# What the product needs of Debian: Python's venv, tesseract, and the libraries that opencv-python's wheel
# expects of the system (libGL and glib; glib was renamed in Debian 13).
packages="python3 python3-venv tesseract-ocr libgl1"
if apt-cache show libglib2.0-0t64 >/dev/null 2>&1; then
    packages="$packages libglib2.0-0t64"
else
    packages="$packages libglib2.0-0"
fi
case $goal in
    test|dev) packages="$packages chromium chromium-driver curl e2fsprogs fonts-dejavu-core mount"
        packages="$packages $(known $peers)" ;;
    train) packages="$packages fonts-dejavu fonts-liberation fonts-urw-base35 fonts-lato fonts-roboto-unhinted"
        packages="$packages fonts-open-sans fonts-quicksand fonts-b612 fonts-jetbrains-mono fonts-dseg" ;;
esac
if [ -e /etc/rpi-issue ]; then
    packages="$packages python3-picamera2"
fi

missing() {
    for package in $packages; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || printf '%s ' "$package"
    done
}

command -v dpkg-query >/dev/null 2>&1 || die "this is no Debian or Raspberry Pi OS; install by hand: $packages"
wanted=$(missing)
if [ -n "$wanted" ]; then
    say "Installing $wanted"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    # shellcheck disable=SC2086 - a list of words
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >/dev/null
    # The tests start their own, each on a port of its own: what came as a service is not left running.
    if [ -d /run/systemd/system ]; then
        for package in $peers; do
            case " $wanted " in *" $package "*) as_root systemctl disable --now "$package" 2>/dev/null || true ;; esac
        done
    fi
fi

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    die "Python 3.11 or newer is needed, here is $(python3 --version 2>&1). Debian 12 and later have it"

# Raspberry Pi OS ships picamera2 for its own Python only: let the environment see it.
options=
if [ -e /etc/rpi-issue ]; then
    options=--system-site-packages
fi
[ -x "$venv/bin/python" ] || python3 -m venv $options "$venv"

case $goal in
    run) what="-e ." ;;
    install) what="." ;;
    train) what="-e .[dev,train]" ;;
    *) what="-e .[dev]" ;;
esac
stamp="$venv/.installed-$goal"
if [ "$goal" = install ] || [ ! -e "$stamp" ] || [ setup.py -nt "$stamp" ] || [ "$venv/bin/python" -nt "$stamp" ]; then
    say "Installing the product into $venv (a few minutes the first time)"
    # shellcheck disable=SC2086 - an option and its word
    "$venv/bin/python" -m pip install -q --disable-pip-version-check $what
    touch "$stamp"
fi
case $goal in
    # Tests talk to a real Home Assistant, which wants a Python and libraries of its own.
    test|dev) sh scripts/home_assistant.sh .venv-home-assistant "$venv" ;;
esac
