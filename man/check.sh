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

# section NAME PAGE: the lines of one section.
section() { awk -v name="$1" '/^\.SH /{ inside = $0 == ".SH " name; next } inside' "$2"; }
# tagged_options: of the lines, the options that have an entry of their own (.TP).
tagged_options() { awk '/^\.TP/ { getline; gsub(/\\-/, "-"); print }' | grep -o -- '--[a-z-]*' | sort; }

# Each command of sandbox-policy is in the overview and has a page of its own, with the options that it takes and its
# exit statuses.
"$tool" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p' | sort >"$work/help"
section COMMANDS sandbox-policy.1 | sed -n 's/^\.BR sandbox\\-policy\\-\([a-z]*\) (1)$/\1/p' | sort >"$work/manual"
[ "$(wc -l <"$work/help")" -ge 9 ] || fail "too few commands found in --help"
diff "$work/help" "$work/manual" >&2 || fail "commands of --help (<) and of sandbox-policy.1 (>) differ"
commands=$(wc -l <"$work/help")
section 'COMMON OPTIONS' sandbox-policy.1 | tagged_options >"$work/common"
for command in $(cat "$work/help"); do
  page=sandbox-policy-$command.1
  [ -e "$page" ] || fail "there is no $page"
  for name in NAME SYNOPSIS DESCRIPTION OPTIONS 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
    [ -n "$(section "$name" "$page")" ] || fail "$page has no $name"
  done
  "$tool" help "$command" >"$work/text"
  sed -n 's/^  \(-., \|    \)\(--[a-z-]*\).*/\2/p' "$work/text" | sort >"$work/options"
  section OPTIONS "$page" | tagged_options >"$work/manual"
  diff "$work/options" "$work/manual" >&2 || fail "options of $command --help (<) and of $page (>) differ"
  # What the page leaves to the overview stands there.
  section OPTIONS "$page" | awk '/^\.TP/ { getline; tag = $0; getline; if (/^See COMMON OPTIONS/) print ".TP\n" tag }' |
    tagged_options >"$work/left"
  [ -s "$work/left" ] || fail "$page does not refer to the common options"
  [ -z "$(comm -23 "$work/left" "$work/common")" ] || fail "$page: no common options: $(comm -23 "$work/left" "$work/common")"
  cat "$work/left" >>"$work/used"
  tr '\n' ' ' <"$work/text" | sed 's/.*Exit status: //' | grep -oE '(^|[;,] |or )[0-9]+ ' | tr -dc '0-9\n' | sort >"$work/statuses"
  section 'EXIT STATUS' "$page" | awk '/^\.TP/ { getline; print }' | grep -oE '[0-9]+' | sort >"$work/manual"
  diff "$work/statuses" "$work/manual" >&2 || fail "exit statuses of $command --help (<) and of $page (>) differ"
done
echo --version >>"$work/used"
[ -z "$(sort -u "$work/used" | comm -13 - "$work/common")" ] ||
  fail "common options that no command takes: $(sort -u "$work/used" | comm -13 - "$work/common")"
for page in sandbox-policy-*.1; do
  command=${page#sandbox-policy-}
  grep -qx "${command%.1}" "$work/help" || fail "$page is about a command that there is not"
done

# Every example of a policy is one. Those without a section are parts of one.
awk -v work="$work" '/^\.EX/ { inside = 1; ++count; next } /^\.EE/ { inside = 0 } /^\$ / { inside = 0 }
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
  # From a directory that the policy is not in: a rule for '@cwd' is not about the policy itself.
  remarks=$(cd / && "$tool" check --strict "$example" 2>&1) || fail "an example in sandbox-policy.5: $remarks"
  examples=$((examples + 1))
done
[ "$examples" -ge 4 ] || fail "too few examples found in sandbox-policy.5"

# Well-formed, as mandoc understands it; its remarks on manuals that are not installed here are left out.
for page in *.[1-8]; do
  remarks=$(mandoc -T lint "$page" | grep -v 'referenced manual not found' || true)
  [ -z "$remarks" ] || fail "$remarks"
done
echo "$commands commands and $examples examples agree"
