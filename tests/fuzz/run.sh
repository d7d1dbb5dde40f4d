#!/bin/bash
# tests/fuzz/run.sh [TARGET] [MINUTES]: builds the fuzzers with clang and libFuzzer, below build/fuzz, and runs TARGET
# (all of them, one after the other, without one) for MINUTES each (10). What is new in the inputs stays in
# build/fuzz/corpus/TARGET; an input at which a fuzzer dies, or takes over 25 s or 1 GB, is build/fuzz/found/TARGET-*.
# At the end stands how much of the source behind each target was covered.
#
# CLANG names the version to use: 16 at least, whose concepts libstdc++ needs.
set -eu
cd "$(dirname "$0")/../.."
targets="policy oci unit seccomp_profile landlock edit expectations audit filter bpf elf"
only=${1:-}
case " $targets " in
  *" $only "*) targets=${only:-$targets} ;;
  *)
    echo "run.sh: no target '$only'; there are: $targets" >&2
    exit 2
    ;;
esac
minutes=${2:-10}
version=${CLANG:-16}
command -v "clang++-$version" >/dev/null || {
  echo "run.sh: no clang++-$version: apt-get install clang-$version llvm-$version libclang-rt-$version-dev" >&2
  exit 2
}

# Which fuzzer a target has, and which sources stand behind it.
fuzzer_of() { case $1 in oci | unit | seccomp_profile) echo policy ;; *) echo "$1" ;; esac; }
sources_of() {
  case $1 in
    policy) ls src/policy/beats_reader.cc src/policy/yaml_*.cc src/policy/reader.cc src/policy/formats.cc \
      src/resolve/*.cc src/compile/{compile,conditions,leaf_search,number_tree,ranges,tree_search,value_line}.cc ;;
    oci | seccomp_profile) ls src/policy/{oci_reader,oci_overlap,enclosed_profile,json_tree,mapping_reader}.cc ;;
    unit) ls src/policy/{unit_reader,unit_text,systemd_words}.cc ;;
    landlock) ls src/policy/landlock_*.cc src/resolve/landlock/*.cc ;;
    edit) ls src/policy/{edit,beats_writer,yaml_text}.cc src/report/suggestion.cc ;;
    expectations) ls src/policy/expectations.cc src/compile/expectations.cc ;;
    audit) ls src/report/{audit_record,landlock_record,line,ecs,tally}.cc cmd/sandbox-policy/commands/log_line.cc ;;
    filter) ls src/bpf/filter_file.cc src/compile/{ready_filter,raw_filter,prefix,token,token_sites}.cc ;;
    bpf) ls src/bpf/{validate,interpret,walk,disasm,diff,paths,symbolic_word,decision_diagram}.cc ;;
    elf) ls src/scan/*.cc ;;
  esac
}

flags="-O1 -gline-tables-only -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined"
flags="$flags -fno-sanitize-recover=all -fprofile-instr-generate -fcoverage-mapping"
[ -e build/fuzz/build.ninja ] || cmake -B build/fuzz -G Ninja -DCMAKE_BUILD_TYPE=None -DSANDBOX_RUN_STATIC=OFF \
  -DSANDBOX_RUN_LIBFUZZER=ON -DCMAKE_C_COMPILER="clang-$version" -DCMAKE_CXX_COMPILER="clang++-$version" \
  -DCMAKE_CXX_FLAGS="$flags"
for target in $targets; do
  cmake --build build/fuzz --target "$(fuzzer_of "$target")_fuzzer" "${target}_dictionary"
done

bin=$PWD/build/fuzz/tests/bin
found=0
mkdir -p build/fuzz/found
export LLVM_PROFILE_FILE=/dev/null
for target in $targets; do
  fuzzer=$bin/$(fuzzer_of "$target")_fuzzer
  grown=$PWD/build/fuzz/corpus/$target
  mkdir -p "$grown"
  echo "== $target: $minutes minutes =="
  seeds=("$PWD/tests/fuzz/corpus/$target")
  [ "$target" != policy ] || seeds+=("$PWD/policies" "$PWD/tests/cli/bad" "$PWD/tests/cli/good")
  tests/fuzz/dictionary.py "$target" >"build/fuzz/$target.dict"
  (
    cd build/fuzz/found
    # 25 s of a loaded machine. The sanitizers make everything slower and larger.
    "$fuzzer" -dict="../$target.dict" -max_total_time=$((minutes * 60)) -timeout=25 -rss_limit_mb=1024 -max_len=16384 \
      -artifact_prefix="$target-" -print_final_stats=1 "$grown" "${seeds[@]}"
  ) 2>&1 | tee "build/fuzz/$target.log" | grep -E '(ERROR|ASSERT|: [a-z].*|Test unit written).*|stat::|pulse|DONE' |
    grep -vE '#[0-9]+.*(NEW|REDUCE)' || true
  # libFuzzer also leaves slow inputs there, by a clock that counts what else the machine does.
  [ -z "$(ls "build/fuzz/found/$target-"{crash,leak,oom,timeout}-* 2>/dev/null)" ] || found=1
  # What the corpus and all that was added to it reaches.
  profile=$PWD/build/fuzz/$target.profraw
  LLVM_PROFILE_FILE=$profile "$fuzzer" -runs=0 "$grown" "${seeds[@]}" >/dev/null 2>&1 || true
  "llvm-profdata-$version" merge -sparse "$profile" -o "build/fuzz/$target.profdata"
  # shellcheck disable=SC2046 # names of files without blanks
  "llvm-cov-$version" report "$fuzzer" -instr-profile="build/fuzz/$target.profdata" $(sources_of "$target") |
    awk 'NR == 1 || /^-/ { next } { printf "%-40s %6s lines, %s covered\n", $1, $(NF - 5), $(NF - 3) }'
done
ls build/fuzz/found
exit $found
