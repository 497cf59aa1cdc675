# SPDX-License-Identifier: Apache-2.0
"""A simulated board as a program of its own, and images for its bootloader."""
import contextlib, hashlib, struct, subprocess

from _signet import SIGNET, need


@contextlib.contextmanager
def board(*args):
    """Its serial port; with --udp that and its UDP address. It ends with its standard input."""
    p = subprocess.Popen([SIGNET, 'sim', 'board', '--until-eof', *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        said = [p.stdout.readline().strip() for _ in range(2 if '--udp' in args else 1)]
        need(all(said), 'the simulated board did not start')
        yield tuple(said) if '--udp' in args else said[0]
    finally:
        p.stdin.close()
        p.stdout.close()
        p.wait(30)


def image(major, minor=0):
    """A signed image of that version for MCUboot."""
    code = struct.pack('<IIHHIIBBHII', 0x96f3b83d, 0, 32, 0, 2000, 0, major, minor, 0, 0, 0) + bytes(i * 3 & 0xff for i in range(2000))
    return code + struct.pack('<HHHH', 0x6907, 40, 0x10, 32) + hashlib.sha256(code).digest()
