# shellcheck shell=bash
# Sourced by quickstart.sh and tests/run.sh: Debian packages, installed once and quietly. Needs bash.

# What building takes. Debian's libspdlog-dev brings libfmt-dev, g++ brings libc6-dev.
# shellcheck disable=SC2034 # for those who source this
BUILD_PACKAGES=(cmake g++ libcli11-dev libseccomp-dev libspdlog-dev libyaml-cpp-dev ninja-build rapidjson-dev)

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

# The services among the packages that tests and benchmarks need, and what they install.
SERVICES=(memcached nginx postgresql prometheus-node-exporter redis-server ssh)
policy_rc_d=/usr/sbin/policy-rc.d
made_policy_rc_d=no

# install_without_starting LOG PACKAGE...: the same, but services that are installed by it neither start now nor at the
# next boot. Call allow_starting at the end, also after an error.
install_without_starting() {
  local log=$1 service unit new=()
  shift
  for service in "${SERVICES[@]}"; do
    [ -e "/lib/systemd/system/$service.service" ] || new+=("$service")
  done
  if [ ! -e "$policy_rc_d" ]; then
    made_policy_rc_d=yes
    # 101: not allowed, and no reason to fail. See policy-rc.d in Debian's package init-system-helpers.
    printf '#!/bin/sh\nexit 101\n' | as_root install -m 755 /dev/stdin "$policy_rc_d"
  fi
  install_packages "$log" "$@"
  for service in "${new[@]}"; do
    [ -e "/lib/systemd/system/$service.service" ] || continue
    as_root update-rc.d "$service" disable >>"$log" 2>&1 || true  # Without systemd.
    command -v systemctl >/dev/null || continue
    for unit in "/lib/systemd/system/$service".{service,socket}; do
      [ ! -e "$unit" ] || as_root systemctl disable --now "${unit##*/}" >>"$log" 2>&1 || true
    done
  done
}

allow_starting() {
  if [ "$made_policy_rc_d" = yes ]; then as_root rm -f "$policy_rc_d"; fi
}

# return_to_owner DIRECTORY REFERENCE: what root made in somebody else's checkout (under sudo, say) becomes theirs.
return_to_owner() {
  if [ "$(id -u)" = 0 ] && [ -d "$1" ]; then chown -hR --reference="$2" "$1"; fi
}
