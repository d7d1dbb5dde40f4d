#!/bin/bash
# check.sh FOLDER LAUNCHER POLICY_TOOL: the completions in FOLDER know the options of the programs, and which of them
# take a value. Those of zsh and fish are read, and those of fish also tried, where these shells are installed.
# The functions of the package bash-completion stand below, so it need not be installed.
set -eu
launcher=$2 tool=$3
cd "$1"

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

# shellcheck disable=SC2034 # for the completions
_init_completion() {
  words=("${COMP_WORDS[@]}") cword=$COMP_CWORD cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
}
_filedir() { COMPREPLY+=(a-file); }
_command_offset() { program_at=$1; }
__ltrim_colon_completions() { :; }
complete() { :; }
compopt() { :; }
# shellcheck source=/dev/null
. ./sandbox-run.bash
# shellcheck source=/dev/null
. ./sandbox-policy.bash
PATH=$(dirname "$tool"):$PATH

# completed FUNCTION PROGRAM WORD...: what the last word can become, one a line, and in $program_at which word is taken for
# the program.
completed() {
  local function=$1
  shift
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=() program_at=none
  "$function" "$1" || true
  printf '%s\n' "${COMPREPLY[@]}" >"$work/completed"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# options COMMAND...: "--option ", "--option VALUE" or "--option [=VALUE]", as --help lists them.
options() { "$@" --help | sed -nE 's/^  (-., |    )(--[a-z-]+)(\[=[A-Z]+\]|[ =][A-Z]+)?( .*)?$/\2 \3/p'; }

# expect_program FUNCTION WORD...: the last word is taken for the program, so its options are completed behind it.
checked=0
expect_program() {
  completed "$@" -
  [ "$program_at" = $(($# - 2)) ] || fail "of '${*:2}' word $program_at is taken for the program"
  checked=$((checked + 1))
}

options "$launcher" >"$work/options"
sed 's/ .*//' "$work/options" | sort >"$work/help"
[ "$(wc -l <"$work/help")" -ge 15 ] || fail "too few options found in --help"
completed _sandbox_run "$launcher" -
sed 's/=$//' "$work/completed" | sort -u | diff "$work/help" - >&2 ||
  fail "options of sandbox-run --help (<) and of the completion (>) differ"
while read -r option value; do
  [[ $value != '['* ]] || value= # Behind '=' only.
  expect_program _sandbox_run "$launcher" "$option" ${value:+a} ls
done <"$work/options"

commands=$("$tool" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p')
completed _sandbox_policy "$tool" ""
[ "$(grep -v '^-\|^help$' "$work/completed")" = "$commands" ] || fail "other commands than --help has: $(cat "$work/completed")"
grep -qx help "$work/completed" || fail "'help' is not offered"
completed _sandbox_policy "$tool" help ""
[ "$(cat "$work/completed")" = "$commands" ] || fail "behind 'help': $(cat "$work/completed")"
for command in $commands; do
  options "$tool" "$command" >"$work/options"
  [ -s "$work/options" ] || fail "no options found in $command --help"
  completed _sandbox_policy "$tool" "$command" -
  sed 's/ .*//' "$work/options" | sort >"$work/help"
  sort "$work/completed" | diff "$work/help" - >&2 || fail "options of $command --help (<) and of its completion (>) differ"
  while read -r option value; do
    case $command in
      record) expect_program _sandbox_policy "$tool" record "$option" ${value:+a} ls ;;
      explain) # The second word that belongs to no option is a call.
        completed _sandbox_policy "$tool" explain "$option" ${value:+a} a.yml openat2
        grep -qx openat2 "$work/completed" || fail "explain $option: no calls behind the file"
        ;;
    esac
  done <"$work/options"
done

# Each word that is offered for a value is one that the program takes, and what it takes is offered.
tried=0
for command in $commands; do
  while read -r option value; do
    case $option in --format | --to | --fail-on | --loader | --default) ;; *) continue ;; esac
    completed _sandbox_policy "$tool" "$command" "$option" ""
    case $command in diff | explain) arguments=(a b) ;; *) arguments=(a) ;; esac
    ! "$tool" "$command" "$option" no-such-word "${arguments[@]}" >/dev/null 2>"$work/message" ||
      fail "$command $option takes any word"
    sed 's/.*; there are //; s/ and /, /; s/, /\n/g' "$work/message" | sort >"$work/taken"
    if [ "$command $option" = "record --to" ]; then sed -i -E '/^(bpf|k8s|kubernetes)$/d' "$work/taken"; fi
    sort "$work/completed" | diff "$work/taken" - >&2 ||
      fail "words that $command $option takes (<) and that are offered (>) differ"
    tried=$((tried + 1))
  done < <(options "$tool" "$command")
