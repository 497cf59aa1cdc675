#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Intel HEX against python3-intelhex, a reader that is not ours: the same files are taken, with the
same bytes counted, the same range and the same start address; the same broken files are refused."""
import ctypes
import io
import os
import random
import subprocess
import sys
import tempfile

try:
    import intelhex
except ImportError:
    print('skip: python3-intelhex is not installed')
    sys.exit(77)

BUILD = os.environ.get('SIGNET_BUILD', 'build')
LIBRARY = os.path.join(BUILD, 'libsignet.so')
if b'libasan' in subprocess.run(['ldd', LIBRARY], capture_output=True).stdout:
    print('skip: Python cannot load a library with AddressSanitizer in it')
    sys.exit(77)


class Image(ctypes.Structure):
    _fields_ = [('format', ctypes.c_int), ('sha256', ctypes.c_char * 65), ('size', ctypes.c_uint64),
                ('low', ctypes.c_uint32), ('high', ctypes.c_uint32), ('has_start', ctypes.c_bool),
                ('start', ctypes.c_uint32)]


check = ctypes.CDLL(LIBRARY).signet_image_check
check.argtypes = [ctypes.POINTER(Image), ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p]
FOLDER = tempfile.TemporaryDirectory()
PATH = os.path.join(FOLDER.name, 'image.hex')


def ours(text):
    with open(PATH, 'w', newline='') as f:
        f.write(text)
    image = Image()
    if check(ctypes.byref(image), PATH.encode(), None, None) != 0:
        return None
    return image.size, image.low, image.high, image.start if image.has_start else None


def theirs(text):
    ih = intelhex.IntelHex()
    try:
        ih.loadhex(io.StringIO(text))
    except (intelhex.IntelHexError, ValueError):
        return None
    if len(ih) == 0:
        return None
    start = ih.start_addr
    if start:
        start = start['EIP'] if 'EIP' in start else start['CS'] << 16 | start['IP']
    return len(ih), ih.minaddr(), ih.maxaddr(), start


def record(kind, address, data):
    body = bytes([len(data), address >> 8, address & 255, kind]) + bytes(data)
    return ':' + (body + bytes([-sum(body) & 255])).hex().upper()


def written_by_them(rng):
    ih = intelhex.IntelHex()
    for _ in range(rng.randrange(1, 6)):
        base = rng.choice([rng.randrange(1 << 16), rng.randrange(1 << 20), rng.randrange((1 << 32) - 600)])
        for i in range(rng.randrange(1, 600)):
            ih[base + i] = rng.randrange(256)
    if rng.random() < .5:
        ih.start_addr = rng.choice([{'EIP': rng.randrange(1 << 32)},
                                    {'CS': rng.randrange(1 << 16), 'IP': rng.randrange(1 << 16)}])
    out = io.StringIO()
    ih.write_hex_file(out, byte_count=rng.choice([1, 7, 16, 32, 255]), eolstyle=rng.choice(['native', 'CRLF']))
    return out.getvalue()


def written_by_us(rng):
    """Records in any order, with what a linker would not write."""
    lines, used, base = [], set(), 0
    for _ in range(rng.randrange(1, 20)):
        kind = rng.choice([0, 0, 0, 0, 2, 4])
        if kind:
            value = rng.choice([0, 1, 0x800, rng.randrange(1 << 16)])
            lines.append(record(kind, 0, value.to_bytes(2, 'big')))
            base = value << (4 if kind == 2 else 16)
            continue
        address, length = rng.randrange(0xff00), rng.randrange(1, 40)
        if rng.random() < .9:  # mostly no overlap
            if any(base + address + i in used for i in range(length)):
                continue
        used.update(base + address + i for i in range(length))
        lines.append(record(0, address, rng.randbytes(length)))
    if rng.random() < .9:
        lines.append(record(1, 0, b''))
    return rng.choice(['\n', '\r\n']).join(lines) + rng.choice(['', '\n'])


def broken(rng, text):
    if not text:
        return text
    at = rng.randrange(len(text))
    how = rng.randrange(4)
    if how == 0:
        return text[:at] + rng.choice('0123456789ABCDEFabcdefG:') + text[at + 1:]
    if how == 1:
        return text[:at] + text[at + 1:]
    if how == 2:
        return text[:at] + rng.choice('0F:\n') + text[at:]
    return text[:at]


# Where the two differ on purpose: without an end record intelhex takes a file that was cut off
# between two lines, and it stops reading at the end record, whatever follows.
def stricter(text):
    lines = text.replace('\r', '\n').split('\n')
    ends = [i for i, l in enumerate(lines) if l.strip().upper() == ':00000001FF']
    return not ends or any(l.strip() for l in lines[ends[0] + 1:])


rng = random.Random(20261124)
counts = {'taken': 0, 'refused': 0, 'stricter': 0}
for number in range(6000):
    text = rng.choice([written_by_them, written_by_us])(rng)
    if number % 3 == 0:
        text = broken(rng, text)
    a, b = ours(text), theirs(text)
    if a == b:
        counts['taken' if a else 'refused'] += 1
    elif a is None and stricter(text):
        counts['stricter'] += 1
    else:
        print(f'case {number}: ours {a}, theirs {b}\n{text[:2000]}')
        sys.exit(1)
print(counts)
assert counts['taken'] > 2000 and counts['refused'] > 500 and counts['stricter'] > 50
