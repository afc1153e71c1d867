"""ber.py - the part of BER (X.690) that SNMP and LDAP are made of."""
from .judge import Malformed


def size(data):
    """Bytes of the element that data begins with, None if too little is there to tell."""
    if len(data) < 2:
        return None
    first = data[1]
    if first < 128:
        return 2 + first
    count = first & 127
    if count == 0 or count > 4:
        raise Malformed("a length of unknown form")
    if len(data) < 2 + count:
        return None
    return 2 + count + int.from_bytes(data[2:2 + count], "big")


def elements(data):
    """[(tag, content), ...] of what is all of data."""
    found, at = [], 0
    while at < len(data):
        length = size(data[at:at + 6])
        if length is None or at + length > len(data):
            raise Malformed("an element goes beyond the end")
        head = 2 if data[at + 1] < 128 else 2 + (data[at + 1] & 127)
        found.append((data[at], data[at + head:at + length]))
        at += length
    return found


def only(data, tag):
    """Content of the one element that data is, with this tag."""
    found = elements(data)
    if len(found) != 1 or found[0][0] != tag:
        raise Malformed(f"not one element of tag {tag:#04x}")
    return found[0][1]


def number(content):
    if not content or len(content) > 8:
        raise Malformed("a number of unknown size")
    return int.from_bytes(content, "big", signed=True)
