# SPDX-License-Identifier: Apache-2.0
"""The roles of a ledger in PostgreSQL (packaging/postgresql/roles.sql): what each may, with Signet and with SQL of its own, and
how the rest is refused."""
import contextlib, os, subprocess, sys, tempfile, time
from _line import Line
from _mint import House
from _postgres import Server, binaries_or_skip
from _signet import SIGNET, SOURCE, Broken, need

BIN = binaries_or_skip('postgres_roles')
USERS = {'olga': 'operator', 'sven': 'supervisor', 'anna': 'auditor', 'nora': None}


class Place:
    def __init__(self, server, folder):
        self.server, self.house = server, House(folder)

    def order(self, name, quota, user):
        self.house.database = (self.server, 'l', self.server.url('l', user))
        return self.house.order(name, quota, packets=f'{name}.ndjson', work=f'work-{name}')

    def run(self, name, quota, user, code=0, word=''):
        got, said = self.house.run(self.order(name, quota, user))
        need(got == code and word in said, f'{user} runs {name}: exit {got}, wanted {code} and {word!r}: {said}')

    def ledger(self, user, *args, code=0, word=''):
        verb, *rest = args
        p = subprocess.run([SIGNET, 'ledger', verb, self.server.url('l', user), *rest], capture_output=True, text=True, timeout=60, cwd=self.house.folder)
        said = p.stdout + p.stderr
        need(p.returncode == code and word in said and 'SQLSTATE' not in said, f'{user}: {args}: exit {p.returncode}, wanted {code} and {word!r}: {said}')
        return said

    def sql(self, user, text, word=None):
        """word: with which the server refuses it"""
        p = subprocess.run([os.path.join(BIN, 'psql'), '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', self.server.url('l', user), '-c', text],
                           capture_output=True, text=True)
        need((word in p.stderr) if word else p.returncode == 0, f'{user}: {text}: {p.stdout}{p.stderr}')

    def roles(self):
        self.sql(self.server.user, open(os.path.join(SOURCE, 'packaging/postgresql/roles.sql')).read())


NO = "has no right to do this in the ledger (permission denied"
EVENT = ("INSERT INTO events SELECT station, seq + 1000, device, n + 1000, time, '{}', detail, operator, tool, row_sha256, hash FROM events LIMIT 1")


def check(p):
    owner = p.server.user
    p.run('first', 3, owner)
    p.roles()
    p.roles()  # again, as after an upgrade
    for user, role in USERS.items():
        p.sql(owner, f'CREATE ROLE {user} LOGIN;' + (f'GRANT signet_{role} TO {user}' if role else ''))
    # an operator works, and ends nothing
    p.run('second', 4, 'olga', word='4 of 4')
    p.run('first', 3, 'olga', word='3 of 3')
    p.run('first', 5, 'olga', code=1, word="the event 'quota' is a supervisor's")
    said = p.ledger('olga', 'void', 'urn:dev:os:second-0000001', '--reason', 'x', code=1, word="the database user 'olga' has no right to do this")
    need("(the event 'void' is a supervisor's)" in said and 'a supervisor may' in said, said)
    p.ledger('olga', 'rework', 'urn:dev:os:second-0000001', '--reason', 'x', code=1, word="is a supervisor's")
    for sql in ("UPDATE events SET detail = ''", 'DELETE FROM events', 'TRUNCATE events', 'DELETE FROM devices', 'DELETE FROM orders',
                "UPDATE devices SET endpoint = 'x'", 'UPDATE devices SET number = 9', "UPDATE orders SET name = 'x'", "UPDATE stations SET name = 'x'",
                'UPDATE signet_schema SET version = 9', 'CREATE TABLE public.x(y int)'):
        for user in 'olga', 'sven', 'anna', 'nora':
            p.sql(user, sql, word='permission denied')
    for sql in ('ALTER TABLE events DISABLE TRIGGER ALL', 'DROP TRIGGER events_stay ON events', 'DROP TABLE events', 'DROP INDEX u_endpoint',
                'ALTER TABLE events OWNER TO olga', 'CREATE OR REPLACE FUNCTION public.signet_events_of_supervisors() RETURNS trigger LANGUAGE plpgsql AS'
                ' $$ BEGIN RETURN NEW; END $$'):
        p.sql('sven', sql, word='denied' if 'FUNCTION' in sql else 'must be owner')
    p.sql('olga', "SET session_replication_role = replica", word='permission denied')
    p.sql('olga', EVENT.format('void'), word="is a supervisor's")
    # an auditor reads
    need(p.ledger('anna', 'list').count('urn:dev:os:') == 7, 'anna sees 7')
    p.ledger('anna', 'verify', word='unbroken')
    p.ledger('anna', 'show', 'urn:dev:os:second-0000001')
    p.ledger('anna', 'void', 'urn:dev:os:second-0000001', '--reason', 'x', code=1, word=NO)
    p.run('third', 2, 'anna', code=1, word=NO)
    p.sql('anna', 'INSERT INTO signet_commits VALUES(1, 1, now())', word='permission denied')
    # somebody without a role sees nothing
    p.ledger('nora', 'list', code=1, word=NO)
    # a supervisor ends and renews
    p.ledger('sven', 'void', 'urn:dev:os:second-0000001', '--reason', 'scrapped')
    p.ledger('sven', 'rework', 'urn:dev:os:second-0000002', '--reason', 'came back')
    p.run('second', 4, 'sven')
    p.run('first', 5, 'sven', word='5 of 5')
    for user in 'anna', 'olga', 'sven', owner:
        p.ledger(user, 'verify', word='unbroken')
    p.sql(owner, 'CREATE OR REPLACE FUNCTION signet_events_of_supervisors() RETURNS trigger LANGUAGE plpgsql'
          ' SET search_path = pg_catalog, pg_temp AS $$ BEGIN RETURN NEW; END $$')
    p.ledger(owner, 'verify', code=1, word='the trigger events_of_supervisors is not as the schema makes it')
    p.roles()
    p.ledger(owner, 'verify', word='unbroken')


