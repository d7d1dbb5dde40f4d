#!/bin/sh
# check.sh LAUNCHER POLICY_TOOL: the manuals and the programs say the same.
set -eu
launcher=$1 tool=$2
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

# Every option that --help lists has its entry in the manual, and every entry is one of them.
"$launcher" --help | sed -n 's/^  \(-., \|    \)\(--[a-z-]*\).*/\2/p' | sort >"$work/help"
sed -n '/^\.SH OPTIONS/,/^\.SH THE EXEC/p' sandbox-run.1 | awk '/^\.TP/ { getline; gsub(/\\-/, "-"); print }' |
  grep -o -- '--[a-z-]*' | sort >"$work/manual"
[ "$(wc -l <"$work/help")" -ge 8 ] || fail "too few options found in --help"
diff "$work/help" "$work/manual" >&2 || fail "options of --help (<) and of sandbox-run.1 (>) differ"

# Every exit status of the launcher's own that --help names is in the manual.
for status in $("$launcher" --help | grep -o '\b1[0-9][0-9]\b' | sort -u); do
  grep -q "$status" sandbox-run.1 || fail "--help names the exit status $status, sandbox-run.1 does not"
done

# The same of sandbox-policy: its commands, in the order of --help, and the options of all of them.
"$tool" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p' >"$work/help"
sed -n 's/^\.SS //p' sandbox-policy.1 >"$work/manual"
[ "$(wc -l <"$work/help")" -ge 9 ] || fail "too few commands found in --help"
diff "$work/help" "$work/manual" >&2 || fail "commands of --help (<) and of sandbox-policy.1 (>) differ"
commands=$(wc -l <"$work/help")
for command in $(cat "$work/help"); do "$tool" "$command" --help; done |
  sed -n 's/^  \(-., \|    \)\(--[a-z-]*\).*/\2/p' | sort -u >"$work/options"
sed -n '/^\.SH OPTIONS/,/^\.SH JSON/p' sandbox-policy.1 | awk '/^\.TP/ { getline; gsub(/\\-/, "-"); print }' |
  grep -o -- '--[a-z-]*' | sort >"$work/manual"
diff "$work/options" "$work/manual" >&2 || fail "options of the commands (<) and of sandbox-policy.1 (>) differ"

# Every example of a policy is one. Those without a section are parts of one.
awk -v work="$work" '/^\.EX/ { inside = 1; ++count; next } /^\.EE/ { inside = 0 }
  inside { gsub(/\\-/, "-"); print > (work "/" count ".yml") }' sandbox-policy.5
examples=0
for example in "$work"/*.yml; do
  if ! grep -q '^seccomp:\|^landlock:' "$example"; then
    {
      echo 'seccomp:'
      echo '  default_action: allow'
      grep -q '^  syscalls:' "$example" || printf '  syscalls:\n  - action: errno\n'
      cat "$example"
    } >"$work/whole"
    mv "$work/whole" "$example"
  fi
  "$launcher" --policy "$example" --dry-run >/dev/null || fail "an example in sandbox-policy.5 is not a policy"
  examples=$((examples + 1))
done
[ "$examples" -ge 4 ] || fail "too few examples found in sandbox-policy.5"

# Well-formed, as mandoc understands it; its remarks on manuals that are not installed here are left out.
for page in sandbox-run.1 sandbox-policy.1 sandbox-policy.5 sandbox-service.7; do
  remarks=$(mandoc -T lint "$page" | grep -v 'referenced manual not found' || true)
  [ -z "$remarks" ] || fail "$remarks"
done
echo "$commands commands and $examples examples agree"
