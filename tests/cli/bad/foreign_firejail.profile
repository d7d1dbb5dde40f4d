include globals.local
caps.drop all
seccomp