def changed_schema(p):
    """What a login with the owner's rights could do to the tables, so that names are given twice or events go away."""
    owner = p.server.user
    p.sql(owner, 'ALTER INDEX u_history SET (fillfactor = 80); CREATE INDEX own_index ON devices(station)')
    p.ledger(owner, 'verify', word='unbroken')
    for deed, undo in (
            ('DROP INDEX u_endpoint; CREATE UNIQUE INDEX u_endpoint ON devices(endpoint) WHERE freed = 0 AND id < 3',
             'DROP INDEX u_endpoint; CREATE UNIQUE INDEX u_endpoint ON devices(endpoint) WHERE freed = 0'),
            ('ALTER TABLE events DISABLE TRIGGER events_stay', 'ALTER TABLE events ENABLE TRIGGER events_stay'),
            ('CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; CREATE TRIGGER x BEFORE INSERT ON events'
             ' FOR EACH ROW EXECUTE FUNCTION f()', 'DROP FUNCTION f CASCADE'),
            ('CREATE RULE r AS ON DELETE TO devices DO INSTEAD NOTHING', 'DROP RULE r ON devices'),
            ('ALTER TABLE devices ENABLE ROW LEVEL SECURITY', 'ALTER TABLE devices DISABLE ROW LEVEL SECURITY'),
            ('CREATE TABLE more() INHERITS(devices)', 'DROP TABLE more'),
            ('ALTER TABLE orders DROP CONSTRAINT orders_check', 'ALTER TABLE orders ADD CONSTRAINT orders_check CHECK(issued <= quota)'),
            ('ALTER TABLE events DROP CONSTRAINT events_pkey', 'ALTER TABLE events ADD PRIMARY KEY(station, seq)'),
            ('ALTER TABLE devices ADD CHECK(id < 4) NOT VALID', 'ALTER TABLE devices DROP CONSTRAINT devices_id_check'),
            ('ALTER TABLE deliveries DROP CONSTRAINT deliveries_device_fkey, ADD CONSTRAINT deliveries_device_fkey FOREIGN KEY(device)'
             ' REFERENCES devices(id) ON DELETE CASCADE', 'ALTER TABLE deliveries DROP CONSTRAINT deliveries_device_fkey,'
             ' ADD CONSTRAINT deliveries_device_fkey FOREIGN KEY(device) REFERENCES devices(id)'),
            ('ALTER TABLE devices ADD COLUMN note TEXT', 'ALTER TABLE devices DROP COLUMN note'),
            ('ALTER TABLE devices ADD COLUMN twice BIGINT GENERATED ALWAYS AS (id * 2) STORED', 'ALTER TABLE devices DROP COLUMN twice'),
            ('ALTER TABLE devices ALTER endpoint DROP NOT NULL', 'ALTER TABLE devices ALTER endpoint SET NOT NULL'),
            ('ALTER TABLE devices ALTER attempt SET DEFAULT 7', 'ALTER TABLE devices ALTER attempt SET DEFAULT 1'),
            ('ALTER TABLE devices ALTER id DROP IDENTITY', 'ALTER TABLE devices ALTER id ADD GENERATED BY DEFAULT AS IDENTITY'),
            ('ALTER FUNCTION count_delivered SECURITY DEFINER', 'ALTER FUNCTION count_delivered SECURITY INVOKER'),
            ('ALTER TABLE devices ALTER created TYPE NUMERIC', 'ALTER TABLE devices ALTER created TYPE BIGINT'),
            ("CREATE COLLATION c (provider = icu, locale = 'und-u-ks-level1', deterministic = false);"
             ' ALTER TABLE devices ALTER slot TYPE TEXT COLLATE c', 'ALTER TABLE devices ALTER slot TYPE TEXT COLLATE "default"; DROP COLLATION c')):
        p.sql(owner, deed)
        p.ledger(owner, 'verify', code=1, word='is not as the schema makes it')
        p.sql(owner, undo)
        p.ledger(owner, 'verify', word='unbroken')
    for index, column, was, wrong in (('u_endpoint', 'indisready', 'true', 'false'), ('u_endpoint', 'indimmediate', 'true', 'false'),
                                      ('u_psk', 'indislive', 'true', 'false'), ('events_pkey', 'indisunique', 'true', 'false'),
                                      ('stations_name_key', 'indisready', 'true', 'false'), ('orders_pkey', 'indisvalid', 'true', 'false'),
                                      ('stations_name_key', 'indkey', "'2'", "'5'")):  # by a superuser, in the catalogue itself
        update = f"UPDATE pg_index SET {column} = %s WHERE indexrelid = '{index}'::regclass"
        p.sql(owner, update % wrong)
        p.ledger(owner, 'verify', code=1, word=f'the index {index} is not as the schema makes it')
        p.sql(owner, update % was)
        p.ledger(owner, 'verify', word='unbroken')
    p.sql(owner, 'CREATE TABLE other(endpoint TEXT)')
    for deed, undo, what in (  # of the right name, and elsewhere
            ('DROP INDEX u_endpoint; CREATE UNIQUE INDEX u_endpoint ON other(endpoint)',
             'DROP INDEX u_endpoint; CREATE UNIQUE INDEX u_endpoint ON devices(endpoint) WHERE freed = 0', 'index u_endpoint'),
            (*(f'DROP TRIGGER events_stay ON {a}; CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON {b}'
               ' FOR EACH STATEMENT EXECUTE FUNCTION events_are_append_only()' for a, b in (('events', 'other'), ('other', 'events'))), 'trigger events_stay')):
        p.sql(owner, deed)
        p.ledger(owner, 'verify', code=1, word=f'the {what} was dropped, changed or disabled')
        p.sql(owner, undo)
        p.ledger(owner, 'verify', word='unbroken')
    p.sql(owner, 'CREATE SCHEMA evil; CREATE FUNCTION evil.no(bigint, bigint) RETURNS bool LANGUAGE sql AS $$ SELECT false $$;'
          ' CREATE OPERATOR evil.<> (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.no);'
          ' ALTER DATABASE l SET search_path = evil, pg_catalog, public')
    for verb in 'verify', 'stats':
        p.ledger(owner, verb, code=1, word='looks for functions in another schema')
    p.sql(owner, 'ALTER DATABASE l RESET search_path')
    p.ledger(owner, 'verify', word='unbroken')
    p.sql(owner, 'CREATE OR REPLACE FUNCTION events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$')
    p.ledger(owner, 'verify', code=1, word='the trigger events_stay is not as the schema makes it')


