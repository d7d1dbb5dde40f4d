# shellcheck shell=bash
# Sourced by run.sh, which sets vm to a folder: packages of another ABI or release of Debian, without touching what this
# machine has of apt.

# The release whose kernel has this version.
suite_of_kernel() {
  case $1 in
    5.10) echo bullseye ;;
    6.1) echo bookworm ;;
    6.12) echo trixie ;;
    *) return 1 ;;
  esac
}

# debian_apt ARCHITECTURE SUITE: sets `apt` to the options of apt-get and apt-cache, with lists and a state of their own.
debian_apt() {
  local state=${vm:?}/apt/$1-$2 mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
  mkdir -p "$state"/{lists/partial,archives/partial,etc/preferences.d}
  : >"$state/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $2 main" >"$state/sources.list"
  apt=(-qq -o "Dir::State=$state" -o "Dir::State::status=$state/status" -o "Dir::Cache=$state" -o "Dir::Etc=$state/etc"
    -o "Dir::Etc::sourcelist=$state/sources.list" -o Dir::Etc::sourceparts=- -o "APT::Architecture=$1"
    -o "APT::Architectures=$1" -o APT::Sandbox::User=root)
  [ -e "$state/updated" ] || apt-get "${apt[@]}" update
  touch "$state/updated"
}

# unpack FOLDER PACKAGE...: after debian_apt, packages into a folder. What was unpacked before is not fetched again.
unpack() {
  local folder=$1 package
  shift
  mkdir -p "$folder"
  for package; do
    [ ! -e "$folder/.$package" ] || continue
    rm -rf "$folder/.deb"
    mkdir "$folder/.deb"
    (cd "$folder/.deb" && apt-get "${apt[@]}" download "$package")
    dpkg-deb -x "$folder"/.deb/*.deb "$folder"
    rm -rf "$folder/.deb"
    touch "$folder/.$package"
  done
}

# depends_of PACKAGE PATTERN: those of the packages that it depends on that match.
depends_of() {
  apt-cache "${apt[@]}" depends "$1" | sed -n 's/^ *|\{0,1\}Depends: //p' | grep -E "^($2)$"
}
