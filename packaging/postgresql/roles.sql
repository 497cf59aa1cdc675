-- SPDX-License-Identifier: Apache-2.0
-- Roles of a ledger in PostgreSQL 13 or later. Its owner, who may make roles, runs this in the ledger's database after the
-- first order, and again after each new schema:  psql -1 -v ON_ERROR_STOP=1 -d DATABASE -f roles.sql
-- Then each login is given one:  CREATE ROLE anna LOGIN; GRANT signet_operator TO anna;
--   signet_auditor     reads and verifies
--   signet_operator    and works off orders
--   signet_supervisor  and voids, reworks, changes quotas, looks at golden boards, and recovers
-- Nobody but the owner changes the schema, brings in another ledger, or deletes a row.

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['signet_auditor', 'signet_operator', 'signet_supervisor'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        END IF;
    END LOOP;
END $$;
GRANT signet_auditor TO signet_operator;
GRANT signet_operator TO signet_supervisor;

REVOKE ALL ON orders, devices, deliveries, stations, events, signet_schema, signet_commits
    FROM PUBLIC, signet_auditor, signet_operator, signet_supervisor;
REVOKE CREATE ON SCHEMA public FROM PUBLIC, signet_auditor, signet_operator, signet_supervisor;

GRANT SELECT ON orders, devices, deliveries, stations, events, signet_schema, signet_commits TO signet_auditor;

GRANT INSERT ON orders, devices, deliveries, stations, events TO signet_operator;
GRANT UPDATE (quota, issued, cursor, events) ON orders TO signet_operator;
GRANT UPDATE (state, exposed, freed, attempt, station, slot, hw_id, psk_identity, psk_sha256, spki_sha256, cert_issuer, cert_serial,
              packet_sha256, image_sha256, error_code, error, failed_from, changed, events, token, lease_until, delivered)
    ON devices TO signet_operator;
GRANT UPDATE ON deliveries TO signet_operator;
GRANT UPDATE (seq, hash, time, tree, checkpoint) ON stations TO signet_operator;
-- which of a client's commits took place: the client's own affair
GRANT INSERT, UPDATE, DELETE ON signet_commits TO signet_operator;
GRANT USAGE ON SEQUENCE orders_id_seq, devices_id_seq, stations_id_seq TO signet_operator;

-- What ends or renews a device is an event of its own kind, written with the change. A change without its event does not verify.
CREATE OR REPLACE FUNCTION signet_events_of_supervisors() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT pg_has_role(current_user, 'signet_supervisor', 'MEMBER')
       AND NOT pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER') THEN
        RAISE EXCEPTION 'the event ''%'' is a supervisor''s', NEW.kind USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS events_of_supervisors ON events;
CREATE TRIGGER events_of_supervisors BEFORE INSERT ON events FOR EACH ROW
    WHEN (NEW.kind IN ('void', 'rework', 'retired', 'for-board', 'remove', 'quota', 'migrated', 'imported', 'archived'))
    EXECUTE FUNCTION signet_events_of_supervisors();