def at_a_line(p, l):
    """A person at the line of an operator asks for a rework: nothing is done to the board, and the line goes on."""
    l.boards(1, hold=3600000)
    l.programmer()
    l.order(2, name='line')
    url = p.server.url('l', 'olga')
    l.write('order.yaml', l.text('order.yaml').replace('station: A', 'station: L').replace('ledger: ledger.db', f'ledger: "{url}"'))
    l.start(wait=60)
    l.until('slot', stage='pass')
    while '"state": "done"' not in p.ledger('olga', 'show', 'urn:dev:os:n-001', '--json'):
        time.sleep(0.1)
    before = l.ask()
    say = lambda *words: subprocess.run([SIGNET, 'line', *words], cwd=l.folder, check=True, capture_output=True, timeout=60)
    say('rework', '-r', 'x', 'order.yaml', '1')
    e = l.until('slot', stage='made-before')
    need("the event 'retired' is a supervisor's" in e['message'] and e['may'] == 'rework' and l.ask() == before, e)
    l.tell('next')
    l.until('slot', stage='pass')
    l.finish()
    l.exits(0)


with tempfile.TemporaryDirectory(prefix='signet-roles-') as folder, Server(BIN, fsync='off') as server:
    server.create('l')
    try:
        place = Place(server, folder)
        check(place)
        with tempfile.TemporaryDirectory() as other, contextlib.closing(Line(other)) as line:
            at_a_line(place, line)
        changed_schema(place)
    except Broken as e:
        sys.exit(str(e))
print('postgres_roles: ok')
