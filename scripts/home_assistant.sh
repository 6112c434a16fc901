#!/bin/sh
# The real Home Assistant that the tests talk to, in an environment of its own (0.7 GB); a second run is quick.
# Use: sh scripts/home_assistant.sh [FOLDER [VENV]]
# VENV is the product's environment, whose Python is used where it is the one that is needed.
set -eu

folder=${1:-.venv-home-assistant}
venv=${2:-.venv}
version=2025.4.4
# What its integrations would fetch at run time; the tests start it with --skip-pip. uv is what it pins itself.
uv=uv==0.6.10
extras="home-assistant-frontend==20250411.0 jsonpath==0.82.2 xmltodict==0.13.0 paho-mqtt==2.1.0 colorlog==6.8.2"

is_313() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; }

stamp="$folder/.installed-$version"
[ ! -e "$stamp" ] || [ "$0" -nt "$stamp" ] || exit 0

for python in "$venv/bin/python" python3.13 "$HOME"/.pyenv/versions/3.13*/bin/python3.13 none; do
    if is_313 "$python"; then break; fi
done
if [ "$python" = none ]; then
    echo "tallywatt: Home Assistant $version is not installed: it needs Python 3.13 (Debian 13 has it, or pyenv)." \
        "Its tests are skipped here" >&2
    exit 0
fi
echo "Installing Home Assistant $version into $folder, for the tests"
pip="$folder/bin/python -m pip install -q --disable-pip-version-check"
wanted="homeassistant==$version $extras"
# uv is quick, but knows nothing of pip's own settings: where it cannot reach the packages, pip may.
# shellcheck disable=SC2086 - lists of words
if "$python" -m venv --clear "$folder" && $pip "$uv" &&
    { "$folder/bin/uv" pip install -q --native-tls --python "$folder/bin/python" $wanted || $pip $wanted; }; then
    touch "$stamp"
else
    rm -rf "$folder"
    echo "tallywatt: Home Assistant $version could not be installed (see above; parts of it may have to be" \
        "compiled: apt-get install gcc g++ python3-dev). Its tests are skipped here" >&2
fi
