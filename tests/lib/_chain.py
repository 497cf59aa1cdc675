# SPDX-License-Identifier: Apache-2.0
"""A ledger in SQLite as somebody writes it anew who knows how its hashes are made (docs/SPEC.md, "The ledger")."""
import hashlib, sqlite3

DEVICE = ('id order_id number endpoint state exposed freed attempt station slot hw_id psk_identity psk_sha256 spki_sha256 cert_issuer'
          ' cert_serial packet_sha256 image_sha256 error_code error failed_from created changed events').split()


def t(value):
    value = str(value).encode()
    return b'%d:%s' % (len(value), value)


def row_hash(values):
    return hashlib.sha256(b''.join(b'-' if v is None else t(v) for v in values)).hexdigest()


class Forger:
    """with Forger(path) as db: changes rows; at the end every hash is right again. signed=False: nothing is signed then."""

    def __init__(self, path, signed=False):
        self.path, self.signed = path, signed

    def __enter__(self):
        self.db = sqlite3.connect(self.path, isolation_level=None)
        self.triggers = self.db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in self.triggers:
            self.db.execute(f'DROP TRIGGER {name}')
        return self.db

    def rows(self):
        for row in self.db.execute(f'SELECT {", ".join(DEVICE)} FROM devices').fetchall():
            yield row[0], row[-1], row_hash(row)
        for id, *rest in self.db.execute('SELECT id, name, hash, quota, created, events FROM orders').fetchall():
            yield -id, rest[-1], row_hash([-id, id, *rest])

    def __exit__(self, *error):
        if error[0]:
            return
        for device, n, digest in self.rows():
            self.db.execute('UPDATE events SET row_sha256 = ? WHERE device = ? AND n = ?', (digest, device, n))
        for station, name in self.db.execute('SELECT id, name FROM stations').fetchall():
            previous, last = name, None
            for e in self.db.execute('SELECT seq, device, n, time, kind, detail, operator, tool, row_sha256 FROM events'
                                     ' WHERE station = ? ORDER BY seq', (station,)).fetchall():
                numbers = b'%d,%d,%d,%d,%d,' % (station, *e[:4])
                previous = hashlib.sha256(t(previous) + numbers + b''.join(t(v) for v in e[4:])).hexdigest()
                self.db.execute('UPDATE events SET hash = ? WHERE station = ? AND seq = ?', (previous, station, e[0]))
                last = e
            self.db.execute('UPDATE stations SET seq = ?, time = ?, hash = ? WHERE id = ?', (last[0], last[3], previous, station))
        if not self.signed:
            self.db.execute("UPDATE stations SET tree = '', checkpoint = ''")
        for _, sql in self.triggers:
            self.db.execute(sql)
        self.db.close()
