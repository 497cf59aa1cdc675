# SPDX-License-Identifier: Apache-2.0
"""Ports for servers that cannot choose one themselves."""
import random, socket

LOW, HIGH = 20000, 32768  # below those that the kernel gives to clients (ip_local_port_range): none of them comes between
kept = []


def free_port():
    """A port of 127.0.0.1, free over TCP and UDP. No other test gets it while this process lives: the name of an abstract socket is
    the reservation, and it goes with the process."""
    for port in random.sample(range(LOW, HIGH), 200):
        reservation = socket.socket(socket.AF_UNIX)
        try:
            reservation.bind(f'\0signet-test-port-{port}')
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as s:
                    s.bind(('127.0.0.1', port))
        except OSError:
            reservation.close()
            continue
        kept.append(reservation)
        return port
    raise AssertionError(f'no free port in {LOW} to {HIGH - 1}')
