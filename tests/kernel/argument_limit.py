"""Finds an argument list that just lets the launcher start, and its target, a script with a long interpreter line, not.

    argument_limit.py LAUNCHER POLICY FOLDER

Prints the exit status and the standard error of the launcher at that size.
"""

import subprocess
import sys

STRINGS = 1000
WIDTH = 100


def launch(launcher, policy, script, padding):
    """What became of it; None when the launcher itself could not be started."""
    command = [launcher, "-p", policy, "--", script] + ["x" * WIDTH] * STRINGS + ["x" * padding]
    shell = ["sh", "-c", 'ulimit -s 512; exec "$@"', "sh"]  # 128 KiB for arguments: a quarter of the stack.
    done = subprocess.run(shell + command, env={"PATH": "/usr/bin:/bin"}, capture_output=True, timeout=30)
    return None if done.stderr.startswith(b"sh: ") else done


def main():
    launcher, policy, folder = sys.argv[1:]
    script = folder + "/script"
    with open(script, "w", encoding="ascii") as file:
        file.write("#!/" + "./" * 110 + "bin/sh -e\nexit 0\n")
    subprocess.run(["chmod", "755", script], check=True)
    small, large = 0, 60000
    if launch(launcher, policy, script, small) is None or launch(launcher, policy, script, large) is not None:
        sys.exit("the limit is not where it is looked for")
    while large - small > 1:
        middle = (small + large) // 2
        if launch(launcher, policy, script, middle) is None:
            large = middle
        else:
            small = middle
    done = launch(launcher, policy, script, small)
    print(done.returncode)
    print(done.stderr.decode(), end="")


main()
