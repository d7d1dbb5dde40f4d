#!/bin/sh
# run_as.sh self|nobody STAGE COMMAND [ARGUMENT]...: runs a staged test in a fresh working directory.
set -eu
user=$1 stage=$2 command=$3
shift 3

if [ "$user" = nobody ] && [ "$(id -u)" != 0 ]; then
  echo "skipped: only root can become nobody; the test has run as $(id -un) already"
  exit 77
fi

work=$(mktemp -d /tmp/sandbox-run-work.XXXXXX)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
export SANDBOX_RUN="$stage/bin/sandbox-run" TEST_BIN="$stage/bin" TEST_DATA="$stage" POLICIES="$stage/policies"
export HOME="$work" TMPDIR="$work" NO_COLOR=1 # Tests of colour unset it.
if [ -e "$stage/docker-default.json" ]; then export SANDBOX_RUN_DOCKER_PROFILE="$stage/docker-default.json"; fi
cd "$work"
status=0
if [ "$user" = nobody ]; then
  chown 65534:65534 "$work"
  setpriv --reuid=65534 --regid=65534 --clear-groups -- "$stage/$command" "$@" || status=$?
else
  "$stage/$command" "$@" || status=$?
fi
exit "$status"
