"""A stand-in for a desktop: owns org.freedesktop.Notifications on the session bus, and appends the title and the text
of each notification to a file, as a line of JSON. notifications.py FILE

Speaks as much of D-Bus as that takes (the D-Bus specification's message format), because the guest has no library for
it.
"""

import json
import os
import socket
import struct
import sys

CALL, ANSWER = 1, 2
PATH, INTERFACE, MEMBER, ANSWER_TO, DESTINATION, SENDER, SIGNATURE = 1, 2, 3, 5, 6, 7, 8


def padded(data, to):
    return data + b"\0" * (-len(data) % to)


def text(value):
    return struct.pack("<I", len(value.encode())) + value.encode() + b"\0"


def signature(value):
    return bytes([len(value)]) + value.encode() + b"\0"


def message(kind, serial, fields, body_signature="", body=b""):
    """A message of one kind; `fields` has a type (s, o, g or u) and a value for each code."""
    if body_signature:
        fields = {**fields, SIGNATURE: ("g", body_signature)}
    packed = b""
    for code, (type, value) in fields.items():
        packed = padded(packed, 8) + bytes([code]) + signature(type)
        if type == "g":
            packed += signature(value)
        else:
            packed = padded(packed, 4) + (struct.pack("<I", value) if type == "u" else text(value))
    head = struct.pack("<cBBBII", b"l", kind, 0, 1, len(body), serial) + struct.pack("<I", len(packed)) + packed
    return padded(head, 8) + body


def to_bus(member):
    bus = "org.freedesktop.DBus"
    return {PATH: ("o", "/org/freedesktop/DBus"), INTERFACE: ("s", bus), MEMBER: ("s", member), DESTINATION: ("s", bus)}


class Reader:
    """Reads values of a message, whose ends depend on where they begin."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def align(self, to):
        self.at += -self.at % to

    def number(self):
        self.align(4)
        self.at += 4
        return struct.unpack_from("<I", self.data, self.at - 4)[0]

    def text(self):
        size = self.number()
        self.at += size + 1
        return self.data[self.at - size - 1:self.at - 1].decode()

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def signature(self):
        size = self.byte()
        self.at += size + 1
        return self.data[self.at - size - 1:self.at - 1].decode()


def receive(stream):
    """Kind, serial, fields and body of the next message; busctl and the bus write little-endian here."""
    head = stream.read(16)
    if len(head) < 16:
        sys.exit("The bus has gone.")
    _, kind, _, _, body_size, serial, fields_size = struct.unpack("<cBBBIII", head)
    reader = Reader(stream.read(fields_size + -fields_size % 8))
    fields = {}
    while reader.at < fields_size:
        reader.align(8)
        code, type = reader.byte(), reader.signature()
        fields[code] = {"u": reader.number, "g": reader.signature}.get(type, reader.text)()
    return kind, serial, fields, stream.read(body_size)


def main():
    bus = socket.socket(socket.AF_UNIX)
    bus.connect(os.environ["DBUS_SESSION_BUS_ADDRESS"].removeprefix("unix:path=").split(",")[0])
    stream = bus.makefile("rwb")

    def send(data):
        stream.write(data)
        stream.flush()

    send(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
    assert stream.readline().startswith(b"OK")
    send(b"BEGIN\r\n" + message(CALL, 1, to_bus("Hello")))
    # 4: don't wait in a queue for the name.
    name = text("org.freedesktop.Notifications")
    send(message(CALL, 2, to_bus("RequestName"), "su", padded(name, 4) + struct.pack("<I", 4)))
    serial = 2
    with open(sys.argv[1], "a") as told:
        while True:
            kind, number, fields, body = receive(stream)
            if kind == ANSWER and fields.get(ANSWER_TO) == 2:
                told.write(json.dumps("ready") + "\n")
            elif kind == CALL and fields.get(MEMBER) == "Notify":
                reader = Reader(body)
                _, _, _, title, words = reader.text(), reader.number(), reader.text(), reader.text(), reader.text()
                told.write(json.dumps({"title": title, "text": words}) + "\n")
                serial += 1
                answered = {ANSWER_TO: ("u", number), DESTINATION: ("s", fields[SENDER])}
                send(message(ANSWER, serial, answered, "u", struct.pack("<I", 1)))
            told.flush()


if __name__ == "__main__":
    main()
