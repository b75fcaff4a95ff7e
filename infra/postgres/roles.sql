-- Roles and schemas of the platform's database. Idempotent; run by a role that may create roles, connected to that database.
-- No passwords here: whoever runs this sets them afterwards (`ALTER ROLE … PASSWORD`) from its own store of secrets.
--
--   sonobridge_owner        owns every schema and table, runs the migrations, serves no request
--   <service>               what a service logs in as; row level security applies to it always
--   <service>_<work>        work that belongs to no tenant; cannot log in. A transaction takes it with SET LOCAL ROLE, and only
--                           then do policies `TO <service>_<work>` apply (INHERIT FALSE)

DO $$
DECLARE
    login text;
    work  text[];
BEGIN
    FOREACH login IN ARRAY ARRAY['sonobridge_owner', 'directory', 'ingest', 'inference', 'reporting', 'billing'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', login);
        END IF;
        EXECUTE format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', login);
        EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', current_database(), login);
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC;

    FOREACH login IN ARRAY ARRAY['directory', 'ingest', 'inference', 'reporting', 'billing'] LOOP
        EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION sonobridge_owner', login);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', login, login);
        EXECUTE format('ALTER ROLE %I SET search_path = %I', login, login);
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE sonobridge_owner IN SCHEMA %I '
                       'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', login, login);
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE sonobridge_owner IN SCHEMA %I '
                       'GRANT USAGE, SELECT ON SEQUENCES TO %I', login, login);
    END LOOP;

    -- Which work each service does beyond a tenant. Migrations grant these roles the tables and columns that the work needs.
    FOREACH work SLICE 1 IN ARRAY ARRAY[
        ['directory', 'directory_relay'],     ['directory', 'directory_consumer'],     ['directory', 'directory_operator'],
        ['directory', 'directory_directory'],
        ['ingest', 'ingest_relay'],           ['ingest', 'ingest_consumer'],           ['ingest', 'ingest_directory'],
        ['ingest', 'ingest_device_lookup'],   ['ingest', 'ingest_completion'],
        ['inference', 'inference_relay'],     ['inference', 'inference_consumer'],     ['inference', 'inference_directory'],
        ['inference', 'inference_operator'],
        ['reporting', 'reporting_relay'],     ['reporting', 'reporting_consumer'],     ['reporting', 'reporting_directory'],
        ['reporting', 'reporting_overdue'],     ['reporting', 'reporting_delivery'],
        ['billing', 'billing_relay'],         ['billing', 'billing_consumer'],         ['billing', 'billing_directory'],
        ['billing', 'billing_close']
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = work[2]) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', work[2]);
        END IF;
        EXECUTE format('ALTER ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', work[2]);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', work[1], work[2]);
        EXECUTE format('GRANT %I TO %I WITH INHERIT FALSE, SET TRUE', work[2], work[1]);
    END LOOP;
END
$$;
