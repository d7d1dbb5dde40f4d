"""What tests/kernel/reach.c tries to reach: service.py PORTFILE STREAM DATAGRAM

A TCP port, whose number is written to PORTFILE with the process, a descriptor of a connection, and the address of a byte
of memory; and two local sockets. Prints a line for each byte that arrives."""
import ctypes
import os
import select
import socket
import sys

port_file, stream, datagram = sys.argv[1:]
tcp = socket.create_server(("127.0.0.1", 0))
local = socket.socket(socket.AF_UNIX)
local.bind(stream)
local.listen()
letters = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
letters.bind(datagram)
for name in (stream, datagram):
    os.chmod(name, 0o777)
own_connection = socket.create_connection(tcp.getsockname())
accepted = tcp.accept()[0]
byte = ctypes.create_string_buffer(b"x")
with open(port_file + ".new", "w", encoding="ascii") as file:
    file.write(f"{tcp.getsockname()[1]} {os.getpid()} {own_connection.fileno()} {ctypes.addressof(byte)}\n")
os.rename(port_file + ".new", port_file)

names = {tcp: "tcp", local: "stream", letters: "datagram", accepted: "connection"}
while True:
    for ready in select.select(list(names), [], [])[0]:
        if ready in (tcp, local):
            names[ready.accept()[0]] = names[ready]
        elif ready.recv(1):
            print(names[ready], flush=True)
        else:
            del names[ready]
