# SPDX-License-Identifier: Apache-2.0
"""More of _mistakes: those of a day at a line, as engineers of firmware and of production make them."""
from _mistakes import BOARD, TWO, add, order

# names that nothing has, options without effect, periods that are over
for line, said, do in (
        ('report --station NIX one.db', 'the ledger has no station NIX', 'its stations: '), ('report --runs --order oen one.db', 'the ledger has no order oen', 'did you mean one?'),
        ('ledger void -r x --slot 9 one.db', 'the ledger has no slot 9', 'its slots: mint'), ('ledger rework --station x one.db', 'the ledger has no station x', 'its stations: '),
        ('ledger list --station x one.db', 'the ledger has no station x', 'its stations: '), ('ledger export -f events -e x one.db', 'the ledger has no device x', 'ledger list'),
        ('sim server --ca-file order.yaml', "will not write over 'order.yaml': it is a work order", 'name another file'),
        ('ledger backup one.db /proc/b.db', '/proc/b.db: the ledger cannot be opened', 'this user must be able to write')):
    add(line, line, said, do)
for line, said, do in (
        ('order sign --sign station.key.sign --until 2020-01-01 order.yaml', 'the period of the order is over', 'name a later end'), ('order sign --sign station.key.sign --from 2099-01-02 --until 2099-01-01 order.yaml', 'ends after it begins', 'the years of both'),
        ('sim server --kind est -t abc', 'that of est is USER:PASSWORD', '--help'), ('sim server --kind est --lwm2m 0', 'an authority has no devices', '--help'),
        ('sim server --kind est --server-file x', "as its 'authority'", '--help'), ('sim server -q', '--silent goes with --lwm2m', '--help'), ('sim server --kind leshan --token-seconds 9', 'nobody logs in', '--help')):
    add(line, line, said, do, code=2)
order('no names, and boards that tell none', 'names: {pattern: "urn:dev:os:x-{serial:03}", first: 1}\n', '', "two.yaml:5:17: slot 1: 'smp-file' does not say how a board tells its name", '^', "'endpoint_path'", base=BOARD)
