#!/bin/sh
# The commands of README.md, docs/ and the manuals, run as an ordinary user, print what the documents show.
set -eu
if [ "$(id -u)" = 0 ]; then
  chown 65534:65534 .
  exec setpriv --reuid=65534 --regid=65534 --clear-groups -- "$0"
fi
mkdir -p below
if ! message=$(cd below && "$SANDBOX_RUN" --profile untrusted --dry-run -- true 2>&1 >/dev/null); then
  echo "skipped: the documents show Landlock as of Linux 6.12: $message" >&2
  exit 77
fi
PATH=$TEST_BIN:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
exec python3 "$TEST_DATA/docs/run_examples.py" "$TEST_DATA"/documents/README.md "$TEST_DATA"/documents/docs/*.md \
  "$TEST_DATA"/documents/man/*.[1-8]
