#!/bin/sh
# Provide what `make test` needs beside Python: a Chromium for the tests of the web page, and a font to render them with.
# Does nothing where both are there. Set CHROMIUM to the path of a browser of your own to use that one.
set -eu

say() { printf 'provision: %s\n' "$*"; }

find_browser() {
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        # A snap stub (Ubuntu's chromium-browser package) is found but cannot run, so each is asked for its version.
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

has_font() {
    # Without fontconfig nobody can tell, and whoever has a browser but no fontconfig brings fonts in another way.
    ! command -v fc-list >/dev/null 2>&1 || [ -n "$(fc-list 2>/dev/null | head -n 1)" ]
}

packages=
[ -n "$(find_browser)" ] || packages=chromium
if [ -n "$packages" ] && ! command -v fc-list >/dev/null 2>&1 || ! has_font; then
    packages="$packages fonts-dejavu-core"
fi
[ -n "$packages" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    say "no Chromium and no apt-get here: the browser tests will be skipped. Install Chromium or Google Chrome to run them."
    exit 0
fi
if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
elif command -v sudo >/dev/null 2>&1 && [ -t 0 ]; then
    say "sudo will ask for your password to install:$(printf ' %s' $packages)"
    as_root=sudo
else
    say "not root and no sudo: the browser tests will be skipped. To run them: apt-get install $packages"
    exit 0
fi

say "installing with apt-get:$(printf ' %s' $packages) (once, takes a minute)"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086  # both hold words to be split
install() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $packages >"$log" 2>&1
}
# Package lists are missing in fresh containers and out of date in old ones, so they are read only where they fail.
if ! install && ! { $as_root apt-get update -q >>"$log" 2>&1 && install; }; then
    tail -n 20 "$log" >&2
    say "apt-get failed, see above"
    exit 1
fi
if [ -z "$(find_browser)" ]; then
    say "apt-get installed$(printf ' %s' $packages), but no browser runs. Install Chromium by hand or set CHROMIUM."
    exit 1
fi
say "done: $(find_browser)"
