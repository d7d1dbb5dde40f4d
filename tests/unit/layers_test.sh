#!/bin/sh
# layers_test.sh SOURCE: what includes what, and who may do what cannot be undone.
#
# - A layer includes only itself and the layers to its left: base bpf arch policy resolve compile profiles report kernel record scan cmd.
# - A program includes its own files and those that the programs share, in cmd/command_line; these include no program's.
# - <seccomp.h> is included in src/arch only, yaml-cpp and RapidJSON in src/policy only; spdlog by one .cc, CLI11 by one of each
#   program.
# - seccomp, prctl, exec*, fork, vfork, clone, posix_spawn, ptrace and syscall are called in src/kernel only.
#
# The rules are tried on a tree with every one of them broken before they are applied to SOURCE.
set -eu
source=$1
layers='base bpf arch policy resolve compile profiles report kernel record scan cmd'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One line for each broken rule, "FILE:LINE: WHAT", for the tree in $1.
broken_rules() (
  cd "$1"
  find src cmd -name '*.h' -o -name '*.cc' | LC_ALL=C sort | xargs awk -v layers="$layers" '
    BEGIN {
      count = split(layers, names, " ")
      for (i = 1; i <= count; ++i) rank[names[i]] = i
      calls = "(^|[^A-Za-z0-9_])(seccomp|prctl|exec[a-z]*|fexecve|fork|vfork|clone[0-9]*|posix_spawnp?|ptrace|syscall)[ \t]*[(]"
    }
    function complain(what) { print FILENAME ":" FNR ": " what }

    # The line without comments and without what stands between quotes. Raw strings count as ordinary ones.
    function code_of(line,    out, i, c, two, quote) {
      out = ""
      for (i = 1; i <= length(line); ++i) {
        c = substr(line, i, 1)
        two = substr(line, i, 2)
        if (in_comment) {
          if (two == "*/") { in_comment = 0; ++i }
        } else if (quote != "") {
          if (c == "\\") ++i
          else if (c == quote) { quote = ""; out = out c }
        } else if (two == "//") {
          return out
        } else if (two == "/*") {
          in_comment = 1
          ++i
        } else {
          # An apostrophe between digits is a separator, not a quote.
          if (c == "\"" || (c == sprintf("%c", 39) && out !~ /[0-9A-Fa-f]$/)) quote = c
          out = out c
        }
      }
      return out
    }
    function layer_of(path,    parts) {
      split(path, parts, "/")
      return parts[1] == "src" ? parts[2] : parts[1]
    }

    function program_of(path,    parts) {
      split(path, parts, "/")
      return parts[1] == "cmd" ? parts[2] : ""
    }

    function directory_of(path) {
      sub(/\/[^\/]*$/, "", path)
      return path
    }

    FNR == 1 { in_comment = 0; layer = layer_of(FILENAME) }
    { commented = in_comment; code = code_of($0) }
    !commented && /^[ \t]*#[ \t]*include/ {
      header = $0
      sub(/^[ \t]*#[ \t]*include[ \t]*["<]/, "", header)
      sub(/[">].*/, "", header)
      other = header
      sub(/\/.*/, "", other)
      if (header ~ /\// && (other in rank) && rank[other] > rank[layer]) complain(layer " includes " header)
      if (other ~ /^(command_line|sandbox-[a-z]*)$/ && other != program_of(FILENAME)) {
        if (layer != "cmd" || other != "command_line") complain("includes " header " of a program")
      }
      if (header == "seccomp.h" && layer != "arch") complain("<seccomp.h> outside src/arch")
      if (header ~ /^yaml-cpp\// && layer != "policy") complain("yaml-cpp outside src/policy")
      if (header ~ /^rapidjson\// && layer != "policy") complain("RapidJSON outside src/policy")
      if (header ~ /^(CLI|spdlog)\//) {
        if (FILENAME !~ /\.cc$/) complain(other " in a header file")
        where = other == "CLI" ? other " " directory_of(FILENAME) : other
        if ((where in includer) && includer[where] != FILENAME) complain(other " in a second file, besides " includer[where])
        includer[where] = FILENAME
        if (other == "CLI" && layer != "cmd") complain(other " outside of the programs")
      }
      next
    }
    layer != "kernel" && code ~ calls { complain("calls what only src/kernel may: " $0) }'
)

fail() {
  echo "layers_test.sh: $*" >&2
  exit 1
}

# ---- The rules find what was planted, and nothing else ----

plant() {
  mkdir -p "$work/tree/$(dirname "$1")"
  cat > "$work/tree/$1"
}

plant src/kernel/allowed.cc << 'END'
#include <seccomp_filter.h>
#include "compile/compile.h"
#include "kernel/target.h"
void a() { prctl(1); execve(0, 0, 0); fork(); syscall(SYS_seccomp); }
END
plant cmd/sandbox-run/allowed.cc << 'END'
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include "command_line/option_table.h"
#include "kernel/target.h"
#include "sandbox-run/options.h"
// execve( in a comment, "syscall(" too
const char* text = "fork(2) failed: prctl(PR_SET_DUMPABLE)"; /* vfork() */
char quote = '"'; void b() { kernel::exec_failure_reason(1); my_fork(); arch::exec_clears_arguments(2); }
/* #include "nothing/here.h"
#include <seccomp.h>
   ptrace(1) */
END
plant src/base/allowed.cc << 'END'
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include "base/file.h"
#include <sys/stat.h>
END
plant src/base/below.cc << 'END'
#include "bpf/program.h"
END
plant src/bpf/below.h << 'END'
  #  include "kernel/enter.h"
END
plant src/kernel/below.cc << 'END'
#include "record/recorder.h"
END
plant src/record/calls.cc << 'END'
#include "kernel/watcher.h"
int x32() { return syscall(39); }
END
plant src/resolve/libraries.cc << 'END'
#include <seccomp.h>
#include <yaml-cpp/yaml.h>
#include <rapidjson/reader.h>
#include <spdlog/spdlog.h>
END
plant src/compile/header.h << 'END'
#include <CLI/CLI.hpp>
END
plant src/policy/calls.cc << 'END'
void f() {
  seccomp(1, 0, nullptr);
  ::prctl(1);
  if (execvp(a, b)) return;
  int x = 1'000; fork(); int y = 2'000;
  vfork ();
  clone(nullptr, nullptr, 0, nullptr);
  posix_spawn(0);
  ptrace(0); /* and a comment */
  const char* s = "a \" quote"; syscall(1);
}
END
plant cmd/sandbox-run/calls.cc << 'END'
int main() { return fexecve(1, 0, 0); }
END
plant cmd/sandbox-other/first.cc << 'END'
#include <CLI/App.hpp>
END
plant cmd/sandbox-other/second.cc << 'END'
#include <CLI/App.hpp>
END
plant cmd/sandbox-run/other.h << 'END'
#include "sandbox-policy/load.h"
END
plant cmd/command_line/program.h << 'END'
#include "command_line/option_table.h"
#include "sandbox-run/options.h"
END
plant src/report/shared.h << 'END'
#include "command_line/option_table.h"
END
plant src/bpf/options.cc << 'END'
#include <CLI/App.hpp>
END

cat > "$work/expected" << 'END'
cmd/command_line/program.h:2
cmd/sandbox-other/second.cc:1
cmd/sandbox-run/calls.cc:1
cmd/sandbox-run/other.h:1
src/base/below.cc:1
src/bpf/below.h:1
src/bpf/options.cc:1
src/compile/header.h:1
src/kernel/below.cc:1
src/policy/calls.cc:10
src/policy/calls.cc:2
src/policy/calls.cc:3
src/policy/calls.cc:4
src/policy/calls.cc:5
src/policy/calls.cc:6
src/policy/calls.cc:7
src/policy/calls.cc:8
src/policy/calls.cc:9
src/record/calls.cc:2
src/report/shared.h:1
src/resolve/libraries.cc:1
src/resolve/libraries.cc:2
src/resolve/libraries.cc:3
src/resolve/libraries.cc:4
END
broken_rules "$work/tree" > "$work/report"
cut -d: -f1,2 "$work/report" | LC_ALL=C sort -u > "$work/found"
diff "$work/expected" "$work/found" || fail "the planted violations (<) are not those that were found (>)"

# ---- The source keeps the rules ----

for layer in $layers; do
  [ "$layer" = cmd ] || [ -d "$source/src/$layer" ] || fail "there is no layer $source/src/$layer"
done
for directory in "$source"/src/*/; do
  name=$(basename "$directory")
  case " $layers " in
    *" $name "*) ;;
    *) fail "src/$name is a layer that this test does not know: where does it stand?" ;;
  esac
done
broken_rules "$source" > "$work/report"
[ ! -s "$work/report" ] || { cat "$work/report" >&2; fail "the source breaks the rules above"; }
echo "layers: $(find "$source/src" "$source/cmd" -name '*.h' -o -name '*.cc' | wc -l) files keep the rules"
