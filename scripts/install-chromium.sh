#!/usr/bin/env bash
# Installs Debian's chromium, which the tests of the page open it with, where apt-get is there and may be used; elsewhere those
# tests are skipped.
set -euo pipefail
if [ -x /usr/bin/chromium ]; then exit 0; fi
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo 'no apt-get, or no right to use it: the tests of the page in a browser are skipped'
  exit 0
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
