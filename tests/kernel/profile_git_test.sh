#!/bin/bash
# The profile git: a repository's life, clones by file, HTTP and as over ssh, hooks, pager and editor.
. "$(dirname "$0")/profile_lib.sh"
need git python3

prepare() {
  use_profile git
  export HOME=$PWD GIT_CONFIG_NOSYSTEM=1
  git config --global user.name Tester
  git config --global user.email tester@example.org
  git config --global init.defaultBranch main
  git config --global protocol.file.allow always
}

test_a_repository() {
  prepare
  succeeds sh -ec '
    git init -q source; cd source; seq 1 2000 >file; ln -s file link; mkdir dir; echo x >dir/x; git add .
    printf "#!/bin/sh\necho hook >../hook\n" >.git/hooks/pre-commit; chmod +x .git/hooks/pre-commit
    git commit -q -m First; git checkout -q -b other; echo two >>file; git commit -q -a -m Second
    git checkout -q main; echo three >three; git add three; git commit -q -m Third; git merge -q --no-edit other
    git tag -a -m tag v1; git mv three drei; git stash -q; git stash pop -q; git commit -q -m Fourth
    git rebase -q HEAD~1 || true; GIT_EDITOR="sh -c \"sed -i 1s/pick/reword/ \\\"\\\$1\\\"\" sh" git commit -q --amend --no-edit
    git log --stat --graph -p >/dev/null; git diff HEAD~1 --word-diff >/dev/null; git blame file >/dev/null; git grep -n two >/dev/null
    git format-patch -q -1 --stdout >../patch; git reset -q --hard HEAD~1; git am -q ../patch
    git archive HEAD | tar tf - >/dev/null; git worktree add -q ../tree; git -C ../tree status --short; git worktree remove ../tree
    git bisect start -q HEAD HEAD~2 >/dev/null; git bisect run true >/dev/null 2>&1 || true; git bisect reset >/dev/null
    git clean -q -fdx; git gc -q; git fsck --full >/dev/null 2>&1; git repack -a -d -q; git prune; git count-objects -v >/dev/null
    git config -l >/dev/null; git cherry-pick --no-commit HEAD >/dev/null 2>&1 || true; git reset -q --hard
    git submodule --quiet add "file://$PWD" sub; git commit -q -m sub; git update-index --refresh; git pack-refs --all
    git notes add -m note; git shortlog -sn HEAD >/dev/null; git maintenance run --quiet; git status'
  assert_equal hook "$(cat hook)"
}

test_clones() {
  prepare
  git init -q source
  (cd source && echo one >file && git add file && git commit -q -m First && git update-server-info)
  succeeds sh -ec '
    git clone -q source local; git clone -q "file://$PWD/source" fetched; git clone -q --depth 1 --bare "file://$PWD/source" bare
    cd fetched; echo two >>file; git commit -q -a -m Second; git push -q origin HEAD:refs/heads/pushed
    git fetch -q --all; git pull -q --rebase; git remote -v >/dev/null; git ls-remote -q >/dev/null
    git bundle create -q ../bundle HEAD; git clone -q ../bundle ../unbundled'
  # In place of ssh: what it starts on the other side runs here. Its name decides the options.
  printf '#!/bin/sh\nshift\nexec sh -c "$*"\n' >ssh.sh
  chmod +x ssh.sh
  GIT_SSH=$PWD/ssh.sh succeeds git clone -q "ssh://host$PWD/source" over
  serve /.git/HEAD python3 -m http.server --bind 127.0.0.1 --directory source @PORT@
  run "${LAUNCH[@]}" git clone -q "http://localhost:$port/.git" http
  [ "$status" = 0 ] || report "expected a clone"
  assert_equal one "$(cat http/file)"
}

test_on_a_terminal() {
  prepare
  git init -q source
  (cd source && seq 1 500 >file && git add file && git commit -q -m First)
  run "$TEST_BIN/on_terminal" env TERM=xterm GIT_PAGER=cat "${LAUNCH[@]}" git -C source log -p
  assert_status 0
  run "$TEST_BIN/on_terminal" env TERM=xterm "GIT_PAGER=less -E" "${LAUNCH[@]}" git -C source log --oneline --color
  assert_status 0
  run "$TEST_BIN/on_terminal" "${LAUNCH[@]}" git clone --progress "file://$PWD/source" copy
  assert_status 0
}

# A hook of a repository of another's runs as the user: it attaches to no process, and has no packets and no namespaces.
test_attack() {
  [ -z "${SANDBOX_RUN_RECORD:-}" ] || return 0
  prepare
  git init -q source
  printf '#!/bin/sh\n"%s" ptrace,16,1 socket,17,3,0 unshare,0x10000000 mount process_vm_readv >../did\n' "$TEST_BIN/call" \
    >source/.git/hooks/pre-commit
  chmod +x source/.git/hooks/pre-commit
  run "${PLAIN[@]}" git -C source commit -q --allow-empty -m First
  assert_status 0
  assert_equal "ptrace EPERM
socket EAFNOSUPPORT
unshare EPERM
mount EPERM
process_vm_readv EPERM" "$(cat did)"
}

run_tests
