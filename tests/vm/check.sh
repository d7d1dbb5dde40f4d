# shellcheck shell=sh
# Sourced by init.sh in the virtual machine: what the programs do there. check.expected has what has to come out, the
# same on every ABI and kernel: the calls that are denied here have one name on all of them, and are made by it.
# shellcheck disable=SC3043 # busybox ash has local.

# t COMMAND...: shows the command, what it prints, and its status. Addresses, process ids and counts of calls are cut.
t() {
  local status=0
  echo "\$ $*"
  timeout -s KILL 120 "$@" </dev/null >/tmp/out 2>&1 || status=$?
  sed -E 's/pid [0-9]+/pid N/g; s/, 0x[0-9a-f]+\) =/, POINTER) =/; s/\((x86_64|x86|aarch64|arm|ppc64le|riscv64|s390x)\)/(ABI)/
    s/: [0-9]+ system calls,.*/: N system calls/; s/^(commit|ABI|newest calls|sets|libseccomp): .*/\1: .../' /tmp/out
  echo "   [status $status]"
}

# policy FILE ACTION NAMES: allows by default.
policy() {
  cat >"$1" <<END
seccomp:
  default_action: allow
  skip_missing_calls: true
  syscalls:
  - action: $2
    names: [$3]
END
}
policy noexec.yml errno 'execve, execveat, fork, vfork'
policy kill.yml kill_process 'execve, execveat, fork, vfork'
policy nosock.yml errno socket
policy nohost.yml errno sethostname
policy misspelt.yml errno sethostnaem
cat >noterm.yml <<'END'
seccomp:
  default_action: allow
  syscalls:
  - action: errno
    errno: EACCES
    names_with_args:
    - name: kill
      arguments:
      - {argument: 1, operation: Equal, value: SIGTERM}
END
exec_another='echo before; exec /bin/busybox.real echo no'

t sandbox-run --version
t sandbox-run -- grep -E 'NoNewPrivs|Seccomp:' /proc/self/status
t sandbox-run -- unshare -U id
t sandbox-run --policy /policies/beats-example.yml -- echo started
t sandbox-run --policy /policies/beats-example.yml -- sh -c "$exec_another"
t sandbox-run --policy noexec.yml -- echo started
t sandbox-run --policy kill.yml -- sh -c "$exec_another"
t sandbox-run --policy noterm.yml -- sh -c 'kill -TERM $$; kill -0 $$ && echo alive'
t sandbox-run --policy nosock.yml --policy noexec.yml -- wget -O- http://127.0.0.1/
t sandbox-run --policy misspelt.yml -- echo no
t sandbox-run --no-network -- wget -O- http://127.0.0.1/
t sandbox-run --no-exec -- sh -c "$exec_another"
t sandbox-run -- /nonexistent
t sandbox-policy check nohost.yml
t sandbox-policy compile nohost.yml -o nohost.bpf
t sandbox-run --bpf nohost.bpf -- hostname other
t sandbox-policy compile /policies/default.yml -o default.bpf # A search whose keys take 64 bits.
t sandbox-run --bpf default.bpf -- unshare -U id
t su nobody -c 'sandbox-run -- grep Seccomp: /proc/self/status'
t sandbox-run --report --policy nohost.yml -- hostname other
t sandbox-run --report --permissive --policy nohost.yml -- hostname other
t hostname
t sandbox-run --report --policy kill.yml -- sh -c "$exec_another"
t sandbox-policy record -o recorded.yml -- sh -c 'echo hi; ls / >/dev/null'
t sandbox-run --policy recorded.yml -- sh -c 'echo hi; ls / >/dev/null'
