# shellcheck shell=bash
# Sourced by quickstart.sh and tests/run.sh: Debian packages, installed once and quietly. Needs bash.

# What building takes. Debian's libspdlog-dev brings libfmt-dev, g++ brings libc6-dev.
# shellcheck disable=SC2034 # for those who source this
BUILD_PACKAGES=(cmake g++ libcli11-dev libseccomp-dev libspdlog-dev libyaml-cpp-dev ninja-build)

# run_logged LOG COMMAND...: keeps what the command prints in LOG, and shows the end of it when the command fails.
run_logged() {
  local log=$1
  shift
  if ! "$@" >>"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    echo "failed: $* (all of it: $log)" >&2
    return 1
  fi
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# missing_packages PACKAGE...: those that are not installed, one a line.
missing_packages() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

# prepare_install PACKAGE...: whether this user can install them on this system; says what to do where not.
prepare_install() {
  if ! command -v apt-get >/dev/null; then
    echo "this script installs Debian packages, and there is no apt-get here. They are: $*" >&2
    return 1
  fi
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    echo "these Debian packages are missing, and to install them takes root or sudo. As root:" >&2
    echo "  apt-get update && apt-get install --no-install-recommends $*" >&2
    return 1
  fi
  if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
    echo "   (sudo may ask for your password)"
    sudo -v
  fi
}

# install_packages LOG PACKAGE...: after prepare_install; without what Debian merely recommends.
install_packages() {
  local log=$1
  shift
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=300)
  run_logged "$log" as_root "${apt[@]}" update || return 1
  run_logged "$log" as_root "${apt[@]}" install --no-install-recommends "$@"
}

# return_to_owner DIRECTORY REFERENCE: what root made in somebody else's checkout (under sudo, say) becomes theirs.
return_to_owner() {
  if [ "$(id -u)" = 0 ] && [ -d "$1" ]; then chown -hR --reference="$2" "$1"; fi
}