done
[ "$tried" -ge 15 ] || fail "only $tried options with words were checked"

completed _sandbox_policy "$tool" show --source profile:default
grep -qx profile:default "$work/completed" || fail "no profiles behind show --source"

# The other shells have the same options, letters and descriptions: they are written by one program from one table. Here
# their files are read as these shells read them, and fish is asked as it would be by the Tab key.
for command in "" $commands; do
  if [ -z "$command" ]; then
    options "$launcher" >"$work/options"
    sed -nE "s/^ *'(\([^)]*\)|\*)(--[a-z-]+).*/\2/p" sandbox-run.zsh >"$work/zsh"
    sed -n 's/^complete -c sandbox-run -n __sandbox_run_own .*-l \([a-z-]*\) .*/--\1/p' sandbox-run.fish >"$work/fish"
  else
    options "$tool" "$command" >"$work/options"
    sed -nE "/^    $command\)\$/,/;;/s/^ *'(\([^)]*\)|\*)(--[a-z-]+).*/\2/p" sandbox-policy.zsh >"$work/zsh"
    sed -n "s/^complete -c sandbox-policy -n '__sandbox_policy_is $command' .*-l \([a-z-]*\) .*/--\1/p" sandbox-policy.fish \
      >"$work/fish"
  fi
  sed 's/ .*//' "$work/options" >"$work/help"
  for shell in zsh fish; do
    diff "$work/help" "$work/$shell" >&2 ||
      fail "options of $command --help (<) and of its $shell completion (>) differ"
  done
done
shells=bash
if command -v zsh >/dev/null; then
  zsh -n sandbox-run.zsh
  zsh -n sandbox-policy.zsh
  shells="$shells, zsh"
fi
# by_fish LINE: what fish offers at the end of the line, without descriptions.
by_fish() {
  mkdir -p "$work/home"
  HOME=$work/home PATH=$(dirname "$launcher"):$PATH fish --no-config -c \
    "source $PWD/sandbox-run.fish; source $PWD/sandbox-policy.fish; complete -C '$1'" 2>"$work/noise" | sed 's/\t.*//'
}
# expect_by_fish LINE WORD...: these among them.
expect_by_fish() {
  local line=$1 word
  shift
  by_fish "$line" >"$work/completed"
  [ ! -s "$work/noise" ] || fail "fish complains behind '$line': $(cat "$work/noise")"
  for word; do
    grep -qxF -- "$word" "$work/completed" ||
      fail "fish offers no '$word' behind '$line': $(head -n 20 "$work/completed")"
  done
}
if command -v fish >/dev/null; then
  expect_by_fish 'sandbox-run --' --policy --report --no-new-privs
  expect_by_fish 'sandbox-run --profile ' default no-network
  expect_by_fish 'sandbox-run --profile default sandbox-policy ch' check
  expect_by_fish 'sandbox-run -- sandbox-policy list ' syscalls
  expect_by_fish 'sandbox-run --deny @mount,ptr' @mount,ptrace
  expect_by_fish 'sandbox-run --cap=net_r' --cap=net_raw
  expect_by_fish 'sandbox-run --no-new-privs=' --no-new-privs=true
  expect_by_fish 'sandbox-policy ' check record
  expect_by_fish 'sandbox-policy show profile:d' profile:default
  expect_by_fish 'sandbox-policy test --format ' text json tap junit
  expect_by_fish 'sandbox-policy explain profile:default openat' openat openat2
  expect_by_fish 'sandbox-policy record -o a.yml sandbox-policy ex' explain
  by_fish 'sandbox-policy check --format ' >"$work/completed"
  ! grep -q tap "$work/completed" || fail "fish offers formats that check does not take"
  by_fish 'sandbox-run ls --pol' >"$work/completed"
  ! grep -q -- --policy "$work/completed" || fail "fish offers the launcher's options behind the program"
  shells="$shells, fish"
fi
echo "the completions of $shells agree; $checked times the program was found behind an option"
