#!/bin/sh
# Puts Tallywatt under systemd, from the checkout this script lies in. Safe to run again: it updates.
#   sudo systemd/install.sh               install or update, and start
#   sudo systemd/install.sh --uninstall   take it away; configuration and readings stay
#   --root DIR                            into another root (an image being built); nothing is started
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
root=
action=install
while [ $# -gt 0 ]; do
    case $1 in
        --root) root=${2:?--root needs a folder}; shift ;;
        --uninstall) action=uninstall ;;
        -h|--help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) printf 'tallywatt: unknown option %s; see --help\n' "$1" >&2; exit 2 ;;
    esac
    shift
done

die() { printf 'tallywatt: %s\n' "$*" >&2; exit 1; }
live() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

unit="$root/etc/systemd/system/tallywatt.service"
[ "$(id -u)" = 0 ] || [ -n "$root" ] || die "installing needs root: sudo systemd/install.sh"

if [ "$action" = uninstall ]; then
    if live; then systemctl disable --now tallywatt.service 2>/dev/null || true; fi
    rm -f "$unit" "$root/etc/sysusers.d/tallywatt.conf" "$root/usr/local/bin/tallywatt"
    rm -rf "$root/opt/tallywatt"
    if live; then systemctl daemon-reload; fi
    echo "Tallywatt is gone. Your configuration is still in /etc/tallywatt, your readings in /var/lib/tallywatt."
    exit 0
fi

install -d -m 755 "$root/opt/tallywatt" "$root/etc/systemd/system" "$root/etc/sysusers.d"
install -d -m 750 "$root/etc/tallywatt"
install -m 644 "$here/systemd/sysusers.conf" "$root/etc/sysusers.d/tallywatt.conf"
install -m 644 "$here/systemd/tallywatt.service" "$unit"
install -m 644 "$here/README.md" "$root/opt/tallywatt/README.md"
if [ ! -e "$root/etc/tallywatt/config.json" ]; then
    install -m 640 "$here/systemd/config.json" "$root/etc/tallywatt/config.json"
fi

if [ -n "$root" ]; then
    echo "The files are in $root; the environment in /opt/tallywatt/venv is made by running this in the image."
    exit 0
fi

systemd-sysusers "$root/etc/sysusers.d/tallywatt.conf"
chown -R tallywatt:tallywatt /etc/tallywatt
(cd "$here" && sh scripts/setup.sh install /opt/tallywatt/venv)
ln -sf /opt/tallywatt/venv/bin/tallywatt /usr/local/bin/tallywatt
if live; then
    systemctl daemon-reload
    systemctl enable tallywatt.service
    systemctl restart tallywatt.service
    echo "Tallywatt runs: http://$(hostname).local:8080 - journalctl -u tallywatt tells how it goes"
else
    echo "Tallywatt is installed; systemd does not run here, so it was not started"
fi
