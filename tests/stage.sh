#!/bin/sh
# stage.sh STAGE SOURCE LAUNCHER BIN: lays out what the staged tests need, readable for all users.
set -eu
stage=$1 source=$2 launcher=$3 bin=$4

rm -rf "$stage"
mkdir -m 755 "$stage"
mkdir "$stage/bin"
# A hard link costs nothing; it cannot cross file systems.
place() { cp -l "$@" 2>/dev/null || cp "$@"; }
place "$launcher" "$stage/bin/sandbox-run"
for program in "$bin"/*; do
  if [ -f "$program" ]; then place "$program" "$stage/bin/"; fi
done
cp -r "$source/policies" "$stage/policies"
mkdir "$stage/documents"
cp -r "$source/README.md" "$source/docs" "$source/man" "$stage/documents/"
for part in cli docs kernel differential scan tools; do
  if [ -d "$source/tests/$part" ]; then cp -r "$source/tests/$part" "$stage/$part"; fi
done
# Docker's default profile, if there is one to test with.
if [ -n "${SANDBOX_RUN_DOCKER_PROFILE:-}" ]; then cp "$SANDBOX_RUN_DOCKER_PROFILE" "$stage/docker-default.json"; fi
chmod -R a+rX "$stage"
